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
fn retries_storm_with_one_request() {
    let model = r#"
        [source.people]
        to = "web"
        arrivals = "5/s"
        client = { timeout = "2s", retry = { attempts = 5, backoff = "50ms" } }
        [source.crowd]
        to = "web"
        arrivals = { process = "closed", users = 3, think = "1s" }
        [service.web]
        work = "30ms"
        workers = { count = 1, cores = 1 }
        [[fault]]
        kind = "slow"
        target = "web"
        factor = 0.01
        at = "15s"
        for = "30s"
        [[fault]]
        kind = "error"
        target = "web"
        probability = 0.01
        "#;
    let found = shrunk("storm", Kind::RetryStorm, model, "horizon = \"60s\"\n");
    let size = found.after.1;
    // One request that takes 3 s on the slow worker is given up on and tried again, twice.
    assert!(size.requests <= 2, "{size:?} {:?}", found.gone);
    assert_eq!((size.faults, size.sources), (1, 1), "{:?}", found.gone);
}

#[test]
fn ram_refuses_beside_a_free_core() {
    let model = r#"
        [source.people]
        to = "web"
        [source.people.arrivals]
        process = "poisson"
        rate = "120/s"
        batch = { dist = "geometric", mean = 3 }
        [[source.people.class]]
        name = "plain"
        size = { dist = "exponential", mean = "1MiB" }
        [service.web]
        work = { dist = "exponential", mean = "100ms" }
        memory = { base = "2MiB", per_byte = 2 }
        workers = { count = 3, cores = 32, ram = "64MiB" }
        "#;
    let found = shrunk("ram", Kind::Memory, model, "horizon = \"60s\"\n");
    let size = found.after.1;
    // The largest of them holds more than a tenth of the RAM: ten of its kind fill it.
    assert!(size.requests <= 10, "{size:?} {:?}", found.gone);
    assert_eq!(size.workers, 1);
}

#[test]
fn a_class_starves_beside_another() {
    let model = r#"
        [source.people]
        to = "web"
        arrivals = "0.45/s"
        [[source.people.class]]
        name = "first"
        weight = 4
        priority = 1
        work = "3s"
        [[source.people.class]]
        name = "last"
        priority = 2
        work = "1s"
        [service.web]
        work = "1s"
        workers = { cores = 1, discipline = "priority" }
        "#;
    let found = shrunk(
        "starvation",
        Kind::Starvation,
        model,
        "horizon = \"400s\"\n",
    );
    let size = found.after.1;
    // Four that keep the worker busy for ten seconds, and the one that waits.
    assert!(size.requests <= 10, "{size:?} {:?}", found.gone);
    assert_eq!(size.classes, 2);
}
