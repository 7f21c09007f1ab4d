//! Workers that come and go: decisions of scalers, starts, drains, and who may be sent to.
//!
//! Every worker that there may ever be has its place from the start. One that is **out**, or on its
//! way, is down and unknown to the balancers; one that **drains** serves what it has and is unknown
//! to them too.

use std::collections::VecDeque;
use std::ops::Range;

use super::*;
use crate::model::scale::{Fleet as Count, Measured, Scaler};
use crate::model::spec::{AutoscaleSpec, Measure, ScaleRule};

/// Who comes and goes.
#[derive(Clone, Debug)]
pub(super) struct Scaling<'s> {
    /// By service.
    services: Vec<Option<Scaled<'s>>>,
    /// By worker.
    of: Vec<Place>,
}

/// A service whose workers come and go.
#[derive(Clone, Debug)]
struct Scaled<'s> {
    spec: &'s AutoscaleSpec,
    scaler: Scaler<'s>,
    /// What was measured when, the oldest first.
    measured: VecDeque<(Nanos, Measured)>,
    starts: Stream,
    /// Workers provisioned: in, on their way and draining.
    provisioned: Level,
    first: u32,
    count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Out,
    Starting,
    In,
    Draining,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    state: State,
    /// Moves on with each change.
    epoch: u32,
    /// Since when its busy time is counted, and what the integral of it was then.
    since: Nanos,
    busy: i128,
}

impl<'s> Scaling<'s> {
    /// `None` where all workers are there all the time.
    pub fn new(spec: &'s SystemSpec, key: &Key) -> Option<Box<Scaling<'s>>> {
        let (mut services, mut of) = (Vec::new(), Vec::new());
        for service in &spec.services {
            let (first, count) = (of.len() as u32, service.worker_count() as u32);
            let scale = service.autoscale.as_ref();
            let at_start = service.workers_at_start() as u32;
            services.push(scale.map(|scale| {
                let path = format!("service/{}/autoscale", service.name);
                let mut provisioned = Level::default();
                provisioned.set(0, u64::from(at_start));
                Scaled {
                    spec: scale,
                    scaler: Scaler::new(scale, count),
                    measured: VecDeque::new(),
                    starts: Stream::new(key, &path),
                    provisioned,
                    first,
                    count,
                }
            }));
            let state = |number: u32| match number < at_start {
                true => State::In,
                false => State::Out,
            };
            of.extend((0..count).map(|number| Place {
                state: state(number),
                epoch: 0,
                since: 0,
                busy: 0,
            }));
        }
        let any = services.iter().any(Option::is_some);
        any.then(|| Box::new(Scaling { services, of }))
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        for scaled in self.services.iter_mut().flatten() {
            scaled.starts.rekey(key);
        }
    }

    /// The integral of a worker's busy cores begins anew, so much less than it was.
    pub fn begins_anew(&mut self, worker: u32, less: u128) {
        self.of[worker as usize].busy -= less as i128;
    }

    /// The integral of workers provisioned of a service whose workers come and go.
    pub fn provisioned_of(&self, service: usize, now: Nanos) -> Option<u128> {
        let scaled = self.services[service].as_ref()?;
        Some(scaled.provisioned.area_at(now))
    }

    fn set(&mut self, worker: u32, state: State) -> u32 {
        let place = &mut self.of[worker as usize];
        place.state = state;
        place.epoch = place.epoch.wrapping_add(1);
        place.epoch
    }

    fn is(&self, worker: u32, state: State) -> bool {
        self.of[worker as usize].state == state
    }

    /// Those of a service that are in a state; none where its workers do not come and go.
    fn those(&self, service: usize, state: State) -> Vec<u32> {
        let workers = self.services[service].as_ref().map(Scaled::workers);
        let workers = workers.unwrap_or_default();
        workers.filter(|&w| self.is(w, state)).collect()
    }

    /// One more worker of a service is provisioned, or one fewer.
    fn provision(&mut self, service: usize, more: bool, now: Nanos) {
        if let Some(scaled) = &mut self.services[service] {
            match more {
                true => scaled.provisioned.up(now),
                false => scaled.provisioned.down(now),
            }
        }
    }
}

impl Scaled<'_> {
    fn workers(&self) -> Range<u32> {
        self.first..self.first + self.count
    }

