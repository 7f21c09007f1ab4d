//! Quantiles of the standard normal and of Student's t, for intervals.
//!
//! Found by Newton's method on the tail probability, which is convex and so is approached from
//! below without overshooting: no bracket, no starting value. Knows nothing of samples.

use crate::base::math;

/// From this many degrees of freedom on the expansion about the normal is exact to 1e-12, and the
/// incomplete beta function begins to lose digits.
const NEARLY_NORMAL: f64 = 1e4;

/// More steps than any quantile takes.
const MAX_STEPS: u32 = 5000;

/// The value that a standard normal stays at or below with probability `p`; none unless
/// `0 < p < 1`.
pub fn normal_quantile(p: f64) -> Option<f64> {
    let tail = |z: f64| 0.5 * math::erfc(z / 2.0_f64.sqrt());
    let scale = 1.0 / (2.0 * std::f64::consts::PI).sqrt();
    quantile(p, tail, |z| scale * math::exp(-0.5 * z * z))
}

/// The value that a Student t with `degrees` degrees of freedom stays at or below with probability
/// `p`; none unless `0 < p < 1` and `degrees` is at least 1 and finite.
pub fn student_quantile(p: f64, degrees: f64) -> Option<f64> {
    if !(1.0..f64::INFINITY).contains(&degrees) {
        return None;
    }
    if degrees >= NEARLY_NORMAL {
        return normal_quantile(p).map(|z| near_normal(z, degrees));
    }
    let half = (degrees + 1.0) / 2.0;
    let scale = math::exp(math::ln_gamma(half) - math::ln_gamma(degrees / 2.0))
        / (degrees * std::f64::consts::PI).sqrt();
    let density = |t: f64| scale * math::exp(-half * math::ln_1p(t * t / degrees));
    quantile(p, |t| student_tail(t, degrees), density)
}

/// The probability that a Student t with `degrees` degrees of freedom (at least 1) exceeds `t`.
pub fn student_upper(t: f64, degrees: f64) -> f64 {
    let tail = |t: f64| match degrees >= NEARLY_NORMAL {
        true => 0.5 * math::erfc(t / 2.0_f64.sqrt()),
        false => student_tail(t, degrees),
    };
    if t < 0.0 { 1.0 - tail(-t) } else { tail(t) }
}

/// The quantile of a law that is symmetric about 0, from its upper tail probability and its
/// density, which falls from 0 up.
fn quantile(p: f64, tail: impl Fn(f64) -> f64, density: impl Fn(f64) -> f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    // The smaller tail, since near 1 a probability has no digits left.
    let (wanted, sign) = if p < 0.5 { (p, -1.0) } else { (1.0 - p, 1.0) };
    let mut x = 0.0;
    // Under ten steps for the usual confidences; a few hundred for the last float before 1.
    for _ in 0..MAX_STEPS {
        let next = x + (tail(x) - wanted) / density(x);
        if next <= x || !next.is_finite() {
            break;
        }
        x = next;
    }
    Some(sign * x)
}

/// The expansion of Student's quantile about the normal's (Abramowitz & Stegun 26.7.5).
fn near_normal(z: f64, degrees: f64) -> f64 {
    let square = z * z;
    let first = z * (square + 1.0) / 4.0;
    let second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let third = z * (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    z + (first + (second + third / degrees) / degrees) / degrees
}

/// The probability that a Student t exceeds `t >= 0`.
fn student_tail(t: f64, degrees: f64) -> f64 {
    let square = t * t;
    let sum = degrees + square;
    0.5 * incomplete_beta(degrees / 2.0, 0.5, degrees / sum, square / sum)
}

/// The regularised incomplete beta function `I_x(a, b)`, where `rest` is `1 - x` as its caller
/// knows it, with all digits.
fn incomplete_beta(a: f64, b: f64, x: f64, rest: f64) -> f64 {
    if rest == 0.0 {
        return 1.0;
    }
    let scale = math::ln_gamma(a + b) - math::ln_gamma(a) - math::ln_gamma(b);
    let front = math::exp(scale + a * math::ln(x) + b * math::ln(rest));
    // The fraction converges fast on one side of the mean, and the function is symmetric.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, rest) / b
    }
}

