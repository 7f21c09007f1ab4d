//! One panel of a timeline: its lines or layers, its axis, the names at its right.

use super::axis::{Axis, Scale};
use super::font;
use super::frame::{self, END_NAME, MARGIN};
use super::ruler::Ruler;
use super::scene::{Anchor, Rect, Scene, Spot, Stroke, centred};
use super::spread;
use super::style::{self, INK, SMALL, SMALL_STRONG, STRONG};
use super::timeline::{LineStyle, Panel, PanelSeries};

/// Height that a name right of a panel takes.
const NAME_ROW: f64 = 14.0;
/// More windows than this are drawn by the least and the greatest of each group.
const MANY: usize = 800;

/// Whether there is anything to draw.
pub(super) fn has_values(panel: &Panel) -> bool {
    let finite = |value: &Option<f64>| value.is_some_and(f64::is_finite);
    panel
        .series
        .iter()
        .any(|series| series.values.iter().any(finite))
}

/// The names that stand right of the panel.
pub(super) fn names(panel: &Panel) -> impl Iterator<Item = &str> {
    panel.series.iter().map(|series| series.name.as_str())
}

/// How many values a forced end cuts off.
pub(super) fn beyond(panel: &Panel) -> usize {
    let Some(most) = panel.y_max.filter(|most| most.is_finite() && *most > 0.0) else {
        return 0;
    };
    match panel.stacked {
        true => stack(panel)
            .iter()
            .flatten()
            .flatten()
            .filter(|value| **value > most)
            .count(),
        false => finite(panel.series.iter().flat_map(|series| &series.values))
            .filter(|value| *value > most)
            .count(),
    }
}

/// The panel's vertical ruler: from zero, up to the forced end or to the largest value.
pub(super) fn ruler(panel: &Panel) -> Option<Ruler> {
    let tops: Vec<f64> = match panel.stacked {
        true => stack(panel).into_iter().flatten().flatten().collect(),
        false => finite(panel.series.iter().flat_map(|series| &series.values)).collect(),
    };
    let forced = panel.y_max.filter(|most| most.is_finite() && *most > 0.0);
    let scale = if panel.axis.scale == Scale::Log {
        Scale::Log
    } else {
        Scale::Linear
    };
    let axis = Axis {
        scale,
        ..panel.axis.clone()
    };
    if tops.is_empty() && forced.is_none() {
        return None;
    }
    match (forced, scale) {
        (Some(most), Scale::Linear) => Some(Ruler::between(
            axis.unit,
            tops.iter().copied().fold(0.0, f64::min),
            most,
        )),
        (Some(most), _) => {
            let held = tops.into_iter().filter(|value| *value <= most);
            Ruler::fit(&axis, held.chain([most]))
        }
        (None, Scale::Linear) => Ruler::fit(&axis, tops.into_iter().chain([0.0])),
        (None, _) => Ruler::fit(&axis, tops.into_iter()),
    }
}

/// Draws the panel into `area`; returns how many series it had no room to name.
pub(super) fn draw(
    scene: &mut Scene,
    panel: &Panel,
    area: &Rect,
    window_s: f64,
    time: &Ruler,
) -> usize {
    let label = if panel.label.is_empty() {
        panel.axis.caption()
    } else {
        panel.label.clone()
    };
    let label = font::shorten(&label, STRONG, scene.width - 2.0 * MARGIN);
    scene.text(
        (MARGIN, area.top - 10.0),
        Anchor::Start,
        STRONG,
        INK,
        &label,
    );
    let Some(ruler) = ruler(panel) else {
        let (x, y) = area.middle();
        scene.line(
            (area.left, area.bottom),
            (area.right, area.bottom),
            style::AXIS,
            1.0,
        );
        scene.text(
            (x, centred(y, SMALL)),
            Anchor::Middle,
            SMALL,
            style::MUTED,
            "no data",
        );
        return 0;
    };
    frame::vertical(
        scene,
        area,
        &ruler,
        &frame::vertical_ticks(&ruler, area.height()),
    );
    let at = |t: f64, value: f64| {
        (
            area.left + time.place(t) * area.width(),
            area.bottom - ruler.place(value) * area.height(),
        )
    };
    let ends = if panel.stacked {
        layers(scene, panel, window_s, &at)
    } else {
        lines(scene, panel, window_s, &at)
    };
    name_ends(scene, panel, area, &ends)
}

/// Draws lines; returns where each ends.
fn lines(
    scene: &mut Scene,
    panel: &Panel,
    window_s: f64,
    at: &dyn Fn(f64, f64) -> Spot,
) -> Vec<Option<f64>> {
    let mut ends = vec![None; panel.series.len()];
    let mut order: Vec<_> = panel.series.iter().enumerate().collect();
    // Dashed lines last: what they cover shows through their gaps.
    order.sort_by_key(|(_, series)| series.style == LineStyle::Dashed);
    for (number, series) in order {
        let paint = style::colour(number);
        let stroke = match series.style {
            LineStyle::Solid => Stroke::Solid,
            LineStyle::Dashed => Stroke::Dashed,
        };
        for run in runs(series) {
            let spots: Vec<Spot> = run
                .iter()
                .map(|(window, value)| at((window + 0.5) * window_s, *value))
                .collect();
            ends[number] = spots.last().map(|(_, y)| *y);
            if let [(x, y)] = spots[..] {
                // A lone value between gaps is a dash as wide as a dot.
                scene.line((x - 1.5, y), (x + 1.5, y), paint, 2.5);
            }
            scene.path(&spots, stroke, paint, 1.8);
        }
    }
    ends
}

