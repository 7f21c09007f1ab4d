//! Circuit breakers, one file a dialect. A breaker is a state machine: time and outcomes in,
//! permission out. It knows neither its caller nor the queue.

mod consecutive;
mod resilience4j;

pub use consecutive::Consecutive;
pub use resilience4j::Resilience4j;

use super::spec::BreakerSpec;
use crate::base::units::Nanos;
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
        }
    }

    /// Whether a call would be let in now.
    #[inline]
    pub fn admits(&self, now: Nanos) -> bool {
        match self {
            Breaker::Consecutive(b) => b.admits(now),
            Breaker::Resilience4j(b) => b.admits(now),
        }
    }

    /// Its state; open until its wait is over, whenever the next call comes.
    pub fn state(&self, now: Nanos) -> BreakerState {
        match self {
            Breaker::Consecutive(b) => b.state(now),
            Breaker::Resilience4j(b) => b.state(now),
        }
    }

    /// The first moment at which time alone changes whom it lets in.
    pub fn next_change(&self) -> Option<Nanos> {
        match self {
            Breaker::Consecutive(b) => b.next_change(),
            Breaker::Resilience4j(b) => b.next_change(),
        }
    }

    /// Lets time alone do its work.
    pub fn tick(&mut self, now: Nanos) -> Heard {
        match self {
            Breaker::Consecutive(_) => Heard::Nothing,
            Breaker::Resilience4j(b) => b.tick(now),
        }
    }

    /// Lets a call in that it [admits](Breaker::admits); says whether that changed whom it lets in
    /// next. Afterwards [`Breaker::epoch`] goes with the call.
    #[inline]
    pub fn enter(&mut self, now: Nanos) -> bool {
        match self {
            Breaker::Consecutive(b) => b.enter(now),
            Breaker::Resilience4j(b) => b.enter(now),
        }
    }

    /// Hears what became of a call that was let in.
    #[inline]
    pub fn hear(&mut self, now: Nanos, call: Call) -> Heard {
        match self {
            Breaker::Consecutive(b) => b.hear(now, call),
            Breaker::Resilience4j(b) => b.hear(now, call),
        }
    }

    /// A call that was let in is taken back: it is neither failure nor success, and a half-open
    /// breaker may let another in. Says whether that changed whom it lets in.
    pub fn forget(&mut self, epoch: u32) -> bool {
        match self {
            Breaker::Consecutive(b) => b.forget(epoch),
            Breaker::Resilience4j(b) => b.forget(epoch),
        }
    }

    /// After [`Heard::Opens`]: until when.
    pub fn open(&mut self, until: Nanos) {
        match self {
            Breaker::Consecutive(b) => b.open(until),
            Breaker::Resilience4j(b) => b.open(until),
        }
    }

    /// Counts changes of state.
    #[inline]
    pub fn epoch(&self) -> u32 {
        match self {
            Breaker::Consecutive(b) => b.epoch(),
            Breaker::Resilience4j(b) => b.epoch(),
        }
    }
}
