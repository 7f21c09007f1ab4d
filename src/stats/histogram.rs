//! A mergeable histogram of whole numbers, for times in nanoseconds and sizes in bytes.
//!
//! Buckets are log-linear, after HdrHistogram: exact below 512, then 256 a power of two. So a
//! bucket is at most 1/256 of its values wide, and a value read at its middle is off by at most
//! 1/512, **0.2 %**; zero has a bucket to itself, since the share of zero waits is a headline
//! number. Merging adds whole numbers: it is exact, and the order does not matter. Count, sum, sum
//! of squares and maximum are kept exactly beside the buckets.
//!
//! Knows nothing of units or of what is recorded.

use serde::{Deserialize, Serialize};

/// Each power of two from 512 up has two to the power of this many buckets.
const SUB_BITS: u32 = 8;

/// A histogram of `u64` values. See the head of the file for what is exact and what is not.
///
/// The sum of squares is exact while it is below 2^128, that is for 10^10 values of up to 10^14
/// (28 hours in nanoseconds); beyond, [`Histogram::sd`] gives nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Up to the highest bucket in use, so that small values stay in few cache lines; its last
    /// count is never 0, so that equal contents compare equal.
    counts: Vec<u64>,
    n: u64,
    sum: u128,
    /// Saturates.
    squares: u128,
    max: u64,
}

/// The bucket of a value.
#[inline]
fn index(value: u64) -> usize {
    // Below 512 the shift is 0 and the value is its own bucket.
    let shift = (u64::BITS - (value | 1 << SUB_BITS).leading_zeros()) - (SUB_BITS + 1);
    ((shift as usize) << SUB_BITS) + (value >> shift) as usize
}

/// Lowest and highest value of a bucket.
fn bounds(index: usize) -> (u64, u64) {
    let shift = (index >> SUB_BITS).saturating_sub(1) as u32;
    let low = ((index - ((shift as usize) << SUB_BITS)) as u64) << shift;
    (low, low + ((1_u64 << shift) - 1))
}

/// The middle of a bucket; its value where it holds one value only.
fn middle(index: usize) -> u64 {
    let (low, high) = bounds(index);
    low + (high - low).div_ceil(2)
}

impl Histogram {
    /// A histogram of nothing.
    pub const fn new() -> Histogram {
        Histogram {
            counts: Vec::new(),
            n: 0,
            sum: 0,
            squares: 0,
            max: 0,
        }
    }

