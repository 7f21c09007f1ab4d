//! The constructors: parameters as people give them, checked, to a [`Dist`].
//!
//! Messages name what is wrong and what is allowed. They hold no number that has a unit, since
//! the caller's unit is not known here.

use std::fmt;
use std::sync::Arc;

use super::Dist;
use super::moments::{pareto_mean, weibull_moment};
use crate::base::math;

/// The 99th percentile of the standard normal.
const NORMAL_P99: f64 = 2.326_347_874_040_841;

/// The largest `k` of an erlang: a draw takes `k` variates.
const MAX_STAGES: u32 = 1000;

/// Parameters that make no distribution; displays as one plain sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistError {
    message: String,
}

impl fmt::Display for DistError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DistError {}

type Built = Result<Dist, DistError>;

fn check(holds: bool, message: &str) -> Result<(), DistError> {
    if holds {
        Ok(())
    } else {
        Err(DistError {
            message: message.to_owned(),
        })
    }
}

fn above_0(name: &str, value: f64) -> Result<(), DistError> {
    check(
        value > 0.0 && value.is_finite(),
        &format!("{name} must be above 0 and finite"),
    )
}

fn at_least_0(name: &str, value: f64) -> Result<(), DistError> {
    check(
        value >= 0.0 && value.is_finite(),
        &format!("{name} must be 0 or more and finite"),
    )
}

impl Dist {
    /// Always `value`.
    ///
    /// # Errors
    ///
    /// Unless `value` is 0 or more and finite.
    pub fn constant(value: f64) -> Built {
        at_least_0("the value of a constant", value)?;
        Ok(Dist::Constant { value })
    }

    /// Exponential with this mean.
    ///
    /// # Errors
    ///
    /// Unless `mean` is above 0 and finite.
    pub fn exponential(mean: f64) -> Built {
        above_0("the mean of an exponential", mean)?;
        Ok(Dist::Exponential { mean })
    }

    /// Uniform from `min` to `max`.
    ///
    /// # Errors
    ///
    /// Unless `0 <= min <= max` and both are finite.
    pub fn uniform(min: f64, max: f64) -> Built {
        at_least_0("the min of a uniform", min)?;
        at_least_0("the max of a uniform", max)?;
        check(min <= max, "the max of a uniform must not be below its min")?;
        Ok(Dist::Uniform { min, max })
    }

    /// The sum of `k` exponentials, with this mean of the sum.
    ///
    /// # Errors
    ///
    /// Unless `mean` is above 0 and finite and `k` is 1 to 1,000.
    pub fn erlang(mean: f64, k: u32) -> Built {
        above_0("the mean of an erlang", mean)?;
        let message = format!("the k of an erlang must be 1 to {MAX_STAGES}, not {k}");
        check((1..=MAX_STAGES).contains(&k), &message)?;
        Ok(Dist::Erlang { mean, k })
    }

    /// Lognormal with this mean and coefficient of variation (standard deviation over mean).
    ///
    /// # Errors
    ///
    /// Unless `mean` is above 0, `cv` 0 or more and both are finite.
    pub fn lognormal(mean: f64, cv: f64) -> Built {
        above_0("the mean of a lognormal", mean)?;
        at_least_0("the cv of a lognormal", cv)?;
        let variance = math::ln_1p(cv * cv);
        lognormal_of(math::ln(mean) - variance / 2.0, variance.sqrt())
    }

    /// Lognormal with this median and this 99th percentile.
    ///
    /// # Errors
    ///
    /// Unless `0 < median <= p99` and both are finite.
    pub fn lognormal_median(median: f64, p99: f64) -> Built {
        above_0("the median of a lognormal", median)?;
        above_0("the p99 of a lognormal", p99)?;
        check(
            median <= p99,
            "the p99 of a lognormal must not be below its median",
        )?;
        lognormal_of(
            math::ln(median),
            (math::ln(p99) - math::ln(median)) / NORMAL_P99,
        )
    }

    /// Lognormal by mean and standard deviation of the logarithm of the value in a unit that is
    /// `unit` of the caller's: with `unit` 1e9, `mu` is of seconds and draws are nanoseconds.
    ///
    /// # Errors
    ///
    /// Unless `sigma` is 0 or more, `unit` above 0, all are finite, and the mean can be held in a
    /// float.
    pub fn lognormal_log(mu: f64, sigma: f64, unit: f64) -> Built {
        check(mu.is_finite(), "the mu of a lognormal must be finite")?;
        at_least_0("the sigma of a lognormal", sigma)?;
        above_0("the unit of a lognormal", unit)?;
        lognormal_of(mu + math::ln(unit), sigma)
    }

