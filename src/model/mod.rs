//! What a system is and how it runs: sources of requests, a balancer, workers with cores, RAM and a
//! fixed buffer, breakers, clients that time out and retry, faults.
//!
//! The model does not know about replications, sweeps, threads, TOML or wall clocks.

pub mod balancer;
pub mod branch;
pub mod breaker;
pub mod budget;
mod cache;
mod caller;
mod event;
pub mod fault;
mod health;
pub mod incident;
mod ledger;
mod level;
mod limit;
mod line;
pub mod metric;
pub mod outcome;
pub mod scale;
pub mod series;
pub mod shed;
pub mod source;
pub mod spec;
mod system;
pub mod tally;
pub mod trial;
mod worker;
