//! What theory says about a distribution: mean, variance and distribution function.
//!
//! For checks of a model (is it stable?), for predictions, and to hold the samplers against.

use super::Dist;
use crate::base::math;

impl Dist {
    /// The mean of what is drawn; always finite.
    pub fn mean(&self) -> f64 {
        match self {
            Dist::Constant { value } => *value,
            Dist::Exponential { mean } | Dist::Erlang { mean, .. } => *mean,
            Dist::Uniform { min, max } => min + (max - min) / 2.0,
            Dist::Lognormal { mu, sigma } => math::exp(mu + sigma * sigma / 2.0),
            Dist::Pareto {
                min, shape, max, ..
            } => pareto_mean(*min, *shape, *max),
            Dist::Hyperexponential { means, weights } => means
                .iter()
                .zip(weights)
                .map(|(mean, weight)| mean * weight)
                .sum(),
            Dist::Empirical { .. } => self.expect_value(|value| value),
            Dist::Gamma { mean, .. } | Dist::Geometric { mean, .. } => *mean,
            Dist::Weibull { scale, shape, .. } => scale * weibull_moment(1.0, *shape),
            Dist::Mixture { of, weights } => of
                .iter()
                .zip(weights)
                .map(|(dist, weight)| dist.mean() * weight)
                .sum(),
        }
    }

    /// The variance of what is drawn, in the square of the unit; infinite for an unbounded Pareto
    /// whose shape is 2 or less.
    pub fn variance(&self) -> f64 {
        match self {
            Dist::Constant { .. } => 0.0,
            Dist::Exponential { mean } => mean * mean,
            Dist::Uniform { min, max } => (max - min) * (max - min) / 12.0,
            Dist::Erlang { mean, k } => mean * mean / f64::from(*k),
            Dist::Lognormal { mu, sigma } => {
                let square = sigma * sigma;
                math::exp(2.0 * mu + square) * math::exp_m1(square)
            }
            Dist::Pareto {
                min,
                shape,
                max: None,
                ..
            } => {
                if *shape <= 2.0 {
                    return f64::INFINITY;
                }
                let below = shape - 1.0;
                min * min * shape / (below * below * (shape - 2.0))
            }
            Dist::Pareto {
                min,
                shape,
                max: Some(max),
                ..
            } => {
                let mean = pareto_mean(*min, *shape, Some(*max));
                (pareto_moment(2.0, *min, *shape, *max) - mean * mean).max(0.0)
            }
            Dist::Hyperexponential { means, weights } => {
                let mean = self.mean();
                let second: f64 = means
                    .iter()
                    .zip(weights)
                    .map(|(m, w)| 2.0 * m * m * w)
                    .sum();
                (second - mean * mean).max(0.0)
            }
            Dist::Empirical { .. } => {
                let mean = self.mean();
                self.expect_value(|value| (value - mean) * (value - mean))
            }
            Dist::Gamma { mean, shape } => mean * mean / shape,
            Dist::Weibull { scale, shape, .. } => {
                let mean = weibull_moment(1.0, *shape);
                let spread = weibull_moment(2.0, *shape) / (mean * mean) - 1.0;
                scale * mean * (scale * mean) * spread.max(0.0)
            }
            Dist::Geometric { mean, .. } => mean * (mean - 1.0),
            Dist::Mixture { of, weights } => {
                let mean = self.mean();
                let part = |dist: &Dist| {
                    let off = dist.mean() - mean;
                    dist.variance() + off * off
                };
                of.iter().zip(weights).map(|(d, w)| part(d) * w).sum()
            }
        }
    }

    /// The probability that a draw is at most `x`.
    pub fn cdf(&self, x: f64) -> f64 {
        match self {
            Dist::Constant { value } => f64::from(u8::from(*value <= x)),
            Dist::Exponential { mean } => exponential_cdf(x / mean),
            Dist::Uniform { min, max } if x < *max => ((x - min) / (max - min)).max(0.0),
            Dist::Uniform { .. } => 1.0,
            Dist::Erlang { mean, k } => erlang_cdf(*k, x / mean * f64::from(*k)),
            Dist::Lognormal { mu, sigma } => lognormal_cdf(*mu, *sigma, x),
            Dist::Pareto { min, max, .. } if x <= *min || max.is_some_and(|max| x >= max) => {
                f64::from(u8::from(x > *min))
            }
            Dist::Pareto {
                min, shape, cut, ..
            } => {
                let unit = shape * (math::ln(x) - math::ln(*min));
                exponential_cdf(unit) / exponential_cdf(*cut)
            }
            Dist::Hyperexponential { means, weights } => means
                .iter()
                .zip(weights)
                .map(|(mean, w)| w * exponential_cdf(x / mean))
                .sum(),
            Dist::Empirical { values, cumulative } => {
                let at_most = values.partition_point(|value| *value <= x);
                match cumulative {
                    _ if at_most == 0 => 0.0,
                    None => at_most as f64 / values.len() as f64,
                    Some(cumulative) => cumulative[at_most - 1],
                }
            }
            Dist::Gamma { mean, shape } => gamma_cdf(*shape, x / mean * shape),
            Dist::Weibull { scale, shape, .. } if x > 0.0 => {
                exponential_cdf(math::exp(math::ln(x / scale) * shape))
            }
            Dist::Geometric { decay, .. } if x >= 1.0 => exponential_cdf(x.floor() * decay),
            Dist::Weibull { .. } | Dist::Geometric { .. } => 0.0,
            Dist::Mixture { of, weights } => of
                .iter()
                .zip(weights)
                .map(|(dist, w)| w * dist.cdf(x))
                .sum(),
        }
    }

