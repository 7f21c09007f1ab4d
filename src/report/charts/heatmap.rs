//! A metric over two axes of the sweep, one chart a variant; other axes at their first place.

use super::super::chart::{Heatmap, HeatmapCell};
use super::super::summary::View;
use super::{Named, words};
use crate::model::metric::Metric;

/// A chart for each variant that is swept.
pub fn charts(view: View<'_>, x: usize, y: usize, metric: &Metric) -> Vec<Named> {
    let variants = 0..view.design.variants.len();
    variants
        .filter_map(|variant| chart(view, variant, x, y, metric))
        .collect()
}

fn chart(view: View<'_>, variant: usize, x: usize, y: usize, metric: &Metric) -> Option<Named> {
    let points = &view.design.points;
    let inside = |p: usize| {
        let mut others = points[p]
            .at
            .iter()
            .enumerate()
            .filter(|(a, _)| *a != x && *a != y);
        points[p].variant == variant && !points[p].at.is_empty() && others.all(|(_, &i)| i == 0)
    };
    let plane: Vec<usize> = (0..points.len()).filter(|&p| inside(p)).collect();
    let first = *plane.first()?;
    let labels = |axis: usize| -> Vec<String> {
        let places = 0..view.design.axes[axis].values.len();
        places.map(|i| words::axis_value(view, axis, i)).collect()
    };
    let (columns, rows) = (labels(x), labels(y));
    let mut cells = vec![None; columns.len() * rows.len()];
    for &p in &plane {
        cells[points[p].at[y] * columns.len() + points[p].at[x]] =
            view.value(p, metric).map(|value| HeatmapCell {
                value,
                meets: view.point(p).meets(),
            });
    }
    let name = &view.design.variants[variant].name;
    let what = format!("{name}: {}", words::of_whom(metric));
    let chart = Heatmap {
        title: title(view, metric, &plane),
        subtitle: words::subtitle(view, &what),
        x_label: words::axis_name(view, x),
        x_values: columns,
        y_label: words::axis_name(view, y),
        y_values: rows,
        value: words::axis(metric, view.currency(first)),
        cells,
    };
    Some((
        words::file_name(&format!("heatmap-{metric}-{name}")),
        Box::new(chart),
    ))
}

fn title(view: View<'_>, metric: &Metric, plane: &[usize]) -> String {
    let name = words::label(metric);
    let known = plane
        .iter()
        .filter_map(|&p| Some((p, view.value(p, metric)?)));
    let mut known: Vec<(usize, f64)> = known.collect();
    known.sort_by(|a, b| words::ordered(metric, a.1, b.1).then(a.0.cmp(&b.0)));
    let (Some(best), Some(worst)) = (known.first(), known.last()) else {
        return name;
    };
    let value = |p| words::value(view, p, metric).unwrap_or_default();
    let from_to = format!("{name} from {} to {}", value(best.0), value(worst.0));
    let judged: Vec<bool> = plane
        .iter()
        .filter_map(|&p| view.point(p).meets())
        .collect();
    match judged.iter().filter(|m| **m).count() {
        _ if judged.is_empty() => format!("{from_to}, best at {}", view.label(best.0)),
        meeting => format!(
            "{from_to}; {meeting} of {} meet the objective",
            judged.len()
        ),
    }
}
