//! Two designs on common random numbers: the interval of a difference, and what pairing gained.
//!
//! Replication r of both designs meets the same arrivals and the same work, so their values move
//! together and the difference moves little:
//!
//! ```text
//! D_r = B_r - A_r      mean D ± t(n - 1) S_D / sqrt(n)      Var D = Var A + Var B - 2 Cov(A, B)
//! ```
//!
//! Every interval here is Student's over the `n` paired differences (Law 2015, sections 10.2.1 and
//! 11.2); no assumption is made about how A and B depend on each other. What pairing gained is
//! `1 - Var D / (Var A + Var B)`: the share of the variance of independent runs that it saved.
//!
//! Knows nothing of what was measured. Sums are taken in the order given.

use super::interval::centred_interval;
use super::student::student_quantile;
use crate::base::math;

/// The difference B - A with its two-sided interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// B - A, in the unit of the values.
    pub difference: f64,
    /// Lower end; none if there are too few replications for an interval.
    pub low: Option<f64>,
    /// Upper end, present exactly if the lower one is.
    pub high: Option<f64>,
    /// Pairs of replications behind it.
    pub n: usize,
    /// Of one replication; none with fewer than two pairs.
    pub variances: Option<Variances>,
}

/// Variances of one replication's value, over the pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variances {
    /// Of A.
    pub a: f64,
    /// Of B.
    pub b: f64,
    /// Of B - A.
    pub difference: f64,
}

impl Variances {
    /// `1 - Var D / (Var A + Var B)`: 0 as good as independent runs, 1 a difference that never
    /// varies, below 0 worse than independent runs. None where A and B never vary themselves.
    pub fn gain(&self) -> Option<f64> {
        let apart = self.a + self.b;
        (apart > 0.0).then(|| 1.0 - self.difference / apart)
    }

    /// How many times as many replications independent runs would take for as narrow an interval:
    /// `(Var A + Var B) / Var D`, infinite where the difference never varies.
    pub fn times_fewer(&self) -> Option<f64> {
        let apart = self.a + self.b;
        (apart > 0.0).then(|| apart / self.difference)
    }

    /// Whether A and B move against each other over `n` pairs, beyond chance: their correlation
    /// `r` is below 0 by the test of `r sqrt((n - 2) / (1 - r^2))` as Student's with `n - 2`
    /// degrees of freedom, two-sided at `confidence`. The gain of streams that have nothing in
    /// common is below 0 every other time; that alone says nothing.
    pub fn slipped(&self, n: usize, confidence: f64) -> bool {
        let r = (self.a + self.b - self.difference) / (2.0 * (self.a * self.b).sqrt());
        if r.is_nan() || r >= 0.0 || n < 3 {
            return false;
        }
        if r <= -1.0 {
            return true;
        }
        let degrees = (n - 2) as f64;
        let t = r * (degrees / (1.0 - r * r)).sqrt();
        student_quantile(0.5 + confidence / 2.0, degrees).is_some_and(|limit| t < -limit)
    }
}

/// The difference of two means: one value of A and one of B a replication.
///
/// `confidence` is between 0 and 1; any other gives no interval, and so does a single pair. None
/// if there are no pairs or their mean is not finite.
pub fn paired_means(pairs: &[(f64, f64)], confidence: f64) -> Option<Paired> {
    let total: f64 = pairs.iter().map(|(a, b)| b - a).sum();
    paired_around(total / pairs.len() as f64, pairs, confidence)
}

/// A difference of two estimates from all replications pooled (percentiles of merged histograms,
/// say), with the spread of the paired differences of the same estimates from each replication:
/// sectioning (Asmussen & Glynn 2007, chapter III).
///
/// `confidence` as in [`paired_means`]. None if `difference` is not finite.
pub fn paired_around(difference: f64, pairs: &[(f64, f64)], confidence: f64) -> Option<Paired> {
    let differences: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
    let interval = centred_interval(difference, &differences, confidence)?;
    Some(Paired {
        difference,
        low: interval.low,
        high: interval.high,
        n: pairs.len(),
        variances: variances(pairs, &differences),
    })
}

