//! What a system is and how it runs: sources of requests, a balancer, workers with cores, RAM and a
//! fixed buffer, breakers, clients that time out and retry, faults.
//!
//! The model does not know about replications, sweeps, threads, TOML or wall clocks.

pub mod metric;
pub mod outcome;
pub mod series;
pub mod spec;
pub mod tally;
pub mod trial;
