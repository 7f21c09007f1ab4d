//! What detectors are shown of a system, and when. It moves nothing: no draw, no event.

use super::*;
use crate::model::incident::{
    self, BalancerState, BreakerLook, Detectors, Episode, Ground, Incidents, Look, Place, Reading,
    STATIONS, Scene, ServiceLook, State, What,
};
use crate::model::spec::{FaultSpec, FaultWhen, UNBOUNDED_CORES};
use crate::model::trial::StopAt;
use crate::model::worker::Areas;

/// What is noted of a fault.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    /// It strikes.
    Began,
    /// It is over.
    Ended,
}

/// What is kept for those who look.
#[derive(Clone, Debug)]
pub(super) struct Watching<'s> {
    detectors: Option<Detectors<'s>>,
    readings: Vec<Reading>,
    /// When the detectors look next.
    next: Nanos,
    /// Warm-up and measured time; `Nanos::MAX`: not known.
    length: Nanos,
    /// Fingerprints at the stations passed.
    stations: Vec<u64>,
    has_stations: bool,
    /// Answers later than each budget allows.
    late: Vec<u64>,
    /// What was set back to zero when the measured time began: integrals, and openings of breakers
    /// by balancer and worker.
    areas: Vec<Areas>,
    opens: Vec<Vec<u64>>,
    /// Where the run is broken off, and when that is, once it is known.
    stop: Option<StopAt>,
    stop_at: Nanos,
    /// Moments at which the system is noted down, and what was noted so far.
    asked: &'s [Nanos],
    states: Vec<State>,
}

impl<'s> Watching<'s> {
    /// For those who look at a run; `None`: nobody does.
    pub fn new(spec: &SystemSpec, run: &'s RunSpec, workers: usize) -> Option<Box<Self>> {
        let rules = &run.look_for.rules;
        let stop = run.look_for.stop;
        let asked = &run.look_for.states[..];
        if rules.is_empty() && !run.look_for.stations && stop.is_none() && asked.is_empty() {
            return None;
        }
        let length = match run.timing.horizon {
            Horizon::For(time) => run.timing.warm_up.saturating_add(time),
            Horizon::Trace => Nanos::MAX,
        };
        let detectors = (!rules.is_empty()).then(|| Detectors::new(rules, ground(spec, run)));
        let readings = rules.own.iter().map(|own| {
            Reading::of(&own.metric, spec).unwrap_or_else(|why| unreachable!("checked: {why}"))
        });
        Some(Box::new(Watching {
            next: detectors
                .as_ref()
                .map_or(Nanos::MAX, |d| d.interval().min(length)),
            readings: readings.collect(),
            late: vec![0; rules.budgets.len()],
            detectors,
            length,
            stations: Vec::new(),
            has_stations: run.look_for.stations && length < Nanos::MAX,
            areas: vec![Areas::default(); workers],
            opens: Vec::new(),
            stop,
            stop_at: match stop {
                Some(StopAt::Time(time)) => time,
                _ => Nanos::MAX,
            },
            asked,
            states: Vec::new(),
        }))
    }

    /// After detectors were told something: says whether that decided when the run is broken off.
    fn decide(&mut self) -> bool {
        let Some(StopAt::Episode { kinds, nth, linger }) = self.stop else {
            return false;
        };
        if self.stop_at < Nanos::MAX {
            return false;
        }
        let found = self.detectors.as_ref().map(Detectors::found);
        let wanted = |e: &&Episode| kinds.has(e.kind);
        let nth = found.and_then(|f| f.episodes.iter().filter(wanted).nth(nth as usize));
        let Some(episode) = nth else {
            return false;
        };
        self.stop_at = episode.at.saturating_add(linger);
        true
    }

    /// The next moment at which anybody looks.
    pub fn next_look(&self) -> Nanos {
        let station = match self.stations.len() {
            passed if self.has_stations && passed < STATIONS => {
                incident::station(self.length, passed)
            }
            _ => Nanos::MAX,
        };
        let noted = self.asked.get(self.states.len());
        station
            .min(self.next)
            .min(self.stop_at)
            .min(noted.copied().unwrap_or(Nanos::MAX))
    }

    /// What was found so far.
    pub fn found(&self) -> Option<&Incidents> {
        self.detectors.as_ref().map(Detectors::found)
    }

    /// Answers that take at least this long are late for some budget.
    pub fn slow_from(&self) -> Nanos {
        let detectors = self.detectors.iter();
        let budgets = detectors.flat_map(|d| &d.rules().budgets);
        let over = budgets.filter_map(|budget| budget.over).min();
        over.map_or(Nanos::MAX, |over| over.saturating_add(1))
    }

