//! Requests that do harm wherever they are served.

use veltrix::base::codes::Code;
use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::steps::{cpu, seen, tiers, wait};
use crate::systems::{MS, fault, group, just, replay, rows};
use crate::told;

/// Poisoned is what is born before `until`.
fn poisoned(
    births: &[(u64, u64)],
    group: GroupSpec,
    effect: PoisonEffect,
    until: u64,
) -> SystemSpec {
    let mut spec = replay(births, group);
    let kind = FaultKind::Poison {
        source: 0,
        probability: 1.0,
        effect,
    };
    spec.faults = vec![FaultSpec {
        lasts: Some(just(until)),
        ..fault("bad", kind, (1, 1), FaultWhen::At(0))
    }];
    spec
}

/// It is born poisoned, and fails so long after the fault is over.
#[test]
fn an_error_comes_when_the_work_is_done() {
    let births = [(0, 10 * MS), (MS, 5 * MS), (5 * MS, MS)];
    let spec = poisoned(&births, group(1, 1, None), PoisonEffect::Error, 5 * MS);
    let expected = [
        (Some(0), 10_000, Poison),
        (Some(10_000), 15_000, Poison),
        (Some(15_000), 16_000, Ok),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// The first takes down the worker that begins it, and its retry the other one, with what that
/// serves.
#[test]
fn a_crash_takes_others_along_and_its_retry_the_next_worker() {
    let workers = GroupSpec {
        restart: just(20 * MS),
        ..group(2, 2, None)
    };
    let births = [(0, MS), (5 * MS, 50 * MS), (6 * MS, 50 * MS), (40 * MS, MS)];
    let mut spec = poisoned(&births, workers, PoisonEffect::Crash, MS);
    spec.sources[0].client.retry = Some(RetrySpec {
        backoff: BackoffSpec::Drawn(just(10 * MS)),
        ..RetrySpec::full_jitter(2, MS, MS)
    });
    // In turn: worker 1 at 0, 2 at 5, 1 (down) at 6, 2 at 10, which takes it down until 30, 1 at
    // 16, 2 at 20, 1 at 40.
    let expected = [
        (None, 0, Poison),
        (None, 10_000, Poison),
        (Some(5_000), 10_000, WorkerDown),
        (None, 20_000, NoConnection),
        (None, 6_000, NoConnection),
        (None, 16_000, NoConnection),
        (Some(40_000), 41_000, Ok),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// It keeps its core for ever, unless its client takes it back.
#[test]
fn a_hang_keeps_its_core() {
    let births = [(0, MS), (2 * MS, MS), (30 * MS, MS)];
    let mut spec = poisoned(&births, group(1, 1, None), PoisonEffect::Hang, MS);
    spec.sources[0].client.timeout = Some(just(20 * MS));
    spec.sources[0].client.cancel = Cancel::Full;
    let expected = [
        (Some(0), 20_000, TimedOut),
        (Some(20_000), 21_000, Ok),
        (Some(30_000), 31_000, Ok),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
    // A slow worker changes nothing about it; a restart ends it.
    spec.sources[0].client.timeout = None;
    spec.sources[0].client.cancel = Cancel::Nothing;
    let slow = FaultKind::Slow { factor: 0.5 };
    spec.faults.push(FaultSpec {
        lasts: Some(just(2 * MS)),
        ..fault("s", slow, (1, 1), FaultWhen::At(5 * MS))
    });
    spec.faults.push(FaultSpec {
        lasts: Some(just(MS)),
        ..fault("c", FaultKind::Crash, (1, 1), FaultWhen::At(25 * MS))
    });
    let expected = [
        (Some(0), 25_000, WorkerDown),
        (None, 25_000, WorkerDown),
        (Some(30_000), 31_000, Ok),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// One class in half of its requests: the others never, and each attempt of a request alike.
#[test]
fn only_the_class_that_is_named_is_poisoned() {
    let births: Vec<_> = (0..2000).map(|i| (i * MS, 100_000)).collect();
    let mut spec = poisoned(&births, group(1, 4, None), PoisonEffect::Error, 3_000 * MS);
    let kind = FaultKind::Poison {
        source: 0,
        probability: 0.5,
        effect: PoisonEffect::Error,
    };
    spec.faults[0].kind = kind;
    spec.faults[0].class = Some("other".into());
    let problems: Vec<_> = spec.check().into_iter().map(|p| (p.code, p.path)).collect();
    assert_eq!(
        problems,
        [(Code::UNKNOWN_NAME, "fault.bad.class".to_owned())]
    );
    let name = spec.sources[0].classes[0].name.clone();
    spec.faults[0].class = Some(name);
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(2, MS, MS));
    let all = rows(&spec).0;
    let bad = all
        .iter()
        .filter(|r| r.attempt == 1 && r.outcome == Some(Poison))
        .count();
    assert!((900..1100).contains(&bad), "{bad}");
    let again = all.iter().filter(|r| r.attempt == 2);
    assert!(again.clone().count() == bad && again.clone().all(|r| r.outcome == Some(Poison)));
}

/// It fails as well where its last step holds no core.
#[test]
fn what_ends_without_a_core_fails_too() {
    let mut spec = tiers(&[0, 20], vec![cpu(1), wait(5, Hold::Nothing)], 1);
    let kind = FaultKind::Poison {
        source: 0,
        probability: 1.0,
        effect: PoisonEffect::Error,
    };
    spec.faults = vec![FaultSpec {
        lasts: Some(just(MS)),
        ..fault("bad", kind, (1, 1), FaultWhen::At(0))
    }];
    let ends: Vec<_> = seen(&spec).iter().map(|s| (s.2, s.3)).collect();
    assert_eq!(ends, [(6, Poison), (26, Ok)]);
}

/// A pause after which everything begins anew does not make it come to its end.
#[test]
fn what_hangs_hangs_again_after_a_restart_of_its_work() {
    let births = [(0, MS), (30 * MS, MS)];
    let mut spec = poisoned(&births, group(1, 1, None), PoisonEffect::Hang, MS);
    spec.faults.push(FaultSpec {
        lasts: Some(just(2 * MS)),
        in_service: Some(InService::Restart),
        ..fault("p", FaultKind::Pause, (1, 1), FaultWhen::At(5 * MS))
    });
    spec.faults.push(FaultSpec {
        lasts: Some(just(MS)),
        ..fault("c", FaultKind::Crash, (1, 1), FaultWhen::At(25 * MS))
    });
    let expected = [(Some(0), 25_000, WorkerDown), (Some(30_000), 31_000, Ok)];
    assert_eq!(told(&rows(&spec).0), expected);
}
