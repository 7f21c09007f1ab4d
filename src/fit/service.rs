//! How long a request takes as a fixed part and a part for each unit of size, from durations of
//! which some were cut off by a timeout.
//!
//! Least absolute deviations, so that a few slow ones do not tilt the line; with durations cut at
//! known times the line is Powell's ("Least absolute deviations estimation for the censored
//! regression model", Journal of Econometrics 25, 1984), found by Buchinsky's way (Econometrica 62,
//! 1994): fit, leave out the rows whose fitted value is beyond their cut, and again.

use crate::base::math;
use crate::base::units::Nanos;

use super::Row;

/// `fixed` + `per_unit` x size, with a spread around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    /// Median of what is not for the size, nanoseconds.
    pub fixed: f64,
    /// For each unit of size, nanoseconds, 0 or more.
    pub per_unit: f64,
    /// Deviation of the logarithm of the fixed part, from the lower half of what is left when the
    /// part for the size is taken off: a cut does not reach there.
    pub sigma: f64,
    /// Rows used, and how many of them were cut off.
    pub rows: (usize, usize),
}

/// Fewest rows with a duration.
const FEWEST: usize = 20;

/// A duration: size, time, whether it was cut.
type Point = (f64, f64, bool);

/// The line through the durations; `None` with fewer than 20, or more than half of them cut.
/// `timeout`: that of all rows, where they had one in common; rows may be cut elsewhere too.
pub fn fit_service(rows: &[Row], sized: bool, timeout: Option<Nanos>) -> Option<Service> {
    let points: Vec<Point> = rows
        .iter()
        .filter_map(|row| {
            row.took
                .map(|took| (row.size as f64, took.time as f64, took.cut))
        })
        .collect();
    let cut = points.iter().filter(|p| p.2).count();
    if points.len() < FEWEST || cut * 2 > points.len() {
        return None;
    }
    let timeout = timeout.map_or(f64::INFINITY, |t| t as f64);
    let ((fixed, per_unit), used) = censored_line(&points, sized, timeout);
    // What is left for the fixed part; a row that was cut left at least so much.
    let mut left: Vec<f64> = used.iter().map(|p| p.1 - per_unit * p.0).collect();
    left.sort_by(f64::total_cmp);
    let low = left[(left.len() as f64 * 0.158_655) as usize].max(1.0);
    let fixed = fixed.max(1.0);
    Some(Service {
        fixed,
        per_unit,
        sigma: math::ln(fixed / low.min(fixed)),
        rows: (points.len(), cut),
    })
}

/// The line, and the rows that it was laid through.
fn censored_line(points: &[Point], sized: bool, timeout: f64) -> ((f64, f64), Vec<Point>) {
    let mut used: Vec<Point> = points.to_vec();
    let mut line = least_deviations(&used, sized);
    for _ in 0..20 {
        let bound = |p: &Point| if p.2 { p.1.min(timeout) } else { timeout };
        let below = |p: &&Point| line.0 + line.1 * p.0 < bound(p);
        let kept: Vec<Point> = points.iter().filter(below).copied().collect();
        if kept.len() < FEWEST || kept == used {
            break;
        }
        used = kept;
        line = least_deviations(&used, sized);
    }
    (line, used)
}

/// Least absolute deviations: for a slope the best height is a median, and the sum is convex in
/// the slope, so thirds of an interval close in on it.
fn least_deviations(points: &[Point], sized: bool) -> (f64, f64) {
    let mut left = vec![0.0; points.len()];
    let mut height = |slope: f64| {
        for (to, p) in left.iter_mut().zip(points) {
            *to = p.1 - slope * p.0;
        }
        let middle = left.len() / 2;
        *left.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    let sizes: f64 = points.iter().map(|p| p.0).sum();
    if !sized || sizes <= 0.0 {
        return (height(0.0), 0.0);
    }
    let mut sum = |slope: f64| {
        let height = height(slope);
        let off = points.iter().map(|p| (p.1 - height - slope * p.0).abs());
        (off.sum::<f64>(), height)
    };
    // No slope above the whole time for the whole size is better than that one.
    let times: f64 = points.iter().map(|p| p.1).sum();
    let (mut low, mut high) = (0.0, 4.0 * times / sizes);
    for _ in 0..100 {
        let third = (high - low) / 3.0;
        if sum(low + third).0 <= sum(high - third).0 {
            high -= third;
        } else {
            low += third;
        }
    }
    let slope = (low + high) / 2.0;
    (sum(slope).1, slope)
}

impl Service {
    /// Mean work of a request of this mean size, nanoseconds.
    pub fn mean(&self, size: f64) -> f64 {
        self.fixed * math::exp(self.sigma * self.sigma / 2.0) + self.per_unit * size
    }

    /// Work without its spread.
    pub fn typical(&self, size: u64) -> Nanos {
        (self.fixed + self.per_unit * size as f64 + 0.5) as Nanos
    }
}

#[cfg(test)]
mod tests {
    use super::super::Took;
    use super::*;
    use crate::engine::rng::{Bits, Key, Stream};
    use crate::engine::ziggurat::normal;

    /// 5 ms lognormal with sigma 0.3, 20 ns a byte, and a timeout.
    fn rows(timeout: f64) -> Vec<Row> {
        let mut stream = Stream::new(&Key::new(3, 0, 0), "took");
        (0..5000)
            .map(|i| {
                let size = (stream.unit() * 1e6) as u64;
                let mut time = 5e6 * math::exp(0.3 * normal(&mut stream)) + 20.0 * size as f64;
                // One in fifty meets something else altogether.
                if i % 50 == 0 {
                    time *= 10.0;
                }
                Row {
                    at: i,
                    class: 0,
                    size,
                    took: Some(Took {
                        time: time.min(timeout) as Nanos,
                        cut: time >= timeout,
                    }),
                }
            })
            .collect()
    }

    #[test]
    fn the_line_is_found_again_with_and_without_a_timeout() {
        for (timeout, cut) in [(1e12, 0..1), (2e7, 1000..1700)] {
            let fit = fit_service(&rows(timeout), true, Some(timeout as Nanos)).unwrap();
            assert!(cut.contains(&fit.rows.1), "{fit:?}");
            assert!((fit.fixed / 5e6 - 1.0).abs() < 0.06, "{fit:?}");
            assert!((fit.per_unit / 20.0 - 1.0).abs() < 0.03, "{fit:?}");
            assert!((fit.sigma - 0.3).abs() < 0.08, "{fit:?}");
        }
    }

    #[test]
    fn a_plain_line_through_cut_durations_would_be_too_flat() {
        let points: Vec<Point> = rows(2e7)
            .iter()
            .map(|r| (r.size as f64, r.took.unwrap().time as f64, false))
            .collect();
        assert!(least_deviations(&points, true).1 < 18.0);
    }

    #[test]
    fn too_few_durations_are_not_fitted() {
        assert_eq!(fit_service(&rows(1e12)[..19], true, None), None);
        assert_eq!(fit_service(&rows(6e6), true, None), None);
    }
}
