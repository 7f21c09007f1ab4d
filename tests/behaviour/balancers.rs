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

/// Requests of 9 ms, two milliseconds apart, through so many instances of a balancer.
fn through(instances: u32, policy: PolicySpec, gap: u64) -> Vec<u32> {
    let births: Vec<_> = (0..6).map(|i| (i * gap, 9 * MS)).collect();
    let mut spec = replay(&births, group(2, 4, None));
    spec.services[0].balancer.policy = policy;
    spec.services[0].balancer.instances = instances;
    let (rows, _) = rows(&spec);
    rows.iter().map(|r| r.worker.unwrap()).collect()
}

#[test]
fn each_instance_of_a_balancer_knows_only_what_it_sent() {
    let fewest = PolicySpec::LeastConnections;
    assert_eq!(through(1, fewest, MS), [1, 2, 1, 2, 1, 2]);
    assert_eq!(through(2, fewest, MS), [1, 1, 2, 2, 1, 1]);
    let turns = PolicySpec::RoundRobin { start: Some(1) };
    assert_eq!(through(3, turns, MS), [1, 1, 1, 2, 2, 2]);
    // What has ended counts no longer: of nothing, the turn is worker 2's.
    assert_eq!(through(2, fewest, 5 * MS), [1, 1, 2, 2, 1, 1]);
    assert_eq!(through(2, PolicySpec::First, 6 * MS), [1; 6]);
}

#[test]
fn an_oracle_sees_the_same_through_any_number_of_instances() {
    let policy = PolicySpec::JsqOracle { ties: Ties::First };
    for instances in [2, 5] {
        assert_eq!(through(instances, policy, MS), through(1, policy, MS));
    }
}

/// Each has a core of its own for dispatching and a buffer of its own.
#[test]
fn instances_of_a_balancer_dispatch_side_by_side() {
    let births: Vec<_> = (0..5).map(|_| (0, MS)).collect();
    let mut spec = replay(&births, group(1, 8, None));
    let balancer = &mut spec.services[0].balancer;
    balancer.instances = 2;
    balancer.dispatch = Some(just(3 * MS));
    balancer.slots = Some(1);
    let (rows, output) = rows(&spec);
    let starts: Vec<_> = rows.iter().map(|r| r.start).collect();
    assert_eq!(starts[..4], [3, 3, 6, 6].map(|ms| Some(ms * MS)));
    assert_eq!(rows[4].outcome, Some(BufferFull));
    let balancers = &output.tally.balancers[0];
    assert_eq!(balancers.queue_area, u128::from(6 * MS));
    assert_eq!(balancers.busy_area, u128::from(12 * MS));
}

/// A breaker of one instance does not hear of what another instance sees fail.
#[test]
fn each_instance_of_a_balancer_has_its_own_breakers() {
    let births: Vec<_> = (0..4u64).map(|i| (i * MS, 20 * MS)).collect();
    let mut spec = replay(&births, group(1, 1, Some(0)));
    let balancer = &mut spec.services[0].balancer;
    balancer.instances = 2;
    balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 1,
        counts: Failures::ALL,
        open_for: just(500 * MS),
        half_open_calls: 1,
        successes: 1,
    });
    // The second instance meets a busy worker twice; the first never opens before its second.
    let (rows, output) = rows(&spec);
    let ends: Vec<_> = rows
        .iter()
        .map(|r| (r.request, r.outcome.unwrap()))
        .collect();
    let expected = [(0, Ok), (1, BufferFull), (2, BufferFull), (3, BreakerOpen)];
    assert_eq!(ends, expected);
    assert_eq!(output.tally.balancers[0].breaker_opens, 2);
}

/// Shared, what one instance sees fail shuts the worker off for all.
#[test]
fn instances_of_a_balancer_can_share_their_breakers() {
    let births: Vec<_> = (0..4u64).map(|i| (i * MS, 20 * MS)).collect();
    let mut spec = replay(&births, group(1, 1, Some(0)));
    let balancer = &mut spec.services[0].balancer;
    balancer.instances = 2;
    balancer.breaker_share = BreakerShare::All;
    balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 1,
        counts: Failures::ALL,
        open_for: just(500 * MS),
        half_open_calls: 1,
        successes: 1,
    });
    let (rows, output) = rows(&spec);
    let ends: Vec<_> = rows.iter().map(|r| r.outcome.unwrap()).collect();
    assert_eq!(ends, [Ok, BufferFull, BreakerOpen, BreakerOpen]);
    let balancer = &output.tally.balancers[0];
    assert_eq!(balancer.breaker_opens, 1);
    assert_eq!(balancer.breaker_area, output.tally.measured_ns);
}
