//! Counts of arrivals in windows of time, and how much more they vary than Poisson's.

use crate::base::units::Nanos;

use super::Row;

/// Index of dispersion for counts: variance over mean of the numbers of arrivals in the whole
/// windows of this length; 1 for a Poisson stream. `None` with fewer than two windows, or none
/// that has an arrival.
pub fn dispersion(at: &[Nanos], length: Nanos, window: Nanos) -> Option<f64> {
    let windows = length / window.max(1);
    if windows < 2 {
        return None;
    }
    // Empty windows are many where windows are short: only the others are walked.
    let (mut sum, mut squares) = (0_u64, 0_u128);
    let mut rows = at.iter().map(|at| at / window).filter(|w| *w < windows);
    let mut now = rows.next()?;
    let mut count = 1_u64;
    let mut close = |count: u64| {
        sum += count;
        squares += u128::from(count) * u128::from(count);
    };
    for next in rows {
        if next == now {
            count += 1;
        } else {
            close(count);
            (now, count) = (next, 1);
        }
    }
    close(count);
    let (n, sum, squares) = (windows as f64, sum as f64, squares as f64);
    let mean = sum / n;
    Some((squares - n * mean * mean) / (n - 1.0) / mean)
}

/// Moves rows that share a time apart: evenly over one step of the clock, in their order, but not
/// beyond the next row. Returns how many shared their time with the row before.
pub fn spread_ties(rows: &mut [Row], resolution: Nanos) -> usize {
    let (mut first, mut ties) = (0, 0);
    while first < rows.len() {
        let time = rows[first].at;
        let count = rows[first..].iter().take_while(|r| r.at == time).count();
        let next = rows.get(first + count).map(|r| r.at);
        let over = next.map_or(resolution, |next| resolution.min(next - time));
        for (i, row) in rows[first..first + count].iter_mut().enumerate() {
            let part = u128::from(over) * i as u128 / count as u128;
            row.at = time.saturating_add(part as Nanos);
        }
        ties += count - 1;
        first += count;
    }
    ties
}

/// How many arrivals fall into each of `n` equal parts of the length.
pub(super) fn binned(at: impl Iterator<Item = Nanos>, length: Nanos, n: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n];
    for at in at {
        let part = u128::from(at) * n as u128 / u128::from(length);
        counts[(part as usize).min(n - 1)] += 1.0;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_variance_over_mean() {
        // Counts 3, 0, 1, 0: mean 1, variance (4 + 1 + 0 + 1) / 3 = 2.
        let index = dispersion(&[0, 1, 2, 25], 40, 10).unwrap();
        assert!((index - 2.0).abs() < 1e-12);
        assert_eq!(dispersion(&[1, 2], 10, 6), None);
        assert_eq!(dispersion(&[], 100, 10), None);
        // Even gaps do not vary.
        let even: Vec<Nanos> = (0..100).collect();
        assert_eq!(dispersion(&even, 100, 10), Some(0.0));
    }

    #[test]
    fn ties_are_spread_in_their_order_and_not_beyond_the_next() {
        let row = |at| Row {
            at,
            class: 0,
            size: 0,
            took: None,
        };
        let mut rows = [row(0), row(0), row(3), row(10), row(10)];
        assert_eq!(spread_ties(&mut rows, 10), 2);
        assert_eq!(rows.map(|r| r.at), [0, 1, 3, 10, 15]);
    }
}
