//! A balancer in a run: its buffer and dispatch cores, its policy, and a breaker for each worker.

use std::collections::VecDeque;

use super::hosts::Hosts;
use super::{Fleet, Policy, View};
use crate::base::units::Nanos;
use crate::engine::dist::Dist;
use crate::engine::queue::Lane;
use crate::engine::rng::{Key, Stream};
use crate::model::breaker::{Breaker, Call, Heard};
use crate::model::fault::worker_path;
use crate::model::health::Found;
use crate::model::incident::BreakerState;
use crate::model::level::Level;
use crate::model::line::Line;
use crate::model::outcome::Outcome;
use crate::model::source::whole;
use crate::model::spec::{BalancerSpec, BreakerSpec, Failures, OnFull, PolicySpec, ServiceSpec};

/// From so many workers on, what a pick needs is no longer near the processor anyway.
const MANY: usize = 512;

/// A balancer with what it knows.
#[derive(Clone, Debug)]
pub struct Front<'s> {
    /// What it costs to dispatch, if anything.
    pub dispatch: Option<&'s Dist>,
    /// Cores that dispatch.
    pub cores: u64,
    /// Most waiting in its buffer.
    pub slots: u64,
    /// Most bytes waiting in its buffer, and how many do, where that is bounded.
    pub bytes: u64,
    /// Bytes waiting there.
    pub waiting_bytes: u64,
    /// What becomes of the one that finds no room there.
    pub on_full: OnFull,
    /// Attempts waiting to be dispatched.
    pub buffer: Line,
    /// Attempts in its buffer.
    pub waiting: Level,
    /// Attempts being dispatched.
    pub dispatching: Level,
    /// Where dispatches wait, when they always take the same time.
    pub lane: Option<Lane>,
    /// The service that it balances.
    pub service: u32,
    /// Its workers' first number in the system.
    pub first_worker: u32,
    /// How many workers it has.
    pub worker_count: usize,
    /// Workers pull from [`Front::shared`].
    pub pulled: bool,
    /// Attempts that wait for whichever worker is free first.
    pub shared: VecDeque<u32>,
    policy: Policy,
    stream: Stream,
    /// Workers that are good and that breakers let through, ascending.
    eligible: Vec<u32>,
    guards: Option<Guards<'s>>,
    hosts: Option<Box<Hosts>>,
}

/// The breakers, one a worker.
#[derive(Clone, Debug)]
struct Guards<'s> {
    open_for: &'s Dist,
    counts: Failures,
    all: Vec<Guard>,
    /// Earliest moment at which time alone changes who is eligible.
    next_change: Nanos,
}

#[derive(Clone, Debug)]
struct Guard {
    breaker: Breaker,
    /// Where the times it stays open are drawn from, unless they are always the same.
    stream: Option<Stream>,
    /// Openings since the measured time began.
    opens: u64,
    open_from: Nanos,
    open_until: Nanos,
    /// Time open in all, without the present interval.
    open_before: u128,
}

impl<'s> Front<'s> {
    /// An instance (from 0) of the balancer of a service, itself the `number`th of the system.
    pub fn new(
        service: &'s ServiceSpec,
        number: u32,
        instance: u32,
        key: &Key,
        first_worker: u32,
    ) -> Self {
        let spec: &BalancerSpec = &service.balancer;
        let workers = service.worker_count() as u32;
        let path = format!("service/{}/balancer/{}", service.name, instance + 1);
        let mut stream = Stream::new(key, &path);
        let policy = Policy::new(&spec.policy, &Fleet::of(service), &mut stream);
        Front {
            dispatch: spec.dispatch.as_ref(),
            cores: u64::from(spec.cores),
            slots: spec.slots.map_or(u64::MAX, u64::from),
            bytes: spec.bytes.unwrap_or(u64::MAX),
            waiting_bytes: 0,
            on_full: spec.on_full,
            buffer: Line::with_capacity(spec.slots.unwrap_or(0).min(1 << 16) as usize),
            waiting: Level::default(),
            dispatching: Level::default(),
            lane: None,
            service: number,
            first_worker,
            worker_count: workers as usize,
            pulled: spec.policy == PolicySpec::CentralQueue,
            shared: VecDeque::new(),
            policy,
            stream,
            eligible: (0..workers).collect(),
            guards: spec
                .breaker
                .as_ref()
                .map(|b| Guards::new(b, service, instance, key)),
            hosts: Hosts::new(service, instance, key),
        }
    }

    /// Goes on under another key: its own draws and those of its breakers.
    pub fn rekey(&mut self, key: &Key) {
        self.stream.rekey(key);
        if let Some(hosts) = &mut self.hosts {
            hosts.rekey(key);
        }
        let guards = self.guards.iter_mut().flat_map(|g| &mut g.all);
        for stream in guards.filter_map(|guard| guard.stream.as_mut()) {
            stream.rekey(key);
        }
    }

