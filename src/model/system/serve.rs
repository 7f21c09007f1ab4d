//! An attempt's way through the service: the balancer's buffer, dispatch, the pick, admission,
//! the worker's buffer, a core, the reply.

use super::*;
use crate::model::spec::OnFull;
use crate::model::worker::Admission;

impl<O: Observer> System<'_, O> {
    /// An attempt arrives at a balancer that takes time to dispatch.
    pub(super) fn reach_balancer<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        service: usize,
    ) {
        let now = queue.now();
        let front = &mut self.fronts[service];
        if front.dispatching.value < front.cores {
            self.dispatch(queue, attempt, service);
        } else if front.waiting.value < front.slots {
            front.waiting.up(now);
            front.buffer.push_back(attempt);
            self.waits();
        } else {
            self.turn_away(queue, attempt, Outcome::BufferFull);
        }
    }

    fn dispatch<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32, service: usize) {
        let now = queue.now();
        let a = &self.jobs[attempt].attempt;
        let r = &self.jobs[a.request].request;
        let front = &mut self.fronts[service];
        let dist = front
            .dispatch
            .expect("only a balancer that takes time dispatches");
        let takes = self.sources[r.source as usize].dispatch(dist, r.number, a.number);
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
        let r = &self.jobs[self.jobs[attempt].attempt.request].request;
        let service = self.sources[r.source as usize].spec.to;
        let front = &mut self.fronts[service];
        front.dispatching.down(now);
        if let Some(next) = front.buffer.pop_front() {
            front.waiting.down(now);
            self.waiting -= 1;
            let a = &mut self.jobs[next].attempt;
            a.waited = now - a.arrived;
            self.dispatch(queue, next, service);
        }
        // Routing is an arrival at the workers: behind everything that ends at this instant. When
        // nothing else shares it, that is now.
        if queue.alone() {
            self.route(queue, attempt);
        } else {
            queue.at(now, Event::Route { attempt });
        }
    }

    /// The balancer picks a worker, and the worker takes the attempt in or not.
    #[inline(always)]
    pub(super) fn route<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        let r = &self.jobs[self.jobs[attempt].attempt.request].request;
        let (number, memory, work) = (r.number, r.memory, r.work);
        let front = &mut self.fronts[self.sources[r.source as usize].spec.to];
        let first = front.first_worker as usize;
        let load = &self.workers.load[first..first + front.worker_count];
        let Some((picked, epoch)) = front.pick(load, now) else {
            self.fold(now, kind::ROUTED, number, NO_WORKER);
            return self.turn_away(queue, attempt, Outcome::BreakerOpen);
        };
        let worker = front.first_worker + picked;
        let a = &mut self.jobs[attempt].attempt;
        a.worker = worker;
        a.epoch = epoch;
        a.routed = now;
        self.fold(now, kind::ROUTED, number, worker);
        self.workers.settle(worker, now);
        match self.workers.admission(worker, memory) {
            Admission::Serve => {
                self.workers.hold(worker, memory);
                self.start(queue, worker, attempt, work);
            }
            Admission::Wait => {
                self.workers.hold(worker, memory);
                self.workers.wait(worker, attempt);
                self.waits();
            }
            Admission::RamFull => self.no_room(queue, worker, attempt, Outcome::RamFull),
            Admission::BufferFull => self.no_room(queue, worker, attempt, Outcome::BufferFull),
            Admission::Wedged => self.turn_away(queue, attempt, Outcome::BufferFull),
            Admission::Down => self.turn_away(queue, attempt, Outcome::NoConnection),
        }
    }

    /// One more waits somewhere.
    #[inline(always)]
    fn waits(&mut self) {
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

    /// An attempt gets a core.
    #[inline(always)]
    fn start<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        work: Nanos,
    ) {
        let now = queue.now();
        let (core, takes) = self.workers.start(worker, attempt, work);
        let a = &mut self.jobs[attempt].attempt;
        a.start = now;
        a.core = core;
        if let Some(takes) = takes {
            let phase = a.phase;
            queue.at(now.saturating_add(takes), Event::Complete { attempt, phase });
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
        let now = queue.now();
        let a = &mut self.jobs[attempt].attempt;
        if a.phase != phase {
            return;
        }
        a.phase = phase.wrapping_add(1);
        let (worker, core, open) = (a.worker, a.core, a.open);
        let a = &self.jobs[attempt].attempt;
        let r = &self.jobs[a.request].request;
        let (number, memory) = (r.number, r.memory);
        if r.measured {
            self.measure.served(a, r, now);
        }
        self.workers.settle(worker, now);
        self.workers.finish(worker, core, memory);
        self.fold(now, kind::COMPLETED, number, worker);
        self.start_next(queue, worker);
        if open {
            self.answer(attempt, now);
        } else {
            self.answer_late(attempt);
        }
        self.leave(attempt);
    }

    /// A complete answer, but its caller has given up on the attempt.
    #[cold]
    fn answer_late(&mut self, attempt: u32) {
        let request = self.jobs[attempt].attempt.request;
        let r = &mut self.jobs[request].request;
        if !std::mem::replace(&mut r.answered, true) {
            self.ledger.only_late += 1;
            if r.measured {
                self.measure.tally.classes[r.class as usize].answered += 1;
            }
        }
    }

    /// The next in a worker's buffer takes the free core.
    #[inline(always)]
    pub(super) fn start_next<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let Some(next) = self.workers.next_waiting(worker) else {
            return;
        };
        self.waiting -= 1;
        let work = self.jobs[self.jobs[next].attempt.request].request.work;
        self.start(queue, worker, next, work);
    }
}