    /// When it decides first; `None`: never.
    fn first_decision(&self) -> Option<Nanos> {
        match &self.spec.rule {
            ScaleRule::Schedule(times) => times.first().map(|t| t.0),
            _ => Some(self.spec.every),
        }
    }

    /// When it decides next; `None`: never again.
    fn next_decision(&self, now: Nanos) -> Option<Nanos> {
        match &self.spec.rule {
            ScaleRule::Schedule(times) => times.iter().map(|t| t.0).find(|&at| at > now),
            _ => Some(now.saturating_add(self.spec.every)),
        }
    }

    /// How many there are to be, after what is measured now and by what it sees of that.
    fn wants(&mut self, now: Nanos, count: Count, measured: Measured) -> u32 {
        self.measured.push_back((now, measured));
        let lag = self.spec.lag;
        let seen = |m: &(Nanos, Measured)| m.0.saturating_add(lag) <= now;
        while self.measured.get(1).is_some_and(seen) {
            self.measured.pop_front();
        }
        let last = self.measured.front().filter(|m| seen(m)).map(|m| m.1);
        self.scaler.wants(now, count, last.unwrap_or_default())
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Workers that are not there at the start are down, and the first decisions are to come.
    pub(super) fn begin_scaled<W: Entry>(&mut self, queue: &mut Queue<W, Event>) {
        let Some(scaling) = &self.scaling else { return };
        for (service, scaled) in scaling.services.iter().enumerate() {
            for worker in scaling.those(service, State::Out) {
                self.workers.leave(worker, 0);
            }
            if let Some(at) = scaled.as_ref().and_then(Scaled::first_decision) {
                let service = service as u32;
                queue.at(at, Event::Scale { service });
            }
        }
        for service in 0..self.spec.services.len() {
            self.tell_members(service, 0);
        }
    }

    /// The balancers of a service know who is in.
    fn tell_members(&mut self, service: usize, now: Nanos) {
        let Some(scaling) = &self.scaling else { return };
        let Some(scaled) = &scaling.services[service] else {
            return;
        };
        let members = scaling.those(service, State::In).into_iter();
        let members: Vec<u32> = members.map(|w| w - scaled.first).collect();
        let first = self.first_front(service);
        let instances = self.spec.services[service].balancer.instances as usize;
        for front in &mut self.fronts[first..first + instances] {
            front.know(&members, now);
        }
    }

    /// A scaler decides.
    #[cold]
    pub(super) fn scale<W: Entry>(&mut self, queue: &mut Queue<W, Event>, number: u32) {
        let (now, service) = (queue.now(), number as usize);
        let measured = self.measure_fleet(service, now);
        let Some(scaling) = &mut self.scaling else {
            return;
        };
        let count = Count {
            ready: scaling.those(service, State::In).len() as u32,
            starting: scaling.those(service, State::Starting).len() as u32,
        };
        let Some(scaled) = &mut scaling.services[service] else {
            return;
        };
        let wanted = scaled.wants(now, count, measured);
        if let Some(next) = scaled.next_decision(now) {
            queue.at(next, Event::Scale { service: number });
        }
        let there = count.all();
        if wanted != there {
            self.fold(now, kind::SCALED, u64::from(wanted), number);
        }
        if wanted > there {
            self.grow(queue, service, wanted - there);
        } else if wanted < there {
            self.shrink(queue, service, there - wanted);
        }
    }

    /// What a scaler sees of its service now.
    fn measure_fleet(&mut self, service: usize, now: Nanos) -> Measured {
        let mut measured = Measured::default();
        let Some(scaling) = &self.scaling else {
            return measured;
        };
        let Some(scaled) = &scaling.services[service] else {
            return measured;
        };
        let inside = scaling.those(service, State::In);
        match scaled.spec.rule.measure() {
            None => {}
            Some(Measure::Queue) => {
                let fronts = self.fronts.iter().filter(|f| f.service as usize == service);
                let at_balancers: u64 = fronts.map(|f| f.waiting.value).sum();
                let waiting = scaled.workers().map(|w| u64::from(self.workers.waiting(w)));
                measured.sum = (at_balancers + waiting.sum::<u64>()) as f64;
                measured.workers = 1;
            }
            Some(Measure::InFlight) => {
                let load = inside
                    .iter()
                    .map(|&w| u64::from(self.workers.load[w as usize]));
                measured.sum = load.sum::<u64>() as f64;
                measured.workers = inside.len() as u32;
            }
            Some(Measure::Utilisation) => {
                for worker in inside {
                    let cores = f64::from(self.workers.cold[worker as usize].cores);
                    let (busy, passed) = self.busy_since(worker, now);
                    if passed > 0 {
                        measured.sum += busy as f64 / (cores * passed as f64);
                        measured.workers += 1;
                    }
                }
            }
        }
        measured
    }

    /// Busy core-time of a worker since this was asked last, or since it came, and how long ago
    /// that is.
    fn busy_since(&mut self, worker: u32, now: Nanos) -> (i128, Nanos) {
        let busy = self.workers.areas(worker, now).busy as i128;
        let Some(scaling) = &mut self.scaling else {
            return (0, 0);
        };
        let place = &mut scaling.of[worker as usize];
        let since = (busy - place.busy, now - place.since);
        (place.busy, place.since) = (busy, now);
        since
    }

    /// New workers are on their way, as many as there are places for.
    fn grow<W: Entry>(&mut self, queue: &mut Queue<W, Event>, service: usize, more: u32) {
        let now = queue.now();
        let Some(scaling) = &mut self.scaling else {
            return;
        };
        let out = scaling.those(service, State::Out);
        if out.len() < more as usize
            && let Some(scaled) = &scaling.services[service]
            && matches!(scaled.spec.rule, ScaleRule::Schedule(_))
        {
            // A clock decides once: it comes back when those who drain now have gone.
            let at = now.saturating_add(scaled.spec.drain.max(1));
            let service = service as u32;
            queue.at(at, Event::Scale { service });
        }
        for worker in out.into_iter().take(more as usize) {
            let epoch = scaling.set(worker, State::Starting);
            scaling.provision(service, true, now);
            if let Some(scaled) = &mut scaling.services[service] {
                let takes = whole(scaled.spec.start.sample(&mut scaled.starts));
                let at = now.saturating_add(takes);
                queue.at(at, Event::Started { worker, epoch });
            }
        }
    }

    /// A worker that was on its way is there.
    #[cold]
    pub(super) fn started<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        epoch: u32,
    ) {
        let now = queue.now();
        let current = |s: &Scaling<'_>| s.of[worker as usize].epoch == epoch;
        if !self.scaling.as_deref().is_some_and(current) {
            return;
        }
        self.busy_since(worker, now);
        if let Some(scaling) = &mut self.scaling {
            scaling.set(worker, State::In);
        }
        self.fold(now, kind::STARTED, 0, worker);
        self.workers.settle(worker, now);
        if self.workers.join(worker, now) {
            self.down.up(now);
        }
        let service = self.workers.cold[worker as usize].service as usize;
        self.tell_members(service, now);
        self.begin_life(queue, worker);
    }

