//! Admission and order of service where more than cores and slots decides: requests that occupy
//! several cores or hold memory only in service, buffers bounded in bytes, disciplines other than
//! first come first served, and what becomes of the one that finds no room.
//!
//! A system that has none of this never comes here.

use super::poison::FOR_EVER;
use super::*;
use crate::model::spec::{Held, OnFull, RamPolicy};

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    pub(super) fn needs(&self, attempt: u32) -> Needs {
        self.needs[self.jobs.attempt(attempt).class as usize]
    }

    /// Keeps the size of a new request.
    #[inline(never)]
    pub(super) fn note_size(&mut self, place: u32, size: u64) {
        let place = place as usize;
        if place >= self.sizes.len() {
            self.sizes.resize(place + 1, 0);
        }
        self.sizes[place] = size;
    }

    /// The memory that an attempt holds while it waits, in any system.
    pub(super) fn held_in_line(&self, attempt: u32) -> u64 {
        if self.elaborate {
            self.held_waiting(attempt)
        } else {
            self.memory_of(attempt)
        }
    }

    pub(super) fn size_of(&self, attempt: u32) -> u64 {
        self.sizes[self.jobs.attempt(attempt).request as usize]
    }

    /// What an attempt holds while it waits.
    fn held_waiting(&self, attempt: u32) -> u64 {
        match self.needs(attempt).held {
            Held::Admission => self.memory_of(attempt),
            Held::Service => 0,
        }
    }

    /// What an attempt takes when its service begins.
    pub(super) fn held_later(&self, attempt: u32) -> u64 {
        match self.needs(attempt).held {
            Held::Admission => 0,
            Held::Service => self.memory_of(attempt),
        }
    }

    /// A worker takes an attempt in, or not.
    #[inline(never)]
    pub(super) fn admit<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
    ) {
        let cold = &self.workers.cold[worker as usize];
        if cold.downs > 0 {
            return self.turn_away(queue, attempt, Outcome::NoConnection);
        }
        if cold.wedged {
            return self.turn_away(queue, attempt, Outcome::BufferFull);
        }
        if let Some(lacking) = self.take_in(queue, worker, attempt) {
            self.no_place(queue, worker, attempt, lacking);
        }
    }

    /// What an attempt lacks to be taken in by a worker.
    fn lacks(&self, worker: u32, attempt: u32, now: Nanos) -> Option<Outcome> {
        if self.shedding.is_some() && self.is_at_limit(worker) {
            return Some(Outcome::Shed);
        }
        let memory = self.held_waiting(attempt);
        let all = memory + self.held_later(attempt);
        if self.short_of_ram && self.workers.is_short(worker, all, now) {
            return Some(Outcome::RamFull);
        }
        let cold = &self.workers.cold[worker as usize];
        let refuses = cold.ram_policy == RamPolicy::Refuse;
        if !self.workers.has_memory(worker, memory) || refuses && all > cold.ram_for_requests() {
            return Some(Outcome::RamFull);
        }
        let first = self.workers.waiting(worker) == 0;
        if first && self.fits(worker, attempt, memory)
            || self.workers.has_place(worker, self.size_of(attempt))
        {
            return None;
        }
        let cores = self.workers.has_cores(worker, self.needs(attempt).cores);
        Some(if first && cores {
            Outcome::RamFull
        } else {
            Outcome::BufferFull
        })
    }

    /// Takes an attempt in, unless something lacks: says what.
    pub(super) fn take_in<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
    ) -> Option<Outcome> {
        let lacking = self.lacks(worker, attempt, queue.now());
        if lacking.is_some() {
            return lacking;
        }
        let memory = self.held_waiting(attempt);
        let begins = self.workers.waiting(worker) == 0 && self.fits(worker, attempt, memory);
        self.workers.hold(worker, memory);
        self.taken_in(attempt, worker);
        if self.shedding.is_some() {
            self.note_came(worker, attempt, begins, queue.now());
        }
        if begins {
            self.begin(queue, worker, attempt);
            return None;
        }
        let size = self.size_of(attempt);
        let key = self.turn_of(worker, attempt);
        let ticket = self.workers.wait_by_key(worker, attempt, key);
        if self.may_leave {
            self.line_up(queue, attempt, ticket);
        }
        self.workers.cold[worker as usize].waiting_bytes += size;
        self.waits();
        None
    }

    /// What decides whose turn is first where the discipline of a worker has keys.
    fn turn_of(&self, worker: u32, attempt: u32) -> u64 {
        if self.workers.cold[worker as usize].by_deadline {
            return self.deadline_of(attempt).unwrap_or(Nanos::MAX);
        }
        let usual = self.needs(attempt).key;
        self.recorded_turn(attempt).unwrap_or(usual)
    }

    /// Whether an attempt could begin now, with so much memory held besides what it takes then.
    fn fits(&self, worker: u32, attempt: u32, held: u64) -> bool {
        let later = self.held_later(attempt);
        let kills = self.workers.cold[worker as usize].ram_policy == RamPolicy::OomKill;
        self.workers.has_cores(worker, self.needs(attempt).cores)
            && (kills || self.workers.has_memory(worker, held.saturating_add(later)))
    }

    /// An attempt that was let in begins its service.
    pub(super) fn begin<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
    ) {
        let now = queue.now();
        if self.poison.is_some() && self.is_fatal(queue, worker, attempt) {
            return;
        }
        let later = self.held_later(attempt);
        if !self.workers.has_memory(worker, later) {
            self.put_out(worker, attempt);
            return self.kill(queue, worker, attempt);
        }
        self.workers.take_memory(worker, later);
        let mut work = self.jobs.attempt(attempt).work;
        if self.workers.cold[worker as usize].shared.is_some() {
            if self.strain.is_some() {
                self.allocates(worker, attempt);
            }
            if self.crowd.is_some() {
                work = self.crowded(worker, attempt, work);
            }
            if self.hangs(attempt) {
                work = FOR_EVER;
            }
            self.workers.advance_shared(worker, now);
            self.workers.enter_shared(worker, attempt, work);
            self.jobs.attempt_mut(attempt).start = now;
            return self.schedule_share(queue, worker);
        }
        if self.hangs(attempt) {
            self.hang(queue, worker, attempt);
        } else if self.interrupted.is_some() {
            self.start_rest(queue, worker, attempt);
        } else {
            self.start(queue, worker, attempt, work);
        }
        self.workers.widen(worker, self.needs(attempt).cores);
    }

    /// An attempt that was about to begin is no longer with its worker.
    pub(super) fn put_out(&mut self, worker: u32, attempt: u32) {
        self.workers.release(worker, self.held_waiting(attempt));
        self.workers.load[worker as usize] -= 1;
        self.uncount_here(attempt);
        self.count_interrupted(attempt);
    }

    /// Something lacks for an attempt: what becomes of it.
    fn no_place<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        lacking: Outcome,
    ) {
        if lacking == Outcome::Shed {
            return self.turn_away(queue, attempt, lacking);
        }
        let cold = &self.workers.cold[worker as usize];
        if lacking == Outcome::RamFull && cold.ram_policy == RamPolicy::OomKill {
            return self.kill(queue, worker, attempt);
        }
        // For one that is too big for the worker even when that is empty no waiting makes room.
        if lacking == Outcome::RamFull && self.memory_of(attempt) > cold.ram_for_requests() {
            return self.turn_away(queue, attempt, lacking);
        }
        match cold.on_full {
            OnFull::Reject => self.turn_away(queue, attempt, lacking),
            OnFull::Wedge => {
                self.wedge(queue, worker);
                self.turn_away(queue, attempt, lacking);
            }
            OnFull::DeadLetter => self.turn_away(queue, attempt, Outcome::DeadLettered),
            OnFull::Crash => {
                self.fall(queue, worker, Outcome::WorkerDown);
                self.turn_away(queue, attempt, lacking);
            }
            OnFull::DropOldest => self.displace(queue, worker, attempt, lacking),
            OnFull::Redispatch { max } if self.is_at_far_worker(attempt) => {
                self.send_back(queue, attempt, lacking, max);
            }
            OnFull::Redispatch { max } => self.redispatch(queue, attempt, lacking, max),
            OnFull::Block => self.block(queue, worker, attempt),
        }
    }

    /// Those who have waited longest make room, as many as it takes.
    fn displace<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        mut lacking: Outcome,
    ) {
        while let Some(oldest) = self.workers.oldest_waiting(worker) {
            self.workers.leave_line(worker, oldest);
            self.leave_buffer(worker, oldest);
            self.waiting -= 1;
            let open = self.jobs.attempt(attempt).open;
            self.count_interrupted(oldest);
            self.turn_away(queue, oldest, lacking);
            if open && !self.jobs.attempt(attempt).open {
                // It was a copy of the same request, and is taken back with it.
                return self.leave(attempt);
            }
            match self.take_in(queue, worker, attempt) {
                None => return,
                Some(still) => lacking = still,
            }
        }
        self.turn_away(queue, attempt, lacking);
    }

    /// The balancer tries other workers, one after another.
    pub(super) fn redispatch<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        mut lacking: Outcome,
        max: u32,
    ) {
        let now = queue.now();
        let at = self.front_of(attempt);
        let mut tried = self.tried_before(attempt);
        for _ in 0..max {
            let a = *self.jobs.attempt(attempt);
            let ask = Ask {
                now,
                open: a.open,
                key: match self.about.hashes {
                    true => self.key_of(attempt),
                    false => 0,
                },
            };
            let front = &mut self.fronts[at];
            let first = front.first_worker as usize;
            let last = a.worker - front.first_worker;
            tried.insert(tried.partition_point(|&t| t < last), last);
            if self.shares_breakers {
                self.pass_breakers(at, now);
            }
            let mut load = &self.workers.load[first..first + self.fronts[at].worker_count];
            if let Some(own) = self.instances.as_ref().and_then(|i| i.view(at)) {
                load = own;
            }
            let picked = self.fronts[at].pick_none_of(load, &ask, &tried);
            if self.shares_breakers {
                self.pass_breakers(at, now);
            }
            let Some((picked, epoch)) = picked else {
                break;
            };
            if let Some(idle) = &mut self.idle {
                idle.note_taken(&mut self.fronts[at]);
            }
            if self.about.probes.is_some() {
                self.send_probes(attempt, at, picked, now);
            }
            let worker = first as u32 + picked;
            let guarded = self.fronts[at].guarded;
            if a.open {
                self.tell_policy(attempt, now);
                self.tell_breaker_of_failure(attempt, lacking, now);
            }
            if guarded {
                self.jobs.request_mut(attempt).epoch = epoch;
            }
            self.jobs.attempt_mut(attempt).worker = worker;
            self.fold(now, kind::ROUTED, a.number, worker);
            if self.network.is_some() && self.goes_to_worker(queue, attempt) {
                return self.keep_tried(attempt, tried);
            }
            self.workers.settle(worker, now);
            let cold = &self.workers.cold[worker as usize];
            if cold.downs > 0 {
                lacking = Outcome::NoConnection;
                continue;
            }
            if cold.wedged {
                lacking = Outcome::BufferFull;
                continue;
            }
            match self.take_in(queue, worker, attempt) {
                None => return,
                Some(still) => lacking = still,
            }
        }
        self.turn_away(queue, attempt, lacking);
    }

    /// After somebody left a worker: those whose turn it is begin, as many as fit; then those who
    /// wait at their sender come in.
    #[inline(never)]
    pub(super) fn start_waiting<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        loop {
            let down = self.workers.cold[worker as usize].downs > 0;
            // A turn comes with the first free core.
            let turn = (!down && self.workers.has_cores(worker, 1))
                .then(|| self.workers.turn(worker))
                .flatten();
            if let Some(next) = turn.filter(|_| self.propagates)
                && self.drop_turn(queue, worker, next)
            {
                continue;
            }
            if let Some(next) = turn.filter(|&next| self.fits(worker, next, 0)) {
                if self.shedding.is_some() && self.shed_turn(queue, worker, next) {
                    continue;
                }
                self.workers.take_turn(worker);
                self.waiting -= 1;
                self.workers.cold[worker as usize].waiting_bytes -= self.size_of(next);
                self.begin(queue, worker, next);
                continue;
            }
            let Some(&first) = self.workers.cold[worker as usize].blocked.front() else {
                return;
            };
            if self.workers.cold[worker as usize].wedged || down {
                return;
            }
            let expired = self.propagates && self.is_expired(first, queue.now());
            if !expired && self.lacks(worker, first, queue.now()).is_some() {
                return;
            }
            self.workers.cold[worker as usize].blocked.pop_front();
            self.unblock(first, queue.now());
            if expired {
                self.drop_expired(queue, first);
                continue;
            }
            self.take_in(queue, worker, first);
        }
    }

    /// An attempt in service leaves its core, and its memory is free again.
    pub(super) fn leave_core(&mut self, worker: u32, attempt: u32) {
        if self.elaborate {
            return self.give_back(worker, attempt);
        }
        let memory = self.memory_of(attempt);
        let core = self.jobs.attempt(attempt).core;
        self.workers.finish(worker, core, memory);
    }

    /// Whose turn it is in a worker's buffer begins, as far as there is room.
    pub(super) fn move_up<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        if self.elaborate {
            self.start_waiting(queue, worker);
        } else {
            self.start_next(queue, worker);
        }
    }

    /// Cores and memory of an attempt in service are free again.
    #[inline(never)]
    pub(super) fn give_back(&mut self, worker: u32, attempt: u32) {
        let memory = self.memory_of(attempt);
        if self.workers.cold[worker as usize].shared.is_some() {
            return self.workers.finish_shared(worker, memory);
        }
        self.workers.narrow(worker, self.needs(attempt).cores);
        let core = self.jobs.attempt(attempt).core;
        self.workers.finish(worker, core, memory);
    }

    /// What a waiting attempt held is free again; it has been taken out of the line.
    pub(super) fn leave_buffer(&mut self, worker: u32, attempt: u32) {
        let memory = self.held_waiting(attempt);
        self.workers.release(worker, memory);
        self.workers.cold[worker as usize].waiting_bytes -= self.size_of(attempt);
    }

    /// A worker is killed for the memory that an attempt would take.
    fn kill<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32, attempt: u32) {
        self.fall(queue, worker, Outcome::OutOfMemory);
        self.turn_away(queue, attempt, Outcome::OutOfMemory);
    }

    /// A worker goes down by itself; it comes back after its restart.
    pub(super) fn fall<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        outcome: Outcome,
    ) {
        let now = queue.now();
        self.workers.settle(worker, now);
        self.fold(now, kind::FELL, 0, worker);
        if self.workers.down(worker, now) {
            self.down.up(now);
        }
        self.unwedge(worker, now);
        self.lose_aboard(queue, worker, outcome);
        let at = now.saturating_add(self.restart_time(worker));
        queue.at(at, Event::Recover { worker });
    }

    /// A worker that went down by itself comes back.
    #[cold]
    pub(super) fn recover<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        self.workers.settle(worker, now);
        self.fold(now, kind::RECOVERED, 0, worker);
        if self.workers.up(worker, now) {
            self.down.down(now);
        }
        self.begin_life(queue, worker);
    }
}
