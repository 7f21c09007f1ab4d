//! Which distribution sizes follow: a lognormal or a Pareto where the data do not contradict it,
//! else the sizes as recorded.

use crate::base::math;
use crate::stats::student::normal_quantile;

/// A distribution of sizes.
#[derive(Clone, Debug, PartialEq)]
pub enum SizeFit {
    /// All alike.
    Constant(u64),
    /// Mean and deviation of the logarithm, by maximum likelihood.
    Lognormal {
        /// Of the logarithm.
        mu: f64,
        /// Of the logarithm.
        sigma: f64,
    },
    /// From the least size on, the exponent by maximum likelihood (Hill).
    Pareto {
        /// The least size.
        min: u64,
        /// The exponent, above 1.
        shape: f64,
    },
    /// As recorded: values and how many rows each stands for.
    Recorded(Vec<(u64, u64)>),
}

/// Up to so many different values are kept as they are.
const DISTINCT: usize = 200;

/// Groups of the lower 99 of 100 sizes, and most groups of the upper one.
const GROUPS: (usize, usize) = (100, 50);

/// Fewest sizes from which a shape is taken.
const FEWEST: usize = 50;

/// Chooses by likelihood between a lognormal and a Pareto, of those whose Kolmogorov-Smirnov
/// distance D does not contradict them at 1 %: D sqrt(n) below 1.03 (for a normal with both
/// parameters fitted: H. W. Lilliefors, JASA 62, 1967; on the logarithm) and below 1.3 (for an
/// exponential with its mean fitted: Lilliefors, JASA 64, 1969; on the logarithm over the least).
/// Neither: as recorded. `sorted` rises and is not empty.
pub fn fit_sizes(sorted: &[u64]) -> SizeFit {
    let (least, n) = (sorted[0], sorted.len() as f64);
    if least == sorted[sorted.len() - 1] {
        return SizeFit::Constant(least);
    }
    if least == 0 || sorted.len() < FEWEST {
        return SizeFit::recorded(sorted);
    }
    let logs: Vec<f64> = sorted.iter().map(|&s| math::ln(s as f64)).collect();
    let mu = logs.iter().sum::<f64>() / n;
    let variance = logs.iter().map(|l| (l - mu) * (l - mu)).sum::<f64>() / n;
    let lognormal = SizeFit::Lognormal {
        mu,
        sigma: variance.sqrt(),
    };
    let over = mu - logs[0];
    let pareto = SizeFit::Pareto {
        min: least,
        shape: 1.0 / over,
    };
    // Logarithms of the likelihoods, without what they share (the sum of the logarithms).
    let likely = [
        -n * (0.5 * math::ln(std::f64::consts::TAU * variance) + 0.5),
        -n * (math::ln(over) + 1.0),
    ];
    let holds = |fit: &SizeFit, bound: f64| kolmogorov(fit, sorted) * n.sqrt() < bound;
    match (holds(&lognormal, 1.03), holds(&pareto, 1.3) && over < 1.0) {
        (true, true) if likely[1] > likely[0] => pareto,
        (true, _) => lognormal,
        (false, true) => pareto,
        (false, false) => SizeFit::recorded(sorted),
    }
}

/// The largest distance between a distribution and the sizes.
pub fn kolmogorov(fit: &SizeFit, sorted: &[u64]) -> f64 {
    let n = sorted.len() as f64;
    let (mut largest, mut first) = (0.0_f64, 0);
    while first < sorted.len() {
        let value = sorted[first];
        let end = first + sorted[first..].partition_point(|&s| s == value);
        let (below, at) = fit.share(value);
        let ends = [(below, first), (at, end)];
        for (share, rank) in ends {
            largest = largest.max((share - rank as f64 / n).abs());
        }
        first = end;
    }
    largest
}

impl SizeFit {
    /// The sizes as recorded, rising. Up to 200 different values are kept, else groups of 1/100 of
    /// the lower 99 % and of 1/50 of the upper 1 % stand as their means: the mean is exact.
    pub fn recorded(sorted: &[u64]) -> SizeFit {
        let mut values: Vec<(u64, u64)> = Vec::new();
        for &size in sorted {
            match values.last_mut() {
                Some((value, count)) if *value == size => *count += 1,
                _ => values.push((size, 1)),
            }
        }
        match values.len() {
            1 => return SizeFit::Constant(values[0].0),
            0..=DISTINCT => return SizeFit::Recorded(values),
            _ => {}
        }
        let (body, tail) = sorted.split_at(sorted.len() - sorted.len() / 100);
        let mut grouped: Vec<(u64, u64)> = Vec::new();
        for (sizes, groups) in [(body, GROUPS.0), (tail, GROUPS.1)] {
            for i in 0..groups {
                let cut = |i: usize| sizes.len() * i / groups;
                let group = &sizes[cut(i)..cut(i + 1)];
                if group.is_empty() {
                    continue;
                }
                let (sum, n) = (
                    group.iter().map(|&s| u128::from(s)).sum::<u128>(),
                    group.len(),
                );
                let mean = ((sum + n as u128 / 2) / n as u128) as u64;
                match grouped.last_mut() {
                    Some((value, count)) if *value == mean => *count += n as u64,
                    _ => grouped.push((mean, n as u64)),
                }
            }
        }
        SizeFit::Recorded(grouped)
    }

