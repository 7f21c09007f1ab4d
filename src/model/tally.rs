//! What a trial counts. Everything is a whole number, so tallies of several trials can be added
//! in any order and give the same sums.
//!
//! A request and its attempts belong to the time of its birth: they are counted here when it was
//! born in the measured time. Areas (time integrals) cover exactly the measured time.

mod since;

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use crate::base::units::Nanos;
use crate::stats::histogram::Histogram;

/// Counts by outcome.
pub type ByOutcome = [u64; Outcome::COUNT];

/// Everything measured in one trial, or in several added up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Trials added up.
    pub trials: u64,
    /// Measured time, nanoseconds.
    pub measured_ns: u128,
    /// Events simulated over the whole run, warm-up and drain included.
    pub events: u64,
    /// One for each class, source by source in file order.
    pub classes: Vec<ClassTally>,
    /// One for each call of a step and each of those classes, call by call.
    pub calls: Vec<ClassTally>,
    /// One for each service.
    pub balancers: Vec<BalancerTally>,
    /// One for each worker, service by service.
    pub workers: Vec<WorkerTally>,
    /// Delays: `[0]` over everything, then one for each [`Wanted::scopes`].
    pub delays: Vec<Delays>,
    /// Most attempts waiting at one moment, over everything.
    pub queue_max: u64,
    /// Time integral of requests between two attempts.
    pub pausing_area: u128,
    /// Attempts inside at the moments of [`Wanted::inside_at`].
    pub inside_at: Vec<u64>,
}

/// What a class of one source did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClassTally {
    /// Requests born.
    pub born: u64,
    /// Requests with at least one complete answer, in time or not.
    pub answered: u64,
    /// Requests answered before their client gave up.
    pub ok: u64,
    /// Requests lost, by the outcome of their last attempt.
    pub lost: ByOutcome,
    /// Requests still inside when the run ended.
    pub unfinished: u64,
    /// Calls whose answers were found in a cache: they are not among those born.
    pub cached: u64,
    /// Attempts made.
    pub attempts: u64,
    /// Requests that sent a hedge.
    pub hedged: u64,
    /// Retries that a budget denied.
    pub retries_denied: u64,
    /// Attempts ended, by outcome.
    pub ended: ByOutcome,
    /// Core-time spent, nanoseconds.
    pub core_ns: u128,
    /// Core-time spent on attempts whose client had gone when they ended.
    pub wasted_ns: u128,
}

/// What one balancer did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BalancerTally {
    /// Time integral of attempts in its buffer.
    pub queue_area: u128,
    /// Time integral of attempts being dispatched.
    pub busy_area: u128,
    /// Time integral of workers provisioned, where they come and go.
    pub provisioned_area: u128,
    /// Times a breaker opened, from half-open included.
    pub breaker_opens: u64,
    /// Breaker-time open (from opening to the end of the wait), summed over breakers.
    pub breaker_open_area: u128,
    /// Breaker-time in all: breakers times measured time.
    pub breaker_area: u128,
}

/// What one worker did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WorkerTally {
    /// Attempts sent to it, ended, by outcome.
    pub ended: ByOutcome,
    /// Time integral of busy cores.
    pub busy_area: u128,
    /// Time integral of attempts in service.
    pub serving_area: u128,
    /// The part of `busy_area` while wedged or down: work that a crash has frozen is on its core.
    pub wedged_busy_area: u128,
    /// Core-time while up and not wedged.
    pub able_area: u128,
    /// Time integral of attempts waiting.
    pub queue_area: u128,
    /// Most waiting at one moment.
    pub queue_max: u64,
    /// Time integral of bytes of RAM held.
    pub ram_area: u128,
    /// Most bytes held at one moment.
    pub ram_max: u64,
    /// Time that collections of garbage stopped it.
    pub gc_area: u128,
    /// Times it wedged.
    pub wedges: u64,
    /// Times its breaker opened, from half-open included.
    pub breaker_opens: u64,
}

/// Distributions of delays, nanoseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Delays {
    /// Birth to the answer that the client waited for, of requests that are `ok`.
    pub latency: Histogram,
    /// Time in buffers before service, of attempts served.
    pub wait: Histogram,
    /// Arrival at the service to the reply, of attempts served, late ones included.
    pub response: Histogram,
    /// Sum of the waits of attempts that gave up waiting.
    pub gave_up: u128,
    /// Attempts in that sum.
    pub gave_up_n: u64,
    /// Sum of response over work in units of 2^-20, of attempts with work.
    pub slowdown: u128,
    /// Attempts in that sum.
    pub slowdown_n: u64,
}

