//! Who of its workers a balancer leaves out by itself, as data. Shares are whole millionths.

use crate::base::units::Nanos;

/// One, in the millionths that shares are kept in.
pub const WHOLE: u32 = 1_000_000;

/// Workers that do worse than the others get nothing for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlierSpec {
    /// Time between two sweeps, nanoseconds.
    pub every: Nanos,
    /// Failures in a row.
    pub consecutive: u32,
    /// Failures in a row that are no error of the worker itself.
    pub consecutive_gateway: u32,
    /// Standard deviations below the mean success rate, in thousandths.
    pub success_rate_factor_milli: u32,
    /// Share of failures in a sweep's time, in millionths.
    pub failure_share: u32,
    /// How long the first ejection lasts, nanoseconds.
    pub eject_for: Nanos,
    /// Largest share of the workers that is out at once, in millionths.
    pub max_share: u32,
    /// Fewest workers with enough calls for the two shares to be judged.
    pub min_hosts: u32,
    /// Fewest calls of a worker between two sweeps; `None`: 100 for the success rate, 50 for the
    /// share of failures.
    pub min_calls: Option<u32>,
    /// How likely each trigger ejects.
    pub enforce: EnforceSpec,
}

/// How likely triggers eject, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnforceSpec {
    /// Failures in a row.
    pub consecutive: u32,
    /// The same of those that are no error of the worker.
    pub consecutive_gateway: u32,
    /// The success rate.
    pub success_rate: u32,
    /// The share of failures.
    pub failure_share: u32,
}

/// Workers are asked again and again whether they are well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthSpec {
    /// Time between two checks of a worker, nanoseconds.
    pub every: Nanos,
    /// How long an answer may take, nanoseconds.
    pub timeout: Nanos,
    /// Checks in a row that fail, for a worker to be unfit.
    pub fall: u32,
    /// Checks in a row that pass, for it to be fit again.
    pub rise: u32,
    /// What becomes of an unfit worker.
    pub action: HealthAction,
    /// What is asked.
    pub path: CheckPath,
}

/// What becomes of an unfit worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthAction {
    /// It gets nothing until it is fit again.
    Remove,
    /// It is restarted.
    Restart,
}

/// What a health check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckPath {
    /// Whether the process answers.
    Shallow,
    /// Whether a request would be served.
    Deep,
}
