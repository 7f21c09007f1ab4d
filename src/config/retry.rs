//! `retry`: further attempts, and the pauses before them.

use crate::base::units::{Nanos, SECOND};
use crate::model::spec::{BackoffKind, BackoffSpec, RetrySpec};

use super::decode::{Cx, Fields};
use super::dist::Of;
use super::keys::RETRY;
use super::tree::{Node, Value};

const MS: Nanos = 1_000_000;

/// A kind of backoff with its defaults, as numbers and as they are written.
pub struct Kind {
    /// As written.
    pub word: &'static str,
    kind: BackoffKind,
    attempts: u32,
    base: Nanos,
    cap: Nanos,
    /// Defaults of `attempts`, `base` and `cap`; empty where the kind has no such key or bound.
    pub defaults: [&'static str; 3],
}

const fn kind(
    word: &'static str,
    kind: BackoffKind,
    (attempts, base, cap): (u32, Nanos, Nanos),
    defaults: [&'static str; 3],
) -> Kind {
    Kind {
        word,
        kind,
        attempts,
        base,
        cap,
        defaults,
    }
}

/// Every kind of backoff.
#[rustfmt::skip]
pub const KINDS: [Kind; 9] = [
    kind("full_jitter", BackoffKind::FullJitter, (3, 25 * MS, 250 * MS),
        ["3", "\"25ms\"", "\"250ms\""]),
    kind("equal_jitter", BackoffKind::EqualJitter, (3, 25 * MS, 250 * MS),
        ["3", "\"25ms\"", "\"250ms\""]),
    kind("decorrelated", BackoffKind::Decorrelated, (3, 25 * MS, 250 * MS),
        ["3", "\"25ms\"", "\"250ms\""]),
    kind("envoy", BackoffKind::Envoy, (2, 25 * MS, 250 * MS),
        ["2", "\"25ms\"", "\"250ms\""]),
    kind("grpc", BackoffKind::Grpc, (3, 100 * MS, SECOND),
        ["3", "\"100ms\"", "\"1s\""]),
    kind("resilience4j", BackoffKind::Resilience4j, (3, 500 * MS, Nanos::MAX),
        ["3", "\"500ms\"", ""]),
    kind("polly", BackoffKind::Polly, (4, 2 * SECOND, Nanos::MAX),
        ["4", "\"2s\"", ""]),
    kind("misim", BackoffKind::Misim, (5, 10 * MS, SECOND),
        ["5", "\"10ms\"", "\"1s\""]),
    kind("none", BackoffKind::None, (3, 0, 0),
        ["3", "", ""]),
];

/// The kind that a file names, or the default one; `None`: a distribution.
pub fn named(backoff: Option<&Node>) -> Option<&'static Kind> {
    match backoff {
        None => Some(&KINDS[0]),
        Some(node) => KINDS.iter().find(|k| node.text() == Some(k.word)),
    }
}

impl Cx {
    /// `retry` of a client.
    pub fn retry(&mut self, node: &Node, path: &str) -> Option<RetrySpec> {
        let fields = self.fields(node, path, &RETRY)?;
        let backoff = self.backoff(&fields)?;
        let attempts = match &backoff {
            BackoffSpec::Kind { .. } => named(fields.get("backoff")).map_or(3, |k| k.attempts),
            BackoffSpec::Drawn(_) => 3,
        };
        let attempts = match fields.get("attempts") {
            None => attempts,
            Some(node) if node.text() == Some("unbounded") => u32::MAX,
            Some(node) => {
                let path = fields.path("attempts");
                self.count32(node, &path, 1, u32::MAX - 1)
                    .unwrap_or(attempts)
            }
        };
        let budget = fields.get("budget").filter(|n| !n.is_none());
        Some(RetrySpec {
            attempts,
            backoff,
            on: self.failures(&fields, "on"),
            budget: budget.and_then(|n| self.budget(n, &fields.path("budget"))),
        })
    }

    fn backoff(&mut self, fields: &Fields<'_>) -> Option<BackoffSpec> {
        let path = fields.path("backoff");
        let drawn = |node: &&Node| {
            let number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
            matches!(node.value, Value::Table(_)) || node.text().is_some_and(number)
        };
        if let Some(node) = fields.get("backoff").filter(drawn) {
            let who = "a `backoff` that is a distribution";
            self.only(fields, who, "backoff", &["attempts", "on", "budget"]);
            return self.dist(node, &path, Of::Time).map(BackoffSpec::Drawn);
        }
        if let Some(node) = fields.get("backoff") {
            let words = KINDS.each_ref().map(|k| k.word);
            self.choice(node, &path, &words, &[])?;
        }
        let found = named(fields.get("backoff"))?;
        if found.kind == BackoffKind::None {
            let own = &["attempts", "on", "budget"];
            self.only(fields, "the backoff `none`", "backoff", own);
        }
        let mut time = |key: &str| {
            let node = fields.get(key)?;
            Some(self.time(node, &fields.path(key)))
        };
        let base = time("base").map_or(found.base, |given| given.unwrap_or(found.base));
        let cap = match (time("cap"), found.kind) {
            (Some(given), _) => given.unwrap_or(base),
            (None, BackoffKind::Envoy) => base.saturating_mul(10),
            (None, _) => found.cap.max(base),
        };
        Some(BackoffSpec::Kind {
            kind: found.kind,
            base,
            cap,
        })
    }
}
