//! The command line: words, their meaning, and what of them is refused.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::common_args::{Changes, Threads, assignment};
use super::explain_args::{EXPLAIN_EXAMPLES, ExplainArgs};
use super::fit_args::{FIT_EXAMPLES, FitArgs};
use super::hunt_args::{HUNT_EXAMPLES, HuntArgs};
use super::replay_args::{REPLAY_EXAMPLES, ReplayArgs};
use super::shrink_args::{SHRINK_EXAMPLES, ShrinkArgs};

const EXAMPLES: &str = "\
Examples:
  veltrix check experiments/veltrix.toml     all mistakes at once, nothing is run
  veltrix run experiments/veltrix.toml       run it; results in runs/veltrix-DIGEST/
  veltrix sensitivity experiments/veltrix.toml
                                             what the results depend on, input by input
  veltrix find experiments/veltrix-sizing.toml
                                             the cheapest point that meets the objective
  veltrix compare FILE --a before --b after  which of two is better, and how sure
  veltrix hunt FILE --seeds 0..200           incidents in many seeds, and how often they come
  veltrix replay TOKEN                       one trial again, and what happened in it
  veltrix explain TOKEN                      why an incident happened, and what would have helped
  veltrix shrink TOKEN                       the smallest model and trace that still have it
  veltrix explain VX3102                     what a code means and what to do
  veltrix list metrics                       what can be measured
  veltrix verify                             is veltrix right? against theory

Results go to stdout, all else to stderr. Exit codes: 0 done, 1 trouble (disk, permission),
2 the command or a file is wrong, 3 the objective is not met or a `--fail-if` holds, 5 trials
failed, 6 not reproduced (verify, replay), 130 and 143 interrupted by SIGINT or
SIGTERM: the same command goes on.";

const RUN_EXAMPLES: &str = "\
Examples:
  veltrix run experiments/veltrix.toml
  veltrix run experiments/veltrix.toml --set service.events.workers.count=30
  veltrix run experiments/veltrix.toml --seed 15 --replications 30 --threads 2
  veltrix run experiments/veltrix.toml --format json | jq .points[0].metrics.loss

The same file, options and version give the same bytes, on any number of threads; only
host.json differs. An experiment that was run before is not run again, and one that was
interrupted goes on with the trials that are left. A second Ctrl-C ends at once.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  veltrix verify                             every kind of theory, less than a minute
  veltrix verify --long                      all cases, a few minutes
  veltrix verify --case mm1-rho50            one case; may be repeated
  veltrix verify --case mmck                 all cases of a kind
  veltrix verify --canary                    a simulator that is wrong on purpose: must fail

The known answers are part of the program: no file is read. The seed is fixed; the same version
prints the same bytes on any number of threads. Exit codes: 0 all numbers hold, 5 runs failed,
6 numbers are wrong. What the columns mean: docs/verify.md.";
const SENSITIVITY_EXAMPLES: &str = "\
Examples:
  veltrix sensitivity experiments/veltrix.toml
  veltrix sensitivity experiments/veltrix.toml --for before --by 5%
  veltrix sensitivity experiments/veltrix.toml --inputs service.events.work,fault
  veltrix sensitivity sizes.toml --method morris,sobol --metrics latency_p99,loss

Inputs are moved one at a time from what the variant's model says, without the axes of a
sweep. Walks (morris) and shares of the variance (sobol) need the ranges of [uncertain].
A point has 5 trials in a tornado, 2 in a walk and 1 in a sample, unless --replications says
otherwise; how many that makes is said before they begin. The same file, options and version
give the same bytes, on any number of threads; what was interrupted goes on.";

const FIND_EXAMPLES: &str = "\
Examples:
  veltrix find experiments/veltrix-sizing.toml
  veltrix find experiments/cheapest.toml --format json | jq .winner.cost
  veltrix find experiments/cheapest.toml --set source.visitors.arrivals.rate=500/s

The file needs an [objective]. Axes of its [sweep] may be lists, ranges, or
{ min, max, step }, which only `find` searches. What is found, what nearly was and what it took
is told, with how sure it is; everything looked at goes to runs/NAME-find-DIGEST/. The same file,
options and version give the same bytes, on any number of threads. Exit code 3: no point meets
the objective. Ctrl-C: the best so far is told, and nothing is written.";
const COMPARE_EXAMPLES: &str = "\
Examples:
  veltrix compare experiments/veltrix.toml --a before --b after-no-breaker
  veltrix compare sizes.toml --a-set service.web.workers.count=6 --b-set service.web.workers.count=7
  veltrix compare now.toml new.toml --fail-if 'latency_p99 worse' --fail-if 'loss worse'
  veltrix compare runs/now-0a1b2c3d runs/new-4e5f6a7b

