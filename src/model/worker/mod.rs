//! Workers: cores, RAM, a fixed buffer, a speed. State and its arithmetic only; who is told and
//! what is scheduled is the system's business.
//!
//! Workers are numbered through all services (from 0), cores through all workers. What nearly
//! every event needs of a worker is one cache line ([`Hot`]); its cores are another, where it
//! matters who is on which; the rest ([`Cold`]) is looked at where something waits, holds memory or
//! goes wrong. The load that policies scan is a column of its own.

mod areas;
mod aside;
mod core;
mod line;
mod lives;
mod outage;
mod parts;
mod ram;
mod room;
mod shared;

pub use areas::Areas;
pub use core::Cores;

use std::collections::VecDeque;

use super::spec::{Discipline, GroupSpec, OnFull, RamPolicy, SystemSpec, UNBOUNDED_CORES};
use crate::base::units::Nanos;
use line::Line;
use prefetch_index::prefetch_index;
use shared::Shared;

/// What nearly every event needs of a worker.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Hot {
    /// Time integral of busy cores.
    busy_area: u128,
    /// Up to when the integrals are.
    since: Nanos,
    /// Bytes not held.
    ram_free: u64,
    /// Measured attempts that ended well here.
    pub served: u64,
    /// Its first core.
    pub first_core: u32,
    /// The first of its free cores, numbered within it.
    next_free: u32,
    /// Cores that are free.
    free: u32,
    /// Cores at work.
    busy: u32,
    /// Attempts waiting.
    waiting: u32,
    /// Holds no memory ever, and is neither wedged nor down.
    plain: bool,
    /// Full speed is 1 and nothing slows it.
    unit_speed: bool,
}

/// What only some events need of a worker.
#[derive(Clone, Debug)]
pub struct Cold {
    /// Its service.
    pub service: u32,
    /// Its number in the service, from 0.
    pub number: u32,
    /// Its group in the service.
    pub group: u32,
    /// How many cores.
    pub cores: u32,
    /// What becomes of the one that does not fit.
    pub on_full: OnFull,
    /// Whether the earliest deadline is served first.
    pub by_deadline: bool,
    /// Speed without faults.
    pub base_speed: f64,
    /// Speed now: 0 while paused.
    pub speed: f64,
    /// Faults that pause it now.
    pub pauses: u32,
    /// What keeps it down now: faults, and that it is not there.
    pub downs: u32,
    /// It is not there.
    absent: bool,
    /// Cores that are down by themselves.
    pub cores_down: u32,
    /// Refuses everything until restarted.
    pub wedged: bool,
    /// Collects garbage.
    collects: bool,
    /// What happens to it is noted.
    noted: bool,
    /// Its lives: moves on when it wedges, goes down or comes back.
    pub epoch: u32,
    /// What becomes of the one whose memory does not fit.
    pub ram_policy: RamPolicy,
    /// Attempts that wait at their sender until there is room here, first come first served.
    pub blocked: VecDeque<u32>,
    /// Those inside, where all are in service at once.
    pub shared: Option<Box<Shared>>,
    /// Attempts that wait in the middle of their service, without a core.
    aside: u32,
    /// Whether any ever do.
    steps: bool,
    /// Attempts in service, where that is not the number of busy cores.
    serving: u32,
    /// Whether it is not.
    wide: bool,
    /// Attempts waiting.
    queue: Line,
    slots: u32,
    /// Bytes that may wait, and that do.
    pub bytes: u64,
    /// Bytes waiting, where they are bounded.
    pub waiting_bytes: u64,
    ram: u64,
    ram_base: u64,
    holds_memory: bool,
    areas: Areas,
}

/// Whether an attempt is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It gets a core at once.
    Serve,
    /// It waits.
    Wait,
    /// Its memory does not fit.
    RamFull,
    /// There is no place to wait.
    BufferFull,
    /// The worker is wedged.
    Wedged,
    /// The worker is down.
    Down,
}

/// Waiting places set aside before the run; longer buffers grow as needed.
const SET_ASIDE: u32 = 256;

/// All workers with their cores.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    hot: Vec<Hot>,
    /// The colder part of each.
    pub cold: Vec<Cold>,
    /// Attempts waiting and in service, as policies see them.
    pub load: Vec<u32>,
    /// Cores, worker by worker; none where it does not matter who is on which.
    pub cores: Cores,
    /// Whether it matters who is on which core: what is on cores can be lost or change its speed.
    knows_cores: bool,
    /// Whether cores go down by themselves: what was on them waits, with or without a slot.
    cores_fail: bool,
    /// By worker, once any leaked or was capped.
    short: Vec<ram::Shortage>,
    /// Those whom an event touched, where anybody wants to know.
    touched: Option<Vec<u32>>,
}

