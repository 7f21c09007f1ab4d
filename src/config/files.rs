//! The files a design is read from, and spans into their texts. Reading has limits: only regular
//! files of a sensible size are opened, so that no device or pipe can hold the program up.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::base::codes::Code;
use crate::base::units::{print_bytes, shown};

use super::diagnostic::{Class, Diagnostic};

/// Largest TOML file that is read.
pub const MAX_TOML: u64 = 16 << 20;

/// Largest CSV file that is read.
pub const MAX_CSV: u64 = 1 << 30;

/// A piece of a text that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Which text.
    pub file: u32,
    /// First byte.
    pub start: usize,
    /// One beyond the last byte.
    pub end: usize,
}

/// A text that diagnostics may quote: a file, one row of a trace, an argument.
#[derive(Clone, Debug)]
pub struct Text {
    /// As it is shown.
    pub name: String,
    /// What it says.
    pub text: String,
    /// Number of its first line.
    pub first_line: usize,
}

/// What a file was read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// The experiment.
    Experiment,
    /// A model.
    Model,
    /// A CSV file of a trace or a distribution.
    Trace,
    /// A price table.
    Prices,
}

impl InputKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            InputKind::Experiment => "experiment",
            InputKind::Model => "model",
            InputKind::Trace => "trace",
            InputKind::Prices => "prices",
        }
    }
}

/// A file that the design depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputFile {
    /// Relative to the folder of the file that was loaded, with `/`.
    pub path: String,
    /// BLAKE3 of its bytes, hexadecimal.
    pub digest: String,
    /// What it was read for.
    pub kind: InputKind,
}

/// Every text read so far.
#[derive(Clone, Debug, Default)]
pub struct Files {
    texts: Vec<Text>,
    /// Path of each text that is a file.
    paths: Vec<(PathBuf, u32)>,
    /// Files read, in the order of reading.
    pub inputs: Vec<InputFile>,
    /// Folder of the file that was loaded.
    pub root: PathBuf,
    /// Where these are given there are no others: nothing is read from the disk.
    memory: Option<BTreeMap<PathBuf, String>>,
}

impl Files {
    /// Nothing read yet; paths are shown as given, and recorded relative to `root`.
    pub fn new(root: &Path) -> Files {
        Files {
            root: root.to_path_buf(),
            ..Files::default()
        }
    }

    /// From now on there are these files, by name, and no others.
    pub fn only<'f>(&mut self, files: impl Iterator<Item = &'f (String, String)>) {
        let files = files.map(|(name, text)| (tidy(Path::new(name)), text.clone()));
        self.memory = Some(files.collect());
    }

    /// Adds a text that diagnostics may quote.
    pub fn add(&mut self, name: &str, text: String, first_line: usize) -> u32 {
        self.texts.push(Text {
            name: visible(name),
            text,
            first_line,
        });
        u32::try_from(self.texts.len() - 1).expect("fewer texts than 2^32")
    }

    /// The text a span points into.
    pub fn text(&self, span: Span) -> &Text {
        &self.texts[span.file as usize]
    }

    /// The first text that has the same name: rows of one file are kept as texts of their own.
    pub fn first_of_name(&self, span: Span) -> usize {
        let name = &self.text(span).name;
        let found = self.texts.iter().position(|t| t.name == *name);
        found.unwrap_or(span.file as usize)
    }

    /// The written characters of a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span)
            .text
            .get(span.start..span.end)
            .unwrap_or_default()
    }

    /// Line and column (from 1, in characters) of a span's start.
    pub fn position(&self, span: Span) -> (usize, usize) {
        let text = self.text(span);
        let before = &text.text.as_bytes()[..span.start.min(text.text.len())];
        let line = before.iter().filter(|b| **b == b'\n').count();
        let start = before
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |i| i + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count();
        (text.first_line + line, column + 1)
    }

    /// The text of a file already read.
    pub fn known(&self, path: &Path) -> Option<u32> {
        let path = tidy(path);
        self.paths.iter().find(|p| p.0 == path).map(|p| p.1)
    }

    /// Adds the text of a file.
    pub fn add_file(&mut self, path: &Path, text: String) -> u32 {
        let id = self.add(&path.display().to_string(), text, 1);
        self.paths.push((tidy(path), id));
        id
    }

    /// Reads a regular file of at most `limit` bytes and records it.
    ///
    /// # Errors
    /// It is not there, not a regular file, too large, or the system refuses.
    pub fn read(
        &mut self,
        path: &Path,
        limit: u64,
        kind: InputKind,
    ) -> Result<Vec<u8>, Diagnostic> {
        let bytes = match &self.memory {
            Some(files) => remembered(files, path, limit)?,
            None => read_limited(path, limit)?,
        };
        let input = InputFile {
            path: relative(&tidy(path), &tidy(&self.root)),
            digest: blake3::hash(&bytes).to_hex().to_string(),
            kind,
        };
        if !self.inputs.contains(&input) {
            self.inputs.push(input);
        }
        Ok(bytes)
    }
}

