//! What goes wrong: for each fault and each worker it targets, when it starts and how long it
//! lasts. What that does to the worker is the system's business.

mod errors;
mod poison;

pub use errors::{Errors, Try};
pub use poison::Poison;

use super::source::whole;
use super::spec::{FaultKind, FaultSpec, FaultUnit, FaultWhen, InService, ServiceSpec, SystemSpec};
use crate::base::units::Nanos;
use crate::engine::dist::Dist;
use crate::engine::rng::{Key, Stream};
use crate::model::trial::Spared;

/// Name and one line of each kind.
pub const FAULTS: &[(&str, &str)] = &[
    (
        "slow",
        "speed is multiplied by `factor`; acts on the work that is left",
    ),
    (
        "steal",
        "others take a `share` of the time of every core; acts on the work that is left",
    ),
    (
        "pause",
        "nothing moves; what is aboard stays and keeps its cores",
    ),
    (
        "crash",
        "down; what is aboard is lost, what comes later finds no connection",
    ),
    (
        "zone_down",
        "every worker of a zone is down at once; what is aboard is lost",
    ),
    (
        "restart",
        "restarted by hand: what is aboard is lost, back after the group's `restart`",
    ),
    ("surge", "the rate of a source is multiplied by `factor`"),
    (
        "ram_cap",
        "only a `share` of the RAM is left to those who come",
    ),
    ("leak", "RAM leaks away at `rate` until a restart or crash"),
    (
        "error",
        "attempts fail with `probability`, when done or at once",
    ),
    (
        "poison",
        "requests of a source fail, crash or hang whatever worker serves them",
    ),
    (
        "network",
        "attempts and answers on an edge take a `delay` longer or are lost (`loss`)",
    ),
    ("partition", "every attempt and answer on an edge is lost"),
    (
        "cache_flush",
        "the caches beside the calls of an edge lose what they keep, or a `share` of it",
    ),
];

/// One fault at one worker.
#[derive(Clone, Debug)]
pub struct Target<'s> {
    /// Its fault.
    pub fault: u32,
    /// The worker, through all services; no worker's number for what befalls a source.
    pub worker: u32,
    /// The core, from 0 within the worker, when each goes down by itself.
    pub core: Option<u32>,
    /// What becomes of what is in service, unless the kind says.
    pub in_service: Option<InService>,
    /// What happens.
    pub kind: FaultKind,
    /// Whether it is happening.
    pub active: bool,
    when: &'s FaultWhen,
    lasts: Option<&'s Dist>,
    stream: Stream,
    /// When it would start and does not.
    spared: Vec<Nanos>,
    /// When it is over for good.
    over: Nanos,
}

impl Target<'_> {
    /// Whether the start at this moment is one that does not happen.
    pub fn is_spared(&self, now: Nanos) -> bool {
        now >= self.over || self.spared.contains(&now)
    }

    /// When it is over for good.
    pub fn over(&self) -> Nanos {
        self.over
    }

    /// How long one that starts now is on, of so long (`None`: to the end of the run).
    pub fn cut(&self, now: Nanos, lasts: Option<Nanos>) -> Option<Nanos> {
        let left = (self.over < Nanos::MAX).then(|| self.over.saturating_sub(now));
        match (lasts, left) {
            (Some(lasts), Some(left)) => Some(lasts.min(left)),
            (lasts, left) => lasts.or(left),
        }
    }

    /// Notes what it does not do.
    pub fn spare(&mut self, spared: &Spared) {
        match *spared {
            Spared::Strike {
                fault,
                worker,
                from,
            } if (fault, worker) == (self.fault, self.worker) => self.spared.push(from),
            Spared::Rest { fault, from } if fault == self.fault => self.over = self.over.min(from),
            _ => {}
        }
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.stream.rekey(key);
    }

    /// When it starts first.
    pub fn first(&mut self) -> Nanos {
        match self.when {
            FaultWhen::Always => 0,
            FaultWhen::At(at) => *at,
            FaultWhen::Every(gap) => whole(gap.sample(&mut self.stream)),
        }
    }

    /// How long this one lasts; `None`: to the end of the run.
    pub fn duration(&mut self) -> Option<Nanos> {
        self.lasts
            .map(|lasts| whole(lasts.sample(&mut self.stream)))
    }

    /// How long from this end to the next start; `None`: it does not come again.
    pub fn gap(&mut self) -> Option<Nanos> {
        match self.when {
            FaultWhen::Every(gap) => Some(whole(gap.sample(&mut self.stream))),
            _ => None,
        }
    }
}

