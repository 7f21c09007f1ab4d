//! The runner over a made-up simulation: what threads may and may not change.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use std::sync::atomic::Ordering;

use super::*;
use crate::experiment::fixture;
use crate::model::metric::Metric;

/// Remembers what it was told.
#[derive(Default)]
struct Ears {
    attempts: Mutex<Vec<(usize, Vec<AttemptRow>)>>,
    progress: Mutex<Vec<Progress>>,
}

impl Watch for Ears {
    fn progress(&self, progress: Progress) {
        self.progress.lock().unwrap().push(progress);
    }

    fn ended(&self, trial: usize, _: &TrialOutput, rows: Option<Vec<AttemptRow>>) {
        let rows = rows.map(|rows| (trial, rows));
        self.attempts.lock().unwrap().extend(rows);
    }
}

fn options(threads: usize) -> Options {
    Options { threads }
}

#[test]
fn threads_change_nothing() {
    let design = fixture::design();
    let run = |threads| {
        let results = run_with(&design, options(threads), &(), |spec, run, sample| {
            // Those that are begun first end last.
            thread::sleep(Duration::from_micros(u64::from(4 - run.replication) * 300));
            fixture::simulate(spec, run, sample)
        });
        format!("{:?}", results.unwrap())
    };
    let one = run(1);
    for threads in [2, 3, 8] {
        assert!(run(threads) == one, "{threads} threads gave something else");
    }
}

#[test]
fn results_stand_in_the_order_of_the_plan() {
    let design = fixture::design();
    let results = run_with(&design, options(3), &(), fixture::simulate).unwrap();
    let places: Vec<_> = results
        .trials
        .iter()
        .map(|t| (t.point, t.replication))
        .collect();
    let plan: Vec<_> = (0..7).flat_map(|p| (0..4).map(move |r| (p, r))).collect();
    assert_eq!(places, plan);
    assert!(
        results
            .points
            .iter()
            .all(|p| p.tally.trials == 4 && p.failed == 0)
    );
}

#[test]
fn a_trial_alone_is_the_trial_in_the_sweep() {
    let design = fixture::design();
    let all = run_with(&design, options(2), &(), fixture::simulate).unwrap();
    let mut alone = design.clone();
    alone.points = vec![design.points[3].clone()];
    alone.replications = 2;
    let alone = run_with(&alone, options(1), &(), fixture::simulate).unwrap();
    let (trial, same) = (&all.trials[3 * 4 + 1], &alone.trials[1]);
    assert_eq!(
        (trial.fingerprint, &trial.values),
        (same.fingerprint, &same.values)
    );
}

#[test]
fn broken_trials_do_not_sink_the_others() {
    let design = fixture::design();
    let ears = Ears::default();
    let results = run_with(&design, options(2), &ears, fixture::simulate_badly).unwrap();
    assert!(
        results
            .points
            .iter()
            .all(|p| p.failed == 2 && p.tally.trials == 2)
    );
    let status = |r: usize| results.trials[r].status.clone();
    assert_eq!(
        status(1),
        TrialStatus::Failed("VX5002: stopped after 10 events at 1.5 s".into())
    );
    let TrialStatus::Failed(text) = status(2) else {
        panic!("a panic is a failure");
    };
    assert!(
        text.starts_with("VX9001: ") && text.contains("busy cores 9 of 8"),
        "{text}"
    );
    assert_eq!(
        (status(0), status(3)),
        (TrialStatus::Done, TrialStatus::Done)
    );
    let estimate = results.points[0].estimates[0].unwrap();
    assert_eq!(estimate.n, 2);
    let most = ears
        .progress
        .lock()
        .unwrap()
        .iter()
        .map(|p| (p.done, p.failed))
        .max();
    assert_eq!(most, Some((28, 14)));
}

#[test]
fn a_point_without_a_good_trial_has_no_estimates() {
    let design = fixture::design();
    let results = run_with(&design, options(2), &(), |_, _, _| {
        Err(TrialError {
            code: crate::base::codes::Code::EVENT_BUDGET,
            message: "no".into(),
        })
    });
    let point = &results.unwrap().points[1];
    assert!(point.estimates.iter().all(Option::is_none));
    assert_eq!(point.meets(), Some(false));
}