/// The difference of two pooled ratios, from a numerator and a denominator of A and of B a
/// replication: the jackknife of the difference (Miller 1974). Leaving replication `i` out of both
/// sides gives the pseudo-values `n r - (n - 1) r_i` of either ratio `r`; the interval is
/// Student's from the spread of their differences, about the difference of the pooled ratios.
/// With equal denominators it is [`paired_means`] of the ratios.
///
/// `confidence` as in [`paired_means`]. None if the sides have not equally many replications, if
/// the denominators of one sum to 0, or if something is not finite.
pub fn paired_ratios(a: &[(f64, f64)], b: &[(f64, f64)], confidence: f64) -> Option<Paired> {
    if a.len() != b.len() {
        return None;
    }
    let (whole_a, values_a) = pseudo_values(a)?;
    let (whole_b, values_b) = pseudo_values(b)?;
    let pairs: Vec<(f64, f64)> = values_a.into_iter().zip(values_b).collect();
    paired_around(whole_b - whole_a, &pairs, confidence)
}

/// The pooled ratio and the jackknife's pseudo-values. A ratio that is the same in every
/// replication, to the last bit, is its own pseudo-value: a price an hour has no rounding.
fn pseudo_values(parts: &[(f64, f64)]) -> Option<(f64, Vec<f64>)> {
    let first = parts.first().map(|part| part.0 / part.1)?;
    if first.is_finite()
        && parts
            .iter()
            .all(|part| (part.0 / part.1).to_bits() == first.to_bits())
    {
        return Some((first, vec![first; parts.len()]));
    }
    let over: f64 = parts.iter().map(|part| part.0).sum();
    let under: f64 = parts.iter().map(|part| part.1).sum();
    let count = parts.len() as f64;
    let ratio = over / under;
    let without = |part: &(f64, f64)| (over - part.0) / (under - part.1);
    let values = parts
        .iter()
        .map(|part| count * ratio - (count - 1.0) * without(part));
    ratio.is_finite().then(|| (ratio, values.collect()))
}

fn variances(pairs: &[(f64, f64)], differences: &[f64]) -> Option<Variances> {
    let side = |of: fn(&(f64, f64)) -> f64| variance(&pairs.iter().map(of).collect::<Vec<_>>());
    Some(Variances {
        a: side(|pair| pair.0)?,
        b: side(|pair| pair.1)?,
        difference: variance(differences)?,
    })
}

/// Of a sample, over `n - 1`; exactly 0 where all values are equal.
fn variance(values: &[f64]) -> Option<f64> {
    let first = *values.first().filter(|_| values.len() > 1)?;
    // Measured from the first value, so that equal values leave no rounding behind.
    let mean = values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64;
    let squares: f64 = values
        .iter()
        .map(|value| (value - first - mean) * (value - first - mean))
        .sum();
    let variance = squares / (values.len() - 1) as f64;
    variance.is_finite().then_some(variance)
}

/// The upper confidence bound of a probability when `seen` of `n` independent trials showed the
/// event, `seen` being few: the largest rate for which so few are still as likely as
/// `1 - confidence` by Poisson's law (Garwood 1936), over `n`; never above 1. With none seen it is
/// [`super::interval::upper_bound_none_seen`].
///
/// None unless `n` is above 0 and `0 < confidence < 1`.
pub fn upper_bound_few_seen(seen: u64, n: u64, confidence: f64) -> Option<f64> {
    if n == 0 || !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let rare = 1.0 - confidence;
    let (mut low, mut high) = (seen as f64, seen as f64 + 1.0);
    while at_most(seen, high) > rare {
        (low, high) = (high, high * 2.0);
    }
    // Halved until nothing is left between the two.
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        match at_most(seen, middle) > rare {
            true => low = middle,
            false => high = middle,
        }
    }
    Some((high / n as f64).min(1.0))
}

