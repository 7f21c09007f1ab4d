//! How long a trial will be, from its spec alone: for the order of work and for the limit that
//! turns an endless run into a message.

use crate::model::spec::{SourceSpec, SystemSpec};
use crate::model::trial::{Horizon, Timing};

/// Events of a request that meets no trouble: birth, dispatch, completion, its timeout.
const EVENTS_A_REQUEST: f64 = 4.0;

/// How many times the expected events a trial may have.
const GENEROSITY: f64 = 50.0;

/// What even an empty trial may have.
const FLOOR: u64 = 10_000_000;

/// About how many events a trial of this system has, without retries and faults.
pub fn expected_events(system: &SystemSpec, timing: &Timing) -> u64 {
    (expected_attempts(system, timing) * EVENTS_A_REQUEST) as u64
}

/// About how many requests a trial of this system has, drain included.
fn expected_attempts(system: &SystemSpec, timing: &Timing) -> f64 {
    let length = length(system, timing);
    system
        .sources
        .iter()
        .map(|s| attempts(system, s, length))
        .sum()
}

/// After how many events a trial is stopped.
pub fn of(system: &SystemSpec, timing: &Timing) -> u64 {
    let expected = expected_events(system, timing) as f64;
    ((expected * GENEROSITY) as u64).saturating_add(FLOOR)
}

/// The longest that a trial may be, nanoseconds.
fn length(system: &SystemSpec, timing: &Timing) -> f64 {
    let measured = match timing.horizon {
        Horizon::For(time) => time,
        Horizon::Trace => system
            .sources
            .iter()
            .filter_map(SourceSpec::last_row)
            .max()
            .unwrap_or(0),
    };
    timing.warm_up as f64 + measured as f64 + timing.drain as f64
}

fn attempts(system: &SystemSpec, source: &SourceSpec, length: f64) -> f64 {
    let until = source.stop.map_or(length, |stop| length.min(stop as f64));
    system.expected_attempts(source, until - source.start as f64)
}
