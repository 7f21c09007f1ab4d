//! Attempts that leave before they are done: patience that runs out, and callers that take back
//! what they have given up on.

use super::*;
use crate::model::spec::Cancel;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// A new request gets its patience.
    #[cold]
    pub(super) fn draw_patience(&mut self, place: u32, source: u32) {
        let patience = self.sources[source as usize].patience();
        self.jobs.request_mut(place).patience = patience;
    }

    /// An attempt that may leave has got into a buffer.
    #[inline(never)]
    pub(super) fn line_up<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        ticket: u32,
    ) {
        let aside = self.jobs.request_mut(attempt);
        aside.ticket = ticket;
        aside.lined_up = true;
        self.be_patient(queue, attempt);
    }

    /// An attempt begins to wait: it leaves when its patience runs out.
    pub(super) fn be_patient<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let patience = self.jobs.request_of(attempt).patience;
        if patience == Nanos::MAX {
            return;
        }
        let a = self.jobs.attempt(attempt);
        // What ran out while it was being dispatched is over when it would wait again.
        let at = a.arrived.saturating_add(patience).max(queue.now());
        let generation = a.generation;
        queue.at(
            at,
            Event::Patience {
                attempt,
                generation,
            },
        );
    }

    /// The patience of an attempt runs out: if it waits, it leaves.
    #[cold]
    pub(super) fn patience_over<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        if a.generation != generation || a.start != NOT_STARTED || self.is_back(attempt) {
            return;
        }
        if RICH && self.is_answered(attempt) {
            return;
        }
        let was_in = self.take_out_of_buffer(attempt, now);
        if !was_in && !self.take_from_sender(attempt, now) {
            return;
        }
        if a.measured && a.open {
            let aside = self.jobs.request(attempt);
            let waited = match a.worker {
                NO_WORKER => now - a.arrived,
                _ => {
                    let passed = aside.dispatched_after + self.time_to_worker(attempt);
                    now - a.arrived - passed + aside.waited
                }
            };
            let source = self.source_of[a.class as usize];
            self.measure.gave_up(&a, source, waited);
        }
        if self.shedding.is_some() && was_in && a.worker != NO_WORKER {
            self.note_left(a.worker, attempt, true, now);
        }
        self.fold(now, kind::GAVE_UP, a.number, a.worker);
        self.turn_away(queue, attempt, Outcome::GaveUp);
        if self.elaborate && a.worker != NO_WORKER {
            // Who comes next may fit where this one did not.
            self.start_waiting(queue, a.worker);
        }
    }

    /// What the client of an attempt takes back when it gives up.
    fn cancels(&self, attempt: u32) -> Cancel {
        let source = self.source_of[self.jobs.attempt(attempt).class as usize];
        self.callers[source as usize].client.cancel
    }

    /// A client has given up on an attempt: it takes back of it what it can reach.
    #[cold]
    pub(super) fn take_back<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let how = self.cancels(attempt);
        if how == Cancel::Nothing || RICH && self.is_answered(attempt) {
            return;
        }
        if RICH && self.is_on_way(attempt) {
            return self.uncount(attempt);
        }
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        if a.start != NOT_STARTED {
            if how == Cancel::Full {
                self.take_from_core(queue, attempt, &a);
            }
        } else if RICH && self.is_back(attempt) {
            self.take_from_buffer(attempt, a.worker, now);
        } else if self.take_out_of_buffer(attempt, now) || self.take_from_sender(attempt, now) {
            self.leave(attempt);
            if self.elaborate && a.worker != NO_WORKER {
                self.start_waiting(queue, a.worker);
            }
        }
    }

    /// Whether the client of an attempt has taken it back while it was being dispatched or on its
    /// way.
    #[cold]
    pub(super) fn was_taken_back(&self, attempt: u32) -> bool {
        !self.jobs.attempt(attempt).open && self.cancels(attempt) != Cancel::Nothing
    }

    /// Takes out an attempt that waits at its sender for room at a worker, if it does; says
    /// whether it did.
    pub(super) fn take_from_sender(&mut self, attempt: u32, now: Nanos) -> bool {
        let worker = self.jobs.attempt(attempt).worker;
        if worker == NO_WORKER || !self.elaborate {
            return false;
        }
        let blocked = &mut self.workers.cold[worker as usize].blocked;
        let Some(place) = blocked.iter().position(|&other| other == attempt) else {
            return false;
        };
        blocked.remove(place);
        self.workers.settle(worker, now);
        self.unblock(attempt, now);
        true
    }

    /// Takes an attempt out of the buffer that it waits in, if it does; says whether it did. Its
    /// memory is free at once; the attempt itself is left to the caller.
    fn take_out_of_buffer(&mut self, attempt: u32, now: Nanos) -> bool {
        let (a, aside) = (self.jobs.attempt(attempt), self.jobs.request(attempt));
        if a.start != NOT_STARTED || !aside.lined_up {
            return false;
        }
        let (worker, ticket) = (a.worker, aside.ticket);
        if worker == NO_WORKER {
            let at = self.front_of(attempt);
            let front = &mut self.fronts[at];
            front.waiting.down(now);
            front.buffer.leave(ticket);
            if self.elaborate {
                self.leaves_balancer(attempt, at);
            }
        } else {
            self.workers.settle(worker, now);
            let memory = self.held_in_line(attempt);
            self.workers.remove_waiting(worker, attempt, ticket, memory);
            if self.elaborate {
                self.workers.cold[worker as usize].waiting_bytes -= self.size_of(attempt);
            }
        }
        self.waiting -= 1;
        true
    }
}
