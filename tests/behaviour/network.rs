//! Clients that are far from the service that they call.

use std::sync::Arc;

use veltrix::engine::dist::Dist;
use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;
use veltrix::model::trial::{AttemptRow, Horizon};

use crate::systems::{
    IN_TURN, MS, S, US, drawn, fault, go, group, just, replay, rows, run_spec, service, system,
};
use crate::told;

/// Two milliseconds there and two back; one core, no place to wait.
fn far(births: &[(u64, u64)]) -> SystemSpec {
    let mut spec = replay(births, group(1, 1, Some(0)));
    spec.sources[0].client.network = Some(just(2 * MS));
    spec
}

#[test]
fn there_and_back_again() {
    let (rows, output) = rows(&far(&[(0, 3 * MS), (MS, MS)]));
    // There at 2, served till 5, back at 7. The other finds the core taken at 3 and hears it at 5.
    let expected = [(Some(2_000), 7_000, Ok), (None, 5_000, BufferFull)];
    assert_eq!(told(&rows), expected);
    assert_eq!((rows[0].born, rows[0].arrived), (0, 2 * MS));
    let delays = &output.tally.delays[0];
    assert_eq!(
        delays.latency.sum(),
        u128::from(7 * MS),
        "what the client sees"
    );
    assert_eq!(
        delays.response.sum(),
        u128::from(3 * MS),
        "what the service sees"
    );
    assert_eq!(output.tally.workers[0].serving_area, u128::from(3 * MS));
}

#[test]
fn a_timeout_counts_from_setting_out() {
    let mut spec = far(&[(0, 3 * MS)]);
    spec.sources[0].client.timeout = Some(just(6 * MS));
    let (seen, output) = rows(&spec);
    assert_eq!(told(&seen), [(Some(2_000), 6_000, TimedOut)]);
    let class = &output.tally.classes[0];
    assert_eq!(
        (class.answered, class.ok),
        (1, 0),
        "the answer comes at 7, too late"
    );
    assert_eq!(class.wasted_ns, 0, "somebody waited when the work was done");
    spec.sources[0].client.timeout = Some(just(7 * MS));
    assert_eq!(
        told(&rows(&spec).0),
        [(Some(2_000), 7_000, Ok)],
        "in time to the nanosecond"
    );
}

