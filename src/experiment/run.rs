//! Runs a design: every trial a pure call, in parallel, results in the order of the plan.
//!
//! A trial's counts are added to its point as soon as it ends, and dropped: they are whole
//! numbers, so the order in which threads come by cannot change a sum. Everything that is not a
//! whole number is added afterwards, in plan order. Knows neither files nor clocks.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use super::batches::{self, BatchParts};
use super::budget;
use super::caught;
use super::crew::{Crew, Ended};
use super::design::{Design, Point};
use super::objective::Verdict;
use super::pool::{self, Pooling, TrialParts};
use super::rare::{self, Split};
use super::results::{Estimate, PointResult, Results, TrialResult, TrialStatus};
use super::sample::{Sample, simulate_until};
use super::stopping::{Course, Missed, Stopping};
use super::{warm_up, watching};
use crate::base::units::Nanos;
use crate::model::incident::Incidents;
use crate::model::metric::Context;
use crate::model::series::Series;
use crate::model::spec::SystemSpec;
use crate::model::tally::{Tally, Wanted};
use crate::model::trial::{AttemptRow, RunSpec, Timing, TrialError, TrialOutput, Width};

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

/// Why a design has no results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// It could not be run at all.
    NoThreads(String),
    /// It was stopped before its last trial ended.
    Stopped(Progress),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::NoThreads(why) => write!(f, "cannot start the threads: {why}"),
            RunError::Stopped(p) => write!(f, "stopped after {} of {} trials", p.done, p.total),
        }
    }
}

impl std::error::Error for RunError {}

/// Who hears of a run while it lasts, and may bring what an earlier one kept. Called from several
/// threads.
pub trait Watch: Sync {
    /// A trial ended.
    fn progress(&self, progress: Progress);
    /// What came out of a trial of an earlier run, by the trial's place in the plan: it is not
    /// run again.
    fn kept(&self, trial: usize) -> Option<TrialOutput> {
        let _ = trial;
        None
    }
    /// What came out of a trial that was run, by its place in the plan; its rows only when the
    /// design asks for attempts. Trials that fail have none of it.
    fn ended(&self, trial: usize, output: &TrialOutput, rows: Option<Vec<AttemptRow>>) {
        let _ = (trial, output, rows);
    }
    /// Whether to begin no more trials. One that fails from then on was given up.
    fn stopped(&self) -> bool {
        false
    }
}

/// Hears nothing.
impl Watch for () {
    fn progress(&self, _: Progress) {}
}

/// Runs every trial of a design.
///
/// # Errors
/// The threads cannot be started, or the run was stopped. A trial that fails is in the results,
/// with its reason.
pub fn run(design: &Design, options: Options, watch: &dyn Watch) -> Result<Results, RunError> {
    let never = AtomicBool::new(false);
    run_with(design, options, watch, |spec, run, sample| {
        simulate_until(spec, run, sample, &never)
    })
}

/// Runs a design with another simulation in place of [`simulate_until`].
///
/// # Errors
/// As [`run`].
pub fn run_with<S>(
    design: &Design,
    options: Options,
    watch: &dyn Watch,
    simulate: S,
) -> Result<Results, RunError>
where
    S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError> + Sync,
{
    let crew = Crew::start(options.threads, watch, design.run_count())?;
    let warm_up = warm_up::find(design, &crew, &simulate)?;
    let plan = Plan::of(design, warm_up.as_ref().map(|w| w.time));
    let slots: Vec<Mutex<Option<Finished>>> = (0..design.trial_count())
        .map(|_| Mutex::new(None))
        .collect();
    let merged: Vec<Mutex<Tally>> = design
        .points
        .iter()
        .map(|_| Mutex::new(Tally::default()))
        .collect();
    let mut courses = vec![Course::new(design.first_round()); design.points.len()];
    let mut due: Vec<usize> = (0..slots.len())
        .filter(|&trial| plan.place(trial).1 < design.first_round())
        .collect();
    while !due.is_empty() {
        crew.work(&plan.longest_first(&due), |trial| {
            let finished = plan.one(trial, &simulate, watch, &merged)?;
            let ended = match finished.result.status {
                TrialStatus::Done => Ended::Well,
                TrialStatus::Failed(_) => Ended::Badly,
            };
            *lock(&slots[trial]) = Some(finished);
            Some(ended)
        })?;
        due = plan.more(&mut courses, &slots, &merged);
    }
    let finished = slots.into_iter().map(open).collect();
    let rare = crew.all(|stopped| rare::of_points(design, stopped))?;
    let merged = merged.into_iter().map(open);
    let mut results = collect(&plan, finished, merged.zip(rare));
    for (point, course) in results.points.iter_mut().zip(courses) {
        point.stopped = course.stopped;
    }
    results.warm_up = warm_up;
    Ok(results)
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
    batches: BatchParts,
}

