//! Calls from one service to another. A call is a request of its own, with its caller's client
//! behaviour; what becomes of it is told to the attempt that made it, as an event of the same
//! instant.

use super::steps::{NOBODY, Origin};
use super::*;
use crate::engine::rng::{Bits, Keyed};

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Whether requests of a class come from a step of a service.
    #[inline(always)]
    pub(super) fn is_call(&self, class: u32) -> bool {
        class >= self.roots
    }

    /// The class of its source that a request of this class goes back to.
    pub(super) fn root_class(&self, class: u32) -> u32 {
        match class.checked_sub(self.roots) {
            None => class,
            Some(call) => call % self.roots,
        }
    }

    /// Which instance of its caller sends an attempt: a source is one, a service has its workers.
    pub(super) fn instance_of_caller(&self, attempt: u32) -> u32 {
        let request = self.jobs.attempt(attempt).request as usize;
        let origins = self.steps.as_ref().map(|s| &s.origins);
        let origin = origins.and_then(|o| o.get(request));
        origin.map_or(0, |origin| origin.instance)
    }

    /// The number, at its source, of the request that an attempt goes back to.
    pub(super) fn number_at_source(&self, attempt: u32) -> u64 {
        let a = self.jobs.attempt(attempt);
        match &self.steps {
            Some(steps) if self.is_call(a.class) => steps.origins[a.request as usize].number,
            _ => a.number,
        }
    }

    /// A request of a source is born.
    pub(super) fn note_root(&mut self, request: u32, source: u32) {
        let number = self.jobs.attempt(request).number;
        if let Some(steps) = &mut self.steps {
            let path = steps.source_paths[source as usize];
            let lineage = Keyed::new(&steps.key, path, number, 0, 0).next_u64();
            *steps.origin(request) = Origin {
                lineage,
                number,
                ..Origin::UNKNOWN
            };
        }
    }

    /// An attempt is about to make a call: an arrival at another service, behind all that ends at
    /// this instant. When nothing else shares it, that is now.
    pub(super) fn set_out_to_call<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let generation = self.jobs.attempt(attempt).generation;
        if queue.alone() {
            return self.call(queue, attempt, generation);
        }
        let event = Event::Call {
            attempt,
            generation,
        };
        queue.at(queue.now(), event);
    }

    /// An attempt makes its call.
    #[inline(never)]
    pub(super) fn call<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        parent: u32,
        generation: u32,
    ) {
        let now = queue.now();
        let a = *self.jobs.attempt(parent);
        let (from, root) = (self.service_at(parent), self.root_class(a.class));
        let deadline = self.deadline_for_calls(parent);
        let instance = self
            .workers
            .cold
            .get(a.worker as usize)
            .map_or(0, |w| w.number);
        let Some(steps) = self.steps.as_mut().filter(|_| a.generation == generation) else {
            return;
        };
        let caller = steps.caller_at(from, parent);
        let copy = steps.copy_of(parent);
        let path = self.callers[caller as usize].path;
        let before = *steps.origin(a.request);
        let draw = |number: u64, attempt: u32| {
            Keyed::new(&steps.key, path, number, copy, attempt).next_u64()
        };
        // What the call asks for is the same for every attempt that makes it; its luck with
        // timeouts and pauses is its own.
        let (lineage, number) = (draw(before.lineage, 0), draw(a.number, a.number_of_try()));
        if self.is_cached(parent, caller, number) {
            return self.answer_from_cache(queue, parent, a.measured, (caller, root));
        }
        let Some(steps) = &mut self.steps else { return };
        let service = self.callers[caller as usize].to as usize;
        let size = self.sizes[a.request as usize];
        let called = &self.spec.services[service];
        let purposes = steps.purposes_at(service);
        let keyed = |purpose: u64| Keyed::new(&steps.key, purpose, lineage, 0, 0);
        let memory = match self.holds_memory {
            true => {
                let drawn = called.memory.base.sample(&mut keyed(purposes.0));
                whole(drawn + called.memory.per_byte * size as f64)
            }
            false => 0,
        };
        let client = self.callers[caller as usize].client;
        let patience = client.patience.as_ref();
        let patience = patience.map_or(Nanos::MAX, |p| whole(p.sample(&mut keyed(purposes.1))));
        let deadline = match client.propagate_deadline {
            true => deadline,
            false => Nanos::MAX,
        };
        let mut new = NewRequest {
            number,
            work: 0,
            memory,
            source: caller,
            class: self.class_of_call(caller, root),
            measured: a.measured,
        };
        let place = self.jobs.add_request(new, now);
        self.jobs.attempt_mut(place).try_number |= ASIDE;
        self.jobs.request_mut(place).patience = patience;
        self.note_size(place, size);
        if self.about.hashes || self.keyed_caches {
            let key = self.key_of(parent);
            self.note_key(place, key);
        }
        if self.crowd.is_some() {
            self.begin_uncrowded(place);
        }
        if let Some(poison) = &mut self.poison {
            poison.born(place, None);
        }
        if let Some(turn) = self.turns.get(a.request as usize).copied() {
            self.keep_turn(place, turn);
        }
        if let Some(steps) = &mut self.steps {
            *steps.origin(place) = Origin {
                parent,
                generation,
                lineage,
                number: before.number,
                instance,
                deadline: client
                    .deadline
                    .map_or(deadline, |d| now.saturating_add(d).min(deadline)),
                ..Origin::UNKNOWN
            };
            steps.waits_for(parent, place);
        }
        new.work = self.begin_trip(place, 0, 0);
        self.ledger.calls += 1;
        if new.measured {
            self.measure.tally.classes[new.class as usize].born += 1;
        }
        if self.client_guards.is_some() && !self.call_begins(queue, place, caller) {
            return;
        }
        if self.budgets.is_some() {
            self.budget_calls(place, now);
        }
        if self.ends_matter && self.begin_copies(queue, place, &new, size) {
            return;
        }
        self.send(queue, place, caller, &new, kind::CALLED);
    }

    /// Whether the answer to a call is found without making it.
    fn is_cached(&mut self, parent: u32, caller: u32, number: u64) -> bool {
        let steps = self.steps.as_ref();
        if steps.is_none_or(|s| s.caches[caller as usize].is_none()) {
            return false;
        }
        let key = match self.keyed_caches {
            true => self.key_of(parent),
            false => 0,
        };
        let path = self.callers[caller as usize].path;
        let Some(steps) = &mut self.steps else {
            return false;
        };
        let mut chance = Keyed::new(&steps.key, path, number, 0, u32::MAX);
        let cache = steps.caches[caller as usize].as_mut();
        cache.is_some_and(|cache| cache.finds(key, || chance.unit()))
    }

    /// An attempt has the answer to its call at once.
    fn answer_from_cache<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        parent: u32,
        measured: bool,
        (caller, root): (u32, u32),
    ) {
        let a = self.jobs.attempt(parent);
        let (number, worker, generation) = (a.number, a.worker, a.generation);
        self.fold(queue.now(), kind::CACHED, number, worker);
        if measured {
            let class = self.class_of_call(caller, root);
            self.measure.tally.classes[class as usize].cached += 1;
        }
        let event = Event::StepOver {
            attempt: parent,
            generation,
        };
        queue.at(queue.now(), event);
    }

    /// The class of calls of a caller that go back to a class of a source.
    fn class_of_call(&self, caller: u32, root: u32) -> u32 {
        let site = caller - self.spec.sources.len() as u32;
        self.roots + site * self.roots + root
    }

    /// The deadline that goes with what an attempt calls, if its own caller sends it along.
    fn deadline_for_calls(&self, attempt: u32) -> Nanos {
        let caller = self.source_of[self.jobs.attempt(attempt).class as usize];
        match self.callers[caller as usize].client.propagate_deadline {
            true => self.deadline_of(attempt).unwrap_or(Nanos::MAX),
            false => Nanos::MAX,
        }
    }

    /// The caller of an open attempt of a call has its answer; the attempt leaves.
    #[inline(never)]
    pub(super) fn answer_call<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        self.jobs.attempt_mut(attempt).open = false;
        if a.measured {
            self.workers.count_served(a.worker);
        }
        if O::WANTED {
            self.observe(attempt, Some((now, Outcome::Ok)));
        }
        self.tell_breaker(attempt, false, now);
        if self.about.hears {
            self.tell_policy(attempt, now);
        }
        if self.budgets.is_some() {
            self.budget_answers(attempt);
        }
        if self.client_guards.is_some() {
            self.tell_caller(attempt, Outcome::Ok, now);
        }
        if self.limits.is_some() {
            self.give_place_back(queue, attempt);
        }
        let parent = self.call_is_ok(a.request, &a, now);
        self.leave(attempt);
        if let Some((attempt, generation)) = parent {
            // A reply is among what ends at this instant; when nothing else shares it, that is now.
            match queue.alone() {
                true => self.step_over(queue, attempt, generation),
                false => self.reply_to(queue, (attempt, generation)),
            }
        }
    }

    /// A call has as many `ok` answers as it needs; who waits for it, and which user of that place.
    pub(super) fn call_is_ok(
        &mut self,
        request: u32,
        a: &Attempt,
        now: Nanos,
    ) -> Option<(u32, u32)> {
        let r = self.jobs.request_mut(request);
        r.active = false;
        let late_before = std::mem::replace(&mut r.answered, true);
        let latency = now - r.born;
        if self.client_guards.is_some() {
            self.call_ends(request, Outcome::Ok, now);
        }
        self.ledger.calls_ok += 1;
        if a.measured {
            let tally = &mut self.measure.tally.classes[a.class as usize];
            tally.ok += 1;
            tally.answered -= u64::from(late_before);
            if self.measure.narrowed {
                let caller = self.source_of[a.class as usize];
                self.measure.answered_narrow(a.class, caller, latency);
            }
        }
        self.keep_answer(request, a);
        let parent = self.parent_of(request, false);
        self.jobs.let_go(request);
        parent
    }

    /// The answer to a call goes into its cache, if it has one.
    fn keep_answer(&mut self, request: u32, a: &Attempt) {
        let caller = self.source_of[a.class as usize] as usize;
        if !self.keyed_caches {
            return;
        }
        let key = self.key_of(request);
        let steps = self.steps.as_mut();
        if let Some(cache) = steps.and_then(|s| s.caches[caller].as_mut()) {
            cache.keep(key);
        }
    }

    /// A call is lost with the last of its attempts.
    pub(super) fn call_is_lost<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        failed: &Attempt,
        outcome: Outcome,
    ) {
        let request = failed.request;
        self.lose_call(request, failed.class, failed.measured, outcome);
        if let Some(parent) = self.parent_of(request, true) {
            self.reply_to(queue, parent);
        }
        self.jobs.let_go(request);
    }

    fn lose_call(&mut self, request: u32, class: u32, measured: bool, outcome: Outcome) {
        self.jobs.request_mut(request).active = false;
        self.ledger.calls_lost += 1;
        if measured {
            self.measure.tally.classes[class as usize].lost[outcome.index()] += 1;
        }
    }

    /// Who waits for a call, and which user of that place, hears how it ended.
    fn parent_of(&mut self, request: u32, failed: bool) -> Option<(u32, u32)> {
        let steps = self.steps.as_mut()?;
        let Origin {
            parent, generation, ..
        } = *steps.origin(request);
        let waits = parent != NOBODY
            && self.jobs.attempt(parent).generation == generation
            && steps.hears(parent, request, failed);
        waits.then_some((parent, generation))
    }

    /// A reply reaches the attempt that waits for it.
    pub(super) fn reply_to<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        (attempt, generation): (u32, u32),
    ) {
        let event = Event::StepOver {
            attempt,
            generation,
        };
        queue.at(queue.now(), event);
    }

    /// An attempt is about to leave its worker before its steps are done: nobody waits for its
    /// call any more, of which its caller takes back what it can reach.
    #[inline(never)]
    pub(super) fn abandon_call<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let child = self.steps.as_mut().and_then(|s| s.take_child(attempt));
        let Some(request) = child.filter(|&c| self.jobs.request(c).active) else {
            return;
        };
        let now = queue.now();
        let a = *self.jobs.attempt(request);
        let caller = self.source_of[a.class as usize] as usize;
        let how = self.copies_taken_back(a.class);
        let how = how.unwrap_or(self.callers[caller].client.cancel);
        self.fold(now, kind::ABANDONED, a.number, a.worker);
        self.call_ends(request, Outcome::Cancelled, now);
        self.lose_call(request, a.class, a.measured, Outcome::Cancelled);
        let Some(steps) = &mut self.steps else { return };
        let Origin {
            current, pausing, ..
        } = *steps.origin(request);
        if pausing {
            // It is let go when its pause is over.
            return;
        }
        let mut open = vec![current];
        if self.is_copy(request)
            && let Some(copies) = &mut self.copies
        {
            open = copies.end(request);
        }
        for attempt in open {
            self.cancel_attempt(queue, attempt, how);
        }
        self.jobs.let_go(request);
    }

    /// Whether a request whose pause is over has been abandoned meanwhile; it is then let go.
    pub(super) fn was_abandoned(&mut self, request: u32) -> bool {
        let active = self.jobs.request(request).active;
        if let Some(steps) = &mut self.steps {
            steps.origin(request).pausing = false;
        }
        if !active {
            self.jobs.let_go(request);
        }
        !active
    }
}
