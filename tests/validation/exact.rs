//! Replays without chance: every time and count must agree exactly.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use veltrix::model::outcome::Outcome;
use veltrix::model::spec::{Arrivals, Trace, WorkSpec};
use veltrix::model::trial::AttemptRow;

use crate::build;
use crate::read::cases;
use crate::systems::{group, rows, system};

#[test]
fn replays_agree_to_the_nanosecond() {
    let mut seen = 0;
    for case in cases().iter().filter(|case| case.kind == "trace") {
        let Ok(spec) = build::system(&case.model) else {
            continue;
        };
        let (rows, _) = rows(&spec);
        assert_eq!(rows.len(), case.expected.len(), "{}", case.id);
        for (row, expected) in rows.iter().zip(&case.expected) {
            same(&case.id, row, expected);
        }
        seen += 1;
    }
    assert_eq!(seen, 4);
}

fn same(id: &str, row: &AttemptRow, expected: &Value) {
    let outcome = match expected["outcome"].as_str().unwrap() {
        "served" => Outcome::Ok,
        "refused" => Outcome::BufferFull,
        "gave_up" => Outcome::GaveUp,
        other => panic!("{id}: outcome {other}"),
    };
    assert_eq!(Some(row.request), expected["request"].as_u64(), "{id}");
    let node = row.worker.map(|number| u64::from(number) - 1);
    let node = node.filter(|_| outcome != Outcome::GaveUp || !expected["node"].is_null());
    assert_eq!(node, expected["node"].as_u64(), "{id}: {row:?}");
    assert_eq!(row.outcome, Some(outcome), "{id}: {row:?}");
    assert_eq!(row.start, expected["start_ns"].as_u64(), "{id}: {row:?}");
    assert_eq!(row.end, expected["end_ns"].as_u64(), "{id}: {row:?}");
}

/// The rows of a table, each as its named fields.
struct Table {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(path: &str) -> Table {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let text = fs::read_to_string(path).unwrap();
        let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let mut lines = text.lines().map(split);
        Table {
            names: lines.next().unwrap(),
            rows: lines.collect(),
        }
    }

    fn column(&self, name: &str) -> impl Iterator<Item = &str> {
        let place = self.names.iter().position(|n| n == name).unwrap();
        self.rows.iter().map(move |row| row[place].as_str())
    }
}

/// Seconds as written, in nanoseconds, with no rounding on the way.
fn exact_ns(text: &str) -> u64 {
    let (seconds, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 9, "{text} is finer than a nanosecond");
    let whole: u64 = seconds.parse().unwrap();
    let part: u64 = format!("{part:0<9}").parse().unwrap();
    whole * 1_000_000_000 + part
}

#[test]
fn decimals_are_read_exactly() {
    assert_eq!(exact_ns("0"), 0);
    assert_eq!(exact_ns("4.314579"), 4_314_579_000);
    assert_eq!(exact_ns("3505.600254001"), 3_505_600_254_001);
    assert_eq!(exact_ns("0.1"), 100_000_000);
}

#[test]
fn recorded_traffic_gives_the_same_integers_as_two_other_programs() {
    let oracle = Table::read("tests/data/oracle.csv");
    assert_eq!(oracle.rows.len(), 5);
    for line in 0..oracle.rows.len() {
        let text = |name: &str| oracle.column(name).nth(line).unwrap();
        let number = |name: &str| text(name).parse::<u64>().unwrap();
        let input = Table::read(&format!("experiments/data/{}", text("file")));
        let at: Vec<u64> = input.column("arrival_s").map(exact_ns).collect();
        // Both factors are whole nanoseconds and the column is a whole number: nothing to round.
        let units = input.column(text("service_column"));
        let work = units
            .map(|n| number("base_ns") + number("per_unit_ns") * n.parse::<u64>().unwrap())
            .collect();
        let recorded = Arrivals::Trace(Arc::new(Trace {
            at,
            work,
            ..Trace::default()
        }));
        let size = |name: &str| u32::try_from(number(name)).unwrap();
        let one = group(1, size("servers"), Some(size("waiting")));
        let (rows, output) = rows(&system(recorded, WorkSpec::FromTrace, one));
        let what = format!("line {} ({})", line + 1, text("file"));
        let check = |name: &str, got: u64| assert_eq!(got, number(name), "{what}: {name}");

        check("requests", rows.len() as u64);
        let served = || rows.iter().filter(|row| row.outcome == Some(Outcome::Ok));
        let mut waits: Vec<u64> = served().map(|r| r.start.unwrap() - r.arrived).collect();
        waits.sort_unstable();
        check("served", waits.len() as u64);
        check("wait_sum_ns", waits.iter().sum());
        let rank = |per_mille: usize| waits[(waits.len() * per_mille).div_ceil(1000) - 1];
        check("wait_p50_ns", rank(500));
        check("wait_p99_ns", rank(990));
        check("wait_p999_ns", rank(999));
        check(
            "last_departure_ns",
            served().filter_map(|r| r.end).max().unwrap(),
        );
        check("max_waiting", output.tally.workers[0].queue_max);
        let refused = || {
            rows.iter()
                .filter(|r| r.outcome == Some(Outcome::BufferFull))
        };
        check("rejected", refused().count() as u64);
        let first = refused().next();
        let shown = |n: Option<u64>| n.map_or("-".to_owned(), |n| n.to_string());
        assert_eq!(
            shown(first.map(|r| r.request)),
            text("first_reject_row"),
            "{what}"
        );
        assert_eq!(
            shown(first.map(|r| r.born)),
            text("first_reject_ns"),
            "{what}"
        );

        // What was counted on the way agrees with the rows.
        let wait = &output.tally.delays[0].wait;
        check("served", wait.count());
        assert_eq!(wait.sum(), u128::from(number("wait_sum_ns")), "{what}");
        check(
            "rejected",
            output.tally.workers[0].ended[Outcome::BufferFull.index()],
        );
    }
}