#[test]
fn attempts_are_handed_over_trial_by_trial() {
    let mut design = fixture::design();
    let ears = Ears::default();
    run_with(&design, options(2), &ears, fixture::simulate).unwrap();
    assert!(
        ears.attempts.lock().unwrap().is_empty(),
        "nobody asked for rows"
    );
    design.attempts = Some(10);
    run_with(&design, options(2), &ears, fixture::simulate).unwrap();
    let mut heard = ears.attempts.into_inner().unwrap();
    heard.sort_by_key(|(trial, _)| *trial);
    assert_eq!(heard.len(), 28);
    assert!(heard.iter().enumerate().all(|(i, (trial, _))| i == *trial));
    let kept: Vec<u64> = heard[5].1.iter().map(|row| row.request).collect();
    assert_eq!(kept, [0, 10, 20, 30, 40]);
}

#[test]
fn the_objective_is_judged_for_its_variants_only() {
    let design = fixture::design();
    let results = run_with(&design, options(2), &(), fixture::simulate).unwrap();
    let meets: Vec<_> = results.points.iter().map(PointResult::meets).collect();
    let expected = [
        None,
        Some(true),
        Some(true),
        Some(true),
        Some(true),
        Some(false),
        Some(false),
    ];
    assert_eq!(meets, expected);
    let missed = results.points[5].verdicts.as_ref().unwrap();
    assert_eq!(missed[..], [Verdict::Met, Verdict::Met, Verdict::Missed]);
    assert!(results.points[1].stable && !results.points[5].stable);
}

#[test]
fn the_budget_grows_with_what_is_to_be_expected() {
    let design = fixture::design();
    let expected = budget::expected_events(&design.points[0].system, &design.timing);
    assert_eq!(expected, 40_000 * 125 * 4);
    let budget = budget::of(&design.points[0].system, &design.timing);
    assert_eq!(budget, expected * 50 + 10_000_000);
}

/// Brings every other trial from an earlier run, and stops after some that it did not bring.
struct Half {
    kept: Vec<TrialOutput>,
    ended: Mutex<Vec<usize>>,
    most: usize,
}

impl Watch for Half {
    fn progress(&self, _: Progress) {}

    fn kept(&self, trial: usize) -> Option<TrialOutput> {
        trial.is_multiple_of(2).then(|| self.kept[trial].clone())
    }

    fn ended(&self, trial: usize, _: &TrialOutput, _: Option<Vec<AttemptRow>>) {
        self.ended.lock().unwrap().push(trial);
    }

    fn stopped(&self) -> bool {
        self.ended.lock().unwrap().len() >= self.most
    }
}

#[test]
fn what_is_kept_is_not_run_again_and_changes_nothing() {
    let design = fixture::design();
    let plan = Plan::of(&design, None);
    let output = |trial| {
        let (point, replication) = plan.place(trial);
        let spec = plan.run_spec(point, replication);
        fixture::simulate(&design.points[point].system, &spec, None).unwrap()
    };
    let mut half = Half {
        kept: (0..28).map(output).collect(),
        ended: Mutex::default(),
        most: 100,
    };
    let whole = run_with(&design, options(2), &(), fixture::simulate).unwrap();
    let resumed = run_with(&design, options(2), &half, fixture::simulate).unwrap();
    assert_eq!(format!("{whole:?}"), format!("{resumed:?}"));
    let mut ended = std::mem::take(half.ended.get_mut().unwrap());
    ended.sort_unstable();
    assert!(ended.iter().copied().eq((1..28).step_by(2)));
    half.most = 3;
    let stopped = run_with(&design, options(1), &half, fixture::simulate);
    let Err(RunError::Stopped(progress)) = stopped else {
        panic!("not stopped");
    };
    assert_eq!(half.ended.lock().unwrap().len(), 3);
    assert!((3..28).contains(&progress.done) && progress.total == 28);
}

#[test]
fn a_trial_that_fails_once_the_run_is_stopped_was_given_up() {
    let design = fixture::design();
    let half = Half {
        kept: Vec::new(),
        ended: Mutex::default(),
        most: 1,
    };
    let stop = AtomicBool::new(false);
    let given_up = run_with(&design, options(1), &Brought(&half), |spec, run, sample| {
        if stop.swap(true, Ordering::Relaxed) {
            half.ended.lock().unwrap().push(0);
            return Err(TrialError {
                code: crate::base::codes::Code::INTERRUPTED,
                message: "given up".into(),
            });
        }
        fixture::simulate(spec, run, sample)
    });
    let Err(RunError::Stopped(progress)) = given_up else {
        panic!("not stopped");
    };
    assert_eq!((progress.done, progress.failed), (1, 0));
}

/// Stops as the other does, and brings nothing.
struct Brought<'a>(&'a Half);

impl Watch for Brought<'_> {
    fn progress(&self, _: Progress) {}

    fn stopped(&self) -> bool {
        self.0.stopped()
    }
}

