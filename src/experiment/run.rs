//! Runs a design: every trial a pure call, in parallel, results in the order of the plan.
//!
//! A trial's counts are added to its point as soon as it ends, and dropped: they are whole
//! numbers, so the order in which threads come by cannot change a sum. Everything that is not a
//! whole number is added afterwards, in plan order. Knows neither files nor clocks.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::budget;
use super::caught;
use super::design::{Design, Point};
use super::objective::Verdict;
use super::pool::{self, TrialParts};
use super::results::{Estimate, PointResult, Results, TrialResult, TrialStatus};
use crate::model::metric::Context;
use crate::model::series::Series;
use crate::model::spec::SystemSpec;
use crate::model::tally::{Tally, Wanted};
use crate::model::trial::{
    self, AttemptRow, Blind, Observer, RunSpec, TrialError, TrialOutput, Width,
};

/// How a design is run; nothing of it changes a result.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Threads that run trials; 0: one for each core.
    pub threads: usize,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Trials that ended.
    pub done: usize,
    /// Trials in all.
    pub total: usize,
    /// Trials that failed.
    pub failed: usize,
}

/// Why a design could not be run at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoThreads(String);

impl fmt::Display for NoThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start the threads: {}", self.0)
    }
}

impl std::error::Error for NoThreads {}

/// Who hears of a run while it lasts. Called from several threads.
pub trait Watch: Sync {
    /// A trial ended.
    fn progress(&self, progress: Progress);
    /// The rows of a trial that ended, by the trial's place in the plan; only when the design
    /// asks for attempts.
    fn attempts(&self, trial: usize, rows: Vec<AttemptRow>);
}

/// Hears nothing.
impl Watch for () {
    fn progress(&self, _: Progress) {}
    fn attempts(&self, _: usize, _: Vec<AttemptRow>) {}
}

/// Keeps the rows of one request in so many, by its number.
#[derive(Clone, Debug)]
pub struct Sample {
    every: u64,
    /// What was kept.
    pub rows: Vec<AttemptRow>,
}

impl Observer for Sample {
    const ON: bool = true;
    fn begin(&mut self) {
        self.rows.clear();
    }
    fn attempt(&mut self, row: &AttemptRow) {
        if row.request.is_multiple_of(self.every) {
            self.rows.push(*row);
        }
    }
}

/// One trial of the model, watched by a sample where there is one.
///
/// # Errors
/// As [`trial::run`].
pub fn simulate(
    spec: &SystemSpec,
    run: &RunSpec,
    sample: Option<&mut Sample>,
) -> Result<TrialOutput, TrialError> {
    match sample {
        Some(sample) => trial::run(spec, run, sample),
        None => trial::run(spec, run, &mut Blind),
    }
}

/// Runs every trial of a design.
///
/// # Errors
/// The threads cannot be started. A trial that fails is in the results, with its reason.
pub fn run(design: &Design, options: Options, watch: &dyn Watch) -> Result<Results, NoThreads> {
    run_with(design, options, watch, simulate)
}

/// Runs a design with another simulation in place of [`simulate`].
///
/// # Errors
/// As [`run`].
pub fn run_with<S>(
    design: &Design,
    options: Options,
    watch: &dyn Watch,
    simulate: S,
) -> Result<Results, NoThreads>
where
    S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError> + Sync,
{
    let threads = rayon::ThreadPoolBuilder::new().num_threads(options.threads);
    let threads = threads.build().map_err(|e| NoThreads(e.to_string()))?;
    let plan = Plan::of(design);
    let slots: Vec<Mutex<Option<Finished>>> = (0..design.trial_count())
        .map(|_| Mutex::new(None))
        .collect();
    let merged: Vec<Mutex<Tally>> = design
        .points
        .iter()
        .map(|_| Mutex::new(Tally::default()))
        .collect();
    let (next, ended, failed) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    threads.broadcast(|_| {
        while let Some(&trial) = plan.order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (finished, rows) = plan.one(trial, &simulate, &merged);
            if let Some(rows) = rows {
                watch.attempts(trial, rows);
            }
            let bad = usize::from(finished.result.status != TrialStatus::Done);
            *lock(&slots[trial]) = Some(finished);
            watch.progress(Progress {
                failed: failed.fetch_add(bad, Ordering::Relaxed) + bad,
                done: ended.fetch_add(1, Ordering::Relaxed) + 1,
                total: slots.len(),
            });
        }
    });
    let finished = slots
        .into_iter()
        .map(open)
        .map(|f| f.expect("every trial was run"));
    Ok(collect(
        &plan,
        finished.collect(),
        merged.into_iter().map(open),
    ))
}

/// Another trial's panic is caught before it can poison a lock, and counts stay whole anyway.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn open<T>(mutex: Mutex<T>) -> T {
    mutex
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A trial's result with what is still needed to pool it.
struct Finished {
    result: TrialResult,
    parts: TrialParts,
}

