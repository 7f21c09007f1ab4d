//! `veltrix hunt FILE`: runs many seeds of a point up to their first incident, says how often which
//! come, writes the folder.

mod swarm;
mod target;
mod verify;
mod watch;

use std::path::{Path, PathBuf};

use super::args::Format;
use super::exit::Exit;
use super::host::{Clock, host, quoted};
use super::hunt_args::HuntArgs;
use super::interrupt::Interrupt;
use super::recorded::Provenance;
use super::source::Refusal;
use super::streams::Streams;
use crate::base::codes::Code;
use crate::experiment::hunt::{self, Found, Hunt, LINGER, Same, Shot, Systems};
use crate::experiment::run::RunError;
use crate::report::folder::{self, Folder, FolderError, Place};
use crate::report::hunt::{self as report, Hunted};
use crate::report::kept::Kept;
use crate::report::manifest::{self, Manifest};
use crate::report::partial::{self, Partial};
use swarm::Swarm;
use target::{Counts, Target};
use watch::Watcher;

/// Hunts in a file, or verifies that an incident is gone.
pub fn hunt(args: &HuntArgs, streams: &mut Streams<'_>, terminal: bool) -> Exit {
    let watched = terminal && !args.quiet;
    let ended = match &args.verify {
        Some(token) => verify::verify(args, token, streams, watched),
        None => begin(args, streams, watched),
    };
    ended.unwrap_or_else(|stop| match stop {
        Stop::Folder(error) => streams.refuse(&error),
        Stop::Said(text, exit) => {
            streams.say(&text);
            exit
        }
    })
}

/// Why a hunt ends before its time.
pub enum Stop {
    /// Something to be said.
    Said(String, Exit),
    /// Results cannot be kept.
    Folder(FolderError),
}

impl Stop {
    /// Of seeds that did not all run.
    fn of(error: &RunError, interrupt: &Interrupt, next: &str) -> Stop {
        match error {
            RunError::NoThreads(_) => Stop::Said(format!("error: {error}\n"), Exit::Trouble),
            RunError::Stopped(_) => Stop::Said(
                format!("interrupted[{}]: {next}\n", Code::INTERRUPTED),
                interrupt.exit().unwrap_or(Exit::Interrupted),
            ),
        }
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Said(refusal.text, refusal.exit)
    }
}

impl From<FolderError> for Stop {
    fn from(error: FolderError) -> Stop {
        Stop::Folder(error)
    }
}

fn begin(args: &HuntArgs, streams: &mut Streams<'_>, watched: bool) -> Result<Exit, Stop> {
    let overrides = args.edits.changes().overrides();
    let target = Target::open(args, &overrides, streams.style)?;
    streams.say(&target.loaded.warnings);
    let counts = target.counts(&args.kinds)?;
    let systems: Box<dyn Systems + '_> = match args.swarm {
        true => Box::new(Swarm::of(args, &target, &overrides, streams.style)?),
        false => Box::new(Same::of(target.case.clone(), target.point)),
    };
    let resolved = resolved(args, &target, &counts);
    let digest = manifest::digest(&resolved, &target.loaded.data);
    let name = format!(
        "{}-hunt-{}",
        target.loaded.design.name,
        folder::short(&digest)
    );
    let runs = || Path::new("runs").join(name);
    let path = args.out.clone().unwrap_or_else(runs);
    match folder::look(&path, &digest)? {
        Place::Done(_) if !args.force => {
            partial::tidy(&path, &digest);
            return already_done(args, &path, streams);
        }
        Place::Other(manifest) if !args.force => {
            return Err(folder::other(&path, &manifest).into());
        }
        _ => {}
    }
    let interrupt = Interrupt::listen();
    let partial = Partial::open(&path, &digest, args.force)?;
    Job {
        args,
        target: &target,
        counts,
        systems: &*systems,
        resolved,
        digest,
        watched,
    }
    .execute(partial, &interrupt, streams)
}

/// What decides what comes out: what is asked, and the experiment in full.
fn resolved(args: &HuntArgs, target: &Target, counts: &Counts) -> String {
    let kinds = counts.named.as_ref();
    let kinds = kinds.map(|kinds| kinds.iter().map(|k| k.name()).collect::<Vec<_>>());
    let asked = serde_json::json!({
        "variant": target.variant(),
        "at": target.at_axes(),
        "seeds": [args.seeds.start.to_string(), args.seeds.end.to_string()],
        "for": kinds,
        "whole": args.whole,
        "swarm": args.swarm,
        "linger_ns": LINGER,
    });
    format!("# hunt: {asked}\n\n{}", target.loaded.resolved)
}

/// A hunt that may begin.
struct Job<'a> {
    args: &'a HuntArgs,
    target: &'a Target,
    counts: Counts,
    systems: &'a dyn Systems,
    resolved: String,
    digest: String,
    watched: bool,
}

