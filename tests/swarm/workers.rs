//! What workers do beside serving: load that is shed, memory and what it does to them, restarts.

use crate::dists::{Kind, any, number, positive, share};
use crate::features::Feature::*;
use crate::model::{Making, Service, default};
use crate::services::MEMORY;
use crate::text::{Node, Table};

/// How workers shed load, where all are served at once or not.
pub fn shed(m: &mut Making, shares: bool) -> Table {
    let mut table = Table::default();
    let kinds = ["aimd", "vegas", "gradient2", "codel", "codel_server"];
    let kind = m.draw.pick(&kinds[..if shares { 3 } else { 5 }]);
    table.text("kind", kind);
    if kind.starts_with("codel") {
        let target = m.length as f64 / m.draw.scale(1e2, 1e4);
        table.put("target", m.time(target));
        let times = m.draw.scale(1.0, 50.0);
        table.put("interval", m.time(target * times));
        return table;
    }
    let min = m.draw.from(1, 6);
    let start = min + m.draw.from(0, 6);
    let max = start + m.draw.from(0, 50);
    for (key, value) in [("min", min), ("start", start), ("max", max)] {
        table.put(key, value);
    }
    if kind == "aimd" {
        table.put("backoff", share(&mut m.draw, 0.5, 0.99));
        table.put("timeout", m.time(m.length as f64 / 100.0));
    }
    if kind == "gradient2" {
        table.put("queue", m.draw.from(0, 6));
        table.put("long_window", m.draw.from(1, 200));
    }
    table
}

/// What memory does to the speed of workers.
pub fn strain(m: &mut Making, table: &mut Table) {
    if table
        .get("ram")
        .is_some_and(|ram| !matches!(ram, Node::Value(text) if text == "\"unbounded\""))
    {
        let mut pressure = Table::default();
        pressure.put("above", share(&mut m.draw, 0.1, 0.95));
        pressure.put("factor", share(&mut m.draw, 0.1, 0.9));
        table.node("pressure", Node::Table(pressure));
    }
    if m.draw.chance(0.6) {
        let mut gc = Table::default();
        let eden = m.draw.scale(MEMORY, 50.0 * MEMORY) as u64;
        gc.put("eden", number(Kind::Bytes, eden));
        let pause = m.length as f64 / m.draw.scale(1e3, 1e5);
        gc.put("pause", m.time(pause));
        if m.draw.chance(0.5) {
            gc.put("per_gib", m.time(pause * 10.0));
        }
        table.node("gc", Node::Table(gc));
    }
}

pub fn ram(m: &mut Making, about: &mut Service, table: &mut Table) {
    if !m.has(Ram) {
        about.bounded_ram = false;
        return default(m, table, "ram", "\"unbounded\"");
    }
    let mut ram = m.draw.scale(1e7, 2e8) as u64;
    table.put("ram", number(Kind::Bytes, ram));
    if m.has(RamBase) {
        let base = (ram as f64 * m.draw.between(0.0, 0.6)) as u64;
        table.put("ram_base", number(Kind::Bytes, base));
        ram -= base;
    }
    if m.has(OomKill) {
        table.text("ram_policy", "oom_kill");
    }
    about.ram = Some(about.ram.map_or(ram, |least| least.min(ram)));
}

pub fn restart(m: &mut Making, table: &mut Table) {
    let mean = m.length as f64 / 20.0;
    if m.has(Restart) && m.draw.chance(0.3) {
        table.text("restart", "manual");
        let after = positive(m, mean, Kind::Time);
        table.node("manual_after", after);
    } else if m.has(Restart) || m.draw.chance(0.8) {
        let after = any(m, mean, Kind::Time);
        table.node("restart", after);
    }
    if m.has(ColdStart) {
        let mut cold = Table::default();
        cold.put("for", m.time(mean));
        cold.put("factor", share(&mut m.draw, 0.1, 1.0));
        table.node("cold_start", Node::Table(cold));
    }
}

/// How workers come and go, of which there are some at the start; of unbounded cores or not.
pub fn autoscale(m: &mut Making, count: u64, unbounded: bool) -> Table {
    let mut table = Table::default();
    let kinds = ["hpa", "queue_lag", "target_tracking", "step", "schedule"];
    let kind = m.draw.pick(&kinds);
    table.text("kind", kind);
    let min = m.draw.from(1, count);
    let max = count + m.draw.from(0, 4);
    table.put("min", min);
    table.put("max", max);
    let step = m.length as f64 / m.draw.scale(5.0, 100.0);
    let busy = !unbounded && m.draw.chance(0.6);
    if matches!(kind, "hpa" | "target_tracking" | "step") {
        table.text("metric", if busy { "utilisation" } else { "in_flight" });
    }
    match kind {
        "schedule" => {
            let times = (1..=m.draw.from(1, 3)).map(|i| {
                let mut at = Table::default();
                at.put("at", number(Kind::Time, (step * i as f64) as u64));
                at.put("count", m.draw.from(min, max));
                Node::Table(at)
            });
            let times = times.collect();
            table.node("steps", Node::List(times));
        }
        "step" => {
            let (above, below) = if busy { (0.7, 0.3) } else { (4.0, 1.0) };
            let mut up = Table::default();
            up.put("above", above);
            up.put("add", m.draw.from(1, 3));
            let mut down = Table::default();
            down.put("below", below);
            down.put("add", -1);
            table.node(
                "steps",
                Node::List(vec![Node::Table(up), Node::Table(down)]),
            );
        }
        _ => table.put("target", if busy { "0.6" } else { "2.5" }),
    }
    if kind != "schedule" {
        table.put("every", m.time(step));
        let times = m.draw.between(0.0, 2.0);
        table.put("lag", m.time(step * times));
    }
    match kind {
        "hpa" | "queue_lag" => {
            table.put("stabilise_down", m.time(step * 3.0));
            let mut rate = Table::default();
            rate.put("pods", m.draw.from(1, 3));
            rate.put("per", m.time(step));
            table.node("up", Node::List(vec![Node::Table(rate)]));
        }
        "target_tracking" | "step" => table.put("cooldown", m.time(step * 2.0)),
        _ => {}
    }
    let start = any(m, step, Kind::Time);
    table.node("start", start);
    table.put("drain", m.time(step));
    table
}
