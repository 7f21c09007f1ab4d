//! Histograms, time averages and intervals. Knows nothing of the model.

pub mod batch_means;
pub mod histogram;
pub mod interval;
pub mod student;
