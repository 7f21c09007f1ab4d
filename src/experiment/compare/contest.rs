//! Runs two points side by side: replication r of both on the same streams.

use std::sync::{Mutex, PoisonError};

use super::{Side, Trial};
use crate::base::units::print_time;
use crate::experiment::design::{Design, Point, Variant, WarmUp};
use crate::experiment::results::{Estimate, TrialStatus};
use crate::experiment::run::{Options, Progress, RunError, Watch, run_with};
use crate::experiment::sample::Sample;
use crate::model::metric::{Context, Metric, Part};
use crate::model::spec::SystemSpec;
use crate::model::tally::Wanted;
use crate::model::trial::{AttemptRow, Horizon, RunSpec, TrialError, TrialOutput};

/// One point of a design.
#[derive(Clone, Copy, Debug)]
pub struct Pick<'a> {
    /// The design.
    pub design: &'a Design,
    /// Index of the point.
    pub point: usize,
    /// What it is called.
    pub name: &'a str,
}

/// What must be equal for two points to be compared, and is not: the name and both values.
pub fn mismatches(a: &Design, b: &Design) -> Vec<(&'static str, String, String)> {
    let horizon = |d: &Design| match d.timing.horizon {
        Horizon::For(time) => print_time(time),
        Horizon::Trace => "trace".into(),
    };
    let warm_up = |d: &Design| match d.warm_up {
        WarmUp::Stated => print_time(d.timing.warm_up),
        WarmUp::Auto => "auto".into(),
    };
    let kind = |d: &Design| {
        if d.terminating {
            "terminating"
        } else {
            "steady"
        }
        .to_owned()
    };
    let all = [
        ("kind", kind(a), kind(b)),
        ("seed", a.seed.to_string(), b.seed.to_string()),
        ("horizon", horizon(a), horizon(b)),
        ("warm_up", warm_up(a), warm_up(b)),
        (
            "drain",
            print_time(a.timing.drain),
            print_time(b.timing.drain),
        ),
        (
            "replications",
            a.first_round().to_string(),
            b.first_round().to_string(),
        ),
        (
            "confidence",
            a.confidence.to_string(),
            b.confidence.to_string(),
        ),
    ];
    all.into_iter().filter(|(_, a, b)| a != b).collect()
}

/// The design of two points: the first is A, the second B. Timing, seed and replications are
/// those of A's design ([`mismatches`]).
pub fn contest(a: Pick<'_>, b: Pick<'_>, metrics: Vec<Metric>) -> Design {
    let mut design = a.design.clone();
    design.metrics = metrics;
    design.attempts = None;
    // A precision is one side's; both have as many replications as come before its first look.
    design.replications = design.first_round();
    design.stopping = None;
    design.axes = Vec::new();
    design.objective = None;
    design.charts = Vec::new();
    design.variants = [a, b]
        .iter()
        .map(|side| Variant {
            name: side.name.to_owned(),
            title: side.design.variants[side.design.points[side.point].variant]
                .title
                .clone(),
        })
        .collect();
    design.points = [a, b]
        .iter()
        .enumerate()
        .map(|(i, side)| {
            let mut point = side.design.points[side.point].clone();
            point.variant = i;
            point.at = Vec::new();
            point
        })
        .collect();
    design
}

/// Takes the parts of the metrics from each trial as it ends, and passes on what it hears.
struct Collector<'a> {
    inner: &'a dyn Watch,
    design: &'a Design,
    wanted: Vec<Wanted>,
    parts: Mutex<Vec<Vec<Part>>>,
}

impl Watch for Collector<'_> {
    fn progress(&self, progress: Progress) {
        self.inner.progress(progress);
    }

    fn ended(&self, trial: usize, output: &TrialOutput, rows: Option<Vec<AttemptRow>>) {
        // Runs that find the warm-up have places behind the trials, and no partner.
        if trial >= self.design.trial_count() {
            return self.inner.ended(trial, output, rows);
        }
        let point = trial / self.design.replications as usize;
        let system = &self.design.points[point].system;
        let context = Context::new(system, &self.wanted[point]);
        let parts = context.parts(&self.design.metrics, &output.tally);
        let mut all = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        all[trial] = parts;
        drop(all);
        self.inner.ended(trial, output, rows);
    }

    fn stopped(&self) -> bool {
        self.inner.stopped()
    }
}

