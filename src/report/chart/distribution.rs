//! Latency by nines: what share is answered within which time, the slow end spread out.

use super::Chart;
use super::axis::{Axis, Scale};
use super::callout::Callouts;
use super::frame::{self, ABOVE, BELOW, HEIGHT, Page};
use super::math::{log10, pow10};
use super::ruler::Ruler;
use super::scene::{Anchor, Rect, Scene, Spot, Stroke, centred};
use super::style::{self, AXIS, GRID, LABEL, MUTED, SMALL};
use super::{font, key};

/// Most nines an axis shows.
const MOST_NINES: f64 = 9.0;

/// Distributions on an axis of nines.
#[derive(Clone, Debug)]
pub struct Distribution {
    /// The finding, one sentence.
    pub title: String,
    /// What is drawn, from how many requests.
    pub subtitle: String,
    /// What is distributed, e.g. latency. Its `Auto` scale is by the values.
    pub x: Axis,
    /// The curves.
    pub series: Vec<DistributionSeries>,
    /// Percentiles to draw and to read off, as shares: 0.99.
    pub marks: Vec<f64>,
}

/// One distribution.
#[derive(Clone, Debug)]
pub struct DistributionSeries {
    /// Its name, e.g. the variant.
    pub name: String,
    /// Buckets of a histogram: low end, high end, count.
    pub buckets: Vec<(f64, f64, u64)>,
}

/// A curve: the share at or below each value, as nines.
struct Curve {
    /// (value, share), both rising; a share reached inside a bucket is drawn at its upper end.
    steps: Vec<(f64, f64)>,
    /// The middle of each bucket, where percentiles are read off as everywhere else, with the share
    /// that is reached in it.
    middles: Vec<(f64, f64)>,
}

impl Curve {
    fn new(series: &DistributionSeries) -> Option<Self> {
        let mut buckets: Vec<(f64, f64, u64)> = series
            .buckets
            .iter()
            .copied()
            .filter(|(low, high, count)| low.is_finite() && high.is_finite() && *count > 0)
            .collect();
        buckets.sort_by(|a, b| a.1.total_cmp(&b.1));
        let total: u64 = buckets.iter().map(|(_, _, count)| count).sum();
        let (first, _, _) = *buckets.first()?;
        let total = total as f64;
        let mut steps = vec![(first, 0.0)];
        let mut middles = Vec::with_capacity(buckets.len());
        let mut below = 0;
        for (low, high, count) in buckets {
            if let Some((end, share)) = steps.last().copied()
                && low > end
            {
                steps.push((low, share));
            }
            below += count;
            // The last value is the largest of n: it stands for the share 1 - 1/(2n), since no
            // finite run can show the whole.
            let share = (below as f64 / total).min(1.0 - 0.5 / total);
            steps.push((high, share));
            middles.push((low + (high - low) / 2.0, share));
        }
        Some(Self { steps, middles })
    }

    fn most(&self) -> f64 {
        self.steps.last().map_or(0.0, |(_, share)| *share)
    }

    /// The smallest value with at least this share at or below it.
    fn quantile(&self, share: f64) -> Option<f64> {
        let reached = self.middles.iter().find(|(_, below)| *below >= share);
        reached.map(|(value, _)| *value)
    }
}

impl Chart for Distribution {
    fn scene(&self) -> Scene {
        let mut page = Page::new(&self.title, &self.subtitle, HEIGHT);
        let curves: Vec<Option<Curve>> = self.series.iter().map(Curve::new).collect();
        let drawn = curves.iter().flatten();
        let reach = drawn
            .clone()
            .flat_map(|curve| curve.steps.iter().map(|(value, _)| *value));
        let Some(x) = Ruler::fit(&self.x, self.positive_start(reach)) else {
            page.no_data();
            return page.finish();
        };
        let most = drawn
            .map(|curve| nines(curve.most()))
            .fold(1.0, f64::max)
            .min(MOST_NINES);
        let named = self
            .series
            .iter()
            .enumerate()
            .filter(|(_, series)| !series.name.is_empty());
        let entries: Vec<key::Entry> = named
            .map(|(number, series)| {
                let symbol = key::Symbol::Line(stroke(number));
                key::Entry::new(symbol, style::colour(number), &series.name)
            })
            .collect();
        page.key(&entries);
        let area = self.axes(&mut page, &x, most);
        let at = |value: f64, share: f64| {
            let up = (nines(share) / (most * 1.04)).min(1.0);
            (
                area.left + x.place(value) * area.width(),
                area.bottom - up * area.height(),
            )
        };
        let mut callouts = Callouts::new(area);
        for (number, curve) in curves.iter().enumerate() {
            let Some(curve) = curve else { continue };
            let spots = corners(curve, &at);
            page.scene
                .path(&spots, stroke(number), style::colour(number), 2.0);
            callouts.keep_line(&spots);
        }
        self.read_off(&mut page.scene, &curves, &at, &mut callouts);
        let dropped = callouts.dropped;
        page.note(
            dropped,
            "value left out for space",
            "values left out for space",
        );
        page.finish()
    }
}

