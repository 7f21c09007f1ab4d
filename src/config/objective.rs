//! `[objective]` and `[[chart]]`: metrics, bounds with their units, axes.

use crate::base::codes::Code;
use crate::base::units::{parse_bytes, parse_money, parse_rate, parse_time, shown};
use crate::experiment::design::ChartSpec;
use crate::experiment::objective::{Constraint, INDIFFERENCE, Objective, Op};
use crate::model::metric::{Delay, Metric, Unit};
use crate::model::series::NAMES;

use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::files::Span;
use super::keys::{CHART, OBJECTIVE};
use super::sweep::Sweep;
use super::tree::{Node, Value};

/// How a line of an objective is written.
const FORM: &str = "write METRIC OP VALUE, such as \"latency_p99 < 50ms\"";

/// A metric with the place where it was named.
pub type Named = (Metric, Span);

impl Cx {
    /// A metric by its name.
    pub fn metric(&mut self, text: &str, span: Span, path: &str) -> Option<Metric> {
        match Metric::parse(text) {
            Ok(metric) => Some(metric),
            Err(e) => {
                let mut d = Diagnostic::error(Code::UNKNOWN_METRIC, format!("`{path}`: {e}"))
                    .at(span, "")
                    .path(path);
                d.help = e.help;
                self.push(d);
                None
            }
        }
    }

    /// One metric or a list of them.
    pub fn metrics(&mut self, node: &Node, path: &str) -> Vec<Named> {
        if let Some(text) = node.text() {
            let metric = self.metric(text, node.span, path);
            return metric.map(|m| (m, node.span)).into_iter().collect();
        }
        let names = self.texts(node, path).unwrap_or_default();
        let mut metrics = Vec::new();
        for (name, node) in names {
            let metric = self.metric(&name, node.span, path);
            metrics.extend(metric.map(|m| (m, node.span)));
        }
        metrics
    }

    /// Indices of variants by their names.
    pub fn variant_indices(
        &mut self,
        wanted: &[(String, Span)],
        variants: &[String],
        path: &str,
    ) -> Vec<usize> {
        let known: Vec<&str> = variants.iter().map(String::as_str).collect();
        let mut found = Vec::new();
        for (name, span) in wanted {
            match variants.iter().position(|v| v == name) {
                Some(index) if found.contains(&index) => {}
                Some(index) => found.push(index),
                None => self.unknown_name(*span, path, name, &known),
            }
        }
        found
    }

    /// `[objective]` and the places of its metrics; `confidence` is the experiment's.
    pub fn objective(
        &mut self,
        node: &Node,
        variants: &[String],
        confidence: f64,
        named: &mut Vec<Named>,
    ) -> Option<Objective> {
        let fields = self.fields(node, "objective", &OBJECTIVE)?;
        let for_variants = match fields.get("for") {
            Some(node) => {
                let names = self.texts(node, "objective.for")?;
                let names: Vec<_> = names.into_iter().map(|(t, n)| (t, n.span)).collect();
                self.variant_indices(&names, variants, "objective.for")
            }
            None => (0..variants.len()).collect(),
        };
        let minimise = match fields.get("minimise") {
            Some(node) => {
                let text = self.text(node, "objective.minimise")?;
                let metric = self.metric(&text, node.span, "objective.minimise");
                named.extend(metric.clone().map(|m| (m, node.span)));
                metric
            }
            None => Metric::parse("cost_per_hour").ok(),
        };
        let mut subject_to = Vec::new();
        match fields.get("subject_to") {
            Some(node) => {
                for (text, node) in self.texts(node, "objective.subject_to").unwrap_or_default() {
                    if let Some(constraint) =
                        self.constraint(&text, node.span, "objective.subject_to", FORM)
                    {
                        named.push((constraint.metric.clone(), node.span));
                        subject_to.push(constraint);
                    }
                }
            }
            None => self.missing(&fields, "subject_to", &OBJECTIVE),
        }
        let own = fields
            .get("confidence")
            .and_then(|n| self.confidence(n, "objective.confidence"));
        let indifference = match fields.get("indifference") {
            Some(node) => self.indifference(node),
            None => Some(INDIFFERENCE),
        };
        Some(Objective {
            variants: for_variants,
            minimise: minimise?,
            subject_to,
            confidence: own.unwrap_or(confidence),
            indifference: indifference?,
        })
    }

