//! Which two points are meant: of one or two experiment files, or of one or two directories.

use std::path::Path;

use super::super::args::CompareArgs;
use super::super::exit::Exit;
use super::super::source::{self, Loaded};
use super::super::streams::Streams;
use super::Stop;
use crate::base::codes::Code;
use crate::experiment::compare::choose::{Candidate, Choice, bare, choose, is_axis};
use crate::experiment::compare::contest::Pick;
use crate::report::read_back::{self, ReadBack};

/// Where the two sides come from.
pub enum Found {
    /// They are to be run.
    Files(Box<Files>),
    /// They were run.
    Folders(Box<Folders>),
}

/// Two points of experiments.
pub struct Files {
    sides: [(Loaded, usize); 2],
    names: [String; 2],
    shown: [String; 2],
}

/// Two points of directories.
pub struct Folders {
    sides: [(ReadBack, usize); 2],
    /// What they are called.
    pub names: [String; 2],
    shown: [String; 2],
}

impl Files {
    /// One of the sides, 0 or 1.
    pub fn pick(&self, side: usize) -> Pick<'_> {
        let (loaded, point) = &self.sides[side];
        Pick {
            design: &loaded.design,
            point: *point,
            name: &self.names[side],
        }
    }

    /// Refuses what does not agree.
    pub fn agree(&self, found: &[(&'static str, String, String)]) -> Result<(), Stop> {
        let help = "what must be equal can be given for both: --seed, --horizon, --replications";
        agree(&self.shown, found, help)
    }
}

impl Folders {
    /// One of the sides, with the index of its point.
    pub fn side(&self, side: usize) -> (&ReadBack, usize) {
        let (folder, point) = &self.sides[side];
        (folder, *point)
    }

    /// Refuses what does not agree.
    pub fn agree(&self, found: &[(&'static str, String, String)]) -> Result<(), Stop> {
        agree(
            &self.shown,
            found,
            "run one of them again so that both agree",
        )
    }
}

fn agree(
    shown: &[String; 2],
    found: &[(&'static str, String, String)],
    help: &str,
) -> Result<(), Stop> {
    if found.is_empty() {
        return Ok(());
    }
    let either = |text: &str| if text.is_empty() { "none" } else { text }.to_owned();
    let all: Vec<String> = found
        .iter()
        .map(|(name, a, b)| format!("{name} {} and {}", either(a), either(b)))
        .collect();
    Err(Stop {
        text: format!(
            "error[{}]: `{}` and `{}` cannot be compared: {}\nhelp: {help}\n",
            Code::INCOMPARABLE,
            shown[0],
            shown[1],
            all.join(", ")
        ),
        exit: Exit::Wrong,
    })
}

/// Finds the two sides.
pub fn find(args: &CompareArgs, streams: &mut Streams<'_>) -> Result<Found, Stop> {
    let folders = args.inputs.iter().filter(|p| p.is_dir()).count();
    match folders {
        0 => files(args, streams).map(Box::new).map(Found::Files),
        n if n == args.inputs.len() => folders_of(args, streams).map(Box::new).map(Found::Folders),
        _ => Err(Stop::wrong(
            "a file and a directory cannot be compared",
            "give two files, or two directories of results",
        )),
    }
}

/// The path of a side.
fn input(args: &CompareArgs, side: usize) -> &Path {
    args.inputs.get(side).unwrap_or(&args.inputs[0])
}

fn shown(args: &CompareArgs) -> [String; 2] {
    [0, 1].map(|side| input(args, side).display().to_string())
}

const OPTIONS: [&str; 2] = ["--a", "--b"];

/// What the options say of a side: its variant, and `PATH=VALUE`s.
fn said(args: &CompareArgs, side: usize) -> (Option<String>, Vec<&str>) {
    let (variant, set) = match side {
        0 => (&args.a, &args.a_set),
        _ => (&args.b, &args.b_set),
    };
    (variant.clone(), set.iter().map(String::as_str).collect())
}

/// Whether the first and second of two points are meant without a word.
fn first_and_second(args: &CompareArgs, points: usize) -> bool {
    let silent = |side: usize| matches!(said(args, side), (None, set) if set.is_empty());
    args.inputs.len() == 1 && points == 2 && silent(0) && silent(1)
}

fn chosen(candidates: &[Candidate], choice: &Choice, side: usize) -> Result<usize, Stop> {
    choose(candidates, choice, OPTIONS[side]).map_err(|e| Stop::wrong(&e.message, &e.help))
}

/// Says which point a swept variant stands for when no value is given.
fn first_note(
    args: &CompareArgs,
    candidates: &[Candidate],
    choice: &Choice,
    side: usize,
) -> String {
    let (Some(variant), true, false) = (&choice.variant, choice.set.is_empty(), args.quiet) else {
        return String::new();
    };
    let points = candidates.iter().filter(|c| c.variant == *variant).count();
    if points < 2 {
        return String::new();
    }
    let option = OPTIONS[side];
    format!(
        "note: `{option} {variant}` is the first of {points} points; \
         `{option}-set PATH=VALUE` chooses another\n"
    )
}

fn split(text: &str) -> (String, String) {
    let (path, value) = text.split_once('=').unwrap_or((text, ""));
    (path.trim().to_owned(), bare(value).to_owned())
}

fn files(args: &CompareArgs, streams: &mut Streams<'_>) -> Result<Files, Stop> {
    let mut told: Vec<String> = Vec::new();
    let mut side = |i: usize| -> Result<(Loaded, usize, String), Stop> {
        let (loaded, choice, patches) = loaded(args, i, streams)?;
        if !told.contains(&loaded.warnings) {
            streams.say(&loaded.warnings);
            told.push(loaded.warnings.clone());
        }
        let candidates = Candidate::of(&loaded.design);
        let point = match first_and_second(args, candidates.len()) {
            true => i,
            false => chosen(&candidates, &choice, i)?,
        };
        streams.say(&first_note(args, &candidates, &choice, i));
        let mut name = candidates[point].label();
        for patch in patches {
            name.push_str(&format!(", {patch}"));
        }
        Ok((loaded, point, name))
    };
    let (a, b) = (side(0)?, side(1)?);
    let mut names = [a.2, b.2];
    if args.inputs.len() == 2 {
        for (name, path) in names.iter_mut().zip(&args.inputs) {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            *name = format!("{file}: {name}");
        }
    } else if names[0] == names[1] {
        return Err(the_same(&names[0]));
    }
    Ok(Files {
        sides: [(a.0, a.1), (b.0, b.1)],
        names,
        shown: shown(args),
    })
}

fn the_same(name: &str) -> Stop {
    Stop::wrong(
        &format!("A and B are the same point: {name}"),
        "choose two with --a, --b, --a-set and --b-set",
    )
}

/// Loads a side's file: `--a-set` chooses a value of an axis, and sets any other path.
fn loaded(
    args: &CompareArgs,
    side: usize,
    streams: &Streams<'_>,
) -> Result<(Loaded, Choice, Vec<String>), Stop> {
    let load = |more: &[&str]| {
        let mut overrides = args.changes.overrides();
        overrides.set.extend(more.iter().map(|&set| set.to_owned()));
        source::load_file(input(args, side), &overrides, streams.style).map_err(|refusal| Stop {
            text: refusal.text,
            exit: refusal.exit,
        })
    };
    let (variant, set) = said(args, side);
    let first = load(&[])?;
    let candidates = Candidate::of(&first.design);
    let mut choice = Choice {
        variant,
        set: Vec::new(),
    };
    let (axes, patches): (Vec<&str>, Vec<&str>) = set
        .into_iter()
        .partition(|text| is_axis(&candidates, &choice, &split(text).0));
    choice.set = axes.into_iter().map(split).collect();
    let loaded = match patches.is_empty() {
        true => first,
        false => load(&patches)?,
    };
    let patches = patches.into_iter().map(str::to_owned).collect();
    Ok((loaded, choice, patches))
}

fn folders_of(args: &CompareArgs, streams: &mut Streams<'_>) -> Result<Folders, Stop> {
    let useless = [
        ("--set", !args.changes.set.is_empty()),
        ("--seed", args.changes.seed.is_some()),
        ("--replications", args.changes.replications.is_some()),
        ("--horizon", args.changes.horizon.is_some()),
        ("--threads", args.threads.given.is_some()),
    ];
    if let Some((option, _)) = useless.iter().find(|(_, given)| *given) {
        return Err(Stop::wrong(
            &format!("`{option}` has no effect on directories: nothing is run"),
            "leave it out, or give the experiment files",
        ));
    }
    let mut side = |i: usize| -> Result<(ReadBack, usize, String), Stop> {
        let folder = read_back::read(input(args, i)).map_err(|e| Stop {
            text: format!("error[{}]: {e}\nhelp: {}\n", e.code, e.help),
            exit: match e.code {
                Code::UNREADABLE => Exit::Trouble,
                _ => Exit::Wrong,
            },
        })?;
        let (variant, set) = said(args, i);
        let choice = Choice {
            variant,
            set: set.into_iter().map(split).collect(),
        };
        let point = match first_and_second(args, folder.points.len()) {
            true => i,
            false => chosen(&folder.points, &choice, i)?,
        };
        streams.say(&first_note(args, &folder.points, &choice, i));
        let label = folder.points[point].label();
        Ok((folder, point, label))
    };
    let (a, b) = (side(0)?, side(1)?);
    if args.inputs.len() == 1 && a.1 == b.1 {
        return Err(the_same(&a.2));
    }
    let shown = shown(args);
    let names = match args.inputs.len() {
        1 => [a.2, b.2],
        _ => [
            format!("{}: {}", shown[0], a.2),
            format!("{}: {}", shown[1], b.2),
        ],
    };
    Ok(Folders {
        sides: [(a.0, a.1), (b.0, b.1)],
        names,
        shown,
    })
}
