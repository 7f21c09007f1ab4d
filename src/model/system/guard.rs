//! Breakers that stand with callers: asked before an attempt leaves, or once a request, and told
//! how that ended. A source is one caller; of a service each worker has its own.

use super::*;
use crate::model::breaker::{Call, Guard, Lost};
use crate::model::fault::Try;
use crate::model::spec::{Around, BreakerSpec, ClientBreaker, ClientSpec, EnvoyLimits};

/// What stands with each caller.
#[derive(Clone, Debug)]
pub(super) struct ClientGuards<'s> {
    of: Vec<Stands<'s>>,
    /// By caller: the first of its.
    first: Vec<u32>,
    /// By place of an attempt or, around the whole call, of a request; grows as far as needed.
    passes: Vec<Pass>,
    /// By place of a request: it holds one of its caller's places for retries.
    retrying: Vec<bool>,
    /// The request whose refusal is not to be retried.
    barred: u32,
}

#[derive(Clone, Debug)]
enum Stands<'s> {
    Nothing,
    Machine(Box<Machine<'s>>),
    Envoy { limits: EnvoyLimits, retries: u32 },
}

#[derive(Clone, Debug)]
struct Machine<'s> {
    spec: &'s BreakerSpec,
    around: Around,
    guard: Guard,
    lost: Option<Box<Lost>>,
}

/// What an attempt, or a request, has of its caller's breaker.
#[derive(Clone, Copy, Debug, Default)]
struct Pass {
    held: bool,
    epoch: u32,
    since: Nanos,
}

