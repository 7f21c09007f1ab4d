//! Several copies of one request.

use crate::base::units::Nanos;

/// Copies sent at once, each an attempt with a draw of work of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FanOutSpec {
    /// How many; `None`: one for each worker of the service.
    pub copies: Option<u32>,
    /// How many must be `ok`; `None`: all.
    pub need: Option<u32>,
    /// What becomes of the others once the request is decided: [`Cancel::Nothing`] or
    /// [`Cancel::Full`].
    pub rest: Cancel,
}

/// Further copies of a request that is not answered soon; the first `ok` wins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HedgeSpec {
    /// Whose rules.
    pub kind: HedgeKind,
    /// Time without an answer before another copy is sent, nanoseconds; 0: all at once.
    pub after: Nanos,
    /// Most extra copies.
    pub max: u32,
    /// What becomes of the losers.
    pub cancel: Cancel,
}

/// Whose rules a hedge follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HedgeKind {
    /// A copy that fails sends the next at once; at most 4 extra copies.
    Grpc,
    /// A copy that fails sends the next at once.
    Polly,
    /// Only time sends the next; the request fails with its last open copy.
    Envoy,
}

/// What is taken back of an attempt that nobody waits for any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cancel {
    /// Nothing: its work goes on.
    #[default]
    Nothing,
    /// It leaves a buffer, but not a core.
    Queued,
    /// It leaves buffer and core.
    Full,
}
