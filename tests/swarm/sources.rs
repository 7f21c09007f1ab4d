//! Sources: arrivals, classes, clients.

use crate::callers::{client, fan_out};
use crate::dists::{Kind, any, batch, number, positive, share};
use crate::features::Feature::*;
use crate::model::{Making, Service, default};
use crate::services::{memory, work};
use crate::text::{Node, Table};

pub fn add(m: &mut Making, file: &mut Table) {
    let mut all = Table::default();
    let names = ["people", "jobs", "robots", "others"];
    let count = m.services.len() + m.draw.pick(&[0, 0, 1]);
    for (i, name) in names.iter().enumerate().take(count) {
        let to = m.services[i % m.services.len()].clone();
        let table = source(m, name, &to);
        all.node(name, Node::Table(table));
    }
    file.node("source", Node::Table(all));
}

fn source(m: &mut Making, name: &str, to: &Service) -> Table {
    let mut table = Table::default();
    table.text("to", &to.name);
    let mut by_trace = false;
    let requests = m.draw.scale(20.0, 900.0);
    let arrivals = arrivals(m, name, to, requests, &mut by_trace);
    let columns = match &arrivals {
        Node::Table(table) => table.get("columns"),
        _ => None,
    };
    let recorded = matches!(columns, Some(Node::Table(t)) if t.get("work").is_some());
    // Classes have no work of their own beside a column of it.
    let to = &Service {
        traced: to.traced || recorded,
        ..to.clone()
    };
    table.node("arrivals", arrivals);
    if !to.pulls {
        m.poisoning.push(name.to_owned());
    }
    if m.has(StartStop) {
        let start = m.nanos(m.length as f64 / 10.0);
        table.put("start", number(Kind::Time, start));
        if m.draw.chance(0.5) {
            table.put(
                "stop",
                number(Kind::Time, start + m.nanos(m.length as f64 / 2.0)),
            );
        }
    }
    if m.has(Classes) || (by_trace && m.draw.chance(0.3)) {
        let classes = ["page", "upload", "report"];
        let count = m.draw.from(1, 3) as usize;
        let classes = classes
            .iter()
            .take(count)
            .map(|name| class(m, name, to, by_trace));
        let classes = classes.collect();
        table.node("class", Node::Tables(classes));
    }
    let pulled = to.pulls || m.features.on(CoreFault);
    let patient = m.has(Patience) && !to.pulls;
    let copies = !patient && !pulled;
    let fans = copies && m.has(FanOut);
    if fans {
        fan_out(m, to, &mut table);
    }
    let alone = !pulled && !fans;
    let client = client(m, to, (patient, copies && !fans, alone), fans);
    if !client.0.is_empty() {
        table.node("client", Node::Table(client));
    } else {
        default(m, &mut table, "client", "\"none\"");
    }
    default(m, &mut table, "start", "\"0s\"");
    table
}

/// How much work there is for a request, if all cores were to be busy as long.
pub fn rate(m: &mut Making, requests: f64) -> String {
    let a_second = requests * 1e9 / m.length as f64;
    let factor = m.draw.scale(0.5, 2.0);
    format!("\"{:.6}/s\"", a_second * factor)
}

type Write = fn(&mut Making, &mut Table, f64);

