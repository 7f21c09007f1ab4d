//! `warm_up = "auto"`: how long every trial of a design runs before anything is measured.
//!
//! Each point that has a steady state is run from empty, with the replications that its trials
//! will have. What is looked at is the number of attempts in the system, averaged over windows of
//! time and over replications; MSER-5 says where its beginning ends. One cut in time serves all
//! metrics, so that Little's law still holds, and all points, so that they are measured over the
//! same requests: the longest. It is never below one relaxation time of the slowest worker and
//! five cycles of the slowest process that the model names, which no short run has seen.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use super::budget;
use super::caught;
use super::crew::{Crew, Ended};
use super::design::{Design, WarmUp};
use super::forecast::forgets;
use super::run::RunError;
use super::sample::{Sample, simulate_until};
use crate::base::units::Nanos;
use crate::model::series::NAMES;
use crate::model::spec::SystemSpec;
use crate::model::tally::Wanted;
use crate::model::trial::{Horizon, LookFor, RunSpec, Timing, TrialError, TrialOutput, Width};
use crate::stats::warm_up::mser5;

/// Windows of the series that is looked at.
const WINDOWS: u64 = 1000;

/// Cycles of the slowest process that must pass.
const CYCLES: f64 = 5.0;

/// The series that is looked at.
const SERIES: &str = "in_system_mean";

/// The warm-up that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundWarmUp {
    /// Of every trial, nanoseconds.
    pub time: Nanos,
    /// What decided.
    pub by: Reason,
    /// The point that decided; none when there was none to look at.
    pub point: Option<usize>,
    /// Points whose warm-up does not end within the search, each with the reason: the run is too
    /// short for them.
    pub too_short: Vec<(usize, Reason)>,
}

/// What a warm-up comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// MSER-5 on the number in the system.
    Mser,
    /// The relaxation time of the slowest worker.
    Relaxation,
    /// Cycles of the slowest process, by its place in the model.
    Cycles(String),
}

impl Reason {
    /// Its name in files.
    pub fn name(&self) -> &'static str {
        match self {
            Reason::Mser => "mser5",
            Reason::Relaxation => "relaxation",
            Reason::Cycles(_) => "cycles",
        }
    }
}

/// Finds the warm-up of a design that does not state it; `None` for one that does.
///
/// # Errors
/// It was stopped.
pub(super) fn find<S>(
    design: &Design,
    crew: &Crew<'_>,
    simulate: &S,
) -> Result<Option<FoundWarmUp>, RunError>
where
    S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError> + Sync,
{
    let Horizon::For(horizon) = design.timing.horizon else {
        return Ok(None);
    };
    if design.warm_up == WarmUp::Stated {
        return Ok(None);
    }
    let mut found = FoundWarmUp {
        time: 0,
        by: Reason::Mser,
        point: None,
        too_short: Vec::new(),
    };
    let settles = |p: &usize| design.points[*p].system.offered_load().highest() < 1.0;
    let points: Vec<usize> = (0..design.points.len()).filter(settles).collect();
    let pilots = Pilots::of(design, horizon);
    let series = pilots.run(&points, crew, simulate)?;
    for (&point, series) in points.iter().zip(series) {
        let (time, by) = pilots.look(point, series, &mut found.too_short);
        if found.point.is_none() || time > found.time {
            (found.time, found.by, found.point) = (time, by, Some(point));
        }
    }
    Ok(Some(found))
}

/// Finds the warm-up of a design anew, as its run did.
///
/// # Errors
/// The threads cannot be started.
pub fn again(design: &Design) -> Result<Option<Nanos>, RunError> {
    let never = AtomicBool::new(false);
    let simulate = |spec: &SystemSpec, run: &RunSpec, sample: Option<&mut Sample>| {
        simulate_until(spec, run, sample, &never)
    };
    let crew = Crew::start(0, &(), design.run_count())?;
    Ok(find(design, &crew, &simulate)?.map(|found| found.time))
}

/// Runs from empty.
struct Pilots<'a> {
    design: &'a Design,
    timing: Timing,
    horizon: Nanos,
}

