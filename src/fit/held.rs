//! How well a fit holds: against the log it was made from, scale by scale, and against the last
//! fifth of the log when it was made from the rest.

use crate::base::units::{Nanos, SECOND};

use super::draw::draw;
use super::{Fitted, Log, Options, Process, Row, Service, dispersion, fit, kolmogorov};

/// How often a fit is drawn to see what it gives.
const DRAWS: u64 = 5;

/// Windows at which dispersion is told.
const WINDOWS: [Nanos; 6] = [
    SECOND / 10,
    SECOND,
    10 * SECOND,
    60 * SECOND,
    600 * SECOND,
    3600 * SECOND,
];

/// Fewest windows within a log.
const FEWEST: u64 = 10;

/// Index of dispersion at one window: 1 for a Poisson stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The window.
    pub window: Nanos,
    /// Of the log.
    pub log: f64,
    /// Of what the fit gives, mean of five draws.
    pub fitted: f64,
}

/// The log's dispersion beside the fit's.
pub fn compare_scales(log: &Log, fitted: &Fitted) -> Vec<Scale> {
    let at: Vec<Nanos> = log.rows.iter().map(|row| row.at).collect();
    let drawn: Vec<Vec<Nanos>> = (1..=DRAWS)
        .map(|seed| draw(fitted, seed).iter().map(|row| row.0).collect())
        .collect();
    let scale = |&window: &Nanos| {
        let of = |at: &[Nanos]| dispersion(at, fitted.length, window);
        let log = of(&at)?;
        let each: Vec<f64> = drawn.iter().filter_map(|at| of(at)).collect();
        let sum: f64 = each.iter().sum();
        Some(Scale {
            window,
            log,
            fitted: sum / each.len().max(1) as f64,
        })
    };
    let fits = |w: &&Nanos| **w >= 2 * log.resolution && fitted.length / **w >= FEWEST;
    WINDOWS.iter().filter(fits).filter_map(scale).collect()
}

/// Waits in one queue, first come first served, of one server that is busy for 0.7 of the time
/// when the held-out part is replayed through it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// Mean wait, seconds: of the replay, of the fit, of a Poisson stream of the same mean.
    pub mean: [f64; 3],
    /// 99th percentile of the wait, seconds: the same.
    pub p99: [f64; 3],
}

/// What the first four fifths of a log say of the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Rows fitted and held out.
    pub rows: (usize, usize),
    /// Requests a second: fitted, held out.
    pub rate: (f64, f64),
    /// Mean size: fitted, held out; `None` without sizes.
    pub size: Option<(f64, f64)>,
    /// Kolmogorov-Smirnov distance between the sizes of the two parts.
    pub size_distance: Option<f64>,
    /// Dispersion: held out, fitted.
    pub scales: Vec<Scale>,
    /// Waits.
    pub queue: Queue,
}

/// Fits the first four fifths (by time) and holds the rest against that; `None` when either part
/// is too small. Work is the service's, or the size, or the same for all.
pub fn hold_out(log: &Log, options: Options, service: Option<Service>) -> Option<Held> {
    let cut = (u128::from(log.length()) * 4 / 5) as Nanos;
    let place = log.rows.partition_point(|row| row.at < cut);
    let (first, rest) = log.rows.split_at(place);
    let part = |rows: &[Row], start: Nanos| Log {
        rows: rows
            .iter()
            .map(|r| Row {
                at: r.at - start,
                ..*r
            })
            .collect(),
        ..log.clone()
    };
    let start = rest.first()?.at;
    let (known, held) = (part(first, 0), part(rest, start));
    let fitted = fit(&known, options)?;
    if held.rows.len() < super::FEWEST || held.length() == 0 {
        return None;
    }
    let work = |size: u64| match (service, log.sized) {
        (Some(service), _) => service.typical(size) as f64,
        (None, true) => size as f64,
        (None, false) => 1.0,
    };
    let poisson = Options {
        wanted: super::Wanted::Poisson,
        ..options
    };
    let plain = fit(&known, poisson)?;
    let window = held.length();
    let fit_drawn = windows(&fitted, window);
    let plain_drawn = windows(&plain, window);
    let recorded: Vec<(Nanos, u64)> = held.rows.iter().map(|r| (r.at, r.size)).collect();
    let asked: f64 = recorded.iter().map(|r| work(r.1)).sum();
    let each = match asked > 0.0 {
        true => 0.7 * window as f64 / asked,
        false => 0.0,
    };
    let wait = |logs: &[Vec<(Nanos, u64)>]| waits(logs, &|size| work(size) * each);
    let told = [wait(&[recorded]), wait(&fit_drawn), wait(&plain_drawn)];
    let seconds = window as f64 / SECOND as f64;
    let sorted = |log: &Log| {
        let mut sizes: Vec<u64> = log.rows.iter().map(|r| r.size).collect();
        sizes.sort_unstable();
        sizes
    };
    let mean =
        |log: &Log| log.rows.iter().map(|r| r.size as f64).sum::<f64>() / log.rows.len() as f64;
    let distance = || kolmogorov(&super::SizeFit::recorded(&sorted(&known)), &sorted(&held));
    Some(Held {
        rows: (known.rows.len(), held.rows.len()),
        rate: (fitted.rate(), held.rows.len() as f64 / seconds),
        size: log.sized.then(|| (mean(&known), mean(&held))),
        size_distance: log.sized.then(distance),
        scales: held_scales(&held, &fit_drawn),
        queue: Queue {
            mean: told.map(|t| t.0),
            p99: told.map(|t| t.1),
        },
    })
}

