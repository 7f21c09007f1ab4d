//! The catalogue of real incidents: each is run with many seeds, and what must be seen in a run is
//! looked for in each.
//!
//! `VELTRIX_INCIDENTS` chooses how much: nothing said, seeds 1 to 3, where what is to hold in 95 %
//! of seeds must hold in all three; `all`, seeds 1 to 30, whose counts are compared with
//! `docs/incidents/README.md`, or written there with `VELTRIX_BLESS=1`; ids of incidents with
//! commas between, only those with 30 seeds, for whoever looks for what is wrong.

#![allow(clippy::unwrap_used)]

#[path = "incidents/catalogue.rs"]
mod catalogue;
#[path = "incidents/fixed_point.rs"]
mod fixed_point;
#[path = "incidents/page.rs"]
mod page;
#[path = "incidents/seen.rs"]
mod seen;

use std::collections::BTreeMap;
use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use catalogue::{Predicate, all};
use seen::Runs;

/// Seeds of a full count.
pub const SEEDS: usize = 30;

/// Seeds of an ordinary run of the tests.
const FEW: usize = 3;

/// In how many seeds one predicate held.
pub struct Found {
    /// So many.
    pub held: usize,
}

impl Predicate {
    /// Whether so many are enough.
    pub fn enough(&self, held: usize, of: usize) -> bool {
        match of {
            SEEDS => held as f64 >= self.least * of as f64,
            _ => held == of || self.least < 0.95,
        }
    }
}

/// Does all that is asked on as many threads as there are cores; answers in order.
pub fn on_all_cores<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= count {
                        break;
                    }
                    let answer = work(i);
                    done.lock().unwrap().insert(i, answer);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

/// What the environment asks for: ids, or nothing for all; and how many seeds.
pub fn asked() -> (Vec<String>, usize) {
    match env::var("VELTRIX_INCIDENTS").as_deref() {
        Err(_) | Ok("") => (Vec::new(), FEW),
        Ok("all") => (Vec::new(), SEEDS),
        Ok(ids) => (ids.split(',').map(str::to_owned).collect(), SEEDS),
    }
}

#[test]
fn incidents_come_out_as_often_as_their_levels_ask() {
    let (ids, seeds) = asked();
    let mut incidents = all();
    incidents.retain(|i| ids.is_empty() || ids.iter().any(|id| id == i.id));
    assert!(!incidents.is_empty(), "no such incident: {ids:?}");
    let held = on_all_cores(incidents.len() * seeds, |job| {
        let incident = &incidents[job / seeds];
        let runs = Runs::new(incident.file, (job % seeds) as u64 + 1);
        let predicates = incident.predicates.iter();
        let held = predicates.map(|p| (p.long && seeds < SEEDS) || (p.holds)(&runs));
        held.collect::<Vec<bool>>()
    });
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for (incident, held) in incidents.iter().zip(held.chunks(seeds)) {
        for (i, predicate) in incident.predicates.iter().enumerate() {
            let missed = (0..seeds).filter(|&seed| !held[seed][i]).map(|s| s + 1);
            let missed: Vec<usize> = missed.collect();
            let held = seeds - missed.len();
            let line = format!(
                "{} {} {}: {held} of {seeds}, not with {missed:?}",
                incident.id, predicate.level, predicate.says
            );
            println!("{line}");
            if !predicate.enough(held, seeds) {
                wrong.push(line);
            }
            found.push(Found { held });
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if seeds == SEEDS && ids.is_empty() {
        page::compare(&found, env::var("VELTRIX_BLESS").is_ok_and(|v| v == "1"));
    }
}
