//! The one place where commands meet `config`: what they ask of a file, what they get.

use std::path::Path;

use super::args::RunArgs;
use super::exit::Exit;
use crate::experiment::design::Design;
use crate::report::manifest::FileDigest;

/// An experiment that may be run.
pub struct Loaded {
    /// What is to be run.
    pub design: Design,
    /// What its author should know, ready to be shown; empty: nothing.
    pub warnings: String,
    /// Every file that was read.
    pub inputs: Vec<FileDigest>,
    /// Those whose content is not in `resolved`: recorded traces.
    pub data: Vec<FileDigest>,
    /// The experiment in full.
    pub resolved: String,
}

/// Why a file cannot be used, ready to be shown.
pub struct Refusal {
    /// Every problem, with its place.
    pub text: String,
    /// The exit code.
    pub exit: Exit,
}

/// What is said about a file that is all right.
pub struct Checked {
    /// Warnings, ready to be shown; empty: none.
    pub warnings: String,
    /// The file in full.
    pub resolved: String,
    /// What it is, in a few words.
    pub about: String,
}

fn not_yet(file: &Path) -> Refusal {
    Refusal {
        text: format!(
            "error[VX1010]: `{}`: files cannot be read yet\n",
            file.display()
        ),
        exit: Exit::Wrong,
    }
}

/// Reads the experiment of a `run`, with the options that override it.
///
/// # Errors
/// Something is wrong with the file, or with a file that it names.
pub fn load(args: &RunArgs) -> Result<Loaded, Refusal> {
    Err(not_yet(&args.file))
}

/// Reads a model or an experiment for `check`.
///
/// # Errors
/// Something is wrong with it.
pub fn check(file: &Path) -> Result<Checked, Refusal> {
    Err(not_yet(file))
}
