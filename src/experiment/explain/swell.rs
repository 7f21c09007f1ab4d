//! Where a count by bins was far above its usual.

use crate::base::units::Nanos;

/// Usual is at least so many in a group of bins: fewer say nothing.
const ENOUGH: f64 = 20.0;

/// Bins that may be put together.
const MOST_GROUPED: usize = 20;

/// A swell is at least so much of the usual.
const LEAST: f64 = 1.25;

/// And so many standard deviations above it.
const SIGMAS: f64 = 6.0;

/// A time with far more than usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swell {
    /// Since when.
    pub from: Nanos,
    /// Until when.
    pub to: Nanos,
    /// How much came.
    pub came: f64,
    /// How much usually comes in so long.
    pub usual: f64,
}

impl Swell {
    /// The part that is usual.
    pub fn usual_part(&self) -> f64 {
        (self.usual / self.came).clamp(0.0, 1.0)
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n => values[n / 2],
    }
}

/// The clearest swell after `since`, if there is one. Usual is the median of all bins, and how far
/// they stray their median distance from it, at least that of chance. `unit` is what one of those
/// counted weighs; `most_usual` what a bin's usual is not above, where that is known.
pub fn swell(
    bins: &[f64],
    (bin, since): (Nanos, Nanos),
    unit: f64,
    most_usual: Option<f64>,
) -> Option<Swell> {
    let mean = bins.iter().sum::<f64>() / bins.len().max(1) as f64 / unit;
    if bins.len() < 5 || mean <= 0.0 {
        return None;
    }
    let grouped = ((ENOUGH / mean).ceil() as usize).clamp(1, MOST_GROUPED);
    // The last bins matter most: what does not fill a group is left out at the beginning.
    let spare = bins.len() % grouped;
    let groups = bins[spare..].chunks_exact(grouped);
    let groups: Vec<f64> = groups.map(|g| g.iter().sum()).collect();
    let mut sorted = groups.clone();
    let middle = match median(&mut sorted) {
        0.0 => mean * unit * grouped as f64,
        middle => middle,
    };
    let usual = most_usual.map_or(middle, |most| middle.min(most * grouped as f64));
    let mut strays: Vec<f64> = groups.iter().map(|g| (g - usual).abs()).collect();
    // 1.4826: the standard deviation of a normal law in median distances.
    let spread = (1.4826 * median(&mut strays))
        .max((usual * unit).sqrt())
        .max(unit);
    let first = ((since / bin) as usize).saturating_sub(spare) / grouped;
    let (from, to) = largest(&groups, first, 1.15 * usual + spread)?;
    let came: f64 = groups[from..to].iter().sum();
    let length = (to - from) as f64;
    let clear = came - usual * length > SIGMAS * spread * length.sqrt();
    let at = |group: usize| (spare + group * grouped) as u64 * bin;
    (clear && came > LEAST * usual * length).then(|| Swell {
        from: at(from),
        to: at(to),
        came,
        usual: usual * length,
    })
}

/// The stretch whose sum above a level is the largest.
fn largest(values: &[f64], first: usize, level: f64) -> Option<(usize, usize)> {
    let (mut best, mut found) = (0.0, None);
    let (mut sum, mut start) = (0.0, first);
    for (index, value) in values.iter().enumerate().skip(first) {
        if sum <= 0.0 {
            (sum, start) = (0.0, index);
        }
        sum += value - level;
        if sum > best {
            (best, found) = (sum, Some((start, index + 1)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::units::SECOND;

    #[test]
    fn a_burst_is_found_where_it_is_and_chance_is_none() {
        let mut bins: Vec<f64> = (0..200)
            .map(|i| 100.0 + f64::from(i * 37 % 21) - 10.0)
            .collect();
        let tenth = SECOND / 10;
        assert_eq!(swell(&bins, (tenth, 0), 1.0, None), None);
        for bin in &mut bins[150..160] {
            *bin += 90.0;
        }
        let found = swell(&bins, (tenth, 0), 1.0, None).unwrap();
        assert_eq!((found.from, found.to), (15 * SECOND, 16 * SECOND));
        assert!((found.came / found.usual - 1.9).abs() < 0.05, "{found:?}");
        assert_eq!(swell(&bins, (tenth, 17 * SECOND), 1.0, None), None);
    }

    #[test]
    fn nothing_comes_of_too_little() {
        assert_eq!(swell(&[0.0; 100], (SECOND, 0), 1.0, None), None);
        assert_eq!(swell(&[1.0, 50.0], (SECOND, 0), 1.0, None), None);
    }
}
