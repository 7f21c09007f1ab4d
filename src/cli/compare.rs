//! `veltrix compare A B`: finds the two sides, runs them or reads them back, says which is better.

mod sides;

use std::sync::atomic::Ordering;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{CompareArgs, CompareFormat};
use super::exit::Exit;
use super::interrupt::Interrupt;
use super::streams::Streams;
use crate::base::codes::Code;
use crate::experiment::compare::claim::Condition;
use crate::experiment::compare::{Comparison, Side, compare as judge, contest, levels};
use crate::experiment::design::Design;
use crate::experiment::objective::Objective;
use crate::experiment::run::{Options, Progress, RunError, Watch};
use crate::experiment::sample::simulate_until;
use crate::model::metric::{Metric, MetricError};
use crate::model::trial::Horizon;
use crate::report::comparison::{Told, holds, print};
use crate::report::{comparison_json, read_back};
use sides::{Files, Folders, Found};

/// What is compared unless `--metrics` says otherwise; costs only where there are prices.
const USUAL: [&str; 8] = [
    "goodput",
    "latency_mean",
    "latency_p50",
    "latency_p99",
    "wait_mean",
    "loss",
    "utilisation",
    "cost_per_month",
];

/// Failed trials that are told one by one.
const FAILURES: usize = 5;

/// Why there is no comparison, ready to be shown.
#[derive(Debug)]
struct Stop {
    text: String,
    exit: Exit,
}

impl Stop {
    /// The command or a file is wrong.
    fn wrong(message: &str, help: &str) -> Stop {
        Stop {
            text: format!("error: {message}\nhelp: {help}\n"),
            exit: Exit::Wrong,
        }
    }

    fn metric(code: Option<Code>, error: MetricError) -> Stop {
        let code = code.map_or(String::new(), |code| format!("[{code}]"));
        let mut text = format!("error{code}: {}\n", error.message);
        if let Some(help) = error.help {
            text.push_str(&format!("help: {help}\n"));
        }
        Stop {
            text,
            exit: Exit::Wrong,
        }
    }
}

/// Compares two sides.
pub fn compare(args: &CompareArgs, streams: &mut Streams<'_>, terminal: bool) -> Exit {
    match compared(args, streams, terminal) {
        Ok(exit) => exit,
        Err(stop) => {
            streams.say(&stop.text);
            stop.exit
        }
    }
}

fn compared(args: &CompareArgs, streams: &mut Streams<'_>, terminal: bool) -> Result<Exit, Stop> {
    let wanted = Wanted::of(args)?;
    match sides::find(args, streams)? {
        Found::Files(files) => of_files(args, &wanted, &files, streams, terminal),
        Found::Folders(folders) => of_folders(args, &wanted, &folders, streams),
    }
}

/// What the options ask for.
struct Wanted {
    metrics: Vec<Metric>,
    conditions: Vec<Condition>,
    /// Whether the metrics were named.
    named: bool,
}

impl Wanted {
    fn of(args: &CompareArgs) -> Result<Wanted, Stop> {
        let bad = |e| Stop::metric(Some(Code::UNKNOWN_METRIC), e);
        let conditions = args.fail_if.iter().map(|text| Condition::parse(text));
        let conditions: Vec<Condition> = conditions
            .collect::<Result<_, _>>()
            .map_err(|e| Stop::metric(None, e))?;
        let named = !args.metrics.is_empty();
        let names = args.metrics.iter().map(|name| Metric::parse(name.trim()));
        let mut metrics = names.collect::<Result<Vec<Metric>, _>>().map_err(bad)?;
        if !named {
            let usual = USUAL.iter().map(|name| Metric::parse(name));
            metrics = usual.collect::<Result<_, _>>().map_err(bad)?;
        }
        Ok(Wanted {
            metrics,
            conditions,
            named,
        })
    }

