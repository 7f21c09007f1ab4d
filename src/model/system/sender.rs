//! Who waits with the balancer: for one of its cores, or for room at the worker that was picked.

use super::*;
use crate::model::spec::OnFull;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// An attempt waits for a dispatch core of its balancer, if there is room.
    #[inline(never)]
    pub(super) fn wait_at_balancer<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        front: usize,
    ) {
        let (now, at) = (queue.now(), front);
        let size = if self.elaborate {
            self.size_of(attempt)
        } else {
            0
        };
        loop {
            let front = &mut self.fronts[at];
            if front.waiting.value < front.slots && size <= front.bytes - front.waiting_bytes {
                front.waiting.up(now);
                front.waiting_bytes += size;
                let ticket = front.buffer.push_back(attempt);
                if self.may_leave {
                    self.line_up(queue, attempt, ticket);
                }
                return self.waits();
            }
            let oldest = match front.on_full {
                OnFull::DropOldest => front.buffer.pop_front(),
                _ => None,
            };
            let Some(oldest) = oldest else {
                let outcome = match front.on_full {
                    OnFull::DeadLetter => Outcome::DeadLettered,
                    _ => Outcome::BufferFull,
                };
                return self.turn_away(queue, attempt, outcome);
            };
            front.waiting.down(now);
            self.waiting -= 1;
            self.leaves_balancer(oldest, at);
            self.turn_away(queue, oldest, Outcome::BufferFull);
        }
    }

    /// Bytes of an attempt that leaves a balancer's buffer.
    pub(super) fn leaves_balancer(&mut self, attempt: u32, front: usize) {
        self.fronts[front].waiting_bytes -= self.size_of(attempt);
    }

    /// An attempt waits at its sender, in the balancer's buffer, until a worker has room.
    pub(super) fn block<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
    ) {
        let now = queue.now();
        let at = self.front_of(attempt);
        let size = self.size_of(attempt);
        let front = &mut self.fronts[at];
        if front.waiting.value >= front.slots || size > front.bytes - front.waiting_bytes {
            return self.turn_away(queue, attempt, Outcome::BufferFull);
        }
        front.waiting.up(now);
        front.waiting_bytes += size;
        let number = self.jobs.attempt(attempt).number;
        self.fold(now, kind::BLOCKED, number, worker);
        self.workers.cold[worker as usize]
            .blocked
            .push_back(attempt);
        self.waits();
        if self.may_leave {
            self.be_patient(queue, attempt);
        }
    }

    pub(super) fn unblock(&mut self, attempt: u32, now: Nanos) {
        let at = self.front_of(attempt);
        let size = self.size_of(attempt);
        let front = &mut self.fronts[at];
        front.waiting.down(now);
        front.waiting_bytes -= size;
        self.waiting -= 1;
    }

    /// Those who wait at their sender for a worker that went down find no connection.
    pub(super) fn refuse_blocked<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        while let Some(attempt) = self.workers.cold[worker as usize].blocked.pop_front() {
            self.unblock(attempt, queue.now());
            self.turn_away(queue, attempt, Outcome::NoConnection);
        }
    }
}
