//! A breaker where it stands: with what it draws and what is counted of it.

use super::{Breaker, Call, Heard};
use crate::base::units::Nanos;
use crate::engine::dist::Dist;
use crate::engine::rng::{Key, Stream};
use crate::model::source::whole;
use crate::model::spec::BreakerSpec;

/// A breaker in a run.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The machine.
    pub breaker: Breaker,
    /// Where the times it stays open are drawn from, unless they are always the same.
    stream: Option<Stream>,
    /// Openings since the measured time began.
    pub opens: u64,
    /// Since when it last was open, and until when it stays so at least.
    pub open_from: Nanos,
    /// Until when.
    pub open_until: Nanos,
    /// Time open in all, without the present interval.
    open_before: u128,
}

impl Guard {
    /// Closed; `path` names its stream.
    pub fn new(spec: &BreakerSpec, key: &Key, path: impl FnOnce() -> String) -> Self {
        let drawn = !matches!(spec.open_for(), Some(Dist::Constant { .. }));
        Guard {
            breaker: Breaker::new(spec),
            stream: drawn.then(|| Stream::new(key, &path())),
            opens: 0,
            open_from: 0,
            open_until: 0,
            open_before: 0,
        }
    }

    /// Goes on under another key.
    pub fn rekey(&mut self, key: &Key) {
        if let Some(stream) = &mut self.stream {
            stream.rekey(key);
        }
    }

    /// Lets time alone do its work.
    pub fn tick(&mut self, now: Nanos, spec: &BreakerSpec) {
        while self.does(|breaker| breaker.tick(now), spec) {}
    }

    /// Hears of a call that was let in; says whether whom it lets in may have changed.
    #[inline]
    pub fn hear(&mut self, now: Nanos, call: Call, spec: &BreakerSpec) -> bool {
        self.does(|breaker| breaker.hear(now, call), spec)
    }

    /// Takes a call back that was let in; says whether whom it lets in may have changed.
    pub fn forget(&mut self, now: Nanos, epoch: u32, spec: &BreakerSpec) -> bool {
        self.does(|breaker| breaker.forget(now, epoch), spec)
    }

    #[inline]
    fn does(&mut self, what: impl FnOnce(&mut Breaker) -> Heard, spec: &BreakerSpec) -> bool {
        match what(&mut self.breaker) {
            Heard::Nothing => false,
            Heard::Changed => true,
            Heard::Opens { since } => {
                self.open(since, spec);
                true
            }
        }
    }

    #[cold]
    fn open(&mut self, since: Nanos, spec: &BreakerSpec) {
        let lasts = match (&mut self.stream, spec.open_for()) {
            (Some(stream), Some(dist)) => whole(dist.sample(stream)),
            (None, Some(dist)) => whole(dist.mean()),
            (Some(stream), None) => self.breaker.wait(stream),
            (None, None) => unreachable!("what it draws has a stream"),
        };
        self.opens += 1;
        self.open_before = self.open_area(since);
        self.open_from = since;
        self.open_until = since.saturating_add(lasts);
        self.breaker.open(self.open_until);
    }

    /// Time open up to now.
    pub fn open_area(&self, now: Nanos) -> u128 {
        self.open_before + u128::from(now.min(self.open_until).saturating_sub(self.open_from))
    }
}
