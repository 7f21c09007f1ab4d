//! The system in a run: one match over the events, one short function for each.
//!
//! ```text
//!  source ──born──▶ balancer ──picked──▶ worker ──▶ buffer ──▶ core ──▶ reply
//!    ▲  timeout      buffer, dispatch,    RAM, wedged,                    │
//!    └── retry ◀──── breakers, policy     down                           │
//!         ▲─────────────────────────────────────────────────────────────┘
//! ```
//!
//! An **attempt** is in exactly one place: with the balancer, waiting at a worker, on a core, or
//! gone. It is **open** until its caller knows how it ended; after a timeout it may go on without
//! being open. A **request** is active until it is `ok` or lost; its record stays as long as an
//! attempt of it is anywhere.

mod about;
mod aside;
mod batches;
mod branch;
mod budgets;
mod build;
mod calls;
mod cancel;
mod checks;
mod closed;
mod copies;
mod crowd;
mod deadline;
mod decided;
mod detect;
mod edges;
mod far;
mod finish;
mod guard;
mod idle;
mod instances;
mod interrupt;
mod jobs;
mod leave;
mod limits;
mod measure;
mod network;
mod poison;
mod probes;
mod pull;
mod request;
mod room;
pub(super) mod rows;
mod scaling;
mod seen;
mod sender;
mod serve;
mod share;
mod shedding;
mod steps;
mod strain;
mod sweeps;
mod trips;
mod trouble;
mod turns;
mod warming;
mod windows;

use about::About;
use budgets::Budgets;
use checks::Checking;
use closed::{Loops, NO_USER};
use copies::Copies;
use crowd::Crowd;
use detect::Watching;
use edges::Edges;
use guard::ClientGuards;
use idle::Idle;
use instances::Instances;
use interrupt::Interrupted;
use jobs::{ASIDE, Attempt, Jobs, NO_WORKER, NOT_STARTED, NewRequest};
use limits::Limits;
use measure::Measure;
use network::Network;
use rows::Rows;
use scaling::Scaling;
use shedding::Shedding;
use steps::Steps;
use strain::Strain;
use turns::Needs;
use warming::Warming;

use super::balancer::{Ask, Fleet, Front};
use super::caller::Caller;
use super::event::{Event, Sample, kind};
use super::fault::{self, Errors, Poison, Target};
use super::ledger::Ledger;
use super::level::Level;
use super::outcome::Outcome;
use super::source::Source;
use super::spec::{ClientSpec, PolicySpec, ServiceSpec, SourceSpec, SystemSpec};
use super::trial::{Horizon, RunSpec, TrialOutput};
use super::worker::Workers;
use crate::base::units::Nanos;
use crate::engine::digest::Fingerprint;
use crate::engine::dist::Dist;
use crate::engine::heap::Entry;
use crate::engine::queue::{Queue, Soon};
use crate::engine::rng::{Key, Stream};
use crate::engine::simulation::{Flow, Model};
use crate::model::source::{last_birth, whole};

