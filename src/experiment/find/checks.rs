//! Constraints as tests: which quantity decides each, on which side of which bound.
//!
//! A percentile is judged as a share: "p99 below 50 ms" is "less than 1 % later than 50 ms". It is
//! the same decision about a mean, without the density that the variance of a percentile has.

use super::super::objective::{Constraint, Op};
use super::Trial;
use crate::model::metric::{Kind, Metric};
use crate::stats::selection::{Reading, Summary, level_by_few};

/// All constraints of an objective that need runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Checks {
    /// One a constraint, in the order of the objective.
    pub list: Vec<Check>,
    /// What a trial is read for.
    pub gauges: Vec<Metric>,
}

/// One constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The constraint.
    pub constraint: Constraint,
    /// Whether the quantity has to be small.
    pub small: bool,
    /// The gauge and the bound that show it to be met, or missed outright.
    pub bound: (usize, f64),
    /// The gauge and the bound that show it not to be met with the indifference to spare.
    pub spare: (usize, f64),
    /// The gauge that is shown to people: the constraint's own metric.
    pub shown: usize,
}

/// What some trials say of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// Its whole interval lies on the right side.
    Met,
    /// Neither yet.
    Open,
    /// It is not met with the indifference to spare, and may be met without.
    Near,
    /// The whole interval lies on the wrong side.
    Missed,
}

impl Checks {
    /// Tests of these constraints; `indifference` is the relative zone on the good side of a
    /// bound in which a point may be taken for either.
    pub fn new(constraints: &[Constraint], indifference: f64) -> Checks {
        let mut gauges: Vec<Metric> = Vec::new();
        let mut gauge = |metric: Metric| {
            let known = gauges.iter().position(|g| *g == metric);
            known.unwrap_or_else(|| {
                gauges.push(metric);
                gauges.len() - 1
            })
        };
        let list = constraints
            .iter()
            .map(|constraint| {
                let small = matches!(constraint.op, Op::Below | Op::AtMost);
                let factor = if small {
                    1.0 - indifference
                } else {
                    1.0 + indifference
                };
                let spared = constraint.bound * factor;
                let shown = gauge(constraint.metric.clone());
                let (bound, spare) = match constraint.metric.kind {
                    Kind::Percentile(delay, share) => {
                        let mut over = |seconds: f64| {
                            let limit = (seconds * 1e9).round().max(0.0) as u64;
                            gauge(Metric {
                                kind: Kind::Over(delay, limit),
                                scope: constraint.metric.scope.clone(),
                            })
                        };
                        // 0.01, not what is left of 1 in binary.
                        let rest = ((1.0 - share) * 1e12).round() / 1e12;
                        ((over(constraint.bound), rest), (over(spared), rest))
                    }
                    _ => ((shown, constraint.bound), (shown, spared)),
                };
                Check {
                    constraint: constraint.clone(),
                    small,
                    bound,
                    spare,
                    shown,
                }
            })
            .collect();
        Checks { list, gauges }
    }

    /// What a gauge reads in these trials.
    pub fn summary(trials: &[Trial], gauge: usize) -> Option<Summary> {
        Summary::of(&Checks::readings(trials, gauge))
    }

    fn readings(trials: &[Trial], gauge: usize) -> Vec<Reading> {
        trials.iter().map(|t| t.readings[gauge]).collect()
    }
}

impl Check {
    /// What these trials say: `pass` is the level at which it is shown to be met, `fail` that at
    /// which it is shown to be missed.
    pub fn said(&self, trials: &[Trial], pass: f64, fail: f64) -> Said {
        let Some(s) = Checks::summary(trials, self.bound.0) else {
            return Said::Open;
        };
        let bound = self.bound.1;
        let holds = |value: f64| self.constraint.op.holds(value, bound);
        let (good, bad) = match self.small {
            true => (holds(s.upper(pass)), self.exceeds(&s, trials, fail)),
            false => (holds(s.lower(pass)), s.upper(fail) < bound),
        };
        if good {
            return Said::Met;
        }
        if bad {
            return Said::Missed;
        }
        let spare = Checks::summary(trials, self.spare.0);
        let near = spare.is_some_and(|s| match self.small {
            true => s.lower(fail) > self.spare.1,
            false => s.upper(fail) < self.spare.1,
        });
        if near { Said::Near } else { Said::Open }
    }

    /// Whether the estimate lies on the right side.
    pub fn looks_met(&self, trials: &[Trial]) -> bool {
        let s = Checks::summary(trials, self.bound.0);
        s.is_some_and(|s| self.constraint.op.holds(s.estimate, self.bound.1))
    }

    /// The level at which a few trials show it to be missed, where they can.
    fn level_by_few(&self, trials: &[Trial]) -> Option<f64> {
        level_by_few(&Checks::readings(trials, self.bound.0), self.bound.1)
    }

    /// Whether the mean is shown to lie above the bound: by its interval, or by a few trials far
    /// beyond it. Half of the error for each, where both can.
    fn exceeds(&self, s: &Summary, trials: &[Trial], fail: f64) -> bool {
        match self.level_by_few(trials) {
            None => s.lower(fail) > self.bound.1,
            Some(level) => level < fail / 2.0 || s.lower(fail / 2.0) > self.bound.1,
        }
    }

    /// How sure these trials are that it is missed, 0 to 1.
    pub fn certainty_missed(&self, trials: &[Trial]) -> f64 {
        let Some(s) = Checks::summary(trials, self.bound.0) else {
            return 0.0;
        };
        match self.small {
            true => {
                let few = self.level_by_few(trials).map_or(0.0, |level| 1.0 - level);
                s.certainty_above(self.bound.1).max(few)
            }
            false => s.certainty_below(self.bound.1),
        }
    }
}
