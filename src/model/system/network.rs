//! Attempts on their way between a client and the service that it calls: there, and the answer
//! back. The way between a balancer and its workers is in `far.rs`.

use super::edges::{Journey, Message};
use super::*;
use crate::engine::rng::Keyed;

/// What is known of attempts on their way.
#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    /// By place of an attempt.
    ways: Vec<Way>,
    /// By place of an attempt: who refused it and had it sent to another, ascending, numbered
    /// within the service.
    pub tried: Vec<Vec<u32>>,
}

/// How far an attempt is on its ways.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    /// Which user of the place, plus one; 0: none.
    pub user: u64,
    /// Where it is.
    pub leg: Leg,
    /// What the answer is.
    pub outcome: Option<Outcome>,
    /// Core-time spent on the attempt.
    pub spent: Nanos,
    /// When it first left its balancer for a worker, and how long it took to the one where it is.
    pub left: Nanos,
    pub there: Nanos,
    /// How often it left its balancer.
    pub trips: u32,
    /// How often it may be sent to another worker, once one has sent it back for that; 0: none has.
    pub again: u32,
}

/// Where an attempt is of which something is known here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Leg {
    /// Lost: it, or its answer where there is one.
    #[default]
    Lost,
    /// On its way from its balancer to a worker.
    ToWorker,
    /// At a worker that is far.
    AtWorker,
    /// Its answer is on its way from there to the balancer.
    FromWorker,
    /// It is on its way from there to the balancer, which is to send it to another worker.
    SentBack,
    /// Its answer is with the balancer.
    Home,
    /// Its answer is on its way to the client.
    ToClient,
}

/// Which way an attempt goes; part of what its delay is drawn for.
const THERE: u32 = 0;
const BACK: u32 = 1;

impl Network {
    /// `None`: nobody is far from the service that it calls.
    pub fn new(spec: &SystemSpec) -> Option<Box<Network>> {
        spec.has_network().then(Box::default)
    }

    pub fn way(&mut self, attempt: u32) -> &mut Way {
        let place = attempt as usize;
        if place >= self.ways.len() {
            self.ways.resize(place + 1, Way::default());
        }
        &mut self.ways[place]
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// What becomes of an attempt on one way.
    fn journey(&self, attempt: u32, way: u32) -> Journey {
        let a = self.jobs.attempt(attempt);
        let number = self.source_of[a.class as usize];
        let caller = &self.callers[number as usize];
        let usual = caller.delay(a.number, way, a.number_of_try());
        let message = Message {
            number: a.number,
            way,
            attempt: a.number_of_try(),
        };
        match &self.edges {
            Some(edges) => edges.journey(number, &caller.key, message, usual),
            None => Journey::of(usual),
        }
    }

    /// The way of an attempt or of its answer is at its end: it is lost.
    fn lose_on_the_way(&mut self, attempt: u32, outcome: Option<Outcome>, spent: Nanos) {
        let user = u64::from(self.jobs.attempt(attempt).generation) + 1;
        if let Some(network) = &mut self.network {
            *network.way(attempt) = Way {
                user,
                outcome,
                spent,
                ..Way::default()
            };
        }
    }

    /// Where an attempt that its client has given up on was lost on its way, nobody will hear of
    /// it any more: it leaves; whether it does.
    pub(super) fn leave_if_lost(&mut self, attempt: u32) -> bool {
        let lost = self.way_of(attempt).is_some_and(|w| w.leg == Leg::Lost);
        if lost {
            self.leave(attempt);
        }
        lost
    }

    /// Whether the answer to an attempt is lost on its way back.
    pub(super) fn loses_answer(&self, attempt: u32) -> bool {
        self.journey(attempt, BACK) == Journey::Lost
    }

    /// An attempt leaves its client for a service that is far; whether it is.
    #[inline(never)]
    pub(super) fn goes_far<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) -> bool {
        let journey = self.journey(attempt, THERE);
        if journey == Journey::AtOnce {
            return false;
        }
        let now = queue.now();
        let a = self.jobs.attempt_mut(attempt);
        a.try_number |= ASIDE;
        let (number, class, generation) = (a.number, a.class, a.generation);
        self.fold(now, kind::SET_OUT, number, self.source_of[class as usize]);
        let Journey::Takes(delay) = journey else {
            self.fold(now, kind::LOST_ON_WAY, number, THERE);
            self.lose_on_the_way(attempt, None, 0);
            return true;
        };
        let event = Event::Reach {
            attempt,
            generation,
        };
        queue.at(now.saturating_add(delay), event);
        true
    }

