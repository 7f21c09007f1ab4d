//! The comparison as tables that somebody who doubts can read.

use super::Run;
use crate::report::number::short;
use crate::report::show::grouped;
use crate::report::summary::wrapped;
use crate::report::table::{Align, Table};
use crate::verify::measure::{CANARY, Job};
use crate::verify::suite::{Outcome, Replay, Suite};
use crate::verify::{Compared, SEED, STANDARD, STANDARD_ERRORS, replay};

const COLUMNS: usize = 100;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// All of it: numbers, replays, where they are from, the verdict.
pub fn report(run: &Run<'_>) -> String {
    let outcome = run.outcome;
    let parts = [
        heading(run),
        numbers(outcome),
        replays(outcome),
        cases(run.suite),
        summary(run),
    ];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

fn plural(n: usize, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {one}{s}", grouped(n as u64))
}

fn heading(run: &Run<'_>) -> String {
    let (suite, outcome) = (run.suite, run.outcome);
    let mut parts = Vec::new();
    if !suite.jobs.is_empty() {
        let numbers = plural(outcome.compared.len(), "number");
        parts.push(format!("{numbers} of {}", plural(suite.jobs.len(), "case")));
    }
    if !suite.replays.is_empty() {
        parts.push(plural(suite.replays.len(), "replay"));
    }
    let mut text = format!(
        "veltrix {VERSION} against what is known without it: {}\n\
         seed {SEED}, {} measured requests\n",
        parts.join(", "),
        grouped(outcome.requests),
    );
    if run.canary {
        let percent = (CANARY - 1.0) * 100.0;
        text += &format!(
            "WRONG ON PURPOSE: every worker is {percent:.0} % too fast; numbers must fail\n"
        );
    }
    text
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "FAILS" }
}

/// Shares have no unit.
fn unit(c: &Compared<'_>) -> String {
    match c.known.unit.as_str() {
        "1" => String::new(),
        unit => unit.to_owned(),
    }
}

fn numbers(outcome: &Outcome<'_>) -> String {
    if outcome.compared.is_empty() {
        return String::new();
    }
    let (l, r) = (Align::Left, Align::Right);
    let mut table = Table::new(&[l, l, l, r, r, r, r, l]);
    table.row([
        "case",
        "number",
        "unit",
        "theory",
        "simulated",
        "±",
        "z",
        "verdict",
    ]);
    for c in &outcome.compared {
        let z = c.z().map_or("-".into(), |z| format!("{z:+.2}"));
        let chance = c.known.sd_per_request > 0.0;
        let width = if chance {
            short(c.half_width())
        } else {
            "exact".into()
        };
        table.row([
            c.name(),
            c.known.metric.clone(),
            unit(c),
            short(c.known.value),
            short(c.simulated),
            width,
            z,
            verdict(c.holds()).to_owned(),
        ]);
    }
    let mut text = table.print();
    text +=
        "\n±: half of a 95 % interval around simulated. z: the difference in standard errors.\n";
    text += &wrapped(
        &format!(
            "A number holds when theory and simulated differ by at most {STANDARD_ERRORS} standard \
             errors. The standard error is that of the theory for so many requests: it is not \
             estimated from the run."
        ),
        COLUMNS,
    );
    text
}

fn replays(outcome: &Outcome<'_>) -> String {
    if outcome.replays.is_empty() {
        return String::new();
    }
    let (l, r) = (Align::Left, Align::Right);
    let mut table = Table::new(&[l, r, r, r, l]);
    table.row([
        "replay",
        "requests",
        "times and counts",
        "differ",
        "verdict",
    ]);
    for replay in &outcome.replays {
        table.row([
            replay.id.clone(),
            grouped(replay.requests),
            grouped(replay.compared),
            grouped(replay.wrong.len() as u64),
            verdict(replay.holds()).to_owned(),
        ]);
    }
    table.print()
}

/// How the numbers of a case are known, each way once.
fn known(job: &Job<'_>) -> String {
    let way = |how: &str| match how {
        "exact" => "by formula",
        "numeric" => "by an exact numerical method",
        "simulation-table" => "from published simulations",
        "own-simulation" => "from simulations by another program",
        _ => "otherwise",
    };
    let mut ways: Vec<&str> = Vec::new();
    for known in &job.case.known {
        if !ways.contains(&way(&known.how)) {
            ways.push(way(&known.how));
        }
    }
    ways.join(", ")
}

