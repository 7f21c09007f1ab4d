//! Two axes of a sweep as a grid of cells, the value in each.

use super::Chart;
use super::axis::Axis;
use super::font;
use super::frame::{ABOVE, BELOW, HEIGHT, LEAST_NAME, Page, below};
use super::key::{Entry, Symbol};
use super::ruler::Ruler;
use super::scene::{Anchor, Rect, Scene, centred};
use super::style::{self, GREEN, GRID, LABEL, MUTED, SMALL, Type};

/// Widest name of a row.
const ROW_NAME: f64 = 150.0;
/// Room for the legend right of the grid.
const LEGEND: f64 = 120.0;
/// A cell never becomes larger, however few there are.
const LARGEST: (f64, f64) = (160.0, 90.0);

/// A quantity over two axes of a sweep.
#[derive(Clone, Debug)]
pub struct Heatmap {
    /// The finding, one sentence.
    pub title: String,
    /// What is drawn, from how many trials.
    pub subtitle: String,
    /// What the columns are.
    pub x_label: String,
    /// The columns, left to right.
    pub x_values: Vec<String>,
    /// What the rows are.
    pub y_label: String,
    /// The rows, bottom to top.
    pub y_values: Vec<String>,
    /// What the cells show.
    pub value: Axis,
    /// The cells, row by row from the bottom; none where nothing was measured.
    pub cells: Vec<Option<HeatmapCell>>,
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatmapCell {
    /// What was measured.
    pub value: f64,
    /// Whether the objective is kept, when there is one.
    pub meets: Option<bool>,
}

/// Where the grid is.
struct Grid {
    area: Rect,
    columns: usize,
    rows: usize,
}

impl Grid {
    fn cell(&self, column: usize, row: usize) -> Rect {
        let (wide, high) = self.size();
        let left = self.area.left + wide * column as f64;
        let bottom = self.area.bottom - high * row as f64;
        Rect::new(left, bottom - high, left + wide, bottom)
    }

    fn size(&self) -> (f64, f64) {
        (
            self.area.width() / self.columns as f64,
            self.area.height() / self.rows as f64,
        )
    }
}

impl Chart for Heatmap {
    fn scene(&self) -> Scene {
        let mut page = Page::new(&self.title, &self.subtitle, HEIGHT);
        let finite = |cell: &&HeatmapCell| cell.value.is_finite();
        let cells: Vec<&HeatmapCell> = self.cells.iter().flatten().filter(finite).collect();
        let (columns, rows) = (self.x_values.len(), self.y_values.len());
        let ruler = Ruler::fit(&self.value, cells.iter().map(|cell| cell.value));
        let (Some(ruler), true) = (ruler, columns > 0 && rows > 0) else {
            page.no_data();
            return page.finish();
        };
        let mut entries = Vec::new();
        if cells.iter().any(|cell| cell.meets == Some(true)) {
            entries.push(Entry::new(Symbol::Box, GREEN, "meets the objective"));
        }
        if cells.len() < columns * rows {
            entries.push(Entry::new(Symbol::Swatch, GRID, "not measured"));
        }
        page.key(&entries);
        let grid = self.grid(&page.body, columns, rows);
        page.resize(page.scene.height - (page.body.bottom - BELOW - grid.area.bottom));
        let hidden = self.draw_cells(&mut page.scene, &grid, &ruler);
        page.note(
            hidden,
            "value too long for its cell",
            "values too long for their cells",
        );
        self.label(&mut page.scene, page.body.left, &grid);
        let left = grid.area.right + 28.0;
        let ramp = Rect::new(left, grid.area.top, left + 14.0, grid.area.bottom);
        legend(&mut page.scene, &ramp, &ruler, &self.value);
        page.finish()
    }
}

impl Heatmap {
    fn grid(&self, body: &Rect, columns: usize, rows: usize) -> Grid {
        let names = self.y_values.iter();
        let names = names.map(|name| font::width(&font::shorten(name, LABEL, ROW_NAME), LABEL));
        let left = body.left + names.fold(0.0, f64::max) + 10.0;
        let (top, bottom) = (body.top + ABOVE, body.bottom - BELOW);
        let wide = (body.right - LEGEND - left).min(LARGEST.0 * columns as f64);
        let high = (bottom - top).min(LARGEST.1 * rows as f64);
        Grid {
            area: Rect::new(left, top, left + wide, top + high),
            columns,
            rows,
        }
    }

