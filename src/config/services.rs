//! `[service.NAME]`: work and memory, the workers and their buffers.

use crate::base::codes::Code;
use crate::base::units::SECOND;
use crate::model::spec::{Dist, GroupSpec, MemorySpec, OnFull, ServiceSpec, WorkSpec};

use super::balancer::plain_balancer;
use super::csv::Unit;
use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::dist::{Of, placeholder};
use super::keys::{BUFFER, SERVICE, WORKERS};
use super::prices::Prices;
use super::sources::TraceWork;
use super::tree::{Node, Table};
use super::work::{Work, drawn};

/// Most waiting places of one buffer.
pub const MAX_SLOTS: u64 = 1 << 31;

/// A buffer as written.
pub struct Buffer {
    /// Waiting places; `None`: unbounded.
    pub slots: Option<u32>,
    /// What becomes of the one that finds no room.
    pub on_full: OnFull,
}

impl Cx {
    /// Every `[service.NAME]`, and which of them take their work from a trace.
    pub fn services(
        &mut self,
        table: &Table,
        prices: &Prices,
    ) -> (Vec<ServiceSpec>, Vec<TraceWork>) {
        let (mut services, mut traced) = (Vec::new(), Vec::new());
        for entry in &table.entries {
            let path = format!("service.{}", entry.key);
            self.check_name(&entry.key, entry.key_span, &path);
            let (service, from) = self.service(&entry.key, &entry.node, &path, prices);
            if let Some((column, unit)) = from {
                traced.push(TraceWork {
                    service: services.len(),
                    name: entry.key.clone(),
                    column,
                    unit,
                });
            }
            services.push(service);
        }
        (services, traced)
    }

    fn service(
        &mut self,
        name: &str,
        node: &Node,
        path: &str,
        prices: &Prices,
    ) -> (ServiceSpec, Option<(String, Unit)>) {
        let mut service = ServiceSpec {
            name: name.to_owned(),
            work: None,
            memory: MemorySpec {
                base: Dist::Constant { value: 0.0 },
                per_byte: 0.0,
            },
            balancer: plain_balancer(),
            groups: Vec::new(),
        };
        let Some(fields) = self.fields(node, path, &SERVICE) else {
            service.work = Some(drawn(placeholder()));
            return (service, None);
        };
        let mut from = None;
        if let Some(node) = fields.get("work") {
            match self.work(node, &fields.path("work")) {
                Some(Work::Own(work)) => service.work = Some(work),
                Some(Work::OfTrace(column, unit)) => {
                    service.work = Some(WorkSpec::FromTrace);
                    from = Some((column, unit));
                }
                None => service.work = Some(drawn(placeholder())),
            }
        }
        if let Some(node) = fields.get("memory")
            && let Some(memory) = self.memory(node, &fields.path("memory"))
        {
            service.memory = memory;
        }
        if let Some(node) = fields.get("balancer") {
            service.balancer = self.balancer(node, &fields.path("balancer"));
        }
        match fields.get("workers") {
            Some(node) => service.groups = self.groups(node, &fields.path("workers"), prices),
            None => self.missing(&fields, "workers", &SERVICE),
        }
        (service, from)
    }

