//! Tables, files, charts.

pub mod chart;