    /// Draws the cells; returns how many are too small for their value.
    fn draw_cells(&self, scene: &mut Scene, grid: &Grid, ruler: &Ruler) -> usize {
        let mut hidden = 0;
        let (wide, high) = grid.size();
        let write = self.writer(grid);
        let gap = if wide.min(high) > 12.0 { 1.0 } else { 0.0 };
        for row in 0..grid.rows {
            for column in 0..grid.columns {
                let rect = grid.cell(column, row).grown(-gap);
                let cell = self
                    .cells
                    .get(row * grid.columns + column)
                    .copied()
                    .flatten();
                let Some(cell) = cell.filter(|cell| cell.value.is_finite()) else {
                    scene.fill(rect, GRID);
                    continue;
                };
                let strength = ruler.place(cell.value);
                scene.fill(rect, style::ramp(strength));
                if cell.meets == Some(true) {
                    scene.frame(rect.grown(-1.0), GREEN, 2.5);
                }
                let (text, letters) = write(cell.value);
                if fits(&text, letters, grid) {
                    let paint = style::on_ramp(strength);
                    let (x, y) = rect.middle();
                    scene.text(
                        (x, centred(y, letters)),
                        Anchor::Middle,
                        letters,
                        paint,
                        &text,
                    );
                } else {
                    hidden += 1;
                }
            }
        }
        hidden
    }

    /// How all values are written: the fullest way that fits every cell, else the shortest.
    fn writer(&self, grid: &Grid) -> impl Fn(f64) -> (String, Type) + '_ {
        let unit = &self.value.unit;
        let write = move |way: usize, value: f64| match way {
            0 => (unit.text(value), LABEL),
            1 => (unit.text(value), SMALL),
            _ => (unit.short(value), SMALL),
        };
        let values = self.cells.iter().flatten().map(|cell| cell.value);
        let values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
        let all_fit = |way: &usize| {
            values.iter().all(|value| {
                let (text, letters) = write(*way, *value);
                fits(&text, letters, grid)
            })
        };
        let way = (0..2).find(all_fit).unwrap_or(2);
        move |value| write(way, value)
    }

    fn label(&self, scene: &mut Scene, left: f64, grid: &Grid) {
        let area = &grid.area;
        let room = area.right - left;
        let text = font::shorten(&self.y_label, LABEL, room);
        scene.text((left, area.top - 13.0), Anchor::Start, LABEL, MUTED, &text);
        let (wide, high) = grid.size();
        let every = (17.0 / high).ceil().max(1.0) as usize;
        for (row, name) in self.y_values.iter().enumerate().step_by(every) {
            let (_, y) = grid.cell(0, row).middle();
            let name = font::shorten(name, LABEL, ROW_NAME);
            let spot = (area.left - 8.0, centred(y, LABEL));
            scene.text(spot, Anchor::End, LABEL, MUTED, &name);
        }
        let every = (LEAST_NAME / wide).ceil().max(1.0) as usize;
        for (column, name) in self.x_values.iter().enumerate().step_by(every) {
            let (x, _) = grid.cell(column, 0).middle();
            let name = font::shorten(name, LABEL, wide * every as f64 - 10.0);
            scene.text((x, area.bottom + 17.0), Anchor::Middle, LABEL, MUTED, &name);
        }
        below(scene, area, 0.0, &self.x_label);
    }
}

fn fits(text: &str, letters: Type, grid: &Grid) -> bool {
    let (wide, high) = grid.size();
    font::width(text, letters) + 10.0 <= wide && high >= 20.0
}

/// The ramp with its marks, right of the grid.
fn legend(scene: &mut Scene, bar: &Rect, ruler: &Ruler, value: &Axis) {
    const STEPS: usize = 48;
    let step = bar.height() / STEPS as f64;
    for number in 0..STEPS {
        let strength = (number as f64 + 0.5) / STEPS as f64;
        let bottom = bar.bottom - step * number as f64;
        // Up to the top, for the next to cover: edges that only touch leave pale seams.
        let rect = Rect::new(bar.left, bar.top, bar.right, bottom);
        scene.fill(rect, style::ramp(strength));
    }
    scene.frame(*bar, GRID, 1.0);
    for tick in ruler.ticks(|ticks| {
        let far = |pair: &[super::ruler::Tick]| (pair[1].at - pair[0].at) * bar.height() >= 26.0;
        ticks.len() < 9 && ticks.windows(2).all(far)
    }) {
        let y = bar.bottom - tick.at * bar.height();
        scene.line((bar.right, y), (bar.right + 4.0, y), MUTED, 1.0);
        let text = font::shorten(&tick.text, SMALL, scene.width - bar.right - 14.0);
        scene.text(
            (bar.right + 8.0, centred(y, SMALL)),
            Anchor::Start,
            SMALL,
            MUTED,
            &text,
        );
    }
    let log = if ruler.is_log() { " (log)" } else { "" };
    let room = scene.width - bar.left - 12.0;
    let text = font::shorten(&format!("{}{log}", value.caption()), SMALL, room);
    scene.text(
        (bar.left, bar.top - 13.0),
        Anchor::Start,
        SMALL,
        MUTED,
        &text,
    );
}