    /// What was found.
    pub fn finish(mut self, fingerprint: u64) -> Seen {
        if self.has_stations {
            self.stations.resize(STATIONS, fingerprint);
        }
        let found = self.detectors.map(Detectors::finish);
        Seen {
            incidents: found.unwrap_or_default(),
            stations: self.stations,
            states: self.states,
        }
    }
}

/// What those who looked have seen.
#[derive(Default)]
pub(super) struct Seen {
    pub incidents: Incidents,
    pub stations: Vec<u64>,
    pub states: Vec<State>,
}

/// What the detectors have to know of a system.
fn ground(spec: &SystemSpec, run: &RunSpec) -> Ground {
    let mut ground = Ground {
        names: spec.services.iter().map(|s| s.name.clone()).collect(),
        services: spec.services.len(),
        measured: match run.timing.horizon {
            Horizon::For(time) => Some(time),
            Horizon::Trace => None,
        },
        rate: spec.sources.iter().map(SourceSpec::mean_rate).sum(),
        ..Ground::default()
    };
    let mut group_number = 0;
    for (number, service) in (0u32..).zip(&spec.services) {
        for group in &service.groups {
            for _ in 0..group.count {
                ground.service_of.push(number);
                ground.group_of.push(group_number);
                ground.cores.push(group.cores);
                // Who comes and goes has no equals.
                group_number += u32::from(service.autoscale.is_some());
            }
            group_number += 1;
        }
    }
    ground.workers = ground.service_of.len();
    let timeouts = spec
        .sources
        .iter()
        .filter_map(|s| s.client.timeout.as_ref());
    ground.timeout = timeouts.map(|dist| whole(dist.mean())).max();
    let once = |f: &FaultSpec| matches!(f.when, FaultWhen::At(_)) && f.enabled;
    ground.triggers = spec.faults.iter().map(once).collect();
    ground
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// A moment has come at which somebody looks. Nothing has changed since then.
    #[cold]
    #[inline(never)]
    pub(super) fn look(&mut self, now: Nanos) {
        let Some(mut watching) = self.watching.take() else {
            self.next_look = Nanos::MAX;
            return;
        };
        while watching.has_stations
            && watching.stations.len() < STATIONS
            && incident::station(watching.length, watching.stations.len()) <= now
        {
            watching.stations.push(self.fingerprint.value());
        }
        while let Some(&at) = watching.asked.get(watching.states.len())
            && at <= now
        {
            self.tick_breakers(at);
            watching.states.push(self.state(at));
        }
        if watching.next <= now
            && let Some(mut detectors) = watching.detectors.take()
        {
            let interval = detectors.interval();
            let at = match now >= watching.length {
                true => watching.length,
                false => now / interval * interval,
            };
            self.tick_breakers(at);
            self.show(&watching, &mut detectors, at);
            watching.next = match at >= watching.length {
                true => Nanos::MAX,
                false => at.saturating_add(interval).min(watching.length),
            };
            watching.detectors = Some(detectors);
            watching.decide();
        }
        self.broken_off = now >= watching.stop_at;
        self.next_look = watching.next_look();
        self.watching = Some(watching);
    }

    /// Shows the detectors what is to be seen at a moment.
    fn show(&mut self, watching: &Watching<'_>, detectors: &mut Detectors<'_>, at: Nanos) {
        let areas: Vec<Areas> = (0u32..)
            .zip(&watching.areas)
            .map(|(worker, before)| self.workers.areas(worker, at).and(before))
            .collect();
        let classes = &self.measure.tally.classes;
        let mut look = Look {
            at,
            ledger: self.ledger,
            late: watching.late.clone(),
            classes: classes
                .iter()
                .take(self.roots as usize)
                .map(|c| (c.born, c.ok))
                .collect(),
            services: vec![ServiceLook::default(); self.spec.services.len()],
            own: Vec::new(),
        };
        for (worker, areas) in areas.iter().enumerate() {
            let cold = &self.workers.cold[worker];
            let service = &mut look.services[cold.service as usize];
            if cold.cores != UNBOUNDED_CORES {
                service.busy += areas.busy - areas.wedged_busy;
                service.able += areas.able;
            }
            service.waiting += u64::from(self.workers.waiting(worker as u32));
        }
        for front in &self.fronts {
            look.services[front.service as usize].waiting += front.waiting.value;
        }
        let readings = watching.readings.iter();
        look.own = readings.map(|r| self.read(r, &look, &areas)).collect();
        let busy: Vec<u128> = areas.iter().map(|a| a.busy).collect();
        let breakers = self.breakers(watching);
        let scene = |place: Place| self.scene(place);
        detectors.look(look, &busy, breakers.into_iter(), &scene);
        if let Some(age) = detectors.overdue_after(at) {
            let (count, oldest) = self.older_than(age, at);
            detectors.overdue(count, oldest, at, self.scene(Place::System));
        }
    }

    /// Breakers by worker; what several instances of a balancer have for one worker is put
    /// together.
    fn breakers(&self, watching: &Watching<'_>) -> Vec<BreakerLook> {
        let mut all: Vec<Option<BreakerLook>> = vec![None; self.workers.len()];
        for (number, front) in self.fronts.iter().enumerate() {
            let before = watching.opens.get(number);
            let first = front.first_worker;
            for (index, (opens, from, until)) in front.openings().enumerate() {
                let worker = first + index as u32;
                let opens = opens + before.map_or(0, |before| before[index]);
                let known = all[worker as usize].get_or_insert(BreakerLook {
                    worker,
                    opens: 0,
                    from,
                    until,
                });
                known.opens += opens;
                known.from = known.from.max(from);
                known.until = known.until.max(until);
            }
        }
        all.into_iter().flatten().collect()
    }

    /// Numerator and denominator of a condition, from the start of the run up to a moment.
    fn read(&self, reading: &Reading, look: &Look, areas: &[Areas]) -> (f64, f64) {
        let ledger = &look.ledger;
        let seconds = look.at as f64 / 1e9;
        let areas = || areas[reading.workers.clone()].iter();
        let fronts = || {
            let fronts = self.fronts.iter();
            fronts.filter(|front| reading.services.contains(&(front.service as usize)))
        };
        let time = look.at as f64;
        let failed = |wanted: &dyn Fn(Outcome) -> bool| {
            let outcomes = Outcome::ALL.into_iter().filter(|&o| wanted(o));
            outcomes.map(|o| ledger.failed[o.index()]).sum::<u64>() as f64
        };
        let waiting = || {
            let balancers: u128 = fronts().map(|f| f.waiting.area_at(look.at)).sum();
            areas().map(|a| a.queue).sum::<u128>() + balancers
        };
        match reading.what {
            What::Offered => (ledger.born as f64, seconds),
            What::Throughput => (ledger.answered() as f64, seconds),
            What::Goodput => (ledger.ok as f64, seconds),
            What::Loss => (ledger.lost as f64, look.ended() as f64),
            What::Refused(None) => (failed(&|o| o.is_refusal()), look.made() as f64),
            What::Refused(Some(outcome)) => (failed(&|o| o == outcome), look.made() as f64),
            What::Attempts => (look.made() as f64, ledger.born as f64),
            What::Utilisation => {
                let all = reading.workers.clone().zip(areas());
                let ends = all.filter(|&(w, _)| self.workers.cold[w].cores != UNBOUNDED_CORES);
                let busy: u128 = ends.map(|(_, a)| a.busy - a.wedged_busy).sum();
                (busy as f64, areas().map(|a| a.able).sum::<u128>() as f64)
            }
            What::Waiting => (waiting() as f64, time),
            What::Inside => {
                let dispatching: u128 = fronts().map(|f| f.dispatching.area_at(look.at)).sum();
                let serving: u128 = areas().map(|a| a.serving).sum();
                ((waiting() + dispatching + serving) as f64, time)
            }
            What::Ram => {
                let all = reading.workers.clone().zip(areas());
                let ends = all.filter(|&(w, _)| self.workers.ram_ends(w as u32));
                let held: u128 = ends.clone().map(|(_, a)| a.ram).sum();
                let all: f64 = ends.map(|(w, _)| self.workers.cold[w].ram_in_all()).sum();
                (held as f64, all * time)
            }
        }
    }

    /// How many requests are inside for longer than an age, and how old the oldest is.
    fn older_than(&self, age: Nanos, now: Nanos) -> (u64, Nanos) {
        let (mut count, mut oldest) = (0, 0);
        for place in self.jobs.places() {
            if !self.jobs.is_active(place) {
                continue;
            }
            let born = match self.jobs.knows_requests() {
                true => self.jobs.request(place).born,
                false => self.jobs.attempt(place).arrived,
            };
            let old = now.saturating_sub(born);
            count += u64::from(old > age);
            oldest = oldest.max(old);
        }
        (count, oldest)
    }

    /// What is to be seen at a place now.
    fn scene(&self, place: Place) -> Scene {
        let mut scene = Scene {
            pausing: self.pausing.value,
            slots: Some(0),
            ..Scene::default()
        };
        let service = match place {
            Place::Balancer(service) | Place::Service(service) => Some(service),
            _ => None,
        };
        let fronts = self.fronts.iter().filter(|f| f.dispatch.is_some());
        let fronts = fronts.filter(|f| service.is_none_or(|service| service == f.service));
        for front in fronts.filter(|_| !matches!(place, Place::Worker(_))) {
            scene.waiting += front.waiting.value;
            scene.add_slots((front.slots < Nanos::MAX).then_some(front.slots));
            if let Place::Balancer(_) = place {
                scene.busy += front.dispatching.value;
                scene.cores += front.cores;
            }
        }
        if let Place::Balancer(_) = place {
            return scene;
        }
        let workers = match place {
            Place::Worker(worker) => worker as usize..worker as usize + 1,
            _ => 0..self.workers.len(),
        };
        let (mut ram, mut held) = (0.0, 0.0);
        for worker in workers {
            let cold = &self.workers.cold[worker];
            if service.is_some_and(|service| service != cold.service) {
                continue;
            }
            let here = self.workers.state(worker as u32);
            scene.waiting += here.waiting;
            scene.add_slots(here.slots);
            scene.busy += here.busy;
            scene.cores = scene.cores.saturating_add(here.cores);
            if self.workers.ram_ends(worker as u32) {
                ram += cold.ram_in_all();
                held += here.ram as f64;
            }
        }
        scene.ram = if ram > 0.0 { held / ram } else { 0.0 };
        scene
    }

    /// Everything as it stands at a moment since which nothing has happened.
    fn state(&self, at: Nanos) -> State {
        let mut state = State {
            at,
            workers: (0..self.workers.len() as u32)
                .map(|worker| self.workers.state(worker))
                .collect(),
            balancers: vec![BalancerState::default(); self.spec.services.len()],
            pausing: self.pausing.value,
            born: self.ledger.born,
        };
        for front in &self.fronts {
            let balancer = &mut state.balancers[front.service as usize];
            balancer.waiting += front.waiting.value;
            balancer.dispatching += front.dispatching.value;
            let workers = &mut state.workers[front.first_worker as usize..];
            for (worker, breaker) in workers.iter_mut().zip(front.breaker_states(at)) {
                worker.breaker.get_or_insert(breaker);
            }
        }
        state
    }

    /// An attempt was refused for want of room.
    #[cold]
    pub(super) fn note_refusal(&mut self, a: &Attempt, outcome: Outcome, now: Nanos) {
        let Some(mut watching) = self.watching.take() else {
            return;
        };
        if let Some(detectors) = &mut watching.detectors
            && now <= watching.length
        {
            let service = self.service_of[self.source_of[a.class as usize] as usize];
            let worker = (a.worker != NO_WORKER).then_some(a.worker);
            let place = worker.map_or(Place::Balancer(service), Place::Worker);
            detectors.refused((worker, service), outcome, now, || self.scene(place));
            if watching.decide() {
                self.next_look = watching.next_look();
            }
        }
        self.watching = Some(watching);
    }

    /// A fault begins or ends.
    pub(super) fn note_fault(&mut self, fault: u32, worker: u32, what: Note, now: Nanos) {
        let Some(watching) = &mut self.watching else {
            return;
        };
        let worker = ((worker as usize) < self.workers.len()).then_some(worker);
        if let Some(detectors) = watching
            .detectors
            .as_mut()
            .filter(|_| now <= watching.length)
        {
            match what {
                Note::Began => detectors.fault_began(fault, worker, now),
                Note::Ended => detectors.fault_ended(fault, worker, now),
            }
        }
    }

    /// An answer came after so long: it counts against the budgets that allow less.
    #[cold]
    #[inline(never)]
    pub(super) fn note_slow(&mut self, latency: Nanos) {
        let Some(watching) = &mut self.watching else {
            return;
        };
        let budgets = watching.detectors.iter().flat_map(|d| &d.rules().budgets);
        for (late, budget) in watching.late.iter_mut().zip(budgets) {
            *late += u64::from(budget.over.is_some_and(|over| latency > over));
        }
    }

    /// The measured time begins, and integrals and openings are about to be counted anew.
    pub(super) fn carry_over(&mut self, now: Nanos) {
        let Some(mut watching) = self.watching.take() else {
            return;
        };
        for (worker, areas) in (0u32..).zip(&mut watching.areas) {
            *areas = self.workers.areas(worker, now).and(areas);
        }
        let fronts = self.fronts.iter();
        watching.opens = fronts.map(|front| front.opens().collect()).collect();
        self.watching = Some(watching);
    }
}