    /// The metrics to compare, where these have no use and those are asked for besides.
    fn metrics(&self, dull: impl Fn(&Metric) -> bool, objective: &[&Objective]) -> Vec<Metric> {
        let mut all: Vec<Metric> = Vec::new();
        let mut add = |metric: &Metric| {
            if !all.contains(metric) {
                all.push(metric.clone());
            }
        };
        let usual = self.metrics.iter().filter(|m| self.named || !dull(m));
        usual.for_each(&mut add);
        if !self.named {
            let constraints = objective.iter().flat_map(|o| &o.subject_to);
            constraints.for_each(|c| add(&c.metric));
        }
        self.conditions.iter().for_each(|c| add(&c.metric));
        all
    }

    /// The confidence of each metric.
    fn levels(&self, args: &CompareArgs, metrics: &[Metric], confidence: f64) -> Vec<f64> {
        let claimed: Vec<Metric> = self.conditions.iter().map(|c| c.metric.clone()).collect();
        let family = if args.family { metrics } else { &claimed };
        levels(metrics, family, confidence)
    }
}

fn of_files(
    args: &CompareArgs,
    wanted: &Wanted,
    files: &Files,
    streams: &mut Streams<'_>,
    terminal: bool,
) -> Result<Exit, Stop> {
    let [a, b] = [files.pick(0), files.pick(1)];
    let found = contest::mismatches(a.design, b.design);
    files.agree(&found)?;
    let systems = [a, b].map(|side| &side.design.points[side.point].system);
    let priced = systems.iter().any(|s| s.cost_per_hour() > 0.0);
    let objectives: Vec<&Objective> = [a, b]
        .iter()
        .filter_map(|s| s.design.objective.as_ref())
        .collect();
    let free = |metric: &Metric| !priced && metric.to_string().starts_with("cost_");
    let metrics = wanted.metrics(free, &objectives);
    for metric in &metrics {
        for system in systems {
            let checked = metric.check(system);
            checked.map_err(|e| Stop::metric(Some(Code::UNKNOWN_METRIC), e))?;
        }
    }
    let design = contest::contest(a, b, metrics.clone());
    if design.replications < 2 && !wanted.conditions.is_empty() {
        return Err(one_replication());
    }
    let watcher = Watcher::new(&design, terminal && !args.quiet);
    let options = Options {
        threads: args.threads.count(),
    };
    let stop = watcher.interrupt.stop();
    let outcome = contest::run(&design, options, &watcher, |spec, run, sample| {
        simulate_until(spec, run, sample, stop)
    });
    watcher.bar.finish_and_clear();
    let sides = match outcome {
        Ok(sides) => sides,
        Err(error @ RunError::NoThreads(_)) => {
            return Err(Stop {
                text: format!("error: {error}\n"),
                exit: Exit::Trouble,
            });
        }
        Err(RunError::Stopped(_)) => {
            return Err(Stop {
                text: format!(
                    "interrupted[{}]: nothing is kept; the same command starts again\n",
                    Code::INTERRUPTED
                ),
                exit: watcher.interrupt.exit().unwrap_or(Exit::Interrupted),
            });
        }
    };
    let levels = wanted.levels(args, &metrics, design.confidence);
    let horizon = match design.timing.horizon {
        Horizon::For(time) => crate::base::units::print_time(time),
        Horizon::Trace => "the whole trace".into(),
    };
    let comparison = judge(&metrics, &levels, &sides[0], &sides[1]);
    let told = Told {
        names: [&sides[0].name, &sides[1].name],
        comparison: &comparison,
        conditions: &wanted.conditions,
        horizon: &horizon,
        seed: &design.seed.to_string(),
        confidence: design.confidence,
        currency: &systems[1].prices.currency,
    };
    Ok(tell(args, &told, &sides, streams))
}

