//! Multilevel splitting with fixed effort: the arithmetic.
//!
//! A rare event needs a way up through levels. A **base** and levels above it are chosen. An
//! **excursion** begins where the first level is reached from the base, and ends where the base is
//! reached again. What is wanted is how often something (a hit) happens in an excursion. From
//! each level a fixed number of trials starts, from states in which trials of the level before
//! reached it; a trial ends at the next level or at the base. With `p` the share of trials that
//! reach the next level and `h` the hits a trial sees on its way,
//!
//! ```text
//! hits = excursions × (h1 + p1 h2 + p1 p2 h3 + ...)
//! ```
//!
//! is without bias, whatever the levels and the dependence between trials, since the expectation
//! of each factor, given the states that the trials start from, is that of a trial from one of
//! them drawn evenly (Garvels 2000, chapter 2; L'Ecuyer, Demers & Tuffin 2007, section 3). The
//! spread cannot be read off one such run: intervals are over independent runs.
//!
//! Knows nothing of what is simulated.

use super::interval::{Interval, ratio_interval, upper_bound_none_seen};
use crate::base::math;

/// The trials of one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// Trials started.
    pub trials: u64,
    /// Trials that reached the next level.
    pub reached: u64,
    /// Hits seen by all of them before that or the end.
    pub hits: u64,
}

/// Expected hits of so many excursions, from the stages of the levels in order.
pub fn expected_hits(excursions: u64, stages: &[Stage]) -> f64 {
    let mut weight = excursions as f64;
    let mut sum = 0.0;
    for stage in stages {
        if stage.trials == 0 {
            break;
        }
        let trials = stage.trials as f64;
        sum += weight * (stage.hits as f64 / trials);
        weight *= stage.reached as f64 / trials;
    }
    sum
}

/// How many excursions came as far as the last level from which trials were started, and how many
/// those trials were; `None`: no level was reached.
pub fn deepest(excursions: u64, stages: &[Stage]) -> Option<(f64, u64)> {
    let mut weight = excursions as f64;
    let mut found = None;
    for stage in stages.iter().take_while(|s| s.trials > 0) {
        found = Some((weight, stage.trials));
        weight *= stage.reached as f64 / stage.trials as f64;
    }
    found
}

/// From which of `of` states each of `trials` trials starts: systematic resampling. Each state is
/// expected equally often if `u` is uniform between 0 and 1, and no state has two trials more than
/// another.
pub fn picks(trials: usize, of: usize, u: f64) -> impl Iterator<Item = usize> {
    let step = of as f64 / trials as f64;
    let last = of.saturating_sub(1);
    (0..trials).map(move |i| (((i as f64 + u) * step) as usize).min(last))
}

/// The next level, from the highest that trials got: the highest which at least this share of
/// them reached, else the lowest above the `present` one that any reached.
pub fn level_above(peaks: &[u64], present: u64, share: f64) -> Option<u64> {
    let mut above: Vec<u64> = peaks.iter().copied().filter(|&p| p > present).collect();
    above.sort_unstable_by(|a, b| b.cmp(a));
    let wanted = ((peaks.len() as f64 * share) as usize).max(1);
    above.get(wanted - 1).or(above.last()).copied()
}

/// The quotient of sums over independent runs, `(hits, of)` each. The interval is Student's of the
/// jackknife on the logarithm's scale (delta method), as such estimates are skewed upwards and
/// never below 0.
pub fn quotient(parts: &[(f64, f64)], confidence: f64) -> Option<Interval> {
    let mut interval = ratio_interval(parts, confidence)?;
    let mean = interval.estimate;
    if let Some(half) = interval.half_width().filter(|_| mean > 0.0) {
        interval.low = Some(mean * math::exp(-half / mean));
        interval.high = Some(mean * math::exp(half / mean));
    }
    Some(interval)
}

/// Half the width of an interval on the logarithm's scale: how many times too large or too small
/// the estimate may be, minus one, roughly.
pub fn relative_half_width(interval: &Interval) -> Option<f64> {
    let (low, high) = (interval.low?, interval.high?);
    (low > 0.0).then(|| math::ln(high / low) / 2.0)
}

/// An upper bound where no run saw a hit. `reached`: for each run its excursions that came to the
/// last level, how many trials started from there, and of how many (requests) in all. Of the
/// trials none saw a hit; one such hit a trial is what the rule of three bounds.
pub fn bound_none_seen(reached: &[(f64, u64, f64)], confidence: f64) -> Option<f64> {
    let trials: u64 = reached.iter().map(|r| r.1).sum();
    let of: f64 = reached.iter().map(|r| r.2).sum();
    let excursions: f64 = reached.iter().map(|r| r.0).sum();
    if of <= 0.0 {
        return None;
    }
    if trials == 0 || excursions <= 0.0 {
        return upper_bound_none_seen(of as u64, confidence);
    }
    Some(excursions / of * upper_bound_none_seen(trials, confidence)?)
}

