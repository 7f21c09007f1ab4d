//! Breakers of clients: what is asked when, and what they hear.

use veltrix::model::outcome::Outcome::{self, *};
use veltrix::model::spec::*;
use veltrix::model::trial::AttemptRow;

use crate::every_ms;
use crate::systems::{MS, S, US, fault, group, just, replay, rows};

/// One worker, down for the first so many milliseconds, and a client with a breaker.
fn guarded(births: &[(u64, u64)], down: u64, breaker: ClientBreaker) -> SystemSpec {
    let mut spec = replay(births, group(1, 1, None));
    spec.sources[0].client.breaker = Some(breaker);
    let crash = fault("down", FaultKind::Crash, (1, 1), FaultWhen::At(0));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(down * MS)),
        ..crash
    }];
    spec
}

/// Opens after so many failures, for 10 ms; one probe, one success.
fn in_a_row(failures: u32, around: Around) -> ClientBreaker {
    let spec = BreakerSpec::Consecutive {
        failures,
        open_for: just(10 * MS),
        half_open_calls: 1,
        successes: 1,
        counts: Failures::ALL,
    };
    ClientBreaker::Machine { spec, around }
}

fn envoy(connections: u32, pending: u32, requests: Option<u32>, retries: u32) -> ClientBreaker {
    ClientBreaker::Envoy(EnvoyLimits {
        connections: Some(connections),
        pending,
        requests,
        retries: Some(retries),
    })
}

fn retry(attempts: u32, pause: u64) -> Option<RetrySpec> {
    Some(RetrySpec {
        attempts,
        backoff: BackoffSpec::Drawn(just(pause)),
        on: Failures::ALL,
        budget: None,
    })
}

/// Request, attempt, when it ended in milliseconds, and how.
type End = (u64, u32, u64, Outcome);

fn ends(rows: &[AttemptRow]) -> Vec<End> {
    let end = |r: &AttemptRow| {
        (
            r.request,
            r.attempt,
            r.end.unwrap() / MS,
            r.outcome.unwrap(),
        )
    };
    let mut all: Vec<_> = rows.iter().map(end).collect();
    all.sort_by_key(|e| (e.0, e.1));
    all
}

#[test]
fn it_is_asked_before_an_attempt_leaves_and_hears_how_it_ended() {
    let births = every_ms(24, 100 * US);
    let (rows, output) = rows(&guarded(&births, 13, in_a_row(2, Around::Attempt)));
    for (at, row) in rows.iter().enumerate() {
        let (worker, outcome) = match at {
            0 | 1 | 11 => (Some(1), NoConnection),
            21.. => (Some(1), Ok),
            _ => (None, BreakerOpen),
        };
        assert_eq!(
            (row.worker, row.outcome),
            (worker, Some(outcome)),
            "at {at} ms"
        );
        assert_eq!(row.arrived, at as u64 * MS);
    }
    let balancer = &output.tally.balancers[0];
    assert_eq!(balancer.breaker_opens, 2);
    assert_eq!(balancer.breaker_area, output.tally.measured_ns);
    assert_eq!(balancer.breaker_open_area, u128::from(20 * MS));
    assert_eq!(output.tally.workers[0].breaker_opens, 0);
    assert_eq!(output.tally.classes[0].lost[BreakerOpen.index()], 18);
}

/// Inside the retries every attempt counts, and one that is refused is retried; outside, a request
/// counts once, and its refusal is its end.
#[test]
fn around_the_attempt_or_around_the_call() {
    let births = every_ms(3, 100 * US);
    let mut spec = guarded(&births, 8, in_a_row(2, Around::Attempt));
    spec.sources[0].client.retry = retry(3, 0);
    let expected = [
        (0, 1, 0, NoConnection),
        (0, 2, 0, NoConnection),
        (0, 3, 0, BreakerOpen),
        (1, 1, 1, BreakerOpen),
        (1, 2, 1, BreakerOpen),
        (1, 3, 1, BreakerOpen),
    ];
    assert_eq!(ends(&rows(&spec).0)[..6], expected);
    spec.sources[0].client.breaker = Some(in_a_row(2, Around::Call));
    let (found, output) = rows(&spec);
    let expected = [
        (0, 1, 0, NoConnection),
        (0, 2, 0, NoConnection),
        (0, 3, 0, NoConnection),
        (1, 1, 1, NoConnection),
        (1, 2, 1, NoConnection),
        (1, 3, 1, NoConnection),
        (2, 1, 2, BreakerOpen),
    ];
    assert_eq!(ends(&found), expected);
    assert_eq!(output.tally.balancers[0].breaker_opens, 1);
}

