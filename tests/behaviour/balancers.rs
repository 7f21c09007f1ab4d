//! One shared buffer from which workers pull.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;

use crate::systems::{MS, US, fault, group, just, replay, rows};
use crate::told;

/// Workers of so many cores that pull from a shared buffer.
fn pulling(births: &[(u64, u64)], count: u32, cores: u32, slots: Option<u32>) -> SystemSpec {
    let mut spec = replay(births, group(count, cores, None));
    spec.services[0].balancer.policy = PolicySpec::CentralQueue;
    spec.services[0].balancer.slots = slots;
    spec
}

/// Works from 1 to 13 ms, far more than two cores can do at once.
fn births() -> Vec<(u64, u64)> {
    (0..400u64)
        .map(|i| (i * MS, (1 + i * 7 % 13) * MS / 2 + i * US))
        .collect()
}

/// First come first served over c workers of one core is a worker of c cores, to the nanosecond:
/// what is known of M/M/c holds for both.
#[test]
fn workers_of_one_core_that_pull_are_one_worker_of_as_many_cores() {
    for (cores, slots) in [(3, None), (3, Some(2)), (2, Some(0))] {
        let one = replay(&births(), group(1, cores, slots));
        let (one, whole) = rows(&one);
        let (many, parts) = rows(&pulling(&births(), cores, 1, slots));
        assert_eq!(told(&one), told(&many), "{cores} cores, {slots:?} places");
        assert_eq!(whole.tally.queue_max, parts.tally.queue_max);
        let waits = |output: &veltrix::model::trial::TrialOutput| {
            let workers: u128 = output.tally.workers.iter().map(|w| w.queue_area).sum();
            workers + output.tally.balancers[0].queue_area
        };
        assert_eq!(waits(&whole), waits(&parts));
    }
}

#[test]
fn the_most_free_cores_take_an_arrival_and_the_lowest_number_a_tie() {
    let births = [(0, 9 * MS), (0, 2 * MS), (1, 9 * MS), (2, 9 * MS), (3, MS)];
    let (rows, _) = rows(&pulling(&births, 2, 2, None));
    let workers: Vec<_> = rows.iter().map(|r| r.worker.unwrap()).collect();
    assert_eq!(workers, [1, 2, 1, 2, 2]);
    assert_eq!(rows[4].start, Some(2 * MS));
}

#[test]
fn a_worker_that_is_down_does_not_pull_and_pulls_when_it_is_back() {
    let births = [(0, 10 * MS), (MS, MS), (2 * MS, MS)];
    let mut spec = pulling(&births, 2, 1, Some(2));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(4 * MS)),
        ..fault("f", FaultKind::Crash, (2, 2), FaultWhen::At(0))
    }];
    let expected = [
        (Some(0), 10_000, Ok),
        (Some(4_000), 5_000, Ok),
        (Some(5_000), 6_000, Ok),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

#[test]
fn a_buffer_of_its_own_is_refused() {
    let mut spec = pulling(&[(0, MS)], 2, 1, None);
    spec.services[0].groups[0].slots = Some(4);
    let found = spec.check();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].path, "service.e.workers.buffer");
}
