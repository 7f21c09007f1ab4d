//! `random`: uniform over the eligible.

use super::View;
use crate::engine::rng::{Bits, Stream};

/// No state.
#[derive(Clone, Debug)]
pub struct Random;

impl Random {
    /// One draw.
    #[inline]
    pub fn pick(&self, view: &View, stream: &mut Stream) -> u32 {
        view.worker(stream.below(view.count()))
    }
}
