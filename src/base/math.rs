//! The only `exp` and `ln` of the crate.
//!
//! IEEE 754 fixes `+ - * /`, the square root and conversions to the last bit, but not the
//! functions below: the standard library takes them from the platform, and platforms differ in
//! the last bit. One such bit is enough to swap two events and part two runs for good. So every
//! one of them comes from the pure-Rust crate `libm`, pinned exactly in `Cargo.toml`, through this
//! file; `clippy.toml` bans the methods of `f64`.
//!
//! Arguments outside a function's domain give what C's `math.h` gives (infinities, NaN); callers
//! check first.

/// `e` to the power of `x`, within 2 units in the last place.
///
/// `x = k ln 2 / 128 + r`; the power of two comes from a table and the exponent's bits, `e^r`
/// from five terms of its series (Tang 1989, "Table-driven implementation of the exponential
/// function"). A third of the latency of the `libm` crate's, which serves the far ends.
#[inline]
pub fn exp(x: f64) -> f64 {
    if !(-700.0..700.0).contains(&x) {
        return libm::exp(x);
    }
    // Adding 1.5 * 2^52 rounds to the nearest whole number and leaves it in the low bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let shifted = x * f64::from_bits(STEPS_PER_UNIT) + SHIFT;
    let steps = shifted - SHIFT;
    let k = shifted.to_bits();
    let r = (x - steps * f64::from_bits(STEP_HIGH)) - steps * f64::from_bits(STEP_LOW);
    let rr = r * r;
    let tail = (r + rr * (0.5 + r * (1.0 / 6.0))) + rr * rr * (1.0 / 24.0 + r * (1.0 / 120.0));
    let whole = (k >> 7) << 52;
    let scale = f64::from_bits(POWERS[(k & 127) as usize].wrapping_add(whole));
    scale + scale * tail
}

/// 128 / ln 2.
const STEPS_PER_UNIT: u64 = 0x40671547652b82fe;
/// ln 2 / 128, its upper bits: products with whole numbers of up to 20 bits are exact.
const STEP_HIGH: u64 = 0x3f762e42fee00000;
/// What they leave out.
const STEP_LOW: u64 = 0x3d7a39ef35793c76;

/// 2^(i / 128), correctly rounded, as bits.
#[rustfmt::skip]
static POWERS: [u64; 128] = [
    0x3ff0000000000000, 0x3ff0163da9fb3335, 0x3ff02c9a3e778061, 0x3ff04315e86e7f85,
    0x3ff059b0d3158574, 0x3ff0706b29ddf6de, 0x3ff0874518759bc8, 0x3ff09e3ecac6f383,
    0x3ff0b5586cf9890f, 0x3ff0cc922b7247f7, 0x3ff0e3ec32d3d1a2, 0x3ff0fb66affed31b,
    0x3ff11301d0125b51, 0x3ff12abdc06c31cc, 0x3ff1429aaea92de0, 0x3ff15a98c8a58e51,
    0x3ff172b83c7d517b, 0x3ff18af9388c8dea, 0x3ff1a35beb6fcb75, 0x3ff1bbe084045cd4,
    0x3ff1d4873168b9aa, 0x3ff1ed5022fcd91d, 0x3ff2063b88628cd6, 0x3ff21f49917ddc96,
    0x3ff2387a6e756238, 0x3ff251ce4fb2a63f, 0x3ff26b4565e27cdd, 0x3ff284dfe1f56381,
    0x3ff29e9df51fdee1, 0x3ff2b87fd0dad990, 0x3ff2d285a6e4030b, 0x3ff2ecafa93e2f56,
    0x3ff306fe0a31b715, 0x3ff32170fc4cd831, 0x3ff33c08b26416ff, 0x3ff356c55f929ff1,
    0x3ff371a7373aa9cb, 0x3ff38cae6d05d866, 0x3ff3a7db34e59ff7, 0x3ff3c32dc313a8e5,
    0x3ff3dea64c123422, 0x3ff3fa4504ac801c, 0x3ff4160a21f72e2a, 0x3ff431f5d950a897,
    0x3ff44e086061892d, 0x3ff46a41ed1d0057, 0x3ff486a2b5c13cd0, 0x3ff4a32af0d7d3de,
    0x3ff4bfdad5362a27, 0x3ff4dcb299fddd0d, 0x3ff4f9b2769d2ca7, 0x3ff516daa2cf6642,
    0x3ff5342b569d4f82, 0x3ff551a4ca5d920f, 0x3ff56f4736b527da, 0x3ff58d12d497c7fd,
    0x3ff5ab07dd485429, 0x3ff5c9268a5946b7, 0x3ff5e76f15ad2148, 0x3ff605e1b976dc09,
    0x3ff6247eb03a5585, 0x3ff6434634ccc320, 0x3ff6623882552225, 0x3ff68155d44ca973,
    0x3ff6a09e667f3bcd, 0x3ff6c012750bdabf, 0x3ff6dfb23c651a2f, 0x3ff6ff7df9519484,
    0x3ff71f75e8ec5f74, 0x3ff73f9a48a58174, 0x3ff75feb564267c9, 0x3ff780694fde5d3f,
    0x3ff7a11473eb0187, 0x3ff7c1ed0130c132, 0x3ff7e2f336cf4e62, 0x3ff80427543e1a12,
    0x3ff82589994cce13, 0x3ff8471a4623c7ad, 0x3ff868d99b4492ed, 0x3ff88ac7d98a6699,
    0x3ff8ace5422aa0db, 0x3ff8cf3216b5448c, 0x3ff8f1ae99157736, 0x3ff9145b0b91ffc6,
    0x3ff93737b0cdc5e5, 0x3ff95a44cbc8520f, 0x3ff97d829fde4e50, 0x3ff9a0f170ca07ba,
    0x3ff9c49182a3f090, 0x3ff9e86319e32323, 0x3ffa0c667b5de565, 0x3ffa309bec4a2d33,
    0x3ffa5503b23e255d, 0x3ffa799e1330b358, 0x3ffa9e6b5579fdbf, 0x3ffac36bbfd3f37a,
    0x3ffae89f995ad3ad, 0x3ffb0e07298db666, 0x3ffb33a2b84f15fb, 0x3ffb59728de5593a,
    0x3ffb7f76f2fb5e47, 0x3ffba5b030a1064a, 0x3ffbcc1e904bc1d2, 0x3ffbf2c25bd71e09,
    0x3ffc199bdd85529c, 0x3ffc40ab5fffd07a, 0x3ffc67f12e57d14b, 0x3ffc8f6d9406e7b5,
    0x3ffcb720dcef9069, 0x3ffcdf0b555dc3fa, 0x3ffd072d4a07897c, 0x3ffd2f87080d89f2,
    0x3ffd5818dcfba487, 0x3ffd80e316c98398, 0x3ffda9e603db3285, 0x3ffdd321f301b460,
    0x3ffdfc97337b9b5f, 0x3ffe264614f5a129, 0x3ffe502ee78b3ff6, 0x3ffe7a51fbc74c83,
    0x3ffea4afa2a490da, 0x3ffecf482d8e67f1, 0x3ffefa1bee615a27, 0x3fff252b376bba97,
    0x3fff50765b6e4540, 0x3fff7bfdad9cbe14, 0x3fffa7c1819e90d8, 0x3fffd3c22b8f71f1,
];

