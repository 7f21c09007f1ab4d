//! What each input does: bars from the middle line with their intervals.

use super::Chart;
use super::axis::{Axis, Estimate};
use super::font;
use super::frame::{BELOW, HEIGHT, MARGIN, Page, WIDTH, below, horizontal, marks};
use super::key::{Entry, Symbol};
use super::ruler::Ruler;
use super::scene::{Anchor, Rect, Scene, centred};
use super::style::{AXIS, GRID, INK, LABEL, MUTED, SMALL, colour};

/// Most inputs that are drawn.
const MOST: usize = 15;
/// Height of a bar with its label.
const LANE: f64 = 15.0;
/// Height of the bar itself.
const BAR: f64 = 9.0;
/// Room between two inputs.
const GAP: f64 = 8.0;
/// Longest name of an input.
const NAME: f64 = 260.0;
/// Longest label at the end of a bar.
const END: f64 = 150.0;
/// Intervals make the axis reach at most this far beyond the bars, as a share of what the bars
/// span. The rest of a wider one is cut off: else one that tells nothing makes all bars too small
/// to be seen.
const BEYOND: f64 = 0.5;

/// Bars about a middle line: what a metric changes by when one input changes.
#[derive(Clone, Debug)]
pub struct Tornado {
    /// The finding, one sentence.
    pub title: String,
    /// What is drawn, from how many trials, which interval.
    pub subtitle: String,
    /// The change of the metric; 0 is the middle line.
    pub axis: Axis,
    /// What the bars of each row are, in their order: `10 % less`, `10 % more`.
    pub sides: Vec<String>,
    /// The inputs, from the top.
    pub rows: Vec<TornadoRow>,
}

/// One input.
#[derive(Clone, Debug)]
pub struct TornadoRow {
    /// Its name.
    pub name: String,
    /// One bar a side, with what the input is there; `None` where there is none.
    pub bars: Vec<Option<(String, Estimate)>>,
}

impl TornadoRow {
    fn drawable(&self) -> impl Iterator<Item = (usize, &str, &Estimate)> {
        let all = self.bars.iter().enumerate();
        all.filter_map(|(side, bar)| Some((side, bar.as_ref()?)))
            .filter(|(_, (_, change))| change.mean.is_finite())
            .map(|(side, (label, change))| (side, label.as_str(), change))
    }
}

impl Chart for Tornado {
    fn scene(&self) -> Scene {
        let mut page = Page::new(&self.title, &self.subtitle, HEIGHT);
        let rows: Vec<&TornadoRow> = self
            .rows
            .iter()
            .filter(|row| row.drawable().next().is_some())
            .collect();
        let shown = &rows[..rows.len().min(MOST)];
        page.note(rows.len() - shown.len(), "smaller one", "smaller ones");
        let bars = || shown.iter().flat_map(|row| row.drawable());
        let means = bars().map(|(_, _, change)| change.mean);
        let (low, high) = means.fold((0.0f64, 0.0f64), |(l, h), m| (l.min(m), h.max(m)));
        let spare = BEYOND * (high - low);
        let reach = bars().flat_map(|(_, _, change)| change.reach());
        let reach = reach
            .map(|value| value.clamp(low - spare, high + spare))
            .chain([0.0]);
        let Some(ruler) = Ruler::fit(&self.axis, reach).filter(|_| !shown.is_empty()) else {
            page.no_data();
            return page.finish();
        };
        let entry = |(side, text): (usize, &String)| Entry::new(Symbol::Swatch, colour(side), text);
        let entries: Vec<Entry> = self.sides.iter().enumerate().map(entry).collect();
        page.key(&entries);
        let high = self.sides.len().max(1) as f64 * LANE + GAP;
        let top = page.body.top + GAP;
        let bottom = top + shown.len() as f64 * high;
        page.resize(bottom + BELOW + (page.scene.height - page.body.bottom));
        let names = shown.iter().map(|row| font::width(&row.name, LABEL));
        let names = names.fold(0.0, f64::max).min(NAME);
        let left = MARGIN + names + 10.0;
        let area = Rect::new(left + END, top, WIDTH - MARGIN - END, bottom);
        let zero = area.left + ruler.place(0.0) * area.width();
        for (number, row) in shown.iter().enumerate() {
            let y = top + number as f64 * high;
            if number > 0 {
                let (from, to) = ((MARGIN, y - GAP / 2.0), (WIDTH - MARGIN, y - GAP / 2.0));
                page.scene.line(from, to, GRID, 1.0);
            }
            let name = font::shorten(&row.name, LABEL, NAME);
            let spot = (MARGIN, centred(y + (high - GAP) / 2.0, LABEL));
            page.scene.text(spot, Anchor::Start, LABEL, INK, &name);
            for (side, label, change) in row.drawable() {
                let middle = y + (side as f64 + 0.5) * LANE;
                let at = |value: f64| area.left + ruler.place(value) * area.width();
                let value = self.axis.unit.text(change.mean);
                let label = match label {
                    "" => value,
                    label => {
                        let value = format!(": {value}");
                        let room = END - 6.0 - font::width(&value, SMALL);
                        font::shorten(label, SMALL, room) + &value
                    }
                };
                let within = (area.left, area.right);
                bar(
                    &mut page.scene,
                    (zero, middle, side),
                    &label,
                    change,
                    within,
                    at,
                );
            }
        }
        page.scene
            .line((zero, area.top), (zero, area.bottom), AXIS, 1.5);
        page.scene.line(
            (area.left, area.bottom),
            (area.right, area.bottom),
            AXIS,
            1.0,
        );
        let ticks = horizontal(&mut page.scene, &area, &ruler);
        marks(&mut page.scene, &area, &ticks);
        below(&mut page.scene, &area, 0.0, &self.axis.caption());
        page.finish()
    }
}

/// One bar with its interval; at its end what the input is there, and what that changes.
fn bar(
    scene: &mut Scene,
    (zero, middle, side): (f64, f64, usize),
    label: &str,
    change: &Estimate,
    (left, right): (f64, f64),
    at: impl Fn(f64) -> f64,
) {
    let end = at(change.mean);
    let (low, high) = (zero.min(end), zero.max(end));
    let rect = Rect::new(low, middle - BAR / 2.0, high, middle + BAR / 2.0);
    scene.fill(rect, colour(side));
    let (mut from, mut to) = (low, high);
    if let Some((least, most)) = change.interval() {
        let ends = [at(least), at(most)];
        let (least, most) = (ends[0].max(left), ends[1].min(right));
        scene.line((least, middle), (most, middle), INK, 1.0);
        // No end is drawn where it is cut.
        for x in ends.into_iter().filter(|x| (left..=right).contains(x)) {
            scene.line((x, middle - 3.0), (x, middle + 3.0), INK, 1.0);
        }
        (from, to) = (from.min(least), to.max(most));
    }
    let (x, anchor) = match change.mean < 0.0 {
        true => (from - 5.0, Anchor::End),
        false => (to + 5.0, Anchor::Start),
    };
    scene.text((x, centred(middle, SMALL)), anchor, SMALL, MUTED, label);
}
