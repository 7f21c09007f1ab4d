//! Cores that go down by themselves, what becomes of what is in service when something does, and
//! the core-time spent on it.

use super::poison::FOR_EVER;
use super::*;
use crate::model::spec::{FaultUnit, InService};

/// What is known of attempts that had a core and lost it: by place.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupted {
    of: Vec<Rest>,
    /// By core: faults that keep it down now.
    downs: Vec<u32>,
}

/// What an interrupted attempt has behind it and before it.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    /// Which user of the place, plus one.
    user: u64,
    /// Time that it had a core.
    spent: Nanos,
    /// Core-time still needed at speed 1.
    left: Nanos,
}

impl Interrupted {
    /// Nothing yet; `None`: no core of this system goes down by itself.
    pub fn new(spec: &SystemSpec) -> Option<Box<Interrupted>> {
        let mut faults = spec.faults.iter();
        let any = faults.any(|f| f.enabled && f.unit == FaultUnit::Core);
        any.then(Box::default)
    }

    fn get(&self, place: u32, generation: u32) -> Option<Rest> {
        let rest = self.of.get(place as usize)?;
        (rest.user == u64::from(generation) + 1).then_some(*rest)
    }

    fn set(&mut self, place: u32, rest: Rest) {
        if self.of.len() <= place as usize {
            self.of.resize(place as usize + 1, Rest::default());
        }
        self.of[place as usize] = rest;
    }

    fn downs(&mut self, core: u32) -> &mut u32 {
        if self.downs.len() <= core as usize {
            self.downs.resize(core as usize + 1, 0);
        }
        &mut self.downs[core as usize]
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// What an attempt has behind it, if it lost a core.
    fn rest_of(&self, attempt: u32) -> Option<Rest> {
        let generation = self.jobs.attempt(attempt).generation;
        self.interrupted.as_ref()?.get(attempt, generation)
    }

    /// Whether an attempt had a core and lost it.
    pub(super) fn has_lost_its_core(&self, attempt: u32) -> bool {
        self.rest_of(attempt).is_some()
    }

    /// A measured attempt is at its end: what it spent before it lost a core counts too; returns
    /// how long that was.
    #[inline(never)]
    pub(super) fn count_spent_before(&mut self, attempt: u32) -> Nanos {
        let spent = self.rest_of(attempt).map_or(0, |rest| rest.spent);
        let a = self.jobs.attempt(attempt);
        let class = &mut self.measure.tally.classes[a.class as usize];
        class.core_ns += u128::from(spent);
        if !a.open {
            class.wasted_ns += u128::from(spent);
        }
        spent
    }

    /// An attempt is at its end, in a buffer or on a core, without having been served: what it
    /// spent before it lost a core counts.
    pub(super) fn count_interrupted(&mut self, attempt: u32) {
        let a = self.jobs.attempt(attempt);
        if !a.measured {
            return;
        }
        if self.interrupted.is_some() {
            self.count_spent_before(attempt);
        }
        if RICH && self.steps.is_some() {
            self.count_core_time(attempt, self.spent_in_steps(attempt));
        }
    }

    /// Core-time spent on an attempt by now, with so much work left.
    pub(super) fn core_time(&self, attempt: u32, now: Nanos, left: Nanos) -> Nanos {
        let a = self.jobs.attempt(attempt);
        let cold = &self.workers.cold[a.worker as usize];
        if cold.shared.is_some() {
            let asked = if self.hangs(attempt) {
                FOR_EVER
            } else {
                a.work
            };
            let done = (asked - left) as f64 / cold.base_speed;
            return whole(done).min(now - a.start);
        }
        (now - a.start) * u64::from(self.needs(attempt).cores)
    }

    /// Counts core-time spent on an attempt whose service ends before its work is done.
    pub(super) fn count_spent(&mut self, attempt: u32, now: Nanos, left: Nanos) {
        let spent = if self.elaborate {
            self.core_time(attempt, now, left)
        } else {
            now - self.jobs.attempt(attempt).start
        };
        self.count_core_time(attempt, spent);
    }

    /// Counts core-time spent on an attempt; wasted, unless somebody waits for it still.
    pub(super) fn count_core_time(&mut self, attempt: u32, spent: Nanos) {
        let mut a = *self.jobs.attempt(attempt);
        if RICH && self.steps.is_some() {
            a.open = self.is_wanted(attempt);
        }
        if a.measured {
            self.measure.spent(&a, spent);
        }
    }

    /// An attempt gets a core for what is left of its work.
    #[inline(never)]
    pub(super) fn start_rest<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
    ) {
        let Some(rest) = self.rest_of(attempt) else {
            let work = self.jobs.attempt(attempt).work;
            return self.start(queue, worker, attempt, work);
        };
        self.start_with(queue, worker, attempt, rest.left);
        let (now, core) = (queue.now(), self.jobs.attempt(attempt).core);
        self.workers.cores.begin_with(core, now, rest.left, now);
    }

