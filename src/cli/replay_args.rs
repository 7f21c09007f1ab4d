//! The options of `replay`.

use std::path::PathBuf;

use clap::Args;

use super::common_args::Edits;
use crate::base::units::{Nanos, parse_time};

/// Shown below the options.
pub const REPLAY_EXAMPLES: &str = "\
Examples:
  veltrix replay v1-06b1-qkmp-tnc0-03g0-0407-bwcv
  veltrix replay TOKEN experiments/veltrix.toml --before 10s --after 5s
  veltrix replay runs/veltrix-32c0999c/incidents/before-overflow_first.json
  veltrix replay TOKEN --at 83.2s --worker events[14]

A token is printed with every incident, and stands in incidents.json for every trial. It does not
carry the model: that is looked for in the runs below runs/, or in the experiment that is named. The
trial is the same to the nanosecond; where an earlier run wrote down its fingerprints they are
compared. Results: every attempt of the window as attempts.csv, trace.json for a viewer of traces
(such as ui.perfetto.dev), a chart. Exit code 6: what came out is not what the token names.";

/// Options of `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// The token of a trial, or an incident file
    #[arg(value_name = "TOKEN|FILE")]
    pub what: String,
    /// The experiment that it comes from; else that of a run in runs/ that knows it
    pub experiment: Option<PathBuf>,
    /// How much to show before the incident
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time)]
    pub before: Nanos,
    /// How much to show after it
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    pub after: Nanos,
    /// Show how everything stood at this time of the run, and nothing else
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with_all = ["before", "after"])]
    pub at: Option<Nanos>,
    /// With --at: only this worker, such as events[14]
    #[arg(long, value_name = "WORKER", requires = "at")]
    pub worker: Option<String>,
    /// Output directory, instead of runs/NAME-replay-DIGEST
    #[arg(long, value_name = "DIR", conflicts_with = "at")]
    pub out: Option<PathBuf>,
    /// Run an incident file whose model was changed by hand
    #[arg(long)]
    pub force: bool,
    /// What was changed about the experiment then
    #[command(flatten)]
    pub edits: Edits,
}

/// A time with its unit.
fn time(text: &str) -> Result<Nanos, String> {
    parse_time(text).map_err(|e| e.help)
}
