//! Changing a model's tree by dotted path: a variant's `set`, the axes of a sweep, `--set`. Whether
//! the path exists in the format is found when the patched tree is decoded; whether the model has
//! the named source, service, group, class or fault is found here.

use std::borrow::Cow;

use crate::base::codes::Code;
use crate::base::units::shown;

use super::decode::Cx;
use super::diagnostic::Diagnostic;
use super::files::{Span, relative, tidy};
use super::keys::{self, MODEL};
use super::tree::{Node, Origin, Table, Value};

/// A path with the value that is put there.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Dotted path of the model file.
    pub path: String,
    /// Where the path was written.
    pub span: Span,
    /// The value, with its place and origin.
    pub value: Node,
}

/// Parts of a dotted path; dots in brackets do not count (`slow-events[1..5]`).
pub fn split(path: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    path.split(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '.' && depth == 0
    })
    .collect()
}

/// The name of a fault: its own, else `KIND-TARGET`, where a source stands by its name alone.
pub fn fault_name(fault: &Table) -> String {
    let text = |key: &str| fault.get(key).and_then(Node::text).unwrap_or("?");
    match fault.get("name").and_then(Node::text) {
        Some(name) => name.to_owned(),
        None => {
            let target = text("target");
            let target = target.strip_prefix("source.").unwrap_or(target);
            format!("{}-{target}", text("kind"))
        }
    }
}

/// Whether a group, class or fault has this name.
pub fn is_named(table: &Table, name: &str) -> bool {
    match table.get("name").and_then(Node::text) {
        Some(own) => own == name,
        None => table.get("target").is_some() && fault_name(table) == name,
    }
}

/// Why a path leads nowhere: how much of it is good, and what there is instead.
struct Lost {
    good: String,
    bad: String,
    known: Vec<String>,
    reason: &'static str,
}

impl Cx {
    /// Puts a value into a model's tree.
    pub fn patch(&mut self, root: &mut Node, patch: &Patch) {
        let parts = split(&patch.path);
        if parts.iter().any(|p| p.is_empty()) {
            let message = format!("{} is no path", shown(&patch.path));
            let d = Diagnostic::error(Code::UNKNOWN_PATH, message)
                .at(patch.span, "names separated by dots")
                .help("such as service.events.workers.count")
                .path(patch.path.clone());
            self.push(d);
            return;
        }
        let moved = self.moved(patch, &parts);
        if let Err(lost) = put(root, &parts, String::new(), &moved) {
            self.lost(patch, &lost);
        }
    }

    /// The patch with its names of files as the model would write them: they are counted from the
    /// folder of the file that says so.
    fn moved<'p>(&self, patch: &'p Patch, parts: &[&str]) -> Cow<'p, Patch> {
        let (here, there) = (&self.files.root, tidy(&self.folder));
        if tidy(here) == there {
            return Cow::Borrowed(patch);
        }
        let mut moved = patch.clone();
        let key = parts.last().copied().unwrap_or_default();
        let prices = parts.first() == Some(&"prices");
        rename(&mut moved.value, key, &|key, name| {
            let names = key == "file" || prices && key == "table";
            names.then(|| relative(&tidy(&here.join(name)), &there))
        });
        Cow::Owned(moved)
    }

    fn lost(&mut self, patch: &Patch, lost: &Lost) {
        let place = match lost.good.as_str() {
            "" => "the model".to_owned(),
            good => format!("`{good}`"),
        };
        let message = format!(
            "the model has no path {}: {place} {} {}",
            shown(&patch.path),
            lost.reason,
            shown(&lost.bad)
        );
        let near = keys::nearest(&lost.bad, lost.known.iter().map(String::as_str));
        let hint = match near {
            Some(near) => {
                let rest = &patch.path[super::decode::join(&lost.good, &lost.bad).len()..];
                let path = super::decode::join(&lost.good, near);
                format!("did you mean `{path}{rest}`?")
            }
            None => String::new(),
        };
        let mut d = Diagnostic::error(Code::UNKNOWN_PATH, message)
            .at(patch.span, hint)
            .path(patch.path.clone());
        let flags = ["seed", "replications", "horizon"];
        if lost.good.is_empty() && flags.contains(&lost.bad.as_str()) {
            d = d.help(format!(
                "paths are those of the model: for this there is --{}",
                lost.bad
            ));
        } else if !lost.known.is_empty() {
            d = d.help(format!("there are: {}", lost.known.join(", ")));
        }
        self.push(d);
    }
}

