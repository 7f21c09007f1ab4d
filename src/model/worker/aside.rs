//! Attempts that wait in the middle of their service: without a core, or back for one.

use super::{Workers, core};
use crate::base::units::Nanos;

impl Workers {
    /// How long so much work takes at a worker now; `None`: it stands still.
    pub fn time_for(&self, worker: u32, work: Nanos) -> Option<Nanos> {
        core::time_for(work, self.cold[worker as usize].speed)
    }

    /// Whom a shared worker has served so far stays for so much more.
    pub fn stay_shared(&mut self, worker: u32, attempt: u32, work: Nanos) {
        if let Some(shared) = &mut self.cold[worker as usize].shared {
            shared.enter(attempt, work);
            self.hot[worker as usize].busy = shared.busy();
        }
    }

    /// An attempt leaves its core, but neither its memory nor its worker. `counted`: those in
    /// service are counted one by one.
    pub fn step_aside(&mut self, worker: u32, core: u32, counted: bool) {
        let cold = &mut self.cold[worker as usize];
        cold.aside += 1;
        if let Some(shared) = &cold.shared {
            // Where all inside are served there is no buffer: it keeps its place.
            cold.serving -= 1;
            self.hot[worker as usize].busy = shared.busy();
            return;
        }
        if counted {
            self.narrow(worker, 1);
        }
        self.finish(worker, core, 0);
        self.load[worker as usize] += 1;
    }

    /// An attempt that had stepped aside waits in front of all who have not begun.
    pub fn come_back(&mut self, worker: u32, attempt: u32) {
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        cold.aside -= 1;
        cold.queue.come_back(attempt);
        hot.waiting += 1;
        cold.areas.queue_max = cold.areas.queue_max.max(u64::from(hot.waiting));
    }

    /// An attempt that had stepped aside is among those again who share the cores.
    pub fn rejoin_shared(&mut self, worker: u32, attempt: u32, work: Nanos) {
        let cold = &mut self.cold[worker as usize];
        cold.aside -= 1;
        cold.serving += 1;
        self.stay_shared(worker, attempt, work);
    }

    /// An attempt that had stepped aside leaves the worker, and with it so much memory.
    pub fn leave_aside(&mut self, worker: u32, memory: u64) {
        self.load[worker as usize] -= 1;
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        hot.ram_free += memory;
        hot.free += u32::from(cold.shared.is_some());
        cold.aside -= 1;
    }
}
