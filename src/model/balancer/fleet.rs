//! What a policy knows from the start of the workers: weights and room.

use std::sync::Arc;

use super::View;
use super::maglev::{self, Table};
use super::ring_hash::{self, Ring};
use crate::engine::rng::{Bits, Stream};
use crate::model::spec::{PolicySpec, ServiceSpec};

/// The workers of a service, one entry each.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// Weights.
    pub weights: Vec<f64>,
    /// Cores.
    pub cores: Vec<u32>,
    /// Cores and waiting places together.
    pub room: Vec<u64>,
    /// What is looked up by hashes, the same for all instances: names of workers,
    pub names: Option<Arc<[u64]>>,
    /// or a ring,
    pub ring: Option<Ring>,
    /// or a table.
    pub table: Option<Table>,
}

impl Fleet {
    /// The workers of a service.
    pub fn of(service: &ServiceSpec) -> Fleet {
        let groups = service.groups.iter();
        let all: Vec<_> = groups.flat_map(|g| (0..g.count).map(move |_| g)).collect();
        let places = |slots: Option<u32>| slots.map_or(u64::from(u32::MAX), u64::from);
        let mut fleet = Fleet {
            weights: all.iter().map(|g| g.weight).collect(),
            cores: all.iter().map(|g| g.cores).collect(),
            room: all
                .iter()
                .map(|g| u64::from(g.cores) + places(g.slots))
                .collect(),
            ..Fleet::default()
        };
        let balancer = &service.balancer;
        if balancer.policy.hashes() || balancer.subset.is_some() {
            fleet.hash(super::hashing::names(service), &balancer.policy);
        }
        fleet
    }

    /// Makes what a policy that hashes looks up.
    fn hash(&mut self, names: Vec<u64>, policy: &PolicySpec) {
        match *policy {
            PolicySpec::RingHash { ring_size, .. } => {
                self.ring = Some(ring_hash::ring(&names, &self.weights, ring_size));
            }
            PolicySpec::Maglev { table_size, .. } => {
                self.table = Some(maglev::table(&names, &self.weights, table_size));
            }
            _ => {}
        }
        self.names = Some(names.into());
    }

    /// Workers of these weights for a policy that hashes.
    #[cfg(test)]
    pub(super) fn hashing(weights: &[f64], policy: &PolicySpec) -> Fleet {
        let mut fleet = Fleet {
            weights: weights.to_vec(),
            ..Fleet::default()
        };
        let names = (0..weights.len() as u64).map(crate::engine::rng::hash_word);
        fleet.hash(names.collect(), policy);
        fleet
    }

    /// The weights, or nothing when they are equal.
    pub fn unequal(&self) -> Vec<f64> {
        let equal = self.weights.iter().all(|w| *w == self.weights[0]);
        if equal {
            Vec::new()
        } else {
            self.weights.clone()
        }
    }
}

/// Draws an eligible worker by weight; uniform where all weights are 0.
pub(super) fn draw(weights: &[f64], view: &View, stream: &mut Stream) -> u32 {
    let weight = |worker: &u32| weights[*worker as usize];
    let total: f64 = view.eligible.iter().map(weight).sum();
    if total <= 0.0 {
        return view.worker(stream.below(view.count()));
    }
    let mut left = stream.unit() * total;
    let mut last = view.eligible[0];
    for worker in view.eligible.iter().filter(|w| weight(w) > 0.0) {
        last = *worker;
        left -= weight(worker);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// The eligible workers with a weight; all of them where nobody has one.
pub(super) fn weighty<'v>(weights: &'v [f64], view: &View<'v>) -> impl Iterator<Item = u32> + 'v {
    let weight = |worker: &u32| weights[*worker as usize];
    let none = view.eligible.iter().all(|w| weight(w) <= 0.0);
    let all = view.eligible.iter().copied();
    all.filter(move |worker| none || weights[*worker as usize] > 0.0)
}

/// Deadlines 1 / weight apart: who is next, and when the next turn is.
#[derive(Clone, Debug)]
pub(super) struct Deadlines {
    weights: Vec<f64>,
    due: Vec<f64>,
    now: f64,
}

impl Deadlines {
    /// The first deadlines are drawn, so that several balancers do not march in step.
    pub fn new(weights: &[f64], stream: &mut Stream) -> Deadlines {
        let due = weights.iter().map(|w| stream.unit() / w.max(1e-12));
        Deadlines {
            due: due.collect(),
            weights: weights.to_vec(),
            now: 0.0,
        }
    }

    /// The earliest deadline, the lowest number on a tie. One that could not be picked for a
    /// while has not saved up turns. `cost`: how many ordinary turns this one counts for.
    pub fn next(&mut self, view: &View, cost: impl Fn(u32) -> f64) -> u32 {
        let (mut best, mut at) = (view.eligible[0], f64::INFINITY);
        for worker in weighty(&self.weights, view) {
            let due = self.due[worker as usize].max(self.now);
            if due < at {
                (best, at) = (worker, due);
            }
        }
        self.now = at.min(f64::MAX);
        self.due[best as usize] = self.now + cost(best) / self.weights[best as usize].max(1e-12);
        best
    }
}