/// What each case is, and where its numbers are from.
fn cases(suite: &Suite<'_>) -> String {
    let mut blocks = Vec::new();
    for job in &suite.jobs {
        let case = job.case;
        let warm_up = match case.warmup_requests {
            0 => String::new(),
            n => format!(" after {} that are left out", grouped(n)),
        };
        blocks.push(format!(
            "{} ({}): {}\n  {} requests{warm_up}; {} known {}\n  source: {}\n",
            job.name(),
            case.kind,
            case.description,
            grouped(job.requests),
            plural(case.known.len(), "number"),
            known(job),
            case.source.join("; "),
        ));
    }
    let mut recorded = false;
    for replay in &suite.replays {
        match replay {
            Replay::Case(case) => blocks.push(format!(
                "{} ({}): {}\n  source: {}\n",
                case.id,
                case.kind,
                case.description,
                case.source.join("; ")
            )),
            Replay::Line(_) => recorded = true,
        }
    }
    if recorded {
        blocks.push(format!(
            "{}: recorded traffic, first come first served, with so many cores (c) and slots (k)\n\
             \x20 source: two programs that share no code and agree on every integer; traffic: \
             Azure LLM inference trace 2023 (Microsoft, CC BY 4.0), NASA-HTTP of the Internet \
             Traffic Archive\n",
            replay::RECORDED
        ));
    }
    let lines = blocks.iter().flat_map(|block| block.lines());
    lines.map(|line| wrapped(line, COLUMNS)).collect()
}

/// What there is, without running it.
pub fn list(suite: &Suite<'_>) -> String {
    let (l, r) = (Align::Left, Align::Right);
    let mut table = Table::new(&[l, l, r, r, l]);
    table.row(["case", "kind", "numbers", "requests", "runs with"]);
    for job in &suite.jobs {
        table.row([
            job.name(),
            job.case.kind.clone(),
            grouped(job.case.known.len() as u64),
            grouped(job.requests),
            if job.requests > STANDARD {
                "--long"
            } else {
                ""
            }
            .to_owned(),
        ]);
    }
    for one in &suite.replays {
        let kind = match one {
            Replay::Case(case) => case.kind.clone(),
            Replay::Line(_) => replay::RECORDED.to_owned(),
        };
        table.row([one.id(), kind, "exact".into(), String::new(), String::new()]);
    }
    let mut text = table.print();
    text += "\n";
    text += &cases(suite);
    text
}

fn summary(run: &Run<'_>) -> String {
    let outcome = run.outcome;
    let wrong: Vec<_> = outcome.wrong().collect();
    let mut lines = Vec::new();
    if !outcome.compared.is_empty() {
        let all = outcome.compared.len();
        let inside = outcome.compared.iter().filter(|c| c.inside()).count();
        let share = inside as f64 / all as f64 * 100.0;
        lines.push(format!(
            "numbers that hold: {} of {}; 95 % intervals with the theory inside: {inside} \
             ({share:.1} %)",
            grouped((all - wrong.len()) as u64),
            grouped(all as u64),
        ));
        let size = |c: &&Compared<'_>| c.z().unwrap_or(0.0).abs();
        let furthest = outcome.compared.iter().filter(|c| c.z().is_some());
        if let Some(c) = furthest.max_by(|a, b| size(a).total_cmp(&size(b))) {
            lines.push(format!(
                "furthest off: {:+.2} standard errors, {} of {}",
                c.z().unwrap_or(0.0),
                c.known.metric,
                c.name()
            ));
        }
    }
    if !outcome.replays.is_empty() {
        let agree = outcome.replays.iter().filter(|r| r.holds()).count();
        let all = outcome.replays.len();
        lines.push(format!(
            "replays that agree to the nanosecond: {agree} of {all}"
        ));
    }
    lines.extend(failures(run, &wrong));
    let left = run.suite.left.len();
    if left > 0 {
        lines.push(format!(
            "not run: {} of more than {} requests; `--long` runs all",
            plural(left, "case"),
            grouped(STANDARD)
        ));
    }
    lines.iter().map(|line| wrapped(line, COLUMNS)).collect()
}

/// What is wrong, once more where it is seen, and what to do.
fn failures(run: &Run<'_>, wrong: &[&Compared<'_>]) -> Vec<String> {
    let outcome = run.outcome;
    let mut lines = Vec::new();
    for c in wrong {
        let z = c
            .z()
            .map_or("".into(), |z| format!(" ({z:+.2} standard errors)"));
        lines.push(format!(
            "FAILS: {} of {}: {} instead of {}{z}",
            c.known.metric,
            c.name(),
            short(c.simulated),
            short(c.known.value)
        ));
    }
    for replay in outcome.replays.iter().filter(|r| !r.holds()) {
        let first = replay.wrong.first().map_or("", String::as_str);
        lines.push(format!("FAILS: {}: {first}", replay.id));
    }
    for (name, error) in &outcome.broken {
        lines.push(format!(
            "FAILED TO RUN: {name}: {} {}",
            error.code, error.message
        ));
    }
    if run.canary {
        lines.push(match lines.is_empty() {
            true => "the mistake made on purpose was NOT noticed by these cases".into(),
            false => "the mistake made on purpose was noticed, as it must be".into(),
        });
    } else if !lines.is_empty() {
        lines.push(
            "veltrix is wrong here, or was built wrong for this machine: do not use its results, \
             and report this whole output"
                .into(),
        );
    }
    lines
}
