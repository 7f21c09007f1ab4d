//! A recorded stream of arrivals, already read: whole nanoseconds and bytes.

use crate::base::units::Nanos;
use crate::engine::rng::hash_text;

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
    /// Index into [`SourceSpec::classes`](super::SourceSpec::classes).
    pub class: Vec<u32>,
    /// Its turn where the discipline is `priority`: the smaller, the more urgent.
    pub priority: Vec<i64>,
    /// What it is about: equal numbers are the same.
    pub key: Vec<u64>,
    /// Whether it starts again after its last row.
    pub repeat: bool,
}

impl Trace {
    /// How long one round takes when it starts again: to its last row, and the mean gap more.
    /// `None` if all rows are at one time.
    pub fn round(&self) -> Option<Nanos> {
        let (first, last) = (*self.at.first()?, *self.at.last()?);
        let gaps = self.at.len() as u64 - 1;
        let gap = (last - first).checked_div(gaps).filter(|_| last > first)?;
        Some(last.saturating_add(gap.max(1)))
    }
}

/// The key that a recorded text stands for: a whole number as it is usually written for itself,
/// anything else by its hash.
pub fn recorded_key(text: &str) -> u64 {
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => number,
        _ => hash_text(text),
    }
}
