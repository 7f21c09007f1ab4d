//! The same spec and seed give the same run: twice, watched or not, alone or beside others, with
//! whatever maths the machine has. And every design meets the same requests.

#![allow(clippy::unwrap_used)]

#[path = "determinism/fair.rs"]
mod fair;
#[path = "determinism/golden.rs"]
mod golden;
#[path = "determinism/models.rs"]
mod models;
#[path = "systems/mod.rs"]
mod systems;

use std::thread;

use models::{replayed, story};
use systems::{S, go, run_spec};
use veltrix::model::spec::SystemSpec;
use veltrix::model::tally::{Narrow, Tally};
use veltrix::model::trial::{AttemptRow, Blind, Horizon, RunSpec, TrialOutput, Width};

fn how(seconds: u64) -> RunSpec {
    let mut how = run_spec(14, Horizon::For(seconds * S));
    how.timing.warm_up = S;
    how
}

fn blind(spec: &SystemSpec, how: &RunSpec) -> TrialOutput {
    go(spec, how, &mut Blind)
}

/// Every count of a tally, as text.
fn counts(tally: &Tally) -> String {
    format!("{tally:?}")
}

#[track_caller]
fn same(a: &TrialOutput, b: &TrialOutput) {
    assert_eq!(a.fingerprint, b.fingerprint);
    assert_eq!(a.demand, b.demand);
    assert_eq!(a.events, b.events);
    assert_eq!(counts(&a.tally), counts(&b.tally));
}

#[test]
fn twice_is_the_same() {
    let spec = story();
    let mut how = how(5);
    how.series = true;
    let (a, b) = (blind(&spec, &how), blind(&spec, &how));
    same(&a, &b);
    assert_eq!(a.series, b.series);
    how.seed += 1;
    let other = blind(&spec, &how);
    assert_ne!(other.fingerprint, a.fingerprint);
    assert_ne!(other.demand, a.demand);
    how.seed -= 1;
    how.replication += 1;
    assert_ne!(blind(&spec, &how).demand, a.demand);
}

#[test]
fn wide_entries_change_nothing() {
    let spec = story();
    let mut how = how(5);
    how.series = true;
    let narrow = blind(&spec, &how);
    how.width = Width::Wide;
    let wide = blind(&spec, &how);
    same(&narrow, &wide);
    assert_eq!(narrow.series, wide.series);
}

/// Beyond the reach of narrow entries there is no difference to be seen either.
#[test]
fn a_run_too_long_for_narrow_entries_is_the_same_as_far_as_a_shorter_one_goes() {
    let mut spec = story();
    spec.sources[0].stop = Some(4 * S);
    spec.faults.clear();
    let short = blind(&spec, &how(10));
    let mut long = how(10);
    long.timing.drain = 100_000 * S;
    assert_eq!(blind(&spec, &long).fingerprint, short.fingerprint);
}

#[test]
fn watching_moves_nothing() {
    let spec = story();
    let plain = blind(&spec, &how(5));
    let mut rows: Vec<AttemptRow> = Vec::new();
    same(&plain, &go(&spec, &how(5), &mut rows));
    assert!(rows.len() > 10_000, "{}", rows.len());

    let mut more = how(5);
    more.series = true;
    more.wanted.inside_at = vec![S, 2 * S];
    more.wanted.slowdown = true;
    more.wanted.scopes = vec![Narrow::Worker(1), Narrow::Class(1)];
    let watched = blind(&spec, &more);
    assert_eq!(watched.fingerprint, plain.fingerprint);
    assert_eq!(watched.demand, plain.demand);
    let of = |tally: &Tally| {
        (
            format!("{:?}", tally.classes),
            format!("{:?}", tally.workers),
        )
    };
    assert_eq!(of(&watched.tally), of(&plain.tally));
    assert_eq!(watched.series.rows.len(), 5);
}

#[test]
fn a_trial_alone_equals_itself_among_others() {
    let spec = story();
    let alone = blind(&spec, &how(3));
    let others: Vec<RunSpec> = (0..6)
        .map(|i| {
            let mut how = how(3);
            how.replication = i % 3;
            how
        })
        .collect();
    let outputs: Vec<TrialOutput> = thread::scope(|scope| {
        let spec = &spec;
        let spawn = |how| scope.spawn(move || blind(spec, how));
        let threads: Vec<_> = others.iter().map(spawn).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    same(&outputs[0], &alone);
    for i in 0..3 {
        same(&outputs[i], &outputs[i + 3]);
    }
    assert_ne!(outputs[1].fingerprint, alone.fingerprint);
}

#[test]
fn a_run_is_the_beginning_of_a_longer_one() {
    let spec = story();
    let until = |seconds: u64| {
        let mut how = how(seconds - 1);
        how.timing.drain = 0;
        let mut rows: Vec<AttemptRow> = Vec::new();
        go(&spec, &how, &mut rows);
        rows.retain(|row| row.end.is_some_and(|end| end < 4 * S));
        rows
    };
    let (short, long) = (until(4), until(8));
    assert!(short.len() > 10_000);
    assert!(short == long, "rows differ");
}

/// With everything begun and ended inside the measured time, the time that attempts spend inside
/// is the same seen by the system and by the attempts. In whole nanoseconds.
#[test]
fn littles_law_is_an_identity() {
    let spec = replayed();
    let mut rows: Vec<AttemptRow> = Vec::new();
    let output = go(&spec, &run_spec(3, Horizon::Trace), &mut rows);
    let inside = |row: &AttemptRow| u128::from(row.end.unwrap() - row.arrived);
    let seen_by_attempts: u128 = rows.iter().map(inside).sum();
    let workers = output.tally.workers.iter();
    let balancers = output.tally.balancers.iter();
    let seen_by_system = workers.map(|w| w.queue_area + w.busy_area).sum::<u128>()
        + balancers.map(|b| b.queue_area + b.busy_area).sum::<u128>();
    assert_eq!(seen_by_system, seen_by_attempts);
    assert!(output.tally.classes.iter().all(|c| c.unfinished == 0));
    let refused = rows.iter().filter(|row| row.end == Some(row.arrived));
    assert!(
        refused.count() > 100,
        "the model must be in trouble to prove anything"
    );
}