/// What is to be run, and in which order it is begun.
struct Plan<'a> {
    design: &'a Design,
    /// How long each trial is.
    timing: Timing,
    /// What each point measures.
    wanted: Vec<Wanted>,
    /// About how many events a trial of each point has.
    length: Vec<u64>,
}

impl<'a> Plan<'a> {
    fn of(design: &'a Design, warm_up: Option<Nanos>) -> Plan<'a> {
        let mut timing = design.timing;
        timing.warm_up = warm_up.unwrap_or(timing.warm_up);
        let points = || design.points.iter();
        Plan {
            design,
            timing,
            wanted: points()
                .map(|p| batches::measured(design, &p.system))
                .collect(),
            length: points()
                .map(|p| budget::expected_events(&p.system, &timing))
                .collect(),
        }
    }

    /// Trials, longest first, so that no long one is left for the end.
    fn longest_first(&self, trials: &[usize]) -> Vec<usize> {
        let mut order = trials.to_vec();
        order.sort_by_key(|&trial| std::cmp::Reverse(self.length[self.place(trial).0]));
        order
    }

    /// Trials that points need yet, after a look at those that have ended.
    fn more(
        &self,
        courses: &mut [Course],
        slots: &[Mutex<Option<Finished>>],
        merged: &[Mutex<Tally>],
    ) -> Vec<usize> {
        let Some(stopping) = &self.design.stopping else {
            return Vec::new();
        };
        let (most, mut due) = (self.design.replications, Vec::new());
        let open = courses.iter_mut().enumerate();
        for (point, course) in open.filter(|(_, c)| c.stopped.is_none()) {
            let first = point * most as usize;
            let ended = &slots[first..first + course.given as usize];
            let (missed, any) = self.missed(stopping, point, ended, &lock(&merged[point]));
            let given = course.given;
            course.look(missed, any, most);
            due.extend((given..course.given).map(|r| first + r as usize));
        }
        due
    }

    /// What is not precise enough at a point, and whether any of its trials succeeded.
    fn missed(
        &self,
        stopping: &Stopping,
        point: usize,
        ended: &[Mutex<Option<Finished>>],
        tally: &Tally,
    ) -> (Vec<Missed>, bool) {
        let design = self.design;
        let ended: Vec<_> = ended.iter().map(lock).collect();
        let done = ended.iter().filter_map(|slot| slot.as_ref());
        let done = done.filter(|f| f.result.status == TrialStatus::Done);
        let parts: Vec<&TrialParts> = done.map(|f| &f.parts).collect();
        let merged = TrialParts::merged(&self.context(point), &design.metrics, tally);
        let how = Pooling {
            confidence: stopping.each(design.confidence),
            terminating: design.terminating,
        };
        let estimate = |metric| {
            let place = design.metric(metric)?;
            pool::estimate_of(&design.metrics, place, &parts, &merged, how)
        };
        let any = !parts.is_empty();
        let estimates: Vec<_> = stopping.metrics.iter().map(estimate).collect();
        (stopping.missed(&estimates), any)
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
            timing: self.timing,
            wanted: self.wanted[point].clone(),
            series: true,
            look_for: watching::look_for(design, point),
            event_budget: budget::of(&design.points[point].system, &self.timing),
            width: Width::Auto,
            spared: Vec::new(),
        }
    }

