//! Services that work in steps and call each other. Drawn last, by a draw of its own: all else of a
//! model is as it would be without.

use crate::draw::Draw;
use crate::features::Feature::*;
use crate::model::Making;
use crate::text::{Node, Table};

/// Share of the models that have any.
const OFTEN: f64 = 0.35;

/// Share of those whose clients are far from their services.
const FAR: f64 = 0.2;

/// Puts some clients at a distance.
fn far(draw: &mut Draw, m: &Making, file: &mut Table) {
    let Some(Node::Table(sources)) = file.get_mut("source") else {
        return;
    };
    for (_, node) in &mut sources.0 {
        let Node::Table(source) = node else { continue };
        if !draw.chance(0.6) {
            continue;
        }
        let network = time(draw, m.length as f64 / 2000.0);
        match source.get_mut("client") {
            Some(Node::Table(client)) => client.put("network", network),
            Some(_) => {}
            None => {
                let mut client = Table::default();
                client.put("network", network);
                source.node("client", Node::Table(client));
            }
        }
    }
}

/// Share of the models that have workers which are far from their balancers.
const APART: f64 = 0.2;

/// Puts the workers of some services at a distance.
fn apart(draw: &mut Draw, m: &Making, file: &mut Table) {
    let Some(Node::Table(services)) = file.get_mut("service") else {
        return;
    };
    for (_, node) in &mut services.0 {
        let Node::Table(service) = node else { continue };
        let text = format!("{service:?}");
        // What these tell takes no time.
        let tells = ["central_queue", "jiq", "block"]
            .iter()
            .any(|&word| text.contains(word));
        if draw.chance(0.7) && !tells {
            service.put("network", time(draw, m.length as f64 / 2000.0));
        }
    }
}

/// Turns some services of a model into such that work in steps; a run to the end of its traces is
/// not cut, as it must come to one.
pub fn add(m: &mut Making, file: &mut Table, (seed, cut): (u64, bool)) {
    let mut draw = Draw::new(seed ^ 0x5ca1_ab1e);
    if draw.chance(FAR) {
        far(&mut draw, m, file);
    }
    let mut own = Draw::new(seed ^ 0xfa12_0ff1);
    if own.chance(APART) {
        apart(&mut own, m, file);
    }
    let apart = [ClassCores, HeldService, CentralQueue, CoreFault];
    if !draw.chance(OFTEN) || apart.into_iter().any(|f| m.features.on(f)) {
        return;
    }
    let keyed = has_keys(file);
    let names: Vec<String> = m.services.iter().map(|s| s.name.clone()).collect();
    for (index, about) in m.services.clone().iter().enumerate() {
        // The last has nobody to call, but may still wait and fail.
        let later: Vec<&String> = names[index + 1..].iter().collect();
        let callable: Vec<&String> = m.services[index + 1..]
            .iter()
            .zip(&later)
            .filter(|(s, _)| !s.traced && !s.by_deadline)
            .map(|(_, name)| *name)
            .collect();
        if about.traced || !draw.chance(0.7) || has_rows_of_work(file, &about.name) {
            continue;
        }
        let copies = !sources_leave(file, &about.name);
        let shares = about.shares;
        let steps = steps(&mut draw, m, about.work, (&callable, copies, shares), keyed);
        let Some(Node::Table(services)) = file.get_mut("service") else {
            return;
        };
        let Some(Node::Table(service)) = services.get_mut(&about.name) else {
            continue;
        };
        service.0.retain(|e| e.0 != "work" && e.0 != "class");
        service.node("steps", steps);
        plain_classes(file, &about.name);
    }
    if cut && draw.chance(CUT) {
        faults(&mut draw, m, file);
    }
}

/// Share of the models with steps in which something goes wrong on the way between services.
const CUT: f64 = 0.35;

