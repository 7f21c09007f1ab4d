//! Workers that tell a balancer when a core of theirs is idle.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;
use veltrix::model::trial::{Blind, Horizon};

use crate::systems::{MS, S, drawn, fault, go, group, just, replay, rows, run_spec, system};

/// With one instance nobody waits while a core is idle: as with a shared buffer, as long as there
/// are idle ones, and each gets one.
#[test]
fn idle_workers_are_taken_in_the_order_in_which_they_told() {
    // Works end at 9, 4 and 6 ms; then 2, 3 and 1 have told, in this order.
    let births = [
        (0, 9 * MS),
        (0, 4 * MS),
        (0, 6 * MS),
        (10 * MS, MS),
        (10 * MS, MS),
        (10 * MS, MS),
        // Each told again at 11 ms, in the order of their ends.
        (20 * MS, MS),
    ];
    let mut spec = replay(&births, group(3, 1, None));
    spec.services[0].balancer.policy = PolicySpec::Jiq {
        register: Register::Random,
    };
    let (rows, _) = rows(&spec);
    let workers: Vec<_> = rows.iter().map(|row| row.worker.unwrap()).collect();
    assert_eq!(workers, [1, 2, 3, 2, 3, 1, 2]);
}

/// Two cores are two places on the list; at the start the first cores of all come first.
#[test]
fn every_idle_core_is_a_place_on_the_list() {
    let births: Vec<_> = (0..4).map(|_| (0, 5 * MS)).collect();
    let mut spec = replay(&births, group(2, 2, None));
    spec.services[0].balancer.policy = PolicySpec::Jiq {
        register: Register::Random,
    };
    let (rows, _) = rows(&spec);
    let workers: Vec<_> = rows.iter().map(|row| row.worker.unwrap()).collect();
    assert_eq!(workers, [1, 2, 1, 2]);
}

/// A worker that went down while it was on a list gets what is sent there, and is not on a list
/// again until it is back.
#[test]
fn a_worker_that_is_down_is_taken_once_from_the_list() {
    let births = [
        (5 * MS, 30 * MS),
        (6 * MS, 30 * MS),
        (20 * MS, MS),
        (40 * MS, MS),
    ];
    let mut spec = replay(&births, group(2, 1, None));
    spec.services[0].balancer.policy = PolicySpec::Jiq {
        register: Register::Random,
    };
    spec.faults = vec![FaultSpec {
        lasts: Some(just(10 * MS)),
        ..fault("f", FaultKind::Crash, (1, 1), FaultWhen::At(MS))
    }];
    let (rows, _) = rows(&spec);
    let workers: Vec<_> = rows.iter().map(|row| row.worker.unwrap()).collect();
    // Worker 1 is first and down; 2 takes the second; at 11 ms worker 1 is back and tells.
    assert_eq!(workers[..3], [1, 2, 1]);
    assert_eq!(rows[0].outcome, Some(NoConnection));
    assert_eq!(rows[2].outcome, Some(Ok));
    // Worker 2 tells at 36 ms, worker 1 told at 21 ms.
    assert_eq!(workers[3], 1);
}

/// Lists spread over instances: mean times lie between those of choosing at random and of knowing
/// all; the shorter of two lists is better than any.
#[test]
fn more_instances_know_less_and_the_shorter_list_helps() {
    let mean = |policy, instances| {
        let arrivals = Arrivals::Poisson { rate: 90.0 };
        let mut spec = system(
            arrivals,
            drawn(Dist::exponential(S as f64).unwrap()),
            group(100, 1, None),
        );
        spec.services[0].balancer.policy = policy;
        spec.services[0].balancer.instances = instances;
        let mut how = run_spec(1, Horizon::For(2000 * S));
        how.timing.warm_up = 200 * S;
        let tally = go(&spec, &how, &mut Blind).tally;
        tally.delays[0].latency.mean().unwrap() / 1e9
    };
    let jiq = |register, instances| mean(PolicySpec::Jiq { register }, instances);
    let oracle = mean(PolicySpec::JsqOracle { ties: Ties::Random }, 1);
    let one = jiq(Register::Random, 1);
    let (random, shorter) = (jiq(Register::Random, 10), jiq(Register::ShorterOfTwo, 10));
    assert!(
        oracle < one && one < shorter && shorter < random,
        "{oracle} {one} {shorter} {random}"
    );
    // Choosing at random: 1 / (1 - 0.9) = 10.
    assert!(one < 1.5 && random < 8.0, "{one} {random}");
}
