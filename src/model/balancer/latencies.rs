//! What a worker remembers of the requests that it served last: how long they took, and how many
//! were in flight there when they came. It is what a probe of `prequal` asks for.
//!
//! Source: Wydrowski, Kleinberg, Rumble & Archer 2024, "Load is not what you should balance:
//! Introducing Prequal". How many are remembered, and how many are near, it does not say.

use std::collections::VecDeque;

use crate::base::units::Nanos;

/// So many ends are remembered.
const KEPT: usize = 32;

/// The median is that of so many at most.
const NEAR: usize = 9;

/// The last ends at a worker, the latest at the back.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    ends: VecDeque<End>,
}

#[derive(Clone, Copy, Debug)]
struct End {
    at: Nanos,
    took: Nanos,
    /// How many others were in flight when it came.
    met: u32,
}

impl Latencies {
    /// A request that met so many others when it came has ended now, after so long.
    pub fn note(&mut self, met: u32, took: Nanos, at: Nanos) {
        if self.ends.len() == KEPT {
            self.ends.pop_front();
        }
        self.ends.push_back(End { at, took, met });
    }

    /// Nothing is remembered any more.
    pub fn forget(&mut self) {
        self.ends.clear();
    }

    /// How long requests take that come when so many are in flight: the median of those ended at
    /// this moment or since that met most nearly as many, the latest of equals; 0 where there is
    /// none.
    pub fn at(&self, in_flight: u32, since: Nanos) -> Nanos {
        let mut near = [(0_u32, 0_u32, 0); KEPT];
        let mut count = 0;
        let ends = self.ends.iter().rev().take_while(|end| end.at >= since);
        for (place, (end, ago)) in near.iter_mut().zip(ends.zip(0..)) {
            *place = (end.met.abs_diff(in_flight), ago, end.took);
            count += 1;
        }
        let near = &mut near[..count];
        near.sort_unstable();
        let near = &mut near[..count.min(NEAR)];
        near.sort_unstable_by_key(|end| end.2);
        match near.len() {
            0 => 0,
            n => near[(n - 1) / 2].2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row: ends as (how many it met, how long it took, when), then what is asked for (in
    /// flight, since), and the answer by hand.
    #[test]
    fn the_median_of_those_that_met_about_as_many() {
        type Row<'a> = (&'a [(u32, Nanos, Nanos)], (u32, Nanos), Nanos);
        let rows: &[Row<'_>] = &[
            (&[], (0, 0), 0),
            (&[(0, 7, 1)], (5, 0), 7),
            // Of two the smaller, of three the middle one.
            (&[(0, 9, 1), (0, 5, 2)], (0, 0), 5),
            (&[(0, 9, 1), (0, 5, 2), (0, 6, 3)], (0, 0), 6),
            // Ended before that moment, and just at it.
            (&[(0, 9, 1), (0, 5, 2)], (0, 2), 5),
            (&[(0, 9, 1), (0, 5, 2)], (0, 3), 0),
        ];
        for (row, (ends, (in_flight, since), wanted)) in rows.iter().enumerate() {
            let mut latencies = Latencies::default();
            ends.iter().for_each(|e| latencies.note(e.0, e.1, e.2));
            assert_eq!(latencies.at(*in_flight, *since), *wanted, "row {row}");
        }
    }

    /// Nine of the nearest: those that met 4 took 400, and so on.
    #[test]
    fn nine_of_the_nearest_count() {
        let mut latencies = Latencies::default();
        for round in 0..4 {
            for met in 0..8 {
                latencies.note(met, Nanos::from(met) * 100 + round, round);
            }
        }
        // At 0: four of 0, four of 1, the latest of 2. The fifth is the least of 1.
        assert_eq!(latencies.at(0, 0), 100);
        // At 4: four of 4, and of 5 and 3 the latest five: 503, 303, 502, 302, 501. The fifth of
        // 302 303 400 401 402 403 501 502 503.
        assert_eq!(latencies.at(4, 0), 402);
        // More in flight than ever: four of 7, four of 6, the latest of 5.
        assert_eq!(latencies.at(99, 0), 603);
        // Of the last two rounds there are sixteen; at 0 two each of 0 to 3 and one of 4.
        assert_eq!(latencies.at(0, 2), 202);
        latencies.forget();
        assert_eq!(latencies.at(0, 0), 0);
    }

    /// Thirty-two are remembered: the one before them is not.
    #[test]
    fn the_last_thirty_two_are_remembered() {
        let mut latencies = Latencies::default();
        latencies.note(9, 1, 0);
        (0..31).for_each(|_| latencies.note(1, 5, 0));
        // The nearest to 9 is the first, and eight others.
        assert_eq!(latencies.ends.len(), 32);
        assert!(latencies.ends.iter().any(|e| e.took == 1));
        latencies.note(1, 5, 0);
        assert_eq!(latencies.ends.len(), 32);
        assert!(latencies.ends.iter().all(|e| e.took == 5));
    }
}
