//! Attempts on their way between a balancer and the worker that it picked: there, and what became
//! of them back. Until that is back the balancer counts them at the worker, whatever they do.

use super::network::{Leg, Way};
use super::*;

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// How long an attempt takes on one of its ways to a worker and back, which are numbered;
    /// `None`: the workers of its service are not far.
    fn delay_to_worker(&self, attempt: u32, way: u32) -> Option<Nanos> {
        let dist = self.spec.services[self.service_at(attempt)]
            .network
            .as_ref()?;
        let a = self.jobs.attempt(attempt);
        let caller = &self.callers[self.source_of[a.class as usize] as usize];
        Some(caller.to_worker(dist, a.number, way, a.number_of_try()))
    }

    /// An attempt leaves its balancer for the worker that was picked; whether that is far.
    #[inline(never)]
    pub(super) fn goes_to_worker<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
    ) -> bool {
        let now = queue.now();
        let before = self.way_of(attempt).copied().unwrap_or(Way {
            left: now,
            ..Way::default()
        });
        let Some(delay) = self.delay_to_worker(attempt, 2 * before.trips) else {
            return false;
        };
        let a = self.jobs.attempt_mut(attempt);
        a.try_number |= ASIDE;
        let (generation, worker) = (a.generation, a.worker);
        if let Some(network) = &mut self.network {
            *network.way(attempt) = Way {
                user: u64::from(generation) + 1,
                leg: Leg::ToWorker,
                trips: before.trips + 1,
                ..before
            };
        }
        self.taken_in(attempt, worker);
        let event = Event::Reach {
            attempt,
            generation,
        };
        queue.at(now.saturating_add(delay), event);
        true
    }

    /// An attempt reaches the worker that it was sent to, unless nobody waits for it any more and
    /// it was taken back.
    pub(super) fn reach_worker<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        if self.goes_no_further(attempt) {
            return self.leave(attempt);
        }
        let mut again = false;
        if let Some(network) = &mut self.network {
            let way = network.way(attempt);
            way.leg = Leg::AtWorker;
            way.there = now - way.left;
            again = way.again > 0;
        }
        let a = *self.jobs.attempt(attempt);
        self.fold(now, kind::REACHED, a.number, a.worker);
        if again {
            return self.arrive_again(queue, attempt, a.worker);
        }
        let memory = self.jobs.request(a.request).memory;
        self.arrive_at_worker(queue, attempt, a.worker, a.work, memory);
    }

    /// Whether the client of an attempt has taken it back while it was on its way.
    fn goes_no_further(&self, attempt: u32) -> bool {
        self.is_stopped(attempt) || self.may_leave && self.was_taken_back(attempt)
    }

    /// An attempt that another worker refused takes what this one lacks back too, whatever that
    /// is: as where workers are near.
    fn arrive_again<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32, worker: u32) {
        let now = queue.now();
        if self.propagates && self.is_expired(attempt, now) {
            return self.drop_expired(queue, attempt);
        }
        self.workers.settle(worker, now);
        let cold = &self.workers.cold[worker as usize];
        let lacking = match (cold.downs > 0, cold.wedged) {
            (true, _) => Some(Outcome::NoConnection),
            (_, true) => Some(Outcome::BufferFull),
            _ => self.take_in(queue, worker, attempt),
        };
        if let Some(lacking) = lacking {
            let most = self.way_of(attempt).map_or(0, |way| way.again);
            self.send_back(queue, attempt, lacking, most);
        }
    }

    /// A worker that is far sends an attempt back to its balancer, which tries so many others.
    pub(super) fn send_back<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        lacking: Outcome,
        most: u32,
    ) {
        if let Some(network) = &mut self.network {
            let way = network.way(attempt);
            way.leg = Leg::SentBack;
            if way.again == 0 {
                way.again = most;
                let place = attempt as usize;
                let tried = &mut network.tried;
                tried.resize(tried.len().max(place + 1), Vec::new());
                tried[place].clear();
            }
        }
        self.travel_home(queue, attempt, lacking, 0);
    }

    /// What became of an attempt at a worker that is far sets out for its balancer; whether it
    /// does.
    pub(super) fn goes_home<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) -> bool {
        if !self.is_at_far_worker(attempt) {
            return false;
        }
        let spent = match outcome {
            Outcome::Ok => self.spent_in_all(attempt, queue.now()),
            _ => 0,
        };
        if let Some(network) = &mut self.network {
            network.way(attempt).leg = Leg::FromWorker;
        }
        self.travel_home(queue, attempt, outcome, spent);
        true
    }

    fn travel_home<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
        spent: Nanos,
    ) {
        let Some(network) = &mut self.network else {
            return;
        };
        let way = network.way(attempt);
        (way.outcome, way.spent) = (Some(outcome), spent);
        let number = 2 * way.trips - 1;
        let delay = self.delay_to_worker(attempt, number).unwrap_or(0);
        let generation = self.jobs.attempt(attempt).generation;
        let event = Event::Reply {
            attempt,
            generation,
        };
        queue.at(queue.now().saturating_add(delay), event);
    }

    /// What became of an attempt is known to its balancer, which counts it at the worker no longer.
    pub(super) fn reach_home<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) {
        self.uncount(attempt);
        let way = self.way_of(attempt).copied().unwrap_or_default();
        if let Some(network) = &mut self.network {
            network.way(attempt).leg = Leg::Home;
        }
        if way.leg == Leg::SentBack {
            if self.goes_no_further(attempt) {
                return self.leave(attempt);
            }
            // It left once more often than it was sent to another.
            let others = (way.again + 1).saturating_sub(way.trips);
            return self.redispatch(queue, attempt, outcome, others);
        }
        if self.answers_far(queue, attempt, outcome) {
            return;
        }
        match (outcome, self.jobs.attempt(attempt).open) {
            (Outcome::Ok, true) => self.answer(queue, attempt, queue.now()),
            (Outcome::Ok, false) => self.answer_nobody(attempt),
            _ => self.turn_away_at_home(queue, attempt, outcome),
        }
    }

    /// Workers of its service that an attempt was sent back from.
    pub(super) fn tried_before(&mut self, attempt: u32) -> Vec<u32> {
        let again = self.way_of(attempt).is_some_and(|way| way.again > 0);
        match &mut self.network {
            Some(network) if again => std::mem::take(&mut network.tried[attempt as usize]),
            _ => Vec::new(),
        }
    }

    /// An attempt is on its way to a worker that is none of these.
    pub(super) fn keep_tried(&mut self, attempt: u32, tried: Vec<u32>) {
        if let Some(network) = &mut self.network {
            network.tried[attempt as usize] = tried;
        }
    }

    /// Whether an attempt is on its way to a worker.
    pub(super) fn is_on_way(&self, attempt: u32) -> bool {
        self.way_of(attempt)
            .is_some_and(|way| way.leg == Leg::ToWorker)
    }

    /// Whether an attempt is at a worker that is far from its balancer.
    pub(super) fn is_at_far_worker(&self, attempt: u32) -> bool {
        self.way_of(attempt)
            .is_some_and(|way| way.leg == Leg::AtWorker)
    }

    /// An attempt is gone from a worker before it is told so; one that is far tells its balancer
    /// later.
    pub(super) fn uncount_here(&mut self, attempt: u32) {
        if !self.is_at_far_worker(attempt) {
            self.uncount(attempt);
        }
    }

    /// How long an attempt was on its way to the worker where it is, ways to others that sent it
    /// back and from them included.
    pub(super) fn time_to_worker(&self, attempt: u32) -> Nanos {
        self.way_of(attempt).map_or(0, |way| way.there)
    }
}
