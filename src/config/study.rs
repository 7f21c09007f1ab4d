//! What `veltrix sensitivity` asks of a file: one variant as it is, its inputs, and the systems
//! that come out when they are moved.

mod swarm;

use std::path::Path;
use std::sync::Arc;

use crate::base::codes::Code;
use crate::experiment::design::{Design, Point};
use crate::experiment::sensitivity::{
    Input, LeftOut, Move, Moved, Pairs, Screen, Tornado, Uncertain, Variance, Walk, places,
};
use crate::model::metric::{Metric, Unit};
use crate::model::spec::SystemSpec;

use super::decode::{Cx, Fields};
use super::diagnostic::{Diagnostic, Diagnostics};
use super::files::{InputFile, InputKind, Span};
use super::inputs::{Candidate, candidates, is_choice, is_within};
use super::keys::{self, EXPERIMENT};
use super::limits;
use super::objective::Named;
use super::patch::Patch;
use super::points::Draft;
use super::resolved::Resolved;
use super::sweep::Sweep;
use super::tree::Node;
use super::uncertain::Range;
use super::{Overrides, finish_study, root, stem};

/// What of a file is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The variant; the objective's first without it, or the first of all.
    pub variant: Option<String>,
    /// Names of metrics; those of the objective when there are none.
    pub metrics: Vec<String>,
    /// Paths of inputs, or of what they stand below; all when there are none.
    pub inputs: Vec<String>,
}

/// A variant whose inputs can be moved.
pub struct Study {
    cx: Cx,
    /// The experiment's file.
    file: Node,
    /// The model.
    tree: Node,
    base: Design,
    candidates: Vec<Candidate>,
    ranges: Vec<Range>,
    resolved: String,
    warnings: Diagnostics,
    swept: bool,
}

/// The metrics that are looked at when nobody names any.
const USUAL: [&str; 4] = ["cost_per_month", "latency_mean", "latency_p99", "loss"];

/// Reads an experiment for a study of one of its variants.
///
/// # Errors
/// Every mistake found, in file order.
pub fn study(path: &Path, overrides: &Overrides, ask: &Ask) -> Result<Study, Diagnostics> {
    let mut cx = Cx::new(super::folder_of(path));
    let made = root(&mut cx, path, InputKind::Experiment).and_then(|root| {
        let draft = cx.study(&root, path, overrides, ask);
        Some((root, draft?))
    });
    finish_study(cx, made)
}

/// What was read, before it is known whether all of it is right.
pub struct Begun {
    tree: Node,
    base: Design,
    candidates: Vec<Candidate>,
    ranges: Vec<Range>,
    resolved: String,
    swept: bool,
}

impl Cx {
    fn study(
        &mut self,
        root: &Node,
        path: &Path,
        overrides: &Overrides,
        ask: &Ask,
    ) -> Option<Begun> {
        if super::is_model(root) {
            self.not_an_experiment(path);
            return None;
        }
        let fields = self.fields(root, "", &EXPERIMENT)?;
        let mut ignored: Vec<Named> = Vec::new();
        let mut base = self.settings(&fields, overrides, &mut ignored);
        base.name = stem(path);
        base.attempts = None;
        let arguments: Vec<Patch> = overrides
            .set
            .iter()
            .filter_map(|a| self.argument(a))
            .collect();
        let sweep = match fields.get("sweep").filter(|n| !n.is_none()) {
            Some(node) => self.sweep(node),
            None => Sweep::default(),
        };
        let mut drafts = self.variants(&fields, path, &sweep);
        let names: Vec<String> = drafts.iter().map(|d| d.name.clone()).collect();
        let mut asked: Vec<Named> = Vec::new();
        let objective = match fields.get("objective").filter(|n| !n.is_none()) {
            Some(node) => self.objective(node, &names, base.confidence, &mut asked),
            None => None,
        };
        let judged = objective.map(|o| o.variants).unwrap_or_default();
        let chosen = match &ask.variant {
            Some(name) => {
                let span = self.words("--for", name);
                let found = self.variant_indices(&[(name.clone(), span)], &names, "--for");
                *found.first()?
            }
            None => judged.first().copied().unwrap_or(0),
        };
        if !judged.contains(&chosen) {
            asked.clear();
        }
        if chosen >= drafts.len() {
            return None;
        }
        let mut draft = drafts.swap_remove(chosen);
        for patch in &arguments {
            self.patch(&mut draft.tree, patch);
        }
        let swept = draft.swept && !sweep.axes.is_empty();
        draft.swept = false;
        let mut resolved = Resolved::new(1);
        resolved.experiment(root, overrides);
        let alone = std::slice::from_ref(&draft);
        self.points(&mut base, alone, &Sweep::default(), &[], &mut resolved);
        let ranges = self.ranges(&fields, &draft);
        base.metrics = self.study_metrics(ask, asked, base.points.first());
        let mut candidates = candidates(&draft.tree);
        self.choose(&mut candidates, &ask.inputs);
        limits::design(self, root, &base);
        Some(Begun {
            tree: draft.tree,
            base,
            candidates,
            ranges,
            resolved: resolved.text,
            swept,
        })
    }

