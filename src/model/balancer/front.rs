//! A balancer in a run: its buffer and dispatch cores, its policy, and a breaker for each worker.

use std::collections::VecDeque;

use super::hosts::Hosts;
use super::slow_start::Slow;
use super::subset::subset;
use super::zones::Zones;
use super::{Done, Fleet, Policy, View};
use crate::base::units::Nanos;
use crate::engine::dist::Dist;
use crate::engine::queue::Lane;
use crate::engine::rng::{Key, Stream};
use crate::model::breaker::{Call, Guard, Lost};
use crate::model::fault::Try;
use crate::model::fault::worker_path;
use crate::model::incident::BreakerState;
use crate::model::level::Level;
use crate::model::line::Line;
use crate::model::outcome::Outcome;
use crate::model::spec::{
    BalancerSpec, BreakerShare, BreakerSpec, Failures, OnFull, PolicySpec, ServiceSpec, SystemSpec,
};

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
    /// Each of its workers has a breaker.
    pub guarded: bool,
    /// Workers pull from [`Front::shared`].
    pub pulled: bool,
    /// Attempts that wait for whichever worker is free first.
    pub shared: VecDeque<u32>,
    pub(super) policy: Policy,
    pub(super) stream: Stream,
    /// Workers that are good and that breakers let through, ascending.
    pub(super) eligible: Vec<u32>,
    /// Who has come back lately, where that matters.
    slow: Option<Slow>,
    /// Workers that it knows, ascending, where these are not all.
    pub(super) known: Option<Vec<u32>>,
    /// Whom of them it prefers by where they stand, if it looks at that.
    pub(super) zones: Option<Box<Zones<'s>>>,
    /// `None` where it has no breakers, and while those it shares are elsewhere.
    guards: Option<Guards<'s>>,
    pub(super) hosts: Option<Box<Hosts>>,
    /// With which version of its breakers it found out who is eligible.
    seen: u64,
}

/// An attempt that is to be sent to a worker.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// When.
    pub now: Nanos,
    /// Whether its caller waits for it.
    pub open: bool,
    /// What its request is about, where the policy looks at it.
    pub key: u64,
}

/// The breakers, one a worker.
#[derive(Clone, Debug)]
struct Guards<'s> {
    spec: &'s BreakerSpec,
    counts: Failures,
    all: Vec<Guard>,
    /// Which results reach none of them.
    lost: Option<Box<Lost>>,
    /// Moves on whenever who is eligible may have changed.
    version: u64,
    /// Earliest moment at which time alone changes who is eligible.
    next_change: Nanos,
}

