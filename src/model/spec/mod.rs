//! What a system *is*, as data. A [`SystemSpec`] is what a model file means: every quantity is in
//! its base unit (nanoseconds, bytes, requests a second, money an hour), every name is resolved to
//! an index, every default is filled in.
//!
//! Built by `config` from TOML, or in code by a user of the library; [`SystemSpec::check`] holds
//! the rules of meaning for both. It must not know where it was read from.

mod autoscale;
mod balancer;
mod breaker;
mod budget;
mod check;
mod client;
mod copies;
mod failures;
mod fault;
pub mod graph;
mod health;
mod limit;
mod lint;
mod load;
pub mod plain;
mod profile;
mod room;
mod shed;
mod steps;
mod trace;
mod variability;
mod work;

pub use autoscale::*;
pub use balancer::*;
pub use breaker::*;
pub use budget::{BudgetSpec, Deposit};
pub use check::{
    MAX_BURST, MAX_COPIES, MAX_CORES, MAX_HASHES, MAX_KEYS, MAX_NAME, MAX_POOL, MAX_SLOTS,
    MAX_USERS, MAX_WORKERS, Problem, name_problem,
};
pub use client::{
    Around, BackoffKind, BackoffSpec, ClientBreaker, ClientSpec, EnvoyLimits, RetrySpec,
};
pub use copies::{Cancel, FanOutSpec, HedgeKind, HedgeSpec};
pub use failures::{FailureKind, Failures};
pub use fault::*;
pub use health::{CheckPath, EnforceSpec, HealthAction, HealthSpec, OutlierSpec, WHOLE};
pub use limit::{Fill, LimitSpec, PlacesSpec, RateSpec};
pub use lint::Lint;
pub use load::{OfferedLoad, state_shares};
pub use profile::{Profile, ProfileError, ProfileShape};
pub use shed::{LimitRange, ShedSpec};
pub use steps::{CacheSpec, CallSite, CallSpec, Hold, StepSpec};
pub use trace::{Trace, recorded_key};
pub use variability::{Cycle, Demand};
pub use work::{Vary, WorkSpec};

pub use room::*;

use std::sync::Arc;

use crate::base::units::Nanos;
pub use crate::engine::dist::{DISTRIBUTIONS, Dist, DistError};

/// A whole system: who sends, who serves, what goes wrong, what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct SystemSpec {
    /// One line that says what it is.
    pub title: String,
    /// Who sends requests, in file order.
    pub sources: Vec<SourceSpec>,
    /// Who serves them, in file order.
    pub services: Vec<ServiceSpec>,
    /// What goes wrong, in file order.
    pub faults: Vec<FaultSpec>,
    /// What things cost.
    pub prices: PriceSpec,
}

/// A source of requests and the client behaviour of those who send them.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSpec {
    /// Its name, unique among sources.
    pub name: String,
    /// Index into [`SystemSpec::services`] of the service it calls.
    pub to: usize,
    /// When requests are born.
    pub arrivals: Arrivals,
    /// How many arrive together, 1 or more, drawn and rounded; `None`: one. The rate then counts
    /// batches. The members are born one after another at the same instant.
    pub batch: Option<Dist>,
    /// What the rate is multiplied by as time goes on; `None`: 1. Not of a trace.
    pub profile: Option<Profile>,
    /// Sends from this time of the run on (nanoseconds from the start of the run).
    pub start: Nanos,
    /// Sends until just before this time; `None`: to the end of the run.
    pub stop: Option<Nanos>,
    /// What kinds of requests, at least one.
    pub classes: Vec<ClassSpec>,
    /// Copies of each request sent at once; `None`: one.
    pub fan_out: Option<FanOutSpec>,
    /// What the caller does about trouble.
    pub client: ClientSpec,
}

