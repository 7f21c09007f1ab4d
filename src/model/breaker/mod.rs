//! Circuit breakers, one file a dialect. A breaker is a state machine: time and outcomes in,
//! permission out. It knows neither its caller nor the queue. (`envoy_limits` is no machine: it is
//! kept with the limits of clients.)

mod consecutive;
mod failure_accrual;
mod guard;
mod hystrix;
mod lost;
mod polly8;
mod resilience4j;
#[cfg(test)]
mod script;

pub use consecutive::Consecutive;
pub use failure_accrual::FailureAccrual;
pub use guard::Guard;
pub use hystrix::Hystrix;
pub use lost::Lost;
pub use polly8::Polly8;
pub use resilience4j::Resilience4j;

use super::spec::BreakerSpec;
use crate::base::units::Nanos;
use crate::engine::rng::Stream;
use crate::model::incident::BreakerState;

/// Name and one line of each dialect.
pub const BREAKERS: &[(&str, &str)] = &[
    (
        "consecutive",
        "opens after some failures in a row, closes after some successes",
    ),
    (
        "resilience4j",
        "opens at a share of failures or of slow calls over a window",
    ),
    (
        "hystrix",
        "looks at the share of failures of the last seconds twice a second, then lets one call try",
    ),
    (
        "polly8",
        "opens at a failure that makes the share of failures too high, then lets one call try",
    ),
    (
        "failure_accrual",
        "opens after failures in a row or at a low average of successes, for longer each time",
    ),
    (
        "envoy_limits",
        "bounds what a client has out and retries at once; remembers nothing",
    ),
];

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whether it failed.
    pub failed: bool,
    /// How long it took, nanoseconds.
    pub took: Nanos,
    /// The breaker's epoch when the call was let in ([`Breaker::epoch`]).
    pub epoch: u32,
}

/// Any of the dialects, with its state.
#[derive(Clone, Debug)]
pub enum Breaker {
    /// Failures in a row.
    Consecutive(Consecutive),
    /// Shares over a window.
    Resilience4j(Resilience4j),
    /// A share over a window, seen now and then.
    Hystrix(Hystrix),
    /// A share over a window, seen at failures.
    Polly8(Polly8),
    /// Failures in a row, or a moving average.
    FailureAccrual(FailureAccrual),
}

/// What a breaker did when it heard of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing that changes whom it lets in.
    Nothing,
    /// It opens: the caller says until when with [`Breaker::open`].
    Opens {
        /// Since when, now or earlier.
        since: Nanos,
    },
    /// It lets more calls in than before, or fewer.
    Changed,
}

/// The same of whichever dialect it is.
macro_rules! each {
    ($of:expr, $b:ident => $do:expr) => {
        match $of {
            Breaker::Consecutive($b) => $do,
            Breaker::Resilience4j($b) => $do,
            Breaker::Hystrix($b) => $do,
            Breaker::Polly8($b) => $do,
            Breaker::FailureAccrual($b) => $do,
        }
    };
}

impl Breaker {
    /// Closed.
    pub fn new(spec: &BreakerSpec) -> Breaker {
        match spec {
            BreakerSpec::Consecutive {
                failures,
                half_open_calls,
                successes,
                ..
            } => {
                let machine = Consecutive::new(*failures, *half_open_calls, *successes);
                Breaker::Consecutive(machine)
            }
            BreakerSpec::Resilience4j { .. } => Breaker::Resilience4j(Resilience4j::new(spec)),
            BreakerSpec::Hystrix {
                window,
                every,
                min_calls,
                failure_share,
                ..
            } => Breaker::Hystrix(Hystrix::new(*window, *every, *min_calls, *failure_share)),
            BreakerSpec::Polly8 {
                window,
                min_calls,
                failure_share,
                ..
            } => Breaker::Polly8(Polly8::new(*window, *min_calls, *failure_share)),
            BreakerSpec::FailureAccrual { .. } => {
                Breaker::FailureAccrual(FailureAccrual::new(spec))
            }
        }
    }

    /// Whether a call would be let in now.
    #[inline]
    pub fn admits(&self, now: Nanos) -> bool {
        each!(self, b => b.admits(now))
    }

    /// Its state; open until its wait is over, whenever the next call comes.
    pub fn state(&self, now: Nanos) -> BreakerState {
        each!(self, b => b.state(now))
    }

    /// The first moment at which time alone changes whom it lets in, or may do so.
    pub fn next_change(&self) -> Option<Nanos> {
        each!(self, b => b.next_change())
    }

    /// Lets time alone do its work, one change of state at most.
    pub fn tick(&mut self, now: Nanos) -> Heard {
        match self {
            Breaker::Resilience4j(b) => b.tick(now),
            Breaker::Hystrix(b) => b.tick(now),
            _ => Heard::Nothing,
        }
    }

    /// Lets a call in that it [admits](Breaker::admits); says whether that changed whom it lets in
    /// next. Afterwards [`Breaker::epoch`] goes with the call.
    #[inline]
    pub fn enter(&mut self, now: Nanos) -> bool {
        each!(self, b => b.enter(now))
    }

    /// Hears what became of a call that was let in.
    #[inline]
    pub fn hear(&mut self, now: Nanos, call: Call) -> Heard {
        each!(self, b => b.hear(now, call))
    }

    /// A call that was let in is taken back, or ended in a way that the breaker does not count.
    /// Mostly that is neither failure nor success, and a half-open breaker may let another in.
    pub fn forget(&mut self, now: Nanos, epoch: u32) -> Heard {
        match self {
            Breaker::Consecutive(b) => b.forget(epoch),
            Breaker::Resilience4j(b) => b.forget(epoch),
            Breaker::Hystrix(b) => b.forget(now),
            Breaker::Polly8(b) => {
                let (failed, took) = (false, 0);
                b.hear(
                    now,
                    Call {
                        failed,
                        took,
                        epoch,
                    },
                )
            }
            Breaker::FailureAccrual(b) => b.forget(now),
        }
    }

    /// After [`Heard::Opens`], where the spec does not say how long it stays open: how long.
    pub fn wait(&mut self, stream: &mut Stream) -> Nanos {
        match self {
            Breaker::FailureAccrual(b) => b.wait(stream),
            _ => unreachable!("the spec of every other dialect says it"),
        }
    }

    /// After [`Heard::Opens`]: until when.
    pub fn open(&mut self, until: Nanos) {
        each!(self, b => b.open(until))
    }

    /// Counts changes of state.
    #[inline]
    pub fn epoch(&self) -> u32 {
        each!(self, b => b.epoch())
    }
}
