//! Autoscaling, one file a rule: how many workers a service is to have. A scaler is a state
//! machine: what was measured in, a number out. It knows neither workers nor requests nor the
//! queue.

mod cooling;
mod hpa;

pub use cooling::Cooling;
pub use hpa::Hpa;

use super::spec::{AutoscaleSpec, ScaleRule};
use crate::base::units::Nanos;

/// Name and one line of each kind.
pub const SCALERS: &[(&str, &str)] = &[
    (
        "hpa",
        "as many workers as bring a measure to its target, stabilised and not too fast",
    ),
    (
        "queue_lag",
        "as many workers as have so many waiting each, stabilised and not too fast",
    ),
    (
        "target_tracking",
        "as many workers as bring a measure to its target, then none for a while",
    ),
    (
        "step",
        "so many more or fewer beyond bounds of a measure, then none for a while",
    ),
    ("schedule", "so many workers from a time on"),
];

/// What was measured at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Sum of the measure over those that serve, or what waits in all.
    pub sum: f64,
    /// How many of them had a measure; 0: none, which decides nothing.
    pub workers: u32,
}

/// Workers as they are when something is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Those that serve.
    pub ready: u32,
    /// Those that are on their way.
    pub starting: u32,
}

impl Fleet {
    /// All that there will be.
    pub fn all(self) -> u32 {
        self.ready + self.starting
    }
}

/// Any of the kinds, with its state.
#[derive(Clone, Debug)]
pub enum Scaler<'s> {
    /// As Kubernetes does it.
    Hpa(Hpa<'s>),
    /// With a pause after each change.
    Cooling(Cooling<'s>),
    /// By the clock.
    Schedule(&'s [(Nanos, u32)]),
}

impl<'s> Scaler<'s> {
    /// A scaler of this kind, at time 0, for at most so many workers. Times do not go back from
    /// call to call.
    pub fn new(spec: &'s AutoscaleSpec, max: u32) -> Scaler<'s> {
        let range = (spec.min, max);
        match &spec.rule {
            ScaleRule::Hpa { .. } => Scaler::Hpa(Hpa::new(&spec.rule, range)),
            ScaleRule::TargetTracking { .. } | ScaleRule::Step { .. } => {
                Scaler::Cooling(Cooling::new(&spec.rule, range))
            }
            ScaleRule::Schedule(times) => Scaler::Schedule(times),
        }
    }

    /// How many workers there are to be.
    pub fn wants(&mut self, now: Nanos, fleet: Fleet, measured: Measured) -> u32 {
        match self {
            Scaler::Hpa(s) => s.wants(now, fleet, measured),
            Scaler::Cooling(s) => s.wants(now, fleet, measured),
            Scaler::Schedule(times) => {
                let past = times.iter().take_while(|t| t.0 <= now);
                past.last().map_or(fleet.all(), |t| t.1)
            }
        }
    }
}