Replication r of both meets the same requests, and the interval is that of the difference B - A.
Two files or directories must have the same seed, lengths and replications. Exit code 3: a
`--fail-if` holds, or the data cannot tell.";

/// A deterministic, seeded, virtual-time simulator of event-driven back ends.
#[derive(Debug, Parser)]
#[command(name = "veltrix", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run an experiment: every point, every replication
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// Find out which inputs the results depend on
    #[command(after_help = SENSITIVITY_EXAMPLES)]
    Sensitivity(SensitivityArgs),
    /// Find the cheapest point that meets the objective, and say how sure that is
    #[command(after_help = FIND_EXAMPLES)]
    Find(FindArgs),
    /// Check model and experiment files without running them
    Check(CheckArgs),
    /// Compare two designs, paired on the same requests: which is better, and how sure
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(CompareArgs),
    /// List what there is: policies, distributions, metrics, codes, ...
    List(ListArgs),
    /// Explain a code such as VX3102, or why an incident of a trial happened
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Check veltrix itself against theory, number by number
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
    /// Run one trial again, by its token, to the nanosecond
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// Make an incident as small as it gets: a model, a run and a trace that still have it
    #[command(after_help = SHRINK_EXAMPLES)]
    Shrink(ShrinkArgs),
    /// Hunt for incidents in many seeds, and say how often which come
    #[command(after_help = HUNT_EXAMPLES)]
    Hunt(Box<HuntArgs>),
    /// Fit a model to a log of requests
    #[command(after_help = FIT_EXAMPLES)]
    Fit(FitArgs),
}

/// Options of `run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// The experiment file
    pub file: PathBuf,
    /// What is changed about the files
    #[command(flatten)]
    pub changes: Changes,
    /// How many threads run
    #[command(flatten)]
    pub threads: Threads,
    /// Output directory, instead of runs/NAME-DIGEST
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Run even if it was run before, and replace older results
    #[arg(long)]
    pub force: bool,
    /// Go on with an interrupted run, and refuse if there is none
    #[arg(long, conflicts_with = "force")]
    pub resume: bool,
    /// Charts also as PNG
    #[arg(long)]
    pub png: bool,
    /// What goes to stdout
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// No progress and no summary, only what is wrong
    #[arg(long, short)]
    pub quiet: bool,
}

/// Options of `find`.
#[derive(Clone, Debug, Args)]
pub struct FindArgs {
    /// The experiment file
    pub file: PathBuf,
    /// What is changed about the files
    #[command(flatten)]
    pub changes: Changes,
    /// How many threads run
    #[command(flatten)]
    pub threads: Threads,
    /// Output directory, instead of runs/NAME-find-DIGEST
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Search even if it was done before, and replace older results
    #[arg(long)]
    pub force: bool,
    /// What goes to stdout
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// No progress and no story, only what is wrong
    #[arg(long, short)]
    pub quiet: bool,
}

/// Options of `sensitivity`.
#[derive(Clone, Debug, Args)]
pub struct SensitivityArgs {
    /// The experiment file
    pub file: PathBuf,
    /// Which variant; else the first that the objective is for, else the first
    #[arg(long = "for", value_name = "VARIANT")]
    pub variant: Option<String>,
    /// How: tornado, morris, sobol; else tornado, and morris if there is an [uncertain] table
    #[arg(long, value_name = "METHOD", value_delimiter = ',', value_enum)]
    pub method: Vec<Method>,
    /// tornado: by which share each input is moved, such as 10% or 0.1 [default: 10%]
    #[arg(long, value_name = "SHARE", value_parser = share, allow_hyphen_values = true)]
    pub by: Option<f64>,
    /// tornado: which inputs, by path, or all below a path; else every number of the model
    #[arg(long, value_name = "PATHS", value_delimiter = ',')]
    pub inputs: Vec<String>,
    /// Which metrics; else those of the objective, else cost, mean and p99 latency, loss
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub metrics: Vec<String>,
    /// morris: walks, 2 to 1000 [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub trajectories: Option<u32>,
    /// sobol: places of each sample, 16 to 100000, rounded up to a multiple of 8 [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(16..=100_000))]
    pub samples: Option<u32>,
    /// What is changed about the files
    #[command(flatten)]
    pub changes: Changes,
    /// How many threads run
    #[command(flatten)]
    pub threads: Threads,
    /// Output directory, instead of runs/NAME-sensitivity-DIGEST
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Run even if it was run before, and replace older results
    #[arg(long)]
    pub force: bool,
    /// Charts also as PNG
    #[arg(long)]
    pub png: bool,
    /// What goes to stdout
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// No progress and no summary, only what is wrong
    #[arg(long, short)]
    pub quiet: bool,
}

