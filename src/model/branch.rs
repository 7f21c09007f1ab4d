//! Runs that branch: a run is stopped where it has become full to some level, copied as a whole,
//! and the copies go on with random words of their own.
//!
//! A copy of another **lineage** keeps all that was drawn before (arrivals to come, work begun,
//! pending ends) but for work that nothing has depended on yet; from then on it draws from streams
//! that begin anew under the key of its seed, replication and lineage. Copies of the same lineage
//! go on identically.

use std::ops::Range;

use super::event::Event;
use super::incident::Incidents;
use super::metric::{Kind, Metric, Scope, TABLE};
use super::outcome::Outcome;
use super::spec::{GroupSpec, PolicySpec, SystemSpec, UNBOUNDED_CORES};
use super::system::System;
use super::system::rows::NoRows;
use super::tally::Tally;
use super::trial::{Blind, RunSpec, TrialError};
use crate::base::codes::Code;
use crate::base::units::{Nanos, print_time};
use crate::engine::heap::Wide;
use crate::engine::queue::{Event as _, Queue};
use crate::engine::rng::Key;
use crate::engine::simulation::{Flow, Model};

/// How full the fullest place of a system is: the buffer and the cores of a worker (or its RAM),
/// the buffer of a balancer, the buffer that workers share.
#[derive(Clone, Debug)]
pub struct Gauge {
    pub(super) shelves: Vec<Shelf>,
}

/// One place that fills.
#[derive(Clone, Debug)]
pub(super) enum Shelf {
    Worker {
        worker: u32,
        room: u64,
        ram: bool,
    },
    Balancer {
        front: usize,
        room: u64,
    },
    Shared {
        fronts: Range<usize>,
        workers: Range<usize>,
        room: u64,
    },
}

/// Attempts where there is no end of room are counted against so many.
const ENDLESS: u64 = 1 << 10;

/// The part of [`Gauge::FULL`] that so many are of a room; 0: it has no end.
#[inline]
pub(super) fn part(load: u64, room: u64) -> u64 {
    let room = if room == 0 { ENDLESS } else { room };
    load * Gauge::FULL / room
}

impl Gauge {
    /// What a full place shows. A place without end may show more.
    pub const FULL: u64 = 1 << 20;

    /// Looks at nothing: always empty.
    pub fn blind() -> Gauge {
        Gauge {
            shelves: Vec::new(),
        }
    }

    /// The gauge of a system.
    pub fn new(spec: &SystemSpec) -> Gauge {
        let (mut shelves, mut front, mut worker) = (Vec::new(), 0_usize, 0_usize);
        for (index, service) in spec.services.iter().enumerate() {
            let fronts = front..front + service.balancer.instances as usize;
            let workers = worker..worker + service.worker_count();
            (front, worker) = (fronts.end, workers.end);
            if !spec.called_services().any(|called| called == index) {
                continue;
            }
            let groups = service.groups.iter();
            let each: Vec<&GroupSpec> = groups
                .flat_map(|g| std::iter::repeat_n(g, g.count as usize))
                .collect();
            let balancer = &service.balancer;
            if balancer.policy == PolicySpec::CentralQueue {
                let ends = each.iter().all(|g| g.cores != UNBOUNDED_CORES);
                let cores: u64 = each.iter().map(|g| u64::from(g.cores)).sum();
                let room = match balancer.slots {
                    Some(slots) if ends => cores + u64::from(slots),
                    _ => 0,
                };
                shelves.push(Shelf::Shared {
                    fronts,
                    workers,
                    room,
                });
                continue;
            }
            if balancer.dispatch.is_some() {
                let room = balancer.slots.map_or(0, |slots| u64::from(slots.max(1)));
                shelves.extend(fronts.map(|front| Shelf::Balancer { front, room }));
            }
            for (number, group) in workers.zip(each) {
                let room = match group.slots {
                    Some(slots) if group.cores != UNBOUNDED_CORES => {
                        u64::from(group.cores) + u64::from(slots)
                    }
                    _ => 0,
                };
                shelves.push(Shelf::Worker {
                    worker: number as u32,
                    room,
                    ram: group.ram.is_some() && spec.holds_memory(),
                });
            }
        }
        Gauge { shelves }
    }
}

