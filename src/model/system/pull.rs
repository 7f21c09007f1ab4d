//! One shared buffer, from which workers pull.

use super::*;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// An attempt goes to the worker with the most free cores, or waits for whichever is free
    /// first.
    #[inline(never)]
    pub(super) fn route_pulled<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        front: usize,
        memory: u64,
    ) {
        let (now, at) = (queue.now(), front);
        let among = self.workers_of(at);
        if !self.workers.fits(among.clone(), memory) {
            return self.turn_away(queue, attempt, Outcome::RamFull);
        }
        // Nobody overtakes those that wait.
        if self.fronts[at].shared.is_empty()
            && let Some(worker) = self.workers.most_free(among, memory)
        {
            return self.serve_pulled(queue, worker, attempt, memory);
        }
        let front = &mut self.fronts[at];
        if front.waiting.value >= front.slots {
            return self.turn_away(queue, attempt, Outcome::BufferFull);
        }
        front.waiting.up(now);
        front.shared.push_back(attempt);
        let number = self.jobs.attempt(attempt).number;
        let service = self.service_at(attempt);
        self.fold(now, kind::SHARED, number, service as u32);
        self.waits();
    }

    /// A worker has room: it takes from the head of the shared buffer what it can serve.
    #[inline(never)]
    pub(super) fn pull<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        let service = self.workers.cold[worker as usize].service as usize;
        let at = self.first_front(service);
        while let Some(&head) = self.fronts[at].shared.front() {
            let memory = self.memory_of(head);
            let only = worker..worker + 1;
            let mut taker = self.workers.most_free(only, memory);
            if taker.is_none() && self.holds_memory {
                // The head may have kept others from workers that have room for them.
                taker = self.workers.most_free(self.workers_of(at), memory);
            }
            let Some(taker) = taker else { return };
            let front = &mut self.fronts[at];
            front.shared.pop_front();
            front.waiting.down(now);
            self.waiting -= 1;
            self.serve_pulled(queue, taker, head, memory);
        }
    }

    fn workers_of(&self, front: usize) -> std::ops::Range<u32> {
        let front = &self.fronts[front];
        front.first_worker..front.first_worker + front.worker_count as u32
    }

    fn serve_pulled<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        attempt: u32,
        memory: u64,
    ) {
        let now = queue.now();
        if self.propagates && self.is_expired(attempt, now) {
            return self.drop_expired(queue, attempt);
        }
        let a = self.jobs.attempt_mut(attempt);
        a.worker = worker;
        let (number, work) = (a.number, a.work);
        self.fold(now, kind::ROUTED, number, worker);
        self.workers.settle(worker, now);
        self.workers.hold(worker, memory);
        if self.elaborate {
            self.begin(queue, worker, attempt);
        } else {
            self.start(queue, worker, attempt, work);
        }
    }
}
