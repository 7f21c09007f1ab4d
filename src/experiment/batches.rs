//! Intervals from one long trial: its measured time in batches, each of which stands for a
//! replication.
//!
//! Only of a point with a single trial, of a system that could be in a steady state: where rates
//! follow a profile or a trace, or something happens at a fixed time, parts of the measured time
//! are no replications of each other. Whether batches are long enough is asked of each metric's
//! values (see [`crate::stats::batch_means`]); a metric for which they are not keeps its value
//! without an interval. Batches put together from shorter ones may as well overlap: quotients get
//! their intervals from those.

use super::design::Design;
use super::pool::{self, Pooling, TrialParts};
use super::results::{Estimate, Method};
use crate::model::metric::{Context, Metric, Part};
use crate::model::spec::{Arrivals, FaultWhen, SystemSpec};
use crate::model::tally::{Tally, Wanted};
use crate::model::trial::Horizon;
use crate::stats::batch_means::{BATCHES, FEWEST, independent, overlapping_batch_ratio};

/// How far the batches' sums may be from the trial's, relatively: they are rounded.
const ROUNDING: f64 = 1e-9;

/// What a trial of this system is asked to measure.
pub(super) fn measured(design: &Design, system: &SystemSpec) -> Wanted {
    Wanted {
        batches: wanted(design, system),
        ..Wanted::for_metrics(system, &design.metrics)
    }
}

/// Into how many batches the trials of this system are cut; 0: not at all.
fn wanted(design: &Design, system: &SystemSpec) -> u32 {
    let fixed = matches!(design.timing.horizon, Horizon::For(_));
    let sample = design.replications == 1 && !design.terminating;
    match sample && fixed && may_be_steady(system) {
        true => u32::try_from(BATCHES).expect("a small number"),
        false => 0,
    }
}

/// Whether nothing of a system is tied to a time of the run.
fn may_be_steady(system: &SystemSpec) -> bool {
    let sources = system.sources.iter().all(|s| {
        let traced = matches!(s.arrivals, Arrivals::Trace(_));
        s.profile.is_none() && s.start == 0 && s.stop.is_none() && !traced
    });
    let mut faults = system.faults.iter().filter(|f| f.enabled);
    sources && !faults.any(|f| matches!(f.when, FaultWhen::At(_)))
}

/// What the batches of one trial measured: first all of them, then pairs put together, pairs of
/// pairs, as long as there are enough.
#[derive(Clone, Debug, Default)]
pub(super) struct BatchParts(Vec<Vec<TrialParts>>);

impl BatchParts {
    /// Takes the parts of these metrics from the batches of a trial.
    pub(super) fn take(context: &Context<'_>, metrics: &[Metric], batches: Vec<Tally>) -> Self {
        let mut levels = Vec::new();
        let mut batches = batches;
        while batches.len() >= FEWEST {
            let parts = batches.iter();
            levels.push(
                parts
                    .map(|b| TrialParts::take(context, metrics, b))
                    .collect(),
            );
            batches = batches.chunks_exact(2).map(together).collect();
        }
        BatchParts(levels)
    }

    /// Gives those of a trial's estimates that have no interval one from its batches.
    pub(super) fn widen(
        &self,
        metrics: &[Metric],
        merged: &TrialParts,
        estimates: &mut [Option<Estimate>],
        how: Pooling,
    ) {
        for (i, (metric, estimate)) in metrics.iter().zip(estimates).enumerate() {
            let bare = estimate.filter(|e| e.low.is_none() && e.high.is_none());
            let Some((bare, merged)) = bare.zip(merged.part(i)) else {
                continue;
            };
            let mut levels = (0..).zip(&self.0);
            let found = levels.find_map(|(level, batches)| {
                let parts = batches.iter().map(|b| b.enough(i, metric));
                let parts: Vec<Part> = parts.collect::<Option<_>>()?;
                let found = from(&parts, &merged, bare.mean, how)?;
                Some(self.overlapping(i, level, found, how).unwrap_or(found))
            });
            if let Some(e) = found {
                *estimate = Some(pool::about(metric, Some(bare.mean), e));
            }
        }
    }
}

impl BatchParts {
    /// The interval of a quotient from all batches as long as those of a level, overlapping ones
    /// too.
    fn overlapping(
        &self,
        metric: usize,
        level: u32,
        found: Estimate,
        how: Pooling,
    ) -> Option<Estimate> {
        if level == 0 || found.method != Method::BatchMeans {
            return None;
        }
        let quotient = |parts: &TrialParts| match parts.part(metric)? {
            Part::Quotient { num, den } => Some((num, den)),
            Part::Share { num, den } => Some((num as f64, den as f64)),
            Part::Read(_) | Part::Highest(_) => None,
        };
        let parts: Option<Vec<(f64, f64)>> = self.0.first()?.iter().map(quotient).collect();
        let over = overlapping_batch_ratio(&parts?, 1 << level, how.confidence)?;
        Some(Estimate {
            low: over.interval.low,
            high: over.interval.high,
            method: Method::OverlappingBatchMeans,
            ..found
        })
    }
}

