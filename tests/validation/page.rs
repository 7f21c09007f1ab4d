//! `docs/validation.md`: the comparison as a page.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Compared;
use crate::measure::Measured;
use crate::measure::{Job, count};
use crate::waiting::WAITING;

const BEGIN: &str = "<!-- numbers -->\n";
const END: &str = "<!-- end of numbers -->\n";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/validation.md")
}

/// The page as it is.
pub fn text() -> String {
    fs::read_to_string(path()).unwrap()
}

/// One row of the table.
pub fn line(c: &Compared) -> String {
    let z = if c.z.is_finite() { c.z } else { 0.0 };
    let verdict = if c.holds() { "holds" } else { "**fails**" };
    format!(
        "| {} | {} | {} | {} | {} | {z:+.2} | {verdict} |",
        c.case.id,
        c.metric,
        short(c.theory),
        short(c.simulated),
        short(c.tolerance),
    )
}

/// Six significant digits.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let mut digits = 5;
    let mut scale = value.abs();
    while scale >= 10.0 && digits > 0 {
        scale /= 10.0;
        digits -= 1;
    }
    while scale < 1.0 {
        scale *= 10.0;
        digits += 1;
    }
    format!("{value:.digits$}")
}

/// Puts the numbers of a whole run between the marks.
pub fn write(compared: &[Compared], jobs: &[Job], tallies: &[Measured]) {
    let text = text();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let mut out = String::new();
    let requests: u64 = tallies.iter().map(|m| count(m)).sum();
    let z = |least: f64| compared.iter().filter(|c| c.z.abs() > least).count();
    let furthest = compared
        .iter()
        .filter(|c| c.z.is_finite())
        .max_by(|a, b| a.z.abs().total_cmp(&b.z.abs()))
        .unwrap();
    writeln!(
        out,
        "\n{} numbers of {} cases, {} million measured requests. Off by more than two standard \
         errors:\n{}; by more than three: {}; furthest: {:+.2} ({}, {}).\n",
        compared.len(),
        jobs.len(),
        requests / 1_000_000,
        z(2.0),
        z(3.0),
        furthest.z,
        furthest.case.id,
        furthest.metric,
    )
    .unwrap();
    out += "| case | metric | theory | simulated | tolerance | z | verdict |\n";
    out += "|---|---|---:|---:|---:|---:|---|\n";
    for c in compared {
        out += &line(c);
        out.push('\n');
    }
    if !WAITING.is_empty() {
        out += "\n## Waiting for a feature\n\n| case | waits for |\n|---|---|\n";
    }
    for (name, what) in WAITING {
        writeln!(out, "| {name} | {what} |").unwrap();
    }
    fs::write(path(), format!("{head}{BEGIN}{out}\n{END}{tail}")).unwrap();
}
