//! Incident files: a trial with everything that it takes to run it again, and what came out.
//!
//! They come from other people: nothing in one is believed before it is checked, and nothing but
//! simulated things happens because of one.

mod looked;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use looked::Looked;

use super::exit::Exit;
use super::opened::{Opened, not_reproduced, wrong};
use super::recorded::Record;
use super::source::Refusal;
use crate::base::units::{Nanos, shown};
use crate::config::{self, Style, Written};
use crate::experiment::design::Design;
use crate::experiment::incident::case::without_zeros;
use crate::experiment::incident::{Case, Token, Trigger, hex};
use crate::experiment::results::Results;
use crate::experiment::{TRAJECTORY, budget};
use crate::model::incident::Kind;
use crate::model::tally::Wanted;
use crate::model::trial::{Horizon, LookFor, RunSpec, Timing, TrialOutput, Width};
use crate::report::incidents::{Tokens, headline};
use crate::report::summary::{View, label};

/// Goes up when a field changes its meaning or goes away.
pub const FORMAT: u32 = 1;

/// Largest file that is read.
const LARGEST: u64 = 16 << 20;

/// Most bytes of data that are put into a file; a trial with more has none.
const MOST_DATA: usize = 8 << 20;

/// The content of an incident file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentFile {
    /// `veltrix`: what this is for.
    pub program: String,
    /// The form of the file.
    pub format: u32,
    /// The program's version that wrote it.
    pub version: String,
    /// The engine's trajectory version.
    pub trajectory: u32,
    /// The token of the incident.
    pub token: String,
    /// One line that says what happened.
    pub headline: String,
    /// The name of the experiment.
    pub experiment: String,
    /// The point, in words.
    pub point: String,
    /// As text: a number of 64 bits does not survive every reader.
    pub seed: String,
    /// Which replication.
    pub replication: u32,
    /// Times of the run, nanoseconds.
    pub timing: Times,
    /// What was looked for.
    pub detectors: Looked,
    /// What is meant.
    pub trigger: Option<Meant>,
    /// When it fired, nanoseconds.
    pub at_ns: Option<Nanos>,
    /// Hash of the sequence of events, times and kinds; 16 hex digits, as the next two.
    pub fingerprint: String,
    /// Hash of what every request was when it was born: of what was drawn.
    pub demand: String,
    /// Hash of all that was counted, where the trial was run for this file.
    pub counters: Option<String>,
    /// Fingerprints at 64 moments of the run.
    pub stations: Vec<String>,
    /// The model file.
    pub model: String,
    /// Data that it names: names and texts.
    pub files: Vec<(String, String)>,
}

/// Times of a run, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    warm_up: Nanos,
    /// What was stated: less where the warm-up was to be found.
    stated_warm_up: Nanos,
    /// `None`: as long as its traces.
    horizon: Option<Nanos>,
    drain: Nanos,
    window: Nanos,
}

/// What is meant of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meant {
    detector: Kind,
    nth: u32,
}

impl IncidentFile {
    /// The file of a case, with what came out of it; `None`: it can't be written exactly, or has
    /// too much data.
    pub fn of(
        case: &Case,
        token: &Token,
        (experiment, point, headline): (&str, &str, &str),
        output: &Came,
    ) -> Option<IncidentFile> {
        let Written {
            text,
            files,
            inexact,
        } = config::write_model(&case.system);
        let data: usize = files.iter().map(|(_, text)| text.len()).sum();
        if !inexact.is_empty() || data > MOST_DATA {
            return None;
        }
        let timing = case.run.timing;
        let hex = |number: u64| format!("{number:016x}");
        Some(IncidentFile {
            program: "veltrix".into(),
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            trajectory: TRAJECTORY,
            token: token.to_string(),
            headline: headline.into(),
            experiment: experiment.into(),
            point: point.into(),
            seed: case.run.seed.to_string(),
            replication: case.run.replication,
            timing: Times {
                warm_up: timing.warm_up,
                stated_warm_up: case.stated.warm_up,
                horizon: match timing.horizon {
                    Horizon::For(time) => Some(time),
                    Horizon::Trace => None,
                },
                drain: timing.drain,
                window: timing.window,
            },
            detectors: Looked::of(&case.run.look_for.rules),
            trigger: token.trigger.map(|t| Meant {
                detector: t.kind,
                nth: t.nth,
            }),
            at_ns: output.at,
            fingerprint: hex(output.fingerprint),
            demand: hex(output.demand),
            counters: output.counters.map(hex),
            stations: output.stations.iter().map(|&s| hex(s)).collect(),
            model: text,
            files,
        })
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("plain data has a form in JSON");
        bytes.push(b'\n');
        bytes
    }
}