/// How inputs are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// Each input by a share, one at a time
    Tornado,
    /// Walks over the ranges of [uncertain]: elementary effects
    Morris,
    /// Samples of the ranges of [uncertain]: shares of the variance
    Sobol,
}

/// Options of `compare`.
#[derive(Clone, Debug, Args)]
pub struct CompareArgs {
    /// One or two experiment files, or one or two directories of results: A, then B
    #[arg(required = true, num_args = 1..=2, value_name = "FILE|DIR")]
    pub inputs: Vec<PathBuf>,
    /// The variant that is A
    #[arg(long, value_name = "VARIANT")]
    pub a: Option<String>,
    /// The variant that is B
    #[arg(long, value_name = "VARIANT")]
    pub b: Option<String>,
    /// A's value on an axis of the sweep, or another value of its model (may be repeated)
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub a_set: Vec<String>,
    /// B's value on an axis of the sweep, or another value of its model (may be repeated)
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub b_set: Vec<String>,
    /// Metrics to compare, by commas, instead of the usual ones
    #[arg(long, value_name = "METRICS", value_delimiter = ',')]
    pub metrics: Vec<String>,
    /// End with 3 if this holds: METRIC better, worse, higher, lower or differs (may be repeated)
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<String>,
    /// Judge all metrics together (Bonferroni), not only those of `--fail-if`
    #[arg(long)]
    pub family: bool,
    /// What is changed about the files
    #[command(flatten)]
    pub changes: Changes,
    /// How many threads run
    #[command(flatten)]
    pub threads: Threads,
    /// What goes to stdout
    #[arg(long, value_enum, default_value = "table")]
    pub format: CompareFormat,
    /// No progress and no table, only what is wrong
    #[arg(long, short)]
    pub quiet: bool,
}

/// What `compare` writes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// A table to read
    Table,
    /// An object for programs
    Json,
}

/// What a command writes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A summary to read
    Human,
    /// The object of results.json (sensitivity.json), and nothing else
    Json,
}

/// Options of `check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Model and experiment files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Print what the files mean, in full
    #[arg(long)]
    pub resolved: bool,
}

/// Options of `list`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// What to list; all there is without it
    #[arg(value_enum)]
    pub topic: Option<Topic>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Topic {
    /// Rules by which a balancer picks a worker
    Policies,
    /// Distributions of times, sizes and counts
    Distributions,
    /// Arrival processes
    Arrivals,
    /// What can be measured
    Metrics,
    /// Numbered messages
    Codes,
    /// Circuit breakers
    Breakers,
    /// Retry budgets
    Budgets,
    /// How workers shed load
    Shedders,
    /// How services get and lose workers
    Scalers,
    /// What can go wrong
    Faults,
    /// Incidents that are looked for
    Detectors,
}

/// Options of `verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// Also the cases of more than 3 million requests
    #[arg(long)]
    pub long: bool,
    /// Only this case, or the cases of this kind, however long (may be repeated)
    #[arg(long, value_name = "NAME", conflicts_with = "long")]
    pub case: Vec<String>,
    /// List the cases and where their numbers are from; run nothing
    #[arg(long, conflicts_with = "canary")]
    pub list: bool,
    /// Make every worker 2 % too fast, to see that it is noticed; leaves the replays out
    #[arg(long)]
    pub canary: bool,
    /// How many threads run
    #[command(flatten)]
    pub threads: Threads,
    /// What goes to stdout
    #[arg(long, value_enum, default_value = "table")]
    pub format: VerifyFormat,
}

/// What `verify` writes to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerifyFormat {
    /// Tables to read
    Table,
    /// One object with every number in full
    Json,
}

/// A part of a whole: `10%` or `0.1`.
pub(super) fn part(text: &str) -> Option<f64> {
    let (number, part) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 0.01),
        None => (text, 1.0),
    };
    number.parse::<f64>().ok().map(|n| n * part)
}

fn share(text: &str) -> Result<f64, String> {
    let value = part(text).filter(|by| *by >= 1e-6 && *by < 1.0);
    value.ok_or_else(|| "a share is above 0 % and below 100 %, such as 10% or 0.1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn shares_are_parts_of_the_whole() {
        for (text, by) in [("10%", 0.1), ("0.1", 0.1), ("2.5 %", 0.025)] {
            assert!((share(text).unwrap() - by).abs() < 1e-12, "{text}");
        }
        for text in ["", "%", "0", "0%", "-5%", "100%", "1", "ten", "nan", "inf"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
