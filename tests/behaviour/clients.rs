//! Timeouts, retries, the balancer's own queue, and who is met first.

use veltrix::model::outcome::Outcome::{self, *};
use veltrix::model::spec::*;
use veltrix::model::trial::{Blind, Horizon};

use crate::systems::{
    MS, S, US, class, drawn, fault, go, group, just, replay, rows, run_spec, system,
};
use crate::told;

/// The client gives up on the nanosecond; the work goes on and delays the next; an answer at that
/// very nanosecond is in time.
#[test]
fn work_goes_on_when_the_client_has_given_up() {
    let births = [
        (0, 10 * MS),
        (MS, 10 * MS),
        (30 * MS, 12 * MS),
        (50 * MS, 20 * MS),
        (51 * MS, MS),
        (90 * MS, 12 * MS + US),
    ];
    let mut spec = replay(&births, group(1, 1, None));
    spec.sources[0].client.timeout = Some(just(12 * MS));
    let (rows, output) = rows(&spec);
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(10_000), 13_000, TimedOut),
        (Some(30_000), 42_000, Ok),
        (Some(50_000), 62_000, TimedOut),
        (None, 63_000, TimedOut),
        (Some(90_000), 102_000, TimedOut),
    ];
    assert_eq!(told(&rows), expected);
    let class = &output.tally.classes[0];
    assert_eq!((class.born, class.answered, class.ok), (6, 6, 2));
    assert_eq!(class.lost[TimedOut.index()], 4);
    let (all, wasted) = (10 + 10 + 12 + 20 + 1 + 12, 10 + 20 + 1 + 12);
    assert_eq!(class.core_ns, u128::from(all * MS + US));
    assert_eq!(class.wasted_ns, u128::from(wasted * MS + US));
    // Late answers are responses, not latencies.
    let delays = &output.tally.delays[0];
    assert_eq!((delays.latency.count(), delays.response.count()), (2, 6));
    let late = 10 + 19 + 12 + 20 + 20 + 12;
    assert_eq!(delays.response.sum(), u128::from(late * MS + US));
    assert_eq!(delays.wait.sum(), u128::from((9 + 19) * MS));
}

/// Nobody answers: each request makes all its attempts, after pauses that fill their range.
#[test]
fn pauses_are_spread_between_zero_and_a_doubling_limit() {
    let births: Vec<_> = (0..2000).map(|i| (i * MS, MS)).collect();
    let mut spec = replay(&births, group(1, 1, None));
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(4, 10 * MS, 50 * MS));
    let down = fault("down", FaultKind::Crash, (1, 1), FaultWhen::At(0));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(3600 * S)),
        ..down
    }];
    let (rows, output) = rows(&spec);
    assert_eq!(rows.len(), 4 * births.len());
    let limits = [20 * MS, 40 * MS, 50 * MS];
    let mut pauses = [const { Vec::new() }; 3];
    for request in rows.chunks(4) {
        for (i, row) in request.iter().enumerate() {
            assert_eq!(row.attempt as usize, i + 1);
            assert_eq!(row.outcome, Some(NoConnection));
            assert_eq!(row.end, Some(row.arrived), "no connection is known at once");
        }
        assert_eq!(request[0].arrived, request[0].born);
        for (i, pair) in request.windows(2).enumerate() {
            pauses[i].push(pair[1].arrived - pair[0].end.unwrap());
        }
    }
    for (pauses, limit) in pauses.iter().zip(limits) {
        assert!(pauses.iter().all(|&p| p <= limit), "above {limit}");
        let near = |from: u64, to: u64| pauses.iter().filter(|&&p| p >= from && p < to).count();
        let tenth = limit / 10;
        for i in 0..10 {
            let share = near(i * tenth, (i + 1) * tenth);
            assert!(
                (130..=270).contains(&share),
                "{share} in tenth {i} of {limit}"
            );
        }
    }
    let class = &output.tally.classes[0];
    assert_eq!((class.attempts, class.ok), (8000, 0));
    assert_eq!(class.lost[NoConnection.index()], 2000);
    assert_eq!(class.ended[NoConnection.index()], 8000);
    let sum: u64 = pauses.iter().flatten().sum();
    assert_eq!(output.tally.pausing_area, u128::from(sum));
}

