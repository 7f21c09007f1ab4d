//! `veltrix replay TOKEN`: one trial, run again to the nanosecond, and what happened around its
//! incident.

use std::path::Path;

use super::exit::Exit;
use super::host::quoted;
use super::incident_file::{Came, IncidentFile};
use super::interrupt::Interrupt;
use super::opened::{self, Force, Opened};
use super::recorded::{RUNS, Record};
use super::replay_args::ReplayArgs;
use super::streams::Streams;
use crate::base::units::Nanos;
use crate::experiment::incident::replay::{Scene, Window, parts_at};
use crate::model::incident::station;
use crate::model::trial::{TrialError, TrialOutput};
use crate::report::folder::{self, Folder, FolderError, Place};
use crate::report::incidents::{headline, seconds, told};
use crate::report::manifest::{self, Manifest};
use crate::report::partial::Partial;
use crate::report::{attempts_csv, replay as report};

/// Runs a trial again.
pub fn replay(args: &ReplayArgs, streams: &mut Streams<'_>) -> Exit {
    let overrides = args.edits.changes().overrides();
    let file = args.experiment.as_deref();
    let force = match args.force {
        true => Force::Yes,
        false => Force::No,
    };
    let opened = opened::open_any(&args.what, file, &overrides, (force, streams.style));
    let opened = match opened {
        Ok((opened, note)) => {
            streams.say(&note);
            opened
        }
        Err(refusal) => {
            streams.say(&refusal.text);
            return refusal.exit;
        }
    };
    let job = Job {
        args,
        interrupt: Interrupt::listen(),
        opened,
    };
    let ended = match args.at {
        Some(at) => job.at(at, streams),
        None => job.whole(streams),
    };
    ended.unwrap_or_else(|error| {
        if let Some(exit) = job.interrupt.exit() {
            return exit;
        }
        streams.say(&format!("error[{}]: {}\n", error.code, error.message));
        Exit::Incomplete
    })
}

/// A replay that may begin.
struct Job<'a> {
    args: &'a ReplayArgs,
    interrupt: Interrupt,
    opened: Opened,
}

