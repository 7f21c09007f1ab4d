//! What is hunted: a point of an experiment, and the kinds of incidents that count.

use super::super::exit::Exit;
use super::super::host::quoted;
use super::super::hunt_args::HuntArgs;
use super::super::source::{self, Loaded, Overrides, Refusal};
use crate::base::units::shown;
use crate::config::Style;
use crate::config::keys::nearest;
use crate::experiment::compare::choose::{Candidate, bare};
use crate::experiment::incident::Case;
use crate::experiment::warm_up;
use crate::model::incident::{DETECTORS, Kind};
use crate::model::trial::Kinds;

/// A point that is hunted.
pub struct Target {
    /// Its experiment.
    pub loaded: Loaded,
    /// Where it stands in the design.
    pub point: usize,
    /// In words.
    pub label: String,
    /// Its trials, but for the seed.
    pub case: Case,
}

/// What counts.
pub struct Counts {
    /// The kinds.
    pub kinds: Kinds,
    /// Their names, where not all that are on were meant.
    pub named: Option<Vec<Kind>>,
}

impl Target {
    /// The point that the options mean.
    ///
    /// # Errors
    /// Something is wrong with the file, or it has no such point.
    pub fn open(args: &HuntArgs, overrides: &Overrides, style: Style) -> Result<Target, Refusal> {
        let loaded = source::load_file(&args.file, overrides, style)?;
        let point = point(args, &Candidate::of(&loaded.design))?;
        Target::at(loaded, point)
    }

    /// A point of an experiment.
    ///
    /// # Errors
    /// The threads for its warm-up cannot be started.
    pub fn at(loaded: Loaded, point: usize) -> Result<Target, Refusal> {
        let found = warm_up::again(&loaded.design).map_err(|e| Refusal {
            text: format!("error: {e}\n"),
            exit: Exit::Trouble,
        })?;
        Ok(Target {
            label: crate::report::summary::label(&loaded.design, point),
            case: Case::of(&loaded.design, point, 0, found),
            loaded,
            point,
        })
    }

    /// The name of its variant.
    pub fn variant(&self) -> &str {
        let design = &self.loaded.design;
        &design.variants[design.points[self.point].variant].name
    }

    /// Its values on the axes.
    pub fn at_axes(&self) -> Vec<(String, String)> {
        let all = Candidate::of(&self.loaded.design);
        all[self.point].settings.clone()
    }

    /// The words of a command that runs one of its trials again.
    pub fn replay(&self, args: &HuntArgs) -> Vec<String> {
        let file = quoted(&args.file.to_string_lossy());
        let mut words = vec![format!("veltrix replay TOKEN {file}")];
        words.extend(args.edits.changes().words());
        words
    }

    /// The kinds that count: those that are named, or all that are on.
    ///
    /// # Errors
    /// One is not known, or not looked for.
    pub fn counts(&self, names: &[String]) -> Result<Counts, Refusal> {
        let on = self.on();
        if on.is_empty() {
            return Err(wrong(
                "nothing is looked for: the file switches every detector off",
                "see [detectors] in docs/format.md",
            ));
        }
        if names.is_empty() {
            return Ok(Counts {
                kinds: Kinds::of(on),
                named: None,
            });
        }
        let mut kinds: Vec<Kind> = Vec::new();
        for name in names {
            let kind = kind(name.trim())?;
            self.is_on(kind)?;
            kinds.push(kind);
        }
        kinds.sort();
        kinds.dedup();
        Ok(Counts {
            kinds: Kinds::of(kinds.iter().copied()),
            named: Some(kinds),
        })
    }

    fn on(&self) -> Vec<Kind> {
        let rules = &self.case.run.look_for.rules;
        let mut kinds: Vec<Kind> = rules.built_in.iter().map(|rule| rule.kind).collect();
        kinds.extend((!rules.own.is_empty()).then_some(Kind::Own));
        kinds
    }

    /// Whether a kind is looked for.
    ///
    /// # Errors
    /// It is not.
    pub fn is_on(&self, kind: Kind) -> Result<(), Refusal> {
        if self.on().contains(&kind) {
            return Ok(());
        }
        let (message, help) = match kind {
            Kind::Own => (
                "the file has no condition of its own".to_owned(),
                "write one: [[incident]] in docs/format.md",
            ),
            _ => (
                format!(
                    "`{}` is not looked for: the file switches it off",
                    kind.name()
                ),
                "see [detectors] in docs/format.md",
            ),
        };
        Err(wrong(&message, help))
    }
}

/// The kind of a name.
fn kind(name: &str) -> Result<Kind, Refusal> {
    let rows = DETECTORS.iter().map(|row| (row.name, row.kind));
    let all: Vec<(&str, Kind)> = rows.chain([(Kind::Own.name(), Kind::Own)]).collect();
    if let Some((_, kind)) = all.iter().find(|(known, _)| *known == name) {
        return Ok(*kind);
    }
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let near = nearest(name, names.iter().copied());
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(wrong(
        &format!("there is no detector {}{hint}", shown(name)),
        &format!("there are: {}", names.join(", ")),
    ))
}

/// The first point of the variant with these values.
fn point(args: &HuntArgs, candidates: &[Candidate]) -> Result<usize, Refusal> {
    let first = candidates.first().map(|c| c.variant.clone());
    let variant = args.variant.clone().or(first).unwrap_or_default();
    let points = candidates.iter().enumerate();
    let mut left: Vec<(usize, &Candidate)> = points.filter(|(_, c)| c.variant == variant).collect();
    if left.is_empty() {
        let mut names: Vec<&str> = candidates.iter().map(|c| c.variant.as_str()).collect();
        names.dedup();
        let near = nearest(&variant, names.iter().copied());
        let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(wrong(
            &format!("there is no variant {}{hint}", shown(&variant)),
            &format!("there are: {}", names.join(", ")),
        ));
    }
    for setting in &args.at {
        let (path, value) = setting.split_once('=').unwrap_or((setting, ""));
        let (path, value) = (path.trim(), bare(value));
        let values = left.iter().flat_map(|(_, c)| &c.settings);
        let values = values.filter(|(p, _)| p == path).map(|(_, v)| v.clone());
        let mut values: Vec<String> = values.collect();
        values.dedup();
        let has = |c: &Candidate| c.settings.iter().any(|(p, v)| p == path && same(v, value));
        left.retain(|(_, c)| has(c));
        if left.is_empty() {
            let help = match values.is_empty() {
                true => format!("it is no axis of {variant}: --set changes other values"),
                false => format!("what is left has: {}", values.join(", ")),
            };
            let message = format!("`--at {}`: no point of {variant} has it", shown(setting));
            return Err(wrong(&message, &help));
        }
    }
    Ok(left[0].0)
}

/// Whether two values are one, however they are written.
fn same(own: &str, value: &str) -> bool {
    let number = |text: &str| text.replace('_', "").parse::<f64>().ok();
    own == value || number(own).is_some_and(|n| number(value) == Some(n))
}

/// A refusal of the command.
pub fn wrong(message: &str, help: &str) -> Refusal {
    Refusal {
        text: format!("error: {message}\nhelp: {help}\n"),
        exit: Exit::Wrong,
    }
}
