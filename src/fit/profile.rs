//! A rate over time from a log, at as many scales as it speaks for.
//!
//! The log's length is halved again and again. At each halving the counts of the two halves are
//! compared: under a Poisson stream of constant rate (n1 - n2)^2 / (n1 + n2) is 1 on average. Where
//! its mean Q over all halvings of one length is above 1 beyond chance, the rate does change at
//! that scale, and the rates of the halves are moved apart, by sqrt(1 - 1/Q) of what the counts
//! differ: the arrivals drawn from such a rate then vary at this scale as those of the log do,
//! neither less (a mean rate) nor more (a curve through every count, to which Poisson's noise is
//! added once more). The idea of a product of splits is that of E. D. Kolaczyk, "Bayesian
//! multiscale models for Poisson processes", JASA 94 (1999); the factor that keeps the variance is
//! ours. The shares of classes go down the same tree, judged by their chi-square.

use crate::base::units::Nanos;

use super::Log;
use super::counts::binned;

/// One halving.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Length of a half.
    pub step: Nanos,
    /// Variance of the rate's split, in units of Poisson's (1).
    pub rate: f64,
    /// The same of the shares of classes; `None`: not asked, too few rows.
    pub shares: Option<f64>,
    /// Whether rate and shares are moved here.
    pub used: (bool, bool),
}

/// Rates and shares over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Cascade {
    /// From coarse to fine.
    pub levels: Vec<Level>,
    /// Mean number of arrivals in each of the finest parts.
    total: Vec<f64>,
    /// Of each class, its share in them.
    shares: Vec<Vec<f64>>,
}

/// Fewest rows that a part has on average.
const ROWS: f64 = 20.0;

/// Beyond so many standard errors it is no chance.
const ERRORS: f64 = 4.0;

impl Cascade {
    /// Goes down to at most `most` parts (a power of two), of 20 rows on average.
    pub fn new(log: &Log, most: usize) -> Cascade {
        let (n, length) = (log.rows.len() as f64, log.length());
        let mut depth = 0;
        while 2_usize << depth <= most && n / (2_u64 << depth) as f64 >= ROWS {
            depth += 1;
        }
        let parts = 1 << depth;
        let of = |class: u32| log.rows.iter().filter(move |r| r.class == class);
        let fine: Vec<Vec<f64>> = (0..log.classes.len() as u32)
            .map(|class| binned(of(class).map(|r| r.at), length, parts))
            .collect();
        // `tree[l]`: counts of each class in 2^l parts.
        let mut tree = vec![fine];
        for _ in 0..depth {
            let last = &tree[tree.len() - 1];
            let up = last
                .iter()
                .map(|c| c.chunks(2).map(|p| p[0] + p[1]).collect());
            tree.push(up.collect());
        }
        tree.reverse();
        let mut cascade = Cascade {
            levels: Vec::new(),
            total: vec![n],
            shares: tree[0].iter().map(|c| vec![c[0] / n]).collect(),
        };
        for pair in tree.windows(2) {
            cascade.halve(&pair[0], &pair[1], length);
        }
        cascade
    }

    fn halve(&mut self, above: &[Vec<f64>], below: &[Vec<f64>], length: Nanos) {
        let (parents, children) = (summed(above), summed(below));
        let nodes = parents.iter().filter(|&&p| p > 0.0).count() as f64;
        let apart = |i: usize| children[2 * i] - children[2 * i + 1];
        let seen = (0..parents.len()).filter(|&i| parents[i] > 0.0);
        let rate = seen.map(|i| apart(i) * apart(i) / parents[i]).sum::<f64>() / nodes;
        let moved = rate > 1.0 + ERRORS * (2.0 / nodes).sqrt();
        let part = if moved {
            (1.0 - 1.0 / rate).sqrt()
        } else {
            0.0
        };
        let mut total = Vec::with_capacity(children.len());
        for (i, mean) in self.total.iter().enumerate() {
            let lean = if parents[i] > 0.0 {
                part * apart(i) / parents[i]
            } else {
                0.0
            };
            total.extend([mean * (1.0 + lean) / 2.0, mean * (1.0 - lean) / 2.0]);
        }
        let (shares, drift) = match above.len() {
            0 | 1 => (None, false),
            _ => chi_square(above, below, &parents, &children),
        };
        let part = match (shares, drift) {
            (Some(q), true) => (1.0 - 1.0 / q).sqrt(),
            _ => 0.0,
        };
        self.lean_shares(above, below, (&parents, &children), part);
        self.total = total;
        self.levels.push(Level {
            step: length / self.total.len() as u64,
            rate,
            shares,
            used: (moved, drift),
        });
    }

