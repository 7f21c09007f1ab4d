//! The oracle that simulates: systems are made when they are asked for, replications run in
//! parallel and come back in their order.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::super::objective::{Constraint, Verdict};
use super::super::{budget, caught, rare, sample};
use super::checks::Checks;
use super::space::Space;
use super::{Halt, Known, Oracle, Otherwise, PointId, SoFar, Trial, screen};
use crate::model::metric::{Context, Metric, Part};
use crate::model::spec::SystemSpec;
use crate::model::tally::Wanted;
use crate::model::trial::{LookFor, RunSpec, Timing, TrialOutput, Width};
use crate::stats::selection::Reading;

/// Requests that splitting may simulate to decide one constraint of one point.
const AT_A_POINT: u64 = 10_000_000;

/// Makes the systems of a space.
pub trait Systems {
    /// The system of a variant with these indices on the axes.
    ///
    /// # Errors
    /// What is wrong with it, ready to be shown.
    fn system(&mut self, variant: usize, at: &[usize]) -> Result<SystemSpec, String>;
}

/// What is asked of every point.
#[derive(Clone, Debug)]
pub struct Question {
    /// The experiment's seed.
    pub seed: u64,
    /// How long a trial is.
    pub timing: Timing,
    /// The measured time is the question itself: what holds in the long run says nothing of it.
    pub terminating: bool,
    /// What is to be small; known without a run ([`screen::is_known`]).
    pub minimise: Metric,
    /// All constraints.
    pub constraints: Vec<Constraint>,
    /// Precision and most requests with which splitting may decide a constraint at a point.
    pub rare: (f64, u64),
}

/// What is said of splitting where the experiment says nothing.
pub fn splitting(ask: Option<&rare::Ask>) -> (f64, u64) {
    ask.map_or((rare::PRECISION, AT_A_POINT), |a| {
        (a.precision, a.max_requests)
    })
}

/// Simulates.
pub struct Simulated<'a> {
    space: &'a Space,
    checks: &'a Checks,
    question: &'a Question,
    systems: &'a mut dyn Systems,
    threads: rayon::ThreadPool,
    stop: &'a AtomicBool,
    hears: &'a mut dyn FnMut(SoFar),
    last: Option<(PointId, SystemSpec)>,
}

impl<'a> Simulated<'a> {
    /// For this space; `threads` as in [`super::super::run::Options`].
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn new(
        space: &'a Space,
        checks: &'a Checks,
        question: &'a Question,
        systems: &'a mut dyn Systems,
        threads: usize,
        stop: &'a AtomicBool,
        hears: &'a mut dyn FnMut(SoFar),
    ) -> Result<Simulated<'a>, String> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        Ok(Simulated {
            space,
            checks,
            question,
            systems,
            threads: pool.build().map_err(|e| e.to_string())?,
            stop,
            hears,
            last: None,
        })
    }

    fn make(&mut self, point: PointId) -> Result<(), Halt> {
        if self.last.as_ref().is_none_or(|(p, _)| *p != point) {
            let (part, at) = self.space.place(point);
            let variant = self.space.variants[part].variant;
            let system = self.systems.system(variant, &at).map_err(Halt::Wrong)?;
            self.last = Some((point, system));
        }
        Ok(())
    }
}

impl Oracle for Simulated<'_> {
    fn known(&mut self, point: PointId) -> Result<Known, Halt> {
        self.make(point)?;
        let question = self.question;
        let (_, system) = self.last.as_ref().expect("it was just made");
        let cost = screen::known(&question.minimise, system);
        Ok(Known {
            cost: cost.expect("what is minimised is known without a run"),
            hopeless: screen::hopeless(system, question),
        })
    }

    fn trials(&mut self, point: PointId, from: u32, count: u32) -> Result<Vec<Trial>, Halt> {
        self.make(point)?;
        let (_, system) = self.last.as_ref().expect("it was just made");
        let wanted = Wanted::for_metrics(system, &self.checks.gauges);
        let (question, checks, stop) = (self.question, self.checks, self.stop);
        let context = Context::new(system, &wanted);
        let one = |replication: u32| {
            let spec = RunSpec {
                seed: question.seed,
                replication,
                timing: question.timing,
                wanted: wanted.clone(),
                series: false,
                look_for: LookFor::default(),
                event_budget: budget::of(system, &question.timing),
                width: Width::Auto,
                spared: Vec::new(),
            };
            let output = caught::call(|| sample::simulate_until(system, &spec, None, stop));
            output.map(|output| read(&context, &checks.gauges, &output))
        };
        let ended: Vec<_> = self.threads.install(|| {
            let replications = from..from.saturating_add(count);
            replications.into_par_iter().map(one).collect()
        });
        if self.stopped() {
            return Err(Halt::Stopped);
        }
        let trials: Result<Vec<Trial>, _> = ended.into_iter().collect();
        trials.map_err(|e| Halt::Failed(format!("{}: {}", e.code, e.message)))
    }

    /// Splitting, where it applies.
    fn undecided(
        &mut self,
        point: PointId,
        check: usize,
        fresh: u32,
        level: f64,
    ) -> Option<Otherwise> {
        self.make(point).ok()?;
        let (_, system) = self.last.as_ref()?;
        let constraint = &self.checks.list[check].constraint;
        let (question, stop) = (self.question, self.stop);
        if rare::refuses_metric(&constraint.metric, system).is_some()
            || rare::refuses_system(system, &question.timing).is_some()
        {
            return None;
        }
        let setting = rare::Setting {
            seed: question.seed,
            warm_up: question.timing.warm_up,
            confidence: 1.0 - 2.0 * level,
            precision: question.rare.0,
            max_requests: question.rare.1,
            batch: fresh,
        };
        let stopped = || stop.load(Ordering::Relaxed);
        let estimate = || rare::estimate(system, &constraint.metric, &setting, &stopped);
        let found = self.threads.install(estimate).ok()?;
        let met = match constraint.judge(Some(&found.estimate())) {
            Verdict::Met => Some(true),
            Verdict::Missed => Some(false),
            Verdict::NotShown => None,
        };
        Some(Otherwise {
            met,
            ends: (found.mean, found.low?, found.high?),
            requests: found.requests,
        })
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn progress(&mut self, so_far: SoFar) {
        (self.hears)(so_far);
    }
}

fn read(context: &Context<'_>, gauges: &[Metric], output: &TrialOutput) -> Trial {
    let parts = context.parts(gauges, &output.tally);
    Trial {
        readings: parts.iter().map(reading).collect(),
        requests: output.tally.classes.iter().map(|c| c.born).sum(),
    }
}

/// A maximum has no interval over trials, so that each trial's own counts as a value.
fn reading(part: &Part) -> Reading {
    match *part {
        Part::Quotient { num, den } => Reading::Ratio { num, den },
        Part::Share { num, den } => Reading::Count { num, den },
        Part::Read(Some(value)) | Part::Highest(Some(value)) => Reading::Plain(value),
        Part::Read(None) | Part::Highest(None) => Reading::Nothing,
    }
}