/// Gives new texts to what stands at these keys, at any depth.
fn rename(node: &mut Node, key: &str, new: &impl Fn(&str, &str) -> Option<String>) {
    match &mut node.value {
        Value::Text(text) => {
            if let Some(name) = new(key, text) {
                *text = name;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|n| rename(n, key, new)),
        Value::Table(table) => {
            let entries = table.entries.iter_mut();
            entries.for_each(|e| rename(&mut e.node, &e.key, new));
        }
        _ => {}
    }
}

fn put(node: &mut Node, parts: &[&str], done: String, patch: &Patch) -> Result<(), Lost> {
    let Some((part, rest)) = parts.split_first() else {
        *node = patch.value.clone();
        return Ok(());
    };
    let next = super::decode::join(&done, part);
    widen(node, part, &done, patch);
    match &mut node.value {
        Value::Array(list) => {
            let lone = list.len() == 1 && list[0].table().is_some_and(|t| t.get("name").is_none());
            let named = |n: &Node| n.table().is_some_and(|t| is_named(t, part));
            if let Some(found) = list.iter_mut().find(|n| named(n)) {
                return put(found, rest, next, patch);
            }
            if lone && done != "fault" {
                return put(&mut list[0], parts, done, patch);
            }
            let known = list.iter().filter_map(Node::table).map(fault_or_name);
            let known = known.collect();
            Err(lost(done, part, known, "has nothing called"))
        }
        Value::Table(table) => put_in_table(table, part, rest, (done, next), patch),
        _ => Err(lost(done, part, Vec::new(), "is a plain value, it has no")),
    }
}

fn put_in_table(
    table: &mut Table,
    part: &str,
    rest: &[&str],
    (done, next): (String, String),
    patch: &Patch,
) -> Result<(), Lost> {
    if table.get(part).is_none() {
        let names_only = matches!(done.as_str(), "source" | "service");
        if names_only {
            let known = table.entries.iter().map(|e| e.key.clone()).collect();
            return Err(lost(done, part, known, "has nothing called"));
        }
        if done.is_empty() && MODEL.key(part).is_none() {
            let known = MODEL.keys.iter().map(|k| k.name.to_owned()).collect();
            return Err(lost(done, part, known, "has no key"));
        }
        let by_name = done.is_empty() && part != "prices" && !rest.is_empty();
        if by_name || part == "class" && done.starts_with("source.") && !rest.is_empty() {
            return Err(lost(
                next,
                rest.first().unwrap_or(&""),
                Vec::new(),
                "is not there:",
            ));
        }
        // `workers.big.count` of a single group that is called so.
        if done.ends_with(".workers") && is_named(table, part) && !rest.is_empty() {
            return put_in_table(table, rest[0], &rest[1..], (done, next), patch);
        }
    }
    if rest.is_empty() {
        table.put(part, patch.span, patch.value.clone());
        return Ok(());
    }
    if table.get(part).is_none() {
        table.put(part, patch.span, empty_table(patch));
    }
    match table.get_mut(part) {
        Some(node) => put(node, rest, next, patch),
        None => Ok(()),
    }
}

/// Turns the short form of a block into its table, so that a key below it can be set.
fn widen(node: &mut Node, part: &str, done: &str, patch: &Patch) {
    let block = done.rsplit('.').next().unwrap_or_default();
    let into: &[(&str, Option<&str>)] = match (block, part) {
        ("arrivals", "rate") => &[("process", Some("poisson")), ("rate", None)],
        ("work", "cpu" | "per_kib" | "per_in_flight" | "vary") => &[("cpu", None)],
        ("memory", "base" | "per_byte" | "held") => &[("base", None)],
        _ => &[],
    };
    let is_dist = node.table().is_some_and(|t| t.get("dist").is_some());
    let short = node.table().is_none() && node.array().is_none();
    if node.is_none() {
        *node = empty_table(patch);
    } else if !into.is_empty() && (short || is_dist) {
        let old = node.clone();
        let mut table = Table::default();
        for (key, value) in into {
            let mut new = old.clone();
            if let Some(text) = value {
                new.value = Value::Text((*text).to_owned());
            }
            table.put(key, old.span, new);
        }
        node.value = Value::Table(table);
    }
}

fn empty_table(patch: &Patch) -> Node {
    Node {
        value: Value::Table(Table::default()),
        span: patch.span,
        origin: patch.value.origin,
    }
}

fn lost(good: String, bad: &str, known: Vec<String>, reason: &'static str) -> Lost {
    Lost {
        good,
        bad: bad.to_owned(),
        known,
        reason,
    }
}

fn fault_or_name(table: &Table) -> String {
    match table.get("name").and_then(Node::text) {
        Some(name) => name.to_owned(),
        None if table.get("target").is_some() => fault_name(table),
        None => "(unnamed)".into(),
    }
}

impl Cx {
    /// The patches of a variant's `set`.
    pub fn set_of(&mut self, node: &Node, path: &str) -> Vec<Patch> {
        let Some(table) = node.table() else {
            self.wrong_type(
                node,
                path,
                "a table such as { \"service.x.workers.count\" = 3 }",
            );
            return Vec::new();
        };
        let mut patches = Vec::new();
        for entry in &table.entries {
            // Without quotes TOML makes tables of the path's parts, and then nobody can tell where
            // the path ends and the value begins.
            if !entry.key.contains('.') && entry.node.table().is_some() {
                let message = format!("{} is no whole path", shown(&entry.key));
                let d = Diagnostic::error(Code::UNKNOWN_PATH, message)
                    .at(entry.key_span, "write the path in quotes")
                    .help("such as { \"service.events.workers.count\" = 3 }")
                    .path(path);
                self.push(d);
                continue;
            }
            patches.push(patch_of(&entry.key, entry.key_span, &entry.node));
        }
        patches
    }

    /// A patch of `--set PATH=VALUE`.
    pub fn argument(&mut self, text: &str) -> Option<Patch> {
        let file = self.files.add("--set", text.to_owned(), 1);
        let whole = |start, end| Span { file, start, end };
        let Some((path, _)) = text.split_once('=') else {
            let d = Diagnostic::error(Code::KEYS_DISAGREE, "`--set` needs PATH=VALUE")
                .at(whole(0, text.len()), "there is no `=`")
                .help("such as --set service.events.workers.count=30");
            self.push(d);
            return None;
        };
        let value_span = whole(path.len() + 1, text.len());
        let mut found = Vec::new();
        let value = super::tree::parse_argument(&self.files, value_span, &mut found);
        found.into_iter().for_each(|d| self.push(d));
        Some(Patch {
            span: whole(0, path.len()),
            path: path.trim().to_owned(),
            value,
        })
    }
}

fn patch_of(path: &str, span: Span, node: &Node) -> Patch {
    Patch {
        path: path.to_owned(),
        span,
        value: node.clone().with_origin(Origin::Set),
    }
}
