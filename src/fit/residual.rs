//! What is left of bursts when the rate over time is taken out: a process of two rates, fitted to
//! the curve of the index of dispersion, or Poisson where the curve does not contradict it.
//!
//! A rate with variance v around a mean m whose correlation falls as exp(-r t) gives the index
//! 1 + A (1 - (1 - exp(-r t)) / (r t)) with A = 2 v / (m r); that of every two-state MMPP has this
//! form (Heffes & Lucantoni, "A Markov modulated characterization of packetized voice and data
//! traffic", IEEE JSAC 4, 1986; Fischer & Meier-Hellstern, "The MMPP cookbook", Performance
//! Evaluation 18, 1992). A and r are found by least squares on the curve, which is our own
//! choice; the third moment of the counts is not fitted.

use crate::base::math;
use crate::base::units::{Nanos, SECOND};

/// An arrival process of mean rate 1, to be multiplied by a rate and its profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Process {
    /// Independent.
    Poisson,
    /// Two rates in turn.
    Mmpp {
        /// The higher, and the lower, as factors.
        factors: [f64; 2],
        /// Mean stay in each, nanoseconds.
        dwell: [f64; 2],
    },
    /// Bursts with nothing between them.
    OnOff {
        /// The rate within a burst, as a factor.
        factor: f64,
        /// Mean length of a burst and of a pause, nanoseconds, exponential.
        dwell: [f64; 2],
    },
}

/// Most windows of the curve.
const WINDOWS: usize = 10;

/// Fewest windows in which a point of the curve is seen.
const FEWEST: f64 = 30.0;

/// Beyond so many standard errors a point contradicts Poisson.
const ERRORS: f64 = 4.0;

/// What is on top of a rate that goes in equal steps (none: a constant rate). The curve has points
/// from a quarter of a step, or a 64th of the length, down to twice the clock's resolution, and no
/// shorter than a tenth of the mean gap.
pub fn fit_process(at: &[Nanos], length: Nanos, steps: &[f64], resolution: Nanos) -> Process {
    if at.len() < 2 {
        return Process::Poisson;
    }
    let gap = length as f64 / at.len() as f64;
    let longest = match steps.len() {
        0 => length as f64 / 64.0,
        n => length as f64 / n as f64 / 4.0,
    };
    let shortest = (2.0 * resolution as f64).max(gap / 10.0);
    let mut curve = Vec::new();
    let mut window = longest;
    while window >= shortest && curve.len() < WINDOWS {
        let windows = (length as f64 / window).floor();
        if windows >= FEWEST {
            curve.push((window, excess(at, length, steps, window), windows));
        }
        window /= 2.0;
    }
    let contradicts = |&(_, excess, n): &(f64, f64, f64)| excess > ERRORS * (2.0 / n).sqrt();
    if curve.len() < 2 || !curve.iter().any(contradicts) {
        return Process::Poisson;
    }
    let (a, r) = least_squares(&curve, longest);
    let squared = a * r * gap / 2.0;
    process(squared, r)
}

/// Variance over mean of the counts around the profile's means, less 1.
fn excess(at: &[Nanos], length: Nanos, steps: &[f64], window: f64) -> f64 {
    let windows = (length as f64 / window).floor() as usize;
    let rate = at.len() as f64 / length as f64;
    let step = length as f64 / steps.len().max(1) as f64;
    let mut before = vec![0.0];
    for factor in steps {
        before.push(before[before.len() - 1] + factor * step);
    }
    let passed = |time: f64| match steps.len() {
        0 => time * rate,
        n => {
            let i = ((time / step) as usize).min(n - 1);
            (before[i] + steps[i] * (time - i as f64 * step)) * rate
        }
    };
    let (mut rows, mut squares, mut sum) = (at.iter().peekable(), 0.0, 0.0);
    for i in 0..windows {
        let end = (i + 1) as f64 * window;
        let mut count = 0.0;
        while rows.next_if(|at| (**at as f64) < end).is_some() {
            count += 1.0;
        }
        let mean = passed(end) - passed(i as f64 * window);
        squares += (count - mean) * (count - mean);
        sum += mean;
    }
    if sum > 0.0 { squares / sum - 1.0 } else { 0.0 }
}

/// How much of the whole excess is seen in a window.
fn seen(rt: f64) -> f64 {
    1.0 + math::exp_m1(-rt) / rt
}

