//! From the parts of a point's trials to pooled estimates with intervals.
//!
//! Quotients are pooled as sums over sums, with the jackknife's interval; percentiles and spreads
//! are read off the merged distributions, with the spread over trials about them; maxima are the
//! largest, without an interval. A percentile with too few values beyond it is bounded from below,
//! a share of which none was seen from above. Knows nothing of how trials were run.

use super::results::{Bound, Estimate, Method};
use crate::model::metric::{Context, Kind, Metric, Part, Unit};
use crate::model::tally::Tally;
use crate::stats::interval::{
    Interval, centred_interval, mean_interval, ratio_interval, upper_bound_none_seen,
};

/// A percentile is given only with at least this many values beyond it.
pub const MIN_BEYOND: f64 = 10.0;

/// Values of the design's metrics in one trial, with what is needed to pool them.
#[derive(Clone, Debug, Default)]
pub(super) struct TrialParts {
    /// One a metric.
    parts: Vec<Part>,
    /// How many delays a percentile was read from; one a metric, 0 for others.
    support: Vec<u64>,
    /// Percentiles as points of their buckets: a spread may be less than a bucket.
    points: Vec<Option<f64>>,
    /// For percentiles with too few values beyond them, the highest one that has enough; one a
    /// metric, or none at all for a single trial.
    least: Vec<Option<f64>>,
}

impl TrialParts {
    /// Takes the parts of these metrics from a tally.
    pub(super) fn take(context: &Context<'_>, metrics: &[Metric], tally: &Tally) -> TrialParts {
        let counts: Vec<Metric> = metrics.iter().filter_map(counted).collect();
        let mut found = context.parts(&counts, tally).into_iter();
        let mut support = |metric: &Metric| match counted(metric).and_then(|_| found.next()) {
            Some(Part::Share { den, .. }) => den,
            _ => 0,
        };
        TrialParts {
            support: metrics.iter().map(&mut support).collect(),
            parts: context.parts(metrics, tally),
            points: metrics
                .iter()
                .map(|metric| context.within_bucket(metric, tally))
                .collect(),
            least: Vec::new(),
        }
    }

    /// The same from the counts of all trials of a point, with what bounds a percentile that they
    /// are too few for.
    pub(super) fn merged(context: &Context<'_>, metrics: &[Metric], tally: &Tally) -> TrialParts {
        let mut whole = TrialParts::take(context, metrics, tally);
        let lower = |(metric, &support): (&Metric, &u64)| {
            let lower = lower(metric, support)?;
            context.parts(&[lower], tally).first()?.value()
        };
        whole.least = metrics.iter().zip(&whole.support).map(lower).collect();
        whole
    }

    /// What the interval of one metric, by its place, is made of.
    pub(super) fn part(&self, metric: usize) -> Option<Part> {
        match self.points.get(metric).copied().flatten() {
            Some(point) => Some(Part::Read(Some(point))),
            None => self.parts.get(metric).copied(),
        }
    }

    /// The same, unless it was read from too few values for this metric.
    pub(super) fn enough(&self, place: usize, metric: &Metric) -> Option<Part> {
        let enough = reaches(metric, *self.support.get(place)?);
        self.part(place).filter(|_| enough)
    }

    /// The values as they are shown: no percentile with too few values beyond it.
    pub(super) fn values(&self, metrics: &[Metric]) -> Vec<Option<f64>> {
        let values = metrics.iter().zip(self.parts.iter().zip(&self.support));
        values
            .map(|(metric, (part, &support))| {
                let value = part.value().filter(|v| v.is_finite());
                value.filter(|_| reaches(metric, support))
            })
            .collect()
    }
}

/// The metric whose share is of as many delays as this percentile is read from.
fn counted(metric: &Metric) -> Option<Metric> {
    match metric.kind {
        Kind::Percentile(delay, _) => Some(Metric {
            kind: Kind::Over(delay, 0),
            scope: metric.scope.clone(),
        }),
        _ => None,
    }
}

