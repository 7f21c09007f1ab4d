//! How unevenly a service is asked, from the spec alone: what rules of thumb about run length and
//! warm-up need, and the slowest thing that the spec makes happen again and again.

use super::load::state_shares;
use super::{Arrivals, ClassSpec, Dist, FaultWhen, SourceSpec, SystemSpec, WorkSpec};

/// What the open sources of one service ask of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Work asked for over what its cores can do.
    pub load: f64,
    /// Attempts a second.
    pub rate: f64,
    /// Long-run variance over mean of the counts of arrivals: 1 for Poisson. `None` where the spec
    /// does not tell: of traces, profiles and closed sources.
    pub arrivals: Option<f64>,
    /// Mean core-time of an attempt, nanoseconds.
    pub mean_work: f64,
    /// Variance of the core-time over its squared mean.
    pub work: f64,
    /// The mean time that the slowest of its workers needs for one work of all its cores,
    /// nanoseconds.
    pub step: f64,
}

/// Something that happens again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycle {
    /// Mean time from one to the next, nanoseconds.
    pub mean: f64,
    /// What it is, by its place in the model: `fault.pauses`.
    pub path: String,
}

impl SystemSpec {
    /// What each service is asked, in order; `None` for one that no open source calls, that
    /// works in steps or that others call.
    pub fn demands(&self) -> Vec<Option<Demand>> {
        (0..self.services.len()).map(|s| self.demand(s)).collect()
    }

    fn demand(&self, index: usize) -> Option<Demand> {
        let service = &self.services[index];
        // How calls of other services bunch depends on those, and steps are no single work.
        if !service.steps.is_empty() || self.is_called(index) {
            return None;
        }
        let callers = self.sources.iter().filter(|s| s.to == index);
        let (mut rate, mut first, mut second) = (0.0, 0.0, 0.0);
        let mut swing = Some(0.0);
        for source in callers {
            let closed = matches!(source.arrivals, Arrivals::Closed { .. });
            let often = if closed {
                0.0
            } else {
                source.mean_rate() * self.copies(source)
            };
            let work = source.work_moments(service.work.as_ref());
            rate += often;
            first += often * work.0;
            second += often * work.1;
            swing = swing
                .zip(source.dispersion())
                .map(|(sum, one)| sum + often * one);
        }
        let mean_work = first / rate;
        let groups = || service.groups.iter();
        let capacity: f64 = groups()
            .map(|g| f64::from(g.count) * f64::from(g.cores) * g.speed)
            .sum();
        let speeds = groups().map(|g| g.speed * f64::from(g.core_count().unwrap_or(1)));
        let slowest = speeds.fold(f64::INFINITY, f64::min);
        (mean_work > 0.0).then(|| Demand {
            load: first / 1e9 / capacity,
            rate,
            arrivals: swing.map(|swing| swing / rate),
            mean_work,
            work: (second / rate / (mean_work * mean_work) - 1.0).max(0.0),
            step: mean_work / slowest,
        })
    }

    /// The slowest process that it names: a fault that comes again and again, the states of a
    /// modulated source, a source that is on and off.
    pub fn slowest_cycle(&self) -> Option<Cycle> {
        let faults = self.faults.iter().filter(|f| f.enabled);
        let faults = faults.filter_map(|fault| match &fault.when {
            FaultWhen::Every(gap) => Some(Cycle {
                mean: gap.mean() + fault.lasts.as_ref().map_or(0.0, Dist::mean),
                path: format!("fault.{}", fault.name),
            }),
            FaultWhen::Always | FaultWhen::At(_) => None,
        });
        let sources = self.sources.iter().filter_map(|source| {
            Some(Cycle {
                mean: source.cycle()?,
                path: format!("source.{}.arrivals", source.name),
            })
        });
        let all = faults.chain(sources).filter(|c| c.mean.is_finite());
        // Of equal ones the first.
        all.reduce(|a, b| if b.mean > a.mean { b } else { a })
    }
}

impl SourceSpec {
    /// Mean time between two begins of the rarest state of its arrivals, nanoseconds.
    fn cycle(&self) -> Option<f64> {
        match &self.arrivals {
            Arrivals::Mmpp { dwell, switch, .. } if dwell.len() > 1 => {
                let shares = state_shares(dwell, switch);
                let rounds = dwell.iter().zip(shares).map(|(d, share)| d / share);
                rounds.reduce(f64::max)
            }
            Arrivals::OnOff { on, off, .. } => Some(on.mean() + off.mean()),
            _ => None,
        }
    }

    /// The limit of the variance over the mean of the number of requests in a long time; `None`
    /// where the spec does not tell.
    fn dispersion(&self) -> Option<f64> {
        if self.profile.is_some() {
            return None;
        }
        let single = match &self.arrivals {
            Arrivals::Poisson { .. } => 1.0,
            Arrivals::Constant { .. } => 0.0,
            Arrivals::Renewal { gap } => gap.variance() / (gap.mean() * gap.mean()),
            Arrivals::Mmpp {
                rates,
                dwell,
                switch,
            } => modulated(rates, dwell, switch)?,
            Arrivals::OnOff { rate, on, off } => {
                // The time on in a long time is a renewal reward (Cox 1962, section 7.4).
                let (a, b) = (on.mean(), off.mean());
                let round = a + b;
                let swing = (b * b * on.variance() + a * a * off.variance()) / (round * round * a);
                1.0 + rate * swing / 1e9
            }
            Arrivals::Closed { .. } | Arrivals::Trace(_) => return None,
        };
        // Each arrival brings a batch of its own.
        let batch = self.batch.as_ref().map_or(0.0, |b| b.variance() / b.mean());
        Some(single * self.mean_batch() + batch)
    }

