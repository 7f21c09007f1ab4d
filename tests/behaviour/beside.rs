//! A service that needs more than cores and slots to say who is served next runs by other code than
//! a simple one: that code must do the same for the simple one beside it.

use veltrix::model::spec::*;
use veltrix::model::trial::AttemptRow;

use crate::every_ms;
use crate::systems::{IN_TURN, MS, US, fault, group, just, replay, rows, service, source};

/// 300 requests of 1 to 13 ms, one a millisecond, to two workers of two cores.
fn base() -> SystemSpec {
    let births: Vec<_> = (0..300u64)
        .map(|i| (i * MS, (1 + i * 7 % 13) * MS / 2 + i * US))
        .collect();
    replay(&births, group(2, 2, Some(3)))
}

fn with_fault(kind: FaultKind, change: impl Fn(&mut FaultSpec)) -> SystemSpec {
    let mut spec = base();
    let mut fault = FaultSpec {
        lasts: Some(just(9 * MS)),
        ..fault("f", kind, (1, 2), FaultWhen::Every(just(20 * MS)))
    };
    change(&mut fault);
    spec.faults = vec![fault];
    spec
}

/// Rows of the first source, alone and beside a service that serves the last who came first.
fn both(spec: &SystemSpec) -> (Vec<AttemptRow>, Vec<AttemptRow>) {
    let mut beside = spec.clone();
    let last_first = GroupSpec {
        discipline: Discipline::Lifo,
        ..group(1, 1, Some(5))
    };
    let work = WorkSpec::drawn(just(2 * MS));
    beside
        .services
        .push(service("x", work, IN_TURN, last_first));
    let births = crate::systems::trace(&every_ms(40, MS));
    beside.sources.push(SourceSpec {
        to: 1,
        ..source("other", births)
    });
    let (alone, _) = rows(spec);
    let (all, _) = rows(&beside);
    let first = all.into_iter().filter(|r| r.source == 0).collect();
    (alone, first)
}

#[test]
fn what_stands_beside_a_service_changes_nothing_there() {
    let by_core = |in_service| {
        move |f: &mut FaultSpec| {
            f.unit = FaultUnit::Core;
            f.in_service = in_service;
        }
    };
    let whole = |in_service| move |f: &mut FaultSpec| f.in_service = Some(in_service);
    let (crash, pause) = (FaultKind::Crash, FaultKind::Pause);
    let mut pulled = base();
    pulled.services[0].balancer.policy = PolicySpec::CentralQueue;
    pulled.services[0].balancer.slots = Some(4);
    pulled.services[0].groups = vec![group(2, 2, None)];
    let mut waiting = with_fault(crash, by_core(None));
    waiting.sources[0].client.patience = Some(just(4 * MS));
    for (name, spec) in [
        ("plain", base()),
        ("cores crash", with_fault(crash, by_core(None))),
        ("anew", with_fault(crash, by_core(Some(InService::Restart)))),
        ("lost", with_fault(pause, by_core(Some(InService::Lost)))),
        ("stays", with_fault(crash, whole(InService::Resume))),
        ("stays anew", with_fault(crash, whole(InService::Restart))),
        ("pause anew", with_fault(pause, whole(InService::Restart))),
        ("pause lost", with_fault(pause, whole(InService::Lost))),
        ("pulled", pulled),
        ("patience", waiting),
    ] {
        let (alone, beside) = both(&spec);
        assert!(alone.iter().any(|r| r.outcome.is_some()), "{name}");
        assert_eq!(alone, beside, "{name}");
    }
}

/// The one whose core went down is the next, before the one who came last.
#[test]
fn what_lost_its_core_is_next_also_where_the_last_come_first() {
    let births = [(0, 10 * MS), (MS, 2 * MS), (2 * MS, 2 * MS)];
    let lifo = GroupSpec {
        discipline: Discipline::Lifo,
        ..group(1, 1, None)
    };
    let mut spec = replay(&births, lifo);
    spec.services[0].memory = MemorySpec {
        base: just(100),
        per_byte: 0.0,
        held: Held::Service,
    };
    spec.services[0].groups[0].ram = Some(150);
    spec.faults = vec![FaultSpec {
        lasts: Some(just(5 * MS)),
        unit: FaultUnit::Core,
        ..fault("f", FaultKind::Pause, (1, 1), FaultWhen::At(4 * MS))
    }];
    let (all, output) = rows(&spec);
    let ends: Vec<_> = all.iter().map(|r| r.end.map(|e| e / MS)).collect();
    assert_eq!(ends, [Some(15), Some(19), Some(17)]);
    assert_eq!(output.tally.classes[0].core_ns, u128::from(14 * MS));
}
