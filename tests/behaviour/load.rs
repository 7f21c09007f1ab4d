//! What requests need and whose turn it is, as recorded or drawn.

use std::sync::Arc;

use veltrix::model::outcome::Outcome::Ok;
use veltrix::model::spec::*;

use crate::systems::{MS, class, group, rows, source, system};
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
