//! Which points of a design are worth a line, and in which order.

use super::super::csv_table::visible;
use super::super::results_csv::unquoted;
use crate::experiment::design::Design;
use crate::experiment::objective::Verdict;
use crate::experiment::results::{Estimate, PointResult, Results};
use crate::model::metric::Metric;
use crate::model::spec::SystemSpec;

/// Lines for the points of one swept variant.
const FEW: usize = 5;

/// A design with its results, and the questions that a summary asks of them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What was asked.
    pub design: &'a Design,
    /// What came out.
    pub results: &'a Results,
}

impl<'a> View<'a> {
    /// The estimate of a metric at a point.
    pub fn estimate(&self, point: usize, metric: &Metric) -> Option<&'a Estimate> {
        let place = self.design.metric(metric)?;
        self.results.points[point].estimates.get(place)?.as_ref()
    }

    /// Its value; none where there is only a lower bound.
    pub fn value(&self, point: usize, metric: &Metric) -> Option<f64> {
        self.estimate(point, metric)?.value()
    }

    /// The same by the metric's name.
    pub fn named(&self, point: usize, metric: &str) -> Option<&'a Estimate> {
        self.estimate(point, &Metric::parse(metric).ok()?)
    }

    /// A point's results.
    pub fn point(&self, point: usize) -> &'a PointResult {
        &self.results.points[point]
    }

    /// Whether anything has a price at some point.
    pub fn priced(&self) -> bool {
        let mut points = self.design.points.iter();
        points.any(|p| p.system.cost_per_hour() > 0.0)
    }

    /// The currency of a point's prices.
    pub fn currency(&self, point: usize) -> &'a str {
        &self.design.points[point].system.prices.currency
    }

    /// `after 44 x 4 x 4GiB`.
    pub fn label(&self, point: usize) -> String {
        label(self.design, point)
    }

    /// Points of a variant, best first: those that meet the objective, then those that miss the
    /// fewest lines; among equals by what is minimised. Plan order without an objective.
    pub fn ranked(&self, variant: usize) -> Vec<usize> {
        let mut points: Vec<usize> = (0..self.design.points.len())
            .filter(|&p| self.design.points[p].variant == variant)
            .collect();
        points.sort_by(|&a, &b| {
            let key = |p| {
                (
                    self.lines(p, Verdict::Missed),
                    self.lines(p, Verdict::NotShown),
                )
            };
            let value = |p| self.minimised(p).unwrap_or(f64::INFINITY);
            key(a).cmp(&key(b)).then(value(a).total_cmp(&value(b)))
        });
        points
    }

    fn lines(&self, point: usize, verdict: Verdict) -> usize {
        let verdicts = self.point(point).verdicts.as_deref().unwrap_or(&[]);
        verdicts.iter().filter(|v| **v == verdict).count()
    }

    /// The value that the objective minimises.
    pub fn minimised(&self, point: usize) -> Option<f64> {
        let objective = self.design.objective.as_ref()?;
        self.point(point).verdicts.as_ref()?;
        self.value(point, &objective.minimise)
    }

    /// The best point of all that meet the objective.
    pub fn best(&self) -> Option<usize> {
        let objective = self.design.objective.as_ref()?;
        let firsts = objective
            .variants
            .iter()
            .filter_map(|&v| self.ranked(v).first().copied());
        let meeting = firsts.filter(|&p| self.point(p).meets() == Some(true));
        meeting.min_by(|&a, &b| {
            let value = |p| self.minimised(p).unwrap_or(f64::INFINITY);
            value(a).total_cmp(&value(b)).then(a.cmp(&b))
        })
    }

    /// What a point is held against: the one of its variant with the hardware of a variant that
    /// is not swept (what there is today), else that variant itself, else the dearest.
    pub fn reference(&self, point: usize) -> Option<usize> {
        let points = &self.design.points;
        let today = (0..points.len()).find(|&p| points[p].at.is_empty() && p != point);
        let ranked = self.ranked(points[point].variant);
        if let Some(today) = today {
            let same = |p: &usize| hardware(&points[*p].system) == hardware(&points[today].system);
            return ranked.into_iter().find(same).or(Some(today));
        }
        let priced = ranked.into_iter().filter(|&p| self.minimised(p).is_some());
        priced.max_by(|&a, &b| {
            let value = |p| self.minimised(p).unwrap_or(0.0);
            value(a).total_cmp(&value(b)).then(b.cmp(&a))
        })
    }

    /// Points that get a line: every variant, of a swept one the best few and what they
    /// are held against.
    pub fn shown(&self) -> Vec<usize> {
        let mut shown = Vec::new();
        for variant in 0..self.design.variants.len() {
            let ranked = self.ranked(variant);
            let mut few: Vec<usize> = ranked.iter().take(FEW).copied().collect();
            let reference = ranked.first().and_then(|&p| self.reference(p));
            let own = |p: &usize| ranked.contains(p) && !few.contains(p);
            few.extend(reference.filter(own));
            shown.extend(few);
        }
        shown
    }

    /// One point for each variant: the one that speaks for it.
    pub fn speakers(&self) -> Vec<usize> {
        let variants = 0..self.design.variants.len();
        variants
            .filter_map(|v| self.ranked(v).first().copied())
            .collect()
    }
}

/// `after 44 x 4 x 4GiB`, before there are results.
pub fn label(design: &Design, point: usize) -> String {
    let variant = &design.variants[design.points[point].variant];
    let settings = design.settings(point);
    let values: Vec<_> = settings.iter().map(|(_, v)| unquoted(v)).collect();
    let label = format!("{} {}", variant.name, values.join(" x "));
    visible(label.trim_end()).into_owned()
}

/// What a system is made of: count, cores and RAM of each group of workers.
fn hardware(system: &SystemSpec) -> Vec<(u32, u32, Option<u64>)> {
    let groups = system.services.iter().flat_map(|s| &s.groups);
    groups.map(|g| (g.count, g.cores, g.ram)).collect()
}
