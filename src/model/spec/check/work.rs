//! Rules about draws of work that differ within a request.

use super::Rules;
use crate::base::codes::Code;
use crate::model::spec::{SourceSpec, SystemSpec, Vary, WorkSpec};

impl Rules {
    /// How work varies must make a difference somewhere.
    pub(super) fn variations(&mut self, system: &SystemSpec) {
        for (index, service) in system.services.iter().enumerate() {
            let path = format!("service.{}.work.vary", service.name);
            let here = |s: &&SourceSpec| s.to == index;
            let callers: Vec<_> = system.sources.iter().filter(here).collect();
            let mut called = system.call_sites().filter(|site| site.call.to == index);
            let again = called.any(|site| {
                let client = &site.call.client;
                client.retry.is_some() || client.hedge.is_some() || site.call.fan_out.is_some()
            });
            if !again {
                self.variation(service.work.as_ref(), &callers, &path);
            }
        }
        for source in &system.sources {
            for class in &source.classes {
                let path = format!("source.{}.class.{}.work.vary", source.name, class.name);
                self.variation(class.work.as_ref(), &[source], &path);
            }
        }
    }

    fn variation(&mut self, work: Option<&WorkSpec>, callers: &[&SourceSpec], path: &str) {
        let Some(WorkSpec::Drawn { cpu, vary, .. }) = work else {
            return;
        };
        if *vary == Vary::Copy {
            return;
        }
        let why = if cpu.is_constant().is_some() {
            "every draw of this work is the same"
        } else if callers.iter().all(|s| s.records_work()) && !callers.is_empty() {
            "the traces that send say the work of every row"
        } else if !callers.iter().any(|s| asks_again(s)) {
            "no caller retries, hedges or fans out"
        } else {
            return;
        };
        let message = format!("`{path}` has no effect: {why}");
        self.add(Code::KEYS_DISAGREE, path, message, Some("remove it"));
    }
}

/// Whether a source may make several attempts of a request whose work is drawn.
fn asks_again(source: &SourceSpec) -> bool {
    let client = &source.client;
    let several = client.retry.is_some() || client.hedge.is_some() || source.fan_out.is_some();
    several && !source.records_work()
}
