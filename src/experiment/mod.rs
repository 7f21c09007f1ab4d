//! Design to trials to results. Does not know where a design was read from or how its results are
//! shown.

pub mod design;
pub mod objective;
pub mod results;
