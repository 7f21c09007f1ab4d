//! `[service.NAME.balancer]`: the policy, dispatch.

use crate::base::units::SECOND;
use crate::model::balancer::POLICIES;
use crate::model::spec::{
    BalancerSpec, Band, Dist, MAX_HASHES, MAX_POOL, OrcaSpec, PolicySpec, ProbeSpec, Register,
    Schedule, SlowStartSpec, Ties, WHOLE, ZoneSpec, plain,
};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::{BALANCER, SLOW_START, ZONE_AWARE};
use super::tree::Node;
/// Keys that only some policies have.
const OWN_KEYS: &[(&str, &[&str])] = &[
    ("round_robin", &["start"]),
    ("weighted_round_robin", &["schedule"]),
    ("least_request", &["choices", "full_scan"]),
    ("random_n", &["choices"]),
    ("jsq_oracle", &["ties"]),
    ("ring_hash", &["ring_size", "bounded_load"]),
    ("maglev", &["table_size", "bounded_load"]),
    ("rendezvous", &["bounded_load"]),
    ("peak_ewma", &["decay"]),
    ("jiq", &["register"]),
    (
        "aperture",
        &["low_load", "high_load", "smooth", "min_aperture"],
    ),
    (
        "client_wrr",
        &["report", "update", "blackout", "expiry", "penalty"],
    ),
    (
        "prequal",
        &[
            "probes",
            "removals",
            "pool",
            "probe_age",
            "hot_above",
            "surplus",
            "probe_time",
        ],
    ),
];

/// Keys that a policy has of its own.
fn keys_of(policy: &str) -> &'static [&'static str] {
    let own = OWN_KEYS.iter().find(|own| own.0 == policy);
    own.map_or(&[], |own| own.1)
}

