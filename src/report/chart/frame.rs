//! What all kinds of charts share: title, notes, plot with two axes.

use super::axis::{Axis, Better};
use super::callout::Callouts;
use super::font;
use super::key::{self, Entry};
use super::ruler::{Ruler, Tick};
use super::scene::{Anchor, Rect, Scene, Spot, Stroke, centred};
use super::style::{AXIS, GREEN, GRID, INK, LABEL, MUTED, SMALL, SUBTITLE, TITLE, Type};

/// Width of every chart: with [`HEIGHT`] the shape of a slide.
pub(super) const WIDTH: f64 = 960.0;
/// Height of charts that do not grow with their content.
pub(super) const HEIGHT: f64 = 540.0;

pub(super) const MARGIN: f64 = 24.0;
const TITLE_ROW: f64 = 22.0;
const SUBTITLE_ROW: f64 = 16.0;
const NOTE_ROW: f64 = 16.0;
/// Room below a plot for the marks and the label of its horizontal axis.
pub(super) const BELOW: f64 = 42.0;
/// Room above a plot for the label of its vertical axis.
pub(super) const ABOVE: f64 = 24.0;
/// Least distance between two marks of a vertical axis.
const TICK_ROW: f64 = 24.0;
/// Least distance between the texts of two marks of a horizontal axis.
const TICK_GAP: f64 = 14.0;

/// A chart being drawn: the scene, what is left of it, what has to be said below.
pub(super) struct Page {
    pub(super) scene: Scene,
    /// What is still free.
    pub(super) body: Rect,
    notes: Vec<String>,
}

impl Page {
    pub(super) fn new(title: &str, subtitle: &str, height: f64) -> Self {
        let mut scene = Scene::new(WIDTH, height, title);
        let room = WIDTH - 2.0 * MARGIN;
        let mut top = 16.0;
        for line in font::wrap(title, TITLE, room, 2) {
            top += TITLE_ROW;
            scene.text((MARGIN, top - 5.0), Anchor::Start, TITLE, INK, &line);
        }
        for line in font::wrap(subtitle, SUBTITLE, room, 2) {
            top += SUBTITLE_ROW;
            scene.text((MARGIN, top - 3.0), Anchor::Start, SUBTITLE, MUTED, &line);
        }
        let body = Rect::new(MARGIN, top + 10.0, WIDTH - MARGIN, height - 8.0 - NOTE_ROW);
        Self {
            scene,
            body,
            notes: Vec::new(),
        }
    }

    /// Changes the height, for charts that know it only when they are laid out.
    pub(super) fn resize(&mut self, height: f64) {
        self.body.bottom += height - self.scene.height;
        self.scene.resize(height);
    }

    /// Draws the key and takes its rows from the body.
    pub(super) fn key(&mut self, entries: &[Entry]) {
        let high = key::draw(&mut self.scene, &self.body, entries);
        self.body.top += if high > 0.0 { high + 8.0 } else { 0.0 };
    }

    /// Something the picture leaves out.
    pub(super) fn note(&mut self, count: usize, one: &str, many: &str) {
        match count {
            0 => {}
            1 => self.notes.push(format!("1 {one}")),
            _ => self.notes.push(format!("{count} {many}")),
        }
    }

    /// Says in the middle of the body that there is nothing to show.
    pub(super) fn no_data(&mut self) {
        let (x, y) = self.body.middle();
        self.scene.frame(self.body, GRID, 1.0);
        self.scene.text(
            (x, centred(y, TITLE)),
            Anchor::Middle,
            TITLE,
            MUTED,
            "no data",
        );
    }

    /// The finished scene.
    pub(super) fn finish(mut self) -> Scene {
        let notes = self.notes.join(" · ");
        let text = font::shorten(&notes, SMALL, WIDTH - 2.0 * MARGIN);
        let spot = (WIDTH - MARGIN, self.scene.height - 9.0);
        self.scene.text(spot, Anchor::End, SMALL, MUTED, &text);
        self.scene
    }
}

/// A plot with its two rulers, axes drawn.
pub(super) struct Plot {
    pub(super) area: Rect,
    pub(super) x: Ruler,
    pub(super) y: Ruler,
}

/// What a plot's horizontal axis shows.
pub(super) enum Along<'a> {
    Values(&'a Axis),
    /// Names at even distances; the ruler counts them from 0.
    Names {
        label: &'a str,
        names: &'a [String],
    },
}

