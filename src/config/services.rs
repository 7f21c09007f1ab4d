//! `[service.NAME]`: work and memory, the balancer, the workers.

use crate::base::codes::Code;
use crate::base::units::SECOND;
use crate::model::spec::{
    BalancerSpec, BreakerSpec, BreakerWindow, Dist, GroupSpec, MemorySpec, OnFull, PolicySpec,
    ServiceSpec, Ties, WorkSpec,
};

use super::csv::Unit;
use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::dist::{Of, placeholder};
use super::keys::{BALANCER, BREAKER, BUFFER, SERVICE, WORKERS};
use super::prices::Prices;
use super::sources::TraceWork;
use super::tree::{Node, Table};
use super::work::{Work, drawn};

/// Most waiting places of one buffer.
pub const MAX_SLOTS: u64 = 1 << 31;

/// Policies of the format that this version does not have.
const LATER_POLICIES: &[&str] = &[
    "weighted_round_robin",
    "client_wrr",
    "random_n",
    "peak_ewma",
    "least_connections",
    "jiq",
    "prequal",
    "ring_hash",
    "maglev",
    "rendezvous",
    "aperture",
    "first",
    "central_queue",
];

/// A buffer as written.
struct Buffer {
    slots: Option<u32>,
    on_full: OnFull,
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

    fn balancer(&mut self, node: &Node, path: &str) -> BalancerSpec {
        let mut balancer = plain_balancer();
        if node.is_none() {
            return balancer;
        }
        let Some(fields) = self.fields(node, path, &BALANCER) else {
            return balancer;
        };
        balancer.policy = self.policy(&fields);
        if let Some(node) = fields.get("dispatch").filter(|n| !n.is_none()) {
            let dispatch = self.dist(node, &fields.path("dispatch"), Of::Time);
            balancer.dispatch = dispatch.filter(|d| *d != Dist::Constant { value: 0.0 });
        }
        if let Some(node) = fields.get("cores") {
            balancer.cores = self
                .count32(node, &fields.path("cores"), 1, 65_535)
                .unwrap_or(1);
        }
        if let Some(node) = fields.get("buffer") {
            let path = fields.path("buffer");
            let later = &[
                "wedge",
                "drop_oldest",
                "block",
                "redispatch",
                "dead_letter",
                "crash",
            ];
            balancer.slots = self.buffer(node, &path, &["reject"], later).slots;
        }
        if let Some(node) = fields.get("breaker").filter(|n| !n.is_none()) {
            balancer.breaker = self.breaker(node, &fields.path("breaker"));
        }
        balancer
    }

    fn policy(&mut self, fields: &Fields<'_>) -> PolicySpec {
        let now = &[
            "random",
            "round_robin",
            "least_request",
            "p2c",
            "jsq_oracle",
        ];
        let name = match fields.get("policy") {
            Some(node) => self.choice(node, &fields.path("policy"), now, LATER_POLICIES),
            None => Some("round_robin"),
        };
        let Some(name) = name else {
            return PolicySpec::Random;
        };
        let own: &[&str] = match name {
            "round_robin" => &["start"],
            "least_request" => &["choices", "full_scan"],
            "jsq_oracle" => &["ties"],
            _ => &[],
        };
        let common = ["policy", "dispatch", "cores", "buffer", "breaker"];
        let allowed: Vec<&str> = own.iter().copied().chain(common).collect();
        self.only(fields, &format!("the policy `{name}`"), "policy", &allowed);
        match name {
            "random" => PolicySpec::Random,
            "p2c" => PolicySpec::P2c,
            "least_request" => self.least_request(fields),
            "jsq_oracle" => {
                let ties = fields
                    .get("ties")
                    .and_then(|n| self.choice(n, &fields.path("ties"), &["random", "first"], &[]));
                let first = ties == Some("first");
                PolicySpec::JsqOracle {
                    ties: if first { Ties::First } else { Ties::Random },
                }
            }
            _ => PolicySpec::RoundRobin {
                start: match fields.get("start") {
                    Some(node) if node.text() != Some("random") => {
                        self.count32(node, &fields.path("start"), 1, 1_000_000)
                    }
                    _ => None,
                },
            },
        }
    }

    fn least_request(&mut self, fields: &Fields<'_>) -> PolicySpec {
        let choices = fields
            .get("choices")
            .and_then(|n| self.count32(n, &fields.path("choices"), 1, 1_000_000));
        let full_scan = fields
            .get("full_scan")
            .and_then(|n| self.boolean(n, &fields.path("full_scan")));
        PolicySpec::LeastRequest {
            choices: choices.unwrap_or(2),
            full_scan: full_scan.unwrap_or(false),
        }
    }

