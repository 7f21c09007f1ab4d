//! Which way a metric is better, and what may be claimed of a difference.

use std::fmt;

use super::{Row, Verdict};
use crate::model::metric::{Kind, Metric, MetricError, TABLE};

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Less is better: delays, losses, costs.
    Lower,
    /// More is better: goodput, throughput.
    Higher,
}

/// Rows of which more is better.
const HIGHER: [&str; 2] = ["throughput", "goodput"];

/// Rows that are neither good nor bad in themselves: how much came, and how full it was. A core
/// that is idle was paid for, and one that is busy answers late.
const NEITHER: [&str; 12] = [
    "offered",
    "utilisation",
    "utilisation_max",
    "in_system_mean",
    "busy_cores_mean",
    "ram_mean",
    "ram_max",
    "ram_bytes_mean",
    "hedged",
    "retries_denied",
    "workers_mean",
    "events",
];

/// Which way this metric is better; none where that is a matter of taste.
pub fn direction(metric: &Metric) -> Option<Direction> {
    match metric.kind {
        Kind::Row(row) if HIGHER.contains(&TABLE[row].name) => Some(Direction::Higher),
        Kind::Row(row) if NEITHER.contains(&TABLE[row].name) => None,
        Kind::InsideAt(_) => None,
        _ => Some(Direction::Lower),
    }
}

/// What is claimed of B against A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// B is on the better side, beyond doubt.
    Better,
    /// B is on the worse side.
    Worse,
    /// B is higher.
    Higher,
    /// B is lower.
    Lower,
    /// B is on either side.
    Differs,
}

const CLAIMS: [(&str, Claim); 5] = [
    ("better", Claim::Better),
    ("worse", Claim::Worse),
    ("higher", Claim::Higher),
    ("lower", Claim::Lower),
    ("differs", Claim::Differs),
];

/// `METRIC CLAIM`, such as `latency_p99 worse`: something that may turn out to hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Of what.
    pub metric: Metric,
    /// What.
    pub claim: Claim,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = CLAIMS.iter().find(|(_, claim)| *claim == self.claim);
        write!(f, "{} {}", self.metric, word.map_or("", |(word, _)| word))
    }
}

impl Condition {
    /// Reads one.
    ///
    /// # Errors
    /// It has not two words, the metric or the claim is unknown, or the metric has no better and
    /// worse.
    pub fn parse(text: &str) -> Result<Condition, MetricError> {
        let fail = |message: String, help: &str| MetricError {
            message,
            help: Some(help.into()),
        };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [name, word] = words[..] else {
            let message = format!("`{text}` is not a metric and what becomes of it");
            return Err(fail(message, "write it as `latency_p99 worse`"));
        };
        let metric = Metric::parse(name)?;
        let Some((_, claim)) = CLAIMS.iter().find(|(known, _)| *known == word) else {
            return Err(fail(
                format!("nothing can be `{word}`"),
                "there are: better, worse, higher, lower, differs",
            ));
        };
        if matches!(claim, Claim::Better | Claim::Worse) && direction(&metric).is_none() {
            return Err(fail(
                format!("`{metric}` has no better and worse"),
                "write higher, lower or differs",
            ));
        }
        Ok(Condition {
            metric,
            claim: *claim,
        })
    }

    /// Whether it holds; none where the data cannot tell.
    pub fn holds(&self, row: &Row) -> Option<bool> {
        let up = match row.verdict {
            Verdict::Up => true,
            Verdict::Down => false,
            Verdict::Same | Verdict::Within(_) => return Some(false),
            Verdict::NotJudged(_) => return None,
        };
        let good = direction(&self.metric).map(|d| (d == Direction::Higher) == up);
        Some(match self.claim {
            Claim::Better => good == Some(true),
            Claim::Worse => good == Some(false),
            Claim::Higher => up,
            Claim::Lower => !up,
            Claim::Differs => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_side() {
        let side = |name: &str| direction(&Metric::parse(name).unwrap());
        for name in ["latency_p99", "loss", "loss_VX3102", "cost_per_month"] {
            assert_eq!(side(name), Some(Direction::Lower), "{name}");
        }
        for name in ["latency_over_250ms", "queue_mean@events", "wedges"] {
            assert_eq!(side(name), Some(Direction::Lower), "{name}");
        }
        assert_eq!(side("goodput@class:upload"), Some(Direction::Higher));
        assert_eq!(side("utilisation"), None);
        assert_eq!(side("in_system_at_5s"), None);
        // The lists name rows that are there.
        for name in HIGHER.iter().chain(&NEITHER) {
            assert!(TABLE.iter().any(|row| row.name == *name), "{name}");
        }
    }

    #[test]
    fn conditions_are_read_and_written() {
        for text in ["latency_p99 worse", "loss@events differs", "events higher"] {
            assert_eq!(Condition::parse(text).unwrap().to_string(), text);
        }
        for (text, says, help) in [
            (
                "latency_p99",
                "is not a metric and what",
                "latency_p99 worse",
            ),
            (
                "latency_p99 gets worse",
                "is not a metric and",
                "latency_p99 worse",
            ),
            (
                "latency_q99 worse",
                "no metric `latency_q99`",
                "did you mean `latency_p99`?",
            ),
            ("loss bad", "nothing can be `bad`", "better, worse, higher"),
            (
                "offered worse",
                "has no better and worse",
                "higher, lower or differs",
            ),
        ] {
            let error = Condition::parse(text).unwrap_err();
            assert!(error.message.contains(says), "{text}: {error:?}");
            assert!(error.help.unwrap().contains(help), "{text}");
        }
    }
}
