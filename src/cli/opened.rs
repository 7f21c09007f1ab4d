//! Which trial is meant: by a token, and the experiment that it comes from or a run that knows it.

use std::path::Path;

use super::exit::Exit;
use super::incident_file;
use super::recorded::{self, Record};
use super::source::{self, Loaded, Refusal};
use crate::config::{self, Overrides, Style};
use crate::experiment::TRAJECTORY;
use crate::experiment::incident::{Case, Token, TokenError, hex};
use crate::experiment::warm_up;
use crate::report::manifest::FileDigest;
use crate::report::summary::label;

/// A trial that can be run again.
pub struct Opened {
    /// The trial.
    pub case: Case,
    /// Its token.
    pub token: Token,
    /// The name of its experiment.
    pub name: String,
    /// Its variant, with its values on the axes: `after 44 x 4 x 4GiB`.
    pub label: String,
    /// What an earlier run wrote down of it.
    pub record: Option<Record>,
    /// Every file that was read.
    pub inputs: Vec<FileDigest>,
}

/// Opens an incident file, or finds the trial that a token names. The text is what its user should
/// know first; empty: nothing.
///
/// # Errors
/// As [`open`] and [`incident_file::open`].
pub fn open_any(
    what: &str,
    experiment: Option<&Path>,
    overrides: &Overrides,
    (force, style): (Force, Style),
) -> Result<(Opened, String), Refusal> {
    if experiment.is_none() && *overrides != Overrides::default() {
        return Err(wrong(
            "error: `--set` and `--horizon` change an experiment: name it after the token\n".into(),
        ));
    }
    let path = Path::new(what);
    let is_file = what.parse::<Token>() == Err(TokenError::NotOne)
        && (path.exists() || what.ends_with(".json"));
    if !is_file {
        if force == Force::Yes {
            let text = "error: `--force` is for incident files; this is a token\n";
            return Err(wrong(text.into()));
        }
        return open(what, experiment, overrides, style).map(|opened| (opened, String::new()));
    }
    let (opened, note) = incident_file::open(path, force == Force::Yes, style)?;
    let Some(file) = experiment else {
        return Ok((opened, note));
    };
    let other = source::load_file(file, overrides, style)?;
    compared(opened, &other, file).map(|opened| (opened, note))
}

/// Whether an incident file that contradicts itself is run all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Force {
    /// It is.
    Yes,
    /// It is refused.
    No,
}

/// The trial of an incident file, if an experiment has it too; else the first line by which their
/// models differ.
fn compared(opened: Opened, loaded: &Loaded, file: &Path) -> Result<Opened, Refusal> {
    if named(&opened.token, loaded).is_ok() {
        return Ok(opened);
    }
    let design = &loaded.design;
    let hint = usize::try_from(opened.token.point).unwrap_or(usize::MAX);
    let point = hint.min(design.points.len().saturating_sub(1));
    let here = Case::of(design, point, 0, None);
    let [there, now] = [&opened.case, &here].map(|case| config::write_model(&case.system).text);
    let mut lines = there.lines().zip(now.lines());
    let differs = match lines.find(|(a, b)| a != b) {
        Some((a, b)) => format!("there is `{a}`, here `{b}`"),
        None => "their times or detectors differ, or one model has more".into(),
    };
    Err(not_reproduced(format!(
        "error[VX5001]: the incident file is of a model with digest {}, and {} has {}: {differs}\n",
        hex(opened.case.digest()),
        file.display(),
        hex(here.digest())
    )))
}

/// Finds the trial that a token names: in an experiment or, without one, in the experiment of a
/// run that has its point.
///
/// # Errors
/// It is no token, of another engine, of another experiment, or of none that is known.
pub fn open(
    what: &str,
    experiment: Option<&Path>,
    overrides: &Overrides,
    style: Style,
) -> Result<Opened, Refusal> {
    let token: Token = what.parse().map_err(|e| {
        let shown = crate::base::units::shown(what);
        wrong(format!(
            "error: {shown} is no token: {e}, and there is no such file\n"
        ))
    })?;
    if token.trajectory != TRAJECTORY {
        return Err(not_reproduced(format!(
            "error[VX5001]: the token is of trajectory version {}, this is {TRAJECTORY}: install a \
             version of veltrix with that one (CHANGELOG.md says which)\n",
            token.trajectory
        )));
    }
    let known = recorded::find(&token);
    let origin = known.as_ref().map(|found| &found.origin);
    let (file, overrides) = match (experiment, origin) {
        (Some(file), _) => (file.to_owned(), overrides.clone()),
        (None, Some(origin)) => (origin.file.clone(), origin.overrides()),
        (None, None) => {
            return Err(wrong(
                "error: no run in `runs/` has this trial\nhelp: name the experiment that it is \
                 from: veltrix ... TOKEN FILE\n"
                    .into(),
            ));
        }
    };
    let loaded = source::load_file(&file, &overrides, style)?;
    let opened = named(&token, &loaded).map_err(|why| {
        not_reproduced(format!(
            "error[VX5001]: {} has no such trial: {why}\n",
            file.display()
        ))
    })?;
    Ok(Opened {
        record: known.and_then(|found| found.record),
        ..opened
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
    let mut points = points.chain(others);
    let Some(point) = points.find(|&p| case(p).digest() == token.digest) else {
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
        record: None,
        inputs: loaded.inputs.clone(),
    })
}

/// The command or a file is wrong.
pub fn wrong(text: String) -> Refusal {
    Refusal {
        text,
        exit: Exit::Wrong,
    }
}

/// What is to be run again cannot be.
pub fn not_reproduced(text: String) -> Refusal {
    Refusal {
        text,
        exit: Exit::NotReproduced,
    }
}