/// The system, with everything that a run changes.
///
/// `RICH`: whether it may have more than the usual (see [`SystemSpec::is_rich`]). The tests for it
/// are compiled out of a plain one.
#[derive(Clone, Debug)]
pub struct System<'s, O, const RICH: bool> {
    spec: &'s SystemSpec,
    sources: Vec<Source<'s>>,
    /// Who calls services: the sources, in their order.
    callers: Vec<Caller<'s>>,
    /// The balancers: one a service, or the instances of each, one service after another.
    fronts: Vec<Front<'s>>,
    /// Who was sent by which, where a service has several.
    instances: Option<Box<Instances>>,
    workers: Workers,
    jobs: Jobs,
    /// The service that each caller calls, and the caller of each class: the classes of all
    /// sources, then for each call of a step as many again.
    service_of: Vec<u32>,
    source_of: Vec<u32>,
    /// How many classes the sources have.
    roots: u32,
    /// How far attempts are, if any service works in steps.
    steps: Option<Box<Steps<'s>>>,
    /// Whether any cache keeps the answers to keys.
    keyed_caches: bool,
    /// What multiplies the work of each class of a source; kept with `steps`.
    factors: Vec<f64>,
    targets: Vec<Target<'s>>,
    restarts: Vec<Option<Stream>>,
    /// Faults by which attempts fail, if there are any.
    errors: Option<Box<Errors>>,
    /// Faults by which requests do harm, if there are any.
    poison: Option<Box<Poison>>,
    /// Whether RAM can leak or be capped.
    short_of_ram: bool,
    /// How warm workers are, if any starts cold.
    warming: Option<Box<Warming>>,
    /// What memory does to the speed of workers, if it does.
    strain: Option<Box<Strain>>,
    /// Who comes and goes, if workers of any service do.
    scaling: Option<Box<Scaling<'s>>>,
    /// How workers shed load, if any does.
    shedding: Option<Box<Shedding>>,
    /// What went back to a buffer, if cores can go down by themselves.
    interrupted: Option<Box<Interrupted>>,
    ledger: Ledger,
    /// Whether any request holds memory.
    holds_memory: bool,
    /// Whether more than cores and slots decides who is let in and served next.
    elaborate: bool,
    /// What each class asks for beyond work and memory; used where `elaborate`.
    needs: Vec<Needs>,
    /// What others in service add to work, if they do.
    crowd: Option<Box<Crowd>>,
    /// Whether a further attempt may ask for other work than the first.
    draws_again: bool,
    /// Size of each request, by place; kept where `elaborate` or `draws_again`.
    sizes: Vec<u64>,
    /// Recorded turn of each request, by place; kept where a trace says so.
    turns: Vec<u64>,
    /// What policies are told beyond loads, and which workers told that they are idle.
    about: About,
    idle: Option<Box<Idle>>,
    /// The limits of clients, if any has some.
    limits: Option<Box<Limits>>,
    /// What callers allow themselves of retries, if that is bounded anywhere.
    budgets: Option<Box<Budgets>>,
    /// The health checks of workers, if any are checked.
    checking: Option<Box<Checking<'s>>>,
    /// The breakers of callers, if any has one.
    client_guards: Option<Box<ClientGuards<'s>>>,
    /// Attempts on their way, if anybody is far from the service that it calls.
    network: Option<Box<Network>>,
    /// What goes wrong between callers and services.
    edges: Option<Box<Edges<'s>>>,
    /// The users of closed sources, if there are any.
    loops: Option<Box<Loops>>,
    /// The copies of requests that are sent in several, if any source does that.
    copies: Option<Box<Copies>>,
    /// Whether there are any of these four: then births and ends set more off than usual.
    ends_matter: bool,
    /// Whether an attempt may leave a buffer before its turn.
    may_leave: bool,
    /// Whether any client has a deadline, and whether workers know any.
    deadlines: bool,
    propagates: bool,
    /// Whether any balancer takes time, and whether any hears how attempts end.
    dispatches: bool,
    guarded: bool,
    /// Any balancer ejects outliers.
    ejects: bool,
    /// Whether instances of any balancer share their breakers.
    shares_breakers: bool,
    /// Whether workers of any service pull.
    pulls: bool,
    /// Attempts waiting anywhere.
    waiting: u64,
    /// The attempt whose service has just ended and whose caller is about to hear of it: it can't
    /// be taken back any more.
    ending: u32,
    /// Requests between two attempts.
    pausing: Level,
    /// Workers wedged and down.
    wedged: Level,
    down: Level,
    /// Sources that may still send.
    sending: u32,
    fingerprint: Fingerprint,
    demand: Fingerprint,
    measure: Measure<'s>,
    /// Who looks for incidents, if anybody does, the next moment at which they look, and how slow
    /// an answer is that they want to hear of.
    watching: Option<Box<Watching<'s>>>,
    next_look: Nanos,
    slow_from: Nanos,
    /// The run ends before its time, as was asked for.
    broken_off: bool,
    observer: O,
}

