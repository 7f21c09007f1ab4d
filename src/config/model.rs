//! A model file: from its tree to a [`SystemSpec`], with every mistake of form and of meaning.

use crate::base::codes::Code;
use crate::model::spec::{PriceSpec, SystemSpec};

use super::class_at::Moved;
use super::decode::{Cx, Fields};
use super::diagnostic::{Class, Diagnostic};
use super::files::Span;
use super::keys::MODEL;
use super::tree::{Node, Table, Value};

impl Cx {
    /// Reads and checks a model's tree. What it gives back may only be used when nothing was
    /// reported.
    pub fn model(&mut self, root: &Node) -> SystemSpec {
        let mut spec = SystemSpec {
            title: String::new(),
            sources: Vec::new(),
            services: Vec::new(),
            faults: Vec::new(),
            prices: PriceSpec::default(),
        };
        self.begin();
        let Some(fields) = self.fields(root, "", &MODEL) else {
            return spec;
        };
        if let Some(node) = fields.get("title") {
            spec.title = self.text(node, "title").unwrap_or_default();
        }
        let prices = self.prices(fields.get("prices"));
        spec.prices = prices.spec.clone();
        let empty = Table::default();
        let services = self.section(&fields, "service").unwrap_or(&empty);
        if services.entries.is_empty() && !self.reported("service") {
            let d = Diagnostic::error(Code::MISSING_KEY, "a model needs a `[service.NAME]`")
                .at(root.span, "")
                .help("start with [service.NAME], its `work` and [service.NAME.workers]")
                .path("service");
            self.push(d);
        }
        let (services, traced, classes) = self.services(services, &prices);
        spec.services = services;
        let names: Vec<String> = spec.services.iter().map(|s| s.name.clone()).collect();
        let sources = self.section(&fields, "source");
        if let Some(sources) = sources {
            spec.sources = self.sources(sources, &names, &traced);
        }
        let moved = self.apply_classes(&classes, sources, &mut spec);
        if let Some(node) = fields.get("fault").filter(|n| !n.is_none()) {
            let sources: Vec<&str> = spec.sources.iter().map(|s| s.name.as_str()).collect();
            spec.faults = self.faults(node, &spec.services, &sources);
        }
        self.meaning(root, &spec, &moved);
        spec
    }

    fn section<'t>(&mut self, fields: &Fields<'t>, key: &str) -> Option<&'t Table> {
        let node = fields.get(key)?;
        if node.table().is_none() {
            self.wrong_type(node, key, &format!("[{key}.NAME] tables"));
        }
        node.table()
    }

    /// Adds what the rules of meaning say, unless the form of that key was wrong already.
    fn meaning(&mut self, root: &Node, spec: &SystemSpec, moved: &Moved) {
        if spec.services.is_empty() {
            return;
        }
        for mut problem in spec.check() {
            let inside = |there: &str| {
                let rest = problem.path.strip_prefix(there);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            if let Some((there, here)) = moved.iter().find(|(there, _)| inside(there)) {
                problem.message = problem.message.replace(there.as_str(), here);
                problem.path.replace_range(..there.len(), here);
            }
            if self.reported(&problem.path) {
                continue;
            }
            let span = locate(root, &problem.path);
            let mut d = Diagnostic::error(problem.code, problem.message)
                .at(span, "")
                .path(problem.path);
            d.help = problem.help;
            if d.code == Code::TOO_LARGE_DESIGN {
                d = d.class(Class::Limit);
            }
            self.push(d);
        }
    }
}

/// Where a dotted path stands in a model, or what is nearest above it.
pub fn locate(root: &Node, path: &str) -> Span {
    let mut node = root;
    let mut span = root.span;
    for part in super::patch::split(path) {
        let next = match &node.value {
            Value::Table(table) => table.entries.iter().find(|e| e.key == part),
            Value::Array(list) => {
                let named = |n: &&Node| n.table().is_some_and(|t| super::patch::is_named(t, part));
                let Some(found) = list.iter().find(named) else {
                    return span;
                };
                (node, span) = (found, found.span);
                continue;
            }
            _ => return span,
        };
        let Some(entry) = next else {
            // A single group may be called by its name.
            if node
                .table()
                .is_some_and(|t| super::patch::is_named(t, part))
            {
                continue;
            }
            return span;
        };
        node = &entry.node;
        span = match node.value {
            Value::Table(_) | Value::Array(_) => entry.key_span,
            _ => node.span,
        };
    }
    span
}
