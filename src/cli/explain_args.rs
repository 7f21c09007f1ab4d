//! The options of `explain`.

use std::path::PathBuf;

use clap::Args;

use super::args::Format;
use super::common_args::{Edits, Threads};

/// Shown below the options.
pub const EXPLAIN_EXAMPLES: &str = "\
Examples:
  veltrix explain VX3102                     what a code means and what to do
  veltrix explain TOKEN                      why that incident happened
  veltrix explain TOKEN experiments/veltrix.toml --quick
  veltrix explain TOKEN --map                at which loads it would not come back

The token is printed with every incident. The run is repeated with one suspect at a time taken
away; \"because\" is only said of one without which the incident does not happen. Everything goes to
runs/NAME-explain-DIGEST/ as well. docs/explain.md tells what is done and what it cannot tell.
Exit code 6: the experiment has no such trial or incident.";

/// Options of `explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A code (VX3102, vx3102, 3102), the token of a trial, or an incident file
    #[arg(value_name = "CODE|TOKEN|FILE")]
    pub what: String,
    /// Of a token: the experiment that it comes from; else that of a run in runs/ that knows it
    pub experiment: Option<PathBuf>,
    /// What was changed about the experiment then
    #[command(flatten)]
    pub edits: Edits,
    /// Leave out how likely it was, moment by moment
    #[arg(long)]
    pub quick: bool,
    /// Map also over which loads, and after how long a trigger, the system stays down by itself
    #[arg(long)]
    pub map: bool,
    /// How many threads run
    #[command(flatten)]
    pub threads: Threads,
    /// Output directory, instead of runs/NAME-explain-DIGEST
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Explain even if it was done before, and replace older results
    #[arg(long)]
    pub force: bool,
    /// What goes to stdout
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}
