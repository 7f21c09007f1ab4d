//! What `veltrix sensitivity` found: in words, as JSON and CSV, as charts.

mod charts;
mod csv;
mod json;
mod text;

use super::charts::Pictures;
use super::outputs::Output;
use crate::experiment::design::Design;
use crate::experiment::results::Results;
use crate::experiment::sensitivity::{
    Effect, Indices, Input, Screen, Screening, Tornado, Variance, apart_from_0,
};
use crate::model::metric::Metric;

/// The name of the findings for programs.
pub const JSON: &str = "sensitivity.json";

/// The name of the findings as a table.
pub const CSV: &str = "sensitivity.csv";

/// Everything that was found.
pub struct Findings<'a> {
    /// The variant as it is: one point, and the metrics.
    pub base: &'a Design,
    /// Whether the file has axes that are left out.
    pub swept: bool,
    /// Inputs moved one at a time.
    pub tornado: Option<Moves<'a>>,
    /// Walks over the uncertain inputs.
    pub screen: Option<Walks<'a>>,
    /// Shares of the variance.
    pub variance: Option<Shares<'a>>,
}

/// A tornado with what came out.
pub struct Moves<'a> {
    /// What was moved.
    pub plan: &'a Tornado,
    /// What came out.
    pub results: &'a Results,
    /// Rows of inputs, columns of metrics.
    pub effects: Vec<Vec<Effect>>,
}

/// Walks with what came out.
pub struct Walks<'a> {
    /// What was gone through.
    pub plan: &'a Screen,
    /// Rows of inputs, columns of metrics.
    pub effects: Vec<Vec<Option<Screening>>>,
}

/// A sample with what came out.
pub struct Shares<'a> {
    /// What was sampled.
    pub plan: &'a Variance,
    /// Rows of inputs, columns of metrics.
    pub indices: Vec<Vec<Option<Indices>>>,
}

impl<'a> Moves<'a> {
    /// From the results of a plan.
    pub fn new(plan: &'a Tornado, results: &'a Results) -> Moves<'a> {
        Moves {
            plan,
            results,
            effects: plan.effects(results),
        }
    }
}

impl<'a> Walks<'a> {
    /// From the results of a plan.
    pub fn new(plan: &'a Screen, results: &Results) -> Walks<'a> {
        Walks {
            plan,
            effects: plan.screenings(results),
        }
    }

    /// Inputs by mu* of a metric, largest first; those without data last.
    pub(super) fn order(&self, metric: usize) -> Vec<usize> {
        let size = |row: usize| self.effects[row][metric].map_or(-1.0, |s| s.mu_star.estimate);
        by_size(self.effects.len(), size)
    }
}

impl<'a> Shares<'a> {
    /// From the results of a plan.
    pub fn new(plan: &'a Variance, results: &Results) -> Shares<'a> {
        Shares {
            plan,
            indices: plan.indices(results),
        }
    }

    /// Inputs by their total index for a metric, largest first; those without data last.
    pub(super) fn order(&self, metric: usize) -> Vec<usize> {
        let size = |row: usize| self.indices[row][metric].map_or(-1.0, |i| i.total.estimate);
        by_size(self.indices.len(), size)
    }
}

fn by_size(rows: usize, size: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|&a, &b| size(b).total_cmp(&size(a)).then(a.cmp(&b)));
    order
}

impl Findings<'_> {
    fn variant(&self) -> &str {
        &self.base.variants[0].name
    }

    fn metrics(&self) -> &[Metric] {
        &self.base.metrics
    }

    fn currency(&self) -> &str {
        &self.base.points[0].system.prices.currency
    }

    /// The fact that it pays most to measure, by a metric: the one that moves it most, told from
    /// none. Ranges that somebody stated go before a share that is the same for all.
    fn measure_first(&self, metric: usize) -> Option<&Input> {
        if let Some(walks) = &self.screen {
            let told = |row: &usize| {
                let effect = walks.effects[*row][metric];
                let sure = effect.is_some_and(|s| apart_from_0(&s.mu_star));
                sure && !walks.plan.inputs[*row].input.choice
            };
            let row = walks.order(metric).into_iter().find(told)?;
            return Some(&walks.plan.inputs[row].input);
        }
        if let Some(shares) = self.variance.as_ref().filter(|_| self.tornado.is_none()) {
            let told = |row: &usize| {
                let index = shares.indices[*row][metric];
                let sure = index.is_some_and(|i| apart_from_0(&i.total));
                sure && !shares.plan.inputs[*row].input.choice
            };
            let row = shares.order(metric).into_iter().find(told)?;
            return Some(&shares.plan.inputs[row].input);
        }
        self.largest(metric, false)
    }

    /// The choice that moves a metric most.
    fn strongest_lever(&self, metric: usize) -> Option<&Input> {
        self.largest(metric, true)
    }

    fn largest(&self, metric: usize, choice: bool) -> Option<&Input> {
        let moves = self.tornado.as_ref()?;
        let told = |row: &usize| {
            moves.plan.rows[*row].input.choice == choice && moves.effects[*row][metric].shown()
        };
        let order = Tornado::order(&moves.effects, metric);
        let row = order.into_iter().find(told)?;
        Some(&moves.plan.rows[row].input)
    }

    /// What a person reads.
    pub fn print(&self) -> String {
        text::print(self)
    }

    /// The bytes of [`JSON`].
    pub fn json(&self) -> Vec<u8> {
        json::bytes(self)
    }

    /// The files of the output directory, but for the manifest and `host.json`.
    pub fn files(&self, resolved: &str, pictures: Pictures) -> Vec<Output> {
        let mut files: Vec<Output> = vec![
            ("resolved.toml".into(), resolved.as_bytes().to_vec()),
            (JSON.into(), self.json()),
            (CSV.into(), csv::bytes(self)),
            (super::outputs::SUMMARY.into(), self.print().into_bytes()),
        ];
        let charts = charts::draw(self, pictures).into_iter();
        files.extend(charts.map(|(name, bytes)| (format!("charts/{name}"), bytes)));
        files
    }
}
