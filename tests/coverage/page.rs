//! The table of docs/coverage.md.

use std::fs;

use crate::rows::{Row, rows};
use crate::{Found, allowed};

/// Fewer experiments are not worth a line.
pub const LEAST: u32 = 200;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/coverage.md");
const HEAD: &str = "| system | experiment | metric | hold | must |";

/// What a line begins with, and the bounds that it ends with.
fn ends(row: &Row, metric: &str) -> (String, String) {
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    let must = match row.must {
        (low, 1.0) => format!("{} % or more", percent(low)),
        (low, high) => format!("{} to {} %", percent(low), percent(high)),
    };
    (
        format!("| {} | {} | `{metric}` |", row.system, row.kind.words()),
        format!("| {must} |"),
    )
}

/// The share in percent that a line shows, and of how many experiments.
fn shown(line: &str, start: &str, end: &str) -> Option<(f64, u32)> {
    let shown = line.strip_prefix(start)?.strip_suffix(end)?;
    let (share, of) = shown.trim().split_once(" % of ")?;
    Some((share.parse().ok()?, of.parse().ok()?))
}

fn text() -> String {
    fs::read_to_string(PAGE).unwrap()
}

/// Rewrites the lines of the rows that ran, unless they show more experiments; all others stay.
pub fn write(found: &[Found]) {
    let old = text();
    let (before, table) = old.split_once(HEAD).unwrap();
    let mut new = format!("{before}{HEAD}\n|---|---|---|---|---|\n");
    for row in rows() {
        for metric in row.metrics {
            let (start, end) = ends(&row, metric);
            let mut ran = found.iter();
            let ran = ran.find(|f| f.row == row.name && f.metric == *metric);
            let old = table.lines().find(|line| line.starts_with(&start));
            let known = old.and_then(|line| shown(line, &start, &end));
            let line = match (ran, old) {
                (Some(f), _) if known.is_none_or(|(_, of)| of <= f.of) => {
                    let share = f64::from(f.held) / f64::from(f.of) * 100.0;
                    format!("{start} {share:.2} % of {} {end}", f.of)
                }
                (_, Some(old)) => old.to_owned(),
                _ => format!("{start} not yet {end}"),
            };
            new.push_str(&line);
            new.push('\n');
        }
    }
    fs::write(PAGE, new).unwrap();
}

#[test]
fn the_page_shows_the_rows_that_there_are() {
    let text = text();
    let (_, table) = text.split_once(HEAD).unwrap();
    let mut lines = table.lines().filter(|line| line.starts_with("| "));
    for row in rows() {
        for metric in row.metrics {
            let line = lines.next().expect("docs/coverage.md lacks lines");
            let (start, end) = ends(&row, metric);
            if line == format!("{start} not yet {end}") {
                println!("not yet counted: {} {metric}", row.name);
                continue;
            }
            let (share, of) =
                shown(line, &start, &end).unwrap_or_else(|| panic!("docs/coverage.md: {line}"));
            let held = (share / 100.0 * f64::from(of)).round() as u32;
            let sound = of >= LEAST && allowed(&row, held, of);
            assert!(sound, "docs/coverage.md: {line}");
        }
    }
    assert_eq!(lines.next(), None, "docs/coverage.md has a line too many");
}
