//! The threads: they take runs from a list, each the next that is left, until it is empty or the
//! watch says stop. Knows nothing of what a run is.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::run::{Progress, RunError, Watch};

/// Threads, and how far they are.
pub(super) struct Crew<'a> {
    threads: rayon::ThreadPool,
    watch: &'a dyn Watch,
    total: usize,
    ended: AtomicUsize,
    failed: AtomicUsize,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Well.
    Well,
    /// Badly.
    Badly,
}

impl<'a> Crew<'a> {
    /// So many threads (0: one for each core), for so many runs in all.
    pub(super) fn start(
        threads: usize,
        watch: &'a dyn Watch,
        total: usize,
    ) -> Result<Crew<'a>, RunError> {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        Ok(Crew {
            threads: threads.map_err(|e| RunError::NoThreads(e.to_string()))?,
            watch,
            total,
            ended: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
        })
    }

    /// Who hears of it.
    pub(super) fn watch(&self) -> &'a dyn Watch {
        self.watch
    }

    /// Does `one` for each of the list, begun in its order. `None` from it: given up.
    ///
    /// # Errors
    /// It was stopped before the last one ended.
    pub(super) fn work(
        &self,
        list: &[usize],
        one: impl Fn(usize) -> Option<Ended> + Sync,
    ) -> Result<(), RunError> {
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        self.threads.broadcast(|_| {
            while !self.watch.stopped()
                && let Some(&run) = list.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let Some(ended) = one(run) else { return };
                let bad = usize::from(ended == Ended::Badly);
                done.fetch_add(1, Ordering::Relaxed);
                self.watch.progress(Progress {
                    failed: self.failed.fetch_add(bad, Ordering::Relaxed) + bad,
                    done: self.ended.fetch_add(1, Ordering::Relaxed) + 1,
                    total: self.total,
                });
            }
        });
        match done.into_inner() == list.len() {
            true => Ok(()),
            false => Err(RunError::Stopped(self.progress())),
        }
    }

    /// Does what shares itself out over all threads; it is told how to ask whether to stop. `None`
    /// from it: given up.
    ///
    /// # Errors
    /// It was given up.
    pub(super) fn all<T: Send>(
        &self,
        work: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Option<T> + Send,
    ) -> Result<T, RunError> {
        let stopped = || self.watch.stopped();
        let done = self.threads.install(|| work(&stopped));
        done.ok_or_else(|| RunError::Stopped(self.progress()))
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            done: self.ended.load(Ordering::Relaxed),
            total: self.total,
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}
