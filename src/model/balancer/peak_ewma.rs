//! `peak_ewma`: of two different workers drawn at random the one with the smaller product of its
//! mean round trip and its attempts. The mean jumps to every peak and comes down slowly.
//!
//! Source: Finagle, `loadbalancer/PeakEwma.scala` and `p2c/P2CPick.scala`.

use super::View;
use crate::base::math::exp;
use crate::base::units::Nanos;
use crate::engine::rng::{Bits, Stream};

/// What one is worth that has no round trip behind it and an attempt under way.
const PENALTY: f64 = (i64::MAX >> 16) as f64;

/// What is known of each worker.
#[derive(Clone, Debug)]
pub struct PeakEwma {
    decay: f64,
    costs: Vec<Cost>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// When it was last looked at.
    stamp: Nanos,
    /// Mean round trip, nanoseconds.
    mean: f64,
}

impl PeakEwma {
    /// For so many workers, none of which has answered yet.
    pub fn new(decay: Nanos, workers: usize) -> Self {
        PeakEwma {
            decay: decay as f64,
            costs: vec![Cost::default(); workers],
        }
    }

    /// The smaller product of two; the second on a tie, as in the original.
    #[inline(never)]
    pub fn pick(&mut self, view: &View, stream: &mut Stream) -> u32 {
        let n = view.count();
        if n == 1 {
            return view.worker(0);
        }
        let (a, mut b) = stream.below_pair(n, n - 1);
        b += u32::from(b >= a);
        let (a, b) = (view.worker(a), view.worker(b));
        let (of_a, of_b) = (self.load(a, view), self.load(b, view));
        if of_a < of_b { a } else { b }
    }

    /// An attempt has ended, well or not, so long after it was sent.
    pub fn hear(&mut self, worker: u32, took: Nanos, now: Nanos) {
        self.observe(worker, took as f64, now);
    }

    fn load(&mut self, worker: u32, view: &View) -> f64 {
        self.observe(worker, 0.0, view.now);
        let pending = f64::from(view.load_of(worker));
        let mean = self.costs[worker as usize].mean;
        if mean == 0.0 && pending != 0.0 {
            PENALTY + pending
        } else {
            mean * (pending + 1.0)
        }
    }

    fn observe(&mut self, worker: u32, took: f64, now: Nanos) {
        let cost = &mut self.costs[worker as usize];
        let passed = (now - cost.stamp) as f64;
        if took > cost.mean {
            cost.mean = took;
        } else {
            let weight = exp(-passed / self.decay);
            cost.mean = cost.mean * weight + took * (1.0 - weight);
        }
        cost.stamp = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::{Key, Stream};

    const SECOND: Nanos = 1_000_000_000;

    fn close(mean: f64, wanted: f64) {
        assert!(
            (mean - wanted).abs() <= 1e-9 * wanted.max(1.0),
            "{mean} for {wanted}"
        );
    }

    /// Each row: when, the round trip heard (none: it was only looked at), and the mean after it,
    /// by hand from the rule, with a decay of 10 s.
    #[test]
    fn the_mean_jumps_to_peaks_and_comes_down_slowly() {
        let e = |x: f64| exp(-x);
        let rows: &[(Nanos, Option<f64>, f64)] = &[
            (0, None, 0.0),
            (SECOND, Some(100.0), 100.0),
            // The same again: not above, so mixed, which leaves it.
            (2 * SECOND, Some(100.0), 100.0),
            // A little above is a peak.
            (2 * SECOND, Some(101.0), 101.0),
            // Just below, at the same instant: no weight yet.
            (2 * SECOND, Some(50.0), 101.0),
            // After one decay 1/e of the old is left.
            (12 * SECOND, Some(1.0), 101.0 * e(1.0) + 1.0 - e(1.0)),
            // Looking at it lets it decay towards 0.
            (22 * SECOND, None, (101.0 * e(1.0) + 1.0 - e(1.0)) * e(1.0)),
            // A failure at once counts as a round trip of nothing.
            (
                32 * SECOND,
                Some(0.0),
                (101.0 * e(1.0) + 1.0 - e(1.0)) * e(2.0),
            ),
            (32 * SECOND, Some(7000.0), 7000.0),
        ];
        let mut policy = PeakEwma::new(10 * SECOND, 1);
        for (row, (at, took, wanted)) in rows.iter().enumerate() {
            match took {
                Some(took) => policy.hear(0, *took as Nanos, *at),
                None => policy.observe(0, 0.0, *at),
            }
            assert_eq!(policy.costs[0].stamp, *at, "row {row}");
            close(policy.costs[0].mean, *wanted);
        }
    }

    /// Two workers: means, loads, and who of them is taken.
    #[test]
    fn the_smaller_product_is_taken() {
        let rows: &[([u64; 2], [u32; 2], Option<u32>)] = &[
            // 10 * 3 against 20 * 1.
            ([10, 20], [2, 0], Some(1)),
            // 10 * 2 against 20 * 1: a tie goes to the second drawn, so to either.
            ([10, 20], [1, 0], None),
            ([10, 21], [1, 0], Some(0)),
            // No round trip and nothing under way: as good as it gets.
            ([10, 0], [0, 0], Some(1)),
            // No round trip and a probe under way: the worst.
            ([1_000_000_000, 0], [500, 1], Some(0)),
            // Both so: the fewer.
            ([0, 0], [3, 2], Some(1)),
        ];
        for (row, (means, load, wanted)) in rows.iter().enumerate() {
            let mut policy = PeakEwma::new(SECOND, 2);
            let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
            for (worker, mean) in (0..).zip(means) {
                policy.hear(worker, *mean, 5);
            }
            let mut counts = [0; 2];
            for _ in 0..100 {
                let view = View {
                    eligible: &[0, 1],
                    load,
                    now: 5,
                    key: 0,
                    open: true,
                };
                counts[policy.pick(&view, &mut stream) as usize] += 1;
            }
            match wanted {
                Some(wanted) => assert_eq!(counts[*wanted as usize], 100, "row {row}"),
                None => assert!(counts.iter().all(|c| (25..=75).contains(c)), "row {row}"),
            }
        }
    }

    /// Two different ones are drawn: the worst of three is never taken.
    #[test]
    fn the_worst_of_three_is_never_taken() {
        let mut policy = PeakEwma::new(SECOND, 3);
        let mut stream = Stream::new(&Key::new(1, 0, 0), "test");
        for (worker, mean) in [(0, 10), (1, 30), (2, 20)] {
            policy.hear(worker, mean, 0);
        }
        let mut counts = [0; 3];
        for _ in 0..3000 {
            let view = View {
                eligible: &[0, 1, 2],
                load: &[0; 3],
                now: 0,
                key: 0,
                open: true,
            };
            counts[policy.pick(&view, &mut stream) as usize] += 1;
        }
        assert_eq!(counts[1], 0);
        // Taken whenever it is drawn: two times of three.
        assert!((1900..=2100).contains(&counts[0]), "{counts:?}");
    }
}