impl<'a> Pilots<'a> {
    fn of(design: &'a Design, horizon: Nanos) -> Pilots<'a> {
        Pilots {
            design,
            horizon,
            timing: Timing {
                warm_up: 0,
                horizon: Horizon::For(horizon),
                drain: 0,
                window: horizon.div_ceil(WINDOWS).max(1),
            },
        }
    }

    /// The series of each of these points, averaged over replications; nothing where one failed.
    fn run<S>(
        &self,
        points: &[usize],
        crew: &Crew<'_>,
        simulate: &S,
    ) -> Result<Vec<Option<Vec<f64>>>, RunError>
    where
        S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError> + Sync,
    {
        let each = self.design.pilots() as usize;
        let first = self.design.trial_count();
        let list = points
            .iter()
            .flat_map(|p| (0..each).map(move |r| first + p * each + r));
        let list: Vec<usize> = list.collect();
        let slots: Vec<Mutex<Option<Vec<f64>>>> = list.iter().map(|_| Mutex::new(None)).collect();
        let places = |run: usize| list.binary_search(&run).expect("a run of the list");
        crew.work(&list, |run| {
            let (point, replication) = ((run - first) / each, (run - first) % each);
            let output = match crew.watch().kept(run) {
                Some(output) => Ok(output),
                None => self.one(run, point, replication, crew, simulate),
            };
            match output {
                Ok(output) => {
                    let slot = &slots[places(run)];
                    let mut slot = slot
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    *slot = Some(inside(&output));
                    Some(Ended::Well)
                }
                Err(_) if crew.watch().stopped() => None,
                // A point that fails here fails as a trial, and says why there.
                Err(_) => Some(Ended::Well),
            }
        })?;
        let open = |slot: Mutex<Option<Vec<f64>>>| {
            slot.into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        };
        let all: Vec<Option<Vec<f64>>> = slots.into_iter().map(open).collect();
        Ok(all.chunks(each.max(1)).map(average).collect())
    }

    fn one<S>(
        &self,
        run: usize,
        point: usize,
        replication: usize,
        crew: &Crew<'_>,
        simulate: &S,
    ) -> Result<TrialOutput, TrialError>
    where
        S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError> + Sync,
    {
        let system = &self.design.points[point].system;
        let spec = RunSpec {
            seed: self.design.seed,
            replication: u32::try_from(replication).expect("below the replications"),
            timing: self.timing,
            wanted: Wanted::default(),
            series: true,
            look_for: LookFor::default(),
            event_budget: budget::of(system, &self.timing),
            width: Width::Auto,
            spared: Vec::new(),
        };
        let output = caught::call(|| simulate(system, &spec, None))?;
        crew.watch().ended(run, &output, None);
        Ok(output)
    }

    /// The warm-up of one point, at most the measured time; notes where the run is too short.
    fn look(
        &self,
        point: usize,
        series: Option<Vec<f64>>,
        too_short: &mut Vec<(usize, Reason)>,
    ) -> (Nanos, Reason) {
        let system = &self.design.points[point].system;
        let mut best = (0.0, Reason::Mser);
        if let Some(cut) = series.and_then(|s| mser5(&s)) {
            if cut.at_edge {
                too_short.push((point, Reason::Mser));
                // The whole of the search: the best there is, and said to be too short.
                best.0 = self.horizon as f64 / 2.0;
            } else {
                best.0 = cut.values as f64 * self.timing.window as f64;
            }
        }
        let slow = system
            .slowest_cycle()
            .map(|cycle| (cycle.mean * CYCLES, Reason::Cycles(cycle.path)));
        let floors = [forgets(system).map(|time| (time, Reason::Relaxation)), slow];
        for (time, reason) in floors.into_iter().flatten() {
            if time > self.horizon as f64 {
                too_short.push((point, reason.clone()));
            }
            if time > best.0 {
                best = (time, reason);
            }
        }
        // Whole windows of its own series read better than many digits.
        let time = (best.0 as Nanos).div_ceil(self.timing.window) * self.timing.window;
        (time.min(self.horizon), best.1)
    }
}

/// The number in the system by window.
fn inside(output: &TrialOutput) -> Vec<f64> {
    let place = NAMES.iter().position(|n| *n == SERIES);
    let place = place.expect("the series is one of the names");
    output.series.rows.iter().map(|row| row[place]).collect()
}

/// The mean of replications, summed in their order; `None` where one has none.
fn average(replications: &[Option<Vec<f64>>]) -> Option<Vec<f64>> {
    let all: Vec<&Vec<f64>> = replications
        .iter()
        .map(Option::as_ref)
        .collect::<Option<_>>()?;
    let length = all.iter().map(|s| s.len()).min()?;
    let mean = |w: usize| all.iter().map(|s| s[w]).sum::<f64>() / all.len() as f64;
    Some((0..length).map(mean).collect())
}
