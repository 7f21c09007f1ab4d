//! `breaker`: which dialect, and its numbers.

use crate::base::units::{Nanos, SECOND};
use crate::model::spec::{AccrualWait, BreakerSpec, BreakerWindow, Dist};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::BREAKER;
use super::tree::Node;

/// Kinds of the format that this version does not have.
const LATER: &[&str] = &["envoy_limits"];

/// The keys of each kind, besides `kind` and `counts`.
pub const KEYS: &[(&str, &[&str])] = &[
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
];

/// What a key of a breaker is when it is left out; `None`: nothing, or the kind has no such key.
pub fn default(kind: &str, key: &str) -> Option<&'static str> {
    let defaults = DEFAULTS.iter().find(|d| d.0 == kind)?.1;
    defaults.iter().find(|d| d.0 == key).map(|d| d.1)
}

impl Cx {
    /// A breaker.
    pub fn breaker(&mut self, node: &Node, path: &str) -> Option<BreakerSpec> {
        let fields = self.fields(node, path, &BREAKER)?;
        let Some(kind) = fields.get("kind") else {
            self.missing(&fields, "kind", &BREAKER);
            return None;
        };
        let now: Vec<&'static str> = KEYS.iter().map(|k| k.0).collect();
        let kind = self.choice(kind, &fields.path("kind"), &now, LATER)?;
        let own = KEYS.iter().find(|k| k.0 == kind).map_or(&[][..], |k| k.1);
        let own: Vec<&str> = own.iter().copied().chain(["counts"]).collect();
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
                failure_share: self.share_or(&fields, "failure_share", 0.5),
                open_for: self.open_for(&fields, 5),
                counts,
            }),
            "polly8" => Some(BreakerSpec::Polly8 {
                min_calls: count("min_calls", 100),
                window: self.time_or(&fields, "window", 30 * SECOND)?,
                failure_share: self.share_or(&fields, "failure_share", 0.1),
                open_for: self.open_for(&fields, 5),
                counts,
            }),
            "failure_accrual" => Some(BreakerSpec::FailureAccrual {
                failures: count("failures", 5),
                min_calls: count("min_calls", 5),
                window: self.time_or(&fields, "window", 30 * SECOND)?,
                failure_share: self.share_or(&fields, "failure_share", 0.2),
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
                Some(BreakerSpec::Resilience4j {
                    window,
                    min_calls,
                    failure_share: self.share_or(&fields, "failure_share", 0.5),
                    slow_after: self.time_or(&fields, "slow_after", 60 * SECOND)?,
                    slow_share: self.share_or(&fields, "slow_share", 1.0),
                    open_for: self.open_for(&fields, 60),
                    half_open_calls,
                    half_open_max,
                    counts,
                })
            }
        }
    }

    fn time_or(&mut self, fields: &Fields<'_>, key: &str, default: Nanos) -> Option<Nanos> {
        match fields.get(key) {
            Some(node) => self.time(node, &fields.path(key)),
            None => Some(default),
        }
    }

    fn share_or(&mut self, fields: &Fields<'_>, key: &str, default: f64) -> f64 {
        let given = fields.get(key);
        given
            .and_then(|node| self.number(node, &fields.path(key)))
            .unwrap_or(default)
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