impl Job<'_> {
    /// How everything stood at a moment.
    fn at(&self, at: Nanos, streams: &mut Streams<'_>) -> Result<Exit, TrialError> {
        let case = &self.opened.case;
        let system = &case.system;
        let workers = system.services.iter().map(|s| s.worker_count()).sum();
        let only = match &self.args.worker {
            None => None,
            Some(name) => match (0..workers).find(|&w| system.worker_name(w) == *name) {
                Some(worker) => Some(worker),
                None => {
                    let shown = crate::base::units::shown(name);
                    let last = system.worker_name(workers.saturating_sub(1));
                    streams.say(&format!("error: no worker {shown}; the last is `{last}`\n"));
                    return Ok(Exit::Wrong);
                }
            },
        };
        let scene = case.scene(Window { from: at, to: at }, self.interrupt.stop())?;
        let Some(state) = scene.states.first() else {
            streams.say(&format!("error: the run is over before {}\n", seconds(at)));
            return Ok(Exit::Wrong);
        };
        let text = report::at(system, state, only);
        Ok(streams.data(text.as_bytes(), Exit::Done))
    }

    /// The whole trial, compared with what is known of it, and the window around its incident.
    fn whole(&self, streams: &mut Streams<'_>) -> Result<Exit, TrialError> {
        let case = &self.opened.case;
        let output = case.again(None, self.interrupt.stop())?;
        if let Some(record) = &self.opened.record
            && let Some(text) = self.differs(record, &output)
        {
            streams.say(&text);
            return Ok(Exit::NotReproduced);
        }
        let episode = case.episode(&output);
        if let (Some(trigger), None) = (case.trigger, episode) {
            streams.say(&format!(
                "error[VX5001]: the run has no incident number {} of the detector {}\n",
                u64::from(trigger.nth) + 1,
                trigger.kind.name()
            ));
            return Ok(Exit::NotReproduced);
        }
        let end = case.length().unwrap_or_else(|| {
            let measured = Nanos::try_from(output.tally.measured_ns).unwrap_or(Nanos::MAX);
            case.run.timing.warm_up.saturating_add(measured)
        });
        let at = episode.map_or(end, |episode| episode.at);
        let window = Window::around(at, self.args.before, self.args.after);
        let scene = case.scene(window, self.interrupt.stop())?;
        let text = self.text(&output, &scene, at);
        let path = self.path();
        let written = self.write(&path, (&output, &text, &scene), at);
        if let Err(error) = written {
            return Ok(streams.refuse(&error));
        }
        let text = format!("{text}\nfiles   {}\n", path.display());
        Ok(streams.data(text.as_bytes(), Exit::Done))
    }

    /// Where the run parts from what was written down of it; `None`: nowhere.
    fn differs(&self, record: &Record, output: &TrialOutput) -> Option<String> {
        let here = Came::of(output, None);
        let moved = |known: Option<u64>, here: Option<u64>| known.is_some() && known != here;
        let drawn = moved(record.demand, Some(here.demand));
        let counted = moved(record.counters, here.counters);
        let same = record.fingerprint == output.fingerprint && record.stations == output.stations;
        if same && !drawn && !counted {
            return None;
        }
        if same {
            let what = if drawn {
                "what was drawn"
            } else {
                "what was counted"
            };
            return Some(format!(
                "error[VX5001]: the events are those of the record in {}, but {what} differs\n",
                record.from
            ));
        }
        let drawn = match (record.demand, drawn) {
            (None, _) => "",
            (_, true) => "; what was drawn differs too",
            (_, false) => "; what was drawn is the same",
        };
        let length = self.opened.case.length().unwrap_or(0);
        let place = match parts_at(&record.stations, &output.stations) {
            Some(number) => format!(
                "before station {} of 64, at {} of the run: recorded {:016x}, here {:016x}",
                number + 1,
                seconds(station(length, number)),
                record.stations[number],
                output.stations[number]
            ),
            None => format!(
                "after its last station: recorded {:016x}, here {:016x}",
                record.fingerprint, output.fingerprint
            ),
        };
        Some(format!(
            "error[VX5001]: the replay parts from the record in {} {place}{drawn}\n",
            record.from
        ))
    }

    fn text(&self, output: &TrialOutput, scene: &Scene, at: Nanos) -> String {
        let (opened, case) = (&self.opened, &self.opened.case);
        let same = match &opened.record {
            Some(record) => format!("the same as in {}", record.from),
            None => "nothing to compare it with".into(),
        };
        let mut text = format!(
            "{}\n{}, {}, seed {}, replication {}\n{} events, fingerprint {:016x}: {same}\n\n",
            opened.token,
            opened.name,
            opened.label,
            case.run.seed,
            case.run.replication,
            crate::report::show::grouped(output.events),
            output.fingerprint,
        );
        let rules = &case.run.look_for.rules;
        let episodes = &output.incidents.episodes;
        let number = case
            .episode(output)
            .and_then(|meant| episodes.iter().position(|e| std::ptr::eq(e, meant)));
        match number {
            Some(number) => text.push_str(&told(&case.system, rules, &output.incidents, number)),
            None => text.push_str("no incident in this run\n"),
        }
        let others = episodes.iter().enumerate();
        let inside = |at: Nanos| (scene.window.from..=scene.window.to).contains(&at);
        let others = others.filter(|(i, e)| Some(*i) != number && inside(e.at));
        let others: Vec<_> = others.collect();
        if !others.is_empty() {
            text.push_str("\nother incidents in the window\n");
        }
        for (_, episode) in others.iter().take(MOST) {
            let line = headline(&case.system, rules, episode);
            text.push_str(&format!("  {}: {line}\n", seconds(episode.at)));
        }
        if others.len() > MOST {
            text.push_str(&format!("  and {} more\n", others.len() - MOST));
        }
        text.push('\n');
        text.push_str(&report::timeline(&case.system, scene, at));
        text
    }

    fn path(&self) -> std::path::PathBuf {
        let name = format!(
            "{}-replay-{}",
            self.opened.name,
            folder::short(&self.digest())
        );
        let runs = || Path::new(RUNS).join(name);
        self.args.out.clone().unwrap_or_else(runs)
    }

    /// Of what is written: the trial and the window.
    fn digest(&self) -> String {
        let window = (self.args.before, self.args.after);
        manifest::digest(&format!("replay\n{}\n{window:?}\n", self.opened.token), &[])
    }

    fn write(
        &self,
        path: &Path,
        (output, text, scene): (&TrialOutput, &str, &Scene),
        at: Nanos,
    ) -> Result<(), FolderError> {
        let (digest, case) = (self.digest(), &self.opened.case);
        match folder::look(path, &digest)? {
            Place::Other(manifest) => return Err(folder::other(path, &manifest)),
            Place::Free | Place::Done(_) => {}
        }
        let partial = Partial::open(path, &digest, true)?;
        let mut folder = Folder::begin(partial)?;
        folder.write("replay.txt", text.as_bytes())?;
        let point = self.opened.token.point as usize;
        let rows = attempts_csv::of_case(&case.system, point, case.run.replication, &scene.rows);
        folder.write("attempts.csv", &rows)?;
        folder.stream("trace.json", |to| report::trace(&case.system, scene, to))?;
        let chart = report::chart(&case.system, scene, at, &self.opened.token.to_string());
        folder.write("charts/window.svg", &chart)?;
        if let Some(file) = self.file(output) {
            folder.write("incident.json", &file.bytes())?;
        }
        let origin = manifest::Origin {
            digest,
            overrides: self.args.edits.changes().words(),
            command: self.command(),
            inputs: self.opened.inputs.clone(),
        };
        let manifest = Manifest::of(&self.opened.name, case.run.seed, origin, folder.outputs());
        folder.write_unlisted(manifest::NAME, &manifest.bytes())?;
        folder.finish()
    }

    /// The trial as a file that stands alone.
    fn file(&self, output: &TrialOutput) -> Option<IncidentFile> {
        let (opened, case) = (&self.opened, &self.opened.case);
        let episode = case.episode(output);
        let head = episode.map_or(String::new(), |episode| {
            headline(&case.system, &case.run.look_for.rules, episode)
        });
        let came = Came::of(output, episode.map(|episode| episode.at));
        let names = (opened.name.as_str(), opened.label.as_str(), head.as_str());
        IncidentFile::of(case, &opened.token, names, &came)
    }

    fn command(&self) -> String {
        let mut words = vec![format!("veltrix replay {}", self.opened.token)];
        let file = self.args.experiment.as_ref().and_then(|f| f.file_name());
        words.extend(file.map(|name| quoted(&name.to_string_lossy())));
        words.extend(self.args.edits.changes().words());
        words.join(" ")
    }
}

/// Other incidents of the window that are told.
const MOST: usize = 8;
