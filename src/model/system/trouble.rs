//! What goes wrong and how it ends: slow, paused, crashed and wedged workers, restarts.

use super::detect::Note;
use super::*;
use crate::model::spec::{ErrorWhen, FaultKind, InService};

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    pub(super) fn schedule_faults<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        for (target, index) in self.targets.iter_mut().zip(0..) {
            queue.at(target.first(), Event::FaultStart { target: index });
        }
    }

    #[cold]
    pub(super) fn fault_start<W: Entry>(&mut self, queue: &mut Queue<W, Event>, index: u32) {
        let now = queue.now();
        let target = &mut self.targets[index as usize];
        if target.is_spared(now) {
            return self.pass_over(queue, index);
        }
        target.active = true;
        let (fault, worker, kind) = (target.fault, target.worker, target.kind);
        let (core, in_service) = (target.core, target.in_service);
        let lasts = target.duration();
        self.fold(now, kind::FAULT_STARTED, u64::from(index), worker);
        self.note_fault(fault, worker, Note::Began, now);
        let lasts = match kind {
            FaultKind::Crash | FaultKind::Restart => {
                Some(lasts.unwrap_or_else(|| self.restart_time(worker)))
            }
            FaultKind::CacheFlush { .. } => Some(0),
            _ => lasts,
        };
        let lasts = self.targets[index as usize].cut(now, lasts);
        if let Some(lasts) = lasts {
            queue.at(now.saturating_add(lasts), Event::FaultEnd { target: index });
        }
        if let Some(core) = core {
            return self.core_down(queue, (worker, core), in_service);
        }
        match kind {
            FaultKind::Slow { .. } | FaultKind::Steal { .. } => self.change_speed(queue, worker),
            FaultKind::Pause => self.pause(queue, worker, in_service),
            FaultKind::Crash | FaultKind::ZoneDown { .. } | FaultKind::Restart => {
                self.crash(queue, worker, in_service);
            }
            // The source walks through its surges by itself.
            FaultKind::Surge { .. } => {}
            FaultKind::RamCap { .. } | FaultKind::Leak { .. } => self.change_ram(worker, now),
            FaultKind::Error { .. } => self.errors_hold(worker, fault, true),
            FaultKind::Poison { .. } => self.poison_holds(fault, true),
            FaultKind::Network { .. } | FaultKind::Partition { .. } => self.turn_edge(fault, true),
            FaultKind::CacheFlush { edge, share } => self.flush(fault, edge, share, now),
        }
    }

    /// A fault does not strike this time; its next is when it would have been.
    fn pass_over<W: Entry>(&mut self, queue: &mut Queue<W, Event>, index: u32) {
        let target = &mut self.targets[index as usize];
        let (kind, worker, lasts) = (target.kind, target.worker, target.duration());
        let lasts = match kind {
            FaultKind::Crash | FaultKind::Restart => {
                Some(lasts.unwrap_or_else(|| self.restart_time(worker)))
            }
            FaultKind::CacheFlush { .. } => Some(0),
            _ => lasts,
        };
        let gap = self.targets[index as usize].gap();
        if let (Some(lasts), Some(gap)) = (lasts, gap) {
            let at = queue.now().saturating_add(lasts).saturating_add(gap);
            queue.at(at, Event::FaultStart { target: index });
        }
    }

    #[cold]
    pub(super) fn fault_end<W: Entry>(&mut self, queue: &mut Queue<W, Event>, index: u32) {
        let now = queue.now();
        let target = &mut self.targets[index as usize];
        target.active = false;
        let (fault, worker, kind) = (target.fault, target.worker, target.kind);
        let (core, in_service) = (target.core, target.in_service);
        let gap = target.gap();
        self.fold(now, kind::FAULT_ENDED, u64::from(index), worker);
        self.note_fault(fault, worker, Note::Ended, now);
        if let Some(gap) = gap {
            queue.at(now.saturating_add(gap), Event::FaultStart { target: index });
        }
        if let Some(core) = core {
            return self.core_up(queue, (worker, core));
        }
        match kind {
            FaultKind::Slow { .. } | FaultKind::Steal { .. } => self.change_speed(queue, worker),
            FaultKind::Pause => self.go_on(queue, worker),
            FaultKind::Surge { .. } => {}
            FaultKind::Crash | FaultKind::ZoneDown { .. } | FaultKind::Restart => {
                self.workers.settle(worker, now);
                if self.workers.up(worker, now) {
                    self.down.down(now);
                }
                if stays_aboard(in_service) {
                    self.go_on(queue, worker);
                } else {
                    self.begin_life(queue, worker);
                }
                if self.pulls {
                    self.pull(queue, worker);
                }
            }
            FaultKind::RamCap { .. } | FaultKind::Leak { .. } => self.change_ram(worker, now),
            FaultKind::Error { .. } => self.errors_hold(worker, fault, false),
            FaultKind::Poison { .. } => self.poison_holds(fault, false),
            FaultKind::Network { .. } | FaultKind::Partition { .. } => {
                self.turn_edge(fault, false);
            }
            FaultKind::CacheFlush { .. } => {}
        }
    }

    /// Finds a worker's speed anew; what is on its cores goes on at that speed.
    pub(super) fn change_speed<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let now = queue.now();
        let faults = self
            .targets
            .iter()
            .filter(|t| t.worker == worker && t.active);
        let factor: f64 = faults.map(|t| t.kind.speed()).product();
        self.workers.advance_shared(worker, now);
        let (old, new, cores) = self
            .workers
            .set_speed(worker, factor * self.warmth(worker) * self.pressure(worker));
        self.schedule_share(queue, worker);
        for core in cores {
            let Some(attempt) = self.workers.cores.get(core).attempt() else {
                continue;
            };
            if RICH && self.holds_core(attempt) {
                continue;
            }
            let a = self.jobs.attempt_mut(attempt);
            a.phase = a.phase.wrapping_add(1);
            let (job, phase) = ((a.start, a.work), a.phase);
            let rest = self.workers.cores.change_speed(core, job, now, (old, new));
            if let Some(rest) = rest {
                queue.at(now.saturating_add(rest), Event::Complete { attempt, phase });
            }
        }
    }

    /// Finds anew how much RAM a worker is short of.
    fn change_ram(&mut self, worker: u32, now: Nanos) {
        let (mut rate, mut share) = (0.0, 1.0);
        let targets = self.targets.iter();
        for target in targets.filter(|t| t.worker == worker && t.active) {
            match target.kind {
                FaultKind::Leak { rate: more } => rate += more,
                FaultKind::RamCap { share: left } => share *= left,
                _ => {}
            }
        }
        self.workers.settle(worker, now);
        self.workers.leak(worker, rate, now);
        self.workers.cap(worker, share);
    }

    /// What is left of a worker's last life is gone.
    pub(super) fn begin_life<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        if self.short_of_ram {
            self.workers.forget_leak(worker, queue.now());
        }
        if self.strain.is_some() {
            self.forget_garbage(queue, worker);
        }
        if self.shedding.is_some() {
            self.forget_load(worker);
        }
        if self.warming.is_some() {
            self.start_cold(queue, worker);
        }
        self.forget_latencies(worker);
        let cold = &self.workers.cold[worker as usize];
        let (service, number) = (cold.service as usize, cold.number);
        let first = self.first_front(service);
        let instances = self.spec.services[service].balancer.instances as usize;
        for front in &mut self.fronts[first..first + instances] {
            front.comes_back(number, queue.now());
        }
        self.note_idle(worker);
    }

    fn errors_hold(&mut self, worker: u32, fault: u32, holds: bool) {
        let errors = self.errors.as_mut().expect("there is a fault of this kind");
        if holds {
            errors.hold(worker, fault);
        } else {
            errors.let_go(worker, fault);
        }
    }

    /// Whether an attempt fails at this point of its way.
    #[inline(never)]
    pub(super) fn errs(&self, attempt: u32, when: ErrorWhen) -> bool {
        let a = self.jobs.attempt(attempt);
        let of = a.as_try(&self.source_of);
        let errors = self.errors.as_ref();
        errors.is_some_and(|errors| errors.hit(a.worker, when, of))
    }

    /// Whether a worker that would answer fails an attempt as it comes, without work.
    #[inline(never)]
    pub(super) fn errs_at_once(&self, attempt: u32) -> bool {
        let worker = &self.workers.cold[self.jobs.attempt(attempt).worker as usize];
        worker.downs == 0 && !worker.wedged && self.errs(attempt, ErrorWhen::Start)
    }

    /// A core has done its work, for nothing.
    #[inline(never)]
    pub(super) fn complete_with_error<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        let now = queue.now();
        self.note_done(attempt, true, now);
        let running = self.jobs.attempt_mut(attempt);
        running.phase = running.phase.wrapping_add(1);
        self.count_spent(attempt, now, 0);
        let a = *self.jobs.attempt(attempt);
        self.count_interrupted(attempt);
        self.workers.settle(a.worker, now);
        self.leave_core(a.worker, attempt);
        self.fold(now, kind::ERRED, a.number, a.worker);
        self.ending = attempt;
        self.move_up(queue, a.worker);
        self.ending = NO_WORKER;
        self.turn_away(queue, attempt, outcome);
    }

    /// A worker stands still; what is in service goes on afterwards, unless the fault says.
    fn pause<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        in_service: Option<InService>,
    ) {
        self.workers.cold[worker as usize].pauses += 1;
        self.change_speed(queue, worker);
        match in_service {
            Some(InService::Restart) => self.begin_anew(worker, queue.now()),
            Some(InService::Lost) => self.lose_all_served(queue, worker),
            Some(InService::Resume) | None => {}
        }
    }

    /// One pause of a worker is over.
    fn go_on<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        self.workers.cold[worker as usize].pauses -= 1;
        self.change_speed(queue, worker);
    }

    /// A worker goes down, and with it a wedge: what is aboard is lost, or stands still.
    fn crash<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        in_service: Option<InService>,
    ) {
        let now = queue.now();
        self.workers.settle(worker, now);
        if self.workers.down(worker, now) {
            self.down.up(now);
        }
        self.unwedge(worker, now);
        if stays_aboard(in_service) {
            self.pause(queue, worker, in_service);
        } else {
            self.lose_aboard(queue, worker, Outcome::WorkerDown);
        }
    }

    pub(super) fn unwedge(&mut self, worker: u32, now: Nanos) {
        if self.workers.unwedge(worker, now) {
            self.wedged.down(now);
        }
    }

    /// Everything on the cores and in the buffer of a worker ends.
    pub(super) fn lose_aboard<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        outcome: Outcome,
    ) {
        let (waiting, cores) = self.workers.empty(worker);
        if self.elaborate {
            self.lose_shared(queue, worker, outcome);
        }
        self.waiting -= waiting.len() as u64;
        for core in cores {
            self.lose_served(queue, worker, core, outcome);
        }
        for attempt in waiting {
            self.count_interrupted(attempt);
            if self.elaborate {
                self.leave_buffer(worker, attempt);
            } else {
                let memory = self.memory_of(attempt);
                self.workers.release(worker, memory);
            }
            self.turn_away(queue, attempt, outcome);
        }
        if RICH && self.steps.is_some() {
            self.lose_aside(queue, worker, outcome);
        }
        if self.elaborate {
            self.refuse_blocked(queue, worker);
        }
        self.begin_life(queue, worker);
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
        self.lose_aboard(queue, worker, Outcome::WorkerDown);
    }

    pub(super) fn memory_of(&self, attempt: u32) -> u64 {
        if self.holds_memory {
            self.jobs.request_of(attempt).memory
        } else {
            0
        }
    }

    pub(super) fn restart_time(&mut self, worker: u32) -> Nanos {
        let w = &self.workers.cold[worker as usize];
        let group = &self.spec.services[w.service as usize].groups[w.group as usize];
        match (&mut self.restarts[worker as usize], &group.restart) {
            (Some(stream), dist) => whole(dist.sample(stream)),
            (None, dist) => whole(dist.mean()),
        }
    }
}

/// Whether a crash leaves what is aboard where it is.
fn stays_aboard(in_service: Option<InService>) -> bool {
    matches!(in_service, Some(InService::Resume | InService::Restart))
}
