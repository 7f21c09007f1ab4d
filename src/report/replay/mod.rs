//! What happened around an incident: a timeline to read, every attempt, and a trace that opens in
//! a viewer of traces.

mod at;
mod chart;
mod timeline;
mod trace;

pub use at::at;
pub use chart::chart;
pub use timeline::timeline;
pub use trace::trace;