    /// An attempt reaches the service that it was sent to, or the worker.
    #[inline(never)]
    pub(super) fn reach<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let now = queue.now();
        if self.jobs.attempt(attempt).generation != generation {
            return;
        }
        if self.is_on_way(attempt) {
            return self.reach_worker(queue, attempt);
        }
        let a = self.jobs.attempt_mut(attempt);
        a.arrived = now;
        let a = *a;
        if self.is_stopped(attempt) || self.may_leave && self.was_taken_back(attempt) {
            return self.leave(attempt);
        }
        let what = NewRequest {
            number: a.number,
            work: a.work,
            memory: self.jobs.request(a.request).memory,
            source: self.source_of[a.class as usize],
            class: a.class,
            measured: a.measured,
        };
        self.arrive_at_service(queue, attempt, what.source, &what, kind::REACHED);
    }

    /// The answer to an attempt sets out, from a worker that is far for its balancer, else for its
    /// client; whether that is far, and the client still waits.
    #[inline(never)]
    pub(super) fn answers_far<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        outcome: Outcome,
    ) -> bool {
        if self.goes_home(queue, attempt, outcome) {
            return true;
        }
        if !self.jobs.attempt(attempt).open {
            return false;
        }
        let journey = self.journey(attempt, BACK);
        if journey == Journey::AtOnce {
            return false;
        }
        let a = self.jobs.attempt(attempt);
        let (generation, number) = (a.generation, a.number);
        let spent = match outcome {
            Outcome::Ok => self.spent_in_all(attempt, queue.now()),
            _ => 0,
        };
        let Journey::Takes(delay) = journey else {
            self.fold(queue.now(), kind::LOST_ON_WAY, number, BACK);
            self.lose_on_the_way(attempt, Some(outcome), spent);
            return true;
        };
        if let Some(network) = &mut self.network {
            *network.way(attempt) = Way {
                user: u64::from(generation) + 1,
                leg: Leg::ToClient,
                outcome: Some(outcome),
                spent,
                ..Way::default()
            };
        }
        let event = Event::Reply {
            attempt,
            generation,
        };
        queue.at(queue.now().saturating_add(delay), event);
        true
    }

    /// The answer to an attempt reaches its client, or its balancer first.
    #[inline(never)]
    pub(super) fn reply<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let a = *self.jobs.attempt(attempt);
        if a.generation != generation {
            return;
        }
        let way = self.way_of(attempt).copied();
        let outcome = way.and_then(|way| way.outcome).unwrap_or(Outcome::Ok);
        self.fold(queue.now(), kind::REPLIED, a.number, a.worker);
        if way.is_some_and(|way| matches!(way.leg, Leg::FromWorker | Leg::SentBack)) {
            return self.reach_home(queue, attempt, outcome);
        }
        match outcome {
            Outcome::Ok if a.open => self.answer(queue, attempt, queue.now()),
            Outcome::Ok => self.answer_late(attempt),
            outcome => self.turn_away_at_home(queue, attempt, outcome),
        }
    }

    /// How far an attempt is, if anything is known of it here.
    pub(super) fn way_of(&self, attempt: u32) -> Option<&Way> {
        let generation = self.jobs.attempt(attempt).generation;
        let way = self.network.as_ref()?.ways.get(attempt as usize)?;
        (way.user == u64::from(generation) + 1).then_some(way)
    }

    /// The answer to an attempt, if the worker is done with it.
    fn answer_of(&self, attempt: u32) -> Option<&Way> {
        let way = self.way_of(attempt)?;
        (way.leg != Leg::ToWorker && way.leg != Leg::AtWorker).then_some(way)
    }

    /// Whether the answer to an attempt is on its way to the client: the service is done with it.
    pub(super) fn is_answered(&self, attempt: u32) -> bool {
        self.answer_of(attempt).is_some()
    }

    /// Core-time spent on an attempt that has its answer.
    pub(super) fn spent_in_all(&self, attempt: u32, now: Nanos) -> Nanos {
        if let Some(way) = self.answer_of(attempt) {
            return way.spent;
        }
        let last = match self.elaborate {
            true => self.core_time(attempt, now, 0),
            false => now - self.jobs.attempt(attempt).start,
        };
        last + self.spent_in_steps(attempt)
    }
}

impl Caller<'_> {
    /// How long an attempt takes on one way to the service or back; `None`: no time.
    fn delay(&self, number: u64, way: u32, attempt: u32) -> Option<Nanos> {
        let dist = self.client.network.as_ref()?;
        let mut keyed = Keyed::new(&self.key, self.network, number, way, attempt);
        Some(whole(dist.sample(&mut keyed)))
    }
}
