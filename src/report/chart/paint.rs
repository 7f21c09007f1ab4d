//! Scenes to bytes, through the back ends of plotters.
//!
//! A back end knows whole pixels only. SVG is therefore painted three times as large and its root
//! says the logical size; PNG is painted twice as large as it gets and averaged down, which also
//! evens out the spacing of its letters.

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBColor, ShapeStyle, TextStyle};

use super::font;
use super::scene::{Anchor, Scene, Shape, Spot};
use super::style::{Paint, Type};

/// SVG pixels for a logical one.
const SVG_SCALE: f64 = 3.0;

/// How a back end wants its texts: both are factors of the size of letters.
struct Target {
    /// Back-end pixels for a logical one.
    scale: f64,
    /// Font size that the back end takes for an em.
    size: f64,
    /// From the top that the back end assumes down to the baseline.
    drop: f64,
}

/// The scene as an SVG document.
pub(super) fn svg(scene: &Scene) -> String {
    font::register();
    let target = Target {
        scale: SVG_SCALE,
        size: 1.24,
        drop: 0.76,
    };
    let (width, height) = pixels(scene, SVG_SCALE);
    let mut document = String::new();
    {
        let root = SVGBackend::with_string(&mut document, (width, height)).into_drawing_area();
        paint(&root, &target, scene);
        root.present()
            .unwrap_or_else(|_| unreachable!("memory takes every picture"));
    }
    let body = document.split_once('\n').map_or("", |(_, body)| body);
    let body = as_wide_as_laid_out(body, scene);
    let title = escaped(&scene.title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\" \
         stroke-linejoin=\"round\">\n<title>{title}</title>\n{body}",
        scene.width, scene.height,
    )
}

