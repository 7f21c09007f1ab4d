//! What goes wrong between those who call a service and that service: messages that take longer or
//! are lost, and caches beside calls that lose what they keep.

use super::*;
use crate::engine::dist::Dist;
use crate::engine::rng::{Bits, Key, Keyed, path_hash};
use crate::model::spec::{Edge, FaultKind};

/// The faults of each caller's way.
#[derive(Clone, Debug)]
pub(super) struct Edges<'s> {
    /// By caller.
    troubles: Vec<Vec<Trouble<'s>>>,
}

/// A fault of one caller's way.
#[derive(Clone, Copy, Debug)]
struct Trouble<'s> {
    fault: u32,
    on: bool,
    delay: Option<&'s Dist>,
    loss: f64,
    probability: f64,
    /// What its draws are for.
    purpose: u64,
}

/// A message on its way: the attempt or its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// Number of the request.
    pub number: u64,
    /// Which way it goes.
    pub way: u32,
    /// Which attempt it is, from 1.
    pub attempt: u32,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Journey {
    /// It is there at once.
    AtOnce,
    /// It takes so long.
    Takes(Nanos),
    /// It never arrives.
    Lost,
}

impl<'s> Edges<'s> {
    /// `None`: nothing goes wrong on any way.
    pub fn new(spec: &'s SystemSpec) -> Option<Box<Edges<'s>>> {
        let mut troubles = vec![Vec::new(); spec.clients().count()];
        for (number, fault) in (0u32..).zip(&spec.faults).filter(|(_, f)| f.enabled) {
            let (edge, loss, probability) = match fault.kind {
                FaultKind::Network {
                    edge,
                    loss,
                    probability,
                } => (edge, loss, probability),
                FaultKind::Partition { edge } => (edge, 1.0, 1.0),
                _ => continue,
            };
            for caller in callers_on(spec, edge) {
                troubles[caller].push(Trouble {
                    fault: number,
                    on: false,
                    delay: fault.delay.as_ref(),
                    loss,
                    probability,
                    purpose: purpose(spec, &fault.name, caller),
                });
            }
        }
        let any = troubles.iter().any(|t| !t.is_empty());
        any.then(|| Box::new(Edges { troubles }))
    }

    /// A fault begins or ends.
    fn turn(&mut self, fault: u32, on: bool) {
        let all = self.troubles.iter_mut().flatten();
        for trouble in all.filter(|t| t.fault == fault) {
            trouble.on = on;
        }
    }

    /// What becomes of a caller's message that would take so long (`None`: no time). Each fault
    /// draws for it by itself.
    pub fn journey(
        &self,
        caller: u32,
        key: &Key,
        message: Message,
        usual: Option<Nanos>,
    ) -> Journey {
        let mut takes = usual;
        for trouble in self.troubles[caller as usize].iter().filter(|t| t.on) {
            let Message {
                number,
                way,
                attempt,
            } = message;
            let mut keyed = Keyed::new(key, trouble.purpose, number, way, attempt);
            let (befalls, lost) = (keyed.unit(), keyed.unit());
            if befalls >= trouble.probability {
                continue;
            }
            if lost < trouble.loss {
                return Journey::Lost;
            }
            if let Some(delay) = trouble.delay {
                let more = whole(delay.sample(&mut keyed));
                takes = Some(takes.unwrap_or(0).saturating_add(more));
            }
        }
        Journey::of(takes)
    }
}

impl Journey {
    /// Of a message that nothing befalls.
    pub fn of(takes: Option<Nanos>) -> Journey {
        takes.map_or(Journey::AtOnce, Journey::Takes)
    }
}

/// The callers that call on a way, by number.
fn callers_on(spec: &SystemSpec, edge: Edge) -> impl Iterator<Item = usize> {
    let callers = 0..spec.clients().count();
    callers.filter(move |&caller| spec.edge_of(caller) == Some(edge))
}

/// What a fault's draws for a caller are for.
fn purpose(spec: &SystemSpec, fault: &str, caller: usize) -> u64 {
    let sources = spec.sources.len();
    let caller = match spec.sources.get(caller) {
        Some(source) => format!("source/{}", source.name),
        None => {
            let site = spec.call_sites().nth(caller - sources);
            site.map(|site| site.path(spec)).unwrap_or_default()
        }
    };
    path_hash(&format!("{caller}/fault/{fault}"))
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// A fault of a way begins or ends.
    pub(super) fn turn_edge(&mut self, fault: u32, on: bool) {
        if let Some(edges) = &mut self.edges {
            edges.turn(fault, on);
        }
    }

    /// The caches of a way lose what they keep, or a share of it.
    pub(super) fn flush(&mut self, fault: u32, edge: Edge, share: f64, now: Nanos) {
        let spec = self.spec;
        let Some(steps) = &mut self.steps else { return };
        let name = &spec.faults[fault as usize].name;
        for caller in callers_on(spec, edge) {
            let Some(cache) = &mut steps.caches[caller] else {
                continue;
            };
            // Which of them go is drawn by their keys: the moment tells one flush from the next.
            let (purpose, key) = (purpose(spec, name, caller), steps.key);
            let (high, low) = ((now >> 32) as u32, now as u32);
            cache.flush(|kept| Keyed::new(&key, purpose, kept, high, low).unit() < share);
        }
    }
}