    /// Some workers are to go: first those that are not there yet, then those that serve, of each
    /// the last ones first.
    fn shrink<W: Entry>(&mut self, queue: &mut Queue<W, Event>, service: usize, fewer: u32) {
        let now = queue.now();
        let Some(scaling) = &mut self.scaling else {
            return;
        };
        let mut left = fewer as usize;
        for worker in scaling.those(service, State::Starting).into_iter().rev() {
            if left > 0 {
                scaling.set(worker, State::Out);
                scaling.provision(service, false, now);
                left -= 1;
            }
        }
        let inside = scaling.those(service, State::In).into_iter().rev();
        let drain = scaling.services[service].as_ref().map(|s| s.spec.drain);
        let over = now.saturating_add(drain.unwrap_or(0));
        let going: Vec<u32> = inside.take(left).collect();
        for &worker in &going {
            let epoch = scaling.set(worker, State::Draining);
            queue.at(over, Event::Drained { worker, epoch });
        }
        self.tell_members(service, now);
        for worker in going {
            self.fold(now, kind::DRAINING, 0, worker);
            self.go_if_done(now, worker);
        }
    }

    /// A worker that drains goes once it has nothing more.
    pub(super) fn go_if_done(&mut self, now: Nanos, worker: u32) {
        let drains = |s: &Scaling<'_>| s.is(worker, State::Draining);
        let blocked = !self.workers.cold[worker as usize].blocked.is_empty();
        let done = self.workers.load[worker as usize] == 0 && !blocked;
        if done && self.scaling.as_deref().is_some_and(drains) {
            self.go(now, worker);
        }
    }

