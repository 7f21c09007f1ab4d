//! The options of `hunt`, and what of them is refused.

use std::ops::Range;
use std::path::PathBuf;

use clap::Args;

use super::args::{Format, part};
use super::common_args::{Edits, Threads, assignment};
use crate::experiment::hunt::MOST_SEEDS;

/// Shown below the options.
pub const HUNT_EXAMPLES: &str = "\
Examples:
  veltrix hunt experiments/veltrix.toml --variant before --seeds 0..200
  veltrix hunt experiments/veltrix.toml --variant after --for metastable,own --fail-if-any
  veltrix hunt experiments/veltrix.toml --variant after --swarm --seeds 0..1000
  veltrix hunt experiments/veltrix.toml --variant after --verify TOKEN --was 10%

Each seed is one run, broken off a second of simulated time after its first incident. A row a seed
goes to runs/NAME-hunt-DIGEST/hunt.csv. The same file, options and version give the same bytes, on
any number of threads; what was interrupted goes on. Exit code 3: something was found and
--fail-if-any is given, or what is to be verified still fails.";

/// Options of `hunt`.
#[derive(Clone, Debug, Args)]
pub struct HuntArgs {
    /// The experiment file
    pub file: PathBuf,
    /// Which variant; else the first
    #[arg(long, value_name = "VARIANT")]
    pub variant: Option<String>,
    /// A value on an axis of the sweep, else the first point (may be repeated)
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub at: Vec<String>,
    /// The seeds, the last not among them; with --verify those before the ones to be clean
    #[arg(
        long,
        value_name = "A..B",
        default_value = "0..200",
        value_parser = seeds,
        allow_hyphen_values = true
    )]
    pub seeds: Range<u64>,
    /// Which detectors count, by commas; `own` are conditions of the file; else all that are on
    #[arg(long = "for", value_name = "KINDS", value_delimiter = ',')]
    pub kinds: Vec<String>,
    /// Run each seed to its end
    #[arg(long)]
    pub whole: bool,
    /// Draw for each seed which faults are on, and values from the ranges of [uncertain]
    #[arg(long)]
    pub swarm: bool,
    /// Whether the incident of this token is gone: how many clean seeds that takes, and run them
    #[arg(
        long,
        value_name = "TOKEN",
        conflicts_with_all = ["kinds", "whole", "swarm", "out", "force", "fail_if_any"]
    )]
    pub verify: Option<String>,
    /// Share of seeds that had the incident before, such as 10%; else it is measured
    #[arg(long, value_name = "SHARE", requires = "verify", value_parser = was)]
    pub was: Option<f64>,
    /// What is changed about the files
    #[command(flatten)]
    pub edits: Edits,
    /// How many threads run
    #[command(flatten)]
    pub threads: Threads,
    /// Output directory, instead of runs/NAME-hunt-DIGEST
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Hunt even if it was done before, and replace older results
    #[arg(long)]
    pub force: bool,
    /// End with 3 if any seed has an incident
    #[arg(long)]
    pub fail_if_any: bool,
    /// What goes to stdout
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// No progress and no story, only what is wrong
    #[arg(long, short)]
    pub quiet: bool,
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let form = || "seeds are A..B, as in 0..200: 0 is one of them, 200 is not".to_owned();
    let (from, to) = text.split_once("..").ok_or_else(form)?;
    let whole = |part: &str| {
        let digits = !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        digits
            .then(|| part.parse::<u64>().ok())
            .flatten()
            .ok_or_else(form)
    };
    let (from, to) = (whole(from.trim())?, whole(to.trim())?);
    match to.checked_sub(from) {
        None => Err(format!("they go upwards: write {to}..{from}")),
        Some(0) => Err(format!(
            "there is no seed in it: {from}..{} would be one",
            from.saturating_add(1)
        )),
        Some(count) if count > MOST_SEEDS => Err(format!(
            "{count} seeds are more than {MOST_SEEDS}: hunt them in parts"
        )),
        Some(_) => Ok(from..to),
    }
}

fn was(text: &str) -> Result<f64, String> {
    let value = part(text).filter(|share| *share > 0.0 && *share <= 1.0);
    value.ok_or_else(|| "a share is above 0 % and at most 100 %, such as 10% or 0.1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_that_goes_upwards() {
        assert_eq!(seeds("0..200"), Ok(0..200));
        assert_eq!(seeds("7 .. 8"), Ok(7..8));
        assert_eq!(
            seeds("18446744073709551614..18446744073709551615"),
            Ok(u64::MAX - 1..u64::MAX)
        );
        for (text, word) in [
            ("", "A..B"),
            ("5", "A..B"),
            ("-1..5", "A..B"),
            ("0..1e3", "A..B"),
            ("0..18446744073709551616", "A..B"),
            ("10..5", "write 5..10"),
            ("5..5", "5..6 would be one"),
            ("0..1000001", "more than 1000000"),
        ] {
            assert!(seeds(text).unwrap_err().contains(word), "{text}");
        }
    }

    #[test]
    fn a_share_of_before_may_be_all() {
        assert_eq!(was("100%"), Ok(1.0));
        assert_eq!(was("0.25"), Ok(0.25));
        for text in ["0", "0%", "101%", "-1%", "nan", "all"] {
            assert!(was(text).is_err(), "{text}");
        }
    }
}
