//! An attempt's way through the service: the balancer's buffer, dispatch, the pick, admission,
//! the worker's buffer, a core, the reply.

use super::*;
use crate::model::outcome::Outcome;
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
        let a = &self.attempts[attempt];
        let r = &self.requests[a.request];
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
        let r = &self.requests[self.attempts[attempt].request];
        let service = self.sources[r.source as usize].spec.to;
        let front = &mut self.fronts[service];
        front.dispatching.down(now);
        if let Some(next) = front.buffer.pop_front() {
            front.waiting.down(now);
            self.waiting -= 1;
            let a = &mut self.attempts[next];
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
    #[inline]
    pub(super) fn route<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        let a = &mut self.attempts[attempt];
        let r = &self.requests[a.request];
        let (number, memory, work) = (r.number, r.memory, r.work);
        let front = &mut self.fronts[self.sources[r.source as usize].spec.to];
        let first = front.first_worker as usize;
        let load = &self.workers.load[first..first + front.worker_count];
        let Some((picked, epoch)) = front.pick(load, now) else {
            self.fold(now, kind::ROUTED, number, NO_WORKER);
            return self.turn_away(queue, attempt, Outcome::BreakerOpen);
        };
        let worker = front.first_worker + picked;
        a.worker = worker;
        a.epoch = epoch;
        a.routed = now;
        self.fold(now, kind::ROUTED, number, worker);
        let w = &mut self.workers.all[worker as usize];
        w.settle(now);
        match w.admission(memory) {
            Admission::Serve => {
                w.hold(memory);
                self.workers.load[worker as usize] += 1;
                self.start(queue, worker, attempt, work);
            }
            Admission::Wait => {
                w.hold(memory);
                w.wait(attempt);
                self.workers.load[worker as usize] += 1;
                self.waits();
            }
            Admission::RamFull => self.no_room(queue, worker, attempt, Outcome::RamFull),
            Admission::BufferFull => self.no_room(queue, worker, attempt, Outcome::BufferFull),
            Admission::Wedged => self.turn_away(queue, attempt, Outcome::BufferFull),
            Admission::Down => self.turn_away(queue, attempt, Outcome::NoConnection),
        }
    }

    /// One more waits somewhere.
    #[inline]
    fn waits(&mut self) {
        self.waiting += 1;
        self.measure.tally.queue_max = self.measure.tally.queue_max.max(self.waiting);
    }

    fn no_room<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        outcome: Outcome,
    ) {
        if self.workers.all[worker as usize].on_full == OnFull::Wedge {
            self.wedge(queue, worker);
        }
        self.turn_away(queue, attempt, outcome);
    }

    /// An attempt gets a core.
    #[inline]
    fn start<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        work: Nanos,
    ) {
        let now = queue.now();
        self.attempts[attempt].start = now;
        let (core, takes) = self.workers.start(worker, attempt, work, now);
        if let Some(takes) = takes {
            let generation = self.workers.cores[core as usize].generation();
            queue.at(
                now.saturating_add(takes),
                Event::Complete { core, generation },
            );
        }
    }

    /// A core has done its work: the reply goes out, the next in the buffer starts.
    #[inline]
    pub(super) fn complete<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        core: u32,
        generation: u32,
    ) {
        let now = queue.now();
        let c = &self.workers.cores[core as usize];
        if c.generation() != generation {
            return;
        }
        let attempt = c.attempt();
        let a = self.attempts[attempt];
        let r = &mut self.requests[a.request];
        let (number, memory, measured) = (r.number, r.memory, r.measured);
        let w = &mut self.workers.all[a.worker as usize];
        w.settle(now);
        w.ram_used -= memory;
        self.workers.finish(a.worker, core);
        self.workers.load[a.worker as usize] -= 1;
        if !r.answered {
            r.answered = true;
            self.ledger.answered += 1;
            if measured {
                self.measure.tally.classes[r.class as usize].answered += 1;
            }
        }
        if measured {
            self.measure.served(&a, r, now);
        }
        self.fold(now, kind::COMPLETED, number, a.worker);
        self.start_next(queue, a.worker);
        if a.open {
            self.end(queue, attempt, Outcome::Ok);
        }
        self.leave(attempt);
    }

    /// The next in a worker's buffer takes the free core.
    #[inline]
    pub(super) fn start_next<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let Some(next) = self.workers.all[worker as usize].waiting.pop_front() else {
            return;
        };
        self.waiting -= 1;
        let work = self.requests[self.attempts[next].request].work;
        self.start(queue, worker, next, work);
    }
}
