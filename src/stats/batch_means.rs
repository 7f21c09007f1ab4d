//! An interval from one long run, whose values depend on each other.
//!
//! The run is cut into batches of equal length. Each gives one value; where batches are long
//! against the memory of the process their values are as good as independent, and Student's
//! interval over them holds (Schmeiser 1982: 20 to 40 batches, whatever the length of the run).
//! Whether they are long enough is asked of the values themselves, by the ratio of von Neumann;
//! while it says no, pairs of neighbours are put together. Too few batches give no interval.
//!
//! Overlapping batches (Meketon & Schmeiser 1984) take every start of a batch: down to two thirds
//! of the variance of the half-width for the same length of a batch (Welch 1987).
//!
//! Knows nothing of what was measured.

use super::interval::{Interval, centred_interval, ratio_interval};
use super::student::{normal_quantile, student_quantile};

/// Into how many batches a run is cut at first.
pub const BATCHES: usize = 32;

/// With fewer there is no interval.
pub const FEWEST: usize = 8;

/// How rarely independent values may be taken for dependent ones.
const LEVEL: f64 = 0.1;

/// An interval from batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batched {
    /// The estimate with its interval; its `n` is the number of batches.
    pub interval: Interval,
    /// Values in one batch.
    pub size: usize,
}

/// The ratio of von Neumann (1941): the sum of squared differences of neighbours over that of
/// squared distances from the mean. Near 2 for independent values, lower where neighbours are
/// alike. None of fewer than three values, or of values that are all the same.
pub fn von_neumann(values: &[f64]) -> Option<f64> {
    if values.len() < 3 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let square = |x: f64| x * x;
    let about: f64 = values.iter().map(|v| square(v - mean)).sum();
    let steps: f64 = values.windows(2).map(|w| square(w[1] - w[0])).sum();
    let ratio = steps / about;
    ratio.is_finite().then_some(ratio)
}

/// Whether neighbours are no more alike than chance makes independent values in nine cases of
/// ten. [`von_neumann`] of `n` independent normal values has mean 2 and variance
/// `4 (n - 2) / (n^2 - 1)`. Values that are all the same pass; fewer than three do not.
pub fn independent(values: &[f64]) -> bool {
    let n = values.len() as f64;
    match von_neumann(values) {
        Some(ratio) => {
            let spread = (4.0 * (n - 2.0) / (n * n - 1.0)).sqrt();
            let z = normal_quantile(1.0 - LEVEL).expect("a probability within 0 to 1");
            ratio >= 2.0 - z * spread
        }
        None => values.len() >= 3 && values.iter().all(|v| v.to_bits() == values[0].to_bits()),
    }
}

/// The mean of a run, with an interval from batches of its values; the last few values that make
/// no full batch are left out of the spread, not of the mean.
///
/// Begins with [`BATCHES`] and halves their number while they are not [`independent`]; none with
/// fewer than [`FEWEST`], that is for a run too short for what it remembers.
pub fn batch_means(values: &[f64], confidence: f64) -> Option<Batched> {
    let whole = values.iter().sum::<f64>() / values.len() as f64;
    batched(values.len(), |size| {
        let means: Vec<f64> = batches(values, size).map(mean).collect();
        independent(&means).then(|| centred_interval(whole, &means, confidence))?
    })
}

/// A ratio of two sums over a run, from a numerator and a denominator for each of its parts, with
/// the jackknife's interval over batches of parts (see [`ratio_interval`]).
///
/// Otherwise as [`batch_means`], but for parts that make no full batch: they are left out.
pub fn batch_ratio(parts: &[(f64, f64)], confidence: f64) -> Option<Batched> {
    batched(parts.len(), |size| {
        let add = |a: (f64, f64), b: &(f64, f64)| (a.0 + b.0, a.1 + b.1);
        let sums: Vec<(f64, f64)> = batches(parts, size)
            .map(|batch| batch.iter().fold((0.0, 0.0), add))
            .collect();
        let ratios: Vec<f64> = sums.iter().map(|(num, den)| num / den).collect();
        independent(&ratios).then(|| ratio_interval(&sums, confidence))?
    })
}

