//! Attempts that fail with a probability: which faults hold at a worker, and the draw.

use crate::engine::rng::{Bits, Key, Keyed, path_hash};
use crate::model::spec::{ErrorWhen, FaultKind, SystemSpec};

/// Every fault of kind `error`, and where each holds.
#[derive(Clone, Debug)]
pub struct Errors {
    key: Key,
    /// By fault, in the order of the spec; `None`: of another kind.
    faults: Vec<Option<Chance>>,
    /// By worker, through all services: the faults that hold there now.
    holding: Vec<Vec<u32>>,
}

#[derive(Clone, Debug)]
struct Chance {
    probability: f64,
    when: ErrorWhen,
    /// What draws are for, by caller.
    purposes: Vec<u64>,
}

/// An attempt, as far as its draw goes: the same on every worker and in every order.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// Its caller.
    pub source: u32,
    /// Number of its request with the caller.
    pub request: u64,
    /// Which attempt, from 1.
    pub attempt: u32,
}

impl Errors {
    /// Those of a spec, none of them holding; `None`: it has none.
    pub fn new(spec: &SystemSpec, key: &Key) -> Option<Box<Errors>> {
        let chance = |fault: &crate::model::spec::FaultSpec| {
            let FaultKind::Error { probability, when } = fault.kind else {
                return None;
            };
            let service = &spec.services[fault.service].name;
            let purpose = |caller: String| {
                path_hash(&format!("service/{service}/fault/{}/{caller}", fault.name))
            };
            let sources = spec.sources.iter().map(|s| s.name.clone());
            let calls = spec.call_sites().map(|site| site.path(spec));
            fault.enabled.then(|| Chance {
                probability,
                when,
                purposes: sources.chain(calls).map(purpose).collect(),
            })
        };
        let faults: Vec<Option<Chance>> = spec.faults.iter().map(chance).collect();
        if faults.iter().all(Option::is_none) {
            return None;
        }
        let workers = spec.services.iter().map(|s| s.worker_count()).sum();
        Some(Box::new(Errors {
            key: *key,
            faults,
            holding: vec![Vec::new(); workers],
        }))
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.key = *key;
    }

    /// A fault holds at a worker from now on.
    pub fn hold(&mut self, worker: u32, fault: u32) {
        self.holding[worker as usize].push(fault);
    }

    /// A fault no longer holds at a worker.
    pub fn let_go(&mut self, worker: u32, fault: u32) {
        self.holding[worker as usize].retain(|&f| f != fault);
    }

    /// Whether an attempt fails at a worker at this point of its way.
    pub fn hit(&self, worker: u32, when: ErrorWhen, of: Try) -> bool {
        let holding = self.holding[worker as usize].iter();
        let chances = holding.filter_map(|&f| self.faults[f as usize].as_ref());
        chances.filter(|c| c.when == when).any(|c| {
            let purpose = c.purposes[of.source as usize];
            let mut keyed = Keyed::new(&self.key, purpose, of.request, 0, of.attempt);
            keyed.unit() < c.probability
        })
    }
}
