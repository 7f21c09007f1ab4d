//! What suspects and settings are called.

use super::super::show;
use crate::base::units::{Nanos, print_bytes};
use crate::experiment::explain::{Effect, Setting, Subject, Suspect, Swell};
use crate::model::incident::Struck;
use crate::model::spec::{FaultKind, FaultSpec, OnFull, PoisonEffect, PolicySpec, SystemSpec};

/// A moment of the run.
pub fn moment(at: Nanos) -> String {
    format!("{:.3} s", at as f64 / 1e9)
}

/// A length of time, three digits.
pub fn length(time: Nanos) -> String {
    show::value(crate::model::metric::Unit::Seconds, "", time as f64 / 1e9)
}

/// A rate a second.
pub fn rate(a_second: f64) -> String {
    match a_second >= 100.0 {
        true => format!("{}/s", show::grouped(a_second.round() as u64)),
        false => format!("{}/s", show::digits(a_second, 3)),
    }
}

fn factor(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn span(from: Nanos, to: Option<Nanos>) -> String {
    match to {
        Some(to) => format!("from {} to {}", moment(from), moment(to)),
        None => format!("from {} on", moment(from)),
    }
}

/// A suspect in words.
pub fn suspect(spec: &SystemSpec, suspect: &Suspect) -> String {
    match &suspect.subject {
        Subject::Fault { fault, strikes, .. } => fault_words(spec, *fault, strikes),
        Subject::Burst {
            source,
            class,
            swell,
        } => burst(spec, *source, *class, swell),
        Subject::Work { source, swell } => format!(
            "heavy requests of `{}` {}: {:.1} times the usual work",
            spec.sources[*source].name,
            span(swell.from, Some(swell.to)),
            swell.came / swell.usual
        ),
        Subject::Setting(setting) => as_it_was(spec, *setting),
    }
}

/// What the run is without a suspect.
pub fn without(spec: &SystemSpec, suspect: &Suspect) -> String {
    match &suspect.subject {
        Subject::Fault { .. } => "without it".into(),
        Subject::Burst { .. } => "at its usual count".into(),
        Subject::Work { .. } => "with the usual work".into(),
        Subject::Setting(setting) => otherwise(spec, *setting),
    }
}

/// What is taken away, in few words: for a table.
pub fn taken_away(spec: &SystemSpec, suspect: &Suspect) -> String {
    match &suspect.subject {
        Subject::Fault {
            fault,
            strikes,
            all,
        } => {
            let name = &spec.faults[*fault].name;
            match (all, &strikes[..]) {
                (true, _) => format!("without `{name}`"),
                (false, [one]) => {
                    let worker = one
                        .worker
                        .map_or_else(String::new, |w| spec.worker_name(w as usize));
                    format!("without `{name}` at {worker} at {}", moment(one.from))
                }
                (false, many) => format!("without all {} of `{name}` before", many.len()),
            }
        }
        Subject::Burst {
            source,
            class,
            swell,
        } => format!(
            "{} at its usual count from {}",
            sender(spec, *source, *class),
            moment(swell.from)
        ),
        Subject::Work { source, swell } => format!(
            "usual work of `{}` from {}",
            spec.sources[*source].name,
            moment(swell.from)
        ),
        Subject::Setting(setting) => otherwise(spec, *setting),
    }
}

fn sender(spec: &SystemSpec, source: usize, class: Option<u32>) -> String {
    let source = &spec.sources[source];
    match class {
        Some(class) => format!(
            "class {} of `{}`",
            source.classes[class as usize].name, source.name
        ),
        None => format!("`{}`", source.name),
    }
}

fn burst(spec: &SystemSpec, source: usize, class: Option<u32>, swell: &Swell) -> String {
    format!(
        "a burst of {} {}: {} requests where {} are usual",
        sender(spec, source, class),
        span(swell.from, Some(swell.to)),
        show::grouped(swell.came as u64),
        show::grouped(swell.usual.round() as u64)
    )
}

fn fault_words(spec: &SystemSpec, number: usize, strikes: &[Struck]) -> String {
    let fault = &spec.faults[number];
    let mut workers: Vec<u32> = strikes.iter().filter_map(|s| s.worker).collect();
    workers.sort_unstable();
    workers.dedup();
    let place = match workers[..] {
        [one] => spec.worker_name(one as usize),
        [] => String::new(),
        _ => format!("{} workers of {}", workers.len(), spec.target_name(fault)),
    };
    let from = strikes.iter().map(|s| s.from).min().unwrap_or(0);
    let ends: Option<Vec<Nanos>> = strikes.iter().map(|s| s.to).collect();
    let to = ends.and_then(|ends| ends.into_iter().max());
    let times = match strikes.len() > workers.len().max(1) {
        true => format!("{} times ", strikes.len()),
        false => String::new(),
    };
    let what = did(spec, fault, &place);
    format!("`{}`: {what} {times}{}", fault.name, span(from, to))
}

fn did(spec: &SystemSpec, fault: &FaultSpec, place: &str) -> String {
    match fault.kind {
        FaultKind::Slow { factor: part } => format!("{place} at {} of its speed", factor(part)),
        FaultKind::Steal { share } => format!("{place} without {} of its cores", factor(share)),
        FaultKind::Pause => format!("{place} stood still"),
        FaultKind::Crash | FaultKind::ZoneDown { .. } => format!("{place} was down"),
        FaultKind::Restart => format!("{place} was restarted"),
        FaultKind::Surge { source, factor: by } => {
            format!(
                "`{}` at {} times its rate",
                spec.sources[source].name,
                factor(by)
            )
        }
        FaultKind::Poison { source, effect, .. } => {
            let does = match effect {
                PoisonEffect::Error => "failed",
                PoisonEffect::Crash => "took their workers down",
                PoisonEffect::Hang => "hung",
            };
            format!("requests of `{}` {does}", spec.sources[source].name)
        }
        FaultKind::RamCap { share } => format!("{place} with {} of its RAM", factor(share)),
        FaultKind::Leak { rate } => format!("{place} leaked {}/s", print_bytes(rate as u64)),
        FaultKind::Error { probability, .. } => {
            format!(
                "attempts at {place} failed with probability {}",
                factor(probability)
            )
        }
        FaultKind::Network { edge, .. } => {
            format!("`{}` was slow or lost messages", spec.edge_name(edge))
        }
        FaultKind::Partition { edge } => format!("`{}` was cut", spec.edge_name(edge)),
        FaultKind::CacheFlush { edge, .. } => {
            format!("the caches of `{}` were flushed", spec.edge_name(edge))
        }
    }
}

fn policy(policy: &PolicySpec) -> &'static str {
    match policy {
        PolicySpec::Random => "random",
        PolicySpec::RoundRobin { .. } => "round_robin",
        PolicySpec::LeastRequest { .. } => "least_request",
        PolicySpec::WeightedRoundRobin { .. } => "weighted_round_robin",
        PolicySpec::P2c => "p2c",
        PolicySpec::RandomN { .. } => "random_n",
        PolicySpec::LeastConnections => "least_connections",
        PolicySpec::First => "first",
        PolicySpec::CentralQueue => "central_queue",
        PolicySpec::RingHash { .. } => "ring_hash",
        PolicySpec::Maglev { .. } => "maglev",
        PolicySpec::Rendezvous { .. } => "rendezvous",
        PolicySpec::PeakEwma { .. } => "peak_ewma",
        PolicySpec::Jiq { .. } => "jiq",
        PolicySpec::Aperture(_) => "aperture",
        PolicySpec::ClientWrr(_) => "client_wrr",
        PolicySpec::Prequal(_) => "prequal",
        PolicySpec::JsqOracle { .. } => "jsq_oracle",
    }
}

