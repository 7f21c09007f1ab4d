//! What requests need and whose turn it is, as recorded or drawn.

use std::sync::Arc;

use veltrix::model::outcome::Outcome::Ok;
use veltrix::model::spec::*;

use crate::systems::{MS, class, group, just, rows, source, system};
use crate::told;

/// The third goes before the second; who says nothing goes by class.
#[test]
fn a_recorded_priority_goes_before_the_class() {
    let recorded = Trace {
        at: vec![0, MS, 2 * MS, 20 * MS],
        work: vec![5 * MS; 4],
        priority: vec![9, 2, -1, 0],
        ..Trace::default()
    };
    let mut one = group(1, 1, None);
    one.discipline = Discipline::Priority;
    let mut spec = system(
        Arrivals::Trace(Arc::new(recorded)),
        WorkSpec::FromTrace,
        one,
    );
    let expected = [
        (Some(0), 5_000, Ok),
        (Some(10_000), 15_000, Ok),
        (Some(5_000), 10_000, Ok),
        (Some(20_000), 25_000, Ok),
    ];
    let by_request = |spec: &SystemSpec| {
        let mut all = rows(spec).0;
        all.sort_by_key(|row| (row.source, row.request));
        told(&all)
    };
    assert_eq!(by_request(&spec), expected);

    let others = Trace {
        at: vec![3 * MS],
        work: vec![MS],
        ..Trace::default()
    };
    let mut other = source("o", Arrivals::Trace(Arc::new(others)));
    other.classes = vec![ClassSpec {
        priority: -5,
        ..class("urgent")
    }];
    spec.sources.push(other);
    let expected = [
        (Some(0), 5_000, Ok),
        (Some(11_000), 16_000, Ok),
        (Some(6_000), 11_000, Ok),
        (Some(20_000), 25_000, Ok),
        (Some(5_000), 6_000, Ok),
    ];
    assert_eq!(by_request(&spec), expected);
}

/// Works of the attempts of one request, in their order, each as the place where it stands first.
fn pattern(vary: Vary, change: &dyn Fn(&mut SourceSpec)) -> (u64, Vec<usize>) {
    let work = WorkSpec::Drawn {
        cpu: Dist::exponential(1e7).unwrap(),
        per_kib: 1e6,
        per_in_flight: 0.0,
        vary,
    };
    let recorded = Trace {
        at: vec![0],
        size: vec![2048],
        ..Trace::default()
    };
    let mut spec = system(Arrivals::Trace(Arc::new(recorded)), work, group(6, 8, None));
    spec.sources[0].client.timeout = Some(just(1000));
    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 3,
        backoff: BackoffSpec::Drawn(just(0)),
        on: Failures::ALL,
        budget: None,
    });
    change(&mut spec.sources[0]);
    assert_eq!(spec.check(), []);
    let mut all = rows(&spec).0;
    all.sort_by_key(|row| row.attempt);
    let works: Vec<u64> = all.iter().map(|row| row.work).collect();
    assert!(
        works.iter().all(|&w| w >= 2_000_000),
        "the size counts: {works:?}"
    );
    let first = |w: &u64| works.iter().position(|other| other == w).unwrap();
    (works[0], works.iter().map(first).collect())
}

#[test]
fn work_varies_by_copy_request_or_attempt() {
    let alone = |_: &mut SourceSpec| {};
    let fan = |s: &mut SourceSpec| {
        s.fan_out = Some(FanOutSpec {
            copies: Some(2),
            need: None,
            rest: Cancel::Nothing,
        });
    };
    let (born, by_copy) = pattern(Vary::Copy, &alone);
    assert_eq!(by_copy, [0, 0, 0]);
    assert_eq!(pattern(Vary::Request, &alone), (born, vec![0, 0, 0]));
    assert_eq!(pattern(Vary::Attempt, &alone), (born, vec![0, 1, 2]));
    assert_eq!(pattern(Vary::Copy, &fan), (born, vec![0, 1, 0, 1, 0, 1]));
    assert_eq!(pattern(Vary::Request, &fan), (born, vec![0; 6]));
    assert_eq!(pattern(Vary::Attempt, &fan), (born, vec![0, 1, 2, 3, 4, 5]));
}

/// One ms each, and 100 us more for each other in service.
fn crowded(at: &[u64], group: GroupSpec) -> SystemSpec {
    let work = WorkSpec::Drawn {
        cpu: just(MS),
        per_kib: 0.0,
        per_in_flight: 1e5,
        vary: Vary::Copy,
    };
    let recorded = Trace {
        at: at.to_vec(),
        ..Trace::default()
    };
    system(Arrivals::Trace(Arc::new(recorded)), work, group)
}

/// Start, end and work of every attempt, microseconds.
fn works(spec: &SystemSpec) -> Vec<(u64, u64, u64)> {
    assert_eq!(spec.check(), []);
    let mut all = rows(spec).0;
    all.sort_by_key(|row| (row.request, row.attempt));
    let told = all.iter().map(|row| {
        let (start, end) = (row.start.unwrap(), row.end.unwrap());
        (start / 1000, end / 1000, row.work / 1000)
    });
    told.collect()
}

#[test]
fn others_in_service_add_to_the_work_of_one_that_starts() {
    let spec = crowded(&[0, 0, 0, 0, 5 * MS], group(1, 3, None));
    let expected = [
        (0, 1000, 1000),
        (0, 1100, 1100),
        (0, 1200, 1200),
        (1000, 2200, 1200),
        (5000, 6000, 1000),
    ];
    assert_eq!(works(&spec), expected);

    // Twice the work of a class is twice what others add.
    let mut heavy = spec.clone();
    heavy.sources[0].classes[0].work_factor = 2.0;
    let expected = [
        (0, 2000, 2000),
        (0, 2200, 2200),
        (0, 2400, 2400),
        (2000, 4400, 2400),
        (5000, 7000, 2000),
    ];
    assert_eq!(works(&heavy), expected);

    // Two requests of two cores each are two requests.
    let mut wide = crowded(&[0, 0, 0], group(1, 5, None));
    wide.sources[0].classes[0].cores = 2;
    let expected = [(0, 1000, 1000), (0, 1100, 1100), (1000, 2100, 1100)];
    assert_eq!(works(&wide), expected);
}

/// Where all share the cores, those inside at entry count.
#[test]
fn those_inside_a_shared_worker_count_at_entry() {
    let mut shared = group(1, 2, None);
    shared.discipline = Discipline::Ps;
    let spec = crowded(&[0, 0, 10 * MS], shared);
    let expected = [(0, 1000, 1000), (0, 1100, 1100), (10_000, 11_000, 1000)];
    assert_eq!(works(&spec), expected);
}

/// A retry asks for the work of its request, not for what others added to the try before.
#[test]
fn a_retry_starts_without_what_others_added() {
    let mut spec = crowded(&[0, 0], group(1, 2, None));
    spec.sources[0].client.timeout = Some(just(1_050_000));
    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 2,
        backoff: BackoffSpec::Drawn(just(0)),
        on: Failures::ALL,
        budget: None,
    });
    let mut all = rows(&spec).0;
    all.sort_by_key(|row| (row.request, row.attempt));
    let works: Vec<_> = all
        .iter()
        .map(|row| (row.request, row.work / 1000))
        .collect();
    // The second times out at 1.05 ms, still in service; its retry meets it and nobody else.
    assert_eq!(works, [(0, 1000), (1, 1100), (1, 1100)]);
}
