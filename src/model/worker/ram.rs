//! RAM that is not there: leaks and caps. What is aboard keeps what it holds.

use super::Workers;
use crate::base::units::{Nanos, SECOND};
use crate::model::source::whole;

/// What takes RAM of one worker away.
#[derive(Clone, Copy, Debug)]
pub struct Shortage {
    /// Bytes a second that leak now.
    rate: f64,
    /// Bytes leaked up to `since`.
    leaked: f64,
    since: Nanos,
    /// Share of the RAM that is left.
    share: f64,
}

impl Default for Shortage {
    fn default() -> Self {
        Shortage {
            rate: 0.0,
            leaked: 0.0,
            since: 0,
            share: 1.0,
        }
    }
}

impl Shortage {
    fn leaked(&self, now: Nanos) -> f64 {
        self.leaked + self.rate * ((now - self.since) as f64 / SECOND as f64)
    }
}

impl Workers {
    fn shortage(&mut self, worker: u32) -> &mut Shortage {
        let all = self.hot.len();
        self.short.resize(all, Shortage::default());
        &mut self.short[worker as usize]
    }

    /// From now on it leaks at this rate, bytes a second.
    pub fn leak(&mut self, worker: u32, rate: f64, now: Nanos) {
        let shortage = self.shortage(worker);
        shortage.leaked = shortage.leaked(now);
        shortage.since = now;
        shortage.rate = rate;
    }

    /// From now on only this share of its RAM is left.
    pub fn cap(&mut self, worker: u32, share: f64) {
        self.shortage(worker).share = share;
    }

    /// What has leaked is there again: the worker begins anew.
    pub fn forget_leak(&mut self, worker: u32, now: Nanos) {
        let shortage = self.shortage(worker);
        shortage.leaked = 0.0;
        shortage.since = now;
    }

    /// From now on notes whom events touch.
    pub fn note_touched(&mut self) {
        self.touched = Some((0..self.hot.len() as u32).collect());
    }

    /// Whether anybody wants to know.
    #[inline(always)]
    pub fn are_noted(&self) -> bool {
        self.touched.is_some()
    }

    /// One of those noted since, each at least once.
    pub fn next_touched(&mut self) -> Option<u32> {
        self.touched.as_mut()?.pop()
    }

    /// Begins or ends collecting garbage. The integrals must be settled.
    pub fn collect(&mut self, worker: u32, collects: bool) {
        self.cold[worker as usize].collects = collects;
    }

    /// Bytes in use: what an idle worker holds, what requests hold and what has leaked.
    pub fn ram_in_use(&self, worker: u32, now: Nanos) -> f64 {
        let held = self.cold[worker as usize].ram - self.hot[worker as usize].ram_free;
        let leaked = self
            .short
            .get(worker as usize)
            .map_or(0.0, |s| s.leaked(now));
        held as f64 + leaked
    }

    /// Bytes of RAM that are left of a worker's, where that ends.
    pub fn ram_left(&self, worker: u32) -> f64 {
        let share = self.short.get(worker as usize).map_or(1.0, |s| s.share);
        self.cold[worker as usize].ram as f64 * share
    }

    /// Whether so much more memory is too much for a worker that is up and not wedged.
    pub fn is_short(&self, worker: u32, memory: u64, now: Nanos) -> bool {
        let cold = &self.cold[worker as usize];
        let Some(shortage) = self.short.get(worker as usize) else {
            return false;
        };
        if cold.downs > 0 || cold.wedged {
            return false;
        }
        let held = cold.ram - self.hot[worker as usize].ram_free;
        let wanted = u128::from(held) + u128::from(memory);
        let left = whole(cold.ram as f64 * shortage.share);
        wanted + u128::from(whole(shortage.leaked(now))) > u128::from(left)
    }
}
