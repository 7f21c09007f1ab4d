//! How an attempt ends: exactly one of these for each, with its code.

use super::spec::FailureKind;
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
    /// Left the buffer: its patience ran out.
    GaveUp,
    /// Refused at its turn: its deadline had passed.
    Expired,
    /// An error of the worker, at once or when its work was done.
    Error,
    /// Lost aboard a worker that went down.
    WorkerDown,
    /// Lost aboard a worker that was killed for memory.
    OutOfMemory,
    /// Sent to a worker that is down: no connection.
    NoConnection,
    /// Put aside by a full buffer, never to be tried again.
    DeadLettered,
    /// Taken back: nobody waits for it any more.
    Cancelled,
    /// A service that it called did not answer.
    CallFailed,
    /// Refused: its worker sheds load.
    Shed,
    /// Lost aboard a worker that was taken away before it was done.
    Drained,
    /// Poisoned: it failed where it was served, or took its worker down.
    Poison,
}

impl Outcome {
    /// How many there are.
    pub const COUNT: usize = 19;
    /// All of them, by index.
    pub const ALL: [Outcome; Outcome::COUNT] = [
        Outcome::Ok,
        Outcome::RamFull,
        Outcome::BufferFull,
        Outcome::TimedOut,
        Outcome::NoWorker,
        Outcome::BreakerOpen,
        Outcome::Limited,
        Outcome::GaveUp,
        Outcome::Expired,
        Outcome::Error,
        Outcome::WorkerDown,
        Outcome::OutOfMemory,
        Outcome::NoConnection,
        Outcome::DeadLettered,
        Outcome::Cancelled,
        Outcome::CallFailed,
        Outcome::Shed,
        Outcome::Drained,
        Outcome::Poison,
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
            Outcome::Error => Some(Code::ERROR),
            Outcome::GaveUp => Some(Code::GAVE_UP),
            Outcome::Expired => Some(Code::EXPIRED),
            Outcome::WorkerDown => Some(Code::WORKER_DOWN),
            Outcome::OutOfMemory => Some(Code::KILLED_FOR_MEMORY),
            Outcome::NoConnection => Some(Code::CONNECTION),
            Outcome::DeadLettered => Some(Code::DEAD_LETTERED),
            Outcome::Cancelled => Some(Code::CANCELLED),
            Outcome::CallFailed => Some(Code::CALL_FAILED),
            Outcome::Shed => Some(Code::SHED),
            Outcome::Drained => Some(Code::DRAINED),
            Outcome::Poison => Some(Code::POISON),
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
            Outcome::Error
            | Outcome::WorkerDown
            | Outcome::OutOfMemory
            | Outcome::NoConnection
            | Outcome::Drained
            | Outcome::Poison
            | Outcome::CallFailed => "failed",
            Outcome::DeadLettered => "dead_lettered",
            Outcome::GaveUp => "gave_up",
            Outcome::Cancelled => "cancelled",
            _ => "refused",
        }
    }

    /// The kind of failure that retries and breakers see in it; `None`: no failure of the service.
    pub fn failure(self) -> Option<FailureKind> {
        match self {
            Outcome::Ok | Outcome::Cancelled => None,
            Outcome::RamFull
            | Outcome::BufferFull
            | Outcome::NoWorker
            | Outcome::BreakerOpen
            | Outcome::Limited
            | Outcome::Shed
            | Outcome::Expired
            | Outcome::DeadLettered => Some(FailureKind::Refused),
            Outcome::TimedOut | Outcome::GaveUp => Some(FailureKind::Timeout),
            Outcome::Error | Outcome::CallFailed | Outcome::Poison => Some(FailureKind::Error),
            Outcome::WorkerDown
            | Outcome::OutOfMemory
            | Outcome::NoConnection
            | Outcome::Drained => Some(FailureKind::Reset),
        }
    }

    /// A buffer or RAM was full.
    pub fn is_for_want_of_room(self) -> bool {
        matches!(
            self,
            Outcome::BufferFull | Outcome::RamFull | Outcome::OutOfMemory
        )
    }

    /// Turned away without having been taken in.
    pub fn is_refusal(self) -> bool {
        self.word() == "refused"
    }
}
