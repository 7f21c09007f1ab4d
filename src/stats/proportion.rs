//! Shares of counts: their interval, and whether two of them differ.

use super::student::normal_quantile;
use crate::base::math;

/// The score interval of a share (Wilson 1927). Nothing seen in nothing is anything.
pub fn wilson(hits: u64, of: u64, confidence: f64) -> (f64, f64) {
    let z = normal_quantile(f64::midpoint(confidence, 1.0)).filter(|_| of > 0);
    let Some(z) = z else {
        return (0.0, 1.0);
    };
    let (n, share) = (of as f64, hits as f64 / of as f64);
    let z2 = z * z / n;
    let middle = share + z2 / 2.0;
    let half = z * (share * (1.0 - share) / n + z2 / (4.0 * n)).sqrt();
    let low = ((middle - half) / (1.0 + z2)).clamp(0.0, share);
    let high = ((middle + half) / (1.0 + z2)).clamp(share, 1.0);
    (low, high)
}

/// How likely so many more hits among the first than among the second are, or even more, if both
/// have the same share (Fisher's exact test, one side). Both counts are of `of` each.
pub fn more_by_chance(first: u64, second: u64, of: u64) -> f64 {
    let all = first + second;
    let ln_choose = |n: u64, k: u64| {
        math::ln_gamma(n as f64 + 1.0)
            - math::ln_gamma(k as f64 + 1.0)
            - math::ln_gamma((n - k) as f64 + 1.0)
    };
    if first > of || second > of {
        return 1.0;
    }
    let whole = ln_choose(2 * of, all);
    let chance = |k: u64| math::exp(ln_choose(of, k) + ln_choose(of, all - k) - whole);
    let sum: f64 = (first..=all.min(of)).map(chance).sum();
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Newcombe 1998, Statistics in Medicine 17, table I.
        for (hits, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (a, b) = wilson(hits, of, 0.95);
            assert!((a - low).abs() < 5e-5, "{hits}/{of}: {a}");
            assert!((b - high).abs() < 5e-5, "{hits}/{of}: {b}");
        }
        assert_eq!(wilson(0, 0, 0.95), (0.0, 1.0));
    }

    #[test]
    fn chance_of_a_difference_by_hand() {
        // 3 of 3 against 0 of 3: one of the 20 ways to place three hits.
        assert!((more_by_chance(3, 0, 3) - 0.05).abs() < 1e-9);
        // At least 2 of 3 where three hits are placed: (3 x 3 + 1) of 20.
        assert!((more_by_chance(2, 1, 3) - 0.5).abs() < 1e-9);
        assert!((more_by_chance(0, 0, 20) - 1.0).abs() < 1e-9);
        assert!(more_by_chance(20, 0, 20) < 1e-10);
    }
}
