//! What is looked at before the TOML parser sees a text: its encoding, characters that no text
//! has, and how deep it is nested (a parser that recurses must never see 5,000 brackets).

use crate::base::codes::Code;
use crate::base::units::shown;

use super::diagnostic::{Diagnostic, MOST_KEPT};
use super::files::Span;

/// Deepest nesting of arrays, tables and dotted keys.
pub const MAX_DEPTH: usize = 64;

/// The text of a file, without byte-order mark.
///
/// # Errors
/// It is not UTF-8.
pub fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Box<Diagnostic>> {
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let bytes = e.as_bytes();
        let line = bytes[..at].iter().filter(|b| **b == b'\n').count() + 1;
        let start = bytes[..at]
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |i| i + 1);
        let message = format!(
            "{name}:{line}:{}: not UTF-8: byte 0x{:02x}, number {} of the file",
            at - start + 1,
            bytes[at],
            at + 1
        );
        Box::new(Diagnostic::error(Code::SYNTAX, message).help("save the file as UTF-8"))
    })
}

/// Problems that the parser would say less well, or not survive.
pub fn scan(text: &str, file: u32) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        if found.len() == MOST_KEPT {
            break;
        }
        let span = Span {
            file,
            start: at,
            end: at + c.len_utf8(),
        };
        if c == '\r' && !text[at + 1..].starts_with('\n') {
            let d = Diagnostic::error(Code::SYNTAX, "a carriage return alone is no line end")
                .at(span, "here")
                .help("end lines with a line feed, or both");
            found.push(d);
        } else if c.is_control() && !matches!(c, '\t' | '\n' | '\r') {
            let code = u32::from(c);
            let message = format!("control character U+{code:04X} is not allowed");
            let d = Diagnostic::error(Code::SYNTAX, message)
                .at(span, "here")
                .help(format!("in a string write it as \"\\u{code:04X}\""));
            found.push(d);
        }
    }
    found.extend(too_deep(text, file));
    found
}

/// Where nesting goes beyond the limit.
fn too_deep(text: &str, file: u32) -> Option<Diagnostic> {
    let bytes = text.as_bytes();
    let (mut depth, mut dots, mut at) = (0_usize, 0_usize, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => {
                at = after_string(bytes, at);
                continue;
            }
            b'#' => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
                continue;
            }
            b'[' | b'{' => (depth, dots) = (depth + 1, 0),
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'.' => dots += 1,
            b'\n' | b'=' | b',' => dots = 0,
            _ => {}
        }
        if depth > MAX_DEPTH || dots > MAX_DEPTH {
            let span = Span {
                file,
                start: at,
                end: at + 1,
            };
            let message = format!("nested too deeply: the limit is {MAX_DEPTH} levels");
            return Some(
                Diagnostic::error(Code::TOO_LARGE_FILE, message).at(span, "one level too many"),
            );
        }
        at += 1;
    }
    None
}

/// The first byte after the string that begins at `at`; an unclosed one ends with its line.
fn after_string(bytes: &[u8], at: usize) -> usize {
    let mark = bytes[at];
    let long = bytes[at..].starts_with(&[mark; 3]);
    let mut next = at + if long { 3 } else { 1 };
    while next < bytes.len() {
        match bytes[next] {
            b'\\' if mark == b'"' => next += 1,
            b'\n' if !long => return next,
            b if b == mark && !long => return next + 1,
            b if b == mark && bytes[next..].starts_with(&[mark; 3]) => return next + 3,
            _ => {}
        }
        next += 1;
    }
    next
}

/// Where a key was written first, given where it stands again.
pub fn first_place(text: &str, again: std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let key = text.get(again.clone())?;
    let line_start = text[..again.start].rfind('\n').map_or(0, |i| i + 1);
    let head = text[line_start..again.start].trim_start();
    let is_header = head.starts_with('[');
    let fits = |at: usize| {
        let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let before = text[start..at].trim_start();
        let after = text[at + key.len()..].trim_start();
        let ends = after.starts_with(['=', '.']) || is_header && after.starts_with(']');
        let begins = if is_header {
            before.starts_with('[')
                && before.trim_start_matches('[') == head.trim_start_matches('[')
        } else if head.is_empty() {
            before.is_empty()
        } else {
            before.ends_with(['{', ',', ' '])
        };
        ends && begins
    };
    let found = text[..again.start]
        .rmatch_indices(key)
        .find(|&(at, _)| fits(at));
    found.map(|(at, _)| at..at + key.len())
}

/// A hint for a text that is another format, from the line of its first error.
pub fn other_format(line: &str) -> Option<String> {
    let line = line.trim();
    let yaml = line.ends_with(':') || line.starts_with("- ") || line == "---";
    if yaml {
        return Some(format!(
            "{} looks like YAML, not TOML: write `[section]` and `key = value`",
            shown(line)
        ));
    }
    (line == "{" || line.starts_with("{\""))
        .then(|| "this looks like JSON, not TOML: write `[section]` and `key = value`".to_owned())
}
