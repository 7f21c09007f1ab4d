//! `[service.NAME] class`: what requests of a class need at that service, in place of what all
//! others need there.

use crate::base::codes::Code;
use crate::model::spec::{
    Arrivals, ClassSpec, MemorySpec, SourceSpec, SystemSpec, Trace, WorkSpec,
};

use super::decode::Cx;
use super::diagnostic::Diagnostic;
use super::files::Span;
use super::keys::SERVICE_CLASS;
use super::tree::{Node, Table};

/// What a service says about a class, before it is known who calls.
#[derive(Clone, Debug)]
pub struct ClassAt {
    /// Index of the service.
    service: usize,
    /// Name of the class.
    class: String,
    /// Its dotted path.
    path: String,
    /// Where it stands.
    span: Span,
    /// Where each of its keys stands.
    keys: Vec<(String, Span)>,
    work: Option<WorkSpec>,
    memory: Option<MemorySpec>,
    cores: Option<u32>,
}

/// Paths of a source's class whose value stands at a service: there, here.
pub type Moved = Vec<(String, String)>;

impl Cx {
    /// The classes of one service.
    pub fn classes_at(&mut self, node: &Node, service: &str, index: usize) -> Vec<ClassAt> {
        let path = format!("{service}.class");
        let Some(table) = node.table() else {
            self.wrong_type(
                node,
                &path,
                "a table such as { CLASS = { work = \"3ms\" } }",
            );
            return Vec::new();
        };
        let one = |e: &super::tree::Entry| {
            let path = format!("{path}.{}", e.key);
            let (mut class, span) = (self.class_at(&e.node, &path)?, e.key_span);
            (class.service, class.class, class.span) = (index, e.key.clone(), span);
            Some(class)
        };
        table.entries.iter().filter_map(one).collect()
    }

    fn class_at(&mut self, node: &Node, path: &str) -> Option<ClassAt> {
        let fields = self.fields(node, path, &SERVICE_CLASS)?;
        let entries = fields.table.entries.iter();
        let work = fields.get("work");
        let work = work.map(|n| self.class_work(n, &fields.path("work")));
        let memory = fields.get("memory");
        let memory = memory.and_then(|n| self.memory(n, &fields.path("memory")));
        let cores = fields.get("cores");
        let cores = cores.and_then(|n| self.count32(n, &fields.path("cores"), 1, 65_535));
        Some(ClassAt {
            service: 0,
            class: String::new(),
            path: path.to_owned(),
            span: node.span,
            keys: entries.map(|e| (e.key.clone(), e.key_span)).collect(),
            work,
            memory,
            cores,
        })
    }

    /// Hands what services say about classes to the sources that call them. `sources` is what the
    /// file says.
    pub fn apply_classes(
        &mut self,
        classes: &[ClassAt],
        sources: Option<&Table>,
        spec: &mut SystemSpec,
    ) -> Moved {
        let mut moved = Vec::new();
        for at in classes {
            let mut known: Vec<&str> = Vec::new();
            let mut met = false;
            for source in spec.sources.iter_mut().filter(|s| s.to == at.service) {
                if self.reported(&format!("source.{}.to", source.name)) {
                    continue;
                }
                let found = source.classes.iter().position(|c| c.name == at.class);
                if let Some(index) = found {
                    met = true;
                    self.no_effect(at, source);
                    let own = written(sources, &source.name, &at.class);
                    self.twice(at, source, own);
                    let class = &mut source.classes[index];
                    at.replace(class);
                    let there = format!("source.{}.class.{}", source.name, class.name);
                    let keys = at
                        .keys
                        .iter()
                        .map(|(key, _)| (format!("{there}.{key}"), format!("{}.{key}", at.path)));
                    moved.extend(keys);
                }
                known.extend(source.classes.iter().map(|c| c.name.as_str()));
            }
            if !met && !self.reported("source") {
                known.sort_unstable();
                known.dedup();
                self.unknown_name(at.span, &at.path, &at.class, &known);
            }
        }
        moved
    }

    /// A trace that says what a request needs goes before its class.
    fn no_effect(&mut self, at: &ClassAt, source: &SourceSpec) {
        let Arrivals::Trace(trace) = &source.arrivals else {
            return;
        };
        let column = |key: &str, trace: &Trace| match key {
            "work" => !trace.work.is_empty(),
            "memory" => !trace.memory.is_empty(),
            _ => false,
        };
        for (key, span) in at.keys.iter().filter(|(key, _)| column(key, trace)) {
            let path = format!("{}.{key}", at.path);
            let message = format!(
                "`{path}` has no effect: the trace of source `{}` says the {key} of every row",
                source.name
            );
            self.disagree(*span, &path, &message, "remove one of them");
        }
    }

    fn twice(&mut self, at: &ClassAt, source: &SourceSpec, own: Option<&Table>) {
        let Some(own) = own else { return };
        for (key, span) in &at.keys {
            let Some(entry) = own.entries.iter().find(|e| e.key == *key) else {
                continue;
            };
            // One core is what nobody has to say.
            if key == "cores" && entry.node.to_toml() == "1" {
                continue;
            }
            let path = format!("{}.{key}", at.path);
            let other = format!("source.{}.class.{}.{key}", source.name, at.class);
            let message = format!("`{path}` and `{other}` say the same thing twice");
            let d = Diagnostic::error(Code::KEYS_DISAGREE, message)
                .at(*span, "here")
                .at(entry.key_span, "and here")
                .help("remove one of them")
                .path(path);
            self.push(d);
        }
    }
}

impl ClassAt {
    fn replace(&self, class: &mut ClassSpec) {
        if self.work.is_some() {
            class.work.clone_from(&self.work);
        }
        if self.memory.is_some() {
            class.memory.clone_from(&self.memory);
        }
        class.cores = self.cores.unwrap_or(class.cores);
    }
}

/// What the file says about a class of a source.
fn written<'t>(sources: Option<&'t Table>, source: &str, class: &str) -> Option<&'t Table> {
    let classes = sources?.get(source)?.table()?.get("class")?.array()?;
    let mut tables = classes.iter().filter_map(Node::table);
    tables.find(|t| t.get("name").and_then(Node::text) == Some(class))
}
