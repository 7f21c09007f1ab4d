//! Balancers that know only of the attempts that they sent themselves: several instances, to which
//! attempts go in turn, and those whose workers are far.

use super::*;

/// The balancers of services, where any has several instances or is far from its workers.
#[derive(Clone, Debug)]
pub(super) struct Instances {
    services: Vec<Turns>,
    /// By place of an attempt: its balancer, and whether that counts it at a worker.
    sent: Vec<Sent>,
    /// By balancer: attempts of its own at each worker, waiting and in service; empty where it
    /// sees them all.
    own: Vec<Vec<u32>>,
}

/// The instances of one service.
#[derive(Clone, Copy, Debug)]
struct Turns {
    first: u32,
    count: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    front: u32,
    at_worker: bool,
}

impl Instances {
    /// `None` where every service has a single balancer, at its workers.
    pub fn new(spec: &SystemSpec) -> Option<Box<Instances>> {
        let alone = |s: &ServiceSpec| s.balancer.instances == 1 && s.network.is_none();
        if spec.services.iter().all(alone) {
            return None;
        }
        let (mut services, mut own) = (Vec::new(), Vec::new());
        for service in &spec.services {
            let count = service.balancer.instances;
            services.push(Turns {
                first: own.len() as u32,
                count,
                next: 0,
            });
            let sees_all = alone(service) || service.balancer.policy.knows_all();
            let workers = if sees_all { 0 } else { service.worker_count() };
            own.extend((0..count).map(|_| vec![0; workers]));
        }
        Some(Box::new(Instances {
            services,
            sent: Vec::new(),
            own,
        }))
    }

    /// The first balancer of a service.
    pub fn first(&self, service: usize) -> usize {
        self.services[service].first as usize
    }

    /// The balancer whose turn it is gets an attempt.
    fn assign(&mut self, attempt: u32, service: usize) -> usize {
        let turns = &mut self.services[service];
        let front = turns.first + turns.next;
        turns.next = (turns.next + 1) % turns.count;
        let place = attempt as usize;
        if place >= self.sent.len() {
            self.sent.resize(place + 1, Sent::default());
        }
        self.sent[place] = Sent {
            front,
            at_worker: false,
        };
        front as usize
    }

    /// The balancer of an attempt that set out.
    fn front(&self, attempt: u32) -> usize {
        let sent = self.sent.get(attempt as usize);
        sent.map_or(0, |s| s.front as usize)
    }

    /// What a balancer knows of its workers, unless it sees all.
    pub fn view(&self, front: usize) -> Option<&[u32]> {
        let own = &self.own[front];
        (!own.is_empty()).then_some(own.as_slice())
    }

    fn check(&self, places: &[u32]) -> Result<(), String> {
        let counted: u64 = self.own.iter().flatten().map(|&n| u64::from(n)).sum();
        let sent = |place: &&u32| self.sent.get(**place as usize).is_some_and(|s| s.at_worker);
        let there = places.iter().filter(sent).count() as u64;
        if counted == there {
            return Ok(());
        }
        Err(format!(
            "balancers count {counted} attempts at workers, of {there}"
        ))
    }

    /// A worker (numbered within its service) has taken an attempt in, or one that is far is about
    /// to be asked.
    fn enters(&mut self, attempt: u32, worker: u32) {
        let sent = &mut self.sent[attempt as usize];
        if sent.at_worker {
            return;
        }
        if let Some(own) = self.own[sent.front as usize].get_mut(worker as usize) {
            sent.at_worker = true;
            *own += 1;
        }
    }

