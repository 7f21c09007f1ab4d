//! `shed` of workers: how they shed load.

use crate::base::units::{Nanos, SECOND};
use crate::model::spec::{LimitRange, ShedSpec};

use super::decode::{Cx, Fields};
use super::keys::SHED;
use super::tree::Node;

/// A kind: its word, and its keys with their defaults.
struct Kind {
    /// As written.
    word: &'static str,
    /// Keys and their defaults, as TOML.
    keys: &'static [(&'static str, &'static str)],
}

/// Every kind of shedder.
#[rustfmt::skip]
const KINDS: [Kind; 5] = [
    Kind { word: "codel", keys: &[("target", "\"5ms\""), ("interval", "\"100ms\"")] },
    Kind { word: "codel_server", keys: &[("target", "\"5ms\""), ("interval", "\"100ms\"")] },
    Kind { word: "aimd",
        keys: &[("start", "20"), ("min", "20"), ("max", "200"), ("backoff", "0.9"),
            ("timeout", "\"5s\"")] },
    Kind { word: "vegas", keys: &[("start", "20"), ("min", "1"), ("max", "1000")] },
    Kind { word: "gradient2",
        keys: &[("start", "20"), ("min", "20"), ("max", "200"), ("smoothing", "0.2"),
            ("queue", "4"), ("tolerance", "1.5"), ("long_window", "600")] },
];

/// Kinds of the format that this version does not have.
const LATER: &[&str] = &[
    "envoy_gradient",
    "envoy_admission",
    "adaptive_throttle",
    "dagor",
    "priority_share",
];

/// What a key of a kind is when it is left out, as TOML; empty: the kind has no such key.
pub fn default(kind: Option<&str>, name: &str) -> &'static str {
    let found = KINDS.iter().find(|k| Some(k.word) == kind);
    let key = found.and_then(|k| k.keys.iter().find(|key| key.0 == name));
    key.map_or("", |key| key.1)
}

impl Cx {
    /// `shed`
    pub fn shed(&mut self, node: &Node, path: &str) -> Option<ShedSpec> {
        let fields = self.fields(node, path, &SHED)?;
        let Some(kind) = fields.get("kind") else {
            self.missing(&fields, "kind", &SHED);
            return None;
        };
        let words = KINDS.each_ref().map(|k| k.word);
        let word = self.choice(kind, &fields.path("kind"), &words, LATER)?;
        let found = KINDS.iter().find(|k| k.word == word)?;
        let own: Vec<&str> = found.keys.iter().map(|k| k.0).collect();
        let who = format!("a shedder of kind `{word}`");
        if !self.only(&fields, &who, "kind", &own) {
            return None;
        }
        const MS: Nanos = 1_000_000;
        Some(match word {
            "codel" => ShedSpec::Codel {
                target: self.time_or(&fields, "target", 5 * MS)?,
                interval: self.time_or(&fields, "interval", 100 * MS)?,
            },
            "codel_server" => ShedSpec::CodelServer {
                target: self.time_or(&fields, "target", 5 * MS)?,
                interval: self.time_or(&fields, "interval", 100 * MS)?,
            },
            "aimd" => ShedSpec::Aimd {
                limit: self.limits_of(&fields, 20, 200)?,
                backoff: self.number_or(&fields, "backoff", 0.9),
                timeout: self.time_or(&fields, "timeout", 5 * SECOND)?,
            },
            "vegas" => ShedSpec::Vegas {
                limit: self.limits_of(&fields, 1, 1000)?,
            },
            _ => ShedSpec::Gradient2 {
                limit: self.limits_of(&fields, 20, 200)?,
                smoothing: self.number_or(&fields, "smoothing", 0.2),
                queue: self.count_or(&fields, "queue", 4)?,
                tolerance: self.number_or(&fields, "tolerance", 1.5),
                long_window: self.count_or(&fields, "long_window", 600)?,
            },
        })
    }

    /// The limit of a kind that begins at 20.
    fn limits_of(&mut self, fields: &Fields<'_>, min: u32, max: u32) -> Option<LimitRange> {
        let start = self.count_or(fields, "start", 20);
        let (min, max) = (
            self.count_or(fields, "min", min),
            self.count_or(fields, "max", max),
        );
        Some(LimitRange {
            start: start?,
            min: min?,
            max: max?,
        })
    }
}
