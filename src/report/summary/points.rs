//! The table of points: what it costs, what it does, how sure that is.

use super::super::results_json::verdict;
use super::super::show;
use super::super::table::{Align, Table, cut};
use super::choose::View;
use crate::experiment::objective::Verdict;
use crate::experiment::results::{Estimate, Method, TrialStatus};
use crate::model::metric::Unit;
use crate::stats::interval::ratio_interval;

const LABEL: usize = 26;

/// Where the cost stands.
const COST: usize = 1;

const HEADER: [&str; 8] = [
    "\npoint",
    "cost\na month",
    "offered\n",
    "goodput\nof offered",
    "latency\nmean",
    "latency\np99",
    "\nloss",
    "CPU\nbusy",
];

/// The table, with a line about the points that are not in it.
pub fn print(view: View<'_>) -> String {
    let priced = view.priced();
    let mut header = HEADER.map(str::to_owned).to_vec();
    if !priced {
        header.remove(COST);
    }
    let mut aligns = vec![Align::Right; header.len()];
    aligns[0] = Align::Left;
    let mut table = Table::new(&aligns);
    table.row(header);
    let shown = view.shown();
    for &point in &shown {
        let mut cells = row(view, point);
        if !priced {
            cells.remove(COST);
        }
        table.row(cells);
    }
    let rest = view.design.points.len() - shown.len();
    let mut text = table.print();
    if !priced {
        text.push_str("no costs: the model gives no prices\n");
    }
    if rest > 0 {
        let meeting = (0..view.design.points.len())
            .filter(|p| !shown.contains(p) && view.point(*p).meets() == Some(true))
            .count();
        let these = if rest == 1 { "point" } else { "points" };
        text.push_str(&format!("and {rest} more {these} in results.csv"));
        if view.design.objective.is_some() {
            text.push_str(&format!(", of which {meeting} meet the objective"));
        }
        text.push('\n');
    }
    text
}

fn row(view: View<'_>, point: usize) -> Vec<String> {
    let cell = |name: &str, unit: Unit| {
        let Some(e) = view.named(point, name) else {
            return "-".to_owned();
        };
        let currency = view.currency(point);
        let text = show::estimate(unit, currency, e);
        format!("{text}\n{}", show::about(unit, currency, e))
    };
    vec![
        label(view, point),
        cell("cost_per_month", Unit::Money),
        cell("offered", Unit::PerSecond),
        goodput_share(view, point).map_or_else(
            || "-".into(),
            |e| {
                let text = show::share(e.mean);
                format!("{text}\n{}", show::about(Unit::Share, "", &e))
            },
        ),
        cell("latency_mean", Unit::Seconds),
        cell("latency_p99", Unit::Seconds),
        cell("loss", Unit::Share),
        cell("utilisation", Unit::Share),
    ]
}

/// The point's name, and below it what must be known before its numbers are read.
fn label(view: View<'_>, point: usize) -> String {
    let mut lines = vec![cut(&view.label(point), LABEL)];
    let result = view.point(point);
    if !result.stable && !view.design.terminating {
        lines.push(format!(
            "  no steady state: load {:.2}",
            result.load.highest()
        ));
    }
    if result.failed > 0 {
        lines.push(format!(
            "  {} of {} trials failed",
            result.failed,
            result.tally.trials + u64::from(result.failed)
        ));
    }
    if let Some(words) = verdicts(view, point) {
        lines.push(cut(&format!("  {words}"), LABEL));
    }
    lines.join("\n")
}

fn verdicts(view: View<'_>, point: usize) -> Option<String> {
    let verdicts = view.point(point).verdicts.as_ref()?;
    let objective = view.design.objective.as_ref()?;
    let having = |wanted: Verdict| -> Vec<String> {
        let all = objective
            .subject_to
            .iter()
            .zip(verdicts)
            .filter(|(_, v)| **v == wanted);
        all.map(|(c, _)| c.metric.to_string().replace("latency_", ""))
            .collect()
    };
    let (missed, open) = (having(Verdict::Missed), having(Verdict::NotShown));
    Some(match (missed.is_empty(), open.is_empty()) {
        (true, true) => "meets the objective".into(),
        (false, _) => format!("{}: {}", verdict(Verdict::Missed), missed.join(", ")),
        (true, false) => format!("{}: {}", verdict(Verdict::NotShown), open.join(", ")),
    })
}

/// Goodput over offered, with the jackknife's interval over trials.
pub fn goodput_share(view: View<'_>, point: usize) -> Option<Estimate> {
    let place = |name: &str| {
        view.design
            .metrics
            .iter()
            .position(|m| m.to_string() == name)
    };
    let (goodput, offered) = (place("goodput")?, place("offered")?);
    let trials = view.results.trials.iter();
    let done = trials.filter(|t| t.point == point && t.status == TrialStatus::Done);
    let parts: Option<Vec<(f64, f64)>> = done
        .map(|t| Some((t.values[goodput]?, t.values[offered]?)))
        .collect();
    let interval = ratio_interval(&parts?, view.design.confidence)?;
    let mut e = Estimate::of(interval, Method::Jackknife);
    e.low = e.low.map(|low| low.max(0.0));
    e.high = e.high.map(|high| high.min(1.0));
    Some(e)
}
