//! Why an incident happened: numbers at its place, suspects, the same run with each suspect taken
//! away, how likely it was moment by moment, and what would have saved the run.
//!
//! A suspect is called a cause only if the incident does not happen in the run without it, and if
//! continuations with fresh random numbers have it clearly less often without it than with it.
//! Every part is a pure function of the trial; threads only share the work.

mod causes;
mod counterfactual;
mod edit;
mod facts;
mod likelihood;
mod mitigations;
mod recording;
mod recovery;
mod setting;
mod sought;
mod suspects;
mod swell;

pub use causes::{Causes, Tested, Together};
pub use counterfactual::{Agreement, Effect, LINEAGES};
pub use edit::Edit;
pub use facts::{ClassRates, Facts, Larger, Rates};
pub use likelihood::{Curve, MOMENTS, Moment};
pub use mitigations::{Mitigation, Mitigations};
pub use recording::{Counts, Recording};
pub use recovery::{CUTS, Course, Map, NoMap, Recovery, UP};
pub use setting::Setting;
pub use sought::{Scope, Sought};
pub use suspects::{Nature, Subject, Suspect};
pub use swell::Swell;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::caught;
use super::crew::{Crew, Ended};
use super::incident::Case;
use super::run::{Progress, RunError, Watch};
use crate::model::incident::Incidents;
use crate::model::trial::{self, Kinds, LookFor, RunSpec, StopAt, TrialError};

/// Why there is no explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The threads could not be started, or it was stopped.
    Run(RunError),
    /// A run failed.
    Trial(TrialError),
}

impl From<RunError> for Trouble {
    fn from(error: RunError) -> Trouble {
        Trouble::Run(error)
    }
}

impl From<TrialError> for Trouble {
    fn from(error: TrialError) -> Trouble {
        Trouble::Trial(error)
    }
}

/// The run up to a while after its incident.
#[derive(Debug)]
pub struct Seen<'a> {
    /// What is to be explained.
    pub sought: Sought,
    /// What went wrong up to then.
    pub found: Incidents,
    /// What was counted.
    pub recording: Recording<'a>,
    /// Numbers at the place.
    pub facts: Facts,
}

/// Stops when it is told to; hears nothing.
struct Stop<'a>(&'a AtomicBool);

impl Watch for Stop<'_> {
    fn progress(&self, _: Progress) {}

    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Explains one incident of one trial, part by part.
pub struct Explainer<'a> {
    case: &'a Case,
    threads: usize,
    given_up: &'a AtomicBool,
}

impl<'a> Explainer<'a> {
    /// With so many threads (0: one for each core), until `given_up` is set.
    pub fn new(case: &'a Case, threads: usize, given_up: &'a AtomicBool) -> Explainer<'a> {
        Explainer {
            case,
            threads,
            given_up,
        }
    }

    /// Runs the trial up to its incident and looks at it; `None`: there is no such incident.
    ///
    /// # Errors
    /// The run failed.
    pub fn look(&self) -> Result<Option<Seen<'a>>, Trouble> {
        let case = self.case;
        let first = StopAt::Episode {
            kinds: Kinds::ALL,
            nth: 0,
            linger: 0,
        };
        let stop = case.after_trigger(0).unwrap_or(first);
        let output = case.again(Some(stop), self.given_up)?;
        let Some(sought) = Sought::of(case, &output.incidents) else {
            return Ok(None);
        };
        let mut recording = Recording::new((&case.system, &case.run), sought.stop, self.given_up);
        let run = RunSpec {
            look_for: LookFor {
                stop: Some(StopAt::Time(sought.stop)),
                ..case.run.look_for.clone()
            },
            ..case.run.clone()
        };
        let output = caught::call(|| trial::run(&case.system, &run, &mut recording))?;
        let facts = facts::facts(&case.system, &sought, &recording);
        Ok(Some(Seen {
            sought,
            found: output.incidents,
            recording,
            facts,
        }))
    }

    /// What brought it about.
    ///
    /// # Errors
    /// A run that must not fail did, or it was stopped.
    pub fn causes(&self, seen: &Seen<'_>) -> Result<Causes, Trouble> {
        causes::causes(self, seen)
    }

    /// How likely it was, moment by moment.
    ///
    /// # Errors
    /// As [`Explainer::causes`].
    pub fn likelihood(&self, seen: &Seen<'_>) -> Result<Curve, Trouble> {
        likelihood::curve(self, seen)
    }

    /// What would have saved the run.
    ///
    /// # Errors
    /// As [`Explainer::causes`].
    pub fn mitigations(&self, seen: &Seen<'_>) -> Result<Mitigations, Trouble> {
        mitigations::mitigations(self, seen)
    }

    /// Whether the system comes back once nothing strikes any more; `None` where nothing is sent
    /// any more by then.
    ///
    /// # Errors
    /// As [`Explainer::causes`].
    pub fn recovery(&self, seen: &Seen<'_>) -> Result<Option<Recovery>, Trouble> {
        recovery::recovery(self, seen)
    }

    /// Over which loads and sizes of its trigger it does not.
    ///
    /// # Errors
    /// As [`Explainer::causes`].
    pub fn map(&self, seen: &Seen<'_>) -> Result<Result<Map, NoMap>, Trouble> {
        recovery::map(self, seen)
    }

    /// Does `one` for each number below `count`, on all threads; what came out, in order.
    fn each<T: Send>(
        &self,
        count: usize,
        one: impl Fn(usize) -> Result<T, TrialError> + Sync,
    ) -> Result<Vec<T>, Trouble> {
        let watch = Stop(self.given_up);
        let crew = Crew::start(self.threads, &watch, count)?;
        let slots: Vec<Mutex<Option<Result<T, TrialError>>>> =
            (0..count).map(|_| Mutex::new(None)).collect();
        let list: Vec<usize> = (0..count).collect();
        crew.work(&list, |i| {
            let done = one(i);
            let ended = if done.is_ok() {
                Ended::Well
            } else {
                Ended::Badly
            };
            *slots[i].lock().ok()? = Some(done);
            Some(ended)
        })?;
        let mut all = Vec::with_capacity(count);
        for slot in slots {
            let done = slot.into_inner().ok().flatten();
            let done = done.ok_or_else(|| Trouble::Run(RunError::Stopped(crew.progress())))?;
            all.push(done?);
        }
        Ok(all)
    }
}
