//! `veltrix fit`: against exact replays of recorded traffic, and from the command line.
//!
//! The tables of `docs/fit.md` are what these tests find; `VELTRIX_BLESS=1` writes them anew.

#![allow(clippy::unwrap_used)]

#[path = "fit/command.rs"]
mod command;
#[path = "program/mod.rs"]
mod program;
#[path = "fit/replays.rs"]
mod replays;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder of its own.
fn folder(name: &str) -> PathBuf {
    program::folder(&format!("fit-{name}"))
}

/// Holds a part of `docs/fit.md` against what was found: what stands between `<!-- NAME -->` and
/// `<!-- end -->`.
fn is_told(name: &str, found: &str) {
    let path = root().join("docs/fit.md");
    let page = fs::read_to_string(&path).unwrap();
    let mark = format!("<!-- {name} -->\n");
    let (before, rest) = page
        .split_once(&mark)
        .unwrap_or_else(|| panic!("no {mark}"));
    let (told, after) = rest.split_once("<!-- end -->").unwrap();
    if told == found {
        return;
    }
    assert!(
        std::env::var_os("VELTRIX_BLESS").is_some(),
        "docs/fit.md tells another {name} (VELTRIX_BLESS=1 writes it anew):\n{found}"
    );
    fs::write(&path, format!("{before}{mark}{found}<!-- end -->{after}")).unwrap();
}
