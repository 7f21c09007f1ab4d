//! Variants and their points: each a model's tree with values put in, decoded and checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::codes::Code;
use crate::experiment::design::{Design, Point, Variant};
use crate::model::metric::Metric;
use crate::model::spec::SystemSpec;

use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::files::{InputKind, Span};
use super::keys::VARIANT;
use super::limits;
use super::objective::Named;
use super::patch::Patch;
use super::resolved::Resolved;
use super::sweep::Sweep;
use super::tree::{self, Node};

/// A variant before its points are made.
pub struct Draft {
    /// Its name.
    pub name: String,
    /// Where it was written.
    pub span: Span,
    /// The model's tree with `set` applied.
    pub tree: Node,
    /// Folder of its model file.
    pub folder: PathBuf,
    /// Whether the axes are for it.
    pub swept: bool,
}

/// Most diagnostics after which no further point is looked at.
const ENOUGH: usize = 200;

impl Cx {
    /// Reads every variant with its model and applies its `set`.
    pub fn variants(&mut self, fields: &Fields<'_>, path: &Path, sweep: &Sweep) -> Vec<Draft> {
        let shared = fields.get("model");
        let list = match fields.get("variant") {
            Some(node) => self
                .list(node, "variant", "[[variant]] tables")
                .unwrap_or_default(),
            None => &[],
        };
        let mut drafts = Vec::new();
        if fields.get("variant").is_none() {
            if let Some(model) = shared {
                drafts.extend(self.draft("base".into(), model.span, model, path, &[], sweep));
            } else {
                let d = Diagnostic::error(Code::MISSING_KEY, "the experiment names no model")
                    .at(fields.span, "`model` is missing")
                    .help("write model = \"../models/NAME.toml\", or [[variant]] tables")
                    .path("model");
                self.push(d);
            }
        }
        let mut names = Vec::new();
        for (index, node) in list.iter().enumerate() {
            let below = format!("variant[{}]", index + 1);
            let Some(variant) = self.fields(node, &below, &VARIANT) else {
                continue;
            };
            let name = match variant.get("name") {
                Some(node) => self.name(node, &variant.path("name")),
                None => {
                    self.missing(&variant, "name", &VARIANT);
                    None
                }
            };
            let patches = match variant.get("set").filter(|n| !n.is_none()) {
                Some(node) => self.set_of(node, &variant.path("set")),
                None => Vec::new(),
            };
            let Some(model) = variant.get("model").or(shared) else {
                self.missing(&variant, "model", &VARIANT);
                continue;
            };
            let name = name.unwrap_or_else(|| format!("variant-{}", index + 1));
            names.push((name.clone(), node.span));
            drafts.extend(self.draft(name, node.span, model, path, &patches, sweep));
        }
        self.duplicates("variants", &names, "variant");
        drafts
    }

    fn draft(
        &mut self,
        name: String,
        span: Span,
        model: &Node,
        path: &Path,
        patches: &[Patch],
        sweep: &Sweep,
    ) -> Option<Draft> {
        let file = self.text(model, "model")?;
        let here = path.parent().unwrap_or(Path::new(""));
        let full = super::files::tidy(&here.join(&file));
        let mut tree = self.model_tree(&full, model.span)?;
        self.folder = full.parent().unwrap_or(Path::new("")).to_path_buf();
        for patch in patches {
            self.patch(&mut tree, patch);
        }
        let swept = match &sweep.only {
            Some(only) => only.iter().any(|o| o.0 == name),
            None => true,
        };
        Some(Draft {
            name,
            span,
            tree,
            folder: self.folder.clone(),
            swept,
        })
    }

    /// The tree of a model file, read once.
    fn model_tree(&mut self, full: &Path, span: Span) -> Option<Node> {
        let mut found = Vec::new();
        let node = match self.files.known(full) {
            Some(file) => tree::parse(&self.files, file, &mut found),
            None => tree::read(&mut self.files, full, InputKind::Model, &mut found),
        };
        for d in found {
            let d = if d.labels.is_empty() {
                d.at(span, "named here").path("model")
            } else {
                d
            };
            self.push(d);
        }
        let node = node?;
        self.not_empty(full, &node).then_some(node)
    }

    /// Makes, decodes and checks every point.
    pub fn points(
        &mut self,
        design: &mut Design,
        drafts: &[Draft],
        sweep: &Sweep,
        arguments: &[Patch],
        resolved: &mut Resolved,
    ) {
        for (variant, draft) in drafts.iter().enumerate() {
            self.folder.clone_from(&draft.folder);
            let size = if draft.swept { sweep.size() } else { 1 };
            let mut last: Option<Arc<SystemSpec>> = None;
            for number in 0..usize::try_from(size).unwrap_or(0) {
                if self.found().len() > ENOUGH {
                    return;
                }
                let at = if draft.swept {
                    sweep.at(number)
                } else {
                    Vec::new()
                };
                let tree = self.tree_at(draft, sweep, &at, arguments);
                let spec = self.model(&tree);
                limits::effects(self, &tree, &spec, &design.longest());
                limits::trace_horizon(self, draft.span, &spec, &design.timing);
                let system = match last.filter(|l| **l == spec) {
                    Some(same) => same,
                    None => Arc::new(spec),
                };
                if number == 0 {
                    design.variants.push(Variant {
                        name: draft.name.clone(),
                        title: system.title.clone(),
                    });
                }
                last = Some(Arc::clone(&system));
                design.points.push(Point {
                    variant,
                    at,
                    system,
                });
                let settings: Vec<(String, String)> = design
                    .settings(design.points.len() - 1)
                    .into_iter()
                    .map(|(p, v)| (p.to_owned(), v.to_owned()))
                    .collect();
                resolved.point(&draft.name, number, &settings, &tree);
            }
        }
        for (variant, draft) in drafts.iter().enumerate() {
            let first = design.points.iter().find(|p| p.variant == variant);
            if let Some(system) = first.map(|p| Arc::clone(&p.system)) {
                limits::keys(self, &draft.tree, &system, design);
            }
        }
    }

    /// The tree of a point.
    pub fn tree_at(
        &mut self,
        draft: &Draft,
        sweep: &Sweep,
        at: &[usize],
        arguments: &[Patch],
    ) -> Node {
        let mut tree = draft.tree.clone();
        for (axis, &i) in sweep.axes.iter().zip(at) {
            axis.patches(i).for_each(|p| self.patch(&mut tree, &p));
        }
        arguments.iter().for_each(|p| self.patch(&mut tree, p));
        tree
    }

    /// The standard metrics, then those that were asked for; each must exist in some point.
    pub fn columns(&mut self, design: &mut Design, named: Vec<Named>) {
        design.metrics = Metric::standard();
        let mut seen: Vec<&Arc<SystemSpec>> = Vec::new();
        for point in &design.points {
            if seen
                .last()
                .is_none_or(|last| !Arc::ptr_eq(last, &point.system))
            {
                seen.push(&point.system);
            }
        }
        for (metric, span) in named {
            let failures: Vec<_> = seen.iter().map_while(|s| metric.check(s).err()).collect();
            if failures.len() == seen.len()
                && let Some(e) = failures.into_iter().next()
            {
                let mut d = Diagnostic::error(Code::UNKNOWN_METRIC, format!("`{metric}`: {e}"))
                    .at(span, "");
                d.help = e.help;
                self.push(d);
            }
            if !design.metrics.contains(&metric) {
                design.metrics.push(metric);
            }
        }
    }
}
