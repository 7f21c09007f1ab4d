//! What a caller does about trouble, as data.

use super::{
    BreakerSpec, BudgetSpec, Cancel, Dist, Failures, HedgeSpec, LimitSpec, PlacesSpec, SourceSpec,
};
use crate::base::units::Nanos;

/// What a caller does about trouble.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientSpec {
    /// How long one attempt may take, nanoseconds; `None`: waits for ever.
    pub timeout: Option<Dist>,
    /// How long a request may take from its birth, pauses and all attempts included, nanoseconds;
    /// `None`: for ever.
    pub deadline: Option<Nanos>,
    /// Whether workers drop, at its turn, what its deadline has passed.
    pub propagate_deadline: bool,
    /// How long an attempt is on its way to the service, and its answer on the way back,
    /// nanoseconds, each drawn by itself; `None`: no time.
    pub network: Option<Dist>,
    /// What is taken back of an attempt that was given up on.
    pub cancel: Cancel,
    /// How long an attempt stays in a buffer, nanoseconds from its arrival, drawn for a request at
    /// its birth; `None`: for ever. Once served it stays.
    pub patience: Option<Dist>,
    /// Further attempts; `None`: none.
    pub retry: Option<RetrySpec>,
    /// Further copies when no answer comes; `None`: none.
    pub hedge: Option<HedgeSpec>,
    /// What it lets itself send; `None`: everything.
    pub limit: Option<LimitSpec>,
    /// What shuts it off from the service that it calls; `None`: nothing.
    pub breaker: Option<ClientBreaker>,
}

/// What shuts a caller off from the service that it calls.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientBreaker {
    /// A breaker, which hears of this caller's calls of that service.
    Machine {
        /// Which.
        spec: BreakerSpec,
        /// What a call is.
        around: Around,
    },
    /// What Envoy calls circuit breaking: bounds without memory.
    Envoy(EnvoyLimits),
}

/// What a call is for a caller's breaker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Around {
    /// Every attempt.
    #[default]
    Attempt,
    /// A request with all its attempts.
    Call,
}

/// Bounds on what a caller has out at once; `None`: no such bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvoyLimits {
    /// Attempts that have a connection, each its own.
    pub connections: Option<u32>,
    /// Attempts that wait for one.
    pub pending: u32,
    /// Attempts that have one, whatever the connections.
    pub requests: Option<u32>,
    /// Requests that wait for a retry, or for its end.
    pub retries: Option<u32>,
}

impl SourceSpec {
    /// Whether a request may have several attempts, by retries or as copies.
    pub fn tries_again(&self) -> bool {
        self.client.retry.is_some() || self.client.hedge.is_some() || self.fan_out.is_some()
    }

    /// Where every call is one attempt, a breaker stands around the attempt.
    pub fn tidy_breaker(&mut self) {
        let again = self.tries_again();
        if let Some(ClientBreaker::Machine { around, .. }) = &mut self.client.breaker
            && !again
        {
            *around = Around::Attempt;
        }
    }
}

impl EnvoyLimits {
    /// Places for attempts: where connections are fewer than requests, attempts wait for one.
    pub fn places(&self) -> Option<PlacesSpec> {
        let most = u32::MAX;
        let bound = |bound: Option<u32>| bound.unwrap_or(most);
        let places = bound(self.connections).min(bound(self.requests));
        (places < most).then_some(PlacesSpec {
            places,
            pending: if self.waits() { self.pending } else { 0 },
            wait: None,
        })
    }

    /// Whether anybody can wait for a connection.
    pub fn waits(&self) -> bool {
        let bound = |bound: Option<u32>| bound.unwrap_or(u32::MAX);
        bound(self.requests) >= bound(self.connections)
    }
}

impl ClientSpec {
    /// Whether a request may have a deadline: its own, or that of the caller's caller.
    pub fn has_deadline(&self) -> bool {
        self.deadline.is_some() || self.propagate_deadline
    }

