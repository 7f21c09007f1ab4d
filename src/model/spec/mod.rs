//! What a system *is*, as data. A [`SystemSpec`] is what a model file means: every quantity is in
//! its base unit (nanoseconds, bytes, requests a second, money an hour), every name is resolved to
//! an index, every default is filled in.
//!
//! Built by `config` from TOML, or in code by a user of the library; [`SystemSpec::check`] holds
//! the rules of meaning for both. It must not know where it was read from.

mod check;
mod copies;
mod limit;
mod load;
mod trace;

pub use check::{
    MAX_BURST, MAX_COPIES, MAX_CORES, MAX_NAME, MAX_SLOTS, MAX_USERS, MAX_WORKERS, Problem,
    name_problem,
};
pub use copies::{Cancel, FanOutSpec, HedgeKind, HedgeSpec};
pub use limit::{Fill, LimitSpec, PlacesSpec, RateSpec};
pub use load::{OfferedLoad, state_shares};
pub use trace::Trace;

use std::sync::Arc;

use crate::base::units::Nanos;
pub use crate::engine::dist::{Dist, DistError};

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
}

/// Core-time that a request needs at speed 1.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkSpec {
    /// A draw plus a part in proportion to the request's size.
    Drawn {
        /// Nanoseconds on one core at speed 1.
        cpu: Dist,
        /// Nanoseconds added for each KiB (1024 bytes) of size.
        per_kib: f64,
    },
    /// The `work` column of the trace that sends the request ([`Trace::work`]).
    FromTrace,
}

/// RAM that a request holds from admission to reply.
#[derive(Clone, Debug, PartialEq)]
pub struct MemorySpec {
    /// Bytes, whatever the size.
    pub base: Dist,
    /// Bytes added for each byte of size.
    pub per_byte: f64,
}

/// What a caller does about trouble.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientSpec {
    /// How long one attempt may take, nanoseconds; `None`: waits for ever. Work that was given up
    /// on goes on (`cancel = "none"`).
    pub timeout: Option<Dist>,
    /// Further attempts; `None`: none.
    pub retry: Option<RetrySpec>,
    /// Further copies when no answer comes; `None`: none.
    pub hedge: Option<HedgeSpec>,
    /// What it lets itself send; `None`: everything.
    pub limit: Option<LimitSpec>,
}

/// Retries with full jitter: before attempt n + 1 a pause uniform between 0 and
/// `min(cap, base * 2^n)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetrySpec {
    /// Most attempts, the first included; `u32::MAX` stands for unbounded.
    pub attempts: u32,
    /// Nanoseconds.
    pub base: Nanos,
    /// Nanoseconds.
    pub cap: Nanos,
}

/// A balancer with its workers and what a request does there.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSpec {
    /// Its name, unique among services.
    pub name: String,
    /// What a request needs, unless its class says otherwise; `None` when every class does.
    pub work: Option<WorkSpec>,
    /// What a request holds, unless its class says otherwise.
    pub memory: MemorySpec,
    /// Who routes.
    pub balancer: BalancerSpec,
    /// Workers, group by group; numbered from 1 through the groups in this order.
    pub groups: Vec<GroupSpec>,
}

/// Who routes, by which rule.
#[derive(Clone, Debug, PartialEq)]
pub struct BalancerSpec {
    /// The rule.
    pub policy: PolicySpec,
    /// CPU time that a request costs the balancer, nanoseconds; `None`: nothing.
    pub dispatch: Option<Dist>,
    /// Cores that dispatch.
    pub cores: u32,
    /// Places in its buffer, without those being dispatched; `None`: unbounded.
    pub slots: Option<u32>,
    /// One for each worker.
    pub breaker: Option<BreakerSpec>,
}

/// A balancing policy with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PolicySpec {
    /// Uniform over the eligible.
    Random,
    /// In turn.
    RoundRobin {
        /// The worker (from 1) that gets the first request; `None`: drawn.
        start: Option<u32>,
    },
    /// The fewest requests of some drawn with replacement, or of all.
    LeastRequest {
        /// How many are drawn.
        choices: u32,
        /// Looks at all instead.
        full_scan: bool,
    },
    /// The fewer requests of two different workers.
    P2c,
    /// The fewest requests of all, known at once: an oracle.
    JsqOracle {
        /// What is done about ties.
        ties: Ties,
    },
}

