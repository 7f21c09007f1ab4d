//! What callers do about trouble: copies, timeouts, retries, budgets, limits, breakers.

use crate::care::budget;
use crate::dists::{Kind, any, positive};
use crate::features::Feature::*;
use crate::model::{Making, Service, default};
use crate::sources::rate;
use crate::text::{Node, Table};

pub fn fan_out(m: &mut Making, to: &Service, table: &mut Table) {
    let copies = match m.draw.from(0, 1) {
        0 => {
            table.text("fan_out", "all");
            to.workers
        }
        _ => {
            let copies = m.draw.from(1, 5);
            table.put("fan_out", copies);
            copies
        }
    };
    if m.draw.chance(0.6) {
        table.put("need", m.draw.from(1, copies));
    }
    if m.draw.chance(0.6) {
        let rest = m.draw.pick(&["run", "cancel"]);
        table.text("rest", rest);
    }
}

/// A client; whether it is impatient, may hedge, and may take back what it has sent.
pub fn client(
    m: &mut Making,
    to: &Service,
    (patient, hedges, alone): (bool, bool, bool),
    fans: bool,
) -> Table {
    let mut table = Table::default();
    let mean = m.length as f64 / m.draw.scale(10.0, 1000.0);
    if m.has(Timeout) {
        let timeout = positive(m, mean, Kind::Time);
        table.node("timeout", timeout);
    }
    if to.by_deadline || m.has(Deadline) {
        table.put("deadline", m.time(mean * 3.0));
    }
    let waits = table.get("timeout").or(table.get("deadline")).is_some();
    let cancels = alone && waits && m.has(Cancel);
    if cancels {
        let cancel = m.draw.pick(&["queued", "full"]);
        table.text("cancel", cancel);
    }
    let hedges = hedges && !cancels && m.has(Hedge);
    if table.get("deadline").is_some() && alone && !cancels && !hedges && m.draw.chance(0.5) {
        table.put("propagate_deadline", true);
    }
    if patient {
        let patience = any(m, mean, Kind::Time);
        table.node("patience", patience);
    }
    if m.has(Retry) {
        let retry = retry(m, mean);
        table.node("retry", retry);
    }
    if hedges {
        let hedge = hedge(m, mean);
        table.node("hedge", hedge);
    }
    if m.features.on(Rate) || m.features.on(InFlight) {
        let limit = limit(m, mean);
        if !limit.0.is_empty() {
            table.node("limit", Node::Table(limit));
        }
    }
    if let Some(breaker) = guard(m, &table, fans) {
        table.node("breaker", breaker);
    }
    for key in ["timeout", "cancel", "retry", "hedge", "limit", "breaker"] {
        default(m, &mut table, key, "\"none\"");
    }
    table
}

/// A breaker of a client that has what is in the table.
fn guard(m: &mut Making, client: &Table, fans: bool) -> Option<Node> {
    if m.has(EnvoyLimits) && client.get("limit").is_none() {
        let mut table = Table::default();
        table.text("kind", "envoy_limits");
        let connections = m.draw.from(1, 20);
        table.put("connections", connections);
        if m.draw.chance(0.5) {
            table.put("requests", connections + m.draw.from(0, 3));
            table.put("pending", m.draw.from(0, 10));
        } else {
            table.put("requests", m.draw.from(1, connections));
        }
        if client.get("retry").is_some() {
            table.put("retries", m.draw.from(0, 4));
        }
        return Some(Node::Table(table));
    }
    if !m.has(ClientBreaker) {
        return None;
    }
    let again = match client.get("retry") {
        Some(Node::Table(retry)) => {
            !matches!(retry.get("attempts"), Some(Node::Value(text)) if text == "1")
        }
        other => other.is_some(),
    };
    let several = fans || again || client.get("hedge").is_some();
    crate::breakers::breaker(m, |m, table| {
        if several && m.draw.chance(0.5) {
            table.text("around", "call");
        }
    })
}

/// Kinds of pauses.
const BACKOFFS: &[&str] = &[
    "full_jitter",
    "equal_jitter",
    "decorrelated",
    "envoy",
    "grpc",
    "resilience4j",
    "polly",
    "misim",
    "none",
    "drawn",
];

/// Some kinds of failures, under a key.
pub fn failures(m: &mut Making, table: &mut Table, key: &str) {
    if m.has(Failures) {
        let mut kinds = ["\"error\"", "\"timeout\"", "\"refused\"", "\"reset\""];
        m.draw.shuffle(&mut kinds);
        let count = m.draw.from(1, 4) as usize;
        table.put(key, format!("[{}]", kinds[..count].join(", ")));
    }
}

fn retry(m: &mut Making, mean: f64) -> Node {
    let mut table = Table::default();
    let unbounded = m.draw.chance(0.05);
    if unbounded {
        table.text("attempts", "unbounded");
        m.ends = false;
    } else if m.draw.chance(0.8) {
        table.put("attempts", m.draw.from(1, 4));
    }
    if unbounded {
        table.put("base", m.time(m.length as f64 / 20.0));
        table.put("cap", m.time(m.length as f64 / 5.0));
    } else if m.features.on(Zeros) && m.draw.chance(0.4) {
        table.put("base", "\"0s\"");
    } else {
        table.put("base", m.time(mean));
        table.put("cap", m.time(mean * 3.0));
    }
    if m.features.on(Backoff) && !unbounded {
        let kind = m.draw.pick(BACKOFFS);
        if kind == "none" || kind == "drawn" {
            table.0.retain(|e| e.0 == "attempts");
        }
        if kind == "drawn" {
            let pause = any(m, mean, Kind::Time);
            table.node("backoff", pause);
        } else {
            table.text("backoff", kind);
        }
    }
    failures(m, &mut table, "on");
    if m.has(Budget) {
        table.node("budget", budget(m));
    }
    default(m, &mut table, "backoff", "\"full_jitter\"");
    default(m, &mut table, "budget", "\"none\"");
    Node::Table(table)
}

fn hedge(m: &mut Making, mean: f64) -> Node {
    let mut table = Table::default();
    let kind = m.draw.pick(&["grpc", "polly", "envoy"]);
    table.text("kind", kind);
    let at_once = m.features.on(Zeros) && m.draw.chance(0.4);
    let after = if at_once {
        "\"0s\"".to_owned()
    } else {
        m.time(mean)
    };
    table.put("after", after);
    if m.draw.chance(0.7) {
        table.put("max", m.draw.from(1, 5));
    }
    if m.draw.chance(0.7) {
        let cancel = m.draw.pick(&["none", "queued", "full"]);
        table.text("cancel", cancel);
    }
    Node::Table(table)
}

fn limit(m: &mut Making, mean: f64) -> Table {
    let mut table = Table::default();
    if m.has(Rate) {
        let tokens = m.draw.scale(100.0, 3000.0);
        table.put("rate", rate(m, tokens));
        if m.draw.chance(0.6) {
            table.put("burst", m.draw.from(1, 20));
        }
        if m.draw.chance(0.6) {
            let fill = m.draw.pick(&["even", "tick"]);
            table.text("fill", fill);
        }
    }
    if m.has(InFlight) {
        table.put("in_flight", m.draw.from(1, 8));
        let pending = m.draw.pick(&[0, 1, 5, 1000]);
        table.put("pending", pending);
        if pending > 0 && m.draw.chance(0.5) {
            let zero = m.features.on(Zeros) && m.draw.chance(0.2);
            let wait = if zero {
                "\"0s\"".to_owned()
            } else {
                m.time(mean)
            };
            table.put("wait", wait);
        }
    }
    table
}