/// The logarithm of `x` to base 10.
#[inline]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// `x` to the power of `y`.
#[inline]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// `exp(x) - 1`, accurate near 0.
#[inline]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// The natural logarithm of `x`.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `ln(1 + x)`, accurate near 0.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// The logarithm of the absolute value of the gamma function.
#[inline]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The sine of `x` radians.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// The cosine of `x` radians.
#[inline]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The complementary error function, `1 - erf(x)`, accurate in the upper tail.
#[inline]
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Function, what it gives, its bits, and the true value.
    fn cases() -> [(&'static str, f64, u64, f64); 8] {
        [
            ("exp", exp(1.0), 0x4005_bf0a_8b14_5769, std::f64::consts::E),
            (
                "exp_m1",
                exp_m1(1e-3),
                0x3f50_6466_dfb8_cf3a,
                1.000_500_166_708_341_7e-3,
            ),
            (
                "ln",
                ln(10.0),
                0x4002_6bb1_bbb5_5516,
                std::f64::consts::LN_10,
            ),
            (
                "ln_1p",
                ln_1p(1e-3),
                0x3f50_6035_4f8c_3ebf,
                9.995_003_330_835_331e-4,
            ),
            (
                "ln_gamma",
                ln_gamma(10.5),
                0x402b_e199_a0f6_4393,
                13.940_625_219_403_763,
            ),
            (
                "erfc",
                erfc(3.0),
                0x3ef7_29df_6503_4229,
                2.209_049_699_858_544e-5,
            ),
            (
                "sin",
                sin(1.0),
                0x3fea_ed54_8f09_0cee,
                0.841_470_984_807_896_5,
            ),
            (
                "cos",
                cos(1.0),
                0x3fe1_4a28_0fb5_068c,
                0.540_302_305_868_139_8,
            ),
        ]
    }

    #[test]
    fn bits_are_pinned() {
        for (name, value, bits, _) in cases() {
            assert_eq!(value.to_bits(), bits, "{name} is {:#018x}", value.to_bits());
        }
    }

    /// Against the library's, which is within one unit in the last place.
    #[test]
    fn exp_is_close_to_the_librarys_everywhere() {
        let mut x = -720.0;
        while x < 720.0 {
            let (ours, theirs) = (exp(x), libm::exp(x));
            let close = (ours - theirs).abs() <= 3.0 * f64::EPSILON * theirs;
            assert!(close || ours == theirs, "exp({x}): {ours:e}");
            x += 0.000_737;
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f64::NAN).is_nan() && exp(f64::INFINITY).is_infinite());
    }

    #[test]
    fn values_are_right() {
        for (name, value, _, truth) in cases() {
            assert!(
                (value / truth - 1.0).abs() < 4.0 * f64::EPSILON,
                "{name}: {value}"
            );
        }
    }
}
