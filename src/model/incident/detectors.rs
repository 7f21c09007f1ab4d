//! The detectors of a run: what each has seen, and the episodes that came of it.
//!
//! Fed with refusals as they happen, with faults, and with a [`Look`] now and then. Knows nothing
//! of how a system works; a script can feed it as well.

use std::collections::{BTreeMap, VecDeque};

use super::look::{Look, Past};
use super::rules::{Kind, Rule, Rules, Window};
use super::{Episode, Incidents, MOST_EPISODES, MOST_FAULTS, Place, Scene, Struck};
use crate::base::units::Nanos;
use crate::model::outcome::Outcome;

/// An episode of refusals is over after so long without one.
const QUIET: Nanos = 1_000_000_000;

/// Looks that the longest window may hold.
const MOST_LOOKS: u64 = 1024;

/// The usual time between two looks, and the shortest.
const USUAL: Nanos = 100_000_000;
const SHORTEST: Nanos = 1_000_000;

/// What the detectors have to know of a system.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// Workers, through all services.
    pub workers: usize,
    /// The service of each worker.
    pub service_of: Vec<u32>,
    /// The group of each worker, by a number of its own through all services.
    pub group_of: Vec<u32>,
    /// Cores of each worker.
    pub cores: Vec<u32>,
    /// Services.
    pub services: usize,
    /// Their names.
    pub names: Vec<String>,
    /// The longest timeout of a client, if any has one.
    pub timeout: Option<Nanos>,
    /// Length of the measured time, if it is known.
    pub measured: Option<Nanos>,
    /// Requests a second offered, about.
    pub rate: f64,
    /// Whether each fault happens once: it can be what set something off.
    pub triggers: Vec<bool>,
}

/// A breaker as it is seen at a look.
#[derive(Clone, Copy, Debug)]
pub struct BreakerLook {
    /// Its worker, by number in the system.
    pub worker: u32,
    /// How often it opened since the run began.
    pub opens: u64,
    /// When it opened last.
    pub from: Nanos,
    /// Until when it stays open at least.
    pub until: Nanos,
}

/// Where an episode is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Open {
    #[default]
    No,
    Kept(usize),
    Counted,
}

/// Refusals at one place.
#[derive(Clone, Copy, Debug, Default)]
struct Refusals {
    total: u64,
    last: Nanos,
    open: Open,
}

/// Whether a condition holds.
pub(super) enum Signal {
    /// Yes, with the value that was held against the threshold, and so many.
    On(f64, u64),
    /// No more and not yet.
    Between,
    /// Clearly not.
    Off,
}

/// The detectors of one run.
#[derive(Clone, Debug)]
pub struct Detectors<'s> {
    pub(super) rules: &'s Rules,
    pub(super) ground: Ground,
    interval: Nanos,
    pub(super) past: Past,
    pub(super) found: Incidents,
    /// Episodes that are on, but those of refusals.
    pub(super) on: BTreeMap<(Kind, u32, Place), Open>,
    /// Full buffers, by worker and then by balancer.
    overflows: Vec<Refusals>,
    /// RAM that refuses beside a free core, by worker; buffers beside free RAM, by service.
    memory: Vec<Refusals>,
    breakers: Vec<u64>,
    /// Breakers of each service that opened lately.
    opened: Vec<VecDeque<(Nanos, u32)>>,
    pub(super) busy_before: (Nanos, Vec<u128>),
    overdue_next: Nanos,
    /// Highest rate that was carried well, requests a second.
    pub(super) carried: f64,
}

