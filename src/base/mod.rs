//! The cellar: typed ids, units and the table of numbered codes. Knows nothing of simulation.

pub mod codes;
pub mod ids;
pub mod units;
