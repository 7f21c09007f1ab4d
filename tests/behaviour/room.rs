//! Who is let in and served next: disciplines, several cores, memory held in service, bytes, and
//! what becomes of the one that finds no room.

use std::sync::Arc;

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::systems::{MS, US, group, just, replay, rows, source, system, trace};
use crate::told;

/// Births at these milliseconds, each with 10 ms of work.
fn tens(at: &[u64]) -> Vec<(u64, u64)> {
    at.iter().map(|at| (at * MS, 10 * MS)).collect()
}

fn on_full(on_full: OnFull, slots: u32) -> GroupSpec {
    GroupSpec {
        on_full,
        restart: just(15 * MS),
        ..group(1, 1, Some(slots))
    }
}

#[test]
fn the_last_come_is_served_first() {
    let lifo = GroupSpec {
        discipline: Discipline::Lifo,
        ..group(1, 1, None)
    };
    let (rows, _) = rows(&replay(&tens(&[0, 1, 2, 11]), lifo));
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(30_000), 40_000, Ok),
        (Some(10_000), 20_000, Ok),
        (Some(20_000), 30_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
}

/// While more than one wait, the last come is next; who is alone waits no longer than that.
#[test]
fn a_backlog_is_served_from_its_end() {
    let adaptive = GroupSpec {
        discipline: Discipline::AdaptiveLifo { above: 1 },
        ..group(1, 1, None)
    };
    let (rows, _) = rows(&replay(&tens(&[0, 1, 2, 3, 11]), adaptive));
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(40_000), 50_000, Ok),
        (Some(30_000), 40_000, Ok),
        (Some(10_000), 20_000, Ok),
        (Some(20_000), 30_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
}

#[test]
fn all_inside_share_the_cores() {
    let ps = GroupSpec {
        discipline: Discipline::Ps,
        ..group(1, 1, Some(2))
    };
    let (rows, output) = rows(&replay(&tens(&[0, 4, 4, 4]), ps));
    // 6 ms left of the first take three times as long; then two share the rest.
    let expected = [
        (Some(0), 22_000, Ok),
        (Some(4_000), 30_000, Ok),
        (Some(4_000), 30_000, Ok),
        (None, 4_000, BufferFull),
    ];
    assert_eq!(told(&rows), expected);
    let worker = &output.tally.workers[0];
    assert_eq!(worker.busy_area, u128::from(30 * MS));
    assert_eq!(worker.serving_area, u128::from((22 + 26 + 26) * MS));
    assert_eq!(output.tally.classes[0].core_ns, u128::from(30 * MS));
}

#[test]
fn unbounded_cores_serve_everyone_at_once() {
    let (rows, _) = rows(&replay(&tens(&[0, 1, 2]), group(1, UNBOUNDED_CORES, None)));
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(1_000), 11_000, Ok),
        (Some(2_000), 12_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
}

#[test]
fn the_speed_of_shared_cores_changes_for_what_is_left() {
    let mut spec = replay(&tens(&[0]), group(1, UNBOUNDED_CORES, None));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(8 * MS)),
        ..crate::systems::fault(
            "f",
            FaultKind::Slow { factor: 0.5 },
            (1, 1),
            FaultWhen::At(4 * MS),
        )
    }];
    let (rows, _) = rows(&spec);
    assert_eq!(told(&rows), [(Some(0), 14_000, Ok)]);
}

/// Two sources: one asks for one core, the other for two.
fn two_kinds(group: GroupSpec, narrow: &[u64], wide: &[u64]) -> SystemSpec {
    let by_priority = group.discipline == Discipline::Priority;
    let mut spec = replay(&tens(narrow), group);
    let mut second = spec.sources[0].clone();
    second.name = "wide".into();
    second.classes[0].cores = 2;
    if by_priority {
        second.classes[0].priority = -1;
    }
    second.arrivals = Arrivals::Trace(Arc::new(Trace {
        at: wide.iter().map(|at| at * MS).collect(),
        work: vec![10 * MS; wide.len()],
        ..Trace::default()
    }));
    spec.sources.push(second);
    spec
}

