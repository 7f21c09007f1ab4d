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

/// How far above a bound a replication has to lie to speak for the mean, in bounds.
const FAR: [f64; 3] = [10.0, 100.0, 1000.0];

/// The level at which some counts that lie far above a bound show that their mean does, too; above
/// 1 when they do not. `None` for what is no count.
///
/// For what a system loses when it fails as a whole once in twenty runs: a mean of such values has
/// a standard error as great as itself, but no value is below 0, so that the mean is at least `f`
/// bounds times the share of replications at `f` bounds or more (Markov). Were the mean at the
/// bound, that share would be at most `1 / f`, and `k` or more of `n` at most as likely as
/// `C(n, k) / f^k`. The least of three such `f` counts, and is counted three times.
pub fn level_by_few(readings: &[Reading], bound: f64) -> Option<f64> {
    let parts: Option<Vec<(f64, f64)>> = readings
        .iter()
        .map(|reading| match *reading {
            Reading::Count { num, den } => Some((num as f64, den as f64)),
            _ => None,
        })
        .collect();
    let parts = parts.filter(|_| bound > 0.0)?;
    let n = parts.len() as f64;
    let usual = parts.iter().map(|part| part.1).sum::<f64>() / n;
    let level = |far: f64| {
        let beyond = parts.iter().filter(|part| part.0 >= far * bound * usual);
        let k = beyond.count();
        (0..k).fold(1.0, |level, i| {
            level * (n - i as f64) / (i as f64 + 1.0) / far
        })
    };
    let least = FAR.map(level).into_iter().fold(f64::INFINITY, f64::min);
    Some(least * FAR.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::super::draws::{normals, units};
    use super::*;

    fn lost(counts: &[u64]) -> Vec<Reading> {
        let reading = |&num: &u64| Reading::Count { num, den: 1000 };
        counts.iter().map(reading).collect()
    }

    #[test]
    fn a_few_catastrophes_show_that_a_mean_lies_above_a_bound() {
        // 2 of 20 lose a tenth; the bound is 1e-4, so a tenth is a thousand bounds.
        let mut counts = vec![0; 20];
        (counts[3], counts[9]) = (100, 150);
        let level = level_by_few(&lost(&counts), 1e-4).unwrap();
        assert!((level - 3.0 * 190.0 * 1e-6).abs() < 1e-12, "{level}");
        let s = Summary::of(&lost(&counts)).unwrap();
        assert!(s.lower(level) < 1e-4, "Student needs more of them");
        // Where all lose a little more than the bound allows, it has nothing to say.
        assert!(level_by_few(&lost(&[1; 20]), 1e-3) > Some(1.0));
        assert_eq!(level_by_few(&[Reading::Plain(5.0); 9], 1e-3), None);
        assert_eq!(level_by_few(&lost(&[9; 9]), 0.0), None);
    }

    /// A truth at the bound is declared above it at most as often as allowed, whatever the mix of
    /// quiet runs and catastrophes.
    #[test]
    fn few_do_not_show_more_than_is_true() {
        let mut unit = units(3);
        for share in [0.1, 0.01, 0.002] {
            let bound = 1e-4;
            let each = (bound / share * 1e6) as u64;
            let experiments = 5_000;
            let wrong = (0..experiments).filter(|_| {
                let mut reading = || Reading::Count {
                    num: if unit() < share { each } else { 0 },
                    den: 1_000_000,
                };
                let some: Vec<Reading> = (0..40).map(|_| reading()).collect();
                level_by_few(&some, bound).is_some_and(|level| level < 0.05)
            });
            let wrong = wrong.count();
            assert!(wrong <= experiments / 20, "{share}: {wrong}");
        }
    }

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
