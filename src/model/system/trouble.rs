//! What goes wrong and how it ends: slow, paused, crashed and wedged workers, restarts.

use super::*;
use crate::model::spec::FaultKind;

impl<O: Observer> System<'_, O> {
    pub(super) fn schedule_faults<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        for (target, index) in self.targets.iter_mut().zip(0..) {
            queue.at(target.first(), Event::FaultStart { target: index });
        }
    }

    #[cold]
    pub(super) fn fault_start<W: Entry>(&mut self, queue: &mut Queue<W, Event>, index: u32) {
        let now = queue.now();
        let target = &mut self.targets[index as usize];
        target.active = true;
        let (worker, kind) = (target.worker, target.kind);
        let lasts = target.duration();
        self.fold(now, kind::FAULT_STARTED, u64::from(index), worker);
        let lasts = match kind {
            FaultKind::Crash => Some(lasts.unwrap_or_else(|| self.restart_time(worker))),
            _ => lasts,
        };
        if let Some(lasts) = lasts {
            queue.at(now.saturating_add(lasts), Event::FaultEnd { target: index });
        }
        match kind {
            FaultKind::Slow { .. } => self.change_speed(queue, worker),
            FaultKind::Pause => {
                self.workers.cold[worker as usize].pauses += 1;
                self.change_speed(queue, worker);
            }
            FaultKind::Crash => self.crash(queue, worker),
        }
    }

    #[cold]
    pub(super) fn fault_end<W: Entry>(&mut self, queue: &mut Queue<W, Event>, index: u32) {
        let now = queue.now();
        let target = &mut self.targets[index as usize];
        target.active = false;
        let (worker, kind) = (target.worker, target.kind);
        let gap = target.gap();
        self.fold(now, kind::FAULT_ENDED, u64::from(index), worker);
        if let Some(gap) = gap {
            queue.at(now.saturating_add(gap), Event::FaultStart { target: index });
        }
        match kind {
            FaultKind::Slow { .. } => self.change_speed(queue, worker),
            FaultKind::Pause => {
                self.workers.cold[worker as usize].pauses -= 1;
                self.change_speed(queue, worker);
            }
            FaultKind::Crash => {
                self.workers.settle(worker, now);
                if self.workers.up(worker, now) {
                    self.down.down(now);
                }
            }
        }
    }

    /// Finds a worker's speed anew; what is on its cores goes on at that speed.
    fn change_speed<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        let faults = self
            .targets
            .iter()
            .filter(|t| t.worker == worker && t.active);
        let factor: f64 = faults
            .map(|t| match t.kind {
                FaultKind::Slow { factor } => factor,
                _ => 1.0,
            })
            .product();
        let (old, new, cores) = self.workers.set_speed(worker, factor);
        for core in cores {
            let Some(attempt) = self.workers.cores.get(core).attempt() else {
                continue;
            };
            let a = self.jobs.attempt_mut(attempt);
            a.phase = a.phase.wrapping_add(1);
            let (job, phase) = ((a.start, a.work), a.phase);
            let rest = self.workers.cores.change_speed(core, job, now, (old, new));
            if let Some(rest) = rest {
                queue.at(now.saturating_add(rest), Event::Complete { attempt, phase });
            }
        }
    }

    /// A worker goes down: what is aboard is lost, and with it a wedge.
    fn crash<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        self.workers.settle(worker, now);
        if self.workers.down(worker, now) {
            self.down.up(now);
        }
        self.unwedge(worker, now);
        self.lose_aboard(queue, worker);
    }

    fn unwedge(&mut self, worker: u32, now: Nanos) {
        if self.workers.unwedge(worker, now) {
            self.wedged.down(now);
        }
    }

    /// Everything on the cores and in the buffer of a worker ends.
    fn lose_aboard<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        let (waiting, cores) = self.workers.empty(worker);
        self.waiting -= waiting.len() as u64;
        for core in cores {
            let Some(attempt) = self.workers.cores.get(core).attempt() else {
                continue;
            };
            let a = self.jobs.attempt_mut(attempt);
            a.phase = a.phase.wrapping_add(1);
            if a.measured {
                self.measure.spent(a, now);
            }
            let memory = self.memory_of(attempt);
            self.workers.finish(worker, core, memory);
            self.turn_away(queue, attempt, Outcome::WorkerDown);
        }
        for attempt in waiting {
            let memory = self.memory_of(attempt);
            self.workers.release(worker, memory);
            self.turn_away(queue, attempt, Outcome::WorkerDown);
        }
    }

    /// A worker refuses everything until a restart, which is now on its way.
    #[cold]
    pub(super) fn wedge<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        self.workers.wedge(worker, now);
        let epoch = self.workers.cold[worker as usize].epoch;
        self.wedged.up(now);
        let at = now.saturating_add(self.restart_time(worker));
        queue.at(at, Event::Restart { worker, epoch });
    }

    /// A wedged worker comes back, empty.
    #[cold]
    pub(super) fn restart<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        epoch: u32,
    ) {
        let now = queue.now();
        if self.workers.cold[worker as usize].epoch != epoch {
            return;
        }
        self.workers.settle(worker, now);
        self.fold(now, kind::RESTARTED, 0, worker);
        self.unwedge(worker, now);
        self.lose_aboard(queue, worker);
    }

    pub(super) fn memory_of(&self, attempt: u32) -> u64 {
        if self.holds_memory {
            self.jobs.request_of(attempt).memory
        } else {
            0
        }
    }

    fn restart_time(&mut self, worker: u32) -> Nanos {
        let w = &self.workers.cold[worker as usize];
        let group = &self.spec.services[w.service as usize].groups[w.group as usize];
        match (&mut self.restarts[worker as usize], &group.restart) {
            (Some(stream), dist) => whole(dist.sample(stream)),
            (None, dist) => whole(dist.mean()),
        }
    }
}
