//! Reads the texts of an SVG and where they stand, with the font's own metrics.

use std::collections::BTreeMap;

/// A text and the box it fills, in pixels of the picture.
#[derive(Debug)]
pub struct TextBox {
    pub words: String,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

/// Fails if two texts of the picture overlap or one leaves it.
pub fn tidy(name: &str, svg: &str) {
    let view = attributes(&svg[..svg.find('>').expect("a root")])["viewBox"].clone();
    let view: Vec<f64> = view
        .split(' ')
        .map(|part| part.parse().expect("a number"))
        .collect();
    let texts = text_boxes(svg);
    for (number, text) in texts.iter().enumerate() {
        assert!(
            text.left >= 0.0 && text.top >= 0.0 && text.right <= view[2] && text.bottom <= view[3],
            "{name}: {text:?} leaves {view:?}"
        );
        for other in &texts[number + 1..] {
            let apart = text.right <= other.left
                || other.right <= text.left
                || text.bottom <= other.top
                || other.bottom <= text.top;
            assert!(apart, "{name}: {text:?} overlaps {other:?}");
        }
    }
}

/// All texts of the picture.
pub fn text_boxes(svg: &str) -> Vec<TextBox> {
    assert!(!svg.contains("rotate("), "turned text needs turned boxes");
    svg.split("<text ").skip(1).map(text_box).collect()
}

fn text_box(element: &str) -> TextBox {
    let (head, rest) = element.split_once('>').expect("a tag");
    let (words, _) = rest.split_once("</text>").expect("a closing tag");
    let words = unescaped(words.trim());
    let given = attributes(head);
    let number = |name: &str| -> f64 { given[name].parse().expect("a number") };
    let size = number("font-size");
    assert_eq!(given["dy"], "0.76em", "the boxes assume this baseline");
    let baseline = number("y") + 0.76 * size;
    let wide = width(&words, given.contains_key("font-weight")) * size;
    // In a viewer with other fonts it is as wide, unless it has letters of the viewer's own anyway.
    if let Some(told) = given.get("textLength") {
        let told: f64 = told.parse().expect("a number");
        assert!(
            (told - wide).abs() <= 0.02 * wide + 2.0,
            "{words}: {told} for {wide}"
        );
    } else {
        assert!(
            !words.chars().all(|letter| letter.is_ascii_graphic()),
            "{words}: no width"
        );
    }
    let left = match given["text-anchor"].as_str() {
        "start" => number("x"),
        "middle" => number("x") - wide / 2.0,
        _ => number("x") - wide,
    };
    // High letters reach 0.74 em above the baseline, low ones 0.21 below.
    TextBox {
        words,
        left,
        top: baseline - 0.74 * size,
        right: left + wide,
        bottom: baseline + 0.21 * size,
    }
}

fn attributes(tag: &str) -> BTreeMap<String, String> {
    let parts: Vec<&str> = tag.split('"').collect();
    let pairs = parts.chunks_exact(2);
    let name = |text: &str| {
        text.rsplit(' ')
            .next()
            .unwrap_or(text)
            .trim_end_matches('=')
            .to_owned()
    };
    pairs
        .map(|pair| (name(pair[0]), pair[1].to_owned()))
        .collect()
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Width in em.
fn width(text: &str, bold: bool) -> f64 {
    const REGULAR: &[u8] = include_bytes!("../../src/report/chart/fonts/Roboto-Regular.ttf");
    const BOLD: &[u8] = include_bytes!("../../src/report/chart/fonts/Roboto-Bold.ttf");
    let face = ttf_parser::Face::parse(if bold { BOLD } else { REGULAR }, 0).expect("a font");
    let em = f64::from(face.units_per_em());
    let letters = text.chars().map(|letter| match face.glyph_index(letter) {
        Some(glyph) => f64::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / em,
        // The viewer's own font: as wide as high at most.
        None => 1.0,
    });
    letters.sum()
}