/// What some delays are narrowed to. Indices are those of the spec; classes and workers are
/// numbered through all sources and services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrow {
    /// Everything.
    All,
    /// One source.
    Source(u32),
    /// One class of one source.
    Class(u32),
    /// One service.
    Service(u32),
    /// One worker.
    Worker(u32),
}

/// What a trial is asked to measure beyond the standard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    /// Sets of delays to keep beside those over everything.
    pub scopes: Vec<Narrow>,
    /// Moments after the start of the measured time at which to count attempts inside.
    pub inside_at: Vec<Nanos>,
    /// Measure slowdowns.
    pub slowdown: bool,
    /// Into how many equal parts the measured time is cut, each with a tally of its own; 0: it is
    /// not. Only where it has a fixed length.
    pub batches: u32,
}

fn add_each<T: Clone + Default>(to: &mut Vec<T>, from: &[T], add: impl Fn(&mut T, &T)) {
    to.resize(to.len().max(from.len()), T::default());
    for (a, b) in to.iter_mut().zip(from) {
        add(a, b);
    }
}

fn add_outcomes(to: &mut ByOutcome, from: &ByOutcome) {
    for (a, b) in to.iter_mut().zip(from) {
        *a += b;
    }
}

impl Tally {
    /// Adds another trial's (or several trials') counts of the same system.
    pub fn add(&mut self, other: &Tally) {
        self.trials += other.trials;
        self.measured_ns += other.measured_ns;
        self.events += other.events;
        self.queue_max = self.queue_max.max(other.queue_max);
        self.pausing_area += other.pausing_area;
        add_each(&mut self.inside_at, &other.inside_at, |a, b| *a += b);
        add_each(&mut self.classes, &other.classes, ClassTally::add);
        add_each(&mut self.calls, &other.calls, ClassTally::add);
        add_each(&mut self.balancers, &other.balancers, BalancerTally::add);
        add_each(&mut self.workers, &other.workers, WorkerTally::add);
        add_each(&mut self.delays, &other.delays, Delays::add);
    }
}

impl ClassTally {
    pub(super) fn add(&mut self, other: &ClassTally) {
        self.born += other.born;
        self.answered += other.answered;
        self.ok += other.ok;
        add_outcomes(&mut self.lost, &other.lost);
        self.unfinished += other.unfinished;
        self.cached += other.cached;
        self.attempts += other.attempts;
        self.hedged += other.hedged;
        self.retries_denied += other.retries_denied;
        add_outcomes(&mut self.ended, &other.ended);
        self.core_ns += other.core_ns;
        self.wasted_ns += other.wasted_ns;
    }
}

impl BalancerTally {
    pub(super) fn add(&mut self, other: &BalancerTally) {
        self.queue_area += other.queue_area;
        self.busy_area += other.busy_area;
        self.provisioned_area += other.provisioned_area;
        self.breaker_opens += other.breaker_opens;
        self.breaker_open_area += other.breaker_open_area;
        self.breaker_area += other.breaker_area;
    }
}

impl WorkerTally {
    pub(super) fn add(&mut self, other: &WorkerTally) {
        add_outcomes(&mut self.ended, &other.ended);
        self.busy_area += other.busy_area;
        self.serving_area += other.serving_area;
        self.wedged_busy_area += other.wedged_busy_area;
        self.able_area += other.able_area;
        self.queue_area += other.queue_area;
        self.queue_max = self.queue_max.max(other.queue_max);
        self.ram_area += other.ram_area;
        self.ram_max = self.ram_max.max(other.ram_max);
        self.gc_area += other.gc_area;
        self.wedges += other.wedges;
        self.breaker_opens += other.breaker_opens;
    }
}

impl Delays {
    pub(super) fn add(&mut self, other: &Delays) {
        self.latency.merge(&other.latency);
        self.wait.merge(&other.wait);
        self.response.merge(&other.response);
        self.gave_up += other.gave_up;
        self.gave_up_n += other.gave_up_n;
        self.slowdown += other.slowdown;
        self.slowdown_n += other.slowdown_n;
    }
}
