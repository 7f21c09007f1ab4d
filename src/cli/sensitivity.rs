//! `veltrix sensitivity FILE`: moves inputs, says how many trials that takes, runs them, and tells
//! what the results depend on.

mod plans;

use std::path::{Path, PathBuf};

use super::args::{Format, Method, SensitivityArgs};
use super::exit::Exit;
use super::host::{Clock, host, quoted};
use super::interrupt::Interrupt;
use super::progress::{Audience, Watcher};
use super::recorded::Provenance;
use super::source;
use super::streams::Streams;
use crate::base::codes::Code;
use crate::base::units::print_time;
use crate::config::{Ask, Diagnostics, Study};
use crate::experiment::design::Design;
use crate::experiment::results::Results;
use crate::experiment::run::{Options, Progress, RunError, Watch, run_with};
use crate::experiment::sample::simulate_until;
use crate::experiment::sensitivity::{self, Screen, Tornado, Variance, expected_requests};
use crate::model::trial::{AttemptRow, Horizon, TrialOutput};
use crate::report::charts::Pictures;
use crate::report::folder::{self, Folder, FolderError, Place};
use crate::report::manifest::{self, FileDigest, Manifest};
use crate::report::partial::{self, Partial};
use crate::report::sensitivity::{Findings, JSON, Moves, Shares, Walks};
use plans::{Plans, methods};

/// Trials of a point, unless the command says how many.
const TORNADO: u32 = 5;
const MORRIS: u32 = 2;
const SOBOL: u32 = 1;

/// Share by which inputs are moved.
const BY: f64 = 0.1;

/// Walks over uncertain inputs.
const TRAJECTORIES: u32 = 10;

/// Places of each sample of uncertain inputs.
const SAMPLES: u32 = 64;

/// Asks what the results of an experiment depend on.
pub fn sensitivity(args: &SensitivityArgs, streams: &mut Streams<'_>, terminal: bool) -> Exit {
    if args.png && !cfg!(feature = "png") {
        streams.say("error: `--png` is not in this build; build it with the feature `png`\n");
        return Exit::Wrong;
    }
    let study = match source::study(
        &args.file,
        &args.changes.overrides(),
        &ask(args),
        streams.style,
    ) {
        Ok(study) => study,
        Err(refusal) => {
            streams.say(&refusal.text);
            return refusal.exit;
        }
    };
    streams.say(&study.warnings().render(streams.style));
    let methods = match methods(args, &study) {
        Ok(methods) => methods,
        Err(why) => {
            streams.say(&why);
            return Exit::Wrong;
        }
    };
    let mut study = study;
    let plans = match Plans::make(args, &methods, &mut study) {
        Ok(plans) => plans,
        Err(found) => {
            let refusal = source::refusal(&found, streams.style);
            streams.say(&refusal.text);
            return refusal.exit;
        }
    };
    if let Some(why) = plans.empty() {
        streams.say(&why);
        return Exit::Wrong;
    }
    let audience = match terminal && !args.quiet {
        true => Audience::Person,
        false => Audience::Nobody,
    };
    let origin = Origin::new(args, &methods, &study);
    let job = Job {
        args,
        study,
        plans,
        origin,
        audience,
        interrupt: Interrupt::listen(),
    };
    job.execute(streams)
}

fn ask(args: &SensitivityArgs) -> Ask {
    Ask {
        variant: args.variant.clone(),
        metrics: args.metrics.clone(),
        inputs: args.inputs.clone(),
    }
}

/// Where the results come from.
struct Origin {
    digest: String,
    resolved: String,
    inputs: Vec<FileDigest>,
    options: Vec<String>,
}

impl Origin {
    fn new(args: &SensitivityArgs, methods: &[Method], study: &Study) -> Origin {
        let (inputs, data) = source::digests(study);
        let metrics: Vec<String> = study
            .base()
            .metrics
            .iter()
            .map(ToString::to_string)
            .collect();
        let methods: Vec<String> = methods
            .iter()
            .map(|m| format!("{m:?}").to_lowercase())
            .collect();
        // What of the command line decides what is run, and is not in the variant.
        let asked = serde_json::json!({
            "methods": methods,
            "by": args.by.unwrap_or(BY),
            "inputs": args.inputs,
            "metrics": metrics,
            "trajectories": args.trajectories.unwrap_or(TRAJECTORIES),
            "samples": args.samples.unwrap_or(SAMPLES),
            "replications": args.changes.replications,
        });
        let resolved = format!("# sensitivity: {asked}\n\n{}", study.resolved());
        Origin {
            digest: manifest::digest(&resolved, &data),
            resolved,
            inputs,
            options: options(args),
        }
    }
}

