//! What `check` finds by arithmetic: each on both sides of its edge.

use veltrix::model::spec::*;

use crate::systems::{IN_TURN, MS, S, drawn, group, just, service, system};

fn retry(attempts: u32) -> Option<RetrySpec> {
    Some(RetrySpec::full_jitter(attempts, MS, MS))
}

/// 100 requests a second at a service `e` of 2 cores, 4 ms each.
fn base() -> SystemSpec {
    let arrivals = Arrivals::Poisson { rate: 100.0 };
    system(arrivals, drawn(just(4 * MS)), group(1, 2, Some(20)))
}

/// The same, whose requests call a `db` like it.
fn two() -> SystemSpec {
    let mut spec = base();
    let db = service("db", drawn(just(4 * MS)), IN_TURN, group(1, 2, Some(20)));
    spec.services.push(db);
    spec.services[0].work = None;
    spec.services[0].steps = vec![StepSpec::Call(Box::new(CallSpec::plain(1)))];
    spec
}

fn call(spec: &mut SystemSpec) -> &mut ClientSpec {
    match &mut spec.services[0].steps[0] {
        StepSpec::Call(call) => &mut call.client,
        _ => panic!("a call"),
    }
}

/// The place and a part of the message of the only hint; `None`: there is none.
fn hint(spec: &SystemSpec) -> Option<(String, String)> {
    assert!(spec.check().is_empty(), "{:?}", spec.check());
    let mut lints = spec.lints();
    assert!(lints.len() <= 1, "{lints:?}");
    lints.pop().map(|lint| (lint.path, lint.message))
}

fn says(spec: &SystemSpec, path: &str, part: &str) {
    let (at, message) = hint(spec).expect("a hint");
    assert_eq!(at, path);
    assert!(message.contains(part), "{message}");
}

/// Twenty wait at most: the last come never goes first, or does.
#[test]
fn a_backlog_that_never_comes() {
    let mut spec = base();
    let group = &mut spec.services[0].groups[0];
    group.discipline = Discipline::AdaptiveLifo { above: 20 };
    says(&spec, "service.e.workers.discipline", "no more than 20");
    let group = &mut spec.services[0].groups[0];
    group.discipline = Discipline::AdaptiveLifo { above: 19 };
    assert_eq!(hint(&spec), None);
    spec.sources[0].client.timeout = Some(just(39 * MS));
    assert_eq!(hint(&spec), None, "who is late goes last anyway");
}

/// 20 slots of 4 ms on 2 cores take 40 ms.
#[test]
fn a_buffer_longer_than_patience() {
    let mut spec = base();
    assert_eq!(hint(&spec), None, "who waits for ever waits long enough");
    spec.sources[0].client.timeout = Some(just(40 * MS));
    assert_eq!(hint(&spec), None);
    spec.sources[0].client.timeout = Some(just(39 * MS));
    says(
        &spec,
        "service.e.workers.buffer.slots",
        "takes 40 ms to serve",
    );
    says(
        &spec,
        "service.e.workers.buffer.slots",
        "19 slots are served in time",
    );
    spec.sources[0].client.cancel = Cancel::Queued;
    assert_eq!(hint(&spec), None, "who gives up leaves the buffer");
}

#[test]
fn timeouts_that_do_not_fit_the_deadline() {
    let mut spec = base();
    let client = &mut spec.sources[0].client;
    client.timeout = Some(just(50 * MS));
    client.retry = retry(3);
    client.deadline = Some(150 * MS);
    assert_eq!(hint(&spec), None);
    spec.sources[0].client.deadline = Some(149 * MS);
    says(&spec, "source.s.client.deadline", "has room for 2");
}

#[test]
fn calls_that_go_on_for_nobody() {
    let mut spec = two();
    spec.sources[0].client.timeout = Some(just(100 * MS));
    call(&mut spec).timeout = Some(just(50 * MS));
    call(&mut spec).retry = retry(2);
    assert_eq!(hint(&spec), None);
    call(&mut spec).retry = retry(3);
    says(
        &spec,
        "service.e.steps.0.client",
        "tries its call of db for 150 ms",
    );
    call(&mut spec).deadline = Some(90 * MS);
    assert_eq!(
        hint(&spec).map(|h| h.0),
        Some("service.e.steps.0.client.deadline".into()),
        "now they do not fit the deadline"
    );
}

