//! `central_queue`: workers pull from one shared buffer. Who waits there and who pulls is the
//! system's work; here is only the rule for several free workers.

use super::{Fleet, View};
use crate::engine::rng::Stream;

/// Cores of each.
#[derive(Clone, Debug)]
pub struct CentralQueue {
    cores: Vec<u32>,
}

impl CentralQueue {
    /// For these workers.
    pub fn new(fleet: &Fleet) -> Self {
        CentralQueue {
            cores: fleet.cores.clone(),
        }
    }

    /// The most free cores, the lowest number on a tie.
    #[inline]
    pub fn pick(&self, view: &View, _: &mut Stream) -> u32 {
        let free = |worker: u32| self.cores[worker as usize].saturating_sub(view.load_of(worker));
        let mut best = view.eligible[0];
        for &worker in &view.eligible[1..] {
            if free(worker) > free(best) {
                best = worker;
            }
        }
        best
    }
}
