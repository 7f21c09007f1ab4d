//! An experiment file: from its tree to a [`Design`], every point decoded and checked.

use std::path::Path;

use crate::base::codes::Code;
use crate::base::units::{LONGEST, SECOND, parse_time, shown};
use crate::experiment::design::Design;
use crate::model::incident::Rules;
use crate::model::trial::{Horizon, Timing};

use super::decode::{Cx, Fields, join};
use super::detectors::Detection;
use super::diagnostic::{Class, Diagnostic};
use super::files::Span;
use super::keys::EXPERIMENT;
use super::limits;
use super::objective::Named;
use super::patch::Patch;
use super::points::Draft;
use super::replications::{MAX_REPLICATIONS, is_auto};
use super::resolved::Resolved;
use super::sweep::Sweep;
use super::tree::{self, Node};
use super::{Overrides, stem};

/// An experiment before its points are made.
pub struct Asked {
    /// What is known of it so far.
    pub design: Design,
    /// Its variants.
    pub drafts: Vec<Draft>,
    /// Its axes.
    pub sweep: Sweep,
    /// What the command line sets.
    pub arguments: Vec<Patch>,
    /// Metrics it names.
    pub named: Vec<Named>,
    /// `[rare]`, and its metrics.
    pub rare: Option<(Node, Vec<Named>)>,
    /// What is looked for.
    pub detection: Detection,
}

impl Cx {
    /// Reads and checks an experiment's tree. What it gives back may only be used when no error
    /// was reported.
    pub fn experiment(
        &mut self,
        root: &Node,
        path: &Path,
        overrides: &Overrides,
    ) -> Option<(Design, String)> {
        let Asked {
            mut design,
            drafts,
            sweep,
            arguments,
            named,
            rare,
            detection,
        } = self.asked(root, path, overrides)?;
        self.listed(&sweep);
        let counts = drafts
            .iter()
            .map(|d| if d.swept { sweep.size() } else { 1 });
        let points: u128 = counts.sum();
        if !limits::points(self, root.span, points, design.replications) || drafts.is_empty() {
            return None;
        }
        let mut resolved = Resolved::new(points);
        resolved.experiment(root, overrides);
        self.points(&mut design, &drafts, &sweep, &arguments, &mut resolved);
        self.columns(&mut design, named);
        self.detection_applies(detection, &mut design);
        self.intervals(root, &design);
        if let Some((node, metrics)) = &rare {
            self.rare_applies(node, &design, metrics);
        }
        limits::design(self, root, &design);
        Some((design, resolved.text))
    }

    /// Refuses axes that are to be searched where every point is to be run.
    fn listed(&mut self, sweep: &Sweep) {
        for lane in sweep.axes.iter().flat_map(|a| &a.lanes) {
            if let Some(span) = lane.searched {
                let message = format!("only `veltrix find` searches the axis `{}`", lane.path);
                let d = Diagnostic::error(Code::KEYS_DISAGREE, message)
                    .at(span, "`run` runs every point of a sweep")
                    .help("use `veltrix find`, or write a list or { from, to, steps }")
                    .path(format!("sweep.{}", lane.path));
                self.push(d);
            }
        }
    }

    /// Reads everything of an experiment but its points.
    pub fn asked(&mut self, root: &Node, path: &Path, overrides: &Overrides) -> Option<Asked> {
        let fields = self.fields(root, "", &EXPERIMENT)?;
        let mut named = Vec::new();
        let mut design = self.settings(&fields, overrides, &mut named);
        design.name = stem(path);
        let arguments: Vec<Patch> = overrides
            .set
            .iter()
            .filter_map(|a| self.argument(a))
            .collect();
        let sweep = match fields.get("sweep").filter(|n| !n.is_none()) {
            Some(node) => self.sweep(node),
            None => Sweep::default(),
        };
        let drafts = self.variants(&fields, path, &sweep);
        let names: Vec<String> = drafts.iter().map(|d| d.name.clone()).collect();
        if let Some(only) = &sweep.only {
            self.variant_indices(only, &names, "sweep.for");
        }
        if let Some(node) = fields.get("objective").filter(|n| !n.is_none()) {
            let usual = design.confidence;
            design.objective = self.objective(node, &names, usual, &mut named);
        }
        if let Some(node) = fields.get("uncertain").filter(|n| !n.is_none()) {
            let ranges = self.uncertain(node);
            let judged = design.objective.as_ref().and_then(|o| o.variants.first());
            if let Some(draft) = drafts.get(judged.copied().unwrap_or(0)) {
                self.uncertain_fits(&ranges, draft, &arguments);
            }
        }
        let rare = fields.get("rare").filter(|n| !n.is_none());
        let asked = rare.and_then(|node| self.rare(node, &names));
        if let Some((ask, metrics)) = &asked {
            design.rare = Some(ask.clone());
            named.extend(metrics.iter().cloned());
        }
        if let Some(node) = fields.get("chart").filter(|n| !n.is_none()) {
            design.charts = self.charts(node, &sweep, &mut named);
        }
        design.axes = sweep
            .axes
            .iter()
            .map(super::sweep::SweepAxis::to_axis)
            .collect();
        self.overridden(&sweep, &arguments);
        Some(Asked {
            design,
            drafts,
            sweep,
            arguments,
            named,
            rare: rare.cloned().zip(asked.map(|(_, metrics)| metrics)),
            detection: self.detection(&fields),
        })
    }

