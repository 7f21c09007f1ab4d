//! When a point has enough replications: at a relative precision of some metrics.
//!
//! A point is looked at after its first replications and after every [`BATCH`] more, never in
//! between, and by its own trials only; so how many it gets is a function of the design, whatever
//! the threads. Knows nothing of how trials are run.

use crate::model::metric::Metric;
use crate::stats::sequential::{self, Streak};

use super::results::Estimate;

/// Replications between two looks.
pub const BATCH: u32 = 5;

/// When replications are enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Stopping {
    /// Replications before the first look.
    pub min: u32,
    /// Bound of the error relative to the truth, above 0 and below 1.
    pub precision: f64,
    /// What is to be so precise, at least one; all at once (Bonferroni).
    pub metrics: Vec<Metric>,
}

/// How a point's replications came to their end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stopped {
    /// What is not as precise as asked; empty: all is.
    pub missed: Vec<Missed>,
}

/// A metric that is not as precise as asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// Which.
    pub metric: Metric,
    /// Half the width of its interval relative to its value; `None` where it has none.
    pub half: Option<f64>,
    /// The half-width that was wanted.
    pub wanted: f64,
}

impl Stopping {
    /// The confidence of each metric's interval when all are to hold with this one.
    pub fn each(&self, confidence: f64) -> f64 {
        sequential::each_of(self.metrics.len(), confidence)
    }

    /// Which metrics are not precise enough, given their estimates in order.
    pub fn missed(&self, estimates: &[Option<Estimate>]) -> Vec<Missed> {
        let wanted = sequential::allowed(self.precision);
        let missed = self.metrics.iter().zip(estimates).filter_map(|(m, e)| {
            let half = e
                .filter(|e| e.bound.is_none())
                .and_then(|e| sequential::relative_half_width(e.mean, e.low, e.high));
            let enough = half.is_some_and(|half| half <= wanted);
            (!enough).then(|| Missed {
                metric: m.clone(),
                half,
                wanted,
            })
        });
        missed.collect()
    }
}

/// How far one point is.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// Trials that it was given.
    pub given: u32,
    streak: Streak,
    /// Set when it has enough.
    pub stopped: Option<Stopped>,
}

impl Course {
    /// With its first replications.
    pub(super) fn new(first: u32) -> Course {
        Course {
            given: first,
            streak: Streak::default(),
            stopped: None,
        }
    }

    /// What to do about it now that what it was given has ended: it stops, or gets more.
    pub(super) fn look(&mut self, missed: Vec<Missed>, any_done: bool, most: u32) {
        let precise = self.streak.look(missed.is_empty());
        // Where every trial failed, so would the next.
        if precise || self.given >= most || !any_done {
            self.stopped = Some(Stopped { missed });
        } else {
            self.given = (self.given + BATCH).min(most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::results::{Bound, Method};

    fn estimate(mean: f64, half: f64) -> Option<Estimate> {
        Some(Estimate {
            mean,
            low: Some(mean - half),
            high: Some(mean + half),
            n: 10,
            method: Method::Jackknife,
            bound: None,
        })
    }

    fn stopping() -> Stopping {
        Stopping {
            min: 10,
            precision: 0.1,
            metrics: ["latency_mean", "latency_p99"]
                .map(|m| Metric::parse(m).unwrap())
                .to_vec(),
        }
    }

    #[test]
    fn every_metric_must_be_precise() {
        let stopping = stopping();
        // 10 % of the truth is 1/11 of the estimate.
        let fine = estimate(11.0, 0.999);
        assert!(stopping.missed(&[fine, fine]).is_empty());
        let missed = stopping.missed(&[fine, estimate(11.0, 1.01)]);
        assert_eq!(missed.len(), 1);
        assert_eq!(missed[0].metric.to_string(), "latency_p99");
        let mut bound = fine;
        bound.as_mut().unwrap().bound = Some(Bound::AtLeast);
        assert_eq!(stopping.missed(&[bound, None]).len(), 2);
        assert!((stopping.each(0.95) - 0.975).abs() < 1e-12);
    }

    #[test]
    fn a_point_stops_when_it_was_precise_twice_or_has_all() {
        let miss = || stopping().missed(&[None, None]);
        let mut course = Course::new(10);
        for (missed, given) in [
            (miss(), 15),
            (Vec::new(), 20),
            (miss(), 25),
            (Vec::new(), 30),
        ] {
            course.look(missed, true, 100);
            assert_eq!((course.given, course.stopped.is_some()), (given, false));
        }
        course.look(Vec::new(), true, 100);
        assert_eq!(
            (course.given, course.stopped),
            (30, Some(Stopped::default()))
        );
        let mut capped = Course::new(10);
        capped.look(miss(), true, 12);
        assert_eq!((capped.given, capped.stopped.is_some()), (12, false));
        capped.look(miss(), true, 12);
        assert_eq!(capped.stopped.unwrap().missed.len(), 2);
        let mut broken = Course::new(10);
        broken.look(miss(), false, 100);
        assert!(broken.stopped.is_some());
    }
}
