//! Services that work in steps: what an attempt does next, on its core, aside, or back from there.
//!
//! An attempt is **on a core** (at work, or holding the core while it waits), **aside** (its core
//! is with the next, its memory and its place in the worker's load are kept), or **back** in the
//! buffer, in front of all who have not begun.

use super::*;
use crate::engine::rng::{Bits, Keyed, path_hash};
use crate::model::cache::Cache;
use crate::model::spec::{StepSpec, Vary, WorkSpec};

/// What is known of attempts and requests where services work in steps or are called.
#[derive(Clone, Debug)]
pub(super) struct Steps<'s> {
    pub key: Key,
    /// By service.
    plans: Vec<Plan<'s>>,
    /// By place of an attempt.
    pub trips: Vec<Trip>,
    /// By place of a request.
    pub origins: Vec<Origin>,
    /// By worker: who stepped aside.
    pub aside: Vec<Vec<u32>>,
    /// By caller: the cache beside its calls.
    pub caches: Vec<Option<Cache>>,
    /// What numbers the requests of each source.
    pub source_paths: Vec<u64>,
}

/// What a request does at a service.
#[derive(Clone, Debug)]
struct Plan<'s> {
    steps: Vec<Step<'s>>,
    /// Where it is one piece, and what it is drawn for.
    work: Option<(&'s WorkSpec, u64)>,
    /// What the memory of those is drawn for who come from a step.
    memory: u64,
    /// What their patience is drawn for.
    patience: u64,
}

/// A step, what it is drawn for, and for a call whose number it is among all callers.
#[derive(Clone, Debug)]
struct Step<'s> {
    spec: &'s StepSpec,
    purpose: u64,
    caller: u32,
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trip {
    /// The next step.
    pub next: u32,
    /// Which copy of its request it is.
    pub copy: u32,
    pub state: State,
    /// When it first had a core.
    pub first_start: Nanos,
    /// Core-time before the current stretch.
    pub spent: Nanos,
    /// Work before the current stretch.
    pub done: Nanos,
    /// The request that it waits for.
    child: u32,
    /// The call that it waited for failed.
    failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// At work, or not yet begun.
    Going,
    /// Waits, and keeps its core.
    Holding,
    /// Waits without a core.
    Aside,
    /// Has waited, and has not got a core again.
    Back,
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// The attempt that waits for it, and which user of that place; [`NOBODY`]: a source sent it.
    pub parent: u32,
    pub generation: u32,
    /// What its own draws are keyed by: itself and the way it came.
    pub lineage: u64,
    /// Number of the request of the source that it goes back to.
    pub number: u64,
    /// When it is of no use any more.
    pub deadline: Nanos,
    /// Which instance of its caller sent it: a source is one, a service has its workers.
    pub instance: u32,
    /// Its last attempt.
    pub current: u32,
    /// It waits for its next attempt.
    pub pausing: bool,
}

/// No attempt and no request.
pub(super) const NOBODY: u32 = u32::MAX;

const UNBEGUN: Trip = Trip {
    next: 0,
    copy: 0,
    state: State::Going,
    first_start: NOT_STARTED,
    spent: 0,
    done: 0,
    child: NOBODY,
    failed: false,
};

impl Origin {
    /// Of a source, and nothing known of it yet.
    pub const UNKNOWN: Origin = Origin {
        parent: NOBODY,
        generation: 0,
        lineage: 0,
        number: 0,
        deadline: Nanos::MAX,
        instance: 0,
        current: NOBODY,
        pausing: false,
    };
}

