//! `least_request`: Envoy's. Draws some workers with replacement and takes the one with the
//! fewest requests, the first drawn on a tie; or looks at all. With unequal weights: deadlines
//! that are (requests + 1) / weight apart.
//!
//! Source: Envoy, `least_request.proto`; gRPC proposal A48.

use super::fleet::Deadlines;
use super::jsq_oracle::fewest;
use super::{Fleet, View};
use crate::engine::rng::{Bits, Stream};
use crate::model::spec::Ties;

/// Its parameters.
#[derive(Clone, Debug)]
pub struct LeastRequest {
    /// How many are drawn.
    choices: u32,
    /// Looks at all instead; ties at random.
    full_scan: bool,
    /// Where weights are unequal, or may be while a worker is slow to start.
    turns: Option<Box<Deadlines>>,
    equal: bool,
}

impl LeastRequest {
    /// For these workers; with unequal weights the first deadlines are drawn.
    pub fn new(choices: u32, full_scan: bool, fleet: &Fleet, stream: &mut Stream) -> Self {
        let equal = fleet.unequal().is_empty();
        let weighs = fleet.slow || !equal;
        let turns = weighs.then(|| Box::new(Deadlines::new(&fleet.weights, stream)));
        LeastRequest {
            choices,
            full_scan,
            turns,
            equal,
        }
    }

    /// `choices` draws, or the earliest deadline.
    #[inline]
    pub fn pick(&mut self, view: &View, stream: &mut Stream) -> u32 {
        if let Some(turns) = &mut self.turns
            && (!self.equal || view.slow.is_some_and(|slow| slow.is_on(view.now)))
        {
            return turns.next(view, |worker| f64::from(view.load_of(worker)) + 1.0);
        }
        if self.full_scan {
            return fewest(view, Ties::Random, stream);
        }
        let n = view.count();
        let mut best = view.worker(stream.below(n));
        for _ in 1..self.choices {
            let other = view.worker(stream.below(n));
            if view.load_of(other) < view.load_of(best) {
                best = other;
            }
        }
        best
    }
}
