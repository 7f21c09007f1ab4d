//! Which of two designs is better, and how sure that is: metric by metric, paired on common random
//! numbers.
//!
//! A difference is B - A. Quotients of sums get the jackknife of the difference of the pooled
//! quotients, percentiles and spreads the difference of the merged distributions with the spread
//! of the paired differences (sectioning); maxima get no interval. Does not know where the two
//! sides come from: [`contest`] runs them, `report` reads them back from directories.

pub mod choose;
pub mod claim;
pub mod contest;

use super::results::Estimate;
use crate::model::metric::{Kind, Metric, Part, Unit};
use crate::stats::paired::{
    Paired, paired_around, paired_means, paired_ratios, upper_bound_few_seen,
};

/// Of so few events (or so few that are not), over both sides, the spread over replications says
/// nothing: the interval is made of bounds.
pub const FEW_EVENTS: u64 = 10;

/// A value read off a histogram is the middle of a bucket, off by at most this share of itself.
const RESOLUTION: f64 = 1.0 / 512.0;

/// One of the two that are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// Whether each replication is a whole answer, so that quotients are averaged over them.
    pub averaged: bool,
    /// Estimates of the metrics, in order; none without data.
    pub estimates: Vec<Option<Estimate>>,
    /// One a replication, or why it failed.
    pub trials: Vec<Result<Trial, String>>,
}

/// What one trial tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Of the metrics, in order.
    pub parts: Vec<Part>,
    /// Hash of its event sequence.
    pub fingerprint: u64,
    /// Hash of what every request was when it was born.
    pub demand: u64,
}

/// All that can be said of two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Replications that ended on both sides.
    pub pairs: usize,
    /// Trials that failed, on either side.
    pub failed: usize,
    /// Whether both sides met the same requests, replication by replication; none without pairs.
    pub same_demand: Option<bool>,
    /// One for each metric.
    pub rows: Vec<Row>,
}

/// One metric of both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub metric: Metric,
    /// Of A.
    pub a: Option<Estimate>,
    /// Of B.
    pub b: Option<Estimate>,
    /// B - A with its interval; none without data.
    pub paired: Option<Paired>,
    /// Confidence of that interval.
    pub confidence: f64,
    /// Replications in which B is lower.
    pub lower: u32,
    /// Replications in which B is higher.
    pub higher: u32,
    /// Replications in which both are equal.
    pub equal: u32,
    /// What is shown.
    pub verdict: Verdict,
}

/// What the interval of a difference shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// B is higher: the whole interval lies above 0.
    Up,
    /// B is lower.
    Down,
    /// Equal to the last bit in every replication.
    Same,
    /// The interval holds 0, and nothing further from it than this: no difference is shown, and
    /// none larger than this is left.
    Within(f64),
    /// Nothing can be said.
    NotJudged(Why),
}

/// Why there is no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A side has no value.
    NoData,
    /// It takes two replications, with a value on both sides.
    OneReplication,
    /// A largest value has no interval.
    Maximum,
}

impl Row {
    /// What pairing gained: see [`crate::stats::paired::Variances::gain`].
    pub fn gain(&self) -> Option<f64> {
        self.paired?.variances?.gain()
    }

    /// How many times as many replications independent runs would take.
    pub fn times_fewer(&self) -> Option<f64> {
        self.paired?.variances?.times_fewer()
    }

    /// (B - A) / A; none where A is 0.
    pub fn relative(&self) -> Option<f64> {
        let (a, difference) = (self.a?.mean, self.paired?.difference);
        (a != 0.0).then(|| difference / a)
    }
}

impl Comparison {
    /// Metrics for which pairing made the interval wider, beyond chance: their streams slipped.
    pub fn slipped(&self) -> impl Iterator<Item = &Row> {
        let slipped = |row: &&Row| {
            let paired = row.paired.and_then(|p| Some((p.variances?, p.n)));
            paired.is_some_and(|(variances, n)| variances.slipped(n, row.confidence))
        };
        self.rows.iter().filter(slipped)
    }
}

