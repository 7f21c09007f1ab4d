//! Replays without chance: every time and count must agree exactly.

use std::sync::Arc;

use serde_json::Value;

use super::measure::{broken, run_spec};
use super::read::Case;
use super::{build, truth};
use crate::experiment::caught;
use crate::model::outcome::Outcome;
use crate::model::spec::plain::{group, service, source};
use crate::model::spec::*;
use crate::model::trial::{self, AttemptRow, Horizon, TrialError, TrialOutput};

/// The kind of the cases that are replays.
pub const KIND: &str = "trace";

/// The name that all lines of the oracle go by.
pub const RECORDED: &str = "recorded";

/// A replay, and what of it was wrong.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Its name.
    pub id: String,
    /// Requests replayed.
    pub requests: u64,
    /// Times and counts compared.
    pub compared: u64,
    /// What differs: what was known and what came out, one line each.
    pub wrong: Vec<String>,
}

impl Replayed {
    fn new(id: String, requests: usize) -> Replayed {
        Replayed {
            id,
            requests: requests as u64,
            compared: 0,
            wrong: Vec::new(),
        }
    }

    fn check<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, known: T, got: T) {
        self.compared += 1;
        if known != got {
            self.wrong
                .push(format!("{what}: {got:?} instead of {known:?}"));
        }
    }

    /// Whether everything agreed.
    pub fn holds(&self) -> bool {
        self.wrong.is_empty()
    }
}

/// Every attempt of a replay, in the order of births and tries, and what was counted.
fn rows(spec: &SystemSpec) -> Result<(Vec<AttemptRow>, TrialOutput), TrialError> {
    let mut rows = Vec::new();
    let how = run_spec(Horizon::Trace);
    let output = caught::call(|| trial::run(spec, &how, &mut rows))?;
    rows.sort_by_key(|row: &AttemptRow| (row.source, row.request, row.attempt));
    Ok((rows, output))
}

/// Runs a case of the kind [`KIND`]: the node, outcome, start and end of every request.
///
/// # Errors
/// The run failed, or this version cannot express the case.
pub fn case(case: &Case) -> Result<Replayed, TrialError> {
    let spec = build::system(&case.model).map_err(|lacking| broken(format!("no {lacking}")))?;
    let (rows, _) = rows(&spec)?;
    let mut replayed = Replayed::new(case.id.clone(), rows.len());
    replayed.check("requests", case.expected.len(), rows.len());
    for (row, expected) in rows.iter().zip(&case.expected) {
        same(&mut replayed, row, expected);
    }
    Ok(replayed)
}

fn same(replayed: &mut Replayed, row: &AttemptRow, expected: &Value) {
    let outcome = match expected["outcome"].as_str() {
        Some("served") => Some(Outcome::Ok),
        Some("refused") => Some(Outcome::BufferFull),
        Some("gave_up") => Some(Outcome::GaveUp),
        _ => None,
    };
    let node = row.worker.map(|number| u64::from(number) - 1);
    let node = node.filter(|_| outcome != Some(Outcome::GaveUp) || !expected["node"].is_null());
    let of = |what: &str| format!("request {}, {what}", row.request);
    replayed.check(
        &of("number"),
        expected["request"].as_u64(),
        Some(row.request),
    );
    replayed.check(&of("outcome"), outcome, row.outcome);
    for (what, key, got) in [
        ("node", "node", node),
        ("start", "start_ns", row.start),
        ("end", "end_ns", row.end),
    ] {
        replayed.check(&of(what), expected[key].as_u64(), got);
    }
}

/// The rows of a table, each as its named fields.
struct Table<'t> {
    names: Vec<&'t str>,
    rows: Vec<Vec<&'t str>>,
}

impl<'t> Table<'t> {
    fn read(text: &'t str) -> Table<'t> {
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        Table {
            names: lines.next().unwrap_or_default(),
            rows: lines.collect(),
        }
    }

    fn place(&self, name: &str) -> usize {
        let place = self.names.iter().position(|n| *n == name);
        place.unwrap_or_else(|| panic!("no column {name}"))
    }

    fn column(&self, name: &str) -> impl Iterator<Item = &'t str> {
        let place = self.place(name);
        self.rows.iter().map(move |row| row[place])
    }
}

/// Whole numbers, as written in a table that is part of the program.
fn whole(text: &str) -> u64 {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is no whole number"))
}

/// Seconds as written, in nanoseconds, with no rounding on the way.
fn exact_ns(text: &str) -> u64 {
    let (seconds, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 9, "{text} is finer than a nanosecond");
    whole(seconds) * 1_000_000_000 + whole(&format!("{part:0<9}"))
}

