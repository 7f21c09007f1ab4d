//! What memory does to the speed of workers: pressure and collections of garbage.

use veltrix::base::codes::Code;
use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::systems::{MS, fault, group, just, replay, rows};
use crate::told;

const MIB: u64 = 1 << 20;

/// Requests of 30 MiB at a worker of two cores and 100 MiB.
fn pressed(births: &[(u64, u64)]) -> SystemSpec {
    let one = GroupSpec {
        ram: Some(100 * MIB),
        pressure: Some(PressureSpec {
            above: 0.5,
            factor: 0.5,
        }),
        ..group(1, 2, None)
    };
    let mut spec = replay(births, one);
    spec.services[0].memory.base = just(30 * MIB);
    spec
}

/// Two of them are above half the RAM from 4 ms on: the first has 6 ms of work left, which take 12;
/// then the second has 4 left at full speed.
#[test]
fn nearly_full_ram_slows_what_is_on_the_cores() {
    let spec = pressed(&[(0, 10 * MS), (4 * MS, 10 * MS)]);
    let expected = [(Some(0), 16_000, Ok), (Some(4_000), 20_000, Ok)];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// Exactly at the bound nothing presses; one byte more does. What is given back and taken at once
/// presses nobody.
#[test]
fn pressure_begins_above_its_bound() {
    let mut spec = pressed(&[(0, 10 * MS), (0, 10 * MS), (0, 10 * MS)]);
    spec.services[0].groups[0].ram = Some(180 * MIB);
    spec.services[0].memory.held = Held::Service;
    // 60 of 180 MiB: a third.
    let above = |spec: &mut SystemSpec, base: u64| {
        spec.services[0].groups[0].ram_base = base;
        told(&rows(spec).0)
    };
    let full = [
        (Some(0), 10_000, Ok),
        (Some(0), 10_000, Ok),
        (Some(10_000), 20_000, Ok),
    ];
    assert_eq!(above(&mut spec, 30 * MIB), full);
    let slowed = [
        (Some(0), 20_000, Ok),
        (Some(0), 20_000, Ok),
        (Some(20_000), 30_000, Ok),
    ];
    assert_eq!(above(&mut spec, 30 * MIB + 1), slowed);
}

/// What has leaked presses too, from the next event at the worker on.
#[test]
fn a_leak_presses() {
    let mut spec = pressed(&[(0, 10 * MS), (20 * MS, 10 * MS)]);
    let leak = FaultKind::Leak {
        rate: 3.0 * 1024.0 * 1024.0 * 1000.0,
    };
    spec.faults = vec![fault("l", leak, (1, 1), FaultWhen::At(0))];
    // 3 MiB a millisecond: 30 at the first one's end, 60 and more when the second comes.
    let expected = [(Some(0), 10_000, Ok), (Some(20_000), 40_000, Ok)];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// Requests of 1 MiB at a worker of one core that collects after every third.
fn collecting(births: &[(u64, u64)], pause: u64, per_gib: u64) -> SystemSpec {
    let one = GroupSpec {
        gc: Some(GcSpec {
            eden: 3 * MIB,
            pause,
            per_gib,
        }),
        ..group(1, 1, None)
    };
    let mut spec = replay(births, one);
    spec.services[0].memory.base = just(MIB);
    spec
}

#[test]
fn each_full_eden_stops_the_worker() {
    let births: Vec<_> = (0..7).map(|i| (i * 10 * MS, MS)).collect();
    let spec = collecting(&births, 5 * MS, 0);
    let (rows, output) = rows(&spec);
    let took: Vec<u64> = rows
        .iter()
        .map(|r| (r.end.unwrap() - r.born) / MS)
        .collect();
    assert_eq!(took, [1, 1, 6, 1, 1, 6, 1]);
    assert_eq!(output.tally.workers[0].gc_area, u128::from(10 * MS));
}

/// What is in use makes a collection longer: 1 GiB of the worker's own and the request's 1 MiB.
#[test]
fn a_fuller_worker_stops_for_longer() {
    let mut spec = collecting(&[(0, MS), (10 * MS, MS), (20 * MS, MS)], 0, 1024 * MS);
    spec.services[0].groups[0].ram_base = 1024 * MIB;
    let expected = [
        (Some(0), 1_000, Ok),
        (Some(10_000), 11_000, Ok),
        (Some(20_000), 20_000 + 1_000 + 1_025_000, Ok),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// What waits allocates nothing, and what begins on a free core while it collects counts for the
/// next, which is judged when this one is over.
#[test]
fn what_begins_meanwhile_counts_for_the_next() {
    let mut births = vec![(0, MS); 3];
    births.extend([(5 * MS, MS); 4]);
    let mut spec = collecting(&births, 10 * MS, 0);
    spec.services[0].groups[0].cores = 6;
    let (rows, output) = rows(&spec);
    // 0 to 10 ms for the first three; the three that find cores at 5 ms fill it again, until 20 ms;
    // the first three have all their work left then, and so has the last, which waited for them.
    let mut expected = vec![(Some(0), 21_000, Ok); 3];
    expected.extend([(Some(5_000), 21_000, Ok); 3]);
    expected.push((Some(21_000), 22_000, Ok));
    assert_eq!(told(&rows), expected);
    assert_eq!(output.tally.workers[0].gc_area, u128::from(20 * MS));
}

/// A worker that comes back has an empty young space, and no collection from before.
#[test]
fn a_crash_ends_a_collection() {
    let births = [(0, MS), (0, MS), (0, MS), (6 * MS, MS), (7 * MS, MS)];
    let mut spec = collecting(&births, 10 * MS, 0);
    spec.services[0].groups[0].cores = 3;
    let crash = fault("c", FaultKind::Crash, (1, 1), FaultWhen::At(4 * MS));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(MS)),
        ..crash
    }];
    let (rows, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, WorkerDown),
        (Some(0), 4_000, WorkerDown),
        (Some(0), 4_000, WorkerDown),
        (Some(6_000), 7_000, Ok),
        (Some(7_000), 8_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
    assert_eq!(output.tally.workers[0].gc_area, u128::from(4 * MS));
}

/// The same under processor sharing: all inside stand still.
#[test]
fn sharers_stand_still_too() {
    let mut spec = collecting(&[(0, 2 * MS), (0, 2 * MS), (0, 2 * MS)], 10 * MS, 0);
    spec.services[0].groups[0].discipline = Discipline::Ps;
    let expected = [(Some(0), 16_000, Ok); 3];
    assert_eq!(told(&rows(&spec).0), expected);
}

#[test]
fn what_nobody_would_feel_is_refused() {
    let mut spec = pressed(&[(0, MS)]);
    spec.services[0].groups[0].ram = None;
    spec.services[0].groups[0].gc = collecting(&[(0, MS)], 0, 0).services[0].groups[0].gc;
    let found = |spec: &SystemSpec| {
        let problems = spec.check().into_iter();
        problems.map(|p| (p.code, p.path)).collect::<Vec<_>>()
    };
    let group = |key: &str| (Code::KEYS_DISAGREE, format!("service.e.workers.{key}"));
    assert_eq!(found(&spec), [group("pressure"), group("gc")]);
    let mut spec = pressed(&[(0, MS)]);
    spec.services[0].memory.base = just(0);
    assert_eq!(found(&spec), [group("pressure")]);
}