/// The confidence of each metric's interval. Those of a `family` share what they may err by
/// (Bonferroni): each is judged at `1 - (1 - confidence) / k`, so that all `k` hold at once with
/// the confidence asked for.
pub fn levels(metrics: &[Metric], family: &[Metric], confidence: f64) -> Vec<f64> {
    let inside = |metric: &Metric| family.contains(metric);
    let k = metrics.iter().filter(|m| inside(m)).count().max(1);
    let shared = 1.0 - (1.0 - confidence) / k as f64;
    let level = |metric: &Metric| match k > 1 && inside(metric) {
        true => shared,
        false => confidence,
    };
    metrics.iter().map(level).collect()
}

/// Compares two sides that measured these metrics with the same seed. `levels` has a confidence
/// for each metric.
pub fn compare(metrics: &[Metric], levels: &[f64], a: &Side, b: &Side) -> Comparison {
    let both = a.trials.iter().zip(&b.trials);
    let pairs: Vec<(&Trial, &Trial)> = both
        .filter_map(|(a, b)| Some((a.as_ref().ok()?, b.as_ref().ok()?)))
        .collect();
    let failed = |side: &Side| side.trials.iter().filter(|t| t.is_err()).count();
    let whole = failed(a) + failed(b) == 0 && a.trials.len() == b.trials.len();
    let match_up = Match {
        averaged: a.averaged,
        identical: pairs.iter().all(|(a, b)| a.fingerprint == b.fingerprint),
        whole,
        pairs,
    };
    let pairs = &match_up.pairs;
    let row = |(i, metric): (usize, &Metric)| {
        let estimate = |side: &Side| side.estimates.get(i).copied().flatten();
        match_up.row(i, metric, [estimate(a), estimate(b)], levels[i])
    };
    Comparison {
        same_demand: (!pairs.is_empty()).then(|| pairs.iter().all(|(a, b)| a.demand == b.demand)),
        pairs: pairs.len(),
        failed: failed(a) + failed(b),
        rows: metrics.iter().enumerate().map(row).collect(),
    }
}

/// Replications that ended on both sides.
struct Match<'a> {
    pairs: Vec<(&'a Trial, &'a Trial)>,
    /// Whether quotients are averaged over replications.
    averaged: bool,
    /// Whether both sides went through the same events.
    identical: bool,
    /// Whether no trial is missing: then the pooled estimates are of the same replications.
    whole: bool,
}

