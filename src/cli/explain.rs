//! `veltrix explain`: the page behind a code, or why an incident of a trial happened.

use std::path::{Path, PathBuf};

use super::args::Format;
use super::common_args::Edits;
use super::exit::Exit;
use super::explain_args::ExplainArgs;
use super::host::quoted;
use super::interrupt::Interrupt;
use super::opened::{self, Force, Opened};
use super::streams::Streams;
use crate::base::codes::{self, Code};
use crate::experiment::explain::{Explainer, Trouble};
use crate::experiment::incident::{Token, TokenError};
use crate::experiment::run::RunError;
use crate::report::explain::{self as report, Explained, Told};
use crate::report::folder::{self, Folder, FolderError, Place};
use crate::report::manifest::{self, Manifest};
use crate::report::partial::Partial;

/// Prints the page of a code, or explains an incident.
pub fn explain(args: &ExplainArgs, streams: &mut Streams<'_>) -> Exit {
    let experiment = args.experiment.as_deref();
    let is_token = args.what.parse::<Token>() != Err(TokenError::NotOne);
    if experiment.is_none() && !is_token && !Path::new(&args.what).exists() {
        return page(args, streams);
    }
    let overrides = args.edits.changes().overrides();
    let style = (Force::No, streams.style);
    let opened = match opened::open_any(&args.what, experiment, &overrides, style) {
        Ok((opened, _)) => opened,
        Err(refusal) => {
            streams.say(&refusal.text);
            return refusal.exit;
        }
    };
    let job = Job {
        args,
        digest: manifest::digest(
            &format!(
                "# explain {} quick {} map {}",
                opened.token, args.quick, args.map
            ),
            &[],
        ),
        opened,
        interrupt: Interrupt::listen(),
    };
    match job.execute(streams) {
        Ok(exit) => exit,
        Err(trouble) => job.told_trouble(&trouble, streams),
    }
}

/// What is neither a token nor a file must be a code, and nothing else is to be said of that.
fn page(args: &ExplainArgs, streams: &mut Streams<'_>) -> Exit {
    let shown = args.what.escape_debug();
    let Some(page) = Code::parse(&args.what).and_then(codes::page) else {
        streams.say(&format!(
            "error: no code `{shown}`; `veltrix list codes` shows all\n"
        ));
        return Exit::Wrong;
    };
    let plain = args.edits == Edits::default()
        && !args.quick
        && !args.map
        && !args.force
        && args.out.is_none()
        && args.threads.given.is_none()
        && args.format == Format::Human;
    if !plain {
        streams.say("error: options are for tokens; a code has a page, whatever they say\n");
        return Exit::Wrong;
    }
    streams.data(page.as_bytes(), Exit::Done)
}

/// An incident that may be explained.
struct Job<'a> {
    args: &'a ExplainArgs,
    opened: Opened,
    digest: String,
    interrupt: Interrupt,
}