fn slots(spec: &SystemSpec, service: usize) -> String {
    let slots = spec.services[service].groups.first().and_then(|g| g.slots);
    slots.map_or_else(|| "no end of".into(), |s| show::grouped(u64::from(s)))
}

fn full(spec: &SystemSpec, service: usize) -> &'static str {
    let mut groups = spec.services[service].groups.iter();
    match groups
        .find(|g| g.on_full != OnFull::Reject)
        .map(|g| g.on_full)
    {
        Some(OnFull::Wedge) => "a full buffer wedges its worker",
        Some(OnFull::Redispatch { .. }) => "a full buffer sends on to another worker",
        Some(OnFull::Crash) => "a full buffer crashes its worker",
        Some(OnFull::Block) => "a full buffer blocks the balancer",
        Some(OnFull::DropOldest) => "a full buffer drops the oldest",
        Some(OnFull::DeadLetter) => "a full buffer puts aside",
        _ => "a full buffer refuses",
    }
}

/// How it was set, for a cause.
fn as_it_was(spec: &SystemSpec, setting: Setting) -> String {
    let service = |s: usize| &spec.services[s].name;
    let source = |s: usize| &spec.sources[s].name;
    match setting {
        Setting::NoRetries(s) | Setting::OneRetry(s) => format!("the retries of `{}`", source(s)),
        Setting::NoHedges(s) => format!("the hedges of `{}`", source(s)),
        Setting::PatientClients(s) => format!("the timeout of `{}`", source(s)),
        Setting::Deadlines(s) => format!("work of `{}` for nobody", source(s)),
        Setting::CancelQueued(s) => format!("abandoned attempts of `{}`", source(s)),
        Setting::EvenWeights(s) => format!("the weights of the workers of `{}`", service(s)),
        Setting::Policy(s, _) => {
            format!(
                "the policy {} of `{}`",
                policy(&spec.services[s].balancer.policy),
                service(s)
            )
        }
        Setting::NoBreaker(s) => format!("the breakers of `{}`", service(s)),
        Setting::Breaker(s) => format!("no breakers at `{}`", service(s)),
        Setting::Reject(s) => format!("what `{}` does when full: {}", service(s), full(spec, s)),
        Setting::Slots(s, _) | Setting::OneMoreSlot(s) | Setting::EndlessSlots(s) => {
            format!("buffers of {} slots at `{}`", slots(spec, s), service(s))
        }
        Setting::BalancerSlots(s, _) => format!("the buffer of the balancer of `{}`", service(s)),
        Setting::BalancerCores(s) => format!("the cores of the balancer of `{}`", service(s)),
        Setting::Ram(s) => format!("the RAM of the workers of `{}`", service(s)),
        Setting::Workers(s, _) => {
            let now = spec.services[s].workers_at_start();
            format!("{now} workers of `{}` for its load", service(s))
        }
    }
}