impl Job<'_> {
    fn execute(
        &self,
        partial: Partial,
        interrupt: &Interrupt,
        streams: &mut Streams<'_>,
    ) -> Result<Exit, Stop> {
        let (args, clock) = (self.args, Clock::start());
        let total = args.seeds.end - args.seeds.start;
        let (keep, before) = Kept::open::<Shot>(&partial, &self.digest)?;
        let kept = before.len();
        if kept > 0 && !args.quiet {
            streams.say(&format!("resumed: {kept} of {total} seeds were kept\n"));
        }
        let hunt = Hunt {
            seeds: args.seeds.clone(),
            kinds: self.counts.kinds,
            whole: args.whole,
        };
        let watcher = Watcher::new(total, interrupt.stop(), self.watched).keeping(&keep, before);
        let shots = hunt::run(&hunt, self.systems, args.threads.count(), &watcher);
        let (so_far, trouble) = watcher.finish();
        if let Some(error) = trouble {
            return Err(error.into());
        }
        let shots = shots.map_err(|error| {
            let next = match so_far {
                0 => "the same command starts again",
                _ => "the same command resumes",
            };
            let kept = format!("{so_far} of {total} seeds are kept; {next}");
            Stop::of(&error, interrupt, &kept)
        })?;
        let found = Found::of(&shots, self.target.loaded.design.confidence);
        let host = host(
            found.events,
            kept,
            args.threads.count(),
            clock.time(),
            &Provenance::new(&args.file, &args.edits.changes().overrides()),
        );
        self.finish(partial, &hunt, &shots, &found, &host, streams)
    }

    fn finish(
        &self,
        partial: Partial,
        hunt: &Hunt,
        shots: &[Shot],
        found: &Found,
        host: &[u8],
        streams: &mut Streams<'_>,
    ) -> Result<Exit, Stop> {
        let (target, args) = (self.target, self.args);
        let (at, replay) = (target.at_axes(), target.replay(args));
        let hunted = Hunted {
            name: &target.loaded.design.name,
            label: &target.label,
            variant: target.variant(),
            at: &at,
            hunt,
            kinds: self.counts.named.as_deref(),
            swarm: args.swarm,
            confidence: target.loaded.design.confidence,
            shots,
            found,
            replay: &replay,
        };
        let path = partial.path().to_owned();
        let mut folder = Folder::begin(partial)?;
        self.write(&mut folder, hunted, host)?;
        folder.finish()?;
        let exit = exit(args, found.failed, found.caught);
        if args.format == Format::Json {
            return Ok(streams.data(&report::json_bytes(hunted), exit));
        }
        if args.quiet {
            return Ok(exit);
        }
        let text = format!("{}files   {}\n", report::print(hunted), path.display());
        Ok(streams.data(text.as_bytes(), exit))
    }

    fn write(
        &self,
        folder: &mut Folder,
        hunted: Hunted<'_>,
        host: &[u8],
    ) -> Result<(), FolderError> {
        for (name, bytes) in report::files(hunted, &self.resolved) {
            folder.write(&name, &bytes)?;
        }
        let origin = manifest::Origin {
            digest: self.digest.clone(),
            overrides: options(self.args),
            command: self.command(),
            inputs: self.target.loaded.inputs.clone(),
        };
        let manifest = Manifest {
            failed: usize::try_from(hunted.found.failed).unwrap_or(usize::MAX),
            ..Manifest::of(
                hunted.name,
                hunted.hunt.seeds.start,
                origin,
                folder.outputs(),
            )
        };
        folder.write_unlisted("host.json", host)?;
        folder.write_unlisted(manifest::NAME, &manifest.bytes())
    }

    fn command(&self) -> String {
        let file = self.args.file.file_name().unwrap_or_default();
        let mut words = vec!["veltrix hunt".to_owned(), quoted(&file.to_string_lossy())];
        words.extend(options(self.args));
        words.join(" ")
    }
}

/// Options that change what comes out, in one order.
fn options(args: &HuntArgs) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |name: &str, value: &str| all.push(format!("--{name} {}", quoted(value)));
    if let Some(variant) = &args.variant {
        add("variant", variant);
    }
    args.at.iter().for_each(|at| add("at", at));
    add(
        "seeds",
        &format!("{}..{}", args.seeds.start, args.seeds.end),
    );
    if !args.kinds.is_empty() {
        add("for", &args.kinds.join(","));
    }
    let flags = [("--whole", args.whole), ("--swarm", args.swarm)];
    let flags = flags.iter().filter(|(_, given)| *given);
    all.extend(flags.map(|(flag, _)| (*flag).to_owned()));
    all.extend(args.edits.changes().words());
    all
}

/// How a hunt ends with so many seeds that failed, and so many with an incident.
fn exit(args: &HuntArgs, failed: u64, caught: u64) -> Exit {
    let failed = usize::try_from(failed).unwrap_or(usize::MAX);
    Exit::of_run(failed, args.fail_if_any.then_some(caught == 0))
}

fn already_done(args: &HuntArgs, path: &Path, streams: &mut Streams<'_>) -> Result<Exit, Stop> {
    let json = read(&path.join(report::JSON))?;
    let object: serde_json::Value = serde_json::from_slice(&json).unwrap_or_default();
    let count = |key: &str| object.get(key).and_then(serde_json::Value::as_u64);
    let exit = exit(
        args,
        count("failed").unwrap_or(0),
        count("caught").unwrap_or(0),
    );
    if args.format == Format::Json {
        return Ok(streams.data(&json, exit));
    }
    if args.quiet {
        return Ok(exit);
    }
    streams.say("already done; `--force` hunts again\n");
    let mut text = read(&path.join(report::STORY))?;
    text.extend(format!("files   {}\n", path.display()).bytes());
    Ok(streams.data(&text, exit))
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Stop> {
    std::fs::read(file).map_err(|e| {
        let (code, file) = (Code::UNREADABLE, file.display());
        let text = format!("error[{code}]: cannot read `{file}`: {e}\n");
        Stop::Said(text, Exit::Trouble)
    })
}