impl<'s> ClientGuards<'s> {
    /// `None` when nobody has a breaker.
    pub fn new(system: &'s SystemSpec, key: &Key) -> Option<Box<Self>> {
        let stands = |client: &'s ClientSpec, path: String| match &client.breaker {
            None => Stands::Nothing,
            Some(ClientBreaker::Envoy(limits)) => Stands::Envoy {
                limits: *limits,
                retries: 0,
            },
            Some(ClientBreaker::Machine { spec, around }) => {
                let lost = format!("{path}/lost");
                Stands::Machine(Box::new(Machine {
                    spec,
                    around: *around,
                    guard: Guard::new(spec, key, || path),
                    lost: Lost::new(spec, key, std::iter::once(lost)),
                }))
            }
        };
        let (mut of, mut first) = (Vec::new(), Vec::new());
        for source in &system.sources {
            first.push(of.len() as u32);
            let path = format!("source/{}/breaker", source.name);
            of.push(stands(&source.client, path));
        }
        for site in system.call_sites() {
            first.push(of.len() as u32);
            let path = site.path(system);
            for worker in 0..system.services[site.from].worker_count() {
                let path = format!("{path}/{worker}/breaker");
                of.push(stands(&site.call.client, path));
            }
        }
        let any = of.iter().any(|s| !matches!(s, Stands::Nothing));
        any.then(|| {
            Box::new(ClientGuards {
                of,
                first,
                passes: Vec::new(),
                retrying: Vec::new(),
                barred: NO_WORKER,
            })
        })
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        for machine in self.machines() {
            machine.guard.rekey(key);
            if let Some(lost) = &mut machine.lost {
                lost.rekey(key);
            }
        }
    }

    fn machines(&mut self) -> impl Iterator<Item = &mut Machine<'s>> {
        self.of.iter_mut().filter_map(|s| match s {
            Stands::Machine(machine) => Some(&mut **machine),
            _ => None,
        })
    }

    /// Lets time alone do its work.
    pub fn tick(&mut self, now: Nanos) {
        for machine in self.machines() {
            machine.guard.tick(now, machine.spec);
        }
    }

    /// Counts openings anew.
    pub fn reset_opens(&mut self) {
        for machine in self.machines() {
            machine.guard.opens = 0;
        }
    }

    /// The breakers, each with its caller.
    pub fn guards(&self) -> impl Iterator<Item = (usize, &Guard)> {
        let caller = |own: u32| self.first.partition_point(|&first| first <= own) - 1;
        (0u32..).zip(&self.of).filter_map(move |(own, s)| match s {
            Stands::Machine(machine) => Some((caller(own), &machine.guard)),
            _ => None,
        })
    }

    /// Whether a caller's breaker, if it stands there, lets a call in that has this place.
    fn lets_in(&mut self, caller: u32, around: Around, place: u32, now: Nanos) -> bool {
        let Stands::Machine(machine) = &mut self.of[caller as usize] else {
            return true;
        };
        if machine.around != around {
            return true;
        }
        machine.guard.tick(now, machine.spec);
        let breaker = &mut machine.guard.breaker;
        if !breaker.admits(now) {
            return false;
        }
        breaker.enter(now);
        let pass = Pass {
            held: true,
            epoch: breaker.epoch(),
            since: now,
        };
        *at(&mut self.passes, place) = pass;
        true
    }

    /// A call of a caller that has this place has ended.
    fn hear(&mut self, of: (u32, Try), around: Around, place: u32, outcome: Outcome, now: Nanos) {
        let (own, of) = of;
        let Stands::Machine(machine) = &mut self.of[own as usize] else {
            return;
        };
        let pass = match self.passes.get_mut(place as usize) {
            Some(pass) if machine.around == around => std::mem::take(pass),
            _ => return,
        };
        let nameless = Try { source: 0, ..of };
        let lost = machine.lost.as_ref().is_some_and(|l| l.takes(nameless));
        if !pass.held || lost {
            return;
        }
        machine.guard.tick(now, machine.spec);
        // What its own limits turned away never was a call.
        let kind = outcome.failure().filter(|_| outcome != Outcome::Limited);
        let counted = kind.is_some_and(|kind| machine.spec.counts().has(kind));
        if outcome == Outcome::Ok || counted {
            let call = Call {
                failed: counted,
                took: now - pass.since,
                epoch: pass.epoch,
            };
            machine.guard.hear(now, call, machine.spec);
        } else {
            machine.guard.forget(now, pass.epoch, machine.spec);
        }
    }

    /// A request no longer waits for its retry, or for the answer to it.
    fn end_retry(&mut self, caller: u32, request: u32) {
        if let Stands::Envoy { retries, .. } = &mut self.of[caller as usize]
            && std::mem::take(at(&mut self.retrying, request))
        {
            *retries -= 1;
        }
    }

    /// Whether a request may be retried, as far as its caller's breaker goes; it then is.
    pub fn may_retry(&mut self, caller: u32, request: u32) -> bool {
        let Stands::Envoy { limits, retries } = &mut self.of[caller as usize] else {
            return true;
        };
        if limits.retries.is_some_and(|most| *retries >= most) {
            return false;
        }
        *retries += 1;
        *at(&mut self.retrying, request) = true;
        true
    }

    /// Whether the refusal of a request is its end.
    pub fn is_barred(&self, request: u32) -> bool {
        self.barred == request
    }
}