impl Plot {
    /// Draws grid, axes and labels into the body of the page, `right` pixels left free for the
    /// labels of lines.
    pub(super) fn draw(
        page: &mut Page,
        (along, x): (Along<'_>, Ruler),
        (axis, y): (&Axis, Ruler),
        better: Option<Better>,
        right: f64,
    ) -> Self {
        let body = page.body;
        let top = body.top + ABOVE;
        let within = |bottom: f64| {
            let ticks = vertical_ticks(&y, bottom - top);
            let left = body.left + widest(&ticks) + 10.0;
            (Rect::new(left, top, body.right - right, bottom), ticks)
        };
        let mut plot = within(body.bottom - BELOW);
        let mut drop = 0.0;
        if let Along::Names { names, .. } = &along {
            drop = NAME_LINE * (lines_of(names, plot.0.width()) - 1) as f64;
            plot = within(body.bottom - BELOW - drop);
        }
        let (area, ticks) = plot;
        let caption = vertical_caption(axis, &y, better);
        let text = font::shorten(&caption, LABEL, body.width());
        page.scene.text(
            (body.left, body.top + 11.0),
            Anchor::Start,
            LABEL,
            MUTED,
            &text,
        );
        vertical(&mut page.scene, &area, &y, &ticks);
        match along {
            Along::Values(axis) => {
                let ticks = horizontal(&mut page.scene, &area, &x);
                marks(&mut page.scene, &area, &ticks);
                let log = if x.is_log() { " (log scale)" } else { "" };
                below(
                    &mut page.scene,
                    &area,
                    0.0,
                    &format!("{}{log}", axis.caption()),
                );
            }
            Along::Names { label, names } => {
                categories(&mut page.scene, &area, &x, names);
                below(&mut page.scene, &area, drop, label);
            }
        }
        Self { area, x, y }
    }

    /// Where a pair of values is in the picture.
    pub(super) fn at(&self, x: f64, y: f64) -> Spot {
        (self.across(x), self.down(y))
    }

    pub(super) fn across(&self, x: f64) -> f64 {
        self.area.left + self.x.place(x) * self.area.width()
    }

    pub(super) fn down(&self, y: f64) -> f64 {
        self.area.bottom - self.y.place(y) * self.area.height()
    }

    /// Draws the bound of an objective, below the data.
    pub(super) fn limit_line(&self, scene: &mut Scene, bound: f64) {
        let y = self.down(bound);
        scene.path(
            &[(self.area.left, y), (self.area.right, y)],
            Stroke::Dashed,
            GREEN,
            1.5,
        );
    }

    /// Says what the bound is: at that end and on that side of its line where the text covers
    /// least.
    pub(super) fn limit_text(
        &self,
        scene: &mut Scene,
        axis: &Axis,
        bound: f64,
        callouts: &mut Callouts,
    ) {
        let y = self.down(bound);
        let text = format!("objective {}", axis.unit.text(bound));
        let wide = font::width(&text, SMALL);
        let ends = [self.area.right - 4.0 - wide, self.area.left + 4.0];
        let sides = [y - 5.0, y + 13.0];
        let places = ends
            .iter()
            .flat_map(|left| sides.map(|baseline| (*left, baseline)));
        let mut best: Option<(f64, Spot, Rect)> = None;
        for (left, baseline) in places {
            let rect = Rect::new(left, baseline - 10.0, left + wide, baseline + 3.0);
            let outside = if self.area.holds(&rect) {
                0.0
            } else {
                f64::MAX
            };
            let cost = callouts.covered(&rect) + outside;
            if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                best = Some((cost, (left, baseline), rect));
            }
        }
        let Some((_, spot, rect)) = best else { return };
        scene.text(spot, Anchor::Start, SMALL, GREEN, &text);
        callouts.keep_text(rect);
        callouts.keep_line(&[(self.area.left, y), (self.area.right, y)]);
    }
}

fn vertical_caption(axis: &Axis, ruler: &Ruler, better: Option<Better>) -> String {
    let mut caption = axis.caption();
    match better {
        Some(Better::Higher) => caption += ", higher is better",
        Some(Better::Lower) => caption += ", lower is better",
        None => {}
    }
    if ruler.is_log() {
        caption += " (log scale)";
    }
    caption
}

/// The densest marks whose texts keep a row's distance.
pub(super) fn vertical_ticks(ruler: &Ruler, height: f64) -> Vec<Tick> {
    ruler.ticks(|ticks| {
        let far = |pair: &[Tick]| (pair[1].at - pair[0].at) * height >= TICK_ROW;
        ticks.len() < 9 && ticks.windows(2).all(far)
    })
}

pub(super) fn widest(ticks: &[Tick]) -> f64 {
    ticks
        .iter()
        .map(|tick| font::width(&tick.text, LABEL))
        .fold(0.0, f64::max)
}

