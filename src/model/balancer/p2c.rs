//! `p2c`: power of two choices as in Finagle: two different workers, the first on a tie.
//!
//! Source: Mitzenmacher 2001; Finagle, `loadbalancer/p2c/P2CPick.scala`.

use super::View;
use crate::engine::rng::{Bits, Stream};

/// No state.
#[derive(Clone, Debug)]
pub struct P2c;

impl P2c {
    /// Two draws; the second is of one fewer and shifted past the first.
    #[inline(always)]
    pub fn pick(&self, view: &View, stream: &mut Stream) -> u32 {
        let n = view.count();
        if n == 1 {
            return view.worker(0);
        }
        let (a, mut b) = stream.below_pair(n, n - 1);
        b += u32::from(b >= a);
        let (a, b) = (view.worker(a), view.worker(b));
        if view.load_of(b) < view.load_of(a) {
            b
        } else {
            a
        }
    }

    /// The two that the next pick will most likely be between, if that can be told.
    #[inline(always)]
    pub fn likely(&self, eligible: &[u32], stream: &Stream) -> Option<[u32; 2]> {
        let word = stream.peek()?;
        let n = eligible.len() as u64;
        let a = (u64::from(word as u32) * n) >> 32;
        let b = ((word >> 32) * (n - 1)) >> 32;
        let worker = |place: u64| eligible.get(place as usize).copied();
        Some([worker(a)?, worker(b + u64::from(b >= a))?])
    }
}