/// A count of a tally that goes up when what a metric counts happens.
#[derive(Clone, Debug)]
pub enum Hits {
    /// Requests lost: classes (through all sources), outcomes.
    Lost {
        /// Indices of classes.
        classes: Vec<usize>,
        /// Indices of outcomes.
        outcomes: Vec<usize>,
    },
    /// Attempts ended, by class.
    Ended {
        /// Indices of classes.
        classes: Vec<usize>,
        /// Indices of outcomes.
        outcomes: Vec<usize>,
    },
    /// Attempts ended, by worker.
    AtWorkers {
        /// Indices of workers.
        workers: Vec<usize>,
        /// Indices of outcomes.
        outcomes: Vec<usize>,
    },
}

impl Hits {
    /// What a metric counts; `None` for one that is no share of requests lost or attempts
    /// refused.
    pub fn of(metric: &Metric, spec: &SystemSpec) -> Option<Hits> {
        let all = |wanted: fn(&Outcome) -> bool| -> Vec<usize> {
            let outcomes = Outcome::ALL.into_iter().filter(wanted);
            outcomes.map(Outcome::index).collect()
        };
        let (requests, outcomes) = match metric.kind {
            Kind::Row(row) if TABLE[row].name == "loss" => (true, all(|_| true)),
            Kind::Row(row) if TABLE[row].name == "refused" => (false, all(|o| o.is_refusal())),
            Kind::Lost(outcome) => (true, vec![outcome.index()]),
            Kind::Refused(outcome) => (false, vec![outcome.index()]),
            _ => return None,
        };
        let by_worker = matches!(metric.scope, Scope::Worker(..) | Scope::Service(_));
        if by_worker && !requests {
            let mut workers = Vec::new();
            let mut index = 0;
            for service in &spec.services {
                for number in 1..=service.worker_count() as u32 {
                    let inside = match &metric.scope {
                        Scope::Service(name) => *name == service.name,
                        Scope::Worker(name, n) => *name == service.name && *n == number,
                        _ => false,
                    };
                    workers.extend(inside.then_some(index));
                    index += 1;
                }
            }
            return Some(Hits::AtWorkers { workers, outcomes });
        }
        let sources = spec.sources.iter();
        let classes = sources.flat_map(|s| s.classes.iter().map(move |c| (s, c)));
        let inside = classes
            .enumerate()
            .filter(|(_, (source, class))| match &metric.scope {
                Scope::All => true,
                Scope::Source(name) => *name == source.name,
                Scope::Class(name) => *name == class.name,
                Scope::Service(name) => spec.services[source.to].name == *name,
                Scope::Worker(..) => false,
            });
        let classes = inside.map(|(index, _)| index).collect();
        Some(match requests {
            true => Hits::Lost { classes, outcomes },
            false => Hits::Ended { classes, outcomes },
        })
    }
}

/// A run at some moment. `Clone` copies the state as a whole.
#[derive(Clone, Debug)]
pub struct Branch<'s> {
    state: State<'s>,
    queue: Queue<Wide, Event>,
    /// The fullest it was since this was last set.
    pub peak: u64,
    events: u64,
    budget: u64,
}

#[derive(Clone, Debug)]
enum State<'s> {
    Plain(Box<System<'s, NoRows<'s>, false>>),
    Rich(Box<System<'s, NoRows<'s>, true>>),
}

macro_rules! system {
    ($branch:expr, $name:ident => $body:expr) => {
        match &$branch.state {
            State::Plain($name) => $body,
            State::Rich($name) => $body,
        }
    };
}

/// Where a run stops to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// As full as this, or emptier.
    pub low: Option<u64>,
    /// As full as this, or fuller.
    pub high: Option<u64>,
    /// The first event at this time or later is over.
    pub time: Nanos,
}

