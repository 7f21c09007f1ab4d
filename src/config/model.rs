//! A model file: from its tree to a [`SystemSpec`], with every mistake of form and of meaning.

use crate::base::codes::Code;
use crate::model::spec::{FaultKind, FaultSpec, FaultWhen, PriceSpec, ServiceSpec, SystemSpec};

use super::decode::{Cx, Fields};
use super::diagnostic::{Class, Diagnostic};
use super::dist::Of;
use super::files::Span;
use super::keys::{FAULT, MODEL};
use super::patch::fault_name;
use super::tree::{Node, Table, Value};

/// Kinds of faults of the format that this version does not have.
const LATER_FAULTS: &[&str] = &[
    "steal",
    "error",
    "leak",
    "ram_cap",
    "network",
    "partition",
    "zone_down",
    "surge",
    "poison",
    "restart",
    "cache_flush",
    "config_push",
    "limit",
];

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
        let (services, traced) = self.services(services, &prices);
        spec.services = services;
        let names: Vec<String> = spec.services.iter().map(|s| s.name.clone()).collect();
        if let Some(sources) = self.section(&fields, "source") {
            spec.sources = self.sources(sources, &names, &traced);
        }
        if let Some(node) = fields.get("fault").filter(|n| !n.is_none()) {
            spec.faults = self.faults(node, &spec.services);
        }
        self.meaning(root, &spec);
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
    fn meaning(&mut self, root: &Node, spec: &SystemSpec) {
        if spec.services.is_empty() {
            return;
        }
        for problem in spec.check() {
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

    fn faults(&mut self, node: &Node, services: &[ServiceSpec]) -> Vec<FaultSpec> {
        let Some(list) = self.list(node, "fault", "[[fault]] tables") else {
            return Vec::new();
        };
        let (mut faults, mut names) = (Vec::new(), Vec::new());
        for node in list {
            let name = node.table().map(fault_name).unwrap_or_default();
            let path = format!("fault.{name}");
            names.push((name.clone(), node.span));
            faults.extend(self.fault(node, &path, name, services));
        }
        self.duplicates("faults", &names, "fault");
        faults
    }

    fn fault(
        &mut self,
        node: &Node,
        path: &str,
        name: String,
        services: &[ServiceSpec],
    ) -> Option<FaultSpec> {
        let fields = self.fields(node, path, &FAULT)?;
        if let Some(node) = fields.get("name") {
            self.name(node, &fields.path("name"));
        }
        for key in ["kind", "target"] {
            if fields.get(key).is_none() {
                self.missing(&fields, key, &FAULT);
            }
        }
        let enabled = fields
            .get("enabled")
            .and_then(|n| self.boolean(n, &fields.path("enabled")));
        let lasts = fields
            .get("for")
            .map(|n| self.dist(n, &fields.path("for"), Of::Time));
        let when = self.fault_when(&fields);
        let (kind, target) = (fields.get("kind")?, fields.get("target")?);
        let now = &["slow", "pause", "crash"];
        let word = self.choice(kind, &fields.path("kind"), now, LATER_FAULTS);
        let target = self.target(target, &fields.path("target"), services);
        let kind = match word? {
            "slow" => match fields.get("factor") {
                Some(n) => FaultKind::Slow {
                    factor: self.number(n, &fields.path("factor"))?,
                },
                None => {
                    self.missing(&fields, "factor", &FAULT);
                    return None;
                }
            },
            word => {
                let keys = ["name", "enabled", "kind", "target", "at", "every", "for"];
                self.only(&fields, &format!("a fault of kind `{word}`"), "kind", &keys);
                match word {
                    "pause" => FaultKind::Pause,
                    _ => FaultKind::Crash,
                }
            }
        };
        let (service, workers) = target?;
        Some(FaultSpec {
            name,
            enabled: enabled.unwrap_or(true),
            kind,
            service,
            workers,
            when: when?,
            lasts: lasts.unwrap_or_default(),
        })
    }

    fn fault_when(&mut self, fields: &Fields<'_>) -> Option<FaultWhen> {
        let at = fields.get("at").filter(|n| !n.is_none());
        let every = fields.get("every").filter(|n| !n.is_none());
        match (at, every) {
            (Some(node), Some(_)) => {
                let path = fields.path("at");
                let message = format!("`{path}` and `every` exclude each other");
                self.disagree(node.span, &path, &message, "keep `at` for once, or `every`");
                None
            }
            (Some(node), None) => self.time(node, &fields.path("at")).map(FaultWhen::At),
            (None, Some(node)) => {
                let every = self.dist(node, &fields.path("every"), Of::Time)?;
                Some(FaultWhen::Every(every))
            }
            (None, None) => Some(FaultWhen::Always),
        }
    }

    /// `events`, `events[14]`, `events[1..5]`: the service and its first and last worker.
    fn target(
        &mut self,
        node: &Node,
        path: &str,
        services: &[ServiceSpec],
    ) -> Option<(usize, (u32, u32))> {
        let text = self.text(node, path)?;
        if text.contains('@') || text.contains("->") || text.starts_with("source.") {
            self.later(node.span, path, &format!("the target `{text}`"));
            return None;
        }
        let (name, range) = match text.split_once('[') {
            Some((name, range)) => (name, Some(range)),
            None => (text.as_str(), None),
        };
        let Some(service) = services.iter().position(|s| s.name == name) else {
            let known: Vec<&str> = services.iter().map(|s| s.name.as_str()).collect();
            self.unknown_name(node.span, path, name, &known);
            return None;
        };
        let count = u32::try_from(services[service].worker_count()).unwrap_or(u32::MAX);
        let Some(range) = range else {
            return Some((service, (1, count.max(1))));
        };
        let inner = range.strip_suffix(']').unwrap_or_default();
        let (first, last) = inner.split_once("..").unwrap_or((inner, inner));
        match (first.trim().parse(), last.trim().parse()) {
            (Ok(first), Ok(last)) => Some((service, (first, last))),
            _ => {
                let takes = format!("\"{name}\", \"{name}[14]\" or \"{name}[1..5]\"");
                self.wrong_type(node, path, &takes);
                None
            }
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
