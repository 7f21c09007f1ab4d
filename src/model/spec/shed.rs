//! What a worker sheds, as data.

use crate::base::units::Nanos;

/// How a worker sheds load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShedSpec {
    /// Controlled delay, at the turn.
    Codel {
        /// A wait of so long is long, nanoseconds.
        target: Nanos,
        /// Once waits have been long for so long, something is dropped; nanoseconds.
        interval: Nanos,
    },
    /// Two lengths of waits, at the turn.
    CodelServer {
        /// What may be waited while the buffer has not been empty for `interval`, nanoseconds.
        target: Nanos,
        /// What may be waited else, nanoseconds.
        interval: Nanos,
    },
    /// A limit that grows by one and falls by a share.
    Aimd {
        /// Its limit.
        limit: LimitRange,
        /// The share that is left at a drop, 0.5 to below 1.
        backoff: f64,
        /// A time above which is as bad as a drop, nanoseconds.
        timeout: Nanos,
    },
    /// A limit by the queue.
    Vegas {
        /// Its limit.
        limit: LimitRange,
    },
    /// A limit by the gradient of times.
    Gradient2 {
        /// Its limit.
        limit: LimitRange,
        /// The part of a step that is taken, above 0 and at most 1.
        smoothing: f64,
        /// How long a queue has room besides.
        queue: u32,
        /// How much longer than in the long run times may be, 1 or more.
        tolerance: f64,
        /// How many times the long run is.
        long_window: u32,
    },
}

/// How many may be inside, waiting and in service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRange {
    /// At first.
    pub start: u32,
    /// At least.
    pub min: u32,
    /// At most.
    pub max: u32,
}

impl ShedSpec {
    /// As a file writes its kind.
    pub fn word(&self) -> &'static str {
        match self {
            ShedSpec::Codel { .. } => "codel",
            ShedSpec::CodelServer { .. } => "codel_server",
            ShedSpec::Aimd { .. } => "aimd",
            ShedSpec::Vegas { .. } => "vegas",
            ShedSpec::Gradient2 { .. } => "gradient2",
        }
    }

    /// The limit of what may be inside, for kinds that have one.
    pub fn range(&self) -> Option<LimitRange> {
        match *self {
            ShedSpec::Aimd { limit, .. }
            | ShedSpec::Vegas { limit }
            | ShedSpec::Gradient2 { limit, .. } => Some(limit),
            ShedSpec::Codel { .. } | ShedSpec::CodelServer { .. } => None,
        }
    }
}