/// A and r: r from a grid of ten values a decade, A by least squares for each.
fn least_squares(curve: &[(f64, f64, f64)], longest: f64) -> (f64, f64) {
    let mut best = (f64::INFINITY, 0.0, 1.0 / longest);
    for tenth in -10..=40 {
        let r = math::pow(10.0, f64::from(tenth) / 10.0) / longest;
        let (mut xy, mut xx) = (0.0, 0.0);
        for &(window, excess, _) in curve {
            let x = seen(r * window);
            xy += x * excess;
            xx += x * x;
        }
        let a = (xy / xx).max(0.0);
        let error = curve.iter().map(|&(window, excess, _)| {
            let off = a * seen(r * window) - excess;
            off * off
        });
        let error: f64 = error.sum();
        if error < best.0 {
            best = (error, a, r);
        }
    }
    (best.1, best.2)
}

/// Two states from the squared coefficient of variation of the rate, and how fast its correlation
/// falls (per nanosecond). Up to 1: equal shares of time, one rate as far above as the other below.
/// Beyond that the lower rate would be negative: on and off.
fn process(squared: f64, r: f64) -> Process {
    if squared <= 1e-6 {
        Process::Poisson
    } else if squared < 1.0 {
        let apart = squared.sqrt();
        Process::Mmpp {
            factors: [1.0 + apart, 1.0 - apart],
            dwell: [2.0 / r, 2.0 / r],
        }
    } else {
        let factor = 1.0 + squared;
        let on = 1.0 / factor;
        Process::OnOff {
            factor,
            dwell: [1.0 / (r * (1.0 - on)), 1.0 / (r * on)],
        }
    }
}

impl Process {
    /// Index of dispersion of counts in a window that it gives at this rate, profile apart.
    pub fn dispersion(&self, rate: f64, window: Nanos) -> f64 {
        let (squared, r) = match *self {
            Process::Poisson => return 1.0,
            Process::Mmpp { factors, dwell } => {
                let apart = (factors[0] - factors[1]) / 2.0;
                (apart * apart, 1.0 / dwell[0] + 1.0 / dwell[1])
            }
            Process::OnOff { factor, dwell } => (factor - 1.0, 1.0 / dwell[0] + 1.0 / dwell[1]),
        };
        let a = 2.0 * squared * rate / SECOND as f64 / r;
        1.0 + a * seen(r * window as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rng::{Key, Stream};
    use crate::engine::ziggurat::exp1;

    /// 5,000 s of an MMPP: 30 and 10 a second, 2 s each.
    fn modulated() -> Vec<Nanos> {
        let mut stream = Stream::new(&Key::new(7, 0, 0), "mmpp");
        let (mut at, mut start, mut high) = (Vec::new(), 0.0, true);
        while start < 5000.0 {
            let end = start + 2.0 * exp1(&mut stream);
            let rate = if high { 30.0 } else { 10.0 };
            let mut time = start;
            loop {
                time += exp1(&mut stream) / rate;
                if time >= end.min(5000.0) {
                    break;
                }
                at.push((time * 1e9) as Nanos);
            }
            (start, high) = (end, !high);
        }
        at
    }

    #[test]
    fn an_mmpp_is_found_again() {
        let at = modulated();
        let process = fit_process(&at, 5000 * SECOND, &[], 1);
        let Process::Mmpp { factors, dwell } = process else {
            panic!("{process:?}");
        };
        assert!((factors[0] - 1.5).abs() < 0.1, "{factors:?}");
        assert!((dwell[0] / 1e9 - 2.0).abs() < 0.6, "{dwell:?}");
        // A = 2 x 0.25 x 20 / 1 a second: the index of long windows is 11.
        assert!((process.dispersion(20.0, 1000 * SECOND) - 11.0).abs() < 2.5);
    }

    #[test]
    fn bursts_with_nothing_between_are_on_and_off() {
        let Process::OnOff { factor, dwell } = process(3.0, 1e-9) else {
            panic!();
        };
        // A quarter of the time at four times the rate.
        assert!((factor - 4.0).abs() < 1e-12);
        assert!((dwell[0] / (dwell[0] + dwell[1]) - 0.25).abs() < 1e-12);
        assert!((1.0 / dwell[0] + 1.0 / dwell[1] - 1e-9).abs() < 1e-21);
    }
}
