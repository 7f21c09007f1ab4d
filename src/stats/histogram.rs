//! histogram (stub until merged)
/// Histogram.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    n: u64,
}
impl Histogram {
    /// n
    pub fn count(&self) -> u64 {
        self.n
    }
    /// n
    pub fn sum(&self) -> u128 {
        0
    }
    /// n
    pub fn sd(&self) -> Option<f64> {
        None
    }
    /// n
    pub fn max(&self) -> Option<u64> {
        None
    }
    /// n
    pub fn quantile(&self, _q: f64) -> Option<u64> {
        None
    }
    /// n
    pub fn count_above(&self, _q: u64) -> u64 {
        0
    }
    /// n
    pub fn merge(&mut self, _o: &Self) {}
}
