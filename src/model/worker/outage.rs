//! Cores of a worker that go down by themselves, and what was on them.

use super::Workers;
use crate::base::units::Nanos;

impl Workers {
    /// A free core of a worker goes down.
    pub fn core_down(&mut self, worker: u32, core: u32, now: Nanos) {
        self.cores_fail = true;
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        cold.settle_able(now);
        cold.cores_down += 1;
        hot.free -= 1;
        hot.next_free = self.cores.withdraw(hot.first_core, hot.next_free, core);
    }

    /// A core that was down is free again.
    pub fn core_up(&mut self, worker: u32, core: u32, now: Nanos) {
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        cold.settle_able(now);
        cold.cores_down -= 1;
        hot.free += 1;
        self.cores.put_free(core, hot.next_free);
        hot.next_free = core - hot.first_core;
    }

    /// Puts an attempt that was in service at the head of its worker's buffer, slot or not.
    pub fn put_back(&mut self, worker: u32, attempt: u32) {
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        cold.queue.push_front(attempt);
        hot.waiting += 1;
        cold.areas.queue_max = cold.areas.queue_max.max(u64::from(hot.waiting));
        self.load[worker as usize] += 1;
    }

    /// Whether a worker has a free core.
    pub fn has_free_core(&self, worker: u32) -> bool {
        self.hot[worker as usize].free > 0
    }

    /// A worker's cores, through all workers.
    pub fn cores_of(&self, worker: u32) -> std::ops::Range<u32> {
        let first = self.hot[worker as usize].first_core;
        first..first + self.cold[worker as usize].places()
    }
}