/// What came out of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// When the incident fired.
    pub at: Option<Nanos>,
    /// Hash of the sequence of events.
    pub fingerprint: u64,
    /// Hash of what was drawn.
    pub demand: u64,
    /// Hash of what was counted, if that is known of this very trial.
    pub counters: Option<u64>,
    /// Fingerprints on the way.
    pub stations: Vec<u64>,
}

impl Came {
    /// Of a case that was run.
    pub fn of(output: &TrialOutput, at: Option<Nanos>) -> Came {
        let text = without_zeros(&format!("{:?}", output.tally));
        let hash = blake3::hash(text.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hash.as_bytes()[..8]);
        Came {
            at,
            fingerprint: output.fingerprint,
            demand: output.demand,
            counters: Some(u64::from_be_bytes(first)),
            stations: output.stations.clone(),
        }
    }
}

/// The incident files of a run: for the point that speaks for each variant the first episode of
/// each kind, with their names.
pub fn of_run(design: &Design, results: &Results) -> Vec<(String, Vec<u8>)> {
    let mut tokens = Tokens::new(design, results);
    let warm_up = results.warm_up.as_ref().map(|found| found.time);
    let mut files = Vec::new();
    for point in (View { design, results }).speakers() {
        let mut seen: Vec<Kind> = Vec::new();
        let of_point = results.trials.iter().filter(|trial| trial.point == point);
        for trial in of_point {
            for (number, episode) in trial.incidents.episodes.iter().enumerate() {
                if seen.contains(&episode.kind) {
                    continue;
                }
                seen.push(episode.kind);
                let mut case = Case::of(design, point, trial.replication, warm_up);
                case.trigger = Trigger::of(&trial.incidents, number);
                let token = tokens.of(trial, Some(number));
                let rules = &case.run.look_for.rules;
                let head = headline(&case.system, rules, episode);
                let label = label(design, point);
                let came = Came {
                    at: Some(episode.at),
                    fingerprint: trial.fingerprint,
                    demand: trial.demand,
                    counters: None,
                    stations: trial.stations.clone(),
                };
                let names = (design.name.as_str(), label.as_str(), head.as_str());
                let variant = &design.variants[design.points[point].variant].name;
                let name = format!("incidents/{}-{}.json", plain(variant), episode.kind.name());
                let file = IncidentFile::of(&case, &token, names, &came);
                files.extend(file.map(|file| (name, file.bytes())));
            }
        }
    }
    files
}

/// A name that is fit for a file.
fn plain(text: &str) -> String {
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.chars()
        .map(|c| if fine(c) { c } else { '-' })
        .take(64)
        .collect()
}

/// Opens a trial from an incident file. With `force` a file whose model is not that of its token is
/// run all the same, and said so.
///
/// # Errors
/// It can't be read, is none, is of a newer version, or contradicts itself.
pub fn open(path: &Path, force: bool, style: Style) -> Result<(Opened, String), Refusal> {
    let name = path.display();
    let text = read(path)?;
    let file = parse(&text).map_err(|why| wrong(format!("error[VX1002]: `{name}`: {why}\n")))?;
    if file.trajectory != TRAJECTORY {
        return Err(not_reproduced(format!(
            "error[VX5001]: `{name}` needs veltrix {} (trajectory version {}), this is {} \
             (trajectory version {TRAJECTORY})\nhelp: install veltrix {}\n",
            shown(&file.version),
            file.trajectory,
            env!("CARGO_PKG_VERSION"),
            shown(&file.version),
        )));
    }
    let opened = made(path, file, style)?;
    let digest = opened.case.digest();
    let (run, token) = (&opened.case.run, &opened.token);
    let same = run.seed == token.seed
        && run.replication == token.replication
        && opened.case.trigger == token.trigger;
    if digest == token.digest && same {
        return Ok((opened, String::new()));
    }
    let what = match digest == token.digest {
        true => "the seed, replication or incident in it is not that of its token".to_owned(),
        false => format!(
            "the model in it has the digest {}, and its token is of {}",
            hex(digest),
            hex(token.digest)
        ),
    };
    let text = format!("error[VX5001]: `{name}`: {what}\n");
    match force {
        true => {
            let text = text.replace("error[", "warning[");
            let note = "what follows is another run than the token's, as `--force` says";
            Ok((opened, format!("{text}note: {note}\n")))
        }
        false => {
            let help = "the file was changed by hand; `--force` runs what is in it\n";
            Err(not_reproduced(format!("{text}help: {help}")))
        }
    }
}

