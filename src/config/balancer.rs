//! `[service.NAME.balancer]`: the policy, dispatch, the breakers.

use crate::base::units::SECOND;
use crate::model::spec::{
    BalancerSpec, BreakerSpec, BreakerWindow, Dist, PolicySpec, Schedule, Ties, plain,
};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::{BALANCER, BREAKER};
use super::tree::Node;

/// Policies of the format that this version does not have.
const LATER_POLICIES: &[&str] = &[
    "client_wrr",
    "peak_ewma",
    "jiq",
    "prequal",
    "ring_hash",
    "maglev",
    "rendezvous",
    "aperture",
];

impl Cx {
    /// A balancer.
    pub fn balancer(&mut self, node: &Node, path: &str) -> BalancerSpec {
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
        if let (Some(node), None) = (fields.get("cores"), fields.get("dispatch")) {
            let path = fields.path("cores");
            let message = format!("`{path}` has no effect: dispatching takes no time");
            let help = "give `dispatch`, the core-time that an attempt costs the balancer";
            self.disagree(node.span, &path, &message, help);
        }
        if let Some(node) = fields.get("instances") {
            let instances = self.count32(node, &fields.path("instances"), 1, 10_000);
            balancer.instances = instances.unwrap_or(1);
        }
        if let Some(node) = fields.get("cores") {
            balancer.cores = self
                .count32(node, &fields.path("cores"), 1, 65_535)
                .unwrap_or(1);
        }
        if let Some(node) = fields.get("buffer") {
            let path = fields.path("buffer");
            let words = &["reject", "drop_oldest", "dead_letter"];
            let buffer = self.buffer(node, &path, words);
            balancer.slots = buffer.slots;
            balancer.bytes = buffer.bytes;
            balancer.on_full = buffer.on_full;
        }
        if let Some(node) = fields.get("breaker").filter(|n| !n.is_none()) {
            balancer.breaker = self.breaker(node, &fields.path("breaker"));
        }
        self.hosts(&fields, &mut balancer);
        balancer
    }

    fn policy(&mut self, fields: &Fields<'_>) -> PolicySpec {
        let now = &[
            "random",
            "round_robin",
            "weighted_round_robin",
            "least_request",
            "p2c",
            "random_n",
            "least_connections",
            "first",
            "jsq_oracle",
            "central_queue",
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
            "weighted_round_robin" => &["schedule"],
            "least_request" => &["choices", "full_scan"],
            "random_n" => &["choices"],
            "jsq_oracle" => &["ties"],
            _ => &[],
        };
        let common = [
            "policy",
            "dispatch",
            "cores",
            "instances",
            "buffer",
            "breaker",
            "health",
            "outlier",
            "panic_threshold",
        ];
        let allowed: Vec<&str> = own.iter().copied().chain(common).collect();
        self.only(fields, &format!("the policy `{name}`"), "policy", &allowed);
        match name {
            "random" => PolicySpec::Random,
            "p2c" => PolicySpec::P2c,
            "least_connections" => PolicySpec::LeastConnections,
            "first" => PolicySpec::First,
            "central_queue" => PolicySpec::CentralQueue,
            "random_n" => PolicySpec::RandomN {
                choices: self.choices(fields),
            },
            "weighted_round_robin" => {
                let path = fields.path("schedule");
                let given = fields.get("schedule");
                let word = given.and_then(|n| self.choice(n, &path, &["smooth", "edf"], &[]));
                PolicySpec::WeightedRoundRobin {
                    schedule: match word {
                        Some("edf") => Schedule::Edf,
                        _ => Schedule::Smooth,
                    },
                }
            }
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

    fn choices(&mut self, fields: &Fields<'_>) -> u32 {
        let given = fields.get("choices");
        given
            .and_then(|n| self.count32(n, &fields.path("choices"), 1, 1_000_000))
            .unwrap_or(2)
    }

    fn least_request(&mut self, fields: &Fields<'_>) -> PolicySpec {
        let choices = self.choices(fields);
        let full_scan = fields
            .get("full_scan")
            .and_then(|n| self.boolean(n, &fields.path("full_scan")));
        PolicySpec::LeastRequest {
            choices,
            full_scan: full_scan.unwrap_or(false),
        }
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
            "consecutive" => &[
                "failures",
                "open_for",
                "half_open_calls",
                "successes",
                "counts",
            ],
            _ => &[
                "window",
                "min_calls",
                "failure_share",
                "slow_after",
                "slow_share",
                "open_for",
                "half_open_calls",
                "half_open_max",
                "counts",
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
                counts: self.failures(&fields, "counts"),
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
            counts: self.failures(fields, "counts"),
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
}

/// What a balancer is when nothing is said.
pub fn plain_balancer() -> BalancerSpec {
    plain::balancer(PolicySpec::RoundRobin { start: None })
}
