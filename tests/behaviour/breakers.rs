//! Breakers: when they open, whom they shut off, how they try again.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::every_ms;
use crate::systems::{MS, S, US, fault, group, just, replay, rows, source, trace};

/// Workers behind breakers; worker 1 is down for the first so many milliseconds.
fn guarded(workers: u32, births: u64, down: u64, breaker: BreakerSpec) -> SystemSpec {
    let mut spec = replay(&every_ms(births, 100 * US), group(workers, 1, None));
    spec.services[0].balancer.breaker = Some(breaker);
    let crash = fault("down", FaultKind::Crash, (1, 1), FaultWhen::At(0));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(down * MS)),
        ..crash
    }];
    spec
}

/// Opens after two failures, for 10 ms; one probe, one success.
fn two_in_a_row() -> BreakerSpec {
    BreakerSpec::Consecutive {
        failures: 2,
        open_for: just(10 * MS),
        half_open_calls: 1,
        successes: 1,
        counts: Failures::ALL,
    }
}

#[test]
fn an_open_breaker_shuts_its_worker_off() {
    let (rows, output) = rows(&guarded(2, 26, 13, two_in_a_row()));
    for (at, row) in rows.iter().enumerate() {
        // Failures at 0 and 2; the probe at 12 fails, that at 22 does not.
        let (worker, outcome) = match at {
            0 | 2 | 12 => (1, NoConnection),
            22 | 24 => (1, Ok),
            _ => (2, Ok),
        };
        assert_eq!(row.worker, Some(worker), "at {at} ms");
        assert_eq!(row.outcome, Some(outcome), "at {at} ms");
    }
    let balancer = &output.tally.balancers[0];
    assert_eq!(balancer.breaker_opens, 2);
    assert_eq!(balancer.breaker_area, 2 * output.tally.measured_ns);
    assert_eq!(balancer.breaker_open_area, u128::from(20 * MS));
    let opens = output.tally.workers.iter().map(|w| w.breaker_opens);
    assert_eq!(opens.collect::<Vec<_>>(), [2, 0]);
}

#[test]
fn with_every_breaker_open_requests_are_refused() {
    let (rows, output) = rows(&guarded(1, 24, 13, two_in_a_row()));
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
        if outcome != Ok {
            assert_eq!(row.end, Some(row.arrived));
        }
    }
    assert_eq!(output.tally.balancers[0].breaker_opens, 2);
    let class = &output.tally.classes[0];
    assert_eq!(class.lost[BreakerOpen.index()], 18);
}

/// Half of four calls failed; the single probe decides. As in the library, the wait is over only
/// after its last nanosecond.
#[test]
fn a_share_of_failures_opens_it_too() {
    let breaker = BreakerSpec::Resilience4j {
        window: BreakerWindow::Calls(4),
        min_calls: 4,
        failure_share: 0.5,
        slow_after: 60 * S,
        slow_share: 1.0,
        open_for: just(10 * MS),
        half_open_calls: 1,
        half_open_max: None,
        automatic: false,
        lost_reply: 0.0,
        counts: Failures::ALL,
    };
    let mut spec = guarded(1, 28, 18, breaker);
    spec.faults[0].when = FaultWhen::At(2 * MS);
    let (rows, output) = rows(&spec);
    for (at, row) in rows.iter().enumerate() {
        // Down from 2 to 20 ms; open from 3 to 13 and, after the probe, from 14 to 24.
        let outcome = match at {
            2 | 3 | 14 => NoConnection,
            0 | 1 | 25.. => Ok,
            _ => BreakerOpen,
        };
        assert_eq!(row.outcome, Some(outcome), "at {at} ms");
    }
    assert_eq!(output.tally.balancers[0].breaker_opens, 2);
}

/// Answers that are ok but late for the breaker count as slow.
#[test]
fn slow_calls_open_it() {
    let breaker = BreakerSpec::Resilience4j {
        window: BreakerWindow::Calls(2),
        min_calls: 2,
        failure_share: 1.0,
        slow_after: 400 * US,
        slow_share: 1.0,
        open_for: just(5 * MS),
        half_open_calls: 1,
        half_open_max: None,
        automatic: false,
        lost_reply: 0.0,
        counts: Failures::ALL,
    };
    // 0.3 ms, twice 0.5 ms (known at 2.5 ms), then quick ones.
    let works = [300, 500, 500];
    let mut births = every_ms(10, 100 * US);
    for (birth, work) in births.iter_mut().zip(works) {
        birth.1 = work * US;
    }
    let mut spec = replay(&births, group(1, 1, None));
    spec.services[0].balancer.breaker = Some(breaker);
    let (rows, output) = rows(&spec);
    for (at, row) in rows.iter().enumerate() {
        let outcome = if (3..=7).contains(&at) {
            BreakerOpen
        } else {
            Ok
        };
        assert_eq!(row.outcome, Some(outcome), "at {at} ms");
    }
    let balancer = &output.tally.balancers[0];
    assert_eq!(balancer.breaker_open_area, u128::from(5 * MS));
}