/// The path of a worker: its number within its group, so that another group's size moves no
/// stream.
pub fn worker_path(service: &ServiceSpec, number: u32) -> String {
    let mut within = number;
    for group in &service.groups {
        if within < group.count {
            let name = group.name.as_deref().unwrap_or("workers");
            return format!("service/{}/{name}/{}", service.name, within + 1);
        }
        within -= group.count;
    }
    unreachable!("workers are counted by their groups");
}

/// How many cores the worker of this number (from 0) has.
fn cores_of(service: &ServiceSpec, number: u32) -> u32 {
    let each = service.groups.iter();
    let mut cores = each.flat_map(|g| std::iter::repeat_n(g.cores, g.count as usize));
    cores.nth(number as usize).unwrap_or(0)
}

/// A fault that befalls a source.
fn at_source<'s>(
    spec: &SystemSpec,
    fault: (u32, &'s FaultSpec),
    source: usize,
    key: &Key,
) -> Target<'s> {
    at_no_worker(&format!("source/{}", spec.sources[source].name), fault, key)
}

/// A fault that befalls something with this path, which is no worker.
fn at_no_worker<'s>(path: &str, (number, fault): (u32, &'s FaultSpec), key: &Key) -> Target<'s> {
    let path = format!("{path}/fault/{}", fault.name);
    Target {
        fault: number,
        worker: u32::MAX,
        core: None,
        in_service: None,
        kind: fault.kind,
        active: false,
        when: &fault.when,
        lasts: fault.lasts.as_ref(),
        stream: Stream::new(key, &path),
        spared: Vec::new(),
        over: Nanos::MAX,
    }
}

/// The surges of a source that are on, each with its factor.
pub fn surges<'s>(
    spec: &'s SystemSpec,
    of: usize,
    key: &Key,
) -> impl Iterator<Item = (Target<'s>, f64)> {
    let faults = (0u32..).zip(&spec.faults).filter(|(_, f)| f.enabled);
    faults.filter_map(move |(number, fault)| match fault.kind {
        FaultKind::Surge { source, factor } if source == of => {
            Some((at_source(spec, (number, fault), source, key), factor))
        }
        _ => None,
    })
}

/// Whether any fault that is on takes RAM away.
pub fn takes_ram(spec: &SystemSpec) -> bool {
    let takes = |f: &FaultSpec| matches!(f.kind, FaultKind::RamCap { .. } | FaultKind::Leak { .. });
    spec.faults.iter().any(|f| f.enabled && takes(f))
}

/// The path of what a fault draws for all its targets at once, if it does.
fn common_path(spec: &SystemSpec, fault: &FaultSpec) -> Option<String> {
    let down = matches!(fault.kind, FaultKind::ZoneDown { .. });
    let place = match &fault.zone {
        Some(zone) if fault.kind.is_everywhere() => format!("zone/{zone}"),
        _ => format!("service/{}", spec.services[fault.service].name),
    };
    (fault.shared || down).then(|| format!("{place}/fault/{}/shared", fault.name))
}

/// Every fault that is on, at every worker it targets.
pub fn targets<'s>(spec: &'s SystemSpec, key: &Key) -> Vec<Target<'s>> {
    let mut targets = Vec::new();
    for (f, fault) in (0u32..).zip(&spec.faults).filter(|(_, f)| f.enabled) {
        if let Some(source) = fault.kind.source() {
            targets.push(at_source(spec, (f, fault), source, key));
            continue;
        }
        if let Some(edge) = fault.kind.edge() {
            let path = format!("edge/{}", spec.edge_name(edge));
            targets.push(at_no_worker(&path, (f, fault), key));
            continue;
        }
        let shared = common_path(spec, fault);
        for (index, number) in spec.befallen(fault) {
            let before = spec.services[..index].iter();
            let first = before.map(ServiceSpec::worker_count).sum::<usize>() as u32;
            let service = &spec.services[index];
            let path = format!("{}/fault/{}", worker_path(service, number), fault.name);
            let mut add = |core: Option<u32>, path: &str| {
                targets.push(Target {
                    fault: f,
                    worker: first + number,
                    core,
                    in_service: fault.in_service,
                    kind: fault.kind,
                    active: false,
                    when: &fault.when,
                    lasts: fault.lasts.as_ref(),
                    stream: Stream::new(key, shared.as_deref().unwrap_or(path)),
                    spared: Vec::new(),
                    over: Nanos::MAX,
                });
            };
            match fault.unit {
                FaultUnit::Worker => add(None, &path),
                FaultUnit::Core => {
                    for core in 0..cores_of(service, number) {
                        add(Some(core), &format!("{path}/core/{}", core + 1));
                    }
                }
            }
        }
    }
    targets
}