impl<'s> Detectors<'s> {
    /// Nothing has happened yet.
    pub fn new(rules: &'s Rules, ground: Ground) -> Self {
        let windows = rules.built_in.iter().filter_map(|r| ground.window(r));
        let own = rules.own.iter().map(|own| own.window);
        let windows: Vec<Nanos> = windows.chain(own).filter(|&w| w > 0).collect();
        let longest = windows.iter().copied().max().unwrap_or(0);
        let burn = rules
            .get(Kind::SloBurn)
            .and_then(|r| ground.window(r))
            .map(|w| w / 12);
        let shortest = windows.iter().copied().chain(burn).min().unwrap_or(USUAL);
        // A look at a thousand workers costs next to nothing, however seldom requests come.
        let workers = if ground.rate > 0.0 && ground.workers > 1000 {
            (ground.workers as f64 / ground.rate * 1e9).min(1e18) as Nanos
        } else {
            0
        };
        let interval = (shortest / 4)
            .clamp(SHORTEST, USUAL)
            .max(longest / MOST_LOOKS)
            .max(workers);
        Detectors {
            interval,
            past: Past::new(longest),
            found: Incidents::default(),
            on: BTreeMap::new(),
            overflows: vec![Refusals::default(); ground.workers + ground.services],
            memory: vec![Refusals::default(); ground.workers + ground.services],
            breakers: vec![0; ground.workers],
            opened: vec![VecDeque::new(); ground.services],
            busy_before: (0, vec![0; ground.workers]),
            overdue_next: 0,
            carried: 0.0,
            rules,
            ground,
        }
    }

