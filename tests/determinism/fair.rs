//! Designs that are compared meet the same requests: what a request is does not depend on what is
//! done with it, nor on who else is there.

use veltrix::model::spec::*;
use veltrix::model::trial::{AttemptRow, Horizon};

use crate::models::story;
use crate::systems::{MS, S, drawn, fault, go, group, just, run_spec, service, source};

const END: u64 = 3 * S;

/// Number, birth and work of every request of a source.
type Met = Vec<(u64, u64, u64)>;

/// What the source of this name sends up to the end, and the demand of the run.
fn met(spec: &SystemSpec, name: &str) -> (Met, u64) {
    // Some of what is measured ends later: how long that takes is the design's own business.
    let how = run_spec(7, Horizon::For(END));
    let mut rows: Vec<AttemptRow> = Vec::new();
    let output = go(spec, &how, &mut rows);
    let place = spec.sources.iter().position(|s| s.name == name).unwrap();
    rows.retain(|row| row.source as usize == place && row.attempt == 1 && row.born < END);
    rows.sort_by_key(|row| row.request);
    let told = |row: &AttemptRow| (row.request, row.born, row.work);
    let numbered = rows.iter().zip(0..).all(|(row, i)| row.request == i);
    assert!(numbered, "every request is seen once");
    (rows.iter().map(told).collect(), output.demand)
}

/// Applies each change to the story by itself.
fn designs() -> Vec<(&'static str, SystemSpec)> {
    type Change = fn(&mut SystemSpec);
    let changes: &[(&str, Change)] = &[
        ("random", |s| {
            s.services[0].balancer.policy = PolicySpec::Random
        }),
        ("in turn", |s| {
            s.services[0].balancer.policy = PolicySpec::RoundRobin { start: None };
        }),
        ("fewest of three", |s| {
            s.services[0].balancer.policy = PolicySpec::LeastRequest {
                choices: 3,
                full_scan: false,
            };
        }),
        ("fewest of all", |s| {
            s.services[0].balancer.policy = PolicySpec::JsqOracle { ties: Ties::Random };
        }),
        ("no buffer", |s| s.services[0].groups[0].slots = Some(0)),
        ("no limit", |s| s.services[0].groups[0].slots = None),
        ("rejecting", |s| {
            s.services[0].groups[0].on_full = OnFull::Reject
        }),
        ("no retries", |s| s.sources[0].client.retry = None),
        ("no timeouts", |s| s.sources[0].client.timeout = None),
        ("one worker", |s| {
            s.services[0].groups[0].count = 1;
            s.faults.clear();
        }),
        ("many workers", |s| s.services[0].groups[0].count = 40),
        ("one core", |s| s.services[0].groups[0].cores = 1),
        ("twice as fast", |s| s.services[0].groups[0].speed = 2.0),
        ("no breakers", |s| s.services[0].balancer.breaker = None),
        ("no dispatch", |s| s.services[0].balancer.dispatch = None),
        ("no faults", |s| s.faults.clear()),
        ("little RAM", |s| {
            s.services[0].groups[0].ram = Some(1 << 30)
        }),
    ];
    changes
        .iter()
        .map(|(name, change)| {
            let mut spec = story();
            change(&mut spec);
            (*name, spec)
        })
        .collect()
}

#[test]
fn every_design_meets_the_same_requests() {
    let spec = story();
    let (people, demand) = met(&spec, "people");
    let (ticks, _) = met(&spec, "ticks");
    assert!(people.len() > 10_000 && ticks.len() > 500);
    for (name, design) in designs() {
        let (others, theirs) = met(&design, "people");
        assert!(others == people, "{name}: other people");
        assert!(met(&design, "ticks").0 == ticks, "{name}: other ticks");
        assert_eq!(theirs, demand, "{name}");
    }
}

