//! Cost against quality: every size tried, the frontier of those worth having, the cheapest that
//! keeps the objective.

use super::axis::{Axis, Better, Estimate};
use super::callout::Callouts;
use super::frame::{Along, HEIGHT, Page, Plot};
use super::key::{self, Entry, Symbol};
use super::ruler::Ruler;
use super::scene::{Rect, Scene, Spot, Stroke};
use super::style::{self, INK, MUTED, Marker, Paint, SMALL, SMALL_STRONG};
use super::{Chart, font};

/// Opacity of points that miss the objective.
const MISSED: f64 = 0.4;
const RADIUS: f64 = 4.5;
/// Radius of the ring around the answer.
const RING: f64 = 8.5;
/// Longest name of a point, in logical pixels.
const LONGEST: f64 = 240.0;

/// A scatter of what is paid (x, less is better) against what it buys (y).
#[derive(Clone, Debug)]
pub struct Tradeoff {
    /// The finding, one sentence.
    pub title: String,
    /// What is drawn, from how many trials, which interval.
    pub subtitle: String,
    /// What is paid.
    pub x: Axis,
    /// What it buys.
    pub y: Axis,
    /// Which direction of y is better.
    pub better_y: Better,
    /// Everything tried.
    pub points: Vec<TradeoffPoint>,
    /// Bound of the objective on y.
    pub limit: Option<f64>,
}

/// One size that was tried.
#[derive(Clone, Debug)]
pub struct TradeoffPoint {
    /// What it costs.
    pub x: f64,
    /// What it achieves.
    pub y: Estimate,
    /// Its name, e.g. `44 x 4 x 4 GiB`.
    pub name: String,
    /// The variant it belongs to: points of one group share colour and marker.
    pub group: String,
    /// Whether it keeps the objective, when there is one.
    pub meets: Option<bool>,
    /// Whether it has no steady state: its numbers grow with the length of the run.
    pub unstable: bool,
}

impl TradeoffPoint {
    fn is_drawable(&self) -> bool {
        self.x.is_finite() && self.y.mean.is_finite()
    }
}

impl Chart for Tradeoff {
    fn scene(&self) -> Scene {
        let mut page = Page::new(&self.title, &self.subtitle, HEIGHT);
        let points: Vec<&TradeoffPoint> = self
            .points
            .iter()
            .filter(|point| point.is_drawable())
            .collect();
        let skipped = self.points.len() - points.len();
        page.note(skipped, "point without a value", "points without a value");
        let x = Ruler::close(&self.x, points.iter().map(|point| point.x));
        let limit = self.limit.filter(|limit| limit.is_finite());
        let reach = points.iter().flat_map(|point| point.y.reach()).chain(limit);
        let (Some(x), Some(y)) = (x, Ruler::fit(&self.y, reach)) else {
            page.no_data();
            return page.finish();
        };
        let groups = groups(&points);
        let frontier = self.frontier(&points);
        page.key(&entries(&points, &groups, &frontier));
        let along = (Along::Values(&self.x), x);
        let plot = Plot::draw(&mut page, along, (&self.y, y), Some(self.better_y), 24.0);
        let mut callouts = Callouts::new(plot.area);
        if let Some(limit) = limit {
            plot.limit_line(&mut page.scene, limit);
        }
        draw_frontier(&mut page.scene, &plot, &frontier, &mut callouts);
        for point in &points {
            draw_point(
                &mut page.scene,
                &plot,
                point,
                group(&groups, point),
                &mut callouts,
            );
        }
        if let Some(limit) = limit {
            plot.limit_text(&mut page.scene, &self.y, limit, &mut callouts);
        }
        self.name_frontier(&mut page.scene, &plot, &frontier, &mut callouts);
        let dropped = callouts.dropped;
        page.note(
            dropped,
            "name left out for space",
            "names left out for space",
        );
        page.finish()
    }
}

impl Tradeoff {
    /// The points that no cheaper or equally cheap one beats, cheapest first. When an objective
    /// has been judged, only among those that keep it.
    fn frontier<'a>(&self, points: &[&'a TradeoffPoint]) -> Vec<&'a TradeoffPoint> {
        let judged = points.iter().any(|point| point.meets == Some(true));
        let mut worthy: Vec<&TradeoffPoint> = points
            .iter()
            .copied()
            .filter(|point| !point.unstable && (!judged || point.meets == Some(true)))
            .collect();
        let gain = |point: &TradeoffPoint| match self.better_y {
            Better::Higher => point.y.mean,
            Better::Lower => -point.y.mean,
        };
        worthy.sort_by(|a, b| {
            let cheaper = a.x.total_cmp(&b.x);
            cheaper
                .then(gain(b).total_cmp(&gain(a)))
                .then(a.name.cmp(&b.name))
        });
        let mut best = f64::NEG_INFINITY;
        worthy.retain(|point| {
            let improves = gain(point) > best;
            best = best.max(gain(point));
            improves
        });
        worthy
    }

    /// Names the frontier; first, in bold and with both numbers, the cheapest that keeps the
    /// objective: it is the answer.
    fn name_frontier(
        &self,
        scene: &mut Scene,
        plot: &Plot,
        frontier: &[&TradeoffPoint],
        callouts: &mut Callouts,
    ) {
        for (rank, point) in frontier.iter().enumerate() {
            let spot = plot.at(point.x, point.y.mean);
            if rank == 0 && point.meets == Some(true) {
                let numbers = format!(
                    "{}, {}",
                    self.x.unit.text(point.x),
                    self.y.unit.text(point.y.mean)
                );
                let name = font::shorten(&point.name, SMALL_STRONG, LONGEST);
                let text = format!("{name}: {numbers}");
                scene.ring(spot, RING, INK, 1.4);
                callouts.keep_mark(Rect::around(spot, RING));
                callouts.name(scene, (spot, RING), &text, SMALL_STRONG);
            } else {
                let name = font::shorten(&point.name, SMALL, LONGEST);
                callouts.name(scene, (spot, RADIUS), &name, SMALL);
            }
        }
    }
}

