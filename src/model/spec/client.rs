//! What a caller does about trouble, as data.

use super::{Dist, HedgeSpec, LimitSpec};
use crate::base::units::Nanos;

/// What a caller does about trouble.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientSpec {
    /// How long one attempt may take, nanoseconds; `None`: waits for ever. Work that was given up
    /// on goes on (`cancel = "none"`).
    pub timeout: Option<Dist>,
    /// How long an attempt stays in a buffer, nanoseconds from its arrival, drawn for a request at
    /// its birth; `None`: for ever. Once served it stays.
    pub patience: Option<Dist>,
    /// Further attempts; `None`: none.
    pub retry: Option<RetrySpec>,
    /// Further copies when no answer comes; `None`: none.
    pub hedge: Option<HedgeSpec>,
    /// What it lets itself send; `None`: everything.
    pub limit: Option<LimitSpec>,
}

impl ClientSpec {
    /// Whether an attempt may leave a buffer before its turn.
    pub fn may_leave(&self) -> bool {
        self.patience.is_some()
    }
}

/// Retries with full jitter: before attempt n + 1 a pause uniform between 0 and
/// `min(cap, base * 2^n)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetrySpec {
    /// Most attempts, the first included; `u32::MAX` stands for unbounded.
    pub attempts: u32,
    /// Nanoseconds.
    pub base: Nanos,
    /// Nanoseconds.
    pub cap: Nanos,
}