/// What a run stopped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// [`Until::low`].
    Low,
    /// [`Until::high`].
    High,
    /// [`Until::time`], or nothing is left to happen.
    Time,
}

impl<'s> Branch<'s> {
    /// A run at time 0. Its copies share the `run`'s seed and replication; everything from time 0
    /// on is counted if the `run` has no warm-up and an endless horizon. Its event budget is for
    /// each stretch from one [`Branch::advance`] to the next.
    pub fn new(spec: &'s SystemSpec, run: &'s RunSpec) -> Branch<'s> {
        let mut queue = Queue::new();
        let state = if spec.is_rich() {
            State::Rich(Box::new(System::new(spec, run, NoRows(&Blind), &mut queue)))
        } else {
            State::Plain(Box::new(System::new(spec, run, NoRows(&Blind), &mut queue)))
        };
        Branch {
            state,
            queue,
            peak: 0,
            events: 0,
            budget: run.event_budget,
        }
    }

    /// A copy that goes its own way, with the words of this key.
    pub fn split(&self, key: &Key) -> Branch<'s> {
        let mut copy = self.clone();
        match &mut copy.state {
            State::Plain(system) => system.rekey(key),
            State::Rich(system) => system.rekey(key),
        }
        copy
    }

    /// Its time.
    pub fn now(&self) -> Nanos {
        self.queue.now()
    }

    /// Requests born so far.
    pub fn born(&self) -> u64 {
        system!(self, system => system.born())
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Hash of the sequence of events so far.
    pub fn fingerprint(&self) -> u64 {
        system!(self, system => system.fingerprint())
    }

    /// What went wrong so far, if its run says what is looked for.
    pub fn found(&self) -> Option<&Incidents> {
        system!(self, system => system.found())
    }

    /// How full the fullest place is.
    pub fn fullness(&self, gauge: &Gauge) -> u64 {
        system!(self, system => system.fullness(gauge))
    }

    /// How often it has happened so far.
    pub fn hits(&self, hits: &Hits) -> u64 {
        system!(self, system => system.hits(hits))
    }

    /// The counts so far.
    pub fn counts(&self) -> Tally {
        system!(self, system => system.counts())
    }

    /// Goes on until something of `until` holds; at once, if it is low or high already.
    ///
    /// # Errors
    /// The event budget was used up (VX5002).
    pub fn advance(&mut self, gauge: &Gauge, until: &Until) -> Result<Stopped, TrialError> {
        match &mut self.state {
            State::Plain(system) => step(
                &mut **system,
                &mut self.queue,
                (gauge, until),
                (&mut self.peak, &mut self.events, self.budget),
            ),
            State::Rich(system) => step(
                &mut **system,
                &mut self.queue,
                (gauge, until),
                (&mut self.peak, &mut self.events, self.budget),
            ),
        }
    }
}

fn step<const RICH: bool>(
    system: &mut System<'_, NoRows<'_>, RICH>,
    queue: &mut Queue<Wide, Event>,
    (gauge, until): (&Gauge, &Until),
    (peak, events, budget): (&mut u64, &mut u64, u64),
) -> Result<Stopped, TrialError> {
    let last = events.saturating_add(budget);
    loop {
        let full = system.fullness(gauge);
        *peak = full.max(*peak);
        if until.high.is_some_and(|high| full >= high) {
            return Ok(Stopped::High);
        }
        if until.low.is_some_and(|low| full <= low) {
            return Ok(Stopped::Low);
        }
        if queue.now() >= until.time {
            return Ok(Stopped::Time);
        }
        let Some(word) = queue.take() else {
            return Ok(Stopped::Time);
        };
        *events += 1;
        if *events > last || queue.exhausted() {
            let at = print_time(queue.now());
            return Err(TrialError {
                code: Code::EVENT_BUDGET,
                message: format!("{budget} events were not enough: stopped at {at}"),
            });
        }
        if Model::<Wide>::before(system, queue.now()) == Flow::Stop
            || system.handle(queue, Event::unpack(word)) == Flow::Stop
        {
            return Ok(Stopped::Time);
        }
    }
}
