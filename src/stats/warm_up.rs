//! Where the warm-up of a series ends: MSER-5 (White 1997; White, Cobb & Spratt 2000).
//!
//! A run that begins empty tells about its beginning until it has forgotten it. MSER cuts where
//! what is left estimates its own mean best: at the least of the variance of that mean, with the
//! values taken as if they were independent. On one noisy run it cuts too little; give it the
//! average over replications of the same time (Hoad, Robinson & Davies 2010).
//!
//! Knows nothing of what the series is of.

/// How many values make a batch, as the 5 in the name.
pub const BATCH: usize = 5;

/// A minimum in the last so many of the search counts as one at its edge: where the series still
/// drifts at the middle, noise moves the least of it by a little.
const EDGE: f64 = 0.05;

/// Where to cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Values to leave out at the beginning.
    pub values: usize,
    /// The minimum lies at the right edge of the search, the middle of the series: it is too short
    /// to say where its warm-up ends, and `values` is not an answer.
    pub at_edge: bool,
}

/// The cut of a series by MSER with batches of [`BATCH`].
///
/// With `Z_1..Z_k` the means of the batches, the cut after `d` of them has
/// `MSER(d) = sum over i > d of (Z_i - mean)^2 / (k - d)^2`, and the least of it is looked for in
/// `0 <= d <= k/2`; of equal ones the first. Values that are left over at the end are not used.
/// `None` for fewer than 10 batches, or when a value is not finite.
pub fn mser5(series: &[f64]) -> Option<Cut> {
    if !series.iter().all(|v| v.is_finite()) {
        return None;
    }
    let batches = series.chunks_exact(BATCH);
    let batches: Vec<f64> = batches
        .map(|b| b.iter().sum::<f64>() / BATCH as f64)
        .collect();
    let last = batches.len() / 2;
    if batches.len() < 10 {
        return None;
    }
    // From the right, with the mean and the squares about it kept up to date (Welford 1962).
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let mut best = (f64::INFINITY, last);
    for (d, z) in batches.iter().enumerate().rev() {
        count += 1.0;
        let off = z - mean;
        mean += off / count;
        squares += off * (z - mean);
        let mser = squares / (count * count);
        if d <= last && mser <= best.0 {
            best = (mser, d);
        }
    }
    Some(Cut {
        values: best.1 * BATCH,
        at_edge: best.1 as f64 >= last as f64 * (1.0 - EDGE),
    })
}

#[cfg(test)]
mod tests {
    use super::super::draws::units;
    use super::super::student::normal_quantile;
    use super::*;
    use crate::base::math;

    fn averaged(replications: u64, length: usize, one: impl Fn(u64) -> Vec<f64>) -> Vec<f64> {
        let mut sum = vec![0.0; length];
        for r in 0..replications {
            sum.iter_mut().zip(one(r)).for_each(|(s, v)| *s += v);
        }
        sum.iter().map(|s| s / replications as f64).collect()
    }

    /// AR(1) about 10 with coefficient 0.9, begun at `start`: its bias halves in 6.6 steps.
    fn autoregressive(seed: u64, start: f64, length: usize) -> Vec<f64> {
        let mut uniform = units(seed);
        let mut x = start - 10.0;
        let step = |_| {
            x = 0.9 * x + normal_quantile(uniform()).unwrap();
            10.0 + x
        };
        (0..length).map(step).collect()
    }

    /// Waits of an M/M/1 queue that begins empty, by Lindley's recursion; the mean work is 1.
    fn waits(seed: u64, load: f64, length: usize) -> Vec<f64> {
        let mut uniform = units(seed);
        let mut exponential = move |mean: f64| -mean * math::ln(uniform());
        let mut wait = 0.0_f64;
        let next = |_| {
            let now = wait;
            wait = (wait + exponential(1.0) - exponential(1.0 / load)).max(0.0);
            now
        };
        (0..length).map(next).collect()
    }

