//! Balancers, as data.

use super::{
    BreakerShare, BreakerSpec, Dist, HealthAction, HealthSpec, OnFull, OutlierSpec, WHOLE,
};
use crate::base::units::{Nanos, SECOND};

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
    /// Each instance knows only so many of the workers; `None`: all.
    pub subset: Option<u32>,
    /// A worker that has come back weighs little at first; `None`: it weighs what it weighs.
    pub slow_start: Option<SlowStartSpec>,
    /// Each instance prefers workers of its own zone; `None`: it does not look at zones.
    pub zone_aware: Option<ZoneSpec>,
    /// Whose a breaker is, where there are several instances.
    pub breaker_share: BreakerShare,
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

    /// Whether several instances have the same breakers.
    pub fn shares_breakers(&self) -> bool {
        self.breaker.is_some() && self.breaker_share == BreakerShare::All && self.instances > 1
    }
}

/// How the weight of a worker that has come back grows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStartSpec {
    /// How long until it is what it was, nanoseconds.
    pub window: Nanos,
    /// The part of that time, to the power of 1 over this, is the factor.
    pub aggression: f64,
    /// The least factor.
    pub min_weight: f64,
}

impl Default for SlowStartSpec {
    fn default() -> SlowStartSpec {
        SlowStartSpec {
            window: 30 * SECOND,
            aggression: 1.0,
            min_weight: 0.1,
        }
    }
}

/// In which zones instances stand, and when they prefer their own.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneSpec {
    /// The zones of the instances, in turn.
    pub zones: Vec<String>,
    /// With fewer workers let in nobody looks at zones.
    pub min_cluster_size: u32,
    /// The share of attempts that go by zones, in millionths.
    pub routing_enabled: u32,
    /// Where so few workers are well that else all are asked, nobody is.
    pub fail_on_panic: bool,
}

impl ZoneSpec {
    /// The zone of an instance (from 0).
    pub fn of(&self, instance: u32) -> &str {
        let place = instance as usize % self.zones.len().max(1);
        self.zones.get(place).map_or("", String::as_str)
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
    /// The next clockwise on a ring of hashes.
    RingHash {
        /// Fewest places on the ring.
        ring_size: u32,
        /// How far above the average a worker may be, as a factor; `None`: as far as it goes.
        bounded_load: Option<f64>,
    },
    /// Whose place it is in a table of hashes.
    Maglev {
        /// Places in the table, a prime.
        table_size: u32,
        /// As for `RingHash`.
        bounded_load: Option<f64>,
    },
    /// The worker whose hash with the key is highest.
    Rendezvous {
        /// As for `RingHash`.
        bounded_load: Option<f64>,
    },
    /// The quicker of two, by a mean of round trips that jumps to peaks.
    PeakEwma {
        /// How long a round trip counts, nanoseconds.
        decay: Nanos,
    },
    /// Whoever told first that a core is idle, else at random.
    Jiq {
        /// Which instance is told.
        register: Register,
    },
    /// The fewer of two among the first few in an order, as many as load asks for.
    Aperture(Band),
    /// In turn, by weights that come out of what workers report.
    ClientWrr(OrcaSpec),
    /// The quickest of the cold, by probes sent with earlier attempts.
    Prequal(ProbeSpec),
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

/// Which instance of a balancer a worker tells that it is idle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Any of them.
    Random,
    /// Of two different ones the one whose list is shorter.
    ShorterOfTwo,
}

/// How wide an aperture is: as wide as leaves so many attempts under way for each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Narrower at or below this many for each.
    pub low: f64,
    /// Wider at or above this many.
    pub high: f64,
    /// How long what was under way counts, nanoseconds.
    pub smooth: Nanos,
    /// Never fewer workers, at least 1.
    pub least: u32,
}

/// How weights come out of reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrcaSpec {
    /// How often workers report, and how often weights are made of it, nanoseconds.
    pub report: Nanos,
    /// See `report`.
    pub update: Nanos,
    /// A weight is used so long after the first report.
    pub blackout: Nanos,
    /// A weight is dropped so long after the last report.
    pub expiry: Nanos,
    /// What a share of errors of 1 counts, against a busy share of 1.
    pub penalty: f64,
}

impl Default for OrcaSpec {
    fn default() -> OrcaSpec {
        OrcaSpec {
            report: 10 * SECOND,
            update: SECOND,
            blackout: 10 * SECOND,
            expiry: 180 * SECOND,
            penalty: 1.0,
        }
    }
}

/// How workers are probed, and what becomes of the results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProbeSpec {
    /// How many probes go out with an attempt, and how many results are removed with it; the part
    /// behind the point is a chance.
    pub probes: f64,
    /// See `probes`.
    pub removals: f64,
    /// Most results kept.
    pub pool: u32,
    /// How long a result is used, and how long a worker remembers how long something took,
    /// nanoseconds.
    pub age: Nanos,
    /// A worker with more in flight than this share of the last results tell, in millionths, is
    /// hot.
    pub hot_above: u32,
    /// By how many more results come in with an attempt than go.
    pub surplus: f64,
    /// How long a result is on its way, nanoseconds.
    pub takes: Nanos,
}

impl Default for ProbeSpec {
    fn default() -> ProbeSpec {
        ProbeSpec {
            probes: 3.0,
            removals: 1.0,
            pool: 16,
            age: SECOND,
            hot_above: 840_896,
            surplus: 1.0,
            takes: 0,
        }
    }
}

impl Default for Band {
    fn default() -> Band {
        Band {
            low: 0.875,
            high: 1.125,
            smooth: 15 * SECOND,
            least: 1,
        }
    }
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
            | PolicySpec::LeastConnections
            | PolicySpec::RingHash { .. }
            | PolicySpec::Maglev { .. }
            | PolicySpec::Rendezvous { .. } => true,
            PolicySpec::RoundRobin { .. }
            | PolicySpec::P2c
            | PolicySpec::First
            | PolicySpec::CentralQueue
            | PolicySpec::PeakEwma { .. }
            | PolicySpec::Jiq { .. }
            | PolicySpec::Aperture(_)
            | PolicySpec::ClientWrr(_)
            | PolicySpec::Prequal(_)
            | PolicySpec::JsqOracle { .. } => false,
        }
    }

    /// Whether it looks at the keys of requests.
    pub fn hashes(&self) -> bool {
        matches!(
            self,
            PolicySpec::RingHash { .. } | PolicySpec::Maglev { .. } | PolicySpec::Rendezvous { .. }
        )
    }

    /// Whether it hears how attempts end.
    pub fn hears(&self) -> bool {
        matches!(self, PolicySpec::PeakEwma { .. } | PolicySpec::Aperture(_))
    }

    /// Whether it needs more than the loads of workers.
    pub fn is_rich(&self) -> bool {
        let told = matches!(
            self,
            PolicySpec::Jiq { .. } | PolicySpec::ClientWrr(_) | PolicySpec::Prequal(_)
        );
        self.hashes() || self.hears() || told
    }

    /// How far above the average a worker may be.
    pub fn bounded_load(&self) -> Option<f64> {
        match *self {
            PolicySpec::RingHash { bounded_load, .. }
            | PolicySpec::Maglev { bounded_load, .. }
            | PolicySpec::Rendezvous { bounded_load } => bounded_load,
            _ => None,
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