    /// The mean of a function of an empirical's values.
    fn expect_value(&self, of: impl Fn(f64) -> f64) -> f64 {
        let Dist::Empirical { values, cumulative } = self else {
            unreachable!("only called for an empirical");
        };
        let Some(cumulative) = cumulative else {
            return values.iter().map(|value| of(*value)).sum::<f64>() / values.len() as f64;
        };
        let mut before = 0.0;
        let mut sum = 0.0;
        for (value, up_to) in values.iter().zip(cumulative.iter()) {
            sum += of(*value) * (up_to - before);
            before = *up_to;
        }
        sum
    }
}

/// The mean of a Pareto; infinite if it does not exist.
pub(super) fn pareto_mean(min: f64, shape: f64, max: Option<f64>) -> f64 {
    match max {
        Some(max) => pareto_moment(1.0, min, shape, max),
        None if shape <= 1.0 => f64::INFINITY,
        None => min * shape / (shape - 1.0),
    }
}

/// The mean of the `n`-th power of a bounded Pareto: with `l = ln(max / min)`, the integral of
/// `min^n e^(n t)` over the density `shape e^(-shape t) / (1 - e^(-shape l))` of `t` in 0..l.
fn pareto_moment(n: f64, min: f64, shape: f64, max: f64) -> f64 {
    let range = math::ln(max) - math::ln(min);
    let excess = (n - shape) * range;
    // (e^excess - 1) / excess, which is 1 at 0: no special case where shape equals n.
    let slope = if excess == 0.0 {
        1.0
    } else {
        math::exp_m1(excess) / excess
    };
    let power = if n == 1.0 { min } else { min * min };
    power * shape * range * slope / -math::exp_m1(-shape * range)
}

/// The distribution function of the exponential of mean 1.
fn exponential_cdf(x: f64) -> f64 {
    if x > 0.0 { -math::exp_m1(-x) } else { 0.0 }
}

/// The distribution function of the sum of `k` exponentials of mean 1: the probability that a
/// Poisson count of mean `x` is at least `k`, summed from its largest term outwards.
fn erlang_cdf(k: u32, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let stages = f64::from(k);
    // The logarithm of the Poisson term at k - 1 and at k.
    let at = |count: f64| math::exp(count * math::ln(x) - x - math::ln_gamma(count + 1.0));
    if x > stages {
        // One minus the terms at k - 1, k - 2, .. 0, which fall from there.
        let mut term = at(stages - 1.0);
        let mut sum = 0.0;
        for count in (0..k).rev() {
            sum += term;
            term *= f64::from(count) / x;
        }
        return 1.0 - sum;
    }
    let mut term = at(stages);
    let mut sum = 0.0;
    let mut count = stages;
    while term > sum * f64::EPSILON {
        sum += term;
        count += 1.0;
        term *= x / count;
    }
    sum
}

/// The mean of the `n`-th power of a Weibull of scale 1.
pub(super) fn weibull_moment(n: f64, shape: f64) -> f64 {
    math::exp(math::ln_gamma(1.0 + n / shape))
}

/// The distribution function of the gamma of scale 1: its power series below the mean, one minus
/// the continued fraction of the upper part above (Lentz's method).
fn gamma_cdf(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = math::exp(shape * math::ln(x) - x - math::ln_gamma(shape));
    if x < shape + 1.0 {
        let (mut term, mut sum, mut at) = (1.0 / shape, 0.0, shape);
        while term > sum * f64::EPSILON {
            sum += term;
            at += 1.0;
            term *= x / at;
        }
        return (front * sum).min(1.0);
    }
    let mut b = x + 1.0 - shape;
    let mut c = 1.0 / f64::MIN_POSITIVE;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let a = -i * (i - shape);
        b += 2.0;
        d = 1.0 / nonzero(a * d + b);
        c = nonzero(b + a / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    (1.0 - front * fraction).max(0.0)
}

fn nonzero(x: f64) -> f64 {
    if x == 0.0 { f64::MIN_POSITIVE } else { x }
}

fn lognormal_cdf(mu: f64, sigma: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if sigma == 0.0 {
        return f64::from(u8::from(math::exp(mu) <= x));
    }
    0.5 * math::erfc((mu - math::ln(x)) / sigma / 2.0_f64.sqrt())
}