    #[test]
    fn the_formula_is_whites() {
        // Batches 9, 1, 1, 2, 1, 2, 1, 2, 1, 2: with the first one MSER is 53.6/100; without it
        // 20/9/81; later it only grows.
        let batches = [9.0, 1.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
        let series: Vec<f64> = batches.iter().flat_map(|z| [*z; BATCH]).collect();
        let cut = mser5(&series).unwrap();
        assert_eq!((cut.values, cut.at_edge), (BATCH, false));
        let naive = |d: usize| {
            let rest = &batches[d..];
            let n = rest.len() as f64;
            let mean = rest.iter().sum::<f64>() / n;
            rest.iter().map(|z| (z - mean) * (z - mean)).sum::<f64>() / (n * n)
        };
        let least = (0..=5).min_by(|&a, &b| naive(a).total_cmp(&naive(b)));
        assert_eq!(least, Some(1));
    }

    #[test]
    fn what_does_not_vary_is_not_cut() {
        let cut = mser5(&[3.0; 100]).unwrap();
        assert_eq!((cut.values, cut.at_edge), (0, false));
        assert_eq!(mser5(&[3.0; 49]), None);
        let mut series = [3.0; 100];
        series[7] = f64::NAN;
        assert_eq!(mser5(&series), None);
    }

    #[test]
    fn an_initial_bias_is_cut_and_what_is_left_is_right() {
        // From 40, the bias is below a tenth of the noise of the average after some 50 steps.
        for seed in 0..20 {
            let start = |r| autoregressive(1000 * seed + r, 40.0, 2000);
            let series = averaged(10, 2000, start);
            let cut = mser5(&series).unwrap();
            assert!(!cut.at_edge && (20..=400).contains(&cut.values), "{cut:?}");
            let rest = &series[cut.values..];
            let mean = rest.iter().sum::<f64>() / rest.len() as f64;
            // The mean of 1,600 values and more of ten runs: standard error at most 0.08.
            assert!((mean - 10.0).abs() < 0.32, "{mean}");
        }
    }

    #[test]
    fn a_drift_that_never_ends_is_said_to_be_too_long() {
        for seed in 0..20 {
            let drift = |r| {
                let noise = autoregressive(1000 * seed + r, 10.0, 1000);
                let rising = noise.iter().enumerate().map(|(i, v)| v + i as f64 / 50.0);
                rising.collect()
            };
            assert!(mser5(&averaged(10, 1000, drift)).unwrap().at_edge);
        }
    }

    #[test]
    fn the_queue_that_begins_empty_forgets_it() {
        // At load 0.8 the relaxation time is 1/(1 - sqrt 0.8)^2 = 90 works, about 72 arrivals, and
        // the mean wait 4. MSER alone cuts early here; the relaxation time is a floor for those
        // who ask.
        let (mut cuts, mut left, mut whole) = (Vec::new(), 0.0, 0.0);
        for seed in 0..20 {
            let series = averaged(50, 4000, |r| waits(1000 * seed + r, 0.8, 4000));
            let cut = mser5(&series).unwrap();
            assert!(!cut.at_edge, "{cut:?}");
            let rest = &series[cut.values..];
            left += rest.iter().sum::<f64>() / rest.len() as f64 / 20.0;
            whole += series.iter().sum::<f64>() / 4000.0 / 20.0;
            cuts.push(cut.values);
        }
        cuts.sort_unstable();
        assert!((15..800).contains(&cuts[10]), "{cuts:?}");
        assert!(whole < left, "{whole} {left}");
        // Variance of a mean of n waits at this load: 0.8 (2 + 4 - 2.56 + 0.512) / 0.2^4 / n.
        let error = (1976.0_f64 / (20.0 * 50.0 * 3500.0)).sqrt();
        assert!((left - 4.0).abs() < 5.0 * error, "{left}, {error}");
        // Fifty relaxation times of load 0.98 are not in 1,000 waits.
        let short = averaged(50, 1000, |r| waits(r, 0.98, 1000));
        assert!(mser5(&short).unwrap().at_edge);
    }
}
