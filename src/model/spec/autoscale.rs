//! How many workers a service has as time goes on, as data.

use super::{Dist, ServiceSpec, SystemSpec};
use crate::base::units::Nanos;

/// A scaler of the only group of workers of a service, whose `count` is the most there may be.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoscaleSpec {
    /// Workers at the start of the run, from `min` to the group's `count`.
    pub start_with: u32,
    /// Fewest workers.
    pub min: u32,
    /// How it decides.
    pub rule: ScaleRule,
    /// Time between two decisions, nanoseconds; not of a schedule.
    pub every: Nanos,
    /// How old what it sees is, nanoseconds; not of a schedule.
    pub lag: Nanos,
    /// From the decision until a new worker serves, nanoseconds.
    pub start: Dist,
    /// How long a worker that is to go may finish what it has, nanoseconds.
    pub drain: Nanos,
}

/// How a scaler decides.
#[derive(Clone, Debug, PartialEq)]
pub enum ScaleRule {
    /// As many as bring the measure to its target, stabilised and not too fast.
    Hpa {
        /// What is measured.
        measure: Measure,
        /// What it is to be, for each worker.
        target: f64,
        /// A ratio to the target that is off by no more changes nothing.
        tolerance: f64,
        /// How it moves up.
        up: Pace,
        /// How it moves down.
        down: Pace,
    },
    /// As many as bring the measure to its target; then nothing for a while.
    TargetTracking {
        /// What is measured.
        measure: Measure,
        /// What it is to be, for each worker.
        target: f64,
        /// How long nothing changes after a change, nanoseconds.
        cooldown: Nanos,
    },
    /// So many more or fewer beyond bounds; then nothing for a while.
    Step {
        /// What is measured.
        measure: Measure,
        /// Bounds and what follows.
        steps: Vec<ScaleStep>,
        /// How long nothing changes after a change, nanoseconds.
        cooldown: Nanos,
    },
    /// So many from a time on: times rise.
    Schedule(Vec<(Nanos, u32)>),
}

/// What a scaler measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Busy core-time over core-time since the last decision, mean of the workers that serve.
    Utilisation,
    /// Attempts inside, waiting and in service, mean of the workers that serve.
    InFlight,
    /// Attempts waiting, with the balancer too, for each worker there is.
    Queue,
}

/// How a scaler moves in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// The most cautious recommendation of so long counts, nanoseconds.
    pub stabilise: Nanos,
    /// The most that any of these allow.
    pub rates: Vec<Rate>,
}

/// How many workers may come or go within a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// How many.
    pub by: RateBy,
    /// Within so long, nanoseconds.
    pub per: Nanos,
}

/// A number of workers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateBy {
    /// So many.
    Pods(u32),
    /// So many in a hundred of those there were.
    Percent(u32),
}

/// One step of [`ScaleRule::Step`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleStep {
    /// Where it applies.
    pub bound: Bound,
    /// So many more, or fewer.
    pub add: i32,
}

/// One side of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Where the measure is above it.
    Above(f64),
    /// Where the measure is below it.
    Below(f64),
}

impl ScaleRule {
    /// What it measures, if anything.
    pub fn measure(&self) -> Option<Measure> {
        match self {
            ScaleRule::Hpa { measure, .. }
            | ScaleRule::TargetTracking { measure, .. }
            | ScaleRule::Step { measure, .. } => Some(*measure),
            ScaleRule::Schedule(_) => None,
        }
    }
}

impl ServiceSpec {
    /// How many workers there are at the start of the run.
    pub fn workers_at_start(&self) -> usize {
        match &self.autoscale {
            Some(scale) => scale.start_with as usize,
            None => self.worker_count(),
        }
    }
}

impl SystemSpec {
    /// Whether any service gets and loses workers as time goes on.
    pub fn scales(&self) -> bool {
        self.services.iter().any(|s| s.autoscale.is_some())
    }
}
