//! From a TOML file to a checked design, and every refusal on the way: the bad inputs of
//! `tests/bad-inputs`, mutations of a good model, traces, paths, limits. Messages are held in
//! `tests/snapshots/config`; `VELTRIX_UPDATE=1` writes them anew.

#[path = "config/fixture.rs"]
mod fixture;

#[path = "config/bad.rs"]
mod bad;
#[path = "config/clients.rs"]
mod clients;
#[path = "config/detectors.rs"]
mod detectors;
#[path = "config/every_key.rs"]
mod every_key;
#[path = "config/good.rs"]
mod good;
#[path = "config/keys.rs"]
mod keys;
#[path = "config/load.rs"]
mod load;
#[path = "config/manifest.rs"]
mod manifest;
#[path = "config/mutations.rs"]
mod mutations;
#[path = "config/paths.rs"]
mod paths;
#[path = "config/steps.rs"]
mod steps;
#[path = "config/traces.rs"]
mod traces;
