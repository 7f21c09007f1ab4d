//! What a person sees while seeds run, and where their outcomes go meanwhile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use crate::experiment::hunt::{Shot, Watch};
use crate::experiment::run::Progress;
use crate::report::folder::FolderError;
use crate::report::kept::Kept;

/// Watches a hunt.
pub struct Watcher<'a> {
    bar: ProgressBar,
    stop: &'a AtomicBool,
    keep: Option<&'a Kept>,
    /// Of an earlier hunt, by seed.
    before: Mutex<BTreeMap<u64, Shot>>,
    kept: Mutex<u64>,
    trouble: Mutex<Option<FolderError>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Watcher<'a> {
    /// For so many seeds, until `stop` is set.
    pub fn new(seeds: u64, stop: &'a AtomicBool, watched: bool) -> Watcher<'a> {
        let bar = match watched {
            true => ProgressBar::new(seeds),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{bar:27} {pos}/{len} seeds  {per_sec}  {msg}");
        bar.set_style(style.expect("the template is a constant that a test draws"));
        bar.tick();
        Watcher {
            bar,
            stop,
            keep: None,
            before: Mutex::new(BTreeMap::new()),
            kept: Mutex::new(0),
            trouble: Mutex::new(None),
        }
    }

    /// Keeps outcomes there, and goes on with those of before.
    pub fn keeping(mut self, keep: &'a Kept, before: Vec<Shot>) -> Watcher<'a> {
        self.keep = Some(keep);
        self.kept = Mutex::new(before.len() as u64);
        self.before = Mutex::new(before.into_iter().map(|shot| (shot.seed, shot)).collect());
        self
    }

    /// Takes the bar away. How many outcomes are kept, and the first trouble with keeping one.
    pub fn finish(self) -> (u64, Option<FolderError>) {
        self.bar.finish_and_clear();
        let trouble = self.trouble.into_inner();
        let kept = *lock(&self.kept);
        (kept, trouble.unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watch for Watcher<'_> {
    fn progress(&self, progress: Progress) {
        if progress.failed > 0 {
            self.bar.set_message(format!("{} failed", progress.failed));
        }
        self.bar.inc(1);
    }

    fn kept(&self, seed: u64) -> Option<Shot> {
        lock(&self.before).remove(&seed)
    }

    fn ended(&self, shot: &Shot) {
        let Some(keep) = self.keep else {
            return;
        };
        match keep.keep(shot) {
            Ok(()) => *lock(&self.kept) += 1,
            Err(error) => {
                lock(&self.trouble).get_or_insert(error);
            }
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || lock(&self.trouble).is_some()
    }

    fn given_up(&self) -> &AtomicBool {
        self.stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_can_be_drawn() {
        let stop = AtomicBool::new(false);
        let watcher = Watcher::new(2, &stop, false);
        watcher.progress(Progress {
            done: 1,
            total: 2,
            failed: 1,
        });
        assert_eq!(watcher.finish().0, 0);
    }
}