    /// A fault takes one core of a worker (numbered within it) down.
    pub(super) fn core_down<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        (worker, number): (u32, u32),
        in_service: Option<InService>,
    ) {
        let now = queue.now();
        let core = self.workers.cores_of(worker).start + number;
        if let Some(interrupted) = &mut self.interrupted {
            let downs = interrupted.downs(core);
            *downs += 1;
            if *downs > 1 {
                return;
            }
        }
        self.workers.settle(worker, now);
        let Some(attempt) = self.workers.cores.get(core).attempt() else {
            return self.workers.core_down(worker, core, now);
        };
        if in_service == Some(InService::Lost) {
            self.lose_served(queue, worker, core, Outcome::WorkerDown);
            return self.workers.core_down(worker, core, now);
        }
        let anew = in_service == Some(InService::Restart);
        self.interrupt(attempt, anew, now);
        let mut released = 0;
        if self.elaborate {
            released = self.held_later(attempt);
            self.workers.narrow(worker, 1);
            self.workers.cold[worker as usize].waiting_bytes += self.size_of(attempt);
        }
        self.workers.finish(worker, core, released);
        self.workers.core_down(worker, core, now);
        self.workers.put_back(worker, attempt);
        self.waits();
        if self.workers.has_free_core(worker) {
            self.move_up(queue, worker);
        }
    }

    /// Notes what an attempt on a core has behind it and before it.
    fn interrupt(&mut self, attempt: u32, anew: bool, now: Nanos) {
        let before = self.rest_of(attempt).unwrap_or_default();
        let a = self.jobs.attempt_mut(attempt);
        a.phase = a.phase.wrapping_add(1);
        let a = *a;
        let speed = self.workers.cold[a.worker as usize].speed;
        let job = (a.start, a.work);
        let left = self.workers.cores.left(a.core, job, now, speed);
        let rest = Rest {
            user: u64::from(a.generation) + 1,
            spent: before.spent + (now - a.start),
            left: if anew { a.work } else { left },
        };
        if let Some(interrupted) = &mut self.interrupted {
            interrupted.set(attempt, rest);
        }
    }

    /// A fault that kept a core down is over.
    pub(super) fn core_up<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        (worker, number): (u32, u32),
    ) {
        let now = queue.now();
        let core = self.workers.cores_of(worker).start + number;
        if let Some(interrupted) = &mut self.interrupted {
            let downs = interrupted.downs(core);
            *downs -= 1;
            if *downs > 0 {
                return;
            }
        }
        self.workers.settle(worker, now);
        self.workers.core_up(worker, core, now);
        self.move_up(queue, worker);
    }

    /// What is on a core is lost.
    pub(super) fn lose_served<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        core: u32,
        outcome: Outcome,
    ) -> bool {
        let now = queue.now();
        let Some(attempt) = self.workers.cores.get(core).attempt() else {
            return false;
        };
        let a = self.jobs.attempt_mut(attempt);
        a.phase = a.phase.wrapping_add(1);
        self.count_spent(attempt, now, 0);
        self.count_interrupted(attempt);
        self.leave_core(worker, attempt);
        self.turn_away(queue, attempt, outcome);
        true
    }

    /// What is on the cores of a worker that now stands still is lost; the buffer moves up.
    pub(super) fn lose_all_served<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        self.workers.settle(worker, queue.now());
        let mut lost = 0;
        for core in self.workers.cores_of(worker) {
            lost += u32::from(self.lose_served(queue, worker, core, Outcome::WorkerDown));
        }
        for _ in 0..lost {
            self.move_up(queue, worker);
        }
    }

    /// What is on the cores of a worker that now stands still will start anew.
    pub(super) fn begin_anew(&mut self, worker: u32, now: Nanos) {
        for core in self.workers.cores_of(worker) {
            if let Some(attempt) = self.workers.cores.get(core).attempt() {
                let a = self.jobs.attempt(attempt);
                let work = if self.hangs(attempt) {
                    FOR_EVER
                } else {
                    a.work
                };
                let start = a.start;
                self.workers.cores.begin_with(core, start, work, now);
            }
        }
    }
}
