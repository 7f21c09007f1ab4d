//! `random`: uniform over the eligible, or by weight where weights are unequal.

use super::fleet::draw;
use super::{Fleet, View};
use crate::engine::rng::{Bits, Stream};

/// No state.
#[derive(Clone, Debug)]
pub struct Random {
    /// Empty when all are equal.
    weights: Vec<f64>,
}

impl Random {
    /// For these workers.
    pub fn new(fleet: &Fleet) -> Self {
        Random {
            weights: match fleet.slow {
                true => fleet.weights.clone(),
                false => fleet.unequal(),
            },
        }
    }

    /// One draw.
    #[inline]
    pub fn pick(&self, view: &View, stream: &mut Stream) -> u32 {
        if self.weights.is_empty() {
            view.worker(stream.below(view.count()))
        } else {
            draw(&self.weights, view, stream)
        }
    }
}
