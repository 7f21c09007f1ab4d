//! `docs/rare.md`: the comparison as a table.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// Whether the long versions run.
pub fn long() -> bool {
    match env::var("VELTRIX_RARE").as_deref() {
        Err(_) | Ok("") => false,
        Ok("all") => true,
        Ok(other) => panic!("VELTRIX_RARE is all, not {other}"),
    }
}

/// One system: what is known of it, and the estimates of many seeds.
pub struct Row {
    name: String,
    known: (f64, f64),
    mean: f64,
    error: f64,
    seeds: usize,
    covered: usize,
    levels: u32,
    requests: f64,
}

impl Row {
    pub fn new(name: &str, known: (f64, f64), all: &[RareEstimate]) -> Row {
        let values: Vec<f64> = all.iter().map(|e| e.mean).collect();
        let (mean, error) = mean_of(&values);
        let (low, high) = (known.0 - 2.0 * known.1, known.0 + 2.0 * known.1);
        let inside = |e: &&RareEstimate| {
            e.low.is_some_and(|l| l <= high) && e.high.is_some_and(|h| h >= low)
        };
        let requests: u64 = all.iter().map(|e| e.requests).sum();
        Row {
            name: name.into(),
            known,
            mean,
            error,
            seeds: all.len(),
            covered: all.iter().filter(inside).count(),
            levels: all.iter().map(|e| e.levels).max().unwrap_or(0),
            requests: requests as f64 / all.len() as f64,
        }
    }

    /// How far off the mean is, in standard errors.
    pub fn errors(&self) -> f64 {
        let both = self.error * self.error + self.known.1 * self.known.1;
        (self.mean - self.known.0) / both.sqrt()
    }

    /// The share of intervals with the truth inside.
    pub fn covered(&self) -> f64 {
        self.covered as f64 / self.seeds as f64
    }

    pub fn line(&self) -> String {
        let known = match self.known.1 {
            0.0 => format!("{:.4e}", self.known.0),
            error => format!("{:.3e} ± {error:.1e}", self.known.0),
        };
        format!(
            "| {} | {known} | {:.3e} ± {:.1e} | {:+.2} | {} of {} | {} | {:.2} million |",
            self.name,
            self.mean,
            self.error,
            self.errors(),
            self.covered,
            self.seeds,
            self.levels,
            self.requests / 1e6
        )
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rare.md")
}

/// Puts rows between the marks of their part.
pub fn write(part: &str, rows: &[Row]) {
    if !env::var("VELTRIX_BLESS").is_ok_and(|v| v == "1") {
        return;
    }
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock().unwrap();
    let text = fs::read_to_string(path()).unwrap();
    let (begin, end) = (
        format!("<!-- {part} -->\n"),
        format!("<!-- end of {part} -->\n"),
    );
    let (head, rest) = text.split_once(&begin).unwrap();
    let (_, tail) = rest.split_once(&end).unwrap();
    let mut table = String::from(
        "\n| system | known | mean of the estimates | off by (standard errors) | truth inside | \
         levels | requests each |\n|---|---|---|---:|---:|---:|---:|\n",
    );
    for row in rows {
        table += &row.line();
        table.push('\n');
    }
    fs::write(path(), format!("{head}{begin}{table}\n{end}{tail}")).unwrap();
}
