//! What the results owe to each input: which points are run for it, and what they say.
//!
//! Three questions, each a [`Design`] of its own whose points differ in inputs alone, so that
//! replication r of all of them meets the same streams: each input moved by a share ([`Tornado`]),
//! walks over the ranges of uncertain inputs ([`Screen`]), their shares of the variance
//! ([`Variance`]). Does not know how an input is written or set.

use super::design::Design;
use super::results::{Results, TrialStatus};
use crate::engine::rng::{Bits, Key, Stream};
use crate::model::spec::SourceSpec;
use crate::model::trial::Horizon;
use crate::stats::interval::{Interval, mean_interval};
use crate::stats::sensitivity as stats;
pub use crate::stats::sensitivity::{Indices, Pairs, Screening, Walk};

/// A quantity of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its dotted path.
    pub path: String,
    /// Its value, as written.
    pub value: String,
    /// Whether somebody decides it (how many workers, which timeout); else it is a fact that can
    /// be measured (how much work, how often a node fails).
    pub choice: bool,
}

/// A quantity that is not moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its dotted path.
    pub path: String,
    /// Its value, as written.
    pub value: String,
    /// Why, in a few words.
    pub reason: String,
}

/// An input moved to one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where to, as written.
    pub value: String,
    /// Index of its point in the design.
    pub point: usize,
}

/// An input moved to both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which.
    pub input: Input,
    /// Made smaller; `None`: the model does not allow that.
    pub down: Option<Move>,
    /// Made larger.
    pub up: Option<Move>,
}

/// Each input moved by the same share, the others as they are.
#[derive(Clone, Debug)]
pub struct Tornado {
    /// Point 0 is the system as it is.
    pub design: Design,
    /// The share, above 0 and below 1.
    pub by: f64,
    /// One an input.
    pub rows: Vec<Moved>,
    /// What is not moved.
    pub left_out: Vec<LeftOut>,
}

/// What one move does to one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Moved less unmoved: the mean over replications, with Student's interval of the paired
    /// differences.
    pub difference: Interval,
    /// Whether the moved system still has a steady state.
    pub stable: bool,
}

/// What both moves of an input do to one metric.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effect {
    /// Of the smaller value; `None` without data.
    pub down: Option<Change>,
    /// Of the larger value.
    pub up: Option<Change>,
}

impl Effect {
    /// Both sides that have data.
    pub fn sides(&self) -> impl Iterator<Item = Change> + use<> {
        self.down.into_iter().chain(self.up)
    }

    /// The larger of both differences, without its sign; 0 without data.
    pub fn size(&self) -> f64 {
        let sizes = self.sides().map(|c| c.difference.estimate.abs());
        sizes.fold(0.0, f64::max)
    }

    /// The largest difference that is told from none; 0 without one.
    fn told(&self) -> f64 {
        let told = self.sides().filter(|c| apart_from_0(&c.difference));
        told.map(|c| c.difference.estimate.abs())
            .fold(0.0, f64::max)
    }

    /// Whether some difference is told from none: its interval does not hold 0.
    pub fn shown(&self) -> bool {
        self.sides().any(|c| apart_from_0(&c.difference))
    }
}

/// Whether an interval is there and does not hold 0.
pub fn apart_from_0(interval: &Interval) -> bool {
    let (Some(low), Some(high)) = (interval.low, interval.high) else {
        return false;
    };
    low > 0.0 || high < 0.0
}

impl Tornado {
    /// What each input (rows) does to each metric of the design (columns).
    pub fn effects(&self, results: &Results) -> Vec<Vec<Effect>> {
        let change = |side: &Option<Move>, metric| self.change(results, side.as_ref()?, metric);
        let row = |moved: &Moved| {
            let one = |metric| Effect {
                down: change(&moved.down, metric),
                up: change(&moved.up, metric),
            };
            (0..self.design.metrics.len()).map(one).collect()
        };
        self.rows.iter().map(row).collect()
    }

    /// Trials of both are paired by their replication; where either has no value they are left out.
    fn change(&self, results: &Results, side: &Move, metric: usize) -> Option<Change> {
        let per_point = self.design.replications as usize;
        let of = |point: usize, r: usize| {
            let trial = results.trials.get(point * per_point + r)?;
            let done = trial.status == TrialStatus::Done;
            done.then(|| trial.values.get(metric).copied().flatten())?
        };
        let pairs = (0..per_point).filter_map(|r| Some(of(side.point, r)? - of(0, r)?));
        let pairs: Vec<f64> = pairs.collect();
        Some(Change {
            difference: exact(mean_interval(&pairs, self.design.confidence)?, &pairs),
            stable: results.points.get(side.point)?.stable,
        })
    }

    /// Rows by the size of their effect on a metric, largest first: by what is told from none, then
    /// by what is not; equal ones as the model has them.
    pub fn order(effects: &[Vec<Effect>], metric: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..effects.len()).collect();
        let size = |row: usize| {
            let effect = &effects[row][metric];
            (effect.told(), effect.size())
        };
        order.sort_by(|&a, &b| {
            let ((x, y), (v, w)) = (size(a), size(b));
            v.total_cmp(&x).then(w.total_cmp(&y)).then(a.cmp(&b))
        });
        order
    }
}

