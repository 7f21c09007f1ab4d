//! Workers that wedge, go down and come back, and whether their books balance.

use super::Workers;
use crate::base::units::Nanos;

impl Workers {
    /// Refuses everything from now on.
    pub fn wedge(&mut self, worker: u32, now: Nanos) {
        let cold = &mut self.cold[worker as usize];
        cold.settle_able(now);
        cold.wedged = true;
        cold.epoch += 1;
        cold.areas.wedges += 1;
        self.refresh(worker);
    }

    /// Ends a wedge, if there is one; says whether there was.
    pub fn unwedge(&mut self, worker: u32, now: Nanos) -> bool {
        let cold = &mut self.cold[worker as usize];
        cold.settle_able(now);
        cold.epoch += 1;
        let was = std::mem::replace(&mut cold.wedged, false);
        self.refresh(worker);
        was
    }

    /// A worker is not there from now on, and down for it; says whether anything else kept it down.
    pub fn leave(&mut self, worker: u32, now: Nanos) -> bool {
        let cold = &mut self.cold[worker as usize];
        cold.settle_able(now);
        let was_down = cold.downs > 0;
        cold.absent = true;
        cold.downs += 1;
        self.refresh(worker);
        was_down
    }

    /// A worker is there; says whether anything still keeps it down.
    pub fn join(&mut self, worker: u32, now: Nanos) -> bool {
        let cold = &mut self.cold[worker as usize];
        cold.settle_able(now);
        cold.absent = false;
        cold.downs -= 1;
        let still_down = cold.downs > 0;
        self.refresh(worker);
        still_down
    }

    /// Whether a worker is not there.
    pub fn is_absent(&self, worker: u32) -> bool {
        self.cold[worker as usize].absent
    }

    /// One more thing keeps a worker down; says whether it is the first for one that is there.
    pub fn down(&mut self, worker: u32, now: Nanos) -> bool {
        let cold = &mut self.cold[worker as usize];
        cold.settle_able(now);
        cold.downs += 1;
        let first = cold.downs == 1 && !cold.absent;
        self.refresh(worker);
        first
    }

    /// One thing fewer keeps a worker down; says whether it was the last for one that is there.
    pub fn up(&mut self, worker: u32, now: Nanos) -> bool {
        let cold = &mut self.cold[worker as usize];
        cold.settle_able(now);
        cold.downs -= 1;
        let last = cold.downs == 0;
        self.refresh(worker);
        last
    }

    /// Whether what is left of each worker adds up; the text says what does not.
    pub fn check(&self) -> Result<(), String> {
        for ((hot, cold), &load) in self.hot.iter().zip(&self.cold).zip(&self.load) {
            let place = || format!("worker {} of service {}", cold.number + 1, cold.service + 1);
            let serving = if cold.wide { cold.serving } else { hot.busy };
            if serving + cold.aside + hot.waiting != load
                || hot.waiting as usize != cold.queue.len()
            {
                let (aside, waiting) = (cold.aside, cold.queue.len());
                let inside = format!("{serving} in service, {aside} aside, {waiting} waiting");
                return Err(format!("{}: load {load}, but {inside}", place()));
            }
            let put_back = hot.waiting > cold.slots && !self.cores_fail && !cold.steps;
            let full = match &cold.shared {
                Some(shared) => shared.inside() != cold.serving || hot.waiting > 0,
                None => hot.busy + hot.free + cold.cores_down != cold.cores || put_back,
            };
            if full {
                return Err(format!("{}: holds more than it has room for", place()));
            }
            if load == 0 && hot.ram_free != cold.ram - cold.ram_base {
                let held = cold.ram - hot.ram_free;
                return Err(format!("{}: empty, but holds {held} B", place()));
            }
        }
        Ok(())
    }
}
