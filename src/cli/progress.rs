//! What a person at a terminal sees while trials run, and where finished trials go meanwhile.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use crate::experiment::design::Design;
use crate::experiment::run::{Progress, Watch};
use crate::model::trial::{AttemptRow, TrialOutput};
use crate::report::attempts_csv;
use crate::report::folder::FolderError;
use crate::report::partial::{Kept, Partial};

/// Watches a run.
pub struct Watcher<'a> {
    design: &'a Design,
    partial: &'a Partial,
    stop: &'a AtomicBool,
    bar: ProgressBar,
    trouble: Mutex<Option<FolderError>>,
    damaged: Mutex<Vec<PathBuf>>,
}

/// What came of watching.
#[derive(Debug)]
pub struct Watched {
    /// The first trouble with keeping trials; it ends the run.
    pub trouble: Option<FolderError>,
    /// Files of an earlier run that were of no use, by name.
    pub damaged: Vec<PathBuf>,
}

/// Whether there is somebody to see a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// A terminal.
    Person,
    /// A pipe, a file, or somebody who asked for quiet.
    Nobody,
}

impl<'a> Watcher<'a> {
    /// For a run of this design that keeps its trials there, until `stop` is set.
    pub fn new(
        design: &'a Design,
        partial: &'a Partial,
        stop: &'a AtomicBool,
        audience: Audience,
    ) -> Watcher<'a> {
        let bar = match audience {
            Audience::Person => ProgressBar::new(design.run_count() as u64),
            Audience::Nobody => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template(
            "{bar:27} {pos}/{len} trials  {per_sec}  {eta} left  {msg}",
        );
        bar.set_style(style.expect("the template is a constant that a test draws"));
        bar.tick();
        Watcher {
            design,
            partial,
            stop,
            bar,
            trouble: Mutex::new(None),
            damaged: Mutex::new(Vec::new()),
        }
    }

    /// Takes the bar away.
    pub fn finish(self) -> Watched {
        self.bar.finish_and_clear();
        let mut damaged = open(self.damaged);
        damaged.sort();
        Watched {
            trouble: open(self.trouble),
            damaged,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Watch for Watcher<'_> {
    fn progress(&self, progress: Progress) {
        if progress.failed > 0 {
            self.bar.set_message(format!("{} failed", progress.failed));
        }
        self.bar.inc(1);
    }

    fn kept(&self, trial: usize) -> Option<TrialOutput> {
        // Runs that find the warm-up have no rows.
        let rows = self.design.attempts.is_some() && trial < self.design.trial_count();
        match self.partial.look(trial, rows) {
            Kept::Nothing => None,
            Kept::Whole(output) => Some(*output),
            Kept::Damaged(path) => {
                lock(&self.damaged).push(path);
                None
            }
        }
    }

    fn ended(&self, trial: usize, output: &TrialOutput, rows: Option<Vec<AttemptRow>>) {
        let rows = rows.map(|rows| attempts_csv::part(self.design, trial, &rows));
        if let Err(error) = self.partial.keep(trial, output, rows.as_deref()) {
            lock(&self.trouble).get_or_insert(error);
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || lock(&self.trouble).is_some()
    }
}
