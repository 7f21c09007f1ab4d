//! Workers: cores, RAM, a fixed buffer, a speed. State and its arithmetic only; who is told and
//! what is scheduled is the system's business.
//!
//! Workers are numbered through all services (from 0), cores through all workers. One record a
//! worker, since what an event needs of it is used together; the load that policies scan is a
//! column of its own.

mod core;

pub use core::{Core, NOBODY};

use std::collections::VecDeque;

use super::spec::{GroupSpec, OnFull, ServiceSpec};
use crate::base::units::Nanos;

/// One worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Its service.
    pub service: u32,
    /// Its number in the service, from 0.
    pub number: u32,
    /// Its group in the service.
    pub group: u32,
    /// Its first core.
    pub first_core: u32,
    /// How many cores.
    pub cores: u32,
    /// How many are free; the first so many of its `free_cores`.
    pub free: u32,
    /// Bytes.
    pub ram: u64,
    /// Bytes held.
    pub ram_used: u64,
    /// Most waiting.
    pub slots: u32,
    /// What becomes of the one that does not fit.
    pub on_full: OnFull,
    /// Speed without faults.
    pub base_speed: f64,
    /// Speed now: 0 while paused.
    pub speed: f64,
    /// Faults that pause it now.
    pub pauses: u32,
    /// Faults that keep it down now.
    pub downs: u32,
    /// Refuses everything until restarted.
    pub wedged: bool,
    /// Its lives: moves on when it wedges, goes down or comes back.
    pub epoch: u32,
    /// Attempts waiting, first come first served.
    pub waiting: VecDeque<u32>,
    areas: Areas,
}

/// Time integrals of one worker and their kin.
#[derive(Clone, Copy, Debug, Default)]
pub struct Areas {
    since: Nanos,
    /// Busy cores.
    pub busy: u128,
    /// Busy cores while wedged.
    pub wedged_busy: u128,
    /// Cores while up and not wedged.
    pub able: u128,
    /// Attempts waiting.
    pub queue: u128,
    /// Bytes held.
    pub ram: u128,
    /// Most waiting.
    pub queue_max: u64,
    /// Most bytes held.
    pub ram_max: u64,
    /// Times wedged.
    pub wedges: u64,
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

impl Worker {
    fn new(service: u32, number: u32, group: u32, first_core: u32, spec: &GroupSpec) -> Self {
        let slots = spec.slots.unwrap_or(u32::MAX);
        Worker {
            service,
            number,
            group,
            first_core,
            cores: spec.cores,
            free: spec.cores,
            ram: spec.ram.unwrap_or(u64::MAX),
            ram_used: 0,
            slots,
            on_full: spec.on_full,
            base_speed: spec.speed,
            speed: spec.speed,
            pauses: 0,
            downs: 0,
            wedged: false,
            epoch: 0,
            waiting: VecDeque::with_capacity(slots.min(SET_ASIDE) as usize),
            areas: Areas::default(),
        }
    }

    /// Cores at work.
    #[inline]
    pub fn busy(&self) -> u32 {
        self.cores - self.free
    }

    /// Brings its integrals up to now; to be called before anything about it changes.
    #[inline]
    pub fn settle(&mut self, now: Nanos) {
        let passed = u128::from(now - self.areas.since);
        if passed == 0 {
            return;
        }
        self.areas.since = now;
        let busy = u128::from(self.busy()) * passed;
        self.areas.busy += busy;
        self.areas.queue += self.waiting.len() as u128 * passed;
        self.areas.ram += u128::from(self.ram_used) * passed;
        if self.wedged {
            self.areas.wedged_busy += busy;
        } else if self.downs == 0 {
            self.areas.able += u128::from(self.cores) * passed;
        }
    }

    /// Its integrals up to now.
    pub fn areas(&mut self, now: Nanos) -> Areas {
        self.settle(now);
        self.areas
    }

    /// Begins its integrals anew.
    pub fn reset_areas(&mut self, now: Nanos) {
        self.areas = Areas {
            since: now,
            queue_max: self.waiting.len() as u64,
            ram_max: self.ram_used,
            ..Areas::default()
        };
    }

