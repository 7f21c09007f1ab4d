//! One random source: a ChaCha8 stream, sampled with the ziggurat of `rand_distr`.

use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Exp1, StandardNormal};

pub const MU: f64 = 0.796_966_503_6; // ln(4) - sigma^2 / 2   (milliseconds)
pub const SIGMA: f64 = 1.085_658_787; // sqrt(ln(1 + 1.5^2))
pub const LN_NS: f64 = 13.815_510_557_964_274; // ln(1e6): ms to ns

pub trait Src {
    fn seeded(seed: u64, stream: u64) -> Self;
    fn exp1(&mut self) -> f64;
    fn lognormal_ns(&mut self) -> u64;
    fn u64(&mut self) -> u64;
}

#[inline(always)]
fn mix(seed: u64, stream: u64) -> u64 {
    let mut z = seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A stream sampled one value a call.
pub struct Direct<R>(pub R);

impl<R: Rng + SeedableRng> Src for Direct<R> {
    fn seeded(seed: u64, stream: u64) -> Self {
        Direct(R::seed_from_u64(mix(seed, stream)))
    }
    #[inline(always)]
    fn exp1(&mut self) -> f64 {
        Exp1.sample(&mut self.0)
    }
    #[inline(always)]
    fn lognormal_ns(&mut self) -> u64 {
        let z: f64 = StandardNormal.sample(&mut self.0);
        (MU + LN_NS + SIGMA * z).exp() as u64
    }
    #[inline(always)]
    fn u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