    /// An indifference, above 0 and below 1.
    fn indifference(&mut self, node: &Node) -> Option<f64> {
        let path = "objective.indifference";
        let value = self.number(node, path)?;
        if value > 0.0 && value < 1.0 {
            return Some(value);
        }
        self.out_of_range(node, path, "a share above 0 and below 1, such as 0.05");
        None
    }

    /// A confidence, above 0 and below 1.
    pub fn confidence(&mut self, node: &Node, path: &str) -> Option<f64> {
        let value = self.number(node, path)?;
        if value > 0.0 && value < 1.0 {
            return Some(value);
        }
        self.out_of_range(node, path, "a share above 0 and below 1, such as 0.95");
        None
    }

    /// `METRIC OP VALUE`.
    pub(super) fn constraint(
        &mut self,
        text: &str,
        span: Span,
        path: &str,
        form: &str,
    ) -> Option<Constraint> {
        let malformed = |message: String, label: &str| {
            Diagnostic::error(Code::BAD_OBJECTIVE, message)
                .at(span, label)
                .help(form)
                .path(path)
        };
        let ops = [Op::AtMost, Op::AtLeast, Op::Below, Op::Above];
        let found = ops
            .iter()
            .find_map(|op| Some((*op, text.split_once(op.symbol())?)));
        let Some((op, (name, bound))) = found else {
            let message = format!("{} has no comparison", shown(text));
            self.push(malformed(message, "one of <, <=, >, >="));
            return None;
        };
        let (name, bound) = (name.trim(), bound.trim());
        let metric = self.metric(name, span, path)?;
        match bound_of(bound, metric.unit()) {
            Ok(bound) => Some(Constraint {
                text: text.to_owned(),
                metric,
                op,
                bound,
            }),
            Err(help) => {
                let message = format!("{} is no bound for `{name}`", shown(bound));
                self.push(malformed(message, &help));
                None
            }
        }
    }

    /// Every `[[chart]]`.
    pub fn charts(&mut self, node: &Node, sweep: &Sweep, named: &mut Vec<Named>) -> Vec<ChartSpec> {
        let Some(list) = self.list(node, "chart", "[[chart]] tables") else {
            return Vec::new();
        };
        list.iter()
            .enumerate()
            .filter_map(|(i, n)| self.chart(n, &format!("chart[{}]", i + 1), sweep, named))
            .collect()
    }

    fn chart(
        &mut self,
        node: &Node,
        path: &str,
        sweep: &Sweep,
        named: &mut Vec<Named>,
    ) -> Option<ChartSpec> {
        let fields = self.fields(node, path, &CHART)?;
        let Some(kind) = fields.get("kind") else {
            self.missing(&fields, "kind", &CHART);
            return None;
        };
        let kinds = &["tradeoff", "line", "heatmap", "timeline", "distribution"];
        let kind = self.choice(kind, &fields.path("kind"), kinds, &[])?;
        self.chart_keys(&fields, kind);
        match kind {
            "tradeoff" => {
                let x = self.chart_metrics(&fields, "x", named).into_iter().next();
                let y = self.chart_metrics(&fields, "y", named);
                Some(ChartSpec::Tradeoff { x: x?, y })
            }
            "line" => {
                let x = self.axis(&fields, "x", sweep);
                let y = self.chart_metrics(&fields, "y", named);
                Some(ChartSpec::Line { x: x?, y })
            }
            "heatmap" => {
                let (x, y) = (
                    self.axis(&fields, "x", sweep),
                    self.axis(&fields, "y", sweep),
                );
                let metric = self
                    .chart_metrics(&fields, "metric", named)
                    .into_iter()
                    .next();
                Some(ChartSpec::Heatmap {
                    x: x?,
                    y: y?,
                    metric: metric?,
                })
            }
            "timeline" => self.timeline(&fields),
            _ => {
                let node = fields.get("metric")?;
                let words = &["latency", "wait", "response"];
                let delay = match self.choice(node, &fields.path("metric"), words, &[])? {
                    "latency" => Delay::Latency,
                    "wait" => Delay::Wait,
                    _ => Delay::Response,
                };
                Some(ChartSpec::Distribution { delay })
            }
        }
    }

