//! Names beside points: placed where they cover nothing, or left out.

use super::font::{self, ASCENT, DESCENT};
use super::scene::{Anchor, Rect, Scene, Spot};
use super::style::{AXIS, INK, Type, WHITE};

/// What is already on the plot, and what names may still cover.
pub(super) struct Callouts {
    bounds: Rect,
    /// Never to be covered: texts.
    texts: Vec<Rect>,
    /// Better not covered: points, bars, lines.
    marks: Vec<Rect>,
    /// How many names found no place.
    pub(super) dropped: usize,
}

/// Directions from a point to its name (x right, y down), the pleasant ones first.
const DIRECTIONS: [Spot; 12] = [
    (0.7, -0.7),
    (-0.7, -0.7),
    (0.7, 0.7),
    (-0.7, 0.7),
    (0.0, -1.0),
    (0.0, 1.0),
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.4, -0.9),
    (-0.4, -0.9),
    (0.4, 0.9),
    (-0.4, 0.9),
];
/// From the rim of the point to its name.
const DISTANCES: [f64; 5] = [4.0, 14.0, 26.0, 42.0, 62.0];

/// A name that covers more than this share of its box with data is better left out.
const MOST_COVERED: f64 = 0.35;

impl Callouts {
    pub(super) fn new(bounds: Rect) -> Self {
        Self {
            bounds,
            texts: Vec::new(),
            marks: Vec::new(),
            dropped: 0,
        }
    }

    pub(super) fn keep_text(&mut self, rect: Rect) {
        self.texts.push(rect);
    }

    pub(super) fn keep_mark(&mut self, rect: Rect) {
        self.marks.push(rect);
    }

    /// Keeps the neighbourhood of a line free.
    pub(super) fn keep_line(&mut self, spots: &[Spot]) {
        const STEP: f64 = 6.0;
        for pair in spots.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let length = (x1 - x0).abs().max((y1 - y0).abs());
            let steps = (length / STEP).ceil().max(1.0) as usize;
            for step in 0..=steps {
                let share = step as f64 / steps as f64;
                let spot = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share);
                self.marks.push(Rect::around(spot, 1.5));
            }
        }
    }

    /// How much of what is drawn a text there would cover.
    pub(super) fn covered(&self, rect: &Rect) -> f64 {
        self.marks.iter().map(|mark| mark.shared(rect)).sum()
    }

    /// Writes a name near its point, which has this radius, with a thin line to it when it
    /// stands off.
    pub(super) fn name(
        &mut self,
        scene: &mut Scene,
        (spot, radius): (Spot, f64),
        text: &str,
        letters: Type,
    ) {
        let wide = font::width(&font::clean(text), letters);
        let (up, down) = (ASCENT * letters.size, DESCENT * letters.size);
        let Some((rect, far)) = self.best(spot, radius, wide, up + down) else {
            self.dropped += 1;
            return;
        };
        if far > DISTANCES[0] {
            let near = (
                spot.0.clamp(rect.left, rect.right),
                if rect.bottom < spot.1 {
                    rect.bottom
                } else {
                    spot.1.clamp(rect.top, rect.bottom)
                },
            );
            scene.line(edge(spot, near, radius), near, AXIS, 0.8);
        }
        if self.covered(&rect) == 0.0 {
            // Only grid lines are below, and they would run through the letters.
            scene.fill(rect, WHITE.fade(0.85));
        }
        let baseline = (rect.left, rect.bottom - down);
        scene.text(baseline, Anchor::Start, letters, INK, text);
        self.texts.push(rect);
    }

    /// The place that covers least, and its distance; none when every place covers a text.
    fn best(&self, spot: Spot, radius: f64, wide: f64, high: f64) -> Option<(Rect, f64)> {
        let mut best: Option<(f64, Rect, f64)> = None;
        for far in DISTANCES {
            let off = far + radius;
            for (rank, (dx, dy)) in DIRECTIONS.iter().enumerate() {
                let centre = (
                    spot.0 + dx * off + dx.signum() * reach(*dx) * wide / 2.0,
                    spot.1 + dy * off + dy * high / 2.0,
                );
                let rect = Rect::new(
                    centre.0 - wide / 2.0,
                    centre.1 - high / 2.0,
                    centre.0 + wide / 2.0,
                    centre.1 + high / 2.0,
                );
                if !self.bounds.holds(&rect.grown(2.0)) || self.hits_text(&rect.grown(2.0)) {
                    continue;
                }
                let covered = self.covered(&rect);
                if covered > MOST_COVERED * wide * high {
                    continue;
                }
                let cost = covered * 3.0 + far + rank as f64 * 0.5;
                if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                    best = Some((cost, rect, far));
                }
            }
        }
        best.map(|(_, rect, far)| (rect, far))
    }

    fn hits_text(&self, rect: &Rect) -> bool {
        self.texts.iter().any(|text| text.shared(rect) > 0.0)
    }
}

/// Where the line from a point's centre to `to` leaves the point.
fn edge((x, y): Spot, to: Spot, radius: f64) -> Spot {
    let (dx, dy) = (to.0 - x, to.1 - y);
    let length = (dx * dx + dy * dy).sqrt();
    if length <= radius {
        to
    } else {
        (x + dx * radius / length, y + dy * radius / length)
    }
}

/// How far a name is moved sideways: by half its width when it stands beside its point.
fn reach(dx: f64) -> f64 {
    if dx.abs() < 0.1 { 0.0 } else { 1.0 }
}
