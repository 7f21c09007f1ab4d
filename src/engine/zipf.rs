//! Zipf's law: key `k` of `n` is drawn with a chance in proportion to `1 / k^exponent`.
//!
//! Rejection-inversion (Hörmann & Derflinger 1996, "Rejection-inversion to generate variates from
//! monotone discrete distributions"): the integral of the law is inverted, rounded to a whole
//! number, and kept unless it lies in the part by which the integral exceeds the law. Exact for
//! every exponent from 0 on, in constant memory, with 1.1 tries at most in the mean.

use super::rng::Bits;
use crate::base::math::{exp, exp_m1, ln, ln_1p};

/// The law with what its draws need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zipf {
    keys: u64,
    exponent: f64,
    /// The integral at 1.5 less the law at 1, and at `keys` + 0.5.
    from: f64,
    to: f64,
    /// So close to its whole number nothing is ever rejected.
    near: f64,
}

impl Zipf {
    /// Most keys: beyond it whole numbers and their halves are no longer apart enough.
    pub const MOST: u64 = 1_000_000_000_000;

    /// The law over keys from 1 to `keys`.
    ///
    /// # Panics
    ///
    /// Unless there are 1 to [`Zipf::MOST`] keys and the exponent is 0 or more.
    pub fn new(keys: u64, exponent: f64) -> Zipf {
        assert!((1..=Zipf::MOST).contains(&keys) && exponent >= 0.0);
        let mut zipf = Zipf {
            keys,
            exponent,
            from: 0.0,
            to: 0.0,
            near: 0.0,
        };
        zipf.from = zipf.integral(1.5) - 1.0;
        zipf.to = zipf.integral(keys as f64 + 0.5);
        zipf.near = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.law(2.0));
        zipf
    }

    /// A key from 1 to the number of keys.
    pub fn sample(&self, bits: &mut impl Bits) -> u64 {
        loop {
            let u = self.to + bits.unit() * (self.from - self.to);
            let x = self.inverse(u);
            let key = ((x + 0.5) as u64).clamp(1, self.keys);
            let k = key as f64;
            if k - x <= self.near || u >= self.integral(k + 0.5) - self.law(k) {
                return key;
            }
        }
    }

    /// `x^-exponent`.
    fn law(&self, x: f64) -> f64 {
        exp(-self.exponent * ln(x))
    }

    /// The integral of the law from 1 to `x`.
    fn integral(&self, x: f64) -> f64 {
        let log = ln(x);
        let t = (1.0 - self.exponent) * log;
        // (e^t - 1) / t, which is 1 at 0.
        let rest = if t.abs() > 1e-8 {
            exp_m1(t) / t
        } else {
            1.0 + t * 0.5
        };
        rest * log
    }

    /// Where the integral has a value.
    fn inverse(&self, value: f64) -> f64 {
        // Rounding may go a little beyond the end of the domain.
        let t = (value * (1.0 - self.exponent)).max(-1.0);
        let rest = if t.abs() > 1e-8 {
            ln_1p(t) / t
        } else {
            1.0 - t * 0.5
        };
        exp(rest * value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::math::pow;
    use crate::engine::rng::{Key, Stream};

    /// The chance of each key, straight from the formula.
    fn chances(keys: u64, exponent: f64) -> Vec<f64> {
        let weights: Vec<f64> = (1..=keys).map(|k| pow(k as f64, -exponent)).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|w| w / sum).collect()
    }

    #[test]
    fn keys_come_as_often_as_the_formula_says() {
        let draws = 400_000;
        for (keys, exponent) in [
            (1, 1.0),
            (2, 0.0),
            (10, 0.0),
            (10, 0.5),
            (100, 1.0),
            (1000, 0.99),
            (7, 1.000_000_001),
            (50, 2.5),
            (3, 20.0),
        ] {
            let zipf = Zipf::new(keys, exponent);
            let mut stream = Stream::new(&Key::new(5, 0, 0), "zipf");
            let mut counts = vec![0_u64; keys as usize];
            for _ in 0..draws {
                counts[zipf.sample(&mut stream) as usize - 1] += 1;
            }
            for (k, (count, p)) in counts.iter().zip(chances(keys, exponent)).enumerate() {
                let (mean, sd) = (draws as f64 * p, (draws as f64 * p * (1.0 - p)).sqrt());
                let off = (*count as f64 - mean).abs();
                // Five standard errors, and Poisson's tail where next to nothing is expected.
                assert!(
                    off <= 5.0 * sd + 5.0,
                    "{keys} keys, exponent {exponent}, key {}: {count} for {mean}",
                    k + 1
                );
            }
        }
    }

    /// The mean of many keys against the ratio of two sums of powers.
    #[test]
    fn the_mean_of_many_keys_is_that_of_the_formula() {
        let (keys, exponent, draws) = (100_000, 1.2, 200_000);
        let p = chances(keys, exponent);
        let moment = |power: f64| -> f64 {
            let each = p.iter().enumerate();
            each.map(|(k, p)| p * pow((k + 1) as f64, power)).sum()
        };
        let (mean, sd) = (
            moment(1.0),
            (moment(2.0) - moment(1.0) * moment(1.0)).sqrt(),
        );
        let zipf = Zipf::new(keys, exponent);
        let mut stream = Stream::new(&Key::new(6, 0, 0), "zipf");
        let sum: u64 = (0..draws).map(|_| zipf.sample(&mut stream)).sum();
        let off = sum as f64 / draws as f64 - mean;
        assert!(off.abs() < 5.0 * sd / (draws as f64).sqrt(), "{off}");
    }

    #[test]
    fn the_most_keys_can_be_drawn() {
        for exponent in [0.0, 0.5, 1.0, 3.0, 20.0] {
            let zipf = Zipf::new(Zipf::MOST, exponent);
            let mut stream = Stream::new(&Key::new(7, 0, 0), "zipf");
            for _ in 0..1000 {
                let key = zipf.sample(&mut stream);
                assert!((1..=Zipf::MOST).contains(&key));
            }
        }
    }
}