impl<'s, O: Rows, const RICH: bool> System<'s, O, RICH> {
    /// The system of a spec at time 0, with its first events scheduled.
    pub fn new<W: Entry>(
        spec: &'s SystemSpec,
        run: &'s RunSpec,
        observer: O,
        queue: &mut Queue<W, Event>,
    ) -> Self {
        let key = Key::new(run.seed, u64::from(run.replication), 0);
        let workers = Workers::new(spec);
        let mut first = 0;
        let mut fronts = Vec::new();
        for (number, service) in (0u32..).zip(&spec.services) {
            let fleet = Fleet::of(service);
            for instance in 0..service.balancer.instances {
                let mut front = Front::new(spec, (number, instance), &key, first, &fleet);
                if let Some(Dist::Constant { .. }) = front.dispatch {
                    front.lane = Some(queue.add_lane());
                }
                fronts.push(front);
            }
            first += service.worker_count() as u32;
        }
        let mut system = System {
            spec,
            sources: build::sources(spec, run, &key, queue),
            callers: build::callers(spec, &key, queue),
            fronts,
            instances: Instances::new(spec),
            targets: fault::targets(spec, &key),
            restarts: build::restarts(spec, &key),
            errors: Errors::new(spec, &key),
            poison: Poison::new(spec, &key),
            interrupted: Interrupted::new(spec),
            warming: Warming::new(spec),
            strain: Strain::new(spec),
            scaling: Scaling::new(spec, &key),
            shedding: Shedding::new(spec, &key),
            short_of_ram: fault::takes_ram(spec),
            measure: Measure::new(spec, run, workers.len()),
            watching: Watching::new(spec, run, workers.len()),
            next_look: Nanos::MAX,
            slow_from: Nanos::MAX,
            broken_off: false,
            workers,
            jobs: Jobs::new(build::needs_requests(spec)),
            service_of: spec.called_services().map(|s| s as u32).collect(),
            source_of: build::callers_of_classes(spec),
            roots: spec.classes().count() as u32,
            steps: None,
            keyed_caches: spec.keeps_keys(),
            factors: Vec::new(),
            ledger: Ledger::default(),
            dispatches: spec.services.iter().any(|s| s.balancer.dispatch.is_some()),
            guarded: spec.services.iter().any(|s| s.balancer.hears()),
            ejects: spec.services.iter().any(|s| s.balancer.outlier.is_some()),
            shares_breakers: spec.services.iter().any(|s| s.balancer.shares_breakers()),
            pulls: spec
                .services
                .iter()
                .any(|s| s.balancer.policy == PolicySpec::CentralQueue),
            may_leave: spec.clients().any(ClientSpec::may_leave),
            deadlines: spec.clients().any(ClientSpec::has_deadline),
            propagates: spec.clients().any(|c| c.propagate_deadline),
            holds_memory: spec.holds_memory(),
            elaborate: spec.is_elaborate(),
            needs: build::needs(spec),
            crowd: Crowd::new(spec),
            draws_again: spec.draws_again(),
            sizes: Vec::new(),
            turns: Vec::new(),
            about: About::new(spec),
            idle: Idle::new(spec, &key),
            limits: Limits::new(spec),
            budgets: Budgets::new(spec),
            checking: Checking::new(spec),
            client_guards: ClientGuards::new(spec, &key),
            network: Network::new(spec),
            edges: Edges::new(spec),
            loops: Loops::new(spec),
            copies: Copies::new(spec),
            ends_matter: false,
            waiting: 0,
            ending: NO_WORKER,
            pausing: Level::default(),
            wedged: Level::default(),
            down: Level::default(),
            sending: 0,
            fingerprint: Fingerprint::new(),
            demand: Fingerprint::new(),
            observer,
        };
        system.steps = Steps::new(spec, &key, system.workers.len());
        if system.steps.is_some() {
            system.factors = spec.classes().map(|c| c.work_factor).collect();
        }
        if let Some(watching) = &system.watching {
            system.next_look = watching.next_look();
            system.slow_from = watching.slow_from();
        }
        for spared in &run.spared {
            system.targets.iter_mut().for_each(|t| t.spare(spared));
            system.sources.iter_mut().for_each(|s| s.spare(spared));
        }
        system.ends_matter = system.limits.is_some()
            || system.budgets.is_some()
            || system.client_guards.is_some()
            || system.loops.is_some()
            || system.copies.is_some();
        assert!(
            RICH || !system.has_more(),
            "a plain system has what only a rich one looks at"
        );
        if system.strain.is_some() || system.scaling.is_some() {
            system.workers.note_touched();
        }
        system.begin_scaled(queue);
        system.begin_idle();
        system.schedule_samples(queue);
        system.schedule_faults(queue);
        system.schedule_sweeps(queue);
        system.schedule_checks(queue);
        system.sending = system.sources.len() as u32;
        for source in 0..system.sending {
            if system.sources[source as usize].is_closed() {
                system.start_loops(queue, source);
            } else {
                system.schedule_birth(queue, source);
            }
        }
        system
    }