impl Match<'_> {
    fn row(
        &self,
        i: usize,
        metric: &Metric,
        [a, b]: [Option<Estimate>; 2],
        confidence: f64,
    ) -> Row {
        let mut row = Row {
            metric: metric.clone(),
            a,
            b,
            paired: None,
            confidence,
            lower: 0,
            higher: 0,
            equal: 0,
            verdict: Verdict::NotJudged(Why::NoData),
        };
        let (Some(a), Some(b)) = (a, b) else {
            return row;
        };
        let values = self.values(i);
        for (a, b) in &values {
            match a.total_cmp(b) {
                std::cmp::Ordering::Greater => row.lower += 1,
                std::cmp::Ordering::Less => row.higher += 1,
                std::cmp::Ordering::Equal => row.equal += 1,
            }
        }
        let maximum = self
            .pairs
            .iter()
            .any(|(a, _)| matches!(a.parts[i], Part::Highest(_)));
        row.paired = match maximum {
            true => paired_around(b.mean - a.mean, &[], confidence),
            false => self.difference(i, &values, b.mean - a.mean, confidence),
        };
        let equal = row.equal as usize == values.len();
        if maximum {
            row.verdict = Verdict::NotJudged(Why::Maximum);
            return row;
        }
        if values.len() < 2 {
            row.verdict = Verdict::NotJudged(Why::OneReplication);
            return row;
        }
        let few = self.few(i, confidence).or_else(|| match equal {
            true => bounds(metric, &a, &b),
            false => None,
        });
        let read = matches!(metric.kind, Kind::Percentile(..));
        if equal && (self.identical || few.is_none() && !read) {
            row.verdict = Verdict::Same;
            return row;
        }
        if let Some(paired) = &mut row.paired {
            if let Some((low, high)) = few {
                (paired.low, paired.high) = (Some(low), Some(high));
            } else if read {
                let fine = (a.mean + b.mean) * RESOLUTION;
                paired.low = paired.low.map(|low| low - fine);
                paired.high = paired.high.map(|high| high + fine);
            }
            row.verdict = judged(paired);
        }
        row
    }

    /// Values of a metric where both sides of a replication have one.
    fn values(&self, i: usize) -> Vec<(f64, f64)> {
        let finite = |part: &Part| part.value().filter(|v| v.is_finite());
        let both = |(a, b): &(&Trial, &Trial)| Some((finite(&a.parts[i])?, finite(&b.parts[i])?));
        self.pairs.iter().filter_map(both).collect()
    }

    fn difference(
        &self,
        i: usize,
        values: &[(f64, f64)],
        pooled: f64,
        confidence: f64,
    ) -> Option<Paired> {
        let a: Option<Vec<_>> = self
            .pairs
            .iter()
            .map(|(a, _)| fraction(&a.parts[i]))
            .collect();
        let b: Option<Vec<_>> = self
            .pairs
            .iter()
            .map(|(_, b)| fraction(&b.parts[i]))
            .collect();
        match (a, b) {
            (Some(_), Some(_)) if self.averaged => paired_means(values, confidence),
            (Some(a), Some(b)) => paired_ratios(&a, &b, confidence),
            _ if self.whole => paired_around(pooled, values, confidence),
            _ => paired_means(values, confidence),
        }
    }

    /// The ends of the difference of two shares of which too few events were seen: at least what
    /// B has none of and A its bound, at most the other way round. As the truth is on one side of
    /// 0 only one of the two bounds can be wrong.
    fn few(&self, i: usize, confidence: f64) -> Option<(f64, f64)> {
        let mut sums = [(0_u64, 0_u64); 2];
        for (a, b) in &self.pairs {
            for (sum, part) in sums.iter_mut().zip([&a.parts[i], &b.parts[i]]) {
                let Part::Share { num, den } = part else {
                    return None;
                };
                *sum = (sum.0 + num, sum.1 + den);
            }
        }
        let bound = |(seen, of): (u64, u64)| upper_bound_few_seen(seen, of, confidence);
        if sums[0].0 + sums[1].0 < FEW_EVENTS {
            return Some((-bound(sums[0])?, bound(sums[1])?));
        }
        let missing = sums.map(|(seen, of)| (of - seen, of));
        let few = missing[0].0 + missing[1].0 < FEW_EVENTS;
        few.then(|| Some((-bound(missing[1])?, bound(missing[0])?)))?
    }
}

/// The ends of the difference of two shares of which none (or all) were seen, where their counts
/// are not known but their bounds are.
fn bounds(metric: &Metric, a: &Estimate, b: &Estimate) -> Option<(f64, f64)> {
    if metric.unit() != Unit::Share {
        return None;
    }
    let (up, down) = (
        |e: &Estimate| Some(e.high? - e.mean),
        |e: &Estimate| Some(e.mean - e.low?),
    );
    let ends = match a.mean {
        0.0 => (-up(a)?, up(b)?),
        1.0 => (-down(b)?, down(a)?),
        _ => return None,
    };
    (ends.0 < 0.0 && ends.1 > 0.0).then_some(ends)
}

/// A quotient's two sums.
fn fraction(part: &Part) -> Option<(f64, f64)> {
    match *part {
        Part::Quotient { num, den } => Some((num, den)),
        Part::Share { num, den } => Some((num as f64, den as f64)),
        Part::Read(_) | Part::Highest(_) => None,
    }
}

