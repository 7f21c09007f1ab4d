//! Users who wait for the end of one request before they send the next.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;
use veltrix::model::trial::{Blind, Horizon};

use crate::systems::{MS, S, drawn, go, group, just, run_spec, system};
use crate::told;

fn closed(users: u32, think: Dist, work: Dist, group: GroupSpec) -> SystemSpec {
    system(Arrivals::Closed { users, think }, drawn(work), group)
}

/// Two users at one core, to the nanosecond; no answer, no next request.
#[test]
fn a_user_thinks_sends_and_waits() {
    let mut spec = closed(2, just(5 * MS), just(3 * MS), group(1, 1, None));
    spec.sources[0].stop = Some(20 * MS);
    let mut rows = Vec::new();
    go(&spec, &run_spec(1, Horizon::For(S)), &mut rows);
    let expected = [
        (Some(5_000), 8_000, Ok),
        (Some(8_000), 11_000, Ok),
        (Some(13_000), 16_000, Ok),
        (Some(16_000), 19_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
    let births: Vec<u64> = rows.iter().map(|row| row.born / MS).collect();
    assert_eq!(births, [5, 5, 13, 16]);
}

/// A lost request ends the wait as well.
#[test]
fn a_user_whose_request_is_lost_thinks_again() {
    let mut spec = closed(2, just(5 * MS), just(3 * MS), group(1, 1, Some(0)));
    spec.sources[0].stop = Some(14 * MS);
    let mut rows = Vec::new();
    go(&spec, &run_spec(1, Horizon::For(S)), &mut rows);
    let mut told = told(&rows);
    told.sort_by_key(|row| (row.1, row.0));
    let expected = [
        (None, 5_000, BufferFull),
        (Some(5_000), 8_000, Ok),
        (Some(10_000), 13_000, Ok),
        (Some(13_000), 16_000, Ok),
    ];
    // The user refused at 5 is back at 10 and done at 13, when the other one sends.
    assert_eq!(told, expected);
}

/// Throughput, mean number inside and busy cores of M/M/c with N users who think exponentially
/// (machine repair), from the birth and death of users inside.
#[test]
fn throughput_is_that_of_machine_repair() {
    for (users, cores) in [(1, 1), (6, 1), (20, 4)] {
        let (think, work) = (2.0, 0.5);
        let mut weights = vec![1.0];
        for n in 0..users {
            let up = f64::from(users - n) / think;
            let down = f64::from((n + 1).min(cores)) / work;
            weights.push(weights[n as usize] * up / down);
        }
        let total: f64 = weights.iter().sum();
        let mean = |value: &dyn Fn(u32) -> f64| -> f64 {
            let terms = (0u32..).zip(&weights).map(|(n, w)| value(n) * w);
            terms.sum::<f64>() / total
        };
        let inside = mean(&|n| f64::from(n));
        let busy = mean(&|n| f64::from(n.min(cores)));
        let exponential = |mean: f64| Dist::exponential(mean * S as f64).unwrap();
        let spec = closed(
            users,
            exponential(think),
            exponential(work),
            group(1, cores, None),
        );
        let horizon = 60_000;
        let mut how = run_spec(7, Horizon::For(horizon * S));
        how.timing.warm_up = 100 * S;
        let tally = go(&spec, &how, &mut Blind).tally;
        let seconds = horizon as f64;
        let near = |got: f64, known: f64| {
            let off = (got / known - 1.0).abs();
            assert!(
                off < 0.02,
                "{users} users, {cores} cores: {got}, not {known}"
            );
        };
        near(tally.classes[0].ok as f64 / seconds, busy / work);
        near(tally.workers[0].busy_area as f64 / 1e9 / seconds, busy);
        let waiting = tally.workers[0].queue_area as f64 / 1e9 / seconds;
        near(waiting + busy, inside);
    }
}
