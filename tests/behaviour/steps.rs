//! Services that work in steps and call each other.

use std::sync::Arc;

use veltrix::model::outcome::Outcome::{self, *};
use veltrix::model::spec::*;
use veltrix::model::trial::{AttemptRow, Horizon, TrialOutput};

use crate::systems::{IN_TURN, MS, S, drawn, fault, go, group, just, run_spec, service, system};

/// Births at these times, in milliseconds.
pub fn births(at: &[u64]) -> Arrivals {
    Arrivals::Trace(Arc::new(Trace {
        at: at.iter().map(|ms| ms * MS).collect(),
        ..Trace::default()
    }))
}

pub fn cpu(ms: u64) -> StepSpec {
    StepSpec::Cpu {
        cpu: just(ms * MS),
        per_kib: 0.0,
        vary: Vary::Copy,
    }
}

pub fn wait(ms: u64, hold: Hold) -> StepSpec {
    StepSpec::Wait {
        lasts: just(ms * MS),
        hold,
    }
}

pub fn call() -> CallSpec {
    CallSpec::plain(1)
}

/// A front of one core that works in steps, and a `db` of one core that works for so long.
pub fn tiers(at: &[u64], steps: Vec<StepSpec>, db: u64) -> SystemSpec {
    let mut spec = system(births(at), drawn(just(0)), group(1, 1, None));
    spec.services[0].work = None;
    spec.services[0].steps = steps;
    let work = drawn(just(db * MS));
    spec.services
        .push(service("db", work, IN_TURN, group(1, 1, None)));
    spec
}

/// Service, start, end (milliseconds) and outcome of each attempt, in the order of their ends.
pub type Seen = (u32, Option<u64>, u64, Outcome);

pub fn run(spec: &SystemSpec) -> (Vec<AttemptRow>, TrialOutput) {
    let mut rows = Vec::new();
    let output = go(spec, &run_spec(1, Horizon::Trace), &mut rows);
    (rows, output)
}