/// Options that change what comes out, in one order.
fn options(args: &SensitivityArgs) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        all.extend(value.map(|v| format!("--{name} {}", quoted(&v))));
    };
    let list = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
    let methods = args.method.iter().map(|m| format!("{m:?}").to_lowercase());
    add("for", args.variant.clone());
    add("method", list(&methods.collect::<Vec<_>>()));
    add("by", args.by.map(|by| by.to_string()));
    add("inputs", list(&args.inputs));
    add("metrics", list(&args.metrics));
    add("trajectories", args.trajectories.map(|n| n.to_string()));
    add("samples", args.samples.map(|n| n.to_string()));
    all.extend(args.changes.words());
    all
}

fn command(args: &SensitivityArgs, file: &str) -> String {
    let mut words = vec!["veltrix sensitivity".to_owned(), quoted(file)];
    words.extend(options(args));
    words.join(" ")
}

/// Trials of one method among those of all, which are kept under one count.
struct Shifted<'a> {
    watcher: &'a Watcher<'a>,
    offset: usize,
}

impl Watch for Shifted<'_> {
    fn progress(&self, progress: Progress) {
        self.watcher.progress(progress);
    }

    fn kept(&self, trial: usize) -> Option<TrialOutput> {
        self.watcher.kept(trial + self.offset)
    }

    fn ended(&self, trial: usize, output: &TrialOutput, rows: Option<Vec<AttemptRow>>) {
        self.watcher.ended(trial + self.offset, output, rows);
    }

    fn stopped(&self) -> bool {
        self.watcher.stopped()
    }
}

/// A study that may begin.
struct Job<'a> {
    args: &'a SensitivityArgs,
    study: Study,
    plans: Plans,
    origin: Origin,
    audience: Audience,
    interrupt: Interrupt,
}

