//! Processor sharing: everyone inside a worker is served at once, and the cores are shared
//! equally, each request having at most one. With unbounded cores everyone has a core.
//!
//! No event walks over those inside: the worker keeps how much service each of them has had since
//! the worker began (`attained`, the same clock for all), and for each the reading of that clock
//! at which it is done. Only the smallest of those is an event. The clock counts in integers of
//! 2^-16 ns; ends are rounded up to whole nanoseconds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::base::units::Nanos;

/// Parts of a nanosecond in which attained service is counted.
const PARTS: u32 = 16;

/// Those inside a worker that shares its cores.
#[derive(Clone, Debug)]
pub struct Shared {
    /// How many cores; `None`: as many as are asked for.
    cores: Option<u32>,
    /// Service that each of those inside has had since the worker began.
    attained: u128,
    since: Nanos,
    /// When each is done (by `attained`), a number that counts entries, and who.
    ends: BinaryHeap<Reverse<(u128, u64, u32)>>,
    entered: u64,
    /// Moves on whenever the next end does: ends scheduled before are stale.
    pub epoch: u32,
}

impl Shared {
    /// Nobody inside.
    pub fn new(cores: Option<u32>) -> Self {
        Shared {
            cores,
            attained: 0,
            since: 0,
            ends: BinaryHeap::new(),
            entered: 0,
            epoch: 0,
        }
    }

    /// How many are inside.
    pub fn inside(&self) -> u32 {
        self.ends.len() as u32
    }

    /// How many cores are at work.
    pub fn busy(&self) -> u32 {
        self.cores.map_or(self.inside(), |c| c.min(self.inside()))
    }

    /// Brings the clock up to now, at the speed that held since.
    pub fn advance(&mut self, now: Nanos, speed: f64) {
        let passed = u128::from(now - self.since) << PARTS;
        self.since = now;
        let (busy, inside) = (u128::from(self.busy()), u128::from(self.inside()));
        if inside == 0 {
            return;
        }
        let share = if busy == inside {
            passed
        } else {
            passed * busy / inside
        };
        self.attained += if speed == 1.0 {
            share
        } else {
            (share as f64 * speed) as u128
        };
    }

    /// Somebody comes who needs so much work. The clock must be up to now.
    pub fn enter(&mut self, attempt: u32, work: Nanos) {
        let end = self.attained + (u128::from(work) << PARTS);
        self.ends.push(Reverse((end, self.entered, attempt)));
        self.entered += 1;
    }

    /// How long until the first is done, unless nobody is inside or all stand still. The clock
    /// must be up to now.
    pub fn next_end(&self, speed: f64) -> Option<Nanos> {
        let Reverse((end, ..)) = self.ends.peek()?;
        if speed <= 0.0 {
            return None;
        }
        let left = end.saturating_sub(self.attained);
        let (busy, inside) = (u128::from(self.busy()), u128::from(self.inside()));
        let alone = if busy == inside {
            left
        } else {
            (left * inside).div_ceil(busy)
        };
        let parts = if speed == 1.0 {
            alone
        } else {
            let stretched = alone as f64 / speed;
            let whole = stretched as u128;
            whole + u128::from(stretched > whole as f64)
        };
        let whole = parts.div_ceil(1 << PARTS);
        Some(Nanos::try_from(whole).unwrap_or(Nanos::MAX))
    }

    /// The first is done and leaves.
    pub fn leave_first(&mut self) -> Option<u32> {
        let Reverse((end, _, attempt)) = self.ends.pop()?;
        self.attained = self.attained.max(end);
        Some(attempt)
    }

    /// Somebody leaves before the end; returns the work that is left. Looks at everyone.
    pub fn remove(&mut self, attempt: u32) -> Option<Nanos> {
        let mut left = None;
        let attained = self.attained;
        self.ends.retain(|Reverse((end, _, who))| {
            let goes = *who == attempt;
            if goes {
                left = Some((end.saturating_sub(attained) >> PARTS) as Nanos);
            }
            !goes
        });
        left
    }

    /// Those inside, in the order in which they came.
    pub fn all(&self) -> Vec<u32> {
        let mut all: Vec<(u64, u32)> = self.ends.iter().map(|e| (e.0.1, e.0.2)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, attempt)| attempt).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_on_one_core_take_twice_as_long() {
        let mut shared = Shared::new(Some(1));
        shared.advance(0, 1.0);
        shared.enter(7, 100);
        assert_eq!(shared.next_end(1.0), Some(100));
        shared.advance(40, 1.0);
        shared.enter(8, 100);
        assert_eq!(shared.next_end(1.0), Some(120), "60 left at half the speed");
        shared.advance(160, 1.0);
        assert_eq!(shared.leave_first(), Some(7));
        assert_eq!(shared.next_end(1.0), Some(40), "alone again");
        shared.advance(180, 1.0);
        assert_eq!(shared.next_end(0.5), Some(40), "20 left at half the speed");
        assert_eq!(shared.next_end(0.0), None);
        assert_eq!(shared.remove(8), Some(20));
        assert_eq!((shared.inside(), shared.next_end(1.0)), (0, None));
    }

    #[test]
    fn nobody_has_more_than_a_core_or_waits_where_cores_are_unbounded() {
        for cores in [Some(3), None] {
            let mut shared = Shared::new(cores);
            for attempt in 0..3 {
                shared.enter(attempt, 100 + u64::from(attempt));
            }
            assert_eq!((shared.busy(), shared.next_end(1.0)), (3, Some(100)));
        }
    }

    #[test]
    fn thirds_of_a_nanosecond_do_not_get_lost() {
        let mut shared = Shared::new(Some(1));
        for attempt in 0..3 {
            shared.enter(attempt, 1_000_000);
        }
        let mut now = 0;
        for _ in 0..1000 {
            now += 1;
            shared.advance(now, 1.0);
        }
        assert_eq!(now + shared.next_end(1.0).unwrap(), 3_000_000 + 1);
    }
}
