//! Time series of one trial: one row a window, one column a name. Each thing is counted at the
//! time it happens.

use serde::{Deserialize, Serialize};

use crate::base::units::Nanos;

/// Values by window, over the measured time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Length of a window, nanoseconds; the last may be shorter.
    pub window: Nanos,
    /// Start of the first window: the warm-up.
    pub start: Nanos,
    /// One row a window, [`NAMES`] wide.
    pub rows: Vec<[f64; NAMES.len()]>,
}

/// Names of the columns. Rates are per second, `..._mean` are means over the window.
pub const NAMES: [&str; 20] = [
    "offered",
    "throughput",
    "goodput",
    "retries",
    "refused_VX3101",
    "refused_VX3102",
    "timed_out_VX3103",
    "refused_VX3104",
    "refused_VX3105",
    "refused_VX3107",
    "failed_VX3111",
    "failed_VX3113",
    "queue_mean",
    "in_system_mean",
    "utilisation",
    "ram_mean",
    "wedged_mean",
    "down_mean",
    "breakers_open_mean",
    "workers_mean",
];

/// The place of a column in a row; `None`: there is none of this name.
pub fn place(name: &str) -> Option<usize> {
    NAMES.iter().position(|n| *n == name)
}
