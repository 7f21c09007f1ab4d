//! `budget` of `retry`: what a caller allows itself of retries.

use crate::base::units::SECOND;
use crate::model::spec::{BudgetSpec, Deposit};

use super::decode::{Cx, Fields};
use super::keys::BUDGET;
use super::tree::Node;

/// A kind: its word, and its keys with their defaults.
pub struct Kind {
    /// As written.
    pub word: &'static str,
    /// Keys and their defaults, as TOML.
    pub keys: &'static [(&'static str, &'static str)],
}

/// Every kind of budget.
#[rustfmt::skip]
pub const KINDS: [Kind; 5] = [
    Kind { word: "finagle",
        keys: &[("percent", "20"), ("ttl", "\"10s\""), ("min_per_second", "10")] },
    Kind { word: "envoy", keys: &[("percent", "20"), ("min_concurrent", "3")] },
    Kind { word: "grpc_throttle", keys: &[("tokens", "10"), ("ratio", "0.1")] },
    Kind { word: "token_bucket",
        keys: &[("tokens", "5"), ("ratio", "0.1"), ("deposit", "\"success\"")] },
    Kind { word: "failure_share", keys: &[("percent", "10")] },
];

/// What a key of a kind is when it is left out, as TOML; empty: the kind has no such key.
pub fn default(kind: Option<&str>, name: &str) -> &'static str {
    let found = KINDS.iter().find(|k| Some(k.word) == kind);
    let key = found.and_then(|k| k.keys.iter().find(|key| key.0 == name));
    key.map_or("", |key| key.1)
}

impl Cx {
    /// `budget`
    pub fn budget(&mut self, node: &Node, path: &str) -> Option<BudgetSpec> {
        let fields = self.fields(node, path, &BUDGET)?;
        let Some(kind) = fields.get("kind") else {
            self.missing(&fields, "kind", &BUDGET);
            return None;
        };
        let words = KINDS.each_ref().map(|k| k.word);
        let word = self.choice(kind, &fields.path("kind"), &words, &[])?;
        let found = KINDS.iter().find(|k| k.word == word)?;
        let own: Vec<&str> = found.keys.iter().map(|k| k.0).collect();
        let who = format!("a budget of kind `{word}`");
        if !self.only(&fields, &who, "kind", &own) {
            return None;
        }
        Some(match word {
            "finagle" => BudgetSpec::Finagle {
                percent_milli: self.milli(&fields, "percent", 20_000)?,
                ttl: self.time_or(&fields, "ttl", 10 * SECOND)?,
                min_per_second: self.count_or(&fields, "min_per_second", 10)?,
            },
            "envoy" => BudgetSpec::Envoy {
                percent_milli: self.milli(&fields, "percent", 20_000)?,
                min_concurrent: self.count_or(&fields, "min_concurrent", 3)?,
            },
            "grpc_throttle" => BudgetSpec::GrpcThrottle {
                tokens: self.count_or(&fields, "tokens", 10)?,
                ratio_milli: self.milli(&fields, "ratio", 100)?,
            },
            "token_bucket" => BudgetSpec::TokenBucket {
                tokens: self.count_or(&fields, "tokens", 5)?,
                ratio_milli: self.milli(&fields, "ratio", 100)?,
                deposit: self.deposit(&fields)?,
            },
            _ => BudgetSpec::FailureShare {
                percent_milli: self.milli(&fields, "percent", 10_000)?,
            },
        })
    }

    fn deposit(&mut self, fields: &Fields<'_>) -> Option<Deposit> {
        let Some(node) = fields.get("deposit") else {
            return Some(Deposit::Success);
        };
        let words = &["success", "call"];
        let word = self.choice(node, &fields.path("deposit"), words, &[])?;
        Some(match word {
            "call" => Deposit::Call,
            _ => Deposit::Success,
        })
    }

    /// A number in whole thousandths.
    pub fn milli(&mut self, fields: &Fields<'_>, key: &str, default: u32) -> Option<u32> {
        let Some(node) = fields.get(key) else {
            return Some(default);
        };
        let path = fields.path(key);
        let scaled = self.number(node, &path)? * 1000.0;
        let whole = scaled.round();
        let fine = (scaled - whole).abs() < 1e-6 && (0.0..=f64::from(u32::MAX)).contains(&whole);
        if !fine {
            let allowed = "a number of 0 or more with at most 3 decimals";
            self.out_of_range(node, &path, allowed);
            return None;
        }
        Some(whole as u32)
    }
}
