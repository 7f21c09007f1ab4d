//! `docs/validation.md`: the comparison as a page.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use veltrix::report::number::short;
use veltrix::verify::Compared;
use veltrix::verify::waiting::WAITING;

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
    let z = c.z().unwrap_or(0.0);
    let verdict = if c.holds() { "holds" } else { "**fails**" };
    format!(
        "| {} | {} | {} | {} | {} | {z:+.2} | {verdict} |",
        c.name(),
        c.known.metric,
        short(c.known.value),
        short(c.simulated),
        short(c.tolerance()),
    )
}

/// Puts the numbers of a whole run between the marks.
pub fn write(compared: &[Compared], cases: usize, requests: u64) {
    let text = text();
    let (head, rest) = text.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let mut out = String::new();
    let z = |c: &&Compared| c.z().unwrap_or(0.0);
    let beyond = |least: f64| compared.iter().filter(|c| z(c).abs() > least).count();
    let furthest = compared
        .iter()
        .max_by(|a, b| z(a).abs().total_cmp(&z(b).abs()))
        .unwrap();
    writeln!(
        out,
        "\n{} numbers of {} cases, {} million measured requests. Off by more than two standard \
         errors:\n{}; by more than three: {}; furthest: {:+.2} ({}, {}).\n",
        compared.len(),
        cases,
        requests / 1_000_000,
        beyond(2.0),
        beyond(3.0),
        z(&furthest),
        furthest.name(),
        furthest.known.metric,
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