    /// What is looked for.
    pub fn rules(&self) -> &'s Rules {
        self.rules
    }

    /// Time between two looks.
    pub fn interval(&self) -> Nanos {
        self.interval
    }

    /// An attempt was refused for want of room at a worker or, without one, at the balancer of a
    /// service.
    #[cold]
    pub fn refused(
        &mut self,
        (worker, service): (Option<u32>, u32),
        outcome: Outcome,
        now: Nanos,
        scene: impl FnOnce() -> Scene,
    ) {
        let mut scene = Some(scene);
        let mut seen = None;
        let mut look =
            || *seen.get_or_insert_with(|| scene.take().map_or_else(Scene::default, |s| s()));
        let place = worker.map_or(Place::Balancer(service), Place::Worker);
        let index = worker.map_or(self.ground.workers + service as usize, |w| w as usize);
        if outcome == Outcome::BufferFull
            && let Some(rule) = self.rules.get(Kind::OverflowFirst)
            && self.is_for(rule, worker)
        {
            let refusals = &mut self.overflows[index];
            refusals.total += 1;
            refusals.last = now;
            match refusals.open {
                Open::Kept(episode) => self.found.episodes[episode].amount += 1,
                Open::Counted => {}
                Open::No if refusals.total < rule.count => {}
                Open::No => {
                    let open = self.begin((Kind::OverflowFirst, 0, place), now, now, look());
                    self.overflows[index].open = open;
                }
            }
        }
        let Some(rule) = self.rules.get(Kind::Memory) else {
            return;
        };
        let Some(worker) = worker else {
            return;
        };
        let (place, index) = match outcome {
            Outcome::RamFull | Outcome::OutOfMemory => (Place::Worker(worker), worker as usize),
            Outcome::BufferFull => (
                Place::Service(service),
                self.ground.workers + service as usize,
            ),
            _ => return,
        };
        if let Open::No = self.memory[index].open {
            let scene = look();
            let out = match place {
                Place::Worker(_) => scene.busy < scene.cores,
                _ => scene.ram > 0.0 && 1.0 - scene.ram > rule.threshold,
            };
            if !out {
                return;
            }
            let open = self.begin((Kind::Memory, 0, place), now, now, scene);
            self.memory[index].open = open;
            self.memory[index].last = now;
            if let Open::Kept(episode) = open {
                self.found.episodes[episode].worst = scene.ram;
            }
            return;
        }
        self.memory[index].last = now;
        if let Open::Kept(episode) = self.memory[index].open {
            self.found.episodes[episode].amount += 1;
        }
    }

    /// A fault begins at a worker, or at a source.
    pub fn fault_began(&mut self, fault: u32, worker: Option<u32>, now: Nanos) {
        if self.found.faults.len() == MOST_FAULTS {
            self.found.more_faults += 1;
            return;
        }
        self.found.faults.push(Struck {
            fault,
            worker,
            from: now,
            to: None,
        });
    }

    /// And ends.
    pub fn fault_ended(&mut self, fault: u32, worker: Option<u32>, now: Nanos) {
        let mut struck = self.found.faults.iter_mut().rev();
        let same = |s: &&mut Struck| s.fault == fault && s.worker == worker && s.to.is_none();
        if let Some(struck) = struck.find(same) {
            struck.to = Some(now);
        }
    }

    /// Whether those inside are to be looked through for old ones at this look: from how old on.
    pub fn overdue_after(&mut self, now: Nanos) -> Option<Nanos> {
        let window = self.ground.window(self.rules.get(Kind::Overdue)?)?;
        if now < self.overdue_next || now < window {
            return None;
        }
        self.overdue_next = now.saturating_add(window / 10);
        Some(window)
    }

    /// So many requests are older than that, the oldest of them so old (nanoseconds).
    pub fn overdue(&mut self, count: u64, oldest: Nanos, now: Nanos, scene: Scene) {
        let key = (Kind::Overdue, 0, Place::System);
        let signal = match count {
            0 => Signal::Off,
            _ => Signal::On(oldest as f64 / 1e9, count),
        };
        self.drive(key, signal, (now, now), &|_| scene);
    }

    /// Everything else is looked at. `busy`: core-time busy so far of each worker. `scene` of a
    /// place.
    pub fn look(
        &mut self,
        look: Look,
        busy: &[u128],
        breakers: impl Iterator<Item = BreakerLook>,
        scene: &dyn Fn(Place) -> Scene,
    ) {
        let now = look.at;
        self.quiet(now);
        self.look_at_breakers(breakers, now, scene);
        self.past.push(look);
        for rule in &self.rules.built_in {
            match rule.kind {
                Kind::OverflowRate | Kind::RetryStorm => self.rates(rule, scene),
                Kind::SloBurn => self.burn(rule, scene),
                Kind::Saturation => self.saturation(rule, scene),
                Kind::Unfair => self.unfair(rule, busy, now, scene),
                Kind::Starvation => self.starvation(rule, scene),
                Kind::Metastable => self.metastable(rule, scene),
                _ => {}
            }
        }
        self.own(scene);
    }

    /// What was found so far, in the order in which it was found.
    pub fn found(&self) -> &Incidents {
        &self.found
    }

    /// What was found, at the end.
    pub fn finish(mut self) -> Incidents {
        let episodes = &mut self.found.episodes;
        // The sort is stable: what fired at one moment stays in the order of detectors.
        episodes.sort_by_key(|episode| (episode.at, episode.kind));
        self.found
    }

    fn is_for(&self, rule: &Rule, worker: Option<u32>) -> bool {
        rule.workers.is_empty()
            || worker.is_some_and(|w| {
                let service = self.ground.service_of[w as usize];
                let first = self.ground.service_of.partition_point(|&s| s < service) as u32;
                let (name, number) = (&self.ground.names[service as usize], w - first + 1);
                rule.workers.iter().any(|(s, n)| s == name && *n == number)
            })
    }

    fn begin(
        &mut self,
        (kind, which, place): (Kind, u32, Place),
        at: Nanos,
        from: Nanos,
        scene: Scene,
    ) -> Open {
        if self.found.episodes.len() == MOST_EPISODES {
            self.found.more += 1;
            return Open::Counted;
        }
        self.found.episodes.push(Episode {
            kind,
            which,
            place,
            at,
            from,
            to: None,
            amount: 1,
            worst: 0.0,
            scene,
        });
        Open::Kept(self.found.episodes.len() - 1)
    }

    /// A condition goes on, begins or ends.
    pub(super) fn drive(
        &mut self,
        key: (Kind, u32, Place),
        signal: Signal,
        (now, from): (Nanos, Nanos),
        scene: &dyn Fn(Place) -> Scene,
    ) {
        let open = self.on.get(&key).copied().unwrap_or_default();
        match (open, signal) {
            (Open::No, Signal::On(value, amount)) => {
                let open = self.begin(key, now, from, scene(key.2));
                self.on.insert(key, open);
                if let Open::Kept(episode) = open {
                    self.found.episodes[episode].worst = value;
                    self.found.episodes[episode].amount = amount;
                }
            }
            (Open::Kept(episode), Signal::On(value, amount)) => {
                let episode = &mut self.found.episodes[episode];
                let sinks = match key.0 {
                    Kind::Metastable => true,
                    Kind::Own => !self.rules.own[key.1 as usize].above,
                    _ => false,
                };
                episode.worst = match sinks {
                    true => episode.worst.min(value),
                    false => episode.worst.max(value),
                };
                episode.amount = episode.amount.max(amount);
            }
            (Open::Kept(episode), Signal::Off) => {
                self.found.episodes[episode].to = Some(now);
                self.on.remove(&key);
            }
            (Open::Counted, Signal::Off) => {
                self.on.remove(&key);
            }
            _ => {}
        }
    }

    /// Ends what has had no refusal for a while.
    fn quiet(&mut self, now: Nanos) {
        for refusals in self.overflows.iter_mut().chain(&mut self.memory) {
            if refusals.open == Open::No || now.saturating_sub(refusals.last) <= QUIET {
                continue;
            }
            if let Open::Kept(episode) = refusals.open {
                self.found.episodes[episode].to = Some(refusals.last);
            }
            refusals.open = Open::No;
        }
    }

    fn look_at_breakers(
        &mut self,
        breakers: impl Iterator<Item = BreakerLook>,
        now: Nanos,
        scene: &dyn Fn(Place) -> Scene,
    ) {
        let first = self.rules.get(Kind::BreakerFirst).is_some();
        let cascade = self.rules.get(Kind::BreakerCascade);
        let mut of_service = vec![0_u64; self.ground.services];
        for breaker in breakers {
            let (worker, place) = (breaker.worker as usize, Place::Worker(breaker.worker));
            let service = self.ground.service_of[worker] as usize;
            of_service[service] += 1;
            let known = std::mem::replace(&mut self.breakers[worker], breaker.opens);
            let key = (Kind::BreakerFirst, 0, place);
            if breaker.opens > known {
                let lately = &mut self.opened[service];
                lately.retain(|&(_, other)| other != breaker.worker);
                lately.push_back((breaker.from, breaker.worker));
                if first {
                    let so_far = self.amount_of(key);
                    let signal = Signal::On(0.0, so_far + breaker.opens - known);
                    let at = breaker.from.min(now);
                    self.drive(key, signal, (at, at), scene);
                }
            } else if first && breaker.until.saturating_add(QUIET) < now {
                self.drive(key, Signal::Off, (breaker.until, 0), scene);
            }
        }
        let Some(rule) = cascade else {
            return;
        };
        let window = self.ground.window(rule).unwrap_or(0);
        for (service, of_service) in (0u32..).zip(of_service) {
            let lately = &mut self.opened[service as usize];
            while lately
                .front()
                .is_some_and(|&(at, _)| at.saturating_add(window) < now)
            {
                lately.pop_front();
            }
            let count = lately.len() as u64;
            let from = lately.front().map_or(now, |&(at, _)| at);
            let needed = rule.count.min(of_service.div_ceil(2)).max(2);
            let signal = match count {
                n if n >= needed => Signal::On(n as f64, n),
                0 => Signal::Off,
                _ => Signal::Between,
            };
            let place = Place::Service(service);
            self.drive((rule.kind, 0, place), signal, (now, from), scene);
        }
    }

    fn amount_of(&self, key: (Kind, u32, Place)) -> u64 {
        match self.on.get(&key) {
            Some(Open::Kept(episode)) => self.found.episodes[*episode].amount,
            _ => 0,
        }
    }
}

impl Ground {
    /// How long a rule's window is here; `None`: it has none, as no client has a timeout.
    pub fn window(&self, rule: &Rule) -> Option<Nanos> {
        match rule.window {
            Window::Of(time) => Some(time),
            Window::PartOfRun(parts) => Some(self.measured? / parts),
            Window::Timeouts(times) => Some(self.timeout?.saturating_mul(times)),
        }
    }
}
