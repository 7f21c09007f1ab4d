//! From a trial with an incident to the smallest model, run and trace that still has it.
//!
//! What must stay is the signature: an incident of the same kind at the same kind of place. All
//! else goes if it can: the run ends at the incident, its arrivals become rows of a trace, the
//! beginning goes, then rows by delta debugging ([`ddmin`]), then part after part of the system
//! (`passes`), round after round until nothing more goes. Every step is a trial; what comes out
//! depends on the case and the number of tries alone.

pub mod ddmin;
mod edit;
mod parts;
mod passes;
mod rounding;
mod rows;
mod tester;

use std::sync::atomic::AtomicBool;

use crate::base::units::{Nanos, SECOND};
use crate::experiment::incident::Case;
use crate::model::incident::{Ground, Window};
use crate::model::source::births;
use crate::model::spec::Arrivals;
use crate::model::trial::{Horizon, TrialError};

use passes::{Offer, PASSES};
use tester::Tester;
pub use tester::{Ended, Failing, Signature};

/// Most rounds through all passes.
const ROUNDS: usize = 20;

/// How large a case is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Requests up to the incident.
    pub requests: u64,
    /// Sources.
    pub sources: u64,
    /// Classes of all sources.
    pub classes: u64,
    /// Services.
    pub services: u64,
    /// Workers of all services.
    pub workers: u64,
    /// Faults.
    pub faults: u64,
    /// Events up to the incident.
    pub events: u64,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// What it was.
    pub before: (Failing, Size),
    /// What is left.
    pub after: (Failing, Size),
    /// What was not needed, in the order in which it went.
    pub gone: Vec<String>,
    /// How many smaller cases were tried.
    pub tried: u64,
    /// Why no more were.
    pub ended: Ended,
}

/// Why nothing can be made smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NothingToShrink {
    /// The case names no incident.
    NoIncident,
    /// The run has no such incident.
    NotThere,
    /// The run itself has no result.
    Failed(TrialError),
}

/// Makes a case smaller as long as its incident stays, with at most so many trials; told to give
/// up it answers with the best so far.
///
/// # Errors
/// There is no incident to begin with.
pub fn shrink(case: &Case, most: u64, given_up: &AtomicBool) -> Result<Shrunk, NothingToShrink> {
    let trigger = case.trigger.ok_or(NothingToShrink::NoIncident)?;
    let output = case
        .again(case.after_trigger(0), given_up)
        .map_err(NothingToShrink::Failed)?;
    let episode = trigger.find(&output.incidents);
    let first = Failing {
        episode: episode.cloned().ok_or(NothingToShrink::NotThere)?,
        struck: output.incidents.faults.clone(),
        events: output.events,
        case: case.clone(),
    };
    let before = size(&first);
    let mut begin = first.clone();
    // A warm-up that was found is stated from now on.
    begin.case.stated = begin.case.run.timing;
    let mut tester = Tester::new(begin, most, given_up);
    whole_windows(&mut tester);
    ends_at_incident(&mut tester, false);
    as_rows(&mut tester);
    starts_late(&mut tester);
    for _ in 0..ROUNDS {
        if tester.over().is_some() || !round(&mut tester) {
            break;
        }
    }
    ends_at_incident(&mut tester, true);
    round_horizon(&mut tester);
    let after = size(&tester.best);
    Ok(Shrunk {
        before: (first, before),
        after: (tester.best.clone(), after),
        ended: tester.over().unwrap_or(Ended::Done),
        gone: tester.gone,
        tried: tester.tried,
    })
}

/// Windows that are parts of the run, or so many timeouts, keep their length.
fn whole_windows(tester: &mut Tester<'_>) {
    let mut case = tester.best.case.clone();
    let timeouts = case.system.sources.iter();
    let timeouts = timeouts.filter_map(|s| s.client.timeout.as_ref());
    let ground = Ground {
        timeout: timeouts
            .map(|dist| crate::model::source::whole(dist.mean()))
            .max(),
        measured: match case.run.timing.horizon {
            Horizon::For(time) => Some(time),
            Horizon::Trace => None,
        },
        ..Ground::default()
    };
    for rule in &mut case.run.look_for.rules.built_in {
        if let Some(window) = ground.window(rule).filter(|&w| w > 0) {
            rule.window = Window::Of(window);
        }
    }
    tester.keep(case, "");
}

/// The run ends after the incident, without warm-up and drain if it can: with some room, since
/// what has less in it may come to the same a little later, or `close` behind it.
fn ends_at_incident(tester: &mut Tester<'_>, close: bool) {
    let best = &tester.best;
    let at = best.episode.at;
    let room = match close {
        true => 0,
        false => longest_window(&best.case).saturating_add(at),
    };
    let after = at.saturating_add(room).saturating_add(1);
    let warm_up = best.case.run.timing.warm_up;
    // Measured for at least as long as the warm-up.
    let measured = after.saturating_sub(warm_up).max(warm_up).max(1);
    for (warm_up, measured, drain) in [(0, after, 0), (warm_up, measured, 0)] {
        let mut case = tester.best.case.clone();
        let timing = &mut case.run.timing;
        timing.warm_up = warm_up;
        timing.horizon = Horizon::For(measured);
        timing.drain = drain;
        timing.window = SECOND;
        case.stated = *timing;
        if tester.keep(case, "what comes after the incident") {
            return;
        }
    }
}