/// Whether a key makes a difference with a policy.
pub fn takes(policy: &str, key: &str) -> bool {
    keys_of(policy).contains(&key) || !OWN_KEYS.iter().any(|own| own.1.contains(&key))
}

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
        if let Some(node) = fields.get("slow_start").filter(|n| !n.is_none()) {
            balancer.slow_start = self.slow_start(node, &fields.path("slow_start"));
        }
        if let Some(node) = fields.get("zone_aware").filter(|n| !n.is_none()) {
            balancer.zone_aware = self.zone_aware(node, &fields.path("zone_aware"));
        }
        if let Some(node) = fields.get("subset").filter(|n| !n.is_none()) {
            balancer.subset = self.count32(node, &fields.path("subset"), 1, 1_000_000);
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
        self.hosts(&fields, &mut balancer);
        balancer
    }

    fn policy(&mut self, fields: &Fields<'_>) -> PolicySpec {
        let now: Vec<&'static str> = POLICIES.iter().map(|p| p.0).collect();
        let name = match fields.get("policy") {
            Some(node) => self.choice(node, &fields.path("policy"), &now, &[]),
            None => Some("round_robin"),
        };
        let Some(name) = name else {
            return PolicySpec::Random;
        };
        let own = keys_of(name);
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
            "subset",
            "slow_start",
            "zone_aware",
        ];
        let allowed: Vec<&str> = own.iter().copied().chain(common).collect();
        self.only(fields, &format!("the policy `{name}`"), "policy", &allowed);
        match name {
            "random" => PolicySpec::Random,
            "p2c" => PolicySpec::P2c,
            "least_connections" => PolicySpec::LeastConnections,
            "first" => PolicySpec::First,
            "central_queue" => PolicySpec::CentralQueue,
            "ring_hash" => PolicySpec::RingHash {
                ring_size: self.size(fields, "ring_size", 1024),
                bounded_load: self.bounded_load(fields),
            },
            "maglev" => PolicySpec::Maglev {
                table_size: self.size(fields, "table_size", 65_537),
                bounded_load: self.bounded_load(fields),
            },
            "rendezvous" => PolicySpec::Rendezvous {
                bounded_load: self.bounded_load(fields),
            },
            "peak_ewma" => {
                let given = fields.get("decay");
                let decay = given.and_then(|n| self.time(n, &fields.path("decay")));
                PolicySpec::PeakEwma {
                    decay: decay.unwrap_or(10 * SECOND),
                }
            }
            "jiq" => {
                let path = fields.path("register");
                let given = fields.get("register");
                let word = given.and_then(|n| self.choice(n, &path, &["random", "sq2"], &[]));
                PolicySpec::Jiq {
                    register: match word {
                        Some("sq2") => Register::ShorterOfTwo,
                        _ => Register::Random,
                    },
                }
            }
            "aperture" => PolicySpec::Aperture(self.band(fields)),
            "client_wrr" => PolicySpec::ClientWrr(self.orca(fields)),
            "prequal" => PolicySpec::Prequal(self.probes(fields)),
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

    fn slow_start(&mut self, node: &Node, path: &str) -> Option<SlowStartSpec> {
        let fields = self.fields(node, path, &SLOW_START)?;
        let mut slow = SlowStartSpec::default();
        match fields.get("window") {
            Some(node) => slow.window = self.time(node, &fields.path("window"))?,
            None => self.missing(&fields, "window", &SLOW_START),
        }
        for (key, place) in [
            ("aggression", &mut slow.aggression),
            ("min_weight", &mut slow.min_weight),
        ] {
            let given = fields.get(key);
            let given = given.and_then(|n| self.number(n, &fields.path(key)));
            *place = given.unwrap_or(*place);
        }
        Some(slow)
    }

    fn zone_aware(&mut self, node: &Node, path: &str) -> Option<ZoneSpec> {
        let fields = self.fields(node, path, &ZONE_AWARE)?;
        let path = fields.path("zones");
        let Some(node) = fields.get("zones") else {
            self.missing(&fields, "zones", &ZONE_AWARE);
            return None;
        };
        let Some(list) = node.array() else {
            self.wrong_type(node, &path, "a list of names such as [\"a\", \"b\"]");
            return None;
        };
        let zones: Vec<String> = list.iter().filter_map(|n| self.name(n, &path)).collect();
        if zones.len() < list.len() {
            return None;
        }
        let least = fields.get("min_cluster_size");
        let least =
            least.and_then(|n| self.count32(n, &fields.path("min_cluster_size"), 1, 1_000_000));
        let panic = fields.get("fail_traffic_on_panic");
        let panic = panic.and_then(|n| self.boolean(n, &fields.path("fail_traffic_on_panic")));
        Some(ZoneSpec {
            zones,
            min_cluster_size: least.unwrap_or(6),
            routing_enabled: self.share(&fields, "routing_enabled", WHOLE)?,
            fail_on_panic: panic.unwrap_or(false),
        })
    }

    fn orca(&mut self, fields: &Fields<'_>) -> OrcaSpec {
        let mut orca = OrcaSpec::default();
        for (key, place) in [
            ("report", &mut orca.report),
            ("update", &mut orca.update),
            ("blackout", &mut orca.blackout),
            ("expiry", &mut orca.expiry),
        ] {
            let given = fields.get(key);
            let given = given.and_then(|n| self.time(n, &fields.path(key)));
            *place = given.unwrap_or(*place);
        }
        let given = fields.get("penalty");
        let penalty = given.and_then(|n| self.number(n, &fields.path("penalty")));
        orca.penalty = penalty.unwrap_or(orca.penalty);
        orca
    }

    fn probes(&mut self, fields: &Fields<'_>) -> ProbeSpec {
        let mut spec = ProbeSpec::default();
        for (key, place) in [
            ("probes", &mut spec.probes),
            ("removals", &mut spec.removals),
            ("surplus", &mut spec.surplus),
        ] {
            let given = fields.get(key);
            let given = given.and_then(|n| self.number(n, &fields.path(key)));
            *place = given.unwrap_or(*place);
        }
        for (key, place) in [
            ("probe_age", &mut spec.age),
            ("probe_time", &mut spec.takes),
        ] {
            let given = fields.get(key);
            let given = given.and_then(|n| self.time(n, &fields.path(key)));
            *place = given.unwrap_or(*place);
        }
        if let Some(node) = fields.get("pool") {
            let pool = self.count32(node, &fields.path("pool"), 2, MAX_POOL);
            spec.pool = pool.unwrap_or(spec.pool);
        }
        let hot = self.share(fields, "hot_above", spec.hot_above);
        spec.hot_above = hot.unwrap_or(spec.hot_above);
        spec
    }

    fn band(&mut self, fields: &Fields<'_>) -> Band {
        let mut band = Band::default();
        for (key, place) in [("low_load", &mut band.low), ("high_load", &mut band.high)] {
            let given = fields.get(key);
            let given = given.and_then(|n| self.number(n, &fields.path(key)));
            *place = given.unwrap_or(*place);
        }
        if let Some(node) = fields.get("smooth") {
            let smooth = self.time(node, &fields.path("smooth"));
            band.smooth = smooth.unwrap_or(band.smooth);
        }
        if let Some(node) = fields.get("min_aperture") {
            let least = self.count32(node, &fields.path("min_aperture"), 1, 1_000_000);
            band.least = least.unwrap_or(1);
        }
        band
    }

    /// The size of a ring or table of hashes.
    fn size(&mut self, fields: &Fields<'_>, key: &str, usual: u32) -> u32 {
        let given = fields.get(key);
        let size = given.and_then(|n| self.count32(n, &fields.path(key), 1, MAX_HASHES));
        size.unwrap_or(usual)
    }

    fn bounded_load(&mut self, fields: &Fields<'_>) -> Option<f64> {
        let given = fields.get("bounded_load").filter(|n| !n.is_none());
        given.and_then(|n| self.number(n, &fields.path("bounded_load")))
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
