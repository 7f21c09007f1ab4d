//! Veltrix: a deterministic, seeded, virtual-time simulator of event-driven back ends.
//!
//! A **model** says what a system is, an **experiment** asks it a question. The floors of the
//! house, from the cellar up; imports only go down (`docs/architecture.md`):
//!
//! * [`base`]: typed ids, units, numbered codes
//! * [`engine`]: clock, event queue, random streams, distributions
//! * [`stats`]: histograms, intervals
//! * [`model`]: balancer, workers, buffers, breakers, clients, faults
//! * [`experiment`]: design → trials → results
//! * [`verify`]: systems with known answers, run and judged
//! * [`fit`]: recorded requests → arrivals, sizes, service times
//! * [`config`]: TOML → checked design
//! * [`report`]: tables, files, charts
//! * [`cli`]: the command line

pub mod base;
pub mod cli;
pub mod config;
pub mod engine;
pub mod experiment;
pub mod fit;
pub mod model;
pub mod report;
pub mod stats;
pub mod verify;
