//! Births, attempts from the caller's side, timeouts, retries.

use super::*;
use crate::model::breaker::Call;
use crate::model::trial::AttemptRow;

impl<O: Observer> System<'_, O> {
    #[inline(always)]
    pub(super) fn schedule_birth<W: Entry>(&mut self, queue: &mut Queue<W, Event>, source: u32) {
        let s = &mut self.sources[source as usize];
        match s.next_birth() {
            Some(at) => queue.register(s.register, at, Event::Arrive { source }),
            None => self.sending -= 1,
        }
    }

    /// A request is born.
    #[inline(always)]
    pub(super) fn arrive<W: Entry>(&mut self, queue: &mut Queue<W, Event>, source: u32) {
        let now = queue.now();
        let s = &mut self.sources[source as usize];
        let birth = s.birth();
        let class = s.first_class + birth.class;
        self.schedule_birth(queue, source);
        let asked = birth.work ^ birth.size.rotate_left(24) ^ birth.memory.rotate_left(44);
        self.demand
            .fold(now, kind::DEMAND + birth.class, asked, source);
        let measured = self.measure.covers(now);
        let place = self.jobs.next_place();
        self.jobs.add(|before| Job {
            request: Request {
                born: now,
                number: birth.number,
                work: birth.work,
                memory: birth.memory,
                source,
                class,
                tries: 1,
                holders: 2,
                active: true,
                measured,
                answered: false,
            },
            attempt: Attempt::fresh(before, place, 1, now),
        });
        self.ledger.born += 1;
        if measured {
            self.measure.tally.classes[class as usize].born += 1;
            self.measure.open_measured += 1;
        }
        self.send(queue, place, birth.number, kind::BORN);
    }

    /// An attempt sets out.
    #[inline(always)]
    fn send<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32, number: u64, why: u32) {
        let now = queue.now();
        let a = &self.jobs[attempt].attempt;
        let (request, tries, generation) = (a.request, a.number, a.generation);
        let source = self.jobs[request].request.source;
        let s = &self.sources[source as usize];
        if s.spec.client.timeout.is_some() {
            let event = Event::Timeout {
                attempt,
                generation,
            };
            if let Some((lane, timeout)) = s.timeouts {
                queue.lane(lane, now.saturating_add(timeout), event);
            } else if let Some(timeout) = s.timeout(number, tries) {
                queue.at(now.saturating_add(timeout), event);
            }
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
    #[inline(always)]
    pub(super) fn timeout<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let a = &self.jobs[attempt].attempt;
        if a.generation == generation && a.open {
            self.give_up(queue, attempt);
        }
    }

    #[cold]
    fn give_up<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let a = &self.jobs[attempt].attempt;
        let number = self.jobs[a.request].request.number;
        self.fold(queue.now(), kind::TIMED_OUT, number, a.worker);
        self.fail(queue, attempt, Outcome::TimedOut);
    }

    /// A request tries again after its pause.
    #[inline(never)]
    pub(super) fn retry<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32) {
        let now = queue.now();
        self.pausing.down(now);
        self.ledger.retries += 1;
        let r = &mut self.jobs[request].request;
        r.tries += 1;
        r.holders += 1;
        if r.measured {
            self.measure.tally.classes[r.class as usize].attempts += 1;
        }
        let (number, source, tries) = (r.number, r.source, r.tries);
        let attempt = self.jobs.add(|before| Job {
            request: Request::NONE,
            attempt: Attempt::fresh(before, request, tries, now),
        });
        self.fold(now, kind::RETRIED, number, source);
        self.send(queue, attempt, number, kind::RETRIED);
    }

    /// The caller of an open attempt has its answer.
    #[inline(always)]
    pub(super) fn answer(&mut self, attempt: u32, now: Nanos) {
        let a = &mut self.jobs[attempt].attempt;
        debug_assert!(a.open, "an attempt ends once");
        a.open = false;
        let (request, worker, number) = (a.request, a.worker, a.number);
        let call = Call {
            failed: false,
            took: now - a.routed,
            epoch: a.epoch,
        };
        let r = &mut self.jobs[request].request;
        r.active = false;
        self.ledger.ok += 1;
        if r.answered {
            self.ledger.only_late -= 1;
        }
        let late_before = std::mem::replace(&mut r.answered, true);
        let source = r.source;
        if r.measured {
            let class = &mut self.measure.tally.classes[r.class as usize];
            class.ok += 1;
            if late_before {
                class.answered -= 1;
            }
            let latency = (number > 1).then(|| now - r.born);
            self.measure.answered(r, latency, now);
            self.workers.count_served(worker);
        }
        if O::ON {
            self.observe(attempt, Some((now, Outcome::Ok)));
        }
        let front = &mut self.fronts[self.sources[source as usize].spec.to];
        front.hear(worker - front.first_worker, call, now);
        self.let_go(request);
    }

    /// The caller of an open attempt learns that it failed.
    pub(super) fn fail<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        let now = queue.now();
        let a = &mut self.jobs[attempt].attempt;
        debug_assert!(a.open, "an attempt ends once");
        a.open = false;
        let a = *a;
        let r = self.jobs[a.request].request;
        self.ledger.failed[outcome.index()] += 1;
        if r.measured {
            self.measure.tally.classes[r.class as usize].ended[outcome.index()] += 1;
            if a.worker != NO_WORKER {
                self.measure.tally.workers[a.worker as usize].ended[outcome.index()] += 1;
            }
        }
        if O::ON {
            self.observe(attempt, Some((now, outcome)));
        }
        if a.worker != NO_WORKER {
            let call = Call {
                failed: true,
                took: now - a.routed,
                epoch: a.epoch,
            };
            let front = &mut self.fronts[self.sources[r.source as usize].spec.to];
            front.hear(a.worker - front.first_worker, call, now);
        }
        self.try_again(queue, a.request, outcome);
    }

    /// After a failed attempt: a pause and another, or the request is lost.
    fn try_again<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        request: u32,
        outcome: Outcome,
    ) {
        let now = queue.now();
        let r = &mut self.jobs[request].request;
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
    #[inline(always)]
    pub(super) fn let_go(&mut self, request: u32) {
        let r = &mut self.jobs[request].request;
        r.holders -= 1;
        if r.holders == 0 {
            self.jobs.remove(request);
        }
    }

    /// An attempt is nowhere any more.
    #[inline(always)]
    pub(super) fn leave(&mut self, attempt: u32) {
        let a = &mut self.jobs[attempt].attempt;
        debug_assert!(!a.open, "only an ended attempt leaves");
        a.generation = a.generation.wrapping_add(1);
        let request = a.request;
        if request != attempt {
            self.jobs.remove(attempt);
        }
        self.let_go(request);
    }

    /// A refusal or failure of an attempt that then is nowhere.
    #[inline(never)]
    pub(super) fn turn_away<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        if self.jobs[attempt].attempt.open {
            self.fail(queue, attempt, outcome);
        }
        self.leave(attempt);
    }

    fn observe(&mut self, attempt: u32, ended: Option<(Nanos, Outcome)>) {
        let a = &self.jobs[attempt].attempt;
        let r = &self.jobs[a.request].request;
        let service = self.sources[r.source as usize].spec.to;
        let worker = (a.worker != NO_WORKER).then(|| a.worker - self.fronts[service].first_worker);
        self.observer.attempt(&AttemptRow {
            request: r.number,
            attempt: a.number,
            source: r.source,
            class: r.class,
            service: service as u32,
            worker: worker.map(|number| number + 1),
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
        let requests = self.jobs.iter().map(|j| &j.request);
        for request in requests.filter(|r| r.active && r.measured) {
            self.measure.tally.classes[request.class as usize].unfinished += 1;
        }
        if O::ON {
            let open = |place: &u32| self.jobs[*place].attempt.open;
            let places: Vec<u32> = (0..self.jobs.places()).filter(open).collect();
            for attempt in places {
                self.observe(attempt, None);
            }
        }
    }
}
