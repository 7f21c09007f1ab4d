//! What an experiment file means: points, replications, what is measured, what is asked.

use std::sync::Arc;

use super::objective::Objective;
use super::rare::Ask;
use super::stopping::Stopping;
use crate::model::incident::Rules;
use crate::model::metric::Metric;
use crate::model::spec::SystemSpec;
use crate::model::trial::{Horizon, Timing};

/// Replications of a point whose average tells the warm-up.
const MOST_PILOTS: u32 = 10;

/// A whole experiment, resolved and checked: points × replications.
#[derive(Clone, Debug)]
pub struct Design {
    /// Name from the file's name.
    pub name: String,
    /// One line that says what is asked.
    pub title: String,
    /// 0 to 2^64 - 1.
    pub seed: u64,
    /// How long a trial is and what of it is measured; its warm-up is 0 when that is to be found.
    pub timing: Timing,
    /// Where the warm-up comes from.
    pub warm_up: WarmUp,
    /// The measured time is the question itself, and not a sample of a steady state.
    pub terminating: bool,
    /// Trials a point, at least 1; with [`Design::stopping`] the most. Replication r of every
    /// point uses the same random streams.
    pub replications: u32,
    /// When a point has enough of them; `None`: when it has all.
    pub stopping: Option<Stopping>,
    /// Of every interval, 0 to 1.
    pub confidence: f64,
    /// Write a row an attempt, for one request in so many; `None`: none.
    pub attempts: Option<u64>,
    /// Variants, in file order.
    pub variants: Vec<Variant>,
    /// Axes of the sweep, first slowest.
    pub axes: Vec<Axis>,
    /// Points, in plan order: variant by variant, first axis slowest.
    pub points: Vec<Point>,
    /// Columns of the results: the standard ones, then those asked for.
    pub metrics: Vec<Metric>,
    /// What must be met.
    pub objective: Option<Objective>,
    /// What is looked for in every trial; the error budgets come from the objective.
    pub detectors: Rules,
    /// What is too rare to be counted.
    pub rare: Option<Ask>,
    /// Charts asked for; empty: those that fit.
    pub charts: Vec<ChartSpec>,
}

/// Where the warm-up comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WarmUp {
    /// [`Timing::warm_up`] says it.
    #[default]
    Stated,
    /// It is found from trials that begin empty.
    Auto,
}

/// A named version of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// `before`, `after`, `base`.
    pub name: String,
    /// The model's title.
    pub title: String,
}

/// One axis of a sweep; several paths move together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Dotted paths of the model file.
    pub paths: Vec<String>,
    /// Values as written, one text for each path, in order.
    pub values: Vec<Vec<String>>,
}

/// One variant with one value an axis.
#[derive(Clone, Debug)]
pub struct Point {
    /// Index into [`Design::variants`].
    pub variant: usize,
    /// Index of the value on each of [`Design::axes`]; empty for a variant that is not swept.
    pub at: Vec<usize>,
    /// The system.
    pub system: Arc<SystemSpec>,
}

impl Design {
    /// Values that tell this point from others of its variant: (path, value as written).
    pub fn settings(&self, point: usize) -> Vec<(&str, &str)> {
        let at = &self.points[point].at;
        let axes = self.axes.iter().zip(at);
        axes.flat_map(|(axis, &i)| axis.paths.iter().zip(&axis.values[i]))
            .map(|(path, value)| (path.as_str(), value.as_str()))
            .collect()
    }

    /// Place of a metric among [`Design::metrics`], that is in every list of values.
    pub fn metric(&self, metric: &Metric) -> Option<usize> {
        self.metrics.iter().position(|m| m == metric)
    }

    /// Trials in all; with [`Design::stopping`] the most.
    pub fn trial_count(&self) -> usize {
        self.points.len() * self.replications as usize
    }

    /// Trials that find the warm-up, of each point.
    pub fn pilots(&self) -> u32 {
        match self.warm_up {
            WarmUp::Stated => 0,
            WarmUp::Auto => self.first_round().min(MOST_PILOTS),
        }
    }

    /// Runs of the model in all, those that find the warm-up included: they have places behind the
    /// trials.
    pub fn run_count(&self) -> usize {
        self.trial_count() + self.points.len() * self.pilots() as usize
    }

    /// Replications before the first decision.
    pub fn first_round(&self) -> u32 {
        let min = self.stopping.as_ref().map(|s| s.min);
        min.unwrap_or(self.replications).min(self.replications)
    }

    /// The timing of the longest trial that may come of it.
    pub fn longest(&self) -> Timing {
        let mut timing = self.timing;
        if let (WarmUp::Auto, Horizon::For(horizon)) = (self.warm_up, timing.horizon) {
            timing.warm_up = horizon;
        }
        timing
    }
}

/// A chart that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum ChartSpec {
    /// Metrics against cost (or another metric), with the frontier.
    Tradeoff {
        /// Across.
        x: Metric,
        /// Up, one chart each.
        y: Vec<Metric>,
    },
    /// Metrics along an axis of the sweep.
    Line {
        /// Index into [`Design::axes`].
        x: usize,
        /// One line each.
        y: Vec<Metric>,
    },
    /// A metric over two axes.
    Heatmap {
        /// Index of the axis across.
        x: usize,
        /// Index of the axis up.
        y: usize,
        /// What the colour means.
        metric: Metric,
    },
    /// Series over time, one chart a variant.
    Timeline {
        /// Names of series; empty: the usual ones.
        series: Vec<String>,
    },
    /// The distribution of a delay, one curve a variant.
    Distribution {
        /// `latency`, `wait` or `response`.
        delay: crate::model::metric::Delay,
    },
}
