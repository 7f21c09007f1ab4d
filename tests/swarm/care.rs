//! How callers and balancers take care: retry budgets, health checks, outliers.

use crate::dists::share;
use crate::model::Making;
use crate::text::{Node, Table};

/// A budget of retries; kinds with some keys of theirs.
pub fn budget(m: &mut Making) -> Node {
    let mut table = Table::default();
    let kinds = [
        "finagle",
        "envoy",
        "grpc_throttle",
        "token_bucket",
        "failure_share",
    ];
    let kind = m.draw.pick(&kinds);
    table.text("kind", kind);
    let bucket = kind == "grpc_throttle" || kind == "token_bucket";
    if !bucket && m.draw.chance(0.8) {
        let percent = m.draw.pick(&["0", "5", "12.5", "40", "100"]);
        table.put("percent", percent);
    }
    if bucket && m.draw.chance(0.8) {
        table.put("tokens", m.draw.from(2, 12));
        let ratio = m.draw.pick(&["0.001", "0.1", "0.25", "2"]);
        table.put("ratio", ratio);
    }
    if kind == "finagle" && m.draw.chance(0.8) {
        let ttl = m.draw.pick(&["1s", "2500ms", "60s"]);
        table.text("ttl", ttl);
        table.put("min_per_second", m.draw.from(0, 3));
    }
    if kind == "envoy" && m.draw.chance(0.8) {
        table.put("min_concurrent", m.draw.from(0, 3));
    }
    if kind == "token_bucket" && m.draw.chance(0.8) {
        let deposit = m.draw.pick(&["success", "call"]);
        table.text("deposit", deposit);
    }
    Node::Table(table)
}

/// Health checks, and whether they remove.
pub fn health(m: &mut Making) -> (Node, bool) {
    let mut table = Table::default();
    let restarts = m.draw.chance(0.4);
    let every = (m.length as f64 / m.draw.scale(10.0, 100.0)).max(1e4);
    table.put("every", m.time(every));
    if m.draw.chance(0.8) {
        let timeout = every / m.draw.scale(12.0, 100.0);
        table.put("timeout", m.time(timeout));
    }
    if m.draw.chance(0.7) {
        table.put("fall", m.draw.from(1, 4));
    }
    if restarts {
        table.text("action", "restart");
    } else if m.draw.chance(0.7) {
        table.put("rise", m.draw.from(1, 3));
    }
    let path = m.draw.pick(&["shallow", "deep", "deep"]);
    table.text("path", path);
    (Node::Table(table), !restarts)
}

/// Ejection of outliers, with keys of those triggers that are enforced.
pub fn outlier(m: &mut Making) -> Node {
    let (mut table, mut enforce) = (Table::default(), Table::default());
    let mut on = [true, false, true, false];
    let given = m.draw.chance(0.8);
    if given {
        let names = [
            "consecutive",
            "consecutive_gateway",
            "success_rate",
            "failure_share",
        ];
        for (name, on) in names.iter().zip(&mut on) {
            let share = m.draw.pick(&["0", "0.3", "1.0", "1.0"]);
            *on = share != "0";
            enforce.put(name, share);
        }
        if on == [false; 4] {
            on[0] = true;
            enforce.0.retain(|e| e.0 != "consecutive");
        }
        table.node("enforce", Node::Table(enforce));
    }
    if on[0] {
        table.put("consecutive", m.draw.from(1, 5));
    }
    if on[1] {
        table.put("consecutive_gateway", m.draw.from(1, 5));
    }
    if on[2] {
        let factor = m.draw.pick(&["0.5", "1", "1.9"]);
        table.put("success_rate_factor", factor);
    }
    if on[3] {
        table.put("failure_share", share(&mut m.draw, 0.05, 1.0));
    }
    if on[2] || on[3] {
        table.put("min_hosts", m.draw.from(1, 3));
        table.put("min_calls", m.draw.from(1, 20));
    }
    for key in ["every", "eject_for"] {
        let mean = (m.length as f64 / m.draw.scale(10.0, 100.0)).max(1e6);
        table.put(key, m.time(mean));
    }
    let most = m.draw.pick(&["0.2", "0.5", "0.7", "1"]);
    table.put("max_share", most);
    Node::Table(table)
}
