//! A comparison for programs, schema 1.

use serde_json::{Map, Value, json};

use super::comparison::{Told, holds, word};
use super::number;
use crate::experiment::compare::{Row, Verdict};
use crate::experiment::results::Estimate;

/// Goes up when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// The object, with a line feed.
pub fn bytes(told: &Told<'_>) -> Vec<u8> {
    let comparison = told.comparison;
    let rows = comparison.rows.iter();
    let metrics: Map<String, Value> = rows.map(|r| (r.metric.to_string(), metric(r))).collect();
    let conditions = told.conditions.iter().map(|condition| {
        json!({
            "condition": condition.to_string(),
            "holds": holds(comparison, condition),
        })
    });
    let object = json!({
        "schema": SCHEMA,
        "a": told.names[0],
        "b": told.names[1],
        "seed": told.seed,
        "replications": comparison.pairs,
        "failed": comparison.failed,
        "confidence": number::json(Some(told.confidence)),
        "same_requests": comparison.same_demand,
        "metrics": metrics,
        "fail_if": conditions.collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&object).expect("plain data has a form in JSON");
    bytes.push(b'\n');
    bytes
}

fn metric(row: &Row) -> Value {
    let paired = row.paired;
    let most = match row.verdict {
        Verdict::Within(most) => Some(most),
        _ => None,
    };
    json!({
        "a": estimate(row.a),
        "b": estimate(row.b),
        "difference": number::json(paired.map(|p| p.difference)),
        "low": number::json(paired.and_then(|p| p.low)),
        "high": number::json(paired.and_then(|p| p.high)),
        "relative": number::json(row.relative()),
        "confidence": number::json(Some(row.confidence)),
        "b_lower": row.lower,
        "b_higher": row.higher,
        "equal": row.equal,
        "gain": number::json(row.gain()),
        "times_fewer": number::json(row.times_fewer()),
        "verdict": word(row),
        "at_most": number::json(most),
    })
}

fn estimate(e: Option<Estimate>) -> Value {
    let Some(e) = e else {
        return Value::Null;
    };
    json!({
        "mean": number::json(Some(e.mean)),
        "low": number::json(e.low),
        "high": number::json(e.high),
        "n": e.n,
    })
}
