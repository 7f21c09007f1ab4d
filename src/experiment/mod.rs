//! Design to trials to results. Does not know where a design was read from or how its results are
//! shown.

mod batches;
pub mod budget;
pub(crate) mod caught;
pub mod compare;
mod crew;
pub mod design;
pub mod explain;
pub mod find;
#[cfg(test)]
pub(crate) mod fixture;
pub mod forecast;
pub mod hunt;
pub mod incident;
pub mod objective;
pub mod pool;
pub mod rare;
pub mod results;
pub mod run;
pub mod sample;
pub mod sensitivity;
pub mod shrink;
pub mod stopping;
pub mod warm_up;
pub mod watching;

/// Goes up by one when the same seed gives other trials: results of different numbers do not
/// compare.
pub const TRAJECTORY: u32 = 1;
