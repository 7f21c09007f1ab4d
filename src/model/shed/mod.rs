//! Load shedding at a worker, one file a kind: whom it lets in and whom it still serves when its
//! turn comes. A shedder is a state machine: arrivals, turns and ends in, yes or no out. It knows
//! neither its worker nor requests nor the queue.

mod aimd;
mod codel;
mod codel_server;
mod gradient2;
mod vegas;

pub use aimd::Aimd;
pub use codel::Codel;
pub use codel_server::CodelServer;
pub use gradient2::Gradient2;
pub use vegas::Vegas;

use super::spec::ShedSpec;
use crate::base::units::Nanos;
use crate::engine::rng::Stream;

/// Name and one line of each kind.
pub const SHEDDERS: &[(&str, &str)] = &[
    (
        "codel",
        "at its turn, while waits stay above a target: the more the longer that goes on",
    ),
    (
        "codel_server",
        "at its turn, what waited for long, or while the buffer is never empty a little",
    ),
    (
        "aimd",
        "at the door, above a limit that grows by one and falls by a share at a drop",
    ),
    (
        "vegas",
        "at the door, above a limit by the queue that times above the shortest tell of",
    ),
    (
        "gradient2",
        "at the door, above a limit by the ratio of times in the long run and now",
    ),
];

/// How an attempt that was let in left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// How long it was inside.
    pub took: Nanos,
    /// How many were inside when it came, itself included.
    pub inside: u32,
    /// It left before it was served.
    pub dropped: bool,
}

/// Any of the kinds, with its state.
#[derive(Clone, Debug)]
pub enum Shedder {
    /// Waits above a target.
    Codel(Codel),
    /// Waits of a length that depends on when nobody waited.
    CodelServer(CodelServer),
    /// One more, or a share fewer.
    Aimd(Aimd),
    /// By the queue.
    Vegas(Vegas),
    /// By the gradient.
    Gradient2(Gradient2),
}

impl Shedder {
    /// A shedder of this kind, at time 0. Times do not go back from call to call. `draws`: of its
    /// own.
    pub fn new(spec: &ShedSpec, draws: &mut Stream) -> Shedder {
        match *spec {
            ShedSpec::Codel { target, interval } => Shedder::Codel(Codel::new(target, interval)),
            ShedSpec::CodelServer { target, interval } => {
                Shedder::CodelServer(CodelServer::new(target, interval))
            }
            ShedSpec::Aimd {
                limit,
                backoff,
                timeout,
            } => Shedder::Aimd(Aimd::new(limit, backoff, timeout)),
            ShedSpec::Vegas { limit } => Shedder::Vegas(Vegas::new(limit, draws)),
            ShedSpec::Gradient2 {
                limit,
                smoothing,
                queue,
                tolerance,
                long_window,
            } => Shedder::Gradient2(Gradient2::new(
                limit,
                smoothing,
                (queue, tolerance, long_window),
            )),
        }
    }

    /// How many may be inside now, waiting and in service; `None`: it does not say.
    pub fn limit(&self) -> Option<u32> {
        match self {
            Shedder::Codel(_) | Shedder::CodelServer(_) => None,
            Shedder::Aimd(s) => Some(s.limit()),
            Shedder::Vegas(s) => Some(s.limit()),
            Shedder::Gradient2(s) => Some(s.limit()),
        }
    }

    /// One is let in where so many wait already; says how long it may wait.
    pub fn lets_in(&mut self, now: Nanos, waiting: u32) -> Nanos {
        match self {
            Shedder::CodelServer(s) => s.lets_in(now, waiting),
            _ => Nanos::MAX,
        }
    }

    /// The turn of one has come that waited for so long, might wait for so long, and leaves so many
    /// behind that wait. Says whether it is dropped.
    pub fn drops(
        &mut self,
        now: Nanos,
        (waited, allowed): (Nanos, Nanos),
        left_behind: u32,
    ) -> bool {
        match self {
            Shedder::Codel(s) => s.drops(now, waited, left_behind),
            Shedder::CodelServer(s) => {
                s.turn(now, left_behind);
                waited > allowed
            }
            _ => false,
        }
    }

    /// One that was let in has left.
    pub fn hears(&mut self, left: Left, draws: &mut Stream) {
        match self {
            Shedder::Codel(_) | Shedder::CodelServer(_) => {}
            Shedder::Aimd(s) => s.hears(left),
            Shedder::Vegas(s) => s.hears(left, draws),
            Shedder::Gradient2(s) => s.hears(left),
        }
    }
}
