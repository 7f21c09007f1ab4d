//! `ring_hash`: every worker has places on a ring, as many as its weight says; a key goes to the
//! next place clockwise.
//!
//! Source: Karger et al. 1997; Envoy, `ring_hash/ring_hash_lb.cc`; gRPC proposal A42.

use std::sync::Arc;

use super::hashing::{Bound, bound};
use super::{Fleet, View};
use crate::engine::rng::{Stream, hash_word};

/// Most places, whatever the weights.
const MOST: f64 = 8_388_608.0;

/// Places on the ring, ascending, and whose they are.
pub type Ring = Arc<[(u64, u32)]>;

/// A ring.
#[derive(Clone, Debug)]
pub struct RingHash {
    ring: Ring,
    bound: Option<Box<Bound>>,
}

/// The ring of workers with these names and weights, with at least so many places: as many more as
/// it takes for the lightest to have a whole number of them.
pub fn ring(names: &[u64], weights: &[f64], ring_size: u32) -> Ring {
    let sum: f64 = weights.iter().sum();
    let shares = weights.iter().map(|w| w / sum);
    let least = shares.filter(|s| *s > 0.0).fold(1.0, f64::min);
    let scale = ((least * f64::from(ring_size)).ceil() / least).min(MOST);
    let (mut made, mut wanted) = (0.0, 0.0);
    let mut ring = Vec::with_capacity(scale as usize + 1);
    for (worker, (name, weight)) in (0u32..).zip(names.iter().zip(weights)) {
        wanted += scale * (weight / sum);
        let mut number = 0;
        while *weight > 0.0 && made < wanted {
            ring.push((place(*name, number), worker));
            number += 1;
            made += 1.0;
        }
    }
    ring.sort_unstable();
    ring.into()
}

/// Where a worker's place of a number is.
fn place(name: u64, number: u64) -> u64 {
    hash_word(hash_word(name) ^ number)
}

impl RingHash {
    /// For these workers.
    pub fn new(fleet: &Fleet, bounded_load: Option<f64>) -> Self {
        RingHash {
            ring: fleet.ring.clone().unwrap_or_default(),
            bound: bound(bounded_load, &fleet.unequal()),
        }
    }

    /// The next place at or behind the key's hash whose worker is let in.
    #[inline(never)]
    pub fn pick(&mut self, view: &View, _: &mut Stream) -> u32 {
        let hash = hash_word(view.key);
        let from = self.ring.partition_point(|place| place.0 < hash);
        let (before, behind) = self.ring.split_at(from);
        let mut clockwise = behind.iter().chain(before).map(|place| place.1);
        let found = clockwise.find(|&worker| view.lets_in(worker));
        let first = found.unwrap_or(view.eligible[0]);
        match &mut self.bound {
            Some(bound) => bound.keep(first, hash, view),
            None => first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;
    use crate::model::balancer::Policy;
    use crate::model::spec::PolicySpec;

    /// A ring written down by hand: the rule apart from where hashes fall.
    fn scripted(ring: &[(u64, u32)]) -> RingHash {
        RingHash {
            ring: ring.into(),
            bound: None,
        }
    }

    fn view<'a>(eligible: &'a [u32], load: &'a [u32], key: u64) -> View<'a> {
        View {
            eligible,
            load,
            now: 0,
            key,
            open: true,
        }
    }

    /// Each row: places and whose they are, who is let in, and who gets the key.
    #[test]
    fn a_key_goes_to_the_next_place_clockwise() {
        let hash = hash_word(77);
        let rows: &[(&[(u64, u32)], &[u32], u32)] = &[
            // The next behind it.
            (
                &[(hash - 9, 0), (hash + 9, 1), (hash + 99, 2)],
                &[0, 1, 2],
                1,
            ),
            // At its own place.
            (&[(hash - 1, 0), (hash, 2), (hash + 1, 1)], &[0, 1, 2], 2),
            // Behind the last comes the first.
            (
                &[(hash - 9, 2), (hash - 5, 0), (hash - 1, 1)],
                &[0, 1, 2],
                2,
            ),
            // Whoever is shut off is passed, with all of its places.
            (
                &[(hash - 9, 2), (hash + 1, 1), (hash + 2, 1), (hash + 3, 0)],
                &[0, 2],
                0,
            ),
            // Around the whole ring.
            (&[(hash + 1, 1), (hash + 2, 0), (u64::MAX, 1)], &[0], 0),
            // Nobody who is let in has a place: the lowest.
            (&[(hash + 1, 1)], &[0, 2], 0),
        ];
        for (number, (ring, eligible, wanted)) in rows.iter().enumerate() {
            let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
            let picked = scripted(ring).pick(&view(eligible, &[0; 3], 77), &mut stream);
            assert_eq!(picked, *wanted, "row {number}");
        }
    }

    /// Places: 4 workers alike on a ring of at least 6 have ceil(6 / 4) = 2 each; weights 1, 2 and
    /// 5 on 16 have 2, 4 and 10; a weight of 0 has none.
    #[test]
    fn places_go_by_weight_and_the_lightest_has_whole_ones() {
        let rows: &[(&[f64], u32, &[usize])] = &[
            (&[1.0; 4], 6, &[2, 2, 2, 2]),
            (&[1.0; 4], 8, &[2, 2, 2, 2]),
            (&[1.0; 4], 9, &[3, 3, 3, 3]),
            (&[1.0, 2.0, 5.0], 16, &[2, 4, 10]),
            // ceil(17 / 8) = 3 for the lightest, and in proportion.
            (&[1.0, 2.0, 5.0], 17, &[3, 6, 15]),
            // ceil(4 * 2 / 5) = 2 for the lighter.
            (&[2.0, 3.0, 0.0], 4, &[2, 3, 0]),
        ];
        for (weights, size, wanted) in rows {
            let names: Vec<u64> = (0..weights.len() as u64).map(hash_word).collect();
            let ring = ring(&names, weights, *size);
            let count = |w: u32| ring.iter().filter(|p| p.1 == w).count();
            let counts: Vec<usize> = (0..weights.len() as u32).map(count).collect();
            assert_eq!(counts, *wanted, "{weights:?} {size}");
            assert!(ring.is_sorted());
        }
    }

    /// One worker more, with as many places for each, takes about its share of the keys, and nobody
    /// else's change.
    #[test]
    fn another_worker_moves_only_the_keys_that_it_gets() {
        let pick = |workers: usize, key: u64| {
            let spec = PolicySpec::RingHash {
                ring_size: 400 * workers as u32,
                bounded_load: None,
            };
            let fleet = Fleet::hashing(&vec![1.0; workers], &spec);
            let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
            let mut policy = Policy::new(&spec, &fleet, &mut stream);
            let all: Vec<u32> = (0..workers as u32).collect();
            policy.pick(&view(&all, &vec![0; workers], key), &mut stream)
        };
        let mut moved = 0;
        for key in 0..300 {
            let (before, after) = (pick(9, key), pick(10, key));
            assert!(after == before || after == 9, "{key}");
            moved += u32::from(after != before);
        }
        assert!((15..=50).contains(&moved), "{moved}");
    }
}