    /// Pareto from `min` up, bounded by `max` if given.
    ///
    /// # Errors
    ///
    /// Unless `min` and `shape` are above 0, `max` above `min`, all are finite, and the mean
    /// exists: without `max`, `shape` must be above 1.
    pub fn pareto(min: f64, shape: f64, max: Option<f64>) -> Built {
        above_0("the min of a pareto", min)?;
        check_shape(shape, max)?;
        let message = "the max of a pareto must be above its min and finite";
        check(max.is_none_or(|max| max > min && max.is_finite()), message)?;
        let cut = max.map_or(f64::INFINITY, |max| shape * (math::ln(max) - math::ln(min)));
        check(cut > 0.0, message)?;
        Ok(Dist::Pareto {
            min,
            shape,
            max,
            cut,
            stretch: 1.0 / shape,
        })
    }

    /// Pareto with this mean of what is drawn, also when bounded by `max`; its minimum follows.
    ///
    /// # Errors
    ///
    /// Unless `mean` and `shape` are above 0, `max` above `mean`, all are finite, and a minimum
    /// that gives this mean exists: without `max`, `shape` must be above 1.
    pub fn pareto_mean(mean: f64, shape: f64, max: Option<f64>) -> Built {
        above_0("the mean of a pareto", mean)?;
        check_shape(shape, max)?;
        let Some(max) = max else {
            return Dist::pareto(mean * (shape - 1.0) / shape, shape, None);
        };
        let message = "the max of a pareto must be above its mean and finite";
        check(max > mean && max.is_finite(), message)?;
        // The mean grows with the minimum, from 0 to `max`; bisect on the minimum's logarithm.
        let (mut low, mut high) = (math::ln(f64::MIN_POSITIVE), math::ln(mean));
        let mean_from = |log_min: f64| pareto_mean(math::exp(log_min), shape, Some(max));
        let message = format!("no min gives a pareto with shape {shape} this mean and max");
        check(mean_from(low) < mean, &message)?;
        loop {
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                break;
            }
            if mean_from(middle) < mean {
                low = middle;
            } else {
                high = middle;
            }
        }
        Dist::pareto(math::exp(low), shape, Some(max))
    }

    /// Two exponentials with this mean and coefficient of variation together, and balanced means:
    /// each contributes half of the mean (Whitt 1982).
    ///
    /// # Errors
    ///
    /// Unless `mean` is above 0, `cv` at least 1 and both are finite.
    pub fn hyperexponential(mean: f64, cv: f64) -> Built {
        above_0("the mean of a hyperexponential", mean)?;
        let message = format!("the cv of a hyperexponential must be at least 1, not {cv}");
        check(cv >= 1.0 && cv.is_finite(), &message)?;
        let square = cv * cv;
        let skew = ((square - 1.0) / (square + 1.0)).sqrt();
        let often = (1.0 + skew) / 2.0;
        // (1 - skew) / 2, without the loss of digits where skew is near 1.
        let seldom = 1.0 / ((square + 1.0) * (1.0 + skew));
        Dist::hyperexponential_of(
            &[mean / (2.0 * often), mean / (2.0 * seldom)],
            &[often, seldom],
        )
    }

    /// Exponentials with these means, chosen with chances in proportion to `weights`.
    ///
    /// # Errors
    ///
    /// Unless there are as many weights as means, the means are above 0, the weights 0 or more
    /// and some weight above 0, and all are finite.
    pub fn hyperexponential_of(means: &[f64], weights: &[f64]) -> Built {
        let sum = check_weights("a hyperexponential", "mean", means.len(), weights)?;
        for &mean in means {
            above_0("every mean of a hyperexponential", mean)?;
        }
        let chosen = || {
            means
                .iter()
                .zip(weights)
                .filter(|(_, weight)| **weight > 0.0)
        };
        Ok(Dist::Hyperexponential {
            means: chosen().map(|(mean, _)| *mean).collect(),
            weights: chosen().map(|(_, weight)| weight / sum).collect(),
        })
    }

    /// Gamma with this mean and coefficient of variation.
    ///
    /// # Errors
    ///
    /// Unless `mean` is above 0 and finite and `cv` from 0.001 to 1,000.
    pub fn gamma(mean: f64, cv: f64) -> Built {
        above_0("the mean of a gamma", mean)?;
        let message = format!("the cv of a gamma must be 0.001 to 1000, not {cv}");
        check((0.001..=1000.0).contains(&cv), &message)?;
        let shape = 1.0 / (cv * cv);
        Ok(Dist::Gamma { mean, shape })
    }

    /// Weibull with this mean and shape.
    ///
    /// # Errors
    ///
    /// Unless `mean` is above 0 and finite and `shape` from 0.05 to 1,000.
    pub fn weibull(mean: f64, shape: f64) -> Built {
        above_0("the mean of a weibull", mean)?;
        let message = format!("the shape of a weibull must be 0.05 to 1000, not {shape}");
        check((0.05..=1000.0).contains(&shape), &message)?;
        let scale = mean / weibull_moment(1.0, shape);
        above_0("the scale of a weibull", scale)?;
        Ok(Dist::Weibull {
            scale,
            shape,
            stretch: 1.0 / shape,
        })
    }

    /// Whole numbers from 1 with this mean.
    ///
    /// # Errors
    ///
    /// Unless `mean` is 1 to 1e12.
    pub fn geometric(mean: f64) -> Built {
        let message = format!("the mean of a geometric must be 1 to 1e12, not {mean}");
        check((1.0..=1e12).contains(&mean), &message)?;
        Ok(Dist::Geometric {
            mean,
            decay: -math::ln_1p(-1.0 / mean),
        })
    }

    /// These distributions, chosen with chances in proportion to `weights`.
    ///
    /// # Errors
    ///
    /// Unless there are as many weights as distributions, the weights are 0 or more and some
    /// weight above 0, and all are finite.
    pub fn mixture(of: &[Dist], weights: &[f64]) -> Built {
        let sum = check_weights("a mixture", "distribution", of.len(), weights)?;
        let chosen = || of.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
        Ok(Dist::Mixture {
            of: chosen().map(|(dist, _)| dist.clone()).collect(),
            weights: chosen().map(|(_, weight)| weight / sum).collect(),
        })
    }

    /// One of these values, with chances in proportion to `weights`, or equal chances.
    ///
    /// # Errors
    ///
    /// Unless there is a value, all values are 0 or more, there are as many weights (if any) as
    /// values, the weights are 0 or more and some weight above 0, and all are finite.
    pub fn empirical(values: &[f64], weights: Option<&[f64]>) -> Built {
        check(!values.is_empty(), "an empirical needs at least one value")?;
        let few = u32::try_from(values.len()).is_ok();
        check(
            few,
            &format!("an empirical takes at most {} values", u32::MAX),
        )?;
        for &value in values {
            at_least_0("every value of an empirical", value)?;
        }
        let Some(weights) = weights else {
            let mut values = values.to_vec();
            values.sort_by(f64::total_cmp);
            return Ok(Dist::Empirical {
                values: values.into(),
                cumulative: None,
            });
        };
        let sum = check_weights("an empirical", "value", values.len(), weights)?;
        let mut pairs: Vec<(f64, f64)> = values
            .iter()
            .copied()
            .zip(weights.iter().copied())
            .filter(|p| p.1 > 0.0)
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut so_far = 0.0;
        let mut cumulative: Vec<f64> = Vec::with_capacity(pairs.len());
        for (_, weight) in &pairs {
            so_far += weight;
            cumulative.push((so_far / sum).min(1.0));
        }
        *cumulative
            .last_mut()
            .expect("some weight is above 0, as checked") = 1.0;
        let values: Arc<[f64]> = pairs.iter().map(|pair| pair.0).collect();
        Ok(Dist::Empirical {
            values,
            cumulative: Some(cumulative.into()),
        })
    }
}

