//! A client's own limits: a token bucket, and places for what is out at once. Pure state: knows
//! nothing of requests, and of time only what it is told.

use std::collections::VecDeque;

use crate::base::units::{Nanos, SECOND};
use crate::model::spec::{Fill, PlacesSpec, RateSpec};

/// The limits of one client.
#[derive(Clone, Debug)]
pub struct Limit {
    bucket: Option<Bucket>,
    places: Option<Places>,
}

/// What becomes of an attempt that asks for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It sets out.
    Go,
    /// It waits for a place; for so long at most.
    Wait(Option<Nanos>),
    /// It is refused.
    Refuse,
}

impl Limit {
    /// These limits, untouched.
    pub fn new(rate: Option<RateSpec>, places: Option<PlacesSpec>) -> Self {
        Limit {
            bucket: rate.map(Bucket::new),
            places: places.map(|places| Places {
                spec: places,
                out: 0,
                waiting: VecDeque::new(),
            }),
        }
    }

    /// Whether the rate lets an attempt go. Times do not go back from call to call.
    pub fn passes(&mut self, now: Nanos) -> bool {
        self.bucket.as_mut().is_none_or(|b| b.take(now))
    }

    /// An attempt that the rate lets go asks for a place.
    pub fn enter(&mut self, attempt: u32) -> Entry {
        self.places.as_mut().map_or(Entry::Go, |p| p.enter(attempt))
    }

    /// Whether attempts hold places.
    pub fn has_places(&self) -> bool {
        self.places.is_some()
    }

    /// An attempt gives its place back, which passes to the one returned.
    pub fn leave(&mut self) -> Option<u32> {
        let places = self.places.as_mut()?;
        let next = places.waiting.pop_front();
        places.out -= u32::from(next.is_none());
        next
    }

    /// An attempt no longer waits for a place.
    pub fn drop_waiting(&mut self, attempt: u32) {
        let waiting = self.places.as_mut().map(|p| &mut p.waiting);
        if let Some(waiting) = waiting
            && let Some(at) = waiting.iter().position(|&other| other == attempt)
        {
            waiting.remove(at);
        }
    }
}

/// Places for attempts that are out.
#[derive(Clone, Debug)]
struct Places {
    spec: PlacesSpec,
    out: u32,
    waiting: VecDeque<u32>,
}

impl Places {
    fn enter(&mut self, attempt: u32) -> Entry {
        if self.out < self.spec.places {
            self.out += 1;
            Entry::Go
        } else if self.waiting.len() < self.spec.pending as usize {
            self.waiting.push_back(attempt);
            Entry::Wait(self.spec.wait)
        } else {
            Entry::Refuse
        }
    }
}

/// A token bucket. Times are in units of 2^-32 ns, so that a token that comes at a fraction of a
/// nanosecond adds up to the right moment after billions of them; it is there from the nearest
/// whole nanosecond on.
#[derive(Clone, Debug)]
struct Bucket {
    /// Time between two tokens.
    each: u128,
    burst: u32,
    fill: Fill,
    /// `even`: when it will be full again if nothing more is taken.
    full_at: u128,
    /// `tick`: tokens there, and ticks seen.
    tokens: u32,
    ticks: u128,
}

/// Bits of a nanosecond.
const FRACTION: u32 = 32;

impl Bucket {
    fn new(spec: RateSpec) -> Self {
        let each = SECOND as f64 / spec.rate * (1u64 << FRACTION) as f64;
        Bucket {
            each: (each.min(1e30) as u128).max(1),
            burst: spec.burst,
            fill: spec.fill,
            full_at: 0,
            tokens: spec.burst,
            ticks: 0,
        }
    }

    /// Takes a token if there is one.
    fn take(&mut self, now: Nanos) -> bool {
        // Within half a nanosecond is still this one.
        let half = 1 << (FRACTION - 1);
        let exact = u128::from(now) << FRACTION;
        let (earliest, latest) = (exact.saturating_sub(half - 1), exact + half);
        match self.fill {
            Fill::Even => {
                let saved = self.each.saturating_mul(u128::from(self.burst - 1));
                if self.full_at > latest.saturating_add(saved) {
                    return false;
                }
                let from = self.full_at.max(earliest);
                self.full_at = from.saturating_add(self.each);
            }
            Fill::Tick => {
                let ticks = latest / self.each;
                let new = u32::try_from(ticks - self.ticks).unwrap_or(u32::MAX);
                self.ticks = ticks;
                self.tokens = self.tokens.saturating_add(new).min(self.burst);
                if self.tokens == 0 {
                    return false;
                }
                self.tokens -= 1;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(rate: f64, burst: u32, fill: Fill) -> Limit {
        let rate = Some(RateSpec { rate, burst, fill });
        Limit::new(rate, None)
    }

    fn taken(limit: &mut Limit, at: &[Nanos]) -> Vec<bool> {
        let ask = |&now: &Nanos| limit.passes(now);
        at.iter().map(ask).collect()
    }

    #[test]
    fn a_bucket_fills_from_when_a_token_was_taken_or_at_ticks() {
        // Two tokens, 100 ns each.
        let at = [50, 50, 99, 100, 149, 150, 200, 349, 350];
        let even = taken(&mut bucket(1e7, 2, Fill::Even), &at);
        let expected = [true, true, false, false, false, true, false, true, true];
        assert_eq!(even, expected);
        let tick = taken(&mut bucket(1e7, 2, Fill::Tick), &at);
        let expected = [true, true, false, true, false, false, true, true, false];
        assert_eq!(tick, expected);
    }

    /// Three a second: a token comes every third of one, and none is lost to rounding.
    #[test]
    fn a_source_at_the_rate_of_the_bucket_is_never_refused() {
        for fill in [Fill::Even, Fill::Tick] {
            let mut limit = bucket(3.0, 1, fill);
            for i in 1..3_000_000u64 {
                let now = (2 * i * SECOND + 3) / 6;
                assert!(limit.passes(now), "{fill:?} {i}");
            }
        }
    }

    #[test]
    fn places_pass_on_in_order() {
        let spec = PlacesSpec {
            places: 1,
            pending: 2,
            wait: Some(7),
        };
        let mut limit = Limit::new(None, Some(spec));
        let mut enter = |attempt| limit.enter(attempt);
        let wait = Entry::Wait(Some(7));
        let entries = [enter(5), enter(6), enter(7), enter(8)];
        assert_eq!(entries, [Entry::Go, wait, wait, Entry::Refuse]);
        limit.drop_waiting(6);
        assert_eq!((limit.leave(), limit.leave()), (Some(7), None));
        assert_eq!(limit.enter(9), Entry::Go);
    }
}