/// Neighbours of every kind: what the first source sends stays.
#[test]
fn who_else_is_there_moves_nobody() {
    let spec = story();
    let (people, _) = met(&spec, "people");

    let mut more = spec.clone();
    more.sources
        .push(source("more", Arrivals::Poisson { rate: 500.0 }));
    assert!(met(&more, "people").0 == people, "a source");

    more = spec.clone();
    let mut second = group(3, 2, Some(10));
    second.name = Some("small".into());
    more.services[0].groups[0].name = Some("big".into());
    more.services[0].groups.push(second);
    assert!(met(&more, "people").0 == people, "a group");

    more = spec.clone();
    let at = FaultWhen::At(500 * MS);
    more.faults
        .push(fault("more", FaultKind::Pause, (4, 4), at));
    more.faults[3].lasts = Some(just(S));
    assert!(met(&more, "people").0 == people, "a fault");

    more = spec.clone();
    let other = service("other", drawn(just(MS)), PolicySpec::P2c, group(2, 1, None));
    more.services.push(other);
    more.sources
        .push(source("theirs", Arrivals::Poisson { rate: 900.0 }));
    more.sources[2].to = 1;
    assert!(met(&more, "people").0 == people, "a service");
}

/// The order in the file says nothing.
#[test]
fn order_in_the_spec_moves_nobody() {
    let spec = story();
    let mut turned = spec.clone();
    turned.sources.reverse();
    turned.faults.reverse();
    for name in ["people", "ticks"] {
        assert!(met(&spec, name).0 == met(&turned, name).0, "{name}");
    }
}

/// Another mean of the work scales every request's own work; nothing else of it moves.
#[test]
fn a_mean_scales_what_each_request_needs() {
    let with = |mean: f64| {
        let mut spec = story();
        spec.services[0].work = Some(drawn(Dist::lognormal(mean * 1e6, 1.2).unwrap()));
        met(&spec, "ticks").0
    };
    let (one, four) = (with(1.0), with(4.0));
    assert_eq!(one.len(), four.len());
    for (a, b) in one.iter().zip(&four) {
        assert_eq!((a.0, a.1), (b.0, b.1));
        assert!(b.2.abs_diff(4 * a.2) <= 3, "{} for {}", b.2, a.2);
    }
}

/// What one class needs at the service is its own business.
#[test]
fn what_a_class_needs_at_a_service_moves_nobody_else() {
    let rows_of = |spec: &SystemSpec| {
        let how = run_spec(7, Horizon::For(END));
        let mut rows: Vec<AttemptRow> = Vec::new();
        go(spec, &how, &mut rows);
        rows.retain(|row| row.attempt == 1 && row.born < END);
        rows.sort_by_key(|row| (row.source, row.request));
        rows
    };
    let mut usual = story();
    let memory = Dist::exponential(4e6).unwrap();
    usual.services[0].memory.base = memory;
    let before = rows_of(&usual);
    let mut spec = usual.clone();
    let upload = &mut spec.sources[0].classes[1];
    upload.work = Some(drawn(Dist::exponential(5e6).unwrap()));
    upload.memory = Some(MemorySpec {
        base: Dist::gamma(1e6, 0.5).unwrap(),
        ..usual.services[0].memory.clone()
    });
    upload.apart = true;
    let after = rows_of(&spec);
    assert_eq!(before.len(), after.len());
    let (mut others, mut moved) = (0, 0);
    for (a, b) in before.iter().zip(&after) {
        let born = |row: &AttemptRow| (row.source, row.request, row.born, row.class);
        assert_eq!(born(a), born(b));
        if a.class == 1 {
            moved += u32::from(a.work != b.work);
        } else {
            assert_eq!(a.work, b.work, "request {}", a.request);
            others += 1;
        }
    }
    assert!(others > 10_000 && moved > 1_000, "{others} others, {moved}");
}

/// Whatever is drawn again later, births stay what they are.
#[test]
fn how_work_varies_changes_no_birth() {
    let spec = story();
    let (people, demand) = met(&spec, "people");
    for how in [Vary::Request, Vary::Attempt] {
        let mut other = spec.clone();
        if let Some(WorkSpec::Drawn { vary, .. }) = &mut other.services[0].work {
            *vary = how;
        }
        assert_eq!(other.check(), []);
        let (theirs, asked) = met(&other, "people");
        assert!(theirs == people, "{how:?}: other people");
        assert_eq!(asked, demand, "{how:?}");
    }
}
