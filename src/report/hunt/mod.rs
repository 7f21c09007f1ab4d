//! What a hunt found: in words, `hunt.json`, `hunt.csv`.

mod csv;
mod json;
mod story;
mod verdict;

pub use json::{NAME as JSON, bytes as json_bytes};
pub use story::print;
pub use verdict::{Verdict, Was};

use super::number::{self, short};
use super::outputs::Output;
use crate::experiment::hunt::{Found, Hunt, Shot};
use crate::model::incident::Kind;

/// The name of the story's file.
pub const STORY: &str = "summary.txt";

/// A hunt and what it found.
#[derive(Clone, Copy)]
pub struct Hunted<'a> {
    /// Name of the experiment.
    pub name: &'a str,
    /// The point in words: `after, workers.count = 25`.
    pub label: &'a str,
    /// Its variant.
    pub variant: &'a str,
    /// Its values on the axes: path and value.
    pub at: &'a [(String, String)],
    /// What was hunted.
    pub hunt: &'a Hunt,
    /// The kinds that count, where not all that are on do.
    pub kinds: Option<&'a [Kind]>,
    /// Whether systems were drawn.
    pub swarm: bool,
    /// Of every interval.
    pub confidence: f64,
    /// The outcomes, in the order of seeds.
    pub shots: &'a [Shot],
    /// What they say.
    pub found: &'a Found,
    /// What runs a token again, but for its settings: `veltrix replay TOKEN FILE` and options,
    /// apart.
    pub replay: &'a [String],
}

/// Every file but the manifest and what only the machine knows.
pub fn files(hunted: Hunted<'_>, resolved: &str) -> Vec<Output> {
    vec![
        ("resolved.toml".into(), resolved.as_bytes().to_vec()),
        ("hunt.csv".into(), csv::bytes(hunted.shots)),
        (JSON.into(), json_bytes(hunted)),
        (STORY.into(), print(hunted).into_bytes()),
    ]
}

/// A share in percent, with three digits.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent == 0.0 || percent >= 100.0 {
        return format!("{percent:.0} %");
    }
    let (mut digits, mut scale) = (1, percent);
    while scale < 10.0 && digits < 12 {
        (scale, digits) = (10.0 * scale, digits + 1);
    }
    format!("{percent:.digits$} %")
}

/// A confidence in percent: `95`, `99.9`.
fn whole_percent(share: f64) -> String {
    number::csv(Some((1e6 * share).round() / 1e4))
}

/// The rule of three: `3/200 = 1.50 %`.
fn below(share: f64, seeds: u64) -> String {
    let events = short((share * seeds as f64 * 100.0).round() / 100.0);
    let events = events.trim_end_matches('0').trim_end_matches('.');
    format!("{events}/{seeds} = {}", percent(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_three_digits() {
        for (share, text) in [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.985, "98.5 %"),
            (0.015, "1.50 %"),
            (0.000_123_4, "0.0123 %"),
        ] {
            assert_eq!(percent(share), text);
        }
        assert_eq!(below(0.014_979, 200), "3/200 = 1.50 %");
        assert_eq!(below(0.023_026, 100), "2.3/100 = 2.30 %");
    }
}
