//! What went wrong inside, by code: how often, where most, what became of the workers.

use super::super::show;
use super::choose::View;
use super::confidence;
use crate::base::codes::{self, Code};
use crate::model::outcome::Outcome;
use crate::model::spec::SystemSpec;
use crate::model::tally::{Tally, WorkerTally};

/// A point that speaks for each variant, with its errors. Numbers are means of a trial.
pub fn print(view: View<'_>) -> String {
    let mut text = String::from("trouble inside, in a mean trial\n");
    for point in view.speakers() {
        let result = view.point(point);
        if result.tally.trials == 0 {
            continue;
        }
        let mut lines = errors(&view.design.points[point].system, &result.tally);
        lines.extend(consequences(view, point));
        if lines.is_empty() {
            lines.push("nothing refused, timed out or failed".into());
        }
        text.push_str(&format!(
            "  {}\n    {}\n",
            view.label(point),
            lines.join("\n    ")
        ));
    }
    text
}

fn errors(spec: &SystemSpec, tally: &Tally) -> Vec<String> {
    let mut found: Vec<(u64, Outcome)> = Outcome::ALL
        .into_iter()
        .filter(|o| *o != Outcome::Ok)
        .map(|o| (tally.classes.iter().map(|c| c.ended[o.index()]).sum(), o))
        .filter(|(n, _)| *n > 0)
        .collect();
    found.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    found
        .into_iter()
        .map(|(n, outcome)| error(spec, tally, n, outcome))
        .collect()
}

/// `VX3102 buffer overflow: 957,204 attempts, worst worker events[14] 59,940`.
fn error(spec: &SystemSpec, tally: &Tally, total: u64, outcome: Outcome) -> String {
    let code = outcome.code().expect("an end other than ok has a code");
    let title = codes::lookup(code).map_or("", |row| row.title);
    let mean = mean(total, tally);
    let attempts = if mean == "1" { "attempt" } else { "attempts" };
    let mut text = format!("{code} {title}: {mean} {attempts}");
    let at_workers: u64 = tally.workers.iter().map(|w| w.ended[outcome.index()]).sum();
    if let Some(elsewhere) = total
        .checked_sub(at_workers)
        .filter(|n| *n > 0 && at_workers > 0)
    {
        let elsewhere = self::mean(elsewhere, tally);
        let place = match spec.has_network() {
            // Some may have been on their way.
            true => "before any worker",
            false => "at the balancer",
        };
        text.push_str(&format!(", {elsewhere} {place}"));
    }
    if let Some((name, n)) = worst(spec, tally, |w| w.ended[outcome.index()]) {
        text.push_str(&format!(", worst worker {name} {n}"));
    }
    text
}

fn worst(
    spec: &SystemSpec,
    tally: &Tally,
    of: impl Fn(&WorkerTally) -> u64,
) -> Option<(String, String)> {
    let counts = tally.workers.iter().map(of).enumerate();
    let (index, most) = counts.max_by_key(|&(i, n)| (n, std::cmp::Reverse(i)))?;
    (most > 0).then(|| (spec.worker_name(index), mean(most, tally)))
}

/// What is worth knowing of a point by code, beside how its attempts ended.
pub fn notes(view: View<'_>, point: usize) -> Vec<(Code, String)> {
    let mut notes = Vec::new();
    let result = view.point(point);
    if !result.stable && !view.design.terminating {
        let load = result.load.highest();
        notes.push(titled(Code::OVERLOADED, &format!("load {load:.2}")));
    }
    notes.extend(incidents(view, point));
    notes.extend(confidence::notes(view, point));
    notes.extend(super::rare::notes(view, point));
    notes
}

/// What became of workers and breakers, in a mean trial.
fn incidents(view: View<'_>, point: usize) -> Vec<(Code, String)> {
    let tally = &view.point(point).tally;
    let spec = &view.design.points[point].system;
    let mut found = Vec::new();
    let wedges: u64 = tally.workers.iter().map(|w| w.wedges).sum();
    if wedges > 0 {
        let text = format!("{}, then it refuses everything", times(wedges, tally));
        found.push(titled(Code::WORKER_WEDGED, &text));
    }
    let opened: u64 = tally.workers.iter().map(|w| w.breaker_opens).sum();
    if let Some((name, most)) = worst(spec, tally, |w| w.breaker_opens) {
        let text = format!("{}, most at {name} with {most}", times(opened, tally));
        found.push(titled(Code::BREAKER_OPENED, &text));
    }
    found
}

pub(super) fn titled(code: Code, text: &str) -> (Code, String) {
    let title = codes::lookup(code).map_or("", |row| row.title);
    (code, format!("{title}: {text}"))
}

fn consequences(view: View<'_>, point: usize) -> Vec<String> {
    let incidents = incidents(view, point).into_iter();
    let mut lines: Vec<String> = incidents
        .map(|(code, text)| format!("{code} {text}"))
        .collect();
    let wasted = view.named(point, "wasted_work").map_or(0.0, |e| e.mean);
    let attempts = view
        .named(point, "attempts_per_request")
        .map_or(1.0, |e| e.mean);
    if wasted >= 0.01 || attempts >= 1.01 {
        lines.push(format!(
            "{} attempts a request; {} of core-time wasted, as nobody waited for the answer",
            show::digits(attempts, 3),
            show::share(wasted)
        ));
    }
    lines
}

fn mean(total: u64, tally: &Tally) -> String {
    show::count(total as f64 / tally.trials as f64)
}

fn times(total: u64, tally: &Tally) -> String {
    let mean = mean(total, tally);
    let word = if mean == "1" { "time" } else { "times" };
    format!("{mean} {word}")
}