/// Grid lines and their texts, left of the area.
pub(super) fn vertical(scene: &mut Scene, area: &Rect, ruler: &Ruler, ticks: &[Tick]) {
    for tick in ticks {
        let y = area.bottom - tick.at * area.height();
        scene.line((area.left, y), (area.right, y), GRID, 1.0);
        let spot = (area.left - 8.0, centred(y, LABEL));
        scene.text(spot, Anchor::End, LABEL, MUTED, &tick.text);
    }
    scene.line(
        (area.left, area.bottom),
        (area.right, area.bottom),
        AXIS,
        1.0,
    );
    if ruler.has_zero_strip() {
        // Two strokes across the axis: the scale is broken between zero and what lies above.
        let y = area.bottom - 0.08 * area.height();
        for y in [y, y - 4.0] {
            scene.line(
                (area.left - 4.0, y + 2.0),
                (area.left + 4.0, y - 2.0),
                AXIS,
                1.0,
            );
        }
    }
}

/// Marks of a horizontal axis that fit beside each other.
pub(super) fn horizontal(scene: &mut Scene, area: &Rect, ruler: &Ruler) -> Vec<(f64, String)> {
    let width = scene.width;
    let place = |tick: &Tick| {
        let half = font::width(&tick.text, LABEL) / 2.0;
        let centre = area.left + tick.at * area.width();
        (centre.clamp(half + 4.0, width - half - 4.0), half)
    };
    let ticks = ruler.ticks(|ticks| {
        ticks.windows(2).all(|pair| {
            let ((left, half), (right, other)) = (place(&pair[0]), place(&pair[1]));
            right - left >= half + other + TICK_GAP
        })
    });
    for tick in &ticks {
        let x = area.left + tick.at * area.width();
        scene.line((x, area.bottom), (x, area.bottom + 4.0), AXIS, 1.0);
    }
    ticks
        .into_iter()
        .map(|tick| (place(&tick).0, tick.text))
        .collect()
}

/// Texts of a horizontal axis.
pub(super) fn marks(scene: &mut Scene, area: &Rect, ticks: &[(f64, String)]) {
    for (x, text) in ticks {
        scene.text((*x, area.bottom + 17.0), Anchor::Middle, LABEL, MUTED, text);
    }
}

/// How wide a name may be, and that only every nth is shown where that were too little.
fn share(names: &[String], width: f64) -> (f64, usize) {
    let step = width / names.len().max(1) as f64;
    let every = (LEAST_NAME / step).ceil().max(1.0) as usize;
    (step * every as f64 - 10.0, every)
}

/// How many lines the names at even distances on an axis take, at least 1.
fn lines_of(names: &[String], width: f64) -> usize {
    let (room, every) = share(names, width);
    let shown = names.iter().step_by(every);
    let lines = shown.map(|name| font::wrap(name, LABEL, room, NAME_LINES).len());
    lines.max().unwrap_or(1).max(1)
}

/// Names at even distances, each wrapped into its share of the axis; every nth when that is too
/// little.
fn categories(scene: &mut Scene, area: &Rect, ruler: &Ruler, names: &[String]) {
    let (room, every) = share(names, area.width());
    for (number, name) in names.iter().enumerate().step_by(every) {
        let x = area.left + ruler.place(number as f64) * area.width();
        let room = room.min(2.0 * (scene.width - x - 2.0));
        scene.line((x, area.bottom), (x, area.bottom + 4.0), AXIS, 1.0);
        for (line, text) in font::wrap(name, LABEL, room, NAME_LINES).iter().enumerate() {
            let y = area.bottom + 17.0 + NAME_LINE * line as f64;
            scene.text((x, y), Anchor::Middle, LABEL, MUTED, text);
        }
    }
}

/// Most lines of a name along an axis, and their distance.
const NAME_LINES: usize = 3;
const NAME_LINE: f64 = 14.0;

/// A name narrower than this says nothing.
pub(super) const LEAST_NAME: f64 = 46.0;

/// Label of the horizontal axis, so much lower than usual.
pub(super) fn below(scene: &mut Scene, area: &Rect, drop: f64, text: &str) {
    let text = font::shorten(text, LABEL, area.width());
    let spot = (area.middle().0, area.bottom + 36.0 + drop);
    scene.text(spot, Anchor::Middle, LABEL, MUTED, &text);
}

/// Right margin that labels at the ends of lines need.
pub(super) fn end_room<'a>(names: impl Iterator<Item = &'a str>, letters: Type) -> f64 {
    let wide = names.map(|name| font::width(&font::shorten(name, letters, END_NAME), letters));
    let wide = wide.fold(0.0, f64::max);
    // Half of the last mark's text has to fit even without labels.
    if wide > 0.0 { wide + 14.0 } else { 24.0 }
}

/// Longest label at the end of a line.
pub(super) const END_NAME: f64 = 150.0;
