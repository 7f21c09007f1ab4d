//! `least_request`: Envoy's. Draws some workers with replacement and takes the one with the
//! fewest requests, the first drawn on a tie; or looks at all.
//!
//! Source: Envoy, `least_request.proto`; gRPC proposal A48.

use super::View;
use super::jsq_oracle::fewest;
use crate::engine::rng::{Bits, Stream};
use crate::model::spec::Ties;

/// Its parameters.
#[derive(Clone, Debug)]
pub struct LeastRequest {
    /// How many are drawn.
    pub choices: u32,
    /// Looks at all instead; ties at random.
    pub full_scan: bool,
}

impl LeastRequest {
    /// `choices` draws.
    #[inline]
    pub fn pick(&self, view: &View, stream: &mut Stream) -> u32 {
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
