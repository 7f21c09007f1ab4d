//! Workers that a balancer leaves out, and what becomes of attempts when it leaves out many.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::systems::{MS, US, fault, group, just, replay, rows};
use crate::{every_ms, told};

/// Ejects for 10 ms after two failures in a row, sweeps every 5 ms.
fn quick() -> OutlierSpec {
    OutlierSpec {
        every: 5 * MS,
        consecutive: 2,
        consecutive_gateway: 5,
        success_rate_factor_milli: 1900,
        failure_share: 850_000,
        eject_for: 10 * MS,
        max_share: WHOLE,
        min_hosts: 5,
        min_calls: None,
        enforce: EnforceSpec {
            consecutive: WHOLE,
            consecutive_gateway: 0,
            success_rate: 0,
            failure_share: 0,
        },
    }
}

/// Workers of which the first is down for so many milliseconds, a request for each of 26.
fn limping(workers: u32, down: u64) -> SystemSpec {
    let mut spec = replay(&every_ms(26, 100 * US), group(workers, 1, None));
    spec.services[0].balancer.outlier = Some(quick());
    let crash = fault("down", FaultKind::Crash, (1, 1), FaultWhen::At(0));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(down * MS)),
        ..crash
    }];
    spec
}

#[test]
fn an_outlier_gets_nothing_until_a_sweep_lets_it_back() {
    let (all, _) = rows(&limping(2, 13));
    for (at, row) in all.iter().enumerate() {
        // Failures at 0 and 2 ms eject it; at 12 ms its time is over, the sweep is at 15 ms, before
        // the arrival of that instant. One of two good workers is no panic.
        let (worker, outcome) = match at {
            0 | 2 => (1, NoConnection),
            15 | 17 | 19 | 21 | 23 | 25 => (1, Ok),
            _ => (2, Ok),
        };
        assert_eq!(row.worker, Some(worker), "at {at} ms");
        assert_eq!(row.outcome, Some(outcome), "at {at} ms");
    }
}

#[test]
fn with_everybody_left_out_nobody_is_asked_or_everybody() {
    let mut spec = limping(1, 3);
    spec.services[0].balancer.panic_threshold = 0;
    let (all, output) = rows(&spec);
    for (at, row) in all.iter().enumerate() {
        // Ejected at 1 ms, back with the sweep at 15 ms.
        let (worker, outcome) = match at {
            0 | 1 => (Some(1), NoConnection),
            15.. => (Some(1), Ok),
            _ => (None, NoWorker),
        };
        assert_eq!(
            (row.worker, row.outcome),
            (worker, Some(outcome)),
            "at {at} ms"
        );
    }
    assert_eq!(output.tally.classes[0].lost[NoWorker.index()], 13);

    // Half of the workers is what it wants to see; none is less.
    spec.services[0].balancer.panic_threshold = PANIC_THRESHOLD;
    for (at, row) in rows(&spec).0.iter().enumerate() {
        let outcome = if at < 3 { NoConnection } else { Ok };
        assert_eq!(
            (row.worker, row.outcome),
            (Some(1), Some(outcome)),
            "at {at} ms"
        );
    }
}

/// A breaker and the outliers: what the one lets in the other may leave out.
#[test]
fn breakers_choose_among_those_that_are_left() {
    let mut spec = limping(2, 30);
    spec.services[0].balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 1,
        open_for: just(4 * MS),
        half_open_calls: 1,
        successes: 1,
        counts: Failures::ALL,
    });
    let (all, _) = rows(&spec);
    let failed: Vec<usize> = (0..26)
        .filter(|&at| all[at].outcome == Some(NoConnection))
        .collect();
    // The breaker lets a probe in after 4 ms: the second failure, which ejects for 10 ms from 4 ms
    // on, to the sweep at 15 ms. Then the breaker's probe fails, and 4 ms later again: two.
    assert_eq!(failed, [0, 4, 15, 19]);
}

/// Checks every so often; one result is enough.
fn checks(every: u64, timeout: u64) -> HealthSpec {
    HealthSpec {
        every,
        timeout,
        fall: 1,
        rise: 1,
        action: HealthAction::Remove,
        path: CheckPath::Shallow,
    }
}

fn checked(mut spec: SystemSpec, health: HealthSpec) -> SystemSpec {
    let balancer = &mut spec.services[0].balancer;
    (balancer.outlier, balancer.health) = (None, Some(health));
    spec
}

#[test]
fn a_worker_that_fails_its_checks_gets_nothing_until_it_passes() {
    let health = HealthSpec {
        fall: 2,
        rise: 2,
        ..checks(2 * MS, MS)
    };
    let (all, _) = rows(&checked(limping(2, 13), health));
    for (at, row) in all.iter().enumerate() {
        // Worker 1 is checked at 1, 3, .. ms: unfit at 3, up at 13, fit at 15 before the arrival.
        let (worker, outcome) = match at {
            0 | 2 => (1, NoConnection),
            15 | 17 | 19 | 21 | 23 | 25 => (1, Ok),
            _ => (2, Ok),
        };
        let found = (row.worker, row.outcome);
        assert_eq!(found, (Some(worker), Some(outcome)), "at {at} ms");
    }
}

