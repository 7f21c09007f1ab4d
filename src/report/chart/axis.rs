//! What a caller says of an axis and of a value on it.

use super::numbers::Unit;

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Logarithmic when the values span more than two decades.
    #[default]
    Auto,
    /// Even steps.
    Linear,
    /// Equal ratios; zero gets a strip of its own below the smallest value.
    Log,
}

/// An axis: what it measures, in which unit, how it is spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is measured, e.g. `p99 latency`.
    pub label: String,
    /// The unit that numbers are written in.
    pub unit: Unit,
    /// How values are spread.
    pub scale: Scale,
}

impl Axis {
    /// An axis that chooses its scale by the values.
    pub fn new(label: impl Into<String>, unit: Unit) -> Self {
        Self {
            label: label.into(),
            unit,
            scale: Scale::Auto,
        }
    }

    /// The label, with what the unit's numbers leave out (`per month`).
    pub(super) fn caption(&self) -> String {
        match self.unit.per() {
            Some(per) if !self.label.to_lowercase().contains(per) => {
                format!("{} {per}", self.label)
            }
            _ => self.label.clone(),
        }
    }
}

/// Which direction of an axis is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better, e.g. throughput.
    Higher,
    /// Less is better, e.g. latency.
    Lower,
}

/// A mean and, where known, its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value itself; a chart leaves out what is not finite.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
}

impl Estimate {
    /// A value without an interval.
    pub fn exact(mean: f64) -> Self {
        Self {
            mean,
            low: None,
            high: None,
        }
    }

    /// A value with its interval.
    pub fn within(mean: f64, low: f64, high: f64) -> Self {
        Self {
            mean,
            low: Some(low),
            high: Some(high),
        }
    }

    /// The interval, when both ends are finite and it holds the mean.
    pub(super) fn interval(&self) -> Option<(f64, f64)> {
        let (low, high) = (self.low?, self.high?);
        let sound = low.is_finite() && high.is_finite() && low <= self.mean && self.mean <= high;
        sound.then_some((low, high))
    }

    /// Every finite number in it that an axis has to reach.
    pub(super) fn reach(&self) -> impl Iterator<Item = f64> + use<> {
        let (low, high) = self.interval().unwrap_or((self.mean, self.mean));
        [self.mean, low, high]
            .into_iter()
            .filter(|value| value.is_finite())
    }
}
