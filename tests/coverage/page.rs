//! The table of docs/coverage.md.

use std::fs;

use crate::rows::{Row, rows};
use crate::{Found, allowed};

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

fn text() -> String {
    fs::read_to_string(PAGE).unwrap()
}

/// Rewrites the lines of the rows that ran; all others stay.
pub fn write(found: &[Found]) {
    let old = text();
    let (before, table) = old.split_once(HEAD).unwrap();
    let mut new = format!("{before}{HEAD}\n|---|---|---|---|---|\n");
    for row in rows() {
        for metric in row.metrics {
            let (start, end) = ends(&row, metric);
            let ran = found
                .iter()
                .find(|f| f.row == row.name && f.metric == *metric);
            let line = match ran {
                Some(f) => format!(
                    "{start} {:.2} % of {} {end}",
                    f64::from(f.held) / f64::from(f.of) * 100.0,
                    f.of
                ),
                None => {
                    let line = table.lines().find(|line| line.starts_with(&start));
                    line.map_or_else(|| format!("{start} not yet {end}"), str::to_owned)
                }
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
            let shown = line.strip_prefix(&start).and_then(|l| l.strip_suffix(&end));
            let shown = shown.unwrap_or_else(|| panic!("docs/coverage.md: {line}"));
            let (share, of) = shown
                .trim()
                .split_once(" % of ")
                .expect("a share and a number");
            let (share, of): (f64, u32) = (share.parse().unwrap(), of.parse().unwrap());
            let held = (share / 100.0 * f64::from(of)).round() as u32;
            assert!(
                of >= 2000 && allowed(&row, held, of),
                "docs/coverage.md: {line}"
            );
        }
    }
    assert_eq!(lines.next(), None, "docs/coverage.md has a line too many");
}
