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

/// When swells are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// Length of a bin.
    pub bin: Nanos,
    /// Not before this.
    pub since: Nanos,
    /// Begun by then; what goes on afterwards belongs to it.
    pub by: Nanos,
}

/// The clearest swell, if there is one. Usual is the median of all bins before, and how far they
/// stray their median distance from it, at least that of chance. `unit` is what one of those
/// counted weighs; `most_usual` what a bin's usual is not above, where that is known.
pub fn swell(bins: &[f64], time: Time, unit: f64, most_usual: Option<f64>) -> Option<Swell> {
    let begun = ((time.by / time.bin) as usize).min(bins.len());
    let mean = bins[..begun].iter().sum::<f64>() / begun.max(1) as f64 / unit;
    if begun < 5 || mean <= 0.0 {
        return None;
    }
    let grouped = ((ENOUGH / mean).ceil() as usize).clamp(1, MOST_GROUPED);
    // The last bins matter most: what does not fill a group is left out at the beginning.
    let spare = begun % grouped;
    let sums = |bins: &[f64]| -> Vec<f64> {
        let groups = bins.chunks_exact(grouped);
        groups.map(|g| g.iter().sum()).collect()
    };
    let groups = sums(&bins[spare..begun]);
    let (usual, spread) = usual(&groups, mean * unit * grouped as f64, unit);
    let usual = most_usual.map_or(usual, |most| usual.min(most * grouped as f64));
    let first = ((time.since / time.bin) as usize).saturating_sub(spare) / grouped;
    let level = 1.15 * usual + spread;
    let (from, mut to) = largest(&groups, first, level)?;
    let later = sums(&bins[begun..]);
    if to == groups.len() {
        to += later.iter().take_while(|&&sum| sum > level).count();
    }
    let came: f64 = groups.iter().chain(&later).take(to).skip(from).sum();
    let length = (to - from) as f64;
    let clear = came - usual * length > SIGMAS * spread * length.sqrt();
    if !clear || came <= LEAST * usual * length {
        return None;
    }
    let bin = |group: usize| spare + group * grouped;
    trimmed(bins, (bin(from), bin(to)), usual / grouped as f64, time.bin)
}

/// A swell from bin to bin without what is no more than usual at its ends. Where nothing came
/// before, nothing is usual.
fn trimmed(bins: &[f64], (from, to): (usize, usize), usual: f64, bin: Nanos) -> Option<Swell> {
    let inside = bins.get(from..to)?;
    let more = |value: &f64| *value > usual;
    let (first, last) = (
        inside.iter().position(more)?,
        inside.iter().rposition(more)?,
    );
    let inside = &inside[first..=last];
    let from = from + first;
    let usual = match bins[..from].iter().all(|&value| value == 0.0) {
        true => 0.0,
        false => usual,
    };
    Some(Swell {
        from: from as u64 * bin,
        to: (from + inside.len()) as u64 * bin,
        came: inside.iter().sum(),
        usual: usual * inside.len() as f64,
    })
}

/// What a group usually holds and how far that strays. Where most hold nothing it is their mean
/// with the spread of chance.
fn usual(groups: &[f64], mean: f64, unit: f64) -> (f64, f64) {
    let by_chance = |usual: f64| (usual * unit).sqrt().max(unit);
    let middle = median(&mut groups.to_vec());
    if middle <= 0.0 {
        return (mean, by_chance(mean));
    }
    let mut strays: Vec<f64> = groups.iter().map(|g| (g - middle).abs()).collect();
    // 1.4826: the standard deviation of a normal law in median distances.
    (
        middle,
        (1.4826 * median(&mut strays)).max(by_chance(middle)),
    )
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
        let time = |since| Time {
            bin: SECOND / 10,
            since,
            by: 20 * SECOND,
        };
        assert_eq!(swell(&bins, time(0), 1.0, None), None);
        for bin in &mut bins[150..160] {
            *bin += 90.0;
        }
        let found = swell(&bins, time(0), 1.0, None).unwrap();
        assert_eq!((found.from, found.to), (15 * SECOND, 16 * SECOND));
        assert!((found.came / found.usual - 1.9).abs() < 0.05, "{found:?}");
        let begun = Time {
            by: 15 * SECOND + SECOND / 5,
            ..time(0)
        };
        // Usual is what was usual until then; the burst is taken whole.
        let early = swell(&bins, begun, 1.0, None).unwrap();
        assert_eq!(
            (early.from, early.to, early.came),
            (found.from, found.to, found.came)
        );
        assert_eq!(swell(&bins, time(17 * SECOND), 1.0, None), None);
    }

    #[test]
    fn where_nothing_came_before_nothing_is_usual() {
        let mut bins = vec![0.0; 200];
        bins[173] = 40.0;
        let time = Time {
            bin: SECOND / 10,
            since: 0,
            by: 18 * SECOND,
        };
        let found = swell(&bins, time, 1.0, None).unwrap();
        let tenths = SECOND / 10;
        assert_eq!((found.from, found.to), (173 * tenths, 174 * tenths));
        assert_eq!((found.came, found.usual), (40.0, 0.0));
    }

    #[test]
    fn nothing_comes_of_too_little() {
        let time = Time {
            bin: SECOND,
            since: 0,
            by: 100 * SECOND,
        };
        assert_eq!(swell(&[0.0; 100], time, 1.0, None), None);
        assert_eq!(swell(&[1.0, 50.0], time, 1.0, None), None);
    }
}