/// What the interval shows.
fn judged(paired: &Paired) -> Verdict {
    match (paired.low, paired.high) {
        (Some(low), Some(high)) if low > 0.0 && high > 0.0 => Verdict::Up,
        (Some(low), Some(high)) if low < 0.0 && high < 0.0 => Verdict::Down,
        (Some(low), Some(high)) => Verdict::Within(low.abs().max(high.abs())),
        _ => Verdict::NotJudged(Why::NoData),
    }
}

#[cfg(test)]
mod tests {
    use super::super::results::Method;
    use super::claim::Condition;
    use super::*;

    fn side(name: &str, parts: &[Part], pooled: f64, fingerprint: u64) -> Side {
        let trial = |part: &Part| {
            Ok(Trial {
                parts: vec![*part],
                fingerprint,
                demand: 7,
            })
        };
        Side {
            name: name.into(),
            estimates: vec![Some(Estimate {
                mean: pooled,
                low: None,
                high: None,
                n: 3,
                method: Method::Student,
                bound: None,
            })],
            averaged: false,
            trials: parts.iter().map(trial).collect(),
        }
    }

    fn row(metric: &str, a: (&[Part], f64), b: (&[Part], f64)) -> Row {
        let metrics = [Metric::parse(metric).unwrap()];
        let (a, b) = (side("a", a.0, a.1, 1), side("b", b.0, b.1, 2));
        compare(&metrics, &[0.95], &a, &b).rows.remove(0)
    }

    fn quotients(values: [f64; 3]) -> [Part; 3] {
        values.map(|num| Part::Quotient { num, den: 1.0 })
    }

    fn reads(values: [f64; 3]) -> [Part; 3] {
        values.map(|v| Part::Read(Some(v)))
    }

    fn shares(values: [u64; 3], den: u64) -> [Part; 3] {
        values.map(|num| Part::Share { num, den })
    }

    #[test]
    fn a_difference_beyond_doubt_is_better_or_worse() {
        let (a, b) = (quotients([10.0, 20.0, 30.0]), quotients([9.0, 18.9, 29.1]));
        let r = row("latency_mean", (&a, 20.0), (&b, 19.0));
        assert_eq!((r.verdict, r.lower, r.higher), (Verdict::Down, 3, 0));
        assert!((r.relative().unwrap() + 0.05).abs() < 1e-9);
        assert!(r.gain().unwrap() > 0.99);
        for (text, holds) in [
            ("latency_mean better", true),
            ("latency_mean worse", false),
            ("latency_mean lower", true),
            ("latency_mean higher", false),
            ("latency_mean differs", true),
        ] {
            assert_eq!(
                Condition::parse(text).unwrap().holds(&r),
                Some(holds),
                "{text}"
            );
        }
        let r = row("goodput", (&a, 20.0), (&b, 19.0));
        assert_eq!(
            Condition::parse("goodput worse").unwrap().holds(&r),
            Some(true)
        );
    }

    #[test]
    fn doubt_is_bounded() {
        // Differences 1, 0, 2: 1 ± 4.302652729749464 / sqrt(3).
        let (a, b) = (quotients([10.0, 12.0, 14.0]), quotients([11.0, 12.0, 16.0]));
        let r = row("latency_mean", (&a, 12.0), (&b, 13.0));
        let Verdict::Within(most) = r.verdict else {
            panic!("{r:?}");
        };
        assert!((most - 3.484_137_648).abs() < 1e-6, "{most}");
        assert_eq!((r.lower, r.higher, r.equal), (0, 2, 1));
        let differs = Condition::parse("latency_mean differs").unwrap();
        assert_eq!(differs.holds(&r), Some(false));
    }

    #[test]
    fn percentiles_are_no_finer_than_their_buckets() {
        let a = reads([0.512, 0.512, 0.512]);
        let r = row("latency_p99", (&a, 0.512), (&a, 0.512));
        assert_eq!(r.verdict, Verdict::Within(0.002));
        // Where both went through the same events they are the same.
        let metrics = [Metric::parse("latency_p99").unwrap()];
        let one = side("a", &a, 0.512, 1);
        assert_eq!(
            compare(&metrics, &[0.95], &one, &one).rows[0].verdict,
            Verdict::Same
        );
    }

