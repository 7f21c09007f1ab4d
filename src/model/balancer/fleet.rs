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

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns 1 and 1/2 apart, from 0.5 and 0.25 on, by hand; 1 is the lighter of a tie.
    #[test]
    fn the_earliest_deadline_is_next_and_turns_are_not_saved_up() {
        let turns = || Deadlines {
            weights: vec![1.0, 2.0],
            due: vec![0.5, 0.25],
            now: 0.0,
        };
        let pick = |turns: &mut Deadlines, eligible: &[u32], cost: f64| {
            let view = View {
                eligible,
                load: &[0, 0],
                now: 0,
                key: 0,
                open: true,
            };
            turns.next(&view, |_| cost)
        };
        let mut even = turns();
        let picked: Vec<u32> = (0..7).map(|_| pick(&mut even, &[0, 1], 1.0)).collect();
        // 0.25, 0.5, 0.75, 1.25, 1.5, 1.75, 2.25.
        assert_eq!(picked, [1, 0, 1, 1, 0, 1, 1]);
        let mut shut = turns();
        (0..3).for_each(|_| assert_eq!(pick(&mut shut, &[1], 1.0), 1));
        // It is 1.25 now: 0 is due at once, and then at 2.25, as 1 is after its turn at 1.75.
        let picked: Vec<u32> = (0..4).map(|_| pick(&mut shut, &[0, 1], 1.0)).collect();
        assert_eq!(picked, [0, 1, 0, 1]);
        // A turn that counts for three: 0.25, and then 1.75.
        let mut dear = turns();
        assert_eq!(pick(&mut dear, &[0, 1], 3.0), 1);
        assert_eq!((dear.due[0], dear.due[1]), (0.5, 1.75));
    }
}
