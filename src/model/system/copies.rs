//! Requests that are sent in several copies: a fan-out at once, a hedge one after another. The
//! copies of one try of a request are a **round**; a retry is a new round.

use super::*;
use crate::model::spec::{Cancel, FanOutSpec, HedgeKind, ServiceSpec};

/// The copies of all requests that have some.
#[derive(Clone, Debug)]
pub(super) struct Copies {
    /// By source.
    plans: Vec<Option<Plan>>,
    /// By the place of a request; grows as far as needed.
    groups: Vec<Group>,
    /// By the place of an attempt.
    traits: Vec<Traits>,
}

/// How a source sends copies.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Copies at once, and at most in a round.
    first: u32,
    most: u32,
    need: u32,
    after: Nanos,
    /// Whether a failure sends the next copy at once.
    hurry: bool,
    cancel: Cancel,
}

/// The copies of a request.
#[derive(Clone, Debug, Default)]
struct Group {
    size: u64,
    /// Moves on with every round; never starts anew.
    round: u32,
    /// Moves on whenever a scheduled hedge is no longer meant; never starts anew.
    timer: u32,
    /// Rounds of this request.
    rounds: u32,
    /// Copies of this round: made, open, `ok`.
    made: u32,
    open: Vec<u32>,
    ok: u32,
    /// Complete answers of all rounds, late ones too.
    answers: u32,
    /// Workers of this round, ascending, numbered within the service.
    used: Vec<u32>,
    hedged: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits {
    round: u32,
    /// It has set out, or tried to.
    pub sent: bool,
    /// It is not to go on, wherever it is.
    pub stopped: bool,
}

impl Plan {
    fn new(to: &ServiceSpec, fan_out: &Option<FanOutSpec>, client: &ClientSpec) -> Option<Plan> {
        if let Some(fan) = fan_out {
            let workers = to.worker_count() as u32;
            let copies = fan.copies.unwrap_or(workers);
            return Some(Plan {
                first: copies,
                most: copies,
                need: fan.need.unwrap_or(copies),
                after: 0,
                hurry: false,
                cancel: fan.rest,
            });
        }
        let hedge = client.hedge?;
        let max = match hedge.kind {
            HedgeKind::Grpc => hedge.max.min(4),
            _ => hedge.max,
        };
        Some(Plan {
            first: if hedge.after == 0 { 1 + max } else { 1 },
            most: 1 + max,
            need: 1,
            after: hedge.after,
            hurry: hedge.kind != HedgeKind::Envoy,
            cancel: hedge.cancel,
        })
    }
}

impl Copies {
    /// `None` when nobody sends copies.
    pub fn new(spec: &SystemSpec) -> Option<Box<Self>> {
        let sources = spec.sources.iter().map(|s| (s.to, &s.fan_out, &s.client));
        let calls = spec.call_sites().map(|site| site.call);
        let calls = calls.map(|call| (call.to, &call.fan_out, &call.client));
        let plans: Vec<_> = sources
            .chain(calls)
            .map(|(to, fan_out, client)| Plan::new(&spec.services[to], fan_out, client))
            .collect();
        plans.iter().any(Option::is_some).then(|| {
            Box::new(Copies {
                plans,
                groups: Vec::new(),
                traits: Vec::new(),
            })
        })
    }

    /// A request is of no use any more: its round is over. Returns what of it is still open.
    pub fn end(&mut self, request: u32) -> Vec<u32> {
        let group = self.group(request);
        group.round = group.round.wrapping_add(1);
        group.timer = group.timer.wrapping_add(1);
        std::mem::take(&mut group.open)
    }

    fn group(&mut self, request: u32) -> &mut Group {
        let place = request as usize;
        if place >= self.groups.len() {
            self.groups.resize(place + 1, Group::default());
        }
        &mut self.groups[place]
    }

    pub fn traits(&mut self, attempt: u32) -> &mut Traits {
        let place = attempt as usize;
        if place >= self.traits.len() {
            self.traits.resize(place + 1, Traits::default());
        }
        &mut self.traits[place]
    }