/// A percentile of a run by sectioning: the percentile of all values, with the spread of those of
/// its batches about it (Asmussen & Glynn 2007, chapter III; Dong & Nakayama 2020). None while
/// fewer than ten values of a batch lie beyond the percentile.
///
/// Otherwise as [`batch_means`].
pub fn batch_percentile(values: &[f64], q: f64, confidence: f64) -> Option<Batched> {
    let whole = percentile(values, q)?;
    batched(values.len(), |size| {
        let read: Option<Vec<f64>> = match size as f64 * (1.0 - q) < 10.0 - 1e-6 {
            true => None,
            false => batches(values, size).map(|b| percentile(b, q)).collect(),
        };
        let read = read?;
        independent(&read).then(|| centred_interval(whole, &read, confidence))?
    })
}

/// The mean of a run, with an interval from all its batches of `size` values, overlapping ones
/// too (Meketon & Schmeiser 1984). Of `n` values the variance of the mean is estimated by
/// `size / ((n - size + 1) (n - size))` times the sum of squared distances of the `n - size + 1`
/// batch means from the mean. Against batches side by side its variance is `2/3 + 1/(3 size^2)`
/// (Welch 1987), and its degrees of freedom are as many times `n / size - 1` as that is below 1.
///
/// None for a `size` of 0 or of more than half the run, or where something is not finite.
pub fn overlapping_batch_means(values: &[f64], size: usize, confidence: f64) -> Option<Batched> {
    let n = values.len();
    if size == 0 || size > n / 2 {
        return None;
    }
    let whole = mean(values);
    // About the mean, so that nothing cancels.
    let mut sum: f64 = values[..size].iter().map(|v| v - whole).sum();
    let mut squares = sum * sum;
    for (gone, new) in values.iter().zip(&values[size..]) {
        sum += new - gone;
        squares += sum * sum;
    }
    let (count, wide) = (n as f64, size as f64);
    let variance = squares / (wide * (count - wide + 1.0) * (count - wide));
    let spread = 2.0 / 3.0 + 1.0 / (3.0 * wide * wide);
    let t = student_quantile(0.5 + confidence / 2.0, (count / wide - 1.0) / spread)?;
    let half = t * variance.sqrt();
    (half.is_finite() && half >= 0.0 && t > 0.0).then_some(Batched {
        interval: Interval {
            estimate: whole,
            low: Some(whole - half),
            high: Some(whole + half),
            n: n / size,
        },
        size,
    })
}

/// A ratio of two sums over a run, from a numerator and a denominator for each of its parts, with
/// an interval from all its batches of `size` parts, overlapping ones too:
/// [`overlapping_batch_means`] of the ratio in a straight line about itself,
/// `R + (num - R den) / (mean of den)`.
///
/// None where that has none.
pub fn overlapping_batch_ratio(
    parts: &[(f64, f64)],
    size: usize,
    confidence: f64,
) -> Option<Batched> {
    let add = |a: (f64, f64), b: &(f64, f64)| (a.0 + b.0, a.1 + b.1);
    let (num, den) = parts.iter().fold((0.0, 0.0), add);
    let (ratio, each) = (num / den, den / parts.len() as f64);
    let straight = |&(num, den): &(f64, f64)| ratio + (num - ratio * den) / each;
    let values: Vec<f64> = parts.iter().map(straight).collect();
    overlapping_batch_means(&values, size, confidence)
}

/// Tries ever fewer, longer batches of `n` parts until one number of them serves.
fn batched(n: usize, serves: impl Fn(usize) -> Option<Interval>) -> Option<Batched> {
    let mut count = BATCHES;
    while count >= FEWEST {
        let size = n / count;
        let found = (size > 0).then(|| serves(size)).flatten();
        if let Some(interval) = found.filter(|interval| interval.low.is_some()) {
            return Some(Batched { interval, size });
        }
        count /= 2;
    }
    None
}

