//! How small planted incidents get, against the smallest that they can be.

use veltrix::experiment::shrink::Ended;
use veltrix::model::incident::{Kind, Place};
use veltrix::model::spec::Arrivals;

use crate::shrunk;

/// Three workers of c cores with a buffer of K, and much around them that is not needed.
fn overflow(cores: u32, slots: u32) -> String {
    format!(
        r#"
        [source.people]
        to = "web"
        arrivals = "{rate}/s"
        client = {{ timeout = "2s", retry = {{ attempts = 3, backoff = "full_jitter" }} }}
        [[source.people.class]]
        name = "small"
        weight = 3
        size = {{ dist = "lognormal", mean = "20KiB", cv = 1.5 }}
        [[source.people.class]]
        name = "large"
        [source.jobs]
        to = "back"
        arrivals = "3/s"
        [service.web]
        work = {{ dist = "exponential", mean = "100ms" }}
        balancer = {{ policy = "p2c", breaker = {{ kind = "consecutive", failures = 50 }} }}
        workers = {{ count = 3, cores = {cores}, buffer = {{ slots = {slots} }} }}
        [service.back]
        work = "20ms"
        workers = {{ count = 2, cores = 1 }}
        [[fault]]
        kind = "pause"
        target = "back"
        every = "5s"
        for = "100ms"
        [[fault]]
        kind = "slow"
        target = "web[2]"
        factor = 0.7
        at = "3s"
        for = "2s"
        "#,
        rate = 3 * cores * 11
    )
}

#[test]
fn an_overflow_shrinks_to_one_more_than_there_is_room_for() {
    for (cores, slots) in [(1, 4), (2, 5), (3, 9)] {
        let name = format!("overflow-{cores}-{slots}");
        let model = overflow(cores, slots);
        let experiment = "seed = 3\nhorizon = \"60s\"\nwarm_up = \"1s\"\n";
        let found = shrunk(&name, Kind::OverflowFirst, &model, experiment);
        assert_eq!(found.ended, Ended::Done, "{} tried", found.tried);
        let (failing, size) = &found.after;
        let most = u64::from(cores + slots + 1);
        assert!(size.requests <= most, "{size:?} for {most}");
        let rest = (size.sources, size.classes, size.services, size.workers);
        assert_eq!(rest, (1, 1, 1, 1), "{:?}", found.gone);
        assert_eq!(size.faults, 0);
        assert_eq!(failing.episode.place, Place::Worker(0));
        let system = &failing.case.system;
        assert!(matches!(system.sources[0].arrivals, Arrivals::Trace(_)));
        assert_eq!(system.sources[0].client, Default::default());
        assert_eq!(system.services[0].balancer.breaker, None);
        // What is the incident stays.
        let group = &system.services[0].groups[0];
        assert_eq!((group.cores, group.slots), (cores, Some(slots)));
    }
}

#[test]
fn a_breaker_opens_after_so_many_failures() {
    let model = r#"
        [source.people]
        to = "web"
        arrivals = "40/s"
        client = { timeout = "300ms", retry = { attempts = 2, backoff = "none" } }
        [service.web]
        work = { dist = "exponential", mean = "20ms" }
        balancer = { breaker = { kind = "consecutive", failures = 6 } }
        workers = { count = 2, cores = 1 }
        [[fault]]
        kind = "error"
        target = "web[2]"
        probability = 0.8
        at = "4s"
        for = "3s"
        [[fault]]
        kind = "crash"
        target = "web[1]"
        at = "30s"
        for = "1s"
        "#;
    let found = shrunk("breaker", Kind::BreakerFirst, model, "horizon = \"60s\"\n");
    let size = found.after.1;
    // Six attempts that fail.
    assert!(size.requests <= 12, "{size:?} {:?}", found.gone);
    assert!(size.workers <= 2 && size.faults <= 1, "{size:?}");
}

#[test]
fn retries_storm_with_few_requests() {
    let model = r#"
        [source.people]
        to = "web"
        arrivals = "20/s"
        client = { timeout = "200ms", retry = { attempts = 5, backoff = "50ms" } }
        [source.crowd]
        to = "web"
        arrivals = { process = "closed", users = 3, think = "1s" }
        [service.web]
        work = { dist = "gamma", mean = "30ms", cv = 0.5 }
        workers = { count = 1, cores = 1 }
        [[fault]]
        kind = "slow"
        target = "web"
        factor = 0.05
        at = "5s"
        for = "12s"
        "#;
    let found = shrunk("storm", Kind::RetryStorm, model, "horizon = \"40s\"\n");
    let size = found.after.1;
    // One request that is tried three times is two retries for it.
    assert!(size.requests <= 2, "{size:?} {:?}", found.gone);
    assert_eq!(size.faults, 0, "{:?}", found.gone);
}

#[test]
fn ram_refuses_beside_a_free_core() {
    let model = r#"
        [source.people]
        to = "web"
        arrivals = { process = "poisson", rate = "10/s", batch = { dist = "geometric", mean = 3 } }
        [[source.people.class]]
        name = "plain"
        size = { dist = "exponential", mean = "1MiB" }
        [service.web]
        work = { dist = "exponential", mean = "100ms" }
        memory = { base = "2MiB", per_byte = 2 }
        workers = { count = 3, cores = 16, ram = "64MiB" }
        "#;
    let found = shrunk("ram", Kind::Memory, model, "horizon = \"60s\"\n");
    let size = found.after.1;
    // With all as large as the largest: one that fills it and one more would do.
    assert!(size.requests <= 16, "{size:?} {:?}", found.gone);
    assert_eq!(size.workers, 1);
}
