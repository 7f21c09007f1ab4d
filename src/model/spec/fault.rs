//! What goes wrong, as data.

use super::{Dist, SystemSpec};
use crate::base::units::Nanos;

/// Something that goes wrong: on workers of one service, at a source, or on the way to a service.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpec {
    /// Its name, unique among faults; part of its streams' paths.
    pub name: String,
    /// Off: it does not happen.
    pub enabled: bool,
    /// What happens.
    pub kind: FaultKind,
    /// Index into [`SystemSpec::services`](super::SystemSpec::services).
    pub service: usize,
    /// First and last worker (from 1) within the service; each target by itself.
    pub workers: (u32, u32),
    /// Of these only who stands in this zone; `None`: wherever they stand.
    pub zone: Option<String>,
    /// Which requests, by the name of their class; only for [`FaultKind::Poison`]. `None`: all.
    pub class: Option<String>,
    /// When it happens.
    pub when: FaultWhen,
    /// How long, nanoseconds; `None`: to the end of the run (a crash: until restarted).
    pub lasts: Option<Dist>,
    /// What goes down by itself; only pauses and crashes know cores.
    pub unit: FaultUnit,
    /// What becomes of a request in service; only for pauses and crashes. `None`: a pause resumes
    /// it, a crash loses it, a core that goes down by itself resumes it.
    pub in_service: Option<InService>,
    /// It befalls all its targets at once, by one common draw.
    pub shared: bool,
    /// What each message takes longer on its way, nanoseconds; only for [`FaultKind::Network`].
    pub delay: Option<Dist>,
}

/// The way between those who call a service and that service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who calls.
    pub from: EdgeEnd,
    /// Index of the service called.
    pub to: usize,
}

/// Who calls a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeEnd {
    /// The source of this index.
    Source(usize),
    /// The steps of the service of this index.
    Service(usize),
}

/// What goes down by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaultUnit {
    /// A whole worker.
    #[default]
    Worker,
    /// Each core; its request goes back to the head of the buffer, which needs no slot.
    Core,
}

/// What becomes of a request in service where something goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InService {
    /// It goes on with the work that is left.
    Resume,
    /// It starts anew with its whole work.
    Restart,
    /// It is lost.
    Lost,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultKind {
    /// Speed is multiplied by the factor.
    Slow {
        /// 0.2 = a fifth as fast.
        factor: f64,
    },
    /// Others take a part of the time of every core: speed is multiplied by the rest.
    Steal {
        /// The part taken, from 0 to below 1.
        share: f64,
    },
    /// Nothing moves; what is aboard stays, cores stay occupied.
    Pause,
    /// Down; what is aboard is lost.
    Crash,
    /// Everyone in a zone ([`FaultSpec::zone`]) is down at once; what is aboard is lost.
    ZoneDown {
        /// Of every service; the fault's service and workers say nothing then.
        everywhere: bool,
    },
    /// Restarted by hand: what is aboard is lost, and it is back after its group's restart time.
    Restart,
    /// The rate of a source is multiplied; the fault's service and workers say nothing.
    Surge {
        /// Index into [`SystemSpec::sources`](super::SystemSpec::sources).
        source: usize,
        /// 3 = three times as many requests.
        factor: f64,
    },
    /// Only a part of the RAM is left: nothing aboard is killed, but less is let in.
    RamCap {
        /// The part that is left, 0 to 1.
        share: f64,
    },
    /// RAM leaks away until a restart or crash.
    Leak {
        /// Bytes a second.
        rate: f64,
    },
    /// Attempts and answers on an edge take longer ([`FaultSpec::delay`]) or are lost; the fault's
    /// service and workers say nothing.
    Network {
        /// Which way.
        edge: Edge,
        /// Chance of each message to be lost, 0 to 1.
        loss: f64,
        /// Chance of each message to be befallen at all, 0 to 1.
        probability: f64,
    },
    /// Every message on an edge is lost; the fault's service and workers say nothing.
    Partition {
        /// Which way.
        edge: Edge,
    },
    /// The caches beside the calls of an edge lose what they keep, at once; the fault's service and
    /// workers say nothing.
    CacheFlush {
        /// Which way.
        edge: Edge,
        /// Chance of each kept answer to be lost, 0 to 1.
        share: f64,
    },
    /// Requests that a source sends do harm wherever they are served; the fault's service and
    /// workers say nothing, [`FaultSpec::class`] which of them.
    Poison {
        /// Index into [`SystemSpec::sources`](super::SystemSpec::sources).
        source: usize,
        /// Chance of each, 0 to 1.
        probability: f64,
        /// What they do.
        effect: PoisonEffect,
    },
    /// Attempts fail, each by itself.
    Error {
        /// Chance of each, 0 to 1.
        probability: f64,
        /// Before or after the work.
        when: ErrorWhen,
    },
}

