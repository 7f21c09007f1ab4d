//! What must be met, and whether it is shown to be.

use super::results::Estimate;
use crate::model::metric::Metric;

/// Constraints and what to minimise subject to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Indices of the variants it is for.
    pub variants: Vec<usize>,
    /// Smaller is better.
    pub minimise: Metric,
    /// All must hold.
    pub subject_to: Vec<Constraint>,
    /// Of the intervals that constraints are judged by, and of the answer of a search, 0 to 1.
    pub confidence: f64,
    /// The relative zone on the good side of a bound in which a search may take a point for either.
    pub indifference: f64,
}

/// What [`Objective::indifference`] is where nothing is said.
pub const INDIFFERENCE: f64 = 0.05;

/// `METRIC OP VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// As written.
    pub text: String,
    /// What is bounded.
    pub metric: Metric,
    /// How.
    pub op: Op,
    /// The bound, in the metric's unit (seconds, shares, ...).
    pub bound: f64,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// Whether a constraint is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval lies on the right side.
    Met,
    /// The bound lies inside the interval, or there is no data: counts as not met.
    NotShown,
    /// The whole interval lies on the wrong side.
    Missed,
}

impl Op {
    /// Whether a value satisfies the comparison.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Op::Below => value < bound,
            Op::AtMost => value <= bound,
            Op::Above => value > bound,
            Op::AtLeast => value >= bound,
        }
    }

    /// As written in a file.
    pub fn symbol(self) -> &'static str {
        match self {
            Op::Below => "<",
            Op::AtMost => "<=",
            Op::Above => ">",
            Op::AtLeast => ">=",
        }
    }
}

impl Constraint {
    /// Judges an estimate with its interval (the estimate alone when there is no interval). What
    /// is only known to be at least something may be as large as it likes.
    pub fn judge(&self, estimate: Option<&Estimate>) -> Verdict {
        let Some(e) = estimate else {
            return Verdict::NotShown;
        };
        let most = e.value().unwrap_or(f64::INFINITY);
        let (low, high) = (e.low.unwrap_or(e.mean), e.high.unwrap_or(most));
        match (
            self.op.holds(low, self.bound),
            self.op.holds(high, self.bound),
        ) {
            (true, true) => Verdict::Met,
            (false, false) => Verdict::Missed,
            _ => Verdict::NotShown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::results::{Bound, Method};

    #[test]
    fn a_lower_bound_shows_no_upper_limit_and_may_break_one() {
        let least = Estimate {
            mean: 0.2,
            low: Some(0.2),
            high: None,
            n: 10,
            method: Method::Sectioning,
            bound: Some(Bound::AtLeast),
        };
        let verdict = |op: Op, bound: f64| {
            let constraint = Constraint {
                text: String::new(),
                metric: Metric::parse("latency_p99").unwrap(),
                op,
                bound,
            };
            constraint.judge(Some(&least))
        };
        assert_eq!(verdict(Op::Below, 0.3), Verdict::NotShown);
        assert_eq!(verdict(Op::Below, 0.1), Verdict::Missed);
        assert_eq!(verdict(Op::Above, 0.3), Verdict::NotShown);
        assert_eq!(verdict(Op::Above, 0.1), Verdict::Met);
    }
}