impl Workers {
    /// The workers of a system, idle.
    pub fn new(spec: &SystemSpec) -> Self {
        let (holds_memory, knows_cores) = (spec.holds_memory(), spec.knows_cores());
        let several = spec.classes().any(|c| c.cores > 1);
        let mut workers = Workers {
            knows_cores,
            ..Workers::default()
        };
        for (s, service) in (0u32..).zip(&spec.services) {
            let mut number = 0;
            for (g, group) in (0u32..).zip(&service.groups) {
                for _ in 0..group.count {
                    let wide = several || group.shares();
                    let none = group.shares() || !knows_cores;
                    let places = if none { 0 } else { group.cores };
                    let first_core = workers.cores.add(places);
                    let steps = !service.steps.is_empty();
                    let noted = service.autoscale.is_some() || group.feels_memory();
                    let plain = !(holds_memory || wide || steps || noted || group.ram_base > 0);
                    workers.hot.push(Hot::new(group, first_core, plain));
                    let mut cold = Cold::new(s, number, g, group, holds_memory);
                    (cold.wide, cold.steps, cold.noted) = (wide, steps, noted);
                    workers.cold.push(cold);
                    workers.load.push(0);
                    number += 1;
                }
            }
        }
        workers
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hot.len()
    }

    /// Has memory fetch what of a worker will be needed soon.
    #[inline(always)]
    pub fn fetch(&self, worker: u32) {
        prefetch_index(&self.hot, worker as usize);
        prefetch_index(&self.load, worker as usize);
    }

    /// Brings a worker's integrals up to now; to be called before anything about it changes.
    #[inline(always)]
    pub fn settle(&mut self, worker: u32, now: Nanos) {
        let hot = &mut self.hot[worker as usize];
        let passed = hot.pass(now);
        if hot.waiting > 0 || !hot.plain {
            self.cold[worker as usize].settle(hot, passed);
            // Nobody wants to know of a plain one.
            if !hot.plain
                && let Some(touched) = &mut self.touched
            {
                touched.push(worker);
            }
        }
    }

