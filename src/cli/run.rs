//! `veltrix run FILE`: reads, refuses or runs, writes the folder, tells the story.

use std::path::{Path, PathBuf};

use super::args::{Format, RunArgs};
use super::exit::Exit;
use super::host::{Clock, host, quoted};
use super::incident_file;
use super::interrupt::Interrupt;
use super::progress::{Audience, Watched, Watcher};
use super::recorded;
use super::source::{self, Loaded};
use super::streams::Streams;
use crate::base::codes::Code;
use crate::experiment::design::Design;
use crate::experiment::results::Results;
use crate::experiment::run::{Options, RunError, run_with};
use crate::experiment::sample::{Sample, simulate_until};
use crate::model::spec::SystemSpec;
use crate::model::trial::{RunSpec, TrialError, TrialOutput};
use crate::report::charts::Pictures;
use crate::report::folder::{self, Folder, FolderError, Place};
use crate::report::manifest::{self, Manifest, Origin};
use crate::report::partial::{self, Partial};
use crate::report::{attempts_csv, outputs, summary};

/// Runs the experiment of a file.
pub fn run(args: &RunArgs, streams: &mut Streams<'_>, terminal: bool) -> Exit {
    if args.png && !cfg!(feature = "png") {
        streams.say("error: `--png` is not in this build; build it with the feature `png`\n");
        return Exit::Wrong;
    }
    match source::load(args, streams.style) {
        Ok(loaded) => {
            let audience = match terminal && !args.quiet {
                true => Audience::Person,
                false => Audience::Nobody,
            };
            let interrupt = Interrupt::listen();
            let job = Job {
                args,
                loaded,
                audience,
                interrupt: &interrupt,
            };
            job.execute(streams, |spec, run, sample| {
                simulate_until(spec, run, sample, interrupt.stop())
            })
        }
        Err(refusal) => {
            streams.say(&refusal.text);
            refusal.exit
        }
    }
}

/// A run that may begin.
struct Job<'a> {
    args: &'a RunArgs,
    loaded: Loaded,
    audience: Audience,
    interrupt: &'a Interrupt,
}

impl Job<'_> {
    /// Runs what was loaded, by `simulate`, unless it was run before.
    fn execute<S>(&self, streams: &mut Streams<'_>, simulate: S) -> Exit
    where
        S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError> + Sync,
    {
        let (args, design) = (self.args, &self.loaded.design);
        streams.say(&self.loaded.warnings);
        let origin = origin(args, &self.loaded);
        let path = place(args, design, &origin.digest);
        match folder::look(&path, &origin.digest) {
            Err(error) => return streams.refuse(&error),
            Ok(Place::Done(manifest)) if !args.force && has_all(args, &manifest) => {
                partial::tidy(&path, &origin.digest);
                return match args.resume {
                    true => nothing_to_resume(&path, "the run is complete", streams),
                    false => already_done(args, &path, &manifest, streams),
                };
            }
            Ok(Place::Other(manifest)) if !args.force => {
                return streams.refuse(&folder::other(&path, &manifest));
            }
            Ok(_) => {}
        }
        if args.resume && partial::kept(&path, &origin.digest) == 0 {
            return nothing_to_resume(&path, "no trials of this experiment are kept", streams);
        }
        match Partial::open(&path, &origin.digest, args.force) {
            Ok(partial) => self.go_on(partial, &origin, streams, simulate),
            Err(error) => streams.refuse(&error),
        }
    }

    /// Runs the trials that are not kept, and writes what came out of all.
    fn go_on<S>(
        &self,
        partial: Partial,
        origin: &Origin,
        streams: &mut Streams<'_>,
        simulate: S,
    ) -> Exit
    where
        S: Fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError> + Sync,
    {
        let (args, design) = (self.args, &self.loaded.design);
        let (kept, total) = (partial.count(), runs(design));
        if kept > 0 && !args.quiet {
            streams.say(&format!("resumed: {kept} of {total} trials were kept\n"));
        }
        // Without a person, and without a precision to reach, a run that is fine says nothing.
        let asked = design.stopping.is_some() || self.audience == Audience::Person;
        if let Some(forecast) = summary::forecast(design).filter(|_| asked && !args.quiet) {
            streams.say(&forecast);
        }
        let clock = Clock::start();
        let watcher = Watcher::new(design, &partial, self.interrupt.stop(), self.audience);
        let options = Options {
            threads: args.threads.count(),
        };
        let results = run_with(design, options, &watcher, simulate);
        let Watched { trouble, damaged } = watcher.finish();
        for path in damaged {
            let path = path.display();
            streams.say(&format!(
                "warning: `{path}` is damaged: its trial was not kept\n"
            ));
        }
        if let Some(error) = trouble {
            return streams.refuse(&error);
        }
        let results = match results {
            Ok(results) => results,
            Err(error @ RunError::NoThreads(_)) => {
                streams.say(&format!("error: {error}\n"));
                return Exit::Trouble;
            }
            Err(RunError::Stopped(_)) => return self.interrupted(&partial, streams),
        };
        let events = results.trials.iter().map(|t| t.events).sum();
        let host = host(
            events,
            kept,
            args.threads.count(),
            clock.time(),
            &recorded::Provenance::new(&args.file, &args.changes.overrides()),
        );
        let path = partial.path().to_owned();
        let written = Folder::begin(partial).and_then(|mut folder| {
            write(&mut folder, self, &results, origin, &host)?;
            folder.finish()
        });
        if let Err(error) = written {
            return streams.refuse(&error);
        }
        let exit = Exit::of_run(results.failed(), results.objective_met());
        told(args, design, &results, &path, streams, exit)
    }

    /// Says what is left of a run that was asked to stop.
    fn interrupted(&self, partial: &Partial, streams: &mut Streams<'_>) -> Exit {
        let (kept, total) = (partial.count(), runs(&self.loaded.design));
        let next = match kept {
            0 => "the same command starts again",
            _ => "the same command resumes",
        };
        streams.say(&format!(
            "interrupted[{}]: {kept} of {total} trials are kept; {next}\n",
            Code::INTERRUPTED
        ));
        self.interrupt.exit().unwrap_or(Exit::Interrupted)
    }
}