    /// Picks a worker (numbered within the service) and lets the attempt through its breaker;
    /// returns it with the breaker's epoch. `None`: [nobody](Front::nobody) is eligible. An attempt
    /// whose caller has given up (`open` is false) goes where breakers let calls in, but takes no
    /// permit, as nobody will ever report on it.
    #[inline(always)]
    pub fn pick(&mut self, load: &[u32], now: Nanos, open: bool) -> Option<(u32, u32)> {
        self.tick(now);
        if self.eligible.is_empty() {
            return None;
        }
        let view = View {
            eligible: &self.eligible,
            load,
        };
        let worker = self.policy.pick(&view, &mut self.stream);
        Some(self.enter(worker, now, open))
    }

    /// Where workers are many: two of which the next pick will most likely be one, if that can be
    /// told.
    #[inline(always)]
    pub fn likely_next(&self) -> Option<[u32; 2]> {
        match &self.policy {
            Policy::P2c(policy) if self.eligible.len() >= MANY => {
                policy.likely(&self.eligible, &self.stream)
            }
            _ => None,
        }
    }

    /// As [`Front::pick`], but none of the workers named (ascending).
    #[inline(never)]
    pub fn pick_none_of(
        &mut self,
        load: &[u32],
        now: Nanos,
        open: bool,
        not: &[u32],
    ) -> Option<(u32, u32)> {
        self.tick(now);
        let other = |worker: &u32| not.binary_search(worker).is_err();
        let others: Vec<u32> = self.eligible.iter().copied().filter(other).collect();
        if others.is_empty() {
            return None;
        }
        let view = View {
            eligible: &others,
            load,
        };
        let worker = self.policy.pick(&view, &mut self.stream);
        Some(self.enter(worker, now, open))
    }

    /// Lets time alone change whom breakers let through.
    #[inline(always)]
    fn tick(&mut self, now: Nanos) {
        if let Some(guards) = &mut self.guards
            && now >= guards.next_change
        {
            guards.tick(now);
            self.refresh(now);
        }
    }

    /// Lets an attempt through the breaker of the worker picked for it.
    #[inline(always)]
    fn enter(&mut self, worker: u32, now: Nanos, open: bool) -> (u32, u32) {
        let Some(guards) = &mut self.guards else {
            return (worker, 0);
        };
        let breaker = &mut guards.all[worker as usize].breaker;
        let changed = open && breaker.enter(now);
        let epoch = breaker.epoch();
        if changed {
            self.refresh(now);
        }
        (worker, epoch)
    }

