//! The tree of a TOML file: every value with its place and its origin, in file order. Owned, so
//! that it can be patched; a value that was patched in keeps the place where it was written.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::codes::Code;
use crate::base::units::shown;

use super::diagnostic::{Diagnostic, MOST_KEPT, MOST_SHOWN};
use super::files::{Files, InputKind, MAX_TOML, Span};
use super::scan;

/// Who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The file itself.
    File,
    /// `set` of a variant.
    Set,
    /// An axis of a sweep.
    Axis,
    /// `--set` on the command line.
    Argument,
}

/// A value with its place and origin.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
    /// Who said so.
    pub origin: Origin,
}

/// A TOML value. Numbers keep their text.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string, its escapes resolved.
    Text(String),
    /// An integer; `None` beyond 128 bits.
    Integer(Option<i128>, String),
    /// A float.
    Float(f64, String),
    /// A boolean.
    Boolean(bool),
    /// A date or time, as written.
    Date(String),
    /// A list.
    Array(Vec<Node>),
    /// A table.
    Table(Table),
}

/// Keys with values, in file order.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// One a key.
    pub entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub node: Node,
}

impl Table {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|e| e.key == key).map(|e| &e.node)
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let entry = self.entries.iter_mut().find(|e| e.key == key);
        entry.map(|e| &mut e.node)
    }

    /// Gives a key a value, in its old place when it has one.
    pub fn put(&mut self, key: &str, key_span: Span, node: Node) {
        match self.entries.iter_mut().find(|e| e.key == key) {
            Some(entry) => {
                entry.node = node;
                entry.key_span = key_span;
            }
            None => self.entries.push(Entry {
                key: key.to_owned(),
                key_span,
                node,
            }),
        }
    }
}

impl Node {
    /// The table, if it is one.
    pub fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn array(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(list) => Some(list),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `"none"`: the block is taken away.
    pub fn is_none(&self) -> bool {
        self.text() == Some("none")
    }

    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Integer(..) => "an integer",
            Value::Float(..) => "a float",
            Value::Boolean(_) => "a boolean",
            Value::Date(_) => "a date",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// As TOML, on one line.
    pub fn to_toml(&self) -> String {
        match &self.value {
            Value::Text(text) => quoted(text),
            Value::Integer(_, text) | Value::Float(_, text) | Value::Date(text) => text.clone(),
            Value::Boolean(value) => value.to_string(),
            Value::Array(list) => {
                let all: Vec<String> = list.iter().map(Node::to_toml).collect();
                format!("[{}]", all.join(", "))
            }
            Value::Table(table) => {
                let one = |e: &Entry| format!("{} = {}", key(&e.key), e.node.to_toml());
                let all: Vec<String> = table.entries.iter().map(one).collect();
                match all.is_empty() {
                    true => "{}".into(),
                    false => format!("{{ {} }}", all.join(", ")),
                }
            }
        }
    }

    /// As people write it: a string without its quotes.
    pub fn to_words(&self) -> String {
        match &self.value {
            Value::Text(text) => text.clone(),
            _ => self.to_toml(),
        }
    }

    /// The same value, said by another.
    pub fn with_origin(mut self, origin: Origin) -> Node {
        self.set_origin(origin);
        self
    }

    fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
        match &mut self.value {
            Value::Array(list) => list.iter_mut().for_each(|n| n.set_origin(origin)),
            Value::Table(table) => {
                let nodes = table.entries.iter_mut().map(|e| &mut e.node);
                nodes.for_each(|n| n.set_origin(origin));
            }
            _ => {}
        }
    }
}

/// A key as TOML, quoted only when it must be.
pub fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A TOML string on one line.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Turns the parser's tree into ours and refuses floats that are not finite.
struct Converter<'a> {
    text: &'a str,
    file: u32,
    /// Where the text begins in its file.
    offset: usize,
    found: &'a mut Vec<Diagnostic>,
}

impl Converter<'_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span {
            file: self.file,
            start: self.offset + range.start,
            end: self.offset + range.end,
        }
    }

    fn table(&mut self, table: &DeTable<'_>, path: &str) -> Table {
        let mut entries = Vec::new();
        for (name, value) in table {
            let below = match path {
                "" => name.get_ref().to_string(),
                _ => format!("{path}.{}", name.get_ref()),
            };
            entries.push(Entry {
                key: name.get_ref().to_string(),
                key_span: self.span(name.span()),
                node: self.node(value, &below),
            });
        }
        entries.sort_by_key(|e| e.key_span.start);
        Table { entries }
    }

    fn node(&mut self, node: &Spanned<DeValue<'_>>, path: &str) -> Node {
        let span = self.span(node.span());
        let raw = || self.text.get(node.span()).unwrap_or_default().to_owned();
        let value = match node.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => {
                let value = i128::from_str_radix(number.as_str(), number.radix());
                Value::Integer(value.ok(), raw())
            }
            DeValue::Float(number) => {
                let value: f64 = number.as_str().parse().unwrap_or(f64::NAN);
                if !value.is_finite() {
                    let message = format!("{} is not finite: {}", shown(path), raw());
                    let d = Diagnostic::error(Code::OUT_OF_RANGE, message)
                        .at(span, "write a finite number")
                        .path(path);
                    let raw = raw();
                    self.found.push(d);
                    return Node {
                        value: Value::Float(f64::NAN, raw),
                        span,
                        origin: Origin::File,
                    };
                }
                Value::Float(value, raw())
            }
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Datetime(date) => Value::Date(date.to_string()),
            DeValue::Array(list) => Value::Array(list.iter().map(|n| self.node(n, path)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table, path)),
        };
        Node {
            value,
            span,
            origin: Origin::File,
        }
    }
}