/// Full batches of `size`, as many as were meant.
fn batches<T>(values: &[T], size: usize) -> impl Iterator<Item = &[T]> {
    values.chunks_exact(size).take(values.len() / size)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The smallest value such that at least the share `q` is at or below it.
fn percentile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    let rank = (q * sorted.len() as f64).ceil().max(1.0) as usize - 1;
    let sound = rank < sorted.len() && sorted.iter().all(|v| v.is_finite());
    sound.then(|| {
        let (_, value, _) = sorted.select_nth_unstable_by(rank, f64::total_cmp);
        *value
    })
}

#[cfg(test)]
mod tests {
    use super::super::draws::units;
    use super::super::interval::mean_interval;
    use super::*;
    use crate::base::math;

    /// A first-order autoregressive series with mean 5 that begins in its steady state.
    fn autoregressive(phi: f64, n: usize, unit: &mut impl FnMut() -> f64) -> Vec<f64> {
        let mut normal = || normal_quantile(unit()).unwrap();
        let mut x = normal() / (1.0 - phi * phi).sqrt();
        let step = |_| {
            x = phi * x + normal();
            5.0 + x
        };
        (0..n).map(step).collect()
    }

    /// Waits of M/M/1 with mean service 1 by Lindley's recursion, `W' = max(0, W + S - A)`, that
    /// begin in their steady state: 0, or with probability `rho` exponential.
    fn waits(rho: f64, n: usize, unit: &mut impl FnMut() -> f64) -> Vec<f64> {
        let mut exp = |mean: f64| -mean * math::ln(unit());
        let mut wait = match exp(1.0) < -math::ln(1.0 - rho) {
            true => exp(1.0 / (1.0 - rho)),
            false => 0.0,
        };
        let step = |_| {
            let now = wait;
            wait = (wait + exp(1.0) - exp(1.0 / rho)).max(0.0);
            now
        };
        (0..n).map(step).collect()
    }

    fn holds(interval: &Interval, truth: f64) -> bool {
        interval.low.unwrap() <= truth && truth <= interval.high.unwrap()
    }

    /// Of `runs` seeds, the share of intervals that hold the truth, and of runs that had one.
    fn coverage(
        runs: u64,
        truth: f64,
        mut one: impl FnMut(&mut dyn FnMut() -> f64) -> Option<Batched>,
    ) -> (f64, f64) {
        let mut unit = units(1);
        let (mut had, mut held) = (0_u32, 0_u32);
        for _ in 0..runs {
            if let Some(found) = one(&mut unit) {
                had += 1;
                held += u32::from(holds(&found.interval, truth));
            }
        }
        (
            f64::from(held) / f64::from(had),
            f64::from(had) / runs as f64,
        )
    }

    #[test]
    fn the_ratio_of_von_neumann_is_near_2_for_independent_values() {
        let mut unit = units(7);
        let ratio = von_neumann(&autoregressive(0.0, 100_000, &mut unit)).unwrap();
        assert!((ratio - 2.0).abs() < 0.03, "{ratio}");
        // 2 (1 - phi) for an autoregressive series.
        let ratio = von_neumann(&autoregressive(0.9, 100_000, &mut unit)).unwrap();
        assert!((ratio - 0.2).abs() < 0.03, "{ratio}");
        // 1, 2, 4: (1 + 4) / (16 + 1 + 25) * 9.
        assert!((von_neumann(&[1.0, 2.0, 4.0]).unwrap() - 45.0 / 42.0).abs() < 1e-12);
        assert_eq!(von_neumann(&[1.0, 2.0]), None);
        assert_eq!(von_neumann(&[3.0; 9]), None);
        assert!(
            independent(&[3.0; 9]),
            "what never varies remembers nothing"
        );
        assert!(!independent(&[f64::NAN; 9]) || von_neumann(&[f64::NAN; 9]).is_none());
    }

