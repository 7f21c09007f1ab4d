//! Features that no known answer covers, as scenarios small enough to be worked out by hand:
//! recorded arrivals with constant work, every row checked to the nanosecond.

#![allow(clippy::unwrap_used)]

#[path = "behaviour/balancers.rs"]
mod balancers;
#[path = "behaviour/beside.rs"]
mod beside;
#[path = "behaviour/breakers.rs"]
mod breakers;
#[path = "behaviour/budgets.rs"]
mod budgets;
#[path = "behaviour/calls.rs"]
mod calls;
#[path = "behaviour/clients.rs"]
mod clients;
#[path = "behaviour/closed.rs"]
mod closed;
#[path = "behaviour/copies.rs"]
mod copies;
#[path = "behaviour/edges.rs"]
mod edges;
#[path = "behaviour/faults.rs"]
mod faults;
#[path = "behaviour/giving_up.rs"]
mod giving_up;
#[path = "behaviour/guards.rs"]
mod guards;
#[path = "behaviour/hints.rs"]
mod hints;
#[path = "behaviour/idle.rs"]
mod idle;
#[path = "behaviour/left_out.rs"]
mod left_out;
#[path = "behaviour/limits.rs"]
mod limits;
#[path = "behaviour/load.rs"]
mod load;
#[path = "behaviour/network.rs"]
mod network;
#[path = "behaviour/poison.rs"]
mod poison;
#[path = "behaviour/policies.rs"]
mod policies;
#[path = "behaviour/probes.rs"]
mod probes;
#[path = "behaviour/room.rs"]
mod room;
#[path = "behaviour/scaling.rs"]
mod scaling;
#[path = "behaviour/shedding.rs"]
mod shedding;
#[path = "behaviour/steps.rs"]
mod steps;
#[path = "behaviour/strain.rs"]
mod strain;
#[path = "systems/mod.rs"]
mod systems;
#[path = "behaviour/troubles.rs"]
mod troubles;
#[path = "behaviour/workers.rs"]
mod workers;
#[path = "behaviour/zones.rs"]
mod zones;

use systems::MS;
use veltrix::model::outcome::Outcome;
use veltrix::model::trial::AttemptRow;

/// Start, end and outcome of an attempt; times in microseconds.
type Told = (Option<u64>, u64, Outcome);

/// What the rows say, in microseconds.
fn told(rows: &[AttemptRow]) -> Vec<Told> {
    let whole = |ns: u64| {
        assert_eq!(ns % 1000, 0, "{ns} ns is no whole microsecond");
        ns / 1000
    };
    rows.iter()
        .map(|row| {
            let end = row.end.expect("every attempt has ended");
            (row.start.map(whole), whole(end), row.outcome.unwrap())
        })
        .collect()
}

/// Births every millisecond from 0 on, each with so much work.
fn every_ms(count: u64, work: u64) -> Vec<(u64, u64)> {
    (0..count).map(|i| (i * MS, work)).collect()
}
