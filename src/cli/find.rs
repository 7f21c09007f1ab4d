//! `veltrix find FILE`: reads, refuses or searches, tells what was found, writes the folder.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{FindArgs, Format};
use super::exit::Exit;
use super::host::quoted;
use super::interrupt::Interrupt;
use super::source::{self, Searchable};
use super::streams::Streams;
use crate::base::codes::Code;
use crate::experiment::find::checks::Checks;
use crate::experiment::find::simulated::{self, Question, Simulated};
use crate::experiment::find::{Answer, Settings, SoFar, screen, search};
use crate::experiment::objective::Objective;
use crate::report::find::{self as report, Found};
use crate::report::folder::{self, Folder, FolderError, Place};
use crate::report::manifest::{self, Manifest};
use crate::report::partial::{self, Partial};

/// Searches the space of a file.
pub fn find(args: &FindArgs, streams: &mut Streams<'_>, terminal: bool) -> Exit {
    let loaded = match source::load_search(args, streams.style) {
        Ok(loaded) => loaded,
        Err(refusal) => {
            streams.say(&refusal.text);
            return refusal.exit;
        }
    };
    streams.say(&loaded.warnings);
    let text = format!("find\n{}", loaded.resolved);
    let digest = manifest::digest(&text, &loaded.data);
    let name = format!("{}-find-{}", loaded.design.name, folder::short(&digest));
    let runs = || Path::new("runs").join(name);
    let path = args.out.clone().unwrap_or_else(runs);
    match folder::look(&path, &digest) {
        Err(error) => return streams.refuse(&error),
        Ok(Place::Done(manifest)) if !args.force => {
            partial::tidy(&path, &digest);
            return already_done(args, &path, &manifest, streams);
        }
        Ok(Place::Other(manifest)) if !args.force => {
            return streams.refuse(&folder::other(&path, &manifest));
        }
        Ok(_) => {}
    }
    let interrupt = Interrupt::listen();
    // Also keeps others away from this place while the search lasts.
    let partial = match Partial::open(&path, &digest, args.force) {
        Ok(partial) => partial,
        Err(error) => return streams.refuse(&error),
    };
    Job {
        args,
        loaded,
        digest,
        watched: terminal && !args.quiet,
    }
    .execute(partial, &interrupt, streams)
}

/// A search that may begin.
struct Job<'a> {
    args: &'a FindArgs,
    loaded: Searchable,
    digest: String,
    watched: bool,
}

