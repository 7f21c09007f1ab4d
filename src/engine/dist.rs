//! dist (stub until merged)
use std::sync::Arc;
/// Distribution.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// c
    Constant {
        /// v
        value: f64,
    },
    /// e
    Empirical {
        /// v
        values: Arc<[f64]>,
    },
}
impl Dist {
    /// mean
    pub fn mean(&self) -> f64 {
        0.0
    }
}