/// An attempt whose client has given up before it is routed takes no permit: nobody would ever
/// report on it, and the breaker would stay half-open for ever.
#[test]
fn an_abandoned_attempt_takes_no_permit() {
    let mut spec = replay(&[(0, 100 * US), (14 * MS, 100 * US)], group(1, 1, None));
    spec.services[0].balancer.breaker = Some(two_in_a_row());
    if let Some(BreakerSpec::Consecutive { failures, .. }) = &mut spec.services[0].balancer.breaker
    {
        *failures = 1;
    }
    spec.services[0].balancer.dispatch = Some(just(MS));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(10 * MS)),
        ..fault("down", FaultKind::Crash, (1, 1), FaultWhen::At(0))
    }];
    // Opened at 1 ms for 10 ms. The impatient client's attempt is routed at 12.5 ms, half a
    // millisecond after it was given up.
    let mut impatient = source("impatient", trace(&[(11 * MS + 500 * US, 100 * US)]));
    impatient.client.timeout = Some(just(500 * US));
    spec.sources.push(impatient);
    let (rows, _) = rows(&spec);
    let outcomes: Vec<_> = rows.iter().map(|row| row.outcome).collect();
    // Rows are in the order of the sources.
    assert_eq!(outcomes, [Some(NoConnection), Some(Ok), Some(TimedOut)]);
}

/// Refusals in between are neither failures nor successes: the streak of errors goes on. A refused
/// probe gives its permit back, so that the next call is the probe.
#[test]
fn what_does_not_count_is_neither_failure_nor_success() {
    // Errors end at 1 ms and 3 ms; what comes at 0.5 ms and 2.5 ms finds the core busy.
    let births = [
        (0, MS),
        (500 * US, MS),
        (2 * MS, MS),
        (2500 * US, MS),
        (5 * MS, MS),
        (13 * MS, 4 * MS),
        (14 * MS, MS),
        (18 * MS, MS),
    ];
    let mut spec = replay(&births, group(1, 1, Some(0)));
    let counts = |kinds: &[FailureKind]| {
        Some(BreakerSpec::Consecutive {
            failures: 2,
            open_for: just(10 * MS),
            half_open_calls: 1,
            successes: 1,
            counts: Failures::of(kinds),
        })
    };
    let kind = FaultKind::Error {
        probability: 1.0,
        when: ErrorWhen::End,
    };
    spec.faults = vec![FaultSpec {
        lasts: Some(just(12 * MS)),
        ..fault("errors", kind, (1, 1), FaultWhen::At(0))
    }];
    spec.services[0].balancer.breaker = counts(&[FailureKind::Error]);
    let (told, output) = rows(&spec);
    let outcomes: Vec<_> = told.iter().map(|row| row.outcome.unwrap()).collect();
    let expected = [
        Error,
        BufferFull,
        Error,
        BufferFull,
        BreakerOpen,
        Ok,
        BreakerOpen,
        Ok,
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(output.tally.balancers[0].breaker_opens, 1);

    // Every failure counted: it opens at 1 ms, after a refusal and an error.
    spec.services[0].balancer.breaker = Some(two_in_a_row());
    let (told, output) = rows(&spec);
    let outcomes: Vec<_> = told.iter().map(|row| row.outcome.unwrap()).collect();
    assert_eq!(
        outcomes[..5],
        [Error, BufferFull, BreakerOpen, BreakerOpen, BreakerOpen]
    );
    assert_eq!(output.tally.balancers[0].breaker_opens, 1);
}

/// A half-open breaker whose probe is refused, which does not count, lets the next one in.
#[test]
fn a_probe_that_does_not_count_gives_its_permit_back() {
    // Opens at 1 ms for 2 ms, while the core works on until 9 ms for a client that has gone.
    let births = [
        (0, MS),
        (4 * MS, MS),
        (5 * MS, MS),
        (10 * MS, MS),
        (12 * MS, MS),
    ];
    let mut spec = replay(&births, group(1, 1, Some(0)));
    if let Arrivals::Trace(trace) = &mut spec.sources[0].arrivals {
        std::sync::Arc::make_mut(trace).work[0] = 9 * MS;
    }
    spec.sources[0].client.timeout = Some(just(MS));
    spec.services[0].balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 1,
        open_for: just(2 * MS),
        half_open_calls: 1,
        successes: 1,
        counts: Failures::of(&[FailureKind::Timeout]),
    });
    let (rows, output) = rows(&spec);
    let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.unwrap()).collect();
    assert_eq!(outcomes, [TimedOut, BufferFull, BufferFull, Ok, Ok]);
    assert_eq!(output.tally.balancers[0].breaker_opens, 1);
}

/// Of 20 permits half the results never come: it stays half-open, unless it is told to give up.
#[test]
fn lost_results_keep_a_breaker_half_open() {
    let run = |lost_reply: f64, half_open_max: Option<u64>| {
        let breaker = BreakerSpec::Resilience4j {
            window: BreakerWindow::Calls(20),
            min_calls: 20,
            failure_share: 0.5,
            slow_after: S,
            slow_share: 1.0,
            open_for: just(10 * MS),
            half_open_calls: 20,
            half_open_max,
            automatic: false,
            lost_reply,
            counts: Failures::ALL,
        };
        let (rows, output) = rows(&guarded(1, 300, 60, breaker));
        let count = |outcome| rows.iter().filter(|r| r.outcome == Some(outcome)).count();
        let ends = (count(NoConnection), count(Ok), count(BreakerOpen));
        (ends, output.tally.balancers[0].breaker_opens)
    };
    // It opens with the 20th failure, and again with the 20th probe from 30 ms on; then all is well.
    assert_eq!(run(0.0, None), ((40, 240, 20), 2));
    assert_eq!(run(1.0, None), ((60, 240, 0), 0), "it hears nothing");
    let ((_, ok, refused), opens) = run(0.5, None);
    assert!(opens == 1 && ok <= 20 && refused > 200, "{ok} {refused}");
    let ((_, ok, _), opens) = run(0.5, Some(25 * MS));
    assert!(opens > 4 && ok > 60, "{ok} {opens}");
}