/// Whether so many values are enough for this metric.
fn reaches(metric: &Metric, support: u64) -> bool {
    match metric.kind {
        // A hair of slack: 1000 values are enough for p99 though 1 - 0.99 is not quite 0.01.
        Kind::Percentile(_, q) => support as f64 * (1.0 - q) > MIN_BEYOND - 1e-6,
        _ => true,
    }
}

/// The highest percentile that so many values are enough for, where they are too few for this one.
fn lower(metric: &Metric, support: u64) -> Option<Metric> {
    let Kind::Percentile(delay, _) = metric.kind else {
        return None;
    };
    // The rank is rounded up: half a value keeps it off the edge.
    let below = support as f64 - MIN_BEYOND - 0.5;
    (!reaches(metric, support) && below > 0.0).then(|| Metric {
        kind: Kind::Percentile(delay, below / support as f64),
        scope: metric.scope.clone(),
    })
}

/// How sure intervals are, and what they are about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pooling {
    /// Of every interval.
    pub confidence: f64,
    /// Each replication is a whole answer, so quotients are averaged over replications.
    pub terminating: bool,
}

/// Pools the trials of one point. `merged` are the parts of all their tallies added up.
pub(super) fn estimates(
    metrics: &[Metric],
    trials: &[&TrialParts],
    merged: &TrialParts,
    how: Pooling,
) -> Vec<Option<Estimate>> {
    let places = 0..metrics.len();
    places
        .map(|i| estimate_of(metrics, i, trials, merged, how))
        .collect()
}

/// Pools one metric, by its place among the design's.
pub(super) fn estimate_of(
    metrics: &[Metric],
    i: usize,
    trials: &[&TrialParts],
    merged: &TrialParts,
    how: Pooling,
) -> Option<Estimate> {
    let metric = &metrics[i];
    let parts: Vec<Part> = trials.iter().filter_map(|t| t.part(i)).collect();
    if reaches(metric, *merged.support.get(i)?) {
        let e = estimate(&parts, &merged.part(i)?, how)?;
        let shown = merged.parts.get(i)?.value();
        return Some(about(metric, shown, e));
    }
    let least = merged.least.get(i).copied().flatten()?;
    Some(Estimate {
        mean: least,
        low: Some(least),
        high: None,
        n: number(parts.len()),
        method: Method::Sectioning,
        bound: Some(Bound::AtLeast),
    })
}

pub(super) fn estimate(parts: &[Part], merged: &Part, how: Pooling) -> Option<Estimate> {
    let confidence = how.confidence;
    match merged {
        Part::Share { .. } => share(parts, how),
        Part::Quotient { .. } => settled(parts).or_else(|| quotient(parts, how)),
        Part::Read(pooled) => {
            let values: Vec<f64> = parts.iter().filter_map(Part::value).collect();
            let whole = (*pooled)?;
            let interval = centred_interval(whole, &values, confidence)?;
            Some(Estimate::of(interval, Method::Sectioning))
        }
        Part::Highest(_) => {
            let values = parts.iter().filter_map(Part::value);
            let mean = values.reduce(f64::max).filter(|m| m.is_finite())?;
            let n = number(parts.len());
            Some(Estimate {
                mean,
                low: None,
                high: None,
                n,
                method: Method::Largest,
                bound: None,
            })
        }
    }
}

