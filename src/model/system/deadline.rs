//! Deadlines: the time that a client has for a request, all attempts and pauses included.

use super::*;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// When the deadline of an attempt's request is; `None`: it has none.
    pub(super) fn deadline_of(&self, attempt: u32) -> Option<Nanos> {
        let a = self.jobs.attempt(attempt);
        if self.is_call(a.class) {
            let steps = self.steps.as_ref()?;
            let at = steps.origins[a.request as usize].deadline;
            return (at != Nanos::MAX).then_some(at);
        }
        let source = self.source_of[a.class as usize];
        let lasts = self.callers[source as usize].client.deadline?;
        Some(self.jobs.request(a.request).born.saturating_add(lasts))
    }

    /// The client's timeout for an attempt begins: it ends with the deadline at the latest.
    #[cold]
    pub(super) fn watch_to_deadline<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        source: u32,
        number: u64,
    ) {
        let deadline = self.deadline_of(attempt).unwrap_or(Nanos::MAX);
        let now = queue.now();
        let a = self.jobs.attempt(attempt);
        let timeout = self.callers[source as usize].timeout(number, a.number_of_try());
        let at = timeout.map_or(deadline, |t| now.saturating_add(t).min(deadline));
        let generation = a.generation;
        if at == Nanos::MAX {
            return;
        }
        queue.at(
            at.max(now),
            Event::Timeout {
                attempt,
                generation,
            },
        );
    }

    /// Whether a request whose attempt has failed may send another at a moment.
    #[cold]
    pub(super) fn is_in_time(&self, failed: &Attempt, at: Nanos) -> bool {
        self.deadline_of(failed.request).is_none_or(|end| at < end)
    }

    /// Whether the worker knows that the deadline of an attempt has passed.
    pub(super) fn is_expired(&self, attempt: u32, now: Nanos) -> bool {
        let source = self.source_of[self.jobs.attempt(attempt).class as usize];
        self.callers[source as usize].client.propagate_deadline
            && self.deadline_of(attempt).is_some_and(|end| now >= end)
    }

    /// A worker does not begin what has expired. Whoever waits for it still is told.
    #[cold]
    pub(super) fn drop_expired<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let a = self.jobs.attempt(attempt);
        let (number, worker) = (a.number, a.worker);
        self.count_interrupted(attempt);
        self.fold(queue.now(), kind::EXPIRED, number, worker);
        self.turn_away(queue, attempt, Outcome::Expired);
    }

    /// The first of a worker's buffer that has not expired takes the free core.
    #[inline(never)]
    pub(super) fn start_next_in_time<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        first: u32,
    ) {
        let mut next = first;
        while self.is_expired(next, queue.now()) {
            let memory = self.memory_of(next);
            self.workers.release(worker, memory);
            self.workers.load[worker as usize] -= 1;
            self.drop_expired(queue, next);
            let other = match RICH && self.steps.is_some() {
                true => self.workers.take_turn(worker),
                false => self.workers.next_waiting(worker),
            };
            let Some(other) = other else {
                return;
            };
            self.waiting -= 1;
            next = other;
        }
        let work = self.jobs.attempt(next).work;
        self.start(queue, worker, next, work);
    }

    /// Drops the one whose turn it is, where more than cores and slots decides, if it has expired;
    /// says whether it did.
    #[cold]
    pub(super) fn drop_turn<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        next: u32,
    ) -> bool {
        let expired = self.is_expired(next, queue.now());
        if expired {
            if self.shedding.is_some() {
                self.note_left(worker, next, true, queue.now());
            }
            self.drop_from_line(worker, next);
            self.drop_expired(queue, next);
        }
        expired
    }

    /// The one whose turn it is leaves a worker's buffer, and the worker.
    pub(super) fn drop_from_line(&mut self, worker: u32, next: u32) {
        self.workers.take_turn(worker);
        self.workers.load[worker as usize] -= 1;
        self.waiting -= 1;
        self.leave_buffer(worker, next);
    }
}