    fn ranges(&mut self, fields: &Fields<'_>, draft: &Draft) -> Vec<Range> {
        let Some(node) = fields.get("uncertain").filter(|n| !n.is_none()) else {
            return Vec::new();
        };
        let ranges = self.uncertain(node);
        self.uncertain_fits(&ranges, draft, &[]);
        ranges
    }

    /// A place for what was said on the command line.
    fn words(&mut self, option: &str, text: &str) -> Span {
        let file = self.files.add(option, text.to_owned(), 1);
        Span {
            file,
            start: 0,
            end: text.len(),
        }
    }

    /// The metrics asked for, else those of the objective, else the usual ones.
    fn study_metrics(
        &mut self,
        ask: &Ask,
        named: Vec<Named>,
        point: Option<&Point>,
    ) -> Vec<Metric> {
        let asked: Vec<Named> = ask
            .metrics
            .iter()
            .filter_map(|name| {
                let span = self.words("--metrics", name);
                Some((self.metric(name, span, "--metrics")?, span))
            })
            .collect();
        let mut metrics: Vec<Metric> = Vec::new();
        let Some(system) = point.map(|p| &p.system) else {
            return metrics;
        };
        for (metric, span) in &asked {
            if let Err(e) = metric.check(system) {
                let mut d = Diagnostic::error(Code::UNKNOWN_METRIC, format!("`{metric}`: {e}"))
                    .at(*span, "");
                d.help = e.help;
                self.push(d);
            }
        }
        let priced = system.cost_per_hour() > 0.0;
        let by_itself: Vec<Metric> = match (ask.metrics.is_empty(), named.is_empty()) {
            (false, _) => asked.into_iter().map(|a| a.0).collect(),
            (true, false) => named.into_iter().map(|n| n.0).collect(),
            (true, true) => USUAL.iter().filter_map(|n| Metric::parse(n).ok()).collect(),
        };
        for metric in by_itself {
            let said = !ask.metrics.is_empty();
            let fits = said || metric.check(system).is_ok();
            let free = metric.unit() == Unit::Money && !priced;
            if fits && (said || !free) && !metrics.contains(&metric) {
                metrics.push(metric);
            }
        }
        metrics
    }

    /// Keeps the candidates at or below these paths, when some are given.
    fn choose(&mut self, candidates: &mut Vec<Candidate>, paths: &[String]) {
        if paths.is_empty() {
            return;
        }
        for path in paths {
            if candidates.iter().any(|c| is_within(&c.path, path)) {
                continue;
            }
            let span = self.words("--inputs", path);
            let message = format!("the model writes no number or quantity at `{path}`");
            let near = keys::nearest(path, candidates.iter().map(|c| c.path.as_str()));
            let hint = near.map_or(String::new(), |near| format!("did you mean `{near}`?"));
            let d = Diagnostic::error(Code::UNKNOWN_PATH, message)
                .at(span, hint)
                .help("a key that the model leaves to its default gets a value with --set")
                .path(path.clone());
            self.push(d);
        }
        candidates.retain(|c| paths.iter().any(|path| is_within(&c.path, path)));
    }
}