    /// Whether breakers take no notice of a call that ended like this.
    pub fn ignores(&self, outcome: Outcome) -> bool {
        let counted = |guards: &Guards<'_>| {
            let kind = outcome.failure();
            kind.is_some_and(|kind| guards.counts.has(kind))
        };
        self.guards.as_ref().is_some_and(|guards| !counted(guards))
    }

    /// Tells a worker's breaker that a call which it let in is taken back.
    pub fn forget(&mut self, worker: u32, epoch: u32, now: Nanos) {
        let guards = self.guards.as_mut();
        if guards.is_some_and(|g| g.all[worker as usize].breaker.forget(epoch)) {
            self.refresh(now);
        }
    }

    /// Tells a worker's breaker what became of a call that it let in.
    #[inline]
    pub fn hear(&mut self, worker: u32, call: Call, now: Nanos) {
        let Some(guards) = &mut self.guards else {
            return;
        };
        if guards.hear(worker, call, now) {
            self.refresh(now);
        }
    }

    /// What becomes of an attempt for which nobody was eligible.
    #[cold]
    pub fn nobody(&self) -> Outcome {
        match &self.hosts {
            Some(hosts) if hosts.has_none() => Outcome::NoWorker,
            _ => Outcome::BreakerOpen,
        }
    }

    /// Whether it hears how calls of its workers end, breakers apart.
    #[inline]
    pub fn looks_for_outliers(&self) -> bool {
        self.hosts.as_ref().is_some_and(|h| h.every().is_some())
    }

    /// Time between two sweeps for outliers, if it looks for any.
    pub fn sweeps_every(&self) -> Option<Nanos> {
        self.hosts.as_ref()?.every()
    }

    /// A call of a worker ended; says whether that ejects it.
    #[cold]
    pub fn judge(&mut self, worker: u32, outcome: Outcome, now: Nanos) -> bool {
        let hosts = self.hosts.as_mut();
        let ejected = hosts.is_some_and(|h| h.hears(worker, outcome, now));
        if ejected {
            self.refresh(now);
        }
        ejected
    }

    /// What a health check found of a worker, and whether it is known to be well; says whether
    /// that lets an outlier back.
    #[cold]
    pub fn hears_of_health(
        &mut self,
        worker: u32,
        (found, well): (Found, bool),
        now: Nanos,
    ) -> bool {
        let hosts = self.hosts.as_mut();
        let back = hosts.is_some_and(|h| h.hears_of_health(worker, found, well, now));
        if back || found != Found::Same {
            self.refresh(now);
        }
        back
    }

    /// A sweep for outliers: who is back, and who is ejected.
    #[cold]
    pub fn sweep(&mut self, now: Nanos) -> (Vec<usize>, Vec<usize>) {
        let hosts = self.hosts.as_mut();
        let changes = hosts.map(|h| h.sweep(now)).unwrap_or_default();
        if changes != (Vec::new(), Vec::new()) {
            self.refresh(now);
        }
        changes
    }

    /// Finds anew who is eligible.
    #[cold]
    fn refresh(&mut self, now: Nanos) {
        let hosts = self.hosts.as_ref().filter(|h| !h.panics());
        let good = |worker: u32| hosts.is_none_or(|h| h.is_good(worker));
        let Some(guards) = &mut self.guards else {
            let all = 0..self.worker_count as u32;
            self.eligible.clear();
            self.eligible.extend(all.filter(|&w| good(w)));
            return;
        };
        self.eligible.clear();
        guards.next_change = Nanos::MAX;
        for (worker, guard) in (0u32..).zip(&guards.all) {
            if guard.breaker.admits(now) && good(worker) {
                self.eligible.push(worker);
            }
            let change = guard.breaker.next_change().unwrap_or(Nanos::MAX);
            if change > now {
                guards.next_change = guards.next_change.min(change);
            }
        }
    }

    /// How many breakers it has.
    pub fn breakers(&self) -> usize {
        self.guards.as_ref().map_or(0, |g| g.all.len())
    }

    /// Breaker-time open so far, summed.
    pub fn open_area(&self, now: Nanos) -> u128 {
        let guards = self.guards.iter().flat_map(|g| &g.all);
        guards.map(|guard| guard.open_area(now)).sum()
    }

    /// How often each breaker opened since they were last [reset](Front::reset_opens).
    pub fn opens(&self) -> impl Iterator<Item = u64> + '_ {
        self.guards
            .iter()
            .flat_map(|g| &g.all)
            .map(|guard| guard.opens)
    }

    /// How often each breaker opened (as [`Front::opens`]), since when it last did, and until when
    /// it stays open at least.
    pub fn openings(&self) -> impl Iterator<Item = (u64, Nanos, Nanos)> + '_ {
        let guards = self.guards.iter().flat_map(|g| &g.all);
        guards.map(|guard| (guard.opens, guard.open_from, guard.open_until))
    }

    /// The breakers as they are.
    pub fn breaker_states(&self, now: Nanos) -> impl Iterator<Item = BreakerState> + '_ {
        let guards = self.guards.iter().flat_map(|g| &g.all);
        guards.map(move |guard| guard.breaker.state(now))
    }

    /// Counts openings anew.
    pub fn reset_opens(&mut self) {
        for guard in self.guards.iter_mut().flat_map(|g| &mut g.all) {
            guard.opens = 0;
        }
    }
}

impl<'s> Guards<'s> {
    fn new(spec: &'s BreakerSpec, service: &ServiceSpec, instance: u32, key: &Key) -> Self {
        let (BreakerSpec::Consecutive { open_for, .. }
        | BreakerSpec::Resilience4j { open_for, .. }) = spec;
        let drawn = !matches!(open_for, Dist::Constant { .. });
        let path = |number: u32| match instance {
            0 => format!("{}/breaker", worker_path(service, number)),
            _ => format!("{}/breaker/{}", worker_path(service, number), instance + 1),
        };
        let guard = |number: u32| Guard {
            breaker: Breaker::new(spec),
            stream: drawn.then(|| Stream::new(key, &path(number))),
            opens: 0,
            open_from: 0,
            open_until: 0,
            open_before: 0,
        };
        let all = (0..service.worker_count() as u32).map(guard).collect();
        Guards {
            open_for,
            counts: spec.counts(),
            all,
            next_change: Nanos::MAX,
        }
    }

    /// Whether who is eligible may have changed.
    #[inline]
    fn hear(&mut self, worker: u32, call: Call, now: Nanos) -> bool {
        let guard = &mut self.all[worker as usize];
        match guard.breaker.hear(now, call) {
            Heard::Nothing => false,
            Heard::Changed => true,
            Heard::Opens { since } => {
                guard.open(since, self.open_for);
                true
            }
        }
    }

    fn tick(&mut self, now: Nanos) {
        for guard in &mut self.all {
            if let Heard::Opens { since } = guard.breaker.tick(now) {
                guard.open(since, self.open_for);
            }
        }
    }
}

impl Guard {
    #[cold]
    fn open(&mut self, since: Nanos, open_for: &Dist) {
        let lasts = match (&mut self.stream, open_for) {
            (Some(stream), dist) => whole(dist.sample(stream)),
            (None, dist) => whole(dist.mean()),
        };
        self.opens += 1;
        self.open_before = self.open_area(since);
        self.open_from = since;
        self.open_until = since.saturating_add(lasts);
        self.breaker.open(self.open_until);
    }

    /// Time open up to now.
    fn open_area(&self, now: Nanos) -> u128 {
        self.open_before + u128::from(now.min(self.open_until).saturating_sub(self.open_from))
    }
}