/// The fixture's design, stopped at a precision that its points reach sooner, later or never.
fn stopping() -> Design {
    let mut design = fixture::design();
    design.replications = 32;
    design.stopping = Some(Stopping {
        min: 4,
        precision: 0.004,
        metrics: vec![
            Metric::parse("latency_p99").unwrap(),
            Metric::parse("offered").unwrap(),
        ],
    });
    design
}

#[test]
fn stopped_runs_are_the_same_on_any_threads_and_when_resumed() {
    let design = stopping();
    let run = |threads| {
        let results = run_with(&design, options(threads), &(), |spec, run, sample| {
            thread::sleep(Duration::from_micros(u64::from(run.replication % 3) * 200));
            fixture::simulate(spec, run, sample)
        });
        results.unwrap()
    };
    let one = run(1);
    for threads in [2, 8] {
        assert_eq!(format!("{one:?}"), format!("{:?}", run(threads)));
    }
    let given: Vec<u64> = one.points.iter().map(|p| p.tally.trials).collect();
    assert!(
        given.iter().all(|n| [4, 9, 14, 19, 24, 29, 32].contains(n)),
        "{given:?}"
    );
    assert!(given.iter().any(|n| *n < 32), "{given:?}");
    assert_eq!(one.trials.len() as u64, given.iter().sum::<u64>());
    let plan = Plan::of(&design, None);
    let output = |trial| {
        let (point, replication) = plan.place(trial);
        let spec = plan.run_spec(point, replication);
        fixture::simulate(&design.points[point].system, &spec, None).unwrap()
    };
    let half = Half {
        kept: (0..design.trial_count()).map(output).collect(),
        ended: Mutex::default(),
        most: 10_000,
    };
    let resumed = run_with(&design, options(2), &half, fixture::simulate).unwrap();
    assert_eq!(format!("{one:?}"), format!("{resumed:?}"));
}

#[test]
fn what_is_never_precise_has_all_and_says_what_missed() {
    let mut design = stopping();
    design.stopping.as_mut().unwrap().precision = 1e-9;
    let results = run_with(&design, options(2), &(), fixture::simulate).unwrap();
    for point in &results.points {
        assert_eq!(point.tally.trials, 32);
        let missed = &point.stopped.as_ref().unwrap().missed;
        assert!(missed.iter().any(|m| m.metric.to_string() == "offered"));
        assert!(
            missed
                .iter()
                .all(|m| m.half.is_some_and(|half| half > m.wanted))
        );
    }
    // Where all fail there is nothing to wait for.
    let fails = |_: &SystemSpec, _: &RunSpec, _: Option<&mut Sample>| {
        Err(TrialError {
            code: crate::base::codes::Code::EVENT_BUDGET,
            message: "as made up".into(),
        })
    };
    let results = run_with(&design, options(2), &(), fails).unwrap();
    assert!(results.points.iter().all(|p| p.failed == 4));
}

#[test]
fn a_warm_up_is_found_once_for_all_points() {
    let mut design = fixture::design();
    design.warm_up = super::super::design::WarmUp::Auto;
    design.timing.warm_up = 0;
    // A number in the system that rises for the first tenth of the run.
    let rising = |spec: &SystemSpec, run: &RunSpec, sample: Option<&mut Sample>| {
        let mut output = fixture::simulate(spec, run, sample)?;
        if run.timing.warm_up == 0 {
            let place = crate::model::series::NAMES
                .iter()
                .position(|n| *n == "in_system_mean")
                .unwrap();
            let row = |w: usize| {
                let mut row = [0.0; crate::model::series::NAMES.len()];
                let noise = (w * 7 + run.replication as usize * 3) % 11;
                row[place] = 50.0 * (w as f64 / 100.0).min(1.0) + noise as f64;
                row
            };
            output.series.rows = (0..1000).map(row).collect();
        }
        Ok(output)
    };
    let run = |threads| run_with(&design, options(threads), &(), rising).unwrap();
    let one = run(1);
    for threads in [2, 8] {
        assert_eq!(format!("{one:?}"), format!("{:?}", run(threads)));
    }
    let found = one.warm_up.unwrap();
    assert_eq!((found.by, found.point), (warm_up::Reason::Mser, Some(0)));
    // 90 to 100 windows of 60 ms.
    assert!(
        (5_400_000_000..=6_000_000_000).contains(&found.time),
        "{}",
        found.time
    );
    assert!(found.too_short.is_empty(), "{:?}", found.too_short);
    assert_eq!(one.trials.len(), 28);
}
