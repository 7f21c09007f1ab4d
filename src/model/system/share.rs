//! Workers whose cores are shared by all inside.

use super::*;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Schedules the next end among those who share a worker's cores.
    pub(super) fn schedule_share<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        if let Some((after, epoch)) = self.workers.next_shared_end(worker) {
            let at = queue.now().saturating_add(after);
            queue.at(at, Event::ShareDone { worker, epoch });
        }
    }

    /// The first of those who share a worker's cores is done.
    #[inline(never)]
    pub(super) fn share_done<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        epoch: u32,
    ) {
        let now = queue.now();
        let shared = self.workers.cold[worker as usize].shared.as_ref();
        if shared.is_none_or(|s| s.epoch != epoch) {
            return;
        }
        self.workers.advance_shared(worker, now);
        let Some(attempt) = self.workers.leave_shared(worker) else {
            return;
        };
        self.end_service(queue, attempt);
        self.schedule_share(queue, worker);
    }

    /// Everyone who shares a worker's cores is lost.
    pub(super) fn lose_shared<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        outcome: Outcome,
    ) {
        let now = queue.now();
        self.workers.advance_shared(worker, now);
        let shared = self.workers.cold[worker as usize].shared.as_ref();
        for attempt in shared.map(|s| s.all()).unwrap_or_default() {
            // A copy may have been taken back with another one that was lost before it.
            let Some(left) = self.workers.remove_shared(worker, attempt) else {
                continue;
            };
            self.count_spent(attempt, now, left);
            self.give_back(worker, attempt);
            self.turn_away(queue, attempt, outcome);
        }
    }
}
