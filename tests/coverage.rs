//! Are the intervals honest? Experiments whose answer is known are made again and again, with
//! seeds 1, 2, 3, ...: of nominal 95 % intervals that many should hold the truth. Everything goes
//! the way of a user's experiment: `experiment::run`, its trials, its pooled estimates.
//!
//! `VELTRIX_COVERAGE` chooses how much: nothing said, a few short experiments a row; `all`, 2,000
//! of full size a row; names of rows with commas between, only those; with `:` and a number after
//! it, so many instead of 2,000. With `VELTRIX_BLESS=1` and 200 or more the lines of what ran are
//! written into `docs/coverage.md`.

#![allow(clippy::unwrap_used)]

#[path = "systems/mod.rs"]
mod systems;

#[path = "coverage/exact.rs"]
mod exact;
#[path = "coverage/page.rs"]
mod page;
#[path = "coverage/rows.rs"]
mod rows;

use std::collections::BTreeMap;
use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rows::{Kind, Row, rows};
use veltrix::base::math::{exp, ln, ln_gamma};
use veltrix::experiment::design::Design;
use veltrix::experiment::results::Results;
use veltrix::experiment::run::{Options, run};
use veltrix::stats::interval::mean_interval;

/// What came of one metric of one row.
#[derive(Clone, Debug)]
pub struct Found {
    /// Name of the row.
    pub row: &'static str,
    /// Which of its metrics.
    pub metric: &'static str,
    /// Experiments whose interval held the truth.
    pub held: u32,
    /// Experiments.
    pub of: u32,
    /// Experiments that had no interval; they do not hold the truth.
    none: u32,
    /// Sums over experiments: error and squared error of the estimate, squared half-width.
    error: f64,
    squares: f64,
    widths: f64,
}

/// Low and high end, or nothing.
type Ends = Option<(f64, f64)>;

fn results(design: &Design) -> Results {
    let results = run(design, Options { threads: 1 }, &()).unwrap();
    assert_eq!(results.failed(), 0);
    results
}

/// The intervals of the row's metrics in one experiment.
fn experiment(row: &Row, seed: u64, share: f64) -> Vec<Ends> {
    let design = row.design(seed, share);
    match row.kind {
        Kind::Pooled(n) => {
            let results = results(&design);
            if share == 1.0 && row.must.1 < 1.0 {
                big_enough(row, n, &results);
            }
            ends(&results)
        }
        Kind::Batches(_) | Kind::Sequential(..) => ends(&results(&design)),
        Kind::Paired(..) => {
            let results = results(&design);
            let values = |point: usize, metric: usize| {
                let trials = results.trials.iter().filter(move |t| t.point == point);
                trials.map(move |t| t.values[metric].unwrap())
            };
            let one = |metric: usize| {
                let pairs = values(0, metric).zip(values(1, metric));
                let differences: Vec<f64> = pairs.map(|(a, b)| b - a).collect();
                let interval = mean_interval(&differences, design.confidence).unwrap();
                interval.low.zip(interval.high)
            };
            (0..design.metrics.len()).map(one).collect()
        }
    }
}

fn ends(results: &Results) -> Vec<Ends> {
    let estimates = results.points[0].estimates.iter();
    estimates
        .map(|e| e.and_then(|e| e.low.zip(e.high)))
        .collect()
}

/// At least 1,000 requests beyond the 99th percentile in a replication, 100 losses in all.
fn big_enough(row: &Row, n: u32, results: &Results) {
    let tally = &results.points[0].tally;
    let lost: u64 = tally.classes.iter().flat_map(|c| &c.lost).sum();
    let loses = row.metrics.contains(&"loss");
    assert!(n > 100_000 && tally.delays[0].latency.count() >= 1_000_000);
    assert!(!loses || lost >= 100, "{}: {lost} lost", row.name);
}

