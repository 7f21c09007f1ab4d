//! Taking back an attempt that nobody waits for any more, wherever it is.

use super::*;
use crate::model::spec::Cancel;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Takes back an attempt that nobody waits for any more, as far as asked.
    pub(super) fn cancel_attempt<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        how: Cancel,
    ) {
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        if !a.open || attempt == self.ending {
            return;
        }
        let at_home = self.limits.as_ref().is_some_and(|l| l.waits(attempt));
        self.jobs.attempt_mut(attempt).open = false;
        let a = Attempt { open: false, ..a };
        self.fold(now, kind::CANCELLED, a.number, a.worker);
        self.count_failed(&a, Outcome::Cancelled);
        if O::WANTED {
            self.observe(attempt, Some((now, Outcome::Cancelled)));
        }
        self.tell_policy(attempt, now);
        self.take_call_back(attempt, now);
        self.tell_caller(attempt, Outcome::Cancelled, now);
        self.give_place_back(queue, attempt);
        let copy = self.is_copy(attempt);
        let copies = self.copies.as_mut().filter(|_| copy);
        let sent = copies.is_none_or(|c| c.traits(attempt).sent);
        if sent && self.budgets.is_some() {
            self.budget_hears(attempt, Outcome::Cancelled);
        }
        if RICH && self.network.is_some() && self.leave_if_lost(attempt) {
            // Neither service nor client will hear of it.
        } else if RICH && self.is_answered(attempt) {
            // It leaves when its answer arrives.
            if how != Cancel::Nothing {
                self.stop(attempt);
            }
        } else if at_home || !sent {
            self.leave(attempt);
        } else if RICH && self.is_on_way(attempt) {
            if how != Cancel::Nothing {
                self.uncount(attempt);
                self.stop(attempt);
            }
        } else if a.worker == NO_WORKER {
            self.take_from_balancer(attempt, how, now);
        } else if a.start == NOT_STARTED {
            if how != Cancel::Nothing {
                self.take_from_buffer(attempt, a.worker, now);
            }
        } else if how == Cancel::Full {
            self.take_from_core(queue, attempt, &a);
        }
    }

    fn take_from_balancer(&mut self, attempt: u32, how: Cancel, now: Nanos) {
        if how == Cancel::Nothing {
            return;
        }
        let at = self.front_of(attempt);
        let front = &mut self.fronts[at];
        if front.buffer.remove(attempt) {
            front.waiting.down(now);
            self.waiting -= 1;
            if self.elaborate {
                self.leaves_balancer(attempt, at);
            }
            self.leave(attempt);
        } else {
            // Being dispatched, or about to set out.
            self.stop(attempt);
        }
    }

    /// A copy goes no further than it is.
    fn stop(&mut self, attempt: u32) {
        if self.is_copy(attempt)
            && let Some(copies) = &mut self.copies
        {
            copies.traits(attempt).stopped = true;
        }
    }

    pub(super) fn take_from_buffer(&mut self, attempt: u32, worker: u32, now: Nanos) {
        self.workers.settle(worker, now);
        if self.workers.leave_line(worker, attempt) {
            self.count_interrupted(attempt);
            if self.elaborate {
                self.leave_buffer(worker, attempt);
            } else {
                let memory = self.memory_of(attempt);
                self.workers.release(worker, memory);
            }
            self.waiting -= 1;
            self.leave(attempt);
        } else if self.take_from_sender(attempt, now) {
            self.leave(attempt);
        }
    }

    pub(super) fn take_from_core<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        a: &Attempt,
    ) {
        let now = queue.now();
        if RICH && self.is_answered(attempt) {
            return;
        }
        if RICH && self.steps.is_some() {
            self.abandon_call(queue, attempt);
            self.count_interrupted(attempt);
            if self.is_aside(attempt) {
                self.leave_aside(a.worker, attempt, now);
                self.leave(attempt);
                if self.elaborate {
                    // Its memory may be what somebody waits for; a core it had none.
                    self.start_waiting(queue, a.worker);
                }
                return;
            }
        }
        let running = self.jobs.attempt_mut(attempt);
        running.phase = running.phase.wrapping_add(1);
        self.workers.settle(a.worker, now);
        let mut left = 0;
        if self.elaborate {
            self.workers.advance_shared(a.worker, now);
            left = self.workers.remove_shared(a.worker, attempt).unwrap_or(0);
        }
        self.count_spent(attempt, now, left);
        self.leave_core(a.worker, attempt);
        self.leave(attempt);
        self.move_up(queue, a.worker);
        if self.elaborate {
            self.schedule_share(queue, a.worker);
        }
    }
}