impl Job<'_> {
    fn execute(&self, streams: &mut Streams<'_>) -> Exit {
        let args = self.args;
        let (path, digest) = (self.place(), &self.origin.digest);
        match folder::look(&path, digest) {
            Err(error) => return streams.refuse(&error),
            Ok(Place::Done(manifest)) if !args.force && self.has_all(&manifest) => {
                partial::tidy(&path, digest);
                return self.already_done(&path, &manifest, streams);
            }
            Ok(Place::Other(manifest)) if !args.force => {
                return streams.refuse(&folder::other(&path, &manifest));
            }
            Ok(_) => {}
        }
        match Partial::open(&path, digest, args.force) {
            Ok(partial) => self.go_on(partial, streams),
            Err(error) => streams.refuse(&error),
        }
    }

    /// Where results go: a name that is a function of the input alone.
    fn place(&self) -> PathBuf {
        let short = folder::short(&self.origin.digest);
        let name = format!("{}-sensitivity-{short}", self.study.base().name);
        let out = self.args.out.clone();
        out.unwrap_or_else(|| Path::new("runs").join(name))
    }

    /// Whether older results hold everything that is asked for now.
    fn has_all(&self, manifest: &Manifest) -> bool {
        let outputs = &manifest.outputs;
        let charts = |ending| outputs.iter().filter(|o| o.path.ends_with(ending)).count();
        !self.args.png || charts(".png") >= charts(".svg")
    }

    fn already_done(&self, path: &Path, manifest: &Manifest, streams: &mut Streams<'_>) -> Exit {
        let exit = Exit::of_run(manifest.failed, None);
        if self.args.format == Format::Json {
            let file = path.join(JSON);
            return match std::fs::read(&file) {
                Ok(bytes) => streams.data(&bytes, exit),
                Err(e) => {
                    let (code, file) = (Code::UNREADABLE, file.display());
                    streams.say(&format!("error[{code}]: cannot read `{file}`: {e}\n"));
                    Exit::Trouble
                }
            };
        }
        if self.args.quiet {
            return exit;
        }
        streams.say("already done; `--force` runs it again\n");
        let summary = path.join(crate::report::outputs::SUMMARY);
        streams.data(format!("{}\n", summary.display()).as_bytes(), exit)
    }

    /// Runs the trials that are not kept, and writes what came out of all.
    fn go_on(&self, partial: Partial, streams: &mut Streams<'_>) -> Exit {
        let (kept, total) = (partial.count(), self.plans.trials());
        if !self.args.quiet {
            streams.say(&self.plans.predicted());
            if kept > 0 {
                streams.say(&format!("resumed: {kept} of {total} trials were kept\n"));
            }
        }
        let clock = Clock::start();
        let mut all: Vec<Results> = Vec::new();
        let mut offset = 0;
        for design in self.plans.designs() {
            match self.run(design, offset, &partial, streams) {
                Ok(results) => all.push(results),
                Err(exit) => return exit,
            }
            offset += design.trial_count();
        }
        let failed: usize = all.iter().map(Results::failed).sum();
        let trials = all.iter().flat_map(|r| &r.trials);
        let events = trials.map(|t| t.events).sum();
        let host = host(
            events,
            kept,
            self.args.threads.count(),
            clock.time(),
            &Provenance::new(&self.args.file, &self.args.changes.overrides()),
        );
        let findings = self.findings(&all);
        let path = partial.path().to_owned();
        let written = Folder::begin(partial).and_then(|mut folder| {
            self.write(&mut folder, &findings, failed, &host)?;
            folder.finish()
        });
        if let Err(error) = written {
            return streams.refuse(&error);
        }
        self.told(&findings, failed, &path, streams)
    }

    /// Runs one method's trials.
    fn run(
        &self,
        design: &Design,
        offset: usize,
        partial: &Partial,
        streams: &mut Streams<'_>,
    ) -> Result<Results, Exit> {
        let stop = self.interrupt.stop();
        let watcher = Watcher::new(design, partial, stop, self.audience);
        let shifted = Shifted {
            watcher: &watcher,
            offset,
        };
        let options = Options {
            threads: self.args.threads.count(),
        };
        let results = run_with(design, options, &shifted, |spec, run, sample| {
            simulate_until(spec, run, sample, stop)
        });
        let watched = watcher.finish();
        for path in watched.damaged {
            let path = path.display();
            streams.say(&format!(
                "warning: `{path}` is damaged: its trial was not kept\n"
            ));
        }
        if let Some(error) = watched.trouble {
            return Err(streams.refuse(&error));
        }
        match results {
            Ok(results) => Ok(results),
            Err(error @ RunError::NoThreads(_)) => {
                streams.say(&format!("error: {error}\n"));
                Err(Exit::Trouble)
            }
            Err(RunError::Stopped(_)) => {
                let (kept, total) = (partial.count(), self.plans.trials());
                streams.say(&format!(
                    "interrupted[{}]: {kept} of {total} trials are kept; the same command goes \
                     on\n",
                    Code::INTERRUPTED
                ));
                Err(self.interrupt.exit().unwrap_or(Exit::Interrupted))
            }
        }
    }

    /// What the results of the methods, in the order of their designs, say.
    fn findings<'a>(&'a self, all: &'a [Results]) -> Findings<'a> {
        let mut results = all.iter();
        let tornado = self.plans.tornado.as_ref();
        let tornado = tornado.and_then(|plan| Some(Moves::new(plan, results.next()?)));
        let screen = self.plans.screen.as_ref();
        let screen = screen.and_then(|plan| Some(Walks::new(plan, results.next()?)));
        let variance = self.plans.variance.as_ref();
        let variance = variance.and_then(|plan| Some(Shares::new(plan, results.next()?)));
        Findings {
            base: self.study.base(),
            swept: self.study.is_swept(),
            tornado,
            screen,
            variance,
        }
    }

    fn write(
        &self,
        folder: &mut Folder,
        findings: &Findings<'_>,
        failed: usize,
        host: &[u8],
    ) -> Result<(), FolderError> {
        let pictures = match self.args.png {
            true => Pictures::SvgAndPng,
            false => Pictures::Svg,
        };
        for (name, bytes) in findings.files(&self.origin.resolved, pictures) {
            folder.write(&name, &bytes)?;
        }
        let base = self.study.base();
        let file = self.args.file.file_name().unwrap_or_default();
        let origin = manifest::Origin {
            digest: self.origin.digest.clone(),
            overrides: self.origin.options.clone(),
            command: command(self.args, &file.to_string_lossy()),
            inputs: self.origin.inputs.clone(),
        };
        let manifest = Manifest {
            failed,
            ..Manifest::of(&base.name, base.seed, origin, folder.outputs())
        };
        folder.write_unlisted("host.json", host)?;
        folder.write_unlisted(manifest::NAME, &manifest.bytes())
    }

    /// Tells what was found, where it is and how to get it again.
    fn told(
        &self,
        findings: &Findings<'_>,
        failed: usize,
        path: &Path,
        streams: &mut Streams<'_>,
    ) -> Exit {
        let exit = Exit::of_run(failed, None);
        if failed > 0 {
            let total = self.plans.trials();
            streams.say(&format!(
                "warning: {failed} of {total} trials failed and are in no number\n"
            ));
        }
        if self.args.format == Format::Json {
            return streams.data(&findings.json(), exit);
        }
        if self.args.quiet {
            return exit;
        }
        let text = format!(
            "{}\nfiles   {}\nrepeat  {}\n",
            findings.print(),
            path.display(),
            command(self.args, &self.args.file.to_string_lossy())
        );
        streams.data(text.as_bytes(), exit)
    }
}
