//! Losses too rare to count, by multilevel splitting with fixed effort on how full the fullest
//! place is (Garvels 2000; L'Ecuyer, Demers & Tuffin 2007; the arithmetic is in
//! [`stats::splitting`](crate::stats::splitting)).
//!
//! ```text
//!  level 3 ─────────────────────────●┄┄▶ hits
//!  level 2 ───────────────●━━━━━━━┛└─ trials, from states that reached level 3
//!  level 1 ────●━━━━━━━━━┛
//!  base    ━━┛  an excursion: from level 1 until the base is reached again
//! ```
//!
//! A **pilot** chooses the base and the levels. Then come independent **runs**: each simulates the
//! system in its steady state for a while, counts excursions and keeps the states in which they
//! begin; from those it starts a fixed number of trials, from the states that reach the next level
//! as many again, and so on up. Hits within excursions are what the trials say, hits outside are
//! counted. The interval is over the runs. Nothing is assumed about arrivals or work.

mod pilot;
mod replicate;

use std::fmt;

use rayon::prelude::*;

use super::caught;
use super::design::{Design, Point};
use super::results::{Bound, Estimate, Method};
use crate::model::branch::{Gauge, Hits};
use crate::model::metric::Metric;
use crate::model::spec::{Arrivals, FaultKind, FaultSpec, FaultWhen, SourceSpec, SystemSpec};
use crate::model::tally::Wanted;
use crate::model::trial::{Horizon, LookFor, RunSpec, Timing, TrialError, Width};
use crate::stats::interval::Interval;
use crate::stats::splitting::{bound_none_seen, quotient, relative_half_width, runs_for};
use pilot::{Plan, plan};
use replicate::{Run, replicate};

/// What is to be estimated by splitting.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Shares of requests lost or attempts refused.
    pub metrics: Vec<Metric>,
    /// Half the width of the interval over the estimate to stop at.
    pub precision: f64,
    /// About how many requests may be simulated for one estimate.
    pub max_requests: u64,
    /// Indices of the variants it is for.
    pub variants: Vec<usize>,
}

/// Precision where none is said.
pub const PRECISION: f64 = 0.1;

/// Most requests where none are said.
pub const MAX_REQUESTS: u64 = 100_000_000;

/// Fewest and most that may be said.
pub const REQUESTS_RANGE: (u64, u64) = (200_000, 100_000_000_000);

/// How it is estimated.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The experiment's seed. Splitting uses replications that no trial has.
    pub seed: u64,
    /// Unmeasured time that each run begins with, nanoseconds; never less than what is found
    /// necessary.
    pub warm_up: u64,
    /// Of the interval, 0 to 1.
    pub confidence: f64,
    /// As [`Ask::precision`].
    pub precision: f64,
    /// As [`Ask::max_requests`].
    pub max_requests: u64,
    /// Estimates of different batches, below 1024, have different words.
    pub batch: u32,
}

/// What came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RareEstimate {
    /// The estimate; 0 if no run saw a hit, and then only [`RareEstimate::high`] says something.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end; where nothing was seen, the bound.
    pub high: Option<f64>,
    /// Independent runs behind it.
    pub runs: u32,
    /// Levels that trials climbed; 0: hits are frequent enough to count.
    pub levels: u32,
    /// Requests simulated in all, the pilot included.
    pub requests: u64,
}

impl RareEstimate {
    /// As a value among others: where nothing was seen, only the bound.
    pub fn estimate(&self) -> Estimate {
        let seen = self.mean > 0.0;
        Estimate {
            mean: self.mean,
            low: self.low,
            high: self.high,
            n: self.runs,
            method: Method::Splitting,
            bound: (!seen).then_some(Bound::AtMost),
        }
    }

    /// How many times too large or too small the estimate may be, minus one, roughly; `None`
    /// where nothing was seen.
    pub fn relative_half_width(&self) -> Option<f64> {
        relative_half_width(&Interval {
            estimate: self.mean,
            low: self.low,
            high: self.high,
            n: self.runs as usize,
        })
    }
}

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RareError {
    /// Splitting does not apply; the text says why.
    NotApplicable(String),
    /// A run failed.
    Failed(TrialError),
    /// It was to begin no more runs.
    Stopped,
}

