//! What policies that hash have in common: names of workers as words, and a bound on how far above
//! the average a worker may be.
//!
//! Source of the bound: Envoy, `common/thread_aware_lb_impl.cc` (`hash_balance_factor`); Mirrokni,
//! Thorup & Zadimoghaddam 2018; the jump to a random worker after Chen, Coleman & Shrivastava 2021.

use super::View;
use super::fleet::weighty;
use crate::engine::rng::{Bits, Keyed, hash_text};
use crate::model::fault::worker_path;
use crate::model::spec::ServiceSpec;

/// Every worker of a service as a word that goes with its name, so that adding others moves
/// nobody.
pub fn names(service: &ServiceSpec) -> Vec<u64> {
    let numbers = 0..service.worker_count() as u32;
    numbers
        .map(|number| hash_text(&worker_path(service, number)))
        .collect()
}

/// How many attempts a worker may have, against the average.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    /// The factor in millionths.
    millionths: u64,
    weights: Vec<f64>,
    /// Room for the order in which others are asked.
    order: Vec<u32>,
}

impl Bound {
    /// This factor, for workers of these weights; equal weights may be left out.
    pub fn new(factor: f64, weights: &[f64]) -> Bound {
        Bound {
            millionths: (factor * 1e6 + 0.5) as u64,
            weights: weights.to_vec(),
            order: Vec::new(),
        }
    }

    /// The worker itself unless it is full; else the first in an order that goes with the hash
    /// which is not; else the least full.
    pub fn keep(&mut self, first: u32, hash: u64, view: &View) -> u32 {
        let active: u64 = view.load.iter().map(|&l| u64::from(l)).sum();
        let all = ((active + 1) * self.millionths).div_ceil(1_000_000);
        let weight = |worker: u32| self.weights.get(worker as usize).copied();
        let total: f64 = match self.weights.is_empty() {
            true => f64::from(view.count()),
            false => view.eligible.iter().filter_map(|&w| weight(w)).sum(),
        };
        let places = |worker: u32| -> u64 {
            let share = match weight(worker) {
                Some(weight) => (all as f64 * (weight / total)).ceil() as u64,
                None => all.div_ceil(u64::from(view.count())),
            };
            share.max(1)
        };
        let load = |worker: u32| u64::from(view.load_of(worker));
        if load(first) <= places(first) {
            return first;
        }
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        match self.weights.is_empty() {
            true => order.extend_from_slice(view.eligible),
            false => order.extend(weighty(&self.weights, view)),
        }
        let mut words = Keyed::of_word(hash);
        let mut best = first;
        for place in 0..order.len() {
            let left = (order.len() - place) as u32;
            order.swap(place, place + words.below(left) as usize);
            let other = order[place];
            if load(other) <= places(other) {
                best = other;
                break;
            }
            // Fuller by the ratio of what there is to what may be.
            if load(other) * places(best) < load(best) * places(other) {
                best = other;
            }
        }
        self.order = order;
        best
    }
}

/// The bound of a spec, if it has one.
pub(super) fn bound(factor: Option<f64>, weights: &[f64]) -> Option<Box<Bound>> {
    factor.map(|factor| Box::new(Bound::new(factor, weights)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(factor: f64, weights: &[f64], eligible: &[u32], load: &[u32], hash: u64) -> u32 {
        let view = View {
            eligible,
            load,
            now: 0,
            key: 0,
            open: true,
        };
        Bound::new(factor, weights).keep(eligible[0], hash, &view)
    }

    /// Each row: the factor, weights, who is let in, loads, and who may get what hashes to the
    /// first. Places by hand: those of all together, ceil((active + 1) * factor), shared by weight
    /// and rounded up.
    #[test]
    fn a_full_worker_passes_on_what_hashes_to_it() {
        type Row = (
            f64,
            &'static [f64],
            &'static [u32],
            &'static [u32],
            &'static [u32],
        );
        let rows: &[Row] = &[
            // ceil(4 * 1.25) = 5 in all, 3 each: it has 3, which is not above.
            (1.25, &[], &[0, 1], &[3, 0], &[0]),
            // ceil(5 * 1.25) = 7, 4 each.
            (1.25, &[], &[0, 1], &[4, 0], &[0]),
            // ceil(6 * 1) = 6, 3 each: it has 5.
            (1.0, &[], &[0, 1], &[5, 0], &[1]),
            // 1.1 * 10 is 11, and not a little more: 4 each of 3, so 4 is fine and 5 is not.
            (1.1, &[], &[0, 1, 2], &[4, 3, 2], &[0]),
            (1.1, &[], &[0, 1, 2], &[5, 2, 2], &[1, 2]),
            // One place at least, so one attempt is never too many.
            (1.0, &[], &[0, 1, 2, 3], &[1, 0, 0, 0], &[0]),
            // Active are those at workers shut off too: ceil(10 * 1) = 10, 5 each of the two let
            // in.
            (1.0, &[], &[0, 1], &[5, 0, 4], &[0]),
            (1.0, &[], &[0, 1], &[6, 0, 3], &[1]),
            // By weight: ceil(9 * 1) = 9, of which 9 * 3/4 = 6.75, so 7, and 2.25, so 3.
            (1.0, &[3.0, 1.0], &[0, 1], &[7, 1], &[0]),
            (1.0, &[3.0, 1.0], &[0, 1], &[8, 0], &[1]),
        ];
        for (row, (factor, weights, eligible, load, wanted)) in rows.iter().enumerate() {
            for hash in 0..40 {
                let kept = keep(*factor, weights, eligible, load, hash);
                assert!(wanted.contains(&kept), "row {row}: {kept}");
            }
        }
    }

    /// The jump goes with the hash: the same for the same, and all others have their share.
    #[test]
    fn the_jump_goes_with_the_hash() {
        let load = [90, 0, 0, 0];
        let mut counts = [0; 4];
        for hash in 0..3000 {
            let first = keep(1.25, &[], &[0, 1, 2, 3], &load, hash);
            assert_eq!(first, keep(1.25, &[], &[0, 1, 2, 3], &load, hash));
            counts[first as usize] += 1;
        }
        assert_eq!(counts[0], 0);
        assert!(
            counts[1..].iter().all(|c| (900..=1100).contains(c)),
            "{counts:?}"
        );
    }
}
