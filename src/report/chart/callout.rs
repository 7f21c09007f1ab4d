//! Names beside points: placed where they cover nothing, or left out.

use super::font::{self, ASCENT, DESCENT};
use super::scene::{Anchor, Rect, Scene, Spot};
use super::style::{AXIS, INK, Type};

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
const DISTANCES: [f64; 5] = [9.0, 18.0, 30.0, 46.0, 66.0];

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

    /// Writes a name near its point, with a thin line to it when it stands off.
    pub(super) fn name(&mut self, scene: &mut Scene, spot: Spot, text: &str, letters: Type) {
        let wide = font::width(&font::clean(text), letters);
        let (up, down) = (ASCENT * letters.size, DESCENT * letters.size);
        let Some((rect, far)) = self.best(spot, wide, up + down) else {
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
            scene.line(spot, near, AXIS, 0.8);
        }
        let baseline = (rect.left, rect.bottom - down);
        scene.text(baseline, Anchor::Start, letters, INK, text);
        self.texts.push(rect);
    }

    /// The place that covers least, and its distance; none when every place covers a text.
    fn best(&self, spot: Spot, wide: f64, high: f64) -> Option<(Rect, f64)> {
        let mut best: Option<(f64, Rect, f64)> = None;
        for far in DISTANCES {
            for (rank, (dx, dy)) in DIRECTIONS.iter().enumerate() {
                let centre = (
                    spot.0 + dx * far + dx.signum() * reach(*dx) * wide / 2.0,
                    spot.1 + dy * far + dy * high / 2.0,
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
                let covered: f64 = self.marks.iter().map(|mark| mark.shared(&rect)).sum();
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

/// How far a name is moved sideways: by half its width when it stands beside its point.
fn reach(dx: f64) -> f64 {
    if dx.abs() < 0.1 { 0.0 } else { 1.0 }
}
