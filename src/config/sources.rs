//! `[source.NAME]`: who sends, when, what, and what the caller does about trouble.

use crate::model::spec::{Arrivals, ClassSpec, Dist, KeySpec, MAX_KEYS, SourceSpec};

use super::csv::Unit;
use super::decode::{Cx, Fields};
use super::dist::{Of, placeholder};
use super::keys::{CLASS, KEY, SOURCE};
use super::tree::{Node, Table};

/// What a service says about its work, before it is known who calls.
#[derive(Clone, Debug)]
pub struct TraceWork {
    /// Index of the service.
    pub service: usize,
    /// Name of the service.
    pub name: String,
    /// Column of the caller's trace.
    pub column: String,
    /// How a number of it becomes nanoseconds.
    pub unit: Unit,
}

impl Cx {
    /// Every `[source.NAME]`.
    pub fn sources(
        &mut self,
        table: &Table,
        services: &[String],
        work: &[TraceWork],
    ) -> Vec<SourceSpec> {
        let one = |e: &super::tree::Entry| {
            let path = format!("source.{}", e.key);
            self.check_name(&e.key, e.key_span, &path);
            self.source(&e.key, &e.node, &path, services, work)
        };
        table.entries.iter().filter_map(one).collect()
    }

    fn source(
        &mut self,
        name: &str,
        node: &Node,
        path: &str,
        services: &[String],
        work: &[TraceWork],
    ) -> Option<SourceSpec> {
        let fields = self.fields(node, path, &SOURCE)?;
        let to = match fields.get("to") {
            Some(node) => {
                let path = fields.path("to");
                let name = self.text(node, &path);
                let found = name.and_then(|name| {
                    let found = services.iter().position(|s| *s == name);
                    if found.is_none() {
                        let known: Vec<&str> = services.iter().map(String::as_str).collect();
                        self.unknown_name(node.span, &path, &name, &known);
                    }
                    found
                });
                found.unwrap_or(usize::MAX)
            }
            None => {
                self.missing(&fields, "to", &SOURCE);
                usize::MAX
            }
        };
        let mut classes = self.classes(&fields);
        let start = fields
            .get("start")
            .and_then(|n| self.time(n, &fields.path("start")));
        let stop = fields
            .get("stop")
            .and_then(|n| self.time(n, &fields.path("stop")));
        let client = fields
            .get("client")
            .map(|n| self.client(n, &fields.path("client")));
        let fan_out = self.fan_out(&fields);
        let fed = work.iter().find(|w| w.service == to);
        let arrivals = match fields.get("arrivals") {
            Some(node) => self.sending(node, &fields.path("arrivals"), fed, &mut classes),
            None => {
                self.missing(&fields, "arrivals", &SOURCE);
                None
            }
        };
        let sending = arrivals.unwrap_or_default();
        self.weights(&fields, &sending.arrivals);
        Some(SourceSpec {
            name: name.to_owned(),
            to: if to == usize::MAX { 0 } else { to },
            arrivals: sending.arrivals,
            batch: sending.batch,
            profile: sending.profile,
            start: start.unwrap_or(0),
            stop,
            classes,
            fan_out,
            client: client.unwrap_or_default(),
        })
    }

    /// Classes that a trace names have no weights of their own.
    fn weights(&mut self, source: &Fields<'_>, arrivals: &Arrivals) {
        let named = match arrivals {
            Arrivals::Trace(trace) => !trace.class.is_empty(),
            _ => false,
        };
        let nodes = source.get("class").and_then(Node::array);
        let tables = nodes.unwrap_or_default().iter().filter_map(Node::table);
        for weight in tables.filter_map(|t| t.get("weight")).filter(|_| named) {
            let path = source.path("class");
            let message = "the trace says which class a request has: `weight` has no effect";
            self.disagree(weight.span, &path, message, "remove it");
        }
    }

    fn classes(&mut self, source: &Fields<'_>) -> Vec<ClassSpec> {
        let path = source.path("class");
        let nodes = match source.get("class").filter(|n| !n.is_none()) {
            Some(node) => self.list(node, &path, "[[source.NAME.class]] tables"),
            None => None,
        };
        let nodes = nodes.unwrap_or_default();
        let mut classes = Vec::new();
        let mut names = Vec::new();
        for node in nodes {
            let word = node
                .table()
                .and_then(|t| t.get("name"))
                .and_then(Node::text);
            let path = format!("{path}.{}", word.unwrap_or("?"));
            if let Some(class) = self.class(node, &path) {
                names.push((class.name.clone(), node.span));
                classes.push(class);
            }
        }
        self.duplicates("classes", &names, &path);
        if classes.is_empty() {
            classes.push(plain_class("default"));
        }
        classes
    }

    fn class(&mut self, node: &Node, path: &str) -> Option<ClassSpec> {
        let fields = self.fields(node, path, &CLASS)?;
        let name = match fields.get("name") {
            Some(node) => self.name(node, &fields.path("name")),
            None => {
                self.missing(&fields, "name", &CLASS);
                None
            }
        };
        let mut class = plain_class(&name.unwrap_or_default());
        if let Some(node) = fields.get("weight") {
            class.weight = self.number(node, &fields.path("weight")).unwrap_or(1.0);
        }
        if let Some(node) = fields.get("work_factor") {
            let factor = self.number(node, &fields.path("work_factor"));
            class.work_factor = factor.unwrap_or(1.0);
        }
        if let Some(node) = fields.get("size") {
            let size = self.dist(node, &fields.path("size"), Of::Bytes);
            class.size = size.unwrap_or_else(placeholder);
        }
        if let Some(node) = fields.get("work") {
            class.work = Some(self.class_work(node, &fields.path("work")));
        }
        if let Some(node) = fields.get("memory") {
            class.memory = self.memory(node, &fields.path("memory"));
        }
        if let Some(node) = fields.get("priority") {
            let priority = self.integer(node, &fields.path("priority"));
            class.priority = priority.unwrap_or(0);
        }
        if let Some(node) = fields.get("cores") {
            let cores = self.count32(node, &fields.path("cores"), 1, 65_535);
            class.cores = cores.unwrap_or(1);
        }
        if let Some(node) = fields.get("key").filter(|n| !n.is_none()) {
            class.key = self.key(node, &fields.path("key"));
        }
        Some(class)
    }

    /// What requests of a class are about.
    fn key(&mut self, node: &Node, path: &str) -> Option<KeySpec> {
        let fields = self.fields(node, path, &KEY)?;
        match fields.get("dist") {
            Some(node) => {
                self.choice(node, &fields.path("dist"), &["zipf"], &[])?;
            }
            None => self.missing(&fields, "dist", &KEY),
        }
        let keys = match fields.get("keys") {
            Some(node) => self.count(node, &fields.path("keys"), 1, MAX_KEYS),
            None => {
                self.missing(&fields, "keys", &KEY);
                None
            }
        };
        let given = fields.get("exponent");
        let exponent = given.and_then(|n| self.number(n, &fields.path("exponent")));
        Some(KeySpec {
            keys: keys.unwrap_or(1),
            exponent: exponent.unwrap_or(1.0),
        })
    }
}

/// A class of which nothing is said.
pub fn plain_class(name: &str) -> ClassSpec {
    ClassSpec {
        priority: 0,
        cores: 1,
        name: name.to_owned(),
        weight: 1.0,
        size: Dist::Constant { value: 0.0 },
        work: None,
        work_factor: 1.0,
        apart: false,
        memory: None,
        key: None,
    }
}
