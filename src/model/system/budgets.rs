//! Where the retry budgets of callers hear of attempts, and are asked.

use super::*;
use crate::model::budget::{Budget, Ended};

/// The budgets of all callers.
#[derive(Clone, Debug)]
pub(super) struct Budgets {
    /// One for each source, and one for each worker that makes a call: a caller's instances have
    /// their own.
    all: Vec<Option<Budget>>,
    /// By caller: the first of its.
    first: Vec<u32>,
    /// Whether any counts attempts, and not only calls and retries.
    by_attempt: bool,
}

impl Budgets {
    /// `None` when nobody has one.
    pub fn new(spec: &SystemSpec) -> Option<Box<Self>> {
        let (mut all, mut first) = (Vec::new(), Vec::new());
        for (client, instances) in spec.callers() {
            first.push(all.len() as u32);
            all.extend((0..instances).map(|_| client.budget().map(Budget::new)));
        }
        let any = all.iter().any(Option::is_some);
        let by_attempt = all.iter().flatten().any(Budget::counts_attempts);
        any.then(|| {
            Box::new(Budgets {
                all,
                first,
                by_attempt,
            })
        })
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Whether any budget counts attempts.
    fn budgets_count(&self) -> bool {
        self.budgets.as_ref().is_some_and(|b| b.by_attempt)
    }

    /// The budget of whoever sends an attempt.
    fn budget(&mut self, attempt: u32) -> Option<&mut Budget> {
        let caller = self.source_of[self.jobs.attempt(attempt).class as usize];
        let instance = self.instance_of_caller(attempt);
        let budgets = self.budgets.as_mut()?;
        budgets.all[(budgets.first[caller as usize] + instance) as usize].as_mut()
    }

    /// A request is about to be sent for the first time.
    pub(super) fn budget_calls(&mut self, request: u32, now: Nanos) {
        if let Some(budget) = self.budget(request) {
            budget.call(now);
        }
    }

    /// An attempt sets out.
    pub(super) fn budget_sends(&mut self, attempt: u32) {
        if self.budgets_count()
            && let Some(budget) = self.budget(attempt)
        {
            budget.sends();
        }
    }

    /// The caller of an attempt that set out knows how it ended.
    pub(super) fn budget_hears(&mut self, attempt: u32, outcome: Outcome) {
        if !self.budgets_count() {
            return;
        }
        let source = self.source_of[self.jobs.attempt(attempt).class as usize];
        let retry = &self.callers[source as usize].client.retry;
        let retried = |kind| retry.as_ref().is_some_and(|r| r.on.has(kind));
        let ended = match outcome.failure() {
            _ if outcome == Outcome::Ok => Ended::Well,
            Some(kind) if retried(kind) => Ended::Badly,
            _ => Ended::Otherwise,
        };
        if let Some(budget) = self.budget(attempt) {
            budget.hears(ended);
        }
    }

    /// A request that is sent in single attempts has its answer.
    pub(super) fn budget_answers(&mut self, attempt: u32) {
        self.budget_hears(attempt, Outcome::Ok);
        let tries = self.jobs.attempt(attempt).number_of_try();
        self.budget_retried(attempt, tries);
    }

    /// A request that is sent in copies has as many answers as it needs.
    pub(super) fn budget_wins(&mut self, request: u32, class: u32) {
        let source = self.source_of[class as usize];
        let rounds = self.copies.as_ref().map(|c| c.rounds(source, request));
        self.budget_retried(request, rounds.flatten().unwrap_or(1));
    }

    /// A try has ended, the last of so many: if it was a retry, that is over.
    fn budget_retried(&mut self, attempt: u32, tries: u32) {
        if tries > 1
            && self.budgets_count()
            && let Some(budget) = self.budget(attempt)
        {
            budget.retry_over();
        }
    }

    /// After a failed try, the last of so many: whether the retry that would follow may be made.
    pub(super) fn budget_grants(
        &mut self,
        failed: &Attempt,
        tries: u32,
        would: bool,
        now: Nanos,
    ) -> bool {
        self.budget_retried(failed.request, tries);
        let Some(budget) = self.budget(failed.request) else {
            return true;
        };
        if !would || budget.grants(now) {
            return true;
        }
        if failed.measured {
            self.measure.tally.classes[failed.class as usize].retries_denied += 1;
        }
        false
    }
}
