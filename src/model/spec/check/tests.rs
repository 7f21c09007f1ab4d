//! A system built in code meets the same rules as one from a file.

use super::*;
use crate::model::spec::*;

fn constant(value: f64) -> Dist {
    Dist::Constant { value }
}

fn system() -> SystemSpec {
    let source = plain::source("web", Arrivals::Poisson { rate: 5.0 });
    let group = GroupSpec {
        restart: constant(1e10),
        ..plain::group(2, 1)
    };
    let work = WorkSpec::drawn(constant(1e6));
    let service = plain::service("events", work, PolicySpec::Random, group);
    SystemSpec {
        title: String::new(),
        sources: vec![source],
        services: vec![service],
        faults: Vec::new(),
        prices: PriceSpec::default(),
    }
}

/// The only problem after a change: its path and message.
fn broken(change: impl FnOnce(&mut SystemSpec)) -> (String, String) {
    let mut spec = system();
    change(&mut spec);
    let mut found = spec.check();
    assert_eq!(found.len(), 1, "{found:?}");
    let problem = found.remove(0);
    (problem.path, problem.message)
}

#[test]
fn a_sound_system_has_no_problems() {
    assert_eq!(system().check(), []);
}

#[test]
fn each_rule_names_its_path() {
    let path = |change: fn(&mut SystemSpec)| broken(change).0;
    let group = "service.events.workers";
    assert_eq!(
        path(|s| s.services[0].groups[0].count = 0),
        format!("{group}.count")
    );
    assert_eq!(
        path(|s| s.services[0].groups[0].cores = 0),
        format!("{group}.cores")
    );
    assert_eq!(
        path(|s| s.services[0].groups[0].speed = f64::NAN),
        format!("{group}.speed")
    );
    assert_eq!(path(|s| s.services[0].name = "Ä".into()), "service.Ä");
    assert_eq!(path(|s| s.services[0].work = None), "service.events.work");
    assert_eq!(path(|s| s.sources[0].to = 1), "source.web.to");
    assert_eq!(path(|s| s.sources[0].stop = Some(0)), "source.web.stop");
    assert_eq!(
        path(|s| s.sources[0].classes[0].weight = 0.0),
        "source.web.class"
    );
    let rate = |s: &mut SystemSpec| s.sources[0].arrivals = Arrivals::Poisson { rate: 1e13 };
    assert_eq!(path(rate), "source.web.arrivals.rate");
    let timeout = |s: &mut SystemSpec| s.sources[0].client.timeout = Some(constant(0.0));
    assert_eq!(path(timeout), "source.web.client.timeout");
    let retry = RetrySpec::full_jitter(0, 1, 1);
    let found = broken(|s| s.sources[0].client.retry = Some(retry));
    assert_eq!(found.0, "source.web.client.retry.attempts");
}

#[test]
fn a_chain_must_lead_everywhere() {
    let chain = |switch: &[&[f64]]| Arrivals::Mmpp {
        rates: vec![1.0; switch.len()],
        dwell: vec![1e9; switch.len()],
        switch: switch.iter().map(|r| r.to_vec()).collect(),
    };
    let mut spec = system();
    spec.sources[0].arrivals = chain(&[&[1.0]]);
    let one_state = spec.check();
    assert_eq!(one_state, []);
    let apart: &[&[f64]] = &[
        &[0.0, 1.0, 0.0, 0.0],
        &[1.0, 0.0, 0.0, 0.0],
        &[0.0, 0.0, 0.0, 1.0],
        &[0.0, 0.0, 1.0, 0.0],
    ];
    let (path, message) = broken(|s| s.sources[0].arrivals = chain(apart));
    assert_eq!(path, "source.web.arrivals.switch");
    assert!(message.contains("every state"), "{message}");
    let loops: &[&[f64]] = &[&[0.5, 0.5], &[1.0, 0.0]];
    let (_, message) = broken(|s| s.sources[0].arrivals = chain(loops));
    assert!(message.contains("diagonal"), "{message}");
}

#[test]
fn a_request_must_fit_somewhere() {
    let (path, message) = broken(|s| {
        s.services[0].groups[0].ram = Some(1 << 20);
        s.services[0].memory.base = constant((1 << 21) as f64);
    });
    assert_eq!(path, "service.events.workers.ram");
    assert!(
        message.contains("1 MiB") && message.contains("2 MiB"),
        "{message}"
    );
}

#[test]
fn faults_hit_workers_that_exist() {
    let fault = |factor, workers| FaultSpec {
        name: "slow".into(),
        enabled: true,
        kind: FaultKind::Slow { factor },
        service: 0,
        workers,
        zone: None,
        class: None,
        when: FaultWhen::Always,
        lasts: None,
        unit: FaultUnit::Worker,
        in_service: None,
        shared: false,
        delay: None,
    };
    let (path, message) = broken(|s| s.faults.push(fault(0.5, (1, 3))));
    assert_eq!(path, "fault.slow.target");
    assert!(message.contains("1 to 2"), "{message}");
    assert_eq!(
        broken(|s| s.faults.push(fault(0.0, (1, 2)))).0,
        "fault.slow.factor"
    );
}

#[test]
fn names_are_plain_and_short() {
    assert_eq!(name_problem("a-b_9"), None);
    for (name, word) in [("", "empty"), ("A", "'A'"), ("a.b", "'.'")] {
        assert!(
            name_problem(name).is_some_and(|p| p.contains(word)),
            "{name}"
        );
    }
    assert!(name_problem(&"n".repeat(65)).is_some_and(|p| p.contains("64")));
}

#[test]
fn weights_must_count_and_not_all_be_nothing() {
    let none = broken(|s| s.services[0].groups[0].weight = 0.0);
    assert_eq!(none.0, "service.events.workers.weight");
    assert!(none.1.contains("sum to 0"), "{}", none.1);
    let idle = broken(|s| {
        s.services[0].groups[0].weight = 2.0;
        s.services[0].balancer.policy = PolicySpec::P2c;
    });
    assert!(idle.1.contains("does not weigh"), "{}", idle.1);
    let unheard = broken(|s| {
        let mut second = s.services[0].groups[0].clone();
        s.services[0].groups[0].name = Some("a".into());
        second.name = Some("b".into());
        second.weight = 2.0;
        s.services[0].groups.push(second);
        s.services[0].balancer.policy = PolicySpec::LeastRequest {
            choices: 3,
            full_scan: false,
        };
    });
    assert_eq!(unheard.0, "service.events.balancer.choices");
    assert!(unheard.1.contains("weights differ"), "{}", unheard.1);
}