    #[test]
    fn one_in_ten_independent_series_is_taken_for_a_dependent_one() {
        let mut unit = units(3);
        let tries = 4000;
        let passed = (0..tries).filter(|_| independent(&autoregressive(0.0, 32, &mut unit)));
        let share = passed.count() as f64 / f64::from(tries);
        assert!(
            (share - 0.9).abs() < 5.0 * (0.09 / f64::from(tries)).sqrt(),
            "{share}"
        );
        let dependent = (0..100).filter(|_| independent(&autoregressive(0.8, 32, &mut unit)));
        assert!(dependent.count() < 5);
    }

    #[test]
    fn batch_means_of_an_autoregressive_series_cover() {
        let (covered, had) = coverage(1500, 5.0, |unit| {
            batch_means(&autoregressive(0.9, 12_800, &mut || unit()), 0.95)
        });
        assert!(
            (0.922..=0.978).contains(&covered) && had > 0.98,
            "{covered} {had}"
        );
    }

    #[test]
    fn overlapping_batch_means_of_an_autoregressive_series_cover() {
        let (covered, had) = coverage(1500, 5.0, |unit| {
            overlapping_batch_means(&autoregressive(0.9, 12_800, &mut || unit()), 400, 0.95)
        });
        assert!(
            (0.922..=0.978).contains(&covered) && had == 1.0,
            "{covered} {had}"
        );
    }

    /// Over equal denominators it is the mean of the quotients; batches of one part do not overlap.
    #[test]
    fn overlapping_ratios_are_means_where_nothing_is_below_the_line() {
        let values = autoregressive(0.5, 64, &mut units(3));
        let parts: Vec<(f64, f64)> = values.iter().map(|v| (3.0 * v, 3.0)).collect();
        let close = |a: Interval, b: Interval| {
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            near(a.estimate, b.estimate) && near(a.low.unwrap(), b.low.unwrap())
        };
        for size in [1, 2, 4] {
            let ratio = overlapping_batch_ratio(&parts, size, 0.95).unwrap();
            let plain = overlapping_batch_means(&values, size, 0.95).unwrap();
            assert!(close(ratio.interval, plain.interval), "{size}");
        }
        let apart = mean_interval(&values, 0.95).unwrap();
        let one = overlapping_batch_means(&values, 1, 0.95).unwrap();
        assert!(close(one.interval, apart));
    }

    #[test]
    fn overlapping_ratios_of_unequal_parts_cover() {
        let (covered, had) = coverage(1500, 2.0, |unit| {
            let part = |_| {
                let den = 1.0 - math::ln(unit());
                (den * 2.0 - math::ln(unit()) - 1.0, den)
            };
            let parts: Vec<(f64, f64)> = (0..32).map(part).collect();
            overlapping_batch_ratio(&parts, 2, 0.95)
        });
        assert!(
            (0.922..=0.978).contains(&covered) && had == 1.0,
            "{covered} {had}"
        );
    }

    #[test]
    fn overlapping_batches_vary_less_by_a_third() {
        let mut unit = units(11);
        let (mut apart, mut over) = (Vec::new(), Vec::new());
        for _ in 0..3000 {
            let values = autoregressive(0.0, 640, &mut unit);
            let means: Vec<f64> = values.chunks(20).map(mean).collect();
            let half = |interval: Interval, t: f64| {
                let half = interval.half_width().unwrap() / t;
                half * half
            };
            let t = |degrees| student_quantile(0.975, degrees).unwrap();
            apart.push(half(mean_interval(&means, 0.95).unwrap(), t(31.0)));
            let found = overlapping_batch_means(&values, 20, 0.95).unwrap();
            over.push(half(found.interval, t(31.0 / (2.0 / 3.0 + 1.0 / 1200.0))));
        }
        let variance = |v: &[f64]| {
            let m = mean(v);
            v.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / v.len() as f64
        };
        // Both estimate 1 / 640, and overlapping ones with two thirds of the variance.
        assert!(
            (mean(&apart) * 640.0 - 1.0).abs() < 0.03 && (mean(&over) * 640.0 - 1.0).abs() < 0.03
        );
        let gain = variance(&over) / variance(&apart);
        assert!((0.58..=0.76).contains(&gain), "{gain}");
    }