    /// First and second moment of a request's core-time, given the service's own work.
    fn work_moments(&self, service: Option<&WorkSpec>) -> (f64, f64) {
        let total: f64 = self.classes.iter().map(|c| c.weight).sum();
        let one = |class: &ClassSpec| {
            let factor = class.work_factor * f64::from(class.cores);
            let (mean, variance) = match class.work.as_ref().or(service) {
                Some(WorkSpec::Drawn { cpu, per_kib, .. }) => {
                    let per_byte = per_kib / 1024.0;
                    let size = (self.mean_size(class), class.size.variance());
                    (
                        cpu.mean() + per_byte * size.0,
                        cpu.variance()
                            + if per_byte > 0.0 {
                                per_byte * per_byte * size.1
                            } else {
                                0.0
                            },
                    )
                }
                Some(WorkSpec::FromTrace) => self.trace_work(),
                None => (0.0, 0.0),
            };
            let share = class.weight / total;
            (
                share * factor * mean,
                share * factor * factor * (variance + mean * mean),
            )
        };
        let each = self.classes.iter().map(one);
        each.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// Mean and variance of the work that a trace has recorded.
    fn trace_work(&self) -> (f64, f64) {
        let Arrivals::Trace(trace) = &self.arrivals else {
            return (0.0, 0.0);
        };
        let n = trace.work.len().max(1) as f64;
        let mean = trace.work.iter().map(|&w| w as f64).sum::<f64>() / n;
        let off = |&w: &u64| (w as f64 - mean) * (w as f64 - mean);
        (mean, trace.work.iter().map(off).sum::<f64>() / n)
    }
}

/// Dispersion of a modulated Poisson process in the long run: 1 and twice the covariance of its
/// rate over all lags, over its mean rate. With `Q g = mean - rates` for the chain's generator Q,
/// that integral is the mean of `(rates - mean) g` (Asmussen & Glynn 2007, section IV.3). `None`
/// without a rate.
fn modulated(rates: &[f64], dwell: &[f64], switch: &[Vec<f64>]) -> Option<f64> {
    let n = rates.len();
    let share = state_shares(dwell, switch);
    let mean: f64 = rates.iter().zip(&share).map(|(r, s)| r * s).sum();
    // In seconds; the last equation fixes g by a share-weighted mean of 0.
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let leave = 1e9 / dwell[i];
            let entry = |j: usize| leave * (switch[i][j] - f64::from(u8::from(i == j)));
            (0..n).map(entry).chain([mean - rates[i]]).collect()
        })
        .collect();
    *rows.last_mut()? = share.iter().copied().chain([0.0]).collect();
    let g = solve(rows)?;
    let swing = (0..n).map(|i| share[i] * (rates[i] - mean) * g[i]);
    (mean > 0.0).then(|| 1.0 + 2.0 * swing.sum::<f64>() / mean)
}

/// Solves linear equations, each a row with its right side behind it, by elimination with the
/// largest pivot; `None` when they have no single solution.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = rows.len();
    for k in 0..n {
        let largest = (k..n).max_by(|&a, &b| rows[a][k].abs().total_cmp(&rows[b][k].abs()))?;
        rows.swap(k, largest);
        let pivot = rows[k].clone();
        if pivot[k] == 0.0 {
            return None;
        }
        for (i, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != k) {
            debug_assert!(i < n, "rows are square");
            let times = row[k] / pivot[k];
            row.iter_mut()
                .zip(&pivot)
                .for_each(|(a, b)| *a -= times * b);
        }
    }
    Some((0..n).map(|k| rows[k][n] / rows[k][k]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} for {b}");
    }

    #[test]
    fn two_states_have_the_dispersion_of_the_books() {
        // 1 + 2 (a - b)^2 p q / ((p + q)^2 (a q + b p)), p and q the rates of leaving (Fischer &
        // Meier-Hellstern 1993).
        let (a, b, p, q) = (900.0, 100.0, 2.0, 0.5);
        let got = modulated(
            &[a, b],
            &[1e9 / p, 1e9 / q],
            &[vec![0.0, 1.0], vec![1.0, 0.0]],
        );
        let swing: f64 = (a - b) * (a - b) * p * q / ((p + q) * (p + q) * (a * q + b * p));
        close(got.unwrap(), 1.0 + 2.0 * swing);
        // Silence in the second state is an on-off source.
        let silent = modulated(
            &[a, 0.0],
            &[1e9 / p, 1e9 / q],
            &[vec![0.0, 1.0], vec![1.0, 0.0]],
        );
        let source = |arrivals| SourceSpec {
            name: "s".into(),
            to: 0,
            arrivals,
            batch: None,
            profile: None,
            start: 0,
            stop: None,
            classes: Vec::new(),
            fan_out: None,
            client: super::super::ClientSpec::default(),
        };
        let on_off = source(Arrivals::OnOff {
            rate: a,
            on: Dist::Exponential { mean: 1e9 / p },
            off: Dist::Exponential { mean: 1e9 / q },
        });
        close(on_off.dispersion().unwrap(), silent.unwrap());
        close(on_off.cycle().unwrap(), 1e9 / p + 1e9 / q);
    }

    #[test]
    fn equal_states_are_poisson() {
        let cycle = [
            vec![0.0, 1.0, 0.0],
            vec![0.0, 0.0, 1.0],
            vec![1.0, 0.0, 0.0],
        ];
        let one = modulated(&[50.0; 3], &[1e9, 2e9, 5e9], &cycle).unwrap();
        close(one, 1.0);
        assert_eq!(modulated(&[0.0; 3], &[1e9, 2e9, 5e9], &cycle), None);
    }
}
