//! Cases that wait for a feature: every one by name. A case that is neither run nor in this table
//! fails the test, and so does one in this table that could be run.

/// Name of the case, and what it waits for.
pub const WAITING: &[(&str, &str)] = &[];
