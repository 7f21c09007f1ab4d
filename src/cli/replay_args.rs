//! The options of `replay`.

use std::path::PathBuf;

use clap::Args;

use super::args::Changes;

/// Shown below the options.
pub const REPLAY_EXAMPLES: &str = "\
Examples:
  veltrix replay TOKEN experiments/veltrix.toml

The token is printed with every incident. Exit code 6: what came out is not what the token names.";

/// Options of `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// The token of a trial
    #[arg(value_name = "TOKEN")]
    pub what: String,
    /// The experiment that it comes from
    pub experiment: PathBuf,
    /// What was changed about the files then
    #[command(flatten)]
    pub changes: Changes,
}
