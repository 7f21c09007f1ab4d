//! `[service.NAME.balancer]`: the policy, dispatch.

use crate::model::spec::{BalancerSpec, Dist, PolicySpec, Schedule, Ties, plain};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::BALANCER;
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
            let path = fields.path("breaker");
            balancer.breaker = self.breaker(node, &path, "share");
            balancer.breaker_share = self.breaker_share(node, &path);
        }
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
}

/// What a balancer is when nothing is said.
pub fn plain_balancer() -> BalancerSpec {
    plain::balancer(PolicySpec::RoundRobin { start: None })
}