/// Makes messages late or lost, and empties caches.
fn faults(draw: &mut Draw, m: &mut Making, file: &mut Table) {
    let ways = ways(file);
    let mut all = Vec::new();
    for number in 0..draw.from(1, 3) {
        let (way, keeps) = &ways[draw.from(0, ways.len() as u64 - 1) as usize];
        let mut fault = Table::default();
        fault.text("target", way);
        fault.text("name", &format!("way-{number}"));
        let kind = match draw.from(0, 3) {
            0 if *keeps => "cache_flush",
            0 | 1 => "partition",
            _ => "network",
        };
        fault.text("kind", kind);
        let length = m.length as f64;
        match draw.from(0, 2) {
            0 => fault.put("at", time_of(draw, length / 3.0)),
            1 => fault.put("every", time(draw, length / 10.0)),
            _ => {}
        }
        match kind {
            "cache_flush" => fault.put("share", draw.pick(&[0.0, 0.3, 1.0])),
            _ => fault.put("for", time(draw, length / 30.0)),
        }
        if kind == "network" {
            fault.put("loss", draw.pick(&[0.01, 0.3, 1.0]));
            fault.put("probability", draw.pick(&[0.1, 0.7, 1.0]));
            if draw.chance(0.6) {
                fault.put("delay", time(draw, length / 2000.0));
            }
        }
        all.push(fault);
    }
    match file.get_mut("fault") {
        Some(Node::Tables(faults)) => faults.extend(all),
        _ => file.node("fault", Node::Tables(all)),
    }
}

/// Who calls whom, and whether a cache there keeps anything.
fn ways(file: &mut Table) -> Vec<(String, bool)> {
    let mut ways: Vec<(String, bool)> = Vec::new();
    let unquoted = |node: Option<&Node>| match node {
        Some(Node::Value(value)) => value.trim_matches('"').to_owned(),
        _ => String::new(),
    };
    if let Some(Node::Table(sources)) = file.get_mut("source") {
        for (name, node) in &sources.0 {
            let Node::Table(source) = node else { continue };
            let to = unquoted(source.get("to"));
            ways.push((format!("source.{name}->{to}"), false));
        }
    }
    let Some(Node::Table(services)) = file.get_mut("service") else {
        return ways;
    };
    for (name, node) in &services.0 {
        let Node::Table(service) = node else { continue };
        let Some(Node::List(steps)) = service.get("steps") else {
            continue;
        };
        for step in steps {
            let Node::Table(step) = step else { continue };
            if step.get("call").is_none() {
                continue;
            }
            let way = format!("{name}->{}", unquoted(step.get("call")));
            let keeps = matches!(step.get("cache"), Some(Node::Value(v)) if v.contains("capacity"));
            match ways.iter_mut().find(|known| known.0 == way) {
                Some(known) => known.1 |= keeps,
                None => ways.push((way, keeps)),
            }
        }
    }
    ways
}

fn time_of(draw: &mut Draw, mean: f64) -> String {
    format!("\"{}ns\"", (mean * draw.scale(0.3, 3.0)) as u64)
}

/// Sources of a service.
fn sources<'t>(file: &'t mut Table, to: &str) -> Vec<&'t mut Table> {
    let word = format!("{to:?}");
    let Some(Node::Table(sources)) = file.get_mut("source") else {
        return Vec::new();
    };
    let tables = sources.0.iter_mut().filter_map(|(_, node)| match node {
        Node::Table(table) => Some(table),
        _ => None,
    });
    tables
        .filter(|t| matches!(t.get("to"), Some(Node::Value(v)) if *v == word))
        .collect()
}

fn has_rows_of_work(file: &mut Table, to: &str) -> bool {
    sources(file, to).into_iter().any(|source| {
        let Some(Node::Table(arrivals)) = source.get("arrivals") else {
            return false;
        };
        matches!(arrivals.get("columns"), Some(Node::Table(t)) if t.get("work").is_some())
    })
}

/// Whether any request has a key.
fn has_keys(file: &mut Table) -> bool {
    let Some(Node::Table(sources)) = file.get_mut("source") else {
        return false;
    };
    sources.0.iter().any(|(_, node)| {
        let Node::Table(source) = node else {
            return false;
        };
        let classes = match source.get("class") {
            Some(Node::Table(class)) => std::slice::from_ref(class),
            Some(Node::Tables(classes)) => classes,
            _ => &[],
        };
        let recorded = match source.get("arrivals") {
            Some(Node::Table(arrivals)) => arrivals.get("columns"),
            _ => None,
        };
        let recorded = matches!(recorded, Some(Node::Table(t)) if t.get("key").is_some());
        recorded || classes.iter().any(|class| class.get("key").is_some())
    })
}

fn sources_leave(file: &mut Table, to: &str) -> bool {
    sources(file, to)
        .into_iter()
        .any(|source| source.get("fan_out").is_some())
}

