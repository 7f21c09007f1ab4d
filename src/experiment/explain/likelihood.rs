//! How likely the incident still was, moment by moment: continuations with fresh random numbers.

use super::counterfactual::{advance, goes_wrong, run_of};
use super::sought::REACH;
use super::{Explainer, Seen, Trouble};
use crate::base::units::{Nanos, SECOND};
use crate::experiment::caught;
use crate::model::branch::Branch;

/// Moments that are looked at.
pub const MOMENTS: u64 = 40;

/// Continuations from each, and the fewest where they are long.
const EACH: u64 = 50;
const FEWEST: u64 = 10;

/// So many requests they may have in all, about.
const REQUESTS: f64 = 7.5e8;

/// Continuations from the earliest moment, to see whether it is early enough.
const PROBES: u64 = 10;

/// A share as it is where nobody can turn back.
const SURE: f64 = 0.95;

/// One moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, nanoseconds from the start of the run.
    pub at: Nanos,
    /// Continuations that had the incident.
    pub failed: u64,
    /// Continuations.
    pub of: u64,
}

impl Moment {
    /// The share that had it.
    pub fn share(&self) -> f64 {
        self.failed as f64 / self.of.max(1) as f64
    }
}

/// Shares over time, the earliest moment first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Curve {
    /// Moments up to the incident.
    pub moments: Vec<Moment>,
    /// Continuations from each.
    pub each: u64,
}

impl Curve {
    /// The last moment at which less than half had it.
    pub fn open(&self) -> Option<Moment> {
        self.moments.iter().copied().rfind(|m| m.share() < 0.5)
    }

    /// The moment of no return: from here on nearly all had it.
    pub fn no_return(&self) -> Option<Moment> {
        let sure = self.moments.iter().rev().take_while(|m| m.share() >= SURE);
        sure.last().copied()
    }
}

/// Looks at 40 moments before the incident.
pub(super) fn curve(explainer: &Explainer<'_>, seen: &Seen<'_>) -> Result<Curve, Trouble> {
    let at = seen.sought.episode.at;
    let mut earliest = at.saturating_sub(REACH);
    // Wider where the share is high already.
    while earliest > 0 {
        let probe = count(explainer, seen, &[earliest], PROBES)?;
        if probe.iter().all(|m| m.share() < 0.5) {
            break;
        }
        earliest = at.saturating_sub((at - earliest).saturating_mul(4));
    }
    let span = at - earliest;
    let when = |i: u64| earliest + (u128::from(span) * u128::from(i) / u128::from(MOMENTS)) as u64;
    let moments: Vec<Nanos> = (0..MOMENTS).map(when).collect();
    let each = each(explainer, seen, &moments);
    Ok(Curve {
        moments: count(explainer, seen, &moments, each)?,
        each,
    })
}

/// How many continuations from each of these moments are affordable.
fn each(explainer: &Explainer<'_>, seen: &Seen<'_>, moments: &[Nanos]) -> u64 {
    let stop = seen.sought.stop;
    let lengths = moments.iter().map(|&at| stop.saturating_sub(at) as f64);
    let seconds = lengths.sum::<f64>() / SECOND as f64;
    let sources = explainer.case.system.sources.iter();
    let rate: f64 = sources.map(|s| s.mean_rate()).sum();
    let most = REQUESTS / (seconds * rate).max(1.0);
    (most as u64).clamp(FEWEST, EACH)
}

fn count(
    explainer: &Explainer<'_>,
    seen: &Seen<'_>,
    moments: &[Nanos],
    each: u64,
) -> Result<Vec<Moment>, Trouble> {
    let case = explainer.case;
    let run = run_of(case);
    let states = caught::call(|| {
        let mut branch = Branch::new(&case.system, &run);
        let mut states = Vec::new();
        for &moment in moments {
            if moment > 0 {
                advance(&mut branch, moment)?;
            }
            states.push(branch.clone());
        }
        Ok(states)
    })?;
    let tasks = moments.len() * each as usize;
    let failed = explainer.each(tasks, |task| {
        let moment = task / each as usize;
        // No two continuations have a lineage in common, and none that of another part.
        let lineage = (1 << 32) + task as u64;
        caught::call(|| goes_wrong(&states[moment], (case, &seen.sought), lineage))
    })?;
    let moments = moments.iter().zip(failed.chunks(each as usize));
    let moments = moments.map(|(&at, failed)| Moment {
        at,
        failed: failed.iter().filter(|&&f| f).count() as u64,
        of: each,
    });
    Ok(moments.collect())
}
