//! Histograms, time averages and intervals. Knows nothing of the model.

pub mod histogram;
pub mod interval;
pub mod selection;
pub mod splitting;
pub mod student;