    /// Measured attempts that ended well at each worker.
    pub fn served(&self) -> impl Iterator<Item = u64> + '_ {
        self.hot.iter().map(|hot| hot.served)
    }

    /// One more of them.
    #[inline(always)]
    pub fn count_served(&mut self, worker: u32) {
        self.hot[worker as usize].served += 1;
    }

    /// Whether a worker's RAM is bounded.
    pub fn ram_ends(&self, worker: u32) -> bool {
        self.cold[worker as usize].ram < u64::MAX
    }

    /// RAM of all workers together, where bounded.
    pub fn ram(&self) -> u128 {
        self.cold
            .iter()
            .filter(|c| c.ram < u64::MAX)
            .map(|c| u128::from(c.ram))
            .sum()
    }

    /// Whether a worker lets an attempt in that holds so much memory.
    #[inline(always)]
    pub fn admission(&self, worker: u32, memory: u64) -> Admission {
        let hot = &self.hot[worker as usize];
        if hot.plain && hot.free > 0 {
            return Admission::Serve;
        }
        let cold = &self.cold[worker as usize];
        if cold.downs > 0 {
            Admission::Down
        } else if cold.wedged {
            Admission::Wedged
        } else if memory > hot.ram_free {
            Admission::RamFull
        } else if hot.free > 0 {
            Admission::Serve
        } else if hot.waiting < cold.slots {
            Admission::Wait
        } else {
            Admission::BufferFull
        }
    }

    /// Takes memory for an attempt that was let in.
    #[inline(always)]
    pub fn hold(&mut self, worker: u32, memory: u64) {
        self.load[worker as usize] += 1;
        if memory > 0 {
            let (hot, cold) = (
                &mut self.hot[worker as usize],
                &mut self.cold[worker as usize],
            );
            hot.ram_free -= memory;
            cold.areas.ram_max = cold.areas.ram_max.max(cold.ram - hot.ram_free);
        }
    }

    /// Puts an attempt at the end of a worker's buffer, where that serves first come first; returns
    /// what it can be [removed](Workers::remove_waiting) with.
    #[inline(always)]
    pub fn wait(&mut self, worker: u32, attempt: u32) -> u32 {
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        hot.waiting += 1;
        cold.areas.queue_max = cold.areas.queue_max.max(u64::from(hot.waiting));
        cold.queue.push_back(attempt)
    }

    /// Takes a waiting attempt that holds so much memory out of a worker's buffer. The integrals
    /// must be settled.
    pub fn remove_waiting(&mut self, worker: u32, attempt: u32, ticket: u32, memory: u64) {
        let hot = &mut self.hot[worker as usize];
        hot.waiting -= 1;
        hot.ram_free += memory;
        self.load[worker as usize] -= 1;
        self.cold[worker as usize].queue.leave(attempt, ticket);
    }

    /// Takes the first out of a worker's buffer, where that serves first come first.
    #[inline(always)]
    pub fn next_waiting(&mut self, worker: u32) -> Option<u32> {
        let hot = &mut self.hot[worker as usize];
        if hot.waiting == 0 {
            return None;
        }
        hot.waiting -= 1;
        self.cold[worker as usize].queue.pop_front()
    }

    /// Takes a free core of a worker for an attempt that needs so much work; returns the core
    /// and, unless the worker stands still, how long it will take.
    #[inline(always)]
    pub fn start(&mut self, worker: u32, attempt: u32, work: Nanos) -> (u32, Option<Nanos>) {
        let hot = &mut self.hot[worker as usize];
        let core = hot.take_core(self.knows_cores.then_some(&mut self.cores), attempt);
        if hot.unit_speed {
            return (core, Some(work));
        }
        (core, core::time_for(work, self.cold[worker as usize].speed))
    }

    /// What usually becomes of an attempt that comes to a worker: it gets a core at once, as
    /// [`Workers::start`] says, and all else is settled in the same go. `None`: nothing is done.
    #[inline(always)]
    pub fn serve_at_once(
        &mut self,
        worker: u32,
        attempt: u32,
        work: Nanos,
        now: Nanos,
    ) -> Option<(u32, Option<Nanos>)> {
        let hot = &mut self.hot[worker as usize];
        if !hot.plain || hot.free == 0 || hot.waiting > 0 {
            return None;
        }
        hot.pass(now);
        let core = hot.take_core(self.knows_cores.then_some(&mut self.cores), attempt);
        let unit_speed = hot.unit_speed;
        self.load[worker as usize] += 1;
        if unit_speed {
            return Some((core, Some(work)));
        }
        let speed = self.cold[worker as usize].speed;
        Some((core, core::time_for(work, speed)))
    }

    /// An attempt leaves a core of a worker: core and memory are free again.
    #[inline(always)]
    pub fn finish(&mut self, worker: u32, core: u32, memory: u64) {
        self.load[worker as usize] -= 1;
        let hot = &mut self.hot[worker as usize];
        hot.give_core_back(self.knows_cores.then_some(&mut self.cores), core, memory);
    }

    /// [`Workers::settle`], [`Workers::finish`] and [`Workers::next_waiting`] in one go.
    #[inline(always)]
    pub fn finish_for_next(
        &mut self,
        worker: u32,
        core: u32,
        memory: u64,
        now: Nanos,
    ) -> Option<u32> {
        self.load[worker as usize] -= 1;
        let hot = &mut self.hot[worker as usize];
        let passed = hot.pass(now);
        let waiting = hot.waiting > 0;
        if waiting || !hot.plain {
            self.cold[worker as usize].settle(hot, passed);
        }
        hot.give_core_back(self.knows_cores.then_some(&mut self.cores), core, memory);
        if !waiting {
            return None;
        }
        hot.waiting -= 1;
        self.cold[worker as usize].queue.pop_front()
    }

    /// Takes everything out of a worker's buffer; returns it with the numbers of its cores.
    pub fn empty(&mut self, worker: u32) -> (Vec<u32>, std::ops::Range<u32>) {
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        self.load[worker as usize] -= hot.waiting;
        hot.waiting = 0;
        (
            cold.queue.empty(),
            hot.first_core..hot.first_core + cold.places(),
        )
    }

    /// Gives back the memory of an attempt that was only waiting.
    pub fn release(&mut self, worker: u32, memory: u64) {
        self.hot[worker as usize].ram_free += memory;
    }

    /// Sets a worker's speed from its own, its pauses and a factor; returns the old and the new
    /// and its cores.
    pub fn set_speed(&mut self, worker: u32, factor: f64) -> (f64, f64, std::ops::Range<u32>) {
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        let old = cold.speed;
        cold.speed = if cold.pauses > 0 {
            0.0
        } else {
            cold.base_speed * factor
        };
        hot.unit_speed = cold.speed == 1.0;
        (
            old,
            cold.speed,
            hot.first_core..hot.first_core + cold.places(),
        )
    }

    fn refresh(&mut self, worker: u32) {
        let cold = &self.cold[worker as usize];
        self.hot[worker as usize].plain = !(cold.holds_memory
            || cold.wide
            || cold.steps
            || cold.noted
            || cold.wedged
            || cold.downs > 0);
    }
}
