//! The cheapest point of a space that meets an objective, and how sure that is.
//!
//! Costs are known without a run, so this is a search for feasibility in the order of cost
//! (`docs/find.md`):
//!
//! 1. [`screen`]: what theory alone refuses is not run;
//! 2. `race`: points are run in rounds that double, paired by their replications, until every
//!    constraint is shown to be met or one is shown to be missed; regions of the space are cut off
//!    by what their best and their cheapest corner show, where axes are ordered ([`space`]);
//! 3. `confirm`: the winner alone, on replications that the race never used; only their
//!    intervals are published.
//!
//! Everything is a function of the space, the seed and the options; an [`Oracle`] says what a
//! point costs and what its trials measure.

pub mod answer;
mod audit;
pub mod checks;
mod confirm;
mod race;
mod region;
pub mod screen;
pub mod simulated;
pub mod space;

pub use answer::{Answer, Fate, Looked, NextCheaper, Winner};
pub use race::search;

use crate::stats::selection::Reading;

/// A point's place in a [`space::Space`].
pub type PointId = u64;

/// What is known of a point without a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// What is to be small.
    pub cost: f64,
    /// Why it cannot meet the objective, when theory says so.
    pub hopeless: Option<String>,
}

/// What one trial said.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// One a gauge of [`checks::Checks::gauges`].
    pub readings: Vec<Reading>,
    /// Requests it simulated.
    pub requests: u64,
}

/// Why there are no trials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    /// The search was asked to stop.
    Stopped,
    /// The point's trials fail; the text says why.
    Failed(String),
    /// The point cannot be made: the file is wrong there, with what is to be shown.
    Wrong(String),
}

/// Says what points cost and what their trials measure.
pub trait Oracle {
    /// What is known without a run.
    ///
    /// # Errors
    /// The point cannot be made.
    fn known(&mut self, point: PointId) -> Result<Known, Halt>;

    /// Runs so many replications of a point, from this number on. The same number gives every
    /// point the same requests.
    ///
    /// # Errors
    /// The search is to stop, or a trial failed.
    fn trials(&mut self, point: PointId, from: u32, count: u32) -> Result<Vec<Trial>, Halt>;

    /// Whether to stop.
    fn stopped(&self) -> bool {
        false
    }

    /// Hears how far the search is.
    fn progress(&mut self, so_far: SoFar) {
        let _ = so_far;
    }

    /// The one place for a constraint that counting cannot decide at an affordable length: whether
    /// another method shows it to be met or missed at this point. `None`: not
    /// decided, which counts as not met.
    ///
    /// `fresh` is the number of the confirmation (0 in the race): each has words of its own.
    /// `level` is the error that either answer may make.
    fn undecided(
        &mut self,
        point: PointId,
        check: usize,
        fresh: u32,
        level: f64,
    ) -> Option<Otherwise> {
        let _ = (point, check, fresh, level);
        None
    }
}

/// What another method than counting says of a constraint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Otherwise {
    /// Whether it is met; nothing where this did not decide it either.
    pub met: Option<bool>,
    /// The estimate with the ends of its interval.
    pub ends: answer::Ends,
    /// Requests it simulated.
    pub requests: u64,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoFar {
    /// Points looked at.
    pub looked: usize,
    /// Trials run.
    pub trials: u64,
    /// Cost of the cheapest point that met the objective in the race.
    pub best: Option<f64>,
}

/// How a search is run. All of it changes what comes out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How sure the answer is to be, 0 to 1.
    pub confidence: f64,
    /// Replications of the first round.
    pub first: u32,
    /// Rounds at most: round j ends at `first * 2^(j - 1)` replications.
    pub rounds: u32,
}

impl Settings {
    /// Fewest replications of a first round: with fewer, Student's factor makes every interval
    /// useless.
    pub const FEWEST: u32 = 4;

    /// Rounds where nothing else is said.
    pub const ROUNDS: u32 = 8;

    /// Settings from what an experiment says of its replications and its confidence.
    pub fn new(confidence: f64, replications: u32) -> Settings {
        Settings {
            confidence,
            first: replications.max(Settings::FEWEST),
            rounds: Settings::ROUNDS,
        }
    }

    /// The error that the race and the confirmation may each make.
    fn half(&self) -> f64 {
        (1.0 - self.confidence) / 2.0
    }

    /// Replications at the end of a round.
    fn at(&self, round: u32) -> u32 {
        self.first.saturating_mul(1 << (round - 1).min(20))
    }
}
