//! The two transcendental functions that charts need, in pure Rust: those of the platform differ
//! in their last bit from one machine to the next.

use crate::base::math as base_math;

/// Decimal logarithm.
pub(super) fn log10(value: f64) -> f64 {
    base_math::log10(value)
}

/// Ten to the power of `exponent`.
pub(super) fn pow10(exponent: f64) -> f64 {
    base_math::pow(10.0, exponent)
}

/// Two to the power of `exponent`.
pub(super) fn pow2(exponent: f64) -> f64 {
    base_math::pow(2.0, exponent)
}
