//! Births, attempts from the caller's side, timeouts, retries.

use super::*;
use crate::model::breaker::Call;
use crate::model::outcome::Outcome;
use crate::model::trial::AttemptRow;

impl<O: Observer> System<'_, O> {
    pub(super) fn schedule_birth<W: Entry>(&mut self, queue: &mut Queue<W, Event>, source: u32) {
        let s = &mut self.sources[source as usize];
        match s.next_birth() {
            Some(at) => queue.register(s.register, at, Event::Arrive { source }),
            None => self.sending -= 1,
        }
    }

    /// A request is born.
    #[inline]
    pub(super) fn arrive<W: Entry>(&mut self, queue: &mut Queue<W, Event>, source: u32) {
        let now = queue.now();
        let s = &mut self.sources[source as usize];
        let birth = s.birth();
        let class = s.first_class + birth.class;
        self.schedule_birth(queue, source);
        self.demand.fold(
            now,
            kind::DEMAND + birth.class,
            birth.size ^ birth.memory << 32,
            source,
        );
        self.demand
            .fold(birth.work, kind::DEMAND, birth.number, source);
        let measured = self.measure.covers(now);
        let request = self.requests.add(|_| Request {
            born: now,
            number: birth.number,
            work: birth.work,
            memory: birth.memory,
            source,
            class,
            tries: 0,
            holders: 1,
            active: true,
            measured,
            answered: false,
        });
        self.ledger.born += 1;
        if measured {
            self.measure.tally.classes[class as usize].born += 1;
            self.measure.open_measured += 1;
        }
        self.send(queue, request, kind::BORN);
    }

    /// Makes the next attempt of a request.
    #[inline]
    fn send<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32, why: u32) {
        let now = queue.now();
        let r = &mut self.requests[request];
        r.tries += 1;
        r.holders += 1;
        let (number, tries, source) = (r.number, r.tries, r.source);
        if r.measured {
            self.measure.tally.classes[r.class as usize].attempts += 1;
        }
        self.ledger.attempts += 1;
        let attempt = self.attempts.add(|before| Attempt {
            request,
            generation: before.map_or(0, |a| a.generation.wrapping_add(1)),
            number: tries,
            worker: NO_WORKER,
            epoch: 0,
            open: true,
            arrived: now,
            routed: now,
            start: NOT_STARTED,
            waited: 0,
        });
        let s = &self.sources[source as usize];
        let generation = self.attempts[attempt].generation;
        let event = Event::Timeout {
            attempt,
            generation,
        };
        if let Some((lane, timeout)) = s.timeouts {
            queue.lane(lane, now.saturating_add(timeout), event);
        } else if let Some(timeout) = s.timeout(number, tries) {
            queue.at(now.saturating_add(timeout), event);
        }
        let service = s.spec.to;
        if self.fronts[service].dispatch.is_some() {
            self.fold(now, why, number, source);
            self.reach_balancer(queue, attempt, service);
        } else {
            self.route(queue, attempt);
        }
    }

    /// A client's timeout runs out: it gives up on the attempt, whose work goes on.
    #[inline]
    pub(super) fn timeout<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let a = &self.attempts[attempt];
        if a.generation != generation || !a.open {
            return;
        }
        let number = self.requests[a.request].number;
        self.fold(queue.now(), kind::TIMED_OUT, number, a.worker);
        self.end(queue, attempt, Outcome::TimedOut);
    }

    /// A request tries again after its pause.
    pub(super) fn retry<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32) {
        let now = queue.now();
        self.pausing.down(now);
        self.ledger.retries += 1;
        let r = &self.requests[request];
        let (number, source) = (r.number, r.source);
        self.fold(now, kind::RETRIED, number, source);
        self.send(queue, request, kind::RETRIED);
    }

    /// The caller of an open attempt learns how it ended.
    #[inline]
    pub(super) fn end<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        let now = queue.now();
        let a = &mut self.attempts[attempt];
        debug_assert!(a.open, "an attempt ends once");
        a.open = false;
        let a = *a;
        let r = self.requests[a.request];
        self.ledger.ended[outcome.index()] += 1;
        if r.measured {
            self.measure.tally.classes[r.class as usize].ended[outcome.index()] += 1;
            if a.worker != NO_WORKER {
                self.measure.tally.workers[a.worker as usize].ended[outcome.index()] += 1;
            }
        }
        if O::ON {
            self.observe(&a, Some((now, outcome)));
        }
        if a.worker != NO_WORKER {
            let worker = &self.workers.all[a.worker as usize];
            let call = Call {
                failed: outcome != Outcome::Ok,
                took: now - a.routed,
                epoch: a.epoch,
            };
            self.fronts[worker.service as usize].hear(worker.number, call, now);
        }
        if outcome == Outcome::Ok {
            self.request_ok(a.request, now);
        } else {
            self.try_again(queue, a.request, outcome);
        }
    }

    #[inline]
    fn request_ok(&mut self, request: u32, now: Nanos) {
        let r = &mut self.requests[request];
        r.active = false;
        self.ledger.ok += 1;
        if r.measured {
            let (latency, class, source) = (now - r.born, r.class, r.source);
            self.measure.tally.classes[class as usize].ok += 1;
            self.measure.open_measured -= 1;
            self.measure.latency(latency, class, source);
        }
        self.let_go(request);
    }

    /// After a failed attempt: a pause and another, or the request is lost.
    fn try_again<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32, outcome: Outcome) {
        let now = queue.now();
        let r = &mut self.requests[request];
        if let Some(pause) = self.sources[r.source as usize].pause(r.number, r.tries) {
            self.pausing.up(now);
            queue.at(now.saturating_add(pause), Event::Retry { request });
            return;
        }
        r.active = false;
        self.ledger.lost += 1;
        if r.measured {
            self.measure.tally.classes[r.class as usize].lost[outcome.index()] += 1;
            self.measure.open_measured -= 1;
        }
        self.let_go(request);
    }

    /// One holder fewer; the last one clears the record away.
    #[inline]
    pub(super) fn let_go(&mut self, request: u32) {
        let r = &mut self.requests[request];
        r.holders -= 1;
        if r.holders == 0 {
            self.requests.remove(request);
        }
    }

    /// An attempt is nowhere any more.
    #[inline]
    pub(super) fn leave(&mut self, attempt: u32) {
        let a = &mut self.attempts[attempt];
        debug_assert!(!a.open, "only an ended attempt leaves");
        a.generation = a.generation.wrapping_add(1);
        let request = a.request;
        self.attempts.remove(attempt);
        self.let_go(request);
    }

    /// A refusal or failure of an open attempt that then is nowhere.
    pub(super) fn turn_away<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        if self.attempts[attempt].open {
            self.end(queue, attempt, outcome);
        }
        self.leave(attempt);
    }

    fn observe(&mut self, a: &Attempt, ended: Option<(Nanos, Outcome)>) {
        let r = &self.requests[a.request];
        let worker = (a.worker != NO_WORKER).then(|| &self.workers.all[a.worker as usize]);
        let service = self.sources[r.source as usize].spec.to as u32;
        self.observer.attempt(&AttemptRow {
            request: r.number,
            attempt: a.number,
            source: r.source,
            class: r.class,
            service,
            worker: worker.map(|w| w.number + 1),
            born: r.born,
            arrived: a.arrived,
            start: (a.start != NOT_STARTED).then_some(a.start),
            end: ended.map(|e| e.0),
            work: r.work,
            outcome: ended.map(|e| e.1),
        });
    }

    /// Counts what is still inside when the run ends.
    pub(super) fn leave_open(&mut self) {
        for request in self.requests.iter().filter(|r| r.active && r.measured) {
            self.measure.tally.classes[request.class as usize].unfinished += 1;
        }
        if O::ON {
            let open: Vec<Attempt> = self.attempts.iter().filter(|a| a.open).copied().collect();
            for attempt in open {
                self.observe(&attempt, None);
            }
        }
    }
}
