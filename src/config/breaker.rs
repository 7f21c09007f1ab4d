//! `breaker`: which dialect, and its numbers.

use crate::base::units::SECOND;
use crate::model::spec::{
    AccrualWait, Around, BreakerShare, BreakerSpec, BreakerWindow, ClientBreaker, Dist,
    EnvoyLimits, MAX_SLOTS,
};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::BREAKER;
use super::tree::Node;

/// Envoy's bounds, which only a client can have.
const ENVOY: &str = "envoy_limits";

/// The keys of each kind, besides `kind`, and `counts` and where it stands for all but Envoy's.
const KEYS: &[(&str, &[&str])] = &[
    (
        "consecutive",
        &["failures", "open_for", "half_open_calls", "successes"],
    ),
    (
        "resilience4j",
        &[
            "window",
            "min_calls",
            "failure_share",
            "slow_after",
            "slow_share",
            "open_for",
            "half_open_calls",
            "half_open_max",
            "automatic",
            "lost_reply",
        ],
    ),
    (
        "hystrix",
        &["window", "every", "min_calls", "failure_share", "open_for"],
    ),
    (
        "polly8",
        &["window", "min_calls", "failure_share", "open_for"],
    ),
    (
        "failure_accrual",
        &[
            "failures",
            "window",
            "min_calls",
            "failure_share",
            "base",
            "cap",
            "open_for",
        ],
    ),
    (ENVOY, &["connections", "pending", "requests", "retries"]),
];

/// What a key is when it is left out, by kind, as it would be written.
const DEFAULTS: &[(&str, &[(&str, &str)])] = &[
    (
        "consecutive",
        &[
            ("failures", "5"),
            ("successes", "2"),
            ("open_for", "\"30s\""),
            ("half_open_calls", "1"),
        ],
    ),
    (
        "resilience4j",
        &[
            ("window", "100"),
            ("min_calls", "100"),
            ("failure_share", "0.5"),
            ("slow_after", "\"60s\""),
            ("slow_share", "1.0"),
            ("open_for", "\"60s\""),
            ("half_open_calls", "10"),
            ("automatic", "false"),
            ("lost_reply", "0.0"),
        ],
    ),
    (
        "hystrix",
        &[
            ("window", "\"10s\""),
            ("every", "\"500ms\""),
            ("min_calls", "20"),
            ("failure_share", "0.5"),
            ("open_for", "\"5s\""),
        ],
    ),
    (
        "polly8",
        &[
            ("window", "\"30s\""),
            ("min_calls", "100"),
            ("failure_share", "0.1"),
            ("open_for", "\"5s\""),
        ],
    ),
    (
        "failure_accrual",
        &[
            ("failures", "5"),
            ("window", "\"30s\""),
            ("min_calls", "5"),
            ("failure_share", "0.2"),
            ("base", "\"5s\""),
            ("cap", "\"300s\""),
        ],
    ),
    (
        ENVOY,
        &[
            ("connections", "1024"),
            ("pending", "1024"),
            ("requests", "1024"),
            ("retries", "3"),
        ],
    ),
];

/// What a key of a breaker is when it is left out; `None`: nothing, or the kind has no such key.
pub fn default(kind: &str, key: &str) -> Option<&'static str> {
    if key == "counts" && kind != ENVOY {
        return Some("[\"error\", \"timeout\", \"refused\", \"reset\"]");
    }
    let defaults = DEFAULTS.iter().find(|d| d.0 == kind)?.1;
    defaults.iter().find(|d| d.0 == key).map(|d| d.1)
}

impl Cx {
    /// A breaker of a client.
    pub fn client_breaker(&mut self, node: &Node, path: &str) -> Option<ClientBreaker> {
        let kind = node
            .table()
            .and_then(|t| t.get("kind"))
            .and_then(Node::text);
        if kind == Some(ENVOY) {
            let fields = self.fields(node, path, &BREAKER)?;
            return self.envoy_limits(&fields).map(ClientBreaker::Envoy);
        }
        let spec = self.breaker(node, path, "around")?;
        let given = node.table().and_then(|t| t.get("around"));
        let words = &["attempt", "call"];
        let word = given.and_then(|n| self.choice(n, &format!("{path}.around"), words, &[]));
        let around = match word {
            Some("call") => Around::Call,
            _ => Around::Attempt,
        };
        Some(ClientBreaker::Machine { spec, around })
    }

    fn envoy_limits(&mut self, fields: &Fields<'_>) -> Option<EnvoyLimits> {
        let own = KEYS.iter().find(|k| k.0 == ENVOY).map_or(&[][..], |k| k.1);
        self.only(fields, &format!("a breaker of kind `{ENVOY}`"), "kind", own);
        let mut bound = |key: &str, least, default| match fields.get(key) {
            Some(node) if node.text() == Some("unbounded") => Some(u32::MAX),
            Some(node) => self.count32(node, &fields.path(key), least, MAX_SLOTS),
            None => Some(default),
        };
        let bounded = |bound: u32| (bound != u32::MAX).then_some(bound);
        let connections = bound("connections", 1, 1024)?;
        let requests = bound("requests", 1, 1024)?;
        Some(EnvoyLimits {
            connections: bounded(connections),
            pending: match bound("pending", 0, 1024)? {
                // Nobody waits.
                _ if requests < connections => 0,
                pending => pending,
            },
            requests: bounded(requests),
            retries: bounded(bound("retries", 0, 3)?),
        })
    }