    /// Reports keys that a kind of chart needs or does not have.
    fn chart_keys(&mut self, fields: &Fields<'_>, kind: &str) {
        let needs: &[&str] = match kind {
            "tradeoff" | "line" => &["x", "y"],
            "heatmap" => &["x", "y", "metric"],
            "distribution" => &["metric"],
            _ => &[],
        };
        let allowed: Vec<&str> = match kind {
            "timeline" => vec!["series"],
            _ => needs.to_vec(),
        };
        self.only(
            fields,
            &format!("a chart of kind `{kind}`"),
            "kind",
            &allowed,
        );
        for key in needs {
            if fields.get(key).is_none() {
                self.missing(fields, key, &CHART);
            }
        }
    }

    fn chart_metrics(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        named: &mut Vec<Named>,
    ) -> Vec<Metric> {
        let Some(node) = fields.get(key) else {
            return Vec::new();
        };
        let found = self.metrics(node, &fields.path(key));
        named.extend(found.iter().cloned());
        found.into_iter().map(|f| f.0).collect()
    }

    fn timeline(&mut self, fields: &Fields<'_>) -> Option<ChartSpec> {
        let mut series = Vec::new();
        if let Some(node) = fields.get("series") {
            let path = fields.path("series");
            for (name, node) in self.texts(node, &path)? {
                if NAMES.contains(&name.as_str()) {
                    series.push(name);
                } else {
                    self.unknown_name(node.span, &path, &name, &NAMES);
                }
            }
        }
        Some(ChartSpec::Timeline { series })
    }

    fn axis(&mut self, fields: &Fields<'_>, key: &str, sweep: &Sweep) -> Option<usize> {
        let node = fields.get(key)?;
        let path = fields.path(key);
        let text = self.text(node, &path)?;
        let has = |a: &super::sweep::SweepAxis| a.lanes.iter().any(|l| l.path == text);
        let found = sweep.axes.iter().position(has);
        if found.is_none() {
            let lanes = sweep.axes.iter().flat_map(|a| &a.lanes);
            let known: Vec<&str> = lanes.map(|l| l.path.as_str()).collect();
            self.unknown_name(node.span, &path, &text, &known);
        }
        found
    }

    /// `attempts`: one request in so many.
    pub fn attempts(&mut self, node: &Node) -> Option<u64> {
        match &node.value {
            Value::Boolean(on) => on.then_some(1),
            Value::Table(table) => {
                let known = table.entries.iter().all(|e| e.key == "every");
                match table.get("every").filter(|_| known) {
                    Some(every) => self.count(every, "attempts.every", 1, 1 << 40),
                    None => {
                        self.wrong_type(node, "attempts", "true, false or { every = 100 }");
                        None
                    }
                }
            }
            _ => {
                self.wrong_type(node, "attempts", "true, false or { every = 100 }");
                None
            }
        }
    }
}

/// A bound in the unit of its metric.
fn bound_of(text: &str, unit: Unit) -> Result<f64, String> {
    let number = || -> Result<f64, String> {
        let value: Result<f64, _> = text.parse();
        value
            .ok()
            .filter(|v| v.is_finite())
            .ok_or_else(|| "a finite number is wanted".into())
    };
    let seconds = |ns: u64| ns as f64 / 1e9;
    match unit {
        Unit::Seconds => parse_time(text).map(seconds).map_err(|e| e.help),
        Unit::PerSecond => parse_rate(text).map_err(|e| e.help),
        Unit::Bytes => parse_bytes(text).map(|b| b as f64).map_err(|e| e.help),
        Unit::Share | Unit::Count => match number() {
            Err(_) if text.ends_with('%') => Err("a share is a plain number: 1 % is 0.01".into()),
            other => other,
        },
        Unit::Money => number().or_else(|_| parse_money(text).map_err(|e| e.help)),
    }
}
