//! What `veltrix check` says of a model beyond its being right: what one request can become where
//! services call each other, and what will surely bite.

use super::summary::wrapped;
use crate::model::spec::{Lint, SystemSpec};

/// A line for each source whose service calls others: the most attempts that one request becomes at
/// each service when everything fails until the last try. `None`: nobody calls anybody.
pub fn amplification(system: &SystemSpec) -> Option<String> {
    let mut lines = String::new();
    for (index, source) in system.sources.iter().enumerate() {
        let most = system.amplification(index);
        let reached = most.iter().zip(&system.services);
        let reached: Vec<String> = reached
            .filter(|(most, _)| **most > 0.0)
            .map(|(most, service)| format!("{} at {}", count(*most), service.name))
            .collect();
        if reached.len() > 1 {
            lines.push_str(&format!(
                "one request of {} becomes at most {} attempts: {}\n",
                source.name,
                count(most.iter().sum()),
                reached.join(", ")
            ));
        }
    }
    (!lines.is_empty()).then_some(lines)
}

/// A line for each thing of a model that will surely bite; `None`: nothing was found.
pub fn lints(system: &SystemSpec) -> Option<String> {
    let lints = system.lints();
    let line = |lint: &Lint| format!("hint: `{}`: {}\n", lint.path, lint.message);
    let lines: String = lints.iter().map(line).collect();
    (!lines.is_empty()).then(|| wrapped_all(&lines))
}

fn wrapped_all(lines: &str) -> String {
    lines.lines().map(|line| wrapped(line, 100)).collect()
}

fn count(attempts: f64) -> String {
    if attempts.is_finite() {
        format!("{attempts:.0}")
    } else {
        "without end".to_owned()
    }
}
