//! `[service.NAME]`: work and memory, the workers and their buffers.

use crate::base::codes::Code;
use crate::base::units::SECOND;
use crate::model::spec::{
    ColdStartSpec, Discipline, Dist, GroupSpec, Held, MemorySpec, OnFull, RamPolicy, ServiceSpec,
    UNBOUNDED_CORES, WorkSpec,
};

use super::balancer::plain_balancer;
use super::class_at::ClassAt;
use super::csv::Unit;
use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::dist::{Of, placeholder};
use super::keys::{BUFFER, COLD_START, SERVICE, WORKERS};
use super::prices::Prices;
use super::sources::TraceWork;
use super::tree::{Node, Table};
use super::work::Work;

/// Most waiting places of one buffer.
pub const MAX_SLOTS: u64 = 1 << 31;

/// Words for what a worker's full buffer does.
const ON_FULL: &[&str] = &[
    "reject",
    "wedge",
    "drop_oldest",
    "block",
    "redispatch",
    "dead_letter",
    "crash",
];

/// A buffer as written.
pub struct Buffer {
    /// Waiting places; `None`: unbounded.
    pub slots: Option<u32>,
    /// Bytes waiting; `None`: unbounded.
    pub bytes: Option<u64>,
    /// What becomes of the one that finds no room.
    pub on_full: OnFull,
}