/// What a poisoned request does to whoever serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoisonEffect {
    /// It fails when its work is done.
    Error,
    /// Its worker goes down as it begins.
    Crash,
    /// It keeps its core, until its worker goes down or its client takes it back.
    Hang,
}

/// When an attempt that is to fail does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorWhen {
    /// When its work is done.
    End,
    /// At once, without work.
    Start,
}

/// When a fault happens.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultWhen {
    /// From the start of the run.
    Always,
    /// Once, at this time of the run.
    At(Nanos),
    /// Again and again: time from the end of one to the start of the next, nanoseconds.
    Every(Dist),
}

impl FaultKind {
    /// The way that it befalls, if it is one.
    pub fn edge(&self) -> Option<Edge> {
        match *self {
            FaultKind::Network { edge, .. }
            | FaultKind::Partition { edge }
            | FaultKind::CacheFlush { edge, .. } => Some(edge),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn edge_mut(&mut self) -> Option<&mut Edge> {
        match self {
            FaultKind::Network { edge, .. }
            | FaultKind::Partition { edge }
            | FaultKind::CacheFlush { edge, .. } => Some(edge),
            _ => None,
        }
    }

    /// Whether it may lose messages.
    pub fn loses(&self) -> bool {
        match *self {
            FaultKind::Network { loss, .. } => loss > 0.0,
            FaultKind::Partition { .. } => true,
            _ => false,
        }
    }

    /// What it multiplies the speed of a worker by.
    pub fn speed(&self) -> f64 {
        match *self {
            FaultKind::Slow { factor } => factor,
            FaultKind::Steal { share } => 1.0 - share,
            _ => 1.0,
        }
    }

    /// Whether it befalls workers of every service.
    pub fn is_everywhere(&self) -> bool {
        matches!(self, FaultKind::ZoneDown { everywhere: true })
    }

    /// The source that it befalls, if it does.
    pub fn source(&self) -> Option<usize> {
        match *self {
            FaultKind::Surge { source, .. } | FaultKind::Poison { source, .. } => Some(source),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn source_mut(&mut self) -> Option<&mut usize> {
        match self {
            FaultKind::Surge { source, .. } | FaultKind::Poison { source, .. } => Some(source),
            _ => None,
        }
    }

    /// Whether it befalls workers: neither a source nor a way.
    pub fn befalls_workers(&self) -> bool {
        self.source().is_none() && self.edge().is_none()
    }
}

impl SystemSpec {
    /// Whether messages take time on any way, or may.
    pub fn has_network(&self) -> bool {
        let troubled = |f: &FaultSpec| {
            let messages = matches!(
                f.kind,
                FaultKind::Network { .. } | FaultKind::Partition { .. }
            );
            f.enabled && messages
        };
        self.clients().any(|c| c.network.is_some())
            || self.services.iter().any(|s| s.network.is_some())
            || self.faults.iter().any(troubled)
    }

    /// The workers that a fault befalls, each with its service and its number there (from 0).
    pub fn befallen(&self, fault: &FaultSpec) -> Vec<(usize, u32)> {
        if !fault.kind.befalls_workers() {
            return Vec::new();
        }
        let everywhere = fault.kind.is_everywhere();
        let (first, last) = match everywhere {
            true => (1, u32::MAX),
            false => fault.workers,
        };
        let zone = fault.zone.as_deref();
        let mut all = Vec::new();
        for (index, service) in self.services.iter().enumerate() {
            if index != fault.service && !everywhere {
                continue;
            }
            let groups = service.groups.iter();
            let groups = groups.flat_map(|g| std::iter::repeat_n(g, g.count as usize));
            let numbered = (0u32..).zip(groups);
            let befallen = numbered.filter(|(number, group)| {
                let here = zone.is_none_or(|zone| group.zone.as_deref() == Some(zone));
                here && (first..=last).contains(&(number + 1))
            });
            all.extend(befallen.map(|(number, _)| (index, number)));
        }
        all
    }

    /// What a fault befalls, as a file names it in its shortest form: `web`, `web[14]`,
    /// `web[1..5]`, `web@zone-a`, `@zone-a`, `source.people`, `web->store`.
    pub fn target_name(&self, fault: &FaultSpec) -> String {
        if let Some(source) = fault.kind.source() {
            let name = self.sources.get(source).map(|s| s.name.as_str());
            return format!("source.{}", name.unwrap_or_default());
        }
        if let Some(edge) = fault.kind.edge() {
            return self.edge_name(edge);
        }
        let Some(service) = self.services.get(fault.service) else {
            return String::new();
        };
        let (first, last) = fault.workers;
        let count = service.worker_count() as u64;
        let name = &service.name;
        match (&fault.zone, first, u64::from(last)) {
            (Some(zone), ..) if fault.kind.is_everywhere() => format!("@{zone}"),
            (Some(zone), ..) => format!("{name}@{zone}"),
            (None, 1, last) if last == count.max(1) => name.clone(),
            (None, first, last) if u64::from(first) == last => format!("{name}[{first}]"),
            (None, first, last) => format!("{name}[{first}..{last}]"),
        }
    }

    /// Every way on which a service is called, each once: of sources, then of services.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges: Vec<Edge> = Vec::new();
        for caller in 0..self.clients().count() {
            let edge = self.edge_of(caller);
            edges.extend(edge.filter(|edge| !edges.contains(edge)));
        }
        edges
    }

    /// The way on which a caller calls; callers are the sources, then the call sites.
    pub fn edge_of(&self, caller: usize) -> Option<Edge> {
        if let Some(source) = self.sources.get(caller) {
            let from = EdgeEnd::Source(caller);
            return Some(Edge {
                from,
                to: source.to,
            });
        }
        let site = self.call_sites().nth(caller - self.sources.len())?;
        Some(Edge {
            from: EdgeEnd::Service(site.from),
            to: site.call.to,
        })
    }

    /// A way as a file names it: `source.people->web`, `web->store`.
    pub fn edge_name(&self, edge: Edge) -> String {
        let to = self.services.get(edge.to).map_or("?", |s| &s.name);
        match edge.from {
            EdgeEnd::Source(source) => {
                let name = self.sources.get(source).map_or("?", |s| &s.name);
                format!("source.{name}->{to}")
            }
            EdgeEnd::Service(service) => {
                let name = self.services.get(service).map_or("?", |s| &s.name);
                format!("{name}->{to}")
            }
        }
    }

    /// Whether requests of any source that calls a service may be poisoned.
    pub fn is_poisoned(&self, service: usize) -> bool {
        let to = |fault: &FaultSpec| match fault.kind {
            FaultKind::Poison { source, .. } => self.sources.get(source).map(|s| s.to),
            _ => None,
        };
        let mut faults = self.faults.iter().filter(|f| f.enabled);
        faults.any(|fault| to(fault) == Some(service))
    }

    /// Whether a cache beside the calls of a way keeps answers.
    pub fn keeps_on(&self, edge: Edge) -> bool {
        self.call_sites().any(|site| {
            (EdgeEnd::Service(site.from), site.call.to) == (edge.from, edge.to)
                && matches!(site.call.cache, Some(super::CacheSpec::Lru { .. }))
        })
    }
}
