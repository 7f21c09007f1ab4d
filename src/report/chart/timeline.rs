//! What happened when: several quantities one above the other over one time axis, with what was
//! done to the system above them.

use super::Chart;
use super::axis::Axis;
use super::font;
use super::frame::{self, Page};
use super::numbers::Unit;
use super::ruler::Ruler;
use super::scene::{Anchor, Rect, Scene, centred};
use super::spread;
use super::style::{AXIS, INK, MUTED, SMALL};
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
        let panels = self.panels.len().max(1) as f64;
        let strips = (self.lanes_of_spans() + self.lanes_of_marks()) as f64 * LANE;
        let height = (190.0 + strips + panels * PANEL).max(frame::HEIGHT * 0.6);
        let mut page = Page::new(&self.title, &self.subtitle, height);
        let windows = self.panels.iter().flat_map(|panel| &panel.series);
        let windows = windows.map(|series| series.values.len()).max().unwrap_or(0);
        let sound = self.window_s.is_finite() && self.window_s > 0.0;
        let measured = self.panels.iter().any(timeline_panel::has_values);
        if windows == 0 || !sound || !measured {
            page.no_data();
            return page.finish();
        }
        let time = Ruler::between(Unit::Seconds, 0.0, windows as f64 * self.window_s);
        let rows = self.rows(&page, strips);
        self.draw_events(&mut page, &time, &rows);
        for (panel, row) in self.panels.iter().zip(&rows) {
            let unnamed = timeline_panel::draw(&mut page.scene, panel, row, self.window_s, &time);
            page.note(
                unnamed,
                "series without its name",
                "series without their names",
            );
        }
        if let Some(last) = rows.last() {
            let ticks = frame::horizontal(&mut page.scene, last, &time);
            frame::marks(&mut page.scene, last, &ticks);
            frame::below(&mut page.scene, last, "virtual time");
        }
        page.finish()
    }
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
    fn lanes_of_spans(&self) -> usize {
        self.spans.len().min(LANES)
    }

    fn lanes_of_marks(&self) -> usize {
        self.marks.len().min(LANES)
    }

    /// The plots of the panels: equal heights, one left and one right edge for all.
    fn rows(&self, page: &Page, strips: f64) -> Vec<Rect> {
        let body = page.body;
        let top = body.top + strips;
        let high = (body.bottom - 42.0 - top) / self.panels.len() as f64;
        let texts = self.panels.iter().filter_map(|panel| {
            let ruler = timeline_panel::ruler(panel)?;
            Some(frame::widest(&frame::vertical_ticks(
                &ruler,
                high - PANEL_HEAD,
            )))
        });
        let left = body.left + texts.fold(20.0, f64::max) + 10.0;
        let names = self.panels.iter().flat_map(|panel| &panel.series);
        let right = body.right - frame::end_room(names.map(|series| series.name.as_str()), SMALL);
        (0..self.panels.len())
            .map(|row| {
                let bottom = top + high * (row as f64 + 1.0);
                Rect::new(left, bottom - high + PANEL_HEAD, right, bottom)
            })
            .collect()
    }

    /// Spans, then marks, in lanes above the panels; lines through all panels at their times.
    fn draw_events(&self, page: &mut Page, time: &Ruler, rows: &[Rect]) {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return;
        };
        let end = page.scene.width - 8.0;
        let across = |t: f64| first.left + time.place(t) * first.width();
        let spans = self.spans.iter().filter(|span| span.from <= span.to);
        let spans: Vec<Event> = spans
            .map(|span| event(across(span.from), across(span.to), &span.text, end))
            .collect();
        let marks = self.marks.iter().filter(|mark| mark.t.is_finite());
        let marks: Vec<Event> = marks
            .map(|mark| event(across(mark.t), across(mark.t), &mark.text, end))
            .collect();
        for mark in &marks {
            page.scene
                .line((mark.from, first.top), (mark.from, last.bottom), AXIS, 0.8);
        }
        for span in &spans {
            for x in [span.from, span.to] {
                page.scene
                    .line((x, first.top), (x, last.bottom), AXIS.fade(0.6), 0.8);
            }
        }
        let top = page.body.top;
        let lanes = self.lanes_of_spans();
        let mut dropped = draw_lanes(&mut page.scene, &spans, top, lanes);
        let top = top + lanes as f64 * LANE;
        dropped += draw_lanes(&mut page.scene, &marks, top, self.lanes_of_marks());
        page.note(dropped, "more event not named", "more events not named");
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

/// Draws events into lanes by an interval sweep; returns how many found none.
fn draw_lanes(scene: &mut Scene, events: &[Event], top: f64, lanes: usize) -> usize {
    let taken: Vec<(f64, f64)> = events.iter().map(|event| event.taken).collect();
    let places = spread::lanes(&taken, lanes, 8.0);
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
    places.iter().filter(|lane| lane.is_none()).count()
}
