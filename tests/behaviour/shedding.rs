//! Workers that shed load, at the door and at its turn. The machines alone are tested beside their
//! code, against tables worked out by hand.

use veltrix::base::codes::Code;
use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::steps::{cpu, seen, tiers, wait};
use crate::systems::{MS, fault, group, just, replay, rows};
use crate::told;

fn shedding(births: &[(u64, u64)], shed: ShedSpec) -> SystemSpec {
    let one = GroupSpec {
        shed: Some(shed),
        ..group(1, 1, None)
    };
    replay(births, one)
}

fn aimd(start: u32, min: u32, max: u32, backoff: f64) -> ShedSpec {
    ShedSpec::Aimd {
        limit: LimitRange { start, min, max },
        backoff,
        timeout: 1000 * MS,
    }
}

/// Twelve at once, 4 ms each: waits are long from the turn at 4 ms on, so that the first turn from
/// 14 ms on is dropped, and 10 ms later the next; with fewer than two behind it nothing is.
#[test]
fn codel_drops_at_the_turn_while_waits_stay_long() {
    let codel = ShedSpec::Codel {
        target: MS,
        interval: 10 * MS,
    };
    let spec = shedding(&[(0, 4 * MS); 12], codel);
    let (rows, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, Ok),
        (Some(4_000), 8_000, Ok),
        (Some(8_000), 12_000, Ok),
        (Some(12_000), 16_000, Ok),
        (None, 16_000, Shed),
        (Some(16_000), 20_000, Ok),
        (Some(20_000), 24_000, Ok),
        (Some(24_000), 28_000, Ok),
        (None, 28_000, Shed),
        (Some(28_000), 32_000, Ok),
        (Some(32_000), 36_000, Ok),
        (Some(36_000), 40_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
    assert_eq!(output.tally.workers[0].ended[Shed.index()], 2);
}

/// Five at once, of 10 ms: who waited for more than 20 ms at its turn is dropped. The one at 11 ms
/// may wait for 20 too, the one at 25 ms comes more than 20 ms after nobody waited: 5 ms.
#[test]
fn codel_server_drops_what_waited_longer_than_it_might() {
    let codel = ShedSpec::CodelServer {
        target: 5 * MS,
        interval: 20 * MS,
    };
    let mut births = vec![(0, 10 * MS); 5];
    births.extend([(11 * MS, 10 * MS), (25 * MS, 10 * MS)]);
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(10_000), 20_000, Ok),
        (Some(20_000), 30_000, Ok),
        (None, 30_000, Shed),
        (None, 30_000, Shed),
        (Some(30_000), 40_000, Ok),
        (None, 40_000, Shed),
    ];
    assert_eq!(told(&rows(&shedding(&births, codel)).0), expected);
}

/// Two may be inside; when the first is served, at 10 ms, three may.
#[test]
fn a_limit_refuses_at_the_door() {
    let mut births = vec![(0, 10 * MS); 4];
    births.extend([(11 * MS, 10 * MS); 3]);
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(10_000), 20_000, Ok),
        (None, 0, Shed),
        (None, 0, Shed),
        (Some(20_000), 30_000, Ok),
        (Some(30_000), 40_000, Ok),
        (None, 11_000, Shed),
    ];
    let mut spec = shedding(&births, aimd(2, 2, 3, 0.9));
    assert_eq!(told(&rows(&spec).0), expected);
    // Where all share the core the limit is the same; two of them take 20 ms, so that it has not
    // grown at 11 ms.
    spec.services[0].groups[0].discipline = Discipline::Ps;
    let ends: Vec<_> = told(&rows(&spec).0).iter().map(|r| r.2).collect();
    assert_eq!(ends, [Ok, Ok, Shed, Shed, Shed, Shed, Shed]);
}

