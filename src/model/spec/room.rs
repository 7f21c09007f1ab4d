//! Who is let in and served next, as data.

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

/// What a worker does with a request whose memory does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RamPolicy {
    /// It is as with a full buffer, but with the code of RAM.
    #[default]
    Refuse,
    /// Lets it in, and is killed: all aboard is lost and the worker restarts.
    OomKill,
}
