//! `[rare]`: which metrics splitting estimates, for which variants, how precisely.

use std::sync::Arc;

use crate::base::codes::Code;
use crate::experiment::design::Design;
use crate::experiment::rare::{
    Ask, MAX_REQUESTS, PRECISION, REQUESTS_RANGE, refuses_metric, refuses_system,
};
use crate::model::spec::SystemSpec;

use super::decode::Cx;
use super::diagnostic::Diagnostic;
use super::keys::RARE;
use super::objective::Named;
use super::tree::{Node, Value};

/// Finest precision that may be asked for.
const FINEST: f64 = 0.001;

impl Cx {
    /// `[rare]`, and the places of its metrics.
    pub fn rare(&mut self, node: &Node, variants: &[String]) -> Option<(Ask, Vec<Named>)> {
        let fields = self.fields(node, "rare", &RARE)?;
        let for_variants = match fields.get("for") {
            Some(node) => {
                let names = self.texts(node, "rare.for")?;
                let names: Vec<_> = names.into_iter().map(|(t, n)| (t, n.span)).collect();
                self.variant_indices(&names, variants, "rare.for")
            }
            None => (0..variants.len()).collect(),
        };
        let mut named = Vec::new();
        match fields.get("metrics") {
            Some(node) => {
                named = self.metrics(node, "rare.metrics");
                if matches!(&node.value, Value::Array(list) if list.is_empty()) {
                    self.out_of_range(node, "rare.metrics", "one metric or more");
                }
            }
            None => self.missing(&fields, "metrics", &RARE),
        }
        let precision = match fields.get("precision") {
            Some(node) => {
                let value = self.number(node, "rare.precision")?;
                if !(FINEST..=1.0).contains(&value) {
                    let range = "a share from 0.001 to 1, such as 0.1";
                    self.out_of_range(node, "rare.precision", range);
                }
                value
            }
            None => PRECISION,
        };
        let (least, most) = REQUESTS_RANGE;
        let max_requests = match fields.get("max_requests") {
            Some(node) => self.count(node, "rare.max_requests", least, most)?,
            None => MAX_REQUESTS,
        };
        let mut metrics = Vec::new();
        for (metric, _) in &named {
            if !metrics.contains(metric) {
                metrics.push(metric.clone());
            }
        }
        let ask = Ask {
            metrics,
            precision,
            max_requests,
            variants: for_variants,
        };
        Some((ask, named))
    }

    /// Whether splitting applies to what it is asked for.
    pub fn rare_applies(&mut self, node: &Node, design: &Design, named: &[Named]) {
        let Some(ask) = &design.rare else { return };
        let refuse = |message: String, span| {
            Diagnostic::error(Code::NOT_RARE, message)
                .at(span, "")
                .path("rare")
        };
        let mut last: Option<&Arc<SystemSpec>> = None;
        let mut said: Vec<String> = Vec::new();
        for point in &design.points {
            let other = last.is_none_or(|last| !Arc::ptr_eq(last, &point.system));
            last = Some(&point.system);
            if !other || !ask.variants.contains(&point.variant) {
                continue;
            }
            let variant = design.variants.get(point.variant);
            if let Some(why) = refuses_system(&point.system, &design.timing)
                && !said.contains(&why)
            {
                let name = variant.map_or("", |v| v.name.as_str());
                let help = "leave these variants out: `for` in [rare] names those it is for";
                let message = format!("`rare` cannot be for variant `{name}`: {why}");
                self.push(refuse(message, node.span).help(help));
                said.push(why);
            }
            for (metric, span) in named {
                if let Some(why) = refuses_metric(metric, &point.system)
                    && !said.contains(&why)
                {
                    let help =
                        "`loss`, `refused` and those of one code can be estimated by splitting";
                    self.push(refuse(format!("`rare.metrics`: {why}"), *span).help(help));
                    said.push(why);
                }
            }
        }
    }
}
