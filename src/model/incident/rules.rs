//! Which troubles are looked for, and from where on something counts as one: one row of a table
//! for each detector.

use crate::base::codes::Code;
use crate::base::units::Nanos;
use crate::model::metric::Metric;

const SECOND: Nanos = 1_000_000_000;

/// What kind of trouble.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// A worker, or a balancer, refuses because its buffer is full.
    OverflowFirst,
    /// Refusals of full buffers above a share of what was offered.
    OverflowRate,
    /// A breaker opens.
    BreakerFirst,
    /// Several breakers open shortly after one another.
    BreakerCascade,
    /// The error budget of an objective burns too fast, in a long and in a short window.
    SloBurn,
    /// More retries than first attempts.
    RetryStorm,
    /// A service is busy all the time while its queue grows.
    Saturation,
    /// RAM refuses although a core is free, or a buffer refuses although nearly all RAM is.
    Memory,
    /// One worker does far more than its equals.
    Unfair,
    /// A class has no request answered while others have.
    Starvation,
    /// A request is inside for very long.
    Overdue,
    /// The load is back under what was carried well, and goodput stays away.
    Metastable,
    /// A condition of the user's own.
    Own,
}

/// A row of [`DETECTORS`]: a detector with its defaults. A parameter that a detector does not have
/// is `None`.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it finds.
    pub kind: Kind,
    /// Its name in files and in lists.
    pub name: &'static str,
    /// The code of its incidents.
    pub code: Code,
    /// The key of its threshold, its default, and what it is.
    pub threshold: Option<(&'static str, f64, Threshold)>,
    /// The window it looks at.
    pub window: Option<Window>,
    /// The key of its count with the default.
    pub count: Option<(&'static str, u64)>,
    /// One line: when it fires.
    pub meaning: &'static str,
}

/// What a threshold is, for those who read it from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// 0 to 1.
    Share,
    /// Any number above 0.
    Ratio,
}

/// How long a window is unless a file says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// So long.
    Of(Nanos),
    /// This part of the measured time.
    PartOfRun(u64),
    /// So many times the longest timeout of a client.
    Timeouts(u64),
}

/// Every detector there is but the user's own, in the order of [`Kind`].
pub const DETECTORS: [Row; 12] = [
    Row {
        kind: Kind::OverflowFirst,
        name: "overflow_first",
        code: Code::BUFFER_FULL,
        threshold: None,
        window: None,
        count: Some(("nth", 1)),
        meaning: "a worker or balancer refuses because its buffer is full, for the nth time",
    },
    Row {
        kind: Kind::OverflowRate,
        name: "overflow_rate",
        code: Code::OVERFLOW_RATE,
        threshold: Some(("share", 0.01, Threshold::Share)),
        window: Some(Window::Of(10 * SECOND)),
        count: Some(("at_least", 100)),
        meaning: "full buffers refuse more than a share of the attempts made in a window",
    },
    Row {
        kind: Kind::BreakerFirst,
        name: "breaker_first",
        code: Code::BREAKER_OPENED,
        threshold: None,
        window: None,
        count: None,
        meaning: "a breaker opens",
    },
    Row {
        kind: Kind::BreakerCascade,
        name: "breaker_cascade",
        code: Code::BREAKER_CASCADE,
        threshold: None,
        window: Some(Window::Of(10 * SECOND)),
        count: Some(("breakers", 3)),
        meaning: "so many breakers of one service (or half of them, if that is fewer) open within \
                  a window",
    },
    Row {
        kind: Kind::SloBurn,
        name: "slo_burn",
        code: Code::BUDGET_BURNS,
        threshold: Some(("factor", 14.4, Threshold::Ratio)),
        window: Some(Window::PartOfRun(12)),
        count: None,
        meaning: "the error budget of the objective burns above a factor, in a window and in the \
                  last twelfth of it",
    },
    Row {
        kind: Kind::RetryStorm,
        name: "retry_storm",
        code: Code::RETRIES_STORM,
        threshold: Some(("ratio", 1.0, Threshold::Ratio)),
        window: Some(Window::Of(10 * SECOND)),
        count: None,
        meaning: "more retries than this for each first attempt of a window",
    },
    Row {
        kind: Kind::Saturation,
        name: "saturation",
        code: Code::SATURATED,
        threshold: Some(("busy", 0.99, Threshold::Share)),
        window: Some(Window::Of(10 * SECOND)),
        count: None,
        meaning: "the cores of a service are busy for more than this share of a window, and its \
                  queue grows",
    },
    Row {
        kind: Kind::Memory,
        name: "memory",
        code: Code::RAM_OUT_OF_BALANCE,
        threshold: Some(("free", 0.9, Threshold::Share)),
        window: None,
        count: None,
        meaning: "RAM refuses although a core is free, or a full buffer refuses although more than \
                  this share of RAM is free",
    },
    Row {
        kind: Kind::Unfair,
        name: "unfair",
        code: Code::UNFAIR,
        threshold: Some(("ratio", 2.0, Threshold::Ratio)),
        window: Some(Window::Of(10 * SECOND)),
        count: None,
        meaning: "the busiest worker of a group does more than this times the mean of the group, \
                  window by window",
    },
    Row {
        kind: Kind::Starvation,
        name: "starvation",
        code: Code::STARVED,
        threshold: None,
        window: Some(Window::Of(10 * SECOND)),
        count: None,
        meaning: "a class that sends has no request answered for so long, while others have",
    },
    Row {
        kind: Kind::Overdue,
        name: "overdue",
        code: Code::OVERDUE,
        threshold: None,
        window: Some(Window::Timeouts(10)),
        count: None,
        meaning: "a request is inside for longer than this",
    },
    Row {
        kind: Kind::Metastable,
        name: "metastable",
        code: Code::METASTABLE,
        threshold: Some(("goodput", 0.9, Threshold::Share)),
        window: Some(Window::Timeouts(10)),
        count: None,
        meaning: "offered load is back under what was carried well, and goodput stays under this \
                  share of it for so long",
    },
];

