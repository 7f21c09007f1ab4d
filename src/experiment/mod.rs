//! Design to trials to results.
