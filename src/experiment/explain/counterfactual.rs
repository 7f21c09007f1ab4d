//! The same run with something taken away: from time 0 with the same random numbers, so that all
//! before it is the same. And whether that holds beyond this one run: both with fresh random
//! numbers from the moment on at which they part.

use std::sync::atomic::AtomicBool;

use super::sought::Sought;
use crate::base::units::Nanos;
use crate::engine::rng::Key;
use crate::experiment::caught;
use crate::experiment::incident::Case;
use crate::model::branch::{Branch, Gauge, Until};
use crate::model::trial::{LookFor, RunSpec, StopAt, TrialError};
use crate::stats::proportion::more_by_chance;

/// Continuations with and without a suspect.
pub const LINEAGES: u32 = 20;

/// A difference that chance makes more rarely than this is one.
const RARELY: f64 = 0.01;

/// Looks at a continuation until it is over.
const LOOKS: u64 = 40;

/// What became of the incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It did not happen while the run was watched.
    Avoided,
    /// It happened so much later.
    Delayed(Nanos),
    /// It happened all the same.
    Same,
    /// It happened so much sooner.
    Sooner(Nanos),
    /// The run failed, for this reason.
    Failed(String),
}

/// How many of [`LINEAGES`] continuations had the incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// As it was.
    pub with: u32,
    /// With the suspect taken away.
    pub without: u32,
}

impl Agreement {
    /// Whether the suspect makes a difference that is not that of chance.
    pub fn agrees(&self) -> bool {
        let (with, without) = (u64::from(self.with), u64::from(self.without));
        2 * without <= with && more_by_chance(with, without, u64::from(LINEAGES)) < RARELY
    }
}

/// Runs a changed trial up to where it is watched.
pub(super) fn judge(case: &Case, sought: &Sought, given_up: &AtomicBool) -> Effect {
    let output = match case.again(Some(StopAt::Time(sought.stop)), given_up) {
        Ok(output) => output,
        Err(error) => return Effect::Failed(error.message),
    };
    let Some(at) = sought.fires(&output.incidents, &case.system) else {
        return Effect::Avoided;
    };
    let before = sought.episode.at;
    match at > before {
        true if at - before > sought.slack => Effect::Delayed(at - before),
        false if before - at > sought.slack => Effect::Sooner(before - at),
        _ => Effect::Same,
    }
}

/// How a trial is run for its continuations.
pub(super) fn run_of(case: &Case) -> RunSpec {
    RunSpec {
        series: false,
        look_for: LookFor {
            stations: false,
            stop: None,
            ..case.run.look_for.clone()
        },
        ..case.run.clone()
    }
}

/// In how many continuations with fresh random numbers from a moment on it happens.
pub(super) fn continued(case: &Case, sought: &Sought, from: Nanos) -> Result<u32, TrialError> {
    let run = run_of(case);
    caught::call(|| {
        let mut branch = Branch::new(&case.system, &run);
        advance(&mut branch, from)?;
        let mut failed = 0;
        for lineage in 1..=LINEAGES {
            failed += u32::from(goes_wrong(&branch, (case, sought), u64::from(lineage))?);
        }
        Ok(failed)
    })
}

/// Whether a continuation of this lineage has the incident.
pub(super) fn goes_wrong(
    branch: &Branch<'_>,
    (case, sought): (&Case, &Sought),
    lineage: u64,
) -> Result<bool, TrialError> {
    let key = Key::new(case.run.seed, u64::from(case.run.replication), lineage);
    let mut copy = branch.split(&key);
    let (mut at, stop) = (branch.now(), sought.stop);
    let step = (stop.saturating_sub(at) / LOOKS).max(1);
    loop {
        at = at.saturating_add(step).min(stop);
        advance(&mut copy, at)?;
        let found = copy.found();
        if found.is_some_and(|found| sought.fires(found, &case.system).is_some()) {
            return Ok(true);
        }
        if at >= stop {
            return Ok(false);
        }
    }
}

/// Up to the first event at a moment or later.
pub(super) fn advance(branch: &mut Branch<'_>, time: Nanos) -> Result<(), TrialError> {
    let until = Until {
        low: None,
        high: None,
        time,
    };
    branch.advance(&Gauge::blind(), &until).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chance_may_do_is_no_agreement() {
        let of = |with, without| Agreement { with, without }.agrees();
        assert!(of(20, 0) && of(20, 8) && of(8, 0));
        assert!(!of(20, 20) && !of(3, 0) && !of(12, 8) && !of(20, 15) && !of(0, 0));
    }
}
