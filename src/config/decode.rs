//! Reading values out of the tree: each reader reports what is wrong with its place and gives
//! nothing back, so that one pass finds every independent mistake.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::codes::Code;
use crate::base::units::shown;

use super::csv::{Column, Csv};
use super::diagnostic::{Diagnostic, MOST_KEPT};
use super::files::{Files, Span};
use super::keys::{self, Block};
use super::prices::PriceTable;
use super::tree::{Node, Origin, Table, Value};

/// Everything that is kept while a design is read.
pub struct Cx {
    /// The texts read.
    pub files: Files,
    /// What was found.
    found: Vec<Diagnostic>,
    /// Paths of the errors found in what is being decoded, known ones included.
    touched: Vec<String>,
    /// Folder that paths in the model being decoded start from.
    pub folder: PathBuf,
    /// Header that the trace being read should have, for messages.
    pub header: String,
    /// CSV files already read; `None` when they are bad.
    pub csv: BTreeMap<PathBuf, Option<Csv>>,
    /// Columns already read out of them; `None` when they are bad.
    pub columns: BTreeMap<(PathBuf, String), Option<Column>>,
    /// Price tables already read; `None` when they are bad.
    pub price_tables: BTreeMap<PathBuf, Option<PriceTable>>,
}

/// A table whose keys are known.
pub struct Fields<'t> {
    /// The table.
    pub table: &'t Table,
    /// Its dotted path.
    pub path: String,
    /// Where it stands.
    pub span: Span,
    /// The keys that it may have.
    pub block: &'static Block,
}

impl<'t> Fields<'t> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'t Node> {
        self.table.get(key)
    }

    /// The dotted path of a key.
    pub fn path(&self, key: &str) -> String {
        join(&self.path, key)
    }
}

/// A path and a key below it.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn not_yet(span: Span, path: &str, what: &str) -> Diagnostic {
    Diagnostic::error(Code::UNSUPPORTED, format!("{what} is not supported yet"))
        .at(span, "known, but this version cannot simulate it")
        .path(path)
}

impl Cx {
    /// Nothing read yet.
    pub fn new(root: &Path) -> Cx {
        Cx {
            files: Files::new(root),
            found: Vec::new(),
            touched: Vec::new(),
            folder: root.to_path_buf(),
            header: String::new(),
            csv: BTreeMap::new(),
            columns: BTreeMap::new(),
            price_tables: BTreeMap::new(),
        }
    }

    /// So much is wrong that nothing further is remembered.
    pub fn is_full(&self) -> bool {
        self.found.len() >= MOST_KEPT && self.found.iter().any(Diagnostic::is_error)
    }