/// A quotient of counts. Where none (or all) were seen the trials show no spread, and the end of
/// the interval is the bound for events that were never seen.
fn share(parts: &[Part], how: Pooling) -> Option<Estimate> {
    let counts = parts.iter().map(|part| match *part {
        Part::Share { num, den } => (num, den),
        _ => (0, 0),
    });
    let (num, den) = counts.fold((0, 0), |(n, d), (num, den)| (n + num, d + den));
    if den == 0 {
        return None;
    }
    let ends = |mean: f64, low: f64, high: f64, bound: Bound| Estimate {
        mean,
        low: Some(low),
        high: Some(high),
        n: number(parts.len()),
        method: Method::NoneSeen,
        bound: Some(bound),
    };
    let bound = upper_bound_none_seen(den, how.confidence).unwrap_or(1.0);
    if num == 0 {
        return Some(ends(0.0, 0.0, bound, Bound::AtMost));
    }
    if num == den {
        return Some(ends(1.0, 1.0 - bound, 1.0, Bound::AtLeast));
    }
    quotient(parts, how)
}

/// A quotient that varies over trials.
fn quotient(parts: &[Part], how: Pooling) -> Option<Estimate> {
    let values: Option<Vec<f64>> = parts.iter().map(Part::value).collect();
    match values.filter(|_| how.terminating) {
        Some(values) => mean_interval(&values, how.confidence)
            .map(|interval| Estimate::of(interval, Method::Student)),
        // Also where one of them has nothing to divide by.
        None => ratio(parts, how.confidence),
    }
}

/// Sums over sums. Over equal denominators that is the mean of the trials' quotients, and the
/// jackknife's interval is Student's.
fn ratio(parts: &[Part], confidence: f64) -> Option<Estimate> {
    let ratios: Vec<(f64, f64)> = parts.iter().map(fraction).collect();
    let method = match same_denominators(&ratios) {
        true => Method::Student,
        false => Method::Jackknife,
    };
    ratio_interval(&ratios, confidence).map(|interval| Estimate::of(interval, method))
}

fn same_denominators(ratios: &[(f64, f64)]) -> bool {
    let same = |pair: &[(f64, f64)]| pair[0].1.to_bits() == pair[1].1.to_bits();
    ratios.windows(2).all(same)
}

/// A value that is the same in each of several trials, to the last bit: a cost, say. Pooling it
/// would only add rounding.
fn settled(parts: &[Part]) -> Option<Estimate> {
    let first = parts.first()?.value().filter(|v| v.is_finite())?;
    let same = |part: &Part| part.value().is_some_and(|v| v.to_bits() == first.to_bits());
    (parts.len() > 1 && parts.iter().all(same)).then(|| Estimate {
        mean: first,
        low: Some(first),
        high: Some(first),
        n: number(parts.len()),
        method: Method::Student,
        bound: None,
    })
}

fn fraction(part: &Part) -> (f64, f64) {
    match *part {
        Part::Quotient { num, den } => (num, den),
        Part::Share { num, den } => (num as f64, den as f64),
        Part::Read(_) | Part::Highest(_) => (0.0, 0.0),
    }
}

/// An interval about the value that is shown: of a percentile the middle of its bucket, which the
/// interval takes in.
pub(super) fn about(metric: &Metric, shown: Option<f64>, mut e: Estimate) -> Estimate {
    if let (Kind::Percentile(..), Some(shown)) = (&metric.kind, shown) {
        e.mean = shown;
        e.low = e.low.map(|low| low.min(shown));
        e.high = e.high.map(|high| high.max(shown));
    }
    within(metric, e)
}

/// No metric can be below 0 and no share above 1, so no end of an interval is.
fn within(metric: &Metric, mut e: Estimate) -> Estimate {
    let top = match metric.unit() {
        Unit::Share => 1.0_f64.max(e.mean),
        _ => f64::INFINITY,
    };
    e.low = e.low.map(|low| low.max(0.0));
    e.high = e.high.map(|high| high.min(top));
    e
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("replications are counted in 32 bits")
}