/// Differences that are all the same, to the last bit, have no spread: rounding must not make one.
fn exact(mut interval: Interval, values: &[f64]) -> Interval {
    if let [first, rest @ ..] = values
        && !rest.is_empty()
        && rest.iter().all(|v| v.to_bits() == first.to_bits())
    {
        interval.estimate = *first;
        (interval.low, interval.high) = (Some(*first), Some(*first));
    }
    interval
}

/// An input with the range that it is thought to lie in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncertain {
    /// Which; its value is that of the model.
    pub input: Input,
    /// Lower end, as written.
    pub low: String,
    /// Upper end.
    pub high: String,
}

/// Walks over the ranges of all uncertain inputs.
#[derive(Clone, Debug)]
pub struct Screen {
    /// The points of the first walk, then of the next.
    pub design: Design,
    /// The inputs.
    pub inputs: Vec<Uncertain>,
    /// The walks.
    pub walks: Vec<Walk>,
    /// Where each point really is, 0 to 1 within its range: counts are rounded.
    pub at: Vec<Vec<Vec<f64>>>,
}

/// Walks for this many inputs, from a stream of their own under the seed.
pub fn walks(seed: u64, inputs: usize, count: usize) -> Vec<Walk> {
    let mut stream = Stream::new(&Key::new(seed, 0, 0), "sensitivity/morris");
    stats::walks(inputs, count, &mut || stream.unit())
}

impl Screen {
    /// What the walks say of each input (rows) and each metric (columns); `None` without data.
    pub fn screenings(&self, results: &Results) -> Vec<Vec<Option<Screening>>> {
        let metrics = self.design.metrics.len();
        let mut rows = vec![Vec::with_capacity(metrics); self.inputs.len()];
        for metric in 0..metrics {
            let values = pooled(results, metric);
            let of_walks: Vec<Vec<Option<f64>>> = values
                .chunks(self.inputs.len() + 1)
                .map(<[Option<f64>]>::to_vec)
                .collect();
            let effects = stats::effects(self.inputs.len(), &self.walks, &self.at, &of_walks);
            for (row, effects) in rows.iter_mut().zip(effects) {
                row.push(stats::screening(&effects, self.design.confidence));
            }
        }
        rows
    }
}

/// A metric's pooled value at each point.
fn pooled(results: &Results, metric: usize) -> Vec<Option<f64>> {
    let points = results.points.iter();
    points
        .map(|p| p.estimates.get(metric).copied().flatten().map(|e| e.mean))
        .collect()
}

/// Samples of the ranges of all uncertain inputs.
#[derive(Clone, Debug)]
pub struct Variance {
    /// The points of the first sample, of the second, then of the first with one input after the
    /// other from the second.
    pub design: Design,
    /// The inputs.
    pub inputs: Vec<Uncertain>,
}

/// Two samples for this many inputs, from a stream of their own under the seed; `rows` is rounded
/// up to what they are made of.
pub fn pairs(seed: u64, inputs: usize, rows: usize) -> Pairs {
    let mut stream = Stream::new(&Key::new(seed, 0, 0), "sensitivity/sobol");
    let rows = rows.max(1).next_multiple_of(stats::BLOCKS);
    stats::pairs(inputs, rows, &mut || stream.unit())
}

/// Every place of two samples, in the order of [`Variance::design`].
pub fn places(pairs: &Pairs, inputs: usize) -> Vec<Vec<f64>> {
    let mixed = |input| (0..pairs.a.len()).map(move |row| pairs.mixed(row, input));
    let both = pairs.a.iter().chain(&pairs.b).cloned();
    both.chain((0..inputs).flat_map(mixed)).collect()
}

impl Variance {
    /// The indices of each input (rows) for each metric (columns); `None` where the metric does not
    /// vary, or has no value at some point.
    pub fn indices(&self, results: &Results) -> Vec<Vec<Option<Indices>>> {
        let rows = results.points.len() / (self.inputs.len() + 2);
        let confidence = self.design.confidence;
        let one = |input: usize, metric: usize| {
            let values: Option<Vec<f64>> = pooled(results, metric).into_iter().collect();
            let values = values?;
            let sample = |number: usize| values.get(number * rows..(number + 1) * rows);
            stats::indices(sample(0)?, sample(1)?, sample(input + 2)?, confidence)
        };
        let metrics = 0..self.design.metrics.len();
        (0..self.inputs.len())
            .map(|input| metrics.clone().map(|metric| one(input, metric)).collect())
            .collect()
    }
}

