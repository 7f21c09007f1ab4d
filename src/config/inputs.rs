//! The amounts of a model: every number and quantity that its file writes, by path.

use super::amount::Amount;
use super::decode::join;
use super::patch::fault_name;
use super::tree::{Node, Table, Value};

/// A number or quantity of a model.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its dotted path.
    pub path: String,
    /// What stands there.
    pub node: Node,
    /// As an amount, or why it is not to be moved.
    pub amount: Result<Amount, &'static str>,
}

/// Texts at these keys are names or notes, even if they look like a quantity.
const WORDS: &[&str] = &[
    "name", "to", "target", "column", "unit", "file", "as_of", "source", "currency", "instance",
];

/// Every number and quantity below the tables of a model, in file order.
pub fn candidates(model: &Node) -> Vec<Candidate> {
    let mut found = Vec::new();
    for name in ["source", "service", "fault", "prices"] {
        if let Some(node) = model.table().and_then(|t| t.get(name)) {
            below(node, name, name, &mut found);
        }
    }
    found
}

/// Goes through what stands at a key.
fn below(node: &Node, key: &str, path: &str, found: &mut Vec<Candidate>) {
    match &node.value {
        Value::Table(table) => inside(table, path, found),
        Value::Array(items) if items.iter().any(|n| n.table().is_some()) => {
            for table in items.iter().filter_map(Node::table) {
                if key == "of" {
                    let parts = found.len();
                    inside(table, path, found);
                    found.truncate(parts);
                } else {
                    inside(table, &named(table, path), found);
                }
            }
            if key == "of" {
                refused(
                    node,
                    path,
                    "parts of a mixture have no path of their own",
                    found,
                );
            }
        }
        Value::Array(items) if items.iter().any(|n| n.array().is_some()) => {
            let why = match key {
                "switch" => "chances that add up to 1",
                _ => "a list of points, not one amount",
            };
            refused(node, path, why, found);
        }
        Value::Text(_) if WORDS.contains(&key) => {}
        _ => {
            let Some(amount) = Amount::read(node, key) else {
                return;
            };
            let amount = match why_not(key, path, &amount) {
                Some(why) => Err(why),
                None => Ok(amount),
            };
            found.push(Candidate {
                path: path.to_owned(),
                node: node.clone(),
                amount,
            });
        }
    }
}

fn inside(table: &Table, path: &str, found: &mut Vec<Candidate>) {
    let first = found.len();
    for entry in &table.entries {
        below(&entry.node, &entry.key, &join(path, &entry.key), found);
    }
    let disabled = matches!(
        table.get("enabled").map(|n| &n.value),
        Some(Value::Boolean(false))
    );
    if disabled {
        for candidate in &mut found[first..] {
            candidate.amount = Err("the fault is not enabled");
        }
    }
}

fn refused(node: &Node, path: &str, why: &'static str, found: &mut Vec<Candidate>) {
    found.push(Candidate {
        path: path.to_owned(),
        node: node.clone(),
        amount: Err(why),
    });
}

/// The path of a table of a list: by its name, and without one that of the list.
fn named(table: &Table, path: &str) -> String {
    match table.get("name").and_then(Node::text) {
        Some(name) => join(path, name),
        None if path == "fault" => join(path, &fault_name(table)),
        None => path.to_owned(),
    }
}

fn why_not(key: &str, path: &str, amount: &Amount) -> Option<&'static str> {
    match key {
        "priority" => Some("an order, not an amount"),
        "start" if path.starts_with("service.") => Some("the number of a worker, not an amount"),
        "weights" => Some("a list of weights: only their ratios count"),
        _ if amount.is_nothing() && !amount.is_whole() => Some("a share of 0 is 0"),
        _ => None,
    }
}

/// Whether somebody decides what stands at a path; else it is a fact that can be measured.
pub fn is_choice(path: &str) -> bool {
    let parts = super::patch::split(path);
    let part = |n: usize| parts.get(n).copied().unwrap_or_default();
    match (part(0), part(2)) {
        ("source", "client") => part(3) != "patience",
        ("source", "fan_out" | "need") => true,
        ("service", "balancer") => part(3) != "dispatch",
        ("service", "workers") => {
            let facts = [
                "speed",
                "restart",
                "manual_after",
                "cold_start",
                "ram_base",
                "pressure",
                "gc",
                "price",
            ];
            !parts.iter().any(|p| facts.contains(p))
        }
        _ => false,
    }
}

/// Whether a path is this one or lies below it.
pub fn is_within(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_told_from_facts() {
        for path in [
            "service.events.workers.count",
            "service.events.workers.big.buffer.slots",
            "service.events.balancer.breaker.open_for",
            "source.web.client.retry.base",
            "source.web.client.timeout",
        ] {
            assert!(is_choice(path), "{path}");
        }
        for path in [
            "service.events.work.cpu.mean",
            "service.events.workers.restart",
            "service.events.workers.big.speed",
            "service.events.balancer.dispatch",
            "source.web.arrivals.rate",
            "source.web.client.patience.mean",
            "source.web.class.upload.size.mean",
            "fault.slow-node.factor",
            "prices.core_hour",
        ] {
            assert!(!is_choice(path), "{path}");
        }
    }

    #[test]
    fn a_path_lies_within_whole_parts_of_another() {
        assert!(is_within("service.a.work.cpu", "service.a.work"));
        assert!(is_within("service.a.work", "service.a.work"));
        assert!(!is_within("service.a.workers.count", "service.a.work"));
    }
}