#[test]
fn retries_that_multiply() {
    let mut spec = two();
    spec.sources[0].client.retry = retry(2);
    call(&mut spec).retry = retry(3);
    assert_eq!(spec.amplification(0), [2.0, 6.0]);
    assert_eq!(hint(&spec), None);
    call(&mut spec).retry = retry(4);
    says(
        &spec,
        "source.s",
        "becomes 8 attempts, 8 times what it is without trouble",
    );
    call(&mut spec).retry = retry(u32::MAX);
    says(&spec, "source.s", "attempts without end");
}

/// 100 a second, a window of 10 s, one breaker: 1,000 calls.
#[test]
fn a_breaker_that_never_sees_enough() {
    let mut spec = base();
    let breaker = |min_calls| BreakerSpec::Polly8 {
        window: 10 * S,
        min_calls,
        failure_share: 0.1,
        open_for: just(S),
        counts: Failures::ALL,
    };
    spec.services[0].balancer.breaker = Some(breaker(1000));
    assert_eq!(hint(&spec), None);
    spec.services[0].balancer.breaker = Some(breaker(1001));
    says(
        &spec,
        "service.e.balancer.breaker.min_calls",
        "sees about 1000.0 calls",
    );
}

#[test]
fn a_breaker_that_sticks_half_open() {
    let mut spec = base();
    let breaker = |lost_reply, half_open_max| BreakerSpec::Resilience4j {
        window: BreakerWindow::Calls(100),
        min_calls: 100,
        failure_share: 0.5,
        slow_after: S,
        slow_share: 1.0,
        open_for: just(S),
        half_open_calls: 10,
        half_open_max,
        automatic: false,
        lost_reply,
        counts: Failures::ALL,
    };
    spec.services[0].balancer.breaker = Some(breaker(0.0, None));
    assert_eq!(hint(&spec), None);
    spec.services[0].balancer.breaker = Some(breaker(0.01, Some(S)));
    assert_eq!(hint(&spec), None);
    spec.services[0].balancer.breaker = Some(breaker(0.01, None));
    says(
        &spec,
        "service.e.balancer.breaker.half_open_max",
        "stays there, refusing all",
    );
}

#[test]
fn a_check_that_kills_under_load() {
    let mut spec = base();
    let health = |timeout, action, path| {
        Some(HealthSpec {
            every: S,
            timeout,
            fall: 3,
            rise: 2,
            action,
            path,
        })
    };
    let (restart, deep) = (HealthAction::Restart, CheckPath::Deep);
    spec.services[0].balancer.health = health(40 * MS, restart, deep);
    assert_eq!(hint(&spec), None);
    spec.services[0].balancer.health = health(39 * MS, restart, deep);
    says(
        &spec,
        "service.e.balancer.health",
        "overload alone gets workers restarted",
    );
    spec.services[0].balancer.health = health(39 * MS, HealthAction::Remove, deep);
    assert_eq!(hint(&spec), None);
    spec.services[0].balancer.health = health(39 * MS, restart, CheckPath::Shallow);
    assert_eq!(hint(&spec), None);
}

/// What is lost on a way is waited for by those who go that way and have nothing that ends it.
#[test]
fn who_waits_for_what_is_lost() {
    let on = |from, to| Edge { from, to };
    let network = |edge, loss| FaultKind::Network {
        edge,
        loss,
        probability: 1.0,
    };
    let mut spec = two();
    let edge = on(EdgeEnd::Service(0), 1);
    let late = |kind| FaultSpec {
        delay: Some(just(MS)),
        ..crate::systems::fault("f", kind, (1, 1), FaultWhen::At(S))
    };
    spec.faults = vec![late(network(edge, 0.0))];
    assert_eq!(hint(&spec), None, "late, not lost");
    spec.faults = vec![late(network(edge, 0.01))];
    let path = "service.e.steps.0.client";
    says(&spec, path, "what `f` loses on `e->db` is waited for");
    spec.faults[0].enabled = false;
    assert_eq!(hint(&spec), None);
    spec.faults[0].enabled = true;
    call(&mut spec).deadline = Some(S);
    assert_eq!(hint(&spec), None);
    spec.faults[0].kind = FaultKind::Partition {
        edge: on(EdgeEnd::Source(0), 0),
    };
    spec.faults[0].delay = None;
    says(&spec, "source.s.client", "`source.s->e`");
}
