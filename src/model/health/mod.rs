//! What a balancer thinks of its workers: state machines fed with results and times, which know
//! neither workers nor the queue.

mod checks;
mod outlier;

pub use checks::{Checks, Found};
pub use outlier::{End, Outlier};