    /// Reports, once.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.found.len() >= MOST_KEPT && (!diagnostic.is_error() || self.is_full()) {
            return;
        }
        if let (true, Some(path)) = (diagnostic.is_error(), &diagnostic.path) {
            self.touched.push(path.clone());
        }
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    /// What was found so far.
    pub fn found(&self) -> &[Diagnostic] {
        &self.found
    }

    /// Takes back what was found after so many.
    pub fn take(&mut self, from: usize) -> Vec<Diagnostic> {
        self.found.split_off(from.min(self.found.len()))
    }

    /// Hands over what was found, and the texts.
    pub fn into_parts(self) -> (Vec<Diagnostic>, Files) {
        (self.found, self.files)
    }

    /// Whether something was reported at this path, above it or below it.
    pub fn reported(&self, path: &str) -> bool {
        let inside = |a: &str, b: &str| {
            a == b || a.strip_prefix(b).is_some_and(|r| r.starts_with(['.', '[']))
        };
        self.touched
            .iter()
            .any(|p| inside(p, path) || inside(path, p))
    }

    /// Another model is decoded: what was wrong with the last does not count for it.
    pub fn begin(&mut self) {
        self.touched.clear();
    }

    /// A value of the wrong type.
    pub fn wrong_type(&mut self, node: &Node, path: &str, takes: &str) {
        let found = match &node.value {
            Value::Text(text) => format!("the string {}", shown(text)),
            Value::Float(value, _) if value.is_nan() => return,
            Value::Integer(..) | Value::Float(..) | Value::Boolean(_) | Value::Date(_) => {
                format!(
                    "{} ({})",
                    node.kind(),
                    shown(&node.to_toml()).trim_matches('`')
                )
            }
            _ => node.kind().to_owned(),
        };
        let message = format!("`{path}` must be {takes}, found {found}");
        let d = Diagnostic::error(Code::WRONG_TYPE, message)
            .at(node.span, format!("this is {}", node.kind()))
            .path(path);
        self.push(d);
    }

    /// A value outside what makes sense.
    pub fn out_of_range(&mut self, node: &Node, path: &str, allowed: &str) {
        let found = shown(&node.to_words());
        let message = format!(
            "`{path}` must be {allowed}, not {}",
            found.trim_matches('`')
        );
        let d = Diagnostic::error(Code::OUT_OF_RANGE, message)
            .at(node.span, "")
            .path(path);
        self.push(d);
    }

    /// Something that the format has and this version does not.
    pub fn later(&mut self, span: Span, path: &str, what: &str) {
        self.push(not_yet(span, path, what));
    }

    /// A key without which nothing works.
    pub fn missing(&mut self, fields: &Fields<'_>, key: &str, block: &Block) {
        let path = fields.path(key);
        let takes = block.key(key).map_or("", |k| k.takes);
        let place = match fields.path.as_str() {
            "" => "the file".to_owned(),
            path => format!("`{path}`"),
        };
        let d = Diagnostic::error(Code::MISSING_KEY, format!("{place} needs `{key}`")).path(path);
        let hint = format!("`{key}` is missing: {takes}");
        self.push(match fields.path.as_str() {
            "" => d.at(fields.span, "").help(hint),
            _ => d.at(fields.span, hint),
        });
    }

    /// Keys that exclude or need each other.
    pub fn disagree(&mut self, span: Span, path: &str, message: &str, help: &str) {
        let d = Diagnostic::error(Code::KEYS_DISAGREE, message)
            .at(span, "")
            .help(help)
            .path(path);
        self.push(d);
    }

    /// A table with the keys of a block; others are reported.
    pub fn fields<'t>(
        &mut self,
        node: &'t Node,
        path: &str,
        block: &'static Block,
    ) -> Option<Fields<'t>> {
        let Some(table) = node.table() else {
            self.wrong_type(node, path, &format!("a table with {}", block.list()));
            return None;
        };
        for entry in &table.entries {
            if block.key(&entry.key).is_some() || self.is_full() {
                continue;
            }
            let below = join(path, &entry.key);
            if block.later.contains(&entry.key.as_str()) {
                self.later(entry.key_span, &below, &format!("`{below}`"));
            } else {
                self.unknown_key(entry.key_span, &entry.node, &below, &entry.key, block);
            }
        }
        Some(Fields {
            table,
            path: path.to_owned(),
            span: node.span,
            block,
        })
    }

    fn unknown_key(&mut self, span: Span, node: &Node, path: &str, key: &str, block: &Block) {
        let patched = node.origin != Origin::File;
        let name = shown(key);
        let (code, message) = if patched {
            let message = format!("the format has no path {}", shown(path));
            (Code::UNKNOWN_PATH, message)
        } else {
            (Code::UNKNOWN_KEY, format!("unknown key {name}"))
        };
        let near = block.nearest(key);
        let hint = match near {
            Some(near) if patched => {
                let end = path.len() - key.len();
                format!("did you mean `{}{near}`?", &path[..end])
            }
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{} has no such key", block.name),
        };
        let found = match &node.value {
            Value::Text(text) => format!("{} ({})", node.kind(), shown(text)),
            _ => node.kind().to_owned(),
        };
        let mut d = Diagnostic::error(code, message).at(span, hint).path(path);
        d = match keys::elsewhere(key) {
            Some((known, place)) if near.is_none() => d.help(format!(
                "`{}` is a key of {place} and takes {}; found {found}",
                known.name, known.takes
            )),
            _ => d.help(format!("{} has: {}", block.name, block.list())),
        };
        self.push(d);
    }
}
