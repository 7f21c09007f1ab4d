//! Arrivals whose rate follows a profile: the process runs in a time of its own, which passes as
//! fast as the rate is.

use crate::base::units::{Nanos, SECOND};
use crate::engine::dist::Dist;
use crate::engine::rng::Stream;
use crate::engine::ziggurat::exp1;
use crate::model::source::whole;
use crate::model::spec::Profile;

/// A process whose rate follows a profile: it runs in a time that passes as fast as the rate is.
#[derive(Clone, Debug)]
pub(super) struct Profiled<'s> {
    pub clock: Clock<'s>,
    /// The time that has passed so, nanoseconds.
    pub passed: f64,
    pub gap: Gap<'s>,
}

/// How long from one birth to the next, before the profile.
#[derive(Clone, Debug)]
pub(super) enum Gap<'s> {
    Exponential { mean: f64 },
    Even { rate: f64, sent: u64 },
    Drawn(&'s Dist),
}

/// A profile and when it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock<'s> {
    pub profile: &'s Profile,
    pub start: Nanos,
}

impl Profiled<'_> {
    #[inline(never)]
    pub fn next(&mut self, stream: &mut Stream) -> Nanos {
        match &mut self.gap {
            Gap::Exponential { mean } => self.passed += *mean * exp1(stream),
            Gap::Even { rate, sent } => {
                *sent += 1;
                self.passed = *sent as f64 / *rate * SECOND as f64;
            }
            Gap::Drawn(gap) => self.passed += gap.sample(stream),
        }
        self.clock.when(self.passed)
    }
}

impl Clock<'_> {
    pub fn area(self, at: Nanos) -> f64 {
        self.profile.area((at - self.start) as f64)
    }

    pub fn when(self, area: f64) -> Nanos {
        // An infinite time becomes the largest.
        self.start.saturating_add(whole(self.profile.when(area)))
    }
}
