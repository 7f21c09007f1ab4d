//! `least_connections`: HAProxy's. The fewest requests for its weight of all, in turn among
//! equals.
//!
//! Source: HAProxy, `doc/configuration.txt`, `balance leastconn`.

use super::fleet::weighty;
use super::{Fleet, View};
use crate::engine::rng::Stream;

/// Whose turn it is.
#[derive(Clone, Debug)]
pub struct LeastConnections {
    weights: Vec<f64>,
    next: u32,
}

impl LeastConnections {
    /// For these workers.
    pub fn new(fleet: &Fleet) -> Self {
        LeastConnections {
            weights: fleet.weights.clone(),
            next: 0,
        }
    }

    /// Looks at all; the first of the equals at or after the turn.
    #[inline]
    pub fn pick(&mut self, view: &View, _: &mut Stream) -> u32 {
        let weight = |worker: u32| view.weight(&self.weights, worker);
        let load = |worker: u32| f64::from(view.load_of(worker));
        let mut best: Option<u32> = None;
        for worker in weighty(&self.weights, view) {
            let Some(b) = best else {
                best = Some(worker);
                continue;
            };
            let (this, that) = (load(worker) * weight(b), load(b) * weight(worker));
            if this < that || (this == that && b < self.next && worker >= self.next) {
                best = Some(worker);
            }
        }
        let best = best.unwrap_or(view.eligible[0]);
        self.next = best + 1;
        best
    }
}
