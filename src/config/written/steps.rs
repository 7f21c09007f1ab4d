//! Steps of a service, as they are written: one table each.

use super::pen::{Pen, number};
use crate::config::dist::Of;
use crate::config::tree::quoted;
use crate::model::spec::{CallSpec, Hold, StepSpec, Vary};

impl Pen<'_> {
    /// `[[service.NAME.steps]]`, one after another.
    pub fn steps(&mut self, steps: &[StepSpec], path: &str) {
        let path = format!("{path}.steps");
        for step in steps {
            self.header(&format!("[[{path}]]"));
            match step {
                StepSpec::Cpu { cpu, per_kib, vary } => {
                    let cpu = self.dist(cpu, Of::Time, &path);
                    self.line("cpu", &cpu);
                    if *per_kib != 0.0 {
                        let per_kib = self.time_of(*per_kib, &path);
                        self.line("per_kib", &per_kib);
                    }
                    if *vary != Vary::Copy {
                        self.line("vary", &quoted(vary_word(*vary)));
                    }
                }
                StepSpec::Wait { lasts, hold } => {
                    let lasts = self.dist(lasts, Of::Time, &path);
                    self.line("wait", &lasts);
                    self.hold(*hold);
                }
                StepSpec::Fail { probability } => self.line("fail", &number(*probability)),
                StepSpec::Call(call) => self.call(call, &path),
            }
        }
    }

    fn call(&mut self, call: &CallSpec, path: &str) {
        let to = self.spec.services.get(call.to).map(|s| s.name.as_str());
        self.line("call", &quoted(to.unwrap_or_default()));
        if let Some(fan_out) = call.fan_out {
            self.fan_out(fan_out);
        }
        self.hold(call.hold);
        self.client(&call.client, path);
    }

    fn hold(&mut self, hold: Hold) {
        if hold == Hold::Core {
            self.line("hold", "\"core\"");
        }
    }
}

/// The word for what has a draw of work of its own.
pub fn vary_word(vary: Vary) -> &'static str {
    match vary {
        Vary::Copy => "copy",
        Vary::Request => "request",
        Vary::Attempt => "attempt",
    }
}
