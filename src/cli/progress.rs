//! What a person at a terminal sees while trials run, and where rows of attempts go meanwhile.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};

use crate::experiment::design::Design;
use crate::experiment::run::{Progress, Watch};
use crate::model::trial::AttemptRow;
use crate::report::attempts_csv;
use crate::report::folder::{Folder, FolderError};

/// Watches a run.
pub struct Watcher<'a> {
    design: &'a Design,
    folder: &'a Folder,
    bar: ProgressBar,
    trouble: Mutex<Option<FolderError>>,
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
    /// For a run of this design into this folder.
    pub fn new(design: &'a Design, folder: &'a Folder, audience: Audience) -> Watcher<'a> {
        let bar = match audience {
            Audience::Person => ProgressBar::new(design.trial_count() as u64),
            Audience::Nobody => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template(
            "{bar:27} {pos}/{len} trials  {per_sec}  {eta} left  {msg}",
        );
        bar.set_style(style.expect("the template is a constant that a test draws"));
        bar.tick();
        Watcher {
            design,
            folder,
            bar,
            trouble: Mutex::new(None),
        }
    }

    /// Takes the bar away.
    ///
    /// # Errors
    /// The first trouble with writing rows of attempts.
    pub fn finish(self) -> Result<(), FolderError> {
        self.bar.finish_and_clear();
        let trouble = self.trouble.into_inner();
        trouble
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .map_or(Ok(()), Err)
    }
}

/// The file that holds a trial's rows until all trials have ended.
pub fn part_name(trial: usize) -> String {
    format!("attempts.part/{trial:08}")
}

impl Watch for Watcher<'_> {
    fn progress(&self, progress: Progress) {
        if progress.failed > 0 {
            self.bar.set_message(format!("{} failed", progress.failed));
        }
        self.bar.inc(1);
    }

    fn attempts(&self, trial: usize, rows: Vec<AttemptRow>) {
        let bytes = attempts_csv::part(self.design, trial, &rows);
        drop(rows);
        if let Err(error) = self.folder.write_unlisted(&part_name(trial), &bytes) {
            let mut trouble = self
                .trouble
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            trouble.get_or_insert(error);
        }
    }
}
