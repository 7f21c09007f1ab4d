//! What goes wrong and how it ends: slow, paused, crashed and wedged workers, restarts.

use super::*;
use crate::model::outcome::Outcome;
use crate::model::spec::FaultKind;
use crate::model::worker::NOBODY;

impl<O: Observer> System<'_, O> {
    pub(super) fn schedule_faults<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        for (target, index) in self.targets.iter_mut().zip(0..) {
            queue.at(target.first(), Event::FaultStart { target: index });
        }
    }

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
                self.workers.all[worker as usize].pauses += 1;
                self.change_speed(queue, worker);
            }
            FaultKind::Crash => self.crash(queue, worker),
        }
    }

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
                self.workers.all[worker as usize].pauses -= 1;
                self.change_speed(queue, worker);
            }
            FaultKind::Crash => {
                let w = &mut self.workers.all[worker as usize];
                w.settle(now);
                w.downs -= 1;
                if w.downs == 0 {
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
        let w = &mut self.workers.all[worker as usize];
        let old = w.speed;
        w.speed = if w.pauses > 0 {
            0.0
        } else {
            w.base_speed * factor
        };
        let new = w.speed;
        let cores = w.first_core..w.first_core + w.cores;
        for core in cores {
            let c = &mut self.workers.cores[core as usize];
            if c.attempt() == NOBODY {
                continue;
            }
            if let Some(takes) = c.change_speed(now, old, new) {
                let event = Event::Complete {
                    core,
                    generation: c.generation(),
                };
                queue.at(now.saturating_add(takes), event);
            }
        }
    }

    /// A worker goes down: what is aboard is lost, and with it a wedge.
    fn crash<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        let w = &mut self.workers.all[worker as usize];
        w.settle(now);
        w.downs += 1;
        if w.downs == 1 {
            self.down.up(now);
        }
        self.unwedge(worker, now);
        self.lose_aboard(queue, worker);
    }

    fn unwedge(&mut self, worker: u32, now: Nanos) {
        let w = &mut self.workers.all[worker as usize];
        w.epoch += 1;
        if w.wedged {
            w.wedged = false;
            self.wedged.down(now);
        }
    }

    /// Everything on the cores and in the buffer of a worker ends.
    fn lose_aboard<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        let w = &mut self.workers.all[worker as usize];
        let waiting = std::mem::take(&mut w.waiting);
        w.ram_used = 0;
        let cores = w.first_core..w.first_core + w.cores;
        self.waiting -= waiting.len() as u64;
        self.workers.load[worker as usize] = 0;
        for core in cores {
            let attempt = self.workers.cores[core as usize].attempt();
            if attempt == NOBODY {
                continue;
            }
            self.workers.finish(worker, core);
            let a = self.attempts[attempt];
            let r = &self.requests[a.request];
            if r.measured {
                self.measure.spent(&a, r, now);
            }
            self.turn_away(queue, attempt, Outcome::WorkerDown);
        }
        for attempt in waiting {
            self.turn_away(queue, attempt, Outcome::WorkerDown);
        }
    }

    /// A worker refuses everything until a restart, which is now on its way.
    pub(super) fn wedge<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        let w = &mut self.workers.all[worker as usize];
        w.wedge();
        let epoch = w.epoch;
        self.wedged.up(now);
        let at = now.saturating_add(self.restart_time(worker));
        queue.at(at, Event::Restart { worker, epoch });
    }

    /// A wedged worker comes back, empty.
    pub(super) fn restart<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        epoch: u32,
    ) {
        let now = queue.now();
        let w = &mut self.workers.all[worker as usize];
        if w.epoch != epoch {
            return;
        }
        w.settle(now);
        self.fold(now, kind::RESTARTED, 0, worker);
        self.unwedge(worker, now);
        self.lose_aboard(queue, worker);
    }

    fn restart_time(&mut self, worker: u32) -> Nanos {
        let w = &self.workers.all[worker as usize];
        let group = &self.spec.services[w.service as usize].groups[w.group as usize];
        match (&mut self.restarts[worker as usize], &group.restart) {
            (Some(stream), dist) => whole(dist.sample(stream)),
            (None, dist) => whole(dist.mean()),
        }
    }
}
