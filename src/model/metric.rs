//! Metrics: what can be asked of a tally, by the names that files, objectives and charts use.
//!
//! A metric is a row of [`TABLE`] or one of the parametrised families of [`FAMILIES`], narrowed
//! to a part of the system by an `@` suffix. Its value for a trial and for several trials pooled
//! comes from the same [`Part`]: a quotient of sums, a percentile, a spread or a maximum.

mod catalogue;
mod eval;
mod parse;

pub use catalogue::{FAMILIES, Family, Row, TABLE};
pub use eval::{Context, Part};
pub use parse::MetricError;

use super::outcome::Outcome;
use crate::base::units::Nanos;

/// A metric with its scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// What is measured.
    pub kind: Kind,
    /// Of which part of the system.
    pub scope: Scope,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A row of [`TABLE`].
    Row(usize),
    /// A percentile of a delay: digits after the `p` (`99`, `999`) and the share (0.99, 0.999).
    Percentile(Delay, f64),
    /// Share of a delay above this, nanoseconds.
    Over(Delay, Nanos),
    /// Requests lost with this outcome of their last attempt, per request.
    Lost(Outcome),
    /// Attempts that ended with this refusal, per attempt.
    Refused(Outcome),
    /// Attempts inside at this time after the start of the measured time.
    InsideAt(Nanos),
}

/// Which delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// Of requests.
    Latency,
    /// Of attempts, in buffers.
    Wait,
    /// Of attempts, in the service.
    Response,
}

/// Which part of the system, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    All,
    /// A service.
    Service(String),
    /// A worker (from 1) of a service.
    Worker(String, u32),
    /// The classes of this name, of every source.
    Class(String),
    /// A source.
    Source(String),
}

/// The unit of a metric's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// A second.
    PerSecond,
    /// 0 to 1.
    Share,
    /// A plain number.
    Count,
    /// Bytes.
    Bytes,
    /// Money an hour, a month or a million requests, in the model's currency.
    Money,
}
