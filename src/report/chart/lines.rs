//! Quantities along a sweep: one line a series, its interval as bars or as a band.

use super::Chart;
use super::axis::{Axis, Estimate, Scale};
use super::callout::Callouts;
use super::font;
use super::frame::{Along, END_NAME, HEIGHT, Page, Plot, end_room};
use super::key;
use super::numbers::Unit;
use super::ruler::Ruler;
use super::scene::{Anchor, Scene, Spot, Stroke, centred};
use super::spread;
use super::style::{self, LABEL, Paint, STRONG};

/// From so many points on, bars would run into each other: bands instead.
const MANY: usize = 25;
/// Height that a label at the end of a line takes.
const END_ROW: f64 = 16.0;
/// Over more bands than this nobody sees through.
const MOST_BANDS: usize = 4;
/// How strong a band's colour is.
const BAND: f64 = 0.16;

/// Lines along an axis of the sweep.
#[derive(Clone, Debug)]
pub struct Lines {
    /// The finding, one sentence.
    pub title: String,
    /// What is drawn, from how many trials, which interval.
    pub subtitle: String,
    /// What is swept.
    pub x: Across,
    /// What is measured.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Line>,
    /// Bound of the objective on y.
    pub limit: Option<f64>,
}

/// What a sweep runs over.
#[derive(Clone, Debug)]
pub enum Across {
    /// Numbers: points stand where their values are.
    Values(Axis),
    /// Names at even distances: the x of a point is the number of its name, from 0.
    Names {
        /// What the names are.
        label: String,
        /// The names in order.
        names: Vec<String>,
    },
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name, written at its end.
    pub name: String,
    /// Points, by x.
    pub points: Vec<(f64, Estimate)>,
    /// Whether it is dashed, e.g. a reference.
    pub dashed: bool,
}

impl Line {
    /// The points that can be drawn, by x.
    fn drawable(&self) -> Vec<(f64, Estimate)> {
        let finite = |(x, y): &&(f64, Estimate)| x.is_finite() && y.mean.is_finite();
        let mut points: Vec<(f64, Estimate)> = self.points.iter().filter(finite).copied().collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    }
}

impl Chart for Lines {
    fn scene(&self) -> Scene {
        let mut page = Page::new(&self.title, &self.subtitle, HEIGHT);
        let drawable: Vec<Vec<(f64, Estimate)>> = self.series.iter().map(Line::drawable).collect();
        let given: usize = self.series.iter().map(|line| line.points.len()).sum();
        let drawn: usize = drawable.iter().map(Vec::len).sum();
        page.note(
            given - drawn,
            "point without a value",
            "points without a value",
        );
        let limit = self.limit.filter(|limit| limit.is_finite());
        let values = drawable.iter().flatten();
        // A share on even steps is one of the whole: how near 1 it is shows only then.
        let whole = self.y.scale == Scale::Linear && self.y.unit == Unit::Share;
        let whole = [0.0, 1.0].into_iter().filter(|_| whole);
        let reach = values
            .flat_map(|(_, y)| y.reach())
            .chain(limit)
            .chain(whole);
        let (Some(x), Some(y)) = (self.across(&drawable), Ruler::fit(&self.y, reach)) else {
            page.no_data();
            return page.finish();
        };
        if drawn == 0 {
            page.no_data();
            return page.finish();
        }
        let along = match &self.x {
            Across::Values(axis) => Along::Values(axis),
            Across::Names { label, names } => Along::Names { label, names },
        };
        let right = end_room(self.end_names(), STRONG);
        let plot = Plot::draw(&mut page, (along, x), (&self.y, y), None, right);
        self.draw_data(&mut page.scene, &plot, &drawable, limit);
        let dropped = self.label_ends(&mut page.scene, &plot, &drawable);
        page.note(
            dropped,
            "line without its name",
            "lines without their names",
        );
        page.finish()
    }
}

impl Lines {
    fn across(&self, drawable: &[Vec<(f64, Estimate)>]) -> Option<Ruler> {
        match &self.x {
            Across::Values(axis) => Ruler::close(axis, drawable.iter().flatten().map(|(x, _)| *x)),
            Across::Names { names, .. } => (!names.is_empty())
                .then(|| Ruler::between(Unit::Count, -0.5, names.len() as f64 - 0.5)),
        }
    }

    /// The names that stand at the ends of lines: a single line needs none, the axis names it.
    fn end_names(&self) -> impl Iterator<Item = &str> {
        let several = self.series.len() > 1;
        self.series
            .iter()
            .map(move |line| if several { line.name.as_str() } else { "" })
    }

