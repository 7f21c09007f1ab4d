//! Who is let in and served next, and what full RAM does, as data.

use crate::base::units::Nanos;

/// What a worker does when a request does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Turns it away.
    Reject,
    /// Turns it away, and everything after it until restarted.
    Wedge,
    /// The one who has waited longest is turned away instead.
    DropOldest,
    /// It waits at its sender, in order: in the balancer's buffer, for this worker.
    Block,
    /// The balancer tries another worker.
    Redispatch {
        /// So many others at most.
        max: u32,
    },
    /// It is put aside, never to be tried again.
    DeadLetter,
    /// Turns it away; the worker goes down and what is aboard is lost.
    Crash,
}

/// Stands for cores without bound.
pub const UNBOUNDED_CORES: u32 = u32::MAX;

/// Who of those who wait is served next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discipline {
    /// First come, first served.
    #[default]
    Fifo,
    /// Last come, first served.
    Lifo,
    /// Last come, first served while there is a backlog; else first come, first served.
    AdaptiveLifo {
        /// There is one while more than so many wait.
        above: u32,
    },
    /// The most urgent class first, without pre-emption; within it first come, first served.
    Priority,
    /// The earliest deadline first, without pre-emption; who has none comes last.
    Edf,
    /// Nobody waits: all inside share the cores equally, each at most one.
    Ps,
}

/// What a worker whose RAM is nearly full suffers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PressureSpec {
    /// Share of the RAM in use, above 0 and below 1, beyond which it does.
    pub above: f64,
    /// What its speed is multiplied by then, above 0 and below 1.
    pub factor: f64,
}

/// Garbage collection that stops a worker: each time that requests have allocated so much memory,
/// all its cores stand still for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GcSpec {
    /// Bytes allocated from one collection to the next.
    pub eden: u64,
    /// How long a collection takes where nothing is in use, nanoseconds.
    pub pause: Nanos,
    /// How much longer for each GiB that is in use, nanoseconds.
    pub per_gib: Nanos,
}

/// What a worker does with a request whose memory does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RamPolicy {
    /// It is as with a full buffer, but with the code of RAM.
    #[default]
    Refuse,
    /// Lets it in, and is killed: all aboard is lost and the worker restarts.
    OomKill,
}