/// Draws areas upon each other; returns the middle of each at its right end.
fn layers(
    scene: &mut Scene,
    panel: &Panel,
    window_s: f64,
    at: &dyn Fn(f64, f64) -> Spot,
) -> Vec<Option<f64>> {
    let tops = stack(panel);
    let windows = tops.first().map_or(0, Vec::len);
    let group = windows.div_ceil(MANY).max(1);
    let mut floor: Vec<f64> = vec![0.0; windows];
    let mut ends = Vec::new();
    for (number, top) in tops.iter().enumerate() {
        let values: Vec<f64> = top
            .iter()
            .zip(&floor)
            .map(|(top, floor)| top.unwrap_or(*floor))
            .collect();
        let edge = |values: &[f64]| -> Vec<Spot> {
            let steps = values.chunks(group).enumerate().flat_map(|(step, chunk)| {
                let mean = chunk.iter().sum::<f64>() / chunk.len() as f64;
                let start = (step * group) as f64;
                let end = start + chunk.len() as f64;
                [at(start * window_s, mean), at(end * window_s, mean)]
            });
            steps.collect()
        };
        if values == floor {
            // A code that never came up needs no name.
            ends.push(None);
            continue;
        }
        let (upper, lower) = (edge(&values), edge(&floor));
        let end = upper.last().zip(lower.last());
        // A layer that is gone at the end is named where it was thickest.
        let thickest = upper
            .iter()
            .zip(&lower)
            .max_by(|a, b| (a.1.1 - a.0.1).total_cmp(&(b.1.1 - b.0.1)));
        let middle = |pair: (&Spot, &Spot)| f64::midpoint(pair.0.1, pair.1.1);
        let visible = end.filter(|(upper, lower)| lower.1 - upper.1 > 2.0);
        ends.push(visible.or(thickest).map(middle));
        scene.area(
            upper.into_iter().chain(lower.into_iter().rev()).collect(),
            style::colour(number).tint(0.75),
        );
        floor = values;
    }
    ends
}

/// Names right of the panel, in their colours.
fn name_ends(scene: &mut Scene, panel: &Panel, area: &Rect, ends: &[Option<f64>]) -> usize {
    let named = panel.series.iter().zip(ends).enumerate();
    let mut named: Vec<(usize, &str, f64)> = named
        .filter(|(_, (series, _))| !series.name.is_empty())
        .filter_map(|(number, (series, end))| Some((number, series.name.as_str(), (*end)?)))
        .collect();
    let (low, high) = (area.top - 8.0, area.bottom + 6.0);
    let room = spread::capacity(NAME_ROW, high - low).min(named.len());
    let dropped = named.len() - room;
    named.truncate(room);
    if panel.stacked {
        // Where names have to share a place, the upper layer's comes first.
        named.reverse();
    }
    let wanted: Vec<f64> = named.iter().map(|(_, _, y)| *y).collect();
    let centres = spread::apart(&wanted, NAME_ROW, low, high);
    for ((number, name, _), centre) in named.into_iter().zip(centres) {
        let name = font::shorten(name, SMALL_STRONG, END_NAME);
        let spot = (area.right + 8.0, centred(centre, SMALL));
        scene.text(
            spot,
            Anchor::Start,
            SMALL_STRONG,
            style::colour(number),
            &name,
        );
    }
    dropped
}

fn finite<'a>(values: impl Iterator<Item = &'a Option<f64>>) -> impl Iterator<Item = f64> {
    values.flatten().copied().filter(|value| value.is_finite())
}

/// The stretches of a series without a gap, as (window, value). Long series are thinned: of each
/// group of windows the least and the greatest stay, in their order, so that no peak is lost.
fn runs(series: &PanelSeries) -> Vec<Vec<(f64, f64)>> {
    let group = series.values.len().div_ceil(MANY / 2);
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (window, value) in series.values.iter().enumerate() {
        match value.filter(|value| value.is_finite()) {
            Some(value) => runs
                .last_mut()
                .expect("a run is open")
                .push((window as f64, value)),
            None => runs.push(Vec::new()),
        }
    }
    runs.retain(|run| !run.is_empty());
    if series.values.len() > MANY {
        runs = runs.iter().map(|run| thinned(run, group)).collect();
    }
    runs
}

fn thinned(run: &[(f64, f64)], group: usize) -> Vec<(f64, f64)> {
    let mut kept = Vec::new();
    for chunk in run.chunks(group) {
        let least = chunk.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        let most = chunk.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut pair: Vec<(f64, f64)> = least.into_iter().chain(most).collect();
        pair.sort_by(|a, b| a.0.total_cmp(&b.0));
        pair.dedup();
        kept.extend(pair);
    }
    kept
}

/// Upper edge of each layer: the sum of the series up to it; none where its own value is missing.
fn stack(panel: &Panel) -> Vec<Vec<Option<f64>>> {
    let windows = panel
        .series
        .iter()
        .map(|series| series.values.len())
        .max()
        .unwrap_or(0);
    let mut sums = vec![0.0; windows];
    panel
        .series
        .iter()
        .map(|series| {
            let tops = sums.iter_mut().enumerate().map(|(window, sum)| {
                let value = series.values.get(window).copied().flatten();
                let value = value.filter(|value| value.is_finite() && *value >= 0.0)?;
                *sum += value;
                Some(*sum)
            });
            tops.collect()
        })
        .collect()
}
