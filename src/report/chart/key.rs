//! The key: what colours and shapes mean, in rows above the plot where no data can be.

use super::font;
use super::scene::{Anchor, Rect, Scene, Stroke, centred};
use super::style::{LABEL, MUTED, Marker, Paint};

/// What stands before an entry's text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Symbol {
    Point(Marker),
    Hollow,
    Line(Stroke),
    Swatch,
    Box,
    Interval,
}

/// One entry of a key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) symbol: Symbol,
    pub(super) paint: Paint,
    pub(super) text: String,
}

impl Entry {
    pub(super) fn new(symbol: Symbol, paint: Paint, text: &str) -> Self {
        Self {
            symbol,
            paint,
            text: text.to_owned(),
        }
    }
}

const ROW: f64 = 18.0;
const ROWS: usize = 2;
const SYMBOL: f64 = 24.0;
const GAP: f64 = 20.0;
const WIDEST: f64 = 220.0;
/// Room for `+123 more` at the end of the last row.
const MORE: f64 = 70.0;

/// Draws the key from the top of `room` and says how high it is. What doesn't fit into two rows
/// is counted at the end.
pub(super) fn draw(scene: &mut Scene, room: &Rect, entries: &[Entry]) -> f64 {
    if entries.is_empty() {
        return 0.0;
    }
    let (mut x, mut row) = (room.left, 0);
    for (number, entry) in entries.iter().enumerate() {
        let text = font::shorten(&entry.text, LABEL, WIDEST);
        let wide = SYMBOL + font::width(&text, LABEL);
        let last = number + 1 == entries.len();
        let spare = if row + 1 == ROWS && !last { MORE } else { 0.0 };
        if x > room.left && x + wide + spare > room.right {
            if row + 1 == ROWS {
                let more = format!("+{} more", entries.len() - number);
                let middle = room.top + ROW * (row as f64 + 0.5);
                scene.text(
                    (x, centred(middle, LABEL)),
                    Anchor::Start,
                    LABEL,
                    MUTED,
                    &more,
                );
                break;
            }
            (x, row) = (room.left, row + 1);
        }
        let middle = room.top + ROW * (row as f64 + 0.5);
        symbol(scene, x, middle, entry);
        let spot = (x + SYMBOL, centred(middle, LABEL));
        scene.text(spot, Anchor::Start, LABEL, MUTED, &text);
        x += wide + GAP;
    }
    ROW * (row as f64 + 1.0)
}

fn symbol(scene: &mut Scene, x: f64, y: f64, entry: &Entry) {
    let (paint, centre) = (entry.paint, (x + 9.0, y));
    match entry.symbol {
        Symbol::Point(marker) => scene.marker(centre, marker, 4.5, paint),
        Symbol::Hollow => scene.ring(centre, 4.5, paint, 1.5),
        Symbol::Line(stroke) => scene.path(&[(x, y), (x + 18.0, y)], stroke, paint, 1.8),
        Symbol::Swatch => scene.fill(Rect::around(centre, 5.5), paint),
        Symbol::Box => scene.frame(Rect::around(centre, 5.0), paint, 2.0),
        Symbol::Interval => interval(scene, centre, y - 6.0, y + 6.0, paint),
    }
}

/// An interval bar with its two caps.
pub(super) fn interval(scene: &mut Scene, (x, _): (f64, f64), top: f64, bottom: f64, paint: Paint) {
    scene.line((x, top), (x, bottom), paint, 1.2);
    for y in [top, bottom] {
        scene.line((x - 3.0, y), (x + 3.0, y), paint, 1.2);
    }
}