/// Who of several with the fewest requests is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// Uniform among them.
    Random,
    /// The lowest number.
    First,
}

/// A circuit breaker, by dialect.
#[derive(Clone, Debug, PartialEq)]
pub enum BreakerSpec {
    /// Opens after some failures in a row.
    Consecutive {
        /// How many failures in a row open it.
        failures: u32,
        /// How long it stays open, nanoseconds.
        open_for: Dist,
        /// How many calls may be out at once while half-open.
        half_open_calls: u32,
        /// How many successes in a row close it from half-open.
        successes: u32,
    },
    /// As the library of that name: shares of failures and of slow calls over a window.
    Resilience4j {
        /// Over what.
        window: BreakerWindow,
        /// Fewest calls before shares are looked at.
        min_calls: u32,
        /// Opens at this share of failures (0 to 1).
        failure_share: f64,
        /// A call longer than this is slow, nanoseconds.
        slow_after: Nanos,
        /// Opens at this share of slow calls (0 to 1).
        slow_share: f64,
        /// How long it stays open, nanoseconds.
        open_for: Dist,
        /// Calls permitted while half-open.
        half_open_calls: u32,
        /// Longest stay half-open, nanoseconds, then open again; `None`: for ever.
        half_open_max: Option<Nanos>,
    },
}

/// What a breaker's shares are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerWindow {
    /// The last so many calls.
    Calls(u32),
    /// The last so many whole seconds.
    Seconds(u32),
}

/// Equal workers.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSpec {
    /// Its name; `None` when it is the only group and has none.
    pub name: Option<String>,
    /// How many workers.
    pub count: u32,
    /// Cores of each.
    pub cores: u32,
    /// Bytes of RAM of each; `None`: unbounded.
    pub ram: Option<u64>,
    /// How fast its cores are: work / speed = time.
    pub speed: f64,
    /// Waiting places of each, without those in service; `None`: unbounded.
    pub slots: Option<u32>,
    /// What happens to the one that finds no room.
    pub on_full: OnFull,
    /// How long a wedged worker takes to come back (and a crashed one whose fault has no end of
    /// its own), nanoseconds.
    pub restart: Dist,
    /// Money an hour for one worker.
    pub price_per_hour: f64,
}

/// What a worker does when a request does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFull {
    /// Turns it away.
    Reject,
    /// Turns it away, and everything after it until restarted.
    Wedge,
}

/// Something that goes wrong on workers of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpec {
    /// Its name, unique among faults; part of its streams' paths.
    pub name: String,
    /// Off: it does not happen.
    pub enabled: bool,
    /// What happens.
    pub kind: FaultKind,
    /// Index into [`SystemSpec::services`].
    pub service: usize,
    /// First and last worker (from 1) within the service; each target by itself.
    pub workers: (u32, u32),
    /// When it happens.
    pub when: FaultWhen,
    /// How long, nanoseconds; `None`: to the end of the run (a crash: until restarted).
    pub lasts: Option<Dist>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaultKind {
    /// Speed is multiplied by the factor.
    Slow {
        /// 0.2 = a fifth as fast.
        factor: f64,
    },
    /// Nothing moves; what is aboard stays, cores stay occupied.
    Pause,
    /// Down; what is aboard is lost.
    Crash,
}

/// When a fault happens.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultWhen {
    /// From the start of the run.
    Always,
    /// Once, at this time of the run.
    At(Nanos),
    /// Again and again: time from the end of one to the start of the next, nanoseconds.
    Every(Dist),
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

impl ServiceSpec {
    /// Number of workers over all groups.
    pub fn worker_count(&self) -> usize {
        self.groups.iter().map(|g| g.count as usize).sum()
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

    /// Provisioned cost, money an hour.
    pub fn cost_per_hour(&self) -> f64 {
        let groups = self.services.iter().flat_map(|s| &s.groups);
        groups.map(|g| f64::from(g.count) * g.price_per_hour).sum()
    }
}