    #[test]
    fn few_events_decide_nothing() {
        let none = shares([0, 0, 0], 1_000_000);
        let r = row("loss", (&none, 0.0), (&none, 0.0));
        let Verdict::Within(most) = r.verdict else {
            panic!("{r:?}");
        };
        assert!((most * 3e6 - 2.995_732_273).abs() < 1e-6);
        let some = shares([3, 3, 3], 1_000_000);
        let r = row("loss", (&none, 0.0), (&some, 3e-6));
        assert!(matches!(r.verdict, Verdict::Within(_)), "{r:?}");
        let more = shares([33, 31, 32], 1_000_000);
        let r = row("loss", (&none, 0.0), (&more, 32e-6));
        assert_eq!(r.verdict, Verdict::Up);
        // The same where nearly all of them are.
        let (all, nearly) = (shares([100; 3], 100), shares([99, 100, 100], 100));
        let r = row("delayed", (&all, 1.0), (&nearly, 299.0 / 300.0));
        let low = r.paired.unwrap().low.unwrap();
        assert!((low * 300.0 + 4.743_864_518).abs() < 1e-6, "{low}");
    }

    #[test]
    fn what_has_no_interval_is_not_judged() {
        let highest = [1.0, 2.0, 4.0].map(|v| Part::Highest(Some(v)));
        let r = row("queue_max", (&highest, 4.0), (&highest, 4.0));
        assert_eq!(r.verdict, Verdict::NotJudged(Why::Maximum));
        assert_eq!(r.paired.unwrap().difference, 0.0);
        let one = quotients([1.0, 2.0, 3.0]);
        let r = row("latency_mean", (&one[..1], 1.0), (&one[1..2], 2.0));
        assert_eq!(r.verdict, Verdict::NotJudged(Why::OneReplication));
        assert_eq!(
            Condition::parse("latency_mean worse").unwrap().holds(&r),
            None
        );
        let metrics = [Metric::parse("latency_p99").unwrap()];
        let mut a = side("a", &reads([1.0; 3]), 1.0, 1);
        a.estimates[0] = None;
        let r = compare(&metrics, &[0.95], &a, &a).rows.remove(0);
        assert_eq!(
            (r.verdict, r.paired),
            (Verdict::NotJudged(Why::NoData), None)
        );
    }

    #[test]
    fn failed_trials_leave_their_partner_out() {
        let metrics = [Metric::parse("latency_sd").unwrap()];
        let mut a = side("a", &reads([10.0, 20.0, 900.0]), 300.0, 1);
        let b = side("b", &reads([11.0, 21.1, 5.0]), 12.0, 2);
        a.trials[2] = Err("VX5002: stopped".into());
        let c = compare(&metrics, &[0.9], &a, &b);
        assert_eq!((c.pairs, c.failed), (2, 1));
        assert!((c.rows[0].paired.unwrap().difference - 1.05).abs() < 1e-9);
        assert_eq!(c.rows[0].verdict, Verdict::Up);
    }

    #[test]
    fn a_family_shares_what_it_may_err_by() {
        let metrics = ["loss", "latency_p99", "goodput"].map(|n| Metric::parse(n).unwrap());
        let levels = super::levels(&metrics, &metrics[..2], 0.95);
        assert!((levels[0] - 0.975).abs() < 1e-12 && levels[0] == levels[1]);
        assert_eq!(levels[2], 0.95);
        assert_eq!(super::levels(&metrics, &metrics[..1], 0.95), [0.95; 3]);
    }

    #[test]
    fn pairing_that_costs_is_noticed() {
        let (a, b) = (quotients([1.0, 3.0, 5.0]), quotients([5.0, 3.0, 1.0]));
        let metrics = [Metric::parse("latency_mean").unwrap()];
        let c = compare(
            &metrics,
            &[0.95],
            &side("a", &a, 3.0, 1),
            &side("b", &b, 3.0, 2),
        );
        assert_eq!(c.slipped().count(), 1);
        assert_eq!(c.same_demand, Some(true));
    }
}
