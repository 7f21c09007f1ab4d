//! The two parts of a worker: how they begin, and the integrals that the colder one keeps.

use super::*;
use crate::model::incident::WorkerState;

impl Hot {
    pub(super) fn new(spec: &GroupSpec, first_core: u32, plain: bool) -> Self {
        Hot {
            busy_area: 0,
            since: 0,
            ram_free: spec.ram.unwrap_or(u64::MAX) - spec.ram_base,
            served: 0,
            first_core,
            next_free: 0,
            free: if spec.shares() {
                spec.cores.saturating_add(spec.slots.unwrap_or(u32::MAX))
            } else {
                spec.cores
            },
            busy: 0,
            waiting: 0,
            plain,
            unit_speed: spec.speed == 1.0,
        }
    }

    /// Time passes: its integral is brought up to now. Returns how much passed.
    #[inline(always)]
    pub(super) fn pass(&mut self, now: Nanos) -> Nanos {
        let passed = now - self.since;
        self.since = now;
        self.busy_area += u128::from(self.busy) * u128::from(passed);
        passed
    }

    /// A free core is taken; returns which. `cores`: where it matters which.
    #[inline(always)]
    pub(super) fn take_core(&mut self, cores: Option<&mut Cores>, attempt: u32) -> u32 {
        self.free -= 1;
        self.busy += 1;
        let mut core = self.first_core;
        if let Some(cores) = cores {
            core += self.next_free;
            self.next_free = cores.take(core, attempt);
        }
        core
    }

    /// A core and memory are free again.
    #[inline(always)]
    pub(super) fn give_core_back(&mut self, cores: Option<&mut Cores>, core: u32, memory: u64) {
        self.free += 1;
        self.busy -= 1;
        self.ram_free += memory;
        if let Some(cores) = cores {
            cores.give_back(core, self.next_free);
            self.next_free = core - self.first_core;
        }
    }
}

impl Cold {
    pub(super) fn new(
        service: u32,
        number: u32,
        group: u32,
        spec: &GroupSpec,
        holds_memory: bool,
    ) -> Self {
        let slots = spec.slots.unwrap_or(u32::MAX);
        Cold {
            service,
            number,
            group,
            cores: spec.cores,
            on_full: spec.on_full,
            by_deadline: spec.discipline == Discipline::Edf,
            base_speed: spec.speed,
            speed: spec.speed,
            pauses: 0,
            downs: 0,
            absent: false,
            cores_down: 0,
            wedged: false,
            collects: false,
            noted: false,
            epoch: 0,
            ram_policy: spec.ram_policy,
            blocked: VecDeque::new(),
            shared: spec
                .shares()
                .then(|| Box::new(Shared::new(spec.core_count()))),
            aside: 0,
            steps: false,
            serving: 0,
            wide: false,
            queue: Line::new(spec.discipline, slots.min(SET_ASIDE) as usize),
            slots: if spec.shares() { 0 } else { slots },
            bytes: spec.bytes.unwrap_or(u64::MAX),
            waiting_bytes: 0,
            ram: spec.ram.unwrap_or(u64::MAX),
            ram_base: spec.ram_base,
            holds_memory: holds_memory || spec.ram_base > 0,
            areas: Areas::default(),
        }
    }

    /// RAM that an idle worker has for requests, without leaks and caps.
    pub fn ram_for_requests(&self) -> u64 {
        self.ram - self.ram_base
    }

    /// Its RAM, bytes.
    pub fn ram_in_all(&self) -> f64 {
        self.ram as f64
    }

    /// How many places for attempts on cores it has.
    pub(super) fn places(&self) -> u32 {
        if self.shared.is_some() { 0 } else { self.cores }
    }

    /// Brings the integrals up to now, before which so much time passed as things are.
    #[inline(always)]
    pub(super) fn settle(&mut self, hot: &Hot, passed: Nanos) {
        self.areas.queue += u128::from(hot.waiting) * u128::from(passed);
        if !hot.plain {
            self.settle_more(hot, passed);
        }
    }

    #[inline]
    fn settle_more(&mut self, hot: &Hot, passed: Nanos) {
        if self.wide {
            self.areas.serving += u128::from(self.serving) * u128::from(passed);
        }
        self.areas.aside += u128::from(self.aside) * u128::from(passed);
        if !self.absent {
            self.areas.ram += u128::from(self.ram - hot.ram_free) * u128::from(passed);
        }
        if self.collects {
            self.areas.gc += u128::from(passed);
        }
        if self.wedged || self.downs > 0 {
            self.areas.wedged_busy += u128::from(hot.busy) * u128::from(passed);
        }
    }

    /// Brings the core-time while able up to now; to be called before that changes.
    pub(super) fn settle_able(&mut self, now: Nanos) {
        if !self.wedged && self.downs == 0 {
            let passed = now - self.areas.able_since;
            if self.cores != UNBOUNDED_CORES {
                self.areas.able += u128::from(self.cores - self.cores_down) * u128::from(passed);
            }
        }
        self.areas.able_since = now;
    }
}

impl Workers {
    /// How a worker is now; of breakers it knows nothing.
    pub fn state(&self, worker: u32) -> WorkerState {
        let (hot, cold) = (&self.hot[worker as usize], &self.cold[worker as usize]);
        WorkerState {
            waiting: u64::from(hot.waiting),
            slots: (cold.slots < u32::MAX).then_some(u64::from(cold.slots)),
            busy: u64::from(hot.busy),
            cores: if cold.absent {
                0
            } else {
                u64::from(cold.cores)
            },
            ram: if cold.absent {
                0
            } else {
                cold.ram - hot.ram_free
            },
            downs: cold.downs - u32::from(cold.absent),
            wedged: cold.wedged,
            speed: cold.speed,
            breaker: None,
        }
    }
}