#[test]
fn a_retry_sets_out_when_the_refusal_is_known() {
    let mut spec = far(&[(0, 4 * MS), (MS, MS)]);
    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 2,
        backoff: BackoffSpec::Drawn(just(0)),
        on: Failures::ALL,
        budget: None,
    });
    let expected = [
        (Some(2_000), 8_000, Ok),
        (None, 5_000, BufferFull),
        (Some(7_000), 10_000, Ok),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

#[test]
fn what_is_taken_back_on_its_way_never_arrives() {
    let mut spec = far(&[(0, 3 * MS), (MS, MS)]);
    spec.services[0].groups[0].slots = Some(1);
    spec.sources[0].client.timeout = Some(just(MS));
    let busy = |spec: &SystemSpec| rows(spec).1.tally.workers[0].busy_area / u128::from(MS);
    assert_eq!(busy(&spec), 4, "both are served for nobody");
    spec.sources[0].client.cancel = Cancel::Queued;
    assert_eq!(busy(&spec), 0);
    spec.sources[0].client.cancel = Cancel::Full;
    spec.sources[0].client.timeout = Some(just(3 * MS));
    assert_eq!(
        busy(&spec),
        2,
        "1 ms each: the second gets the core at 3 and is done at 4"
    );
    spec.sources[0].client.timeout = Some(just(6 * MS));
    assert_eq!(busy(&spec), 4, "at 6 the first is done and on its way back");
}

#[test]
fn a_worker_that_goes_down_is_heard_of_late() {
    let mut spec = far(&[(0, 9 * MS)]);
    spec.faults = vec![FaultSpec {
        lasts: Some(just(MS)),
        ..crate::systems::fault("f", FaultKind::Crash, (1, 1), FaultWhen::At(4 * MS))
    }];
    assert_eq!(told(&rows(&spec).0), [(Some(2_000), 6_000, WorkerDown)]);
}

/// 1 ms from page to database and back: each call takes 2 ms more.
#[test]
fn calls_go_far_too() {
    let mut spec = replay(&[(0, 0)], group(1, 1, None));
    let mut call = CallSpec::plain(1);
    call.client.network = Some(just(MS));
    let cpu = StepSpec::Cpu {
        cpu: just(MS),
        per_kib: 0.0,
        vary: Vary::Copy,
    };
    spec.sources[0].arrivals = Arrivals::Trace(std::sync::Arc::new(Trace {
        at: vec![0],
        ..Trace::default()
    }));
    spec.services[0].work = None;
    spec.services[0].steps = vec![cpu.clone(), StepSpec::Call(Box::new(call)), cpu];
    let db = service("db", drawn(just(3 * MS)), IN_TURN, group(1, 1, None));
    spec.services.push(db);
    let (mut seen, _) = rows(&spec);
    seen.sort_by_key(|row| row.service);
    // At work till 1, at the database from 2 to 5, back at 6, done at 7.
    assert_eq!(
        told(&seen),
        [(Some(0), 7_000, Ok), (Some(2_000), 6_000, Ok)]
    );
}

/// What is lost while it waits does not go on when its wait would be over, although its client
/// has not heard of it yet.
#[test]
fn a_wait_ends_with_its_worker() {
    let all = [Hold::Core, Hold::Nothing].map(|hold| [(hold, true), (hold, false)]);
    for (hold, client) in all.into_iter().flatten() {
        let one = Arrivals::Trace(Arc::new(Trace {
            at: vec![0],
            ..Trace::default()
        }));
        let mut spec = system(one, drawn(just(0)), group(1, 1, None));
        let network = Some(just(10 * MS));
        match client {
            true => spec.sources[0].client.network = network,
            false => spec.services[0].network = network,
        }
        spec.services[0].work = None;
        let cpu = StepSpec::Cpu {
            cpu: just(MS),
            per_kib: 0.0,
            vary: Vary::Copy,
        };
        let lasts = just(5 * MS);
        spec.services[0].steps = vec![cpu.clone(), StepSpec::Wait { lasts, hold }, cpu];
        let crash = fault("crash", FaultKind::Crash, (1, 1), FaultWhen::At(13 * MS));
        spec.faults = vec![FaultSpec {
            lasts: Some(just(MS)),
            ..crash
        }];
        // There at 10, waits from 11 to 16, is lost at 13, and its client hears it at 23.
        let (rows, output) = rows(&spec);
        assert_eq!(
            told(&rows),
            [(Some(10_000), 23_000, WorkerDown)],
            "{hold:?}"
        );
        let held = if hold == Hold::Core { 3 } else { 1 };
        assert_eq!(output.tally.workers[0].busy_area, u128::from(held * MS));
    }
}

/// Two milliseconds from the balancer to its workers and two back; one core each, no place to
/// wait.
fn far_workers(births: &[(u64, u64)], workers: u32) -> SystemSpec {
    let mut spec = replay(births, group(workers, 1, Some(0)));
    spec.services[0].network = Some(just(2 * MS));
    spec
}

fn busy(spec: &SystemSpec) -> u128 {
    let areas = rows(spec).1.tally.workers;
    areas.iter().map(|w| w.busy_area).sum::<u128>() / u128::from(MS)
}

#[test]
fn to_a_worker_and_back_again() {
    let (seen, output) = rows(&far_workers(&[(0, 3 * MS), (MS, MS)], 1));
    // There at 2, served till 5, back at 7. The other finds the core taken at 3, known at 5.
    let expected = [(Some(2_000), 7_000, Ok), (None, 5_000, BufferFull)];
    assert_eq!(told(&seen), expected);
    assert_eq!(seen[0].arrived, 0, "at the balancer");
    let delays = &output.tally.delays[0];
    assert_eq!(delays.latency.sum(), u128::from(7 * MS));
    assert_eq!(
        delays.response.sum(),
        u128::from(5 * MS),
        "until it is done"
    );
    assert_eq!(delays.wait.sum(), 0, "on its way it does not wait");
    assert_eq!(output.tally.workers[0].serving_area, u128::from(3 * MS));
}

/// A place to wait: the second comes at 3, gets the core at 5, and has waited 2 ms.
#[test]
fn who_waits_at_a_far_worker_waits_from_its_arrival_there() {
    let mut spec = far_workers(&[(0, 3 * MS), (MS, MS)], 1);
    spec.services[0].groups[0].slots = Some(1);
    let (seen, output) = rows(&spec);
    let expected = [(Some(2_000), 7_000, Ok), (Some(5_000), 8_000, Ok)];
    assert_eq!(told(&seen), expected);
    assert_eq!(output.tally.delays[0].wait.sum(), u128::from(2 * MS));
    assert_eq!(output.tally.workers[0].queue_area, u128::from(2 * MS));
    // Patience is counted from the balancer on: 3.5 ms are over at 4.5, and known at 6.5.
    spec.sources[0].client.patience = Some(just(3_500 * US));
    let (seen, output) = rows(&spec);
    assert_eq!(told(&seen)[1], (None, 6_500, GaveUp));
    let delays = &output.tally.delays[0];
    assert_eq!(delays.gave_up, u128::from(1_500 * US), "since 3");
    // What ran out on the way is over when it would wait.
    spec.sources[0].client.patience = Some(just(MS));
    assert_eq!(told(&rows(&spec).0)[1], (None, 5_000, GaveUp));
}

#[test]
fn both_ways_add_up() {
    let mut spec = far_workers(&[(0, 3 * MS)], 1);
    spec.sources[0].client.network = Some(just(MS));
    // At the balancer at 1, at the worker from 3 to 6, at the balancer at 8.
    let (seen, output) = rows(&spec);
    assert_eq!(told(&seen), [(Some(3_000), 9_000, Ok)]);
    assert_eq!(seen[0].arrived, MS);
    assert_eq!(output.tally.delays[0].response.sum(), u128::from(5 * MS));
}

#[test]
fn a_timeout_comes_in_the_middle_of_any_way() {
    let mut spec = far_workers(&[(0, 3 * MS), (MS, MS)], 1);
    spec.services[0].groups[0].slots = Some(1);
    let mut with = |timeout: u64, cancel: Cancel| {
        spec.sources[0].client.timeout = Some(just(timeout));
        spec.sources[0].client.cancel = cancel;
        (busy(&spec), told(&rows(&spec).0)[0])
    };
    let nobody = (None, 1_000, TimedOut);
    let served = (Some(2_000), 7_000, Ok);
    assert_eq!(with(MS, Cancel::Nothing), (4, nobody), "for nobody");
    assert_eq!(with(MS, Cancel::Queued), (0, nobody), "neither arrives");
    assert_eq!(with(MS, Cancel::Full), (0, nobody));
    let cut = (Some(2_000), 3_000, TimedOut);
    assert_eq!(with(3 * MS, Cancel::Queued).1, cut);
    // 1 ms each: the second gets the core at 3 and is done at 4.
    assert_eq!(with(3 * MS, Cancel::Full), (2, cut));
    // At 6 the first is done and on its way back.
    let late = (Some(2_000), 6_000, TimedOut);
    assert_eq!(with(6 * MS, Cancel::Full), (4, late));
    assert_eq!(with(7 * MS, Cancel::Full), (4, served), "in time");
    assert_eq!(with(7 * MS - 1000, Cancel::Nothing).0, 4);
}

#[test]
fn a_worker_goes_down_before_during_and_after() {
    let told_of = |at: u64, lasts: u64| {
        let mut spec = far_workers(&[(0, 9 * MS)], 1);
        spec.faults = vec![FaultSpec {
            lasts: Some(just(lasts)),
            ..fault("f", FaultKind::Crash, (1, 1), FaultWhen::At(at))
        }];
        told(&rows(&spec).0)[0]
    };
    let served = (Some(2_000), 13_000, Ok);
    assert_eq!(told_of(MS, 2 * MS), (None, 4_000, NoConnection));
    assert_eq!(told_of(MS, MS), served, "up again at 2, before it comes");
    assert_eq!(told_of(4 * MS, MS), (Some(2_000), 6_000, WorkerDown));
    assert_eq!(told_of(12 * MS, MS), served, "the answer is on its way");
}

/// 1 ms of work each. The first is back at 5, the second at 6.
#[test]
fn a_balancer_counts_what_it_sent_until_the_answer_is_back() {
    let through = |births: &[u64], policy: PolicySpec| -> Vec<u32> {
        let births: Vec<_> = births.iter().map(|&at| (at, MS)).collect();
        let mut spec = far_workers(&births, 3);
        spec.services[0].balancer.policy = policy;
        let seen = rows(&spec).0;
        seen.iter().map(|r| r.worker.unwrap()).collect()
    };
    let births = [0, MS, 5 * MS - 1, 5 * MS, 5 * MS];
    assert_eq!(through(&births, PolicySpec::First), [1, 2, 3, 1, 1]);
    // Who knows what the workers know sees nobody before 2, and one there until 3. A birth at 2 was
    // known before the first set out, and comes first.
    let births = [0, 2 * MS, 2 * MS + 1, 3 * MS - 1, 3 * MS];
    let oracle = PolicySpec::JsqOracle { ties: Ties::First };
    assert_eq!(through(&births, oracle), [1, 1, 2, 2, 1]);
}

#[test]
fn a_breaker_hears_when_the_balancer_does() {
    let births = [0, MS, 5 * MS - 1000, 5 * MS].map(|at| (at, 20 * MS));
    let mut spec = far_workers(&births, 1);
    spec.services[0].balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 1,
        counts: Failures::ALL,
        open_for: just(500 * MS),
        half_open_calls: 1,
        successes: 1,
    });
    let expected = [
        (Some(2_000), 24_000, Ok),
        (None, 5_000, BufferFull),
        (None, 8_999, BufferFull),
        (None, 5_000, BreakerOpen),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

fn elsewhere(births: &[(u64, u64)], max: u32) -> SystemSpec {
    let mut spec = far_workers(births, 2);
    spec.services[0].groups[0].on_full = OnFull::Redispatch { max };
    spec
}

#[test]
fn one_too_many_comes_back_and_goes_elsewhere() {
    let births = [(0, 30 * MS), (MS, 5 * MS), (10 * MS, 5 * MS)];
    // At the first at 12, back at 14, at the second at 16, done at 21.
    let (seen, output) = rows(&elsewhere(&births, 1));
    assert_eq!(told(&seen)[2], (Some(16_000), 23_000, Ok));
    assert_eq!(seen[2].worker, Some(2));
    assert_eq!(output.tally.delays[0].wait.sum(), 0);
    // Both are taken: 12, 14, 16, 18.
    let taken = [(0, 30 * MS), (MS, 30 * MS), (10 * MS, 5 * MS)];
    for max in [1, 2] {
        let (seen, _) = rows(&elsewhere(&taken, max));
        assert_eq!(told(&seen)[2], (None, 18_000, BufferFull), "{max}");
        assert_eq!(seen[2].worker, Some(2));
    }
    // The second is down when it comes there.
    let mut spec = elsewhere(&births, 1);
    spec.faults = vec![FaultSpec {
        lasts: Some(just(9 * MS)),
        ..fault("f", FaultKind::Crash, (2, 2), FaultWhen::At(15 * MS))
    }];
    assert_eq!(told(&rows(&spec).0)[2], (None, 18_000, NoConnection));
    // Once taken in, it is lost with its worker, and sent nowhere.
    spec.faults[0].when = FaultWhen::At(17 * MS);
    assert_eq!(told(&rows(&spec).0)[2], (Some(16_000), 19_000, WorkerDown));
}

/// The third is back at 14, half a millisecond after its client has given up.
#[test]
fn who_is_taken_back_is_sent_nowhere_else() {
    let births = [(0, 30 * MS), (MS, MS), (10 * MS, 5 * MS)];
    let mut spec = elsewhere(&births, 1);
    spec.sources[0].client.timeout = Some(just(3_500 * US));
    assert_eq!(busy(&spec), 30 + 1 + 5);
    spec.sources[0].client.cancel = Cancel::Queued;
    assert_eq!(busy(&spec), 30 + 1);
}

#[test]
fn a_copy_is_taken_back_on_its_way_to_a_worker() {
    let mut spec = far_workers(&[(0, MS)], 2);
    let mut with = |after: u64| {
        spec.sources[0].client.hedge = Some(HedgeSpec {
            kind: HedgeKind::Grpc,
            after,
            max: 1,
            cancel: Cancel::Queued,
        });
        busy(&spec)
    };
    // The first answer is back at 5; a copy sent at 4 would come to its worker at 6.
    assert_eq!(with(4 * MS), 1);
    assert_eq!(with(3 * MS - 1), 2, "at its worker before 5");
    assert_eq!(with(6 * MS), 1, "nobody needs it any more");
}

#[test]
fn what_is_late_for_its_deadline_is_dropped_where_it_comes() {
    let mut spec = far_workers(&[(0, MS)], 1);
    let client = &mut spec.sources[0].client;
    client.propagate_deadline = true;
    client.deadline = Some(1_500 * US);
    assert_eq!(told(&rows(&spec).0), [(None, 1_500, TimedOut)]);
    assert_eq!(busy(&spec), 0);
    spec.sources[0].client.deadline = Some(2 * MS + 1000);
    assert_eq!(busy(&spec), 1, "it comes before the deadline");
}

/// As long on every way, where nobody goes by what he sees: all is as near the balancer, only
/// later, by one way at the worker and by two at the client.
#[test]
fn far_is_near_and_later() {
    let change: [&dyn Fn(&mut ServiceSpec); 5] = [
        &|_| {},
        &|s| s.groups[0].discipline = Discipline::Lifo,
        &|s| s.groups[0].discipline = Discipline::Ps,
        &|s| s.groups[0].on_full = OnFull::DropOldest,
        &|s| s.groups[0].on_full = OnFull::DeadLetter,
    ];
    let exponential = Dist::Exponential { mean: 7e6 };
    for change in change {
        let arrivals = Arrivals::Poisson { rate: 500.0 };
        let mut near = system(arrivals, drawn(exponential.clone()), group(2, 2, Some(3)));
        change(&mut near.services[0]);
        let run = |network: Option<u64>| {
            let mut spec = near.clone();
            spec.services[0].network = network.map(just);
            let mut seen: Vec<AttemptRow> = Vec::new();
            go(&spec, &run_spec(3, Horizon::For(2 * S)), &mut seen);
            // Who comes later is cut off when all of these have ended.
            seen.retain(|r| r.born < 2 * S);
            seen.sort_by_key(|r| r.request);
            assert!(seen.len() > 900);
            seen
        };
        let expected = run(None);
        assert!(expected.iter().any(|r| r.outcome != Some(Ok)));
        for way in [0, 1, 3 * MS] {
            for (far, near) in run(Some(way)).iter().zip(&expected) {
                assert_eq!(far.start, near.start.map(|at| at + way));
                assert_eq!(far.end, near.end.map(|at| at + 2 * way));
                assert_eq!((far.worker, far.outcome), (near.worker, near.outcome));
            }
        }
    }
}

/// Each attempt has its own time on its way, whoever picks.
#[test]
fn no_policy_moves_the_time_on_the_way() {
    let births: Vec<_> = (0..40).map(|i| (i * MS, MS)).collect();
    let ways = |policy: PolicySpec| -> Vec<u64> {
        let mut spec = replay(&births, group(40, 40, None));
        spec.services[0].network = Some(Dist::Uniform { min: 0.0, max: 9e6 });
        spec.services[0].balancer.policy = policy;
        let seen = rows(&spec).0;
        seen.iter().map(|r| r.start.unwrap() - r.arrived).collect()
    };
    let drawn = ways(PolicySpec::Random);
    assert_eq!(drawn, ways(PolicySpec::P2c));
    assert_eq!(drawn, ways(PolicySpec::First));
    let apart = drawn.windows(2).filter(|w| w[0] != w[1]).count();
    assert_eq!(apart, 39);
}

#[test]
fn what_is_told_at_once_is_not_far() {
    let mut spec = far_workers(&[(0, MS)], 1);
    let found = |change: &dyn Fn(&mut ServiceSpec)| {
        let mut changed = spec.clone();
        change(&mut changed.services[0]);
        let problems = changed.check();
        problems.iter().any(|p| p.path == "service.e.network")
    };
    assert!(!found(&|_| {}));
    assert!(found(&|s| s.balancer.policy = PolicySpec::CentralQueue));
    let register = Register::Random;
    assert!(found(&|s| s.balancer.policy = PolicySpec::Jiq { register }));
    assert!(found(&|s| s.groups[0].on_full = OnFull::Block));
    spec.services[0].network = Some(Dist::Constant { value: -1.0 });
    assert!(spec.check().iter().any(|p| p.path == "service.e.network"));
}
