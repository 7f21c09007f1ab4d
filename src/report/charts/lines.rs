//! Metrics along one axis of the sweep: a line for each variant and each place on other axes.

use super::super::chart::{Across, Axis, Line, Lines, Unit};
use super::super::summary::View;
use super::{Named, words};
use crate::model::metric::{Kind, Metric};

/// The charts of some metrics along an axis: percentiles of one delay share a chart when there is
/// but one line of each.
pub fn charts(view: View<'_>, axis: usize, metrics: &[Metric]) -> Vec<Named> {
    let groups = groups(view, axis);
    let mut charts = Vec::new();
    let mut rest = metrics;
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|m| together(first, m)).count();
        let taken = if groups.len() == 1 { alike.max(1) } else { 1 };
        charts.push(chart(view, axis, &rest[..taken], &groups));
        rest = &rest[taken..];
    }
    charts
}

/// Whether two metrics are percentiles of the same delay.
fn together(a: &Metric, b: &Metric) -> bool {
    match (a.kind, b.kind) {
        (Kind::Percentile(x, _), Kind::Percentile(y, _)) => x == y && a.scope == b.scope,
        _ => false,
    }
}

/// One chart; the last of the metrics gives it its name.
fn chart(view: View<'_>, axis: usize, metrics: &[Metric], groups: &[Group]) -> Named {
    let name = words::axis_name(view, axis);
    let places = view.design.axes[axis].values.len();
    let numbers = numbers(view, axis);
    let y = metrics.last().expect("a chart is of something");
    let line = |metric: &Metric, (group, points): &Group| Line {
        name: match metrics.len() {
            1 => group.clone(),
            _ => words::percentile(metric),
        },
        points: points
            .iter()
            .map(|&p| {
                let place = view.design.points[p].at[axis];
                let x = numbers.as_ref().map_or(place as f64, |n| n[place]);
                (x, words::estimate(view.estimate(p, metric)))
            })
            .collect(),
        dashed: metric != y,
    };
    let series = metrics
        .iter()
        .flat_map(|m| groups.iter().map(move |g| (m, g)));
    let series = series.map(|(metric, group)| line(metric, group)).collect();
    let what = format!("{} along {name}", words::of_whom(y));
    let mut y_axis = words::axis(
        y,
        view.design.points.first().map_or("", |_| view.currency(0)),
    );
    if metrics.len() > 1 {
        y_axis.label = words::unpercentile(y);
    }
    let chart = Lines {
        title: title(view, axis, y, groups),
        subtitle: words::subtitle(view, &what),
        series,
        x: match numbers {
            Some(_) => Across::Values(Axis::new(&name, Unit::Plain(String::new()))),
            None => Across::Names {
                names: (0..places)
                    .map(|i| words::axis_value(view, axis, i).replace(" x ", " \u{d7}"))
                    .collect(),
                label: name.clone(),
            },
        },
        y: y_axis,
        limit: words::limit(view, y),
    };
    let file = format!("line-{}-{y}", words::axis_words(view, axis));
    (words::file_name(&file), Box::new(chart))
}

/// The values of an axis as numbers, where all of them are.
fn numbers(view: View<'_>, axis: usize) -> Option<Vec<f64>> {
    let axis = &view.design.axes[axis];
    let one = |values: &Vec<String>| match values.as_slice() {
        [value] => value
            .replace('_', "")
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite()),
        _ => None,
    };
    axis.values.iter().map(one).collect()
}

/// Points that differ on one axis only, with what they have in common.
type Group = (String, Vec<usize>);

fn groups(view: View<'_>, axis: usize) -> Vec<Group> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (p, point) in view.design.points.iter().enumerate() {
        if point.at.is_empty() {
            continue;
        }
        let mut name = view.design.variants[point.variant].name.clone();
        for (other, &place) in point
            .at
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != axis)
        {
            name.push_str(&format!(" {}", words::axis_value(view, other, place)));
        }
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push(p),
            None => groups.push((name, vec![p])),
        }
    }
    groups
}

/// The best and the worst place, and how many keep the objective's bound.
fn title(view: View<'_>, axis: usize, y: &Metric, groups: &[Group]) -> String {
    let name = words::label(y);
    let points = groups.iter().flat_map(|(_, points)| points);
    let mut known: Vec<(usize, f64)> = points
        .filter_map(|&p| Some((p, view.value(p, y)?)))
        .collect();
    known.sort_by(|a, b| words::ordered(y, a.1, b.1).then(a.0.cmp(&b.0)));
    let at = |p: usize| match groups.len() {
        1 => words::axis_value(view, axis, view.design.points[p].at[axis]),
        _ => view.label(p),
    };
    let (Some(best), Some(worst)) = (known.first(), known.last()) else {
        return format!("{name} along {}", words::axis_name(view, axis));
    };
    let value = |p: usize| words::value(view, p, y).unwrap_or_default();
    if best.1 == worst.1 {
        return format!("{name} is {} everywhere", value(best.0));
    }
    format!(
        "{name}: {} at {}, {} at {}",
        value(best.0),
        at(best.0),
        value(worst.0),
        at(worst.0)
    )
}
