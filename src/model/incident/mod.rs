//! Incidents: episodes of trouble in a run, found while it goes on.
//!
//! Detectors watch from the side. They draw nothing and schedule nothing: what counts, counts
//! anyway; it is looked at when an attempt is refused, and on a grid of simulated time, at the
//! first event at or after each moment of it, when nothing has changed since that moment. So a run
//! is the same whether anybody looks or not.
//!
//! An episode begins when its condition holds and ends when it has clearly ceased to (hysteresis);
//! one that comes and goes at its threshold is one episode.

mod detectors;
mod look;
mod reading;
mod rules;
mod state;
mod windows;

pub use detectors::{BreakerLook, Detectors, Ground};
pub use look::{Look, ServiceLook};
pub use reading::{Reading, What};
pub use rules::{Budget, DETECTORS, Kind, Own, Row, Rule, Rules, Threshold, Window};
pub use state::{BalancerState, BreakerState, State, WorkerState};

use serde::{Deserialize, Serialize};

use crate::base::codes::Code;
use crate::base::units::Nanos;
use crate::model::spec::SystemSpec;

/// Most episodes that a trial keeps; more are only counted.
pub const MOST_EPISODES: usize = 500;

/// Most faults that a trial notes; more are only counted.
pub const MOST_FAULTS: usize = 2000;

/// Where an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The whole system.
    System,
    /// A service, by its index.
    Service(u32),
    /// A balancer, by the index of its service.
    Balancer(u32),
    /// A worker, by its number in the system.
    Worker(u32),
    /// A class, by its index through all sources.
    Class(u32),
}

impl Place {
    /// How it is printed: `events[14]`, `class upload`, `the system`.
    pub fn name(self, spec: &SystemSpec) -> String {
        match self {
            Place::System => "the system".into(),
            Place::Service(s) => spec.services[s as usize].name.clone(),
            Place::Balancer(s) => format!("balancer of {}", spec.services[s as usize].name),
            Place::Worker(w) => spec.worker_name(w as usize),
            Place::Class(c) => {
                let mut classes = spec.sources.iter().flat_map(|s| &s.classes);
                let name = classes.nth(c as usize).map_or("?", |c| c.name.as_str());
                format!("class {name}")
            }
        }
    }
}

/// An episode of trouble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// What kind.
    pub kind: Kind,
    /// Which of the budgets or of the user's own conditions, from 0; 0 for others.
    pub which: u32,
    /// Where.
    pub place: Place,
    /// When it fired, nanoseconds from the start of the run.
    pub at: Nanos,
    /// Since when the condition held: `at`, or the start of the window that it was found in.
    pub from: Nanos,
    /// When it was over; `None`: not before the measured time was.
    pub to: Option<Nanos>,
    /// How many: attempts refused, breakers, retries, requests, by kind.
    pub amount: u64,
    /// The worst value that its threshold was held against; 0 where there is none.
    pub worst: f64,
    /// What was to be seen there when it fired.
    pub scene: Scene,
}

impl Episode {
    /// Its code.
    pub fn code(&self) -> Code {
        self.kind.code()
    }
}

/// What was to be seen at the place of an episode when it fired; of a whole service or system,
/// summed over its workers, those waiting at its balancers and their places included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Attempts waiting.
    pub waiting: u64,
    /// Places to wait in; `None`: without end.
    pub slots: Option<u64>,
    /// Cores at work.
    pub busy: u64,
    /// Cores.
    pub cores: u64,
    /// Share of RAM held; 0 where it has no end.
    pub ram: f64,
    /// Requests between two attempts, over the whole system.
    pub pausing: u64,
}

impl Scene {
    /// Adds places to wait in.
    pub fn add_slots(&mut self, slots: Option<u64>) {
        self.slots = self.slots.zip(slots).map(|(a, b)| a.saturating_add(b));
    }
}

/// A fault that struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Struck {
    /// Index of the fault in its model.
    pub fault: u32,
    /// The worker, by its number in the system; `None`: a source.
    pub worker: Option<u32>,
    /// Since when.
    pub from: Nanos,
    /// Until when; `None`: not over when the measured time was.
    pub to: Option<Nanos>,
}

/// What went wrong in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incidents {
    /// In the order in which they fired.
    pub episodes: Vec<Episode>,
    /// Episodes beyond [`MOST_EPISODES`].
    pub more: u64,
    /// Faults as they struck, in that order.
    pub faults: Vec<Struck>,
    /// Faults beyond [`MOST_FAULTS`].
    pub more_faults: u64,
}

/// How many moments of a run have their fingerprint noted.
pub const STATIONS: usize = 64;

/// The moments of a run of this length (warm-up and measured time) whose fingerprints are noted:
/// [`STATIONS`] of them, the last at its end. A fingerprint is that of all events before.
pub fn station(length: Nanos, number: usize) -> Nanos {
    let part = u128::from(length) * (number as u128 + 1) / STATIONS as u128;
    u64::try_from(part).expect("no more than the length")
}
