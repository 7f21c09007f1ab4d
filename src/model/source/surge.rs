//! Surges: a rate that is multiplied while a fault holds. A source walks through its faults' times
//! by itself, with the same draws that the faults make, so that every birth is known in time.

use crate::base::units::Nanos;
use crate::engine::rng::Key;
use crate::model::fault::{self, Target};
use crate::model::source::whole;
use crate::model::spec::SystemSpec;
use crate::model::trial::Spared;

/// The surges of one source, at the time of its last birth.
#[derive(Clone, Debug)]
pub(super) struct Surges<'s> {
    all: Vec<Surge<'s>>,
    /// Product of the factors that hold.
    factor: f64,
    /// Up to when it holds.
    until: Nanos,
    /// Time at factor 1 that rounding has left over.
    carry: f64,
}

#[derive(Clone, Debug)]
struct Surge<'s> {
    fault: Target<'s>,
    factor: f64,
    /// When it begins or ends next; [`Nanos::MAX`]: never.
    turns: Nanos,
}

impl<'s> Surges<'s> {
    /// Those of a source; `None`: it has none.
    pub fn new(system: &'s SystemSpec, source: usize, key: &Key) -> Option<Box<Surges<'s>>> {
        let all: Vec<Surge> = fault::surges(system, source, key)
            .map(|(mut fault, factor)| Surge {
                turns: fault.first(),
                fault,
                factor,
            })
            .collect();
        if all.is_empty() {
            return None;
        }
        let mut surges = Surges {
            all,
            factor: 1.0,
            until: 0,
            carry: 0.0,
        };
        surges.refresh();
        Some(Box::new(surges))
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        for surge in &mut self.all {
            surge.fault.rekey(key);
        }
    }

    /// Notes what its faults do not do; before the first birth.
    pub fn spare(&mut self, spared: &Spared) {
        for surge in &mut self.all {
            surge.fault.spare(spared);
            if !surge.fault.is_spared(surge.turns) {
                continue;
            }
            // One that is on already ends then, any other does not begin.
            surge.turns = match surge.fault.active {
                true => surge.fault.over(),
                false => Nanos::MAX,
            };
        }
        self.refresh();
    }

    /// The factor that holds now, and up to when.
    pub fn now(&self) -> (f64, Nanos) {
        (self.factor, self.until)
    }

    /// Nothing is born up to this moment.
    pub fn skip_to(&mut self, last: Nanos) {
        while self.until <= last.min(Nanos::MAX - 1) {
            self.turn();
        }
    }

    /// Time comes to where the factor changes.
    pub fn turn(&mut self) {
        let now = self.until;
        for surge in self.all.iter_mut().filter(|s| s.turns == now) {
            surge.fault.active = !surge.fault.active;
            let lasts = match surge.fault.active {
                true => {
                    let lasts = surge.fault.duration();
                    surge.fault.cut(now, lasts)
                }
                false => surge.fault.gap(),
            };
            surge.turns = lasts.map_or(Nanos::MAX, |lasts| now.saturating_add(lasts));
            if !surge.fault.active && surge.fault.is_spared(surge.turns) {
                surge.turns = Nanos::MAX;
            }
        }
        self.refresh();
    }

    fn refresh(&mut self) {
        let holding = self.all.iter().filter(|s| s.fault.active);
        self.factor = holding.map(|s| s.factor).product();
        self.until = self.all.iter().map(|s| s.turns).min().unwrap_or(Nanos::MAX);
    }

    /// When a time that passes at `factor` speed is over, from a birth on (time change). What
    /// rounding leaves over is carried to the next.
    pub fn after(&mut self, last: Nanos, gap: Nanos) -> Nanos {
        let (mut from, mut left) = (last, gap as f64 + self.carry);
        loop {
            let within = self.factor * (self.until - from) as f64;
            if left < within || self.until == Nanos::MAX {
                let passes = whole((left / self.factor).max(0.0));
                self.carry = left - passes as f64 * self.factor;
                return from.saturating_add(passes);
            }
            left -= within;
            from = self.until;
            self.turn();
        }
    }
}
