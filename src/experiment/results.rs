//! What came out, in plan order.

use super::objective::Verdict;
use super::rare::{RareError, RareEstimate};
use super::stopping::Stopped;
use super::warm_up::FoundWarmUp;
use crate::model::incident::Incidents;
use crate::model::series::Series;
use crate::model::spec::OfferedLoad;
use crate::model::tally::Tally;

/// Everything that came out of an experiment.
#[derive(Clone, Debug)]
pub struct Results {
    /// One a trial, point by point, replication by replication.
    pub trials: Vec<TrialResult>,
    /// One a point.
    pub points: Vec<PointResult>,
    /// The warm-up, where it was found and not stated.
    pub warm_up: Option<FoundWarmUp>,
}

/// What came out of one trial.
#[derive(Clone, Debug)]
pub struct TrialResult {
    /// Index of its point.
    pub point: usize,
    /// Its replication, from 0.
    pub replication: u32,
    /// Why it has no numbers, or nothing.
    pub status: TrialStatus,
    /// Values of the design's metrics, in order; empty when it failed.
    pub values: Vec<Option<f64>>,
    /// Hash of its event sequence.
    pub fingerprint: u64,
    /// Hash of what every request was when it was born, up to the end of the measured time.
    pub demand: u64,
    /// Events simulated.
    pub events: u64,
    /// Time series.
    pub series: Series,
    /// Hashes of the events before each station, where the length of the trial is known.
    pub stations: Vec<u64>,
    /// What went wrong in it.
    pub incidents: Incidents,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialStatus {
    /// All is well.
    Done,
    /// It stopped at a limit or on a broken invariant; the text says which, with its code.
    Failed(String),
}

/// What came out of one point, its replications pooled.
#[derive(Clone, Debug)]
pub struct PointResult {
    /// Load offered by the spec alone.
    pub load: OfferedLoad,
    /// Whether a steady state exists: offered load under 1.
    pub stable: bool,
    /// Values of the design's metrics, in order; `None` without data.
    pub estimates: Vec<Option<Estimate>>,
    /// One for each constraint of the objective, when it is for this point's variant.
    pub verdicts: Option<Vec<Verdict>>,
    /// What splitting said, metric by metric of [`Design::rare`](super::design::Design::rare).
    pub rare: Vec<Result<RareEstimate, RareError>>,
    /// Counts and distributions of all its trials.
    pub tally: Tally,
    /// Trials that failed.
    pub failed: u32,
    /// How its replications came to their end, where they stop at a precision.
    pub stopped: Option<Stopped>,
}

impl Results {
    /// Whether some point meets the objective; `None` when none is stated.
    pub fn objective_met(&self) -> Option<bool> {
        let judged = self.points.iter().filter_map(PointResult::meets);
        judged.reduce(|a, b| a || b)
    }

    /// Whether all points met the same requests, replication by replication; `None` when there is
    /// nothing to compare.
    pub fn same_demand(&self) -> Option<bool> {
        let done = |t: &&TrialResult| t.status == TrialStatus::Done;
        let first = |r: u32| self.trials.iter().filter(done).find(|t| t.replication == r);
        let pairs = self.trials.iter().filter(done).filter_map(|t| {
            let first = first(t.replication)?;
            (first.point != t.point).then_some(first.demand == t.demand)
        });
        pairs.reduce(|a, b| a && b)
    }

    /// Trials that failed.
    pub fn failed(&self) -> usize {
        self.points.iter().map(|p| p.failed as usize).sum()
    }
}

impl PointResult {
    /// Whether the objective is for this point and every constraint is met.
    pub fn meets(&self) -> Option<bool> {
        self.verdicts
            .as_ref()
            .map(|v| v.iter().all(|v| *v == Verdict::Met))
    }
}

/// A value with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Pooled over replications.
    pub mean: f64,
    /// Lower end of the interval; `None` where there is none.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Trials behind it.
    pub n: u32,
    /// How the value and its interval came about.
    pub method: Method,
    /// Set where there is no value, only an end: see [`Bound`].
    pub bound: Option<Bound>,
}

impl Estimate {
    /// The value itself; `None` where only a lower bound is known.
    pub fn value(&self) -> Option<f64> {
        let open = self.bound == Some(Bound::AtLeast) && self.high.is_none();
        (!open).then_some(self.mean)
    }
}

/// How an estimate and its interval came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The mean over replications with Student's interval (Law 2015, section 9.4.1).
    Student,
    /// Sums over sums, with the jackknife's interval (Miller 1974).
    Jackknife,
    /// Read off the pooled distribution, with the spread over replications about it (Asmussen &
    /// Glynn 2007, chapter III).
    Sectioning,
    /// One long run in batches (Schmeiser 1982).
    BatchMeans,
    /// One long run in batches that overlap (Meketon & Schmeiser 1984).
    OverlappingBatchMeans,
    /// Multilevel splitting (L'Ecuyer, Demers & Tuffin 2007).
    Splitting,
    /// None, or all, of what was counted showed it: one end is exact, the other a bound.
    NoneSeen,
    /// The largest of all trials; it has no interval.
    Largest,
}

impl Method {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Method::Student => "student",
            Method::Jackknife => "jackknife",
            Method::Sectioning => "sectioning",
            Method::BatchMeans => "batch_means",
            Method::OverlappingBatchMeans => "overlapping_batch_means",
            Method::Splitting => "splitting",
            Method::NoneSeen => "none_seen",
            Method::Largest => "largest",
        }
    }
}

/// Which end is all that is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// It is at least `low`.
    AtLeast,
    /// It is at most `high`.
    AtMost,
}

impl Bound {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Bound::AtLeast => "at_least",
            Bound::AtMost => "at_most",
        }
    }
}
