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
        base: 0,
        cap: 0,
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
