//! A system as it stands at one moment.

use serde::{Deserialize, Serialize};

use crate::base::units::Nanos;

/// Everything that is somewhere, before the first event at this moment or later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The moment, nanoseconds from the start of the run.
    pub at: Nanos,
    /// One for each worker, service by service.
    pub workers: Vec<WorkerState>,
    /// One for each service, its instances together.
    pub balancers: Vec<BalancerState>,
    /// Requests between two attempts.
    pub pausing: u64,
    /// Requests born so far.
    pub born: u64,
}

/// A worker at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerState {
    /// Attempts waiting.
    pub waiting: u64,
    /// Places to wait in; `None`: without end.
    pub slots: Option<u64>,
    /// Cores at work.
    pub busy: u64,
    /// Cores; 0: it is not there.
    pub cores: u64,
    /// Bytes of RAM held.
    pub ram: u64,
    /// Faults that keep it down.
    pub downs: u32,
    /// It refuses everything until it is restarted.
    pub wedged: bool,
    /// How fast its cores are: 0 while it stands still.
    pub speed: f64,
    /// Its breaker, if it has one: of several balancer instances the first.
    pub breaker: Option<BreakerState>,
}

/// A breaker at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// None do.
    Open,
    /// Its wait is over, and some may.
    HalfOpen,
}

impl BreakerState {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::Open => "open",
            BreakerState::HalfOpen => "half-open",
        }
    }
}

/// A balancer at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BalancerState {
    /// Attempts waiting to be dispatched.
    pub waiting: u64,
    /// Attempts being dispatched.
    pub dispatching: u64,
}