/// Runs both points of a [`contest`], by `simulate`.
///
/// # Errors
/// As [`run_with`].
pub fn run<S>(
    contest: &Design,
    options: Options,
    watch: &dyn Watch,
    simulate: S,
) -> Result<[Side; 2], RunError>
where
    S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError> + Sync,
{
    let wanted = |point: &Point| Wanted::for_metrics(&point.system, &contest.metrics);
    let collector = Collector {
        inner: watch,
        design: contest,
        wanted: contest.points.iter().map(wanted).collect(),
        parts: Mutex::new(vec![Vec::new(); contest.trial_count()]),
    };
    let results = run_with(contest, options, &collector, simulate)?;
    let parts = collector.parts.into_inner();
    let parts = parts.unwrap_or_else(PoisonError::into_inner);
    let trials: Vec<Result<Trial, String>> = results
        .trials
        .into_iter()
        .zip(parts)
        .map(|(trial, parts)| match trial.status {
            TrialStatus::Failed(why) => Err(why),
            TrialStatus::Done => Ok(Trial {
                parts,
                fingerprint: trial.fingerprint,
                demand: trial.demand,
            }),
        })
        .collect();
    let per_point = contest.replications as usize;
    let mut chunks = trials.chunks(per_point);
    // What is only known to be at least something is no value to compare.
    let values = |all: Vec<Option<Estimate>>| -> Vec<Option<Estimate>> {
        let open = |e: Option<Estimate>| e.filter(|e| e.value().is_some());
        all.into_iter().map(open).collect()
    };
    let mut estimates = results.points.into_iter().map(|p| values(p.estimates));
    let mut side = |variant: usize| Side {
        name: contest.variants[variant].name.clone(),
        averaged: contest.terminating,
        estimates: estimates.next().unwrap_or_default(),
        trials: chunks.next().unwrap_or_default().to_vec(),
    };
    Ok([side(0), side(1)])
}

#[cfg(test)]
mod tests {
    use super::super::{Verdict, compare};
    use super::*;
    use crate::experiment::fixture;

    fn sides(a: usize, b: usize, threads: usize) -> (Vec<Metric>, [Side; 2]) {
        let design = fixture::design();
        let metrics: Vec<Metric> = ["latency_mean", "latency_p99", "loss", "cost_per_month"]
            .iter()
            .map(|name| Metric::parse(name).unwrap())
            .collect();
        let choice = |point: usize, name| Pick {
            design: &design,
            point,
            name,
        };
        let contest = contest(choice(a, "one"), choice(b, "two"), metrics.clone());
        let sides = run(&contest, Options { threads }, &(), fixture::simulate).unwrap();
        (metrics, sides)
    }

    #[test]
    fn two_points_are_run_and_told_apart() {
        let (metrics, [a, b]) = sides(0, 3, 2);
        assert_eq!((a.name.as_str(), b.trials.len()), ("one", 4));
        let comparison = compare(&metrics, &[0.95; 4], &a, &b);
        let verdicts: Vec<Verdict> = comparison.rows.iter().map(|r| r.verdict).collect();
        assert_eq!(verdicts, [Verdict::Down; 4]);
        assert_eq!(comparison.same_demand, Some(true));
        // The fixture draws the same words for both sides.
        let gain = comparison.rows[0].paired.unwrap().variances.unwrap().gain();
        assert!(gain.is_some());
    }

    #[test]
    fn threads_change_nothing_and_a_point_is_the_same_as_itself() {
        let (metrics, one) = sides(3, 3, 1);
        let (_, eight) = sides(3, 3, 8);
        let first = compare(&metrics, &[0.95; 4], &one[0], &one[1]);
        let again = compare(&metrics, &[0.95; 4], &eight[0], &eight[1]);
        assert_eq!(first, again);
        assert!(first.rows.iter().all(|r| r.verdict == Verdict::Same));
    }

    #[test]
    fn what_must_agree_is_named() {
        let a = fixture::design();
        let mut b = fixture::design();
        assert_eq!(mismatches(&a, &b), []);
        b.seed = 15;
        b.timing.horizon = Horizon::Trace;
        let found: Vec<_> = mismatches(&a, &b);
        assert_eq!(found[0], ("seed", "14".into(), "15".into()));
        assert_eq!(found[1], ("horizon", "60 s".into(), "trace".into()));
        assert_eq!(found.len(), 2);
    }
}
