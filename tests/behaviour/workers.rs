//! Wedging, crashing, standing still, slowing down, and running out of RAM.

use std::sync::Arc;

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::systems::{MS, US, fault, group, just, replay, rows, system};
use crate::told;

/// A worker of one core and one waiting place that wedges for 20 ms.
fn wedging() -> GroupSpec {
    GroupSpec {
        on_full: OnFull::Wedge,
        restart: just(20 * MS),
        ..group(1, 1, Some(1))
    }
}

/// One fault on worker 1.
fn once(kind: FaultKind, at: u64, lasts: u64) -> FaultSpec {
    FaultSpec {
        lasts: Some(just(lasts)),
        ..fault("f", kind, (1, 1), FaultWhen::At(at))
    }
}

#[test]
fn a_wedged_worker_refuses_until_it_has_restarted() {
    let at = [0, 1_000, 2_000, 3_000, 12_000, 21_999, 22_000];
    let births: Vec<_> = at.iter().map(|at| (at * US, 5 * MS)).collect();
    let (rows, output) = rows(&replay(&births, wedging()));
    let expected = [
        (Some(0), 5_000, Ok),
        (Some(5_000), 10_000, Ok),
        (None, 2_000, BufferFull),
        (None, 3_000, BufferFull),
        (None, 12_000, BufferFull),
        (None, 21_999, BufferFull),
        (Some(22_000), 27_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
    let worker = &output.tally.workers[0];
    assert_eq!(worker.wedges, 1);
    assert_eq!(worker.wedged_busy_area, u128::from(8 * MS));
    assert_eq!(worker.able_area, u128::from((2 + 5) * MS));
}

#[test]
fn a_restart_loses_what_is_still_aboard() {
    let births = [(0, 90 * MS), (0, MS), (2 * MS, MS), (22 * MS, MS)];
    let (rows, output) = rows(&replay(&births, wedging()));
    let expected = [
        (Some(0), 22_000, WorkerDown),
        (None, 22_000, WorkerDown),
        (None, 2_000, BufferFull),
        (Some(22_000), 23_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
    assert_eq!(output.tally.classes[0].core_ns, u128::from(23 * MS));
}

/// At the instant of the crash an arrival finds no connection, at the instant of its end it does.
#[test]
fn a_crash_loses_what_is_aboard_and_takes_no_connection() {
    let at = [0, 1_000, 5_000, 7_000, 14_999, 15_000];
    let births: Vec<_> = at.iter().map(|at| (at * US, 10 * MS)).collect();
    let mut spec = replay(&births, group(1, 1, None));
    spec.services[0].groups[0].restart = just(10 * MS);
    spec.faults = vec![once(FaultKind::Crash, 5 * MS, 10 * MS)];
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 5_000, WorkerDown),
        (None, 5_000, WorkerDown),
        (None, 5_000, NoConnection),
        (None, 7_000, NoConnection),
        (None, 14_999, NoConnection),
        (Some(15_000), 25_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.workers[0].able_area, u128::from(15 * MS));

    // Without an end of its own it lasts as long as a restart; switched off it never happens.
    spec.faults[0].lasts = None;
    assert_eq!(told(&rows(&spec).0), expected);
    spec.faults[0].enabled = false;
    assert_eq!(told(&rows(&spec).0)[5], (Some(50_000), 60_000, Ok));
}

/// An answer at the instant of the crash comes too late: faults are first.
#[test]
fn a_crash_comes_before_the_answer_of_the_same_instant() {
    let mut spec = replay(&[(0, 5 * MS)], group(1, 1, None));
    spec.faults = vec![once(FaultKind::Crash, 5 * MS, MS)];
    assert_eq!(told(&rows(&spec).0), [(Some(0), 5_000, WorkerDown)]);
}

#[test]
fn a_crash_ends_a_wedge() {
    let at = [0, 0, 0, 4_000, 6_000];
    let births: Vec<_> = at.iter().map(|at| (at * US, 3 * MS)).collect();
    let mut spec = replay(&births, wedging());
    spec.faults = vec![once(FaultKind::Crash, 2 * MS, 4 * MS)];
    let (rows, _) = rows(&spec);
    let expected = [
        (Some(0), 2_000, WorkerDown),
        (None, 2_000, WorkerDown),
        (None, 0, BufferFull),
        (None, 4_000, NoConnection),
        (Some(6_000), 9_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
}

#[test]
fn a_pause_holds_everything_up_for_exactly_as_long() {
    let births = [(0, 10 * MS), (4 * MS, 10 * MS), (5 * MS, MS)];
    let mut spec = replay(&births, group(1, 2, None));
    spec.faults = vec![once(FaultKind::Pause, 3 * MS, 4 * MS)];
    let (rows, output) = rows(&spec);
    let expected = [
        (Some(0), 14_000, Ok),
        (Some(4_000), 17_000, Ok),
        (Some(14_000), 15_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
    // Cores stay occupied.
    assert_eq!(
        output.tally.workers[0].busy_area,
        u128::from((14 + 13 + 1) * MS)
    );
}

/// Overlapping pauses are one.
#[test]
fn pauses_do_not_add_up() {
    let mut spec = replay(&[(0, 10 * MS)], group(1, 1, None));
    let second = fault("g", FaultKind::Pause, (1, 1), FaultWhen::At(4 * MS));
    spec.faults = vec![
        once(FaultKind::Pause, 3 * MS, 4 * MS),
        FaultSpec {
            lasts: Some(just(5 * MS)),
            ..second
        },
    ];
    assert_eq!(told(&rows(&spec).0), [(Some(0), 16_000, Ok)]);
}

#[test]
fn slowness_acts_on_the_work_that_is_left() {
    let half = FaultKind::Slow { factor: 0.5 };
    let mut spec = replay(&[(0, 10 * MS), (0, MS)], group(1, 1, None));
    spec.faults = vec![once(half, 4 * MS, 6 * MS)];
    // 4 ms of work, 6 ms at half speed, 3 ms left.
    let expected = [(Some(0), 13_000, Ok), (Some(13_000), 14_000, Ok)];
    assert_eq!(told(&rows(&spec).0), expected);

    // Half of half from 6 to 8 ms.
    let second = fault("g", half, (1, 1), FaultWhen::At(6 * MS));
    spec.faults.push(FaultSpec {
        lasts: Some(just(2 * MS)),
        ..second
    });
    let expected = [(Some(0), 13_500, Ok), (Some(13_500), 14_500, Ok)];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// What starts while slow, and what is slow by nature.
#[test]
fn speed_divides_work() {
    let mut quick = group(1, 1, None);
    quick.speed = 4.0;
    let mut spec = replay(&[(0, 10 * MS), (5 * MS, 10 * MS)], quick);
    let half = FaultKind::Slow { factor: 0.5 };
    spec.faults = vec![once(half, 4 * MS, 90 * MS)];
    let expected = [(Some(0), 2_500, Ok), (Some(5_000), 10_000, Ok)];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// RAM is held while waiting too; what leaves at an instant makes room for what comes then.
#[test]
fn ram_is_refused_from_the_first_byte_that_does_not_fit() {
    let held = |memory: &[u64], ram: u64| {
        let recorded = Trace {
            at: vec![0, MS, 2 * MS, 3 * MS, 10 * MS],
            size: Vec::new(),
            work: vec![10 * MS; 5],
            memory: memory.to_vec(),
            ..Trace::default()
        };
        let one = GroupSpec {
            ram: Some(ram),
            ..group(1, 1, None)
        };
        let spec = system(
            Arrivals::Trace(Arc::new(recorded)),
            WorkSpec::FromTrace,
            one,
        );
        let (rows, output) = rows(&spec);
        let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.unwrap()).collect();
        (outcomes, output.tally.workers[0].ram_max)
    };
    let full = held(&[30, 30, 30, 1, 30], 90);
    assert_eq!(full, (vec![Ok, Ok, Ok, RamFull, Ok], 90));
    let less = held(&[30, 30, 30, 1, 30], 89);
    assert_eq!(less, (vec![Ok, Ok, RamFull, Ok, Ok], 61));
    let room = held(&[30, 30, 30, 0, 31], 90);
    assert_eq!(room, (vec![Ok, Ok, Ok, Ok, RamFull], 90));
}

/// Memory is a base and a part for each byte of size; with a full buffer RAM is named first.
#[test]
fn memory_grows_with_size() {
    let recorded = Trace {
        at: vec![0, 0, 0],
        size: vec![10, 20, 5],
        work: vec![MS; 3],
        memory: Vec::new(),
        ..Trace::default()
    };
    let one = GroupSpec {
        ram: Some(100),
        ..group(1, 1, Some(0))
    };
    let mut spec = system(
        Arrivals::Trace(Arc::new(recorded)),
        WorkSpec::FromTrace,
        one,
    );
    spec.services[0].memory = MemorySpec {
        held: Held::Admission,
        base: just(20),
        per_byte: 3.0,
    };
    let (rows, output) = rows(&spec);
    let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.unwrap()).collect();
    assert_eq!(outcomes, [Ok, RamFull, BufferFull]);
    let worker = &output.tally.workers[0];
    assert_eq!(worker.ram_max, 50);
    assert_eq!(worker.ram_area, u128::from(50 * MS));
}
