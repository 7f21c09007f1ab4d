//! Confidence intervals over independent replications.
//!
//! The values within one run depend on each other, so an interval over them would be far too
//! narrow; every interval here is over replications, each of which gives one value. Sums are taken
//! in the order given, so equal input gives equal bits. Where no interval is possible (one
//! replication) there is none; nothing here is ever NaN.
//!
//! Knows nothing of what was measured.

use super::student::{normal_quantile, student_quantile};
use crate::base::math;

/// An estimate with its two-sided interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate, in the unit of the values.
    pub estimate: f64,
    /// Lower end; none if there are too few replications for an interval.
    pub low: Option<f64>,
    /// Upper end, present exactly if the lower one is.
    pub high: Option<f64>,
    /// Number of replications behind it.
    pub n: usize,
}

impl Interval {
    /// Half the width of the interval, if there is one.
    pub fn half_width(&self) -> Option<f64> {
        Some((self.high? - self.low?) / 2.0)
    }

    /// An estimate with `spread` (the standard deviation of one replication's value) behind it.
    fn around(estimate: f64, spread: Option<f64>, n: usize, confidence: f64) -> Option<Interval> {
        if !estimate.is_finite() {
            return None;
        }
        let half = spread.and_then(|spread| half_width(spread, n, confidence));
        let half =
            half.filter(|half| (estimate - half).is_finite() && (estimate + half).is_finite());
        let (low, high) = (
            half.map(|half| estimate - half),
            half.map(|half| estimate + half),
        );
        Some(Interval {
            estimate,
            low,
            high,
            n,
        })
    }
}

/// The half-width of Student's interval of a mean of `n` values with standard deviation `spread`.
fn half_width(spread: f64, n: usize, confidence: f64) -> Option<f64> {
    let degrees = n.checked_sub(1)? as f64;
    let t = student_quantile(0.5 + confidence / 2.0, degrees)?;
    // A confidence of 0 or less would ask for a lower quantile.
    (t > 0.0).then(|| t * spread / (n as f64).sqrt())
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of a sample (over `n - 1`), in two passes; none of fewer than two.
fn spread(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values);
    let squares: f64 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The mean of one value a replication, with Student's interval `mean ± t s / sqrt(n)` (Law 2015,
/// section 9.4.1).
///
/// `confidence` is between 0 and 1, as in 0.95; any other gives no interval, and so does a single
/// value. None if there are no values or their mean is not finite.
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    Interval::around(mean(values), spread(values), values.len(), confidence)
}

/// A ratio of sums, such as lost over arrived: from a numerator and a denominator a replication.
///
/// The estimate is the pooled ratio, all numerators over all denominators, because the mean of
/// the replications' ratios is biased by the inverse of their length. The interval is the
/// jackknife's (Miller 1974): with `r` the pooled ratio and `r_i` the one without replication
/// `i`, Student's interval from the spread of the pseudo-values `n r - (n - 1) r_i`, centred on
/// `r`. With equal denominators it is [`mean_interval`] of the ratios.
///
/// None if the denominators sum to 0 or something is not finite; no interval if they do so
/// without one of the replications, with a single one, or for a `confidence` outside 0 to 1.
pub fn ratio_interval(parts: &[(f64, f64)], confidence: f64) -> Option<Interval> {
    let over: f64 = parts.iter().map(|part| part.0).sum();
    let under: f64 = parts.iter().map(|part| part.1).sum();
    let ratio = over / under;
    let n = parts.len();
    let count = n as f64;
    let without = |part: &(f64, f64)| (over - part.0) / (under - part.1);
    let pseudo: Vec<f64> = parts
        .iter()
        .map(|part| count * ratio - (count - 1.0) * without(part))
        .collect();
    Interval::around(ratio, spread(&pseudo), n, confidence)
}

/// An estimate from all replications pooled (a percentile of merged histograms, say), with the
/// spread of the same estimate from each replication: sectioning (Asmussen & Glynn 2007,
/// chapter III). The pooled estimate has less bias than the mean of the `values`; that mean
/// serves for the spread only.
///
/// `confidence` as in [`mean_interval`]. None if `pooled` is not finite; no interval with fewer
/// than two values.
pub fn centred_interval(pooled: f64, values: &[f64], confidence: f64) -> Option<Interval> {
    Interval::around(pooled, spread(values), values.len(), confidence)
}

/// The upper confidence bound of a probability when none of `n` independent trials showed the
/// event: `-ln(1 - confidence) / n`, about `3 / n` at 0.95 (the rule of three); never above 1.
///
/// None unless `n` is above 0 and `0 < confidence < 1`.
pub fn upper_bound_none_seen(n: u64, confidence: f64) -> Option<f64> {
    let possible = n > 0 && confidence > 0.0 && confidence < 1.0;
    possible.then(|| (-math::ln_1p(-confidence) / n as f64).min(1.0))
}

