//! `first`: HAProxy's. The lowest number with a free core; when none has one, the lowest with a
//! free waiting place; when none has that, the lowest number, which refuses.
//!
//! Source: HAProxy, `doc/configuration.txt`, `balance first`.

use super::{Fleet, View};
use crate::engine::rng::Stream;

/// How much each worker holds.
#[derive(Clone, Debug)]
pub struct First {
    cores: Vec<u32>,
    room: Vec<u64>,
}

impl First {
    /// For these workers.
    pub fn new(fleet: &Fleet) -> Self {
        First {
            cores: fleet.cores.clone(),
            room: fleet.room.clone(),
        }
    }

    /// At most two looks along the numbers.
    #[inline]
    pub fn pick(&self, view: &View, _: &mut Stream) -> u32 {
        let all = || view.eligible.iter().copied();
        let core = all().find(|&w| view.load_of(w) < self.cores[w as usize]);
        core.or_else(|| all().find(|&w| u64::from(view.load_of(w)) < self.room[w as usize]))
            .unwrap_or(view.eligible[0])
    }
}
