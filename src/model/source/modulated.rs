//! Poisson arrivals whose rate jumps between states (`mmpp` and `on_off`).

use super::profiled::Clock;
use super::states::States;
use super::surge::Surges;
use crate::base::units::Nanos;
use crate::engine::rng::{Key, Stream};
use crate::model::source::whole;
use crate::model::spec::Arrivals;

/// Poisson with a rate that changes: a state, and when it is left.
#[derive(Clone, Debug)]
pub(super) struct Modulated<'s> {
    states: States<'s>,
    /// Requests a nanosecond in the present state.
    rate: f64,
    until: Nanos,
    /// What multiplies the rate of every state, if anything.
    pub profile: Option<Clock<'s>>,
    stream: Stream,
}

impl<'s> Modulated<'s> {
    /// In its first state at `start`; `profile` multiplies the rate of every state.
    pub fn new(
        spec: &'s Arrivals,
        start: Nanos,
        profile: Option<Clock<'s>>,
        mut stream: Stream,
    ) -> Self {
        let states = States::new(spec, &mut stream);
        let mut modulated = Modulated {
            rate: states.rate(),
            states,
            until: start,
            profile,
            stream,
        };
        modulated.stay();
        modulated
    }

    /// Draws how long the present state lasts, from where the one before ended.
    fn stay(&mut self) {
        let stay = whole(self.states.stay(&mut self.stream));
        self.until = self.until.saturating_add(stay);
    }

    /// Spends a unit exponential on the rate as it changes (time change): exact, whatever the
    /// number of changes in between.
    #[inline(never)]
    pub fn next(&mut self, last: Nanos, mut unit: f64) -> Nanos {
        let mut from = last;
        loop {
            let within = self.rate * (self.until - from) as f64;
            if unit < within {
                return from + whole(unit / self.rate).min(self.until - from);
            }
            unit -= within;
            from = self.until;
            self.move_on();
            if self.until == Nanos::MAX {
                return Nanos::MAX;
            }
        }
    }

    fn move_on(&mut self) {
        self.states.change(&mut self.stream);
        self.rate = self.states.rate();
        self.stay();
    }

    /// The same where the rate of each state is also multiplied at times.
    pub fn next_in_surges(&mut self, last: Nanos, mut unit: f64, surges: &mut Surges) -> Nanos {
        let mut from = last;
        while self.until < Nanos::MAX {
            let (factor, holds) = surges.now();
            let until = self.until.min(holds);
            let rate = self.rate * factor;
            let within = rate * (until - from) as f64;
            if unit < within {
                return from + whole(unit / rate).min(until - from);
            }
            unit -= within;
            from = until;
            if until == holds {
                surges.turn();
            }
            if until == self.until {
                self.move_on();
            }
        }
        Nanos::MAX
    }

    /// The same, with a rate that follows a profile too. Stays in the states are in plain time.
    #[inline(never)]
    pub fn next_profiled(&mut self, clock: Clock<'_>, last: Nanos, mut unit: f64) -> Nanos {
        let mut from = last;
        loop {
            let begin = clock.area(from);
            let within = self.rate * (clock.area(self.until) - begin);
            if unit < within {
                return clock.when(begin + unit / self.rate).clamp(from, self.until);
            }
            if begin >= clock.profile.total() {
                return Nanos::MAX;
            }
            unit -= within;
            from = self.until;
            self.move_on();
            if self.until == Nanos::MAX {
                return Nanos::MAX;
            }
        }
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        self.stream.rekey(key);
    }
}