fn read(path: &Path) -> Result<String, Refusal> {
    let name = path.display();
    let trouble = |why: String| Refusal {
        text: format!("error[VX1001]: cannot read `{name}`: {why}\n"),
        exit: Exit::Trouble,
    };
    let why = |e: std::io::Error| {
        let text = e.to_string();
        trouble(
            text.split(" (os error")
                .next()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let meta = std::fs::metadata(path).map_err(why)?;
    if !meta.is_file() {
        return Err(trouble("it is no regular file".into()));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(why)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(why)?;
    if bytes.len() as u64 > LARGEST {
        let text = format!("error[VX1014]: `{name}` is too large for an incident file\n");
        return Err(wrong(text));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(wrong(format!("error[VX1013]: `{name}` is empty\n")));
    }
    String::from_utf8(bytes)
        .map_err(|_| wrong(format!("error[VX1002]: `{name}` is no text in UTF-8\n")))
}

/// The content of a text; what is wrong with it says the line.
fn parse(text: &str) -> Result<IncidentFile, String> {
    #[derive(Deserialize)]
    struct Head {
        program: Option<String>,
        format: Option<u32>,
        version: Option<String>,
    }
    let at = |e: &serde_json::Error| match e.is_eof() {
        true => format!("it is incomplete: it ends at line {}", e.line()),
        false => {
            let why = e.to_string();
            let why = why.split(" at line").next().unwrap_or_default();
            let why: String = why.chars().filter(|c| !c.is_control()).take(200).collect();
            format!("line {}: {why}", e.line())
        }
    };
    let head: Head = serde_json::from_str(text).map_err(|e| at(&e))?;
    if head.program.as_deref() != Some("veltrix") {
        return Err("it is no incident file of veltrix".into());
    }
    if head.format.is_none_or(|format| format > FORMAT) {
        let version = shown(head.version.as_deref().unwrap_or("a newer one"));
        return Err(format!(
            "it needs veltrix {version}, this is {}: install that version",
            env!("CARGO_PKG_VERSION")
        ));
    }
    serde_json::from_str(text).map_err(|e| at(&e))
}

/// The trial of a file.
fn made(path: &Path, file: IncidentFile, style: Style) -> Result<Opened, Refusal> {
    let name = path.display();
    let bad = |why: String| wrong(format!("error[VX1002]: `{name}`: {why}\n"));
    let system = config::read_written(&file.model, &file.files);
    let system = system.map_err(|d| super::source::refusal(&d, style))?;
    let token: Token = file
        .token
        .parse()
        .map_err(|e| bad(format!("its token: {e}")))?;
    let seed = file.seed.parse();
    let seed = seed.map_err(|_| bad("its seed is no number".into()))?;
    let times = file.timing;
    let stated = Timing {
        warm_up: times.stated_warm_up,
        horizon: times.horizon.map_or(Horizon::Trace, Horizon::For),
        drain: times.drain,
        window: times.window.max(1),
    };
    let timing = Timing {
        warm_up: times.warm_up,
        ..stated
    };
    let rules = file.detectors.rules().map_err(&bad)?;
    for own in &rules.own {
        let there = own.metric.check(&system);
        there.map_err(|_| bad("its condition is about what its model does not have".into()))?;
        let known = crate::model::incident::Reading::of(&own.metric, &system);
        known.map_err(|why| bad(format!("its condition: {why}")))?;
    }
    let number = |text: &str| {
        u64::from_str_radix(text, 16).map_err(|_| bad("a fingerprint is no number".into()))
    };
    let record = Record {
        from: path.display().to_string(),
        fingerprint: number(&file.fingerprint)?,
        stations: file
            .stations
            .iter()
            .map(|s| number(s))
            .collect::<Result<_, _>>()?,
        demand: Some(number(&file.demand)?),
        counters: file.counters.as_deref().map(number).transpose()?,
    };
    let system = Arc::new(system);
    let case = Case {
        run: RunSpec {
            seed,
            replication: file.replication,
            timing,
            wanted: Wanted::default(),
            series: true,
            look_for: LookFor {
                rules,
                stations: true,
                ..LookFor::default()
            },
            event_budget: budget::of(&system, &timing),
            width: Width::Auto,
            spared: Vec::new(),
        },
        stated,
        system,
        trigger: file.trigger.map(|t| Trigger {
            kind: t.detector,
            nth: t.nth,
        }),
    };
    Ok(Opened {
        case,
        token,
        name: plain(&file.experiment),
        label: file
            .point
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect(),
        record: Some(record),
        inputs: Vec::new(),
    })
}
