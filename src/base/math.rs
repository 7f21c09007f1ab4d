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

/// `e` to the power of `x`.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
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

/// The complementary error function, `1 - erf(x)`, accurate in the upper tail.
#[inline]
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Function, what it gives, its bits, and the true value.
    fn cases() -> [(&'static str, f64, u64, f64); 6] {
        [
            ("exp", exp(1.0), 0x4005_bf0a_8b14_576a, std::f64::consts::E),
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
        ]
    }

    #[test]
    fn bits_are_pinned() {
        for (name, value, bits, _) in cases() {
            assert_eq!(value.to_bits(), bits, "{name} is {:#018x}", value.to_bits());
        }
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