    /// A buffer; `now` are the words for `on_full`, `later` those not known yet.
    pub fn buffer(
        &mut self,
        node: &Node,
        path: &str,
        now: &[&'static str],
        later: &[&'static str],
    ) -> Buffer {
        let mut buffer = Buffer {
            slots: None,
            on_full: OnFull::Reject,
        };
        if node.is_none() {
            return buffer;
        }
        let Some(fields) = self.fields(node, path, &BUFFER) else {
            return buffer;
        };
        if let Some(node) = fields
            .get("slots")
            .filter(|n| n.text() != Some("unbounded"))
        {
            let path = fields.path("slots");
            let slots = match node.text() {
                Some(_) => {
                    self.wrong_type(node, &path, "a whole number such as 128, or \"unbounded\"");
                    None
                }
                None => self.count(node, &path, 0, MAX_SLOTS),
            };
            buffer.slots = slots.and_then(|s| u32::try_from(s).ok());
        }
        if let Some(node) = fields.get("on_full") {
            let word = self.choice(node, &fields.path("on_full"), now, later);
            if word == Some("wedge") {
                buffer.on_full = OnFull::Wedge;
            }
        }
        buffer
    }

    fn groups(&mut self, node: &Node, path: &str, prices: &Prices) -> Vec<GroupSpec> {
        let Some(list) = node.array() else {
            return self.group(node, path, prices).into_iter().collect();
        };
        let (mut groups, mut names) = (Vec::new(), Vec::new());
        for node in list {
            let name = node.table().and_then(|t| t.get("name"));
            let word = name.and_then(Node::text);
            let below = match word {
                Some(word) => format!("{path}.{word}"),
                None => path.to_owned(),
            };
            if let Some(word) = word {
                names.push((word.to_owned(), node.span));
            } else if list.len() > 1 {
                let d = Diagnostic::error(Code::MISSING_KEY, format!("`{path}` needs `name`"))
                    .at(node.span, "with several groups each needs a name")
                    .path(format!("{path}.name"));
                self.push(d);
            }
            groups.extend(self.group(node, &below, prices));
        }
        self.duplicates("groups of workers", &names, path);
        groups
    }

    fn group(&mut self, node: &Node, path: &str, prices: &Prices) -> Option<GroupSpec> {
        let fields = self.fields(node, path, &WORKERS)?;
        let instance = self.instance(&fields, prices);
        let name = fields
            .get("name")
            .and_then(|n| self.name(n, &fields.path("name")));
        let count = fields
            .get("count")
            .and_then(|n| self.count32(n, &fields.path("count"), 1, 1_000_000));
        let cores = match (fields.get("cores"), &instance) {
            (Some(node), _) if node.text() == Some("unbounded") => {
                self.later(node.span, &fields.path("cores"), "`cores = \"unbounded\"`");
                None
            }
            (Some(node), _) => self.count32(node, &fields.path("cores"), 1, 65_535),
            (None, Some(instance)) => Some(instance.cores),
            (None, None) => {
                if fields.get("instance").is_none() {
                    self.missing(&fields, "cores", &WORKERS);
                }
                None
            }
        };
        let ram = match fields.get("ram") {
            Some(node) if node.text() == Some("unbounded") => None,
            Some(node) => self.bytes(node, &fields.path("ram")),
            None => instance.as_ref().map(|i| i.ram),
        };
        let speed = fields
            .get("speed")
            .and_then(|n| self.number(n, &fields.path("speed")));
        let weight = fields
            .get("weight")
            .and_then(|n| self.number(n, &fields.path("weight")));
        if let Some(node) = fields.get("discipline") {
            let later = &["lifo", "adaptive_lifo", "priority", "edf", "ps"];
            self.choice(node, &fields.path("discipline"), &["fifo"], later);
        }
        let buffer = fields.get("buffer").map(|n| {
            let later = &["drop_oldest", "block", "redispatch", "dead_letter", "crash"];
            self.buffer(n, &fields.path("buffer"), &["reject", "wedge"], later)
        });
        let price = self.price(&fields, prices, instance.as_ref(), cores.unwrap_or(1), ram);
        let restart = self.restart(&fields);
        Some(GroupSpec {
            name,
            count: count.unwrap_or(1),
            cores: cores.unwrap_or(1),
            ram,
            speed: speed.unwrap_or(1.0),
            weight: weight.unwrap_or(1.0),
            slots: buffer.as_ref().and_then(|b| b.slots),
            on_full: buffer.map_or(OnFull::Reject, |b| b.on_full),
            restart,
            price_per_hour: price,
        })
    }

    fn restart(&mut self, fields: &Fields<'_>) -> Dist {
        let after = fields.get("manual_after");
        let manual = fields.get("restart").and_then(Node::text) == Some("manual");
        let given = match (fields.get("restart"), after, manual) {
            (_, Some(node), true) => self.dist(node, &fields.path("manual_after"), Of::Time),
            (Some(node), None, true) => {
                let message = "`restart = \"manual\"` needs `manual_after`";
                let help = "say when a person comes, such as manual_after = \"30s\"";
                self.disagree(node.span, &fields.path("restart"), message, help);
                None
            }
            (_, Some(node), false) => {
                let message = "`manual_after` needs `restart = \"manual\"`";
                let path = fields.path("manual_after");
                self.disagree(node.span, &path, message, "remove one or add the other");
                None
            }
            (Some(node), None, false) => self.dist(node, &fields.path("restart"), Of::Time),
            (None, ..) => None,
        };
        given.unwrap_or(Dist::Constant {
            value: (10 * SECOND) as f64,
        })
    }
}
