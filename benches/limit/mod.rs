//! The hand-written loop that the simulator's speed is measured against: one thread, one model
//! written out, no abstraction, plain arrays with unchecked access. It is not a simulator and must
//! not become one; it says what the machine can do.
//!
//! Two queues: keys of u64 (44 bits of time, 20 of slot; ties by slot) are the faster, keys of u128
//! keep the order of insertion. Release builds of this crate check for overflow; the loop does its
//! sums with `wrapping_` so that it has no such check to pay for. Changing anything here makes old
//! ratios meaningless.

pub mod hist;
pub mod queue;
pub mod rng;
pub mod w1;
pub mod w2;

/// Adds without a check for overflow.
#[inline(always)]
pub fn add(sum: &mut u64, n: u64) {
    *sum = sum.wrapping_add(n);
}

/// Adds without a check for overflow.
#[inline(always)]
pub fn add32(sum: &mut u32, n: u32) {
    *sum = sum.wrapping_add(n);
}
