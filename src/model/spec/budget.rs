//! Retry budgets, as data. Shares and tokens are whole thousandths, so that nothing drifts.

use crate::base::units::Nanos;

/// What a caller allows itself of retries, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetSpec {
    /// Deposits of first attempts that live for a time, and a reserve.
    Finagle {
        /// Retries that a hundred requests pay for, in thousandths.
        percent_milli: u32,
        /// How long a deposit lives, nanoseconds.
        ttl: Nanos,
        /// Retries a second that need no deposit.
        min_per_second: u32,
    },
    /// A share of what is out at once.
    Envoy {
        /// Retries for a hundred attempts that are out, in thousandths.
        percent_milli: u32,
        /// Retries at once that are always allowed.
        min_concurrent: u32,
    },
    /// Tokens that failures take and successes give back; retries only above half of them.
    GrpcThrottle {
        /// Most tokens.
        tokens: u32,
        /// Tokens that a success gives, in thousandths.
        ratio_milli: u32,
    },
    /// Tokens that retries take.
    TokenBucket {
        /// Most tokens.
        tokens: u32,
        /// Tokens of a deposit, in thousandths.
        ratio_milli: u32,
        /// What makes a deposit.
        deposit: Deposit,
    },
    /// No retries while too many calls failed.
    FailureShare {
        /// Failures of a hundred calls up to which retries are allowed, in thousandths.
        percent_milli: u32,
    },
}

/// What makes a deposit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deposit {
    /// An attempt that is answered in time.
    Success,
    /// A request, when it is first sent.
    Call,
}

impl BudgetSpec {
    /// As written.
    pub fn word(&self) -> &'static str {
        match self {
            BudgetSpec::Finagle { .. } => "finagle",
            BudgetSpec::Envoy { .. } => "envoy",
            BudgetSpec::GrpcThrottle { .. } => "grpc_throttle",
            BudgetSpec::TokenBucket { .. } => "token_bucket",
            BudgetSpec::FailureShare { .. } => "failure_share",
        }
    }
}