/// A file that was given in memory.
fn remembered(
    files: &BTreeMap<PathBuf, String>,
    path: &Path,
    limit: u64,
) -> Result<Vec<u8>, Diagnostic> {
    let name = visible(&path.display().to_string());
    let Some(text) = files.get(&tidy(path)) else {
        let message = format!("cannot read {name}: only what is given with the model is read");
        return Err(Diagnostic::error(Code::UNREADABLE, message).class(Class::Io));
    };
    if text.len() as u64 > limit {
        let message = format!("{name} is too large: the limit is {}", print_bytes(limit));
        return Err(Diagnostic::error(Code::TOO_LARGE_FILE, message).class(Class::Limit));
    }
    Ok(text.clone().into_bytes())
}

fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, Diagnostic> {
    let name = visible(&path.display().to_string());
    let io = |e: &std::io::Error| {
        let reason = e.to_string();
        let reason = reason.split(" (os error").next().unwrap_or_default();
        Diagnostic::error(Code::UNREADABLE, format!("cannot read {name}: {reason}"))
            .class(Class::Io)
    };
    let meta = fs::metadata(path).map_err(|e| io(&e))?;
    if meta.is_dir() {
        let message = format!("cannot read {name}: it is a directory");
        return Err(Diagnostic::error(Code::UNREADABLE, message)
            .class(Class::Io)
            .help("name a file in it"));
    }
    if !meta.is_file() {
        let message = format!("cannot read {name}: it is no regular file");
        return Err(Diagnostic::error(Code::UNREADABLE, message)
            .class(Class::Limit)
            .help("devices, pipes and sockets are not read: give a regular file"));
    }
    if meta.len() > limit {
        let size = meta.len();
        let message = format!(
            "{name} is too large: {size} bytes, the limit is {}",
            print_bytes(limit)
        );
        return Err(Diagnostic::error(Code::TOO_LARGE_FILE, message).class(Class::Limit));
    }
    // What grows while it is read, or has no true size, is cut at the limit as well.
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|e| io(&e))?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| io(&e))?;
    if bytes.len() as u64 > limit {
        let message = format!("{name} is too large: the limit is {}", print_bytes(limit));
        return Err(Diagnostic::error(Code::TOO_LARGE_FILE, message).class(Class::Limit));
    }
    Ok(bytes)
}

/// Control characters made visible; no other change.
pub fn visible(text: &str) -> String {
    if text.chars().any(char::is_control) {
        let quoted = shown(text);
        return quoted.trim_matches('`').to_owned();
    }
    text.to_owned()
}

/// Without `.` and, where that changes nothing, `..`.
pub fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        let down = matches!(out.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if down => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// A tidy path as seen from a tidy folder, with `/`.
pub fn relative(path: &Path, root: &Path) -> String {
    if path.is_absolute() != root.is_absolute() {
        return path.display().to_string();
    }
    let (from, to): (Vec<_>, Vec<_>) = (root.components().collect(), path.components().collect());
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - same);
    let down = to[same..]
        .iter()
        .map(|c| c.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_recorded_from_the_folder_of_the_file_loaded() {
        let seen =
            |path: &str, root: &str| relative(&tidy(Path::new(path)), &tidy(Path::new(root)));
        assert_eq!(seen("e/../m/a.toml", "e"), "../m/a.toml");
        assert_eq!(seen("./e/x.toml", "e"), "x.toml");
        assert_eq!(seen("m/a.toml", ""), "m/a.toml");
    }
}
