//! What memory does to the speed of workers: pressure beyond a share of the RAM, and collections
//! of garbage that stop them.
//!
//! Both are judged at the end of each event for the workers that it touched, so that what an
//! attempt gives back and the next one takes at the same instant counts once.

use super::*;
use crate::model::spec::{GcSpec, GroupSpec};

const GIB: f64 = (1u64 << 30) as f64;

/// How memory strains each worker, in a system where it strains any.
#[derive(Clone, Debug)]
pub(super) struct Strain {
    of: Vec<Strained>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Strained {
    /// RAM presses it.
    pressed: bool,
    /// It collects garbage.
    collects: bool,
    /// Collections begun: what belongs to an earlier one is stale.
    number: u32,
    /// Bytes allocated since the last one began.
    taken: u64,
}

impl Strain {
    /// Nobody strained; `None`: nobody ever is.
    pub fn new(spec: &SystemSpec) -> Option<Box<Strain>> {
        let mut groups = spec.services.iter().flat_map(|s| &s.groups);
        let workers = spec.services.iter().map(|s| s.worker_count()).sum();
        groups.any(GroupSpec::feels_memory).then(|| {
            Box::new(Strain {
                of: vec![Strained::default(); workers],
            })
        })
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    fn group_of(&self, worker: u32) -> &GroupSpec {
        let cold = &self.workers.cold[worker as usize];
        &self.spec.services[cold.service as usize].groups[cold.group as usize]
    }

    /// What a worker's speed is multiplied by for the pressure of its RAM.
    pub(super) fn pressure(&self, worker: u32) -> f64 {
        let Some(strain) = &self.strain else {
            return 1.0;
        };
        let pressed = strain.of[worker as usize].pressed;
        let factor = self.group_of(worker).pressure.map(|p| p.factor);
        factor.filter(|_| pressed).unwrap_or(1.0)
    }

    /// An attempt begins its service at a worker, and allocates its memory if it does so for the
    /// first time.
    #[inline(never)]
    pub(super) fn allocates(&mut self, worker: u32, attempt: u32) {
        if self.first_start(attempt).is_some() {
            return;
        }
        let memory = self.memory_of(attempt);
        if let Some(strain) = &mut self.strain {
            let taken = &mut strain.of[worker as usize].taken;
            *taken = taken.saturating_add(memory);
        }
    }

    /// What the event that has just been done changes at the workers that it touched.
    #[inline(never)]
    pub(super) fn follow_up<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        while let Some(worker) = self.workers.next_touched() {
            self.press(queue, worker);
            self.collect_if_full(queue, worker);
            self.go_if_done(queue.now(), worker);
        }
    }

    fn press<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let Some(pressure) = self.group_of(worker).pressure else {
            return;
        };
        let now = queue.now();
        let full = pressure.above * self.workers.ram_left(worker);
        let pressed = self.workers.ram_in_use(worker, now) > full;
        let Some(strain) = &mut self.strain else {
            return;
        };
        let was = std::mem::replace(&mut strain.of[worker as usize].pressed, pressed);
        if was == pressed {
            return;
        }
        let kind = if pressed {
            kind::PRESSED
        } else {
            kind::RELIEVED
        };
        self.fold(now, kind, 0, worker);
        self.change_speed(queue, worker);
    }

    fn collect_if_full<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let Some(gc) = self.group_of(worker).gc else {
            return;
        };
        let Some(strain) = &mut self.strain else {
            return;
        };
        let strained = &mut strain.of[worker as usize];
        let down = self.workers.cold[worker as usize].downs > 0;
        if strained.collects || strained.taken < gc.eden || down {
            return;
        }
        (strained.collects, strained.taken) = (true, 0);
        strained.number = strained.number.wrapping_add(1);
        let number = strained.number;
        let now = queue.now();
        self.fold(now, kind::COLLECTING, u64::from(number), worker);
        let at = now.saturating_add(self.collection_time(worker, gc, now));
        self.set_collecting(queue, worker, true);
        queue.at(at, Event::Collected { worker, number });
    }

    /// How long a collection takes that begins now.
    fn collection_time(&self, worker: u32, gc: GcSpec, now: Nanos) -> Nanos {
        let gibs = self.workers.ram_in_use(worker, now) / GIB;
        gc.pause.saturating_add(whole(gc.per_gib as f64 * gibs))
    }

    fn set_collecting<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        collects: bool,
    ) {
        self.workers.settle(worker, queue.now());
        self.workers.collect(worker, collects);
        let pauses = &mut self.workers.cold[worker as usize].pauses;
        *pauses = if collects { *pauses + 1 } else { *pauses - 1 };
        self.change_speed(queue, worker);
    }

    /// A collection is over.
    #[cold]
    pub(super) fn collected<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        number: u32,
    ) {
        let Some(strain) = &mut self.strain else {
            return;
        };
        let strained = &mut strain.of[worker as usize];
        if strained.number != number || !strained.collects {
            return;
        }
        strained.collects = false;
        self.fold(queue.now(), kind::COLLECTED, u64::from(number), worker);
        self.set_collecting(queue, worker, false);
    }

    /// A worker that begins a new life has taken nothing, and collects nothing.
    pub(super) fn forget_garbage<W: Entry>(&mut self, queue: &mut Queue<W, Event>, worker: u32) {
        let Some(strain) = &mut self.strain else {
            return;
        };
        let strained = &mut strain.of[worker as usize];
        strained.taken = 0;
        if std::mem::replace(&mut strained.collects, false) {
            self.set_collecting(queue, worker, false);
        }
    }
}
