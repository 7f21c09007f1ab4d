//! From values to places along an axis, and the marks an axis gets.

use super::axis::{Axis, Scale};
use super::math::{log10, pow2, pow10};
use super::numbers::Unit;
use super::ticks::Steps;

/// Share of a logarithmic axis that belongs to zero, when some value is zero.
const ZERO_STRIP: f64 = 0.1;
/// Where in that strip zero stands.
const ZERO_AT: f64 = 0.035;
/// Over this ratio of largest to smallest, `Auto` means logarithmic.
const TWO_DECADES: f64 = 100.0;

/// Values from here on have no room for the slack that an axis adds; they stand at its end.
const BEYOND: f64 = 1e300;

/// Maps the values of one axis to 0..1.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    unit: Unit,
    low: f64,
    high: f64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Linear,
    Log,
    /// Logarithmic, with a strip for zero.
    LogZero,
}

/// A mark on an axis.
#[derive(Clone, Debug)]
pub(super) struct Tick {
    /// Place along the axis, 0 to 1.
    pub(super) at: f64,
    pub(super) text: String,
}

impl Ruler {
    /// A ruler that reaches all finite values, and zero when they come half near; none when
    /// there are none.
    pub(super) fn fit(axis: &Axis, values: impl Iterator<Item = f64>) -> Option<Self> {
        Self::reaching(axis, values, 0.5)
    }

    /// A ruler that spends little on the empty stretch down to zero.
    pub(super) fn close(axis: &Axis, values: impl Iterator<Item = f64>) -> Option<Self> {
        Self::reaching(axis, values, 0.2)
    }

    fn reaching(axis: &Axis, values: impl Iterator<Item = f64>, near: f64) -> Option<Self> {
        let values: Vec<f64> = values.filter(|value| value.abs() < BEYOND).collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        let positive = values
            .iter()
            .copied()
            .filter(|value| *value > 0.0)
            .reduce(f64::min);
        let log = match (axis.scale, positive) {
            (Scale::Linear, _) | (_, None) => None,
            (Scale::Auto, Some(small)) => {
                (least >= 0.0 && most / small > TWO_DECADES).then_some(small)
            }
            (Scale::Log, small) => small,
        };
        Some(match log {
            Some(small) => Self::log(axis.unit.clone(), small, most, least <= 0.0),
            None => Self::linear(axis.unit.clone(), least, most, near),
        })
    }

    /// A ruler with just these ends, for axes whose range somebody else has chosen.
    pub(super) fn between(unit: Unit, low: f64, high: f64) -> Self {
        Self {
            unit,
            low,
            high,
            kind: Kind::Linear,
        }
    }

    fn log(unit: Unit, small: f64, most: f64, zero: bool) -> Self {
        let (low, high) = (log10(small), log10(most));
        let slack = (0.06 * (high - low)).max(0.06);
        let kind = if zero { Kind::LogZero } else { Kind::Log };
        Self {
            unit,
            low: low - slack,
            high: high + slack,
            kind,
        }
    }

    fn linear(unit: Unit, least: f64, most: f64, near: f64) -> Self {
        let range = most - least;
        if range <= 0.0 {
            let slack = if least == 0.0 { 1.0 } else { least.abs() * 0.2 };
            let low = if least == 0.0 { 0.0 } else { least - slack };
            return Self::between(unit, low, least + slack);
        }
        let near_zero = least >= 0.0 && least < near * most;
        let low = if near_zero { 0.0 } else { least - 0.06 * range };
        let mut high = most + 0.06 * (most - low);
        if unit == Unit::Share && most <= 1.0 {
            high = high.min(1.0);
        }
        Self::between(unit, low, high)
    }

    pub(super) fn is_log(&self) -> bool {
        self.kind != Kind::Linear
    }

    /// Whether zero has a strip of its own.
    pub(super) fn has_zero_strip(&self) -> bool {
        self.kind == Kind::LogZero
    }

