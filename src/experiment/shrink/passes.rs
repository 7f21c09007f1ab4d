//! The table of passes: each has smaller cases to offer, one after another. What is kept is what
//! still fails; a pass is asked for the same number again after that, since its list is shorter
//! then.

use std::sync::Arc;

use super::edit::{remove_service, remove_source, resize};
use super::parts::{balancer_part, class_part, client_part, group_part, row_part, service_part};
use super::rounding::{constant, rounded, times};
use super::rows::tidy;
use super::tester::Failing;
use crate::experiment::incident::Case;
use crate::model::incident::Kind;
use crate::model::spec::{Arrivals, Dist, FaultKind, FaultWhen, StepSpec, SystemSpec};

/// What a pass offers.
pub enum Offer {
    /// Nothing more.
    End,
    /// Not this one.
    Skip,
    /// A smaller case, and what has gone from it.
    Try(Box<Case>, String),
}

/// A pass: what it offers by number.
pub type Pass = fn(&Failing, usize) -> Offer;

/// The passes, in the order in which they are gone through.
pub const PASSES: &[Pass] = &[
    detectors,
    faults,
    fault_once,
    classes,
    sources,
    steps,
    services,
    groups,
    counts,
    |best, n| part(best, n, client_part),
    |best, n| part(best, n, balancer_part),
    |best, n| part(best, n, group_part),
    |best, n| part(best, n, service_part),
    |best, n| part(best, n, class_part),
    |best, n| part(best, n, row_part),
    prices,
    |best, n| part(best, n, times),
    |best, n| part(best, n, constant),
    seed,
    |best, n| part(best, n, rounded),
];

/// One more part of a system that may go: `None` beyond the last; what went is empty where there
/// was nothing.
type Part = fn(&mut SystemSpec, usize) -> Option<String>;

fn part(best: &Failing, n: usize, part: Part) -> Offer {
    let mut system = SystemSpec::clone(&best.case.system);
    match part(&mut system, n) {
        None => Offer::End,
        Some(what) if what.is_empty() => Offer::Skip,
        Some(what) => Offer::Try(Box::new(best.case.with(system)), what),
    }
}

/// An edit that may not be possible.
fn edited(best: &Failing, edit: impl FnOnce(&mut SystemSpec) -> Option<String>) -> Offer {
    let mut system = SystemSpec::clone(&best.case.system);
    match edit(&mut system) {
        Some(what) => Offer::Try(Box::new(best.case.with(system)), what),
        None => Offer::Skip,
    }
}

/// Detectors of other things, and workers that this one is for.
fn detectors(best: &Failing, n: usize) -> Offer {
    let mut case = best.case.clone();
    let rules = &mut case.run.look_for.rules;
    let kind = best.episode.kind;
    let which = best.episode.which as usize;
    match n {
        0 => {
            rules.built_in.retain(|rule| rule.kind == kind);
            // Numbers of conditions and budgets stay: nothing before this one goes.
            let keep = |kept: bool| if kept { which + 1 } else { 0 };
            rules.own.truncate(keep(kind == Kind::Own));
            rules.budgets.truncate(keep(kind == Kind::SloBurn));
            Offer::Try(Box::new(case), "detectors of other incidents".into())
        }
        1 => {
            rules.built_in.iter_mut().for_each(|r| r.workers.clear());
            Offer::Try(
                Box::new(case),
                "the choice of workers that are watched".into(),
            )
        }
        _ => Offer::End,
    }
}

fn faults(best: &Failing, n: usize) -> Offer {
    let all = &best.case.system.faults;
    if n == 0 && all.len() > 1 {
        let names: Vec<&str> = all.iter().map(|f| f.name.as_str()).collect();
        let what = format!("faults {}", names.join(", "));
        return edited(best, |system| {
            system.faults.clear();
            Some(what)
        });
    }
    match n.checked_sub(1) {
        None => Offer::Skip,
        Some(index) if index < all.len() => edited(best, |system| {
            Some(format!("fault {}", system.faults.remove(index).name))
        }),
        Some(_) => Offer::End,
    }
}

/// A fault that comes again and again strikes once, at one worker: as it did last.
fn fault_once(best: &Failing, n: usize) -> Offer {
    let Some(fault) = best.case.system.faults.get(n) else {
        return Offer::End;
    };
    let mut struck = best.struck.iter().filter(|s| s.fault as usize == n);
    let last = struck.rfind(|s| s.from <= best.episode.at);
    let again = matches!(fault.when, FaultWhen::Every(_));
    let (Some(last), true) = (last, again) else {
        return Offer::Skip;
    };
    // A zone goes down as a whole.
    let whole = matches!(fault.kind, FaultKind::ZoneDown { .. });
    let before = best.case.system.services[..fault.service].iter();
    let first: usize = before.map(|s| s.worker_count()).sum();
    let (from, until) = (last.from, last.to.unwrap_or(best.episode.at + 1));
    let worker = last.worker;
    edited(best, |system| {
        let fault = &mut system.faults[n];
        fault.when = FaultWhen::At(from);
        fault.shared = false;
        if fault.lasts.is_some() {
            let lasts = until.saturating_sub(from).max(1);
            fault.lasts = Some(Dist::constant(lasts as f64).ok()?);
        }
        if let (Some(worker), false) = (worker, whole) {
            fault.zone = None;
            let number = (worker as usize).checked_sub(first)? as u32 + 1;
            fault.workers = (number, number);
        }
        Some(format!("strikes of fault {} but one", fault.name))
    })
}