fn at<T: Clone + Default>(list: &mut Vec<T>, place: u32) -> &mut T {
    let place = place as usize;
    if place >= list.len() {
        list.resize(place + 1, T::default());
    }
    &mut list[place]
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Which of all breakers is that of whoever sends an attempt.
    fn own_guard(&self, attempt: u32) -> u32 {
        let caller = self.source_of[self.jobs.attempt(attempt).class as usize];
        let first = self
            .client_guards
            .as_ref()
            .map(|g| g.first[caller as usize]);
        first.unwrap_or(0) + self.instance_of_caller(attempt)
    }

    /// Whether the breaker of its caller lets an attempt go.
    pub(super) fn caller_lets_go(&mut self, attempt: u32, now: Nanos) -> bool {
        let own = self.own_guard(attempt);
        let guards = self.client_guards.as_mut();
        guards.is_none_or(|g| g.lets_in(own, Around::Attempt, attempt, now))
    }

    /// An attempt does not leave its caller, whose breaker says no.
    #[cold]
    pub(super) fn turn_back<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let a = self.jobs.attempt(attempt);
        let (number, source) = (a.number, self.source_of[a.class as usize]);
        self.fold(queue.now(), kind::TURNED_BACK, number, source);
        self.turn_away_at_home(queue, attempt, Outcome::BreakerOpen);
    }

    /// As [`System::turn_back`], and its request is not retried.
    #[cold]
    pub(super) fn turn_back_for_good<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
    ) {
        let request = self.jobs.attempt(attempt).request;
        self.bar(request);
        self.turn_back(queue, attempt);
        self.bar(NO_WORKER);
    }

    fn bar(&mut self, request: u32) {
        if let Some(guards) = &mut self.client_guards {
            guards.barred = request;
        }
    }

    /// Whether the breaker of its caller lets a request go, where it is asked once a request. If
    /// not, the request is lost.
    #[cold]
    pub(super) fn call_begins<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        request: u32,
        source: u32,
    ) -> bool {
        let now = queue.now();
        let own = self.own_guard(request);
        let guards = self.client_guards.as_mut();
        if guards.is_none_or(|g| g.lets_in(own, Around::Call, request, now)) {
            return true;
        }
        let a = self.jobs.attempt_mut(request);
        a.open = false;
        let a = *a;
        self.jobs.complete_request(request, source);
        self.fold(now, kind::TURNED_BACK, a.number, source);
        self.count_failed(&a, Outcome::BreakerOpen);
        if O::WANTED {
            self.observe(request, Some((now, Outcome::BreakerOpen)));
        }
        self.lose(queue, &a, Outcome::BreakerOpen);
        self.leave(request);
        false
    }

    /// A request ends as its last attempt did.
    pub(super) fn lose<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        failed: &Attempt,
        outcome: Outcome,
    ) {
        let request = failed.request;
        if RICH && self.is_call(failed.class) {
            self.call_ends(request, outcome, queue.now());
            return self.call_is_lost(queue, failed, outcome);
        }
        self.jobs.request_mut(request).active = false;
        self.ledger.lost += 1;
        if RICH && self.ends_matter {
            self.call_ends(request, outcome, queue.now());
            self.next_round(queue, request, failed.class);
        }
        if failed.measured {
            self.measure.tally.classes[failed.class as usize].lost[outcome.index()] += 1;
        }
        self.jobs.let_go(request);
    }

    /// The breaker of its caller hears how an attempt ended.
    #[cold]
    pub(super) fn tell_caller(&mut self, attempt: u32, outcome: Outcome, now: Nanos) {
        let own = self.own_guard(attempt);
        if let Some(guards) = &mut self.client_guards {
            let of = (own, self.jobs.attempt(attempt).as_try(&self.source_of));
            guards.hear(of, Around::Attempt, attempt, outcome, now);
        }
    }

    /// A request has ended for its caller, whose breaker hears of it.
    #[cold]
    pub(super) fn call_ends(&mut self, request: u32, outcome: Outcome, now: Nanos) {
        let own = self.own_guard(request);
        if let Some(guards) = &mut self.client_guards {
            let of = Try {
                source: 0,
                request: self.jobs.request_number(request),
                attempt: 1,
            };
            guards.end_retry(own, request);
            guards.hear((own, of), Around::Call, request, outcome, now);
        }
    }

    /// An attempt of a request has failed: if it was a retry, it is none any more.
    #[cold]
    pub(super) fn retry_ends(&mut self, request: u32) {
        let own = self.own_guard(request);
        if let Some(guards) = &mut self.client_guards {
            guards.end_retry(own, request);
        }
    }

    /// Whether the breaker of its caller has the failed attempt of a request retried.
    #[cold]
    pub(super) fn retry_begins(&mut self, request: u32) -> bool {
        let own = self.own_guard(request);
        let guards = self.client_guards.as_mut();
        guards.is_none_or(|g| !g.is_barred(request) && g.may_retry(own, request))
    }
}
