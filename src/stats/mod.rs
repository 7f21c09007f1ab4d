//! Histograms, time averages and intervals. Knows nothing of the model.

pub mod histogram;
pub mod interval;
pub mod sensitivity;
pub mod student;