/// Classes that work in steps have no work of their own.
fn plain_classes(file: &mut Table, to: &str) {
    for source in sources(file, to) {
        if let Some(Node::Tables(classes)) = source.get_mut("class") {
            classes
                .iter_mut()
                .for_each(|c| c.0.retain(|e| e.0 != "work"));
        }
    }
}

fn time(draw: &mut Draw, mean: f64) -> String {
    let drawn = mean * draw.scale(0.3, 3.0);
    match draw.from(0, 2) {
        0 => format!("\"{}ns\"", (drawn as u64).max(1)),
        _ => format!(
            "{{ dist = \"exponential\", mean = \"{}ns\" }}",
            (drawn as u64).max(1)
        ),
    }
}

fn steps(
    draw: &mut Draw,
    m: &Making,
    work: f64,
    (callable, copies, shares): (&[&String], bool, bool),
    keyed: bool,
) -> Node {
    let mut list = Vec::new();
    let hold = |draw: &mut Draw, table: &mut Table| {
        if !shares && draw.chance(0.3) {
            table.text("hold", "core");
        }
    };
    for _ in 0..draw.from(1, 4) {
        let mut table = Table::default();
        match draw.from(0, 9) {
            0..=3 => {
                table.put("cpu", time(draw, work / 2.0));
                if draw.chance(0.2) {
                    table.text("vary", draw.pick(&["copy", "request", "attempt"]));
                }
                if draw.chance(0.2) {
                    table.put("per_kib", format!("\"{}ns\"", (work / 50.0) as u64));
                }
            }
            4 => {
                table.put("wait", time(draw, work));
                hold(draw, &mut table);
            }
            5 => table.put("fail", draw.pick(&[0.0, 0.05, 0.5])),
            _ if callable.is_empty() => table.put("cpu", time(draw, work / 2.0)),
            _ => {
                let to = draw.from(0, callable.len() as u64 - 1) as usize;
                table.text("call", callable[to]);
                hold(draw, &mut table);
                client(draw, m, &mut table, copies);
                match draw.from(0, 7) {
                    0 => table.put("cache", draw.pick(&["{ hit = 0.5 }", "{ hit = 1.0 }"])),
                    1..=3 if keyed => {
                        let capacity = draw.from(1, 20);
                        table.put("cache", format!("{{ capacity = {capacity} }}"));
                    }
                    _ => {}
                }
            }
        }
        list.push(Node::Table(table));
    }
    Node::List(list)
}

/// What a call does about trouble: some of what goes together.
fn client(draw: &mut Draw, m: &Making, call: &mut Table, copies: bool) {
    let mean = m.length as f64 / draw.scale(10.0, 1000.0);
    let nanos = |draw: &mut Draw, mean: f64| {
        format!("\"{}ns\"", ((mean * draw.scale(0.3, 3.0)) as u64).max(1))
    };
    let mut table = Table::default();
    if draw.chance(0.4) {
        table.put("timeout", nanos(draw, mean));
    }
    if draw.chance(0.2) {
        table.put("deadline", nanos(draw, 3.0 * mean));
    }
    if draw.chance(0.4) {
        let pause = nanos(draw, mean / 4.0);
        let attempts = draw.from(1, 3);
        table.put(
            "retry",
            format!("{{ attempts = {attempts}, base = {pause}, cap = {pause} }}"),
        );
    }
    match draw.from(0, 7) {
        0 if copies => {
            call.put("fan_out", draw.from(2, 3));
            call.put("need", draw.from(1, 2));
            let rest = draw.pick(&["run", "cancel"]);
            call.text("rest", rest);
        }
        1 if copies => {
            let (kind, after) = (draw.pick(&["grpc", "envoy"]), nanos(draw, mean / 8.0));
            table.put("hedge", format!("{{ kind = {kind:?}, after = {after} }}"));
        }
        2 | 3 => table.text("cancel", draw.pick(&["queued", "full"])),
        4 => table.put("propagate_deadline", true),
        5 => table.put("patience", nanos(draw, mean)),
        7 => table.put("network", time(draw, mean / 8.0)),
        6 => {
            let (places, pending) = (draw.from(1, 4), draw.from(0, 3));
            table.put(
                "limit",
                format!("{{ in_flight = {places}, pending = {pending} }}"),
            );
        }
        _ => {}
    }
    if !table.0.is_empty() {
        call.node("client", Node::Table(table));
    }
}
