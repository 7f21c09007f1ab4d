//! The origin story, computed: the over-built cluster falls over, the decoupled one does not, on
//! the same requests; each part of the cure counts; nearly half of the bill was not needed.
//!
//! The models and the experiment are read as users wrote them. A line of the bar holds when all
//! its parts hold at once in a trial; how many trials must meet it stands beside it.

#![allow(clippy::unwrap_used)]

#[path = "story/seen.rs"]
mod seen;

use seen::{Story, Trial, median, table};

const SECOND: u64 = 1_000_000_000;

/// The manual restart of `models/veltrix-before.toml`.
const MANUAL_AFTER: u64 = 30 * SECOND;

fn story_comes_out(t: &Trial) -> bool {
    t.longest_episode_of_14() >= 10_000
        && (0.85..=0.95).contains(&t.utilisation)
        && t.wasted_work >= 0.15
        && t.latency_mean > 0.1
        && t.goodput <= 0.9
}

fn cure_works(t: &Trial) -> bool {
    t.latency_mean < 6e-3
        && t.latency_p99 < 30e-3
        && (0.65..=0.75).contains(&t.utilisation)
        && t.loss < 1e-5
}

fn meets_objective(t: &Trial) -> bool {
    t.latency_mean < 10e-3 && t.latency_p99 < 50e-3 && t.loss < 1e-4
}

#[track_caller]
fn at_least(least: usize, name: &str, trials: &[Trial], line: fn(&Trial) -> bool) {
    let met = trials.iter().filter(|t| line(t)).count();
    let of = trials.len();
    assert!(met >= least, "{name}: {met} of {of}\n{}", table(trials));
}

#[track_caller]
fn at_most(most: usize, name: &str, trials: &[Trial], line: fn(&Trial) -> bool) {
    let met = trials.iter().filter(|t| line(t)).count();
    let of = trials.len();
    assert!(met <= most, "{name}: {met} of {of}\n{}", table(trials));
}

#[test]
fn the_same_requests_meet_both_designs() {
    let (before, after) = (Story::before(), Story::after());
    println!("before\n{}after\n{}", table(before), table(after));
    assert_eq!((before.len(), after.len()), (30, 30));
    for (b, a) in before.iter().zip(after) {
        assert_eq!((b.demand, b.born), (a.demand, a.born));
    }
    let mut demands: Vec<u64> = before.iter().map(|t| t.demand).collect();
    demands.sort_unstable();
    demands.dedup();
    assert_eq!(demands.len(), 30, "replications meet different requests");
}

#[test]
fn before_falls_over_and_stays_down() {
    at_least(27, "before", Story::before(), story_comes_out);
}

/// The "Error 102 for ever" of the story: from the moment worker 14 wedges it refuses everything,
/// until a person restarts it, exactly so much later.
#[test]
fn worker_14_refuses_from_the_moment_it_wedges_until_its_manual_restart() {
    for trial in Story::before() {
        for episode in &trial.episodes_of_14 {
            let restart = episode.began + MANUAL_AFTER;
            assert!(episode.last_refused < restart, "{episode:?}");
            let Some(again) = episode.served_again else {
                continue;
            };
            // It is sent some 2,000 attempts a second, so both come soon; a pause of 0.4 s may
            // lie upon the restart.
            assert!(restart - episode.last_refused < SECOND / 20, "{episode:?}");
            assert!(
                (restart..restart + SECOND / 2).contains(&again),
                "{episode:?}"
            );
        }
    }
}

#[test]
fn after_takes_the_same_traffic_calmly() {
    at_least(27, "after", Story::after(), cure_works);
    for (replication, trial) in Story::after().iter().enumerate() {
        assert_eq!(trial.buffer_full, 0, "VX3102 in replication {replication}");
        let opens = trial.breaker_opens_of_7;
        assert!(
            opens > 0,
            "the breaker of the crashed node stays closed in {replication}"
        );
    }
}

/// A breaker alone takes away what the wedged workers kept from the healthy ones.
#[test]
fn a_breaker_alone_makes_it_worse() {
    let with = Story::get().variant("before-with-breaker", 5);
    let without = median(&Story::before()[..5], |t| t.goodput);
    let breaker = median(&with, |t| t.goodput);
    println!("{}", table(&with));
    assert!(breaker < without, "{breaker} {without}");
}

#[test]
fn each_part_of_the_cure_is_needed() {
    for name in ["after-round-robin", "after-no-breaker"] {
        let trials = Story::get().variant(name, 5);
        println!("{name}\n{}", table(&trials));
        at_most(0, name, &trials, cure_works);
    }
}

#[test]
fn nearly_half_of_the_bill_was_not_needed() {
    let story = Story::get();
    let small = story.size(44, 4, "4GiB");
    let trials = story.trials(&small, 10);
    println!("44 x 4 x 4\n{}", table(&trials));
    at_least(9, "44 x 4 x 4", &trials, meets_objective);
    let too_small = story.trials(&story.size(21, 8, "4GiB"), 5);
    println!("21 x 8 x 4\n{}", table(&too_small));
    at_most(0, "21 x 8 x 4", &too_small, meets_objective);
    let saved = 1.0 - small.cost_per_hour() / story.size(25, 8, "64GiB").cost_per_hour();
    assert_eq!((saved * 100.0).round(), 46.0, "{saved}");
}

/// A buffer longer than the client's patience is another system: nearly all work is done too
/// late. One much shorter refuses in time, and nothing is wasted.
#[test]
fn the_balancers_buffer_is_the_sharp_knob() {
    let story = Story::get();
    let long = story.trials(&story.balancer_slots(13_500), 5);
    println!("13,500\n{}", table(&long));
    assert!(median(&long, |t| t.goodput) < 0.4, "{}", table(&long));
    let short = story.trials(&story.balancer_slots(6_000), 5);
    println!("6,000\n{}", table(&short));
    assert!(
        median(&short, |t| t.wasted_work) < 0.03,
        "{}",
        table(&short)
    );
}
