//! Clock, event queue, random streams and distributions. Does not know what a request, a worker
//! or a file is.

pub mod digest;
pub mod dist;
pub mod heap;
pub mod paths;
pub mod queue;
pub mod rng;
pub mod simulation;
pub mod ziggurat;
pub mod zipf;

#[cfg(test)]
mod golden;