    /// The plain keys of an experiment.
    pub(super) fn settings(
        &mut self,
        fields: &Fields<'_>,
        overrides: &Overrides,
        named: &mut Vec<Named>,
    ) -> Design {
        let title = fields.get("title").and_then(|n| self.text(n, "title"));
        let seed = match (&overrides.seed, fields.get("seed")) {
            (Some(text), _) => self.seed_argument(text),
            (None, Some(node)) => self.seed(node),
            (None, None) => Some(1),
        };
        let timing = self.timing(fields, overrides);
        let mut stopping = None;
        let replications = match (&overrides.replications, fields.get("replications")) {
            (Some(text), _) => self.replications_argument(text),
            (None, Some(node)) if node.table().is_some() => {
                let (most, when) = self.stopping(node, named).unzip();
                stopping = when;
                most
            }
            (None, Some(node)) => self.count32(node, "replications", 1, MAX_REPLICATIONS),
            (None, None) => Some(10),
        };
        let confidence = fields
            .get("confidence")
            .and_then(|n| self.confidence(n, "confidence"));
        if let Some(node) = fields.get("metrics") {
            named.extend(self.metrics(node, "metrics"));
        }
        let attempts = fields
            .get("attempts")
            .filter(|n| !n.is_none())
            .and_then(|n| self.attempts(n));
        Design {
            name: String::new(),
            title: title.unwrap_or_default(),
            seed: seed.unwrap_or(1),
            warm_up: self.warm_up(fields, Some(timing.horizon)),
            terminating: self.terminating(fields),
            timing,
            replications: replications.unwrap_or(1),
            stopping,
            confidence: confidence.unwrap_or(0.95),
            attempts,
            variants: Vec::new(),
            axes: Vec::new(),
            points: Vec::new(),
            metrics: Vec::new(),
            objective: None,
            detectors: Rules::standard(),
            rare: None,
            charts: Vec::new(),
        }
    }

    fn timing(&mut self, fields: &Fields<'_>, overrides: &Overrides) -> Timing {
        let horizon = match (&overrides.horizon, fields.get("horizon")) {
            (Some(text), _) => self.horizon_argument(text),
            (None, Some(node)) if node.text() == Some("trace") => Some(Horizon::Trace),
            (None, Some(node)) => self.time(node, "horizon").map(Horizon::For),
            (None, None) => {
                self.missing(fields, "horizon", &EXPERIMENT);
                None
            }
        };
        let warm_up = match fields.get("warm_up") {
            Some(node) if is_auto(node) => 0,
            Some(node) => self.time(node, "warm_up").unwrap_or(0),
            None => 0,
        };
        let drain = fields.get("drain").and_then(|n| self.time(n, "drain"));
        let window = match fields.get("window") {
            Some(node) => self.time(node, "window").unwrap_or(SECOND),
            None => SECOND,
        };
        if let (Some(Horizon::For(length)), Some(node)) = (horizon, fields.get("warm_up"))
            && warm_up > length
        {
            let other = fields.get("horizon").map_or(node.span, |n| n.span);
            let message = format!(
                "`warm_up` ({}) is longer than `horizon` ({})",
                node.to_words(),
                crate::base::units::print_time(length)
            );
            let d = Diagnostic::error(Code::LONG_WARM_UP, message)
                .at(node.span, "most of the run would not be measured")
                .at(other, "measured time")
                .help("make `horizon` longer or `warm_up` shorter")
                .path("warm_up");
            self.push(d);
        }
        if let (0, Some(node)) = (window, fields.get("window")) {
            self.out_of_range(node, "window", "above 0");
        }
        let length = match horizon {
            Some(Horizon::For(length)) => length,
            _ => LONGEST / 8,
        };
        Timing {
            warm_up,
            horizon: horizon.unwrap_or(Horizon::For(0)),
            drain: drain.unwrap_or(length),
            window: window.max(1),
        }
    }