/// The continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8), evaluated
/// from the front by Lentz's method.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    // Lentz's guard against a division by 0.
    let apart = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut upper = 1.0;
    let mut lower = 1.0 / apart(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = lower;
    // It takes a few times the square root of the larger argument; this is far beyond.
    for step in 1..10_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        lower = 1.0 / apart(1.0 + even * lower);
        upper = apart(1.0 + even / upper);
        fraction *= lower * upper;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        lower = 1.0 / apart(1.0 + odd * lower);
        upper = apart(1.0 + odd / upper);
        fraction *= lower * upper;
        if (lower * upper - 1.0).abs() < 2.0 * f64::EPSILON {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(got: Option<f64>, wanted: f64, tolerance: f64) {
        let got = got.unwrap();
        assert!((got / wanted - 1.0).abs() < tolerance, "{got} for {wanted}");
    }

    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        for (p, z) in [
            (0.975, 1.959_963_984_540_054),
            (0.95, 1.644_853_626_951_472_7),
            (0.99, 2.326_347_874_040_841),
            (0.75, 0.674_489_750_196_081_7),
            (0.025, -1.959_963_984_540_054),
            (1e-10, -6.361_340_902_404_056),
        ] {
            check(normal_quantile(p), z, 1e-14);
        }
        assert_eq!(normal_quantile(0.5), Some(0.0));
    }

    #[test]
    fn student_quantiles_are_those_of_the_tables() {
        for (p, degrees, t) in [
            (0.975, 1.0, 12.706_204_736_2),
            (0.975, 2.0, 4.302_652_729_749_464),
            (0.975, 9.0, 2.262_157_162_80),
            (0.975, 29.0, 2.045_229_642_13),
            (0.975, 1e6, 1.959_966_356_82),
            (0.95, 1.0, 6.313_751_514_68),
            (0.95, 2.0, 2.919_985_580_36),
            (0.95, 9.0, 1.833_112_932_66),
            (0.95, 29.0, 1.699_127_026_53),
            (0.025, 9.0, -2.262_157_162_80),
            (0.9995, 4.0, 8.610_301_581_38),
        ] {
            check(student_quantile(p, degrees), t, 1e-11);
        }
    }

    #[test]
    fn quantiles_undo_the_formulas_there_are() {
        for p in [0.001_f64, 0.1, 0.3, 0.6, 0.9, 0.9999] {
            // Two degrees have a closed form, and odd functions their mirror image.
            let wanted = (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt();
            check(student_quantile(p, 2.0), wanted, 1e-11);
            let mirrored = student_quantile(1.0 - p, 7.0).map(|t| -t);
            check(student_quantile(p, 7.0), mirrored.unwrap(), 1e-11);
        }
        assert_eq!(student_quantile(0.5, 3.0), Some(0.0));
    }

    #[test]
    fn the_two_roads_meet() {
        for p in [0.6, 0.9, 0.975, 0.999, 0.999_999] {
            let fraction = student_quantile(p, NEARLY_NORMAL - 1e-6).unwrap();
            check(student_quantile(p, NEARLY_NORMAL), fraction, 1e-10);
        }
    }

    #[test]
    fn what_has_no_quantile_gives_none() {
        for p in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(normal_quantile(p), None);
            assert_eq!(student_quantile(p, 5.0), None);
        }
        // The ends of the floats are still quantiles.
        for p in [f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0] {
            assert!(normal_quantile(p).unwrap().abs() > 8.0);
            assert!(student_quantile(p, 1.0).unwrap().abs() > 1e15);
        }
        for degrees in [0.0, f64::NAN, f64::INFINITY] {
            assert_eq!(student_quantile(0.9, degrees), None);
        }
    }
}
