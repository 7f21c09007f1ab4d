//! The cellar: typed ids, units, mathematical functions and the table of numbered codes. Knows
//! nothing of simulation.

pub mod codes;
pub mod ids;
pub mod math;
pub mod units;