/// How many trials there may be, those that find the warm-up included.
fn runs(design: &Design) -> String {
    let most = if design.stopping.is_some() {
        "at most "
    } else {
        ""
    };
    format!("{most}{}", design.run_count())
}

fn nothing_to_resume(path: &Path, why: &str, streams: &mut Streams<'_>) -> Exit {
    streams.say(&format!(
        "error: nothing to resume for `{}`: {why}\nhelp: run without `--resume`\n",
        path.display()
    ));
    Exit::Wrong
}

fn origin(args: &RunArgs, loaded: &Loaded) -> Origin {
    let name = args
        .file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Origin {
        digest: manifest::digest(&loaded.resolved, &loaded.data),
        overrides: args.changes.words(),
        command: command(args, &name),
        inputs: loaded.inputs.clone(),
    }
}

/// Where results go: a name that is a function of the input alone.
fn place(args: &RunArgs, design: &Design, digest: &str) -> PathBuf {
    let name = format!("{}-{}", design.name, folder::short(digest));
    args.out
        .clone()
        .unwrap_or_else(|| Path::new("runs").join(name))
}

fn command(args: &RunArgs, file: &str) -> String {
    let mut words = vec!["veltrix run".to_owned(), quoted(file)];
    words.extend(args.changes.words());
    words.join(" ")
}

/// Whether older results hold everything that is asked for now.
fn has_all(args: &RunArgs, manifest: &Manifest) -> bool {
    let charts = |ending: &str| {
        manifest
            .outputs
            .iter()
            .filter(|o| o.path.ends_with(ending))
            .count()
    };
    !args.png || charts(".png") >= charts(".svg")
}

fn already_done(
    args: &RunArgs,
    path: &Path,
    manifest: &Manifest,
    streams: &mut Streams<'_>,
) -> Exit {
    let exit = Exit::of_run(manifest.failed, manifest.objective_met);
    if args.format == Format::Json {
        let file = path.join(outputs::RESULTS);
        return match std::fs::read(&file) {
            Ok(bytes) => streams.data(&bytes, exit),
            Err(e) => {
                streams.say(&format!(
                    "error[VX1001]: cannot read `{}`: {e}\n",
                    file.display()
                ));
                Exit::Trouble
            }
        };
    }
    if args.quiet {
        return exit;
    }
    streams.say("already done; `--force` runs it again\n");
    let summary = path.join(outputs::SUMMARY);
    streams.data(format!("{}\n", summary.display()).as_bytes(), exit)
}

fn write(
    folder: &mut Folder,
    job: &Job<'_>,
    results: &Results,
    origin: &Origin,
    host: &[u8],
) -> Result<(), FolderError> {
    let (design, resolved) = (&job.loaded.design, &job.loaded.resolved);
    let pictures = match job.args.png {
        true => Pictures::SvgAndPng,
        false => Pictures::Svg,
    };
    for (name, bytes) in outputs::files(design, results, resolved, pictures) {
        folder.write(&name, &bytes)?;
    }
    for (name, write) in outputs::LARGE {
        folder.stream(name, |to| write(design, results, to))?;
    }
    for (name, bytes) in incident_file::of_run(design, results) {
        folder.write(&name, &bytes)?;
    }
    if design.attempts.is_some() {
        let parts: Vec<PathBuf> = (0..design.trial_count()).map(|t| folder.rows(t)).collect();
        folder.join(outputs::ATTEMPTS, &attempts_csv::header(), &parts)?;
    }
    let manifest = Manifest::new(design, results, origin, folder.outputs());
    folder.write_unlisted("host.json", host)?;
    folder.write_unlisted(manifest::NAME, &manifest.bytes())
}

/// Tells what came out, where it is and how to get it again.
fn told(
    args: &RunArgs,
    design: &Design,
    results: &Results,
    path: &Path,
    streams: &mut Streams<'_>,
    exit: Exit,
) -> Exit {
    if args.format == Format::Json {
        return streams.data(&crate::report::results_json::bytes(design, results), exit);
    }
    if args.quiet {
        return exit;
    }
    let text = format!(
        "{}\nfiles   {}\nrepeat  {}\n",
        summary::print(design, results),
        path.display(),
        command(args, &args.file.to_string_lossy())
    );
    streams.data(text.as_bytes(), exit)
}

#[cfg(test)]
mod tests;
