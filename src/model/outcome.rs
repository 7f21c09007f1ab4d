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
    /// Left the buffer: its patience ran out.
    GaveUp,
    /// Lost aboard a worker that went down.
    WorkerDown,
    /// Sent to a worker that is down: no connection.
    NoConnection,
}

impl Outcome {
    /// How many there are.
    pub const COUNT: usize = 9;
    /// All of them, by index.
    pub const ALL: [Outcome; Outcome::COUNT] = [
        Outcome::Ok,
        Outcome::RamFull,
        Outcome::BufferFull,
        Outcome::TimedOut,
        Outcome::NoWorker,
        Outcome::BreakerOpen,
        Outcome::GaveUp,
        Outcome::WorkerDown,
        Outcome::NoConnection,
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
            Outcome::GaveUp => Some(Code::GAVE_UP),
            Outcome::WorkerDown => Some(Code::WORKER_DOWN),
            Outcome::NoConnection => Some(Code::CONNECTION),
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
            Outcome::GaveUp => "gave_up",
            Outcome::WorkerDown | Outcome::NoConnection => "failed",
            _ => "refused",
        }
    }

    /// Turned away without having been taken in.
    pub fn is_refusal(self) -> bool {
        self.word() == "refused"
    }
}