fn together(pair: &[Tally]) -> Tally {
    let mut sum = pair[0].clone();
    sum.add(&pair[1]);
    sum
}

/// One metric's interval from so many batches, unless their values depend on each other.
fn from(parts: &[Part], merged: &Part, whole: f64, how: Pooling) -> Option<Estimate> {
    if matches!(merged, Part::Highest(_)) {
        return None;
    }
    let values: Vec<f64> = parts.iter().map(Part::value).collect::<Option<_>>()?;
    let found = pool::estimate(parts, merged, how)?;
    // What is counted for a trial as a whole is not the sum of its batches.
    let sums =
        matches!(merged, Part::Read(_)) || (found.mean - whole).abs() <= ROUNDING * whole.abs();
    let found = found
        .low
        .and(Some(found))
        .filter(|_| sums && independent(&values))?;
    let varies = found.low != found.high;
    Some(match varies {
        true => Estimate {
            method: Method::BatchMeans,
            ..found
        },
        // Exact, in one trial.
        false => Estimate { n: 1, ..found },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::dist::Dist;
    use crate::experiment::fixture;
    use crate::experiment::run::{Options, run};
    use crate::model::spec::*;
    use std::sync::Arc;

    /// M/M/1 at a load of 0.5, one trial of 100 s.
    fn design(replications: u32) -> Design {
        let mut design = fixture::design();
        let mut system = fixture::system(1, 1, 1 << 40, OnFull::Reject);
        system.sources[0].arrivals = Arrivals::Poisson { rate: 500.0 };
        system.services[0].work = Some(WorkSpec::drawn(Dist::exponential(1e6).unwrap()));
        system.services[0].groups[0].ram = None;
        system.services[0].groups[0].slots = Some(6);
        design.points.truncate(1);
        design.points[0].system = Arc::new(system);
        design.objective = None;
        design.replications = replications;
        design.timing.warm_up = 1_000_000_000;
        design.timing.horizon = Horizon::For(100_000_000_000);
        let metric = |name: &&str| Metric::parse(name).unwrap();
        let names = [
            "latency_mean",
            "latency_p99",
            "latency_sd",
            "loss",
            "throughput",
            "utilisation",
            "queue_max",
            "latency_p9999",
            "events",
            "cost_per_hour",
            "queue_mean",
        ];
        design.metrics = names.iter().map(metric).collect();
        design
    }

    #[test]
    fn one_long_trial_has_intervals() {
        let results = run(&design(1), Options::default(), &()).unwrap();
        let found: Vec<Estimate> = results.points[0]
            .estimates
            .iter()
            .map(|e| e.unwrap())
            .collect();
        for i in [0, 1, 2, 3, 4, 5, 10] {
            let e = found[i];
            // Percentiles and spreads are read off; the others overlap where there are fewer.
            let quotient = !matches!(i, 1 | 2);
            let method = match quotient && e.n < 32 {
                true => Method::OverlappingBatchMeans,
                false => Method::BatchMeans,
            };
            assert_eq!(e.method, method, "{e:?}");
            assert!(e.low.unwrap() < e.mean && e.mean < e.high.unwrap(), "{e:?}");
            assert!([32, 16, 8].contains(&e.n), "{e:?}");
            assert_eq!(results.trials[0].values[i], Some(e.mean));
        }
        // The mean of M/M/1/7 at 0.5 is 1.972 ms; 50,000 requests.
        assert!(found[0].low.unwrap() < 1.972e-3 && 1.972e-3 < found[0].high.unwrap());
        for i in [6, 7, 8] {
            let batched = [Method::BatchMeans, Method::OverlappingBatchMeans];
            assert!(!batched.contains(&found[i].method), "{:?}", found[i]);
        }
        assert_eq!((found[6].low, found[8].low), (None, None));
        assert_eq!(
            (found[9].low, found[9].n),
            (None, 1),
            "it is known without a run"
        );
    }

    #[test]
    fn cutting_a_run_does_not_move_it() {
        let (one, two) = (design(1), design(2));
        let cut = run(&one, Options::default(), &()).unwrap();
        let whole = run(&two, Options::default(), &()).unwrap();
        let (cut, whole) = (&cut.trials[0], &whole.trials[0]);
        assert_eq!(cut.values, whole.values);
        assert_eq!(
            (cut.fingerprint, cut.events),
            (whole.fingerprint, whole.events)
        );
    }

    #[test]
    fn what_is_tied_to_a_time_is_not_cut() {
        let mut one = design(1);
        assert_eq!(wanted(&one, &one.points[0].system), 32);
        assert_eq!(wanted(&design(2), &one.points[0].system), 0);
        let mut system = (*one.points[0].system).clone();
        system.sources[0].stop = Some(5);
        assert_eq!(wanted(&one, &system), 0);
        one.timing.horizon = Horizon::Trace;
        assert_eq!(wanted(&one, &one.points[0].system), 0);
    }
}
