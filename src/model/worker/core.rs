//! Cores: what each is doing, how much is left, and since when at which speed.
//!
//! Four bytes a core are enough while its worker keeps its speed; what is left after a change of
//! speed is kept beside, and looked at when the speed changes again.

use crate::base::units::Nanos;
use crate::model::source::whole;

/// A core. While it is free, the next free one of its worker stands where the attempt would.
#[derive(Clone, Copy, Debug)]
pub struct Core {
    holds: u32,
}

const FREE: u32 = 1 << 31;

/// What was left at the last change of speed.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Valid for this attempt, started then.
    attempt: u32,
    started: Nanos,
    since: Nanos,
    left: Nanos,
}

/// All cores.
#[derive(Clone, Debug, Default)]
pub struct Cores {
    all: Vec<Core>,
    progress: Vec<Progress>,
}

/// How long work takes at a speed; `None` when it stands still.
#[inline]
pub(super) fn time_for(work: Nanos, speed: f64) -> Option<Nanos> {
    if speed == 1.0 {
        Some(work)
    } else {
        (speed > 0.0).then(|| whole(work as f64 / speed))
    }
}

impl Core {
    /// The attempt on it.
    #[inline]
    pub fn attempt(self) -> Option<u32> {
        (self.holds & FREE == 0).then_some(self.holds)
    }
}

impl Cores {
    /// Adds the cores of a worker, all free; returns the number of the first.
    pub(super) fn add(&mut self, cores: u32) -> u32 {
        let first = self.all.len() as u32;
        self.all
            .extend((1..=cores).map(|next| Core { holds: FREE | next }));
        self.progress.resize(self.all.len(), Progress::default());
        first
    }

    /// A core.
    #[inline]
    pub fn get(&self, core: u32) -> Core {
        self.all[core as usize]
    }

    /// Puts an attempt on a free core; returns the worker's next free one.
    #[inline(always)]
    pub(super) fn take(&mut self, core: u32, attempt: u32) -> u32 {
        let c = &mut self.all[core as usize];
        debug_assert!(c.holds & FREE != 0, "only a free core is taken");
        std::mem::replace(&mut c.holds, attempt) & !FREE
    }

    /// Frees a core, in front of the worker's other free ones.
    #[inline(always)]
    pub(super) fn give_back(&mut self, core: u32, next_free: u32) {
        let c = &mut self.all[core as usize];
        debug_assert!(c.holds & FREE == 0, "only a busy core is given back");
        c.holds = FREE | next_free;
    }

    /// Takes a free core out of its worker's free ones, which begin at `next_free`; returns where
    /// they begin now.
    pub(super) fn withdraw(&mut self, first: u32, next_free: u32, core: u32) -> u32 {
        let next = |cores: &Cores, number: u32| cores.all[(first + number) as usize].holds & !FREE;
        let number = core - first;
        if next_free == number {
            return next(self, number);
        }
        let mut before = next_free;
        while next(self, before) != number {
            before = next(self, before);
        }
        self.all[(first + before) as usize].holds = FREE | next(self, number);
        next_free
    }

    /// Puts a withdrawn core in front of the worker's free ones.
    pub(super) fn put_free(&mut self, core: u32, next_free: u32) {
        self.all[core as usize].holds = FREE | next_free;
    }

    /// So much is left, from now on, of what an attempt that starts now on a core needs.
    pub fn begin_with(&mut self, core: u32, started: Nanos, left: Nanos, now: Nanos) {
        self.progress[core as usize] = Progress {
            attempt: self.all[core as usize].holds,
            started,
            since: now.max(1),
            left,
        };
    }

    /// What is left at this moment of the work on a core, which ran at this speed.
    pub fn left(&mut self, core: u32, job: (Nanos, Nanos), now: Nanos, speed: f64) -> Nanos {
        self.change_speed(core, job, now, (speed, 0.0));
        self.progress[core as usize].left
    }

    /// How long the rest of the work on a core takes from now on at this speed, which it has run at
    /// since the last change. `started` and `work` are those of the attempt on it.
    pub fn rest(&self, core: u32, job: (Nanos, Nanos), now: Nanos, speed: f64) -> Option<Nanos> {
        let (holds, before) = (self.all[core as usize].holds, self.progress[core as usize]);
        let known = before.attempt == holds && before.started == job.0 && before.since > 0;
        let (since, left) = if known {
            (before.since, before.left)
        } else {
            job
        };
        let done = whole((now - since) as f64 * speed);
        time_for(left.saturating_sub(done), speed)
    }

    /// The speed of a core at work changes; returns how long the rest takes, unless it stands
    /// still. `started` and `work` are those of the attempt on it.
    pub fn change_speed(
        &mut self,
        core: u32,
        (started, work): (Nanos, Nanos),
        now: Nanos,
        (old, new): (f64, f64),
    ) -> Option<Nanos> {
        let c = &mut self.all[core as usize];
        let before = self.progress[core as usize];
        let known = before.attempt == c.holds && before.started == started && before.since > 0;
        let (since, left) = if known {
            (before.since, before.left)
        } else {
            (started, work)
        };
        let passed = now - since;
        let done = if old == 1.0 {
            passed
        } else {
            whole(passed as f64 * old)
        };
        let left = left.saturating_sub(done);
        self.progress[core as usize] = Progress {
            attempt: c.holds,
            started,
            since: now.max(1),
            left,
        };
        time_for(left, new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_speed_acts_on_what_is_left() {
        let mut cores = Cores::default();
        cores.add(2);
        assert_eq!(cores.take(0, 7), 1);
        let job = (0, 1000);
        assert_eq!(cores.change_speed(0, job, 400, (1.0, 0.5)), Some(1200));
        assert_eq!(
            cores.change_speed(0, job, 600, (0.5, 0.0)),
            None,
            "standing still"
        );
        assert_eq!(cores.change_speed(0, job, 5000, (0.0, 1.0)), Some(500));
        cores.give_back(0, 1);
        cores.take(0, 7);
        let next = (9000, 1000);
        assert_eq!(
            cores.change_speed(0, next, 9100, (1.0, 2.0)),
            Some(450),
            "nothing is kept"
        );
    }
}
