//! Which incident is to be explained, and when another run has it too.

use crate::base::units::{Nanos, SECOND};
use crate::experiment::incident::Case;
use crate::model::incident::{Episode, Incidents, Place, Struck};
use crate::model::spec::SystemSpec;

/// Another run is watched at least so long after the moment of the incident.
const LEAST: Nanos = 5 * SECOND;

/// And at most so long.
const MOST: Nanos = 60 * SECOND;

/// How far back what happened may have to do with it.
pub const REACH: Nanos = 30 * SECOND;

/// Where an episode has to be to count as the same incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// At the same place.
    Here,
    /// At any place of the service: it was the first of its kind there, and no fault was at the
    /// place itself.
    Service(u32),
}

/// The incident to be explained.
#[derive(Clone, Debug)]
pub struct Sought {
    /// As it was in the run.
    pub episode: Episode,
    /// Where it counts.
    pub scope: Scope,
    /// Differences up to this are none.
    pub slack: Nanos,
    /// Until when other runs are watched.
    pub stop: Nanos,
}

/// The service that a place belongs to.
fn service_of(place: Place, spec: &SystemSpec) -> Option<u32> {
    match place {
        Place::Balancer(service) | Place::Service(service) => Some(service),
        Place::Worker(worker) => {
            let mut last = 0;
            let holds = |workers: usize| {
                last += workers as u32;
                worker < last
            };
            let counts = spec.services.iter().map(|s| s.worker_count());
            counts.map(holds).position(|here| here).map(|s| s as u32)
        }
        Place::System | Place::Class(_) => None,
    }
}

/// Whether a fault was on, or shortly before over, at a moment.
pub(super) fn near(fault: &Struck, at: Nanos) -> bool {
    fault.from <= at && fault.to.is_none_or(|to| to.saturating_add(REACH) >= at)
}

impl Sought {
    /// The episode that a trial names; if it names none, its first.
    pub fn of(case: &Case, found: &Incidents) -> Option<Sought> {
        let episode = match case.trigger {
            Some(trigger) => trigger.find(found)?,
            None => found.episodes.first()?,
        };
        let at = episode.at;
        let window = at - episode.from.min(at);
        let linger = window.max(at / 4).clamp(LEAST, MOST);
        let end = case.length().unwrap_or(Nanos::MAX);
        Some(Sought {
            scope: scope(episode, found, &case.system),
            slack: (window / 20).max(SECOND / 10),
            stop: at.saturating_add(linger).min(end.max(at + 1)),
            episode: episode.clone(),
        })
    }

    /// When this run has it; `None`: it does not, up to the moment to which it is watched.
    pub fn fires(&self, found: &Incidents, spec: &SystemSpec) -> Option<Nanos> {
        let (kind, which) = (self.episode.kind, self.episode.which);
        let oldest = self.episode.at.saturating_sub(self.slack);
        let same = |e: &&Episode| {
            e.kind == kind
                && e.which == which
                && e.at <= self.stop
                && e.to.is_none_or(|to| to >= oldest)
                && match self.scope {
                    Scope::Here => e.place == self.episode.place,
                    Scope::Service(service) => service_of(e.place, spec) == Some(service),
                }
        };
        let episodes = found.episodes.iter().filter(same);
        episodes.map(|e| e.at).min()
    }
}

fn scope(episode: &Episode, found: &Incidents, spec: &SystemSpec) -> Scope {
    let Place::Worker(worker) = episode.place else {
        return Scope::Here;
    };
    let Some(service) = service_of(episode.place, spec) else {
        return Scope::Here;
    };
    let before = |e: &Episode| {
        e.kind == episode.kind && e.at < episode.at && service_of(e.place, spec) == Some(service)
    };
    let troubled = |f: &Struck| f.worker == Some(worker) && near(f, episode.at);
    match found.episodes.iter().any(before) || found.faults.iter().any(troubled) {
        true => Scope::Here,
        false => Scope::Service(service),
    }
}
