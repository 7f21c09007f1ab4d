//! `vegas`: what the time above the shortest says of the queue moves the limit, as TCP Vegas moves
//! its window.

use super::Left;
use crate::base::units::Nanos;
use crate::engine::rng::{Bits, Stream};
use crate::model::spec::LimitRange;

/// Times are looked for anew after 15 to 30 of them for each place of the limit.
const PROBE: f64 = 30.0;

/// The machine.
#[derive(Clone, Debug)]
pub struct Vegas {
    range: LimitRange,
    limit: u32,
    /// The shortest time since it was last looked for; 0: none yet.
    shortest: Nanos,
    /// Times since then, and from how many for each place of the limit on the next becomes the
    /// shortest.
    heard: u64,
    probe: f64,
}

impl Vegas {
    /// Nothing heard yet.
    pub fn new(range: LimitRange, draws: &mut Stream) -> Self {
        Vegas {
            range,
            limit: range.start,
            shortest: 0,
            heard: 0,
            probe: probe(draws),
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    pub(super) fn hears(&mut self, left: Left, draws: &mut Stream) {
        // No time is no measure.
        if left.took == 0 {
            return;
        }
        self.heard += 1;
        if self.probe * f64::from(self.limit) <= self.heard as f64 {
            (self.probe, self.heard, self.shortest) = (probe(draws), 0, left.took);
        } else if self.shortest == 0 || left.took < self.shortest {
            self.shortest = left.took;
        } else if let Some(next) = self.next(left) {
            self.limit = next.clamp(self.range.min, self.range.max);
        }
    }

    /// What the limit becomes; `None`: it stays.
    fn next(&self, left: Left) -> Option<u32> {
        let limit = self.limit;
        let step = digits(limit);
        if left.dropped {
            return Some(limit.saturating_sub(step));
        }
        if u64::from(left.inside) * 2 < u64::from(limit) {
            return None;
        }
        let above = u128::from(left.took - self.shortest);
        let queue = (u128::from(limit) * above).div_ceil(u128::from(left.took));
        let (alpha, beta) = (3 * step, 6 * step);
        if queue <= u128::from(step) {
            Some(limit.saturating_add(beta))
        } else if queue < u128::from(alpha) {
            Some(limit.saturating_add(step))
        } else if queue > u128::from(beta) {
            Some(limit.saturating_sub(step))
        } else {
            None
        }
    }
}

fn probe(draws: &mut Stream) -> f64 {
    PROBE * (0.5 + 0.5 * draws.unit())
}

/// The whole part of the decimal logarithm, at least 1.
fn digits(limit: u32) -> u32 {
    limit.max(1).ilog10().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::Key;

    fn draws() -> Stream {
        Stream::new(&Key::new(1, 0, 0), "vegas")
    }

    /// A machine at a limit that has seen 100 as the shortest time.
    fn machine(start: u32) -> (Vegas, Stream) {
        let mut draws = draws();
        let range = LimitRange {
            start,
            min: 1,
            max: 1000,
        };
        let mut machine = Vegas::new(range, &mut draws);
        machine.hears(left(100, start, false), &mut draws);
        assert_eq!(machine.limit(), start, "the first time says nothing yet");
        (machine, draws)
    }

    fn left(took: Nanos, inside: u32, dropped: bool) -> Left {
        Left {
            took,
            inside,
            dropped,
        }
    }

    fn after(start: u32, left: Left) -> u32 {
        let (mut machine, mut draws) = machine(start);
        machine.hears(left, &mut draws);
        machine.limit()
    }

    /// At a limit of 20 a step is 1, alpha 3, beta 6; the queue is ceil(20 (1 - 100 / time)).
    #[test]
    fn the_queue_moves_the_limit() {
        assert_eq!(after(20, left(100, 20, false)), 26, "queue 0");
        assert_eq!(after(20, left(105, 20, false)), 26, "queue 1: 0.95");
        assert_eq!(after(20, left(106, 20, false)), 21, "queue 2: 1.13");
        assert_eq!(after(20, left(111, 20, false)), 21, "queue 2: 1.98");
        assert_eq!(after(20, left(112, 20, false)), 20, "queue 3: 2.14");
        assert_eq!(after(20, left(142, 20, false)), 20, "queue 6: 5.92");
        assert_eq!(after(20, left(143, 20, false)), 19, "queue 7: 6.01");
        assert_eq!(after(20, left(99, 20, false)), 20, "a new shortest time");
    }

    #[test]
    fn a_drop_takes_a_step_and_little_use_takes_nothing() {
        assert_eq!(after(20, left(100, 20, true)), 19);
        assert_eq!(after(20, left(100, 1, true)), 19);
        assert_eq!(
            after(20, left(300, 9, false)),
            20,
            "9 of 20 is less than half"
        );
        assert_eq!(after(20, left(300, 10, false)), 19);
        assert_eq!(
            after(300, left(300, 300, true)),
            298,
            "a step is 2 from 100 on"
        );
        assert_eq!(
            after(1000, left(100, 1000, false)),
            1000,
            "the greatest limit"
        );
        assert_eq!(after(1, left(300, 1, true)), 1, "the smallest");
    }

    /// Within 15 to 30 times for each place of the limit a time becomes the shortest, whatever it
    /// is: times of 200 after one of 100 shrink the limit until then and not from then on.
    #[test]
    fn the_shortest_time_is_looked_for_anew() {
        let (mut machine, mut draws) = machine(20);
        let mut anew = None;
        for heard in 2..=601 {
            // Little used, so that the limit stays.
            machine.hears(left(200, 1, false), &mut draws);
            if anew.is_none() && machine.shortest == 200 {
                anew = Some(heard);
            }
        }
        let anew = anew.expect("it was looked for");
        assert!((300..=600).contains(&anew), "{anew}");
    }
}
