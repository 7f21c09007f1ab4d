//! Health checks of workers: when each is asked, what it answers, and what follows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;
use crate::model::health::{Checks, Found};
use crate::model::spec::{CheckPath, HealthAction, HealthSpec};

/// The checks of all services.
#[derive(Clone, Debug)]
pub(super) struct Checking<'s> {
    /// By service, with the number of its first worker.
    of_service: Vec<Option<(&'s HealthSpec, Checks, u32)>>,
}

/// How a check goes: at once, or after its timeout.
enum Answer {
    Passes,
    Fails,
    /// It fails when its time is over.
    TooLate,
    /// Its worker stands still: it fails if it still does when its time is over.
    Nothing,
}

/// What [`Event::Check`] is: a check is made, or the time of one is over.
const MADE: u32 = 0;
const TOO_LATE: u32 = 1;
const NOTHING: u32 = 2;

impl<'s> Checking<'s> {
    /// `None` when nobody is checked.
    pub fn new(spec: &'s SystemSpec) -> Option<Box<Self>> {
        let mut first = 0;
        let mut of_service = Vec::new();
        for service in &spec.services {
            let workers = service.worker_count();
            let health = service.balancer.health.as_ref();
            of_service.push(health.map(|h| (h, Checks::new(h.fall, h.rise, workers), first)));
            first += workers as u32;
        }
        let any = of_service.iter().any(Option::is_some);
        any.then(|| Box::new(Checking { of_service }))
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// The first check of each worker, one after another within the time between two.
    pub(super) fn schedule_checks<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        let Some(checking) = &self.checking else {
            return;
        };
        for (service, checks) in self.spec.services.iter().zip(&checking.of_service) {
            let Some((health, _, first)) = checks else {
                continue;
            };
            let workers = service.worker_count() as u64;
            for number in 0..workers {
                let part = u128::from(health.every) * u128::from(number + 1) / u128::from(workers);
                let worker = first + number as u32;
                queue.at(part as u64, Event::Check { worker, what: MADE });
            }
        }
    }

    /// A worker is checked, or the time of a check is over.
    #[cold]
    pub(super) fn check<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32, what: u32) {
        let service = self.workers.cold[worker as usize].service as usize;
        let checking = self.checking.as_ref();
        let Some((health, ..)) = checking.and_then(|c| c.of_service[service].as_ref()) else {
            return;
        };
        let health = *health;
        let now = queue.now();
        if what != MADE {
            let passed = what == NOTHING && self.answers(worker);
            return self.checked(queue, worker, passed);
        }
        let late = |what| Event::Check { worker, what };
        let over = now.saturating_add(health.timeout);
        match self.answer_to_check(worker, health, now) {
            Answer::Passes => self.checked(queue, worker, true),
            Answer::Fails => self.checked(queue, worker, false),
            Answer::TooLate => queue.at(over, late(TOO_LATE)),
            Answer::Nothing => queue.at(over, late(NOTHING)),
        }
        queue.at(now.saturating_add(health.every), late(MADE));
    }

    /// Whether a worker is up and does not stand still.
    fn answers(&self, worker: u32) -> bool {
        let cold = &self.workers.cold[worker as usize];
        cold.downs == 0 && cold.speed > 0.0
    }

    fn answer_to_check(&self, worker: u32, health: &HealthSpec, now: Nanos) -> Answer {
        let cold = &self.workers.cold[worker as usize];
        let deep = health.path == CheckPath::Deep;
        if cold.downs > 0 || deep && cold.wedged {
            Answer::Fails
        } else if cold.speed == 0.0 {
            Answer::Nothing
        } else if !deep || self.workers.has_cores(worker, 1) && self.workers.waiting(worker) == 0 {
            Answer::Passes
        } else if cold.shared.is_some() || !self.workers.has_place(worker, 0) {
            Answer::Fails
        } else if self.begins_within(worker, health.timeout, now) {
            Answer::Passes
        } else {
            Answer::TooLate
        }
    }

    /// Whether a request at the end of a worker's buffer would begin within this time, if what is
    /// before it is served first come first served by the cores that are up now.
    fn begins_within(&self, worker: u32, time: Nanos, now: Nanos) -> bool {
        let cold = &self.workers.cold[worker as usize];
        let mut free_at = BinaryHeap::new();
        for core in self.workers.cores_of(worker) {
            if let Some(attempt) = self.workers.cores.get(core).attempt() {
                let a = self.jobs.attempt(attempt);
                let rest = self
                    .workers
                    .rest_on(core, (a.start, a.work), now, cold.speed);
                let cores = self.cores_needed(attempt);
                free_at.extend((0..cores).map(|_| Reverse(rest)));
            }
        }
        let up = cold.cores.saturating_sub(cold.cores_down) as usize;
        free_at.extend((free_at.len()..up).map(|_| Reverse(0)));
        for attempt in self.workers.in_line(worker) {
            let mut begins = 0;
            let cores = self.cores_needed(attempt);
            for _ in 0..cores {
                begins = free_at.pop().map_or(Nanos::MAX, |Reverse(at)| at);
            }
            if begins > time {
                return false;
            }
            let takes = self
                .workers
                .time_at(self.jobs.attempt(attempt).work, cold.speed);
            let ends = begins.saturating_add(takes);
            free_at.extend((0..cores).map(|_| Reverse(ends)));
        }
        free_at.peek().is_some_and(|&Reverse(at)| at <= time)
    }

    /// Cores that an attempt takes at once.
    fn cores_needed(&self, attempt: u32) -> u32 {
        match self.elaborate {
            true => self.needs[self.jobs.attempt(attempt).class as usize].cores,
            false => 1,
        }
    }

    /// The result of a check is known.
    fn checked<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32, passed: bool) {
        let now = queue.now();
        let cold = &self.workers.cold[worker as usize];
        let (service, number, down) = (cold.service as usize, cold.number, cold.downs > 0);
        let checking = self.checking.as_mut();
        let Some((health, checks, _)) = checking.and_then(|c| c.of_service[service].as_mut())
        else {
            return;
        };
        // Of who is not there nothing is known.
        if self.workers.is_absent(worker) {
            return checks.forget(number as usize);
        }
        if health.action == HealthAction::Restart {
            // What is down comes back anyway.
            if down {
                checks.forget(number as usize);
            } else if checks.hears(number as usize, passed) == Found::Unfit {
                checks.forget(number as usize);
                self.fall(queue, worker, Outcome::WorkerDown);
            }
            return;
        }
        let found = checks.hears(number as usize, passed);
        let fit = checks.is_fit(number as usize);
        match found {
            Found::Same => {}
            Found::Unfit => self.fold(now, kind::UNFIT, 0, worker),
            Found::Fit => self.fold(now, kind::FIT, 0, worker),
        }
        let first = self.first_front(service);
        let instances = self.spec.services[service].balancer.instances as usize;
        for at in first..first + instances {
            if self.fronts[at].hears_of_health(number, (found, fit && passed), now) {
                self.fold(now, kind::BACK_IN, at as u64, worker);
            }
        }
    }
}