fn of_folders(
    args: &CompareArgs,
    wanted: &Wanted,
    folders: &Folders,
    streams: &mut Streams<'_>,
) -> Result<Exit, Stop> {
    let [a, b] = [folders.side(0), folders.side(1)];
    folders.agree(&read_back::mismatches(a.0, b.0))?;
    let has = |metric: &Metric| a.0.metrics.contains(metric) && b.0.metrics.contains(metric);
    let metrics = wanted.metrics(|metric| !has(metric), &[]);
    if let Some(metric) = metrics.iter().find(|m| !has(m)) {
        return Err(Stop::wrong(
            &format!("`{metric}` is not in both directories"),
            "add it to `metrics` of the experiments, run them again, or compare their files",
        ));
    }
    let name = |i: usize| folders.names[i].clone();
    let sides = [
        a.0.side(a.1, name(0), &metrics),
        b.0.side(b.1, name(1), &metrics),
    ];
    if sides[0].trials.len() < 2 && !wanted.conditions.is_empty() {
        return Err(one_replication());
    }
    let confidence = a.0.confidence();
    let levels = wanted.levels(args, &metrics, confidence);
    let comparison = judge(&metrics, &levels, &sides[0], &sides[1]);
    let told = Told {
        names: [&sides[0].name, &sides[1].name],
        comparison: &comparison,
        conditions: &wanted.conditions,
        horizon: a.0.horizon(),
        seed: &a.0.manifest.seed,
        confidence,
        currency: &b.0.currency,
    };
    Ok(tell(args, &told, &sides, streams))
}

fn one_replication() -> Stop {
    Stop::wrong(
        "`--fail-if` needs two replications or more: one has no interval",
        "give `--replications 10`",
    )
}

/// Warns, prints, and says how it ends.
fn tell(args: &CompareArgs, told: &Told<'_>, sides: &[Side; 2], streams: &mut Streams<'_>) -> Exit {
    let comparison = told.comparison;
    streams.say(&warnings(comparison));
    streams.say(&failures(sides));
    let claimed = told.conditions.iter();
    let bad = claimed
        .filter(|c| holds(comparison, c) != Some(false))
        .count();
    let exit = match (comparison.failed, bad) {
        (1.., _) => Exit::Incomplete,
        (0, 1..) => Exit::NotMet,
        (0, 0) => Exit::Done,
    };
    if args.format == CompareFormat::Json {
        return streams.data(&comparison_json::bytes(told), exit);
    }
    if args.quiet {
        return exit;
    }
    streams.data(print(told).as_bytes(), exit)
}

fn warnings(comparison: &Comparison) -> String {
    let mut text = String::new();
    if comparison.same_demand == Some(false) {
        text.push_str(&format!(
            "warning[{}]: A and B did not meet the same requests: pairing gains less, or nothing\n",
            Code::STREAMS_SLIPPED
        ));
    }
    let slipped: Vec<String> = comparison.slipped().map(|r| r.metric.to_string()).collect();
    if !slipped.is_empty() {
        text.push_str(&format!(
            "warning[{}]: the difference varies more than between independent runs: {}\n",
            Code::STREAMS_SLIPPED,
            slipped.join(", ")
        ));
    }
    text
}

fn failures(sides: &[Side; 2]) -> String {
    let failed = sides.iter().flat_map(|side| {
        let trials = side.trials.iter().enumerate();
        trials.filter_map(move |(r, t)| Some((&side.name, r, t.as_ref().err()?)))
    });
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "{} trials failed, and their partners are left out\n",
        failed.len()
    );
    for (name, replication, why) in failed.iter().take(FAILURES) {
        text.push_str(&format!("  {name}, replication {replication}: {why}\n"));
    }
    text
}

/// Watches a run: draws a bar, listens for signals.
struct Watcher {
    bar: ProgressBar,
    interrupt: Interrupt,
}

impl Watcher {
    fn new(design: &Design, seen: bool) -> Watcher {
        let bar = match seen {
            true => ProgressBar::new(design.trial_count() as u64),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{bar:27} {pos}/{len} trials  {eta} left");
        bar.set_style(style.expect("the template is a constant"));
        bar.tick();
        Watcher {
            bar,
            interrupt: Interrupt::listen(),
        }
    }
}

impl Watch for Watcher {
    fn progress(&self, _: Progress) {
        self.bar.inc(1);
    }

    fn stopped(&self) -> bool {
        self.interrupt.stop().load(Ordering::Relaxed)
    }
}