/// Who gives up waiting halves the limit, from 4 to 2 and no further.
#[test]
fn a_drop_lowers_the_limit() {
    let mut births = vec![(0, 10 * MS); 4];
    births.extend([(6 * MS, 10 * MS); 2]);
    let mut spec = shedding(&births, aimd(4, 2, 10, 0.5));
    spec.sources[0].client.patience = Some(just(5 * MS));
    let expected = [
        (Some(0), 10_000, Ok),
        (None, 5_000, GaveUp),
        (None, 5_000, GaveUp),
        (None, 5_000, GaveUp),
        (Some(10_000), 20_000, Ok),
        (None, 6_000, Shed),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// So does what expires at its turn, where workers know deadlines.
#[test]
fn what_expires_lowers_it_too() {
    let mut births = vec![(0, 10 * MS); 3];
    births.extend([(11 * MS, 10 * MS); 3]);
    let mut spec = shedding(&births, aimd(3, 1, 10, 0.5));
    spec.sources[0].client.deadline = Some(9 * MS);
    spec.sources[0].client.propagate_deadline = true;
    let all = rows(&spec).0;
    let ends: Vec<_> = told(&all).iter().map(|r| r.2).collect();
    // The first is served late, which changes nothing: it came alone, and one is not half of three.
    // Two expire at 10 ms: 3 to 1. The last two find one inside.
    assert_eq!(ends, [TimedOut, TimedOut, TimedOut, TimedOut, Shed, Shed]);
}

/// A worker that comes back begins with its first limit.
#[test]
fn a_new_life_has_a_new_limit() {
    let mut births = vec![(0, MS), (2 * MS, MS), (4 * MS, MS)];
    births.extend([(20 * MS, MS); 3]);
    let mut spec = shedding(&births, aimd(1, 1, 10, 0.9));
    let ends = |spec: &SystemSpec| {
        let rows = told(&rows(spec).0);
        rows.iter().map(|r| r.2).collect::<Vec<_>>()
    };
    // Grown to 3: of 2 one inside is half, of 3 it is not.
    assert_eq!(ends(&spec), [Ok, Ok, Ok, Ok, Ok, Ok]);
    spec.faults = vec![FaultSpec {
        lasts: Some(just(MS)),
        ..fault("c", FaultKind::Crash, (1, 1), FaultWhen::At(10 * MS))
    }];
    assert_eq!(ends(&spec), [Ok, Ok, Ok, Ok, Shed, Shed]);
}

#[test]
fn shedders_that_could_do_nothing_are_refused() {
    let codel = ShedSpec::Codel {
        target: MS,
        interval: 10 * MS,
    };
    let mut spec = shedding(&[(0, MS)], codel);
    spec.services[0].groups[0].discipline = Discipline::Ps;
    let found = |spec: &SystemSpec| {
        let problems = spec.check().into_iter();
        problems.map(|p| (p.code, p.path)).collect::<Vec<_>>()
    };
    let path = "service.e.workers.shed";
    assert_eq!(found(&spec), [(Code::KEYS_DISAGREE, path.to_owned())]);
    spec.services[0].groups[0].shed = Some(aimd(5, 6, 4, 0.3));
    let below = |key: &str| (Code::OUT_OF_RANGE, format!("{path}.{key}"));
    assert_eq!(found(&spec), [below("max"), below("backoff")]);
}

/// Served is also what ends without a core: the limit grows from one to two.
#[test]
fn what_ends_without_a_core_is_heard_of() {
    let mut spec = tiers(&[0, 10, 10, 10], vec![cpu(1), wait(5, Hold::Nothing)], 1);
    spec.services[0].groups[0].shed = Some(aimd(1, 1, 10, 0.9));
    let ends: Vec<_> = seen(&spec).iter().map(|s| s.3).collect();
    assert_eq!(ends, [Ok, Shed, Ok, Ok]);
}

/// Who gives up at the sender was never let in, and is no drop: the limit stays, and four of the
/// next five come in.
#[test]
fn who_gives_up_outside_is_no_drop() {
    let mut births = vec![(0, 10 * MS), (0, 10 * MS), (0, 10 * MS)];
    births.extend([(50 * MS, 10 * MS); 3]);
    let mut spec = shedding(&births, aimd(10, 1, 10, 0.5));
    spec.services[0].groups[0].slots = Some(1);
    spec.services[0].groups[0].on_full = OnFull::Block;
    spec.sources[0].client.patience = Some(just(12 * MS));
    let ends: Vec<_> = told(&rows(&spec).0).iter().map(|r| r.2).collect();
    assert_eq!(ends, [Ok, Ok, GaveUp, Ok, Ok, GaveUp]);
}