    fn context(&self, point: usize) -> Context<'_> {
        Context::new(&self.design.points[point].system, &self.wanted[point])
    }

    /// One trial, run or taken from an earlier run: its counts go to its point, its rows to the
    /// watch. Nothing comes of one that was given up.
    fn one<S>(
        &self,
        trial: usize,
        simulate: &S,
        watch: &dyn Watch,
        merged: &[Mutex<Tally>],
    ) -> Option<Finished>
    where
        S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError>,
    {
        if let Some(output) = watch.kept(trial) {
            return Some(self.settled(trial, Ok(output), merged));
        }
        let (point, replication) = self.place(trial);
        let spec = self.run_spec(point, replication);
        let mut sample = self.design.attempts.map(|every| Sample {
            every: every.max(1),
            rows: Vec::new(),
        });
        let system = &self.design.points[point].system;
        let output = caught::call(|| simulate(system, &spec, sample.as_mut()));
        match &output {
            Ok(output) => watch.ended(trial, output, sample.map(|s| s.rows)),
            Err(_) if watch.stopped() => return None,
            Err(_) => {}
        }
        Some(self.settled(trial, output, merged))
    }

    /// Takes from an outcome what is needed of it.
    fn settled(
        &self,
        trial: usize,
        output: Result<TrialOutput, TrialError>,
        merged: &[Mutex<Tally>],
    ) -> Finished {
        let (point, replication) = self.place(trial);
        let mut result = TrialResult {
            point,
            replication,
            status: TrialStatus::Done,
            values: Vec::new(),
            fingerprint: 0,
            demand: 0,
            events: 0,
            series: Series::default(),
            stations: Vec::new(),
            incidents: Incidents::default(),
        };
        let mut parts = TrialParts::default();
        let mut batches = BatchParts::default();
        match output {
            Ok(output) => {
                parts = TrialParts::take(&self.context(point), &self.design.metrics, &output.tally);
                batches =
                    BatchParts::take(&self.context(point), &self.design.metrics, output.batches);
                result.values = parts.values(&self.design.metrics);
                result.fingerprint = output.fingerprint;
                result.demand = output.demand;
                result.events = output.events;
                result.series = output.series;
                result.stations = output.stations;
                result.incidents = output.incidents;
                lock(&merged[point]).add(&output.tally);
            }
            Err(error) => {
                let text = format!("{}: {}", error.code, error.message);
                result.status = TrialStatus::Failed(text);
            }
        }
        Finished {
            result,
            parts,
            batches,
        }
    }
}

fn collect(
    plan: &Plan<'_>,
    finished: Vec<Option<Finished>>,
    merged: impl Iterator<Item = (Tally, Vec<Split>)>,
) -> Results {
    let design = plan.design;
    let per_point = design.replications as usize;
    let of_points = finished.chunks(per_point);
    let points = design.points.iter().zip(of_points.zip(merged)).enumerate();
    let points = points
        .map(|(i, (point, (trials, counts)))| pooled(plan, i, point, trials, counts))
        .collect();
    Results {
        points,
        trials: finished.into_iter().flatten().map(|f| f.result).collect(),
        warm_up: None,
    }
}

fn pooled(
    plan: &Plan<'_>,
    index: usize,
    point: &Point,
    trials: &[Option<Finished>],
    (tally, rare): (Tally, Vec<Split>),
) -> PointResult {
    let design = plan.design;
    let ran: Vec<&Finished> = trials.iter().flatten().collect();
    let done = ran.iter().filter(|t| t.result.status == TrialStatus::Done);
    let parts: Vec<&TrialParts> = done.map(|t| &t.parts).collect();
    let failed = u32::try_from(ran.len() - parts.len()).expect("below the replications");
    let merged = TrialParts::merged(&plan.context(index), &design.metrics, &tally);
    let at = |confidence: f64| {
        let how = Pooling {
            confidence,
            terminating: design.terminating,
        };
        let mut estimates = match parts[..] {
            [] => vec![None; design.metrics.len()],
            _ => pool::estimates(&design.metrics, &parts, &merged, how),
        };
        if let [one] = ran[..] {
            one.batches
                .widen(&design.metrics, &merged, &mut estimates, how);
        }
        rare::replace(design, &rare, &mut estimates);
        estimates
    };
    let estimates = at(design.confidence);
    let own = design.objective.as_ref().map(|o| o.confidence);
    let judged = own.filter(|own| *own != design.confidence).map(at);
    let load = point.system.offered_load();
    PointResult {
        load,
        stable: load.highest() < 1.0,
        verdicts: verdicts(design, point, judged.as_ref().unwrap_or(&estimates)),
        estimates,
        rare,
        tally,
        failed,
        stopped: None,
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