    /// Whether anything is on that only a rich system looks at.
    fn has_more(&self) -> bool {
        self.elaborate
            || self.ends_matter
            || self.may_leave
            || self.deadlines
            || self.propagates
            || self.pulls
            || self.steps.is_some()
            || self.network.is_some()
            || self.instances.is_some()
            || self.short_of_ram
            || self.draws_again
            || self.crowd.is_some()
            || self.errors.is_some()
            || self.poison.is_some()
            || self.interrupted.is_some()
            || self.strain.is_some()
            || self.scaling.is_some()
            || self.about.is_any()
            || self.idle.is_some()
    }
}

impl<W: Entry, O: Rows, const RICH: bool> Model<W> for System<'_, O, RICH> {
    type Event = Event;

    #[inline(always)]
    fn expect(&self, event: Event, soon: Soon) {
        if let Event::Complete { attempt, .. } = event {
            match soon {
                Soon::AmongNext => self.jobs.fetch(attempt),
                Soon::Next => self.workers.fetch(self.jobs.attempt(attempt).worker),
            }
        }
    }

    fn given_up(&self) -> bool {
        self.observer.given_up()
    }

    #[inline(always)]
    fn before(&mut self, now: Nanos) -> Flow {
        if now < self.next_look {
            return Flow::GoOn;
        }
        self.look(now);
        if self.broken_off {
            Flow::Stop
        } else {
            Flow::GoOn
        }
    }

    #[inline(always)]
    fn handle(&mut self, queue: &mut Queue<W, Event>, event: Event) -> Flow {
        match event {
            Event::Complete { attempt, phase } => self.complete(queue, attempt, phase),
            Event::Arrive { source } => self.arrive(queue, source),
            Event::Dispatched { attempt } => self.dispatched(queue, attempt),
            Event::Route { attempt } => self.route_dispatched(queue, attempt),
            Event::Timeout {
                attempt,
                generation,
            } => self.timeout(queue, attempt, generation),
            Event::Patience {
                attempt,
                generation,
            } => self.patience_over(queue, attempt, generation),
            Event::Retry { request } => self.retry(queue, request),
            Event::FaultStart { target } => self.fault_start(queue, target),
            Event::FaultEnd { target } => self.fault_end(queue, target),
            Event::Restart { worker, epoch } => self.restart(queue, worker, epoch),
            Event::ShareDone { worker, epoch } => self.share_done(queue, worker, epoch),
            Event::Recover { worker } => self.recover(queue, worker),
            Event::Hedge { request, timer } => self.hedge(queue, request, timer),
            Event::ThinkOver { source, user } => self.think_over(queue, source, user),
            Event::SetOut {
                attempt,
                generation,
            } => self.set_out_at_last(queue, attempt, generation),
            Event::PendingOver {
                attempt,
                generation,
            } => self.pending_over(queue, attempt, generation),
            Event::Warmer { worker, start } => self.warmer(queue, worker, start),
            Event::Collected { worker, number } => self.collected(queue, worker, number),
            Event::Scale { service } => self.scale(queue, service),
            Event::Started { worker, epoch } => self.started(queue, worker, epoch),
            Event::Drained { worker, epoch } => self.drained(queue, worker, epoch),
            Event::Sweep { front } => self.sweep(queue, front),
            Event::Check { worker, what } => self.check(queue, worker, what),
            Event::StepOver {
                attempt,
                generation,
            } => self.step_over(queue, attempt, generation),
            Event::Call {
                attempt,
                generation,
            } => self.call(queue, attempt, generation),
            Event::Reach {
                attempt,
                generation,
            } => self.reach(queue, attempt, generation),
            Event::Reply {
                attempt,
                generation,
            } => self.reply(queue, attempt, generation),
            Event::Sample(sample) => return self.sample(queue, sample),
        }
        if RICH && self.workers.are_noted() {
            self.follow_up(queue);
        }
        if self.measure.may_be_over {
            self.flow()
        } else {
            Flow::GoOn
        }
    }
}

impl<O: Rows, const RICH: bool> System<'_, O, RICH> {
    /// Whether a run that may stop does.
    #[cold]
    fn flow(&self) -> Flow {
        let done = match self.measure.horizon() {
            Horizon::For(_) => !self.measure.any_open(),
            Horizon::Trace => self.jobs.used() == 0,
        };
        if done { Flow::Stop } else { Flow::GoOn }
    }

    #[inline]
    fn fold(&mut self, now: Nanos, kind: u32, number: u64, place: u32) {
        self.fingerprint.fold(now, kind, number, place);
    }
}

/// Everything after the horizon is only waited for.
const DRAIN_OVER: Event = Event::Sample(Sample::DrainOver);
