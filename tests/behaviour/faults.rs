//! Attempts that fail, and cores that go down by themselves.

use veltrix::model::outcome::Outcome::{self, *};
use veltrix::model::spec::*;

use crate::systems::{MS, S, fault, group, just, replay, rows};
use crate::{every_ms, told};

fn errors(probability: f64, when: ErrorWhen) -> FaultKind {
    FaultKind::Error { probability, when }
}

/// From 2 ms to just before 5 ms every attempt fails: with its work done, or at once.
#[test]
fn an_error_comes_at_the_end_of_the_work_or_without_any() {
    let mut spec = replay(&every_ms(4, 2 * MS), group(1, 1, None));
    let lasts = Some(just(3 * MS));
    let kind = errors(1.0, ErrorWhen::End);
    spec.faults = vec![FaultSpec {
        lasts: lasts.clone(),
        ..fault("f", kind, (1, 1), FaultWhen::At(2 * MS))
    }];
    let (late, output) = rows(&spec);
    let expected = [
        (Some(0), 2_000, Error),
        (Some(2_000), 4_000, Error),
        (Some(4_000), 6_000, Ok),
        (Some(6_000), 8_000, Ok),
    ];
    assert_eq!(told(&late), expected);
    let class = &output.tally.classes[0];
    assert_eq!(class.core_ns, u128::from(8 * MS));
    assert_eq!(class.lost[Error.index()], 2);
    assert_eq!(output.tally.workers[0].ended[Error.index()], 2);
    assert_eq!(output.tally.delays[0].response.count(), 2);

    spec.faults[0].kind = errors(1.0, ErrorWhen::Start);
    let (early, output) = rows(&spec);
    let expected = [
        (Some(0), 2_000, Ok),
        (Some(2_000), 4_000, Ok),
        (None, 2_000, Error),
        (None, 3_000, Error),
    ];
    assert_eq!(told(&early), expected);
    assert_eq!(output.tally.classes[0].core_ns, u128::from(4 * MS));
}

/// Requests that fail, of a thousand on so many workers.
fn failing(workers: u32, probability: f64) -> Vec<u64> {
    let mut spec = replay(&every_ms(1000, 5 * MS), group(workers, 1, None));
    let kind = errors(probability, ErrorWhen::End);
    spec.faults = vec![fault("f", kind, (1, workers), FaultWhen::Always)];
    let failed = |o: Option<Outcome>| o == Some(Error);
    let all = rows(&spec).0.into_iter();
    all.filter(|r| failed(r.outcome))
        .map(|r| r.request)
        .collect()
}

#[test]
fn who_fails_depends_neither_on_the_worker_nor_on_the_order() {
    let one = failing(1, 0.3);
    assert!((250..350).contains(&one.len()), "{}", one.len());
    assert_eq!(one, failing(7, 0.3));
    let more = failing(7, 0.4);
    assert!(one.iter().all(|r| more.contains(r)), "more of the same");
    assert!(failing(2, 0.0).is_empty());
}

/// Three errors in a row open the breaker; a retry draws anew.
#[test]
fn breakers_hear_errors_and_clients_try_again() {
    let mut spec = replay(&every_ms(6, MS / 2), group(1, 1, None));
    spec.faults = vec![fault(
        "f",
        errors(1.0, ErrorWhen::End),
        (1, 1),
        FaultWhen::Always,
    )];
    spec.services[0].balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 3,
        open_for: just(S),
        half_open_calls: 1,
        successes: 1,
        counts: Failures::ALL,
    });
    let outcomes = |spec: &SystemSpec| -> Vec<Outcome> {
        rows(spec).0.iter().map(|r| r.outcome.unwrap()).collect()
    };
    let shut = BreakerOpen;
    assert_eq!(outcomes(&spec), [Error, Error, Error, shut, shut, shut]);

    spec.services[0].balancer.breaker = None;
    spec.faults[0].kind = errors(0.5, ErrorWhen::Start);
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(64, MS, MS));
    let (all, output) = rows(&spec);
    assert_eq!(output.tally.classes[0].ok, 6);
    assert!(all.len() > 6, "{} attempts", all.len());
}

#[test]
fn a_probability_is_no_more_than_one() {
    let mut spec = replay(&every_ms(1, MS), group(1, 1, None));
    spec.faults = vec![fault(
        "f",
        errors(1.5, ErrorWhen::End),
        (1, 1),
        FaultWhen::Always,
    )];
    let problems = spec.check();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, "fault.f.probability");
}

/// A fault of worker 1 from 4 ms to 6 ms.
fn stop(kind: FaultKind, unit: FaultUnit, in_service: Option<InService>) -> FaultSpec {
    FaultSpec {
        lasts: Some(just(2 * MS)),
        unit,
        in_service,
        ..fault("f", kind, (1, 1), FaultWhen::At(4 * MS))
    }
}

