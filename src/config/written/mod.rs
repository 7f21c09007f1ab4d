//! A spec as the text of a model file, and back from memory.
//!
//! Reading what was written gives the same spec, to the last bit: times are whole nanoseconds,
//! numbers have as many digits as they need, and of distributions whose parameters do not stand in
//! the spec (a lognormal by its mean, a hyperexponential by its variation) those parameters are
//! looked for that give the same. The text is the meaning, not the file that a spec came from: it
//! has no comments, no price table and no defaults.
//!
//! What no file can say, because no file can have said it, is named in [`Written::inexact`] and
//! written as close as can be: a time that is no whole number of nanoseconds, an empty list of
//! failures, a class that has its work from a service for one of two sources only.

mod autoscale;
mod breaker;
mod budget;
mod dist;
mod experiment;
mod health;
mod pen;
mod search;
mod service;
mod shed;
mod source;
mod steps;

use std::path::Path;

use super::decode::Cx;
use super::diagnostic::Diagnostics;
use super::files::InputKind;
use crate::model::spec::{
    EdgeEnd, ErrorWhen, FaultKind, FaultSpec, FaultUnit, FaultWhen, InService, PoisonEffect,
    PriceSpec, SystemSpec, name_problem,
};

use super::dist::Of;
use super::tree::quoted;
use pen::{Pen, number};

pub use experiment::{EXPERIMENT, read_experiment, write_experiment};

/// What the text of a model is called among files in memory.
pub const MODEL: &str = "model.toml";

/// A model as files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The model file.
    pub text: String,
    /// What it names: names without folders, and texts.
    pub files: Vec<(String, String)>,
    /// Paths of what could only be written nearly.
    pub inexact: Vec<String>,
}

/// Writes a spec as a model file.
pub fn write_model(spec: &SystemSpec) -> Written {
    let mut pen = Pen::new(spec);
    if !spec.title.is_empty() {
        pen.line("title", &quoted(&spec.title));
    }
    for source in &spec.sources {
        pen.source(source);
    }
    for index in 0..spec.services.len() {
        pen.service(index);
    }
    for fault in &spec.faults {
        pen.fault(fault);
    }
    pen.prices(&spec.prices);
    pen.finish()
}

/// Reads a model from memory. Whatever it names must be among `files`: the disk is not looked at.
///
/// # Errors
/// Every mistake found, in file order.
pub fn read_written(text: &str, files: &[(String, String)]) -> Result<SystemSpec, Diagnostics> {
    let mut cx = Cx::new(Path::new(""));
    let model = (MODEL.to_owned(), text.to_owned());
    cx.files.only(files.iter().chain([&model]));
    let root = super::root(&mut cx, Path::new(MODEL), InputKind::Model);
    super::finish_model(cx, root, &[]).map(|loaded| loaded.system)
}

