//! One core: what it is doing, how much is left, and since when at which speed.

use crate::base::units::Nanos;
use crate::model::source::whole;

/// No attempt.
pub const NOBODY: u32 = u32::MAX;

/// A core. A change of speed acts on the work that is left.
#[derive(Clone, Copy, Debug)]
pub struct Core {
    attempt: u32,
    /// Moves on with every start, stop and change of speed: completions of before are stale.
    generation: u32,
    since: Nanos,
    left: Nanos,
}

/// How long work takes at a speed above 0.
#[inline]
fn time_for(work: Nanos, speed: f64) -> Nanos {
    if speed == 1.0 {
        work
    } else {
        whole(work as f64 / speed)
    }
}

impl Core {
    /// Doing nothing.
    pub fn idle() -> Self {
        Core {
            attempt: NOBODY,
            generation: 0,
            since: 0,
            left: 0,
        }
    }

    /// The attempt on it, or [`NOBODY`].
    #[inline]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Which service of it this is.
    #[inline]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    #[inline]
    pub(super) fn start(
        &mut self,
        attempt: u32,
        work: Nanos,
        now: Nanos,
        speed: f64,
    ) -> Option<Nanos> {
        self.attempt = attempt;
        self.since = now;
        self.left = work;
        (speed > 0.0).then(|| time_for(work, speed))
    }

    #[inline]
    pub(super) fn stop(&mut self) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        std::mem::replace(&mut self.attempt, NOBODY)
    }

    /// The speed changes; returns how long the rest takes, unless it stands still.
    pub fn change_speed(&mut self, now: Nanos, old: f64, new: f64) -> Option<Nanos> {
        let passed = now - self.since;
        let done = if old == 1.0 {
            passed
        } else {
            whole(passed as f64 * old)
        };
        self.left = self.left.saturating_sub(done);
        self.since = now;
        self.generation = self.generation.wrapping_add(1);
        (new > 0.0).then(|| time_for(self.left, new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_speed_acts_on_what_is_left() {
        let mut core = Core::idle();
        assert_eq!(core.start(1, 1000, 0, 1.0), Some(1000));
        assert_eq!(core.change_speed(400, 1.0, 0.5), Some(1200));
        assert_eq!(core.change_speed(600, 0.5, 0.0), None, "standing still");
        assert_eq!(core.change_speed(5000, 0.0, 1.0), Some(500));
        assert_eq!(core.generation(), 3);
    }
}
