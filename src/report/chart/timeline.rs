//! What happened when: several quantities one above the other over one time axis, with what was
//! done to the system above them.

use super::Chart;
use super::axis::Axis;
use super::font;
use super::frame::{self, BELOW, Page};
use super::numbers::Unit;
use super::ruler::Ruler;
use super::scene::{Anchor, Rect, Scene, centred};
use super::spread;
use super::style::{AXIS, INK, MUTED, Paint, SMALL, SMALL_STRONG};
use super::timeline_panel;

/// Height of a panel with its label.
const PANEL: f64 = 118.0;
/// Room above a panel's plot for its label.
pub(super) const PANEL_HEAD: f64 = 28.0;
/// Height of a lane of the strip of events.
const LANE: f64 = 18.0;
const LANES: usize = 3;
/// Longest text of a mark or span.
const LONGEST: f64 = 260.0;

/// Panels over a shared time axis.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The finding, one sentence.
    pub title: String,
    /// What is drawn, which run.
    pub subtitle: String,
    /// Length of a window in seconds: value `i` covers `i` to `i + 1` windows.
    pub window_s: f64,
    /// The panels, top to bottom; all get the same height.
    pub panels: Vec<Panel>,
    /// Things that happened at one time.
    pub marks: Vec<Mark>,
    /// Things that lasted.
    pub spans: Vec<Span>,
}

/// One panel of a timeline.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Written above the panel; when empty, the axis' own label is.
    pub label: String,
    /// What is measured. `Auto` is linear here: a queue may be empty.
    pub axis: Axis,
    /// The lines or, stacked, the layers from the bottom up.
    pub series: Vec<PanelSeries>,
    /// Whether the series add up: areas upon each other instead of lines.
    pub stacked: bool,
    /// Upper end of the axis, so that two timelines can be compared.
    pub y_max: Option<f64>,
}

/// One series of a panel.
#[derive(Clone, Debug)]
pub struct PanelSeries {
    /// Its name, written at its end.
    pub name: String,
    /// A value for each window; none where there is nothing to measure.
    pub values: Vec<Option<f64>>,
    /// How it is drawn.
    pub style: LineStyle,
}

/// How the line of a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineStyle {
    /// Without gaps.
    #[default]
    Solid,
    /// For what is asked rather than measured, e.g. the load that is offered.
    Dashed,
}

/// Something that happened at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When, in seconds.
    pub t: f64,
    /// What.
    pub text: String,
}

/// Something that lasted.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// From when, in seconds.
    pub from: f64,
    /// Until when, in seconds.
    pub to: f64,
    /// What.
    pub text: String,
}

impl Chart for Timeline {
    fn scene(&self) -> Scene {
        let mut page = Page::new(&self.title, &self.subtitle, frame::HEIGHT * 0.6);
        let windows = self.panels.iter().flat_map(|panel| &panel.series);
        let windows = windows.map(|series| series.values.len()).max().unwrap_or(0);
        let sound = self.window_s.is_finite() && self.window_s > 0.0;
        let measured = self.panels.iter().any(timeline_panel::has_values);
        if windows == 0 || !sound || !measured {
            page.no_data();
            return page.finish();
        }
        let time = Ruler::between(Unit::Seconds, 0.0, windows as f64 * self.window_s);
        let high = self.panel_height();
        let (left, right) = self.sides(&page, high);
        let strip = self.strip(&mut page, &time, left, right);
        let top = page.body.top + LANE * strip.lanes as f64;
        let all = high * self.panels.len() as f64;
        let missing = top + all + BELOW - page.body.bottom;
        page.resize(page.scene.height + missing);
        let rows: Vec<Rect> = (1..=self.panels.len())
            .map(|row| top + high * row as f64)
            .map(|bottom| Rect::new(left, bottom - high + PANEL_HEAD, right, bottom))
            .collect();
        for (panel, row) in self.panels.iter().zip(&rows) {
            for (x, paint) in &strip.times {
                page.scene
                    .line((*x, row.top), (*x, row.bottom), *paint, 0.8);
            }
            let unnamed = timeline_panel::draw(&mut page.scene, panel, row, self.window_s, &time);
            page.note(
                unnamed,
                "series without its name",
                "series without their names",
            );
        }
        let beyond = self.panels.iter().map(timeline_panel::beyond).sum();
        page.note(beyond, "value beyond its axis", "values beyond their axes");
        if let Some(last) = rows.last() {
            let ticks = frame::horizontal(&mut page.scene, last, &time);
            frame::marks(&mut page.scene, last, &ticks);
            frame::below(&mut page.scene, last, 0.0, "virtual time");
        }
        page.finish()
    }
}