/// How it would be set otherwise.
pub fn otherwise(spec: &SystemSpec, setting: Setting) -> String {
    let several = spec.services.len() + spec.sources.len() > 2;
    let of_service = |s: usize| match several {
        true => format!(" at `{}`", spec.services[s].name),
        false => String::new(),
    };
    let of_source = |s: usize| match several {
        true => format!(" of `{}`", spec.sources[s].name),
        false => String::new(),
    };
    let (text, place) = match setting {
        Setting::NoRetries(s) => ("no retries".to_owned(), of_source(s)),
        Setting::OneRetry(s) => ("one retry at most".into(), of_source(s)),
        Setting::NoHedges(s) => ("no hedges".into(), of_source(s)),
        Setting::PatientClients(s) => ("timeout x 2".into(), of_source(s)),
        Setting::Deadlines(s) => (
            "workers drop what is past its deadline".into(),
            of_source(s),
        ),
        Setting::CancelQueued(s) => ("abandoned attempts leave buffers".into(), of_source(s)),
        Setting::EvenWeights(s) => ("weights by cores and speed".into(), of_service(s)),
        Setting::Policy(s, to) => {
            let ideal = matches!(to, PolicySpec::JsqOracle { .. });
            let text = match ideal {
                true => "an ideal balancer (jsq_oracle)".to_owned(),
                false => format!("policy {}", policy(&to)),
            };
            (text, of_service(s))
        }
        Setting::NoBreaker(s) => ("no breakers".into(), of_service(s)),
        Setting::Breaker(s) => ("breakers (resilience4j, 100 calls)".into(), of_service(s)),
        Setting::Reject(s) => ("full buffers refuse, no more".into(), of_service(s)),
        Setting::Slots(s, by) => (format!("slots of workers x {by}"), of_service(s)),
        Setting::OneMoreSlot(s) => ("one more slot a worker".into(), of_service(s)),
        Setting::EndlessSlots(s) => ("slots of workers without end".into(), of_service(s)),
        Setting::BalancerSlots(s, by) => (format!("slots of the balancer x {by}"), of_service(s)),
        Setting::BalancerCores(s) => ("cores of the balancer x 2".into(), of_service(s)),
        Setting::Ram(s) => ("RAM of workers x 2".into(), of_service(s)),
        Setting::Workers(s, 1) => ("one more worker".into(), of_service(s)),
        Setting::Workers(s, n) => (format!("{n} more workers"), of_service(s)),
    };
    format!("{text}{place}")
}

/// What became of the incident.
pub fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Avoided => "avoided".into(),
        Effect::Delayed(by) => format!("{} later", length(*by)),
        Effect::Same => "no difference".into(),
        Effect::Sooner(by) => format!("{} sooner", length(*by)),
        Effect::Failed(why) => format!("the run failed: {why}"),
    }
}
