//! Histograms, time averages and intervals. Knows nothing of the model.

pub mod batch_means;
#[cfg(test)]
mod draws;
pub mod histogram;
pub mod interval;
pub mod paired;
pub mod proportion;
pub mod run_length;
pub mod selection;
pub mod sensitivity;
pub mod sequential;
pub mod splitting;
pub mod student;
pub mod warm_up;