/// An arrival process. Rates are requests a second.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Independent exponential gaps.
    Poisson {
        /// Requests a second; 0 sends nothing.
        rate: f64,
    },
    /// Evenly spaced, the first one gap after the start.
    Constant {
        /// Requests a second; 0 sends nothing.
        rate: f64,
    },
    /// Poisson whose rate follows a Markov chain in continuous time. Starts in a state drawn by
    /// its share of time.
    Mmpp {
        /// Requests a second in each state (0 allowed).
        rates: Vec<f64>,
        /// Mean time in each state, nanoseconds, exponential.
        dwell: Vec<f64>,
        /// `switch[i][j]`: chance that state `j` follows `i`; rows sum to 1, diagonal 0 (with one
        /// state: a single 1).
        switch: Vec<Vec<f64>>,
    },
    /// Independent gaps of one distribution, the first of them from the start.
    Renewal {
        /// Nanoseconds between two requests.
        gap: Dist,
    },
    /// Poisson at `rate` for a time, then silence for a time, in turn. Starts on or off by their
    /// shares of time, with a fresh period.
    OnOff {
        /// Requests a second while on.
        rate: f64,
        /// How long it sends, nanoseconds.
        on: Dist,
        /// How long it is silent, nanoseconds.
        off: Dist,
    },
    /// Closed loop: each user thinks, sends one request, waits for its end and thinks again. Every
    /// one begins with a think.
    Closed {
        /// How many.
        users: u32,
        /// How long a think takes, nanoseconds.
        think: Dist,
    },
    /// Recorded times, replayed once.
    Trace(Arc<Trace>),
}

/// A kind of request.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassSpec {
    /// Its name, unique within its source.
    pub name: String,
    /// Relative weight with which a request is of this class.
    pub weight: f64,
    /// Size in bytes.
    pub size: Dist,
    /// Replaces the work of the service called, for this class.
    pub work: Option<WorkSpec>,
    /// Multiplies the work.
    pub work_factor: f64,
    /// Replaces the memory of the service called, for this class.
    pub memory: Option<MemorySpec>,
    /// Its work and memory are those of this class at the service: they are drawn from streams of
    /// their own, so that saying them moves nobody else's draws.
    pub apart: bool,
    /// Its turn where the discipline is `priority`: the smaller, the more urgent.
    pub priority: i64,
    /// Cores that a request occupies at once.
    pub cores: u32,
    /// What it is about, for policies that send equal keys to the same worker; `None`: nothing.
    pub key: Option<KeySpec>,
}

/// Keys of requests: Zipf's law over 1 to `keys`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeySpec {
    /// How many there are.
    pub keys: u64,
    /// Key `k` is drawn in proportion to `1 / k^exponent`; 0: all alike.
    pub exponent: f64,
}

/// RAM that a request holds.
#[derive(Clone, Debug, PartialEq)]
pub struct MemorySpec {
    /// From when to when.
    pub held: Held,
    /// Bytes, whatever the size.
    pub base: Dist,
    /// Bytes added for each byte of size.
    pub per_byte: f64,
}

/// While what a request holds its memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Held {
    /// From admission to reply, waiting included.
    #[default]
    Admission,
    /// Only while in service.
    Service,
}

/// A balancer with its workers and what a request does there.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSpec {
    /// Its name, unique among services.
    pub name: String,
    /// What a request needs, unless its class says otherwise; `None` when every class does, and
    /// where it works in steps.
    pub work: Option<WorkSpec>,
    /// What a request does here, in order; empty where it is one piece of `work`.
    pub steps: Vec<StepSpec>,
    /// What a request holds, unless its class says otherwise.
    pub memory: MemorySpec,
    /// Who routes.
    pub balancer: BalancerSpec,
    /// Time on the way from a balancer to the worker that it picked, and as long again, another
    /// draw, back (nanoseconds); `None`: none.
    pub network: Option<Dist>,
    /// How many workers there are as time goes on, of the only group then; `None`: all.
    pub autoscale: Option<AutoscaleSpec>,
    /// Workers, group by group; numbered from 1 through the groups in this order.
    pub groups: Vec<GroupSpec>,
}