impl<'s> Front<'s> {
    /// An instance (from 0) of the balancer of a service, itself the `number`th of the system, for
    /// workers numbered from `first_worker` on.
    pub fn new(
        system: &'s SystemSpec,
        (number, instance): (u32, u32),
        key: &Key,
        first_worker: u32,
        fleet: &Fleet,
    ) -> Self {
        let service = &system.services[number as usize];
        let spec: &BalancerSpec = &service.balancer;
        // Those that all share begin with the first.
        let shared = spec.breaker_share == BreakerShare::All;
        let own = spec.breaker.as_ref().filter(|_| instance == 0 || !shared);
        let workers = service.worker_count() as u32;
        let path = format!("service/{}/balancer/{}", service.name, instance + 1);
        let mut stream = Stream::new(key, &path);
        let policy = Policy::new(&spec.policy, fleet, &mut stream);
        let known = subset(service, instance, key, fleet);
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
            guarded: spec.breaker.is_some(),
            pulled: spec.policy == PolicySpec::CentralQueue,
            shared: VecDeque::new(),
            policy,
            stream,
            hosts: Hosts::new(service, instance, key, known.as_deref()),
            eligible: known.clone().unwrap_or((0..workers).collect()),
            known,
            zones: Zones::new(service, instance, key),
            slow: spec.slow_start.map(|s| Slow::new(s, workers as usize)),
            guards: own.map(|b| Guards::new(b, system, service, instance, key)),
            seen: 0,
        }
    }

    /// Goes on under another key: its own draws and those of its breakers.
    pub fn rekey(&mut self, key: &Key) {
        self.stream.rekey(key);
        if let Some(hosts) = &mut self.hosts {
            hosts.rekey(key);
        }
        if let Some(zones) = &mut self.zones {
            zones.rekey(key);
        }
        let Some(guards) = &mut self.guards else {
            return;
        };
        for guard in &mut guards.all {
            guard.rekey(key);
        }
        if let Some(lost) = &mut guards.lost {
            lost.rekey(key);
        }
    }

    /// Two instances that share their breakers exchange them.
    #[cold]
    pub fn exchange(&mut self, other: &mut Front<'s>, now: Nanos) {
        std::mem::swap(&mut self.guards, &mut other.guards);
        for front in [self, other] {
            // First what time has done: a refresh looks ahead only.
            front.tick(now);
            if front
                .guards
                .as_ref()
                .is_some_and(|g| g.version != front.seen)
            {
                front.refresh(now);
            }
        }
    }

    /// Picks a worker (numbered within the service) and lets the attempt through its breaker;
    /// returns it with the breaker's epoch. `None`: [nobody](Front::nobody) is eligible. An attempt
    /// whose caller has given up (`open` is false) goes where breakers let calls in, but takes no
    /// permit, as nobody will ever report on it.
    #[inline(always)]
    pub fn pick(&mut self, load: &[u32], ask: &Ask) -> Option<(u32, u32)> {
        self.tick(ask.now);
        if self.eligible.is_empty() {
            return None;
        }
        let eligible = match &mut self.zones {
            Some(zones) => zones.choose(&self.eligible),
            None => &self.eligible,
        };
        let view = View {
            eligible,
            load,
            now: ask.now,
            key: ask.key,
            open: ask.open,
            slow: self.slow.as_ref(),
        };
        let worker = self.policy.pick(&view, &mut self.stream);
        Some(self.enter(worker, ask))
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
    pub fn pick_none_of(&mut self, load: &[u32], ask: &Ask, not: &[u32]) -> Option<(u32, u32)> {
        self.tick(ask.now);
        let other = |worker: &u32| not.binary_search(worker).is_err();
        let mut others: Vec<u32> = Vec::new();
        if let Some(zones) = &mut self.zones {
            let chosen = zones.choose(&self.eligible);
            others.extend(chosen.iter().copied().filter(other));
        }
        if others.is_empty() {
            others.extend(self.eligible.iter().copied().filter(other));
        }
        if others.is_empty() {
            return None;
        }
        let view = View {
            eligible: &others,
            load,
            now: ask.now,
            key: ask.key,
            open: ask.open,
            slow: self.slow.as_ref(),
        };
        let worker = self.policy.pick(&view, &mut self.stream);
        Some(self.enter(worker, ask))
    }

    /// A worker has come back.
    pub fn comes_back(&mut self, worker: u32, now: Nanos) {
        if let Some(slow) = &mut self.slow {
            slow.begins(worker, now);
        }
    }

    /// A worker says that a core of it is idle.
    pub fn add_idle(&mut self, worker: u32) {
        if let Policy::Jiq(policy) = &mut self.policy {
            policy.add(worker);
        }
    }

    /// Whether workers are to report before the next pick.
    pub fn wants_reports(&self, now: Nanos) -> bool {
        matches!(&self.policy, Policy::ClientWrr(policy) if policy.wants_reports(now))
    }

    /// What the workers have done, in the order of their numbers.
    pub fn report(&mut self, now: Nanos, all: impl Iterator<Item = Done>) {
        if let Policy::ClientWrr(policy) = &mut self.policy {
            policy.report(now, all);
        }
    }

    /// How many idle cores are on its list.
    pub fn listed(&self) -> usize {
        match &self.policy {
            Policy::Jiq(policy) => policy.listed(),
            _ => 0,
        }
    }

    /// The worker picked last, if it was on that list; asked once.
    pub fn take_taken(&mut self) -> Option<u32> {
        match &mut self.policy {
            Policy::Jiq(policy) => policy.take_taken(),
            _ => None,
        }
    }

    /// The policy hears that an attempt has ended so long after it was sent to a worker.
    pub fn tell_policy(&mut self, worker: u32, took: Nanos, now: Nanos) {
        self.policy.hear(worker, took, now);
    }

    /// Lets time alone change whom breakers let through.
    #[inline(always)]
    pub fn tick(&mut self, now: Nanos) {
        if self.guards.as_ref().is_some_and(|g| now >= g.next_change) {
            self.refresh(now);
        }
    }

    /// Lets an attempt through the breaker of the worker picked for it.
    #[inline(always)]
    fn enter(&mut self, worker: u32, ask: &Ask) -> (u32, u32) {
        let Some(guards) = &mut self.guards else {
            return (worker, 0);
        };
        let breaker = &mut guards.all[worker as usize].breaker;
        let changed = ask.open && breaker.enter(ask.now);
        let epoch = breaker.epoch();
        if changed {
            self.refresh(ask.now);
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

    /// Whether the result of an attempt reaches no breaker.
    #[inline]
    pub fn loses(&self, of: impl FnOnce() -> Try) -> bool {
        let lost = self.guards.as_ref().and_then(|g| g.lost.as_ref());
        lost.is_some_and(|lost| lost.takes(of()))
    }

    /// Tells a worker's breaker that a call which it let in is taken back.
    pub fn forget(&mut self, worker: u32, epoch: u32, now: Nanos) {
        self.tick(now);
        let guards = self.guards.as_mut();
        if guards.is_some_and(|g| g.all[worker as usize].forget(now, epoch, g.spec)) {
            self.refresh(now);
        }
    }

    /// Tells a worker's breaker what became of a call that it let in, unless that is lost.
    #[inline]
    pub fn hear(&mut self, worker: u32, call: Call, now: Nanos, of: impl FnOnce() -> Try) {
        match &self.guards {
            Some(guards) if guards.lost.as_ref().is_some_and(|l| l.takes(of())) => return,
            Some(guards) if now >= guards.next_change => self.refresh(now),
            _ => {}
        }
        let guards = self.guards.as_mut();
        if guards.is_some_and(|g| g.all[worker as usize].hear(now, call, g.spec)) {
            self.refresh(now);
        }
    }

    /// Finds anew who is eligible, and whom of them it prefers.
    #[cold]
    pub(super) fn refresh(&mut self, now: Nanos) {
        self.find_eligible(now);
        self.find_zones();
    }

    fn find_eligible(&mut self, now: Nanos) {
        // What time alone has done comes first: below one looks ahead only.
        if let Some(guards) = &mut self.guards
            && now >= guards.next_change
        {
            guards.tick(now);
        }
        let hosts = self.hosts.as_ref().filter(|h| !h.panics());
        let good = |worker: u32| hosts.is_none_or(|h| h.is_good(worker));
        let Some(guards) = &mut self.guards else {
            // Breakers that are elsewhere come with a refresh.
            if self.guarded {
                self.seen = u64::MAX;
                return;
            }
            self.eligible.clear();
            match &self.known {
                Some(known) => self.eligible.extend(known.iter().filter(|&&w| good(w))),
                None => {
                    let all = 0..self.worker_count as u32;
                    self.eligible.extend(all.filter(|&w| good(w)));
                }
            }
            return;
        };
        self.eligible.clear();
        guards.version += 1;
        self.seen = guards.version;
        guards.next_change = Nanos::MAX;
        for (worker, guard) in (0u32..).zip(&guards.all) {
            // Another instance that shares the breakers may know whom this one does not.
            let change = guard.breaker.next_change().unwrap_or(Nanos::MAX);
            if change > now {
                guards.next_change = guards.next_change.min(change);
            }
            let unknown = |known: &Vec<u32>| known.binary_search(&worker).is_err();
            if self.known.as_ref().is_some_and(unknown) {
                continue;
            }
            if guard.breaker.admits(now) && good(worker) {
                self.eligible.push(worker);
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
    fn new(
        spec: &'s BreakerSpec,
        system: &SystemSpec,
        service: &ServiceSpec,
        instance: u32,
        key: &Key,
    ) -> Self {
        let path = |number: u32| match instance {
            0 => format!("{}/breaker", worker_path(service, number)),
            _ => format!("{}/breaker/{}", worker_path(service, number), instance + 1),
        };
        let guard = |number: u32| Guard::new(spec, key, || path(number));
        let all: Vec<Guard> = (0..service.worker_count() as u32).map(guard).collect();
        let changes = all.iter().filter_map(|g| g.breaker.next_change());
        Guards {
            spec,
            counts: spec.counts(),
            lost: {
                let sources = system.sources.iter().map(|s| s.name.clone());
                let callers = sources.chain(system.call_sites().map(|site| site.path(system)));
                let path = |caller| format!("service/{}/breaker/lost/{caller}", service.name);
                Lost::new(spec, key, callers.map(path))
            },
            version: 0,
            next_change: changes.min().unwrap_or(Nanos::MAX),
            all,
        }
    }

    fn tick(&mut self, now: Nanos) {
        for guard in &mut self.all {
            guard.tick(now, self.spec);
        }
    }
}