    fn lean_shares(
        &mut self,
        above: &[Vec<f64>],
        below: &[Vec<f64>],
        (parents, children): (&[f64], &[f64]),
        part: f64,
    ) {
        let mut finer: Vec<Vec<f64>> = vec![Vec::with_capacity(children.len()); above.len()];
        for (c, &child) in children.iter().enumerate() {
            let i = c / 2;
            let leaned = |class: usize| {
                let lean = match child > 0.0 && parents[i] > 0.0 {
                    true => below[class][c] / child - above[class][i] / parents[i],
                    false => 0.0,
                };
                (self.shares[class][i] + part * lean).max(0.0)
            };
            let now: Vec<f64> = (0..above.len()).map(leaned).collect();
            let sum: f64 = now.iter().sum();
            for (class, share) in now.into_iter().enumerate() {
                finer[class].push(if sum > 0.0 { share / sum } else { 0.0 });
            }
        }
        self.shares = finer;
    }

    /// Whether the shares of classes change with time beyond chance.
    pub fn shares_drift(&self) -> bool {
        self.levels.iter().any(|level| level.used.1)
    }

    /// What the rate of all is multiplied by in each part, mean 1; empty: it does not change.
    pub fn factors(&self) -> Vec<f64> {
        let used = self.levels.iter().rposition(|level| level.used.0);
        coarse(&self.total, used)
    }

    /// The same for one class.
    pub fn factors_of(&self, class: usize) -> Vec<f64> {
        let product = self
            .total
            .iter()
            .zip(&self.shares[class])
            .map(|(n, s)| n * s);
        let used = self.levels.iter().rposition(|l| l.used.0 || l.used.1);
        coarse(&product.collect::<Vec<f64>>(), used)
    }
}

/// Factors of mean 1, no finer than the last halving that was used.
fn coarse(means: &[f64], used: Option<usize>) -> Vec<f64> {
    let Some(used) = used else {
        return Vec::new();
    };
    let sum: f64 = means.iter().sum();
    if sum <= 0.0 {
        return Vec::new();
    }
    let parts = 2_usize << used;
    let each = means.len() / parts;
    let of = |part: &[f64]| part.iter().sum::<f64>() * parts as f64 / sum;
    means.chunks(each).map(of).collect()
}

fn summed(counts: &[Vec<f64>]) -> Vec<f64> {
    let sum = |i: usize| counts.iter().map(|c| c[i]).sum();
    (0..counts[0].len()).map(sum).collect()
}

/// Chi-square of the classes' counts in halves over its degrees of freedom, and whether that is
/// above 1 beyond chance.
fn chi_square(
    above: &[Vec<f64>],
    below: &[Vec<f64>],
    parents: &[f64],
    children: &[f64],
) -> (Option<f64>, bool) {
    let (mut sum, mut freedom) = (0.0, 0.0);
    for (i, &parent) in parents.iter().enumerate() {
        let halves = [2 * i, 2 * i + 1];
        let full = halves.iter().all(|&c| children[c] > 0.0);
        let present = above.iter().filter(|c| c[i] > 0.0).count();
        if !full || present < 2 {
            continue;
        }
        freedom += present as f64 - 1.0;
        for (up, down) in above.iter().zip(below).filter(|(up, _)| up[i] > 0.0) {
            for c in halves {
                let expected = children[c] * up[i] / parent;
                sum += (down[c] - expected) * (down[c] - expected) / expected;
            }
        }
    }
    if freedom < 1.0 {
        return (None, false);
    }
    let q = sum / freedom;
    (Some(q), q > 1.0 + ERRORS * (2.0 / freedom).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::Row;
    use super::*;

    fn log(at: &[Nanos]) -> Log {
        let row = |&at: &Nanos| Row {
            at,
            class: 0,
            size: 0,
            took: None,
        };
        Log {
            rows: at.iter().map(row).collect(),
            classes: vec!["all".into()],
            sized: false,
            resolution: 1,
            timeout: None,
        }
    }

    #[test]
    fn a_step_is_found_and_kept_at_its_size() {
        // 30 a unit, then 10 a unit: counts are exact, so what they differ is nearly all true.
        let first = (0..3000).map(|i| i * 1000 / 30);
        let second = (0..1000).map(|i| 100_000 + i * 100);
        let at: Vec<Nanos> = first.chain(second).collect();
        let cascade = Cascade::new(&log(&at), 512);
        let factors = cascade.factors();
        assert_eq!(factors.len(), 2, "{:?}", cascade.levels);
        assert!((factors[0] - 1.5).abs() < 0.01 && (factors[1] - 0.5).abs() < 0.01);
    }

    #[test]
    fn even_arrivals_have_no_profile() {
        let at: Vec<Nanos> = (0..1000).map(|i| i * 7).collect();
        let cascade = Cascade::new(&log(&at), 64);
        assert!(cascade.factors().is_empty() && !cascade.shares_drift());
        // 1000 rows in parts of 20: 32.
        assert_eq!(cascade.levels.len(), 5);
    }
}
