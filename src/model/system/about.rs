//! What policies are told beyond the loads of workers: what a request is about, and how long an
//! attempt took.

use super::probes::Probes;
use super::*;
use crate::model::balancer::Done;

/// Which of it any policy wants.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// Keys of requests.
    pub hashes: bool,
    /// How attempts end.
    pub hears: bool,
    /// Recorded keys, by the place of a request.
    keys: Vec<u64>,
    /// What workers have done, where any policy wants them to report.
    done: Option<Vec<Done>>,
    /// What workers remember for those who probe them, if anybody does.
    pub probes: Option<Box<Probes>>,
}

impl About {
    pub fn new(spec: &SystemSpec) -> About {
        let mut policies = spec.services.iter().map(|s| &s.balancer.policy);
        let reports = policies
            .clone()
            .any(|p| matches!(p, PolicySpec::ClientWrr(_)));
        let workers = spec.services.iter().map(|s| s.worker_count()).sum();
        About {
            hashes: policies.clone().any(|p| p.hashes()),
            hears: policies.any(|p| p.hears()),
            keys: Vec::new(),
            done: reports.then(|| vec![Done::default(); workers]),
            probes: Probes::new(spec),
        }
    }

    pub fn is_any(&self) -> bool {
        self.hashes || self.hears || self.notes_done()
    }

    /// Whether workers are to note what they have done.
    pub fn notes_done(&self) -> bool {
        self.reports() || self.probes.is_some()
    }

    /// Whether any policy wants workers to report.
    pub fn reports(&self) -> bool {
        self.done.is_some()
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
        let class = self.root_class(a.class);
        let source = &self.sources[self.source_of[class as usize] as usize];
        if source.records_keys() {
            return self
                .about
                .keys
                .get(a.request as usize)
                .copied()
                .unwrap_or(0);
        }
        source.key(self.number_at_source(attempt), class - source.first_class)
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

    /// An attempt is served to its end, well or in an error.
    #[inline(never)]
    pub(super) fn note_done(&mut self, attempt: u32, failed: bool, now: Nanos) {
        if self.about.probes.is_some() {
            self.note_latency(attempt, now);
        }
        if !self.about.reports() {
            return;
        }
        let a = self.jobs.attempt(attempt);
        let (worker, start) = (a.worker, a.start);
        let spent = match start {
            // It failed at once.
            NOT_STARTED => 0,
            _ if self.elaborate => self.core_time(attempt, now, 0),
            _ => now - start,
        };
        let spent = spent + self.spent_in_steps(attempt);
        if let Some(done) = &mut self.about.done {
            let done = &mut done[worker as usize];
            done.served += 1;
            done.failed += u64::from(failed);
            done.busy += u128::from(spent);
        }
    }

    /// Workers report to a balancer, if it is time.
    #[inline(never)]
    pub(super) fn report(&mut self, front: usize, now: Nanos) {
        let front = &mut self.fronts[front];
        if let Some(done) = self
            .about
            .done
            .as_ref()
            .filter(|_| front.wants_reports(now))
        {
            let first = front.first_worker as usize;
            let all = &done[first..first + front.worker_count];
            front.report(now, all.iter().copied());
        }
    }
}