    /// Place of a value, held within the axis.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = |value: f64| ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        match self.kind {
            Kind::Linear => share(value),
            Kind::Log if value <= 0.0 => 0.0,
            Kind::Log => share(log10(value)),
            Kind::LogZero if value <= 0.0 => ZERO_AT,
            Kind::LogZero => ZERO_STRIP + (1.0 - ZERO_STRIP) * share(log10(value)),
        }
    }

    /// The densest marks that `fits` lets pass.
    pub(super) fn ticks(&self, fits: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
        let mut last = Vec::new();
        for (values, steps) in self.choices() {
            let texts = self.unit.ticks(&values, steps);
            let ticks = values.iter().zip(texts);
            let ticks: Vec<Tick> = ticks
                .map(|(value, text)| Tick {
                    at: self.place(*value),
                    text,
                })
                .collect();
            if fits(&ticks) {
                return ticks;
            }
            last = ticks;
        }
        // Nothing fits: one mark is better than an axis without any.
        last.truncate(1);
        last
    }

    /// Sets of marks from dense to sparse.
    fn choices(&self) -> Vec<(Vec<f64>, Steps)> {
        match self.kind {
            Kind::Linear => self.even(self.low, self.high),
            Kind::Log if self.high - self.low < 1.0 => self.even(pow10(self.low), pow10(self.high)),
            _ => self.ratios(),
        }
    }

    /// Multiples of a round step.
    fn even(&self, low: f64, high: f64) -> Vec<(Vec<f64>, Steps)> {
        let range = high - low;
        let mut choices = Vec::new();
        for step in self.steps(range) {
            let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
            let count = (last - first).max(-1.0) as i64 + 1;
            if (1..=12).contains(&count) {
                let values = (0..count)
                    .map(|number| (first + number as f64) * step)
                    .collect();
                choices.push((values, Steps::Even));
            }
        }
        choices
    }

    /// Round steps from small to large: 1-2-5, for time those of a clock, for bytes of a prefix.
    fn steps(&self, range: f64) -> Vec<f64> {
        const CLOCK: [f64; 19] = [
            10.0,
            15.0,
            30.0,
            60.0,
            120.0,
            300.0,
            600.0,
            900.0,
            1800.0,
            3600.0,
            7200.0,
            14_400.0,
            21_600.0,
            43_200.0,
            86_400.0,
            172_800.0,
            432_000.0,
            864_000.0,
            1_728_000.0,
        ];
        if self.unit == Unit::Seconds && (60.0..5e6).contains(&range) {
            return CLOCK.to_vec();
        }
        let most = self.low.abs().max(self.high.abs());
        let base = match self.unit {
            Unit::Bytes if most >= 1024.0 => {
                pow2(10.0 * (log10(most) / log10(1024.0) + 1e-9).floor())
            }
            _ => 1.0,
        };
        let size = log10(range / base).floor();
        let whole_things = matches!(self.unit, Unit::Count);
        (-2..=1)
            .flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * pow10(size + f64::from(decade))))
            .map(|step| step * base)
            .filter(|step| !whole_things || *step >= 1.0)
            .collect()
    }

    /// 1-2-5, then powers of ten, then every second and so on; for bytes powers of two.
    fn ratios(&self) -> Vec<(Vec<f64>, Steps)> {
        let keep = |values: Vec<f64>| -> (Vec<f64>, Steps) {
            let inside = |value: &f64| (self.low..=self.high).contains(&log10(*value));
            let zero = self.has_zero_strip().then_some(0.0);
            (
                zero.into_iter()
                    .chain(values.into_iter().filter(inside))
                    .collect(),
                Steps::Ratios,
            )
        };
        if self.unit == Unit::Bytes && self.high > 1.0 {
            let two = log10(2.0);
            // Half a byte is none.
            let first = (self.low / two).floor().max(0.0) as i32;
            let last = (self.high / two).ceil() as i32;
            return [1, 2, 3, 5, 10, 20]
                .map(|step| {
                    (first..=last)
                        .filter(|power| power % step == 0)
                        .collect::<Vec<_>>()
                })
                .map(|powers| {
                    keep(
                        powers
                            .into_iter()
                            .map(|power| pow2(f64::from(power)))
                            .collect(),
                    )
                })
                .to_vec();
        }
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let decades = |step: i32, digits: &[f64]| {
            let powers = (first..=last).filter(|power| power % step == 0);
            let marks = powers.flat_map(|power| {
                digits
                    .iter()
                    .map(move |digit| digit * pow10(f64::from(power)))
            });
            keep(marks.map(|mark| self.by_the_clock(mark)).collect())
        };
        let mut choices = vec![decades(1, &[1.0, 2.0, 5.0]), decades(1, &[1.0, 3.0])];
        choices.extend([1, 2, 3, 5, 10, 20, 50].map(|step| decades(step, &[1.0])));
        choices
    }

    /// Above two minutes nobody counts time in hundreds of seconds: the nearest time of a clock.
    fn by_the_clock(&self, mark: f64) -> f64 {
        const NEAREST: [(f64, f64); 15] = [
            (200.0, 180.0),
            (300.0, 300.0),
            (500.0, 600.0),
            (1e3, 1200.0),
            (2e3, 1800.0),
            (3e3, 3600.0),
            (5e3, 7200.0),
            (1e4, 10_800.0),
            (2e4, 21_600.0),
            (3e4, 36_000.0),
            (5e4, 43_200.0),
            (1e5, 86_400.0),
            (2e5, 172_800.0),
            (5e5, 432_000.0),
            (1e6, 864_000.0),
        ];
        let near = |(decimal, _): &&(f64, f64)| (mark / decimal - 1.0).abs() < 0.01;
        match NEAREST.iter().find(near) {
            Some((_, clock)) if self.unit == Unit::Seconds => *clock,
            _ => mark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ruler: &Ruler, most: usize) -> Vec<String> {
        ruler
            .ticks(|ticks| ticks.len() <= most)
            .into_iter()
            .map(|tick| tick.text)
            .collect()
    }

    fn ruler(unit: Unit, values: &[f64]) -> Ruler {
        Ruler::fit(&Axis::new("", unit), values.iter().copied()).expect("finite values")
    }

    #[test]
    fn marks_are_round_and_as_dense_as_allowed() {
        let latency = ruler(Unit::Seconds, &[0.011, 6.0]);
        let dense = [
            "10 ms", "20 ms", "50 ms", "100 ms", "200 ms", "500 ms", "1 s", "2 s", "5 s",
        ];
        assert_eq!(texts(&latency, 9), dense);
        assert_eq!(texts(&latency, 3), ["10 ms", "100 ms", "1 s"]);
        let time = Ruler::between(Unit::Seconds, 0.0, 300.0);
        assert_eq!(
            texts(&time, 6),
            ["0", "1 min", "2 min", "3 min", "4 min", "5 min"]
        );
        let size = ruler(
            Unit::Bytes,
            &[27.3 * 1_073_741_824.0, 28.0 * 1_073_741_824.0],
        );
        assert_eq!(
            texts(&size, 5),
            ["27.4 GiB", "27.6 GiB", "27.8 GiB", "28 GiB"]
        );
    }

    #[test]
    fn zero_has_its_place_on_a_logarithmic_axis() {
        let loss = ruler(Unit::Share, &[0.0, 1e-4, 0.4]);
        assert!(loss.has_zero_strip());
        assert!(loss.place(0.0) < loss.place(1e-4));
        assert_eq!(texts(&loss, 5)[0], "0");
    }

    #[test]
    fn without_values_there_is_no_ruler() {
        let axis = Axis::new("", Unit::Count);
        assert!(Ruler::fit(&axis, [f64::NAN, f64::INFINITY].into_iter()).is_none());
        let flat = ruler(Unit::Count, &[7.0, 7.0]);
        assert!((flat.place(7.0) - 0.5).abs() < 1e-12);
    }
}
