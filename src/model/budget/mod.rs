//! Retry budgets, one file a kind: what a caller allows itself of retries. A budget is a state
//! machine: times and ends of attempts in, leave to retry out. It knows neither its caller nor
//! requests nor the queue.

mod envoy;
mod failure_share;
mod finagle;
mod grpc_throttle;
mod token_bucket;

pub use envoy::Envoy;
pub use failure_share::FailureShare;
pub use finagle::Finagle;
pub use grpc_throttle::GrpcThrottle;
pub use token_bucket::TokenBucket;

use super::spec::BudgetSpec;
use crate::base::units::Nanos;

/// Name and one line of each kind.
pub const BUDGETS: &[(&str, &str)] = &[
    (
        "finagle",
        "requests deposit credit that lives for a time; a retry spends it, a reserve is free",
    ),
    (
        "envoy",
        "retries at once are at most a share of the attempts that are out",
    ),
    (
        "grpc_throttle",
        "failures take tokens, successes give parts back; retries only above half of them",
    ),
    (
        "token_bucket",
        "retries take tokens, successes or calls give parts back",
    ),
    (
        "failure_share",
        "no retries while more than a share of the calls has failed",
    ),
];

/// How an attempt ended, as far as budgets care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Answered in time.
    Well,
    /// Failed in a way after which its caller would retry.
    Badly,
    /// Failed otherwise, or taken back.
    Otherwise,
}

/// Any of the kinds, with its state.
#[derive(Clone, Debug)]
pub enum Budget {
    /// Deposits that live for a time.
    Finagle(Finagle),
    /// A share of what is out.
    Envoy(Envoy),
    /// Tokens, retries above half.
    GrpcThrottle(GrpcThrottle),
    /// Tokens that retries take.
    TokenBucket(TokenBucket),
    /// A share of failures.
    FailureShare(FailureShare),
}

impl Budget {
    /// A budget of this kind, at time 0. Times do not go back from call to call.
    pub fn new(spec: &BudgetSpec) -> Budget {
        match *spec {
            BudgetSpec::Finagle {
                percent_milli,
                ttl,
                min_per_second,
            } => Budget::Finagle(Finagle::new(percent_milli, ttl, min_per_second)),
            BudgetSpec::Envoy {
                percent_milli,
                min_concurrent,
            } => Budget::Envoy(Envoy::new(percent_milli, min_concurrent)),
            BudgetSpec::GrpcThrottle {
                tokens,
                ratio_milli,
            } => Budget::GrpcThrottle(GrpcThrottle::new(tokens, ratio_milli)),
            BudgetSpec::TokenBucket {
                tokens,
                ratio_milli,
                deposit,
            } => Budget::TokenBucket(TokenBucket::new(tokens, ratio_milli, deposit)),
            BudgetSpec::FailureShare { percent_milli } => {
                Budget::FailureShare(FailureShare::new(percent_milli))
            }
        }
    }

    /// A request is sent for the first time, in however many copies.
    pub fn call(&mut self, now: Nanos) {
        match self {
            Budget::Finagle(b) => b.call(now),
            Budget::TokenBucket(b) => b.call(),
            Budget::FailureShare(b) => b.call(),
            Budget::Envoy(_) | Budget::GrpcThrottle(_) => {}
        }
    }

    /// Whether it counts attempts, and not only calls and retries: else [`Budget::sends`],
    /// [`Budget::hears`] and [`Budget::retry_over`] change nothing.
    pub fn counts_attempts(&self) -> bool {
        !matches!(self, Budget::Finagle(_))
    }

    /// An attempt sets out, of whichever kind.
    pub fn sends(&mut self) {
        if let Budget::Envoy(b) = self {
            b.sends();
        }
    }

    /// The caller knows how an attempt ended that set out.
    pub fn hears(&mut self, ended: Ended) {
        match self {
            Budget::Finagle(_) => {}
            Budget::Envoy(b) => b.hears(),
            Budget::GrpcThrottle(b) => b.hears(ended),
            Budget::TokenBucket(b) => b.hears(ended),
            Budget::FailureShare(b) => b.hears(ended),
        }
    }

    /// A retry that was granted has ended, all its copies with it.
    pub fn retry_over(&mut self) {
        if let Budget::Envoy(b) = self {
            b.retry_over();
        }
    }

    /// Whether a retry may be made; if so it is paid for.
    pub fn grants(&mut self, now: Nanos) -> bool {
        match self {
            Budget::Finagle(b) => b.grants(now),
            Budget::Envoy(b) => b.grants(),
            Budget::GrpcThrottle(b) => b.grants(),
            Budget::TokenBucket(b) => b.grants(),
            Budget::FailureShare(b) => b.grants(),
        }
    }
}
