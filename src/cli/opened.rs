//! Which trial is meant: by a token and the experiment that it comes from.

use std::path::Path;

use super::exit::Exit;
use super::source::{self, Loaded, Refusal};
use crate::config::{Overrides, Style};
use crate::experiment::TRAJECTORY;
use crate::experiment::design::Design;
use crate::experiment::incident::{Case, Token};
use crate::experiment::warm_up;
use crate::report::manifest::FileDigest;

/// A trial that can be run again.
pub struct Opened {
    /// The trial.
    pub case: Case,
    /// Its token.
    pub token: Token,
    /// The name of its experiment.
    pub name: String,
    /// Its variant, with its values on the axes: `after, workers.count = 25`.
    pub label: String,
    /// Every file that was read.
    pub inputs: Vec<FileDigest>,
}

/// Finds the trial that a token names in an experiment.
///
/// # Errors
/// It is no token, of another engine, or of another experiment.
pub fn open(
    what: &str,
    experiment: &Path,
    overrides: &Overrides,
    style: Style,
) -> Result<Opened, Refusal> {
    let token: Token = what.parse().map_err(|e| {
        let shown = crate::base::units::shown(what);
        wrong(format!("error: {shown} is no token: {e}\n"))
    })?;
    if token.trajectory != TRAJECTORY {
        return Err(not_reproduced(format!(
            "error[VX5001]: the token is of trajectory version {}, this is {TRAJECTORY}: install a \
             version of veltrix with that one (CHANGELOG.md says which)\n",
            token.trajectory
        )));
    }
    let loaded = source::load_file(experiment, overrides, style)?;
    named(&token, &loaded).map_err(|why| {
        not_reproduced(format!(
            "error[VX5001]: {} has no such trial: {why}\n",
            experiment.display()
        ))
    })
}

/// The trial of a design that a token names; the text says why there is none.
fn named(token: &Token, loaded: &Loaded) -> Result<Opened, String> {
    let design = &loaded.design;
    let case = |point: usize| {
        let mut case = Case::of(design, point, token.replication, None);
        case.run.seed = token.seed;
        case.trigger = token.trigger;
        case
    };
    let hint = usize::try_from(token.point).unwrap_or(usize::MAX);
    let others = (0..design.points.len()).filter(|&p| p != hint);
    let points = (hint < design.points.len()).then_some(hint).into_iter();
    let found = points
        .chain(others)
        .find(|&p| case(p).digest() == token.digest);
    let Some(point) = found else {
        let hex = |digest: [u8; 6]| digest.map(|b| format!("{b:02x}")).concat();
        let here = case(hint.min(design.points.len().saturating_sub(1))).digest();
        return Err(format!(
            "the token is of a system with digest {}, and that of its point has {}",
            hex(token.digest),
            hex(here)
        ));
    };
    let mut case = case(point);
    if let Some(found) = warm_up::again(design).map_err(|e| e.to_string())? {
        case.run.timing.warm_up = found;
    }
    Ok(Opened {
        case,
        token: *token,
        name: design.name.clone(),
        label: label(design, point),
        inputs: loaded.inputs.clone(),
    })
}

/// A point in words.
pub fn label(design: &Design, point: usize) -> String {
    let mut words = vec![design.variants[design.points[point].variant].name.clone()];
    for (path, value) in design.settings(point) {
        words.push(format!(
            "{} = {value}",
            crate::report::summary::short_path(path)
        ));
    }
    words.join(", ")
}

fn wrong(text: String) -> Refusal {
    Refusal {
        text,
        exit: Exit::Wrong,
    }
}

fn not_reproduced(text: String) -> Refusal {
    Refusal {
        text,
        exit: Exit::NotReproduced,
    }
}
