//! The runner over a made-up simulation: what threads may and may not change.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use super::*;
use crate::experiment::fixture;

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
