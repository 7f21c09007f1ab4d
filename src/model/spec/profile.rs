//! A rate that changes with time: what it is multiplied by, how much of that has passed by a time,
//! and when so much has passed. Times are nanoseconds from the start of the source, as floats: the
//! exact ones are rounded where a request is born.

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

use crate::base::math;
use crate::base::units::Nanos;

/// A factor of a rate, as a function of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    shape: Shape,
}

/// A profile in the words of its constructors.
#[derive(Clone, Debug, PartialEq)]
pub enum ProfileShape {
    /// See [`Profile::points`].
    Points {
        /// Times and factors.
        points: Vec<(Nanos, f64)>,
        /// Whether each factor holds until the next point.
        steps: bool,
        /// Whether it starts again.
        repeat: bool,
    },
    /// See [`Profile::wave`].
    Wave {
        /// Nanoseconds.
        period: f64,
        /// 0 to 1.
        amplitude: f64,
        /// Periods.
        phase: f64,
    },
}

/// Numbers that make no profile; displays as one plain sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    message: String,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ProfileError {}

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Points(Arc<Points>),
    Wave(Wave),
}

/// Straight lines from point to point.
#[derive(Clone, Debug, PartialEq)]
struct Points {
    pieces: Vec<Piece>,
    /// Time and area at the end of the last piece.
    end: f64,
    area: f64,
    /// The factor from there on; unless it all starts again.
    last: f64,
    repeat: bool,
}

/// One straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    /// When it begins, and the area until then.
    from: f64,
    before: f64,
    /// The factor there, and how much it grows in a nanosecond.
    factor: f64,
    slope: f64,
}

/// 1 + `amplitude` sin(2 pi (t / `period` + `phase`)).
#[derive(Clone, Copy, Debug, PartialEq)]
struct Wave {
    period: f64,
    amplitude: f64,
    phase: f64,
}

fn check(holds: bool, message: &str) -> Result<(), ProfileError> {
    match holds {
        true => Ok(()),
        false => Err(ProfileError {
            message: message.to_owned(),
        }),
    }
}

impl Profile {
    /// Through these points: straight lines between them, or with `steps` each factor until the
    /// next point. Before the first point its factor holds. After the last its factor holds, or
    /// with `repeat` all starts again.
    ///
    /// # Errors
    ///
    /// Unless there is a point, times do not go backwards, factors are 0 to 1e12, and with
    /// `repeat` the last time is above 0.
    pub fn points(
        points: &[(Nanos, f64)],
        steps: bool,
        repeat: bool,
    ) -> Result<Profile, ProfileError> {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            check(false, "needs at least one point")?;
            unreachable!("refused");
        };
        let fine = points.iter().all(|p| (0.0..=1e12).contains(&p.1));
        check(fine, "needs factors of 0 to 1e12")?;
        let forward = points.is_sorted_by(|a, b| a.0 <= b.0);
        check(forward, "needs points whose times do not go backwards")?;
        check(!repeat || last.0 > 0, "needs a last time above 0 to repeat")?;
        let mut pieces = Vec::new();
        let mut area = 0.0;
        let mut before = (0, first.1);
        for &(at, factor) in points {
            let length = (at - before.0) as f64;
            if length > 0.0 {
                let rise = if steps { 0.0 } else { factor - before.1 };
                pieces.push(Piece {
                    from: before.0 as f64,
                    before: area,
                    factor: before.1,
                    slope: rise / length,
                });
                area += (before.1 + rise / 2.0) * length;
            }
            before = (at, factor);
        }
        let points = Points {
            pieces,
            end: last.0 as f64,
            area,
            last: last.1,
            repeat,
        };
        Ok(Profile {
            shape: Shape::Points(Arc::new(points)),
        })
    }

    /// A wave around 1: 1 + `amplitude` sin(2 pi (t / `period` + `phase`)).
    ///
    /// # Errors
    ///
    /// Unless `period` is above 0, `amplitude` from 0 to 1, and `phase` from -1 to 1.
    pub fn wave(period: Nanos, amplitude: f64, phase: f64) -> Result<Profile, ProfileError> {
        check(period > 0, "needs a period above 0")?;
        let fine = (0.0..=1.0).contains(&amplitude);
        check(fine, "needs an amplitude of 0 to 1: no rate is below 0")?;
        let fine = (-1.0..=1.0).contains(&phase);
        check(fine, "needs a phase of at most one period")?;
        let shape = Shape::Wave(Wave {
            period: period as f64,
            amplitude,
            phase,
        });
        Ok(Profile { shape })
    }

    /// What it could have been made from.
    pub fn told(&self) -> ProfileShape {
        match &self.shape {
            Shape::Points(points) => points.told(),
            Shape::Wave(wave) => ProfileShape::Wave {
                period: wave.period,
                amplitude: wave.amplitude,
                phase: wave.phase,
            },
        }
    }

    /// The factor summed over time from 0 to `t`: how long an unchanged rate takes for as much.
    pub fn area(&self, t: f64) -> f64 {
        match &self.shape {
            Shape::Points(points) => points.area(t),
            Shape::Wave(wave) => wave.area(t),
        }
    }

    /// When that much area has passed; infinite if never.
    pub fn when(&self, area: f64) -> f64 {
        match &self.shape {
            Shape::Points(points) => points.when(area),
            Shape::Wave(wave) => wave.when(area),
        }
    }

    /// The factor in the long run.
    pub fn long_run(&self) -> f64 {
        match &self.shape {
            Shape::Points(points) if points.repeat => points.area / points.end,
            Shape::Points(points) => points.last,
            Shape::Wave(_) => 1.0,
        }
    }

    /// All the area that there will ever be.
    pub fn total(&self) -> f64 {
        match &self.shape {
            Shape::Points(points) if self.long_run() == 0.0 => points.area,
            _ => f64::INFINITY,
        }
    }
}

