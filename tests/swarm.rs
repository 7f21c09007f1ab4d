//! Random valid models, each run in many ways, against what must hold of every run.
//!
//! `VELTRIX_SWARM=100000` runs so many, `VELTRIX_SWARM_FROM=N` begins with model N: together with
//! `VELTRIX_SWARM=1` that is one model alone. A failure prints the model and what is broken.

#![allow(clippy::unwrap_used)]

/// Returns what is broken, unless it holds.
macro_rules! must {
    ($holds:expr, $($text:tt)+) => {
        let holds: bool = $holds;
        if !holds {
            return Err(format!($($text)+));
        }
    };
}

#[path = "swarm/again.rs"]
mod again;
#[path = "swarm/breakers.rs"]
mod breakers;
#[path = "swarm/callers.rs"]
mod callers;
#[path = "swarm/care.rs"]
mod care;
#[path = "swarm/clients.rs"]
mod clients;
#[path = "swarm/dists.rs"]
mod dists;
#[path = "swarm/draw.rs"]
mod draw;
#[path = "swarm/faults.rs"]
mod faults;
#[path = "swarm/features.rs"]
mod features;
#[path = "swarm/found.rs"]
mod found;
#[path = "swarm/graphs.rs"]
mod graphs;
#[path = "swarm/model.rs"]
mod model;
#[path = "swarm/room.rs"]
mod room;
#[path = "swarm/rows.rs"]
mod rows;
#[path = "swarm/same.rs"]
mod same;
#[path = "swarm/services.rs"]
mod services;
#[path = "swarm/shares.rs"]
mod shares;
#[path = "swarm/sources.rs"]
mod sources;
#[path = "swarm/text.rs"]
mod text;
#[path = "swarm/workers.rs"]
mod workers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use model::Model;
use same::{Ended, Place, Verdict, judge, pen};
use veltrix::model::outcome::Outcome;

/// How many models a usual test run looks at.
const USUAL: u64 = 2_000;

/// Most failures that are printed.
const SHOWN: usize = 8;

/// Largest share of models that may be refused: what is drawn is meant to be right.
const MOST_REFUSED: f64 = 0.03;

fn variable(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => usual,
    }
}

#[derive(Default)]
struct Sum {
    ended: Mutex<Ended>,
    events: AtomicU64,
    refused: Mutex<Vec<(u64, String)>>,
    broken: Mutex<Vec<(u64, String)>>,
}

fn look_at(number: u64, place: &Place, sum: &Sum) {
    let mut model = Model::new(number);
    let text = model.file.write(&mut pen(number));
    let verdict = catch_unwind(AssertUnwindSafe(|| judge(&mut model, &text, number, place)));
    match verdict {
        Ok(Verdict::Fine { ended, events }) => {
            let mut all = sum.ended.lock().unwrap();
            all.iter_mut().zip(ended).for_each(|(a, b)| *a += b);
            sum.events.fetch_add(events, Ordering::Relaxed);
        }
        Ok(Verdict::Refused(why)) => sum.refused.lock().unwrap().push((number, why)),
        Ok(Verdict::Broken(why)) => {
            let (run, on) = (model.run, &model.features);
            let report = format!("{why}\n\n{run:?}\n{on:?}\n{text}");
            sum.broken.lock().unwrap().push((number, report));
        }
        Err(panic) => {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            let report = format!("panic: {said:?}\n\nrun: {:?}\n{text}", model.run);
            sum.broken.lock().unwrap().push((number, report));
        }
    }
}

#[test]
fn whatever_the_model_the_rules_hold() {
    let from = variable("VELTRIX_SWARM_FROM", 0);
    let count = variable("VELTRIX_SWARM", USUAL);
    let (next, sum) = (AtomicU64::new(from), Sum::default());
    let threads = thread::available_parallelism().map_or(2, |n| n.get());
    thread::scope(|scope| {
        for i in 0..threads {
            let (next, sum) = (&next, &sum);
            scope.spawn(move || {
                let place = Place::new(&i.to_string());
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= from + count {
                        break;
                    }
                    look_at(number, &place, sum);
                }
            });
        }
    });
    let (mut broken, refused) = (
        sum.broken.into_inner().unwrap(),
        sum.refused.into_inner().unwrap(),
    );
    let ended = sum.ended.into_inner().unwrap();
    println!(
        "{count} models: {} attempts, {} events, {} refused, {} broken",
        ended.iter().sum::<u64>(),
        sum.events.into_inner(),
        refused.len(),
        broken.len()
    );
    for (number, why) in refused.iter().take(SHOWN) {
        println!("model {number} is refused: {why}");
    }
    broken.sort();
    for (number, report) in broken.iter().take(SHOWN) {
        println!("\n=== model {number} (seed {number})\n{report}");
    }
    assert!(
        broken.is_empty(),
        "broken: {:?}",
        broken.iter().map(|b| b.0).collect::<Vec<_>>()
    );
    // Who expires has usually been given up on before.
    let rare = [Outcome::Expired];
    for outcome in Outcome::ALL.into_iter().filter(|o| !rare.contains(o)) {
        let n = ended[outcome.index()];
        println!("{n:>12} {outcome:?}");
        assert!(n > 0 || count < USUAL, "no attempt ends with {outcome:?}");
    }
    let share = refused.len() as f64 / count.max(1) as f64;
    assert!(
        share <= MOST_REFUSED,
        "{:.1} % of the models are refused",
        share * 100.0
    );
}