/// Outside the retries it hears of a request's answer only: a probe that needs a retry closes it.
#[test]
fn a_call_is_a_success_with_its_last_attempt() {
    let births = [(0, 1), (11, 1), (12, 1), (17, 1)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = guarded(&births, 15, in_a_row(1, Around::Call));
    spec.sources[0].client.retry = retry(2, 5 * MS);
    let expected = [
        (0, 1, 0, NoConnection),
        (0, 2, 5, NoConnection),
        // Open until 15 ms, from the end of the call.
        (1, 1, 11, BreakerOpen),
        (2, 1, 12, BreakerOpen),
        (3, 1, 18, Ok),
    ];
    assert_eq!(ends(&rows(&spec).0), expected);
    // A probe whose first attempt fails and whose retry is answered; until then nobody else goes.
    let births = [(0, 1), (13, 1), (14, 1), (17, 1)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = guarded(&births, 15, in_a_row(1, Around::Call));
    spec.sources[0].client.retry = retry(2, 2 * MS);
    let expected = [
        (0, 1, 0, NoConnection),
        (0, 2, 2, NoConnection),
        (1, 1, 13, NoConnection),
        (1, 2, 16, Ok),
        (2, 1, 14, BreakerOpen),
        (3, 1, 18, Ok),
    ];
    assert_eq!(ends(&rows(&spec).0), expected);
}

/// Rate, breaker, places: what the rate refuses is not asked for, and what finds no place gives its
/// permit back. Neither is a failure.
#[test]
fn a_clients_own_limits_never_count() {
    let births = [(0, 20), (1, 1), (2, 1), (30, 1)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = guarded(&births, 0, in_a_row(1, Around::Attempt));
    spec.faults.clear();
    let places = PlacesSpec {
        places: 1,
        pending: 0,
        wait: None,
    };
    spec.sources[0].client.limit = Some(LimitSpec {
        rate: None,
        in_flight: Some(places),
    });
    let expected = [
        (0, 1, 20, Ok),
        (1, 1, 1, Limited),
        (2, 1, 2, Limited),
        (3, 1, 31, Ok),
    ];
    assert_eq!(ends(&rows(&spec).0), expected);
    let rate = RateSpec {
        rate: 100.0,
        burst: 1,
        fill: Fill::Even,
    };
    let births = [(0, 1), (1, 1), (12, 1), (13, 1)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = guarded(&births, 5, in_a_row(1, Around::Attempt));
    spec.sources[0].client.limit = Some(LimitSpec {
        rate: Some(rate),
        in_flight: None,
    });
    // Open from 0 to 10 ms. At 1 ms there is no token: that comes before the breaker.
    let expected = [
        (0, 1, 0, NoConnection),
        (1, 1, 1, Limited),
        (2, 1, 13, Ok),
        (3, 1, 13, Limited),
    ];
    assert_eq!(ends(&rows(&spec).0), expected);
}

/// A timeout is a failure when it happens; what `counts` leaves out is none.
#[test]
fn timeouts_are_heard_when_they_happen() {
    let births = [(0, 20), (1, 1), (4, 1), (40, 1)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = guarded(&births, 0, in_a_row(1, Around::Attempt));
    spec.faults.clear();
    spec.sources[0].client.timeout = Some(just(3 * MS));
    let expected = [
        (0, 1, 3, TimedOut),
        // Let in before: it waits behind the first.
        (1, 1, 4, TimedOut),
        (2, 1, 4, BreakerOpen),
        (3, 1, 41, Ok),
    ];
    assert_eq!(ends(&rows(&spec).0), expected);
    let Some(ClientBreaker::Machine { spec: breaker, .. }) = &mut spec.sources[0].client.breaker
    else {
        unreachable!()
    };
    if let BreakerSpec::Consecutive { counts, .. } = breaker {
        *counts = Failures::of(&[FailureKind::Error, FailureKind::Reset]);
    }
    let (rows, output) = rows(&spec);
    assert_eq!(ends(&rows)[2], (2, 1, 7, TimedOut));
    assert_eq!(output.tally.balancers[0].breaker_opens, 0);
}

/// Lost results keep it as it is.
#[test]
fn lost_results_are_not_heard() {
    let births = every_ms(20, 100 * US);
    let breaker = |lost_reply| ClientBreaker::Machine {
        spec: BreakerSpec::Resilience4j {
            window: BreakerWindow::Calls(2),
            min_calls: 2,
            failure_share: 0.5,
            slow_after: S,
            slow_share: 1.0,
            open_for: just(S),
            half_open_calls: 1,
            half_open_max: None,
            automatic: false,
            lost_reply,
            counts: Failures::ALL,
        },
        around: Around::Attempt,
    };
    let opens = |lost| {
        let output = rows(&guarded(&births, 50, breaker(lost))).1;
        output.tally.balancers[0].breaker_opens
    };
    assert_eq!((opens(0.0), opens(1.0)), (1, 0));
}

/// Fewer requests than connections: what is over is refused at once, and that is final. Fewer
/// connections: some wait.
#[test]
fn envoys_limits_bound_what_is_out() {
    let births = [(0, 10), (1, 10), (2, 10), (30, 1)].map(|(at, work)| (at * MS, work * MS));
    let mut spec = guarded(&births, 0, envoy(9, 9, Some(2), 3));
    spec.faults.clear();
    spec.services[0].groups = vec![group(1, 2, None)];
    spec.sources[0].client.retry = retry(5, 0);
    let expected = [
        (0, 1, 10, Ok),
        (1, 1, 11, Ok),
        (2, 1, 2, BreakerOpen),
        (3, 1, 31, Ok),
    ];
    assert_eq!(ends(&rows(&spec).0), expected);
    spec.sources[0].client.breaker = Some(envoy(1, 1, None, 3));
    let expected = [
        (0, 1, 10, Ok),
        (1, 1, 20, Ok),
        (2, 1, 2, BreakerOpen),
        (3, 1, 31, Ok),
    ];
    assert_eq!(ends(&rows(&spec).0), expected);
}

/// A retry holds its place from when it is meant until it has ended. Who finds none is not retried
/// and ends as the attempt did.
#[test]
fn envoys_limits_bound_retries() {
    let births = [(0, MS), (0, MS), (15 * MS, MS)];
    let mut spec = guarded(&births, 1000, envoy(9, 9, None, 1));
    spec.sources[0].client.retry = retry(3, 10 * MS);
    let expected = [
        (0, 1, 0, NoConnection),
        (0, 2, 10, NoConnection),
        (0, 3, 20, NoConnection),
        (1, 1, 0, NoConnection),
        (2, 1, 15, NoConnection),
    ];
    assert_eq!(ends(&rows(&spec).0), expected);
    // Born when the last retry has ended, one may be retried again.
    spec.sources[0].arrivals = crate::systems::trace(&[(0, MS), (20 * MS, MS)]);
    let (found, _) = rows(&spec);
    assert_eq!(
        found.iter().filter(|r| r.request == 1).count(),
        1,
        "a birth comes before a retry"
    );
    spec.sources[0].arrivals = crate::systems::trace(&[(0, MS), (21 * MS, MS)]);
    let (found, output) = rows(&spec);
    assert_eq!(found.iter().filter(|r| r.request == 1).count(), 3);
    assert_eq!(output.tally.classes[0].lost[NoConnection.index()], 2);
}