/// Makes `count` experiments of a row on all threads there are.
fn many(row: &Row, count: u32, share: f64) -> Vec<Found> {
    let truths: Vec<f64> = row.metrics.iter().map(|m| row.truth(m)).collect();
    let all = Mutex::new(BTreeMap::new());
    let next = AtomicU32::new(1);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > count {
                break;
            }
            let ends = experiment(row, u64::from(seed), share);
            all.lock().unwrap().insert(seed, ends);
        }
    };
    thread::scope(|scope| {
        for _ in 1..thread::available_parallelism().map_or(1, |n| n.get()) {
            scope.spawn(work);
        }
        work();
    });
    let all = all.into_inner().unwrap();
    let one = |(i, metric): (usize, &&'static str)| {
        let mut found = Found {
            row: row.name,
            metric,
            held: 0,
            of: count,
            none: 0,
            error: 0.0,
            squares: 0.0,
            widths: 0.0,
        };
        for ends in all.values() {
            let Some((low, high)) = ends[i] else {
                found.none += 1;
                continue;
            };
            let (error, half) = ((low + high) / 2.0 - truths[i], (high - low) / 2.0);
            found.held += u32::from(low <= truths[i] && truths[i] <= high);
            found.error += error;
            found.squares += error * error;
            found.widths += half * half;
        }
        println!("{}", line(&found, truths[i]));
        found
    };
    row.metrics.iter().enumerate().map(one).collect()
}

/// For whoever looks for what is wrong: bias in standard errors of one experiment, and the
/// squared half-width over the squared error (the square of a t quantile, 5.1 for ten
/// replications, if the spread is right).
fn line(f: &Found, truth: f64) -> String {
    let had = f64::from(f.of - f.none);
    let bias = f.error / had / (f.squares / had).sqrt();
    format!(
        "{:13} {:13} {:5.2} % of {}, {} without; truth {truth:.6}, bias {bias:+.3}, widths {:.2}",
        f.row,
        f.metric,
        f64::from(f.held) / f64::from(f.of) * 100.0,
        f.of,
        f.none,
        f.widths / f.squares
    )
}

/// The chance of at most `held` of `of` where each holds with probability `p`.
fn at_most(held: u32, of: u32, p: f64) -> f64 {
    let n = f64::from(of);
    let term = |k: u32| {
        let k = f64::from(k);
        let ways = ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
        exp(ways + k * ln(p) + (n - k) * ln(1.0 - p))
    };
    (0..=held).map(term).sum()
}

/// Whether so many of 2,000 or more are within the bounds, or so many of fewer could have come
/// from a share within them: with a chance of one in a million or more.
fn allowed(row: &Row, held: u32, of: u32) -> bool {
    let (low, high) = row.must;
    if of >= 2000 {
        let share = f64::from(held) / f64::from(of);
        return (low..=high).contains(&share);
    }
    let too_many = high < 1.0 && held > 0 && 1.0 - at_most(held - 1, of, high) < 1e-6;
    at_most(held, of, low) >= 1e-6 && !too_many
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let asked = env::var("VELTRIX_COVERAGE").unwrap_or_default();
    let (names, number) = asked.split_once(':').unwrap_or((&asked, "2000"));
    let (count, share) = match names {
        "" => (40, 0.1),
        _ => (number.parse().unwrap(), 1.0),
    };
    let chosen = |row: &Row| matches!(names, "" | "all") || names.split(',').any(|n| n == row.name);
    let mut found = Vec::new();
    for row in rows().iter().filter(|row| chosen(row)) {
        // What is small is not made smaller.
        let share = match row.kind {
            Kind::Pooled(n) | Kind::Sequential(n, _) if n <= 5_000 => 1.0,
            _ => share,
        };
        let new = many(row, count, share);
        if count >= page::LEAST && env::var("VELTRIX_BLESS").is_ok_and(|v| v == "1") {
            found.extend(new.iter().cloned());
            page::write(&found);
        } else {
            found.extend(new);
        }
    }
    assert!(!found.is_empty(), "no such row: {names}");
    let wrong = |f: &&Found| {
        let row = rows().into_iter().find(|row| row.name == f.row).unwrap();
        !allowed(&row, f.held, f.of)
    };
    let wrong: Vec<String> = found
        .iter()
        .filter(wrong)
        .map(|f| format!("{} {}: {} of {}", f.row, f.metric, f.held, f.of))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_bounds_of_few_experiments_are_those_of_the_binomial() {
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    near(at_most(0, 10, 0.5), 1.0 / 1024.0);
    near(at_most(2, 3, 0.9), 1.0 - 0.729);
    let row = &rows()[0];
    assert!(allowed(row, 40, 40) && allowed(row, 30, 40) && !allowed(row, 25, 40));
    assert!(!allowed(row, 1859, 2000) && allowed(row, 1860, 2000) && !allowed(row, 1941, 2000));
}
