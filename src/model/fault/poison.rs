//! Requests that do harm wherever they are served: which are, and what they do.

use crate::engine::rng::{Bits, Key, Keyed, path_hash};
use crate::model::spec::{FaultKind, FaultSpec, PoisonEffect, SystemSpec};

/// Every fault of kind `poison`, which of them hold, and what was poisoned.
#[derive(Clone, Debug)]
pub struct Poison {
    key: Key,
    /// By fault, in the order of the spec; `None`: of another kind.
    faults: Vec<Option<Dose>>,
    /// Faults that hold now.
    holding: Vec<u32>,
    /// By place of a request: what it does, if anything.
    of: Vec<Option<PoisonEffect>>,
}

#[derive(Clone, Debug)]
struct Dose {
    source: u32,
    /// The first class and the one after the last that it befalls, through all sources.
    classes: (u32, u32),
    probability: f64,
    purpose: u64,
    effect: PoisonEffect,
}

impl Poison {
    /// Those of a spec, none of them holding; `None`: it has none.
    pub fn new(spec: &SystemSpec, key: &Key) -> Option<Box<Poison>> {
        let faults: Vec<Option<Dose>> = spec.faults.iter().map(|f| dose(spec, f)).collect();
        if faults.iter().all(Option::is_none) {
            return None;
        }
        Some(Box::new(Poison {
            key: *key,
            faults,
            holding: Vec::new(),
            of: Vec::new(),
        }))
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.key = *key;
    }

    /// A fault holds from now on.
    pub fn hold(&mut self, fault: u32) {
        self.holding.push(fault);
    }

    /// A fault no longer holds.
    pub fn let_go(&mut self, fault: u32) {
        self.holding.retain(|&f| f != fault);
    }

    /// A request of a source and a class is born in a place, or one that no fault befalls (`None`).
    pub fn born(&mut self, place: u32, request: Option<(u32, u32, u64)>) {
        let place = place as usize;
        if place >= self.of.len() {
            self.of.resize(place + 1, None);
        }
        self.of[place] = request.and_then(|(source, class, number)| {
            let holding = self.holding.iter();
            let doses = holding.filter_map(|&f| self.faults[f as usize].as_ref());
            let mut doses = doses.filter(|dose| {
                dose.source == source && (dose.classes.0..dose.classes.1).contains(&class)
            });
            let hit = doses.find(|dose| {
                let mut keyed = Keyed::new(&self.key, dose.purpose, number, 0, 0);
                keyed.unit() < dose.probability
            });
            hit.map(|dose| dose.effect)
        });
    }

    /// What the request in a place does, if anything.
    pub fn of(&self, place: u32) -> Option<PoisonEffect> {
        self.of.get(place as usize).copied().flatten()
    }
}

fn dose(spec: &SystemSpec, fault: &FaultSpec) -> Option<Dose> {
    let FaultKind::Poison {
        source,
        probability,
        effect,
    } = fault.kind
    else {
        return None;
    };
    if !fault.enabled {
        return None;
    }
    let before = spec.sources[..source].iter();
    let first: usize = before.map(|s| s.classes.len()).sum();
    let own = &spec.sources[source];
    let classes = match &fault.class {
        Some(name) => {
            let place = own.classes.iter().position(|c| c.name == *name)?;
            (first + place, first + place + 1)
        }
        None => (first, first + own.classes.len()),
    };
    Some(Dose {
        source: source as u32,
        classes: (classes.0 as u32, classes.1 as u32),
        probability,
        purpose: path_hash(&format!("source/{}/fault/{}", own.name, fault.name)),
        effect,
    })
}