impl fmt::Display for RareError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RareError::NotApplicable(why) => f.write_str(why),
            RareError::Failed(e) => write!(f, "{}: {}", e.code, e.message),
            RareError::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for RareError {}

impl From<TrialError> for RareError {
    fn from(error: TrialError) -> RareError {
        RareError::Failed(error)
    }
}

/// Why a metric cannot be estimated by splitting; `None`: it can.
pub fn refuses_metric(metric: &Metric, spec: &SystemSpec) -> Option<String> {
    let none = Hits::of(metric, spec).is_none();
    none.then(|| format!("`{metric}` counts no losses or refusals"))
}

/// Why a system has no steady state that splitting could look at; `None`: it has.
pub fn refuses_system(spec: &SystemSpec, timing: &Timing) -> Option<String> {
    if timing.horizon == Horizon::Trace {
        return Some("the run ends with its traces: it has no steady state".into());
    }
    let source = |s: &SourceSpec| {
        let name = &s.name;
        if matches!(s.arrivals, Arrivals::Trace(_)) {
            return Some(format!(
                "source `{name}` replays a trace: it has no steady state"
            ));
        }
        if s.profile.is_some() {
            return Some(format!(
                "the rate of source `{name}` follows a profile: it has no steady state"
            ));
        }
        s.stop
            .map(|_| format!("source `{name}` stops: nothing is left to become rare"))
    };
    let fault = |f: &FaultSpec| {
        let name = &f.name;
        let once = match f.when {
            FaultWhen::At(_) => true,
            FaultWhen::Always => f.lasts.is_some(),
            FaultWhen::Every(_) => false,
        };
        if once {
            return Some(format!(
                "fault `{name}` happens once: what it does is no steady state"
            ));
        }
        if let FaultKind::Surge { .. } = f.kind {
            return Some(format!(
                "fault `{name}` is a surge, which a source knows ahead of time: copies of a run \
                 could not draw it anew"
            ));
        }
        let drawn = matches!(f.when, FaultWhen::Every(_));
        (f.shared && drawn).then(|| {
            format!(
                "fault `{name}` is shared by its workers: copies of a run could not draw it anew"
            )
        })
    };
    let mut why = spec.sources.iter().filter_map(source);
    let faults = spec.faults.iter().filter(|f| f.enabled);
    let found = why.next().or_else(|| faults.filter_map(fault).next());
    if found.is_none() && mean_gap(spec).is_none() {
        return Some("nothing is sent".into());
    }
    found
}

/// Mean time between two attempts, nanoseconds.
fn mean_gap(spec: &SystemSpec) -> Option<f64> {
    let second = 1e9;
    let sources = spec.sources.iter();
    let rate: f64 = sources.map(|s| spec.expected_attempts(s, second)).sum();
    (rate > 0.0 && rate.is_finite()).then(|| (second / rate).max(1.0))
}

/// Replications of the pilots and of the runs: no trial of an experiment has these numbers.
const PILOT: u32 = 0xc000_0000;
const RUNS: u32 = 0x8000_0000;
/// Most runs of a batch.
const MOST_RUNS: usize = 1 << 20;

/// Events of one stretch of a run before something is wrong with it.
const EVENT_BUDGET: u64 = 2_000_000_000;

/// The run of a number: everything from time 0 on is counted, without end.
fn run_spec(seed: u64, replication: u32) -> RunSpec {
    RunSpec {
        seed,
        replication,
        timing: Timing {
            warm_up: 0,
            horizon: Horizon::For(1 << 62),
            drain: 0,
            window: 1 << 62,
        },
        wanted: Wanted::default(),
        series: false,
        look_for: LookFor::default(),
        event_budget: EVENT_BUDGET,
        width: Width::Wide,
        spared: Vec::new(),
    }
}

/// What a run is about.
struct Job<'a> {
    spec: &'a SystemSpec,
    metric: &'a Metric,
    hits: Hits,
    gauge: Gauge,
    setting: &'a Setting,
    /// Mean time between two requests.
    gap: f64,
}

