//! Clients that are far from the service that they call.

use std::sync::Arc;

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::systems::{IN_TURN, MS, drawn, fault, group, just, replay, rows, service, system};
use crate::told;

/// Two milliseconds there and two back; one core, no place to wait.
fn far(births: &[(u64, u64)]) -> SystemSpec {
    let mut spec = replay(births, group(1, 1, Some(0)));
    spec.sources[0].client.network = Some(just(2 * MS));
    spec
}

#[test]
fn there_and_back_again() {
    let (rows, output) = rows(&far(&[(0, 3 * MS), (MS, MS)]));
    // There at 2, served till 5, back at 7. The other finds the core taken at 3 and hears it at 5.
    let expected = [(Some(2_000), 7_000, Ok), (None, 5_000, BufferFull)];
    assert_eq!(told(&rows), expected);
    assert_eq!((rows[0].born, rows[0].arrived), (0, 2 * MS));
    let delays = &output.tally.delays[0];
    assert_eq!(
        delays.latency.sum(),
        u128::from(7 * MS),
        "what the client sees"
    );
    assert_eq!(
        delays.response.sum(),
        u128::from(3 * MS),
        "what the service sees"
    );
    assert_eq!(output.tally.workers[0].serving_area, u128::from(3 * MS));
}

#[test]
fn a_timeout_counts_from_setting_out() {
    let mut spec = far(&[(0, 3 * MS)]);
    spec.sources[0].client.timeout = Some(just(6 * MS));
    let (seen, output) = rows(&spec);
    assert_eq!(told(&seen), [(Some(2_000), 6_000, TimedOut)]);
    let class = &output.tally.classes[0];
    assert_eq!(
        (class.answered, class.ok),
        (1, 0),
        "the answer comes at 7, too late"
    );
    assert_eq!(class.wasted_ns, 0, "somebody waited when the work was done");
    spec.sources[0].client.timeout = Some(just(7 * MS));
    assert_eq!(
        told(&rows(&spec).0),
        [(Some(2_000), 7_000, Ok)],
        "in time to the nanosecond"
    );
}

#[test]
fn a_retry_sets_out_when_the_refusal_is_known() {
    let mut spec = far(&[(0, 4 * MS), (MS, MS)]);
    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 2,
        backoff: BackoffSpec::Drawn(just(0)),
        on: Failures::ALL,
        budget: None,
    });
    let expected = [
        (Some(2_000), 8_000, Ok),
        (None, 5_000, BufferFull),
        (Some(7_000), 10_000, Ok),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

#[test]
fn what_is_taken_back_on_its_way_never_arrives() {
    let mut spec = far(&[(0, 3 * MS), (MS, MS)]);
    spec.services[0].groups[0].slots = Some(1);
    spec.sources[0].client.timeout = Some(just(MS));
    let busy = |spec: &SystemSpec| rows(spec).1.tally.workers[0].busy_area / u128::from(MS);
    assert_eq!(busy(&spec), 4, "both are served for nobody");
    spec.sources[0].client.cancel = Cancel::Queued;
    assert_eq!(busy(&spec), 0);
    spec.sources[0].client.cancel = Cancel::Full;
    spec.sources[0].client.timeout = Some(just(3 * MS));
    assert_eq!(
        busy(&spec),
        2,
        "1 ms each: the second gets the core at 3 and is done at 4"
    );
    spec.sources[0].client.timeout = Some(just(6 * MS));
    assert_eq!(busy(&spec), 4, "at 6 the first is done and on its way back");
}

#[test]
fn a_worker_that_goes_down_is_heard_of_late() {
    let mut spec = far(&[(0, 9 * MS)]);
    spec.faults = vec![FaultSpec {
        lasts: Some(just(MS)),
        ..crate::systems::fault("f", FaultKind::Crash, (1, 1), FaultWhen::At(4 * MS))
    }];
    assert_eq!(told(&rows(&spec).0), [(Some(2_000), 6_000, WorkerDown)]);
}

/// 1 ms from page to database and back: each call takes 2 ms more.
#[test]
fn calls_go_far_too() {
    let mut spec = replay(&[(0, 0)], group(1, 1, None));
    let mut call = CallSpec::plain(1);
    call.client.network = Some(just(MS));
    let cpu = StepSpec::Cpu {
        cpu: just(MS),
        per_kib: 0.0,
        vary: Vary::Copy,
    };
    spec.sources[0].arrivals = Arrivals::Trace(std::sync::Arc::new(Trace {
        at: vec![0],
        ..Trace::default()
    }));
    spec.services[0].work = None;
    spec.services[0].steps = vec![cpu.clone(), StepSpec::Call(Box::new(call)), cpu];
    let db = service("db", drawn(just(3 * MS)), IN_TURN, group(1, 1, None));
    spec.services.push(db);
    let (mut seen, _) = rows(&spec);
    seen.sort_by_key(|row| row.service);
    // At work till 1, at the database from 2 to 5, back at 6, done at 7.
    assert_eq!(
        told(&seen),
        [(Some(0), 7_000, Ok), (Some(2_000), 6_000, Ok)]
    );
}

/// What is lost while it waits does not go on when its wait would be over, although its client
/// has not heard of it yet.
#[test]
fn a_wait_ends_with_its_worker() {
    for hold in [Hold::Core, Hold::Nothing] {
        let one = Arrivals::Trace(Arc::new(Trace {
            at: vec![0],
            ..Trace::default()
        }));
        let mut spec = system(one, drawn(just(0)), group(1, 1, None));
        spec.sources[0].client.network = Some(just(10 * MS));
        spec.services[0].work = None;
        let cpu = StepSpec::Cpu {
            cpu: just(MS),
            per_kib: 0.0,
            vary: Vary::Copy,
        };
        let lasts = just(5 * MS);
        spec.services[0].steps = vec![cpu.clone(), StepSpec::Wait { lasts, hold }, cpu];
        let crash = fault("crash", FaultKind::Crash, (1, 1), FaultWhen::At(13 * MS));
        spec.faults = vec![FaultSpec {
            lasts: Some(just(MS)),
            ..crash
        }];
        // There at 10, waits from 11 to 16, is lost at 13, and its client hears it at 23.
        let (rows, output) = rows(&spec);
        assert_eq!(
            told(&rows),
            [(Some(10_000), 23_000, WorkerDown)],
            "{hold:?}"
        );
        let held = if hold == Hold::Core { 3 } else { 1 };
        assert_eq!(output.tally.workers[0].busy_area, u128::from(held * MS));
    }
}