    fn seed(&mut self, node: &Node) -> Option<u64> {
        if let Some(text) = node.text() {
            let seed = parse_seed(text);
            if seed.is_none() {
                self.out_of_range(node, "seed", SEED_RANGE);
            }
            return seed;
        }
        if let tree::Value::Integer(value, _) = node.value {
            let seed = value
                .and_then(|v| i64::try_from(v).ok())
                .and_then(|v| u64::try_from(v).ok());
            if seed.is_none() {
                self.out_of_range(node, "seed", SEED_RANGE);
            }
            return seed;
        }
        self.wrong_type(node, "seed", "a whole number, or text such as \"0x9f3a\"");
        None
    }

    /// Places for what was said on the command line.
    fn flag(&mut self, name: &str, text: &str, message: String) {
        let file = self.files.add(name, text.to_owned(), 1);
        let (start, end) = (0, text.len());
        let d = Diagnostic::error(Code::OUT_OF_RANGE, message).at(Span { file, start, end }, "");
        self.push(d);
    }

    fn seed_argument(&mut self, text: &str) -> Option<u64> {
        let seed = parse_seed(text);
        if seed.is_none() {
            let message = format!("`--seed` must be {SEED_RANGE}, not {}", shown(text));
            self.flag("--seed", text, message);
        }
        seed
    }

    fn replications_argument(&mut self, text: &str) -> Option<u32> {
        let value = text
            .parse()
            .ok()
            .filter(|v| (1..=MAX_REPLICATIONS).contains(v));
        if value.is_none() {
            let message = format!(
                "`--replications` must be a whole number from 1 to {MAX_REPLICATIONS}, not {}",
                shown(text)
            );
            self.flag("--replications", text, message);
        }
        value
    }

    fn horizon_argument(&mut self, text: &str) -> Option<Horizon> {
        if text == "trace" {
            return Some(Horizon::Trace);
        }
        match parse_time(text) {
            Ok(time) => Some(Horizon::For(time)),
            Err(e) => {
                self.flag("--horizon", text, format!("`--horizon`: {e}"));
                None
            }
        }
    }

    /// An axis whose path `--set` also sets is without effect.
    fn overridden(&mut self, sweep: &Sweep, arguments: &[Patch]) {
        for lane in sweep.axes.iter().flat_map(|a| &a.lanes) {
            for argument in arguments.iter().filter(|a| a.path == lane.path) {
                let message = format!("`--set` overrides every value of the axis `{}`", lane.path);
                let d = Diagnostic::warning(Code::NO_EFFECT, message)
                    .at(argument.span, "goes before the axis")
                    .at(lane.span, "this axis")
                    .path(join("sweep", &lane.path));
                self.push(d);
            }
        }
    }

    /// Whether a file says anything; reports if not.
    pub fn not_empty(&mut self, path: &Path, node: &Node) -> bool {
        if node.table().is_some_and(|t| !t.entries.is_empty()) {
            return true;
        }
        let name = super::files::visible(&path.display().to_string());
        let message = format!("{name} is empty: a model needs [service.NAME] first");
        let d = Diagnostic::error(Code::EMPTY_FILE, message).help(
            "a model has [service.NAME] and [source.NAME]; an experiment has `horizon` and `model`",
        );
        self.push(d.class(Class::Input));
        false
    }
}

const SEED_RANGE: &str = "a whole number from 0 to 18446744073709551615 (2^64 - 1; from 2^63 on \
                          write it as text, such as \"0x9f3a\")";

/// A seed in decimal or, after `0x`, in hexadecimal digits.
fn parse_seed(text: &str) -> Option<u64> {
    let digits = |t: &str, radix| {
        let fine = !t.is_empty() && t.chars().all(|c| c.is_digit(radix));
        fine.then(|| u64::from_str_radix(t, radix).ok()).flatten()
    };
    match text.strip_prefix("0x") {
        Some(hex) => digits(hex, 16),
        None => digits(text, 10),
    }
}
