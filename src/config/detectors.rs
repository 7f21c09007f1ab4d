//! `[detectors]` and `[[incident]]`: what is looked for in every trial.

use crate::base::codes::Code;
use crate::experiment::design::Design;
use crate::experiment::objective::Op;
use crate::model::incident::{DETECTORS, Own, Reading, Row, Rule, Rules, Threshold, Window};
use crate::model::metric::{Metric, Scope};
use crate::model::spec::SystemSpec;

use super::decode::{Cx, Fields, join};
use super::diagnostic::Diagnostic;
use super::files::Span;
use super::keys::{DETECTOR, DETECTORS as BLOCK, INCIDENT};
use super::tree::{Node, Value};

/// Most conditions of one's own.
const MOST_OWN: usize = 100;

/// A list of workers with the place where each is named.
type Workers = Vec<(Metric, Span)>;

/// What is looked for, with what has to be checked against each system.
pub struct Detection {
    /// The rules, but for the workers they are for.
    pub rules: Rules,
    /// Workers that `overflow_first` is for.
    workers: Workers,
    /// Where each condition stands.
    own: Vec<Span>,
}

impl Cx {
    /// `[detectors]` and `[[incident]]`.
    pub fn detection(&mut self, fields: &Fields<'_>) -> Detection {
        let mut found = Detection {
            rules: Rules::standard(),
            workers: Vec::new(),
            own: Vec::new(),
        };
        match fields.get("detectors") {
            Some(node) if node.is_none() => found.rules.built_in.clear(),
            Some(node) => self.detectors(node, &mut found),
            None => {}
        }
        if let Some(node) = fields.get("incident").filter(|n| !n.is_none()) {
            self.conditions(node, &mut found);
        }
        found
    }

    fn detectors(&mut self, node: &Node, found: &mut Detection) {
        let Some(fields) = self.fields(node, "detectors", &BLOCK) else {
            return;
        };
        let mut rules = Vec::new();
        for row in &DETECTORS {
            let path = join("detectors", row.name);
            match fields.get(row.name) {
                Some(node) if node.is_none() => {}
                Some(Node {
                    value: Value::Boolean(on),
                    ..
                }) => rules.extend(on.then(|| Rule::of(row))),
                Some(node) => rules.extend(self.detector(node, &path, row, &mut found.workers)),
                None => rules.push(Rule::of(row)),
            }
        }
        found.rules.built_in = rules;
    }

    fn detector(
        &mut self,
        node: &Node,
        path: &str,
        row: &Row,
        workers: &mut Workers,
    ) -> Option<Rule> {
        let fields = self.fields(node, path, &DETECTOR)?;
        let mut rule = Rule::of(row);
        let threshold = row.threshold.map(|(key, ..)| key);
        let count = row.count.map(|(key, _)| key);
        let window = row.window.map(|_| "window");
        let pattern = (row.name == "overflow_first").then_some("workers");
        let known: Vec<&str> = [threshold, count, window, pattern]
            .into_iter()
            .flatten()
            .collect();
        for entry in &fields.table.entries {
            let key = entry.key.as_str();
            let below = join(path, key);
            if !known.contains(&key) {
                if DETECTOR.key(key).is_some() {
                    let has = match known.is_empty() {
                        true => "it has no parameters: write true or false".to_owned(),
                        false => format!("it has: {}", known.join(", ")),
                    };
                    let message = format!("`{below}`: `{}` has no `{key}`", row.name);
                    self.disagree(entry.key_span, &below, &message, &has);
                }
                continue;
            }
            match key {
                "window" => {
                    let time = self.time(&entry.node, &below)?;
                    if time == 0 {
                        self.out_of_range(&entry.node, &below, "above 0");
                    }
                    rule.window = Window::Of(time);
                }
                "workers" => {
                    for (text, node) in self.texts(&entry.node, &below)? {
                        let metric = self.metric(&format!("utilisation@{text}"), node.span, &below);
                        let single = |m: &Metric| matches!(m.scope, Scope::Worker(..));
                        if metric.as_ref().is_some_and(|m| !single(m)) {
                            self.out_of_range(node, &below, "single workers, such as events[14]");
                        }
                        workers.extend(metric.map(|metric| (metric, node.span)));
                    }
                }
                _ if Some(key) == count => {
                    rule.count = self.count(&entry.node, &below, 1, 1_000_000_000)?;
                }
                _ => {
                    let value = self.number(&entry.node, &below)?;
                    let share = row.threshold.map(|t| t.2) == Some(Threshold::Share);
                    if value <= 0.0 || share && value >= 1.0 {
                        let range = match share {
                            true => "a share above 0 and below 1, such as 0.05",
                            false => "a number above 0",
                        };
                        self.out_of_range(&entry.node, &below, range);
                    }
                    rule.threshold = value;
                }
            }
        }
        Some(rule)
    }

