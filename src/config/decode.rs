//! Reading values out of the tree: each reader reports what is wrong with its place and gives
//! nothing back, so that one pass finds every independent mistake.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::codes::Code;
use crate::base::units::{
    Fault, UnitError, parse_bytes, parse_money, parse_rate, parse_time, shown,
};

use super::csv::{Column, Csv};
use super::diagnostic::Diagnostic;
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

    /// Reports, once.
    pub fn push(&mut self, diagnostic: Diagnostic) {
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
        let d = Diagnostic::error(Code::UNSUPPORTED, format!("{what} is not supported yet"))
            .at(span, "known, but this version cannot simulate it")
            .path(path);
        self.push(d);
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
            if block.key(&entry.key).is_some() {
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

    /// A string.
    pub fn text(&mut self, node: &Node, path: &str) -> Option<String> {
        match node.text() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong_type(node, path, "a string");
                None
            }
        }
    }

    /// True or false.
    pub fn boolean(&mut self, node: &Node, path: &str) -> Option<bool> {
        match node.value {
            Value::Boolean(value) => Some(value),
            _ => {
                self.wrong_type(node, path, "true or false");
                None
            }
        }
    }

    /// A finite number.
    pub fn number(&mut self, node: &Node, path: &str) -> Option<f64> {
        match node.value {
            Value::Integer(Some(value), _) => Some(value as f64),
            Value::Float(value, _) if value.is_finite() => Some(value),
            Value::Integer(None, _) => {
                self.out_of_range(node, path, "a number that fits in 64 bits");
                None
            }
            _ => {
                self.wrong_type(node, path, "a number such as 0.5");
                None
            }
        }
    }

    /// A whole number between two bounds.
    pub fn count(&mut self, node: &Node, path: &str, min: u64, max: u64) -> Option<u64> {
        let allowed = format!("a whole number from {min} to {max}");
        match node.value {
            Value::Integer(Some(value), _) => {
                match u64::try_from(value)
                    .ok()
                    .filter(|v| (min..=max).contains(v))
                {
                    Some(value) => Some(value),
                    None => {
                        self.out_of_range(node, path, &allowed);
                        None
                    }
                }
            }
            Value::Integer(None, _) => {
                self.out_of_range(node, path, &allowed);
                None
            }
            Value::Float(value, _) if value.is_finite() => {
                self.out_of_range(node, path, &allowed);
                None
            }
            _ => {
                self.wrong_type(node, path, "a whole number such as 4");
                None
            }
        }
    }

    /// A 32-bit [`Cx::count`].
    pub fn count32(&mut self, node: &Node, path: &str, min: u32, max: u32) -> Option<u32> {
        let value = self.count(node, path, u64::from(min), u64::from(max))?;
        u32::try_from(value).ok()
    }

    /// A quantity in a string.
    fn quantity<T>(
        &mut self,
        node: &Node,
        path: &str,
        takes: &str,
        parse: fn(&str) -> Result<T, UnitError>,
    ) -> Option<T> {
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Integer(..) => node.to_toml(),
            Value::Float(value, _) if value.is_finite() => node.to_toml(),
            _ => {
                self.wrong_type(node, path, takes);
                return None;
            }
        };
        match parse(&text) {
            Ok(value) if node.text().is_some() => Some(value),
            Ok(_) => {
                self.wrong_type(node, path, takes);
                None
            }
            Err(e) => {
                let code = match e.fault {
                    Fault::Unit => Code::UNIT,
                    Fault::Number => Code::WRONG_TYPE,
                    Fault::Range => Code::OUT_OF_RANGE,
                };
                let d = Diagnostic::error(code, format!("`{path}`: {}", e.message))
                    .at(node.span, e.help)
                    .path(path);
                self.push(d);
                None
            }
        }
    }

    /// A time, nanoseconds.
    pub fn time(&mut self, node: &Node, path: &str) -> Option<u64> {
        self.quantity(node, path, "a time such as \"250ms\"", parse_time)
    }

    /// A size, bytes.
    pub fn bytes(&mut self, node: &Node, path: &str) -> Option<u64> {
        self.quantity(node, path, "a size such as \"4GiB\"", parse_bytes)
    }

    /// A rate, requests a second.
    pub fn rate(&mut self, node: &Node, path: &str) -> Option<f64> {
        self.quantity(node, path, "a rate such as \"40k/s\"", parse_rate)
    }

    /// Money an hour.
    pub fn money(&mut self, node: &Node, path: &str) -> Option<f64> {
        self.quantity(node, path, "money such as \"0.4284/h\"", parse_money)
    }

    /// One of some words; `later` are those that this version does not know yet.
    pub fn choice(
        &mut self,
        node: &Node,
        path: &str,
        now: &[&'static str],
        later: &[&'static str],
    ) -> Option<&'static str> {
        let text = self.text(node, path)?;
        if let Some(found) = now.iter().find(|w| **w == text) {
            return Some(found);
        }
        if later.contains(&text.as_str()) {
            self.later(node.span, path, &format!("`{path} = \"{text}\"`"));
            return None;
        }
        let all = || now.iter().chain(later).copied();
        self.unknown_name(node.span, path, &text, &all().collect::<Vec<_>>());
        None
    }

    /// A name that does not exist.
    pub fn unknown_name(&mut self, span: Span, path: &str, name: &str, known: &[&str]) {
        let message = format!("`{path}`: there is no {}", shown(name));
        let hint = match keys::nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "unknown".into(),
        };
        let mut list = known.join(", ");
        if list.len() > 300 {
            list.truncate(list.char_indices().nth(300).map_or(list.len(), |c| c.0));
            list.push('…');
        }
        let mut d = Diagnostic::error(Code::UNKNOWN_NAME, message)
            .at(span, hint)
            .path(path);
        if !known.is_empty() {
            d = d.help(format!("there are: {list}"));
        }
        self.push(d);
    }

    /// A list.
    pub fn list<'t>(&mut self, node: &'t Node, path: &str, takes: &str) -> Option<&'t [Node]> {
        match node.array() {
            Some(list) => Some(list),
            None => {
                self.wrong_type(node, path, takes);
                None
            }
        }
    }

    /// A list of numbers.
    pub fn numbers(&mut self, node: &Node, path: &str) -> Option<Vec<f64>> {
        let list = self.list(node, path, "a list of numbers")?;
        let all: Vec<Option<f64>> = list.iter().map(|n| self.number(n, path)).collect();
        all.into_iter().collect()
    }

    /// A list of strings.
    pub fn texts<'t>(&mut self, node: &'t Node, path: &str) -> Option<Vec<(String, &'t Node)>> {
        let list = self.list(node, path, "a list of strings")?;
        let all: Vec<_> = list
            .iter()
            .map(|n| Some((self.text(n, path)?, n)))
            .collect();
        all.into_iter().collect()
    }

    /// A name that a user gives: `[a-z0-9_-]+`, at most 64 characters.
    pub fn name(&mut self, node: &Node, path: &str) -> Option<String> {
        let text = self.text(node, path)?;
        self.check_name(&text, node.span, path).then_some(text)
    }

    /// Whether a text is a name; reports if not.
    pub fn check_name(&mut self, text: &str, span: Span, path: &str) -> bool {
        let Some(problem) = crate::model::spec::name_problem(text) else {
            return true;
        };
        let path = if path.len() > 200 { "name" } else { path };
        let d = Diagnostic::error(Code::OUT_OF_RANGE, format!("{} {problem}", shown(text)))
            .at(span, "a name has 1 to 64 characters of a-z, 0-9, _ and -")
            .path(path);
        self.push(d);
        false
    }

    /// The same name twice in a list.
    pub fn duplicate(&mut self, what: &str, name: &str, first: Span, again: Span, path: &str) {
        let (a, b) = (self.files.position(first).0, self.files.position(again).0);
        let message = format!(
            "two {what} are called {}, in lines {a} and {b}",
            shown(name)
        );
        let d = Diagnostic::error(Code::DUPLICATE_NAME, message)
            .at(again, "again here")
            .at(first, "first here")
            .help("give one of them another name")
            .path(path);
        self.push(d);
    }

    /// Reports every name that stands twice.
    pub fn duplicates(&mut self, what: &str, names: &[(String, Span)], path: &str) {
        for (index, (name, span)) in names.iter().enumerate() {
            if let Some((_, first)) = names[..index].iter().find(|n| n.0 == *name) {
                self.duplicate(what, name, *first, *span, path);
            }
        }
    }
}
