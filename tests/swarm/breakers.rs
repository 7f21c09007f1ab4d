//! Breakers, wherever they stand.

use crate::dists::{Kind, any, share};
use crate::features::Feature::*;
use crate::model::Making;
use crate::sources::failures;
use crate::text::{Node, Table};

/// A breaker of one of the kinds that are on; `stands` adds what belongs to where it stands.
pub fn breaker(m: &mut Making, stands: impl Fn(&mut Making, &mut Table)) -> Option<Node> {
    let kinds = [
        (Consecutive, consecutive as fn(&mut Making) -> Table),
        (Resilience4j, resilience4j),
        (Hystrix, hystrix),
        (Polly8, polly8),
        (Accrual, accrual),
    ];
    let (_, make) = kinds.into_iter().find(|kind| m.has(kind.0))?;
    let mut table = make(m);
    stands(m, &mut table);
    failures(m, &mut table, "counts");
    Some(Node::Table(table))
}

fn consecutive(m: &mut Making) -> Table {
    let mut table = Table::default();
    table.text("kind", "consecutive");
    table.put("failures", m.draw.from(1, 5));
    table.put("successes", m.draw.from(1, 3));
    table.put("half_open_calls", m.draw.from(1, 3));
    let open = any(m, m.length as f64 / 30.0, Kind::Time);
    table.node("open_for", open);
    table
}

fn resilience4j(m: &mut Making) -> Table {
    let mut table = Table::default();
    table.text("kind", "resilience4j");
    let window = match m.draw.from(0, 2) {
        0 => "\"1s\"".to_owned(),
        _ => m.draw.from(1, 40).to_string(),
    };
    table.put("window", window);
    table.put("min_calls", m.draw.from(1, 12));
    table.put("failure_share", share(&mut m.draw, 0.05, 1.0));
    if m.draw.chance(0.5) {
        table.put("slow_after", m.time(m.length as f64 / 100.0));
        table.put("slow_share", share(&mut m.draw, 0.05, 1.0));
    }
    table.put("half_open_calls", m.draw.from(1, 5));
    let open = any(m, m.length as f64 / 30.0, Kind::Time);
    table.node("open_for", open);
    if m.draw.chance(0.5) {
        table.put("half_open_max", m.time(m.length as f64 / 50.0));
    } else if m.has(Automatic) {
        table.put("automatic", true);
    }
    if m.has(LostReply) {
        table.put("lost_reply", share(&mut m.draw, 0.01, 1.0));
    }
    table
}

fn hystrix(m: &mut Making) -> Table {
    let mut table = Table::default();
    table.text("kind", "hystrix");
    let (every, parts) = (m.draw.pick(&[1, 20, 500]), m.draw.from(1, 12));
    table.text("every", &format!("{every}ms"));
    table.text("window", &format!("{}ms", every * parts));
    table.put("min_calls", m.draw.from(1, 12));
    let percent = m.draw.from(1, 100) as f64;
    table.put("failure_share", format!("{:.2}", percent / 100.0));
    let open = any(m, m.length as f64 / 30.0, Kind::Time);
    table.node("open_for", open);
    table
}

fn polly8(m: &mut Making) -> Table {
    let mut table = Table::default();
    table.text("kind", "polly8");
    table.text("window", m.draw.pick(&["500ms", "777ms", "3s"]));
    table.put("min_calls", m.draw.from(2, 12));
    table.put("failure_share", share(&mut m.draw, 0.05, 1.0));
    let open = any(m, m.length as f64 / 30.0, Kind::Time);
    table.node("open_for", open);
    table
}

fn accrual(m: &mut Making) -> Table {
    let mut table = Table::default();
    table.text("kind", "failure_accrual");
    table.put("failures", m.draw.from(1, 6));
    table.text("window", m.draw.pick(&["5ms", "300ms", "3s"]));
    table.put("min_calls", m.draw.from(1, 8));
    table.put("failure_share", share(&mut m.draw, 0.05, 1.0));
    if m.draw.chance(0.3) {
        let open = any(m, m.length as f64 / 30.0, Kind::Time);
        table.node("open_for", open);
    } else {
        let base = m.draw.scale(1.0, 1000.0) as u64;
        table.text("base", &format!("{base}ms"));
        table.text("cap", &format!("{}ms", base * m.draw.from(1, 20)));
    }
    table
}
