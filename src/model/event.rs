//! Everything that can happen, and in what order within an instant.

use crate::engine::queue;

/// An event. Numbers are indices into the system's columns; an `epoch` or `generation` that has
/// moved on makes the event stale: it is dropped without effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A fault starts at one of its targets.
    FaultStart {
        /// Index of the target.
        target: u32,
    },
    /// A fault ends there.
    FaultEnd {
        /// Index of the target.
        target: u32,
    },
    /// A worker comes back.
    Restart {
        /// Its number in the system.
        worker: u32,
        /// Which of its lives was to be ended.
        epoch: u32,
    },
    /// A core has done its work.
    Complete {
        /// Its number in the system.
        core: u32,
        /// Which of its services.
        generation: u32,
    },
    /// A balancer has dispatched an attempt.
    Dispatched {
        /// The attempt.
        attempt: u32,
    },
    /// A client's timeout runs out.
    Timeout {
        /// The attempt.
        attempt: u32,
        /// Which user of that slot.
        generation: u32,
    },
    /// A source's next request is born.
    Arrive {
        /// The source.
        source: u32,
    },
    /// A request tries again.
    Retry {
        /// The request.
        request: u32,
    },
    /// A dispatched attempt reaches the point of being routed.
    Route {
        /// The attempt.
        attempt: u32,
    },
    /// Something is measured; moves nothing.
    Sample(Sample),
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Measured time begins.
    WarmUpOver,
    /// A window of the time series ends.
    WindowOver,
    /// Attempts inside are counted.
    Inside,
    /// Measured time ends.
    HorizonOver,
    /// The run ends.
    DrainOver,
}

impl queue::Event for Event {
    /// The one table of ranks.
    ///
    /// | rank | what | why there |
    /// |---|---|---|
    /// | 1 | faults and recoveries | what happens at the instant meets the system as it then is |
    /// | 2 | ends of service and of dispatch | a core is free before an arrival asks for it |
    /// | 3 | timers | an answer at the last nanosecond is in time |
    /// | 4 | arrivals: requests, retries, attempts to be routed | they meet the room that ends left |
    /// | 5 | samples | they see the settled state |
    #[inline(always)]
    fn rank(&self) -> u8 {
        match self {
            Event::FaultStart { .. } | Event::FaultEnd { .. } | Event::Restart { .. } => 1,
            Event::Complete { .. } | Event::Dispatched { .. } => 2,
            Event::Timeout { .. } => 3,
            Event::Arrive { .. } | Event::Retry { .. } | Event::Route { .. } => 4,
            Event::Sample(_) => 5,
        }
    }
}

/// Numbers under which events enter the fingerprint; never reused.
pub(super) mod kind {
    pub const BORN: u32 = 1;
    pub const ROUTED: u32 = 2;
    pub const COMPLETED: u32 = 3;
    pub const TIMED_OUT: u32 = 4;
    pub const RETRIED: u32 = 5;
    pub const FAULT_STARTED: u32 = 6;
    pub const FAULT_ENDED: u32 = 7;
    pub const RESTARTED: u32 = 8;
    /// Demand: what a request is, apart from what becomes of it.
    pub const DEMAND: u32 = 10;
}