/// Lines of the oracle: recorded traffic of which two other programs, which share no code, have
/// worked out the same integers.
pub fn lines() -> Vec<String> {
    let oracle = Table::read(truth::ORACLE);
    let names = oracle.column("file").zip(oracle.column("servers"));
    let named = names.zip(oracle.column("waiting"));
    named
        .map(|((file, servers), waiting)| {
            let file = file.trim_end_matches(".csv");
            format!("{file}-c{servers}-k{waiting}")
        })
        .collect()
}

/// Replays one line of the oracle, from 0.
///
/// # Errors
/// The run failed.
pub fn line(line: usize) -> Result<Replayed, TrialError> {
    let oracle = Table::read(truth::ORACLE);
    let text = |name: &str| oracle.rows[line][oracle.place(name)];
    let number = |name: &str| whole(text(name));
    let traffic = truth::TRAFFIC
        .iter()
        .find(|(file, _)| *file == text("file"));
    let (_, traffic) = traffic.unwrap_or_else(|| panic!("no traffic {}", text("file")));
    let input = Table::read(traffic);
    let at: Vec<u64> = input.column("arrival_s").map(exact_ns).collect();
    // Both factors are whole nanoseconds and the column is a whole number: nothing to round.
    let units = input.column(text("service_column"));
    let work = units.map(|n| number("base_ns") + number("per_unit_ns") * whole(n));
    let recorded = Arrivals::Trace(Arc::new(Trace {
        at,
        work: work.collect(),
        ..Trace::default()
    }));
    let spec = one_queue(recorded, number("servers") as u32, number("waiting") as u32);
    let (rows, output) = rows(&spec)?;

    let mut replayed = Replayed::new(lines()[line].clone(), rows.len());
    let mut check = |name: &str, got: u64| replayed.check(name, number(name), got);
    check("requests", rows.len() as u64);
    let served = || rows.iter().filter(|row| row.outcome == Some(Outcome::Ok));
    let waited = |row: &AttemptRow| row.start.map(|start| start - row.arrived);
    let mut waits: Vec<u64> = served().filter_map(waited).collect();
    waits.sort_unstable();
    check("served", waits.len() as u64);
    check("wait_sum_ns", waits.iter().sum());
    let rank = |per_mille: usize| {
        let rank = (waits.len() * per_mille).div_ceil(1000);
        rank.checked_sub(1).map_or(0, |i| waits[i])
    };
    check("wait_p50_ns", rank(500));
    check("wait_p99_ns", rank(990));
    check("wait_p999_ns", rank(999));
    let last = served().filter_map(|row| row.end).max();
    check("last_departure_ns", last.unwrap_or(0));
    check("max_waiting", output.tally.workers[0].queue_max);
    let full = |row: &&AttemptRow| row.outcome == Some(Outcome::BufferFull);
    check("rejected", rows.iter().filter(full).count() as u64);
    // What was counted on the way agrees with the rows.
    let wait = &output.tally.delays[0].wait;
    check("served", wait.count());
    check("wait_sum_ns", u64::try_from(wait.sum()).unwrap_or(u64::MAX));
    let refused = output.tally.workers[0].ended[Outcome::BufferFull.index()];
    check("rejected", refused);

    let first = rows.iter().find(full);
    let shown = |n: Option<u64>| n.map_or("-".to_owned(), |n| n.to_string());
    for (name, got) in [
        ("first_reject_row", first.map(|r| r.request)),
        ("first_reject_ns", first.map(|r| r.born)),
    ] {
        replayed.check(name, text(name).to_owned(), shown(got));
    }
    Ok(replayed)
}

/// One worker with so many cores and slots, which replays.
fn one_queue(recorded: Arrivals, cores: u32, slots: u32) -> SystemSpec {
    let group = GroupSpec {
        slots: Some(slots),
        ..group(1, cores)
    };
    SystemSpec {
        title: "recorded traffic".into(),
        sources: vec![source("clients", recorded)],
        services: vec![service(
            "nodes",
            WorkSpec::FromTrace,
            PolicySpec::Random,
            group,
        )],
        faults: Vec::new(),
        prices: PriceSpec::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly() {
        assert_eq!(exact_ns("0"), 0);
        assert_eq!(exact_ns("4.314579"), 4_314_579_000);
        assert_eq!(exact_ns("3505.600254001"), 3_505_600_254_001);
        assert_eq!(exact_ns("0.1"), 100_000_000);
    }

    #[test]
    fn a_nanosecond_off_is_noticed() {
        let all = super::super::read::cases();
        let mut wrong = all.iter().find(|c| c.kind == KIND).unwrap().clone();
        assert!(case(&wrong).unwrap().holds());
        wrong.expected[3]["end_ns"] = 10_000_001.into();
        let replayed = case(&wrong).unwrap();
        let said = ["request 3, end: Some(10000000) instead of Some(10000001)"];
        assert_eq!(replayed.wrong, said);
    }
}
