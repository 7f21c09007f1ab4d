//! `steps` of a service: what a request does there, in order, and whom it calls.

use crate::model::spec::{CacheSpec, CallSpec, Hold, StepSpec};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::{CACHE, STEP};
use super::tree::Node;

/// The key that says what a step is, and the others that it then takes.
const KINDS: [(&str, &[&str]); 4] = [
    ("cpu", &["per_kib", "vary"]),
    ("wait", &["hold"]),
    (
        "call",
        &["fan_out", "need", "rest", "client", "hold", "cache"],
    ),
    ("fail", &[]),
];

impl Cx {
    /// The steps of a service; `services` are the names of all.
    pub fn steps(&mut self, node: &Node, path: &str, services: &[String]) -> Vec<StepSpec> {
        let takes = "a list of steps such as [{ cpu = \"2ms\" }, { call = \"db\" }]";
        let Some(nodes) = self.list(node, path, takes) else {
            return Vec::new();
        };
        if nodes.is_empty() {
            self.wrong_type(node, path, takes);
        }
        let steps = (0..).zip(nodes);
        let one =
            |(number, node): (u32, &Node)| self.step(node, &format!("{path}.{number}"), services);
        steps.filter_map(one).collect()
    }

    fn step(&mut self, node: &Node, path: &str, services: &[String]) -> Option<StepSpec> {
        let fields = self.fields(node, path, &STEP)?;
        let said = |kind: &&(&str, &[&str])| fields.get(kind.0).is_some();
        let Some(&(kind, others)) = KINDS.iter().find(said) else {
            let message = format!("`{path}` must say what it is: `cpu`, `wait`, `call` or `fail`");
            let help = "for example { cpu = \"2ms\" }, { wait = \"5ms\" }, { call = \"db\" } or \
                        { fail = 0.01 }";
            self.disagree(node.span, path, &message, help);
            return None;
        };
        self.only(&fields, &format!("a step with `{kind}`"), kind, others);
        let value = fields.get(kind)?;
        let place = fields.path(kind);
        Some(match kind {
            "cpu" => StepSpec::Cpu {
                cpu: self.dist(value, &place, Of::Time)?,
                per_kib: match fields.get("per_kib") {
                    Some(node) => self.time(node, &fields.path("per_kib"))? as f64,
                    None => 0.0,
                },
                vary: self.vary(&fields),
            },
            "wait" => StepSpec::Wait {
                lasts: self.dist(value, &place, Of::Time)?,
                hold: self.hold(&fields),
            },
            "fail" => StepSpec::Fail {
                probability: self.number(value, &place)?,
            },
            _ => StepSpec::Call(Box::new(self.call(value, &fields, services)?)),
        })
    }

    fn call(&mut self, value: &Node, fields: &Fields<'_>, services: &[String]) -> Option<CallSpec> {
        let path = fields.path("call");
        let name = self.text(value, &path)?;
        let Some(to) = services.iter().position(|s| *s == name) else {
            let known: Vec<&str> = services.iter().map(String::as_str).collect();
            self.unknown_name(value.span, &path, &name, &known);
            return None;
        };
        let client = fields.get("client");
        let client = client.map(|n| self.client(n, &fields.path("client")));
        Some(CallSpec {
            to,
            fan_out: self.fan_out(fields),
            client: client.unwrap_or_default(),
            hold: self.hold(fields),
            cache: match fields.get("cache").filter(|n| !n.is_none()) {
                Some(node) => self.cache(node, &fields.path("cache")),
                None => None,
            },
        })
    }

    fn cache(&mut self, node: &Node, path: &str) -> Option<CacheSpec> {
        let fields = self.fields(node, path, &CACHE)?;
        match (fields.get("hit"), fields.get("capacity")) {
            (Some(hit), None) => {
                let probability = self.number(hit, &fields.path("hit"))?;
                Some(CacheSpec::Hit { probability })
            }
            (None, Some(capacity)) => {
                let capacity = self.count32(capacity, &fields.path("capacity"), 1, u32::MAX)?;
                Some(CacheSpec::Lru { capacity })
            }
            (given, _) => {
                let message = match given {
                    Some(_) => format!("`{path}`: `hit` and `capacity` cannot stand together"),
                    None => format!("`{path}` needs `hit` or `capacity`"),
                };
                let help =
                    "for example { hit = 0.9 }, or { capacity = 10000 } beside keys of requests";
                self.disagree(node.span, path, &message, help);
                None
            }
        }
    }

    fn hold(&mut self, fields: &Fields<'_>) -> Hold {
        let word = fields
            .get("hold")
            .and_then(|n| self.choice(n, &fields.path("hold"), &["nothing", "core"], &[]));
        match word {
            Some("core") => Hold::Core,
            _ => Hold::Nothing,
        }
    }
}
