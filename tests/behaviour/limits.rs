//! A client's own limits.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::systems::{MS, group, just, replay, rows};
use crate::told;

fn places(places: u32, pending: u32, wait: Option<u64>) -> Option<LimitSpec> {
    let in_flight = Some(PlacesSpec {
        places,
        pending,
        wait,
    });
    Some(LimitSpec {
        rate: None,
        in_flight,
    })
}

/// One out, one waiting: a third is refused, and the one that waits too long.
#[test]
fn a_place_is_waited_for_but_not_for_ever() {
    let births = [(0, 10), (1, 10), (2, 10), (8, 1)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = replay(&births, group(1, 2, None));
    spec.sources[0].client.limit = places(1, 1, Some(4 * MS));
    let (rows, output) = rows(&spec);
    let expected = [
        (Some(0), 10_000, Ok),
        (None, 5_000, Limited),
        (None, 2_000, Limited),
        (Some(10_000), 11_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
    // The wait for a place is part of the latency, not of what the service makes of it.
    assert_eq!((rows[3].born, rows[3].arrived), (8 * MS, 10 * MS));
    let delays = &output.tally.delays[0];
    assert_eq!(delays.latency.sum(), u128::from((10 + 3) * MS));
    assert_eq!(delays.response.sum(), u128::from((10 + 1) * MS));
    assert_eq!(delays.wait.sum(), 0);
    let class = &output.tally.classes[0];
    assert_eq!((class.attempts, class.ok), (4, 2));
    assert_eq!(class.lost[Limited.index()], 2);
}

/// The client's timeout runs while an attempt waits for a place; who gives up frees the place,
/// though the work goes on.
#[test]
fn a_timeout_ends_the_wait_for_a_place_and_frees_one() {
    let births = [(0, 10), (1, 10), (2, 10), (2, 10)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = replay(&births, group(1, 2, None));
    spec.sources[0].client.timeout = Some(just(3 * MS));
    spec.sources[0].client.limit = places(1, 2, None);
    let told = told(&rows(&spec).0);
    let expected = [
        (Some(0), 3_000, TimedOut),
        (Some(3_000), 4_000, TimedOut),
        (None, 5_000, TimedOut),
        (None, 2_000, Limited),
    ];
    assert_eq!(told, expected);
}

/// A place that comes free in the nanosecond of the timeout comes too late, and goes on.
#[test]
fn a_place_is_not_lost_with_the_attempt_that_was_to_have_it() {
    let births = [(0, 4), (0, 4), (0, 4), (5, 1)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = replay(&births, group(1, 1, None));
    spec.sources[0].client.timeout = Some(just(4 * MS));
    spec.sources[0].client.limit = places(1, 5, None);
    let (rows, _) = rows(&spec);
    let expected = [
        (Some(0), 4_000, Ok),
        (None, 4_000, TimedOut),
        (None, 4_000, TimedOut),
        (Some(5_000), 6_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
}

/// Every attempt takes a token, and a refused one may try again.
#[test]
fn a_retry_needs_a_token_of_its_own() {
    let mut spec = replay(&[(0, MS), (0, MS)], group(1, 2, None));
    let bucket = RateSpec {
        rate: 100.0,
        burst: 1,
        fill: Fill::Tick,
    };
    spec.sources[0].client.limit = Some(LimitSpec {
        rate: Some(bucket),
        in_flight: None,
    });
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(2, 0, 0));
    let expected = [(Some(0), 1_000, Ok), (None, 0, Limited), (None, 0, Limited)];
    assert_eq!(told(&rows(&spec).0), expected);
}