/// A share of independent trials, `seen` of `n`, with the score interval of Wilson (1927, JASA 22,
/// 209-212), which also holds near 0 and 1, where the usual one does not:
/// `(p + z²/2n ± z sqrt(p (1 - p)/n + z²/4n²)) / (1 + z²/n)`.
///
/// None if `n` is 0 or below `seen`; no interval for a `confidence` outside 0 to 1.
pub fn wilson_interval(seen: u64, n: u64, confidence: f64) -> Option<Interval> {
    if n == 0 || seen > n {
        return None;
    }
    let (count, share) = (n as f64, seen as f64 / n as f64);
    let z = normal_quantile(0.5 + confidence / 2.0).filter(|z| *z > 0.0);
    let ends = z.map(|z| {
        let part = z * z / count;
        let half = z * (share * (1.0 - share) / count + part / (4.0 * count)).sqrt();
        let end = |half: f64| ((share + part / 2.0 + half) / (1.0 + part)).clamp(0.0, 1.0);
        // At an end of the scale the interval ends there, and not a rounding away from it.
        let low = if seen == 0 { 0.0 } else { end(-half) };
        (low, if seen == n { 1.0 } else { end(half) })
    });
    Some(Interval {
        estimate: share,
        low: ends.map(|e| e.0),
        high: ends.map(|e| e.1),
        n: usize::try_from(n).unwrap_or(usize::MAX),
    })
}

