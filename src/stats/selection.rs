//! Sequential one-sided tests of a mean against a bound, for choosing among designs.
//!
//! A design is looked at again and again while replications are added. Each look spends a part of
//! the error that is allowed in all, so that the sum over all looks, however many, stays below it.
//! Knows nothing of what was measured, or of which designs there are.

use super::student::{normal_quantile, student_quantile, student_upper};

/// What one replication says of one quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A ratio of sums; ratios are pooled as sums over sums.
    Ratio {
        /// Above the line.
        num: f64,
        /// Below the line.
        den: f64,
    },
    /// So many of so many. Counted events come in clumps and few at a time, so that their upper
    /// bound is never below that of the count itself.
    Count {
        /// How many.
        num: u64,
        /// Of how many.
        den: u64,
    },
    /// A value of its own; averaged.
    Plain(f64),
    /// Nothing to be read.
    Nothing,
}

/// The error that look number `look` (from 1) may spend of `alpha` in all:
/// `6 alpha / (pi^2 look^2)`, which sums to `alpha`.
pub fn spent(alpha: f64, look: u32) -> f64 {
    let look = f64::from(look.max(1));
    6.0 * alpha / (std::f64::consts::PI * std::f64::consts::PI * look * look)
}

/// Least dispersion (variance over mean) of counts: losses come in clumps even where a handful of
/// replications does not show it.
const LEAST_DISPERSION: f64 = 2.0;

/// What some replications say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Pooled over replications.
    pub estimate: f64,
    /// Standard error of the estimate.
    pub error: f64,
    /// Replications.
    pub n: usize,
    /// Events seen, of how many, and their dispersion; none for what is no count.
    counted: Option<(f64, f64, f64)>,
}

impl Summary {
    /// Sums up; `None` when fewer than two replications say something, or one says nothing.
    pub fn of(readings: &[Reading]) -> Option<Summary> {
        let n = readings.len();
        if n < 2 {
            return None;
        }
        let plain = |r: &Reading| match *r {
            Reading::Ratio { num, den } => Some((num, den)),
            Reading::Count { num, den } => Some((num as f64, den as f64)),
            Reading::Plain(value) => Some((value, 1.0)),
            Reading::Nothing => None,
        };
        let parts: Vec<(f64, f64)> = readings.iter().map(plain).collect::<Option<_>>()?;
        let (num, den) = parts
            .iter()
            .fold((0.0, 0.0), |(n, d), part| (n + part.0, d + part.1));
        let estimate = num / den;
        if !estimate.is_finite() {
            return None;
        }
        // The delta method: the residuals about the pooled ratio.
        let count = n as f64;
        let squares: f64 = parts
            .iter()
            .map(|part| (part.0 - estimate * part.1) * (part.0 - estimate * part.1))
            .sum();
        let error = (squares * count / (count - 1.0)).sqrt() / den;
        let counts = matches!(readings[0], Reading::Count { .. });
        let dispersion = || {
            let mean = num / count;
            let spread: f64 = parts
                .iter()
                .map(|part| (part.0 - mean) * (part.0 - mean))
                .sum();
            let index = spread / (count - 1.0) / mean;
            if index.is_finite() {
                index.max(LEAST_DISPERSION)
            } else {
                LEAST_DISPERSION
            }
        };
        Some(Summary {
            estimate,
            error,
            n,
            counted: counts.then(|| (num, den, dispersion())),
        })
    }

    /// The upper end of the one-sided interval that misses the truth with probability `level`.
    pub fn upper(&self, level: f64) -> f64 {
        self.end(level, 1.0)
    }

    /// The lower end of the one-sided interval that misses the truth with probability `level`.
    pub fn lower(&self, level: f64) -> f64 {
        self.end(level, -1.0)
    }

    /// The least that the upper end can be once there are `times` as many replications, however
    /// few events they show: below it counting decides nothing. 0 for what is no count.
    pub fn least_upper(&self, level: f64, times: f64) -> f64 {
        let z = normal_quantile(1.0 - level).unwrap_or(f64::INFINITY);
        self.counted
            .map_or(0.0, |(_, den, _)| z * z * LEAST_DISPERSION / (den * times))
    }