impl Points {
    /// Points that make the same pieces.
    fn told(&self) -> ProfileShape {
        let steps = self.pieces.iter().all(|p| p.slope == 0.0);
        let mut points = Vec::new();
        for (i, piece) in self.pieces.iter().enumerate() {
            points.push((piece.from as Nanos, piece.factor));
            let next = self.pieces.get(i + 1);
            let (to, after, area) = match next {
                Some(next) => (next.from, next.factor, next.before),
                None => (self.end, self.last, self.area),
            };
            if !steps {
                let length = to - piece.from;
                let makes = |end: &f64| {
                    let rise = end - piece.factor;
                    let sum = piece.before + (piece.factor + rise / 2.0) * length;
                    rise / length == piece.slope && sum == area
                };
                let guess = piece.factor + piece.slope * length;
                let up = std::iter::successors(Some(guess), |x| Some(x.next_up())).take(16);
                let down = std::iter::successors(Some(guess), |x| Some(x.next_down())).take(16);
                let mut ends = std::iter::once(after).chain(up).chain(down);
                let end = ends.find(makes).unwrap_or(guess);
                if end != after {
                    points.push((to as Nanos, end.max(0.0)));
                }
            }
        }
        points.push((self.end as Nanos, self.last));
        ProfileShape::Points {
            points,
            steps,
            repeat: self.repeat,
        }
    }

    fn area(&self, t: f64) -> f64 {
        if self.repeat {
            let rounds = (t / self.end).floor();
            return rounds * self.area + self.within(t - rounds * self.end);
        }
        if t >= self.end {
            return self.area + (t - self.end) * self.last;
        }
        self.within(t)
    }

    fn within(&self, t: f64) -> f64 {
        let after = self.pieces.partition_point(|p| p.from <= t);
        let Some(piece) = self.pieces[..after].last() else {
            return 0.0;
        };
        let x = t - piece.from;
        piece.before + x * (piece.factor + x * piece.slope / 2.0)
    }

    fn when(&self, area: f64) -> f64 {
        if self.repeat {
            if self.area <= 0.0 {
                return f64::INFINITY;
            }
            let rounds = (area / self.area).floor();
            return rounds * self.end + self.find(area - rounds * self.area);
        }
        if area <= self.area {
            return self.find(area);
        }
        self.end + (area - self.area) / self.last
    }

    fn find(&self, area: f64) -> f64 {
        let after = self.pieces.partition_point(|p| p.before < area);
        let Some(piece) = self.pieces[..after].last() else {
            return 0.0;
        };
        let end = self.pieces.get(after).map_or(self.end, |next| next.from);
        let left = area - piece.before;
        // The root of slope x^2 / 2 + factor x = left, without the loss of digits where the slope
        // is near 0.
        let root = (piece.factor * piece.factor + 2.0 * piece.slope * left).max(0.0);
        (piece.from + 2.0 * left / (piece.factor + root.sqrt())).min(end)
    }
}

