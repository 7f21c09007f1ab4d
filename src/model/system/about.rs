//! What policies are told beyond the loads of workers: what a request is about, and how long an
//! attempt took.

use super::*;

/// Which of it any policy wants.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// Keys of requests.
    pub hashes: bool,
    /// How attempts end.
    pub hears: bool,
    /// Recorded keys, by the place of a request.
    keys: Vec<u64>,
}

impl About {
    pub fn new(spec: &SystemSpec) -> About {
        let mut policies = spec.services.iter().map(|s| &s.balancer.policy);
        About {
            hashes: policies.clone().any(|p| p.hashes()),
            hears: policies.any(|p| p.hears()),
            keys: Vec::new(),
        }
    }

    pub fn is_any(&self) -> bool {
        self.hashes || self.hears
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Keeps the recorded key of a new request.
    #[inline(never)]
    pub(super) fn note_key(&mut self, place: u32, key: u64) {
        let place = place as usize;
        let keys = &mut self.about.keys;
        if place >= keys.len() {
            keys.resize(place + 1, 0);
        }
        keys[place] = key;
    }

    /// What the request of an attempt is about.
    #[inline(never)]
    pub(super) fn key_of(&self, attempt: u32) -> u64 {
        let a = self.jobs.attempt(attempt);
        let source = &self.sources[self.source_of[a.class as usize] as usize];
        if source.records_keys() {
            return self
                .about
                .keys
                .get(a.request as usize)
                .copied()
                .unwrap_or(0);
        }
        source.key(a.number, a.class - source.first_class)
    }

    /// The policy that sent an attempt hears that its caller knows how it ended.
    #[inline(never)]
    pub(super) fn tell_policy(&mut self, attempt: u32, now: Nanos) {
        let a = self.jobs.attempt(attempt);
        if !self.about.hears || a.worker == NO_WORKER {
            return;
        }
        let mut took = now - a.arrived;
        if self.dispatches {
            took -= self.jobs.request(attempt).dispatched_after;
        }
        let (worker, at) = (a.worker, self.front_of(attempt));
        let front = &mut self.fronts[at];
        front.tell_policy(worker - front.first_worker, took, now);
    }
}