#[test]
fn a_worker_that_stands_still_fails_when_the_time_is_over() {
    let mut spec = checked(limping(2, 6), checks(2 * MS, MS));
    spec.faults[0].kind = FaultKind::Pause;
    let (all, _) = rows(&spec);
    let workers: Vec<u32> = all[..9].iter().map(|row| row.worker.unwrap()).collect();
    // Asked at 1 ms, unfit at 2. Asked at 5 ms it moves again at 6, when the time is just over.
    assert_eq!(workers, [1, 2, 2, 2, 2, 2, 1, 2, 1]);

    // What is slow is well as far as a shallow check can see.
    spec.faults[0].kind = FaultKind::Slow { factor: 1e-3 };
    let (all, _) = rows(&spec);
    let workers: Vec<u32> = all[..9].iter().map(|row| row.worker.unwrap()).collect();
    assert_eq!(workers, [1, 2, 1, 2, 1, 2, 1, 2, 1]);
}

/// A deep check passes if a request would begin within its time, to the nanosecond.
#[test]
fn a_deep_check_sees_the_work_before_it() {
    let births = [
        (0, 10 * MS),
        (0, 5 * MS),
        (6 * MS, MS),
        (11 * MS, MS),
        (12 * MS, MS),
    ];
    let deep = |every, timeout| HealthSpec {
        path: CheckPath::Deep,
        ..checks(every, timeout)
    };
    let look = |timeout| {
        let mut spec = checked(replay(&births, group(1, 1, None)), deep(4 * MS, timeout));
        spec.services[0].balancer.panic_threshold = 0;
        let (all, _) = rows(&spec);
        all.iter()
            .map(|row| row.outcome.unwrap())
            .collect::<Vec<_>>()
    };
    // At 4 ms 6 are left and 5 wait: 11, known when the time is over. At 8 ms there are 2 + 5 + 1,
    // too. At 12 ms the second has 3 left, and 1 more waits: 4.
    assert_eq!(look(3 * MS), [Ok, Ok, Ok, NoWorker, NoWorker]);
    assert_eq!(look(4 * MS), [Ok, Ok, Ok, NoWorker, Ok]);
    assert_eq!(look(4 * MS - 1), [Ok, Ok, Ok, NoWorker, NoWorker]);

    // A full buffer has no place for a check either: known at once.
    let mut spec = checked(replay(&births, group(1, 1, Some(1))), deep(4 * MS, 4 * MS));
    spec.services[0].balancer.panic_threshold = 0;
    let (all, _) = rows(&spec);
    let ends: Vec<_> = all.iter().map(|row| row.outcome.unwrap()).collect();
    assert_eq!(ends, [Ok, Ok, NoWorker, NoWorker, Ok]);
}

/// Liveness: a worker that is merely busy is killed, with what is aboard.
#[test]
fn a_restart_loses_what_is_aboard_and_counts_anew() {
    let births = [(0, 20 * MS), (0, 20 * MS), (12 * MS, MS), (16 * MS, MS)];
    let mut spec = checked(
        replay(&births, group(1, 1, None)),
        HealthSpec {
            fall: 2,
            action: HealthAction::Restart,
            path: CheckPath::Deep,
            ..checks(4 * MS, 2 * MS)
        },
    );
    spec.services[0].groups[0].restart = just(5 * MS);
    let (all, output) = rows(&spec);
    // Asked at 4 and 8 ms, too late at 6 and 10; back at 15 ms.
    let expected = [
        (Some(0), 10_000, WorkerDown),
        (None, 10_000, WorkerDown),
        (None, 12_000, NoConnection),
        (Some(16_000), 17_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.workers[0].ended[WorkerDown.index()], 2);
}

#[test]
fn a_check_that_passes_ends_an_ejection() {
    let mut spec = limping(2, 3);
    let balancer = &mut spec.services[0].balancer;
    let long = OutlierSpec {
        consecutive: 1,
        eject_for: 1000 * MS,
        ..quick()
    };
    let health = HealthSpec {
        fall: 3,
        ..checks(4 * MS, MS)
    };
    (balancer.outlier, balancer.health) = (Some(long), Some(health));
    let (all, _) = rows(&spec);
    let workers: Vec<u32> = all[..9].iter().map(|row| row.worker.unwrap()).collect();
    // Ejected at 0 ms; asked at 2 ms, which fails, and at 6 ms, which passes.
    assert_eq!(workers, [1, 2, 2, 2, 2, 2, 1, 2, 1]);
}