    fn go(&mut self, now: Nanos, worker: u32) {
        self.fold(now, kind::GONE, 0, worker);
        self.workers.settle(worker, now);
        self.unwedge(worker, now);
        if self.workers.leave(worker, now) {
            self.down.down(now);
        }
        let service = self.workers.cold[worker as usize].service as usize;
        if let Some(scaling) = &mut self.scaling {
            scaling.set(worker, State::Out);
            scaling.provision(service, false, now);
        }
    }

    /// A worker that drains has had its time: what it still has is lost.
    #[cold]
    pub(super) fn drained<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        worker: u32,
        epoch: u32,
    ) {
        let now = queue.now();
        let current = |s: &Scaling<'_>| s.of[worker as usize].epoch == epoch;
        if !self.scaling.as_deref().is_some_and(current) {
            return;
        }
        self.go(now, worker);
        self.lose_aboard(queue, worker, Outcome::Drained);
    }

    /// The integral of workers provisioned, over all services.
    pub(super) fn provisioned(&self, now: Nanos) -> u128 {
        let Some(scaling) = &self.scaling else {
            return self.workers.len() as u128 * u128::from(now);
        };
        let services = self.spec.services.iter().zip(&scaling.services);
        let of = |(spec, scaled): (&ServiceSpec, &Option<Scaled<'_>>)| match scaled {
            Some(scaled) => scaled.provisioned.area_at(now),
            None => spec.worker_count() as u128 * u128::from(now),
        };
        services.map(of).sum()
    }

    /// The same of each service whose workers come and go, and 0 of the others; none where no
    /// workers do.
    pub(super) fn provisioned_of(&self, now: Nanos) -> Vec<u128> {
        let Some(scaling) = &self.scaling else {
            return Vec::new();
        };
        let services = 0..scaling.services.len();
        let of = |service| scaling.provisioned_of(service, now).unwrap_or(0);
        services.map(of).collect()
    }

    /// Notes that of each service whose workers come and go.
    pub(super) fn note_provisioned(&mut self, now: Nanos) {
        let Some(scaling) = &self.scaling else { return };
        if now < self.measure.from {
            return;
        }
        let balancers = self.measure.tally.balancers.iter_mut();
        for (balancer, scaled) in balancers.zip(&scaling.services) {
            if let Some(scaled) = scaled {
                balancer.provisioned_area = scaled.provisioned.area_at(now);
            }
        }
    }
}