    /// An attempt is gone from the worker that it was sent to.
    fn leaves(&mut self, attempt: u32, worker: u32) {
        let Some(sent) = self.sent.get_mut(attempt as usize) else {
            return;
        };
        if std::mem::take(&mut sent.at_worker) {
            self.own[sent.front as usize][worker as usize] -= 1;
        }
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Whether balancers count what is still anywhere, and nothing else.
    ///
    /// # Errors
    /// The text says how many are too many or too few.
    pub(super) fn check_instances(&self) -> Result<(), String> {
        match &self.instances {
            Some(instances) => instances.check(&self.jobs.places()),
            None => Ok(()),
        }
    }

    /// The balancer that an attempt which sets out goes to.
    #[inline(always)]
    pub(super) fn next_front(&mut self, attempt: u32, service: usize) -> usize {
        match &mut self.instances {
            Some(instances) if RICH => instances.assign(attempt, service),
            _ => service,
        }
    }

    /// The balancer that an attempt was sent to.
    #[inline(always)]
    pub(super) fn front_of(&self, attempt: u32) -> usize {
        match &self.instances {
            Some(instances) if RICH => instances.front(attempt),
            _ => self.service_at(attempt),
        }
    }

    /// The first balancer of a service.
    pub(super) fn first_front(&self, service: usize) -> usize {
        let instances = self.instances.as_ref();
        instances.map_or(service, |i| i.first(service))
    }

    /// The balancer that has the breakers of the one that an attempt was sent to.
    #[inline(always)]
    pub(super) fn guards_of(&self, attempt: u32) -> usize {
        let at = self.front_of(attempt);
        if RICH && self.shares_breakers {
            self.guards_home(at)
        } else {
            at
        }
    }

    #[cold]
    fn guards_home(&self, front: usize) -> usize {
        let service = self.fronts[front].service as usize;
        if self.spec.services[service].balancer.shares_breakers() {
            self.first_front(service)
        } else {
            front
        }
    }

    /// A balancer that shares its breakers gets them, or gives them back.
    #[cold]
    pub(super) fn pass_breakers(&mut self, front: usize, now: Nanos) {
        let home = self.guards_home(front);
        if home != front {
            let (first, rest) = self.fronts.split_at_mut(front);
            rest[0].exchange(&mut first[home], now);
        }
    }

    /// As in [`System::route`], where breakers may be shared.
    #[cold]
    pub(super) fn pick_shared(&mut self, attempt: u32, at: usize, ask: &Ask) -> Option<(u32, u32)> {
        let now = ask.now;
        self.pass_breakers(at, now);
        let front = &mut self.fronts[at];
        let first = front.first_worker as usize;
        let mut load = &self.workers.load[first..first + front.worker_count];
        if let Some(own) = self.instances.as_ref().and_then(|i| i.view(at)) {
            load = own;
        }
        let a = self.jobs.attempt(attempt);
        let source = self.source_of[a.class as usize];
        let used = self.copies.as_ref().map(|c| c.used(source, a.request));
        let other = used.and_then(|used| front.pick_none_of(load, ask, used));
        let picked = other.or_else(|| front.pick(load, ask));
        self.pass_breakers(at, now);
        picked
    }

    /// What time alone does to breakers up to a moment is done; whoever asks them next would have
    /// done the same.
    pub(super) fn tick_breakers(&mut self, at: Nanos) {
        for front in &mut self.fronts {
            front.tick(at);
        }
        if let Some(guards) = &mut self.client_guards {
            guards.tick(at);
        }
    }

    /// A worker has taken an attempt in, or it is on its way there: its balancer counts it.
    #[inline(always)]
    pub(super) fn taken_in(&mut self, attempt: u32, worker: u32) {
        if RICH && let Some(instances) = &mut self.instances {
            instances.enters(attempt, self.workers.cold[worker as usize].number);
        }
    }

    /// An attempt is gone from everywhere.
    #[inline(always)]
    pub(super) fn leave(&mut self, attempt: u32) {
        self.uncount(attempt);
        self.jobs.leave(attempt);
    }

    /// The balancer that sent an attempt counts it no longer.
    #[inline(always)]
    pub(super) fn uncount(&mut self, attempt: u32) {
        if RICH && let Some(instances) = &mut self.instances {
            let worker = self.jobs.attempt(attempt).worker;
            if worker != NO_WORKER {
                instances.leaves(attempt, self.workers.cold[worker as usize].number);
            }
        }
        if RICH && self.idle.is_some() {
            self.note_idle(self.jobs.attempt(attempt).worker);
        }
    }
}