/// Equal workers.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSpec {
    /// Its name; `None` when it is the only group and has none.
    pub name: Option<String>,
    /// How many workers.
    pub count: u32,
    /// Cores of each, or [`UNBOUNDED_CORES`].
    pub cores: u32,
    /// Bytes of RAM of each; `None`: unbounded.
    pub ram: Option<u64>,
    /// Bytes of RAM that an idle worker holds.
    pub ram_base: u64,
    /// What happens when memory does not fit.
    pub ram_policy: RamPolicy,
    /// What nearly full RAM does to its speed; `None`: nothing.
    pub pressure: Option<PressureSpec>,
    /// How it collects garbage; `None`: it never does.
    pub gc: Option<GcSpec>,
    /// How it sheds load; `None`: it does not.
    pub shed: Option<ShedSpec>,
    /// Who is served next.
    pub discipline: Discipline,
    /// How fast its cores are: work / speed = time.
    pub speed: f64,
    /// Where it stands, for balancers that look at zones and faults that befall one.
    pub zone: Option<String>,
    /// Its share where the policy weighs, against the weights of the others.
    pub weight: f64,
    /// Waiting places of each, without those in service; `None`: unbounded.
    pub slots: Option<u32>,
    /// Most bytes (sizes summed) waiting at each; `None`: unbounded.
    pub bytes: Option<u64>,
    /// What happens to the one that finds no room.
    pub on_full: OnFull,
    /// How long a wedged worker takes to come back (and a crashed one whose fault has no end of
    /// its own), nanoseconds.
    pub restart: Dist,
    /// How slow it is when it has come back; `None`: as fast as ever.
    pub cold_start: Option<ColdStartSpec>,
    /// Money an hour for one worker.
    pub price_per_hour: f64,
}

/// A worker that came back from a restart or crash is slow at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColdStartSpec {
    /// How long until it is as fast as ever, nanoseconds.
    pub lasts: Nanos,
    /// What its speed is multiplied by at first, above 0 and at most 1.
    pub factor: f64,
}

/// What things cost. Each group's own price is in [`GroupSpec::price_per_hour`].
#[derive(Clone, Debug, PartialEq)]
pub struct PriceSpec {
    /// ISO code or any short text.
    pub currency: String,
    /// When the prices were read, free text.
    pub as_of: Option<String>,
    /// Where they come from, free text.
    pub source: Option<String>,
}

impl Default for PriceSpec {
    fn default() -> Self {
        PriceSpec {
            currency: "USD".into(),
            as_of: None,
            source: None,
        }
    }
}

impl GroupSpec {
    /// How many cores; `None`: unbounded.
    pub fn core_count(&self) -> Option<u32> {
        (self.cores != UNBOUNDED_CORES).then_some(self.cores)
    }

    /// Whether memory that is taken or given back may change its speed.
    pub fn feels_memory(&self) -> bool {
        self.pressure.is_some() || self.gc.is_some()
    }

    /// Whether all inside are in service at once.
    pub fn shares(&self) -> bool {
        self.discipline == Discipline::Ps || self.cores == UNBOUNDED_CORES
    }
}

impl ServiceSpec {
    /// Number of workers over all groups.
    pub fn worker_count(&self) -> usize {
        self.groups.iter().map(|g| g.count as usize).sum()
    }

    /// The dotted path of a group of its workers.
    pub fn path_of(&self, group: &GroupSpec) -> String {
        let base = format!("service.{}.workers", self.name);
        match &group.name {
            Some(name) => format!("{base}.{name}"),
            None => base,
        }
    }
}

impl SystemSpec {
    /// Whether any request holds RAM.
    pub fn holds_memory(&self) -> bool {
        let none =
            |memory: &MemorySpec| memory.base.is_constant() == Some(0.0) && memory.per_byte == 0.0;
        let classes = self.sources.iter().flat_map(|s| &s.classes);
        let traced = |source: &SourceSpec| match &source.arrivals {
            Arrivals::Trace(trace) => !trace.memory.is_empty(),
            _ => false,
        };
        !self.services.iter().all(|s| none(&s.memory))
            || !classes.filter_map(|c| c.memory.as_ref()).all(none)
            || self.sources.iter().any(traced)
    }

    /// Classes of all sources, in order.
    pub fn classes(&self) -> impl Iterator<Item = &ClassSpec> {
        self.sources.iter().flat_map(|s| &s.classes)
    }

    /// Classes of all sources, in order, with the memory that their requests hold.
    pub fn classes_with_memory(&self) -> impl Iterator<Item = (&ClassSpec, &MemorySpec)> {
        self.sources.iter().flat_map(|source| {
            let usual = &self.services[source.to].memory;
            let classes = source.classes.iter();
            classes.map(move |c| (c, c.memory.as_ref().unwrap_or(usual)))
        })
    }