#[test]
fn nobody_overtakes_the_one_whose_turn_it_is() {
    let spec = two_kinds(group(1, 2, None), &[0, 2], &[1]);
    let (mut all, output) = rows(&spec);
    all.sort_by_key(|row| row.arrived);
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(10_000), 20_000, Ok),
        (Some(20_000), 30_000, Ok),
    ];
    assert_eq!(told(&all), expected, "a core is free from 0 to 10 ms");
    let worker = &output.tally.workers[0];
    assert_eq!(worker.busy_area, u128::from((10 + 20 + 10) * MS));
    assert_eq!(worker.serving_area, u128::from(30 * MS));
}

#[test]
fn the_urgent_are_served_first() {
    let priority = GroupSpec {
        discipline: Discipline::Priority,
        ..group(1, 2, None)
    };
    let spec = two_kinds(priority, &[0, 0, 1, 2], &[3]);
    let (mut all, _) = rows(&spec);
    all.sort_by_key(|row| row.arrived);
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(0), 10_000, Ok),
        (Some(20_000), 30_000, Ok),
        (Some(20_000), 30_000, Ok),
        (Some(10_000), 20_000, Ok),
    ];
    assert_eq!(told(&all), expected);
}

#[test]
fn a_full_buffer_does_what_it_is_told() {
    let births = tens(&[0, 1, 2]);
    let ends = |what: OnFull| {
        let (rows, _) = rows(&replay(&births, on_full(what, 1)));
        told(&rows)
    };
    let served = (Some(0), 10_000, Ok);
    let next = (Some(10_000), 20_000, Ok);
    assert_eq!(
        ends(OnFull::Reject),
        [served, next, (None, 2_000, BufferFull)]
    );
    assert_eq!(
        ends(OnFull::DropOldest),
        [served, (None, 2_000, BufferFull), next]
    );
    assert_eq!(
        ends(OnFull::DeadLetter),
        [served, next, (None, 2_000, DeadLettered)]
    );
    assert_eq!(
        ends(OnFull::Block),
        [served, next, (Some(20_000), 30_000, Ok)]
    );
    let lost = (None, 2_000, WorkerDown);
    assert_eq!(
        ends(OnFull::Crash),
        [
            (Some(0), 2_000, WorkerDown),
            lost,
            (None, 2_000, BufferFull)
        ]
    );
    assert_eq!(
        ends(OnFull::Redispatch { max: 1 }),
        [served, next, (None, 2_000, BufferFull)],
        "there is nobody else"
    );
}

#[test]
fn a_fallen_worker_comes_back_after_its_restart() {
    let births = tens(&[0, 1, 2, 16, 17]);
    let (rows, _) = rows(&replay(&births, on_full(OnFull::Crash, 1)));
    let told = told(&rows);
    assert_eq!(told[3], (None, 16_000, NoConnection));
    assert_eq!(told[4], (Some(17_000), 27_000, Ok));
}

#[test]
fn the_balancer_sends_the_one_too_many_elsewhere() {
    let two = GroupSpec {
        count: 2,
        ..on_full(OnFull::Redispatch { max: 1 }, 0)
    };
    let mut spec = replay(&tens(&[0, 1, 2]), two);
    spec.services[0].balancer.policy = PolicySpec::JsqOracle { ties: Ties::First };
    spec.services[0].groups[0].speed = 1.0;
    let (rows, _) = rows(&spec);
    assert_eq!(rows[0].worker, Some(1));
    assert_eq!(rows[1].worker, Some(2));
    assert_eq!(told(&rows)[2], (None, 2_000, BufferFull));
    spec.services[0].balancer.policy = PolicySpec::RoundRobin { start: Some(1) };
    let mut spec = spec.clone();
    spec.services[0].groups[0].slots = Some(0);
    let births = [(0, 30 * MS), (MS, 5 * MS), (10 * MS, 5 * MS)];
    spec.sources = replay(&births, group(1, 1, None)).sources;
    let (rows, _) = crate::systems::rows(&spec);
    let third = &rows[2];
    assert_eq!((third.worker, third.outcome), (Some(2), Some(Ok)));
}