    /// Whether an attempt that holds so much memory is let in now.
    #[inline]
    pub fn admission(&self, memory: u64) -> Admission {
        if self.downs > 0 {
            Admission::Down
        } else if self.wedged {
            Admission::Wedged
        } else if memory > self.ram - self.ram_used {
            Admission::RamFull
        } else if self.free > 0 {
            Admission::Serve
        } else if (self.waiting.len() as u64) < u64::from(self.slots) {
            Admission::Wait
        } else {
            Admission::BufferFull
        }
    }

    /// Takes memory for an attempt that was let in.
    #[inline]
    pub fn hold(&mut self, memory: u64) {
        self.ram_used += memory;
        self.areas.ram_max = self.areas.ram_max.max(self.ram_used);
    }

    /// Puts an attempt at the end of the buffer.
    #[inline]
    pub fn wait(&mut self, attempt: u32) {
        self.waiting.push_back(attempt);
        self.areas.queue_max = self.areas.queue_max.max(self.waiting.len() as u64);
    }

    /// Refuses everything from now on.
    pub fn wedge(&mut self) {
        self.wedged = true;
        self.epoch += 1;
        self.areas.wedges += 1;
    }
}

/// All workers with their cores.
#[derive(Clone, Debug, Default)]
pub struct Workers {
    /// One record each.
    pub all: Vec<Worker>,
    /// Attempts waiting and in service, as policies see them.
    pub load: Vec<u32>,
    /// Cores, worker by worker.
    pub cores: Vec<Core>,
    /// Numbers of free cores (within the worker), worker by worker, as a stack.
    pub free_cores: Vec<u32>,
}

impl Workers {
    /// The workers of these services, idle.
    pub fn new(services: &[ServiceSpec]) -> Self {
        let mut workers = Workers::default();
        for (s, service) in (0u32..).zip(services) {
            let mut number = 0;
            for (g, group) in (0u32..).zip(&service.groups) {
                for _ in 0..group.count {
                    let first = workers.cores.len() as u32;
                    workers.all.push(Worker::new(s, number, g, first, group));
                    workers.load.push(0);
                    workers
                        .cores
                        .resize(workers.cores.len() + group.cores as usize, Core::idle());
                    workers.free_cores.extend((0..group.cores).rev());
                    number += 1;
                }
            }
        }
        workers
    }

    /// Takes a free core of a worker for an attempt that needs so much work; returns the core
    /// and, unless the worker stands still, how long it will take.
    #[inline]
    pub fn start(
        &mut self,
        worker: u32,
        attempt: u32,
        work: Nanos,
        now: Nanos,
    ) -> (u32, Option<Nanos>) {
        let w = &mut self.all[worker as usize];
        w.free -= 1;
        let core = w.first_core + self.free_cores[(w.first_core + w.free) as usize];
        let takes = self.cores[core as usize].start(attempt, work, now, w.speed);
        (core, takes)
    }

    /// Gives a core back; returns the attempt that was on it.
    #[inline]
    pub fn finish(&mut self, worker: u32, core: u32) -> u32 {
        let w = &mut self.all[worker as usize];
        self.free_cores[(w.first_core + w.free) as usize] = core - w.first_core;
        w.free += 1;
        self.cores[core as usize].stop()
    }

    /// Whether what is left of each worker adds up; the text says what does not.
    pub fn check(&self) -> Result<(), String> {
        for (w, load) in self.all.iter().zip(&self.load) {
            let inside = w.busy() as usize + w.waiting.len();
            let place = || format!("worker {} of service {}", w.number + 1, w.service + 1);
            if inside != *load as usize {
                return Err(format!("{}: load {load}, but {inside} inside", place()));
            }
            if w.waiting.len() as u64 > u64::from(w.slots) || w.ram_used > w.ram {
                return Err(format!("{}: holds more than it has room for", place()));
            }
            if inside == 0 && w.ram_used != 0 {
                return Err(format!("{}: empty, but holds {} B", place(), w.ram_used));
            }
        }
        Ok(())
    }
}