impl Pen<'_> {
    fn prices(&mut self, prices: &PriceSpec) {
        if *prices == PriceSpec::default() {
            return;
        }
        self.header("[prices]");
        self.line("currency", &quoted(&prices.currency));
        for (key, text) in [("as_of", &prices.as_of), ("source", &prices.source)] {
            if let Some(text) = text {
                self.line(key, &quoted(text));
            }
        }
    }

    fn fault(&mut self, fault: &FaultSpec) {
        let path = format!("fault.{}", fault.name);
        self.header("[[fault]]");
        let target = self.spec.target_name(fault);
        if name_problem(&fault.name).is_none() {
            self.line("name", &quoted(&fault.name));
            self.line("target", &quoted(&target));
        } else {
            // Named by its kind and target.
            let kind = format!("{}-", kind(&fault.kind));
            let own = fault.name.strip_prefix(&kind).unwrap_or_default();
            let own = match fault.kind {
                FaultKind::Surge { .. } | FaultKind::Poison { .. } => format!("source.{own}"),
                kind => match kind.edge().map(|edge| edge.from) {
                    Some(EdgeEnd::Source(_)) => format!("source.{own}"),
                    _ => own.to_owned(),
                },
            };
            let same = own.replace([' ', '\t'], "") == target || self.same_target(&own, fault);
            if !same {
                self.inexact(&format!("{path}.name"));
            }
            self.line("target", &quoted(if same { &own } else { &target }));
        }
        self.line("kind", &quoted(kind(&fault.kind)));
        if !fault.enabled {
            self.line("enabled", "false");
        }
        self.fault_kind(fault, &path);
        match &fault.when {
            FaultWhen::Always => {}
            FaultWhen::At(at) => {
                let at = self.time(*at, &path);
                self.line("at", &at);
            }
            FaultWhen::Every(gap) => {
                let gap = self.dist(gap, Of::Time, &format!("{path}.every"));
                self.line("every", &gap);
            }
        }
        if let Some(lasts) = &fault.lasts {
            let lasts = self.dist(lasts, Of::Time, &format!("{path}.for"));
            self.line("for", &lasts);
        }
        if fault.unit == FaultUnit::Core {
            self.line("unit", "\"core\"");
        }
        if let Some(what) = fault.in_service {
            let word = match what {
                InService::Resume => "resume",
                InService::Restart => "restart",
                InService::Lost => "lost",
            };
            self.line("in_service", &quoted(word));
        }
        if fault.shared {
            self.line("shared", "true");
        }
    }

    /// Whether a text means the workers of a fault, though it is not the shortest that does.
    fn same_target(&self, text: &str, fault: &FaultSpec) -> bool {
        let Some((name, range)) = text.split_once('[') else {
            return false;
        };
        let service = self.spec.services.get(fault.service);
        let inner = range.strip_suffix(']').unwrap_or_default();
        let (first, last) = inner.split_once("..").unwrap_or((inner, inner));
        let range = (first.trim().parse(), last.trim().parse());
        let workers = fault.workers;
        service.is_some_and(|s| s.name == name) && range == (Ok(workers.0), Ok(workers.1))
    }

    fn fault_kind(&mut self, fault: &FaultSpec, path: &str) {
        match fault.kind {
            FaultKind::Slow { factor } | FaultKind::Surge { factor, .. } => {
                self.line("factor", &number(factor));
            }
            FaultKind::RamCap { share } | FaultKind::Steal { share } => {
                self.line("share", &number(share));
            }
            FaultKind::Leak { rate } => {
                let rate = self.byte_rate(rate, &format!("{path}.rate"));
                self.line("rate", &rate);
            }
            FaultKind::Error { probability, when } => {
                self.line("probability", &number(probability));
                if when == ErrorWhen::Start {
                    self.line("when", "\"start\"");
                }
            }
            FaultKind::Network {
                loss, probability, ..
            } => {
                if let Some(delay) = &fault.delay {
                    let delay = self.dist(delay, Of::Time, &format!("{path}.delay"));
                    self.line("delay", &delay);
                }
                self.line("loss", &number(loss));
                self.line("probability", &number(probability));
            }
            FaultKind::Poison {
                probability,
                effect,
                ..
            } => {
                if let Some(class) = &fault.class {
                    self.line("class", &quoted(class));
                }
                self.line("probability", &number(probability));
                let effect = match effect {
                    PoisonEffect::Error => "error",
                    PoisonEffect::Crash => "crash",
                    PoisonEffect::Hang => "hang",
                };
                self.line("effect", &quoted(effect));
            }
            FaultKind::CacheFlush { share, .. } => self.line("share", &number(share)),
            FaultKind::Pause
            | FaultKind::Crash
            | FaultKind::ZoneDown { .. }
            | FaultKind::Restart
            | FaultKind::Partition { .. } => {}
        }
    }
}

/// The word for what happens.
fn kind(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Slow { .. } => "slow",
        FaultKind::Steal { .. } => "steal",
        FaultKind::Pause => "pause",
        FaultKind::Crash => "crash",
        FaultKind::ZoneDown { .. } => "zone_down",
        FaultKind::Restart => "restart",
        FaultKind::Surge { .. } => "surge",
        FaultKind::Poison { .. } => "poison",
        FaultKind::RamCap { .. } => "ram_cap",
        FaultKind::Leak { .. } => "leak",
        FaultKind::Error { .. } => "error",
        FaultKind::Network { .. } => "network",
        FaultKind::Partition { .. } => "partition",
        FaultKind::CacheFlush { .. } => "cache_flush",
    }
}

#[cfg(test)]
mod tests;