/// Reads a TOML file; problems are added to `found`.
///
/// A file whose syntax is broken has no tree, except when its only mistakes are double keys.
pub fn read(
    files: &mut Files,
    path: &std::path::Path,
    kind: InputKind,
    found: &mut Vec<Diagnostic>,
) -> Option<Node> {
    let bytes = match files.read(path, MAX_TOML, kind) {
        Ok(bytes) => bytes,
        Err(d) => {
            found.push(d);
            return None;
        }
    };
    match scan::decode(&super::files::visible(&path.display().to_string()), bytes) {
        Ok(text) => {
            let file = files.add_file(path, text);
            parse(files, file, found)
        }
        Err(d) => {
            found.push(*d);
            None
        }
    }
}

/// Parses a text that was read.
pub fn parse(files: &Files, file: u32, found: &mut Vec<Diagnostic>) -> Option<Node> {
    let whole = |start, end| Span { file, start, end };
    let text = &files.text(whole(0, 0)).text;
    let before = scan::scan(text, file);
    if !before.is_empty() {
        found.extend(before);
        return None;
    }
    let (tree, errors) = DeTable::parse_recoverable(text);
    let broken = errors.iter().any(|e| e.message() != "duplicate key");
    found.extend(syntax(text, file, &errors));
    if broken {
        return None;
    }
    let mut converter = Converter {
        text,
        file,
        offset: 0,
        found,
    };
    let table = converter.table(tree.get_ref(), "");
    Some(Node {
        value: Value::Table(table),
        span: whole(0, 0),
        origin: Origin::File,
    })
}

/// Parses the right side of `--set`: TOML if it is, else a string.
pub fn parse_argument(files: &Files, span: Span, found: &mut Vec<Diagnostic>) -> Node {
    let text = files.slice(span);
    let parsed = scan::scan(text, span.file)
        .is_empty()
        .then(|| DeValue::parse(text).ok())
        .flatten();
    let mut node = match parsed {
        Some(value) => {
            let mut converter = Converter {
                text,
                file: span.file,
                offset: span.start,
                found,
            };
            converter.node(&value, "--set")
        }
        None => Node {
            value: Value::Text(text.to_owned()),
            span,
            origin: Origin::Argument,
        },
    };
    node.span = span;
    node.with_origin(Origin::Argument)
}

/// The parser's errors in our words; further ones on a line that has one already are left out.
fn syntax(text: &str, file: u32, errors: &[toml::de::Error]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut errors: Vec<&toml::de::Error> = errors.iter().collect();
    errors.sort_by_key(|e| e.span().map(|s| s.start));
    // Where the line after the last one with an error begins.
    let mut next = 0;
    for error in errors {
        let range = error.span().unwrap_or(0..0);
        let at = range.start.min(text.len());
        if at < next || found.len() == MOST_KEPT {
            continue;
        }
        let line = line_around(text, at);
        let end = text.as_bytes()[at..].iter().position(|b| *b == b'\n');
        next = end.map_or(usize::MAX, |i| at + i + 1);
        let (start, end) = (range.start, range.end);
        let span = Span { file, start, end };
        let diagnostic = if error.message() == "duplicate key" {
            duplicate(text, span, found.len() < MOST_SHOWN)
        } else {
            let message = in_words(error.message(), line);
            let d = Diagnostic::error(Code::SYNTAX, message).at(span, "");
            match scan::other_format(line).filter(|_| found.is_empty()) {
                Some(hint) => d.help(hint),
                None => d,
            }
        };
        found.push(diagnostic);
    }
    found
}

/// The line with this byte, without its end.
fn line_around(text: &str, at: usize) -> &str {
    let bytes = text.as_bytes();
    let start = bytes[..at].iter().rposition(|b| *b == b'\n');
    let start = start.map_or(0, |i| i + 1);
    text[start..].lines().next().unwrap_or_default()
}

/// What the parser says about a line, in fewer words where it is one of the usual mistakes.
fn in_words(message: &str, line: &str) -> String {
    if message.contains("string, expected `") || message.contains("string, expected `\"`") {
        return "a string is opened and not closed on its line".into();
    }
    if message.starts_with("string values must be quoted") {
        let after = line.split_once('=').map_or("", |l| l.1).trim();
        if after.is_empty() || after.starts_with('#') {
            return "a value is missing after `=`".into();
        }
    }
    message.replace(", expected ", ": expected ")
}

fn duplicate(text: &str, span: Span, is_shown: bool) -> Diagnostic {
    let again = span.start..span.end;
    let key = shown(text.get(again.clone()).unwrap_or_default());
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let first = is_shown.then(|| scan::first_place(text, again)).flatten();
    let message = match &first {
        Some(first) => format!(
            "{key} is written twice, in lines {} and {}",
            line(first.start),
            line(span.start)
        ),
        None => format!("{key} is written twice"),
    };
    let d = Diagnostic::error(Code::SYNTAX, message)
        .at(span, "again here")
        .help("remove one of them");
    match first {
        Some(first) => d.at(
            Span {
                start: first.start,
                end: first.end,
                ..span
            },
            "first here",
        ),
        None => d,
    }
}