impl Kind {
    /// Its row; `None` for the user's own.
    pub fn row(self) -> Option<&'static Row> {
        DETECTORS.get(self as usize)
    }

    /// Its name in files and lists.
    pub fn name(self) -> &'static str {
        self.row().map_or("own", |row| row.name)
    }

    /// The code of its incidents.
    pub fn code(self) -> Code {
        self.row().map_or(Code::OWN_CONDITION, |row| row.code)
    }

    /// The kind with this number, as tokens have it.
    pub fn from_number(number: u8) -> Option<Kind> {
        let built_in = DETECTORS.get(usize::from(number)).map(|row| row.kind);
        built_in.or((usize::from(number) == DETECTORS.len()).then_some(Kind::Own))
    }
}

/// A detector as it is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Which.
    pub kind: Kind,
    /// See [`Row::threshold`]; of no meaning where there is none.
    pub threshold: f64,
    /// See [`Row::window`].
    pub window: Window,
    /// See [`Row::count`].
    pub count: u64,
    /// The workers it is for, as (name of the service, number from 1); empty: all.
    pub workers: Vec<(String, u32)>,
}

/// A condition of the user's own: `METRIC OP VALUE for TIME`.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    /// As written.
    pub text: String,
    /// What is bounded, over the running window.
    pub metric: Metric,
    /// Whether it fires above the bound, or below.
    pub above: bool,
    /// The bound, in the metric's unit.
    pub bound: f64,
    /// Length of the window.
    pub window: Nanos,
}

/// What part of requests an objective lets go wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// The line of the objective.
    pub text: String,
    /// 0 to 1.
    pub share: f64,
    /// What is wrong: an answer later than this (nanoseconds); `None`: a lost request.
    pub over: Option<Nanos>,
}

/// What is looked for in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// Detectors that are on, in the order of [`Kind`].
    pub built_in: Vec<Rule>,
    /// Of the user's own.
    pub own: Vec<Own>,
    /// What `slo_burn` watches.
    pub budgets: Vec<Budget>,
}

impl Rules {
    /// Every detector with its defaults.
    pub fn standard() -> Rules {
        let built_in = DETECTORS.iter().map(Rule::of).collect();
        Rules {
            built_in,
            ..Rules::default()
        }
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.built_in.is_empty() && self.own.is_empty()
    }

    /// The rule of a kind, if it is on.
    pub fn get(&self, kind: Kind) -> Option<&Rule> {
        self.built_in.iter().find(|rule| rule.kind == kind)
    }
}

impl Rule {
    /// A detector with its defaults.
    pub fn of(row: &Row) -> Rule {
        Rule {
            kind: row.kind,
            threshold: row.threshold.map_or(0.0, |(_, value, _)| value),
            window: row.window.unwrap_or(Window::Of(0)),
            count: row.count.map_or(0, |(_, count)| count),
            workers: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_their_kinds() {
        for (number, row) in (0u8..).zip(&DETECTORS) {
            assert_eq!(row.kind as u8, number);
            assert_eq!(Kind::from_number(number), Some(row.kind));
        }
        assert_eq!(Kind::from_number(DETECTORS.len() as u8), Some(Kind::Own));
        assert_eq!(Kind::from_number(DETECTORS.len() as u8 + 1), None);
    }
}
