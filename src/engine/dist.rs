//! Distributions: what can be drawn, and how.
//!
//! Values are plain `f64` in whatever unit the caller built the distribution with (nanoseconds,
//! bytes, a count). Constructors check everything once (`build`), so that a draw is one match with
//! no check and no allocation. Each draw scales and transforms unit variates: distributions of one
//! kind that differ only in a mean take the same words and differ only by a factor, which keeps
//! compared designs on common random numbers. Erlangs of different `k` and hyperexponentials of
//! different `cv` part company with the first draw.
//!
//! Moments and distribution functions are in `moments`. Must not know of units, of files or of
//! what is drawn.

mod build;
mod moments;
#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;

pub use build::DistError;

use super::rng::Bits;
use super::ziggurat::{exp1, normal};
use crate::base::math;

/// Name, parameters and meaning of every distribution, in the order of [`Dist`]'s variants.
pub const DISTRIBUTIONS: &[(&str, &str, &str)] = &[
    ("constant", "value", "always the same, as a quantity alone"),
    ("exponential", "mean", "memoryless, cv 1"),
    ("uniform", "min, max", "anything between, equally likely"),
    (
        "erlang",
        "mean, k",
        "the sum of k exponentials, cv 1/sqrt(k)",
    ),
    (
        "lognormal",
        "mean, cv | median, p99 | mu, sigma",
        "its logarithm is normal",
    ),
    (
        "pareto",
        "mean | min, shape, [max]",
        "a power-law tail, bounded with max",
    ),
    (
        "hyperexponential",
        "mean, cv | means, weights",
        "one of several exponentials, cv 1 and up",
    ),
    (
        "empirical",
        "file, column, unit | values, [weights]",
        "drawn from a list",
    ),
    ("gamma", "mean, cv", "an erlang whose k need not be whole"),
    (
        "weibull",
        "mean, shape",
        "heavier than exponential below shape 1",
    ),
    ("geometric", "mean", "whole numbers from 1, without memory"),
    ("mixture", "of, weights", "one of several, chosen by weight"),
];

/// A distribution of times, sizes or plain numbers, none of them negative.
///
/// Made by its constructors, which check; fields are public for reading. A variant written by
/// hand must keep what its fields promise.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// Always `value`. Takes no random word.
    Constant {
        /// The value, 0 or more.
        value: f64,
    },
    /// Exponential.
    Exponential {
        /// Mean, above 0.
        mean: f64,
    },
    /// Uniform between two bounds.
    Uniform {
        /// Lower bound, 0 or more.
        min: f64,
        /// Upper bound, not below `min`.
        max: f64,
    },
    /// The sum of `k` independent exponentials.
    Erlang {
        /// Mean of the sum, above 0.
        mean: f64,
        /// Number of exponentials, at least 1. A draw takes as many variates.
        k: u32,
    },
    /// The logarithm of the value is normal.
    Lognormal {
        /// Mean of the logarithm of the value in the caller's unit.
        mu: f64,
        /// Standard deviation of the logarithm, 0 or more.
        sigma: f64,
    },
    /// Pareto: a value exceeds `x` with probability `(min / x)^shape`; if bounded, given that it
    /// is at most `max`.
    Pareto {
        /// Least value, above 0.
        min: f64,
        /// Exponent of the tail, above 0, and above 1 if there is no `max`.
        shape: f64,
        /// Greatest value, above `min`, or none.
        max: Option<f64>,
        /// `shape * ln(max / min)`: where the exponential behind it is cut; infinite without `max`.
        cut: f64,
        /// `1 / shape`.
        stretch: f64,
    },
    /// One of several exponentials, chosen by weight.
    Hyperexponential {
        /// Their means, each above 0.
        means: Vec<f64>,
        /// Their chances, each above 0; they sum to 1.
        weights: Vec<f64>,
    },
    /// One of a list of values.
    Empirical {
        /// The values in ascending order, at least one and no more than `u32::MAX`.
        values: Arc<[f64]>,
        /// The chance of each value or a smaller one in the list, the last being 1; none if all
        /// have the same chance.
        cumulative: Option<Arc<[f64]>>,
    },
    /// Gamma.
    Gamma {
        /// Mean, above 0.
        mean: f64,
        /// Its shape, `1 / cv^2`, above 0.
        shape: f64,
    },
    /// Weibull: a value exceeds `x` with probability `exp(-(x / scale)^shape)`.
    Weibull {
        /// Where that is `1 / e`, above 0.
        scale: f64,
        /// Exponent, above 0.
        shape: f64,
        /// `1 / shape`.
        stretch: f64,
    },
    /// Whole numbers from 1: how many tries the first success takes.
    Geometric {
        /// Mean, at least 1.
        mean: f64,
        /// Minus the logarithm of the chance that a try fails; infinite at mean 1.
        decay: f64,
    },
    /// One of several distributions, chosen by weight.
    Mixture {
        /// The distributions, at least one.
        of: Vec<Dist>,
        /// Their chances, each above 0; they sum to 1.
        weights: Vec<f64>,
    },
}

