//! What a person reads after a run: the points, the objective, the trouble inside. No colour, no
//! more than 100 columns, and no latency without the goodput beside it: where most requests are
//! lost, those that come through may well be fast.

mod choose;
mod confidence;
mod objective;
mod points;
mod rare;
mod trouble;

pub use choose::{View, label};
pub use confidence::forecast;
pub use points::goodput_share;
pub use trouble::notes;

use super::csv_table::visible;
use crate::experiment::design::Design;
use crate::experiment::results::{Method, Results, TrialStatus};
use crate::model::trial::Horizon;
use unicode_width::UnicodeWidthStr;

/// As wide as a summary gets.
pub const COLUMNS: usize = 100;

/// Failed trials that are told one by one.
const FAILURES: usize = 5;

/// The summary, of results alone: where files are is for the caller to add.
pub fn print(design: &Design, results: &Results) -> String {
    let view = View { design, results };
    let parts = [
        heading(view),
        points::print(view),
        objective::print(view),
        rare::print(view),
        trouble::print(view),
        super::incidents::print(view),
        failures(view),
    ];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    let text = parts.collect::<Vec<_>>().join("\n");
    text.lines().map(|line| wrapped(line, COLUMNS)).collect()
}

/// A line, broken at spaces where it is too wide; what follows is indented further.
pub fn wrapped(line: &str, width: usize) -> String {
    let indent = line.len() - line.trim_start().len();
    let mut text = String::new();
    let mut column = 0;
    for (i, word) in line.split(' ').enumerate() {
        if i > 0 && column + 1 + word.width() > width {
            text.push('\n');
            text.push_str(&" ".repeat(indent + 4));
            column = indent + 4;
        } else if i > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.width();
    }
    text.push('\n');
    text
}

fn heading(view: View<'_>) -> String {
    let design = view.design;
    let (points, trials) = (design.points.len(), view.results.trials.len());
    let mut text = format!("{}\n", visible(&design.title));
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    text.push_str(&format!(
        "{points} point{} x {} replication{} = {trials} trial{}, seed {}",
        plural(points),
        super::charts::replications(design),
        plural(design.replications as usize),
        plural(trials),
        design.seed
    ));
    let batched = batched(view.results);
    if design.replications > 1 || batched {
        let percent = super::show::digits(design.confidence * 100.0, 3);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        text.push_str(&format!("; ± and < are {percent} % intervals\n"));
        if batched {
            text.push_str("intervals are from batches of the one trial (method batch_means)\n");
        }
    } else {
        text.push_str("; one replication gives no intervals\n");
    }
    if design.timing.horizon == Horizon::For(0) {
        text.push_str("the horizon is 0: nothing was measured, there is no data\n");
    }
    if view.results.same_demand() == Some(true) {
        text.push_str("all points met the same requests, replication by replication\n");
    }
    text.push_str(&confidence::print(view));
    let axes: Vec<&str> = super::results_csv::paths(design).map(short_path).collect();
    if !axes.is_empty() {
        text.push_str(&format!("points are named by {}\n", axes.join(" x ")));
    }
    text
}

/// Whether any interval is from batches of a trial.
fn batched(results: &Results) -> bool {
    let estimates = results.points.iter().flat_map(|p| &p.estimates).flatten();
    estimates
        .into_iter()
        .any(|e| matches!(e.method, Method::BatchMeans | Method::OverlappingBatchMeans))
}

/// The last word of a dotted path with the one before it: `workers.count`.
pub fn short_path(path: &str) -> &str {
    let mut dots = path.rmatch_indices('.').map(|(at, _)| at);
    dots.nth(1).map_or(path, |at| &path[at + 1..])
}

