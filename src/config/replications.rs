//! How many trials, and what of them is measured: the keys of an experiment that exclude each
//! other. What they mean together is checked here.

use crate::base::codes::Code;
use crate::experiment::design::{Design, WarmUp};
use crate::experiment::stopping::Stopping;
use crate::model::metric::{Context, Metric, Part};
use crate::model::tally::{Tally, Wanted};
use crate::model::trial::Horizon;

use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::keys::REPLICATIONS;
use super::objective::Named;
use super::tree::Node;

/// Most replications of a point.
pub const MAX_REPLICATIONS: u32 = 1_000_000;

/// Replications before the first look, and the most, where the table does not say.
const USUAL: (u32, u32) = (10, 100);

impl Cx {
    /// `replications = { min, max, precision, metric }`: the most, and when fewer are enough.
    pub fn stopping(&mut self, node: &Node, named: &mut Vec<Named>) -> Option<(u32, Stopping)> {
        let fields = self.fields(node, "replications", &REPLICATIONS)?;
        let mut bound = |key: &str, usual: u32| match fields.get(key) {
            Some(node) => self.count32(node, &fields.path(key), 2, MAX_REPLICATIONS),
            None => Some(usual),
        };
        let (min, max) = (bound("min", USUAL.0), bound("max", USUAL.1));
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            let message = format!("`replications.min` ({min}) is more than `max` ({max})");
            let written = fields.get("max").or(fields.get("min")).unwrap_or(node);
            let help = format!("without it `min` is {} and `max` {}", USUAL.0, USUAL.1);
            self.disagree(written.span, "replications", &message, &help);
        }
        let precision = match fields.get("precision") {
            Some(node) => self.precision(node, &fields.path("precision")),
            None => {
                self.missing(&fields, "precision", &REPLICATIONS);
                None
            }
        };
        let mut metrics = Vec::new();
        match fields.get("metric") {
            Some(node) => {
                let found = self.metrics(node, &fields.path("metric"));
                let asked = node.array().map_or(1, |list| list.len());
                if asked == 0 {
                    self.out_of_range(node, &fields.path("metric"), "at least one metric");
                }
                metrics.extend(found.iter().map(|(m, _)| m.clone()));
                named.extend(found);
            }
            None => self.missing(&fields, "metric", &REPLICATIONS),
        }
        let stopping = Stopping {
            min: min?,
            precision: precision?,
            metrics,
        };
        Some((max?, stopping))
    }

    /// A relative precision, above 0 and below 1.
    fn precision(&mut self, node: &Node, path: &str) -> Option<f64> {
        let value = self.number(node, path)?;
        if value > 0.0 && value < 1.0 {
            return Some(value);
        }
        self.out_of_range(node, path, "a share above 0 and below 1, such as 0.05");
        None
    }

    /// Reports metrics to stop at that never have an interval.
    pub fn intervals(&mut self, root: &Node, design: &Design) {
        let (Some(stopping), Some(point)) = (&design.stopping, design.points.first()) else {
            return;
        };
        let Some(node) = root.table().and_then(|t| t.get("replications")) else {
            return;
        };
        let wanted = Wanted::for_metrics(&point.system, &stopping.metrics);
        let context = Context::new(&point.system, &wanted);
        let parts = context.parts(&stopping.metrics, &Tally::default());
        let none = |(metric, part): (&Metric, Part)| {
            matches!(part, Part::Highest(_)).then(|| metric.to_string())
        };
        let without: Vec<String> = stopping
            .metrics
            .iter()
            .zip(parts)
            .filter_map(none)
            .collect();
        for name in without {
            let message = format!("`{name}` is a maximum and never has an interval");
            let help = "name a mean, a share, a rate or a percentile";
            self.disagree(node.span, "replications.metric", &message, help);
        }
    }

    /// `terminating`, and what it excludes.
    pub fn terminating(&mut self, fields: &Fields<'_>) -> bool {
        let Some(node) = fields.get("terminating") else {
            return false;
        };
        let terminating = self.boolean(node, "terminating").unwrap_or(false);
        if terminating
            && let Some(warm_up) = fields.get("warm_up")
            && (is_auto(warm_up) || self.time(warm_up, "warm_up").is_some_and(|t| t > 0))
        {
            let message = "`terminating` and `warm_up` exclude each other: the run is measured \
                           from its stated start";
            let d = Diagnostic::error(Code::KEYS_DISAGREE, message)
                .at(warm_up.span, "nothing is left out")
                .at(node.span, "the measured time is the question")
                .help("take one of them away")
                .path("warm_up");
            self.push(d);
        }
        terminating
    }

    /// Where the warm-up comes from.
    pub fn warm_up(&mut self, fields: &Fields<'_>, horizon: Option<Horizon>) -> WarmUp {
        let Some(node) = fields.get("warm_up").filter(|n| is_auto(n)) else {
            return WarmUp::Stated;
        };
        if horizon == Some(Horizon::Trace) {
            let message = "`warm_up = \"auto\"` needs a `horizon` that is a time";
            let help = "give `warm_up` or `horizon` a time: a trace is measured from its start";
            self.disagree(node.span, "warm_up", message, help);
        }
        WarmUp::Auto
    }
}

/// Whether the warm-up is to be found.
pub fn is_auto(node: &Node) -> bool {
    node.text() == Some("auto")
}