impl Distribution {
    /// A lowest bucket that starts at zero would give a logarithmic axis a strip for zero that
    /// shows nothing.
    fn positive_start<'a>(
        &self,
        values: impl Iterator<Item = f64> + 'a,
    ) -> impl Iterator<Item = f64> + 'a {
        let linear = self.x.scale == Scale::Linear;
        values.filter(move |value| linear || *value > 0.0)
    }

    /// The grid of nines with its labels and the axis of values; returns the plot.
    fn axes(&self, page: &mut Page, x: &Ruler, most: f64) -> Rect {
        let body = page.body;
        let levels = levels(most);
        let texts: Vec<String> = levels.iter().map(|level| percent(*level)).collect();
        let wide = texts
            .iter()
            .map(|text| font::width(text, LABEL))
            .fold(0.0, f64::max);
        let area = Rect::new(
            body.left + wide + 10.0,
            body.top + ABOVE,
            body.right - 24.0,
            body.bottom - BELOW,
        );
        let scene = &mut page.scene;
        let caption = "share at or below (each step: one more nine)";
        scene.text(
            (body.left, body.top + 11.0),
            Anchor::Start,
            LABEL,
            MUTED,
            caption,
        );
        for (level, text) in levels.iter().zip(&texts) {
            let y = area.bottom - level / (most * 1.04) * area.height();
            scene.line((area.left, y), (area.right, y), GRID, 1.0);
            scene.text(
                (area.left - 8.0, centred(y, LABEL)),
                Anchor::End,
                LABEL,
                MUTED,
                text,
            );
        }
        scene.line(
            (area.left, area.bottom),
            (area.right, area.bottom),
            AXIS,
            1.0,
        );
        let ticks = frame::horizontal(scene, &area, x);
        frame::marks(scene, &area, &ticks);
        let log = if x.is_log() { " (log scale)" } else { "" };
        frame::below(scene, &area, 0.0, &format!("{}{log}", self.x.caption()));
        area
    }

    /// A dot and a text where each curve crosses each percentile asked for.
    fn read_off(
        &self,
        scene: &mut Scene,
        curves: &[Option<Curve>],
        at: &dyn Fn(f64, f64) -> Spot,
        callouts: &mut Callouts,
    ) {
        let marks = self
            .marks
            .iter()
            .copied()
            .filter(|mark| (0.0..1.0).contains(mark));
        for mark in marks {
            for (number, curve) in curves.iter().enumerate() {
                let found = curve.as_ref().and_then(|curve| curve.quantile(mark));
                let Some(value) = found else { continue };
                let spot = at(value, mark);
                scene.marker(spot, style::marker(number), 4.0, style::colour(number));
                callouts.keep_mark(Rect::around(spot, 6.0));
            }
        }
        let marks = self
            .marks
            .iter()
            .copied()
            .filter(|mark| (0.0..1.0).contains(mark));
        for mark in marks {
            for curve in curves.iter().flatten() {
                let Some(value) = curve.quantile(mark) else {
                    continue;
                };
                let name = percent(nines(mark)).replace(" %", "");
                let text = format!("p{name}: {}", self.x.unit.text(value));
                callouts.name(scene, (at(value, mark), 4.0), &text, SMALL);
            }
        }
    }
}

fn stroke(number: usize) -> Stroke {
    if number.is_multiple_of(2) {
        Stroke::Solid
    } else {
        Stroke::Dashed
    }
}

/// How many nines a share has: 0.99 has two.
fn nines(share: f64) -> f64 {
    -log10(1.0 - share)
}

/// Levels that are marked, in nines: half, then one more nine each.
fn levels(most: f64) -> Vec<f64> {
    let whole = (1..=MOST_NINES as usize).map(|level| level as f64);
    let half = nines(0.5);
    [0.0, half]
        .into_iter()
        .chain(whole)
        .filter(|level| *level <= most * 1.04)
        .collect()
}

/// A number of nines in per cent, all of them written out.
fn percent(level: f64) -> String {
    let above = 100.0 * pow10(-level);
    let decimals = (level - 2.0).ceil().max(0.0) as usize;
    let text = format!("{:.decimals$}", 100.0 - above);
    let short = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{short} %")
}

/// The curve, straight through each bucket; of corners closer than a third of a pixel one is
/// drawn.
fn corners(curve: &Curve, at: &dyn Fn(f64, f64) -> Spot) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::new();
    for (value, share) in &curve.steps {
        let spot = at(*value, *share);
        let near = |(x, y): &Spot| (spot.0 - x).abs() < 0.3 && (spot.1 - y).abs() < 0.3;
        if !spots.last().is_some_and(near) {
            spots.push(spot);
        }
    }
    spots
}