/// The probability of at most `seen` events where `mean` are expected, by Poisson's law.
fn at_most(seen: u64, mean: f64) -> f64 {
    let mut term = math::exp(-mean);
    let mut sum = term;
    for k in 1..=seen {
        term *= mean / k as f64;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::draws::normals;
    use super::super::interval::{ratio_interval, upper_bound_none_seen};
    use super::*;

    fn close(got: f64, wanted: f64) {
        let slack = 1e-9 * wanted.abs().max(1e-3);
        assert!((got - wanted).abs() <= slack, "{got} for {wanted}");
    }

    const T_2: f64 = 4.302_652_729_749_464;

    #[test]
    fn differences_of_means_by_hand() {
        // Differences 1, 0, 2: mean 1, s 1. Variances 4 and 7, so pairing saved 10 of 11.
        let p = paired_means(&[(10.0, 11.0), (12.0, 12.0), (14.0, 16.0)], 0.95).unwrap();
        assert_eq!((p.difference, p.n), (1.0, 3));
        close(p.low.unwrap(), 1.0 - T_2 / 3.0_f64.sqrt());
        close(p.high.unwrap(), 1.0 + T_2 / 3.0_f64.sqrt());
        let v = p.variances.unwrap();
        close(v.a, 4.0);
        close(v.b, 7.0);
        close(v.difference, 1.0);
        close(v.gain().unwrap(), 10.0 / 11.0);
        close(v.times_fewer().unwrap(), 11.0);
        // Streams that slipped: A goes up where B goes down. D is 4, 0, -4 and Var D 16 of 8.
        let p = paired_means(&[(1.0, 5.0), (3.0, 3.0), (5.0, 1.0)], 0.95).unwrap();
        close(p.variances.unwrap().gain().unwrap(), -1.0);
        close(p.variances.unwrap().times_fewer().unwrap(), 0.5);
    }

    #[test]
    fn differences_of_ratios_by_hand() {
        // A: 1/1, 3/3, 8/4, pooled 1.5, pseudo-values 4.5 - 22/7, 0.9, 2.5. B: 2, 3, 4 over 1.
        let a = [(1.0, 1.0), (3.0, 3.0), (8.0, 4.0)];
        let b = [(2.0, 1.0), (3.0, 1.0), (4.0, 1.0)];
        let p = paired_ratios(&a, &b, 0.95).unwrap();
        let d = [2.0 - (4.5 - 22.0 / 7.0), 3.0 - 0.9, 4.0 - 2.5];
        let mean = d.iter().sum::<f64>() / 3.0;
        let s = (d.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 2.0).sqrt();
        close(p.difference, 1.5);
        close(p.high.unwrap() - p.difference, T_2 * s / 3.0_f64.sqrt());
        // Against a side that is exactly 0 it is the interval of the ratio itself.
        let nothing = [(0.0, 1.0), (0.0, 2.0), (0.0, 3.0)];
        let (p, own) = (
            paired_ratios(&nothing, &a, 0.9).unwrap(),
            ratio_interval(&a, 0.9).unwrap(),
        );
        close(p.low.unwrap(), own.low.unwrap());
        close(p.high.unwrap(), own.high.unwrap());
        // With equal denominators it is the interval of the means.
        let halves = |values: [f64; 3]| values.map(|v| (v / 2.0, 0.5));
        let p = paired_ratios(
            &halves([10.0, 12.0, 14.0]),
            &halves([11.0, 12.0, 16.0]),
            0.95,
        );
        close(p.unwrap().low.unwrap(), 1.0 - T_2 / 3.0_f64.sqrt());
    }

    #[test]
    fn what_never_varies_is_exact() {
        let price = |x: f64| [(x * 3.0, 3.0), (x * 7.0, 7.0), (x * 11.0, 11.0)];
        let fixed = |x: f64| [(x, 1.0); 7];
        let p = paired_ratios(&fixed(10.664), &fixed(5.515), 0.95).unwrap();
        assert_eq!((p.low, p.high), (Some(p.difference), Some(p.difference)));
        assert_eq!(p.variances.unwrap().gain(), None);
        let p = paired_ratios(&price(2.0), &price(3.0), 0.95).unwrap();
        assert_eq!((p.difference, p.low), (1.0, Some(1.0)));
        let same = [(0.1, 0.1), (0.2, 0.2), (0.7, 0.7)];
        let v = paired_means(&same, 0.95).unwrap().variances.unwrap();
        assert_eq!(
            (v.gain(), v.times_fewer()),
            (Some(1.0), Some(f64::INFINITY))
        );
    }

    #[test]
    fn what_cannot_be_said_is_not() {
        let p = paired_means(&[(1.0, 2.0)], 0.95).unwrap();
        assert_eq!((p.difference, p.low, p.variances), (1.0, None, None));
        assert_eq!(paired_means(&[], 0.95), None);
        assert_eq!(paired_means(&[(1.0, f64::NAN), (1.0, 1.0)], 0.95), None);
        assert_eq!(paired_ratios(&[(1.0, 1.0)], &[], 0.95), None);
        assert_eq!(
            paired_ratios(&[(1.0, 0.0); 2], &[(1.0, 1.0); 2], 0.95),
            None
        );
        assert_eq!(paired_means(&[(1.0, 2.0); 2], 1.5).unwrap().low, None);
    }

    /// Coverage of a 90 % interval over 4,000 samples, within 5 standard errors.
    fn check_coverage(mut covers: impl FnMut() -> bool) {
        let hits = (0..4000).filter(|_| covers()).count() as f64;
        let error = (0.9 * 0.1 / 4000.0_f64).sqrt();
        assert!((hits / 4000.0 - 0.9).abs() < 5.0 * error, "{hits} of 4000");
    }

    fn holds(p: Option<Paired>, truth: f64) -> bool {
        let p = p.unwrap();
        p.low.unwrap() <= truth && truth <= p.high.unwrap()
    }

    /// A and B with correlation `rho`, means 5 and 7, deviations 1 and 2.
    fn couple(normal: &mut impl FnMut() -> f64, rho: f64) -> (f64, f64) {
        let (shared, own) = (normal(), normal());
        let b = rho * shared + (1.0 - rho * rho).sqrt() * own;
        (5.0 + shared, 7.0 + 2.0 * b)
    }

    #[test]
    fn intervals_of_differences_cover_whatever_the_correlation() {
        for rho in [-0.9, 0.0, 0.5, 0.99] {
            let mut normal = normals(1);
            check_coverage(|| {
                let pairs: Vec<_> = (0..5).map(|_| couple(&mut normal, rho)).collect();
                holds(paired_means(&pairs, 0.9), 2.0)
            });
        }
    }

    #[test]
    fn intervals_of_differences_of_ratios_cover() {
        // Denominators differ, and are those of both sides: the same requests.
        let mut normal = normals(2);
        check_coverage(|| {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for _ in 0..10 {
                let under = 100.0 + 10.0 * normal();
                let (x, y) = couple(&mut normal, 0.9);
                a.push((under * x, under));
                b.push((under * y, under));
            }
            holds(paired_ratios(&a, &b, 0.9), 2.0)
        });
    }

    #[test]
    fn the_gain_is_what_the_correlation_says() {
        // Var D = 1 + 4 - 4 rho.
        for rho in [-0.5, 0.0, 0.9] {
            let mut normal = normals(3);
            let pairs: Vec<_> = (0..100_000).map(|_| couple(&mut normal, rho)).collect();
            let v = paired_means(&pairs, 0.9).unwrap().variances.unwrap();
            assert!((v.gain().unwrap() - 0.8 * rho).abs() < 0.01, "{rho}: {v:?}");
        }
    }

    #[test]
    fn streams_slip_when_they_move_against_each_other_and_not_by_chance() {
        // r is -0.8 of 10 pairs: t -3.77 against 2.306; -0.6 gives -2.12.
        let of = |r: f64| Variances {
            a: 4.0,
            b: 9.0,
            difference: 13.0 - 12.0 * r,
        };
        assert!(of(-0.8).slipped(10, 0.95) && of(-1.0).slipped(3, 0.95));
        assert!(!of(-0.6).slipped(10, 0.95) && of(-0.6).slipped(20, 0.95));
        assert!(!of(0.8).slipped(1000, 0.95) && !of(-0.8).slipped(2, 0.95));
        let never = Variances {
            a: 0.0,
            b: 1.0,
            difference: 1.0,
        };
        assert!(!never.slipped(10, 0.95));
        // Of streams with nothing in common it is said once in forty, not every other time.
        let mut normal = normals(4);
        let mut said = 0;
        for _ in 0..2000 {
            let pairs: Vec<_> = (0..10).map(|_| couple(&mut normal, 0.0)).collect();
            let v = paired_means(&pairs, 0.95).unwrap().variances.unwrap();
            said += usize::from(v.slipped(10, 0.95));
        }
        assert!((20..85).contains(&said), "{said}");
    }

    #[test]
    fn few_events_are_bounded_as_in_the_tables() {
        // Half the 90 % quantiles of chi squared with 2 (k + 1) degrees of freedom.
        for (seen, bound) in [(0, 2.995_732_273_6), (1, 4.743_864_518), (9, 15.705_216_42)] {
            let got = upper_bound_few_seen(seen, 1_000_000, 0.95).unwrap();
            assert!((got * 1e6 / bound - 1.0).abs() < 1e-9, "{seen}: {got}");
        }
        let none = upper_bound_none_seen(500, 0.99).unwrap();
        close(upper_bound_few_seen(0, 500, 0.99).unwrap(), none);
        assert_eq!(upper_bound_few_seen(1, 2, 0.95), Some(1.0));
        assert_eq!(upper_bound_few_seen(0, 0, 0.95), None);
        assert_eq!(upper_bound_few_seen(0, 5, 1.0), None);
    }
}