/// Both cores are down from 4 ms to 6 ms: what was on them is put back, beyond the one slot.
#[test]
fn what_was_on_a_core_that_goes_down_waits_first_and_goes_on() {
    let births = [(0, 10 * MS), (0, 10 * MS), (MS, 2 * MS), (5 * MS, MS)];
    let mut spec = replay(&births, group(1, 2, Some(1)));
    spec.faults = vec![stop(FaultKind::Crash, FaultUnit::Core, None)];
    let (all, output) = rows(&spec);
    let expected = [
        (Some(6_000), 12_000, Ok),
        (Some(6_000), 12_000, Ok),
        (Some(12_000), 14_000, Ok),
        (None, 5_000, BufferFull),
    ];
    assert_eq!(told(&all), expected);
    let class = &output.tally.classes[0];
    assert_eq!(class.core_ns, u128::from(22 * MS));
    assert_eq!(output.tally.delays[0].wait.sum(), u128::from(15 * MS));
    let worker = &output.tally.workers[0];
    assert_eq!(worker.busy_area, u128::from(22 * MS));
    assert_eq!(worker.able_area, u128::from(24 * MS));
    assert_eq!(worker.queue_area, u128::from(15 * MS));

    spec.faults[0].in_service = Some(InService::Restart);
    let (all, output) = rows(&spec);
    assert_eq!(told(&all)[0], (Some(6_000), 16_000, Ok));
    assert_eq!(output.tally.classes[0].core_ns, u128::from(30 * MS));
    spec.faults[0].in_service = Some(InService::Lost);
    let expected = [
        (Some(0), 4_000, WorkerDown),
        (Some(0), 4_000, WorkerDown),
        (Some(6_000), 8_000, Ok),
        (None, 5_000, BufferFull),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// Two faults at the same core: it is up when both are over. A slow worker does its work slowly
/// before and after.
#[test]
fn a_core_hit_twice_is_up_when_both_faults_are_over() {
    let mut spec = replay(&[(0, 4 * MS)], group(1, 1, None));
    let second = FaultSpec {
        name: "g".into(),
        when: FaultWhen::At(5 * MS),
        ..stop(FaultKind::Pause, FaultUnit::Core, None)
    };
    let slow = FaultKind::Slow { factor: 0.5 };
    spec.faults = vec![
        stop(FaultKind::Pause, FaultUnit::Core, None),
        second,
        fault("slow", slow, (1, 1), FaultWhen::Always),
    ];
    assert_eq!(told(&rows(&spec).0), [(Some(7_000), 11_000, Ok)]);
}

/// What is on the core (from 3 ms on), what waits, and what comes meanwhile.
#[test]
fn a_whole_worker_keeps_begins_anew_or_loses_what_is_in_service() {
    let births = [(3 * MS, 2 * MS), (3 * MS, MS), (5 * MS, MS)];
    let mut spec = replay(&births, group(1, 1, None));
    let mut ends = |kind, in_service| {
        spec.faults = vec![stop(kind, FaultUnit::Worker, Some(in_service))];
        let all = told(&rows(&spec).0);
        let ends: Vec<_> = all.iter().map(|row| (row.1 / 1000, row.2)).collect();
        ends
    };
    let pause = FaultKind::Pause;
    let resumed = ends(pause, InService::Resume);
    assert_eq!(resumed, [(7, Ok), (8, Ok), (9, Ok)]);
    let anew = ends(pause, InService::Restart);
    assert_eq!(anew, [(8, Ok), (9, Ok), (10, Ok)]);
    let lost = ends(pause, InService::Lost);
    assert_eq!(lost, [(4, WorkerDown), (7, Ok), (8, Ok)]);
    let crash = FaultKind::Crash;
    let resumed = ends(crash, InService::Resume);
    assert_eq!(resumed, [(7, Ok), (8, Ok), (5, NoConnection)]);
    let anew = ends(crash, InService::Restart);
    assert_eq!(anew, [(8, Ok), (9, Ok), (5, NoConnection)]);
    let lost = ends(crash, InService::Lost);
    let down = WorkerDown;
    assert_eq!(lost, [(4, down), (4, down), (5, NoConnection)]);
}

#[test]
fn only_pauses_and_crashes_know_cores() {
    let mut spec = replay(&every_ms(1, MS), group(1, 1, None));
    let slow = FaultKind::Slow { factor: 0.5 };
    spec.faults = vec![stop(slow, FaultUnit::Core, Some(InService::Lost))];
    let paths: Vec<_> = spec.check().into_iter().map(|p| p.path).collect();
    assert_eq!(paths, ["fault.f.unit", "fault.f.in_service"]);
}