impl Dist {
    /// Draws one value.
    #[inline(always)]
    pub fn sample(&self, bits: &mut impl Bits) -> f64 {
        // The usual ones are drawn in place.
        match self {
            Dist::Constant { value } => *value,
            Dist::Exponential { mean } => mean * exp1(bits),
            Dist::Lognormal { mu, sigma } => math::exp(mu + sigma * normal(bits)),
            _ => self.sample_other(bits),
        }
    }

    #[inline(never)]
    fn sample_other(&self, bits: &mut impl Bits) -> f64 {
        match self {
            Dist::Constant { .. } | Dist::Exponential { .. } | Dist::Lognormal { .. } => {
                unreachable!("drawn in place")
            }
            Dist::Uniform { min, max } => min + (max - min) * bits.unit(),
            Dist::Erlang { mean, k } => erlang(*mean, *k, bits),
            Dist::Pareto {
                min,
                max,
                cut,
                stretch,
                ..
            } => pareto(*min, *max, *cut, *stretch, bits),
            Dist::Hyperexponential { means, weights } => {
                means[branch(weights, bits.unit())] * exp1(bits)
            }
            Dist::Empirical {
                values,
                cumulative: None,
            } => values[bits.below(values.len() as u32) as usize],
            Dist::Empirical {
                values,
                cumulative: Some(cumulative),
            } => {
                let chance = bits.unit();
                // The last entry is 1 and a chance is below 1, so the place exists.
                values[cumulative.partition_point(|&below| below <= chance)]
            }
            Dist::Gamma { mean, shape } => mean * (gamma(*shape, bits) / shape),
            // A power of the exponential, through its logarithm.
            Dist::Weibull { scale, stretch, .. } => {
                scale * math::exp(math::ln(exp1(bits)) * stretch)
            }
            // The whole multiples of `decay` in an exponential are geometric from 0.
            Dist::Geometric { decay, .. } => 1.0 + (exp1(bits) / decay).floor(),
            Dist::Mixture { of, weights } => of[branch(weights, bits.unit())].sample(bits),
        }
    }

    /// The value, if every draw gives the same one.
    pub fn is_constant(&self) -> Option<f64> {
        match self {
            Dist::Constant { value } => Some(*value),
            Dist::Uniform { min, max } if min == max => Some(*min),
            Dist::Lognormal { mu, sigma } if *sigma == 0.0 => Some(math::exp(*mu)),
            Dist::Empirical { values, .. } if values.first() == values.last() => {
                values.first().copied()
            }
            Dist::Geometric { mean, .. } if *mean == 1.0 => Some(1.0),
            Dist::Mixture { of, .. } => {
                let first = of.first()?.is_constant()?;
                let same = of.iter().all(|dist| dist.is_constant() == Some(first));
                same.then_some(first)
            }
            _ => None,
        }
    }
}

#[inline]
fn erlang(mean: f64, k: u32, bits: &mut impl Bits) -> f64 {
    debug_assert!(k > 0, "an erlang has at least one stage");
    let mut sum = 0.0;
    for _ in 0..k {
        sum += exp1(bits);
    }
    mean * (sum / f64::from(k))
}

/// The logarithm of a Pareto value over its minimum is exponential, so one `exp` replaces a power.
#[inline]
fn pareto(min: f64, max: Option<f64>, cut: f64, stretch: f64, bits: &mut impl Bits) -> f64 {
    let unit = exp1(bits);
    // What an exponential leaves over after whole multiples of `cut` has the law of one cut off
    // there, because it has no memory: no rejection, one variate a draw. (The remainder of two
    // floats is exact, so it is the same everywhere.)
    let kept = if unit < cut { unit } else { unit % cut };
    let value = min * math::exp(kept * stretch);
    // Rounding may lift the largest values above the bound.
    max.map_or(value, |max| value.min(max))
}

/// The part whose share of 0..1 holds `chance`.
#[inline]
fn branch(weights: &[f64], mut chance: f64) -> usize {
    let last = weights.len() - 1;
    for (part, weight) in weights[..last].iter().enumerate() {
        if chance < *weight {
            return part;
        }
        chance -= weight;
    }
    // Also where rounding left a chance above the sum of the weights.
    last
}

/// A gamma variate of this shape and scale 1, by Marsaglia & Tsang 2000, "A simple method for
/// generating gamma variables". Below shape 1 it is one of the next shape times a power of a
/// uniform.
fn gamma(shape: f64, bits: &mut impl Bits) -> f64 {
    if shape < 1.0 {
        let reduced = math::exp(-exp1(bits) / shape);
        return gamma_from_1(shape + 1.0, bits) * reduced;
    }
    gamma_from_1(shape, bits)
}

/// The same for shapes from 1 on.
fn gamma_from_1(shape: f64, bits: &mut impl Bits) -> f64 {
    let centre = shape - 1.0 / 3.0;
    let spread = 1.0 / (9.0 * centre).sqrt();
    loop {
        let x = normal(bits);
        let root = 1.0 + spread * x;
        if root <= 0.0 {
            continue;
        }
        let cube = root * root * root;
        // Minus the logarithm of a uniform is an exponential.
        let bound = 0.5 * x * x + centre - centre * cube + centre * math::ln(cube);
        if -exp1(bits) < bound {
            return centre * cube;
        }
    }
}