/// A lognormal whose parameters are finite, if its mean can be held in a float.
fn lognormal_of(mu: f64, sigma: f64) -> Built {
    let dist = Dist::Lognormal { mu, sigma };
    let mean = dist.mean();
    check(
        mean > 0.0 && mean.is_finite(),
        "the spread of this lognormal is beyond any number",
    )?;
    Ok(dist)
}

/// The mean of an unbounded Pareto exists above shape 1 only.
fn check_shape(shape: f64, max: Option<f64>) -> Result<(), DistError> {
    above_0("the shape of a pareto", shape)?;
    let message =
        format!("a pareto with shape {shape} has no mean: give a shape above 1, or a max");
    check(shape > 1.0 || max.is_some(), &message)
}

/// The sum of the weights, checked.
fn check_weights(dist: &str, part: &str, parts: usize, weights: &[f64]) -> Result<f64, DistError> {
    let message = format!(
        "{dist} needs one weight a {part}: weights {}, {part}s {parts}",
        weights.len()
    );
    check(weights.len() == parts, &message)?;
    for &weight in weights {
        at_least_0(&format!("every weight of {dist}"), weight)?;
    }
    let sum: f64 = weights.iter().sum();
    above_0(&format!("the sum of the weights of {dist}"), sum)?;
    Ok(sum)
}