/// Pieces of this length from what the fit gives.
fn windows(fitted: &Fitted, window: Nanos) -> Vec<Vec<(Nanos, u64)>> {
    let pieces = (fitted.length / window).max(1);
    let mut found = Vec::new();
    for seed in 1..=DRAWS {
        let rows = draw(fitted, seed);
        for piece in 0..pieces {
            let (from, to) = (piece * window, (piece + 1) * window);
            let start = rows.partition_point(|r| r.0 < from);
            let end = rows.partition_point(|r| r.0 < to);
            let moved = rows[start..end].iter().map(|r| (r.0 - from, r.1));
            found.push(moved.collect());
        }
    }
    found
}

fn held_scales(held: &Log, drawn: &[Vec<(Nanos, u64)>]) -> Vec<Scale> {
    let length = held.length();
    let at: Vec<Nanos> = held.rows.iter().map(|r| r.at).collect();
    let scale = |&window: &Nanos| {
        let log = dispersion(&at, length, window)?;
        let each: Vec<f64> = drawn
            .iter()
            .filter_map(|rows| {
                let at: Vec<Nanos> = rows.iter().map(|r| r.0).collect();
                dispersion(&at, length, window)
            })
            .collect();
        let fitted = each.iter().sum::<f64>() / each.len().max(1) as f64;
        Some(Scale {
            window,
            log,
            fitted,
        })
    };
    let fits = |w: &&Nanos| **w >= 2 * held.resolution && length / **w >= FEWEST;
    WINDOWS.iter().filter(fits).filter_map(scale).collect()
}

/// Mean and 99th percentile of the waits over some logs, seconds, by Lindley's recursion.
fn waits(logs: &[Vec<(Nanos, u64)>], work: &dyn Fn(u64) -> f64) -> (f64, f64) {
    let mut all = Vec::new();
    for log in logs {
        let mut free = 0.0_f64;
        for &(at, size) in log {
            let start = free.max(at as f64);
            all.push(start - at as f64);
            free = start + work(size);
        }
    }
    if all.is_empty() {
        return (0.0, 0.0);
    }
    all.sort_by(f64::total_cmp);
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let p99 = all[(all.len() * 99).div_ceil(100) - 1];
    (mean / SECOND as f64, p99 / SECOND as f64)
}

impl Process {
    /// Its name in the format.
    pub fn name(&self) -> &'static str {
        match self {
            Process::Poisson => "poisson",
            Process::Mmpp { .. } => "mmpp",
            Process::OnOff { .. } => "on_off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::poisson;
    use super::*;

    #[test]
    fn waits_are_lindleys() {
        let log = vec![(0, 30), (10, 5), (50, 1)];
        let (mean, p99) = waits(&[log], &|size| size as f64);
        assert!((mean * 1e9 - 20.0 / 3.0).abs() < 1e-9);
        assert!((p99 * 1e9 - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_poisson_log_predicts_its_last_fifth() {
        let log = poisson(4000, &|_, u| (u * 1000.0) as u64);
        let held = hold_out(&log, Options::default(), None).unwrap();
        assert!((held.rate.0 / held.rate.1 - 1.0).abs() < 0.05, "{held:?}");
        assert!(held.size_distance.unwrap() < 0.03, "{held:?}");
        assert!(
            (held.queue.mean[1] / held.queue.mean[0] - 1.0).abs() < 0.2,
            "{held:?}"
        );
        for scale in held.scales.iter().filter(|s| s.window <= 10 * SECOND) {
            assert!((scale.log - scale.fitted).abs() < 0.4, "{scale:?}");
        }
    }
}
