//! TOML to checked design: reads experiments, models, traces and price tables, expands sweeps,
//! and reports every mistake with its place and a way out. Knows what the format says
//! ([`keys`]), not what is done with it; the rules of meaning are the model's own
//! ([`crate::model::spec::SystemSpec::check`]).

mod amount;
mod arrivals;
mod autoscale;
mod balancer;
mod breaker;
mod budget;
mod class_at;
mod client;
mod csv;
mod decode;
mod detectors;
mod diagnostic;
mod dist;
mod experiment;
mod faults;
mod files;
mod fitted;
mod health;
mod hedge;
mod inputs;
pub mod keys;
mod limit;
mod limits;
mod log;
mod memory;
mod model;
mod objective;
mod patch;
mod points;
mod prices;
mod profile;
mod rare;
mod render;
mod replications;
mod resolved;
mod retry;
mod scan;
mod search;
mod services;
mod shed;
mod sources;
mod steps;
mod study;
mod sweep;
mod trace;
mod tree;
mod uncertain;
mod values;
mod work;
mod written;

use std::path::Path;

pub use diagnostic::{Class, Diagnostic, Diagnostics, Label, MOST_SHOWN, Severity, Style};
pub use files::visible as plain;
pub use files::{Files, InputFile, InputKind, MAX_CSV, MAX_TOML, Span};
pub use fitted::{ASSUMED, Told, Work, model_text};
pub use limits::{
    MAX_ATTEMPTS_BYTES, MAX_EVENTS, MAX_POINTS, MAX_SEARCHED, MAX_TRIAL_EVENTS, MAX_TRIALS,
};
pub use log::{LogFormat, LogOptions, ReadLog, read_log};
pub use search::{Maker, Searched};
pub use study::{Ask, Study, study};
pub use written::{EXPERIMENT, MODEL, read_experiment, write_experiment};
pub use written::{Written, read_written, write_model};

use crate::base::codes::Code;
use crate::experiment::design::Design;
use crate::model::spec::SystemSpec;

use decode::Cx;
use tree::Node;

/// What the command line says over the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `PATH=VALUE`, in order.
    pub set: Vec<String>,
    /// `--seed`
    pub seed: Option<String>,
    /// `--replications`
    pub replications: Option<String>,
    /// `--horizon`
    pub horizon: Option<String>,
}

/// An experiment, ready to run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What it asks.
    pub design: Design,
    /// What is odd but allowed.
    pub warnings: Diagnostics,
    /// Every file it depends on, in the order of reading.
    pub inputs: Vec<InputFile>,
    /// The experiment in full, as TOML.
    pub resolved: String,
}

/// A model alone.
#[derive(Clone, Debug)]
pub struct LoadedModel {
    /// What it means.
    pub system: SystemSpec,
    /// What is odd but allowed.
    pub warnings: Diagnostics,
    /// Every file it depends on, in the order of reading.
    pub inputs: Vec<InputFile>,
    /// The model in full, as TOML.
    pub resolved: String,
}

/// What a file turned out to be.
#[derive(Debug)]
pub enum Checked {
    /// A system.
    Model(Box<LoadedModel>),
    /// A question to one.
    Experiment(Box<Loaded>),
    /// A question that only a search can answer: some of its axes are not listed.
    Search(Box<Searched>),
}

/// Reads an experiment with everything it names, and checks every point.
///
/// # Errors
/// Every mistake found, in file order.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Loaded, Diagnostics> {
    let mut cx = Cx::new(folder_of(path));
    let loaded = root(&mut cx, path, InputKind::Experiment).and_then(|root| {
        if is_model(&root) {
            cx.not_an_experiment(path);
            return None;
        }
        cx.experiment(&root, path, overrides)
    });
    finish_experiment(cx, loaded)
}

/// Reads an experiment as a space to search. Its corners are checked; other points are made when
/// they are asked for.
///
/// # Errors
/// Every mistake found, in file order.
pub fn load_search(path: &Path, overrides: &Overrides) -> Result<Searched, Diagnostics> {
    let mut cx = Cx::new(folder_of(path));
    match root(&mut cx, path, InputKind::Experiment) {
        Some(root) => search::read(cx, &root, path, overrides),
        None => {
            let (found, files) = cx.into_parts();
            Err(Diagnostics::new(found, files))
        }
    }
}

/// Reads a model alone, with `--set` values put in.
///
/// # Errors
/// Every mistake found, in file order.
pub fn load_model(path: &Path, set: &[String]) -> Result<LoadedModel, Diagnostics> {
    let mut cx = Cx::new(folder_of(path));
    let root = root(&mut cx, path, InputKind::Model);
    finish_model(cx, root, set)
}