    /// Its mean.
    pub fn mean(&self) -> f64 {
        match self {
            SizeFit::Constant(value) => *value as f64,
            SizeFit::Lognormal { mu, sigma } => math::exp(mu + sigma * sigma / 2.0),
            SizeFit::Pareto { min, shape } => *min as f64 * shape / (shape - 1.0),
            SizeFit::Recorded(values) => {
                let sum: f64 = values.iter().map(|&(v, n)| v as f64 * n as f64).sum();
                sum / values.iter().map(|v| v.1 as f64).sum::<f64>()
            }
        }
    }

    /// The shares below a size, and up to it.
    fn share(&self, size: u64) -> (f64, f64) {
        let x = size as f64;
        let both = |share: f64| (share, share);
        match self {
            SizeFit::Constant(value) => (f64::from(*value < size), f64::from(*value <= size)),
            SizeFit::Lognormal { mu, sigma } => {
                let z = (math::ln(x.max(1e-9)) - mu) / sigma;
                both(0.5 * math::erfc(-z / std::f64::consts::SQRT_2))
            }
            SizeFit::Pareto { min, .. } if size < *min => both(0.0),
            SizeFit::Pareto { min, shape } => both(1.0 - math::pow(*min as f64 / x, *shape)),
            SizeFit::Recorded(values) => {
                let all: u64 = values.iter().map(|v| v.1).sum();
                let up = |end: usize| values[..end].iter().map(|v| v.1).sum::<u64>();
                let (below, at) = (
                    values.partition_point(|v| v.0 < size),
                    values.partition_point(|v| v.0 <= size),
                );
                (up(below) as f64 / all as f64, up(at) as f64 / all as f64)
            }
        }
    }

    /// The size that a share of them is at or below.
    pub fn quantile(&self, share: f64) -> f64 {
        match self {
            SizeFit::Constant(value) => *value as f64,
            SizeFit::Lognormal { mu, sigma } => {
                let z = normal_quantile(share).unwrap_or(0.0);
                math::exp(mu + sigma * z)
            }
            SizeFit::Pareto { min, shape } => *min as f64 * math::pow(1.0 - share, -1.0 / shape),
            SizeFit::Recorded(values) => {
                let all: f64 = values.iter().map(|v| v.1 as f64).sum();
                let mut left = share * all;
                for &(value, count) in values {
                    left -= count as f64;
                    if left <= 0.0 {
                        return value as f64;
                    }
                }
                values.last().map_or(0.0, |v| v.0 as f64)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(fit: &SizeFit, n: usize) -> Vec<u64> {
        let share = |i: usize| (i as f64 + 0.5) / n as f64;
        (0..n)
            .map(|i| fit.quantile(share(i)).round() as u64)
            .collect()
    }

    #[test]
    fn shapes_are_found_again() {
        let true_one = SizeFit::Lognormal {
            mu: 8.0,
            sigma: 1.2,
        };
        let SizeFit::Lognormal { mu, sigma } = fit_sizes(&drawn(&true_one, 3000)) else {
            panic!();
        };
        assert!((mu - 8.0).abs() < 0.01 && (sigma - 1.2).abs() < 0.01);
        let true_one = SizeFit::Pareto {
            min: 10_000,
            shape: 1.6,
        };
        let SizeFit::Pareto { min, shape } = fit_sizes(&drawn(&true_one, 3000)) else {
            panic!();
        };
        assert!(min.abs_diff(10_000) < 10 && (shape - 1.6).abs() < 0.02);
    }

    #[test]
    fn what_has_no_such_shape_stays_as_recorded() {
        let two: Vec<u64> = (0..1000).map(|i| if i < 500 { 10 } else { 99 }).collect();
        assert_eq!(
            fit_sizes(&two),
            SizeFit::Recorded(vec![(10, 500), (99, 500)])
        );
        assert_eq!(fit_sizes(&[7; 60]), SizeFit::Constant(7));
        // Many different ones: groups with the same mean.
        let even: Vec<u64> = (0..10_000).collect();
        let fit = fit_sizes(&even);
        let SizeFit::Recorded(values) = &fit else {
            panic!("{fit:?}");
        };
        assert_eq!(values.len(), 150);
        assert!((fit.mean() - 4999.5).abs() < 0.6);
        assert!(kolmogorov(&fit, &even) < 0.011);
    }
}