/// Names of the groups in the order they first appear.
fn groups<'a>(points: &[&'a TradeoffPoint]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for point in points {
        if !names.contains(&point.group.as_str()) {
            names.push(&point.group);
        }
    }
    names
}

fn group(groups: &[&str], point: &TradeoffPoint) -> usize {
    groups
        .iter()
        .position(|name| *name == point.group)
        .unwrap_or(0)
}

fn entries(points: &[&TradeoffPoint], groups: &[&str], frontier: &[&TradeoffPoint]) -> Vec<Entry> {
    let mut entries = Vec::new();
    if frontier.len() > 1 {
        entries.push(Entry::new(Symbol::Line(Stroke::Solid), MUTED, "frontier"));
    }
    if points.iter().any(|point| point.meets == Some(false)) {
        let faded = MUTED.fade(MISSED);
        entries.push(Entry::new(
            Symbol::Point(Marker::Circle),
            faded,
            "misses the objective",
        ));
    }
    if points.iter().any(|point| point.unstable) {
        entries.push(Entry::new(Symbol::Hollow, MUTED, "unstable"));
    }
    if points.iter().any(|point| point.y.interval().is_some()) {
        entries.push(Entry::new(Symbol::Interval, MUTED, "interval"));
    }
    let named = groups
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty());
    entries.extend(named.map(|(number, name)| {
        Entry::new(
            Symbol::Point(style::marker(number)),
            style::colour(number),
            name,
        )
    }));
    entries
}

fn draw_frontier(
    scene: &mut Scene,
    plot: &Plot,
    frontier: &[&TradeoffPoint],
    callouts: &mut Callouts,
) {
    if frontier.len() < 2 {
        return;
    }
    let mut spots: Vec<Spot> = Vec::new();
    for point in frontier {
        let spot = plot.at(point.x, point.y.mean);
        if let Some((_, y)) = spots.last().copied() {
            spots.push((spot.0, y));
        }
        spots.push(spot);
    }
    if let Some((_, y)) = spots.last().copied() {
        spots.push((plot.area.right, y));
    }
    scene.path(&spots, Stroke::Solid, MUTED, 1.5);
    callouts.keep_line(&spots);
}

fn draw_point(
    scene: &mut Scene,
    plot: &Plot,
    point: &TradeoffPoint,
    group: usize,
    callouts: &mut Callouts,
) {
    let strength = if point.meets == Some(false) {
        MISSED
    } else {
        1.0
    };
    let paint: Paint = style::colour(group).fade(strength);
    let spot = plot.at(point.x, point.y.mean);
    if let Some((low, high)) = point.y.interval() {
        let (top, bottom) = (plot.down(high), plot.down(low));
        if bottom - top > 1.0 {
            key::interval(scene, spot, top, bottom, paint);
            callouts.keep_mark(Rect::new(
                spot.0 - 3.0,
                top - 1.0,
                spot.0 + 3.0,
                bottom + 1.0,
            ));
        }
    }
    if point.unstable {
        scene.hollow(spot, RADIUS, paint);
    } else {
        scene.marker(spot, style::marker(group), RADIUS, paint);
    }
    callouts.keep_mark(Rect::around(spot, RADIUS + 2.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::Unit;

    fn point(x: f64, y: f64, meets: bool) -> TradeoffPoint {
        TradeoffPoint {
            x,
            y: Estimate::exact(y),
            name: String::new(),
            group: String::new(),
            meets: Some(meets),
            unstable: false,
        }
    }

    #[test]
    fn the_frontier_holds_what_nothing_cheaper_beats() {
        let chart = Tradeoff {
            title: String::new(),
            subtitle: String::new(),
            x: Axis::new("cost", Unit::Count),
            y: Axis::new("latency", Unit::Seconds),
            better_y: Better::Lower,
            points: vec![
                point(3.0, 2.0, true),
                point(1.0, 9.0, false),
                point(2.0, 5.0, true),
                point(4.0, 3.0, true),
                point(2.0, 6.0, true),
            ],
            limit: None,
        };
        let points: Vec<&TradeoffPoint> = chart.points.iter().collect();
        let frontier = chart.frontier(&points);
        let costs: Vec<f64> = frontier.iter().map(|point| point.x).collect();
        assert_eq!(costs, [2.0, 3.0]);
    }
}
