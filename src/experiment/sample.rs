//! Trials that are watched: by a sample of their rows, and by a flag that ends them.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::spec::SystemSpec;
use crate::model::trial::{self, AttemptRow, Blind, Observer, RunSpec, TrialError, TrialOutput};

/// Keeps the rows of one request in so many, by its number.
#[derive(Clone, Debug)]
pub struct Sample {
    pub(super) every: u64,
    /// What was kept.
    pub rows: Vec<AttemptRow>,
}

impl Observer for Sample {
    fn begin(&mut self) {
        self.rows.clear();
    }
    fn attempt(&mut self, row: &AttemptRow) {
        if row.request.is_multiple_of(self.every) {
            self.rows.push(*row);
        }
    }
}

/// Watches through another observer, and gives the run up once it is told to.
struct Until<'a> {
    inner: &'a mut dyn Observer,
    stop: &'a AtomicBool,
}

impl Observer for Until<'_> {
    fn wants_rows(&self) -> bool {
        self.inner.wants_rows()
    }
    fn begin(&mut self) {
        self.inner.begin();
    }
    fn attempt(&mut self, row: &AttemptRow) {
        self.inner.attempt(row);
    }
    fn given_up(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// One trial of the model, watched by a sample where there is one, until `stop` is set.
///
/// # Errors
/// As [`trial::run`].
pub fn simulate_until(
    spec: &SystemSpec,
    run: &RunSpec,
    sample: Option<&mut Sample>,
    stop: &AtomicBool,
) -> Result<TrialOutput, TrialError> {
    match sample {
        Some(inner) => trial::run(spec, run, &mut Until { inner, stop }),
        None => trial::run(
            spec,
            run,
            &mut Until {
                inner: &mut Blind,
                stop,
            },
        ),
    }
}
