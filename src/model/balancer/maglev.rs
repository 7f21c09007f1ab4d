//! `maglev`: a table of a prime number of places, which workers fill in turn, each in an order of
//! its own and as often as its weight says; a key has one of the places.
//!
//! Source: Eisenbud et al. 2016; Envoy, `maglev/maglev_lb.cc`.

use std::sync::Arc;

use super::hashing::{Bound, bound};
use super::{Fleet, View};
use crate::engine::rng::{Stream, hash_word};

/// Whose each place is.
pub type Table = Arc<[u32]>;

/// A table.
#[derive(Clone, Debug)]
pub struct Maglev {
    table: Table,
    bound: Option<Box<Bound>>,
}

const FREE: u32 = u32::MAX;

/// The table of workers with these names and weights.
pub fn table(names: &[u64], weights: &[f64], size: u32) -> Table {
    let places = u64::from(size);
    let mut order: Vec<usize> = (0..names.len()).filter(|&w| weights[w] > 0.0).collect();
    order.sort_unstable_by_key(|&w| (names[w], w));
    let most = weights.iter().copied().fold(0.0, f64::max);
    let mut table = vec![FREE; size as usize];
    // Where each goes on in its order, and from which round on it has its next turn.
    let mut next = vec![0_u64; names.len()];
    let mut due = vec![0.0; names.len()];
    let (mut filled, mut round) = (0, 0.0);
    while filled < table.len() && !order.is_empty() {
        round += 1.0;
        for &worker in &order {
            if filled == table.len() {
                break;
            }
            if round * weights[worker] < due[worker] {
                continue;
            }
            due[worker] += most;
            let (offset, skip) = steps(names[worker], places);
            loop {
                let place = (offset + skip * next[worker]) % places;
                next[worker] += 1;
                if table[place as usize] == FREE {
                    table[place as usize] = worker as u32;
                    break;
                }
            }
            filled += 1;
        }
    }
    table.into()
}

/// The first place of a worker, and how far apart its places are.
fn steps(name: u64, places: u64) -> (u64, u64) {
    let offset = hash_word(name) % places;
    (offset, hash_word(!name) % (places - 1) + 1)
}

impl Maglev {
    /// For these workers.
    pub fn new(fleet: &Fleet, bounded_load: Option<f64>) -> Self {
        Maglev {
            table: fleet.table.clone().unwrap_or_default(),
            bound: bound(bounded_load, &fleet.unequal()),
        }
    }

    /// Whose the key's place is; the next place's if that one is shut off.
    #[inline(never)]
    pub fn pick(&mut self, view: &View, _: &mut Stream) -> u32 {
        let hash = hash_word(view.key);
        let from = (hash % self.table.len() as u64) as usize;
        let (before, behind) = self.table.split_at(from);
        let mut onward = behind.iter().chain(before).copied();
        let found = onward.find(|&worker| worker != FREE && view.lets_in(worker));
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

    fn count(table: &[u32], worker: u32) -> usize {
        table.iter().filter(|&&w| w == worker).count()
    }

    /// Workers alike differ by one place at most; weights 1 and 2: in each two rounds three places.
    #[test]
    fn places_go_by_weight() {
        let names: Vec<u64> = (0..5).map(hash_word).collect();
        let even = table(&names, &[1.0; 5], 65_537);
        let counts: Vec<usize> = (0..5).map(|w| count(&even, w)).collect();
        assert_eq!(counts.iter().sum::<usize>(), 65_537);
        assert!(
            counts.iter().all(|c| (13_107..=13_108).contains(c)),
            "{counts:?}"
        );
        let uneven = table(&names, &[1.0, 2.0, 0.0, 0.0, 0.0], 997);
        // Round 1: both, round 2: the heavier, and so on; 997 = 3 * 332 + 1.
        let counts = (count(&uneven, 0), count(&uneven, 1));
        assert!(
            counts.0.abs_diff(332) <= 1 && counts.0 + counts.1 == 997,
            "{counts:?}"
        );
    }

    /// Filled by hand: two workers whose orders over 7 places are 3, 0, 4, 1, 5, 2, 6 (from 3 in
    /// steps of 4) and 0, 2, 4, 6, 1, 3, 5 (from 0 in steps of 2), as in the paper's example.
    #[test]
    fn a_table_is_filled_in_turn() {
        let of = |offset: u64, skip: u64| {
            let found = |name: &u64| steps(*name, 7) == (offset, skip);
            (0..100_000_u64).find(found).unwrap()
        };
        let mut names = [of(3, 4), of(0, 2)];
        names.sort_unstable();
        let first_is_from_3 = steps(names[0], 7) == (3, 4);
        let table = table(&names, &[1.0, 1.0], 7);
        // A: 3, B: 0, A: 4 (0 is taken), B: 2, A: 1, B: 6 (4 is taken), A: 5.
        // The other way round B: 0, A: 3, B: 2, A: 4 (0 is taken), B: 6 (4), A: 1, B: 5 (1, 3).
        let wanted = match first_is_from_3 {
            true => [1, 0, 1, 0, 0, 0, 1],
            false => [0, 1, 0, 1, 1, 0, 0],
        };
        assert_eq!(table[..], wanted);
    }

    /// The key's place; the next that is let in behind it; around the end of the table.
    #[test]
    fn a_key_has_a_place_and_goes_on_from_one_that_is_shut_off() {
        let from = (hash_word(5) % 7) as usize;
        let mut rows = vec![0, 0, 0, 0, 0, 0, 0];
        rows[from] = 2;
        rows[(from + 1) % 7] = 1;
        let mut maglev = Maglev {
            table: rows.into(),
            bound: None,
        };
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        let mut pick = |eligible: &[u32]| {
            let view = View {
                eligible,
                load: &[0; 4],
                now: 0,
                key: 5,
                open: true,
            };
            maglev.pick(&view, &mut stream)
        };
        assert_eq!(pick(&[0, 1, 2, 3]), 2);
        assert_eq!(pick(&[0, 1, 3]), 1);
        assert_eq!(pick(&[0, 3]), 0);
        // Without a place in the table: the lowest number.
        assert_eq!(pick(&[3]), 3);
    }
}
