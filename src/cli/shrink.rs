//! `veltrix shrink TOKEN`: the smallest model, run and trace that still has an incident.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::exit::Exit;
use super::host::{Clock, quoted};
use super::interrupt::Interrupt;
use super::opened::{self, Force, Opened};
use super::shrink_args::ShrinkArgs;
use super::streams::Streams;
use crate::config;
use crate::experiment::incident::{Case, Token};
use crate::experiment::shrink::{self, Ended, NothingToShrink, Shrunk};
use crate::report::folder::{self, Folder, FolderError, Place};
use crate::report::manifest::{self, Manifest};
use crate::report::partial::{self, Partial};
use crate::report::shrunk as report;

/// How often it is looked whether to stop.
const TICK: Duration = Duration::from_millis(5);

/// Shrinks an incident and writes what is left.
pub fn shrink(args: &ShrinkArgs, streams: &mut Streams<'_>) -> Exit {
    let overrides = args.edits.changes().overrides();
    let experiment = args.experiment.as_deref();
    let style = (Force::No, streams.style);
    let opened = match opened::open_any(&args.what, experiment, &overrides, style) {
        Ok((opened, _)) => opened,
        Err(refusal) => {
            streams.say(&refusal.text);
            return refusal.exit;
        }
    };
    let digest = manifest::digest(&format!("shrink\n{}\n{}", opened.token, args.tries), &[]);
    let name = format!("{}-shrink-{}", opened.name, folder::short(&digest));
    let path = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new("runs").join(name));
    match folder::look(&path, &digest) {
        Err(error) => return streams.refuse(&error),
        Ok(Place::Done(_)) if !args.force => {
            partial::tidy(&path, &digest);
            return already_done(&path, streams);
        }
        Ok(Place::Other(manifest)) if !args.force && manifest.digest != unfinished(&digest) => {
            return streams.refuse(&folder::other(&path, &manifest));
        }
        Ok(_) => {}
    }
    let interrupt = Interrupt::listen();
    let partial = match Partial::open(&path, &digest, args.force) {
        Ok(partial) => partial,
        Err(error) => return streams.refuse(&error),
    };
    let found = until(&interrupt, args.seconds, |stop| {
        shrink::shrink(&opened.case, args.tries, stop)
    });
    let shrunk = match found {
        Ok(shrunk) => shrunk,
        Err(why) => {
            drop(partial);
            if args.out.is_none() {
                // Only if it is empty: it was made for this.
                let _ = std::fs::remove_dir("runs");
            }
            return nothing(&why, &opened, &interrupt, streams);
        }
    };
    let job = Job {
        args,
        opened: &opened,
        shrunk: &shrunk,
        digest,
    };
    let text = match job.write(partial) {
        Ok(text) => text,
        Err(Trouble::Folder(error)) => return streams.refuse(&error),
        Err(Trouble::Ours(text)) => {
            streams.say(&text);
            return Exit::Trouble;
        }
    };
    let exit = interrupt.exit().unwrap_or(Exit::Done);
    let told = told(&text, &path);
    streams.data(told.as_bytes(), exit)
}

/// The digest of results that time or a signal has ended: the same command replaces them.
fn unfinished(digest: &str) -> String {
    format!("{digest}-stopped")
}

/// What is said on stdout: the text, and how to run it.
fn told(text: &str, path: &Path) -> String {
    let token = text.lines().find_map(|l| l.strip_prefix("token   "));
    let file = path.join(config::EXPERIMENT).display().to_string();
    format!(
        "{text}files   {}\nagain   veltrix replay {} {}\n",
        path.display(),
        token.unwrap_or_default(),
        quoted(&file)
    )
}

/// Calls with a flag that is set by a signal or when the time is over.
fn until<T>(interrupt: &Interrupt, seconds: Option<u64>, work: impl FnOnce(&AtomicBool) -> T) -> T {
    let (stop, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let clock = Clock::start();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let late = seconds.is_some_and(|s| clock.time() >= Duration::from_secs(s));
                if late || interrupt.exit().is_some() {
                    stop.store(true, Ordering::Relaxed);
                }
                std::thread::sleep(TICK);
            }
        });
        let out = work(&stop);
        done.store(true, Ordering::Relaxed);
        out
    })
}

