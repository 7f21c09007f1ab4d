//! Where a client's own limits stand in an attempt's way: before everything else.

use super::*;
use crate::model::limit::{Entry as Entrance, Limit};

/// The limits of all clients.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// One for each source, and one for each worker that makes a call: a caller's instances have
    /// their own.
    all: Vec<Option<Limit>>,
    /// By caller: the first of its.
    first: Vec<u32>,
    /// By caller: whether its places are those of its breaker.
    breaks: Vec<bool>,
    /// By the place of an attempt; grows as far as attempts with such a limit need it.
    standing: Vec<Standing>,
}

/// What an attempt has of its client's places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Nothing,
    /// In which limit.
    Waits(u32),
    Holds(u32),
}

impl Limits {
    /// `None` when nobody has a limit.
    pub fn new(spec: &SystemSpec) -> Option<Box<Self>> {
        let (mut all, mut first) = (Vec::new(), Vec::new());
        for (client, instances) in spec.callers() {
            first.push(all.len() as u32);
            let rate = client.limit.as_ref().and_then(|l| l.rate);
            let places = client.places().0;
            let any = rate.is_some() || places.is_some();
            all.extend((0..instances).map(|_| any.then(|| Limit::new(rate, places))));
        }
        all.iter().any(Option::is_some).then(|| {
            Box::new(Limits {
                all,
                first,
                breaks: spec.clients().map(|c| c.places().1).collect(),
                standing: Vec::new(),
            })
        })
    }

    /// Whether the rate of a caller lets an attempt go.
    fn passes(&mut self, own: u32, now: Nanos) -> bool {
        let limit = self.all[own as usize].as_mut();
        limit.is_none_or(|l| l.passes(now))
    }

    fn enter(&mut self, own: u32, attempt: u32) -> Entrance {
        let Some(limit) = &mut self.all[own as usize] else {
            return Entrance::Go;
        };
        let entry = limit.enter(attempt);
        if limit.has_places() {
            match entry {
                Entrance::Go => self.stand(attempt, Standing::Holds(own)),
                Entrance::Wait(_) => self.stand(attempt, Standing::Waits(own)),
                Entrance::Refuse => {}
            }
        }
        entry
    }

    fn stand(&mut self, attempt: u32, standing: Standing) {
        let place = attempt as usize;
        if place >= self.standing.len() {
            self.standing.resize(place + 1, Standing::Nothing);
        }
        self.standing[place] = standing;
    }

    /// Whether an attempt waits for a place.
    pub fn waits(&self, attempt: u32) -> bool {
        let standing = self.standing.get(attempt as usize);
        matches!(standing, Some(Standing::Waits(_)))
    }

    /// An attempt has ended for its caller; returns the one that its place passes to.
    fn leave(&mut self, attempt: u32) -> Option<u32> {
        let standing = self.standing.get_mut(attempt as usize)?;
        let before = std::mem::replace(standing, Standing::Nothing);
        match before {
            Standing::Nothing => None,
            Standing::Waits(own) => {
                let limit = self.all[own as usize].as_mut()?;
                limit.drop_waiting(attempt);
                None
            }
            Standing::Holds(own) => {
                let limit = self.all[own as usize].as_mut()?;
                let next = limit.leave();
                if let Some(next) = next {
                    self.stand(next, Standing::Holds(own));
                }
                next
            }
        }
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// An attempt wants to set out, where callers have limits or breakers: first the rate, then the
    /// breaker, then the places.
    #[cold]
    pub(super) fn ask_to_send<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        source: u32,
        what: &NewRequest,
        why: u32,
    ) {
        let now = queue.now();
        let instance = self.instance_of_caller(attempt);
        let limits = self.limits.as_mut();
        let passes = |l: &mut Box<Limits>| {
            let own = l.first[source as usize] + instance;
            l.passes(own, now)
        };
        if !limits.is_none_or(passes) {
            return self.limit_refuses(queue, attempt);
        }
        if !self.caller_lets_go(attempt, now) {
            return self.turn_back(queue, attempt);
        }
        let limits = self.limits.as_mut();
        let enters = |l: &mut Box<Limits>| {
            let own = l.first[source as usize] + instance;
            l.enter(own, attempt)
        };
        match limits.map_or(Entrance::Go, enters) {
            Entrance::Go => {
                self.watch(queue, attempt, source, what.number);
                self.set_out(queue, attempt, source, what, why);
            }
            Entrance::Wait(longest) => {
                self.watch(queue, attempt, source, what.number);
                let a = self.jobs.attempt_mut(attempt);
                a.try_number |= ASIDE;
                if let Some(longest) = longest {
                    let event = Event::PendingOver {
                        attempt,
                        generation: a.generation,
                    };
                    queue.at(now.saturating_add(longest), event);
                }
            }
            Entrance::Refuse => match &self.limits {
                Some(limits) if limits.breaks[source as usize] => {
                    self.turn_back_for_good(queue, attempt);
                }
                _ => self.limit_refuses(queue, attempt),
            },
        }
    }

    fn limit_refuses<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let a = self.jobs.attempt(attempt);
        let (number, source) = (a.number, self.source_of[a.class as usize]);
        self.fold(queue.now(), kind::LIMITED, number, source);
        self.turn_away_at_home(queue, attempt, Outcome::Limited);
    }

    /// An attempt has waited long enough for a place.
    #[cold]
    pub(super) fn pending_over<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let waits = self.limits.as_ref().is_some_and(|l| l.waits(attempt));
        if self.jobs.attempt(attempt).generation == generation && waits {
            self.limit_refuses(queue, attempt);
        }
    }

    /// An attempt that got a place sets out. It arrives at the service only now.
    #[cold]
    pub(super) fn set_out_at_last<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let now = queue.now();
        let a = self.jobs.attempt_mut(attempt);
        if a.generation != generation {
            return;
        }
        if !a.open {
            return self.leave(attempt);
        }
        a.arrived = now;
        let what = NewRequest {
            number: a.number,
            work: a.work,
            memory: 0,
            source: 0,
            class: a.class,
            measured: a.measured,
        };
        let (request, source) = (a.request, self.source_of[what.class as usize]);
        let memory = self.jobs.request(request).memory;
        let what = NewRequest {
            memory,
            source,
            ..what
        };
        self.fold(now, kind::SET_OUT, what.number, source);
        self.set_out(queue, attempt, source, &what, kind::SET_OUT);
    }

    /// An attempt has ended for its caller: its place is free.
    #[cold]
    pub(super) fn give_place_back<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let next = self.limits.as_mut().and_then(|l| l.leave(attempt));
        if let Some(attempt) = next {
            let generation = self.jobs.attempt(attempt).generation;
            let event = Event::SetOut {
                attempt,
                generation,
            };
            queue.at(queue.now(), event);
        }
    }
}
