//! Splitting as a whole: what it refuses, and that only the seed changes what it says.

use super::*;
use crate::engine::dist::Dist;
use crate::experiment::fixture;
use crate::model::spec::{FaultUnit, OnFull, Trace};

/// Six workers of one core at 70 % load, with four places each.
fn small() -> SystemSpec {
    let mut spec = fixture::system(6, 1, 1 << 30, OnFull::Reject);
    spec.sources[0].arrivals = Arrivals::Poisson { rate: 1400.0 };
    spec.services[0].groups[0].slots = Some(4);
    spec
}

fn timing() -> Timing {
    Timing {
        warm_up: 0,
        horizon: Horizon::For(1_000_000_000),
        drain: 0,
        window: 1,
    }
}

fn fault(kind: FaultKind, when: FaultWhen, shared: bool) -> FaultSpec {
    FaultSpec {
        name: "f".into(),
        enabled: true,
        kind,
        service: 0,
        workers: (1, 2),
        zone: None,
        class: None,
        when,
        lasts: None,
        unit: FaultUnit::Worker,
        in_service: None,
        shared,
        delay: None,
    }
}

#[test]
fn what_has_no_steady_state_is_refused_with_its_reason() {
    let refused = |change: &dyn Fn(&mut SystemSpec)| {
        let mut spec = small();
        change(&mut spec);
        refuses_system(&spec, &timing()).unwrap_or_default()
    };
    let slow = FaultKind::Slow { factor: 0.5 };
    let surge = FaultKind::Surge {
        source: 0,
        factor: 2.0,
    };
    let again = || FaultWhen::Every(Dist::Constant { value: 1e9 });
    assert_eq!(refused(&|_| {}), "");
    assert_eq!(
        refused(&|s| s.faults = vec![fault(slow, again(), false)]),
        ""
    );
    assert_eq!(
        refused(&|s| s.faults = vec![fault(slow, FaultWhen::Always, true)]),
        ""
    );
    let once = refused(&|s| s.faults = vec![fault(slow, FaultWhen::At(5), false)]);
    assert!(once.contains("happens once"), "{once}");
    let shared = refused(&|s| s.faults = vec![fault(slow, again(), true)]);
    assert!(shared.contains("is shared"), "{shared}");
    let surge = refused(&|s| s.faults = vec![fault(surge, again(), false)]);
    assert!(surge.contains("is a surge"), "{surge}");
    let stops = refused(&|s| s.sources[0].stop = Some(9));
    assert!(stops.contains("stops"), "{stops}");
    let traced = Arrivals::Trace(std::sync::Arc::new(Trace::default()));
    let traced = refused(&|s| s.sources[0].arrivals = traced.clone());
    assert!(traced.contains("replays a trace"), "{traced}");
    let silent = refused(&|s| s.sources[0].arrivals = Arrivals::Poisson { rate: 0.0 });
    assert_eq!(silent, "nothing is sent");
    let to_the_end = Timing {
        horizon: Horizon::Trace,
        ..timing()
    };
    assert!(refuses_system(&small(), &to_the_end).is_some());
}

fn setting() -> Setting {
    Setting {
        seed: 1,
        warm_up: 0,
        confidence: 0.95,
        precision: 0.5,
        max_requests: 200_000,
        batch: 0,
    }
}

#[test]
fn threads_change_nothing_and_seeds_do() {
    let (spec, loss) = (small(), Metric::parse("loss").unwrap());
    let found = |threads: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let setting = Setting { seed, ..setting() };
        pool.build()
            .unwrap()
            .install(|| estimate(&spec, &loss, &setting, &|| false).unwrap())
    };
    let one = found(1, 1);
    assert_eq!(one, found(2, 1));
    assert_eq!(one, found(8, 1));
    assert_ne!(one, found(2, 2));
    assert!(one.mean > 0.0 && one.requests > 10_000, "{one:?}");
}

#[test]
fn it_stops_when_told_and_refuses_what_it_cannot() {
    let (spec, loss) = (small(), Metric::parse("loss").unwrap());
    let stopped = estimate(&spec, &loss, &setting(), &|| true);
    assert_eq!(stopped, Err(RareError::Stopped));
    let mean = Metric::parse("latency_mean").unwrap();
    let refused = estimate(&spec, &mean, &setting(), &|| false);
    assert!(
        matches!(refused, Err(RareError::NotApplicable(_))),
        "{refused:?}"
    );
}

/// A share of attempts and a share of requests are the same where nobody tries again; and the
/// refusals of one worker are a part of all.
#[test]
fn metrics_agree_where_they_count_the_same() {
    let spec = small();
    let found = |name: &str| {
        let metric = Metric::parse(name).unwrap();
        estimate(&spec, &metric, &setting(), &|| false).unwrap()
    };
    let (loss, refused) = (found("loss"), found("refused_VX3102"));
    assert_eq!(loss.mean, refused.mean);
    assert_eq!(loss.requests, refused.requests);
    let estimate = loss.estimate();
    assert_eq!(estimate.method, Method::Splitting);
    assert_eq!(estimate.bound, None);
}
