//! `round_robin`: in turn, in the order of numbers. Keeps its place by number, so that a worker
//! that leaves or comes back moves nobody's turn.

use super::View;
use crate::engine::rng::{Bits, Stream};

/// Whose turn it is.
#[derive(Clone, Debug)]
pub struct RoundRobin {
    next: u32,
}

impl RoundRobin {
    /// Starts with a worker (from 1), or a drawn one.
    pub fn new(start: Option<u32>, workers: u32, stream: &mut Stream) -> Self {
        let next = start.map_or_else(|| stream.below(workers), |number| number - 1);
        RoundRobin { next }
    }

    /// The next eligible at or after the turn.
    #[inline(always)]
    pub fn pick(&mut self, view: &View, _: &mut Stream) -> u32 {
        let everyone = view.eligible.len() == view.load.len();
        let place = if everyone {
            self.next as usize
        } else {
            view.eligible.partition_point(|&worker| worker < self.next)
        };
        let picked = *view.eligible.get(place).unwrap_or(&view.eligible[0]);
        self.next = if picked as usize + 1 == view.load.len() {
            0
        } else {
            picked + 1
        };
        picked
    }
}