    /// Whether it has any of what a plain system has not, and what a run must therefore look out
    /// for at every event.
    pub fn is_rich(&self) -> bool {
        let source = |s: &SourceSpec| {
            let client = &s.client;
            s.fan_out.is_some()
                || client.hedge.is_some()
                || client.limit.is_some()
                || client.breaker.is_some()
                || client.may_leave()
                || client.deadline.is_some()
                || client.budget().is_some()
                || matches!(s.arrivals, Arrivals::Closed { .. })
        };
        let fault = |f: &FaultSpec| {
            let kind = matches!(
                f.kind,
                FaultKind::Error { .. } | FaultKind::Leak { .. } | FaultKind::RamCap { .. }
            );
            f.enabled && (kind || f.unit == FaultUnit::Core)
        };
        let pulls = |s: &ServiceSpec| s.balancer.policy == PolicySpec::CentralQueue;
        let several = |s: &ServiceSpec| s.balancer.instances > 1;
        let feels = |s: &ServiceSpec| s.groups.iter().any(GroupSpec::feels_memory);
        self.is_elaborate()
            || self.services.iter().any(feels)
            || self.scales()
            || self.has_steps()
            || self.has_network()
            || self.services.iter().any(several)
            || self.services.iter().any(|s| s.balancer.policy.is_rich())
            || self.sources.iter().any(source)
            || self.services.iter().any(pulls)
            || self.faults.iter().any(fault)
            || self.draws_again()
            || self.crowding().any(|more| more > 0.0)
    }

    /// Whether it matters which core an attempt is on: what is on cores can be lost, taken back or
    /// change its speed.
    pub fn knows_cores(&self) -> bool {
        let wedges = |g: &GroupSpec| g.on_full == OnFull::Wedge;
        let mut groups = self.services.iter().flat_map(|s| &s.groups);
        let checked = self.services.iter().any(|s| s.balancer.health.is_some());
        self.is_rich() || checked || self.faults.iter().any(|f| f.enabled) || groups.any(wedges)
    }

    /// Whether more than cores and slots decides who is let in and served next, anywhere.
    pub fn is_elaborate(&self) -> bool {
        (0..self.services.len()).any(|service| self.is_elaborate_at(service))
    }

    /// Whether more than cores and slots decides who is let in and served next at a service.
    pub fn is_elaborate_at(&self, service: usize) -> bool {
        let spec = &self.services[service];
        let beyond = |group: &GroupSpec| {
            group.shares()
                || group.discipline != Discipline::Fifo
                || group.bytes.is_some()
                || group.shed.is_some()
                || !matches!(group.on_full, OnFull::Reject | OnFull::Wedge)
                || group.ram_policy != RamPolicy::Refuse
        };
        let class = |class: &ClassSpec| {
            let memory = class.memory.as_ref().unwrap_or(&spec.memory);
            class.cores > 1 || memory.held == Held::Service
        };
        let callers = self.sources.iter().filter(|s| s.to == service);
        spec.groups.iter().any(beyond)
            || spec.balancer.bytes.is_some()
            || spec.balancer.on_full != OnFull::Reject
            || callers.flat_map(|s| &s.classes).any(class)
            || self.calls_hold_late(service)
            || self.is_poisoned(service)
    }

    /// The group of a worker, by its number through all services, from 0.
    pub fn group_of(&self, worker: usize) -> Option<&GroupSpec> {
        let groups = self.services.iter().flat_map(|s| &s.groups);
        let mut workers = groups.flat_map(|g| std::iter::repeat_n(g, g.count as usize));
        workers.nth(worker)
    }

    /// `events[14]`, by the worker's number through all services, from 0.
    pub fn worker_name(&self, mut index: usize) -> String {
        for service in &self.services {
            if index < service.worker_count() {
                return format!("{}[{}]", service.name, index + 1);
            }
            index -= service.worker_count();
        }
        String::new()
    }

    /// Provisioned cost, money an hour; of services whose workers come and go, at the start of the
    /// run.
    pub fn cost_per_hour(&self) -> f64 {
        let of = |s: &ServiceSpec| {
            let count = |g: &GroupSpec| s.autoscale.as_ref().map_or(g.count, |a| a.start_with);
            let groups = s.groups.iter();
            groups
                .map(|g| f64::from(count(g)) * g.price_per_hour)
                .collect::<Vec<_>>()
        };
        self.services.iter().flat_map(of).sum()
    }
}