    /// Workers that other copies of this round were sent to.
    pub fn used(&self, source: u32, request: u32) -> &[u32] {
        match (
            self.plans[source as usize],
            self.groups.get(request as usize),
        ) {
            (Some(_), Some(group)) => &group.used,
            _ => &[],
        }
    }

    /// A copy was sent to a worker of its service.
    #[cold]
    pub fn goes_to(&mut self, source: u32, request: u32, worker: u32) {
        if self.plans[source as usize].is_some() {
            let used = &mut self.group(request).used;
            if let Err(at) = used.binary_search(&worker) {
                used.insert(at, worker);
            }
        }
    }

    /// Rounds made so far, for a request that is sent in copies.
    pub fn rounds(&self, source: u32, request: u32) -> Option<u32> {
        self.plans[source as usize]?;
        self.groups.get(request as usize).map(|g| g.rounds)
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    fn plan(&self, class: u32) -> Option<Plan> {
        let source = self.source_of[class as usize] as usize;
        self.copies.as_ref()?.plans[source]
    }

    /// What becomes of copies that nobody needs; `None`: there are none.
    pub(super) fn copies_taken_back(&self, class: u32) -> Option<Cancel> {
        Some(self.plan(class)?.cancel)
    }

    /// Whether an attempt is one of several copies.
    pub(super) fn is_copy(&self, attempt: u32) -> bool {
        self.copies.is_some() && self.plan(self.jobs.attempt(attempt).class).is_some()
    }

    /// Whether an attempt was cancelled while it could not be reached.
    pub(super) fn is_stopped(&self, attempt: u32) -> bool {
        let traits = self.copies.as_ref().map(|c| &c.traits);
        self.is_copy(attempt)
            && traits.is_some_and(|t| t.get(attempt as usize).is_some_and(|t| t.stopped))
    }

    /// The first round of a request just born, if its source sends copies.
    #[cold]
    pub(super) fn begin_copies<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        request: u32,
        new: &NewRequest,
        size: u64,
    ) -> bool {
        if self.plan(new.class).is_none() {
            return false;
        }
        self.jobs.attempt_mut(request).try_number |= ASIDE;
        if let Some(copies) = &mut self.copies {
            let group = copies.group(request);
            group.size = size;
            (group.rounds, group.answers, group.hedged) = (0, 0, false);
        }
        self.send_round(queue, request, Some(request), kind::BORN);
        true
    }

    /// A request tries again, all copies of it.
    #[cold]
    pub(super) fn retry_copies<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32) {
        self.send_round(queue, request, None, kind::RETRIED);
    }