    /// A breaker that is a state machine; `stands`: the key that belongs to where it stands.
    pub fn breaker(
        &mut self,
        node: &Node,
        path: &str,
        stands: &'static str,
    ) -> Option<BreakerSpec> {
        let fields = self.fields(node, path, &BREAKER)?;
        let Some(kind) = fields.get("kind") else {
            self.missing(&fields, "kind", &BREAKER);
            return None;
        };
        let now: Vec<&'static str> = KEYS.iter().map(|k| k.0).collect();
        let place = fields.path("kind");
        let span = kind.span;
        let kind = self.choice(kind, &place, &now, &[])?;
        if kind == ENVOY {
            let message = format!("`{place}`: `{ENVOY}` are bounds of a caller, not of a balancer");
            let help = "say it in `client` of a source";
            self.disagree(span, &place, &message, help);
            return None;
        }
        let own = KEYS.iter().find(|k| k.0 == kind).map_or(&[][..], |k| k.1);
        let own: Vec<&str> = own.iter().copied().chain([stands, "counts"]).collect();
        self.only(
            &fields,
            &format!("a breaker of kind `{kind}`"),
            "kind",
            &own,
        );
        let counts = self.failures(&fields, "counts");
        let mut count = |key: &str, default| match fields.get(key) {
            Some(n) => self
                .count32(n, &fields.path(key), 1, 1 << 20)
                .unwrap_or(default),
            None => default,
        };
        match kind {
            "consecutive" => Some(BreakerSpec::Consecutive {
                failures: count("failures", 5),
                half_open_calls: count("half_open_calls", 1),
                successes: count("successes", 2),
                open_for: self.open_for(&fields, 30),
                counts,
            }),
            "hystrix" => Some(BreakerSpec::Hystrix {
                min_calls: count("min_calls", 20),
                window: self.time_or(&fields, "window", 10 * SECOND)?,
                every: self.time_or(&fields, "every", SECOND / 2)?,
                failure_share: self.number_or(&fields, "failure_share", 0.5),
                open_for: self.open_for(&fields, 5),
                counts,
            }),
            "polly8" => Some(BreakerSpec::Polly8 {
                min_calls: count("min_calls", 100),
                window: self.time_or(&fields, "window", 30 * SECOND)?,
                failure_share: self.number_or(&fields, "failure_share", 0.1),
                open_for: self.open_for(&fields, 5),
                counts,
            }),
            "failure_accrual" => Some(BreakerSpec::FailureAccrual {
                failures: count("failures", 5),
                min_calls: count("min_calls", 5),
                window: self.time_or(&fields, "window", 30 * SECOND)?,
                failure_share: self.number_or(&fields, "failure_share", 0.2),
                wait: self.accrual_wait(&fields)?,
                counts,
            }),
            _ => {
                let (min_calls, half_open_calls) =
                    (count("min_calls", 100), count("half_open_calls", 10));
                let window = match fields.get("window") {
                    Some(node) => self.window(node, &fields.path("window")),
                    None => BreakerWindow::Calls(100),
                };
                let min_calls = match window {
                    BreakerWindow::Calls(calls) => min_calls.min(calls),
                    BreakerWindow::Seconds(_) => min_calls,
                };
                let half_open_max = match fields.get("half_open_max").filter(|n| !n.is_none()) {
                    Some(n) => Some(self.time(n, &fields.path("half_open_max"))?),
                    None => None,
                };
                let automatic = fields
                    .get("automatic")
                    .and_then(|n| self.boolean(n, &fields.path("automatic")));
                Some(BreakerSpec::Resilience4j {
                    automatic: automatic.unwrap_or(false),
                    lost_reply: self.number_or(&fields, "lost_reply", 0.0),
                    window,
                    min_calls,
                    failure_share: self.number_or(&fields, "failure_share", 0.5),
                    slow_after: self.time_or(&fields, "slow_after", 60 * SECOND)?,
                    slow_share: self.number_or(&fields, "slow_share", 1.0),
                    open_for: self.open_for(&fields, 60),
                    half_open_calls,
                    half_open_max,
                    counts,
                })
            }
        }
    }

    /// Whose a balancer's breaker is.
    pub fn breaker_share(&mut self, node: &Node, path: &str) -> BreakerShare {
        let given = node.table().and_then(|t| t.get("share"));
        let words = &["instance", "all"];
        match given.and_then(|n| self.choice(n, &format!("{path}.share"), words, &[])) {
            Some("all") => BreakerShare::All,
            _ => BreakerShare::Instance,
        }
    }

    fn open_for(&mut self, fields: &Fields<'_>, seconds: u64) -> Dist {
        let given = fields
            .get("open_for")
            .and_then(|n| self.dist(n, &fields.path("open_for"), Of::Time));
        given.unwrap_or(Dist::Constant {
            value: (seconds * SECOND) as f64,
        })
    }

    /// Either waits that grow, or a draw each time.
    fn accrual_wait(&mut self, fields: &Fields<'_>) -> Option<AccrualWait> {
        let Some(node) = fields.get("open_for").filter(|n| !n.is_none()) else {
            return Some(AccrualWait::EqualJitter {
                base: self.time_or(fields, "base", 5 * SECOND)?,
                cap: self.time_or(fields, "cap", 300 * SECOND)?,
            });
        };
        for key in ["base", "cap"] {
            if let Some(other) = fields.get(key) {
                let path = fields.path(key);
                let message = format!("`{path}` has no effect beside `open_for`");
                let help = "remove one of them";
                self.disagree(other.span, &path, &message, help);
            }
        }
        let dist = self.dist(node, &fields.path("open_for"), Of::Time)?;
        Some(AccrualWait::Drawn(dist))
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
