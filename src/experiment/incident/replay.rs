//! A case run again, and all that happened around its trigger.

use std::sync::atomic::AtomicBool;

use super::case::Case;
use crate::base::units::Nanos;
use crate::experiment::caught;
use crate::model::incident::{Episode, State};
use crate::model::trial::{
    self, AttemptRow, LookFor, Observer, RunSpec, StopAt, TrialError, TrialOutput,
};

/// States that are noted in a window.
pub const STEPS: u64 = 240;

/// A stretch of a run, `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its start.
    pub from: Nanos,
    /// Its end.
    pub to: Nanos,
}

impl Window {
    /// The stretch around a moment.
    pub fn around(at: Nanos, before: Nanos, after: Nanos) -> Window {
        Window {
            from: at.saturating_sub(before),
            to: at.saturating_add(after),
        }
    }
}

/// What happened in a window.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The window.
    pub window: Window,
    /// Every attempt that was somewhere in it, by the time its outcome was known; without one:
    /// still open at its end.
    pub rows: Vec<AttemptRow>,
    /// The system at [`STEPS`] even moments of it and at its end.
    pub states: Vec<State>,
}

/// Keeps the rows of a window.
struct Keeper<'a> {
    window: Window,
    rows: Vec<AttemptRow>,
    given_up: &'a AtomicBool,
}

impl Observer for Keeper<'_> {
    fn begin(&mut self) {
        self.rows.clear();
    }

    fn attempt(&mut self, row: &AttemptRow) {
        let ended = row.end.is_some_and(|end| end < self.window.from);
        if !ended && row.arrived < self.window.to {
            self.rows.push(*row);
        }
    }

    fn given_up(&self) -> bool {
        self.given_up.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Case {
    /// The episode that the trigger means, in what a run of the case found; without a trigger the
    /// first episode.
    pub fn episode<'o>(&self, output: &'o TrialOutput) -> Option<&'o Episode> {
        match self.trigger {
            Some(trigger) => trigger.find(&output.incidents),
            None => output.incidents.episodes.first(),
        }
    }

    /// Runs the case up to the end of a window, and keeps what happens in it.
    ///
    /// # Errors
    /// As [`Case::again`].
    pub fn scene(&self, window: Window, given_up: &AtomicBool) -> Result<Scene, TrialError> {
        let length = window.to - window.from;
        let step =
            |k: u64| window.from + (u128::from(length) * u128::from(k) / u128::from(STEPS)) as u64;
        let mut states: Vec<Nanos> = (0..=STEPS).map(step).collect();
        states.dedup();
        let run = RunSpec {
            look_for: LookFor {
                stop: Some(StopAt::Time(window.to.saturating_add(1))),
                states,
                ..LookFor::default()
            },
            ..self.run.clone()
        };
        let mut keeper = Keeper {
            window,
            rows: Vec::new(),
            given_up,
        };
        let output = caught::call(|| trial::run(&self.system, &run, &mut keeper))?;
        Ok(Scene {
            window,
            rows: keeper.rows,
            states: output.states,
        })
    }
}

/// The first station at which two runs of a case differ: its number, from 0.
pub fn parts_at(a: &[u64], b: &[u64]) -> Option<usize> {
    a.iter().zip(b).position(|(a, b)| a != b)
}
