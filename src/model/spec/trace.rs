//! A recorded stream of arrivals, already read: whole nanoseconds and bytes.

use crate::base::units::Nanos;

/// Arrival times, in order, with what else each row says. Columns that were not asked for are
/// empty; the others have one entry a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Nanoseconds from the start of the source, never decreasing.
    pub at: Vec<Nanos>,
    /// Bytes.
    pub size: Vec<u64>,
    /// Nanoseconds of core-time at speed 1.
    pub work: Vec<Nanos>,
    /// Bytes of RAM held.
    pub memory: Vec<u64>,
}
