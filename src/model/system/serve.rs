//! An attempt's way through the service: the balancer's buffer, dispatch, the pick, admission,
//! the worker's buffer, a core, the reply.

use super::*;
use crate::model::spec::{ErrorWhen, OnFull};
use crate::model::worker::Admission;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// An attempt arrives at a balancer that takes time to dispatch.
    pub(super) fn reach_balancer<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        front: usize,
    ) {
        let now = queue.now();
        let at = front;
        let front = &mut self.fronts[at];
        if front.dispatching.value < front.cores {
            self.dispatch(queue, attempt, at);
        } else if front.waiting.value < front.slots && !(RICH && self.elaborate) {
            front.waiting.up(now);
            let ticket = front.buffer.push_back(attempt);
            self.waits();
            if RICH && self.may_leave {
                self.line_up(queue, attempt, ticket);
            }
        } else {
            self.wait_at_balancer(queue, attempt, at);
        }
    }

    fn dispatch<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32, front: usize) {
        let now = queue.now();
        let a = self.jobs.attempt(attempt);
        let source = self.source_of[a.class as usize];
        let front = &mut self.fronts[front];
        let dist = front
            .dispatch
            .expect("only a balancer that takes time dispatches");
        let takes = self.callers[source as usize].dispatch(dist, a.number, a.number_of_try());
        front.dispatching.up(now);
        let done = now.saturating_add(takes);
        match front.lane {
            Some(lane) => queue.lane(lane, done, Event::Dispatched { attempt }),
            None => queue.at(done, Event::Dispatched { attempt }),
        }
    }

    /// A dispatch core is free again: the next attempt takes it, this one is routed.
    pub(super) fn dispatched<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        let at = self.front_of(attempt);
        let front = &mut self.fronts[at];
        front.dispatching.down(now);
        if let Some(next) = front.buffer.pop_front() {
            front.waiting.down(now);
            self.waiting -= 1;
            if RICH && self.elaborate {
                self.leaves_balancer(next, at);
            }
            let arrived = self.jobs.attempt(next).arrived;
            let aside = self.jobs.request_mut(next);
            aside.waited = now - arrived;
            aside.lined_up = false;
            self.dispatch(queue, next, at);
        }
        // Routing is an arrival at the workers: behind everything that ends at this instant. When
        // nothing else shares it, that is now.
        if queue.alone() {
            self.route_dispatched(queue, attempt);
        } else {
            queue.at(now, Event::Route { attempt });
        }
    }

    /// A dispatched attempt reaches the point of being routed.
    pub(super) fn route_dispatched<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        if self.is_stopped(attempt) || RICH && self.may_leave && self.was_taken_back(attempt) {
            return self.leave(attempt);
        }
        let a = self.jobs.attempt(attempt);
        let (work, memory) = (a.work, self.jobs.request(a.request).memory);
        let passed = queue.now() - a.arrived;
        self.jobs.request_mut(attempt).dispatched_after = passed;
        self.route(queue, attempt, self.front_of(attempt), work, memory);
    }

    pub(super) fn service_at(&self, attempt: u32) -> usize {
        let class = self.jobs.attempt(attempt).class;
        self.service_of[self.source_of[class as usize] as usize] as usize
    }

    /// [`System::route`] once for all who call it: with everything on it is long, and a processor
    /// keeps only so much code at hand.
    #[inline(never)]
    pub(super) fn route_richly<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        front: usize,
        what: &NewRequest,
    ) {
        self.route(queue, attempt, front, what.work, what.memory);
    }

    /// The balancer picks a worker, to which the attempt goes.
    #[inline(always)]
    pub(super) fn route<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        front: usize,
        work: Nanos,
        memory: u64,
    ) {
        let now = queue.now();
        let at = front;
        if RICH && self.about.reports() {
            self.report(front, now);
        }
        let key = match RICH && self.about.hashes {
            true => self.key_of(attempt),
            false => 0,
        };
        let front = &mut self.fronts[at];
        if RICH && front.pulled {
            return self.route_pulled(queue, attempt, at, memory);
        }
        let first = front.first_worker as usize;
        let mut load = &self.workers.load[first..first + front.worker_count];
        if RICH && let Some(own) = self.instances.as_ref().and_then(|i| i.view(at)) {
            load = own;
        }
        let a = self.jobs.attempt(attempt);
        let ask = Ask {
            now,
            open: a.open,
            key,
        };
        let picked = match &self.copies {
            _ if RICH && self.shares_breakers => self.pick_shared(attempt, at, &ask),
            Some(copies) if RICH => {
                let used = copies.used(self.source_of[a.class as usize], a.request);
                // To a worker that has no copy yet, while there are any.
                let other = front.pick_none_of(load, &ask, used);
                other.or_else(|| front.pick(load, &ask))
            }
            _ => front.pick(load, &ask),
        };
        let (front, a) = (&mut self.fronts[at], self.jobs.attempt_mut(attempt));
        let number = a.number;
        let Some((picked, epoch)) = picked else {
            self.fold(now, kind::ROUTED, number, NO_WORKER);
            let outcome = self.fronts[at].nobody();
            return self.turn_away(queue, attempt, outcome);
        };
        let worker = front.first_worker + picked;
        a.worker = worker;
        if RICH && let Some(idle) = &mut self.idle {
            idle.note_taken(front);
        }
        if let Some(likely) = front.likely_next() {
            for worker in likely {
                self.workers.fetch(front.first_worker + worker);
            }
        }
        if RICH && let Some(copies) = &mut self.copies {
            copies.goes_to(self.source_of[a.class as usize], a.request, picked);
        }
        if front.guarded {
            self.jobs.request_mut(attempt).epoch = epoch;
        }
        self.fold(now, kind::ROUTED, number, worker);
        if RICH && self.about.probes.is_some() {
            self.send_probes(attempt, at, picked, now);
        }
        if RICH && self.network.is_some() && self.goes_to_worker(queue, attempt) {
            return;
        }
        self.arrive_at_worker(queue, attempt, worker, work, memory);
    }

    /// An attempt is at the worker that was picked, which takes it in or not.
    #[inline(always)]
    pub(super) fn arrive_at_worker<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        worker: u32,
        work: Nanos,
        memory: u64,
    ) {
        let now = queue.now();
        if RICH && self.errors.is_some() && self.errs_at_once(attempt) {
            self.note_done(attempt, true, now);
            return self.turn_away(queue, attempt, Outcome::Error);
        }
        if RICH && self.propagates && self.is_expired(attempt, now) {
            return self.drop_expired(queue, attempt);
        }
        if !RICH && let Some(begun) = self.workers.serve_at_once(worker, attempt, work, now) {
            return self.begun(queue, attempt, begun);
        }
        if RICH {
            self.workers.settle(worker, now);
        } else {
            self.workers.settle_only(worker, now);
        }
        if RICH && self.elaborate {
            return self.admit(queue, worker, attempt);
        }
        if RICH && self.short_of_ram && self.workers.is_short(worker, memory, now) {
            return self.no_room(queue, worker, attempt, Outcome::RamFull);
        }
        match self.workers.admission(worker, memory) {
            Admission::Serve => {
                self.workers.hold(worker, memory);
                self.taken_in(attempt, worker);
                self.start(queue, worker, attempt, work);
            }
            Admission::Wait => {
                self.workers.hold(worker, memory);
                self.taken_in(attempt, worker);
                let ticket = self.workers.wait(worker, attempt);
                self.waits();
                if RICH && self.may_leave {
                    self.line_up(queue, attempt, ticket);
                }
            }
            Admission::RamFull => self.no_room(queue, worker, attempt, Outcome::RamFull),
            Admission::BufferFull => self.no_room(queue, worker, attempt, Outcome::BufferFull),
            Admission::Wedged => self.turn_away(queue, attempt, Outcome::BufferFull),
            Admission::Down => self.turn_away(queue, attempt, Outcome::NoConnection),
        }
    }

    /// One more waits somewhere.
    #[inline(always)]
    pub(super) fn waits(&mut self) {
        self.waiting += 1;
        self.measure.tally.queue_max = self.measure.tally.queue_max.max(self.waiting);
    }

    #[inline(never)]
    fn no_room<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        outcome: Outcome,
    ) {
        if self.workers.cold[worker as usize].on_full == OnFull::Wedge {
            self.wedge(queue, worker);
        }
        self.turn_away(queue, attempt, outcome);
    }

    /// An attempt gets a core, for the first time.
    #[inline(always)]
    pub(super) fn start<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        mut work: Nanos,
    ) {
        if RICH && self.strain.is_some() {
            self.allocates(worker, attempt);
        }
        if RICH && self.crowd.is_some() {
            work = self.crowded(worker, attempt, work);
        }
        self.start_with(queue, worker, attempt, work);
    }

    /// An attempt gets a core for so much work.
    #[inline(always)]
    pub(super) fn start_with<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        work: Nanos,
    ) {
        let begun = self.workers.start(worker, attempt, work);
        self.begun(queue, attempt, begun);
    }

    /// An attempt got a core, on which it will take so long, unless that stands still.
    #[inline(always)]
    fn begun<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        (core, takes): (u32, Option<Nanos>),
    ) {
        let now = queue.now();
        let a = self.jobs.attempt_mut(attempt);
        a.start = now;
        a.core = core;
        if let Some(takes) = takes {
            let phase = a.phase;
            queue.at(
                now.saturating_add(takes),
                Event::Complete { attempt, phase },
            );
        }
    }

    /// A core has done its work: the reply goes out, the next in the buffer starts.
    #[inline(always)]
    pub(super) fn complete<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        phase: u32,
    ) {
        let a = self.jobs.attempt_mut(attempt);
        if a.phase != phase {
            return;
        }
        a.phase = phase.wrapping_add(1);
        self.end_service(queue, attempt);
    }

    /// The service of an attempt has come to its end.
    #[inline(always)]
    pub(super) fn end_service<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        if RICH && self.steps.is_some() && self.goes_on(queue, attempt) {
            return;
        }
        if RICH && self.errors.is_some() && self.errs(attempt, ErrorWhen::End) {
            return self.complete_with_error(queue, attempt, Outcome::Error);
        }
        if RICH && self.poison.is_some() && self.poison_of(attempt).is_some() {
            return self.complete_with_error(queue, attempt, Outcome::Poison);
        }
        if RICH && self.about.notes_done() {
            self.note_done(attempt, false, now);
        }
        let a = *self.jobs.attempt(attempt);
        if RICH && a.measured && self.steps.is_some() {
            let spent = match self.elaborate {
                true => self.core_time(attempt, now, 0),
                false => now - a.start,
            };
            self.measure_steps(attempt, spent, now);
        } else if a.measured {
            let mut waited = a.start - a.arrived;
            if self.dispatches {
                let aside = self.jobs.request(attempt);
                waited = waited - aside.dispatched_after + aside.waited;
            }
            if RICH && self.interrupted.is_some() {
                waited -= self.count_spent_before(attempt);
            }
            if RICH && self.network.is_some() {
                waited -= self.time_to_worker(attempt);
            }
            let mut spent = now - a.start;
            if RICH && self.elaborate {
                spent = self.core_time(attempt, now, 0);
            }
            self.measure.served(&a, spent, waited, now);
            if self.measure.special {
                let source = self.source_of[a.class as usize];
                self.measure.served_special(&a, source, waited, now);
            }
        }
        let Attempt {
            worker,
            core,
            number,
            open,
            ..
        } = a;
        let memory = if self.holds_memory {
            self.jobs.request(a.request).memory
        } else {
            0
        };
        if !RICH {
            let next = self.workers.finish_for_next(worker, core, memory, now);
            self.fold(now, kind::COMPLETED, number, worker);
            if let Some(next) = next {
                self.waiting -= 1;
                let work = self.jobs.attempt(next).work;
                self.start_with(queue, worker, next, work);
            }
        } else if self.elaborate {
            self.workers.settle(worker, now);
            if self.shedding.is_some() {
                self.note_left(worker, attempt, false, now);
            }
            self.give_back(worker, attempt);
            self.fold(now, kind::COMPLETED, number, worker);
            self.ending = attempt;
            self.start_waiting(queue, worker);
            self.ending = NO_WORKER;
        } else {
            self.workers.settle(worker, now);
            self.workers.finish(worker, core, memory);
            self.fold(now, kind::COMPLETED, number, worker);
            self.start_next(queue, worker);
        }
        if RICH && self.pulls {
            self.pull(queue, worker);
        }
        if RICH && self.network.is_some() && self.answers_far(queue, attempt, Outcome::Ok) {
            return;
        }
        if open {
            self.answer(queue, attempt, now);
        } else {
            self.answer_nobody(attempt);
        }
    }

    /// A complete answer sets out for a caller who has given up on the attempt.
    #[cold]
    pub(super) fn answer_nobody(&mut self, attempt: u32) {
        if RICH && self.network.is_some() && self.loses_answer(attempt) {
            return self.leave(attempt);
        }
        self.answer_late(attempt);
    }

    /// A complete answer, but its caller has given up on the attempt.
    #[cold]
    pub(super) fn answer_late(&mut self, attempt: u32) {
        let a = self.jobs.attempt(attempt);
        let (request, class, measured) = (a.request, a.class, a.measured);
        if self.is_copy(attempt) {
            self.note_answer(request, class, measured);
            return self.leave(attempt);
        }
        let r = self.jobs.request_mut(request);
        if !std::mem::replace(&mut r.answered, true) {
            self.ledger.only_late += u64::from(class < self.roots);
            if measured {
                self.measure.tally.classes[class as usize].answered += 1;
            }
        }
        self.leave(attempt);
    }

    /// The next in a worker's buffer takes the free core.
    #[inline(always)]
    pub(super) fn start_next<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let next = match RICH && self.steps.is_some() {
            true => self.workers.take_turn(worker),
            false => self.workers.next_waiting(worker),
        };
        let Some(next) = next else { return };
        self.waiting -= 1;
        if RICH && self.interrupted.is_some() {
            return self.start_rest(queue, worker, next);
        }
        if RICH && self.propagates {
            return self.start_next_in_time(queue, worker, next);
        }
        let work = self.jobs.attempt(next).work;
        self.start(queue, worker, next, work);
    }
}