impl Cx {
    /// Every `[service.NAME]`, which of them take their work from a trace, and what they say about
    /// classes.
    pub fn services(
        &mut self,
        table: &Table,
        prices: &Prices,
    ) -> (Vec<ServiceSpec>, Vec<TraceWork>, Vec<ClassAt>) {
        let (mut services, mut traced, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        let names: Vec<String> = table.entries.iter().map(|e| e.key.clone()).collect();
        for entry in &table.entries {
            let path = format!("service.{}", entry.key);
            self.check_name(&entry.key, entry.key_span, &path);
            let (service, from) = self.service(&entry.key, &entry.node, &path, (prices, &names));
            if let Some((column, unit)) = from {
                traced.push(TraceWork {
                    service: services.len(),
                    name: entry.key.clone(),
                    column,
                    unit,
                });
            }
            let own = entry.node.table().and_then(|t| t.get("class"));
            if let Some(own) = own.filter(|n| !n.is_none()) {
                classes.extend(self.classes_at(own, &path, services.len()));
            }
            services.push(service);
        }
        (services, traced, classes)
    }

    fn service(
        &mut self,
        name: &str,
        node: &Node,
        path: &str,
        (prices, names): (&Prices, &[String]),
    ) -> (ServiceSpec, Option<(String, Unit)>) {
        let mut service = ServiceSpec {
            name: name.to_owned(),
            work: None,
            steps: Vec::new(),
            memory: MemorySpec {
                held: Held::Admission,
                base: Dist::Constant { value: 0.0 },
                per_byte: 0.0,
            },
            balancer: plain_balancer(),
            network: None,
            groups: Vec::new(),
            autoscale: None,
        };
        let Some(fields) = self.fields(node, path, &SERVICE) else {
            service.work = Some(WorkSpec::drawn(placeholder()));
            return (service, None);
        };
        let mut from = None;
        if let Some(node) = fields.get("steps").filter(|n| !n.is_none()) {
            let path = fields.path("steps");
            service.steps = self.steps(node, &path, names);
            if let Some(work) = fields.get("work") {
                let message = format!("`{path}` and `work` cannot stand together");
                self.disagree(
                    work.span,
                    &path,
                    &message,
                    "make the work a step: { cpu = .. }",
                );
            }
        }
        if let Some(node) = fields.get("work") {
            match self.work(node, &fields.path("work")) {
                Some(Work::Own(work)) => service.work = Some(work),
                Some(Work::OfTrace(column, unit)) => {
                    service.work = Some(WorkSpec::FromTrace);
                    from = Some((column, unit));
                }
                None => service.work = Some(WorkSpec::drawn(placeholder())),
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
        if let Some(node) = fields.get("network").filter(|n| !n.is_none()) {
            let network = self.dist(node, &fields.path("network"), Of::Time);
            service.network = network.filter(|d| d.is_constant() != Some(0.0));
        }
        match fields.get("workers") {
            Some(node) => service.groups = self.groups(node, &fields.path("workers"), prices),
            None => self.missing(&fields, "workers", &SERVICE),
        }
        if let Some(node) = fields.get("autoscale").filter(|n| !n.is_none()) {
            self.autoscale(node, &fields.path("autoscale"), &mut service);
        }
        (service, from)
    }

    /// A buffer; `words` are those for `on_full`.
    pub fn buffer(&mut self, node: &Node, path: &str, words: &[&'static str]) -> Buffer {
        let mut buffer = Buffer {
            slots: None,
            bytes: None,
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
        if let Some(node) = fields
            .get("bytes")
            .filter(|n| n.text() != Some("unbounded"))
        {
            buffer.bytes = self.bytes(node, &fields.path("bytes"));
        }
        let word = fields
            .get("on_full")
            .and_then(|n| self.choice(n, &fields.path("on_full"), words, &[]));
        let max = fields.get("redispatch_max");
        if let (Some(node), false) = (max, word == Some("redispatch")) {
            let message = "`redispatch_max` needs `on_full = \"redispatch\"`";
            let path = fields.path("redispatch_max");
            self.disagree(node.span, &path, message, "remove one or add the other");
        }
        let max = max.and_then(|n| self.count32(n, &fields.path("redispatch_max"), 1, 1000));
        buffer.on_full = match word {
            Some("wedge") => OnFull::Wedge,
            Some("drop_oldest") => OnFull::DropOldest,
            Some("block") => OnFull::Block,
            Some("redispatch") => OnFull::Redispatch {
                max: max.unwrap_or(3),
            },
            Some("dead_letter") => OnFull::DeadLetter,
            Some("crash") => OnFull::Crash,
            _ => OnFull::Reject,
        };
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
            (Some(node), _) if node.text() == Some("unbounded") => Some(UNBOUNDED_CORES),
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
        let zone = fields
            .get("zone")
            .and_then(|n| self.name(n, &fields.path("zone")));
        let discipline = self.discipline(&fields, cores.unwrap_or(1));
        let buffer = fields
            .get("buffer")
            .map(|n| self.buffer(n, &fields.path("buffer"), ON_FULL));
        let ram_base = fields
            .get("ram_base")
            .and_then(|n| self.bytes(n, &fields.path("ram_base")));
        let pressure = fields.get("pressure").filter(|n| !n.is_none());
        let pressure = pressure.and_then(|n| self.pressure(n, &fields.path("pressure")));
        let gc = fields.get("gc").filter(|n| !n.is_none());
        let gc = gc.and_then(|n| self.gc(n, &fields.path("gc")));
        let shed = fields.get("shed").filter(|n| !n.is_none());
        let shed = shed.and_then(|n| self.shed(n, &fields.path("shed")));
        let now = &["refuse", "oom_kill"];
        let ram_policy = fields
            .get("ram_policy")
            .and_then(|n| self.choice(n, &fields.path("ram_policy"), now, &[]));
        let priced = cores.filter(|&c| c != UNBOUNDED_CORES).unwrap_or(1);
        let price = self.price(&fields, prices, instance.as_ref(), priced, ram);
        if cores == Some(UNBOUNDED_CORES) {
            self.price_of_unbounded(&fields, prices);
        }
        let restart = self.restart(&fields);
        let cold_start = fields.get("cold_start").filter(|n| !n.is_none());
        let cold_start = cold_start.and_then(|n| self.cold_start(n, &fields.path("cold_start")));
        Some(GroupSpec {
            ram_base: ram_base.unwrap_or(0),
            ram_policy: match ram_policy {
                Some("oom_kill") => RamPolicy::OomKill,
                _ => RamPolicy::Refuse,
            },
            pressure,
            gc,
            shed,
            discipline,
            bytes: buffer.as_ref().and_then(|b| b.bytes),
            name,
            zone,
            count: count.unwrap_or(1),
            cores: cores.unwrap_or(1),
            ram,
            speed: speed.unwrap_or(1.0),
            weight: weight.unwrap_or(1.0),
            slots: buffer.as_ref().and_then(|b| b.slots),
            on_full: buffer.map_or(OnFull::Reject, |b| b.on_full),
            restart,
            cold_start,
            price_per_hour: price,
        })
    }

    /// Who is served next, at workers of so many cores.
    fn discipline(&mut self, fields: &Fields<'_>, cores: u32) -> Discipline {
        let now = &["fifo", "lifo", "adaptive_lifo", "priority", "edf", "ps"];
        let word = fields
            .get("discipline")
            .and_then(|n| self.choice(n, &fields.path("discipline"), now, &[]));
        let path = fields.path("lifo_above");
        let above = fields.get("lifo_above").filter(|n| !n.is_none());
        if let Some(node) = above.filter(|_| word != Some("adaptive_lifo")) {
            let message = format!("`{path}` counts only with `discipline = \"adaptive_lifo\"`");
            self.disagree(
                node.span,
                &path,
                &message,
                "remove it, or take that discipline",
            );
        }
        match word {
            Some("lifo") => Discipline::Lifo,
            Some("adaptive_lifo") => Discipline::AdaptiveLifo {
                above: above
                    .and_then(|n| self.count32(n, &path, 0, MAX_SLOTS as u32))
                    .unwrap_or(cores),
            },
            Some("priority") => Discipline::Priority,
            Some("edf") => Discipline::Edf,
            Some("ps") => Discipline::Ps,
            _ => Discipline::Fifo,
        }
    }

    /// What cores without bound cost can't be told from the price of a core.
    fn price_of_unbounded(&mut self, fields: &Fields<'_>, prices: &Prices) {
        if let Some(node) = fields.get("cores")
            && fields.get("price").is_none()
            && prices.core_hour > 0.0
        {
            let message = "cores without bound have no price by the core";
            let path = fields.path("cores");
            self.disagree(node.span, &path, message, "add `price` for one worker");
        }
    }

    fn cold_start(&mut self, node: &Node, path: &str) -> Option<ColdStartSpec> {
        let fields = self.fields(node, path, &COLD_START)?;
        for key in ["for", "factor"] {
            if fields.get(key).is_none() {
                self.missing(&fields, key, &COLD_START);
            }
        }
        let lasts = fields.get("for").map(|n| self.time(n, &fields.path("for")));
        let factor = fields
            .get("factor")
            .map(|n| self.number(n, &fields.path("factor")));
        Some(ColdStartSpec {
            lasts: lasts??,
            factor: factor??,
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
