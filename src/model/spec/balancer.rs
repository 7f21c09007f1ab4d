//! Balancers, as data.

use super::{BreakerSpec, Dist, HealthAction, HealthSpec, OnFull, OutlierSpec, WHOLE};

/// Who routes, by which rule.
#[derive(Clone, Debug, PartialEq)]
pub struct BalancerSpec {
    /// The rule.
    pub policy: PolicySpec,
    /// CPU time that a request costs the balancer, nanoseconds; `None`: nothing.
    pub dispatch: Option<Dist>,
    /// How many balancers there are side by side, at least 1; attempts go to them in turn. Each
    /// has its own buffer, cores, breakers and view of the workers.
    pub instances: u32,
    /// Cores that dispatch, of each.
    pub cores: u32,
    /// Places in its buffer, without those being dispatched; `None`: unbounded.
    pub slots: Option<u32>,
    /// Most bytes (sizes summed) waiting in its buffer; `None`: unbounded.
    pub bytes: Option<u64>,
    /// What happens to the one that finds no room: of [`OnFull`] those that need no worker.
    pub on_full: OnFull,
    /// One for each worker.
    pub breaker: Option<BreakerSpec>,
    /// Asks workers whether they are well.
    pub health: Option<HealthSpec>,
    /// Leaves out workers that do worse than the others.
    pub outlier: Option<OutlierSpec>,
    /// When fewer than this share of the workers are left, in millionths, it asks them all.
    pub panic_threshold: u32,
}

/// What [`BalancerSpec::panic_threshold`] is when nothing is said: half.
pub const PANIC_THRESHOLD: u32 = WHOLE / 2;

impl BalancerSpec {
    /// Whether it hears how attempts end.
    pub fn hears(&self) -> bool {
        self.breaker.is_some() || self.outlier.is_some()
    }

    /// Whether it may leave workers out, breakers apart.
    pub fn leaves_out(&self) -> bool {
        let removes = |h: &HealthSpec| h.action == HealthAction::Remove;
        self.outlier.is_some() || self.health.as_ref().is_some_and(removes)
    }
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
    /// In turn, each as often as its weight says.
    WeightedRoundRobin {
        /// How the turns are spread.
        schedule: Schedule,
    },
    /// The fewer requests of two different workers.
    P2c,
    /// The fewest requests for their weight of some drawn by weight, with replacement.
    RandomN {
        /// How many are drawn.
        choices: u32,
    },
    /// The fewest requests for their weight of all, in turn among equals.
    LeastConnections,
    /// The lowest number with room.
    First,
    /// Workers pull from one shared buffer, first come first served.
    CentralQueue,
    /// The fewest requests of all, known at once: an oracle.
    JsqOracle {
        /// What is done about ties.
        ties: Ties,
    },
}

/// How weighted turns are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Credit grows by the weight with each pick; the most credit is next.
    Smooth,
    /// The earliest deadline is next; deadlines are 1 / weight apart, the first is drawn.
    Edf,
}

impl PolicySpec {
    /// Whether it knows of all attempts, whoever sent them.
    pub fn knows_all(&self) -> bool {
        matches!(
            self,
            PolicySpec::JsqOracle { .. } | PolicySpec::CentralQueue
        )
    }

    /// Whether the weights of workers count.
    pub fn weighs(&self) -> bool {
        match self {
            PolicySpec::Random
            | PolicySpec::WeightedRoundRobin { .. }
            | PolicySpec::LeastRequest { .. }
            | PolicySpec::RandomN { .. }
            | PolicySpec::LeastConnections => true,
            PolicySpec::RoundRobin { .. }
            | PolicySpec::P2c
            | PolicySpec::First
            | PolicySpec::CentralQueue
            | PolicySpec::JsqOracle { .. } => false,
        }
    }
}

/// Who of several with the fewest requests is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// Uniform among them.
    Random,
    /// The lowest number.
    First,
}