/// About how many requests a design simulates, without retries and drains.
pub fn expected_requests(design: &Design) -> f64 {
    let timing = &design.timing;
    let of_point = |point: &super::design::Point| -> f64 {
        let system = &point.system;
        let last = system.sources.iter().filter_map(SourceSpec::last_row).max();
        let end = match timing.horizon {
            Horizon::For(length) => timing.warm_up.saturating_add(length),
            Horizon::Trace => last.unwrap_or(0),
        };
        let of_source = |source: &SourceSpec| {
            let stop = source.stop.map_or(end, |stop| stop.min(end));
            system.expected_attempts(source, stop.saturating_sub(source.start) as f64)
        };
        system.sources.iter().map(of_source).sum()
    };
    let all: f64 = design.points.iter().map(of_point).sum();
    all * f64::from(design.replications)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::design::Point;
    use crate::experiment::fixture;
    use crate::experiment::results::{PointResult, TrialResult};
    use crate::experiment::run::{Options, run_with};

    fn input(path: &str) -> Input {
        Input {
            path: path.into(),
            value: "1".into(),
            choice: true,
        }
    }

    /// Results with these values of the first metric, a row a point.
    fn results(design: &Design, values: &[&[Option<f64>]]) -> Results {
        let made = run_with(design, Options { threads: 1 }, &(), fixture::simulate).unwrap();
        let mut trials: Vec<TrialResult> = made.trials;
        let points: Vec<PointResult> = made.points;
        let all = values.iter().copied().flatten();
        for (trial, value) in trials.iter_mut().zip(all) {
            trial.values[0] = *value;
        }
        Results {
            trials,
            points,
            warm_up: None,
        }
    }

    fn design(points: usize, replications: u32) -> Design {
        let mut design = fixture::design();
        let system = design.points[1].system.clone();
        design.points = vec![
            Point {
                variant: 1,
                at: Vec::new(),
                system,
            };
            points
        ];
        design.axes.clear();
        design.objective = None;
        design.replications = replications;
        design
    }

    fn moved(path: &str, down: Option<usize>, up: Option<usize>) -> Moved {
        let side = |point: usize| Move {
            value: "2".into(),
            point,
        };
        Moved {
            input: input(path),
            down: down.map(side),
            up: up.map(side),
        }
    }

    #[test]
    fn moves_are_paired_with_the_base_by_replication() {
        let tornado = Tornado {
            design: design(4, 3),
            by: 0.1,
            rows: vec![moved("a", Some(1), Some(2)), moved("b", None, Some(3))],
            left_out: Vec::new(),
        };
        let some = |x: [f64; 3]| x.map(Some);
        let base = some([10.0, 20.0, 30.0]);
        let results = results(
            &tornado.design,
            &[
                &base,
                &some([9.0, 18.0, 27.0]),
                &some([14.0, 24.0, 34.0]),
                &[Some(11.0), None, Some(21.0)],
            ],
        );
        let effects = tornado.effects(&results);
        // Differences -1, -2, -3: s = 1, t(0.975, 2) = 4.30265.
        let down = effects[0][0].down.unwrap().difference;
        assert_eq!((down.estimate, down.n), (-2.0, 3));
        let half = 4.302_652_729_749_464 / 3.0_f64.sqrt();
        assert!((down.half_width().unwrap() - half).abs() < 1e-9);
        // The same difference in each replication is exact.
        let up = effects[0][0].up.unwrap().difference;
        assert_eq!((up.estimate, up.low, up.high), (4.0, Some(4.0), Some(4.0)));
        assert!(effects[0][0].shown() && effects[0][0].size() == 4.0);
        // 1 and -9: by the two replications that both have.
        let lone = effects[1][0];
        assert_eq!(lone.down, None);
        assert_eq!(lone.up.unwrap().difference.n, 2);
        assert!(!lone.shown() && lone.size() == 4.0);
        assert_eq!(Tornado::order(&effects, 0), [0, 1]);
    }

    #[test]
    fn without_data_there_is_no_effect() {
        let tornado = Tornado {
            design: design(2, 2),
            by: 0.1,
            rows: vec![moved("a", Some(1), None)],
            left_out: Vec::new(),
        };
        let none = [None, None];
        let results = results(&tornado.design, &[&none, &none]);
        let effect = tornado.effects(&results)[0][0];
        assert_eq!(effect, Effect::default());
        assert!(!effect.shown() && effect.size() == 0.0);
    }

    #[test]
    fn plans_come_from_the_seed_alone() {
        assert_eq!(walks(3, 4, 10), walks(3, 4, 10));
        assert_ne!(walks(3, 4, 10), walks(4, 4, 10));
        let sample = pairs(3, 2, 9);
        assert_eq!(sample, pairs(3, 2, 9));
        assert_eq!(sample.a.len(), 16, "rounded up to whole blocks");
        let places = places(&sample, 2);
        assert_eq!(places.len(), 4 * 16);
        assert_eq!(places[16], sample.b[0]);
        assert_eq!(places[2 * 16], [sample.b[0][0], sample.a[0][1]]);
        assert_eq!(places[3 * 16 + 5], [sample.a[5][0], sample.b[5][1]]);
    }

    #[test]
    fn requests_are_predicted() {
        // 40,000/s for 5 s and 60 s, two points of three replications.
        assert_eq!(expected_requests(&design(2, 3)), 40_000.0 * 65.0 * 6.0);
    }
}
