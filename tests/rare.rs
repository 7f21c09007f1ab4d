//! Losses too rare to count: splitting against exact answers, against long plain runs, and against
//! itself. `VELTRIX_RARE=all` runs the long versions (some minutes with `--release`); with
//! `VELTRIX_BLESS=1` they write the table of `docs/rare.md` anew.

#![allow(clippy::unwrap_used)]

#[path = "systems/mod.rs"]
mod systems;

#[path = "rare/branches.rs"]
mod branches;
#[path = "rare/page.rs"]
mod page;
#[path = "rare/proof.rs"]
mod proof;

use std::sync::atomic::{AtomicU64, Ordering};

use systems::{MS, S, drawn, group, system};
use veltrix::experiment::rare::{self, RareEstimate, Setting};
use veltrix::model::metric::Metric;
use veltrix::model::spec::*;
use veltrix::model::trial::{Blind, Horizon, LookFor, RunSpec, Timing, Width, run};

fn setting(seed: u64, precision: f64, max_requests: u64) -> Setting {
    Setting {
        seed,
        warm_up: 0,
        confidence: 0.95,
        precision,
        max_requests,
        batch: 0,
    }
}

fn metric(name: &str) -> Metric {
    Metric::parse(name).unwrap()
}

fn splitting(spec: &SystemSpec, name: &str, setting: &Setting) -> RareEstimate {
    rare::estimate(spec, &metric(name), setting, &|| false).unwrap()
}

/// One worker, Poisson arrivals.
fn one_worker(rate: f64, work: Dist, cores: u32, slots: u32) -> SystemSpec {
    let arrivals = Arrivals::Poisson { rate };
    system(arrivals, drawn(work), group(1, cores, Some(slots)))
}

/// The blocking probability of M/M/c with so many waiting places.
fn mmck(rate: f64, mean: f64, cores: u32, slots: u32) -> f64 {
    let (mut weight, mut sum) = (1.0, 1.0);
    for n in 1..=cores + slots {
        weight *= rate * mean / f64::from(n.min(cores));
        sum += weight;
    }
    weight / sum
}

/// Requests lost and born in plain trials, run side by side.
fn counted(spec: &SystemSpec, trials: u32, requests: f64, rate: f64) -> Vec<(u64, u64)> {
    let (lost, born): (Vec<_>, Vec<_>) = (0..trials)
        .map(|_| (AtomicU64::new(0), AtomicU64::new(0)))
        .unzip();
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let trial = next.fetch_add(1, Ordering::Relaxed);
                    if trial >= u64::from(trials) {
                        return;
                    }
                    let length = (requests / rate * S as f64) as u64;
                    let spec_of_run = RunSpec {
                        seed: 99,
                        replication: trial as u32,
                        timing: Timing {
                            warm_up: (2000.0 / rate * S as f64) as u64,
                            horizon: Horizon::For(length),
                            drain: 10 * S,
                            window: S,
                        },
                        wanted: Default::default(),
                        series: false,
                        look_for: LookFor::default(),
                        event_budget: u64::MAX,
                        width: Width::Auto,
                        spared: Vec::new(),
                    };
                    let tally = run(spec, &spec_of_run, &mut Blind).unwrap().tally;
                    let classes = tally.classes.iter();
                    let all = classes.map(|c| (c.lost.iter().sum::<u64>(), c.born));
                    let sums = all.fold((0, 0), |(l, b), (lost, born)| (l + lost, b + born));
                    lost[trial as usize].store(sums.0, Ordering::Relaxed);
                    born[trial as usize].store(sums.1, Ordering::Relaxed);
                }
            });
        }
    });
    let pairs = lost.into_iter().zip(born);
    pairs
        .map(|(l, b)| (l.into_inner(), b.into_inner()))
        .collect()
}

/// Mean of some values, and its standard error.
fn mean_of(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|v| (v - mean) * (v - mean));
    (mean, (squares.sum::<f64>() / (n - 1.0) / n).sqrt())
}

/// Lognormal work of so many milliseconds on average, with this coefficient of variation.
fn lognormal(mean_ms: f64, cv: f64) -> Dist {
    Dist::lognormal(mean_ms * MS as f64, cv).unwrap()
}
