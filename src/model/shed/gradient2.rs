//! `gradient2`: the limit shrinks with the ratio of the time in the long run to the time now, and
//! has room for a queue.

use super::Left;
use crate::model::spec::LimitRange;

/// The first so many times are averaged plainly.
const WARM_UP: u32 = 10;
/// What the time in the long run is multiplied by where it is more than twice that of now.
const FORGET: f64 = 0.95;

/// The machine.
#[derive(Clone, Debug)]
pub struct Gradient2 {
    range: LimitRange,
    smoothing: f64,
    queue: f64,
    tolerance: f64,
    /// Weight of a new time in the long run.
    weight: f64,
    limit: f64,
    long: f64,
    heard: u32,
    sum: f64,
}

impl Gradient2 {
    /// Nothing heard yet. `queue`, `tolerance` and how many times the long run is.
    pub fn new(
        range: LimitRange,
        smoothing: f64,
        (queue, tolerance, long_window): (u32, f64, u32),
    ) -> Self {
        Gradient2 {
            range,
            smoothing,
            queue: f64::from(queue),
            tolerance,
            weight: 2.0 / (f64::from(long_window) + 1.0),
            limit: f64::from(range.start),
            long: 0.0,
            heard: 0,
            sum: 0.0,
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit as u32
    }

    pub(super) fn hears(&mut self, left: Left) {
        let now = left.took as f64;
        if now == 0.0 {
            return;
        }
        let long = self.long_run(now);
        if long / now > 2.0 {
            self.long *= FORGET;
        }
        if f64::from(left.inside) < self.limit / 2.0 {
            return;
        }
        let gradient = (self.tolerance * long / now).clamp(0.5, 1.0);
        let next = self.limit * gradient + self.queue;
        let smoothed = self.limit * (1.0 - self.smoothing) + next * self.smoothing;
        let (min, max) = (f64::from(self.range.min), f64::from(self.range.max));
        self.limit = smoothed.clamp(min, max);
    }

    fn long_run(&mut self, now: f64) -> f64 {
        if self.heard < WARM_UP {
            self.heard += 1;
            self.sum += now;
            self.long = self.sum / f64::from(self.heard);
        } else {
            self.long = self.long * (1.0 - self.weight) + now * self.weight;
        }
        self.long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A long run of 19 times weighs a new one with a tenth.
    fn machine() -> Gradient2 {
        let range = LimitRange {
            start: 20,
            min: 10,
            max: 30,
        };
        Gradient2::new(range, 0.2, (4, 1.5, 19))
    }

    fn hear(machine: &mut Gradient2, took: u64, inside: u32) -> f64 {
        machine.hears(Left {
            took,
            inside,
            dropped: false,
        });
        machine.limit
    }

    #[test]
    fn it_grows_by_a_part_of_the_queue_while_times_are_even() {
        let mut machine = machine();
        // 20 -> 0.8 * 20 + 0.2 * 24 = 20.8; with 9 inside, less than half, it stays.
        assert!((hear(&mut machine, 100, 10) - 20.8).abs() < 1e-9);
        assert!((hear(&mut machine, 100, 10) - 20.8).abs() < 1e-9);
        assert_eq!(machine.limit(), 20);
        assert!((hear(&mut machine, 100, 11) - 21.6).abs() < 1e-9);
        for _ in 0..100 {
            hear(&mut machine, 100, 30);
        }
        assert_eq!(machine.limit(), 30);
    }

    /// Up to one and a half times the long run is even; beyond, the gradient falls, at most to a
    /// half.
    #[test]
    fn it_shrinks_when_times_grow() {
        let steady = || {
            let mut machine = machine();
            for _ in 0..10 {
                hear(&mut machine, 100, 0);
            }
            machine
        };
        // Long run 0.9 * 100 + 0.1 * 150 = 105; 1.5 * 105 / 150 = 1.05: even.
        assert!((hear(&mut steady(), 150, 20) - 20.8).abs() < 1e-9);
        // 110; 1.5 * 110 / 200 = 0.825: 20 -> 16 + 0.2 (16.5 + 4) = 20.1.
        assert!((hear(&mut steady(), 200, 20) - 20.1).abs() < 1e-9);
        // 190; 1.5 * 190 / 1000 = 0.285, taken as 0.5: 16 + 0.2 (10 + 4) = 18.8.
        assert!((hear(&mut steady(), 1000, 20) - 18.8).abs() < 1e-9);
    }

    /// A long run of more than twice the time now is forgotten faster.
    #[test]
    fn the_long_run_follows_a_recovery() {
        let mut machine = machine();
        for _ in 0..10 {
            hear(&mut machine, 1000, 0);
        }
        hear(&mut machine, 100, 0);
        // 0.9 * 1000 + 0.1 * 100 = 910, more than 200: times 0.95.
        assert!((machine.long - 864.5).abs() < 1e-9);
    }
}
