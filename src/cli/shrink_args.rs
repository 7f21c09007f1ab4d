//! The options of `shrink`.

use std::path::PathBuf;

use clap::Args;

use super::common_args::Edits;

/// Shown below the options.
pub const SHRINK_EXAMPLES: &str = "\
Examples:
  veltrix shrink TOKEN
  veltrix shrink TOKEN experiments/veltrix.toml --seconds 60
  veltrix shrink TOKEN experiments/veltrix.toml --out overflow --tries 500

The token is printed with every incident. What is left goes to runs/NAME-shrink-DIGEST/ and needs
no other file: model.toml, experiment.toml, arrivals.csv, and what was not needed. The same token,
file and tries give the same bytes. Ctrl-C keeps the best so far (exit code 130). Exit code 6: the
run has no such incident. More: docs/shrink.md.";

/// Options of `shrink`.
#[derive(Clone, Debug, Args)]
pub struct ShrinkArgs {
    /// The token of an incident, or an incident file
    #[arg(value_name = "TOKEN|FILE")]
    pub what: String,
    /// The experiment that it comes from; else that of a run in runs/ that knows it
    pub experiment: Option<PathBuf>,
    /// What was changed about the experiment then
    #[command(flatten)]
    pub edits: Edits,
    /// Most trials that are tried
    #[arg(long, value_name = "N", default_value = "2000",
        value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub tries: u64,
    /// Longest time, in seconds; when it strikes, the result depends on this machine
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seconds: Option<u64>,
    /// Output directory, instead of runs/NAME-shrink-DIGEST
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Shrink even if it was done before, and replace older results
    #[arg(long)]
    pub force: bool,
}
