//! `rendezvous`: the worker whose hash together with the key is highest, for its weight.
//!
//! Source: Thaler & Ravishankar 1998; with weights Envoy, `rendezvous_hash/rendezvous_hash_lb.cc`.

use super::fleet::weighty;
use super::hashing::{Bound, bound};
use super::{Fleet, View};
use crate::base::math::ln;
use crate::engine::rng::{Bits, Keyed, Stream, hash_word};

/// Names and weights of workers.
#[derive(Clone, Debug)]
pub struct Rendezvous {
    names: std::sync::Arc<[u64]>,
    /// Empty when all are alike.
    weights: Vec<f64>,
    bound: Option<Box<Bound>>,
}

impl Rendezvous {
    /// For these workers.
    pub fn new(fleet: &Fleet, bounded_load: Option<f64>) -> Self {
        Rendezvous {
            names: fleet.names.clone().unwrap_or_default(),
            weights: fleet.unequal(),
            bound: bound(bounded_load, &fleet.unequal()),
        }
    }

    /// Looks at all who are let in; the lowest number on a tie.
    #[inline(never)]
    pub fn pick(&mut self, view: &View, _: &mut Stream) -> u32 {
        let hash = hash_word(view.key);
        let first = if self.weights.is_empty() {
            let of = |worker: u32| hash_word(hash ^ self.names[worker as usize]);
            let mut all = view.eligible.iter().copied();
            let first = all.next().unwrap_or(0);
            all.fold((first, of(first)), |best, worker| match of(worker) {
                score if score > best.1 => (worker, score),
                _ => best,
            })
            .0
        } else {
            self.heaviest(hash, view)
        };
        match &mut self.bound {
            Some(bound) => bound.keep(first, hash, view),
            None => first,
        }
    }

    /// The highest weight over the logarithm of its hash.
    fn heaviest(&self, hash: u64, view: &View) -> u32 {
        let (mut best, mut most) = (view.eligible[0], f64::NEG_INFINITY);
        for worker in weighty(&self.weights, view) {
            let unit = Keyed::of_word(hash ^ self.names[worker as usize]).unit();
            let score = self.weights[worker as usize] / -ln(unit);
            if score > most {
                (best, most) = (worker, score);
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;
    use crate::model::balancer::Policy;
    use crate::model::spec::PolicySpec;

    const SPEC: PolicySpec = PolicySpec::Rendezvous { bounded_load: None };

    fn counts(weights: &[f64], eligible: &[u32], keys: u64) -> Vec<u32> {
        let fleet = Fleet::hashing(weights, &SPEC);
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        let mut policy = Policy::new(&SPEC, &fleet, &mut stream);
        let load = vec![0; weights.len()];
        let mut counts = vec![0; weights.len()];
        for key in 0..keys {
            let view = View {
                eligible,
                load: &load,
                now: 0,
                key,
                open: true,
            };
            counts[policy.pick(&view, &mut stream) as usize] += 1;
        }
        counts
    }

    /// The chance of a worker is its weight over the sum of those let in.
    #[test]
    fn shares_go_by_weight() {
        let alike = counts(&[1.0; 4], &[0, 1, 3], 30_000);
        assert_eq!(alike[2], 0);
        assert!(
            alike.iter().all(|&c| c == 0 || c.abs_diff(10_000) < 400),
            "{alike:?}"
        );
        let weighed = counts(&[1.0, 3.0, 0.0, 4.0], &[0, 1, 2, 3], 40_000);
        for (count, wanted) in weighed.iter().zip([5_000, 15_000, 0, 20_000]) {
            assert!(count.abs_diff(wanted) < 500, "{weighed:?}");
        }
        // Nobody with a weight is let in: the first of those that are.
        assert_eq!(counts(&[1.0, 0.0, 0.0], &[1, 2], 9)[1..], [9, 0]);
    }

    /// A worker that is shut off loses its keys, and nobody else any.
    #[test]
    fn the_keys_of_one_that_is_shut_off_are_shared_by_the_others() {
        let weights = [1.0, 2.0, 1.0];
        let fleet = Fleet::hashing(&weights, &SPEC);
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        let mut policy = Policy::new(&SPEC, &fleet, &mut stream);
        let mut pick = |eligible: &[u32], key: u64| {
            let view = View {
                eligible,
                load: &[0; 3],
                now: 0,
                key,
                open: true,
            };
            policy.pick(&view, &mut stream)
        };
        for key in 0..1000 {
            let before = pick(&[0, 1, 2], key);
            let after = pick(&[0, 2], key);
            assert!(before == 1 || after == before, "{key}");
        }
    }
}