/// The second attempt of a request that gave up shares the worker with what is left of the first.
#[test]
fn a_retry_meets_the_work_of_the_attempt_before() {
    let mut spec = replay(&[(0, 10 * MS)], group(1, 1, None));
    spec.sources[0].client = ClientSpec {
        timeout: Some(just(4 * MS)),
        retry: Some(RetrySpec::full_jitter(2, 0, 0)),
        ..ClientSpec::default()
    };
    let (rows, output) = rows(&spec);
    let expected = [(Some(0), 4_000, TimedOut), (None, 8_000, TimedOut)];
    assert_eq!(told(&rows), expected);
    let class = &output.tally.classes[0];
    assert_eq!((class.attempts, class.answered), (2, 1));
    assert_eq!(class.wasted_ns, u128::from(20 * MS));
}

#[test]
fn a_balancer_that_takes_time_is_a_queue_of_its_own() {
    let births = [(0, MS), (0, MS), (0, MS), (7 * MS, 3 * MS), (7 * MS, MS)];
    let mut spec = replay(&births, group(1, 1, None));
    let balancer = &mut spec.services[0].balancer;
    balancer.dispatch = Some(just(2 * MS));
    balancer.slots = Some(1);
    let (mut all, output) = rows(&spec);
    let expected = [
        (Some(2_000), 3_000, Ok),
        (Some(4_000), 5_000, Ok),
        (None, 0, BufferFull),
        (Some(9_000), 12_000, Ok),
        (Some(12_000), 13_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(all[2].worker, None, "refused before a worker was picked");
    let balancer = &output.tally.balancers[0];
    assert_eq!(balancer.queue_area, u128::from(4 * MS));
    assert_eq!(balancer.busy_area, u128::from(8 * MS));
    // The wait is that in both buffers.
    assert_eq!(
        output.tally.delays[0].wait.sum(),
        u128::from((2 + 2 + 1) * MS)
    );

    spec.services[0].balancer.cores = 2;
    all = rows(&spec).0;
    let expected = [
        (Some(2_000), 3_000, Ok),
        (Some(3_000), 4_000, Ok),
        (Some(4_000), 5_000, Ok),
        (Some(9_000), 12_000, Ok),
        (Some(12_000), 13_000, Ok),
    ];
    assert_eq!(told(&all), expected);
}

/// What leaves the balancer at the instant at which a core comes free finds it free.
#[test]
fn a_dispatched_attempt_meets_the_room_that_an_end_leaves() {
    let mut spec = replay(&[(0, 2 * MS), (0, MS)], group(1, 1, Some(0)));
    spec.services[0].balancer.dispatch = Some(just(2 * MS));
    let (rows, _) = rows(&spec);
    let expected = [(Some(2_000), 4_000, Ok), (Some(4_000), 5_000, Ok)];
    assert_eq!(told(&rows), expected);
}

/// A refused attempt has used up its turn.
#[test]
fn turns_go_on_over_a_refusal() {
    let births = [
        (0, 9 * MS),
        (0, MS),
        (2 * MS, MS),
        (3 * MS, MS),
        (4 * MS, MS),
    ];
    let (rows, _) = rows(&replay(&births, group(2, 1, Some(0))));
    let workers: Vec<_> = rows.iter().map(|row| row.worker.unwrap()).collect();
    assert_eq!(workers, [1, 2, 1, 2, 1]);
    let outcomes: Vec<Outcome> = rows.iter().map(|row| row.outcome.unwrap()).collect();
    assert_eq!(outcomes, [Ok, Ok, BufferFull, Ok, BufferFull]);
}

/// Three quarters of all runs begin in the state that takes three quarters of the time.
#[test]
fn a_modulated_source_starts_in_a_state_by_its_share_of_time() {
    let arrivals = Arrivals::Mmpp {
        rates: vec![100_000.0, 0.0],
        dwell: vec![3.0 * S as f64, S as f64],
        switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
    };
    let spec = system(arrivals, drawn(just(0)), group(1, 1, None));
    let mut busy = 0;
    for replication in 0..2000 {
        let mut how = run_spec(5, Horizon::For(MS));
        how.replication = replication;
        let output = go(&spec, &how, &mut Blind);
        busy += u32::from(output.tally.classes[0].born > 0);
    }
    // Five standard deviations are 97.
    assert!((1403..=1597).contains(&busy), "{busy} of 2000");
}

/// A source sends from its start until just before its stop; a trace is counted from its start.
#[test]
fn a_source_keeps_its_hours() {
    let births = [(0, MS), (4 * MS, MS), (5 * MS, MS)];
    let mut spec = replay(&births, group(1, 1, None));
    spec.sources[0].start = 10 * MS;
    spec.sources[0].stop = Some(15 * MS);
    let (rows, _) = rows(&spec);
    let expected = [(Some(10_000), 11_000, Ok), (Some(14_000), 15_000, Ok)];
    assert_eq!(told(&rows), expected);
}

/// A source that stops early does not end the measured time: rates are over all of it.
#[test]
fn measured_time_goes_on_when_nobody_sends_any_more() {
    let arrivals = Arrivals::Constant { rate: 1000.0 };
    let mut spec = system(arrivals, drawn(just(MS)), group(1, 4, None));
    spec.sources[0].stop = Some(S);
    let output = go(&spec, &run_spec(1, Horizon::For(4 * S)), &mut Blind);
    assert_eq!(output.tally.measured_ns, u128::from(4 * S));
    assert_eq!(
        output.tally.classes[0].born, 999,
        "the thousandth would be born at the stop"
    );
    let mut silent = spec.clone();
    silent.sources[0].arrivals = Arrivals::Constant { rate: 0.0 };
    let output = go(&silent, &run_spec(1, Horizon::For(4 * S)), &mut Blind);
    assert_eq!(output.tally.measured_ns, u128::from(4 * S));
    assert_eq!(output.tally.workers[0].able_area, u128::from(16 * S));
}

/// Members of a batch come one after another, each let in or refused by itself.
#[test]
fn each_of_a_batch_is_admitted_by_itself() {
    let mut spec = replay(&[(10 * MS, MS), (20 * MS, MS)], group(1, 1, Some(1)));
    spec.sources[0].batch = Some(just(3));
    let (rows, _) = rows(&spec);
    let full = (None, 10_000, BufferFull);
    let expected = [
        (Some(10_000), 11_000, Ok),
        (Some(11_000), 12_000, Ok),
        full,
        (Some(20_000), 21_000, Ok),
        (Some(21_000), 22_000, Ok),
        (None, 20_000, BufferFull),
    ];
    let mut told = told(&rows);
    told.sort_by_key(|row| row.1);
    let mut expected = expected.to_vec();
    expected.sort_by_key(|row| row.1);
    assert_eq!(told, expected);
}

/// Rows of a trace with classes ask for the work of their class.
#[test]
fn a_trace_says_the_class_of_each_row() {
    let recorded = Trace {
        at: vec![0, 10 * MS, 20 * MS],
        class: vec![1, 0, 1],
        ..Trace::default()
    };
    let arrivals = Arrivals::Trace(std::sync::Arc::new(recorded));
    let mut spec = system(arrivals, drawn(just(MS)), group(1, 1, None));
    let long = ClassSpec {
        work: Some(drawn(just(5 * MS))),
        ..class("long")
    };
    spec.sources[0].classes.push(long);
    let (rows, _) = rows(&spec);
    let expected = [
        (Some(0), 5_000, Ok),
        (Some(10_000), 11_000, Ok),
        (Some(20_000), 25_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
}
/// Whoever runs out of patience leaves slot, memory and count at once; the one behind moves up.
#[test]
fn patience_that_runs_out_frees_the_place_at_once() {
    let births = [
        (0, 10 * MS),
        (MS, MS),
        (2 * MS, MS),
        (4 * MS - US, MS),
        (4 * MS, MS),
        (6 * MS, 2 * MS),
    ];
    let mut spec = replay(&births, group(1, 1, Some(2)));
    spec.services[0].memory.base = just(100);
    spec.services[0].groups[0].ram = Some(300);
    spec.sources[0].client.patience = Some(just(3 * MS));
    let (rows, output) = rows(&spec);
    let expected = [
        (Some(0), 10_000, Ok),
        (None, 4_000, GaveUp),
        (None, 5_000, GaveUp),
        (None, 3_999, RamFull),
        (None, 7_000, GaveUp),
        (None, 9_000, GaveUp),
    ];
    assert_eq!(told(&rows), expected);
    let worker = &output.tally.workers[0];
    assert_eq!(worker.queue_area, u128::from(12 * MS));
    assert_eq!(worker.ram_area, u128::from(100 * 22 * MS));
    assert_eq!(worker.ended[GaveUp.index()], 4);
    let delays = &output.tally.delays[0];
    assert_eq!(delays.gave_up, u128::from(12 * MS));
    assert_eq!((delays.gave_up_n, delays.wait.count()), (4, 1));
}

/// Patience counts at the balancer too, and through dispatch; each attempt has it anew.
#[test]
fn patience_counts_from_arrival_through_both_buffers() {
    let births = [(0, 9 * MS), (0, MS), (0, MS)];
    let mut spec = replay(&births, group(1, 1, None));
    spec.services[0].balancer.dispatch = Some(just(2 * MS));
    spec.sources[0].client.patience = Some(just(3 * MS));
    let (rows, output) = rows(&spec);
    let expected = [
        (Some(2_000), 11_000, Ok),
        // Dispatched from 2 to 4 ms: its patience ran out at 3 ms and ends its wait at once.
        (None, 4_000, GaveUp),
        (None, 3_000, GaveUp),
    ];
    assert_eq!(told(&rows), expected);
    assert_eq!(output.tally.delays[0].gave_up, u128::from(5 * MS));
    assert_eq!(output.tally.balancers[0].queue_area, u128::from(5 * MS));
}

/// Pauses of a constant, after those failures only that are named.
#[test]
fn a_client_tries_again_after_what_it_is_told_to() {
    let births = [(0, 4 * MS), (MS, MS), (20 * MS, 9 * MS)];
    let mut spec = replay(&births, group(1, 1, Some(0)));
    let retry = |on: &[FailureKind]| RetrySpec {
        attempts: u32::MAX,
        backoff: BackoffSpec::Drawn(just(2 * MS)),
        on: Failures::of(on),
        budget: None,
    };
    spec.sources[0].client.timeout = Some(just(5 * MS));
    spec.sources[0].client.retry = Some(retry(&[FailureKind::Refused]));
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, Ok),
        (None, 1_000, BufferFull),
        (None, 3_000, BufferFull),
        (Some(5_000), 6_000, Ok),
        (Some(20_000), 25_000, TimedOut),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.pausing_area, u128::from(4 * MS));

    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 2,
        ..retry(&[FailureKind::Timeout, FailureKind::Error])
    });
    let (all, _) = rows(&spec);
    let expected = [
        (Some(0), 4_000, Ok),
        (None, 1_000, BufferFull),
        (Some(20_000), 25_000, TimedOut),
        (None, 27_000, BufferFull),
    ];
    assert_eq!(told(&all), expected);
}

/// gRPC takes more than five attempts for five.
#[test]
fn grpc_makes_five_attempts_at_most() {
    let mut spec = replay(&[(0, 9 * S), (MS, MS)], group(1, 1, Some(0)));
    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 9,
        backoff: BackoffSpec::Kind {
            kind: BackoffKind::Grpc,
            base: MS,
            cap: MS,
        },
        on: Failures::ALL,
        budget: None,
    });
    let (all, _) = rows(&spec);
    assert_eq!(all.len(), 6);
    for pair in all[1..].windows(2) {
        let pause = pair[1].arrived - pair[0].end.unwrap();
        assert!((800 * US..=1200 * US).contains(&pause), "{pause}");
    }
}
