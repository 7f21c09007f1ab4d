//! Planted incidents whose smallest form is known, and what comes out of them.

#![allow(clippy::unwrap_used)]

#[path = "shrink/command.rs"]
mod command;
#[path = "shrink/cores.rs"]
mod cores;
#[path = "shrink/page.rs"]
mod page;
#[path = "program/mod.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use veltrix::config::{Overrides, load};
use veltrix::experiment::incident::{Case, Token, Trigger};
use veltrix::experiment::shrink::{Shrunk, shrink};
use veltrix::model::incident::Kind;

/// An empty folder of its own.
fn folder(name: &str) -> PathBuf {
    program::folder(&format!("shrink-{name}"))
}

/// An experiment in a folder of its own.
fn written(name: &str, model: &str, experiment: &str) -> PathBuf {
    let folder = folder(name);
    fs::write(folder.join("model.toml"), model).unwrap();
    let text = format!("model = \"model.toml\"\nreplications = 1\n{experiment}");
    fs::write(folder.join("planted.toml"), text).unwrap();
    folder
}

/// The trial of an experiment of one point, with its first incident of a kind.
fn case_of(file: &Path, kind: Kind) -> Case {
    let loaded = load(file, &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
    let mut case = Case::of(&loaded.design, 0, 0, None);
    let output = case.again(None, &AtomicBool::new(false)).unwrap();
    let found = &output.incidents;
    let place = found.episodes.iter().position(|e| e.kind == kind);
    let place = place.unwrap_or_else(|| panic!("no {kind:?}: {:#?}", found.episodes));
    case.trigger = Trigger::of(found, place);
    case
}

/// The token of that incident.
fn token_of(file: &Path, kind: Kind) -> String {
    Token::of(&case_of(file, kind), 0).to_string()
}

/// What is left of the first incident of a kind.
fn shrunk(name: &str, kind: Kind, model: &str, experiment: &str) -> Shrunk {
    let file = written(name, model, experiment).join("planted.toml");
    let found = shrink(&case_of(&file, kind), 2000, &AtomicBool::new(false)).unwrap();
    let sizes = (found.before.1, found.after.1);
    println!("{name}: {sizes:#?} {:#?} {}", found.gone, found.tried);
    found
}