impl Wave {
    fn area(&self, t: f64) -> f64 {
        let rounds = (t / self.period).floor();
        rounds * self.period + self.within(t - rounds * self.period)
    }

    fn within(&self, t: f64) -> f64 {
        let turn = |share: f64| math::cos(TAU * share);
        let swing = turn(self.phase) - turn(self.phase + t / self.period);
        t + self.amplitude * self.period / TAU * swing
    }

    /// Newton's steps, halving where they lead astray.
    fn when(&self, area: f64) -> f64 {
        let rounds = (area / self.period).floor();
        let area = area - rounds * self.period;
        let (mut low, mut high, mut t) = (0.0, self.period, area);
        for _ in 0..100 {
            let off = self.within(t) - area;
            if off > 0.0 {
                high = t;
            } else {
                low = t;
            }
            let factor = 1.0 + self.amplitude * math::sin(TAU * (self.phase + t / self.period));
            let step = t - off / factor;
            let next = match step > low && step < high {
                true => step,
                false => low + (high - low) / 2.0,
            };
            let moved = (next - t).abs();
            t = next;
            if moved < 1e-3 {
                break;
            }
        }
        rounds * self.period + t
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn close(got: f64, wanted: f64) {
        assert!((got - wanted).abs() < 1.0, "{got} for {wanted}");
    }

    #[test]
    fn areas_are_those_of_the_formulas() {
        let points = [
            (0, 1.0),
            (10 * S, 3.0),
            (10 * S, 0.0),
            (20 * S, 0.0),
            (30 * S, 2.0),
        ];
        let line = Profile::points(&points, false, false).unwrap();
        for (t, area) in [(5, 7.5), (10, 20.0), (15, 20.0), (30, 30.0), (40, 50.0)] {
            close(line.area((t * S) as f64), area * 1e9);
        }
        assert_eq!((line.long_run(), line.total()), (2.0, f64::INFINITY));
        let steps = Profile::points(&[(2 * S, 3.0), (4 * S, 0.0)], true, false).unwrap();
        assert_eq!((steps.area(1e9), steps.area(9e9)), (3e9, 12e9));
        assert_eq!((steps.long_run(), steps.total()), (0.0, 12e9));
        assert_eq!((steps.when(12e9), steps.when(13e9)), (4e9, f64::INFINITY));
        let again = Profile::points(&[(0, 1.0), (3 * S, 2.0), (4 * S, 0.0)], true, true).unwrap();
        assert_eq!((again.area(9e9), again.long_run()), (11e9, 1.25));
        let wave = Profile::wave(4 * S, 0.5, 0.0).unwrap();
        close(wave.area(2e9), 2e9 + 2e9 / std::f64::consts::PI);
        close(wave.area(8e9), 8e9);
        let shifted = Profile::wave(4 * S, 0.5, 0.25).unwrap();
        close(shifted.area(1e9), 1e9 + 1e9 / std::f64::consts::PI);
    }

    #[test]
    fn when_undoes_area() {
        let saw = [(S, 0.0), (3 * S, 2.0), (3 * S, 0.5), (7 * S, 4.0)];
        for profile in [
            Profile::points(&saw, false, false),
            Profile::points(&saw, false, true),
            Profile::points(&saw, true, true),
            Profile::wave(5 * S, 1.0, 0.7),
            Profile::wave(5 * S, 0.3, -0.2),
            Profile::points(&[(0, 2.0)], false, false),
        ] {
            let profile = profile.unwrap();
            let mut last = 0.0;
            for i in 0..4000 {
                let area = f64::from(i) * 7.3e6;
                let t = profile.when(area);
                assert!(t >= last, "{profile:?}: {t} after {last}");
                close(profile.area(t), area);
                last = t;
            }
        }
    }

    #[test]
    fn what_makes_no_profile_is_refused() {
        let points = |p: &[(Nanos, f64)], repeat| Profile::points(p, false, repeat).is_err();
        assert!(points(&[], false) && points(&[(0, -1.0)], false));
        assert!(points(&[(0, f64::NAN)], false) && points(&[(0, 1.0)], true));
        assert!(points(&[(5, 1.0), (4, 1.0)], false));
        assert!(Profile::wave(0, 0.5, 0.0).is_err() && Profile::wave(1, 1.5, 0.0).is_err());
        assert!(Profile::wave(1, 0.5, f64::NAN).is_err());
    }
}