/// Tells every text how wide it was taken to be. A viewer without the font takes one of its own,
/// and a wider one would run over its neighbours and out of the picture.
fn as_wide_as_laid_out(body: &str, scene: &Scene) -> String {
    const TEXT: &str = "<text ";
    let texts = scene.shapes.iter().filter_map(|shape| match shape {
        Shape::Text { letters, text, .. } => Some((*letters, text)),
        _ => None,
    });
    let mut parts = body.split(TEXT);
    let mut told = parts.next().unwrap_or_default().to_owned();
    for (part, (letters, text)) in parts.zip(texts) {
        told.push_str(TEXT);
        if font::covers(text) {
            let width = (font::width(text, letters) * SVG_SCALE).round();
            let attributes = format!("textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" ");
            told.push_str(&attributes);
        }
        told.push_str(part);
    }
    told
}

/// The scene as a PNG file.
#[cfg(feature = "png")]
pub(super) fn png(scene: &Scene) -> Vec<u8> {
    const FINE: usize = 2;
    const SCALE: f64 = 4.0;
    font::register();
    let target = Target {
        scale: SCALE,
        size: font::LINE_PER_EM,
        drop: font::LINE_PER_EM / 2.0,
    };
    let (width, height) = pixels(scene, SCALE);
    let mut fine = vec![0; width as usize * height as usize * 3];
    {
        let back = plotters::backend::BitMapBackend::with_buffer(&mut fine, (width, height));
        let root = back.into_drawing_area();
        paint(&root, &target, scene);
        root.present()
            .unwrap_or_else(|_| unreachable!("memory takes every picture"));
    }
    let rows = averaged(&fine, width as usize, FINE);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width / FINE as u32, height / FINE as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("memory takes every picture");
    writer
        .write_image_data(&rows)
        .expect("as many pixels as announced");
    writer.finish().expect("memory takes every picture");
    file
}

/// Each square of `fine` by `fine` pixels as one pixel, the mean of them.
#[cfg(feature = "png")]
fn averaged(pixels: &[u8], width: usize, fine: usize) -> Vec<u8> {
    let stride = width * 3;
    let mut mean = Vec::with_capacity(pixels.len() / (fine * fine));
    for rows in pixels.chunks_exact(stride * fine) {
        for column in (0..stride).step_by(3 * fine) {
            for channel in 0..3 {
                let cells = (0..fine * fine).map(|cell| {
                    let (down, along) = (cell / fine, cell % fine);
                    usize::from(rows[down * stride + column + along * 3 + channel])
                });
                let sum: usize = cells.sum();
                // The mean of bytes is a byte.
                mean.push(((sum + fine * fine / 2) / (fine * fine)) as u8);
            }
        }
    }
    mean
}

fn pixels(scene: &Scene, scale: f64) -> (u32, u32) {
    (
        (scene.width * scale).round() as u32,
        (scene.height * scale).round() as u32,
    )
}

fn paint<B: DrawingBackend>(root: &DrawingArea<B, Shift>, target: &Target, scene: &Scene) {
    for shape in &scene.shapes {
        if draw(root, target, shape).is_err() {
            // Pixels in memory can't fail, and the font is registered.
            unreachable!("memory takes every picture");
        }
    }
}

fn draw<B: DrawingBackend>(
    root: &DrawingArea<B, Shift>,
    target: &Target,
    shape: &Shape,
) -> Result<(), plotters::drawing::DrawingAreaErrorKind<B::ErrorType>> {
    let scale = target.scale;
    let at = |spot: Spot| place(spot, scale);
    let all = |spots: &[Spot]| {
        spots
            .iter()
            .map(|spot| place(*spot, scale))
            .collect::<Vec<_>>()
    };
    match shape {
        Shape::Fill { rect, paint } => {
            let corners = [at((rect.left, rect.top)), at((rect.right, rect.bottom))];
            root.draw(&Rectangle::new(corners, filled(*paint)))
        }
        Shape::Frame { rect, paint, width } => {
            // As a path: outlines of rectangles ignore their width in SVG.
            let corners = all(&rect.corners());
            root.draw(&PathElement::new(corners, outline(*paint, width * scale)))
        }
        Shape::Path {
            spots,
            paint,
            width,
        } => root.draw(&PathElement::new(
            all(spots),
            outline(*paint, width * scale),
        )),
        Shape::Area { spots, paint } => root.draw(&Polygon::new(all(spots), filled(*paint))),
        Shape::Disc {
            centre,
            radius,
            paint,
        } => root.draw(&Circle::new(
            at(*centre),
            whole(radius * scale),
            filled(*paint),
        )),
        Shape::Ring {
            centre,
            radius,
            paint,
            width,
        } => {
            let style = outline(*paint, width * scale);
            root.draw(&Circle::new(at(*centre), whole(radius * scale), style))
        }
        Shape::Text {
            spot,
            anchor,
            letters,
            paint,
            text,
        } => {
            let style = text_style(target, *anchor, *letters, *paint);
            let top = spot.1 - target.drop * letters.size;
            root.draw_text(text, &style, at((spot.0, top)))
        }
    }
}

fn place((x, y): Spot, scale: f64) -> (i32, i32) {
    ((x * scale).round() as i32, (y * scale).round() as i32)
}

fn whole(length: f64) -> u32 {
    length.round().max(1.0) as u32
}

fn filled(paint: Paint) -> ShapeStyle {
    outline(paint, 1.0).filled()
}

fn outline(paint: Paint, width: f64) -> ShapeStyle {
    let (red, green, blue) = paint.rgb;
    let color = RGBColor(red, green, blue).mix(paint.alpha);
    ShapeStyle {
        color,
        filled: false,
        stroke_width: whole(width),
    }
}

fn text_style(target: &Target, anchor: Anchor, letters: Type, paint: Paint) -> TextStyle<'static> {
    let em = letters.size * target.scale;
    let (red, green, blue) = paint.rgb;
    let color = RGBColor(red, green, blue).mix(paint.alpha);
    let along = match anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let font = font::description(letters.weight, em * target.size);
    TextStyle {
        font,
        color: color.to_backend_color(),
        pos: Pos::new(along, VPos::Top),
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            other => safe.push(other),
        }
    }
    safe
}
