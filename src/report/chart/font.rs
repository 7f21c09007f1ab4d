//! The embedded font: registration, widths, and texts made to fit.
//!
//! Widths come from the font itself, in whole font units, so that layout does not depend on what
//! the machine has installed.

use std::sync::OnceLock;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use super::style::{Type, Weight};

/// The name the font is registered under, which is also what SVG says: a viewer without Roboto
/// takes the next.
pub(super) const FAMILY: &str = "Roboto, Inter, system-ui, sans-serif";

/// Height of Roboto's line (ascent and descent) over its em; the rasteriser scales by lines.
#[cfg(feature = "png")]
pub(super) const LINE_PER_EM: f64 = 2400.0 / 2048.0;

/// At this size the rasteriser's pixels are font units: widths are exact.
const UNIT_SIZE: f64 = 2400.0;
const UNITS_PER_EM: f64 = 2048.0;

/// From the baseline up to the top of high letters, in em.
pub(super) const ASCENT: f64 = 0.76;
/// From the baseline down to the bottom of low letters, in em.
pub(super) const DESCENT: f64 = 0.22;

static REGULAR: &[u8] = include_bytes!("fonts/Roboto-Regular.ttf");
static BOLD: &[u8] = include_bytes!("fonts/Roboto-Bold.ttf");

/// Makes the font known to plotters; every measure and every drawing goes through here first.
pub(super) fn register() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let known = register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
            && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok();
        assert!(known, "the embedded fonts are sound");
    });
}

/// The font at a size that plotters understands.
pub(super) fn description(weight: Weight, size: f64) -> FontDesc<'static> {
    let style = match weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    };
    FontDesc::new(FontFamily::Name(FAMILY), size, style)
}

/// Whether the embedded font has every letter of a text.
pub(super) fn covers(text: &str) -> bool {
    register();
    text.chars().all(covered)
}

/// Width of a text in logical pixels. Characters that the font lacks count one em, since the
/// viewer takes them from a font of its own.
pub(super) fn width(text: &str, letters: Type) -> f64 {
    register();
    let known: String = text.chars().filter(|letter| covered(*letter)).collect();
    let unknown = text.chars().count() - known.chars().count();
    let ((left, _), (right, _)) = description(letters.weight, UNIT_SIZE)
        .layout_box(&known)
        .expect("the embedded font measures every text");
    (f64::from(right - left) / UNITS_PER_EM + unknown as f64) * letters.size
}

/// Whether the embedded font has the character.
fn covered(letter: char) -> bool {
    matches!(u32::from(letter),
        0x20..=0x7e | 0xa0..=0x17f | 0x391..=0x3a1 | 0x3a3..=0x3c9 | 0x2010..=0x2015
        | 0x2018..=0x201e | 0x2020..=0x2022 | 0x2026 | 0x2030 | 0x2032..=0x2033
        | 0x2039..=0x203a | 0x2044 | 0x2070 | 0x2074..=0x208e | 0x20ac | 0x2122 | 0x2126
        | 0x2202 | 0x2206 | 0x220f | 0x2211..=0x2212 | 0x221a | 0x221e | 0x222b | 0x2248
        | 0x2260 | 0x2264..=0x2265 | 0x25ca | 0xfffd)
}

/// Text without what a picture can't show: white space becomes one space, control characters,
/// marks that turn the direction of writing and those that XML forbids become `�`.
pub(super) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            _ if letter.is_whitespace() => {
                if !cleaned.ends_with(' ') {
                    cleaned.push(' ');
                }
            }
            _ if letter.is_control() => cleaned.push('\u{fffd}'),
            '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}'
            | '\u{ffff}' => cleaned.push('\u{fffd}'),
            _ => cleaned.push(letter),
        }
    }
    cleaned.trim().to_owned()
}

/// The text, cut in its middle until it is no wider than `room`; the end of a name tells as much
/// as its start.
pub(super) fn shorten(text: &str, letters: Type, room: f64) -> String {
    let text = clean(text);
    if width(&text, letters) <= room {
        return text;
    }
    let all: Vec<char> = text.chars().collect();
    let cut = |kept: usize| -> String {
        let head: String = all[..kept.div_ceil(2)].iter().collect();
        let tail: String = all[all.len() - kept / 2..].iter().collect();
        format!("{}…{}", head.trim_end(), tail.trim_start())
    };
    let kept = longest(all.len(), |kept| width(&cut(kept), letters) <= room);
    cut(kept)
}

/// The text in at most `lines` lines no wider than `room`; what is left over ends in `…`.
pub(super) fn wrap(text: &str, letters: Type, room: f64, lines: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    let text = clean(text);
    let mut words = text.split(' ').filter(|word| !word.is_empty()).peekable();
    while words.peek().is_some() && rows.len() < lines {
        let mut row = String::new();
        let last = rows.len() + 1 == lines;
        while let Some(word) = words.peek() {
            let longer = if row.is_empty() {
                (*word).to_owned()
            } else {
                format!("{row} {word}")
            };
            if width(&longer, letters) > room {
                break;
            }
            row = longer;
            words.next();
        }
        if row.is_empty() {
            // A single word wider than the line.
            row = shorten(words.next().unwrap_or_default(), letters, room);
        }
        if last && words.peek().is_some() {
            row = clip(
                &format!("{row} {}", words.next().unwrap_or_default()),
                letters,
                room,
            );
        }
        rows.push(row);
    }
    rows
}

/// The start of the text with `…` after it.
fn clip(text: &str, letters: Type, room: f64) -> String {
    let all: Vec<char> = text.chars().collect();
    let cut = |kept: usize| -> String {
        let head: String = all[..kept].iter().collect();
        format!("{}…", head.trim_end())
    };
    cut(longest(all.len(), |kept| {
        width(&cut(kept), letters) <= room
    }))
}

/// The largest number below `limit` that still fits, by bisection.
fn longest(limit: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, limit);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::style::{LABEL, TITLE};

    #[test]
    fn covered_says_what_the_files_hold() {
        for file in [REGULAR, BOLD] {
            let face = ttf_parser::Face::parse(file, 0).expect("a font");
            for letter in ('\u{20}'..='\u{ffff}').filter(|letter| !letter.is_control()) {
                // Signs that the font has and nobody needs may count as one em.
                let (has, says) = (face.glyph_index(letter).is_some(), covered(letter));
                assert!(has || !says, "U+{:04X}", u32::from(letter));
            }
        }
    }

    #[test]
    fn texts_are_cut_to_their_room() {
        let long = "events.workers.buffer.slots of the second region, after";
        let short = shorten(long, LABEL, 120.0);
        assert!(width(&short, LABEL) <= 120.0, "{short}");
        assert!(
            short.starts_with("events") && short.ends_with("after"),
            "{short}"
        );
        assert_eq!(shorten("short", LABEL, 120.0), "short");
        assert_eq!(shorten("anything", LABEL, 1.0), "…");
        let lines = wrap(&long.repeat(9), TITLE, 300.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(
            lines.iter().all(|line| width(line, TITLE) <= 300.0),
            "{lines:?}"
        );
        assert!(lines[1].ends_with('…'), "{lines:?}");
    }

    #[test]
    fn cleaning_leaves_only_what_can_be_shown() {
        assert_eq!(clean(" a\tb\n\nc "), "a b c");
        assert_eq!(
            clean("a\u{0}b\u{202e}c\u{ffff}"),
            "a\u{fffd}b\u{fffd}c\u{fffd}"
        );
        assert_eq!(clean("µs ≤ 2 × α"), "µs ≤ 2 × α");
    }
}
