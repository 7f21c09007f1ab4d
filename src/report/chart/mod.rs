//! Charts: plain numbers in, SVG (and PNG) bytes out.
//!
//! Six kinds, one structure each: [`Tradeoff`], [`Lines`], [`Heatmap`], [`Timeline`],
//! [`Distribution`] and [`Tornado`]. A kind lays itself out as a [`Scene`], a list of shapes in
//! logical pixels; one painter turns a scene into bytes. The same chart gives the same bytes on
//! every machine: the font is embedded, its metrics are read from it, logarithms are pure Rust.
//!
//! Must not know the rest of the crate: whoever has results fills these structures.

mod axis;
mod callout;
mod distribution;
mod font;
mod frame;
mod heatmap;
mod key;
mod lines;
mod math;
mod numbers;
mod paint;
mod ruler;
mod scene;
mod spread;
mod style;
mod ticks;
mod timeline;
mod timeline_panel;
mod tornado;
mod tradeoff;

pub use axis::{Axis, Better, Estimate, Scale};
pub use distribution::{Distribution, DistributionSeries};
pub use heatmap::{Heatmap, HeatmapCell};
pub use lines::{Across, Line, Lines};
pub use numbers::Unit;
pub use scene::Scene;
pub use timeline::{LineStyle, Mark, Panel, PanelSeries, Span, Timeline};
pub use tornado::{Tornado, TornadoRow};
pub use tradeoff::{Tradeoff, TradeoffPoint};

/// A chart that can be painted.
pub trait Chart {
    /// Lays the chart out.
    fn scene(&self) -> Scene;

    /// The chart as an SVG document.
    fn svg(&self) -> String {
        paint::svg(&self.scene())
    }

    /// The chart as a PNG file, twice the logical size.
    #[cfg(feature = "png")]
    fn png(&self) -> Vec<u8> {
        paint::png(&self.scene())
    }
}