    fn end(&self, level: f64, side: f64) -> f64 {
        let Some(t) = student_quantile(1.0 - level, (self.n - 1) as f64) else {
            return side * f64::INFINITY;
        };
        let end = self.estimate + side * t * self.error;
        let Some((num, den, dispersion)) = self.counted else {
            return end;
        };
        // The score interval of a count with this dispersion (Wilson's, for a rare event).
        let z = normal_quantile(1.0 - level).unwrap_or(f64::INFINITY);
        let shift = z * z * dispersion / 2.0;
        let root = (dispersion * num * z * z + shift * shift).sqrt();
        let by_count = (num + shift + side * root) / den;
        if side > 0.0 {
            end.max(by_count)
        } else {
            end.min(by_count).max(0.0)
        }
    }

    /// How sure it is that the truth lies above `bound`, 0 to 1: one minus the level at which the
    /// lower end of Student's interval reaches it.
    pub fn certainty_above(&self, bound: f64) -> f64 {
        let distance = self.estimate - bound;
        if self.error == 0.0 {
            return if distance > 0.0 { 1.0 } else { 0.0 };
        }
        1.0 - student_upper(distance / self.error, (self.n - 1) as f64)
    }

    /// The same for below.
    pub fn certainty_below(&self, bound: f64) -> f64 {
        if self.error == 0.0 {
            return if self.estimate < bound { 1.0 } else { 0.0 };
        }
        1.0 - self.certainty_above(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::super::draws::normals;
    use super::*;

    #[test]
    fn all_looks_together_spend_what_is_allowed() {
        let sum: f64 = (1..200_000).map(|look| spent(0.05, look)).sum();
        assert!(sum < 0.05 && sum > 0.049_99, "{sum}");
    }

    #[test]
    fn a_ratio_has_the_ends_of_students_interval() {
        let readings = [1.0, 2.0, 3.0].map(Reading::Plain);
        let s = Summary::of(&readings).unwrap();
        let half = 4.302_652_729_749_464 / 3.0_f64.sqrt();
        assert!((s.upper(0.025) - (2.0 + half)).abs() < 1e-9);
        assert!((s.lower(0.025) - (2.0 - half)).abs() < 1e-9);
        assert!((s.certainty_above(2.0 - half) - 0.975).abs() < 1e-9);
        assert!((s.certainty_below(2.0 + half) - 0.975).abs() < 1e-9);
        let ratios = [(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)];
        let ratios = ratios.map(|(num, den)| Reading::Ratio { num, den });
        assert_eq!(Summary::of(&ratios), Some(s));
    }

    #[test]
    fn none_seen_is_not_none() {
        let none = [Reading::Count { num: 0, den: 1000 }; 5];
        let s = Summary::of(&none).unwrap();
        assert_eq!((s.estimate, s.lower(0.01)), (0.0, 0.0));
        // More careful than the rule of three, as events come in clumps.
        assert!(s.upper(0.05) > 3.0 / 5000.0 && s.upper(0.05) < 6.0 / 5000.0);
    }

    #[test]
    fn what_says_nothing_is_no_summary() {
        let readings = [Reading::Plain(1.0), Reading::Nothing];
        assert_eq!(Summary::of(&readings), None);
        assert_eq!(Summary::of(&readings[..1]), None);
        assert_eq!(Summary::of(&[Reading::Count { num: 0, den: 0 }; 3]), None);
    }

    /// Looking at 4, 8, 16, ... values, a truth at the bound is declared beyond it at most as
    /// often as allowed, on either side.
    #[test]
    fn looking_often_does_not_spend_more() {
        let mut normal = normals(7);
        let wrong = (0..4000).filter(|_| {
            let mut readings = Vec::new();
            (1..=6).any(|look| {
                while readings.len() < 4 << (look - 1) {
                    readings.push(Reading::Plain(1.0 + normal()));
                }
                Summary::of(&readings).unwrap().lower(spent(0.05, look)) > 1.0
            })
        });
        let wrong = wrong.count();
        // 200 of 4000 are allowed; six of infinitely many looks, and dependent, spend less.
        assert!((60..=200).contains(&wrong), "{wrong} of 4000");
    }
}
