//! What is paid against what it buys: every point.

use super::super::chart::{Axis, Scale, Tradeoff, TradeoffPoint};
use super::super::show;
use super::super::summary::{View, goodput_share};
use super::{Named, words};
use crate::model::metric::{Metric, Unit};

/// The chart of `y` against `x`.
pub fn chart(view: View<'_>, x: &Metric, y: &Metric) -> Named {
    let currency = view.design.points.first().map_or("", |_| view.currency(0));
    let point = |p: usize| TradeoffPoint {
        x: words::estimate(view.estimate(p, x)).mean,
        y: words::estimate(view.estimate(p, y)),
        name: view.label(p),
        group: group(view, p, y),
        meets: view.point(p).meets(),
        unstable: !view.point(p).stable && !view.design.terminating,
    };
    let what = format!("{} against {}", words::of_whom(y), words::label(x));
    let chart = Tradeoff {
        title: title(view, x, y),
        subtitle: words::subtitle(view, &what),
        x: words::axis(x, currency),
        y: y_axis(y, currency),
        better_y: words::better(y),
        points: (0..view.design.points.len()).map(point).collect(),
        limit: words::limit(view, y),
    };
    (
        words::file_name(&format!("tradeoff-{x}-{y}")),
        Box::new(chart),
    )
}

/// Delays are told apart by their ratios, whatever their range.
fn y_axis(y: &Metric, currency: &str) -> Axis {
    let mut axis = words::axis(y, currency);
    if y.unit() == Unit::Seconds {
        axis.scale = Scale::Log;
    }
    axis
}

/// The variant; beside a delay also the share answered, as only the answered have a delay.
fn group(view: View<'_>, p: usize, y: &Metric) -> String {
    let point = &view.design.points[p];
    let name = view.design.variants[point.variant].name.clone();
    match goodput_share(view, p) {
        Some(e) if y.to_string().starts_with("latency") && point.at.is_empty() => {
            format!("{name} ({} answered)", show::share(e.mean))
        }
        _ => name,
    }
}

/// The best point of those that meet the objective; where several cost the same, the one that the
/// chart rings: it buys most.
fn answer(view: View<'_>, x: &Metric, y: &Metric) -> Option<usize> {
    let best = view.best()?;
    let mean = |p: usize, m: &Metric| view.value(p, m).unwrap_or(f64::NAN);
    let paid = mean(best, x);
    let tied = (0..view.design.points.len())
        .filter(|&p| view.point(p).meets() == Some(true) && mean(p, x) == paid);
    tied.min_by(|&a, &b| {
        let names = view.label(a).cmp(&view.label(b));
        words::ordered(y, mean(a, y), mean(b, y)).then(names)
    })
    .or(Some(best))
}

fn title(view: View<'_>, x: &Metric, y: &Metric) -> String {
    let value = |p: usize, metric: &Metric| words::value(view, p, metric);
    if let Some(best) = answer(view, x, y)
        && let (Some(paid), Some(bought)) = (value(best, x), value(best, y))
    {
        let saved = view.reference(best).filter(|&p| p != best).and_then(|p| {
            let mean = |point| view.estimate(point, x).map(|e| e.mean);
            let change = (mean(best)? / mean(p)? - 1.0) * 100.0;
            Some(format!(", {change:+.0} % against {}", view.label(p)))
        });
        return format!(
            "{} meets the objective at {paid} and {bought}{}",
            view.label(best),
            saved.unwrap_or_default()
        );
    }
    let mut known: Vec<(usize, f64)> = (0..view.design.points.len())
        .filter_map(|p| Some((p, view.value(p, y)?)))
        .collect();
    known.sort_by(|a, b| words::ordered(y, a.1, b.1).then(a.0.cmp(&b.0)));
    let name = words::label(y);
    match (known.first(), known.last()) {
        (Some(best), Some(worst)) if best.0 != worst.0 => format!(
            "{}: {name} {}, {}: {}",
            view.label(best.0),
            value(best.0, y).unwrap_or_default(),
            view.label(worst.0),
            value(worst.0, y).unwrap_or_default()
        ),
        _ => format!("{name} against {}", words::label(x)),
    }
}
