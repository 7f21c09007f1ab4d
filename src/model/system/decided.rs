//! How requests end that are sent in several copies: with enough answers, or too many failures.

use super::*;
use crate::model::spec::Cancel;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// The caller of a copy has its answer.
    #[cold]
    pub(super) fn answer_copy<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        let (request, class) = (a.request, a.class as usize);
        let wanted = self.is_wanted(attempt);
        self.jobs.attempt_mut(attempt).open = false;
        if a.measured {
            self.workers.count_served(a.worker);
        }
        if O::WANTED {
            self.observe(attempt, Some((now, Outcome::Ok)));
        }
        self.tell_policy(attempt, now);
        self.tell_breaker(attempt, false, now);
        self.tell_caller(attempt, Outcome::Ok, now);
        self.give_place_back(queue, attempt);
        if self.budgets.is_some() {
            self.budget_hears(attempt, Outcome::Ok);
        }
        self.note_answer(request, a.class, a.measured);
        let current = self.leave_round(request, attempt);
        let need = self.plan(a.class).map_or(1, |p| p.need);
        let ok = self.copies.as_mut().map_or(0, |copies| {
            let group = copies.group(request);
            group.ok += u32::from(current);
            group.ok
        });
        if current && ok == need {
            self.win(queue, request, &a);
        } else {
            self.ledger.part_ok += 1;
            if a.measured {
                let spent = self.spent_in_all(attempt, now);
                let tally = &mut self.measure.tally.classes[class];
                tally.ended[Outcome::Ok.index()] += 1;
                if !current && wanted {
                    tally.wasted_ns += u128::from(spent);
                }
            }
        }
        self.leave(attempt);
    }

    /// A request has as many `ok` answers as it needs.
    fn win<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32, a: &Attempt) {
        let now = queue.now();
        let how = self.plan(a.class).map_or(Cancel::Nothing, |p| p.cancel);
        if self.is_call(a.class) {
            if self.budgets.is_some() {
                self.budget_wins(request, a.class);
            }
            self.end_round(queue, request, how);
            if let Some(parent) = self.call_is_ok(request, a, now) {
                self.reply_to(queue, parent);
            }
            return;
        }
        self.ledger.ok += 1;
        if a.measured {
            self.measure.tally.classes[a.class as usize].ok += 1;
        }
        self.answer_retried(request, a.class, a.measured, now);
        if self.measure.narrowed && a.measured {
            let latency = now - self.jobs.request(request).born;
            let source = self.source_of[a.class as usize];
            self.measure.answered_narrow(a.class, source, latency);
        }
        if self.budgets.is_some() {
            self.budget_wins(request, a.class);
        }
        self.end_round(queue, request, how);
        self.call_ends(request, Outcome::Ok, now);
        self.next_round(queue, request, a.class);
        self.jobs.let_go(request);
    }

    /// A copy has failed. The request fails with it once too few others can still be `ok`.
    #[cold]
    pub(super) fn copy_failed<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        failed: &Attempt,
        outcome: Outcome,
    ) {
        let request = failed.request;
        if !self.leave_round(request, attempt) {
            return;
        }
        let plan = self.plan(failed.class);
        let in_time = self.is_in_time(failed, queue.now());
        let (Some(plan), Some(copies)) = (plan, &mut self.copies) else {
            return;
        };
        let group = copies.group(request);
        let more = plan.hurry && group.made < plan.most && in_time;
        if more {
            self.schedule_hedge(queue, request, 0);
        } else if group.ok + (group.open.len() as u32) < plan.need {
            self.end_round(queue, request, plan.cancel);
            self.try_again(queue, failed, outcome);
        }
    }
}