impl Job<'_> {
    fn place(&self) -> PathBuf {
        let short = folder::short(&self.digest);
        let name = format!("{}-explain-{short}", self.opened.name);
        let out = self.args.out.clone();
        out.unwrap_or_else(|| Path::new("runs").join(name))
    }

    fn execute(&self, streams: &mut Streams<'_>) -> Result<Exit, Trouble> {
        let path = self.place();
        match folder::look(&path, &self.digest) {
            Err(error) => return Ok(streams.refuse(&error)),
            Ok(Place::Done(_)) if !self.args.force => {
                return Ok(self.already_done(&path, streams));
            }
            Ok(Place::Other(manifest)) if !self.args.force => {
                return Ok(streams.refuse(&folder::other(&path, &manifest)));
            }
            Ok(_) => {}
        }
        self.tell(&path, streams)
    }

    /// What was written before.
    fn already_done(&self, path: &Path, streams: &mut Streams<'_>) -> Exit {
        let file = path.join(match self.args.format {
            Format::Human => report::TEXT,
            Format::Json => report::JSON,
        });
        match std::fs::read(&file) {
            Ok(bytes) => {
                streams.say("already done; `--force` explains it again\n");
                streams.data(&bytes, Exit::Done)
            }
            Err(e) => {
                let (code, file) = (Code::UNREADABLE, file.display());
                streams.say(&format!("error[{code}]: cannot read `{file}`: {e}\n"));
                Exit::Trouble
            }
        }
    }

    /// Part by part, each told as soon as it is known.
    fn tell(&self, path: &Path, streams: &mut Streams<'_>) -> Result<Exit, Trouble> {
        let case = &self.opened.case;
        let stop = self.interrupt.stop();
        let explainer = Explainer::new(case, self.args.threads.count(), stop);
        let told = Told {
            case,
            token: self.opened.token.to_string(),
            name: &self.opened.name,
            label: &self.opened.label,
        };
        let Some(seen) = explainer.look()? else {
            return Ok(self.nothing(streams));
        };
        let mut text = String::new();
        self.part(&mut text, report::head(&told, &seen), streams);
        let causes = explainer.causes(&seen)?;
        self.part(&mut text, report::causes(&told, &seen, &causes), streams);
        let curve = match self.args.quick {
            true => None,
            false => Some(explainer.likelihood(&seen)?),
        };
        if let Some(curve) = &curve {
            self.part(&mut text, report::likelihood(&told, &seen, curve), streams);
        }
        let recovery = explainer.recovery(&seen)?;
        if let Some(recovery) = &recovery {
            self.part(&mut text, report::recovery(&told, recovery), streams);
        }
        let map = match self.args.map {
            true => Some(explainer.map(&seen)?),
            false => None,
        };
        match &map {
            Some(Ok(map)) => self.part(&mut text, report::map(&told, map), streams),
            Some(Err(why)) => self.part(&mut text, report::no_map(&told, why), streams),
            None => {}
        }
        let mitigations = explainer.mitigations(&seen)?;
        self.part(
            &mut text,
            report::mitigations(&told, &seen, &mitigations),
            streams,
        );
        let explained = Explained {
            seen: &seen,
            causes: &causes,
            curve: curve.as_ref(),
            recovery: recovery.as_ref(),
            map: map.as_ref().and_then(|map| map.as_ref().ok()),
            mitigations: &mitigations,
        };
        if let Err(error) = self.write(path, report::files(&told, &explained, &text)) {
            return Ok(streams.refuse(&error));
        }
        Ok(match self.args.format {
            Format::Json => streams.data(&report::json(&told, &explained), Exit::Done),
            Format::Human => streams.data(
                format!("\nfiles   {}\n", path.display()).as_bytes(),
                Exit::Done,
            ),
        })
    }

    fn part(&self, all: &mut String, part: String, streams: &mut Streams<'_>) {
        if self.args.format == Format::Human {
            // A reader that has gone away still gets its files.
            let _ = streams.data(part.as_bytes(), Exit::Done);
        }
        all.push_str(&part);
    }

    /// The run has no such incident.
    fn nothing(&self, streams: &mut Streams<'_>) -> Exit {
        let Some(trigger) = self.opened.case.trigger else {
            streams.say("nothing went wrong in this run: there is nothing to explain\n");
            return Exit::Done;
        };
        streams.say(&format!(
            "error[VX5001]: the run has no {} number {}\n",
            trigger.kind.name(),
            u64::from(trigger.nth) + 1
        ));
        Exit::NotReproduced
    }

    fn told_trouble(&self, trouble: &Trouble, streams: &mut Streams<'_>) -> Exit {
        if let Some(exit) = self.interrupt.exit() {
            let code = Code::INTERRUPTED;
            streams.say(&format!("interrupted[{code}]: nothing was written\n"));
            return exit;
        }
        match trouble {
            Trouble::Run(error @ RunError::NoThreads(_)) => {
                streams.say(&format!("error: {error}\n"));
                Exit::Trouble
            }
            Trouble::Run(error) => {
                streams.say(&format!("error: {error}\n"));
                Exit::Incomplete
            }
            Trouble::Trial(error) => {
                streams.say(&format!("error[{}]: {}\n", error.code, error.message));
                Exit::Incomplete
            }
        }
    }

    fn command(&self) -> String {
        let mut words = vec!["veltrix explain".to_owned(), self.opened.token.to_string()];
        let file = self.args.experiment.as_ref();
        let name = file.and_then(|file| file.file_name());
        words.extend(name.map(|name| quoted(&name.to_string_lossy())));
        words.extend(self.args.edits.changes().words());
        words.extend(self.args.quick.then(|| "--quick".to_owned()));
        words.extend(self.args.map.then(|| "--map".to_owned()));
        words.join(" ")
    }

    fn write(&self, path: &Path, files: Vec<(String, Vec<u8>)>) -> Result<(), FolderError> {
        let partial = Partial::open(path, &self.digest, self.args.force)?;
        let mut folder = Folder::begin(partial)?;
        for (name, bytes) in files {
            folder.write(&name, &bytes)?;
        }
        let origin = manifest::Origin {
            digest: self.digest.clone(),
            overrides: self.args.edits.changes().words(),
            command: self.command(),
            inputs: self.opened.inputs.clone(),
        };
        let manifest = Manifest::of(
            &self.opened.name,
            self.opened.case.run.seed,
            origin,
            folder.outputs(),
        );
        folder.write_unlisted(manifest::NAME, &manifest.bytes())?;
        folder.finish()
    }
}
