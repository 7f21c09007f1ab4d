//! Births, attempts from the caller's side, timeouts, retries.

use super::*;
use crate::model::breaker::Call;
use crate::model::source::Birth;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    pub(super) fn schedule_birth<W: Entry>(&mut self, queue: &mut Queue<W, Event>, source: u32) {
        let s = &mut self.sources[source as usize];
        match s.next_birth() {
            Some(at) => queue.register(s.register, at, Event::Arrive { source }),
            None => self.sends_no_more(),
        }
    }

    /// A source has sent all it sends.
    #[cold]
    pub(super) fn sends_no_more(&mut self) {
        self.sending -= 1;
        if self.sending == 0 {
            self.measure.all_sent();
        }
    }

    /// A request is born.
    #[inline(always)]
    pub(super) fn arrive<W: Entry>(&mut self, queue: &mut Queue<W, Event>, source: u32) {
        let s = &mut self.sources[source as usize];
        let birth = s.birth();
        match s.next_birth() {
            Some(at) => queue.register(s.register, at, Event::Arrive { source }),
            None => self.sends_no_more(),
        }
        self.bear(queue, source, birth, NO_USER);
    }

    /// A request is born as drawn; its user waits for it, if it has one.
    #[inline(always)]
    pub(super) fn bear<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        source: u32,
        birth: Birth,
        user: u32,
    ) {
        let now = queue.now();
        let class = self.sources[source as usize].first_class + birth.class;
        if self.measure.before_end(now) {
            let asked = birth.work ^ birth.size.rotate_left(24) ^ birth.memory.rotate_left(44);
            self.demand
                .fold(now, kind::DEMAND + birth.class, asked, source);
        }
        let measured = self.measure.covers(now);
        let new = NewRequest {
            number: birth.number,
            work: birth.work,
            memory: birth.memory,
            source,
            class,
            measured,
        };
        let place = self.jobs.add_request(new, now);
        if RICH && (self.elaborate || self.draws_again || self.steps.is_some()) {
            self.note_size(place, birth.size);
            if let Some(priority) = birth.priority {
                self.note_turn(place, priority);
            }
        }
        if RICH
            && (self.about.hashes || self.keyed_caches)
            && let Some(key) = birth.key
        {
            self.note_key(place, key);
        }
        if RICH && self.crowd.is_some() {
            self.begin_uncrowded(place);
        }
        if RICH && let Some(poison) = &mut self.poison {
            poison.born(place, Some((source, class, birth.number)));
        }
        if user != NO_USER {
            self.user_waits(user, place);
        }
        if RICH && self.may_leave {
            self.draw_patience(place, source);
        }
        let mut new = new;
        if RICH && self.steps.is_some() {
            self.note_root(place, source);
            new.work = self.begin_trip(place, 0, new.work);
        }
        self.ledger.born += 1;
        if measured {
            self.measure.tally.classes[class as usize].born += 1;
        }
        if RICH && self.client_guards.is_some() && !self.call_begins(queue, place, source) {
            return;
        }
        if RICH && self.budgets.is_some() {
            self.budget_calls(place, now);
        }
        if RICH && self.ends_matter && self.begin_copies(queue, place, &new, birth.size) {
            return;
        }
        self.send(queue, place, source, &new, kind::BORN);
    }

    /// An attempt sets out.
    #[inline(always)]
    pub(super) fn send<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        source: u32,
        what: &NewRequest,
        why: u32,
    ) {
        if RICH && self.budgets.is_some() {
            self.budget_sends(attempt);
        }
        if RICH && (self.limits.is_some() || self.client_guards.is_some()) {
            return self.ask_to_send(queue, attempt, source, what, why);
        }
        self.watch(queue, attempt, source, what.number);
        self.set_out(queue, attempt, source, what, why);
    }

    /// The client's timeout for an attempt begins.
    #[inline(always)]
    pub(super) fn watch<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        source: u32,
        number: u64,
    ) {
        let now = queue.now();
        let s = &self.callers[source as usize];
        if RICH && self.deadlines && s.client.has_deadline() {
            return self.watch_to_deadline(queue, attempt, source, number);
        }
        if s.client.timeout.is_some() {
            let a = self.jobs.attempt(attempt);
            let (generation, tries) = (a.generation, a.number_of_try());
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
    }

    /// An attempt leaves its client.
    #[inline(always)]
    pub(super) fn set_out<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        source: u32,
        what: &NewRequest,
        why: u32,
    ) {
        if RICH && self.network.is_some() && self.goes_far(queue, attempt) {
            return;
        }
        self.arrive_at_service(queue, attempt, source, what, why);
    }

    /// An attempt is at the service that it calls.
    #[inline(always)]
    pub(super) fn arrive_at_service<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        source: u32,
        what: &NewRequest,
        why: u32,
    ) {
        let now = queue.now();
        let front = self.next_front(attempt, self.service_of[source as usize] as usize);
        if self.fronts[front].dispatch.is_some() {
            self.fold(now, why, what.number, source);
            self.reach_balancer(queue, attempt, front);
        } else if RICH {
            self.route_richly(queue, attempt, front, what);
        } else {
            self.route(queue, attempt, front, what.work, what.memory);
        }
    }

    /// A client's timeout runs out: it gives up on the attempt, and may take it back.
    #[inline(always)]
    pub(super) fn timeout<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let a = self.jobs.attempt(attempt);
        if a.generation == generation && a.open {
            return self.give_up(queue, attempt);
        }
        // Most attempts behind this one in the lane have ended too.
        let source = self.source_of[a.class as usize];
        if let Some((lane, _)) = self.callers[source as usize].timeouts {
            let jobs = &self.jobs;
            queue.drop_while(lane, |event| match event {
                Event::Timeout {
                    attempt,
                    generation,
                } => {
                    let a = jobs.attempt(attempt);
                    a.generation != generation || !a.open
                }
                _ => false,
            });
        }
    }

    #[cold]
    fn give_up<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let a = self.jobs.attempt(attempt);
        let (number, worker) = (a.number, a.worker);
        self.fold(queue.now(), kind::TIMED_OUT, number, worker);
        let at_home = self.limits.as_ref().is_some_and(|l| l.waits(attempt));
        self.fail(queue, attempt, Outcome::TimedOut);
        if at_home {
            self.leave(attempt);
        } else if RICH && self.network.is_some() && self.leave_if_lost(attempt) {
            // Neither service nor client will hear of it.
        } else if RICH && self.may_leave {
            self.take_back(queue, attempt);
        }
    }

    /// A request tries again after its pause.
    #[inline(never)]
    pub(super) fn retry<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32) {
        let now = queue.now();
        self.pausing.down(now);
        if RICH && self.steps.is_some() && self.was_abandoned(request) {
            return;
        }
        self.ledger.retries += 1;
        if self.is_copy(request) {
            return self.retry_copies(queue, request);
        }
        let attempt = self.jobs.add_attempt(request, now);
        if RICH && self.crowd.is_some() {
            self.uncrowd(attempt);
        }
        if RICH && self.draws_again {
            self.draw_again(attempt);
        }
        if RICH && self.steps.is_some() {
            self.begin_another_trip(attempt, 0);
        }
        let (a, r) = (self.jobs.attempt(attempt), self.jobs.request(request));
        let new = NewRequest {
            number: a.number,
            work: a.work,
            memory: r.memory,
            source: r.source,
            class: a.class,
            measured: a.measured,
        };
        if new.measured {
            self.measure.tally.classes[new.class as usize].attempts += 1;
        }
        self.fold(now, kind::RETRIED, new.number, new.source);
        self.send(queue, attempt, new.source, &new, kind::RETRIED);
    }

    /// The caller of an open attempt has its answer; the attempt leaves.
    #[inline(always)]
    pub(super) fn answer<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        now: Nanos,
    ) {
        let a = self.jobs.attempt_mut(attempt);
        debug_assert!(a.open, "an attempt ends once");
        if RICH && a.try_number & ASIDE != 0 {
            let class = a.class;
            if self.is_copy(attempt) {
                return self.answer_copy(queue, attempt);
            }
            if self.is_call(class) {
                return self.answer_call(queue, attempt);
            }
        }
        let a = self.jobs.attempt_mut(attempt);
        a.open = false;
        let (request, worker, class) = (a.request, a.worker, a.class);
        let (first, measured, arrived) = (a.try_number == 1, a.measured, a.arrived);
        self.ledger.ok += 1;
        if measured {
            self.measure.tally.classes[class as usize].ok += 1;
            self.workers.count_served(worker);
        }
        if !first {
            self.answer_retried(request, class, measured, now);
        } else if now - arrived >= self.slow_from {
            self.note_slow(now - arrived);
        }
        if self.measure.narrowed && measured {
            let born = if first {
                arrived
            } else {
                self.jobs.request(request).born
            };
            let latency = now - born;
            self.measure
                .answered_narrow(class, self.source_of[class as usize], latency);
        }
        if O::WANTED {
            self.observe(attempt, Some((now, Outcome::Ok)));
        }
        if RICH && self.about.hears {
            self.tell_policy(attempt, now);
        }
        self.tell_breaker(attempt, false, now);
        if RICH && self.ends_matter {
            if self.client_guards.is_some() {
                self.tell_caller(attempt, Outcome::Ok, now);
                self.call_ends(request, Outcome::Ok, now);
            }
            if self.limits.is_some() {
                self.give_place_back(queue, attempt);
            }
            if self.budgets.is_some() {
                self.budget_answers(attempt);
            }
            self.next_round(queue, request, class);
        }
        if first {
            // A first attempt that is still open is its request's only one.
            self.uncount(attempt);
            self.jobs.leave_whole(attempt);
        } else {
            self.jobs.let_go(request);
            self.leave(attempt);
        }
    }

    /// The rest of [`System::answer`] for a request that took more than one attempt.
    #[cold]
    pub(super) fn answer_retried(&mut self, request: u32, class: u32, measured: bool, now: Nanos) {
        let r = self.jobs.request_mut(request);
        r.active = false;
        let late_before = std::mem::replace(&mut r.answered, true);
        let latency = now - r.born;
        self.ledger.only_late -= u64::from(late_before);
        if measured {
            self.measure.tally.classes[class as usize].answered -= u64::from(late_before);
            self.measure.tally.delays[0].latency.record(latency);
        }
        if latency >= self.slow_from {
            self.note_slow(latency);
        }
    }

    /// A worker's breaker hears what became of an attempt that it let in.
    #[inline(always)]
    pub(super) fn tell_breaker(&mut self, attempt: u32, failed: bool, now: Nanos) {
        if !self.guarded {
            return;
        }
        if !failed && self.ejects {
            self.tell_front(attempt, Outcome::Ok, now);
        }
        let front = self.guards_of(attempt);
        let a = self.jobs.attempt(attempt);
        let front = &mut self.fronts[front];
        if front.guarded && a.worker != NO_WORKER {
            let of = || self.jobs.attempt(attempt).as_try(&self.source_of);
            let aside = self.jobs.request(attempt);
            let took = now - a.arrived - aside.dispatched_after;
            let call = Call {
                failed,
                took,
                epoch: aside.epoch,
            };
            front.hear(a.worker - front.first_worker, call, now, of);
        }
    }

    /// A worker's breaker hears that an attempt which it let in failed, if that counts with it.
    pub(super) fn tell_breaker_of_failure(&mut self, attempt: u32, outcome: Outcome, now: Nanos) {
        if self.ejects {
            self.tell_front(attempt, outcome, now);
        }
        if self.fronts[self.guards_of(attempt)].ignores(outcome) {
            self.take_call_back(attempt, now);
        } else {
            self.tell_breaker(attempt, true, now);
        }
    }

    /// A worker's breaker hears that nobody will report on an attempt which it let in.
    #[cold]
    pub(super) fn take_call_back(&mut self, attempt: u32, now: Nanos) {
        let worker = self.jobs.attempt(attempt).worker;
        if worker != NO_WORKER {
            let epoch = self.jobs.request(attempt).epoch;
            let at = self.guards_of(attempt);
            let front = &mut self.fronts[at];
            if !front.loses(|| self.jobs.attempt(attempt).as_try(&self.source_of)) {
                front.forget(worker - front.first_worker, epoch, now);
            }
        }
    }

    /// The caller of an open attempt learns that it failed.
    pub(super) fn fail<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        let now = queue.now();
        let a = self.jobs.attempt_mut(attempt);
        debug_assert!(a.open, "an attempt ends once");
        a.open = false;
        let a = *a;
        self.jobs
            .complete_request(attempt, self.source_of[a.class as usize]);
        self.count_failed(&a, outcome);
        if self.watching.is_some() && outcome.is_for_want_of_room() {
            self.note_refusal(&a, outcome, now);
        }
        if O::WANTED {
            self.observe(attempt, Some((now, outcome)));
        }
        if RICH && self.about.hears {
            self.tell_policy(attempt, now);
        }
        self.tell_breaker_of_failure(attempt, outcome, now);
        if RICH && self.client_guards.is_some() {
            self.tell_caller(attempt, outcome, now);
        }
        if RICH && self.limits.is_some() {
            self.give_place_back(queue, attempt);
        }
        if RICH && self.budgets.is_some() {
            self.budget_hears(attempt, outcome);
        }
        if self.is_copy(attempt) {
            self.copy_failed(queue, attempt, &a, outcome);
        } else {
            self.try_again(queue, &a, outcome);
        }
    }

    /// After a failed attempt: a pause and another, or the request is lost.
    pub(super) fn try_again<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        failed: &Attempt,
        outcome: Outcome,
    ) {
        let now = queue.now();
        let request = failed.request;
        if RICH && self.client_guards.is_some() {
            self.retry_ends(request);
        }
        let r = self.jobs.request(request);
        let caller = &self.callers[r.source as usize];
        let rounds = self.copies.as_ref().map(|c| c.rounds(r.source, request));
        let made = rounds.flatten().unwrap_or(r.tries);
        let pause = match outcome {
            Outcome::DeadLettered => None,
            _ => caller.pause(failed.number, made, outcome),
        };
        let in_time = |at: Nanos| !(RICH && self.deadlines) || self.is_in_time(failed, at);
        let mut pause = pause.filter(|&pause| in_time(now.saturating_add(pause)));
        if RICH && self.budgets.is_some() && !self.budget_grants(failed, made, pause.is_some(), now)
        {
            pause = None;
        }
        if let Some(pause) = pause
            && (!RICH || self.client_guards.is_none() || self.retry_begins(request))
        {
            self.pausing.up(now);
            if let Some(steps) = &mut self.steps {
                steps.origin(request).pausing = true;
            }
            queue.at(now.saturating_add(pause), Event::Retry { request });
            return;
        }
        self.lose(queue, failed, outcome);
    }
}
