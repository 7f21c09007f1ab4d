//! Options of `veltrix fit`, and what of them is refused.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::base::units::{parse_time, time_unit};

/// What is under the help.
pub const FIT_EXAMPLES: &str = "\
Examples:
  veltrix fit access.log > model.toml
  veltrix fit access.log --duration last --duration-unit s --timeout 30s --out web.toml
  veltrix fit requests.csv --time t_ms --size bytes --class route --service 2ms,40ns
  veltrix fit trace.csv --size output_tokens --service 200ms,10ms --out llm.toml

The model goes to stdout and what is to be said about it to stderr; with --out the model goes to
that file, long rates to NAME-rates.csv beside it, and the rest to stdout. docs/fit.md tells what
is fitted, how, and what a log cannot tell.";

/// Options of `fit`.
#[derive(Clone, Debug, Args)]
pub struct FitArgs {
    /// An access log (Common or Combined Log Format), a CSV with a header, or JSON lines
    pub log: PathBuf,
    /// How the log is written, instead of how its first line looks
    #[arg(long, value_enum)]
    pub format: Option<LogFormatArg>,
    /// Column of times: numbers (seconds, or _ms, _us, _ns by its ending) or ISO 8601
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// Column of sizes, whole numbers of bytes or of anything else
    #[arg(long, value_name = "COLUMN")]
    pub size: Option<String>,
    /// What makes classes: a column, path (its first part), method or none
    #[arg(long, value_name = "COLUMN")]
    pub class: Option<String>,
    /// How many classes are told apart, the rest included
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = classes)]
    pub classes: usize,
    /// Column of durations; `last` is the last field of an access log
    #[arg(long, value_name = "COLUMN")]
    pub duration: Option<String>,
    /// Unit of the durations: s, ms, us or ns
    #[arg(long, value_name = "UNIT", requires = "duration", value_parser = duration_unit)]
    pub duration_unit: Option<u64>,
    /// Durations of at least this were cut off, as those with status 499 and 504 were
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<u64>,
    /// Work of a request: a time, and a time for each unit of size (200ms,10ms)
    #[arg(
        long,
        value_name = "A[,B]",
        value_parser = service,
        conflicts_with_all = ["duration", "timeout"]
    )]
    pub service: Option<(f64, f64)>,
    /// What to fit
    #[arg(long, value_enum, default_value = "profile")]
    pub arrivals: FitProcess,
    /// Most steps of a rate over time [default: 512]
    #[arg(long, value_name = "N", value_parser = steps)]
    pub steps: Option<usize>,
    /// Largest share of lines that may be bad
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share)]
    pub max_bad: f64,
    /// Write the model to this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Only the model, and what is wrong
    #[arg(long, short)]
    pub quiet: bool,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormatArg {
    /// Common or Combined Log Format
    Clf,
    /// CSV with a header
    Csv,
    /// A JSON object a line
    Jsonl,
}

/// What arrivals are fitted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitProcess {
    /// A rate over time where the log shows one, and what is left of bursts on top
    Profile,
    /// One process for the whole log, bursts and all: MMPP, on and off, or Poisson
    Stationary,
    /// Poisson of the mean rate, to compare
    Poisson,
}

fn classes(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (1..=100).contains(n));
    number.ok_or_else(|| "classes are 1 to 100".into())
}

fn steps(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (1..=65_536).contains(n));
    number.ok_or_else(|| "steps are 1 to 65536; the power of two below is taken".into())
}

fn share(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|n| (0.0..=1.0).contains(n));
    number.ok_or_else(|| "a share is 0 to 1".into())
}

fn time(text: &str) -> Result<u64, String> {
    let time = parse_time(text).ok().filter(|t| *t > 0);
    time.ok_or_else(|| "a time above 0 with its unit, such as 250ms".into())
}

fn duration_unit(text: &str) -> Result<u64, String> {
    let unit = Some(text).filter(|t| ["s", "ms", "us", "ns"].contains(t));
    unit.and_then(time_unit)
        .ok_or_else(|| "s, ms, us or ns".into())
}

fn service(text: &str) -> Result<(f64, f64), String> {
    let (fixed, per_unit) = text.split_once(',').unwrap_or((text, "0s"));
    let of = |text: &str| parse_time(text.trim()).ok().map(|t| t as f64);
    match (of(fixed), of(per_unit)) {
        (Some(fixed), Some(per_unit)) if fixed + per_unit > 0.0 => Ok((fixed, per_unit)),
        _ => Err("a time, or two: 200ms,10ms is 200 ms and 10 ms for each unit of size".into()),
    }
}
