//! The winner of the race alone, on replications that the race never used. Who wins a noisy race
//! was also lucky; only these numbers are published.

use super::answer::{Confirmed, Fate, Winner};
use super::checks::{Checks, Said};
use super::race::Race;
use super::{Halt, Otherwise, PointId, Trial};
use crate::stats::selection::spent;

/// Replications of confirmation number `n` begin at `n` times this.
pub(super) const FRESH: u32 = 1 << 20;

/// A confirmation begins with so many first rounds, for an interval worth publishing.
const FIRST: u32 = 4;

impl Race<'_, '_> {
    /// Confirms a point; `None`: it was not shown, and is no candidate any more.
    pub(super) fn confirm(&mut self, point: PointId) -> Result<Option<Winner>, Halt> {
        self.confirmations += 1;
        let number = self.confirmations;
        let checks = self.checks;
        let level = spent(self.settings.half(), number) / checks.list.len().max(1) as f64;
        let raced = self.points[&point].trials.len() as u32;
        let first = raced.max(self.settings.first.saturating_mul(FIRST));
        let most = self.settings.at(self.settings.rounds + 1).max(first);
        let others = self.otherwise(point, number, level);
        let (mut trials, mut look): (Vec<Trial>, u32) = (Vec::new(), 0);
        let mut wanted = first;
        let fate = loop {
            look += 1;
            let have = trials.len() as u32;
            let fresh = number.saturating_mul(FRESH).saturating_add(have);
            match self.more(point, fresh, wanted - have) {
                Ok(more) => trials.extend(more),
                Err(Halt::Failed(why)) => break Fate::Failed(why),
                Err(halt) => return Err(halt),
            }
            let at = spent(level, look);
            let say = |(c, other): (&super::checks::Check, &Option<Otherwise>)| match other
                .and_then(|other| other.met)
            {
                None => c.said(&trials, at, at),
                Some(true) => Said::Met,
                Some(false) => Said::Missed,
            };
            let said: Vec<Said> = checks.list.iter().zip(&others).map(say).collect();
            if said.iter().all(|s| *s == Said::Met) {
                let mut confirmed = published(checks, &trials, at);
                for (confirmed, other) in confirmed.iter_mut().zip(&others) {
                    if let Some(other) = other {
                        confirmed.shown = Some(other.ends);
                    }
                }
                let record = self.points.get_mut(&point).expect("it was raced");
                record.fate = Fate::Winner;
                return Ok(Some(Winner {
                    point,
                    cost: record.cost,
                    attempt: number,
                    replications: trials.len() as u32,
                    requests: trials.iter().map(|t| t.requests).sum(),
                    confirmed,
                }));
            }
            let lost = said.iter().zip(&checks.list).position(|(said, check)| {
                *said == Said::Missed || *said == Said::Near && !check.looks_met(&trials)
            });
            let open = said.iter().position(|said| *said != Said::Met);
            if lost.is_some() || wanted >= most {
                break Fate::NotConfirmed(lost.or(open).unwrap_or(0));
            }
            wanted = wanted.saturating_mul(2).min(most);
        };
        let record = self.points.get_mut(&point).expect("it was raced");
        record.fate = fate;
        Ok(None)
    }
}

impl Race<'_, '_> {
    /// What another method says anew of the constraints that it decided in the race: one a
    /// constraint, and nothing of those that are counted.
    fn otherwise(&mut self, point: PointId, number: u32, level: f64) -> Vec<Option<Otherwise>> {
        let mut all = Vec::new();
        for check in 0..self.checks.list.len() {
            let asked = self.otherwise.contains(&(point, check));
            let said = match asked {
                true => self.oracle.undecided(point, check, number, level),
                false => None,
            };
            self.requests += said.map_or(0, |said| said.requests);
            all.push(said);
        }
        all
    }
}

/// The intervals of a confirmation, at the level that decided it.
fn published(checks: &Checks, trials: &[Trial], level: f64) -> Vec<Confirmed> {
    let ends = |gauge: usize| {
        let s = Checks::summary(trials, gauge)?;
        Some((s.estimate, s.lower(level), s.upper(level)))
    };
    let one = |check: &super::checks::Check| Confirmed {
        shown: ends(check.shown),
        share: (check.bound.0 != check.shown)
            .then(|| ends(check.bound.0))
            .flatten(),
    };
    checks.list.iter().map(one).collect()
}
