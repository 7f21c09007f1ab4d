//! Circuit breakers, as data.

use super::{Dist, Failures};
use crate::base::units::Nanos;

/// A circuit breaker, by dialect.
#[derive(Clone, Debug, PartialEq)]
pub enum BreakerSpec {
    /// Opens after some failures in a row.
    Consecutive {
        /// How many failures in a row open it.
        failures: u32,
        /// How long it stays open, nanoseconds.
        open_for: Dist,
        /// How many calls may be out at once while half-open.
        half_open_calls: u32,
        /// How many successes in a row close it from half-open.
        successes: u32,
        /// What is a failure; other failures are neither failure nor success.
        counts: Failures,
    },
    /// As the library of that name: shares of failures and of slow calls over a window.
    Resilience4j {
        /// Over what.
        window: BreakerWindow,
        /// Fewest calls before shares are looked at.
        min_calls: u32,
        /// Opens at this share of failures (0 to 1).
        failure_share: f64,
        /// A call longer than this is slow, nanoseconds.
        slow_after: Nanos,
        /// Opens at this share of slow calls (0 to 1).
        slow_share: f64,
        /// How long it stays open, nanoseconds.
        open_for: Dist,
        /// Calls permitted while half-open.
        half_open_calls: u32,
        /// Longest stay half-open, nanoseconds, then open again; `None`: for ever.
        half_open_max: Option<Nanos>,
        /// Whether it becomes half-open at the end of the wait by itself, not at the next call.
        automatic: bool,
        /// Share of results that never reach it.
        lost_reply: f64,
        /// What is a failure; other failures are neither failure nor success.
        counts: Failures,
    },
    /// As the library of that name: looks at a rolling window now and then.
    Hystrix {
        /// Over how long, nanoseconds, a whole number of `every`.
        window: Nanos,
        /// How often it looks, nanoseconds; also the length of a part of the window.
        every: Nanos,
        /// Fewest calls in the window before it judges.
        min_calls: u32,
        /// Opens at this share of failures, a whole percent.
        failure_share: f64,
        /// How long it stays open, nanoseconds.
        open_for: Dist,
        /// What is a failure; any other failure only ends a probe.
        counts: Failures,
    },
    /// As Polly's from version 8 on: looks at a rolling window at each failure.
    Polly8 {
        /// Over how long, nanoseconds.
        window: Nanos,
        /// Fewest calls in the window before it judges.
        min_calls: u32,
        /// Opens at this share of failures (0 to 1).
        failure_share: f64,
        /// How long it stays open, nanoseconds.
        open_for: Dist,
        /// What is a failure; everything else is a success.
        counts: Failures,
    },
    /// As Finagle's: failures in a row, or too low an average of successes.
    FailureAccrual {
        /// How many failures in a row open it.
        failures: u32,
        /// Mean age of what the average is made of, and how long it must have run, nanoseconds.
        window: Nanos,
        /// Fewest calls within the window before the average counts.
        min_calls: u32,
        /// Opens when the average share of failures is above this.
        failure_share: f64,
        /// How long it stays open.
        wait: AccrualWait,
        /// What is a failure; other failures are neither failure nor success.
        counts: Failures,
    },
}

/// How long a breaker of the kind `failure_accrual` stays open.
#[derive(Clone, Debug, PartialEq)]
pub enum AccrualWait {
    /// Longer each time until it closes: first `base`, then the n-th uniform from
    /// `base * 2^(n - 1)` to twice that, at most `cap`. Nanoseconds.
    EqualJitter {
        /// The first time.
        base: Nanos,
        /// The longest.
        cap: Nanos,
    },
    /// A draw each time, nanoseconds.
    Drawn(Dist),
}

impl BreakerSpec {
    /// What is a failure.
    pub fn counts(&self) -> Failures {
        match self {
            BreakerSpec::Consecutive { counts, .. }
            | BreakerSpec::Resilience4j { counts, .. }
            | BreakerSpec::Hystrix { counts, .. }
            | BreakerSpec::Polly8 { counts, .. }
            | BreakerSpec::FailureAccrual { counts, .. } => *counts,
        }
    }

    /// Share of results that never reach it.
    pub fn lost_reply(&self) -> f64 {
        match self {
            BreakerSpec::Resilience4j { lost_reply, .. } => *lost_reply,
            _ => 0.0,
        }
    }

    /// How long it stays open, where that is drawn.
    pub fn open_for(&self) -> Option<&Dist> {
        match self {
            BreakerSpec::Consecutive { open_for, .. }
            | BreakerSpec::Resilience4j { open_for, .. }
            | BreakerSpec::Hystrix { open_for, .. }
            | BreakerSpec::Polly8 { open_for, .. } => Some(open_for),
            BreakerSpec::FailureAccrual { wait, .. } => match wait {
                AccrualWait::Drawn(dist) => Some(dist),
                AccrualWait::EqualJitter { .. } => None,
            },
        }
    }

    /// The same, to be changed.
    pub fn open_for_mut(&mut self) -> Option<&mut Dist> {
        match self {
            BreakerSpec::Consecutive { open_for, .. }
            | BreakerSpec::Resilience4j { open_for, .. }
            | BreakerSpec::Hystrix { open_for, .. }
            | BreakerSpec::Polly8 { open_for, .. } => Some(open_for),
            BreakerSpec::FailureAccrual { wait, .. } => match wait {
                AccrualWait::Drawn(dist) => Some(dist),
                AccrualWait::EqualJitter { .. } => None,
            },
        }
    }
}

/// Whose a balancer's breaker of a worker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerShare {
    /// Each instance of the balancer has its own.
    #[default]
    Instance,
    /// All instances have the same.
    All,
}

/// What a breaker's shares are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerWindow {
    /// The last so many calls.
    Calls(u32),
    /// The last so many whole seconds.
    Seconds(u32),
}
