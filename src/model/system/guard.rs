//! Breakers that stand with callers: asked before an attempt leaves, or once a request, and told
//! how that ended. A caller is its place in the list and what it does about trouble; today every
//! source is one.

use super::*;
use crate::model::breaker::{Call, Guard, Lost};
use crate::model::fault::Try;
use crate::model::spec::{Around, BreakerSpec, ClientBreaker, ClientSpec, EnvoyLimits};

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'s> {
    /// What its draws are named after: `source/web`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'s str,
    /// What it does about trouble.
    pub client: &'s ClientSpec,
}

/// What stands with each caller.
#[derive(Clone, Debug)]
pub(super) struct Callers<'s> {
    of: Vec<Stands<'s>>,
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

impl<'s> Callers<'s> {
    /// `None` when nobody has a breaker.
    pub fn new(callers: impl Iterator<Item = Caller<'s>>, key: &Key) -> Option<Box<Self>> {
        let stands = |caller: Caller<'s>| match &caller.client.breaker {
            None => Stands::Nothing,
            Some(ClientBreaker::Envoy(limits)) => Stands::Envoy {
                limits: *limits,
                retries: 0,
            },
            Some(ClientBreaker::Machine { spec, around }) => {
                let path = format!("{}/{}/breaker", caller.kind, caller.name);
                let lost = format!("{path}/lost");
                Stands::Machine(Box::new(Machine {
                    spec,
                    around: *around,
                    guard: Guard::new(spec, key, || path),
                    lost: Lost::new(spec, key, std::iter::once(lost)),
                }))
            }
        };
        let of: Vec<_> = callers.map(stands).collect();
        let any = of.iter().any(|s| !matches!(s, Stands::Nothing));
        any.then(|| {
            Box::new(Callers {
                of,
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
        self.of.iter().enumerate().filter_map(|(i, s)| match s {
            Stands::Machine(machine) => Some((i, &machine.guard)),
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

    /// A call that has this place has ended.
    fn hear(&mut self, of: Try, around: Around, place: u32, outcome: Outcome, now: Nanos) {
        let Stands::Machine(machine) = &mut self.of[of.source as usize] else {
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
    /// Whether the breaker of its caller lets an attempt go.
    pub(super) fn caller_lets_go(&mut self, attempt: u32, source: u32, now: Nanos) -> bool {
        let callers = self.callers.as_mut();
        callers.is_none_or(|c| c.lets_in(source, Around::Attempt, attempt, now))
    }

    /// An attempt does not leave its caller, whose breaker says no.
    #[cold]
    pub(super) fn turn_back<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let a = self.jobs.attempt(attempt);
        let (number, source) = (a.number, self.source_of[a.class as usize]);
        self.fold(queue.now(), kind::TURNED_BACK, number, source);
        self.turn_away(queue, attempt, Outcome::BreakerOpen);
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
        if let Some(callers) = &mut self.callers {
            callers.barred = request;
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
        let callers = self.callers.as_mut();
        if callers.is_none_or(|c| c.lets_in(source, Around::Call, request, now)) {
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
        self.jobs.request_mut(request).active = false;
        self.ledger.lost += 1;
        if RICH && self.ends_matter {
            self.call_ends(request, failed.class, outcome, queue.now());
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
        if let Some(callers) = &mut self.callers {
            let of = self.jobs.attempt(attempt).as_try(&self.source_of);
            callers.hear(of, Around::Attempt, attempt, outcome, now);
        }
    }

    /// A request has ended for its caller, whose breaker hears of it.
    #[cold]
    pub(super) fn call_ends(&mut self, request: u32, class: u32, outcome: Outcome, now: Nanos) {
        if let Some(callers) = &mut self.callers {
            let source = self.source_of[class as usize];
            let of = Try {
                source,
                request: self.jobs.request_number(request),
                attempt: 1,
            };
            callers.end_retry(source, request);
            callers.hear(of, Around::Call, request, outcome, now);
        }
    }

    /// An attempt of a request has failed: if it was a retry, it is none any more.
    #[cold]
    pub(super) fn retry_ends(&mut self, request: u32, class: u32) {
        if let Some(callers) = &mut self.callers {
            callers.end_retry(self.source_of[class as usize], request);
        }
    }

    /// Whether the breaker of its caller has the failed attempt of a request retried.
    #[cold]
    pub(super) fn retry_begins(&mut self, request: u32, class: u32) -> bool {
        let source = self.source_of[class as usize];
        let callers = self.callers.as_mut();
        callers.is_none_or(|c| !c.is_barred(request) && c.may_retry(source, request))
    }
}