impl<'s> Steps<'s> {
    /// `None`: no service works in steps.
    pub fn new(spec: &'s SystemSpec, key: &Key, workers: usize) -> Option<Box<Steps<'s>>> {
        if !spec.has_steps() {
            return None;
        }
        let mut caller = spec.sources.len() as u32;
        let mut plans = Vec::new();
        for service in &spec.services {
            let path = |what: &str| path_hash(&format!("service/{}/{what}", service.name));
            let steps = service.steps.iter().enumerate();
            let steps = steps.map(|(number, step)| {
                let calls = matches!(step, StepSpec::Call(_));
                caller += u32::from(calls);
                Step {
                    spec: step,
                    purpose: path(&format!("step/{number}")),
                    caller: caller.wrapping_sub(1),
                }
            });
            plans.push(Plan {
                steps: steps.collect(),
                work: service.work.as_ref().map(|work| (work, path("work"))),
                memory: path("memory"),
                patience: path("patience"),
            });
        }
        let sources = spec.sources.iter().map(|_| None);
        let calls = spec.call_sites();
        let calls = calls.map(|site| site.call.cache.as_ref().map(Cache::new));
        let source = |s: &SourceSpec| path_hash(&format!("source/{}", s.name));
        Some(Box::new(Steps {
            key: *key,
            plans,
            trips: Vec::new(),
            origins: Vec::new(),
            aside: vec![Vec::new(); workers],
            caches: sources.chain(calls).collect(),
            source_paths: spec.sources.iter().map(source).collect(),
        }))
    }

    /// How far an attempt is.
    pub fn trip(&mut self, attempt: u32) -> &mut Trip {
        &mut self.trips[attempt as usize]
    }

    /// Where a request comes from.
    pub fn origin(&mut self, request: u32) -> &mut Origin {
        let place = request as usize;
        if place >= self.origins.len() {
            self.origins.resize(place + 1, Origin::UNKNOWN);
        }
        &mut self.origins[place]
    }

    /// A draw of a request for a purpose: the same for all who ask, whenever they do.
    pub fn draw(&self, purpose: u64, request: u32, copy: u32, attempt: u32) -> Keyed {
        let lineage = self.origins[request as usize].lineage;
        Keyed::new(&self.key, purpose, lineage, copy, attempt)
    }

    /// The step that an attempt comes to next at a service, and what it is drawn for.
    pub fn next_step(&self, service: usize, attempt: u32) -> Option<(&'s StepSpec, u64)> {
        let next = self.trips[attempt as usize].next as usize;
        let step = self.plans[service].steps.get(next)?;
        Some((step.spec, step.purpose))
    }

    /// Who makes the call that an attempt is at.
    pub fn caller_at(&self, service: usize, attempt: u32) -> u32 {
        let next = self.trips[attempt as usize].next as usize;
        self.plans[service].steps[next - 1].caller
    }

    /// Which copy of its request an attempt is.
    pub fn copy_of(&self, attempt: u32) -> u32 {
        self.trips[attempt as usize].copy
    }

    /// The request that an attempt waits for, which is then no longer its.
    pub fn take_child(&mut self, attempt: u32) -> Option<u32> {
        let trip = self.trips.get_mut(attempt as usize)?;
        let child = std::mem::replace(&mut trip.child, NOBODY);
        (child != NOBODY).then_some(child)
    }

    /// An attempt waits for a request.
    pub fn waits_for(&mut self, attempt: u32, request: u32) {
        self.trip(attempt).child = request;
    }

    /// Notes how the request ended that an attempt waits for; whether it does.
    pub fn hears(&mut self, attempt: u32, request: u32, failed: bool) -> bool {
        let trip = self.trip(attempt);
        let waits = trip.child == request;
        if waits {
            (trip.child, trip.failed) = (NOBODY, failed);
        }
        waits
    }

    /// The purposes of what is drawn of a request that comes from a step to this service.
    pub fn purposes_at(&self, service: usize) -> (u64, u64) {
        let plan = &self.plans[service];
        (plan.memory, plan.patience)
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// An attempt is made: how far it is, and the work of its first stretch. `usual`: its work
    /// where its service neither works in steps nor is called from one.
    pub(super) fn begin_trip(&mut self, attempt: u32, copy: u32, usual: Nanos) -> Nanos {
        let service = self.service_at(attempt);
        let a = *self.jobs.attempt(attempt);
        let Some(steps) = &mut self.steps else {
            return usual;
        };
        let place = attempt as usize;
        if place >= steps.trips.len() {
            steps.trips.resize(place + 1, UNBEGUN);
        }
        steps.trips[place] = Trip { copy, ..UNBEGUN };
        steps.origin(a.request).current = attempt;
        let called = a.class >= self.roots;
        let plan = &steps.plans[service];
        let work = match plan.work {
            Some((work, purpose)) if called => {
                let size = self.sizes[a.request as usize];
                let WorkSpec::Drawn {
                    cpu, per_kib, vary, ..
                } = work
                else {
                    return 0;
                };
                let (copy, again) = varied(*vary, copy, &a);
                let mut keyed = steps.draw(purpose, a.request, copy, again);
                whole(cpu.sample(&mut keyed) + per_kib / 1024.0 * size as f64)
            }
            _ if plan.steps.is_empty() => usual,
            _ => self.next_work(attempt),
        };
        self.jobs.attempt_mut(attempt).work = work;
        work
    }

    /// A further attempt of a request is made.
    pub(super) fn begin_another_trip(&mut self, attempt: u32, copy: u32) {
        let a = self.jobs.attempt_mut(attempt);
        let (class, usual) = (a.class, a.work);
        if class >= self.roots {
            a.try_number |= ASIDE;
        }
        self.begin_trip(attempt, copy, usual);
    }

    /// The work of the next step of an attempt, which it then is at; 0 where that is no work.
    pub(super) fn next_work(&mut self, attempt: u32) -> Nanos {
        let service = self.service_at(attempt);
        let a = *self.jobs.attempt(attempt);
        let Some(steps) = &mut self.steps else {
            return 0;
        };
        let trip = steps.trips[attempt as usize];
        let Some(step) = steps.plans[service].steps.get(trip.next as usize) else {
            return 0;
        };
        let StepSpec::Cpu { cpu, per_kib, vary } = step.spec else {
            return 0;
        };
        let (copy, again) = varied(*vary, trip.copy, &a);
        let mut keyed = steps.draw(step.purpose, a.request, copy, again);
        let drawn =
            cpu.sample(&mut keyed) + per_kib / 1024.0 * self.sizes[a.request as usize] as f64;
        // What a class multiplies is its work at the service that its source calls.
        let factor = self.factors.get(a.class as usize).copied().unwrap_or(1.0);
        steps.trip(attempt).next += 1;
        whole(drawn * factor)
    }

    /// A stretch of an attempt's service is over: it goes on with its next step. `false`: there is
    /// none, and its service is over.
    #[inline(never)]
    pub(super) fn goes_on<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32) -> bool {
        let (now, service) = (queue.now(), self.service_at(attempt));
        let Some(steps) = &mut self.steps else {
            return false;
        };
        if steps.plans[service].steps.is_empty() {
            return false;
        }
        let a = *self.jobs.attempt(attempt);
        let trip = steps.trip(attempt);
        if trip.first_start == NOT_STARTED {
            trip.first_start = a.start;
        }
        trip.state = State::Going;
        let next = trip.next as usize;
        let Some(step) = steps.plans[service].steps.get(next) else {
            return false;
        };
        let (spec, purpose) = (step.spec, step.purpose);
        steps.trip(attempt).done += a.work;
        if let StepSpec::Cpu { .. } = spec {
            self.workers.settle(a.worker, now);
            let work = self.next_work(attempt);
            self.spend_stretch(attempt, now);
            self.next_stretch(queue, attempt, work);
            return true;
        }
        let Some(steps) = &mut self.steps else {
            return false;
        };
        steps.trip(attempt).next += 1;
        let copy = steps.trips[attempt as usize].copy;
        let mut keyed = steps.draw(purpose, a.request, copy, a.number_of_try() - 1);
        match spec {
            StepSpec::Fail { probability } => {
                if keyed.unit() < *probability {
                    self.complete_with_error(queue, attempt, Outcome::Error);
                    return true;
                }
                self.jobs.attempt_mut(attempt).work = 0;
                return self.goes_on(queue, attempt);
            }
            StepSpec::Wait { lasts, hold } => {
                let lasts = whole(lasts.sample(&mut keyed));
                self.stop_working(queue, attempt, *hold);
                let generation = a.generation;
                let at = now.saturating_add(lasts);
                queue.at(
                    at,
                    Event::StepOver {
                        attempt,
                        generation,
                    },
                );
            }
            StepSpec::Call(call) => {
                self.stop_working(queue, attempt, call.hold);
                self.set_out_to_call(queue, attempt);
            }
            StepSpec::Cpu { .. } => {}
        }
        true
    }

    /// The core-time of a stretch that is over.
    pub(super) fn spend_stretch(&mut self, attempt: u32, now: Nanos) {
        let spent = match self.elaborate {
            true => self.core_time(attempt, now, 0),
            false => now - self.jobs.attempt(attempt).start,
        };
        if let Some(steps) = &mut self.steps {
            steps.trip(attempt).spent += spent;
        }
    }

    /// An attempt goes on working on its core.
    fn next_stretch<W: Entry>(&mut self, queue: &mut Queue<W, Event>, attempt: u32, work: Nanos) {
        let now = queue.now();
        let a = self.jobs.attempt_mut(attempt);
        (a.start, a.work) = (now, work);
        let a = *a;
        self.fold(now, kind::STEP, a.number, a.worker);
        if self.workers.cold[a.worker as usize].shared.is_some() {
            return self.workers.stay_shared(a.worker, attempt, work);
        }
        self.workers.cores.begin_with(a.core, now, work, now);
        if let Some(takes) = self.workers.time_for(a.worker, work) {
            let phase = a.phase;
            queue.at(
                now.saturating_add(takes),
                Event::Complete { attempt, phase },
            );
        }
    }

    /// An attempt has waited, or the request that it waited for has ended.
    pub(super) fn step_over<W: Entry>(
        &mut self,
        queue: &mut Queue<W, Event>,
        attempt: u32,
        generation: u32,
    ) {
        let now = queue.now();
        let a = *self.jobs.attempt(attempt);
        let Some(steps) = self.steps.as_mut().filter(|_| a.generation == generation) else {
            return;
        };
        let trip = steps.trip(attempt);
        let (state, failed) = (trip.state, std::mem::take(&mut trip.failed));
        match state {
            State::Aside => return self.go_on_from_aside(queue, attempt, failed),
            State::Holding if failed => {
                return self.complete_with_error(queue, attempt, Outcome::CallFailed);
            }
            State::Holding => trip.state = State::Going,
            // It was lost meanwhile, and its answer is on its way to the client.
            State::Going | State::Back => return,
        }
        self.fold(now, kind::STEP, a.number, a.worker);
        self.end_service(queue, attempt);
    }
}

/// Which copy and which attempt a draw is for that varies like this.
fn varied(vary: Vary, copy: u32, a: &Attempt) -> (u32, u32) {
    match vary {
        Vary::Request => (0, 0),
        Vary::Copy => (copy, 0),
        Vary::Attempt => (copy, a.number_of_try() - 1),
    }
}
