//! The rules of meaning: what a [`SystemSpec`] must satisfy to be run.

use super::SystemSpec;
use crate::base::codes::Code;

/// One broken rule. `path` is the dotted path of the key in the model file's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The numbered code.
    pub code: Code,
    /// `service.events.workers.cores`
    pub path: String,
    /// What is wrong and what is allowed, one line without full stop.
    pub message: String,
    /// A way out.
    pub help: Option<String>,
}

impl SystemSpec {
    /// Every broken rule, in file order; empty when the system can be run.
    pub fn check(&self) -> Vec<Problem> {
        Vec::new()
    }
}
