//! Rows of attempts for who watches, counts of those that failed, and of what is still inside at
//! the end.

use super::*;
use crate::model::trial::AttemptRow;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Shows an attempt whose outcome is known, or which is still inside at the end.
    pub(super) fn observe(&mut self, attempt: u32, ended: Option<(Nanos, Outcome)>) {
        let a = self.jobs.attempt(attempt);
        let service = self.service_of[self.source_of[a.class as usize] as usize];
        let class = match RICH {
            true => self.root_class(a.class),
            false => a.class,
        };
        let source = self.source_of[class as usize];
        let first_try = a.try_number == 1;
        let born = if first_try {
            a.arrived
        } else {
            self.jobs.request(a.request).born
        };
        let first = self.fronts[self.first_front(service as usize)].first_worker;
        let (request, start, work) = match RICH && self.steps.is_some() {
            true => (
                self.number_at_source(attempt),
                self.first_start(attempt),
                self.work_so_far(attempt),
            ),
            false => {
                let start = (a.start != NOT_STARTED).then_some(a.start);
                (a.number, start, a.work)
            }
        };
        self.observer.attempt(&AttemptRow {
            request,
            attempt: a.number_of_try(),
            source,
            class,
            service,
            worker: (a.worker != NO_WORKER).then(|| a.worker - first + 1),
            born,
            arrived: a.arrived,
            start,
            end: ended.map(|e| e.0),
            work,
            outcome: ended.map(|e| e.1),
        });
    }

    /// Counts an attempt that is not `ok`.
    pub(super) fn count_failed(&mut self, a: &Attempt, outcome: Outcome) {
        self.ledger.failed[outcome.index()] += 1;
        if a.measured {
            self.measure.tally.classes[a.class as usize].ended[outcome.index()] += 1;
            if a.worker != NO_WORKER {
                self.measure.tally.workers[a.worker as usize].ended[outcome.index()] += 1;
            }
        }
    }

    /// A refusal or failure of an attempt that then is nowhere.
    #[inline(never)]
    pub(super) fn turn_away<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        if RICH && self.steps.is_some() {
            self.abandon_call(queue, attempt);
            self.wait_no_more(attempt);
        }
        if RICH && self.network.is_some() && self.answers_far(queue, attempt, outcome) {
            return;
        }
        self.turn_away_at_home(queue, attempt, outcome);
    }

    /// The same, of an attempt whose client knows at once.
    pub(super) fn turn_away_at_home<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        if self.jobs.attempt(attempt).open {
            self.fail(queue, attempt, outcome);
        }
        self.leave(attempt);
    }

    /// Requests of sources and calls of steps that are still inside.
    pub(super) fn requests_open(&self) -> (u64, u64) {
        let places = self.jobs.places().into_iter();
        let open = places.filter(|&p| self.jobs.is_active(p));
        let (calls, requests): (Vec<u32>, Vec<u32>) =
            open.partition(|&p| self.is_call(self.jobs.attempt(p).class));
        (requests.len() as u64, calls.len() as u64)
    }

    /// Attempts whose callers do not know yet how they end.
    pub(super) fn attempts_open(&self) -> u64 {
        let places = self.jobs.places().into_iter();
        places.filter(|&p| self.jobs.attempt(p).open).count() as u64
    }

    /// Counts what is still inside when the run ends.
    pub(super) fn leave_open(&mut self) {
        for place in self.jobs.places() {
            let a = self.jobs.attempt(place);
            if self.jobs.is_active(place) && a.measured {
                self.measure.tally.classes[a.class as usize].unfinished += 1;
            }
            if O::WANTED && a.open {
                self.observe(place, None);
            }
        }
    }
}