/// Arrival processes with their feature and keys; the number is that of requests in the run.
const PROCESSES: &[(&str, Option<crate::features::Feature>, Write)] = &[
    ("poisson", None, |m, t, n| t.put("rate", rate(m, n))),
    ("constant", None, |m, t, n| t.put("rate", rate(m, n))),
    ("renewal", Some(Renewal), |m, t, n| {
        let gap = positive(m, m.length as f64 / n, Kind::Time);
        t.node("gap", gap);
    }),
    ("mmpp", Some(Mmpp), |m, t, n| {
        let states = m.draw.from(1, 3) as usize;
        let mut rates: Vec<String> = (0..states).map(|_| rate(m, n)).collect();
        if m.draw.chance(0.3) {
            rates[0] = "0".into();
        }
        t.put("rates", format!("[{}]", rates.join(", ")));
        let dwell: Vec<String> = (0..states)
            .map(|_| m.time(m.length as f64 / 10.0))
            .collect();
        t.put("dwell", format!("[{}]", dwell.join(", ")));
        if states == 3 {
            t.put("switch", "[[0, 0.5, 0.5], [1, 0, 0], [0.25, 0.75, 0]]");
        }
    }),
    ("on_off", Some(OnOff), |m, t, n| {
        t.put("rate", rate(m, 2.0 * n));
        for key in ["on", "off"] {
            let period = positive(m, m.length as f64 / 20.0, Kind::Time);
            t.node(key, period);
        }
    }),
    ("closed", Some(Closed), |m, t, n| {
        let users = m.draw.pick(&[1, 2, 5, 20]);
        t.put("users", users);
        let think = positive(m, users as f64 * m.length as f64 / n, Kind::Time);
        t.node("think", think);
    }),
];

fn arrivals(m: &mut Making, name: &str, to: &Service, requests: f64, by_trace: &mut bool) -> Node {
    if to.traced || m.has(Trace) {
        return Node::Table(trace(m, name, to, requests as usize, by_trace));
    }
    let mut on: Vec<_> = PROCESSES.iter().collect();
    on.retain(|p| p.1.is_none_or(|f| m.has(f)));
    if on.len() > 2 && m.draw.chance(0.8) {
        on.drain(..2);
    }
    let (process, _, write) = m.draw.pick(&on);
    if *process == "poisson" && m.draw.chance(0.3) {
        m.surging.push(name.to_owned());
        return Node::Value(rate(m, requests));
    }
    let mut table = Table::default();
    table.text("process", process);
    write(m, &mut table, requests);
    if *process != "closed" && m.has(Batch) {
        let batch = batch(m);
        table.node("batch", batch);
    }
    if *process != "closed" && m.has(Profile) {
        let profile = profile(m, name);
        table.node("profile", profile);
    } else if matches!(*process, "poisson" | "constant" | "mmpp") {
        m.surging.push(name.to_owned());
    }
    Node::Table(table)
}

fn profile(m: &mut Making, name: &str) -> Node {
    let mut table = Table::default();
    let mean = m.length as f64 / 5.0;
    match m.draw.from(0, 2) {
        0 => {
            let mut at = 0;
            let mut points = Vec::new();
            for _ in 0..3 {
                let point = format!("[{}, {}]", number(Kind::Time, at), m.draw.from(0, 4));
                at += m.nanos(mean);
                points.push(Node::Value(point));
            }
            points.push(Node::Value(format!(
                "[{}, 1.5]",
                number(Kind::Time, at + 1)
            )));
            if m.draw.chance(0.3) {
                return Node::List(points);
            }
            table.node("points", Node::List(points));
            table.put("steps", m.draw.chance(0.5));
            table.put("repeat", m.draw.chance(0.5));
        }
        1 => {
            table.put("period", m.time(mean));
            table.put("amplitude", share(&mut m.draw, 0.0, 1.0));
            if m.draw.chance(0.5) {
                table.put("phase", share(&mut m.draw, 0.0, 1.0));
            }
        }
        _ => {
            let mut text = "t_ns,rate_per_s\n".to_owned();
            let mut at = 0;
            for _ in 0..4 {
                text.push_str(&format!("{at},{}\n", m.draw.from(1, 9)));
                at += m.nanos(mean);
            }
            m.data.push((format!("rates-{name}.csv"), text));
            table.text("file", &format!("rates-{name}.csv"));
            table.text("time", "t_ns");
            table.put("steps", m.draw.chance(0.5));
        }
    }
    Node::Table(table)
}