impl Study {
    /// Of what was read, once nothing is wrong with it.
    pub(super) fn new(cx: Cx, file: Node, begun: Begun, warnings: Diagnostics) -> Study {
        Study {
            cx,
            file,
            tree: begun.tree,
            base: begun.base,
            candidates: begun.candidates,
            ranges: begun.ranges,
            resolved: begun.resolved,
            warnings,
            swept: begun.swept,
        }
    }

    /// The variant as it is: one point, and the metrics that are looked at.
    pub fn base(&self) -> &Design {
        &self.base
    }

    /// Whether the file has axes for this variant: they are left out.
    pub fn is_swept(&self) -> bool {
        self.swept
    }

    /// What is odd but allowed.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// Every file that was read.
    pub fn inputs(&self) -> &[InputFile] {
        &self.cx.files.inputs
    }

    /// The variant in full, as TOML.
    pub fn resolved(&self) -> &str {
        &self.resolved
    }

    /// How many rows `[uncertain]` has.
    pub fn uncertain_count(&self) -> usize {
        self.ranges.len()
    }

    /// Moves every input by a share, one at a time.
    ///
    /// # Errors
    /// There would be too many trials.
    pub fn tornado(&mut self, by: f64, replications: u32) -> Result<Tornado, Diagnostics> {
        let mut tornado = Tornado {
            design: self.design(replications),
            by,
            rows: Vec::new(),
            left_out: Vec::new(),
        };
        for candidate in self.candidates.clone() {
            let input = Input {
                value: candidate.node.to_words(),
                choice: is_choice(&candidate.path),
                path: candidate.path.clone(),
            };
            let down = self.side(&candidate, -by, &mut tornado.design);
            let up = self.side(&candidate, by, &mut tornado.design);
            match (down, up) {
                (Err(_), Err(reason)) => tornado.left_out.push(LeftOut {
                    path: input.path,
                    value: input.value,
                    reason,
                }),
                (down, up) => tornado.rows.push(Moved {
                    input,
                    down: down.ok(),
                    up: up.ok(),
                }),
            }
        }
        self.bounded(&tornado.design)?;
        Ok(tornado)
    }

    /// Adds the point at which an input is moved; or why there is none.
    fn side(
        &mut self,
        candidate: &Candidate,
        by: f64,
        design: &mut Design,
    ) -> Result<Move, String> {
        let amount = candidate.amount.clone().map_err(str::to_owned)?;
        let mut tries = Vec::new();
        if !amount.is_nothing() {
            tries.push(amount.times(by));
        }
        // What is written as a whole number may be a count, which the format then says.
        if amount.is_whole() {
            tries.push(amount.stepped(by));
        }
        let mut reason = String::new();
        for amount in tries {
            let value = amount.node(candidate.node.span);
            let written = value.to_words();
            let patch = Patch {
                path: candidate.path.clone(),
                span: candidate.node.span,
                value,
            };
            match self.system(std::slice::from_ref(&patch)) {
                Ok(system) if *system == *self.base.points[0].system => {
                    reason = "changes nothing in the system".into();
                }
                Ok(system) => {
                    design.points.push(point(system));
                    return Ok(Move {
                        value: written,
                        point: design.points.len() - 1,
                    });
                }
                Err(mut found) => reason = found.remove(0).message,
            }
        }
        Err(reason)
    }

