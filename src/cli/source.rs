//! The one place where commands meet `config`: what they ask of a file, what they get.

use std::path::Path;

use super::args::{FindArgs, RunArgs};
use super::exit::Exit;
pub use crate::config::Overrides;
use crate::config::{self, Ask, Checked, Class, Diagnostics, InputFile, InputKind};
use crate::config::{Maker, Searched, Study, Style};
use crate::experiment::design::Design;
use crate::experiment::find::space::Space;
use crate::model::spec::SystemSpec;
use crate::report::amplification::{amplification, lints};
use crate::report::manifest::FileDigest;
use crate::report::summary;

/// An experiment that may be run.
pub struct Loaded {
    /// What is to be run.
    pub design: Design,
    /// What its author should know, ready to be shown; empty: nothing.
    pub warnings: String,
    /// Every file that was read.
    pub inputs: Vec<FileDigest>,
    /// Those whose content is not in `resolved`: recorded data.
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
pub struct Report {
    /// Warnings, ready to be shown; empty: none.
    pub warnings: String,
    /// The file in full.
    pub resolved: String,
    /// What it is, in a few words.
    pub about: String,
    /// What a precision will take, ready to be shown; empty: theory says nothing.
    pub forecast: String,
}

/// Reads the experiment of a `run`, with the options that override it.
///
/// # Errors
/// Something is wrong with the file, or with a file that it names.
pub fn load(args: &RunArgs, style: Style) -> Result<Loaded, Refusal> {
    load_file(&args.file, &args.changes.overrides(), style)
}

/// Reads an experiment with what overrides it.
///
/// # Errors
/// Something is wrong with the file, or with a file that it names.
pub fn load_file(file: &Path, overrides: &Overrides, style: Style) -> Result<Loaded, Refusal> {
    let loaded = config::load(file, overrides).map_err(|d| refusal(&d, style))?;
    let data = loaded.inputs.iter().filter(|i| i.kind == InputKind::Trace);
    Ok(Loaded {
        warnings: loaded.warnings.render(style),
        data: data.map(digest).collect(),
        inputs: loaded.inputs.iter().map(digest).collect(),
        resolved: loaded.resolved,
        design: loaded.design,
    })
}

/// An experiment that may be searched.
pub struct Searchable {
    /// What it asks; its points are corners of the space only.
    pub design: Design,
    /// What is searched.
    pub space: Space,
    /// Makes its points.
    pub maker: Maker,
    /// What its author should know, ready to be shown; empty: nothing.
    pub warnings: String,
    /// Every file that was read.
    pub inputs: Vec<FileDigest>,
    /// Those whose content is not in `resolved`: recorded data.
    pub data: Vec<FileDigest>,
    /// The experiment, its corners in full.
    pub resolved: String,
}

/// Reads the experiment of a `find`, with the options that override it.
///
/// # Errors
/// Something is wrong with the file, or with a file that it names.
pub fn load_search(args: &FindArgs, style: Style) -> Result<Searchable, Refusal> {
    let searched = config::load_search(&args.file, &args.changes.overrides());
    let searched = searched.map_err(|d| refusal(&d, style))?;
    let inputs = searched.inputs.iter();
    let data = inputs.clone().filter(|i| i.kind == InputKind::Trace);
    Ok(Searchable {
        space: space_of(&searched),
        warnings: searched.warnings.render(style),
        data: data.map(digest).collect(),
        inputs: inputs.map(digest).collect(),
        resolved: searched.resolved,
        design: searched.design,
        maker: searched.maker,
    })
}

fn space_of(searched: &Searched) -> Space {
    let design = &searched.design;
    let constraints = design.objective.as_ref().map(|o| &o.subject_to[..]);
    Space::new(
        searched.parts.clone(),
        &design.axes,
        constraints.unwrap_or_default(),
    )
}

/// Reads one variant of an experiment for `sensitivity`.
///
/// # Errors
/// Something is wrong with the file, with a file that it names, or with what is asked of it.
pub fn study(
    file: &Path,
    overrides: &Overrides,
    ask: &Ask,
    style: Style,
) -> Result<Study, Refusal> {
    config::study(file, overrides, ask).map_err(|d| refusal(&d, style))
}

/// The digests of what was read for a study, and of the recorded data among it.
pub fn digests(study: &Study) -> (Vec<FileDigest>, Vec<FileDigest>) {
    let data = study.inputs().iter().filter(|i| i.kind == InputKind::Trace);
    (
        study.inputs().iter().map(digest).collect(),
        data.map(digest).collect(),
    )
}

/// Reads a model or an experiment for `check`.
///
/// # Errors
/// Something is wrong with it.
pub fn check(file: &Path, style: Style) -> Result<Report, Refusal> {
    let checked = config::check_file(file, &Overrides::default());
    match checked.map_err(|d| refusal(&d, style))? {
        Checked::Model(model) => {
            let system = &model.system;
            let workers: usize = system.services.iter().map(|s| s.worker_count()).sum();
            Ok(Report {
                about: format!(
                    "a model: {}, {}, {}",
                    counted(system.sources.len(), "source"),
                    counted(system.services.len(), "service"),
                    counted(workers, "worker")
                ),
                forecast: remarks(system),
                warnings: model.warnings.render(style),
                resolved: model.resolved,
            })
        }
        Checked::Search(searched) => {
            let design = &searched.design;
            let space = space_of(&searched);
            Ok(Report {
                about: format!(
                    "an experiment for `veltrix find`: {}, {}",
                    counted(design.variants.len(), "variant"),
                    counted(usize::try_from(space.size()).unwrap_or(usize::MAX), "point"),
                ),
                warnings: searched.warnings.render(style),
                resolved: searched.resolved,
                forecast: String::new(),
            })
        }
        Checked::Experiment(loaded) => {
            let design = &loaded.design;
            Ok(Report {
                about: format!(
                    "an experiment: {}, {}, {}",
                    counted(design.variants.len(), "variant"),
                    counted(design.points.len(), "point"),
                    most(design, counted(design.trial_count(), "trial"))
                ),
                forecast: remarks_of_all(design) + &summary::forecast(design).unwrap_or_default(),
                warnings: loaded.warnings.render(style),
                resolved: loaded.resolved,
            })
        }
    }
}

/// What is to be said of a model that is right.
fn remarks(system: &SystemSpec) -> String {
    amplification(system).unwrap_or_default() + &lints(system).unwrap_or_default()
}

/// The same of all points; each line once.
fn remarks_of_all(design: &Design) -> String {
    let mut said: Vec<String> = Vec::new();
    for point in &design.points {
        let all = [amplification(&point.system), lints(&point.system)];
        for remark in all.into_iter().flatten() {
            if !said.contains(&remark) {
                said.push(remark);
            }
        }
    }
    said.concat()
}

/// Trials where a point may have enough of them sooner.
fn most(design: &Design, trials: String) -> String {
    match design.stopping {
        Some(_) => format!("at most {trials}"),
        None => trials,
    }
}

fn counted(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

fn digest(input: &InputFile) -> FileDigest {
    FileDigest {
        path: input.path.clone(),
        blake3: input.digest.clone(),
    }
}

/// What is shown, and which exit code the class of the trouble has.
pub fn refusal(diagnostics: &Diagnostics, style: Style) -> Refusal {
    Refusal {
        text: diagnostics.render(style),
        exit: match diagnostics.class() {
            Class::Io => Exit::Trouble,
            Class::Input | Class::Limit => Exit::Wrong,
        },
    }
}