    #[test]
    fn waits_of_a_single_server_are_covered() {
        // Mean wait rho / (1 - rho); P(W > t) = rho exp(-(1 - rho) t), so p95 is ln(rho / 0.05) /
        // (1 - rho).
        let rho = 0.7;
        let run = |unit: &mut dyn FnMut() -> f64| waits(rho, 50_000, &mut || unit());
        let (covered, had) = coverage(300, rho / (1.0 - rho), |unit| batch_means(&run(unit), 0.95));
        assert!(
            (0.90..=0.99).contains(&covered) && had > 0.97,
            "mean {covered} {had}"
        );
        let p95 = math::ln(rho / 0.05) / (1.0 - rho);
        let (covered, had) = coverage(300, p95, |unit| batch_percentile(&run(unit), 0.95, 0.95));
        assert!(
            (0.90..=0.99).contains(&covered) && had > 0.97,
            "p95 {covered} {had}"
        );
        // The share of those who wait.
        let (covered, had) = coverage(300, rho, |unit| {
            let parts = run(unit);
            let parts: Vec<(f64, f64)> = parts
                .iter()
                .map(|w| (f64::from(u8::from(*w > 0.0)), 1.0))
                .collect();
            batch_ratio(&parts, 0.95)
        });
        assert!(
            (0.90..=0.99).contains(&covered) && had > 0.97,
            "share {covered} {had}"
        );
    }

    #[test]
    fn taking_requests_for_independent_would_be_far_too_narrow() {
        // At a load of 0.9 the variance of the mean wait is 35,901 / n, not 99 / n (Daley 1968).
        let waits = waits(0.9, 400_000, &mut units(5));
        let honest = batch_means(&waits, 0.95)
            .unwrap()
            .interval
            .half_width()
            .unwrap();
        let naive = mean_interval(&waits, 0.95).unwrap().half_width().unwrap();
        assert!(honest / naive > 8.0, "{}", honest / naive);
    }

    #[test]
    fn too_short_a_run_has_no_interval() {
        assert_eq!(batch_means(&[1.0; 7], 0.95), None);
        assert_eq!(batch_means(&[], 0.95), None);
        // A trend is no steady state.
        let rising: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(batch_means(&rising, 0.95), None);
        assert_eq!(
            batch_percentile(&autoregressive(0.0, 7000, &mut units(1)), 0.99, 0.95),
            None
        );
        assert!(batch_percentile(&autoregressive(0.0, 8000, &mut units(1)), 0.99, 0.95).is_some());
        assert_eq!(overlapping_batch_means(&[1.0, 2.0, 3.0], 2, 0.95), None);
        assert_eq!(overlapping_batch_means(&[1.0, 2.0, 3.0], 0, 0.95), None);
        assert_eq!(batch_ratio(&[(0.0, 0.0); 64], 0.95), None);
        let broken = [f64::NAN; 64];
        assert_eq!(batch_means(&broken, 0.95), None);
        assert_eq!(overlapping_batch_means(&broken, 2, 0.95), None);
        assert_eq!(overlapping_batch_ratio(&[(1.0, 0.0); 8], 2, 0.95), None);
        let steady = batch_means(&[2.0; 64], 0.95).unwrap();
        assert_eq!(
            (steady.interval.low, steady.interval.n, steady.size),
            (Some(2.0), 32, 2)
        );
    }
}
