//! Faults of every kind.

use crate::dists::{Kind, any, number, positive, share};
use crate::features::Feature::*;
use crate::features::{self};
use crate::model::{Making, Service};
use crate::text::{Node, Table};

type Write = fn(&mut Making, &mut Table);

/// Kinds that befall workers, with their own keys.
const KINDS: &[(&str, features::Feature, Write)] = &[
    ("slow", Slow, |m, t| {
        let factor = m.draw.pick(&["0.1", "0.5", "2.0", "1.0"]);
        t.put("factor", factor);
    }),
    ("steal", Slow, |m, t| {
        let share = m.draw.pick(&["0.0", "0.3", "0.95"]);
        t.put("share", share);
    }),
    ("pause", Pause, |_, _| {}),
    ("crash", Crash, |_, _| {}),
    ("zone_down", Crash, |_, _| {}),
    ("restart", RestartFault, |_, _| {}),
    ("error", Error, |m, t| {
        t.put("probability", share(&mut m.draw, 0.0, 1.0));
        if m.draw.chance(0.5) {
            t.text("when", "end");
        }
    }),
    ("ram_cap", RamCap, |m, t| {
        t.put("share", share(&mut m.draw, 0.0, 1.0))
    }),
    ("leak", Leak, |m, t| {
        let rate = 1e8 * 1e9 / m.length as f64;
        let rate = (rate * m.draw.scale(0.1, 10.0)) as u64;
        t.put("rate", format!("\"{rate}B/s\""));
    }),
];

pub fn add(m: &mut Making, file: &mut Table) {
    let mut all = Vec::new();
    for (kind, feature, write) in KINDS {
        let most = m.draw.pick(&[1, 1, 2]);
        for i in 0..most {
            if m.has(*feature) {
                let to = m.services[m.draw.from(0, m.services.len() as u64 - 1) as usize].clone();
                if let Some(fault) = fault(m, (kind, *write), &to, i) {
                    all.push(fault);
                }
            }
        }
    }
    if !m.surging.is_empty() && m.has(Surge) {
        all.push(surge(m));
    }
    if !m.poisoning.is_empty() && m.has(Poison) {
        all.push(poison(m));
    }
    if !all.is_empty() {
        // A run to the end of a trace must come to one.
        m.ends = false;
        m.draw.shuffle(&mut all);
        file.node("fault", Node::Tables(all));
    }
}

fn fault(m: &mut Making, (kind, write): (&str, Write), to: &Service, i: u64) -> Option<Table> {
    let ram = matches!(kind, "ram_cap" | "leak");
    if ram && (!to.bounded_ram || to.pulls) {
        return None;
    }
    let mut table = Table::default();
    table.text("kind", kind);
    table.text("name", &format!("{kind}-{i}"));
    let first = m.draw.from(1, to.workers);
    let down = kind == "zone_down";
    let target = match m.draw.from(0, 2) {
        _ if down && !to.zoned => return None,
        0 if down => format!("@{}", m.draw.pick(&["a", "b"])),
        _ if to.zoned && (down || m.draw.chance(0.3)) => {
            format!("{}@{}", to.name, m.draw.pick(&["a", "b"]))
        }
        0 => to.name.clone(),
        1 => format!("{}[{first}]", to.name),
        _ => format!("{}[{first}..{}]", to.name, m.draw.from(first, to.workers)),
    };
    table.text("target", &target);
    write(m, &mut table);
    if kind == "error" && !to.pulls && m.draw.chance(0.4) && table.get("when").is_none() {
        table.text("when", "start");
    }
    let stops = matches!(kind, "pause" | "crash");
    if stops && !to.pulls && m.has(CoreFault) {
        table.text("unit", "core");
    }
    if stops && !to.pulls && m.has(InService) {
        let word = m.draw.pick(&["resume", "restart", "lost"]);
        table.text("in_service", word);
    }
    let shares = when(m, &mut table, kind);
    if shares && !down && m.has(Shared) {
        table.put("shared", true);
    }
    enabled(m, &mut table);
    Some(table)
}

/// When it comes and how long it lasts; returns whether anything is drawn that can be shared.
fn when(m: &mut Making, table: &mut Table, kind: &str) -> bool {
    let back = matches!(kind, "crash" | "restart");
    let way = m.draw.from(0, 5);
    let every = (2..5).contains(&way);
    match way {
        0 | 1 => table.put("at", m.time(m.length as f64 / 3.0)),
        2..5 => {
            let every = positive(m, m.length as f64 / 10.0, Kind::Time);
            table.node("every", every);
        }
        _ => {}
    }
    let ends = kind != "restart" && (every || m.draw.chance(0.8));
    if !ends {
        return every && !back && kind != "surge";
    }
    let lasts = any(m, m.length as f64 / 30.0, Kind::Time);
    let drawn = match &lasts {
        Node::Table(t) => {
            t.get("values").is_none() && t.get("of").is_none() && t.get("value").is_none()
        }
        _ => false,
    };
    table.node("for", lasts);
    (drawn || every) && kind != "surge"
}

fn enabled(m: &mut Making, table: &mut Table) {
    if m.has(Disabled) {
        table.put("enabled", m.draw.chance(0.3));
    }
}

fn poison(m: &mut Making) -> Table {
    let mut table = Table::default();
    let names = m.poisoning.clone();
    let name = &names[m.draw.from(0, names.len() as u64 - 1) as usize];
    table.text("kind", "poison");
    table.text("target", &format!("source.{name}"));
    table.put("probability", share(&mut m.draw, 0.0, 0.2));
    let effect = m.draw.pick(&["error", "crash", "hang"]);
    table.text("effect", effect);
    table.put("at", number(Kind::Time, m.length / 5));
    if m.draw.chance(0.8) {
        table.put("for", m.time(m.length as f64 / 5.0));
    }
    enabled(m, &mut table);
    table
}

fn surge(m: &mut Making) -> Table {
    let mut table = Table::default();
    let names = m.surging.clone();
    let name = &names[m.draw.from(0, names.len() as u64 - 1) as usize];
    table.text("kind", "surge");
    table.text("target", &format!("source.{name}"));
    table.put("factor", share(&mut m.draw, 0.2, 4.0));
    table.put("at", number(Kind::Time, m.length / 4));
    if m.draw.chance(0.8) {
        table.put("for", m.time(m.length as f64 / 8.0));
    }
    enabled(m, &mut table);
    table
}