#[test]
fn bytes_bound_a_buffer() {
    let mut spec = replay(&tens(&[0, 1, 2, 3]), group(1, 1, None));
    spec.services[0].groups[0].bytes = Some(250);
    spec.sources[0].classes[0].size = just(100);
    let (rows, _) = rows(&spec);
    let ok = rows.iter().filter(|r| r.outcome == Some(Ok)).count();
    assert_eq!(ok, 3, "two of 100 B wait, the third finds no room");
    assert_eq!(told(&rows)[3], (None, 3_000, BufferFull));
}

fn with_memory(held: Held, policy: RamPolicy) -> SystemSpec {
    let mut spec = replay(&tens(&[0, 1, 2]), group(1, 2, None));
    let group = &mut spec.services[0].groups[0];
    group.ram = Some(100);
    group.ram_base = 10;
    group.ram_policy = policy;
    group.restart = just(5 * MS);
    spec.services[0].memory = MemorySpec {
        held,
        base: just(40),
        per_byte: 0.0,
    };
    spec
}

#[test]
fn memory_held_only_in_service_makes_its_owner_wait() {
    let (all, output) = rows(&with_memory(Held::Service, RamPolicy::Refuse));
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(1_000), 11_000, Ok),
        (Some(10_000), 20_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.workers[0].ram_max, 90);
    let (all, _) = rows(&with_memory(Held::Admission, RamPolicy::Refuse));
    assert_eq!(told(&all)[2], (None, 2_000, RamFull));
}

#[test]
fn a_worker_is_killed_for_memory() {
    let (rows, _) = rows(&with_memory(Held::Admission, RamPolicy::OomKill));
    let expected = [
        (Some(0), 2_000, OutOfMemory),
        (Some(1_000), 2_000, OutOfMemory),
        (None, 2_000, OutOfMemory),
    ];
    assert_eq!(told(&rows), expected);
}

#[test]
fn a_blocked_attempt_counts_as_waiting_at_the_balancer() {
    let (_, output) = rows(&replay(&tens(&[0, 1, 2]), on_full(OnFull::Block, 1)));
    assert_eq!(output.tally.balancers[0].queue_area, u128::from(8 * MS));
    let mut spec = replay(&tens(&[0, 1, 2]), on_full(OnFull::Block, 1));
    spec.services[0].balancer.slots = Some(0);
    let (rows, _) = rows(&spec);
    assert_eq!(told(&rows)[2], (None, 2_000, BufferFull));
    let _ = (US, system);
}

/// The earliest deadline first, a retry by the deadline of its request; who has none comes last.
#[test]
fn the_earliest_deadline_is_served_first() {
    let by_deadline = GroupSpec {
        discipline: Discipline::Edf,
        ..group(1, 1, None)
    };
    let mut spec = replay(&[(0, 10 * MS), (3 * MS, 2 * MS)], by_deadline);
    let other = |name: &str, births: &[(u64, u64)], deadline: Option<u64>| {
        let mut other = source(name, trace(births));
        other.client.deadline = deadline;
        other
    };
    let births = [(MS, MS), (5 * MS, MS)];
    spec.sources.push(other("patient", &births, Some(34 * MS)));
    spec.sources
        .push(other("urgent", &[(4 * MS, 3 * MS)], Some(20 * MS)));
    let mut again = other("again", &[(2 * MS, 4 * MS)], Some(30 * MS));
    again.client.timeout = Some(just(8 * MS));
    again.client.cancel = Cancel::Queued;
    again.client.retry = Some(RetrySpec::full_jitter(2, 0, 0));
    spec.sources.push(again);
    let (all, _) = rows(&spec);
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(19_000), 21_000, Ok),
        // Deadlines of 35 and 39 ms.
        (Some(17_000), 18_000, Ok),
        (Some(18_000), 19_000, Ok),
        (Some(10_000), 13_000, Ok),
        // Sent again at 10 ms, still with the deadline of 32 ms.
        (None, 10_000, TimedOut),
        (Some(13_000), 17_000, Ok),
    ];
    assert_eq!(told(&all), expected);
}
