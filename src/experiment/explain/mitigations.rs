//! What would have saved the run: the whole of it once more, with one thing otherwise.

use std::sync::atomic::Ordering;

use super::edit::{Edit, apply};
use super::setting::{Setting, ideal};
use super::{Explainer, Seen, Trouble};
use crate::base::units::Nanos;
use crate::experiment::incident::Case;
use crate::model::incident::{Episode, Incidents};
use crate::model::spec::{PolicySpec, SystemSpec};
use crate::model::trial::{Horizon, TrialOutput};

/// What one mitigation does.
#[derive(Clone, Debug, PartialEq)]
pub struct Mitigation {
    /// What is otherwise.
    pub setting: Setting,
    /// Answered in time over the measured time, requests a second more than without it.
    pub saved: f64,
    /// What it costs more, money an hour; `None`: the model does not say.
    pub cost: Option<f64>,
    /// Whether the incident does not happen.
    pub avoids: bool,
    /// Whether it cannot be bought: a bound for what balancing can do.
    pub ideal: bool,
}

/// The run as it was, and what each mitigation does to it: free ones first, then by what is saved
/// for the money.
#[derive(Clone, Debug, PartialEq)]
pub struct Mitigations {
    /// Answered in time, requests a second.
    pub goodput: f64,
    /// Offered, requests a second.
    pub offered: f64,
    /// When the incident was over by itself; `None`: not before the measured time was.
    pub over: Option<Nanos>,
    /// The mitigations.
    pub all: Vec<Mitigation>,
}

/// Runs each.
pub(super) fn mitigations(
    explainer: &Explainer<'_>,
    seen: &Seen<'_>,
) -> Result<Mitigations, Trouble> {
    let case = explainer.case;
    let settings = settings(&case.system);
    let runs = explainer.each(settings.len() + 1, |i| {
        let edits: Vec<Edit> = match i.checked_sub(1) {
            Some(i) => vec![Edit::Set(settings[i])],
            None => Vec::new(),
        };
        let case = apply(case, &edits, &seen.recording);
        let output = match case.again(None, explainer.given_up) {
            Ok(output) => output,
            Err(e) if i == 0 || explainer.given_up.load(Ordering::Relaxed) => return Err(e),
            Err(_) => return Ok(None),
        };
        let avoids = seen.sought.fires(&output.incidents, &case.system).is_none();
        let over = over(seen, &output.incidents);
        Ok(Some((
            rates(&case, &output),
            avoids,
            case.system.cost_per_hour(),
            over,
        )))
    })?;
    let ((offered, goodput), _, cost, over) =
        runs[0].expect("where the case itself fails, that is said instead");
    let mut all: Vec<Mitigation> = settings
        .into_iter()
        .zip(&runs[1..])
        .filter_map(|(setting, run)| Some((setting, run.as_ref()?)))
        .map(|(setting, (rates, avoids, money, _))| Mitigation {
            setting,
            saved: rates.1 - goodput,
            cost: price(setting, money - cost),
            avoids: *avoids,
            ideal: setting == Setting::Policy(service_of(setting), ideal()),
        })
        .collect();
    // Of what is free the most comes first; of what costs the most for the money.
    let worth = |m: &Mitigation| match m.cost {
        Some(cost) if cost > 0.0 => (1, m.saved / cost),
        Some(_) => (0, m.saved),
        None => (2, m.saved),
    };
    all.sort_by(|a, b| {
        let (a, b) = (worth(a), worth(b));
        a.0.cmp(&b.0).then(b.1.total_cmp(&a.1))
    });
    Ok(Mitigations {
        goodput,
        offered,
        over,
        all,
    })
}

/// When the very incident was over in the run as it was.
fn over(seen: &Seen<'_>, found: &Incidents) -> Option<Nanos> {
    let sought = &seen.sought.episode;
    let same = |e: &&Episode| {
        (e.kind, e.which, e.place, e.at) == (sought.kind, sought.which, sought.place, sought.at)
    };
    found.episodes.iter().find(same)?.to
}

/// What hardware costs is known of workers, where they have a price; settings are free.
fn price(setting: Setting, more: f64) -> Option<f64> {
    match setting {
        Setting::Workers(..) => Some(more).filter(|&more| more > 0.0),
        Setting::Ram(_) | Setting::BalancerCores(_) => None,
        _ => Some(0.0),
    }
}

fn service_of(setting: Setting) -> usize {
    match setting {
        Setting::Policy(service, _) => service,
        _ => 0,
    }
}

/// Offered and answered in time, requests a second of the measured time.
fn rates(case: &Case, output: &TrialOutput) -> (f64, f64) {
    let measured = match case.run.timing.horizon {
        Horizon::For(time) => time as f64,
        Horizon::Trace => output.tally.measured_ns as f64,
    };
    let classes = &output.tally.classes;
    let a_second = |n: u64| n as f64 * 1e9 / measured.max(1.0);
    (
        a_second(classes.iter().map(|c| c.born).sum()),
        a_second(classes.iter().map(|c| c.ok).sum()),
    )
}

fn settings(spec: &SystemSpec) -> Vec<Setting> {
    let mut all = Vec::new();
    let mut add = |setting: Setting| {
        if setting.set(&mut spec.clone()) {
            all.push(setting);
        }
    };
    for source in 0..spec.sources.len() {
        add(Setting::NoRetries(source));
        add(Setting::OneRetry(source));
        add(Setting::Deadlines(source));
        add(Setting::CancelQueued(source));
        add(Setting::PatientClients(source));
        add(Setting::NoHedges(source));
    }
    for service in 0..spec.services.len() {
        add(Setting::EvenWeights(service));
        add(Setting::Reject(service));
        add(Setting::Policy(service, PolicySpec::P2c));
        add(Setting::Policy(service, ideal()));
        add(Setting::NoBreaker(service));
        if spec.services[service].balancer.breaker.is_none() {
            add(Setting::Breaker(service));
        }
        for factor in [0.5, 2.0, 8.0] {
            add(Setting::Slots(service, factor));
        }
        for factor in [0.1, 0.5, 2.0] {
            add(Setting::BalancerSlots(service, factor));
        }
        add(Setting::BalancerCores(service));
        add(Setting::Ram(service));
        add(Setting::Workers(service, 1));
    }
    all
}