/// All requests of a source are of one class.
fn classes(best: &Failing, n: usize) -> Offer {
    let sources = best.case.system.sources.iter().enumerate();
    let mut all = sources.flat_map(|(i, s)| (0..s.classes.len()).map(move |c| (i, c)));
    let Some((index, class)) = all.nth(n) else {
        return Offer::End;
    };
    edited(best, |system| {
        let source = &mut system.sources[index];
        if source.classes.len() < 2 {
            return None;
        }
        let kept = source.classes[class].name.clone();
        match &mut source.arrivals {
            Arrivals::Trace(trace) if !trace.class.is_empty() => {
                let trace = Arc::make_mut(trace);
                trace.class.iter_mut().for_each(|c| *c = class as u32);
                tidy(source);
            }
            _ => {
                let mut only = source.classes.swap_remove(class);
                only.weight = 1.0;
                source.classes = vec![only];
            }
        }
        Some(format!("classes of source {} but {kept}", source.name))
    })
}

fn sources(best: &Failing, n: usize) -> Offer {
    if n >= best.case.system.sources.len() {
        return Offer::End;
    }
    edited(best, |system| {
        let name = system.sources[n].name.clone();
        remove_source(system, n)?;
        Some(format!("source {name}"))
    })
}

/// One step of a service, unless it is the only one.
fn steps(best: &Failing, n: usize) -> Offer {
    let services = best.case.system.services.iter().enumerate();
    let mut all = services.flat_map(|(s, service)| (0..service.steps.len()).map(move |i| (s, i)));
    let Some((service, step)) = all.nth(n) else {
        return Offer::End;
    };
    edited(best, |system| {
        let steps = system.services[service].steps.len();
        if steps < 2 {
            return None;
        }
        let gone = system.services[service].steps.remove(step);
        let name = &system.services[service].name;
        Some(match gone {
            StepSpec::Call(call) => {
                format!("the call of {} from {name}", system.services[call.to].name)
            }
            StepSpec::Cpu { .. } => format!("work of a step of {name}"),
            StepSpec::Wait { .. } => format!("a wait of {name}"),
            StepSpec::Fail { .. } => format!("failures of a step of {name}"),
        })
    })
}

fn services(best: &Failing, n: usize) -> Offer {
    if n >= best.case.system.services.len() {
        return Offer::End;
    }
    edited(best, |system| {
        let name = system.services[n].name.clone();
        remove_service(system, n)?;
        Some(format!("service {name}"))
    })
}

/// The service and the group with this number through all services.
fn group_at(system: &SystemSpec, n: usize) -> Option<(usize, usize)> {
    let services = system.services.iter().enumerate();
    let mut all = services.flat_map(|(s, service)| (0..service.groups.len()).map(move |g| (s, g)));
    all.nth(n)
}

fn groups(best: &Failing, n: usize) -> Offer {
    let Some((service, group)) = group_at(&best.case.system, n) else {
        return Offer::End;
    };
    edited(best, |system| {
        let named = &system.services[service];
        let name = named.groups[group].name.clone().unwrap_or_default();
        let what = format!("workers {name} of service {}", named.name);
        resize(system, (service, group), 0)?;
        Some(what)
    })
}

/// One worker, half of them, one fewer.
fn counts(best: &Failing, n: usize) -> Offer {
    let Some((service, group)) = group_at(&best.case.system, n / 3) else {
        return Offer::End;
    };
    edited(best, |system| {
        let count = system.services[service].groups[group].count;
        let fewer = match n % 3 {
            0 => 1,
            1 => count / 2,
            _ => count - 1,
        };
        if fewer == 0 || fewer >= count {
            return None;
        }
        resize(system, (service, group), fewer)?;
        let name = &system.services[service].name;
        let few = if fewer == 1 {
            "1 is"
        } else {
            &format!("{fewer} are")
        };
        Some(format!("workers of service {name}: {few} enough"))
    })
}

fn prices(best: &Failing, n: usize) -> Offer {
    if n > 0 {
        return Offer::End;
    }
    edited(best, |system| {
        system.prices = Default::default();
        let groups = system.services.iter_mut().flat_map(|s| &mut s.groups);
        groups.for_each(|group| group.price_per_hour = 0.0);
        Some("prices".into())
    })
}

/// The seed, where nothing that it decides matters.
fn seed(best: &Failing, n: usize) -> Offer {
    if n > 0 {
        return Offer::End;
    }
    let mut case = best.case.clone();
    (case.run.seed, case.run.replication) = (1, 0);
    Offer::Try(Box::new(case), "the seed".into())
}