/// What the strip of events leaves for the panels to draw.
struct Strip {
    lanes: usize,
    /// Where lines go through the panels, and in which colour.
    times: Vec<(f64, Paint)>,
}

/// A mark or span laid out: where it is, what it says, and where it says it.
struct Event {
    from: f64,
    to: f64,
    text: String,
    /// Left end of the text.
    at: f64,
    /// What it takes of its lane.
    taken: (f64, f64),
}

impl Timeline {
    /// Few panels may be higher.
    fn panel_height(&self) -> f64 {
        (2.4 * PANEL / self.panels.len() as f64).max(PANEL)
    }

    /// Left and right edge of all panels: room for the widest mark and the longest name.
    fn sides(&self, page: &Page, high: f64) -> (f64, f64) {
        let texts = self.panels.iter().filter_map(|panel| {
            let ruler = timeline_panel::ruler(panel)?;
            Some(frame::widest(&frame::vertical_ticks(
                &ruler,
                high - PANEL_HEAD,
            )))
        });
        let names = self.panels.iter().flat_map(timeline_panel::names);
        let right = page.body.right - frame::end_room(names, SMALL_STRONG);
        (page.body.left + texts.fold(20.0, f64::max) + 10.0, right)
    }

    /// Draws spans, then marks, in lanes at the top of the body.
    fn strip(&self, page: &mut Page, time: &Ruler, left: f64, right: f64) -> Strip {
        let end = page.scene.width - 8.0;
        let across = |t: f64| left + time.place(t) * (right - left);
        let spans = self.spans.iter().filter(|span| span.from <= span.to);
        let spans: Vec<Event> = spans
            .map(|span| event(across(span.from), across(span.to), &span.text, end))
            .collect();
        let marks = self.marks.iter().filter(|mark| mark.t.is_finite());
        let marks: Vec<Event> = marks
            .map(|mark| event(across(mark.t), across(mark.t), &mark.text, end))
            .collect();
        let (mut lanes, mut dropped, mut times) = (0, 0, Vec::new());
        for (events, paint) in [(&spans, AXIS.tint(0.7)), (&marks, AXIS)] {
            let top = page.body.top + LANE * lanes as f64;
            let (used, unnamed) = draw_lanes(&mut page.scene, events, top);
            lanes += used;
            dropped += unnamed;
            let ends = events.iter().flat_map(|event| [event.from, event.to]);
            times.extend(ends.map(|x| (x, paint)));
        }
        times.dedup();
        page.note(dropped, "more event not named", "more events not named");
        Strip { lanes, times }
    }
}

/// Lays out one event: its text inside its bar when it fits, else right of it, else left.
fn event(from: f64, to: f64, text: &str, end: f64) -> Event {
    let text = font::shorten(text, SMALL, LONGEST);
    let wide = font::width(&text, SMALL);
    let at = match () {
        () if to - from >= wide + 10.0 => from + 5.0,
        () if to + 5.0 + wide <= end => to + 5.0,
        () => (from - 5.0 - wide).max(4.0),
    };
    let taken = (from.min(at), to.max(at + wide));
    Event {
        from,
        to,
        text,
        at,
        taken,
    }
}

/// Draws events into lanes by an interval sweep; returns how many lanes that took and how many
/// events found none.
fn draw_lanes(scene: &mut Scene, events: &[Event], top: f64) -> (usize, usize) {
    let taken: Vec<(f64, f64)> = events.iter().map(|event| event.taken).collect();
    let places = spread::lanes(&taken, LANES, 8.0);
    for (event, lane) in events.iter().zip(&places) {
        let Some(lane) = lane else { continue };
        let middle = top + LANE * (*lane as f64 + 0.5);
        let (high, low) = (middle - 7.0, middle + 7.0);
        if event.to > event.from {
            let wide = event.to.max(event.from + 2.0);
            scene.fill(Rect::new(event.from, high, wide, low), AXIS.tint(0.6));
        } else {
            scene.line((event.from, high), (event.from, low), INK, 1.5);
        }
        let spot = (event.at, centred(middle, SMALL));
        let paint = if event.to > event.from { INK } else { MUTED };
        scene.text(spot, Anchor::Start, SMALL, paint, &event.text);
    }
    let used = places.iter().flatten().max().map_or(0, |most| most + 1);
    (used, places.iter().filter(|lane| lane.is_none()).count())
}