/// Why there is nothing to shrink.
fn nothing(
    why: &NothingToShrink,
    opened: &Opened,
    interrupt: &Interrupt,
    streams: &mut Streams<'_>,
) -> Exit {
    match why {
        NothingToShrink::NoIncident => {
            streams.say(
                "error: the token names a run and no incident: there is nothing that must stay\n\
                 help: take the token that is printed with an incident\n",
            );
            Exit::Wrong
        }
        NothingToShrink::NotThere => {
            let trigger = opened.case.trigger;
            let (name, number) = trigger.map_or(("", 0), |t| (t.kind.name(), u64::from(t.nth) + 1));
            streams.say(&format!(
                "error[VX5001]: the run has no {name} number {number}\n"
            ));
            Exit::NotReproduced
        }
        NothingToShrink::Failed(error) => {
            streams.say(&format!("error[{}]: {}\n", error.code, error.message));
            interrupt.exit().unwrap_or(Exit::Incomplete)
        }
    }
}

fn already_done(path: &Path, streams: &mut Streams<'_>) -> Exit {
    streams.say("already done; `--force` shrinks again\n");
    let file = path.join(report::TEXT);
    match std::fs::read_to_string(&file) {
        Ok(text) => streams.data(told(&text, path).as_bytes(), Exit::Done),
        Err(e) => {
            let file = file.display();
            streams.say(&format!("error[VX1001]: cannot read `{file}`: {e}\n"));
            Exit::Trouble
        }
    }
}

/// Why nothing was written.
enum Trouble {
    Folder(FolderError),
    /// What was written would not be what was found: a bug of ours.
    Ours(String),
}

/// What is to be written.
struct Job<'a> {
    args: &'a ShrinkArgs,
    opened: &'a Opened,
    shrunk: &'a Shrunk,
    digest: String,
}

impl Job<'_> {
    /// Writes the folder; what is told of it.
    fn write(&self, partial: Partial) -> Result<String, Trouble> {
        let case = &self.shrunk.after.0.case;
        let files = self.files(case)?;
        let token = Token::of(case, 0).to_string();
        let label = self.label();
        let text = report::text(self.shrunk, &label, &token);
        let json = report::json(self.shrunk, &label, &token);
        let mut all: Vec<(&str, &[u8])> = Vec::new();
        all.extend(files.iter().map(|(name, text)| (&**name, text.as_bytes())));
        all.push((report::JSON, &json));
        all.push((report::TEXT, text.as_bytes()));
        let written = Folder::begin(partial).and_then(|mut folder| {
            for (name, bytes) in all {
                folder.write(name, bytes)?;
            }
            let manifest = self.manifest(&folder, case);
            folder.write_unlisted(manifest::NAME, &manifest.bytes())?;
            folder.finish()
        });
        written.map_err(Trouble::Folder)?;
        Ok(text)
    }

    /// What was shrunk, in words.
    fn label(&self) -> String {
        let run = &self.opened.case.run;
        format!(
            "{}, {}, seed {}, replication {}",
            self.opened.name, self.opened.label, run.seed, run.replication
        )
    }

    /// Model, experiment and rows, once it is sure that they mean what was found.
    fn files(&self, case: &Case) -> Result<Vec<(String, String)>, Trouble> {
        let written = config::write_model(&case.system);
        let title = format!("Shrunk from {}", self.label());
        let mut files = vec![
            (config::MODEL.to_owned(), written.text),
            (
                config::EXPERIMENT.to_owned(),
                config::write_experiment(case, &title),
            ),
        ];
        files.extend(written.files);
        let ours = |why: String| Trouble::Ours(format!("error[VX9001]: a bug of ours: {why}\n"));
        let loaded = config::read_experiment(&files).map_err(|e| {
            ours(format!(
                "what was written is refused:\n{}",
                e.render(config::Style::Plain)
            ))
        })?;
        let again = Case::of(&loaded.design, 0, case.run.replication, None);
        match again.digest() == case.digest() {
            true => Ok(files),
            false => Err(ours("what was written means something else".into())),
        }
    }

    fn manifest(&self, folder: &Folder, case: &Case) -> Manifest {
        let stopped = self.shrunk.ended == Ended::Stopped;
        let origin = manifest::Origin {
            digest: match stopped {
                true => unfinished(&self.digest),
                false => self.digest.clone(),
            },
            overrides: self.args.edits.changes().words(),
            command: self.command(),
            inputs: self.opened.inputs.clone(),
        };
        Manifest::of(&self.opened.name, case.run.seed, origin, folder.outputs())
    }

    fn command(&self) -> String {
        let mut words = vec!["veltrix shrink".to_owned(), self.opened.token.to_string()];
        let file = self
            .args
            .experiment
            .as_ref()
            .and_then(|file| file.file_name());
        words.extend(file.map(|name| quoted(&name.to_string_lossy())));
        words.extend(self.args.edits.changes().words());
        words.push(format!("--tries {}", self.args.tries));
        words.join(" ")
    }
}
