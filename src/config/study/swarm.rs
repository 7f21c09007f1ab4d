//! What `veltrix hunt --swarm` asks of a variant: its faults, and the system without some of them
//! and with the inputs of `[uncertain]` elsewhere in their ranges.

use std::sync::Arc;

use super::Study;
use crate::config::diagnostic::Diagnostic;
use crate::config::files::Span;
use crate::config::patch::Patch;
use crate::config::tree::{Node, Origin, Value};
use crate::model::spec::SystemSpec;

/// Paths with the values that were put there, as `--set` takes them.
type Settings = Vec<(String, String)>;

impl Study {
    /// Names of the faults that are enabled.
    pub fn faults(&self) -> Vec<String> {
        let system = &self.base.points[0].system;
        let enabled = system.faults.iter().filter(|f| f.enabled);
        enabled.map(|f| f.name.clone()).collect()
    }

    /// The paths of `[uncertain]`, in file order.
    pub fn ranges(&self) -> Vec<String> {
        self.ranges.iter().map(|r| r.path.clone()).collect()
    }

    /// The system without these faults, and with each input of `[uncertain]` at this part of its
    /// range; and what was set.
    ///
    /// # Errors
    /// The model does not allow it.
    pub fn drawn(
        &mut self,
        without: &[&str],
        parts: &[f64],
    ) -> Result<(Arc<SystemSpec>, Settings), String> {
        let span = self.file.span;
        let mut patches: Vec<Patch> = without.iter().map(|name| off(name, span)).collect();
        let ranges = self.ranges.iter().zip(parts);
        patches.extend(ranges.map(|(range, part)| range.at(*part).0));
        let settings = patches.iter().map(|p| (p.path.clone(), p.value.to_words()));
        let settings: Settings = settings.collect();
        match self.system(&patches) {
            Ok(system) => Ok((system, settings)),
            Err(found) => Err(first(&found)),
        }
    }
}

/// Switches a fault off.
fn off(name: &str, span: Span) -> Patch {
    Patch {
        path: format!("fault.{name}.enabled"),
        span,
        value: Node {
            value: Value::Boolean(false),
            span,
            origin: Origin::Axis,
        },
    }
}

fn first(found: &[Diagnostic]) -> String {
    let first = found.first();
    first.map_or_else(String::new, |d| format!("{}: {}", d.code, d.message))
}