    fn conditions(&mut self, node: &Node, found: &mut Detection) {
        let Some(list) = self.list(node, "incident", "[[incident]] tables") else {
            return;
        };
        if list.len() > MOST_OWN {
            self.out_of_range(node, "incident", "100 tables or fewer");
            return;
        }
        for (i, node) in list.iter().enumerate() {
            let path = format!("incident[{}]", i + 1);
            let Some(fields) = self.fields(node, &path, &INCIDENT) else {
                continue;
            };
            let Some(when) = fields.get("when") else {
                self.missing(&fields, "when", &INCIDENT);
                continue;
            };
            let path = join(&path, "when");
            let Some(text) = self.text(when, &path) else {
                continue;
            };
            if let Some(own) = self.condition(&text, when.span, &path) {
                found.rules.own.push(own);
                found.own.push(when.span);
            }
        }
    }

    /// `METRIC OP VALUE for TIME`.
    fn condition(&mut self, text: &str, span: Span, path: &str) -> Option<Own> {
        let help = "write METRIC OP VALUE for TIME, such as \"loss > 0.01 for 2s\"";
        let Some((bounds, time)) = text.rsplit_once(" for ") else {
            let message = format!("`{path}` does not say for how long");
            let d = Diagnostic::error(Code::BAD_OBJECTIVE, message);
            self.push(d.at(span, "no `for TIME`").help(help).path(path));
            return None;
        };
        let constraint = self.constraint(bounds, span, path, help)?;
        let window = match crate::base::units::parse_time(time.trim()) {
            Ok(window) if window > 0 => window,
            other => {
                let why = other.map_or_else(|e| e.help, |_| "above 0".into());
                let message = format!("`{path}`: {} is no time", crate::base::units::shown(time));
                let d = Diagnostic::error(Code::BAD_OBJECTIVE, message);
                self.push(d.at(span, why).help(help).path(path));
                return None;
            }
        };
        Some(Own {
            text: text.to_owned(),
            metric: constraint.metric,
            above: matches!(constraint.op, Op::Above | Op::AtLeast),
            bound: constraint.bound,
            window,
        })
    }

    /// Checks what is looked for against the systems: each worker and each condition must be of
    /// one of them. Points of others do without.
    pub fn detection_applies(&mut self, found: Detection, design: &mut Design) {
        let mut rules = found.rules;
        let mut systems: Vec<&std::sync::Arc<SystemSpec>> = Vec::new();
        for point in &design.points {
            if systems
                .last()
                .is_none_or(|last| !std::sync::Arc::ptr_eq(last, &point.system))
            {
                systems.push(&point.system);
            }
        }
        let named = found.workers.iter().map(|(m, s)| (m, s, "detectors"));
        let own = rules.own.iter().zip(&found.own);
        for (metric, span, path) in named.chain(own.map(|(o, s)| (&o.metric, s, "incident"))) {
            let mut why = None;
            let fits = systems.iter().any(|system| {
                let known = metric.check(system).map_err(|e| (e.message, e.help));
                let watched = Reading::of(metric, system).map_err(|why| (why, None));
                let found = known.and(watched.map(|_| ()));
                let fits = found.is_ok();
                why = found.err().or(why.take());
                fits
            });
            if let Some((why, help)) = why.filter(|_| !fits) {
                let mut d = Diagnostic::error(Code::UNKNOWN_METRIC, format!("`{path}`: {why}"));
                d.help = help;
                self.push(d.at(*span, "").path(path));
            }
        }
        if let Some(rule) = rules.built_in.first_mut() {
            for (metric, _) in found.workers {
                if let Scope::Worker(name, number) = metric.scope {
                    rule.workers.push((name, number));
                }
            }
        }
        design.detectors = rules;
    }
}
