//! Numbers for the tests of this floor, which may not know the engine's streams: SplitMix64.

use super::student::normal_quantile;

/// Words.
pub fn words(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Uniforms, above 0 and below 1.
pub fn units(seed: u64) -> impl FnMut() -> f64 {
    let mut word = words(seed);
    move || ((word() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// Standard normals, by inversion.
pub fn normals(seed: u64) -> impl FnMut() -> f64 {
    let mut unit = units(seed);
    move || normal_quantile(unit()).unwrap()
}
