//! A chart as a list of shapes in logical pixels, before it becomes bytes.

use super::font;
use super::style::{Marker, Paint, Type, WHITE};

/// A point of the picture: x to the right, y down.
pub(super) type Spot = (f64, f64);

/// An upright rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rect {
    pub(super) fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self {
            left,
            top,
            right,
            bottom,
        }
    }

    /// A rectangle around a point.
    pub(super) fn around(centre: Spot, half: f64) -> Self {
        Self::new(
            centre.0 - half,
            centre.1 - half,
            centre.0 + half,
            centre.1 + half,
        )
    }

    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn middle(&self) -> Spot {
        (
            f64::midpoint(self.left, self.right),
            f64::midpoint(self.top, self.bottom),
        )
    }

    /// Once around, back to the start.
    pub(super) fn corners(&self) -> [Spot; 5] {
        let start = (self.left, self.top);
        let (right, bottom) = (self.right, self.bottom);
        [
            start,
            (right, self.top),
            (right, bottom),
            (self.left, bottom),
            start,
        ]
    }

    /// Larger by `by` on every side.
    pub(super) fn grown(&self, by: f64) -> Self {
        Self::new(
            self.left - by,
            self.top - by,
            self.right + by,
            self.bottom + by,
        )
    }

    /// Area that two rectangles share.
    pub(super) fn shared(&self, other: &Self) -> f64 {
        let wide = self.right.min(other.right) - self.left.max(other.left);
        let high = self.bottom.min(other.bottom) - self.top.max(other.top);
        if wide > 0.0 && high > 0.0 {
            wide * high
        } else {
            0.0
        }
    }

    pub(super) fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }
}

/// Which part of a text stands at its spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    Solid,
    Dashed,
}

/// One thing to paint.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Fill {
        rect: Rect,
        paint: Paint,
    },
    Frame {
        rect: Rect,
        paint: Paint,
        width: f64,
    },
    Path {
        spots: Vec<Spot>,
        paint: Paint,
        width: f64,
    },
    Area {
        spots: Vec<Spot>,
        paint: Paint,
    },
    Disc {
        centre: Spot,
        radius: f64,
        paint: Paint,
    },
    Ring {
        centre: Spot,
        radius: f64,
        paint: Paint,
        width: f64,
    },
    Text {
        spot: Spot,
        anchor: Anchor,
        letters: Type,
        paint: Paint,
        text: String,
    },
}

/// A chart laid out: what to paint and how large the picture is.
#[derive(Clone, Debug)]
pub struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Said to those who can't see the picture.
    pub(super) title: String,
    pub(super) shapes: Vec<Shape>,
}

impl Scene {
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        let page = Shape::Fill {
            rect: Rect::new(0.0, 0.0, width, height),
            paint: WHITE,
        };
        Self {
            width,
            height,
            title: font::clean(title),
            shapes: vec![page],
        }
    }

    /// Changes the height and with it that of the white page, which is the first shape.
    pub(super) fn resize(&mut self, height: f64) {
        self.height = height;
        let page = Rect::new(0.0, 0.0, self.width, height);
        self.shapes[0] = Shape::Fill {
            rect: page,
            paint: WHITE,
        };
    }

    pub(super) fn fill(&mut self, rect: Rect, paint: Paint) {
        self.shapes.push(Shape::Fill { rect, paint });
    }

    pub(super) fn frame(&mut self, rect: Rect, paint: Paint, width: f64) {
        self.shapes.push(Shape::Frame { rect, paint, width });
    }

    pub(super) fn area(&mut self, spots: Vec<Spot>, paint: Paint) {
        self.shapes.push(Shape::Area { spots, paint });
    }

    pub(super) fn line(&mut self, from: Spot, to: Spot, paint: Paint, width: f64) {
        self.shapes.push(Shape::Path {
            spots: vec![from, to],
            paint,
            width,
        });
    }

    pub(super) fn path(&mut self, spots: &[Spot], stroke: Stroke, paint: Paint, width: f64) {
        if spots.len() < 2 {
            return;
        }
        match stroke {
            Stroke::Solid => {
                self.shapes.push(Shape::Path {
                    spots: spots.to_vec(),
                    paint,
                    width,
                });
            }
            Stroke::Dashed => {
                for spots in dashes(spots) {
                    self.shapes.push(Shape::Path {
                        spots,
                        paint,
                        width,
                    });
                }
            }
        }
    }

    /// A text whose baseline starts, centres or ends at `spot`.
    pub(super) fn text(
        &mut self,
        spot: Spot,
        anchor: Anchor,
        letters: Type,
        paint: Paint,
        text: &str,
    ) {
        let text = font::clean(text);
        if !text.is_empty() {
            self.shapes.push(Shape::Text {
                spot,
                anchor,
                letters,
                paint,
                text,
            });
        }
    }

    /// A point that is drawn hollow.
    pub(super) fn hollow(&mut self, centre: Spot, radius: f64, paint: Paint) {
        self.shapes.push(Shape::Disc {
            centre,
            radius,
            paint: WHITE,
        });
        self.ring(centre, radius, paint, 1.6);
    }

    pub(super) fn ring(&mut self, centre: Spot, radius: f64, paint: Paint, width: f64) {
        self.shapes.push(Shape::Ring {
            centre,
            radius,
            paint,
            width,
        });
    }

    /// A point of a series. The thin white rim keeps neighbours apart.
    pub(super) fn marker(&mut self, centre: Spot, marker: Marker, size: f64, paint: Paint) {
        self.shape(centre, marker, size + 1.2, WHITE.fade(paint.alpha));
        self.shape(centre, marker, size, paint);
    }

    fn shape(&mut self, (x, y): Spot, marker: Marker, size: f64, paint: Paint) {
        let corners: &[Spot] = match marker {
            Marker::Circle => {
                self.shapes.push(Shape::Disc {
                    centre: (x, y),
                    radius: size,
                    paint,
                });
                return;
            }
            Marker::Triangle => &[(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)],
            Marker::Square => &[(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)],
            Marker::Diamond => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
        };
        let spots = corners
            .iter()
            .map(|(dx, dy)| (x + dx * size, y + dy * size))
            .collect();
        self.area(spots, paint);
    }
}

/// The baseline that centres a text of this size on `middle`.
pub(super) fn centred(middle: f64, letters: Type) -> f64 {
    middle + 0.355 * letters.size
}

/// Cuts a path into dashes of 6 with gaps of 4; the pattern runs on round corners.
fn dashes(spots: &[Spot]) -> Vec<Vec<Spot>> {
    const PATTERN: [f64; 2] = [6.0, 4.0];
    let mut cut: Vec<Vec<Spot>> = vec![vec![spots[0]]];
    let (mut phase, mut left) = (0, PATTERN[0]);
    for pair in spots.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        let mut walked = 0.0;
        while length - walked > left {
            walked += left;
            let spot = (from.0 + dx * walked / length, from.1 + dy * walked / length);
            if phase == 0 {
                cut.last_mut().expect("a dash is open").push(spot);
            } else {
                cut.push(vec![spot]);
            }
            phase = 1 - phase;
            left = PATTERN[phase];
        }
        left -= length - walked;
        if phase == 0 {
            cut.last_mut().expect("a dash is open").push(to);
        }
    }
    cut.retain(|dash| dash.len() > 1);
    cut
}