/// How many independent trials without the event it takes to say, with this confidence, that its
/// probability is below `p`: the smallest `n` with `(1 - p)^n <= 1 - confidence`.
///
/// None unless `0 < p <= 1` and `0 < confidence < 1`, or when there are too many to count.
pub fn clean_trials(p: f64, confidence: f64) -> Option<u64> {
    if !(p > 0.0 && p <= 1.0 && confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let n = math::ln_1p(-confidence) / math::ln_1p(-p);
    // What rounding has put above a whole number is that number.
    let n = (n * (1.0 - 1e-12)).ceil().max(1.0);
    (n < 1e15).then_some(n as u64)
}

#[cfg(test)]
mod tests {
    use super::super::draws::normals;
    use super::*;

    fn close(got: Option<f64>, wanted: f64) {
        let got = got.unwrap();
        assert!((got - wanted).abs() < 1e-9, "{got} for {wanted}");
    }

    fn holds(interval: Option<Interval>, truth: f64) -> bool {
        let interval = interval.unwrap();
        interval.low.unwrap() <= truth && truth <= interval.high.unwrap()
    }

    /// Coverage of a 90 % interval over 4,000 samples, within 5 standard errors.
    fn check_coverage(mut covers: impl FnMut() -> bool) {
        let hits = (0..4000).filter(|_| covers()).count() as f64;
        let error = (0.9 * 0.1 / 4000.0_f64).sqrt();
        assert!((hits / 4000.0 - 0.9).abs() < 5.0 * error, "{hits} of 4000");
    }

    #[test]
    fn a_mean_has_students_interval() {
        // The ten values of Law & Kelton 2000, section 4.5: 1.34 ± 0.24 at 90 %.
        let values = [1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09];
        let interval = mean_interval(&values, 0.9).unwrap();
        assert!((interval.estimate - 1.343).abs() < 1e-12);
        assert!((interval.half_width().unwrap() - 0.24).abs() < 0.005);
        // 1, 2, 3: s is 1, t(0.975, 2) = 4.30265272991.
        let interval = mean_interval(&[1.0, 2.0, 3.0], 0.95).unwrap();
        assert_eq!((interval.estimate, interval.n), (2.0, 3));
        close(interval.low, 2.0 - 4.302_652_729_749_464 / 3.0_f64.sqrt());
        close(interval.high, 2.0 + 4.302_652_729_749_464 / 3.0_f64.sqrt());
    }

    #[test]
    fn intervals_of_means_cover() {
        let mut normal = normals(1);
        check_coverage(|| {
            let values: Vec<f64> = (0..5).map(|_| 7.0 + 3.0 * normal()).collect();
            holds(mean_interval(&values, 0.9), 7.0)
        });
    }

    #[test]
    fn intervals_of_ratios_cover() {
        let mut normal = normals(2);
        check_coverage(|| {
            let part = |_| {
                let size = 100.0 + 10.0 * normal();
                (0.2 * size + normal(), size)
            };
            let parts: Vec<(f64, f64)> = (0..8).map(part).collect();
            holds(ratio_interval(&parts, 0.9), 0.2)
        });
    }

    #[test]
    fn a_ratio_is_pooled() {
        let equal = ratio_interval(&[(1.0, 10.0), (3.0, 10.0), (2.0, 10.0)], 0.95).unwrap();
        let mean = mean_interval(&[0.1, 0.3, 0.2], 0.95).unwrap();
        close(Some(equal.estimate), mean.estimate);
        close(equal.low, mean.low.unwrap());
        close(equal.high, mean.high.unwrap());
        let unequal = ratio_interval(&[(1.0, 1.0), (0.0, 9.0)], 0.95).unwrap();
        assert_eq!(unequal.estimate, 0.1);
        // Pseudo-values 2 * 0.1 - 0 and 2 * 0.1 - 1.
        close(unequal.half_width(), 12.706_204_736_174_7 / 2.0);
    }

    #[test]
    fn a_centred_interval_takes_the_spread_only() {
        let mean = mean_interval(&[1.0, 2.0, 3.0], 0.95).unwrap();
        let centred = centred_interval(10.0, &[1.0, 2.0, 3.0], 0.95).unwrap();
        assert_eq!(centred.estimate, 10.0);
        close(centred.half_width(), mean.half_width().unwrap());
    }

    #[test]
    fn one_replication_has_no_interval() {
        let bare = Interval {
            estimate: 4.0,
            low: None,
            high: None,
            n: 1,
        };
        assert_eq!(mean_interval(&[4.0], 0.95), Some(bare));
        assert_eq!(ratio_interval(&[(8.0, 2.0)], 0.95), Some(bare));
        assert_eq!(centred_interval(4.0, &[9.0], 0.95), Some(bare));
        assert_eq!(bare.half_width(), None);
    }

    #[test]
    fn nothing_is_ever_nan() {
        assert_eq!(mean_interval(&[], 0.95), None);
        assert_eq!(mean_interval(&[1.0, f64::NAN], 0.95), None);
        assert_eq!(mean_interval(&[1.0, f64::INFINITY], 0.95), None);
        assert_eq!(ratio_interval(&[], 0.95), None);
        assert_eq!(ratio_interval(&[(0.0, 0.0), (0.0, 0.0)], 0.95), None);
        let lone = ratio_interval(&[(1.0, 2.0), (0.0, 0.0)], 0.95).unwrap();
        assert_eq!((lone.estimate, lone.low, lone.high), (0.5, None, None));
        for confidence in [-0.5, 0.0, 1.0, 2.0, f64::NAN] {
            assert_eq!(mean_interval(&[1.0, 2.0], confidence).unwrap().low, None);
            assert_eq!(upper_bound_none_seen(10, confidence), None);
        }
        assert_eq!(centred_interval(f64::NAN, &[1.0, 2.0], 0.95), None);
        assert_eq!(
            centred_interval(1.0, &[1.0, f64::NAN], 0.95).unwrap().low,
            None
        );
    }

    #[test]
    fn none_seen_is_bounded_by_the_rule_of_three() {
        close(upper_bound_none_seen(1000, 0.95), 2.995_732_273_553_991e-3);
        assert_eq!(upper_bound_none_seen(1, 0.95), Some(1.0));
        assert_eq!(upper_bound_none_seen(0, 0.95), None);
    }

    #[test]
    fn shares_have_wilsons_interval() {
        // Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 3.
        for (seen, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let interval = wilson_interval(seen, n, 0.95).unwrap();
            assert!((interval.low.unwrap() - low).abs() < 5e-5, "{interval:?}");
            assert!((interval.high.unwrap() - high).abs() < 5e-5, "{interval:?}");
            // What is not seen is the rest.
            let rest = wilson_interval(n - seen, n, 0.95).unwrap();
            close(rest.low, 1.0 - interval.high.unwrap());
            close(rest.high, 1.0 - interval.low.unwrap());
        }
        assert_eq!(wilson_interval(0, 0, 0.95), None);
        assert_eq!(wilson_interval(2, 1, 0.95), None);
        for confidence in [-0.5, 0.0, 1.0, f64::NAN] {
            assert_eq!(wilson_interval(1, 2, confidence).unwrap().low, None);
        }
    }

    #[test]
    fn clean_trials_make_an_event_unlikely() {
        // 0.95^59 = 0.0485, and 0.95^58 = 0.0510.
        for (p, confidence, n) in [
            (0.05, 0.95, 59),
            (0.9, 0.99, 2),
            (0.5, 0.5, 1),
            (1.0, 0.95, 1),
            (0.001, 0.95, 2995),
        ] {
            assert_eq!(clean_trials(p, confidence), Some(n), "{p} {confidence}");
        }
        for (p, confidence) in [(0.0, 0.95), (-0.1, 0.95), (1.1, 0.95), (f64::NAN, 0.95)] {
            assert_eq!(clean_trials(p, confidence), None);
        }
        assert_eq!(clean_trials(0.1, 1.0), None);
        assert_eq!(clean_trials(1e-16, 0.95), None);
    }
}