/// What is to be run, and in which order it is begun.
struct Plan<'a> {
    design: &'a Design,
    /// What each point measures.
    wanted: Vec<Wanted>,
    /// Places of trials, longest first, so that no long one is left for the end.
    order: Vec<usize>,
}

impl<'a> Plan<'a> {
    fn of(design: &'a Design) -> Plan<'a> {
        let points = design.points.iter();
        let wanted = points
            .map(|p| Wanted::for_metrics(&p.system, &design.metrics))
            .collect();
        let mut order: Vec<usize> = (0..design.trial_count()).collect();
        let length: Vec<u64> = design
            .points
            .iter()
            .map(|p| budget::expected_events(&p.system, &design.timing))
            .collect();
        let per_point = design.replications as usize;
        order.sort_by_key(|&trial| std::cmp::Reverse(length[trial / per_point]));
        Plan {
            design,
            wanted,
            order,
        }
    }

    fn place(&self, trial: usize) -> (usize, u32) {
        let per_point = self.design.replications as usize;
        let replication = u32::try_from(trial % per_point).expect("below the replications");
        (trial / per_point, replication)
    }

    fn run_spec(&self, point: usize, replication: u32) -> RunSpec {
        let design = self.design;
        RunSpec {
            seed: design.seed,
            replication,
            timing: design.timing,
            wanted: self.wanted[point].clone(),
            series: true,
            event_budget: budget::of(&design.points[point].system, &design.timing),
            width: Width::Auto,
        }
    }

    fn context(&self, point: usize) -> Context<'_> {
        Context::new(&self.design.points[point].system, &self.wanted[point])
    }

    /// One trial: its counts go to its point, its rows to the caller.
    fn one<S>(
        &self,
        trial: usize,
        simulate: &S,
        merged: &[Mutex<Tally>],
    ) -> (Finished, Option<Vec<AttemptRow>>)
    where
        S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError>,
    {
        let (point, replication) = self.place(trial);
        let spec = self.run_spec(point, replication);
        let mut sample = self.design.attempts.map(|every| Sample {
            every: every.max(1),
            rows: Vec::new(),
        });
        let system = &self.design.points[point].system;
        let output = caught::call(|| simulate(system, &spec, sample.as_mut()));
        let mut result = TrialResult {
            point,
            replication,
            status: TrialStatus::Done,
            values: Vec::new(),
            fingerprint: 0,
            demand: 0,
            events: 0,
            series: Series::default(),
        };
        let mut parts = TrialParts::default();
        match output {
            Ok(output) => {
                parts = TrialParts::take(&self.context(point), &self.design.metrics, &output.tally);
                result.values = parts.values(&self.design.metrics);
                result.fingerprint = output.fingerprint;
                result.demand = output.demand;
                result.events = output.events;
                result.series = output.series;
                lock(&merged[point]).add(&output.tally);
            }
            Err(error) => {
                let text = format!("{}: {}", error.code, error.message);
                result.status = TrialStatus::Failed(text);
                sample = None;
            }
        }
        (Finished { result, parts }, sample.map(|s| s.rows))
    }
}

fn collect(
    plan: &Plan<'_>,
    finished: Vec<Finished>,
    merged: impl Iterator<Item = Tally>,
) -> Results {
    let design = plan.design;
    let per_point = design.replications as usize;
    let of_points = finished.chunks(per_point);
    let points = design.points.iter().zip(of_points.zip(merged)).enumerate();
    let points = points
        .map(|(i, (point, (trials, tally)))| pooled(plan, i, point, trials, tally))
        .collect();
    Results {
        points,
        trials: finished.into_iter().map(|f| f.result).collect(),
    }
}

fn pooled(
    plan: &Plan<'_>,
    index: usize,
    point: &Point,
    trials: &[Finished],
    tally: Tally,
) -> PointResult {
    let design = plan.design;
    let done = trials
        .iter()
        .filter(|t| t.result.status == TrialStatus::Done);
    let parts: Vec<&TrialParts> = done.map(|t| &t.parts).collect();
    let failed = u32::try_from(trials.len() - parts.len()).expect("below the replications");
    let estimates = if parts.is_empty() {
        vec![None; design.metrics.len()]
    } else {
        let merged = TrialParts::take(&plan.context(index), &design.metrics, &tally);
        pool::estimates(&design.metrics, &parts, &merged, design.confidence)
    };
    let load = point.system.offered_load();
    PointResult {
        load,
        stable: load.highest() < 1.0,
        verdicts: verdicts(design, point, &estimates),
        estimates,
        tally,
        failed,
    }
}

fn verdicts(
    design: &Design,
    point: &Point,
    estimates: &[Option<Estimate>],
) -> Option<Vec<Verdict>> {
    let objective = design.objective.as_ref()?;
    if !objective.variants.contains(&point.variant) {
        return None;
    }
    let judged = objective.subject_to.iter().map(|constraint| {
        let place = design.metric(&constraint.metric);
        constraint.judge(place.and_then(|i| estimates[i].as_ref()))
    });
    Some(judged.collect())
}

#[cfg(test)]
mod tests;
