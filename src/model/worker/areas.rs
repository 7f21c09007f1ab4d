//! Time integrals of workers.

use super::Workers;
use crate::base::units::Nanos;

/// Time integrals of one worker and their kin.
#[derive(Clone, Copy, Debug, Default)]
pub struct Areas {
    /// Busy cores.
    pub busy: u128,
    /// Attempts in service, those without a core included.
    pub serving: u128,
    /// Attempts that wait in the middle of their service, without a core.
    pub(super) aside: u128,
    /// Busy cores while wedged or down.
    pub wedged_busy: u128,
    /// Cores while up and not wedged.
    pub able: u128,
    /// Attempts waiting.
    pub queue: u128,
    /// Bytes held.
    pub ram: u128,
    /// Collecting garbage.
    pub gc: u128,
    /// Most waiting.
    pub queue_max: u64,
    /// Most bytes held.
    pub ram_max: u64,
    /// Times wedged.
    pub wedges: u64,
    pub(super) able_since: Nanos,
}

impl Areas {
    /// With the integrals of an earlier stretch. Maxima and counts stay as they are.
    pub fn and(self, before: &Areas) -> Areas {
        Areas {
            busy: self.busy + before.busy,
            serving: self.serving + before.serving,
            aside: self.aside + before.aside,
            wedged_busy: self.wedged_busy + before.wedged_busy,
            able: self.able + before.able,
            queue: self.queue + before.queue,
            ram: self.ram + before.ram,
            gc: self.gc + before.gc,
            ..self
        }
    }
}

impl Workers {
    /// [`Workers::settle`] where nobody wants to know that the worker is touched.
    #[inline(always)]
    pub fn settle_only(&mut self, worker: u32, now: Nanos) {
        let hot = &mut self.hot[worker as usize];
        let passed = hot.pass(now);
        if hot.waiting > 0 || !hot.plain {
            self.cold[worker as usize].settle(hot, passed);
        }
    }

    /// A worker's integrals up to now.
    pub fn areas(&mut self, worker: u32, now: Nanos) -> Areas {
        self.settle_only(worker, now);
        let (hot, cold) = (&self.hot[worker as usize], &mut self.cold[worker as usize]);
        cold.settle_able(now);
        Areas {
            busy: hot.busy_area,
            serving: cold.areas.aside
                + if cold.wide {
                    cold.areas.serving
                } else {
                    hot.busy_area
                },
            ..cold.areas
        }
    }

    /// Begins a worker's integrals anew.
    pub fn reset_areas(&mut self, worker: u32, now: Nanos) {
        self.settle_only(worker, now);
        let (hot, cold) = (
            &mut self.hot[worker as usize],
            &mut self.cold[worker as usize],
        );
        hot.busy_area = 0;
        cold.areas = Areas {
            queue_max: u64::from(hot.waiting),
            ram_max: cold.ram - hot.ram_free,
            able_since: now,
            ..Areas::default()
        };
    }
}