/// A small file of arrivals, some at one instant, and what to take from it.
fn trace(m: &mut Making, name: &str, to: &Service, rows: usize, by_trace: &mut bool) -> Table {
    let file = format!("trace-{name}.csv");
    let mut text = "arrival_ns,size_bytes,work_ns,ram_bytes,kind,tokens\n".to_owned();
    let gap = m.length as f64 / rows as f64 / 1.5;
    let mut at = if m.draw.chance(0.5) { 0 } else { m.nanos(gap) };
    let work = to.work;
    let memory = to
        .ram
        .map_or(crate::services::MEMORY, |ram| ram as f64 / 4.0);
    for _ in 0..rows {
        let kind = m.draw.pick(&["page", "upload", "=Odd (one)"]);
        let (size, work) = (m.draw.from(0, 9000), m.nanos(work));
        let (ram, tokens) = (m.draw.from(0, memory as u64), m.draw.from(0, 20));
        text.push_str(&format!("{at},{size},{work},{ram},{kind},{tokens}\n"));
        if m.draw.chance(0.8) {
            at += m.nanos(gap);
        }
    }
    m.data.push((file.clone(), text));
    let mut table = Table::default();
    table.text("process", "trace");
    table.text("file", &file);
    table.text("column", "arrival_ns");
    let mut columns = Table::default();
    let column = |m: &mut Making, columns: &mut Table, key: &str, name: &str, unit: &str| {
        let mut column = Table::default();
        column.text("column", name);
        if m.draw.chance(0.3) {
            column.text("unit", unit);
        }
        columns.node(key, Node::Table(column));
    };
    if m.has(Size) {
        column(m, &mut columns, "size", "size_bytes", "B");
    }
    if !to.traced && m.draw.chance(0.5) {
        column(m, &mut columns, "work", "work_ns", "ns");
    }
    if m.has(Memory) {
        column(m, &mut columns, "memory", "ram_bytes", "B");
    }
    if m.draw.chance(0.4) {
        columns.text("class", "kind");
        *by_trace = true;
    }
    if m.has(Keys) {
        let name = m.draw.pick(&["kind", "tokens"]);
        columns.text("key", name);
    }
    if !columns.0.is_empty() {
        table.node("columns", Node::Table(columns));
    }
    if m.draw.chance(0.3) {
        table.put("speed", share(&mut m.draw, 0.5, 3.0));
    }
    let repeats = m.draw.chance(0.3) && at > 0;
    m.once |= !repeats;
    if repeats {
        table.put("repeat", true);
    }
    if m.draw.chance(0.3) {
        table.put("spread", m.time(gap));
    }
    if m.has(Batch) {
        let batch = batch(m);
        table.node("batch", batch);
    }
    table
}

fn class(m: &mut Making, name: &str, to: &Service, by_trace: bool) -> Table {
    let mut table = Table::default();
    table.text("name", name);
    if !by_trace && m.draw.chance(0.7) {
        table.put("weight", share(&mut m.draw, 0.01, 3.0));
    }
    if m.has(Size) {
        let size = any(m, 4000.0, Kind::Bytes);
        table.node("size", size);
    }
    if !to.traced && m.draw.chance(0.3) {
        let work = work(m, to);
        table.node("work", work);
    }
    if m.draw.chance(0.3) {
        let factor = m.draw.pick(&["0.0", "0.5", "1.0", "3.0"]);
        table.put("work_factor", factor);
    }
    if m.has(Memory) {
        let memory = memory(m, to.ram);
        table.node("memory", memory);
    }
    if to.by_priority && m.has(Priority) {
        table.put("priority", m.draw.from(0, 4) as i64 - 2);
    }
    if !to.shares && m.has(ClassCores) {
        table.put("cores", m.draw.from(1, to.cores));
    }
    if m.has(Keys) {
        let mut key = Table::default();
        key.text("dist", "zipf");
        key.put("keys", m.draw.from(1, 40));
        if m.draw.chance(0.7) {
            key.put("exponent", share(&mut m.draw, 0.0, 2.0));
        }
        table.node("key", Node::Table(key));
    }
    table
}
