//! Diagnostics as a terminal shows them: what, where, the line itself, a way out. Lines are
//! quoted with control characters made visible, and long ones are cut around the place.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Label, Severity, Style};
use super::files::Files;

/// Most characters of a line that are quoted.
const WIDTH: usize = 120;

/// Characters of a long line that are quoted before the place.
const BEFORE: usize = 70;

/// A line as quoted.
struct Quote {
    name: String,
    line: usize,
    /// Column in the file, and in the quote.
    column: usize,
    shown_column: usize,
    text: String,
    /// Bytes of the quote that are marked.
    mark: std::ops::Range<usize>,
    label: String,
}

/// One diagnostic.
pub fn one(diagnostic: &Diagnostic, files: &Files, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let quotes: Vec<Quote> = diagnostic.labels.iter().map(|l| quote(l, files)).collect();
    let title = level
        .primary_title(safe(&diagnostic.message))
        .id(diagnostic.code.to_string());
    let mut group = Group::with_title(title);
    for (index, quote) in quotes.iter().enumerate() {
        if quote.text.is_empty() {
            let origin = Origin::path(&quote.name)
                .line(quote.line)
                .char_column(quote.column);
            group = group.element(origin);
            continue;
        }
        let kind = if index == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let mut mark = kind.span(quote.mark.clone());
        if !quote.label.is_empty() {
            mark = mark.label(safe(&quote.label));
        }
        let snippet = Snippet::source(&quote.text)
            .line_start(quote.line)
            .path(&quote.name)
            .annotation(mark);
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(safe(help)));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let text = renderer.term_width(200).render(&[group]);
    true_columns(text, &quotes)
}

/// A quoted line may be cut or escaped: its place is told in columns of the file.
fn true_columns(mut text: String, quotes: &[Quote]) -> String {
    for quote in quotes.iter().filter(|q| q.column != q.shown_column) {
        let wrong = format!("{}:{}:{}", quote.name, quote.line, quote.shown_column);
        let right = format!("{}:{}:{}", quote.name, quote.line, quote.column);
        text = text.replacen(&wrong, &right, 1);
    }
    text
}

/// Without control characters, cut after 600.
fn safe(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(600) {
        escape(c, &mut out);
    }
    if text.chars().nth(600).is_some() {
        out.push('…');
    }
    out
}

fn escape(c: char, out: &mut String) {
    match c {
        '\t' => out.push(' '),
        c if c.is_control() && u32::from(c) < 256 => {
            out.push_str(&format!("\\x{:02x}", u32::from(c)));
        }
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => {
            out.extend(c.escape_unicode());
        }
        c => out.push(c),
    }
}

fn quote(label: &Label, files: &Files) -> Quote {
    let source = files.text(label.span);
    let (line, column) = files.position(label.span);
    let text = &source.text;
    let start = floor(text, label.span.start);
    let from = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let to = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let whole = text[from..to].trim_end_matches('\r');
    let start = (start - from).min(whole.len());
    let end = floor(text, label.span.end).saturating_sub(from);
    let end = end.clamp(start, whole.len());
    // The empty span at the start is the file as a whole: no line of it says more than another.
    let whole = if label.span.end == 0 { "" } else { whole };
    let (text, mark, shown_column) = if whole.is_empty() {
        (String::new(), 0..0, column)
    } else {
        shorten(whole, start..end)
    };
    Quote {
        name: source.name.clone(),
        line,
        column,
        shown_column,
        text,
        mark,
        label: label.text.clone(),
    }
}

/// A line with its mark, escaped and cut to about [`WIDTH`] characters; the column of the mark.
fn shorten(line: &str, mark: std::ops::Range<usize>) -> (String, std::ops::Range<usize>, usize) {
    let before = line[..mark.start].chars().count();
    let total = line.chars().count();
    let skip = if total <= WIDTH {
        0
    } else {
        before.saturating_sub(BEFORE)
    };
    let mut out = String::new();
    if skip > 0 {
        out.push('…');
    }
    let (mut start, mut end) = (None, None);
    for (count, (at, c)) in line.char_indices().enumerate().skip(skip) {
        if at >= mark.start {
            start.get_or_insert(out.len());
        }
        if at >= mark.end {
            end.get_or_insert(out.len());
        }
        if count - skip >= WIDTH {
            out.push('…');
            break;
        }
        escape(c, &mut out);
    }
    let start = start.unwrap_or(out.len());
    let end = end.unwrap_or(out.len()).max(start);
    let column = out[..start].chars().count() + 1;
    (out, start..end, column)
}

/// The character border at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