/// How many runs will do for a relative half-width, from that of so many; with a tenth to spare.
pub fn runs_for(half_width: f64, runs: usize, precision: f64) -> usize {
    let ratio = half_width / precision;
    let wanted = runs as f64 * ratio * ratio * 1.1;
    wanted.min(1e9) as usize + 1
}

#[cfg(test)]
mod tests {
    use super::super::draws::units;
    use super::*;

    #[test]
    fn weights_follow_the_shares() {
        let stages = [
            Stage {
                trials: 10,
                reached: 2,
                hits: 1,
            },
            Stage {
                trials: 20,
                reached: 5,
                hits: 0,
            },
            Stage {
                trials: 4,
                reached: 0,
                hits: 6,
            },
        ];
        // 100 × (0.1 + 0.2 × 0 + 0.2 × 0.25 × 1.5)
        assert!((expected_hits(100, &stages) - 17.5).abs() < 1e-12);
        assert_eq!(deepest(100, &stages), Some((5.0, 4)));
        assert_eq!(expected_hits(100, &[Stage::default()]), 0.0);
        assert_eq!(deepest(100, &[]), None);
    }

    #[test]
    fn every_state_is_picked_equally_often() {
        for (trials, of) in [(7, 3), (3, 7), (10, 10), (1, 5)] {
            let mut counts = vec![0_u32; of];
            let steps = 4200;
            for i in 0..steps {
                let u = (f64::from(i) + 0.5) / f64::from(steps);
                for pick in picks(trials, of, u) {
                    counts[pick] += 1;
                }
            }
            let each = f64::from(steps) * trials as f64 / of as f64;
            let off = counts.iter().map(|&c| (f64::from(c) - each).abs());
            assert!(off.fold(0.0, f64::max) < 8.0, "{trials} {of}: {counts:?}");
        }
    }

    #[test]
    fn levels_rise_by_the_share_and_never_stay() {
        let peaks = [5, 5, 6, 7, 9, 5, 5, 5, 5, 5];
        assert_eq!(level_above(&peaks, 5, 0.2), Some(7));
        assert_eq!(level_above(&peaks, 5, 0.5), Some(6));
        assert_eq!(level_above(&peaks, 9, 0.2), None);
    }

    #[test]
    fn what_was_never_seen_is_bounded() {
        let bound = bound_none_seen(&[(5.0, 150, 1e6), (3.0, 150, 1e6)], 0.95).unwrap();
        assert!(
            (bound / (4e-6 * 2.995732 / 300.0) - 1.0).abs() < 1e-4,
            "{bound}"
        );
        let bound = bound_none_seen(&[(0.0, 0, 1e3)], 0.95).unwrap();
        assert!((bound / 2.995732e-3 - 1.0).abs() < 1e-4);
        assert_eq!(bound_none_seen(&[], 0.95), None);
    }

    #[test]
    fn intervals_are_above_nothing() {
        let parts: Vec<(f64, f64)> = [0.1, 4.0, 0.2, 0.3].map(|n| (n, 1.0)).to_vec();
        let interval = quotient(&parts, 0.95).unwrap();
        let (low, high) = (interval.low.unwrap(), interval.high.unwrap());
        assert!(low > 0.0 && low < interval.estimate && interval.estimate < high);
        let half = relative_half_width(&interval).unwrap();
        assert!((math::exp(half) - high / interval.estimate).abs() < 1e-9);
        assert_eq!(runs_for(0.2, 20, 0.1), 89);
    }

    /// A walk that goes up with chance 0.3 from 1 reaches 12 before 0 with a chance that is known
    /// (the gambler's ruin): 400 runs of splitting with few trials have it as their mean.
    #[test]
    fn the_gamblers_ruin() {
        let (up, top) = (0.3_f64, 12_u64);
        let odds = (1.0 - up) / up;
        let truth = (odds - 1.0) / (math::pow(odds, top as f64) - 1.0);
        let mut unit = units(1);
        let mut values = Vec::new();
        for _ in 0..400 {
            let mut stages = Vec::new();
            for level in [1, 3, 5, 7, 9, 11] {
                let next = (level + 2).min(top);
                let trials = 30;
                let reached = (0..trials).filter(|_| {
                    let mut at = level;
                    while at > 0 && at < next {
                        let rises = unit() < up;
                        at = if rises { at + 1 } else { at - 1 };
                    }
                    at == next
                });
                let reached = reached.count() as u64;
                let last = next == top;
                stages.push(Stage {
                    trials,
                    reached,
                    hits: if last { reached } else { 0 },
                });
                if reached == 0 {
                    break;
                }
            }
            values.push(expected_hits(1, &stages));
        }
        let mean = values.iter().sum::<f64>() / 400.0;
        let var = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 399.0;
        let off = (mean - truth) / (var / 400.0).sqrt();
        assert!(off.abs() < 3.5, "{mean} for {truth}: {off} standard errors");
    }
}
