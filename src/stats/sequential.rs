//! When replications are enough: stopping at a relative precision.
//!
//! Stopping as soon as an interval looks narrow stops too often while it is narrow by chance, so
//! its coverage holds only as the precision goes to 0 (Chow & Robbins 1965). Two guards: the
//! interval must be narrow twice in a row, and its relative half-width at most `e / (1 + e)`,
//! which bounds the error relative to the truth by `e` (Law 2015, section 9.4.1).
//!
//! Knows nothing of what is estimated.

/// How often in a row the precision must be there.
pub const IN_A_ROW: u32 = 2;

/// Half the width of an interval, relative to its estimate; `None` where either is missing or the
/// estimate is 0 but not exact.
pub fn relative_half_width(estimate: f64, low: Option<f64>, high: Option<f64>) -> Option<f64> {
    let half = (high? - low?) / 2.0;
    if half == 0.0 {
        return Some(0.0);
    }
    let relative = half / estimate.abs();
    relative.is_finite().then_some(relative)
}

/// The relative half-width that keeps the error relative to the truth within `precision`.
pub fn allowed(precision: f64) -> f64 {
    precision / (1.0 + precision)
}

/// The confidence of each of `k` intervals that hold together with `confidence` (Bonferroni).
pub fn each_of(k: usize, confidence: f64) -> f64 {
    1.0 - (1.0 - confidence) / k.max(1) as f64
}

/// Counts how often in a row it was precise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak(u32);

impl Streak {
    /// Another look; whether that is enough.
    pub fn look(&mut self, precise: bool) -> bool {
        self.0 = if precise { self.0 + 1 } else { 0 };
        self.0 >= IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_relative_to_the_estimate() {
        assert_eq!(relative_half_width(4.0, Some(3.0), Some(5.0)), Some(0.25));
        assert_eq!(relative_half_width(0.0, Some(0.0), Some(0.0)), Some(0.0));
        assert_eq!(relative_half_width(0.0, Some(0.0), Some(1e-6)), None);
        assert_eq!(relative_half_width(4.0, None, Some(5.0)), None);
        // 5 % of the truth: 0.05 / 1.05 of the estimate.
        assert!((allowed(0.05) - 0.047_619_047_619).abs() < 1e-12);
        assert!((each_of(2, 0.95) - 0.975).abs() < 1e-12);
        assert_eq!(each_of(1, 0.95), 0.95);
    }

    #[test]
    fn once_is_not_enough() {
        let mut streak = Streak::default();
        let looks = [true, false, true, true].map(|precise| streak.look(precise));
        assert_eq!(looks, [false, false, false, true]);
    }
}
