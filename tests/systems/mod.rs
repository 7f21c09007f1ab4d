//! Small systems for tests: a spec with everything plain, whose parts a test then changes.

#![allow(dead_code)]

use std::sync::Arc;

use veltrix::model::spec::plain;
#[allow(unused_imports)]
pub use veltrix::model::spec::plain::{class, fault, service, source};
use veltrix::model::spec::*;
use veltrix::model::tally::Wanted;
use veltrix::model::trial::{
    AttemptRow, Horizon, LookFor, Observer, RunSpec, Timing, TrialOutput, Width, run,
};

pub const US: u64 = 1_000;
pub const MS: u64 = 1_000_000;
pub const S: u64 = 1_000_000_000;

/// Always so many nanoseconds (or bytes).
pub fn just(value: u64) -> Dist {
    Dist::constant(value as f64).unwrap()
}

/// Born at these times, each with its own work.
pub fn trace(rows: &[(u64, u64)]) -> Arrivals {
    Arrivals::Trace(Arc::new(Trace {
        at: rows.iter().map(|row| row.0).collect(),
        work: rows.iter().map(|row| row.1).collect(),
        ..Trace::default()
    }))
}

pub fn group(count: u32, cores: u32, slots: Option<u32>) -> GroupSpec {
    GroupSpec {
        slots,
        restart: just(10 * S),
        price_per_hour: 1.0,
        ..plain::group(count, cores)
    }
}

pub fn drawn(cpu: Dist) -> WorkSpec {
    WorkSpec::drawn(cpu)
}

pub const IN_TURN: PolicySpec = PolicySpec::RoundRobin { start: Some(1) };

/// One source, one service.
pub fn system(arrivals: Arrivals, work: WorkSpec, group: GroupSpec) -> SystemSpec {
    SystemSpec {
        title: "test".into(),
        sources: vec![source("s", arrivals)],
        services: vec![service("e", work, IN_TURN, group)],
        faults: Vec::new(),
        prices: PriceSpec::default(),
    }
}

/// One source that replays these births and works.
pub fn replay(rows: &[(u64, u64)], group: GroupSpec) -> SystemSpec {
    system(trace(rows), WorkSpec::FromTrace, group)
}

/// A run that measures from the first nanosecond.
pub fn run_spec(seed: u64, horizon: Horizon) -> RunSpec {
    RunSpec {
        seed,
        replication: 0,
        timing: Timing {
            warm_up: 0,
            horizon,
            drain: 3600 * S,
            window: S,
        },
        wanted: Wanted::default(),
        series: false,
        look_for: LookFor::default(),
        event_budget: u64::MAX,
        width: Width::Auto,
        spared: Vec::new(),
    }
}

/// Runs a system that must be right and must come to its end.
pub fn go<O: Observer>(spec: &SystemSpec, how: &RunSpec, observer: &mut O) -> TrialOutput {
    let problems = spec.check();
    assert!(problems.is_empty(), "{problems:?}");
    match run(spec, how, observer) {
        Ok(output) => output,
        Err(error) => panic!("{} {}", error.code, error.message),
    }
}

/// Every attempt of a replay, in the order of births and tries, and what was counted.
pub fn rows(spec: &SystemSpec) -> (Vec<AttemptRow>, TrialOutput) {
    let mut rows = Vec::new();
    let output = go(spec, &run_spec(1, Horizon::Trace), &mut rows);
    rows.sort_by_key(|row: &AttemptRow| (row.source, row.request, row.attempt));
    (rows, output)
}
