//! A metric along one axis of the sweep: a line for each variant and each place on other axes.

use super::super::chart::{Across, Axis, Line, Lines, Unit};
use super::super::summary::View;
use super::{Named, words};
use crate::model::metric::Metric;

/// The chart of `y` along an axis.
pub fn chart(view: View<'_>, axis: usize, y: &Metric) -> Named {
    let name = words::axis_name(view, axis);
    let places = view.design.axes[axis].values.len();
    let numbers = numbers(view, axis);
    let groups = groups(view, axis);
    let series = groups.iter().map(|(name, points)| Line {
        name: name.clone(),
        points: points
            .iter()
            .map(|&p| {
                let place = view.design.points[p].at[axis];
                let x = numbers.as_ref().map_or(place as f64, |n| n[place]);
                (x, words::estimate(view.estimate(p, y)))
            })
            .collect(),
        dashed: false,
    });
    let what = format!("{} along {name}", words::of_whom(y));
    let chart = Lines {
        title: title(view, axis, y, &groups),
        subtitle: words::subtitle(view, &what),
        series: series.collect(),
        x: match numbers {
            Some(_) => Across::Values(Axis::new(&name, Unit::Plain(String::new()))),
            None => Across::Names {
                names: (0..places)
                    .map(|i| words::axis_value(view, axis, i))
                    .collect(),
                label: name.clone(),
            },
        },
        y: words::axis(
            y,
            view.design.points.first().map_or("", |_| view.currency(0)),
        ),
        limit: words::limit(view, y),
    };
    (
        words::file_name(&format!("line-{name}-{y}")),
        Box::new(chart),
    )
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

/// Points that differ on this axis only, with what they have in common.
fn groups(view: View<'_>, axis: usize) -> Vec<(String, Vec<usize>)> {
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

fn title(view: View<'_>, axis: usize, y: &Metric, groups: &[(String, Vec<usize>)]) -> String {
    let name = words::label(y);
    let along = words::axis_name(view, axis);
    let ends = groups.first().and_then(|(group, points)| {
        let (first, last) = (*points.first()?, *points.last()?);
        let at = |p: usize| words::axis_value(view, axis, view.design.points[p].at[axis]);
        let mean = |p| view.estimate(p, y).map(|e| e.mean);
        let verb = match mean(last)?.total_cmp(&mean(first)?) {
            std::cmp::Ordering::Less => "falls",
            std::cmp::Ordering::Equal => "stays",
            std::cmp::Ordering::Greater => "rises",
        };
        let whose = if groups.len() > 1 {
            format!(" of {group}")
        } else {
            String::new()
        };
        Some(format!(
            "{name}{whose} {verb} from {} at {along} {} to {} at {}",
            words::value(view, first, y)?,
            at(first),
            words::value(view, last, y)?,
            at(last)
        ))
    });
    ends.unwrap_or_else(|| format!("{name} along {along}"))
}