    /// Takes in one value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        let index = index(value);
        if index >= self.counts.len() {
            self.grow(index);
        }
        self.counts[index] += 1;
        self.n += 1;
        let wide = u128::from(value);
        self.sum += wide;
        self.squares = self.squares.saturating_add(wide * wide);
        self.max = self.max.max(value);
    }

    /// Takes in 0 so many times.
    pub fn record_zeros(&mut self, times: u64) {
        if times > 0 {
            if self.counts.is_empty() {
                self.grow(0);
            }
            self.counts[0] += times;
            self.n += times;
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, index: usize) {
        self.counts.resize(index + 1, 0);
    }

    /// Takes in all that another histogram holds, as if each value had been recorded here.
    pub fn merge(&mut self, other: &Histogram) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.n += other.n;
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
        self.max = self.max.max(other.max);
    }

    /// What was recorded since an earlier state of this histogram. Its greatest value is known
    /// only if it is greater than all before; else the end of its bucket stands for it.
    #[must_use]
    pub fn since(&self, earlier: &Histogram) -> Histogram {
        let mut counts = self.counts.clone();
        for (count, before) in counts.iter_mut().zip(&earlier.counts) {
            *count -= before;
        }
        while counts.last() == Some(&0) {
            counts.pop();
        }
        let end = counts.len().checked_sub(1).map_or(0, |top| bounds(top).1);
        Histogram {
            n: self.n - earlier.n,
            sum: self.sum - earlier.sum,
            squares: match self.squares {
                u128::MAX => u128::MAX,
                squares => squares - earlier.squares,
            },
            max: self.max.min(end),
            counts,
        }
    }

    /// Whether nothing has been recorded.
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The number of values.
    pub const fn count(&self) -> u64 {
        self.n
    }

    /// The sum of all values, exact.
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// The greatest value, exact; none if nothing has been recorded.
    pub fn max(&self) -> Option<u64> {
        (self.n > 0).then_some(self.max)
    }

    /// The mean, from the exact sum; none if nothing has been recorded.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum as f64 / self.n as f64)
    }

    /// The standard deviation of the values (over `n`, not `n - 1`), from exact sums; none if
    /// nothing has been recorded or the sum of squares has left its range.
    pub fn sd(&self) -> Option<f64> {
        if self.n == 0 || self.squares == u128::MAX {
            return None;
        }
        // Squares about the mean rounded down, in whole numbers: nothing cancels in floats. With
        // sum = n * floor + rest they come to squares - floor * (sum + rest).
        let n = u128::from(self.n);
        let (floor, rest) = (self.sum / n, self.sum % n);
        let about_floor = self.squares - floor * (self.sum + rest);
        // The rest moves them to the true mean.
        let rest = rest as f64 / self.n as f64;
        Some(
            (about_floor as f64 / self.n as f64 - rest * rest)
                .max(0.0)
                .sqrt(),
        )
    }

    /// The smallest value such that at least the share `q` of all values is at or below it: the
    /// middle of its bucket, exact below 512, else within 0.2 %; exact for the greatest value, and
    /// never above it. None if nothing has been recorded or `q` is not a number.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        if self.n == 0 || q.is_nan() {
            return None;
        }
        let rank = self.rank(q);
        if rank == self.n {
            return Some(self.max);
        }
        let mut at_or_below = 0;
        for (index, count) in self.counts.iter().enumerate() {
            at_or_below += count;
            if at_or_below >= rank {
                return Some(middle(index).min(self.max));
            }
        }
        unreachable!("the counts sum to n, and a rank is at most n");
    }

    /// The same as a point of the bucket instead of its middle, as if the values of the bucket were
    /// spread evenly over it. Where values are spread it is far closer than the middle, and it does
    /// not jump from bucket to bucket: for the spread of percentiles, which may be less than a
    /// bucket. Where many are equal it is within the bucket like any other point of it.
    pub fn quantile_within(&self, q: f64) -> Option<f64> {
        if self.n == 0 || q.is_nan() {
            return None;
        }
        let rank = self.rank(q);
        let mut below = 0;
        for (index, &count) in self.counts.iter().enumerate() {
            if below + count >= rank {
                let (low, high) = bounds(index);
                let share = ((rank - below) as f64 - 0.5) / count as f64;
                let wide = (high - low) as f64 + if high > low { 1.0 } else { 0.0 };
                return Some((low as f64 + share * wide).min(self.max as f64));
            }
            below += count;
        }
        unreachable!("the counts sum to n, and a rank is at most n");
    }

    /// The smallest rank of 1..=n whose share of n is at least `q`.
    fn rank(&self, q: f64) -> u64 {
        let n = self.n as f64;
        let share = |rank: u64| rank as f64 / n;
        let mut rank = ((q * n).ceil() as u64).clamp(1, self.n);
        // The product may be rounded to either side of a whole number (0.07 of 100 is not 7).
        while rank > 1 && share(rank - 1) >= q {
            rank -= 1;
        }
        while rank < self.n && share(rank) < q {
            rank += 1;
        }
        rank
    }

    /// How many values are above `bound`, exact below 512. Values in the bucket of `bound` count
    /// if the bucket's middle is above it, as if each were the middle: what is counted wrongly
    /// lies within 0.2 % of `bound`.
    pub fn count_above(&self, bound: u64) -> u64 {
        if bound >= self.max {
            return 0;
        }
        let own = index(bound);
        let first = if middle(own) > bound { own } else { own + 1 };
        self.counts.iter().skip(first).sum()
    }

    /// The share of values above `bound`, by [`Histogram::count_above`]; none if nothing has been
    /// recorded.
    pub fn share_above(&self, bound: u64) -> Option<f64> {
        (self.n > 0).then(|| self.count_above(bound) as f64 / self.n as f64)
    }

    /// Lowest value, highest value and count of each bucket that holds any, in ascending order.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        let used = self
            .counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0);
        used.map(|(index, count)| {
            let (low, high) = bounds(index);
            (low, high, *count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::draws::words;
    use super::*;

    /// Numbers of all sizes: the words of SplitMix64, cut to a length that walks.
    fn numbers(seed: u64, n: usize) -> Vec<u64> {
        let mut next = words(seed);
        (0..n).map(|_| next() >> (16 + next() % 48)).collect()
    }

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        values.iter().for_each(|value| histogram.record(*value));
        histogram
    }

    #[test]
    fn buckets_tile_the_line() {
        let mut next = 0;
        for bucket in 0..=index(u64::MAX) {
            let (low, high) = bounds(bucket);
            assert_eq!(low, next, "bucket {bucket}");
            assert_eq!((index(low), index(high)), (bucket, bucket));
            assert!((low..=high).contains(&middle(bucket)));
            next = high.wrapping_add(1);
        }
        assert_eq!(next, 0, "the last bucket ends with the last number");
        assert_eq!(bounds(511), (511, 511));
        assert_eq!(bounds(512), (512, 513));
    }

    #[test]
    fn a_value_is_off_by_at_most_a_five_hundred_and_twelfth() {
        for value in numbers(1, 100_000)
            .into_iter()
            .chain([511, 512, 513, 1 << 40, u64::MAX])
        {
            let error = middle(index(value)).abs_diff(value);
            assert!(
                u128::from(error) * 512 <= u128::from(value),
                "{value} is off by {error}"
            );
            assert!(value >= 512 || error == 0);
        }
    }

    #[test]
    fn merging_is_as_if_recorded_together() {
        let (a, b, c) = (numbers(1, 1000), numbers(2, 10), numbers(3, 500));
        let merged = |parts: &[&[u64]]| {
            let mut all = Histogram::new();
            parts.iter().for_each(|part| all.merge(&of(part)));
            all
        };
        let together = of(&[a.clone(), b.clone(), c.clone()].concat());
        assert_eq!(merged(&[&a, &b, &c]), together);
        assert_eq!(merged(&[&c, &a, &b]), together);
        let mut right = of(&b);
        right.merge(&of(&c));
        let mut left = of(&a);
        left.merge(&right);
        assert_eq!(left, together, "grouping does not matter");
        left.merge(&Histogram::new());
        assert_eq!(left, together, "nothing adds nothing");
    }

    #[test]
    fn within_a_bucket_quantiles_go_up_with_the_rank() {
        // Ten buckets of 256 values from 2^16 up, each value once.
        let values: Vec<u64> = (65_536..65_536 + 2560).collect();
        let all = of(&values);
        for (i, value) in values.iter().enumerate() {
            let q = (i as f64 + 1.0) / 2560.0;
            let read = all.quantile_within(q).unwrap();
            assert!((read - *value as f64).abs() <= 0.5, "{read} for {value}");
        }
        let few = of(&[0, 0, 7, 300]);
        assert_eq!(few.quantile_within(0.5), Some(0.0));
        assert_eq!(few.quantile_within(0.75), Some(7.0));
        assert_eq!(few.quantile_within(1.0), Some(300.0));
        let equal = of(&[100_000_000; 9]);
        assert_eq!(
            index(equal.quantile_within(0.5).unwrap() as u64),
            index(100_000_000)
        );
        assert_eq!(Histogram::new().quantile_within(0.5), None);
        assert_eq!(all.quantile_within(f64::NAN), None);
    }

    #[test]
    fn what_was_recorded_since_is_as_if_recorded_alone() {
        let (first, then) = (numbers(1, 1000), numbers(2, 300));
        let mut whole = of(&first);
        let before = whole.clone();
        then.iter().for_each(|value| whole.record(*value));
        let (since, alone) = (whole.since(&before), of(&then));
        assert_eq!(since.counts, alone.counts);
        assert_eq!(
            (since.n, since.sum, since.squares),
            (alone.n, alone.sum, alone.squares)
        );
        assert_eq!(index(since.max), index(alone.max));
        assert!(whole.since(&whole).is_empty());
        assert_eq!(whole.since(&whole), Histogram::new());
        assert_eq!(whole.since(&Histogram::new()), whole);
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_list() {
        for n in [1, 2, 3, 7, 10, 100, 1000, 4096] {
            let mut values = numbers(n as u64, n);
            let histogram = of(&values);
            values.sort_unstable();
            for step in 0..=1000 {
                let q = f64::from(step) / 1000.0;
                let smallest = (1..=n).find(|rank| *rank as f64 / n as f64 >= q).unwrap();
                let wanted = values[smallest - 1];
                let got = histogram.quantile(q).unwrap();
                assert_eq!(index(got), index(wanted), "{q} of {n}");
                assert!(got <= values[n - 1]);
            }
            assert_eq!(histogram.quantile(1.0), values.last().copied());
        }
        let hundred: Vec<u64> = (1..=100).collect();
        let histogram = of(&hundred);
        for rank in 1..=100_u32 {
            assert_eq!(
                histogram.quantile(f64::from(rank) / 100.0),
                Some(u64::from(rank))
            );
        }
        assert_eq!(histogram.quantile(-1.0), Some(1));
        assert_eq!(histogram.quantile(2.0), Some(100));
        assert_eq!(histogram.quantile(f64::NAN), None);
    }

    #[test]
    fn zeros_are_an_atom() {
        let histogram = of(&[0, 0, 0, 1]);
        assert_eq!(histogram.quantile(0.75), Some(0));
        assert_eq!(histogram.quantile(0.76), Some(1));
        assert_eq!(histogram.share_above(0), Some(0.25));
    }

    #[test]
    fn counts_above_follow_the_middle_rule() {
        let values = numbers(5, 2000);
        let histogram = of(&values);
        for &bound in &values {
            let middles = values.iter().filter(|v| middle(index(**v)) > bound).count() as u64;
            let wanted = if bound >= histogram.max().unwrap() {
                0
            } else {
                middles
            };
            assert_eq!(histogram.count_above(bound), wanted, "above {bound}");
            if bound < 511 {
                let exact = values.iter().filter(|v| **v > bound).count() as u64;
                assert_eq!(histogram.count_above(bound), exact);
            }
        }
        assert_eq!(of(&[1000, 1001]).count_above(1001), 0);
    }

    #[test]
    fn moments_are_exact() {
        let histogram = of(&[2, 4, 4, 4, 5, 5, 7, 9]);
        assert_eq!((histogram.mean(), histogram.sd()), (Some(5.0), Some(2.0)));
        // Squares of floats would lose these small differences altogether.
        let far = 1_u64 << 60;
        let histogram = of(&[far, far + 1, far + 1, far + 2]);
        assert_eq!(histogram.sd(), Some(0.5_f64.sqrt()));
        assert_eq!(histogram.sum(), 4 * u128::from(far) + 4);
        assert_eq!(of(&[5]).sd(), Some(0.0));
        assert_eq!(of(&[u64::MAX; 3]).sd(), None, "out of range");
        assert_eq!(of(&[u64::MAX; 3]).mean(), Some(u64::MAX as f64));
    }

    #[test]
    fn nothing_recorded_has_no_numbers() {
        let nothing = Histogram::new();
        assert!(nothing.is_empty());
        assert_eq!(
            (nothing.mean(), nothing.sd(), nothing.max()),
            (None, None, None)
        );
        assert_eq!(
            (nothing.quantile(0.5), nothing.share_above(0)),
            (None, None)
        );
        assert_eq!((nothing.count(), nothing.count_above(0)), (0, 0));
        assert_eq!(nothing.buckets().count(), 0);
    }

    #[test]
    fn buckets_hold_everything() {
        let values = numbers(9, 5000);
        let histogram = of(&values);
        let mut before = None;
        let mut total = 0;
        for (low, high, count) in histogram.buckets() {
            assert!(before < Some(low) && low <= high);
            let wanted = values.iter().filter(|v| (low..=high).contains(*v)).count() as u64;
            assert_eq!(count, wanted);
            before = Some(high);
            total += count;
        }
        assert_eq!(total, histogram.count());
    }
}