/// Reads a file that is a model or an experiment, whichever its keys say.
///
/// # Errors
/// Every mistake found, in file order.
pub fn check_file(path: &Path, overrides: &Overrides) -> Result<Checked, Diagnostics> {
    let mut cx = Cx::new(folder_of(path));
    let root = root(&mut cx, path, InputKind::Model);
    let Some(root) = root.filter(is_experiment) else {
        let root = root_again(&mut cx, path);
        let model = finish_model(cx, root, &overrides.set)?;
        return Ok(Checked::Model(Box::new(model)));
    };
    if let Some(input) = cx.files.inputs.first_mut() {
        input.kind = InputKind::Experiment;
    }
    if search::is_for(&root) {
        let searched = search::read(cx, &root, path, overrides)?;
        return Ok(Checked::Search(Box::new(searched)));
    }
    let loaded = cx.experiment(&root, path, overrides);
    finish_experiment(cx, loaded).map(|l| Checked::Experiment(Box::new(l)))
}

fn finish_experiment(cx: Cx, loaded: Option<(Design, String)>) -> Result<Loaded, Diagnostics> {
    let inputs = cx.files.inputs.clone();
    let (found, files) = cx.into_parts();
    let warnings = Diagnostics::new(found, files);
    match loaded {
        Some((design, resolved)) if warnings.error_count() == 0 => Ok(Loaded {
            design,
            warnings,
            inputs,
            resolved,
        }),
        _ => Err(warnings),
    }
}

fn finish_study(cx: Cx, made: Option<(Node, study::Begun)>) -> Result<Study, Diagnostics> {
    let warnings = Diagnostics::new(cx.found().to_vec(), cx.files.clone());
    match made {
        Some((file, begun)) if warnings.error_count() == 0 => {
            Ok(Study::new(cx, file, begun, warnings))
        }
        _ => Err(warnings),
    }
}

fn finish_model(
    mut cx: Cx,
    root: Option<Node>,
    set: &[String],
) -> Result<LoadedModel, Diagnostics> {
    let mut made = None;
    if let Some(mut root) = root {
        for text in set {
            if let Some(patch) = cx.argument(text) {
                cx.patch(&mut root, &patch);
            }
        }
        made = Some((cx.model(&root), resolved::model_text(&root, "")));
    }
    let inputs = cx.files.inputs.clone();
    let (found, files) = cx.into_parts();
    let warnings = Diagnostics::new(found, files);
    match made {
        Some((system, resolved)) if warnings.error_count() == 0 => Ok(LoadedModel {
            system,
            warnings,
            inputs,
            resolved,
        }),
        _ => Err(warnings),
    }
}

impl Cx {
    /// A model was given where an experiment is wanted.
    fn not_an_experiment(&mut self, path: &Path) {
        let name = files::visible(&path.display().to_string());
        let message = format!("{name} is a model, and an experiment is wanted");
        let d = Diagnostic::error(Code::MISSING_KEY, message)
            .help("write an experiment: horizon = \"60s\", and model = the path of this file");
        self.push(d.path("model"));
    }
}

/// The tree of the file that was asked for.
fn root(cx: &mut Cx, path: &Path, kind: InputKind) -> Option<Node> {
    let mut found = Vec::new();
    let node = tree::read(&mut cx.files, path, kind, &mut found);
    found.into_iter().for_each(|d| cx.push(d));
    let node = node?;
    cx.not_empty(path, &node).then_some(node)
}

/// The tree of a file that was read before, when it was fit to be one.
fn root_again(cx: &mut Cx, path: &Path) -> Option<Node> {
    let file = cx.files.known(path)?;
    let mut found = Vec::new();
    let node = tree::parse(&cx.files, file, &mut found)?;
    node.table()
        .is_some_and(|t| !t.entries.is_empty())
        .then_some(node)
}

const OF_MODELS: &[&str] = &["service", "source", "fault", "prices"];

const OF_EXPERIMENTS: &[&str] = &[
    "horizon",
    "seed",
    "variant",
    "model",
    "sweep",
    "objective",
    "replications",
];

fn has_any(root: &Node, keys: &[&str]) -> bool {
    let has = |key: &&str| root.table().is_some_and(|t| t.get(key).is_some());
    keys.iter().any(has)
}

/// Whether a tree has keys of an experiment, and none of a model.
fn is_experiment(root: &Node) -> bool {
    has_any(root, OF_EXPERIMENTS) && !has_any(root, OF_MODELS)
}

/// Whether a tree has keys of a model, and none of an experiment.
fn is_model(root: &Node) -> bool {
    has_any(root, OF_MODELS) && !has_any(root, OF_EXPERIMENTS)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The name of a design, from its file's name.
fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}