impl Estimate {
    /// What an interval says, and how it was made.
    pub fn of(interval: Interval, method: Method) -> Estimate {
        Estimate {
            mean: interval.estimate,
            low: interval.low,
            high: interval.high,
            n: number(interval.n),
            method,
            bound: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::Delay;

    fn metric(name: &str) -> Metric {
        Metric::parse(name).unwrap()
    }

    fn pooled(name: &str, parts: &[Part], merged: Part, support: u64) -> Option<Estimate> {
        let each = |part: &Part| TrialParts {
            parts: vec![*part],
            support: vec![support],
            points: vec![None],
            least: vec![Some(2.0)],
        };
        let trials: Vec<TrialParts> = parts.iter().map(each).collect();
        let trials: Vec<&TrialParts> = trials.iter().collect();
        let how = Pooling {
            confidence: 0.95,
            terminating: false,
        };
        estimates(&[metric(name)], &trials, &each(&merged), how)[0]
    }

    #[test]
    fn a_terminating_question_is_answered_by_each_replication() {
        let trials = [(1.0, 1.0), (3.0, 3.0), (8.0, 4.0)];
        let trials = trials.map(|(num, den)| TrialParts {
            parts: vec![Part::Quotient { num, den }],
            support: vec![0],
            points: vec![None],
            least: Vec::new(),
        });
        let how = Pooling {
            confidence: 0.95,
            terminating: true,
        };
        let all: Vec<&TrialParts> = trials.iter().collect();
        let e = estimates(&[metric("latency_mean")], &all, all[0], how)[0].unwrap();
        // The mean of 1, 1 and 2, not 12/8; t(0.975, 2) / sqrt 3 times sqrt(1/3).
        assert!(close(e.mean, 4.0 / 3.0) && e.method == Method::Student);
        assert!(
            close(e.high.unwrap() - e.mean, 4.302652729911275 / 3.0),
            "{e:?}"
        );
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * b.abs().max(1e-12)
    }

    #[test]
    fn a_quotient_is_pooled_from_sums_with_the_jackknife() {
        // Equal denominators: Student's interval of 1, 2, 3, 4; t(0.975, 3) = 3.182446305284263.
        let parts = [1.0, 2.0, 3.0, 4.0].map(|num| Part::Quotient { num, den: 1.0 });
        let e = pooled("latency_mean", &parts, parts[0], 0).unwrap();
        let half = 3.182446305284263 * (5.0_f64 / 3.0).sqrt() / 2.0;
        assert!(close(e.mean, 2.5) && e.n == 4 && e.method == Method::Student);
        assert!(close(e.low.unwrap(), 2.5 - half) && close(e.high.unwrap(), 2.5 + half));
        // Unequal: 1/1, 3/3, 8/4. Pooled 12/8 = 1.5; without each 11/7, 9/5, 4/4; the pseudo-values
        // 3 * 1.5 - 2 * r are 1.357142857, 0.9, 2.5. t(0.975, 2) = 4.302652729911275.
        let parts = [(1.0, 1.0), (3.0, 3.0), (8.0, 4.0)];
        let parts = parts.map(|(num, den)| Part::Quotient { num, den });
        let e = pooled("latency_mean", &parts, parts[0], 0).unwrap();
        let pseudo = [4.5 - 22.0 / 7.0, 0.9, 2.5];
        let mean: f64 = pseudo.iter().sum::<f64>() / 3.0;
        let var: f64 = pseudo.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>() / 2.0;
        let half = 4.302652729911275 * (var / 3.0).sqrt();
        assert!(close(e.mean, 1.5) && e.method == Method::Jackknife);
        assert!(close(e.high.unwrap(), 1.5 + half), "{e:?}");
        assert_eq!(e.low, Some(0.0), "no latency is below 0");
    }

    #[test]
    fn none_seen_is_bounded_and_never_shown_as_nothing() {
        let parts = [Part::Share {
            num: 0,
            den: 500_000,
        }; 2];
        let e = pooled("loss", &parts, parts[0], 0).unwrap();
        assert_eq!((e.mean, e.low), (0.0, Some(0.0)));
        assert_eq!((e.method, e.bound), (Method::NoneSeen, Some(Bound::AtMost)));
        assert!(close(e.high.unwrap(), 2.995732273553991e-6), "{e:?}");
        let all = [Part::Share { num: 10, den: 10 }; 3];
        let e = pooled("delayed", &all, all[0], 0).unwrap();
        assert_eq!((e.mean, e.high), (1.0, Some(1.0)));
        assert!(close(e.low.unwrap(), 1.0 - 2.995732273553991 / 30.0));
        let no_data = [Part::Share { num: 0, den: 0 }; 3];
        assert_eq!(pooled("loss", &no_data, no_data[0], 0), None);
    }

    #[test]
    fn shares_stay_between_0_and_1() {
        let parts = [(1, 1000), (90, 1000), (2, 1000)].map(|(num, den)| Part::Share { num, den });
        let e = pooled("loss", &parts, parts[0], 0).unwrap();
        assert!(close(e.mean, 0.031));
        assert_eq!(e.low, Some(0.0));
        let parts = [(999, 1000), (910, 1000), (998, 1000)];
        let parts = parts.map(|(num, den)| Part::Share { num, den });
        assert_eq!(pooled("loss", &parts, parts[0], 0).unwrap().high, Some(1.0));
        let parts = [(0.99, 1.0), (0.8, 1.0)].map(|(num, den)| Part::Quotient { num, den });
        assert_eq!(
            pooled("utilisation", &parts, parts[0], 0).unwrap().high,
            Some(1.0)
        );
    }

    #[test]
    fn percentiles_come_from_the_merged_and_need_ten_beyond() {
        let parts = [1.0, 3.0].map(|v| Part::Read(Some(v)));
        let e = pooled("latency_p99", &parts, Part::Read(Some(2.5)), 1000).unwrap();
        let half = 12.706204736174698;
        assert!(close(e.mean, 2.5) && close(e.high.unwrap(), 2.5 + half));
        assert_eq!(e.low, Some(0.0));
        assert_eq!((e.method, e.bound), (Method::Sectioning, None));
        for (name, support) in [("latency_p99", 999), ("latency_p999", 9_999)] {
            let e = pooled(name, &parts, Part::Read(Some(2.5)), support).unwrap();
            assert_eq!((e.low, e.high), (Some(2.0), None));
            assert_eq!(e.bound, Some(Bound::AtLeast));
        }
        let lower = lower(&metric("latency_p99"), 100).unwrap();
        assert_eq!(lower.kind, Kind::Percentile(Delay::Latency, 0.895));
        assert_eq!(super::lower(&metric("latency_p99"), 10), None);
        assert_eq!(super::lower(&metric("latency_p99"), 1000), None);
        assert!(pooled("latency_p999", &parts, Part::Read(Some(2.5)), 10_000).is_some());
        assert!(pooled("latency_sd", &parts, Part::Read(Some(2.5)), 0).is_some());
    }

    #[test]
    fn maxima_and_single_trials_have_no_interval() {
        let parts = [
            Part::Highest(Some(2.0)),
            Part::Highest(None),
            Part::Highest(Some(7.0)),
        ];
        let e = pooled("queue_max", &parts, parts[0], 0).unwrap();
        assert_eq!((e.mean, e.low, e.high), (7.0, None, None));
        let one = [Part::Quotient { num: 3.0, den: 2.0 }];
        let e = pooled("latency_mean", &one, one[0], 0).unwrap();
        assert_eq!((e.mean, e.low, e.n), (1.5, None, 1));
    }

    #[test]
    fn what_never_varies_is_exact() {
        let parts = [Part::Quotient {
            num: 10.66428,
            den: 1.0,
        }; 7];
        let e = pooled("cost_per_hour", &parts, parts[0], 0).unwrap();
        assert_eq!(
            (e.mean, e.low, e.high),
            (10.66428, Some(10.66428), Some(10.66428))
        );
    }
}
