//! Room in a worker where more than cores and slots decides, and cores that all inside share.

use super::core::time_for;
use super::{Admission, Workers};
use crate::base::units::Nanos;

impl Workers {
    /// Whether so many cores of a worker are free; where all are in service at once, whether one
    /// more may come in.
    pub fn has_cores(&self, worker: u32, cores: u32) -> bool {
        self.hot[worker as usize].free >= cores
    }

    /// Whether so much memory is free.
    pub fn has_memory(&self, worker: u32, memory: u64) -> bool {
        memory <= self.hot[worker as usize].ram_free
    }

    /// The part of `full` that its requests hold of the RAM they may have; 0 where RAM does not
    /// end.
    pub fn ram_held(&self, worker: u32, full: u64) -> u64 {
        let (hot, cold) = (&self.hot[worker as usize], &self.cold[worker as usize]);
        let all = cold.ram_for_requests();
        if cold.ram == u64::MAX || all == 0 {
            return 0;
        }
        let held = u128::from(all.saturating_sub(hot.ram_free));
        u64::try_from(held * u128::from(full) / u128::from(all)).unwrap_or(full)
    }

    /// Who waits, in the order of their turns where that is the order in which they came.
    pub fn in_line(&self, worker: u32) -> impl Iterator<Item = u32> + '_ {
        self.cold[worker as usize].queue.all()
    }

    /// How long work takes at a speed; for ever at none.
    pub fn time_at(&self, work: Nanos, speed: f64) -> Nanos {
        time_for(work, speed).unwrap_or(Nanos::MAX)
    }

    /// How long the rest of the work on a core takes; for ever while it stands still.
    pub fn rest_on(&self, core: u32, job: (Nanos, Nanos), now: Nanos, speed: f64) -> Nanos {
        self.cores.rest(core, job, now, speed).unwrap_or(Nanos::MAX)
    }

    /// How many are in service.
    pub fn in_service(&self, worker: u32) -> u32 {
        let cold = &self.cold[worker as usize];
        if cold.wide {
            cold.serving
        } else {
            self.hot[worker as usize].busy
        }
    }

    /// How many wait.
    pub fn waiting(&self, worker: u32) -> u32 {
        self.hot[worker as usize].waiting
    }

    /// Whether there is a waiting place, and room for so many bytes.
    pub fn has_place(&self, worker: u32, bytes: u64) -> bool {
        let cold = &self.cold[worker as usize];
        let room = cold.bytes.saturating_sub(cold.waiting_bytes);
        self.hot[worker as usize].waiting < cold.slots && bytes <= room
    }

    /// Puts an attempt into a worker's buffer, with its key where the discipline has one; returns
    /// what it can be [removed](Workers::remove_waiting) with.
    pub fn wait_by_key(&mut self, worker: u32, attempt: u32, key: u64) -> u32 {
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        hot.waiting += 1;
        cold.areas.queue_max = cold.areas.queue_max.max(u64::from(hot.waiting));
        cold.queue.push(attempt, key)
    }

    /// Takes the one whose turn it is out of a worker's buffer.
    pub fn take_turn(&mut self, worker: u32) -> Option<u32> {
        let next = self.cold[worker as usize].queue.pop()?;
        self.hot[worker as usize].waiting -= 1;
        Some(next)
    }

    /// Whose turn it is among those who wait.
    pub fn turn(&mut self, worker: u32) -> Option<u32> {
        self.cold[worker as usize].queue.turn()
    }

    /// The one who has waited longest.
    pub fn oldest_waiting(&self, worker: u32) -> Option<u32> {
        self.cold[worker as usize].queue.oldest()
    }

    /// Takes an attempt out of a worker's buffer before its turn; says whether it waited there.
    pub fn leave_line(&mut self, worker: u32, attempt: u32) -> bool {
        let cold = &mut self.cold[worker as usize];
        let waited = cold.queue.remove(attempt);
        if waited {
            self.hot[worker as usize].waiting -= 1;
            self.load[worker as usize] -= 1;
        }
        waited
    }

    /// Takes memory for an attempt that holds it only from now on.
    pub fn take_memory(&mut self, worker: u32, memory: u64) {
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        hot.ram_free -= memory;
        cold.areas.ram_max = cold.areas.ram_max.max(cold.ram - hot.ram_free);
    }

    /// An attempt that has just been started occupies so many cores.
    pub fn widen(&mut self, worker: u32, cores: u32) {
        self.cold[worker as usize].serving += 1;
        let hot = &mut self.hot[worker as usize];
        hot.free -= cores - 1;
        hot.busy += cores - 1;
    }

    /// Undoes [`Workers::widen`], before [`Workers::finish`].
    pub fn narrow(&mut self, worker: u32, cores: u32) {
        self.cold[worker as usize].serving -= 1;
        let hot = &mut self.hot[worker as usize];
        hot.free += cores - 1;
        hot.busy -= cores - 1;
    }

    /// Where all are in service at once: brings their service up to now.
    pub fn advance_shared(&mut self, worker: u32, now: Nanos) {
        let cold = &mut self.cold[worker as usize];
        if let Some(shared) = &mut cold.shared {
            shared.advance(now, cold.speed);
        }
    }

    /// One more comes in there.
    pub fn enter_shared(&mut self, worker: u32, attempt: u32, work: Nanos) {
        self.hot[worker as usize].free -= 1;
        let cold = &mut self.cold[worker as usize];
        cold.serving += 1;
        if let Some(shared) = &mut cold.shared {
            shared.enter(attempt, work);
            self.hot[worker as usize].busy = shared.busy();
        }
    }

    /// The one whose service is done leaves.
    pub fn leave_shared(&mut self, worker: u32) -> Option<u32> {
        let shared = self.cold[worker as usize].shared.as_mut()?;
        shared.leave_first()
    }

    /// One leaves before its end; returns the work that is left.
    pub fn remove_shared(&mut self, worker: u32, attempt: u32) -> Option<Nanos> {
        self.cold[worker as usize].shared.as_mut()?.remove(attempt)
    }

    /// After somebody left: place and memory are free again.
    pub fn finish_shared(&mut self, worker: u32, memory: u64) {
        self.load[worker as usize] -= 1;
        let cold = &mut self.cold[worker as usize];
        cold.serving -= 1;
        let hot = &mut self.hot[worker as usize];
        hot.free += 1;
        hot.ram_free += memory;
        hot.busy = cold.shared.as_ref().map_or(0, |s| s.busy());
    }

    /// How long until the next is done there, with the epoch of that end.
    pub fn next_shared_end(&mut self, worker: u32) -> Option<(Nanos, u32)> {
        let cold = &mut self.cold[worker as usize];
        let shared = cold.shared.as_mut()?;
        shared.epoch = shared.epoch.wrapping_add(1);
        shared.next_end(cold.speed).map(|end| (end, shared.epoch))
    }

    /// Of these workers that would serve an attempt at once, the one with the most free cores;
    /// the lowest number on a tie.
    pub fn most_free(&self, among: std::ops::Range<u32>, memory: u64) -> Option<u32> {
        let mut best: Option<u32> = None;
        let free = |worker: u32| self.hot[worker as usize].free;
        for worker in among {
            let more = best.is_none_or(|b| free(worker) > free(b));
            if more && self.admission(worker, memory) == Admission::Serve {
                best = Some(worker);
            }
        }
        best
    }

    /// Whether an attempt that holds so much memory has room at one of these, were it empty.
    pub fn fits(&self, among: std::ops::Range<u32>, memory: u64) -> bool {
        memory == 0
            || among
                .into_iter()
                .any(|w| self.cold[w as usize].ram_for_requests() >= memory)
    }
}