/// The share of requests lost (or attempts refused) that a metric says, in the steady state.
///
/// Runs on the threads of the pool that it is called in, with the same result on any number.
/// `stopped` is asked before each run.
///
/// # Errors
/// Splitting does not apply, a run failed, or it was stopped.
pub fn estimate(
    spec: &SystemSpec,
    metric: &Metric,
    setting: &Setting,
    stopped: &(dyn Fn() -> bool + Sync),
) -> Result<RareEstimate, RareError> {
    let none = || RareError::NotApplicable("nothing is sent".into());
    let job = Job {
        spec,
        metric,
        hits: Hits::of(metric, spec).ok_or_else(|| {
            RareError::NotApplicable(refuses_metric(metric, spec).unwrap_or_default())
        })?,
        gauge: Gauge::new(spec),
        setting,
        gap: mean_gap(spec).ok_or_else(none)?,
    };
    let plan = caught::call(|| plan(&job))?;
    let mut runs: Vec<Run> = Vec::new();
    let mut wanted = plan.first_runs;
    loop {
        let more: Result<Vec<Run>, RareError> = (runs.len()..wanted)
            .into_par_iter()
            .map(|number| {
                if stopped() {
                    return Err(RareError::Stopped);
                }
                let number = u32::try_from(number).expect("runs are counted in 32 bits");
                Ok(caught::call(|| replicate(&job, &plan, number))?)
            })
            .collect();
        runs.extend(more?);
        let found = pooled(&runs, setting.confidence);
        let half = found.as_ref().and_then(relative_half_width);
        let enough = half.is_some_and(|half| half <= setting.precision);
        if enough || runs.len() >= plan.most_runs {
            return Ok(result(&plan, &runs, found, setting.confidence));
        }
        let needed = half.map_or(2 * runs.len(), |half| {
            runs_for(half, runs.len(), setting.precision)
        });
        wanted = needed.clamp(runs.len() + 1, plan.most_runs);
    }
}

/// What became of one metric of one point.
pub type Split = Result<RareEstimate, RareError>;

/// Everything that a design asks for, point by point; `None`: it was stopped.
pub(super) fn of_points(
    design: &Design,
    stopped: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<Vec<Split>>> {
    let one = |point: &Point| -> Option<Vec<Split>> {
        let Some(ask) = design.rare.as_ref() else {
            return Some(Vec::new());
        };
        if !ask.variants.contains(&point.variant) {
            return Some(Vec::new());
        }
        let setting = Setting {
            seed: design.seed,
            warm_up: design.timing.warm_up,
            confidence: design.confidence,
            precision: ask.precision,
            max_requests: ask.max_requests,
            batch: 0,
        };
        let estimates = ask.metrics.iter().map(|metric| {
            let found = estimate(&point.system, metric, &setting, stopped);
            (found != Err(RareError::Stopped)).then_some(found)
        });
        estimates.collect()
    };
    design.points.iter().map(one).collect()
}

/// Puts what splitting said in the place of what was counted.
pub(super) fn replace(design: &Design, found: &[Split], estimates: &mut [Option<Estimate>]) {
    let asked = design.rare.iter().flat_map(|ask| &ask.metrics);
    for (metric, found) in asked.zip(found) {
        if let (Some(place), Ok(found)) = (design.metric(metric), found) {
            estimates[place] = Some(found.estimate());
        }
    }
}

fn pooled(runs: &[Run], confidence: f64) -> Option<Interval> {
    let parts: Vec<(f64, f64)> = runs.iter().map(|r| (r.hits, r.of)).collect();
    quotient(&parts, confidence)
}

fn result(plan: &Plan, runs: &[Run], found: Option<Interval>, confidence: f64) -> RareEstimate {
    let requests = plan.requests + runs.iter().map(|r| r.requests).sum::<u64>();
    let mean = found.as_ref().map_or(0.0, |i| i.estimate);
    let (low, high) = if mean > 0.0 {
        (
            found.as_ref().and_then(|i| i.low),
            found.as_ref().and_then(|i| i.high).map(|h| h.min(1.0)),
        )
    } else {
        let reached: Vec<_> = runs
            .iter()
            .map(|r| (r.deepest.0, r.deepest.1, r.of))
            .collect();
        let bound = bound_none_seen(&reached, confidence).unwrap_or(1.0);
        (Some(0.0), Some(bound.min(1.0)))
    };
    RareEstimate {
        mean,
        low,
        high,
        runs: runs.len() as u32,
        levels: plan.levels.len() as u32,
        requests,
    }
}

#[cfg(test)]
mod tests;