impl Job<'_> {
    fn execute(
        mut self,
        partial: Partial,
        interrupt: &Interrupt,
        streams: &mut Streams<'_>,
    ) -> Exit {
        let design = self.loaded.design.clone();
        let objective = design.objective.clone();
        let objective = objective.expect("a space that loaded has an objective");
        let confidence = objective.confidence;
        // Where `run` stops at a precision the first look is the first round.
        let first = design.stopping.as_ref().map(|s| s.min);
        let settings = Settings::new(confidence, first.unwrap_or(design.replications));
        let checks = checks_of(&objective);
        let answer = match self.search(&objective, &checks, &settings, interrupt) {
            Ok(answer) => answer,
            Err(text) => {
                streams.say(&text);
                return Exit::Wrong;
            }
        };
        let variant = answer.winner.as_ref().map(|winner| {
            let part = self.loaded.space.place(winner.point).0;
            self.loaded.space.variants[part].variant
        });
        let original = variant.and_then(|variant| {
            let system = self.loaded.maker.original(variant).ok()?;
            screen::known(&objective.minimise, &system)
        });
        let currency = design
            .points
            .first()
            .map_or("", |p| p.system.prices.currency.as_str());
        let found = Found {
            design: &design,
            objective: &objective,
            space: &self.loaded.space,
            checks: &checks,
            settings: &settings,
            answer: &answer,
            original,
            currency,
        };
        if answer.stopped {
            streams.say(&format!(
                "interrupted[{}]: nothing is written; the same command starts again\n",
                Code::INTERRUPTED
            ));
            let exit = interrupt.exit().unwrap_or(Exit::Interrupted);
            return self.told(found, None, streams, exit);
        }
        let path = partial.path().to_owned();
        let written = Folder::begin(partial).and_then(|mut folder| {
            self.write(&mut folder, found)?;
            folder.finish()
        });
        if let Err(error) = written {
            return streams.refuse(&error);
        }
        let exit = Exit::of_run(0, Some(answer.winner.is_some()));
        self.told(found, Some(path), streams, exit)
    }

    fn search(
        &mut self,
        objective: &Objective,
        checks: &Checks,
        settings: &Settings,
        interrupt: &Interrupt,
    ) -> Result<Answer, String> {
        let design = &self.loaded.design;
        let question = Question {
            seed: design.seed,
            timing: design.timing,
            terminating: design.terminating,
            minimise: objective.minimise.clone(),
            constraints: objective.subject_to.clone(),
            rare: simulated::splitting(design.rare.as_ref()),
        };
        let bar = match self.watched {
            true => ProgressBar::new_spinner(),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
        bar.set_style(style.expect("the template is a constant"));
        let mut hears = |so_far: SoFar| {
            let best = so_far
                .best
                .map_or(String::new(), |cost| format!(", best so far {cost:.2}"));
            let (looked, trials) = (so_far.looked, so_far.trials);
            bar.set_message(format!("{looked} points looked at, {trials} trials{best}"));
            bar.tick();
        };
        let mut oracle = Simulated::new(
            &self.loaded.space,
            checks,
            &question,
            &mut self.loaded.maker,
            self.args.threads.count(),
            interrupt.stop(),
            &mut hears,
        )
        .map_err(|e| format!("error: cannot start the threads: {e}\n"))?;
        let answer = search(&self.loaded.space, checks, settings, &mut oracle);
        bar.finish_and_clear();
        answer
    }

    fn write(&self, folder: &mut Folder, found: Found<'_>) -> Result<(), FolderError> {
        for (name, bytes) in report::files(found, &self.loaded.resolved) {
            folder.write(&name, &bytes)?;
        }
        let origin = manifest::Origin {
            digest: self.digest.clone(),
            overrides: self.args.changes.words(),
            command: self.command(),
            inputs: self.loaded.inputs.clone(),
        };
        let manifest = Manifest {
            objective_met: Some(found.answer.winner.is_some()),
            ..Manifest::of(
                &found.design.name,
                found.design.seed,
                origin,
                folder.outputs(),
            )
        };
        folder.write_unlisted(manifest::NAME, &manifest.bytes())
    }

    fn command(&self) -> String {
        let name = self.args.file.file_name().unwrap_or_default();
        let mut words = vec!["veltrix find".to_owned(), quoted(&name.to_string_lossy())];
        words.extend(self.args.changes.words());
        words.join(" ")
    }

    fn told(
        &self,
        found: Found<'_>,
        path: Option<PathBuf>,
        streams: &mut Streams<'_>,
        exit: Exit,
    ) -> Exit {
        if self.args.format == Format::Json {
            return streams.data(&report::json_bytes(found), exit);
        }
        if self.args.quiet {
            return exit;
        }
        let mut text = report::print(found);
        if let Some(path) = path {
            text.push_str(&format!("files   {}\n", path.display()));
        }
        streams.data(text.as_bytes(), exit)
    }
}

/// Constraints that need runs; the others are settled before.
fn checks_of(objective: &Objective) -> Checks {
    let constraints = objective.subject_to.iter();
    let runs: Vec<_> = constraints
        .filter(|c| !screen::is_known(&c.metric))
        .cloned()
        .collect();
    Checks::new(&runs, objective.indifference)
}

fn already_done(
    args: &FindArgs,
    path: &Path,
    manifest: &Manifest,
    streams: &mut Streams<'_>,
) -> Exit {
    let exit = Exit::of_run(manifest.failed, manifest.objective_met);
    let file = match args.format {
        Format::Json => path.join(report::JSON),
        Format::Human => path.join(report::STORY),
    };
    if args.format == Format::Human {
        if args.quiet {
            return exit;
        }
        streams.say("already done; `--force` searches again\n");
    }
    match std::fs::read(&file) {
        Ok(bytes) => streams.data(&bytes, exit),
        Err(e) => {
            streams.say(&format!(
                "error[VX1001]: cannot read `{}`: {e}\n",
                file.display()
            ));
            Exit::Trouble
        }
    }
}
