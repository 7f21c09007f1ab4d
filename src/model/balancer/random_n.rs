//! `random_n`: HAProxy's. Draws some workers by weight, with replacement, and takes the one with
//! the fewest requests for its weight, the first drawn on a tie.
//!
//! Source: HAProxy, `doc/configuration.txt`, `balance random`.

use super::fleet::draw;
use super::{Fleet, View};
use crate::engine::rng::Stream;

/// Its parameter.
#[derive(Clone, Debug)]
pub struct RandomN {
    choices: u32,
    weights: Vec<f64>,
}

impl RandomN {
    /// For these workers.
    pub fn new(choices: u32, fleet: &Fleet) -> Self {
        RandomN {
            choices,
            weights: fleet.weights.clone(),
        }
    }

    /// `choices` draws.
    #[inline]
    pub fn pick(&self, view: &View, stream: &mut Stream) -> u32 {
        let weight = |worker: u32| view.weight(&self.weights, worker);
        let load = |worker: u32| f64::from(view.load_of(worker));
        let mut best = draw(&self.weights, view, stream);
        for _ in 1..self.choices {
            let other = draw(&self.weights, view, stream);
            if load(other) * weight(best) < load(best) * weight(other) {
                best = other;
            }
        }
        best
    }
}