    /// The system with these values put in, or what is wrong with it; never an empty list.
    fn system(&mut self, patches: &[Patch]) -> Result<Arc<SystemSpec>, Vec<Diagnostic>> {
        let before = self.cx.found().len();
        let mut tree = self.tree.clone();
        patches.iter().for_each(|p| self.cx.patch(&mut tree, p));
        let spec = self.cx.model(&tree);
        let mut found = self.cx.take(before);
        found.retain(Diagnostic::is_error);
        if found.is_empty() {
            return Ok(Arc::new(spec));
        }
        Err(found)
    }

    /// The rows of `[uncertain]`, with what the model has there now.
    pub fn uncertain(&self) -> Vec<Uncertain> {
        let all = candidates(&self.tree);
        let row = |range: &Range| {
            let now = all.iter().find(|c| c.path == range.path);
            Uncertain {
                input: Input {
                    path: range.path.clone(),
                    value: now.map_or(String::new(), |c| c.node.to_words()),
                    choice: is_choice(&range.path),
                },
                low: range.ends[0].to_words(),
                high: range.ends[1].to_words(),
            }
        };
        self.ranges.iter().map(row).collect()
    }

    /// The systems along walks over the ranges of `[uncertain]`.
    ///
    /// # Errors
    /// The model does not allow one of them, or there would be too many trials.
    pub fn screen(&mut self, walks: Vec<Walk>, replications: u32) -> Result<Screen, Diagnostics> {
        let mut design = self.design(replications);
        design.points.clear();
        let mut at = Vec::new();
        for walk in &walks {
            let mut really = Vec::new();
            for place in &walk.places {
                really.push(self.place(place, &mut design)?);
            }
            at.push(really);
        }
        self.bounded(&design)?;
        Ok(Screen {
            design,
            inputs: self.uncertain(),
            walks,
            at,
        })
    }

    /// The systems of two samples of the ranges of `[uncertain]`.
    ///
    /// # Errors
    /// As [`Study::screen`].
    pub fn variance(&mut self, pairs: &Pairs, replications: u32) -> Result<Variance, Diagnostics> {
        let mut design = self.design(replications);
        design.points.clear();
        for place in places(pairs, self.ranges.len()) {
            self.place(&place, &mut design)?;
        }
        self.bounded(&design)?;
        Ok(Variance {
            design,
            inputs: self.uncertain(),
        })
    }

    /// Adds the point at a place of all ranges; says where it really is.
    fn place(&mut self, place: &[f64], design: &mut Design) -> Result<Vec<f64>, Diagnostics> {
        let at: Vec<(Patch, f64)> = self
            .ranges
            .iter()
            .zip(place)
            .map(|(r, &u)| r.at(u))
            .collect();
        let (patches, really): (Vec<Patch>, Vec<f64>) = at.into_iter().unzip();
        match self.system(&patches) {
            Ok(system) => {
                design.points.push(point(system));
                Ok(really)
            }
            Err(mut found) => {
                let values = patches
                    .iter()
                    .map(|p| format!("{} = {}", p.path, p.value.to_words()));
                let help = format!(
                    "with {}: make a range of [uncertain] narrower",
                    values.collect::<Vec<_>>().join(", ")
                );
                found.truncate(1);
                found[0].help = Some(help);
                Err(Diagnostics::new(found, self.cx.files.clone()))
            }
        }
    }

    /// The base with so many replications.
    fn design(&self, replications: u32) -> Design {
        Design {
            replications,
            stopping: None,
            ..self.base.clone()
        }
    }

    /// Whether a design is within the limits of all designs.
    fn bounded(&mut self, design: &Design) -> Result<(), Diagnostics> {
        let before = self.cx.found().len();
        let points = design.points.len() as u128;
        if limits::points(&mut self.cx, self.file.span, points, design.replications) {
            limits::design(&mut self.cx, &self.file, design);
        }
        let found = self.cx.take(before);
        match found.iter().any(Diagnostic::is_error) {
            true => Err(Diagnostics::new(found, self.cx.files.clone())),
            false => Ok(()),
        }
    }
}

fn point(system: Arc<SystemSpec>) -> Point {
    Point {
        variant: 0,
        at: Vec::new(),
        system,
    }
}