pub fn seen(spec: &SystemSpec) -> Vec<Seen> {
    let ms = |ns: u64| {
        assert_eq!(ns % MS, 0, "{ns} ns");
        ns / MS
    };
    let (rows, _) = run(spec);
    rows.iter()
        .map(|r| {
            (
                r.service,
                r.start.map(ms),
                ms(r.end.unwrap()),
                r.outcome.unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_core_goes_to_the_next_while_a_call_is_out() {
    let spec = tiers(
        &[0, 1],
        vec![cpu(2), StepSpec::Call(Box::new(call())), cpu(1)],
        5,
    );
    let expected = [
        (1, Some(2), 7, Ok),
        (0, Some(0), 8, Ok),
        (1, Some(7), 12, Ok),
        (0, Some(2), 13, Ok),
    ];
    assert_eq!(seen(&spec), expected);
    let (rows, output) = run(&spec);
    let works: Vec<u64> = rows.iter().map(|r| r.work / MS).collect();
    assert_eq!(works, [5, 3, 5, 3], "a row has the work of all steps");
    assert_eq!(
        rows[2].request, 1,
        "a call goes back to a request of the source"
    );
    // One core is at work 3 ms for each; both are inside from their birth to their end.
    let front = &output.tally.workers[0];
    assert_eq!(front.busy_area, u128::from(6 * MS));
    assert_eq!(
        front.serving_area + front.queue_area,
        u128::from((8 + 12) * MS)
    );
    assert_eq!(
        front.queue_area,
        u128::from(MS),
        "the second waits for a core from 1 to 2"
    );
}

#[test]
fn a_core_that_is_held_is_nobody_elses() {
    let held = CallSpec {
        hold: Hold::Core,
        ..call()
    };
    let spec = tiers(
        &[0, 1],
        vec![cpu(2), StepSpec::Call(Box::new(held)), cpu(1)],
        5,
    );
    let expected = [
        (1, Some(2), 7, Ok),
        (0, Some(0), 8, Ok),
        (1, Some(10), 15, Ok),
        (0, Some(8), 16, Ok),
    ];
    assert_eq!(seen(&spec), expected);
    let (_, output) = run(&spec);
    assert_eq!(output.tally.workers[0].busy_area, u128::from(16 * MS));
}

/// The first is back at 5, before the fourth, which was there at 4; the third has the core till 6.
#[test]
fn who_comes_back_goes_to_the_head_of_the_buffer() {
    let spec = tiers(
        &[0, 1, 2, 4],
        vec![cpu(2), StepSpec::Call(Box::new(call())), cpu(1)],
        3,
    );
    let front: Vec<Seen> = seen(&spec).into_iter().filter(|s| s.0 == 0).collect();
    let expected = [
        (0, Some(0), 7, Ok),
        (0, Some(2), 10, Ok),
        (0, Some(4), 12, Ok),
        (0, Some(7), 15, Ok),
    ];
    assert_eq!(front, expected);
}

#[test]
fn coming_back_takes_no_slot() {
    let mut spec = tiers(&[0, 3], vec![cpu(2), wait(2, Hold::Nothing), cpu(1)], 1);
    spec.services[0].groups[0].slots = Some(0);
    // The second has the core from 3 to 5 when the first is back at 4.
    let expected = [(0, Some(0), 6, Ok), (0, Some(3), 8, Ok)];
    assert_eq!(seen(&spec), expected);
}

#[test]
fn an_answer_behind_the_last_wait_needs_no_core() {
    let spec = tiers(&[0, 1], vec![cpu(2), wait(1, Hold::Nothing)], 1);
    assert_eq!(seen(&spec), [(0, Some(0), 3, Ok), (0, Some(2), 5, Ok)]);
}

#[test]
fn a_call_that_is_lost_fails_its_caller_and_goes_on_behind_its_back() {
    let impatient = CallSpec {
        client: ClientSpec {
            timeout: Some(just(4 * MS)),
            retry: Some(RetrySpec {
                attempts: 2,
                backoff: BackoffSpec::Drawn(just(0)),
                on: Failures::ALL,
                budget: None,
            }),
            ..ClientSpec::default()
        },
        ..call()
    };
    let spec = tiers(
        &[0],
        vec![cpu(2), StepSpec::Call(Box::new(impatient)), cpu(9)],
        10,
    );
    let expected = [
        (1, Some(2), 6, TimedOut),
        (1, None, 10, TimedOut),
        (0, Some(0), 10, CallFailed),
    ];
    assert_eq!(seen(&spec), expected);
    let (rows, output) = run(&spec);
    let tries: Vec<u32> = rows.iter().map(|r| r.attempt).collect();
    assert_eq!(tries, [1, 2, 1]);
    let tally = &output.tally;
    assert_eq!((tally.classes[0].born, tally.classes[0].ok), (1, 0));
    assert_eq!(tally.classes[0].lost[CallFailed.index()], 1);
    assert_eq!((tally.calls[0].born, tally.calls[0].attempts), (1, 2));
    assert_eq!(tally.calls[0].lost[TimedOut.index()], 1);
    // All of the 20 ms at the database are for nobody; the 2 ms in front are the caller's own.
    assert_eq!(tally.calls[0].wasted_ns, u128::from(20 * MS));
    assert_eq!(tally.calls[0].core_ns, u128::from(20 * MS));
    assert_eq!(
        (tally.classes[0].core_ns, tally.classes[0].wasted_ns),
        (u128::from(2 * MS), 0)
    );
}

/// The source gives up at 4. What its request called is taken back as far as the call says.
#[test]
fn what_is_taken_back_takes_its_calls_along() {
    let with = |cancel: Cancel| {
        let called = CallSpec {
            client: ClientSpec {
                cancel,
                ..ClientSpec::default()
            },
            ..call()
        };
        let mut spec = tiers(&[0, 1], vec![cpu(1), StepSpec::Call(Box::new(called))], 10);
        spec.sources[0].client.timeout = Some(just(4 * MS));
        spec.sources[0].client.cancel = Cancel::Full;
        let (_, output) = run(&spec);
        let busy = output.tally.workers[1].busy_area / u128::from(MS);
        (seen(&spec), busy)
    };
    let rows = [
        (0, Some(0), 4, TimedOut),
        (1, Some(1), 4, Cancelled),
        (0, Some(1), 5, TimedOut),
    ];
    let of_first = |seen: &[Seen]| (seen[0], seen[1], seen[seen.len() - 2]);
    let (full, busy) = with(Cancel::Full);
    assert_eq!(of_first(&full), (rows[0], rows[1], rows[2]));
    assert_eq!(
        full[3],
        (1, Some(4), 5, Cancelled),
        "the second gets the core and loses it"
    );
    assert_eq!(busy, 4);
    let (queued, busy) = with(Cancel::Queued);
    assert_eq!(
        queued[3],
        (1, None, 5, Cancelled),
        "it still waits when it is taken back"
    );
    assert_eq!(busy, 10);
    let (_, busy) = with(Cancel::Nothing);
    assert_eq!(busy, 20, "both go on for nobody");
}

/// Who is taken back while it waits aside frees no core: the next one waits on.
#[test]
fn what_is_taken_back_aside_frees_no_core() {
    let mut spec = tiers(&[0, 2, 2], vec![cpu(2), wait(9, Hold::Nothing)], 1);
    spec.sources[0].client.timeout = Some(just(5 * MS));
    spec.sources[0].client.cancel = Cancel::Full;
    spec.services[0].steps[0] = cpu(2);
    // The first is aside from 2 on and taken back at 5, when the third has had the core since 4.
    let expected = [
        (0, Some(0), 5, TimedOut),
        (0, Some(2), 7, TimedOut),
        (0, Some(4), 7, TimedOut),
    ];
    assert_eq!(seen(&spec), expected);
    let (_, output) = run(&spec);
    assert_eq!(output.tally.workers[0].busy_area, u128::from(6 * MS));
}

#[test]
fn a_caller_that_goes_down_loses_what_it_waits_for() {
    let mut spec = tiers(
        &[0],
        vec![cpu(1), StepSpec::Call(Box::new(call())), cpu(1)],
        10,
    );
    spec.faults = vec![FaultSpec {
        lasts: Some(just(2 * MS)),
        ..fault("f", FaultKind::Crash, (1, 1), FaultWhen::At(4 * MS))
    }];
    let expected = [(1, Some(1), 4, Cancelled), (0, Some(0), 4, WorkerDown)];
    assert_eq!(seen(&spec), expected);
    let (_, output) = run(&spec);
    assert_eq!(output.tally.workers[1].busy_area, u128::from(10 * MS));
    assert_eq!(output.tally.calls[0].wasted_ns, u128::from(10 * MS));
}

#[test]
fn a_fan_out_asks_several_and_needs_some() {
    let several = CallSpec {
        fan_out: Some(FanOutSpec {
            copies: Some(3),
            need: Some(2),
            rest: Cancel::Full,
        }),
        ..call()
    };
    let mut spec = tiers(
        &[0],
        vec![cpu(1), StepSpec::Call(Box::new(several)), cpu(1)],
        4,
    );
    spec.services[1].groups[0].count = 2;
    // Two workers take one each, the third copy waits behind the first.
    let expected = [
        (1, Some(1), 5, Ok),
        (1, Some(1), 5, Ok),
        (1, Some(5), 5, Cancelled),
        (0, Some(0), 6, Ok),
    ];
    let mut rows = seen(&spec);
    rows.sort_by_key(|r| (r.2, r.0 == 0, r.3));
    assert_eq!(rows, expected);
}

#[test]
fn memory_is_held_while_a_request_waits() {
    let mut spec = tiers(&[0, 2], vec![cpu(1), wait(5, Hold::Nothing)], 1);
    spec.services[0].memory.base = just(6);
    spec.services[0].groups[0].ram = Some(10);
    assert_eq!(seen(&spec), [(0, None, 2, RamFull), (0, Some(0), 6, Ok)]);
}

#[test]
fn a_step_fails_by_chance() {
    let mut spec = tiers(
        &[0],
        vec![cpu(1), StepSpec::Fail { probability: 1.0 }, cpu(1)],
        1,
    );
    assert_eq!(seen(&spec), [(0, Some(0), 1, Error)]);
    spec.services[0].steps[1] = StepSpec::Fail { probability: 0.0 };
    assert_eq!(seen(&spec), [(0, Some(0), 2, Ok)]);
    let many: Vec<u64> = (0..4000).map(|i| i * 3).collect();
    let mut spec = tiers(&many, vec![StepSpec::Fail { probability: 0.3 }, cpu(1)], 1);
    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 2,
        backoff: BackoffSpec::Drawn(just(0)),
        on: Failures::ALL,
        budget: None,
    });
    let (_, output) = run(&spec);
    let lost = output.tally.classes[0].lost[Error.index()] as f64 / 4000.0;
    assert!(
        (lost - 0.09).abs() < 0.018,
        "{lost}: each attempt has a chance of its own"
    );
}

/// All inside share the core; who is aside has no part of it.
#[test]
fn a_shared_core_is_shared_by_those_who_work() {
    let mut spec = tiers(&[0, 0], vec![cpu(2), wait(3, Hold::Nothing), cpu(2)], 1);
    spec.services[0].groups[0].discipline = Discipline::Ps;
    // Both work till 4, wait till 7, work till 11.
    assert_eq!(seen(&spec), [(0, Some(0), 11, Ok), (0, Some(0), 11, Ok)]);
    spec.sources[0].arrivals = births(&[0, 4]);
    // 0 to 2, aside till 5; the second alone till 5, then both: its last 1 takes till 7, when it
    // goes aside till 10; the first has 1 left, alone till 8.
    assert_eq!(seen(&spec), [(0, Some(0), 8, Ok), (0, Some(4), 12, Ok)]);
}

/// Time that passes in a call or a wait does not depend on the worker's speed; work does.
#[test]
fn a_slow_worker_is_slow_at_work_only() {
    for hold in [Hold::Nothing, Hold::Core] {
        let mut spec = tiers(&[0], vec![cpu(2), wait(4, hold), cpu(2)], 1);
        spec.faults = vec![fault(
            "f",
            FaultKind::Slow { factor: 0.5 },
            (1, 1),
            FaultWhen::At(MS),
        )];
        // 1 ms at full speed, 1 ms of work in 2; 4 of waiting; 2 in 4.
        assert_eq!(seen(&spec), [(0, Some(0), 11, Ok)]);
        let pause = FaultSpec {
            lasts: Some(just(8 * MS)),
            ..fault("p", FaultKind::Pause, (1, 1), FaultWhen::At(3 * MS))
        };
        spec.faults = vec![pause];
        assert_eq!(
            seen(&spec),
            [(0, Some(0), 13, Ok)],
            "it waits on, and works from 11 on"
        );
    }
}

/// The deadline of the source goes with the call, and the call's with what that calls.
#[test]
fn a_deadline_goes_along_with_calls() {
    let mut spec = tiers(
        &[0, 0, 0],
        vec![cpu(1), StepSpec::Call(Box::new(call()))],
        3,
    );
    spec.sources[0].client.deadline = Some(6 * MS);
    spec.sources[0].client.propagate_deadline = true;
    // The third would begin at the database at 7: nobody tells it that its time is over.
    let db =
        |spec: &SystemSpec| -> Vec<Seen> { seen(spec).into_iter().filter(|s| s.0 == 1).collect() };
    assert_eq!(db(&spec)[2], (1, Some(7), 10, Ok));
    let StepSpec::Call(call) = &mut spec.services[0].steps[1] else {
        panic!("a call");
    };
    call.client.propagate_deadline = true;
    // Its caller in front gives up on it at 6, and at its turn the database drops it.
    assert_eq!(
        db(&spec)[1..],
        [(1, Some(4), 6, TimedOut), (1, None, 6, TimedOut)]
    );
    let (_, output) = run(&spec);
    assert_eq!(output.tally.workers[1].busy_area, u128::from(6 * MS));
}

/// The same requests ask for the same work further in, whatever happens on their way.
#[test]
fn work_further_in_belongs_to_the_request() {
    let many: Vec<u64> = (0..300).collect();
    let exponential = |ms: u64| Dist::exponential((ms * MS) as f64).unwrap();
    let steps = vec![
        StepSpec::Cpu {
            cpu: exponential(1),
            per_kib: 0.0,
            vary: Vary::Copy,
        },
        StepSpec::Call(Box::new(call())),
    ];
    let mut spec = tiers(&many, steps, 1);
    spec.services[1].work = Some(drawn(exponential(1)));
    let works = |spec: &SystemSpec| {
        let mut rows = run(spec).0;
        rows.sort_by_key(|r| (r.service, r.request));
        rows.into_iter()
            .map(|r| (r.service, r.request, r.work))
            .collect::<Vec<_>>()
    };
    let plain = works(&spec);
    assert_eq!(plain.len(), 600);
    spec.services[0].groups[0].count = 3;
    spec.services[1].balancer.policy = PolicySpec::Random;
    assert_eq!(works(&spec), plain);
    let before: Vec<u64> = plain.iter().map(|p| p.2).collect();
    let other = run_spec(2, Horizon::For(S));
    let mut rows = Vec::new();
    go(&spec, &other, &mut rows);
    assert!(
        rows.iter().all(|r| !before.contains(&r.work)),
        "another seed, other work"
    );
}

/// Who comes back for a core waits in front, even where that is more than the buffer's bytes; the
/// next who comes from outside finds it full.
#[test]
fn who_comes_back_may_fill_a_buffer_beyond_its_bytes() {
    let mut spec = tiers(
        &[0, 1, 2, 3],
        vec![cpu(1), wait(1, Hold::Nothing), cpu(4)],
        1,
    );
    let Arrivals::Trace(trace) = &mut spec.sources[0].arrivals else {
        panic!("a trace");
    };
    Arc::make_mut(trace).size = vec![100, 100, 100, 100];
    spec.services[0].groups[0].bytes = Some(100);
    // At 2 the first is back and has the core, the third waits; at 3 the second is back too, and
    // the fourth is refused. Then 6 to 10 for the second, 10 to 11 and 12 to 16 for the third.
    let rows = seen(&spec);
    assert_eq!(rows.iter().filter(|row| row.3 == BufferFull).count(), 1);
    assert_eq!(rows[0], (0, None, 3, BufferFull));
    let ends: Vec<u64> = rows.iter().map(|row| row.2).collect();
    assert_eq!(ends, [3, 6, 10, 16]);
}
