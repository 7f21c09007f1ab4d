//! Words for metrics, axes and files, and numbers as titles write them.

use super::super::chart::{Axis, Better, Estimate, Unit};
use super::super::results_csv::unquoted;
use super::super::show;
use super::super::summary::{View, short_path};
use crate::experiment::design::Design;
use crate::experiment::results;
use crate::model::metric::{self, Delay, Metric};

/// `latency_p99` is `p99 latency`, `cost_per_month` is `cost`.
pub fn label(metric: &Metric) -> String {
    let name = metric.to_string();
    let (base, scope) = name.split_once('@').unwrap_or((&name, ""));
    let words = match base.split_once('_') {
        Some((delay @ ("latency" | "wait" | "response"), "mean")) => format!("mean {delay}"),
        Some((delay @ ("latency" | "wait" | "response"), rest)) if rest.starts_with('p') => {
            format!("{rest} {delay}")
        }
        Some(("cost", "per_month" | "per_hour")) => "cost".into(),
        _ => base.replace('_', " "),
    };
    match scope {
        "" => words,
        scope => format!("{words} of {scope}"),
    }
}

/// `latency_p99` is `p99`.
pub fn percentile(metric: &Metric) -> String {
    let words = label(metric);
    words.split(' ').next().unwrap_or_default().to_owned()
}

/// `latency_p99` is `latency`.
pub fn unpercentile(metric: &Metric) -> String {
    let words = label(metric);
    words
        .split_once(' ')
        .map_or(words.clone(), |(_, rest)| rest.to_owned())
}

/// The last word of each path of an axis, for a file's name: `count-cores-ram`.
pub fn axis_words(view: View<'_>, axis: usize) -> String {
    let paths = view.design.axes[axis].paths.iter();
    let words: Vec<&str> = paths.filter_map(|path| path.rsplit('.').next()).collect();
    words.join("-")
}

/// The axis of a metric.
pub fn axis(metric: &Metric, currency: &str) -> Axis {
    Axis::new(label(metric), unit(metric, currency))
}

fn unit(metric: &Metric, currency: &str) -> Unit {
    let currency = currency.to_owned();
    match metric.unit() {
        metric::Unit::Seconds => Unit::Seconds,
        metric::Unit::PerSecond => Unit::PerSecond,
        metric::Unit::Share => Unit::Share,
        metric::Unit::Bytes => Unit::Bytes,
        metric::Unit::Count => Unit::Count,
        metric::Unit::Money => match metric.to_string().as_str() {
            "cost_per_hour" => Unit::MoneyPerHour { currency },
            "cost_per_month" => Unit::MoneyPerMonth { currency },
            _ => Unit::Money { currency },
        },
    }
}

/// Which direction of a metric is better.
pub fn better(metric: &Metric) -> Better {
    match metric.to_string().split('@').next() {
        Some("offered" | "throughput" | "goodput") => Better::Higher,
        _ => Better::Lower,
    }
}

/// The better of two values of a metric, first.
pub fn ordered(metric: &Metric, a: f64, b: f64) -> std::cmp::Ordering {
    match better(metric) {
        Better::Lower => a.total_cmp(&b),
        Better::Higher => b.total_cmp(&a),
    }
}

/// An estimate as charts take it; not a number where there is none, or only a lower bound.
pub fn estimate(e: Option<&results::Estimate>) -> Estimate {
    match e.filter(|e| e.value().is_some()) {
        Some(e) => Estimate {
            mean: e.mean,
            low: e.low,
            high: e.high,
        },
        None => Estimate::exact(f64::NAN),
    }
}

/// A metric's value at a point, as titles write it.
pub fn value(view: View<'_>, point: usize, metric: &Metric) -> Option<String> {
    let e = view.estimate(point, metric)?;
    let value = show::estimate(metric.unit(), view.currency(point), e);
    Some(match metric.to_string().as_str() {
        "cost_per_month" => format!("{value} a month"),
        "cost_per_hour" => format!("{value} an hour"),
        _ => value,
    })
}

/// What a metric is of, where it is not of everything: latency is of answered requests only.
pub fn of_whom(metric: &Metric) -> String {
    let whom = match metric.to_string().starts_with("latency") {
        true => " of requests answered in time",
        false => "",
    };
    format!("{}{whom}", label(metric))
}

/// How many replications a point has: `10`, or `10 to 100` where they stop at a precision.
pub fn replications(design: &Design) -> String {
    match &design.stopping {
        Some(stopping) => format!("{} to {}", stopping.min, design.replications),
        None => design.replications.to_string(),
    }
}

/// What is drawn, with the trials, intervals and seed behind it.
pub fn subtitle(view: View<'_>, what: &str) -> String {
    let design = view.design;
    let trials = match design.replications {
        1 => "one replication".to_owned(),
        _ => format!(
            "{} replications, {} % intervals",
            replications(design),
            trimmed(design.confidence * 100.0)
        ),
    };
    format!("{what}; {trials}, seed {}", design.seed)
}

fn trimmed(x: f64) -> String {
    let text = format!("{x:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bound that the objective sets on a metric.
pub fn limit(view: View<'_>, metric: &Metric) -> Option<f64> {
    let objective = view.design.objective.as_ref()?;
    objective
        .subject_to
        .iter()
        .find(|c| c.metric == *metric)
        .map(|c| c.bound)
}

/// The word for a delay.
pub fn delay(delay: Delay) -> &'static str {
    match delay {
        Delay::Latency => "latency",
        Delay::Wait => "wait",
        Delay::Response => "response",
    }
}

/// The last two words of each path of an axis: `workers.count x workers.cores`.
pub fn axis_name(view: View<'_>, axis: usize) -> String {
    let paths = view.design.axes[axis].paths.iter();
    let names: Vec<&str> = paths.map(|path| short_path(path)).collect();
    names.join(" x ")
}

/// The value of an axis at one of its places: `44 x 4` where paths move together.
pub fn axis_value(view: View<'_>, axis: usize, place: usize) -> String {
    let values = &view.design.axes[axis].values[place];
    let values: Vec<&str> = values.iter().map(|v| unquoted(v)).collect();
    values.join(" x ")
}

/// A name for a file on any system.
pub fn file_name(text: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    text.chars()
        .map(|c| if fine(c) { c } else { '-' })
        .collect()
}
