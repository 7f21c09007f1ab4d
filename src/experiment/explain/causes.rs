//! What brought it about: suspects taken away one by one, and together where none does alone.

use super::Explainer;
use super::Seen;
use super::Trouble;
use super::counterfactual::{Agreement, Effect, continued, judge};
use super::edit::{Edit, apply};
use super::suspects::{Nature, Subject, Suspect, suspects};
use crate::base::units::{Nanos, SECOND};

/// So long before a suspect begins, continuations with and without it part.
const AHEAD: Nanos = SECOND / 10;

/// Most settings of each nature whose effect is looked into further.
const MOST_SETTINGS: usize = 4;

/// A suspect with what came of taking it away.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// Who.
    pub suspect: Suspect,
    /// What came of it in this run.
    pub effect: Effect,
    /// And beyond this run, where that was looked into.
    pub agreement: Option<Agreement>,
}

impl Tested {
    /// Whether it may be called a cause.
    pub fn agrees(&self) -> bool {
        self.effect == Effect::Avoided && self.agreement.is_some_and(|a| a.agrees())
    }
}

/// How several causes belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// There is one at most.
    Alone,
    /// Without either of them it does not happen.
    EachNeeded,
    /// Only without all of them it does not happen.
    EachEnough(Agreement),
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Causes {
    /// Every suspect that was taken away, inputs first.
    pub tested: Vec<Tested>,
    /// Those that it happened because of, by their number, the clearest first.
    pub because: Vec<usize>,
    /// How they belong together.
    pub together: Together,
}

/// Takes each suspect away.
pub(super) fn causes(explainer: &Explainer<'_>, seen: &Seen<'_>) -> Result<Causes, Trouble> {
    let suspects = suspects(explainer.case, &seen.sought, &seen.found, &seen.recording);
    let effects = explainer.each(suspects.len(), |i| {
        let case = apply(explainer.case, &suspects[i].edits, &seen.recording);
        Ok(judge(&case, &seen.sought, explainer.given_up))
    })?;
    let tested = suspects
        .into_iter()
        .zip(effects)
        .map(|(suspect, effect)| Tested {
            suspect,
            effect,
            agreement: None,
        });
    let mut causes = Causes {
        tested: tested.collect(),
        because: Vec::new(),
        together: Together::Alone,
    };
    causes.inputs(explainer, seen)?;
    if causes.because.is_empty() {
        causes.jointly(explainer, seen)?;
    }
    for nature in [Nature::Choice, Nature::Room] {
        if causes.because.is_empty() {
            causes.setting(explainer, seen, nature)?;
        }
    }
    Ok(causes)
}

/// Continuations of a run with and without something.
fn agreement(
    explainer: &Explainer<'_>,
    seen: &Seen<'_>,
    all: &[(&[Edit], Nanos)],
) -> Result<Vec<Agreement>, Trouble> {
    let counts = explainer.each(2 * all.len(), |i| {
        let (edits, since) = all[i / 2];
        let edits: Vec<Edit> = match i % 2 {
            0 => edits.iter().filter_map(neutral).collect(),
            _ => edits.to_vec(),
        };
        let case = apply(explainer.case, &edits, &seen.recording);
        continued(&case, &seen.sought, since.saturating_sub(AHEAD))
    })?;
    Ok(counts
        .chunks(2)
        .map(|pair| Agreement {
            with: pair[0],
            without: pair[1],
        })
        .collect())
}

/// The same way to run it with nothing taken away.
fn neutral(edit: &Edit) -> Option<Edit> {
    let mut same = edit.clone();
    match &mut same {
        Edit::Thin { keep: part, .. } | Edit::Ease { factor: part, .. } => *part = 1.0,
        _ => return None,
    }
    Some(same)
}

impl Causes {
    fn avoided(&self, nature: Nature) -> Vec<usize> {
        let all = self.tested.iter().enumerate();
        let avoided =
            all.filter(|(_, t)| t.suspect.nature == nature && t.effect == Effect::Avoided);
        avoided.map(|(i, _)| i).collect()
    }

    fn confirm(
        &mut self,
        explainer: &Explainer<'_>,
        seen: &Seen<'_>,
        which: &[usize],
    ) -> Result<(), Trouble> {
        let of = |&i: &usize| {
            let suspect = &self.tested[i].suspect;
            (&suspect.edits[..], suspect.since)
        };
        let all: Vec<(&[Edit], Nanos)> = which.iter().map(of).collect();
        let agreements = agreement(explainer, seen, &all)?;
        for (&i, agreement) in which.iter().zip(agreements) {
            self.tested[i].agreement = Some(agreement);
        }
        Ok(())
    }

