//! How an attempt ends: exactly one of these for each, with its code.

use crate::base::codes::Code;

/// The end of an attempt, as its caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// Answered before its client gave up.
    Ok,
    /// Refused: its memory does not fit.
    RamFull,
    /// Refused: no place in the buffer, or the worker is wedged.
    BufferFull,
    /// The client's timeout ran out first.
    TimedOut,
    /// Refused: no worker is eligible.
    NoWorker,
    /// Refused: breakers shut off every worker.
    BreakerOpen,
    /// Refused: the client's own limit.
    Limited,
    /// Lost aboard a worker that went down.
    WorkerDown,
    /// Sent to a worker that is down: no connection.
    NoConnection,
    /// Taken back: nobody waits for it any more.
    Cancelled,
}

impl Outcome {
    /// How many there are.
    pub const COUNT: usize = 10;
    /// All of them, by index.
    pub const ALL: [Outcome; Outcome::COUNT] = [
        Outcome::Ok,
        Outcome::RamFull,
        Outcome::BufferFull,
        Outcome::TimedOut,
        Outcome::NoWorker,
        Outcome::BreakerOpen,
        Outcome::Limited,
        Outcome::WorkerDown,
        Outcome::NoConnection,
        Outcome::Cancelled,
    ];

    /// Its place in arrays of counts.
    #[inline]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The numbered code; `None` for [`Outcome::Ok`].
    pub fn code(self) -> Option<Code> {
        match self {
            Outcome::Ok => None,
            Outcome::RamFull => Some(Code::RAM_FULL),
            Outcome::BufferFull => Some(Code::BUFFER_FULL),
            Outcome::TimedOut => Some(Code::TIMED_OUT),
            Outcome::NoWorker => Some(Code::NO_ELIGIBLE_WORKER),
            Outcome::BreakerOpen => Some(Code::BREAKER_OPEN),
            Outcome::Limited => Some(Code::LIMITED),
            Outcome::WorkerDown => Some(Code::WORKER_DOWN),
            Outcome::NoConnection => Some(Code::CONNECTION),
            Outcome::Cancelled => Some(Code::CANCELLED),
        }
    }

    /// The outcome with this code.
    pub fn from_code(code: Code) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|o| o.code() == Some(code))
    }

    /// The word in the `outcome` column of `attempts.csv`.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::TimedOut => "timed_out",
            Outcome::WorkerDown | Outcome::NoConnection => "failed",
            Outcome::Cancelled => "cancelled",
            _ => "refused",
        }
    }

    /// Turned away without having been taken in.
    pub fn is_refusal(self) -> bool {
        self.word() == "refused"
    }
}
