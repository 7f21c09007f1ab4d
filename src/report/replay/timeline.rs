//! The window of a replay as a table: what came, what became of it, what stood where.

use super::super::show;
use super::super::table::{Align, Table};
use crate::base::units::Nanos;
use crate::experiment::incident::replay::Scene;
use crate::model::incident::State;
use crate::model::outcome::Outcome;
use crate::model::spec::{SystemSpec, UNBOUNDED_CORES};
use crate::model::trial::AttemptRow;

/// Rows of the table; each has as many of the noted states.
const ROWS: usize = 24;

/// What happened between two moments.
#[derive(Default)]
struct Counts {
    born: u64,
    retries: u64,
    ok: u64,
    refused: u64,
    timed_out: u64,
    failed: u64,
}

/// The table. Times are from the trigger; rates are per second.
pub fn timeline(spec: &SystemSpec, scene: &Scene, trigger: Nanos) -> String {
    let mut table = Table::new(&[Align::Right; 10]);
    table.row([
        "from", "new", "retries", "ok", "refused", "timed", "failed", "waiting", "cores", "workers",
    ]);
    table.row([
        "trigger", "/s", "/s", "/s", "/s", "out /s", "/s", "", "busy", "not well",
    ]);
    let every = scene.states.len().saturating_sub(1).div_ceil(ROWS).max(1);
    let marks: Vec<&State> = scene.states.iter().step_by(every).collect();
    for pair in marks.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let counts = counted(&scene.rows, a.at, b.at);
        let seconds = (b.at - a.at) as f64 / 1e9;
        let rate = |n: u64| match n {
            0 => String::new(),
            n => show::count(n as f64 / seconds),
        };
        let from = (a.at as f64 - trigger as f64) / 1e9;
        let mark = if (a.at..b.at).contains(&trigger) {
            ">"
        } else {
            ""
        };
        table.row([
            format!("{mark}{from:+.3} s"),
            rate(counts.born),
            rate(counts.retries),
            rate(counts.ok),
            rate(counts.refused),
            rate(counts.timed_out),
            rate(counts.failed),
            show::count(waiting(b) as f64),
            busy(spec, b),
            unwell(b),
        ]);
    }
    table.print()
}

fn counted(rows: &[AttemptRow], from: Nanos, to: Nanos) -> Counts {
    let mut counts = Counts::default();
    let inside = |time: Nanos| (from..to).contains(&time);
    for row in rows {
        if inside(row.arrived) {
            counts.born += u64::from(row.attempt == 1);
            counts.retries += u64::from(row.attempt > 1);
        }
        let (Some(end), Some(outcome)) = (row.end, row.outcome) else {
            continue;
        };
        if !inside(end) {
            continue;
        }
        match outcome {
            Outcome::Ok => counts.ok += 1,
            Outcome::TimedOut => counts.timed_out += 1,
            outcome if outcome.is_refusal() => counts.refused += 1,
            _ => counts.failed += 1,
        }
    }
    counts
}

fn waiting(state: &State) -> u64 {
    let workers: u64 = state.workers.iter().map(|w| w.waiting).sum();
    workers + state.balancers.iter().map(|b| b.waiting).sum::<u64>()
}

fn busy(spec: &SystemSpec, state: &State) -> String {
    let bounded = || {
        state
            .workers
            .iter()
            .filter(|w| w.cores < u64::from(UNBOUNDED_CORES))
    };
    let busy: u64 = state.workers.iter().map(|w| w.busy).sum();
    let cores: u64 = bounded().map(|w| w.cores).sum();
    if cores == 0 || bounded().count() < spec.services.iter().map(|s| s.worker_count()).sum() {
        return show::count(busy as f64);
    }
    show::share(busy as f64 / cores as f64)
}

/// How many workers are wedged, down, paused or shut off.
fn unwell(state: &State) -> String {
    use crate::model::incident::BreakerState::Closed;
    let count = |what: &str, n: usize| (n > 0).then(|| format!("{n} {what}"));
    let workers = || state.workers.iter();
    let parts = [
        count("wedged", workers().filter(|w| w.wedged).count()),
        count("down", workers().filter(|w| w.downs > 0).count()),
        count("paused", workers().filter(|w| w.speed == 0.0).count()),
        count(
            "shut off",
            workers()
                .filter(|w| w.breaker.is_some_and(|b| b != Closed))
                .count(),
        ),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}