/// The longest window that anything is looked at over.
fn longest_window(case: &Case) -> Nanos {
    let rules = &case.run.look_for.rules;
    let built_in = rules.built_in.iter().filter_map(|rule| match rule.window {
        Window::Of(window) => Some(window),
        _ => None,
    });
    let own = rules.own.iter().map(|own| own.window);
    built_in.chain(own).max().unwrap_or(0)
}

/// Generators become rows: all of them with work and memory, else one by one, else times only.
fn as_rows(tester: &mut Tester<'_>) {
    let until = tester.best.episode.at;
    let all: Vec<usize> = (0..tester.best.case.system.sources.len()).collect();
    let what = "generators of arrivals";
    let tried = |tester: &mut Tester<'_>, which: &[usize], amounts: bool| {
        let case = rows::recorded(&tester.best.case, until, which, amounts);
        case.is_some_and(|case| tester.keep(case, what))
    };
    if tried(tester, &all, true) {
        return;
    }
    for one in all {
        if !tried(tester, &[one], true) {
            tried(tester, &[one], false);
        }
    }
    tester.gone.dedup();
}

/// Rows of the beginning go, as many as can; then what is left begins at once.
fn starts_late(tester: &mut Tester<'_>) {
    let all = rows::all(&tester.best.case.system);
    let what = "the beginning";
    // The longest beginning that can go, if a longer one never can where a shorter one can't.
    let (mut can, mut cannot) = (0, all.len());
    while cannot - can > 1 {
        let middle = can + (cannot - can) / 2;
        let now = rows::all(&tester.best.case.system);
        let from = now.len().saturating_sub(all.len() - middle);
        let case = rows::only(&tester.best.case, &now[from..]);
        match case.is_some_and(|case| tester.keep(case, what)) {
            true => can = middle,
            false => cannot = middle,
        }
        if tester.over().is_some() {
            break;
        }
    }
    tester.gone.dedup();
    if let Some(case) = rows::sooner(&tester.best.case) {
        tester.keep(case, "");
    }
    ends_again(tester);
}

/// The run ends at the incident again, after that has moved.
fn ends_again(tester: &mut Tester<'_>) {
    let said = tester.gone.len();
    ends_at_incident(tester, false);
    tester.gone.truncate(said);
}

/// One round through rows and all passes; whether anything went.
fn round(tester: &mut Tester<'_>) -> bool {
    let mut gone = fewer_rows(tester);
    for pass in PASSES {
        let mut number = 0;
        while tester.over().is_none() {
            match pass(&tester.best, number) {
                Offer::End => break,
                Offer::Try(case, what) => match tester.keep(*case, &what) {
                    true => gone = true,
                    false => number += 1,
                },
                Offer::Skip => number += 1,
            }
        }
    }
    let said = tester.gone.len();
    if let Some(case) = rows::sooner(&tester.best.case) {
        tester.keep(case, "");
    }
    ends_again(tester);
    tester.gone.truncate(said);
    gone
}

/// Delta debugging of the rows, with at most half of the tries that are left.
fn fewer_rows(tester: &mut Tester<'_>) -> bool {
    let base = tester.best.case.clone();
    let all = rows::all(&base.system);
    let until = tester.tried + tester.left() / 2;
    let fewest = ddmin::ddmin(&all, &mut |list| {
        if tester.over().is_some() || tester.tried >= until {
            return None;
        }
        let case = rows::only(&base, list);
        Some(case.is_some_and(|case| tester.keep(case, "requests")))
    });
    fewest.len() < all.len()
}

/// The length of the run becomes a round number: of seconds, if not much less would do.
fn round_horizon(tester: &mut Tester<'_>) {
    let Horizon::For(length) = tester.best.case.run.timing.horizon else {
        return;
    };
    let seconds = length.div_ceil(SECOND).saturating_mul(SECOND);
    let digits = [1, 2, 3].map(|digits| rounding::round(length, digits, true));
    for length in [seconds].into_iter().chain(digits) {
        let mut case = tester.best.case.clone();
        case.run.timing.horizon = Horizon::For(length);
        case.stated = case.run.timing;
        if tester.keep(case, "") {
            return;
        }
    }
}

/// How large a case is up to its incident.
fn size(failing: &Failing) -> Size {
    let system = &failing.case.system;
    let sent = |index: usize| -> u64 {
        let arrivals = &system.sources[index].arrivals;
        if let Arrivals::Closed { users, .. } = arrivals {
            return u64::from(*users);
        }
        let wanted = (failing.episode.at, usize::MAX);
        let found = births((system, index), &failing.case.run, None, wanted);
        found.map_or(0, |found| found.len() as u64)
    };
    Size {
        requests: (0..system.sources.len()).map(sent).sum(),
        sources: system.sources.len() as u64,
        classes: system.classes().count() as u64,
        services: system.services.len() as u64,
        workers: system
            .services
            .iter()
            .map(|s| s.worker_count() as u64)
            .sum(),
        faults: system.faults.len() as u64,
        events: failing.events,
    }
}