    fn draw_data(
        &self,
        scene: &mut Scene,
        plot: &Plot,
        drawable: &[Vec<(f64, Estimate)>],
        limit: Option<f64>,
    ) {
        if let Some(limit) = limit {
            plot.limit_line(scene, limit);
        }
        let mut callouts = Callouts::new(plot.area);
        let lines = self.series.len();
        for (number, points) in drawable.iter().enumerate() {
            draw_intervals(scene, plot, points, style::colour(number), lines);
        }
        let mut order: Vec<_> = self.series.iter().zip(drawable).enumerate().collect();
        // Dashed lines last: what they cover shows through their gaps.
        order.sort_by_key(|(_, (line, _))| line.dashed);
        for (number, (line, points)) in order {
            let spots: Vec<Spot> = points.iter().map(|(x, y)| plot.at(*x, y.mean)).collect();
            self.draw_line(scene, line, &spots, number);
            callouts.keep_line(&spots);
        }
        if let Some(limit) = limit {
            plot.limit_text(scene, &self.y, limit, &mut callouts);
        }
    }

    fn draw_line(&self, scene: &mut Scene, line: &Line, spots: &[Spot], number: usize) {
        let paint = style::colour(number);
        let stroke = if line.dashed {
            Stroke::Dashed
        } else {
            Stroke::Solid
        };
        match &self.x {
            Across::Values(_) => scene.path(spots, stroke, paint, 2.0),
            // Between names there is nothing: the line only leads the eye.
            Across::Names { .. } => scene.path(spots, stroke, paint.tint(0.35), 1.2),
        }
        if spots.len() < MANY {
            for spot in spots {
                scene.marker(*spot, style::marker(number), 4.0, paint);
            }
        }
    }

    /// Names at the lines' ends, in their colours; returns how many found no room.
    fn label_ends(
        &self,
        scene: &mut Scene,
        plot: &Plot,
        drawable: &[Vec<(f64, Estimate)>],
    ) -> usize {
        let ends = self.end_names().zip(drawable).enumerate();
        let mut ends: Vec<(usize, &str, Spot)> = ends
            .filter(|(_, (name, _))| !name.is_empty())
            .filter_map(|(number, (name, points))| {
                let (x, y) = points.last()?;
                Some((number, name, plot.at(*x, y.mean)))
            })
            .collect();
        let (low, high) = (plot.area.top - 6.0, plot.area.bottom + 6.0);
        let named = spread::capacity(END_ROW, high - low).min(ends.len());
        let dropped = ends.len() - named;
        ends.truncate(named);
        let wanted: Vec<f64> = ends.iter().map(|(_, _, (_, y))| *y).collect();
        let centres = spread::apart(&wanted, END_ROW, low, high);
        for ((number, name, spot), centre) in ends.into_iter().zip(centres) {
            let paint = style::colour(number);
            let x = plot.area.right + 8.0;
            if x - spot.0 > 16.0 || (centre - spot.1).abs() > END_ROW / 2.0 {
                scene.line(
                    (spot.0 + 6.0, spot.1),
                    (x - 2.0, centre),
                    paint.fade(0.5),
                    0.8,
                );
            }
            let name = font::shorten(name, STRONG, END_NAME);
            scene.text(
                (x, centred(centre, LABEL)),
                Anchor::Start,
                STRONG,
                paint,
                &name,
            );
        }
        dropped
    }
}

fn draw_intervals(
    scene: &mut Scene,
    plot: &Plot,
    points: &[(f64, Estimate)],
    paint: Paint,
    lines: usize,
) {
    if points.len() >= MANY && lines <= MOST_BANDS {
        band(scene, plot, points, paint);
        return;
    }
    for (x, y) in points {
        let Some((low, high)) = y.interval() else {
            continue;
        };
        let (top, bottom) = (plot.down(high), plot.down(low));
        if bottom - top > 1.0 {
            key::interval(scene, (plot.across(*x), 0.0), top, bottom, paint);
        }
    }
}

fn band(scene: &mut Scene, plot: &Plot, points: &[(f64, Estimate)], paint: Paint) {
    let edge = |(x, y): &(f64, Estimate)| {
        let (low, high) = y.interval().unwrap_or((y.mean, y.mean));
        (plot.at(*x, high), plot.at(*x, low))
    };
    let (upper, lower): (Vec<Spot>, Vec<Spot>) = points.iter().map(edge).unzip();
    scene.area(
        upper.into_iter().chain(lower.into_iter().rev()).collect(),
        paint.fade(BAND),
    );
}
