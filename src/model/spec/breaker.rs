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
        /// What is a failure; other failures are neither failure nor success.
        counts: Failures,
    },
}

impl BreakerSpec {
    /// What is a failure.
    pub fn counts(&self) -> Failures {
        match self {
            BreakerSpec::Consecutive { counts, .. } | BreakerSpec::Resilience4j { counts, .. } => {
                *counts
            }
        }
    }
}

/// What a breaker's shares are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerWindow {
    /// The last so many calls.
    Calls(u32),
    /// The last so many whole seconds.
    Seconds(u32),
}