    /// What came from outside.
    fn inputs(&mut self, explainer: &Explainer<'_>, seen: &Seen<'_>) -> Result<(), Trouble> {
        let avoided = self.avoided(Nature::Input);
        self.confirm(explainer, seen, &avoided)?;
        let mut agreed = avoided;
        agreed.retain(|&i| self.tested[i].agrees());
        // Of a fault and one strike of it the one strike is the smaller change.
        let single = |i: usize| self.strike_count(i) == Some(1);
        let fault = |i: usize| self.fault(i);
        let covered: Vec<usize> = agreed
            .iter()
            .copied()
            .filter(|&i| {
                self.strike_count(i).is_some_and(|n| n > 1)
                    && agreed
                        .iter()
                        .any(|&j| j != i && single(j) && fault(i) == fault(j))
            })
            .collect();
        agreed.retain(|i| !covered.contains(i));
        agreed.sort_by_key(|&i| {
            let tested = &self.tested[i];
            let without = tested.agreement.map_or(0, |a| a.without);
            (without, std::cmp::Reverse(tested.suspect.since), i)
        });
        if agreed.len() > 1 {
            self.together = Together::EachNeeded;
        }
        self.because = agreed;
        Ok(())
    }

    fn fault(&self, i: usize) -> Option<usize> {
        match &self.tested[i].suspect.subject {
            Subject::Fault { fault, .. } => Some(*fault),
            _ => None,
        }
    }

    fn strike_count(&self, i: usize) -> Option<usize> {
        match &self.tested[i].suspect.subject {
            Subject::Fault { strikes, all, .. } => Some(if *all { 1 } else { strikes.len() }),
            _ => None,
        }
    }

    /// Inputs that only together make a difference: all are taken away, and given back one by one
    /// where it makes none.
    fn jointly(&mut self, explainer: &Explainer<'_>, seen: &Seen<'_>) -> Result<(), Trouble> {
        let inputs = self.tested.iter().enumerate();
        let mut set: Vec<usize> = inputs
            .filter(|(_, t)| t.suspect.nature == Nature::Input)
            .map(|(i, _)| i)
            .collect();
        if set.len() < 2 {
            return Ok(());
        }
        // Those that brought it forward are given back last.
        set.sort_by_key(|&i| (matches!(self.tested[i].effect, Effect::Delayed(_)), i));
        let avoids = |causes: &Causes, set: &[usize]| {
            let edits = causes.edits(set);
            let effect = explainer.each(1, |_| {
                let case = apply(explainer.case, &edits, &seen.recording);
                Ok(judge(&case, &seen.sought, explainer.given_up))
            });
            effect.map(|e| e[0] == Effect::Avoided)
        };
        if !avoids(self, &set)? {
            return Ok(());
        }
        for i in set.clone() {
            let rest: Vec<usize> = set.iter().copied().filter(|&j| j != i).collect();
            if avoids(self, &rest)? {
                set = rest;
            }
        }
        let edits = self.edits(&set);
        let since = set.iter().map(|&i| self.tested[i].suspect.since).min();
        let agreement = agreement(explainer, seen, &[(&edits, since.unwrap_or(0))])?[0];
        if agreement.agrees() {
            set.sort_by_key(|&i| (self.tested[i].suspect.since, i));
            self.because = set;
            self.together = Together::EachEnough(agreement);
        }
        Ok(())
    }

    fn edits(&self, set: &[usize]) -> Vec<Edit> {
        let edits = set.iter().flat_map(|&i| &self.tested[i].suspect.edits);
        edits.cloned().collect()
    }

    /// The first setting of a nature without which it would not have happened.
    fn setting(
        &mut self,
        explainer: &Explainer<'_>,
        seen: &Seen<'_>,
        nature: Nature,
    ) -> Result<(), Trouble> {
        let mut avoided = self.avoided(nature);
        avoided.truncate(MOST_SETTINGS);
        self.confirm(explainer, seen, &avoided)?;
        self.because = avoided
            .into_iter()
            .find(|&i| self.tested[i].agrees())
            .into_iter()
            .collect();
        Ok(())
    }
}