fn failures(view: View<'_>) -> String {
    let failed = view
        .results
        .trials
        .iter()
        .filter_map(|trial| match &trial.status {
            TrialStatus::Failed(why) => Some((trial, why)),
            TrialStatus::Done => None,
        });
    let failed: Vec<_> = failed.collect();
    if failed.is_empty() {
        return String::new();
    }
    let all = view.results.trials.len();
    let mut text = format!(
        "{} of {all} trials failed and are in no number above\n",
        failed.len()
    );
    for (trial, why) in failed.iter().take(FAILURES) {
        text.push_str(&format!(
            "  {}, replication {}, seed {}: {}\n",
            view.label(trial.point),
            trial.replication,
            view.design.seed,
            visible(why)
        ));
    }
    if failed.len() > FAILURES {
        text.push_str(&format!(
            "  and {} more in trials.csv\n",
            failed.len() - FAILURES
        ));
    }
    text.push_str("  the same command runs them again, with the same outcome\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;
    use crate::experiment::run::{Options, run_with};

    fn summary(design: &Design, simulate: fixture::Simulate) -> String {
        let results = run_with(design, Options { threads: 2 }, &(), simulate).unwrap();
        let text = print(design, &results);
        assert!(text.lines().all(|line| line.width() <= COLUMNS), "{text}");
        text
    }

    fn has(text: &str, parts: &[&str]) {
        for part in parts {
            assert!(text.contains(part), "no {part:?} in\n{text}");
        }
    }

    #[test]
    fn without_prices_there_is_no_column_of_zeros() {
        let text = summary(&fixture::free_design(), fixture::simulate);
        let (_, table) = text.split_once("points are named by").unwrap();
        let (table, _) = table
            .split_once("no costs: the model gives no prices\n")
            .unwrap();
        assert!(
            table.contains("latency") && !table.contains("cost"),
            "{table}"
        );
        assert!(!table.contains("$"), "{table}");
        assert!(!summary(&fixture::design(), fixture::simulate).contains("no costs"));
    }

    #[test]
    fn it_tells_the_story() {
        let text = summary(&fixture::design(), fixture::simulate);
        has(
            &text,
            &[
                "7 points x 4 replications = 28 trials, seed 14; ± and < are 95 % intervals",
                "all points met the same requests",
                "points are named by workers.count x workers.cores x workers.ram",
                "cheapest  after 44 x 4 x 4GiB: $4,215 a month, -46 % against after 25 x 8 x 64GiB",
                "cheaper   after 12 x 8 x 64GiB: $3,737 a month, but",
                "loss < 0.0001: none seen, < 3.1e-7, met",
                "missed by a factor of",
                "no steady state: load 1.25",
                "VX3102 buffer overflow: 2.33M attempts, 1.94M at the balancer, worst worker",
                "worst worker events[14] 388,121",
                "VX3301 worker wedged: 1 time, then",
                "nothing refused, timed out or failed",
            ],
        );
        let line = text.lines().find(|l| l.starts_with("before")).unwrap();
        has(
            line,
            &[
                "$7,785", "40.1k/s", "67.8 %", "260 ms", "515 ms", "32.2 %", "69.4 %",
            ],
        );
    }

    #[test]
    fn failures_are_told_with_how_to_repeat_them() {
        let text = summary(&fixture::design(), fixture::simulate_badly);
        has(
            &text,
            &[
                "14 of 28 trials failed and are in no number above",
                "before, replication 1, seed 14: VX5002: stopped after 10 events at 1.5 s",
                "and 9 more in trials.csv",
                "2 of 4 trials failed",
            ],
        );
    }

    #[test]
    fn one_replication_and_an_objective_nobody_meets() {
        let mut design = fixture::design();
        design.replications = 1;
        design.objective.as_mut().unwrap().subject_to[0].bound = 0.0035;
        let text = summary(&design, fixture::simulate);
        has(
            &text,
            &[
                "one replication gives no intervals",
                "met by none of 6 points",
            ],
        );
        has(
            &text,
            &["nearest   after 44 x 4 x 4GiB: $4,215 a month, but"],
        );
        has(&text, &["missed by a factor of 1.0"]);
    }

    #[test]
    fn long_lines_are_broken_at_words() {
        assert_eq!(wrapped("  aa bb cc", 7), "  aa bb\n      cc\n");
    }
}