    /// The places that its attempts need, and whether they are those of Envoy's breaker.
    pub fn places(&self) -> (Option<PlacesSpec>, bool) {
        match &self.breaker {
            Some(ClientBreaker::Envoy(limits)) => (limits.places(), true),
            _ => (self.limit.as_ref().and_then(|l| l.in_flight), false),
        }
    }

    /// Whether an attempt may leave a buffer before its turn.
    pub fn may_leave(&self) -> bool {
        self.patience.is_some() || self.cancel != Cancel::Nothing
    }

    /// What it allows itself of retries, if that is bounded.
    pub fn budget(&self) -> Option<&BudgetSpec> {
        self.retry.as_ref()?.budget.as_ref()
    }
}

/// Further attempts after a failed one.
#[derive(Clone, Debug, PartialEq)]
pub struct RetrySpec {
    /// Most attempts, the first included; `u32::MAX` stands for unbounded.
    pub attempts: u32,
    /// How long it pauses before each.
    pub backoff: BackoffSpec,
    /// After what; other failures lose the request.
    pub on: Failures,
    /// How many it allows itself; `None`: all.
    pub budget: Option<BudgetSpec>,
}

/// How long a client pauses before it tries again.
#[derive(Clone, Debug, PartialEq)]
pub enum BackoffSpec {
    /// As a library or a paper does it.
    Kind {
        /// Which.
        kind: BackoffKind,
        /// What the first pause is made from, nanoseconds.
        base: Nanos,
        /// What pauses do not grow beyond, nanoseconds; `Nanos::MAX`: no such bound.
        cap: Nanos,
    },
    /// A draw for each attempt, nanoseconds.
    Drawn(Dist),
}

/// A rule for pauses, the n-th after n attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffKind {
    /// Uniform from 0 to `min(cap, base * 2^n)`.
    FullJitter,
    /// Uniform from half of that to that.
    EqualJitter,
    /// Uniform from `base` to three times the last pause, at most `cap`.
    Decorrelated,
    /// Uniform from 0 to `min(cap, base * (2^n - 1))`.
    Envoy,
    /// `min(cap, base * 2^(n - 1))`, a fifth more or less.
    Grpc,
    /// `min(cap, base * 1.5^(n - 1))`, half more or less.
    Resilience4j,
    /// Near `base * 2^(n - 1)`, smoothly spread, at most `cap`.
    Polly,
    /// Uniform from 0 to `min(cap, base * 3^(n - 1))`.
    Misim,
    /// At once.
    None,
}

impl BackoffKind {
    /// All of them.
    pub const ALL: [BackoffKind; 9] = [
        BackoffKind::FullJitter,
        BackoffKind::EqualJitter,
        BackoffKind::Decorrelated,
        BackoffKind::Envoy,
        BackoffKind::Grpc,
        BackoffKind::Resilience4j,
        BackoffKind::Polly,
        BackoffKind::Misim,
        BackoffKind::None,
    ];

    /// Whether what is capped is scattered around itself afterwards.
    pub fn is_scattered(self) -> bool {
        matches!(self, BackoffKind::Grpc | BackoffKind::Resilience4j)
    }
}

impl RetrySpec {
    /// After every failure, with pauses uniform from 0 to `min(cap, base * 2^n)`.
    pub fn full_jitter(attempts: u32, base: Nanos, cap: Nanos) -> RetrySpec {
        RetrySpec {
            attempts,
            backoff: BackoffSpec::Kind {
                kind: BackoffKind::FullJitter,
                base,
                cap,
            },
            on: Failures::ALL,
            budget: None,
        }
    }

    /// Most attempts: gRPC takes more than 5 for 5.
    pub fn most_attempts(&self) -> u32 {
        match self.backoff {
            BackoffSpec::Kind {
                kind: BackoffKind::Grpc,
                ..
            } => self.attempts.min(5),
            _ => self.attempts,
        }
    }

    /// Whether it never pauses.
    pub fn is_immediate(&self) -> bool {
        match &self.backoff {
            BackoffSpec::Kind { kind, base, cap } => {
                *kind == BackoffKind::None || *base == 0 || *cap == 0
            }
            BackoffSpec::Drawn(dist) => dist.is_constant() == Some(0.0),
        }
    }
}