    fn send_round<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        request: u32,
        first: Option<u32>,
        why: u32,
    ) {
        let Some(plan) = self.plan(self.jobs.attempt(request).class) else {
            return;
        };
        let Some(copies) = &mut self.copies else {
            return;
        };
        let group = copies.group(request);
        group.round = group.round.wrapping_add(1);
        group.timer = group.timer.wrapping_add(1);
        group.rounds += 1;
        (group.made, group.ok) = (0, 0);
        group.open.clear();
        group.used.clear();
        let now = queue.now();
        let mut all = Vec::with_capacity(plan.first as usize);
        for number in 0..plan.first {
            let attempt = match first.filter(|_| number == 0) {
                Some(attempt) => attempt,
                None => self.add_copy(request, number, now),
            };
            self.join_round(request, attempt);
            // What a retry itself adds is counted as such.
            if number > 0 {
                self.ledger.copies += 1;
            }
            all.push((attempt, self.jobs.attempt(attempt).generation));
        }
        // Whatever happens to them at once, the request stays until all are sent.
        self.jobs.request_mut(request).holders += 1;
        if plan.most > plan.first {
            self.schedule_hedge(queue, request, plan.after);
        } else if plan.hurry || plan.need < plan.first {
            self.note_hedged(request, plan);
        }
        for (attempt, generation) in all {
            if self.jobs.attempt(attempt).generation == generation {
                self.send_copy(queue, attempt, why);
            }
        }
        self.jobs.let_go(request);
    }

    /// Makes one more copy. The first has the work of its request, each other one its own draw,
    /// unless its work is said to vary otherwise.
    fn add_copy(&mut self, request: u32, number: u32, now: Nanos) -> u32 {
        let first = self.jobs.attempt(request);
        let (class, measured, request_number) = (first.class, first.measured, first.number);
        let attempt = self.jobs.add_attempt(request, now);
        if self.crowd.is_some() {
            self.uncrowd(attempt);
        }
        let group = self.copies.as_mut().map(|c| c.group(request));
        let (size, rounds) = group.map_or((0, 1), |g| (g.size, g.rounds));
        let source = self.sources.get(self.source_of[class as usize] as usize);
        let own =
            source.and_then(|s| s.further_work(request_number, class, (number, rounds - 1), size));
        if let Some(work) = own {
            self.jobs.attempt_mut(attempt).work = work;
        }
        if self.steps.is_some() {
            self.begin_another_trip(attempt, number);
        }
        self.jobs.attempt_mut(attempt).try_number |= ASIDE;
        if measured {
            self.measure.tally.classes[class as usize].attempts += 1;
        }
        attempt
    }

    fn join_round(&mut self, request: u32, attempt: u32) {
        let Some(copies) = &mut self.copies else {
            return;
        };
        let group = copies.group(request);
        group.made += 1;
        group.open.push(attempt);
        let round = group.round;
        *copies.traits(attempt) = Traits {
            round,
            sent: false,
            stopped: false,
        };
    }

    fn send_copy<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32, why: u32) {
        if let Some(copies) = &mut self.copies {
            copies.traits(attempt).sent = true;
        }
        let a = self.jobs.attempt(attempt);
        let what = NewRequest {
            number: a.number,
            work: a.work,
            memory: self.jobs.request(a.request).memory,
            source: self.source_of[a.class as usize],
            class: a.class,
            measured: a.measured,
        };
        self.fold(queue.now(), kind::COPY, what.number, attempt);
        self.send(queue, attempt, what.source, &what, why);
    }

    fn schedule_hedge<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        request: u32,
        after: Nanos,
    ) {
        let Some(copies) = &mut self.copies else {
            return;
        };
        let group = copies.group(request);
        group.timer = group.timer.wrapping_add(1);
        let timer = group.timer;
        let at = queue.now().saturating_add(after);
        queue.at(at, Event::Hedge { request, timer });
    }

    /// Another copy of a request that has no answer yet is due.
    #[cold]
    pub(super) fn hedge<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        request: u32,
        timer: u32,
    ) {
        let plan = self.plan(self.jobs.attempt(request).class);
        let (Some(plan), Some(copies)) = (plan, &mut self.copies) else {
            return;
        };
        let group = copies.group(request);
        if group.timer != timer || group.made >= plan.most {
            return;
        }
        let number = group.made;
        let attempt = self.add_copy(request, number, queue.now());
        self.join_round(request, attempt);
        self.ledger.copies += 1;
        self.note_hedged(request, plan);
        if number + 1 < plan.most {
            self.schedule_hedge(queue, request, plan.after);
        }
        self.send_copy(queue, attempt, kind::COPY);
    }

    fn note_hedged(&mut self, request: u32, plan: Plan) {
        let a = self.jobs.attempt(request);
        let (class, measured) = (a.class as usize, a.measured);
        let caller = &self.callers[self.source_of[class] as usize];
        let hedges = caller.client.hedge.is_some() && plan.most > 1;
        let Some(copies) = &mut self.copies else {
            return;
        };
        let group = copies.group(request);
        if hedges && !std::mem::replace(&mut group.hedged, true) && measured {
            self.measure.tally.classes[class].hedged += 1;
        }
    }

    /// Whether an attempt belongs to the round that its request is in, which it then leaves.
    fn leave_round(&mut self, request: u32, attempt: u32) -> bool {
        let Some(copies) = &mut self.copies else {
            return false;
        };
        let round = copies.traits(attempt).round;
        let group = copies.group(request);
        group.open.retain(|&other| other != attempt);
        round == group.round && self.jobs.request(request).active
    }

    /// A round is decided: what is left of it is no longer of use.
    fn end_round<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32, how: Cancel) {
        let Some(copies) = &mut self.copies else {
            return;
        };
        for attempt in copies.end(request) {
            if how != Cancel::Nothing {
                self.cancel_attempt(queue, attempt, how);
            }
        }
    }

    /// A complete answer; with as many as needed, late or not, the request has been answered.
    pub(super) fn note_answer(&mut self, request: u32, class: u32, measured: bool) {
        let Some(plan) = self.plan(class) else { return };
        let Some(copies) = &mut self.copies else {
            return;
        };
        let group = copies.group(request);
        group.answers += 1;
        let r = self.jobs.request_mut(request);
        if group.answers >= plan.need && !std::mem::replace(&mut r.answered, true) {
            self.ledger.only_late += u64::from(class < self.roots);
            if measured {
                self.measure.tally.classes[class as usize].answered += 1;
            }
        }
    }

    /// The caller of a copy has its answer.
    #[cold]
    pub(super) fn answer_copy<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) {
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        let (request, class) = (a.request, a.class as usize);
        let wanted = self.is_wanted(attempt);
        self.jobs.attempt_mut(attempt).open = false;
        if a.measured {
            self.workers.count_served(a.worker);
        }
        if O::WANTED {
            self.observe(attempt, Some((now, Outcome::Ok)));
        }
        self.tell_policy(attempt, now);
        self.tell_breaker(attempt, false, now);
        self.tell_caller(attempt, Outcome::Ok, now);
        self.give_place_back(queue, attempt);
        if self.budgets.is_some() {
            self.budget_hears(attempt, Outcome::Ok);
        }
        self.note_answer(request, a.class, a.measured);
        let current = self.leave_round(request, attempt);
        let need = self.plan(a.class).map_or(1, |p| p.need);
        let ok = self.copies.as_mut().map_or(0, |copies| {
            let group = copies.group(request);
            group.ok += u32::from(current);
            group.ok
        });
        if current && ok == need {
            self.win(queue, request, &a);
        } else {
            self.ledger.part_ok += 1;
            if a.measured {
                let spent = match self.elaborate {
                    true => self.core_time(attempt, now, 0),
                    false => now - a.start,
                };
                let spent = spent + self.spent_in_steps(attempt);
                let tally = &mut self.measure.tally.classes[class];
                tally.ended[Outcome::Ok.index()] += 1;
                if !current && wanted {
                    tally.wasted_ns += u128::from(spent);
                }
            }
        }
        self.leave(attempt);
    }

    /// A request has as many `ok` answers as it needs.
    fn win<W: Entry>(&mut self, queue: &mut Queue<W, Event>, request: u32, a: &Attempt) {
        let now = queue.now();
        let how = self.plan(a.class).map_or(Cancel::Nothing, |p| p.cancel);
        if self.is_call(a.class) {
            if self.budgets.is_some() {
                self.budget_wins(request, a.class);
            }
            self.end_round(queue, request, how);
            return self.call_is_ok(queue, request, a);
        }
        self.ledger.ok += 1;
        if a.measured {
            self.measure.tally.classes[a.class as usize].ok += 1;
        }
        self.answer_retried(request, a.class, a.measured, now);
        if self.measure.narrowed && a.measured {
            let latency = now - self.jobs.request(request).born;
            let source = self.source_of[a.class as usize];
            self.measure.answered_narrow(a.class, source, latency);
        }
        if self.budgets.is_some() {
            self.budget_wins(request, a.class);
        }
        self.end_round(queue, request, how);
        self.call_ends(request, Outcome::Ok, now);
        self.next_round(queue, request, a.class);
        self.jobs.let_go(request);
    }

    /// A copy has failed. The request fails with it once too few others can still be `ok`.
    #[cold]
    pub(super) fn copy_failed<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        failed: &Attempt,
        outcome: Outcome,
    ) {
        let request = failed.request;
        if !self.leave_round(request, attempt) {
            return;
        }
        let plan = self.plan(failed.class);
        let in_time = self.is_in_time(failed, queue.now());
        let (Some(plan), Some(copies)) = (plan, &mut self.copies) else {
            return;
        };
        let group = copies.group(request);
        let more = plan.hurry && group.made < plan.most && in_time;
        if more {
            self.schedule_hedge(queue, request, 0);
        } else if group.ok + (group.open.len() as u32) < plan.need {
            self.end_round(queue, request, plan.cancel);
            self.try_again(queue, failed, outcome);
        }
    }
}