    fn buffer(
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

    fn breaker(&mut self, node: &Node, path: &str) -> Option<BreakerSpec> {
        let fields = self.fields(node, path, &BREAKER)?;
        let Some(kind) = fields.get("kind") else {
            self.missing(&fields, "kind", &BREAKER);
            return None;
        };
        let now = &["consecutive", "resilience4j"];
        let later = &["hystrix", "polly8", "envoy_limits", "failure_accrual"];
        let kind = self.choice(kind, &fields.path("kind"), now, later)?;
        let own: &[&str] = match kind {
            "consecutive" => &["failures", "open_for", "half_open_calls", "successes"],
            _ => &[
                "window",
                "min_calls",
                "failure_share",
                "slow_after",
                "slow_share",
                "open_for",
                "half_open_calls",
                "half_open_max",
            ],
        };
        self.only(&fields, &format!("a breaker of kind `{kind}`"), "kind", own);
        if kind == "consecutive" {
            let mut count = |key: &str, default| match fields.get(key) {
                Some(n) => self
                    .count32(n, &fields.path(key), 1, 1 << 20)
                    .unwrap_or(default),
                None => default,
            };
            let (failures, calls) = (count("failures", 5), count("half_open_calls", 1));
            let successes = count("successes", 2);
            return Some(BreakerSpec::Consecutive {
                failures,
                open_for: self.open_for(&fields, 30),
                half_open_calls: calls,
                successes,
            });
        }
        self.resilience4j(&fields)
    }

    fn open_for(&mut self, fields: &Fields<'_>, seconds: u64) -> Dist {
        let given = fields
            .get("open_for")
            .and_then(|n| self.dist(n, &fields.path("open_for"), Of::Time));
        given.unwrap_or(Dist::Constant {
            value: (seconds * SECOND) as f64,
        })
    }

    fn resilience4j(&mut self, fields: &Fields<'_>) -> Option<BreakerSpec> {
        let window = match fields.get("window") {
            Some(node) => self.window(node, &fields.path("window")),
            None => BreakerWindow::Calls(100),
        };
        let mut count = |key: &str, default| match fields.get(key) {
            Some(n) => self
                .count32(n, &fields.path(key), 1, 1 << 20)
                .unwrap_or(default),
            None => default,
        };
        let (min_calls, half_open_calls) = (count("min_calls", 100), count("half_open_calls", 10));
        let min_calls = match window {
            BreakerWindow::Calls(calls) => min_calls.min(calls),
            BreakerWindow::Seconds(_) => min_calls,
        };
        let mut share = |key: &str, default| match fields.get(key) {
            Some(n) => self.number(n, &fields.path(key)).unwrap_or(default),
            None => default,
        };
        let (failure_share, slow_share) = (share("failure_share", 0.5), share("slow_share", 1.0));
        let slow_after = match fields.get("slow_after") {
            Some(n) => self.time(n, &fields.path("slow_after"))?,
            None => 60 * SECOND,
        };
        let half_open_max = match fields.get("half_open_max").filter(|n| !n.is_none()) {
            Some(n) => Some(self.time(n, &fields.path("half_open_max"))?),
            None => None,
        };
        Some(BreakerSpec::Resilience4j {
            window,
            min_calls,
            failure_share,
            slow_after,
            slow_share,
            open_for: self.open_for(fields, 60),
            half_open_calls,
            half_open_max,
        })
    }

    fn window(&mut self, node: &Node, path: &str) -> BreakerWindow {
        if node.text().is_none() {
            let calls = self.count32(node, path, 1, 1 << 20);
            return BreakerWindow::Calls(calls.unwrap_or(100));
        }
        let time = self.time(node, path).unwrap_or(SECOND);
        let seconds = time / SECOND;
        if !time.is_multiple_of(SECOND) || !(1..=86_400).contains(&seconds) {
            self.out_of_range(node, path, "a time of 1 to 86400 whole seconds");
        }
        BreakerWindow::Seconds(u32::try_from(seconds.clamp(1, 86_400)).unwrap_or(1))
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

fn plain_balancer() -> BalancerSpec {
    BalancerSpec {
        policy: PolicySpec::RoundRobin { start: None },
        dispatch: None,
        cores: 1,
        slots: None,
        breaker: None,
    }
}
