//! An experiment as a space to search: what is asked, and a maker of its points one by one.

use std::path::Path;
use std::sync::Arc;

use crate::base::codes::Code;
use crate::experiment::design::{Design, Point, Variant, WarmUp};
use crate::experiment::find::screen;
use crate::experiment::find::simulated::Systems;
use crate::experiment::find::space::Part;
use crate::model::spec::SystemSpec;

use super::Overrides;
use super::decode::Cx;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::experiment::Asked;
use super::files::InputFile;
use super::limits;
use super::model::locate;
use super::patch::Patch;
use super::points::Draft;
use super::resolved::Resolved;
use super::sweep::Sweep;
use super::tree::{Node, Value};

/// An experiment, ready to be searched.
pub struct Searched {
    /// What it asks. Its points are the corners of the space only.
    pub design: Design,
    /// The variants that the objective is for.
    pub parts: Vec<Part>,
    /// Makes the points.
    pub maker: Maker,
    /// What is odd but allowed.
    pub warnings: Diagnostics,
    /// Every file it depends on, in the order of reading.
    pub inputs: Vec<InputFile>,
    /// The experiment in full, its corners as TOML.
    pub resolved: String,
}

impl std::fmt::Debug for Searched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Searched")
            .field("design", &self.design)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

/// Makes the systems of a space one by one.
pub struct Maker {
    cx: Cx,
    drafts: Vec<Draft>,
    sweep: Sweep,
    arguments: Vec<Patch>,
}

impl Maker {
    /// A variant as it is written, without any value of an axis.
    ///
    /// # Errors
    /// What is wrong with it, ready to be shown.
    pub fn original(&mut self, variant: usize) -> Result<SystemSpec, String> {
        self.system(variant, &[])
    }
}

impl Systems for Maker {
    fn system(&mut self, variant: usize, at: &[usize]) -> Result<SystemSpec, String> {
        let draft = &self.drafts[variant];
        self.cx.folder.clone_from(&draft.folder);
        let tree = self.cx.tree_at(draft, &self.sweep, at, &self.arguments);
        let spec = self.cx.model(&tree);
        if self.cx.found().iter().any(Diagnostic::is_error) {
            let found = self.cx.found().to_vec();
            let all = Diagnostics::new(found, self.cx.files.clone());
            return Err(all.render(super::Style::Plain));
        }
        Ok(spec)
    }
}

/// Whether an experiment has an axis that only a search knows.
pub fn is_for(root: &Node) -> bool {
    fn has(node: &Node) -> bool {
        match &node.value {
            Value::Table(table) => table
                .entries
                .iter()
                .any(|e| matches!(e.key.as_str(), "min" | "max" | "step") || has(&e.node)),
            Value::Array(list) => list.iter().any(has),
            _ => false,
        }
    }
    let sweep = root.table().and_then(|t| t.get("sweep"));
    // Values of listed axes may be tables of any kind.
    let axis = |node: &Node| node.table().is_some() && has(node);
    sweep.and_then(Node::table).is_some_and(|t| {
        t.entries
            .iter()
            .any(|e| axis(&e.node) || e.key == "zip" && zipped(&e.node, &axis))
    })
}

fn zipped(node: &Node, axis: &impl Fn(&Node) -> bool) -> bool {
    let pairs = node.array().unwrap_or_default().iter();
    pairs.filter_map(|pair| pair.array()?.get(1)).any(axis)
}

/// Reads a space from an experiment's tree.
///
/// # Errors
/// Every mistake found.
pub fn read(
    mut cx: Cx,
    root: &Node,
    path: &Path,
    overrides: &Overrides,
) -> Result<Searched, Diagnostics> {
    let made = space(&mut cx, root, path, overrides);
    let inputs = cx.files.inputs.clone();
    let warnings = Diagnostics::new(cx.found().to_vec(), cx.files.clone());
    match made {
        Some((asked, parts, resolved)) if warnings.error_count() == 0 => Ok(Searched {
            design: asked.design,
            parts,
            maker: Maker {
                cx,
                drafts: asked.drafts,
                sweep: asked.sweep,
                arguments: asked.arguments,
            },
            warnings,
            inputs,
            resolved,
        }),
        _ => Err(warnings),
    }
}

fn space(
    cx: &mut Cx,
    root: &Node,
    path: &Path,
    overrides: &Overrides,
) -> Option<(Asked, Vec<Part>, String)> {
    let mut asked = cx.asked(root, path, overrides)?;
    let Some(objective) = &asked.design.objective else {
        if !cx.found().iter().any(Diagnostic::is_error) {
            let message = "there is nothing to find: the experiment has no `[objective]`";
            let help = "write [objective] subject_to = [\"latency_p99 < 50ms\"]";
            let d = Diagnostic::error(Code::MISSING_KEY, message)
                .at(root.span, "")
                .help(help)
                .path("objective");
            cx.push(d);
        }
        return None;
    };
    if asked.design.warm_up == WarmUp::Auto {
        let message = "`find` needs a `warm_up` that is stated: it is the same at every point";
        let d = Diagnostic::error(Code::KEYS_DISAGREE, message)
            .at(locate(root, "warm_up"), "")
            .help("write a time, such as warm_up = \"5s\"; `run` says what it finds")
            .path("warm_up");
        cx.push(d);
    }
    if !screen::is_known(&objective.minimise) {
        let message = format!(
            "`find` can only minimise what is known without a run, not `{}`",
            objective.minimise
        );
        let d = Diagnostic::error(Code::BAD_OBJECTIVE, message)
            .at(locate(root, "objective.minimise"), "")
            .help("minimise cost_per_hour, cost_per_month or workers_mean")
            .path("objective.minimise");
        cx.push(d);
    }
    let parts: Vec<Part> = objective
        .variants
        .iter()
        .filter_map(|&variant| {
            let swept = asked.drafts.get(variant)?.swept && !asked.sweep.axes.is_empty();
            Some(Part { variant, swept })
        })
        .collect();
    let size = |p: &Part| if p.swept { asked.sweep.size() } else { 1 };
    let points: u128 = parts.iter().map(size).sum();
    if !limits::searched(cx, root.span, points) || parts.is_empty() {
        return None;
    }
    let mut resolved = Resolved::new(points);
    resolved.experiment(root, overrides);
    corners(cx, &mut asked, &mut resolved);
    let named = std::mem::take(&mut asked.named);
    cx.columns(&mut asked.design, named);
    limits::design(cx, root, &asked.design);
    Some((asked, parts, resolved.text))
}

/// Makes the first and the last point of every variant: most mistakes show there.
/// What workers cost that come and go is known only after a run.
fn unscaled(cx: &mut Cx, tree: &Node, spec: &SystemSpec) {
    for service in spec.services.iter().filter(|s| s.autoscale.is_some()) {
        let path = format!("service.{}.autoscale", service.name);
        let message = format!("`{path}`: `find` needs costs that are known without a run");
        let d = Diagnostic::error(Code::KEYS_DISAGREE, message)
            .at(
                locate(tree, &path),
                "what these workers cost depends on the run",
            )
            .help("`run` compares such services; here set it to \"none\"")
            .path(path);
        cx.push(d);
    }
}

fn corners(cx: &mut Cx, asked: &mut Asked, resolved: &mut Resolved) {
    for (variant, draft) in asked.drafts.iter().enumerate() {
        cx.folder.clone_from(&draft.folder);
        let lens = asked.sweep.axes.iter().map(super::sweep::SweepAxis::len);
        let ends: [Vec<usize>; 2] = [
            lens.clone().map(|_| 0).collect(),
            lens.map(|len| len - 1).collect(),
        ];
        let count = if draft.swept && ends[0] != ends[1] {
            2
        } else {
            1
        };
        for (number, at) in ends.into_iter().take(count).enumerate() {
            let at = if draft.swept { at } else { Vec::new() };
            let tree = cx.tree_at(draft, &asked.sweep, &at, &asked.arguments);
            let spec = cx.model(&tree);
            unscaled(cx, &tree, &spec);
            limits::effects(cx, &tree, &spec, &asked.design.timing);
            limits::trace_horizon(cx, draft.span, &spec, &asked.design.timing);
            if number == 0 {
                asked.design.variants.push(Variant {
                    name: draft.name.clone(),
                    title: spec.title.clone(),
                });
            }
            asked.design.points.push(Point {
                variant,
                at,
                system: Arc::new(spec),
            });
            let settings: Vec<(String, String)> = asked
                .design
                .settings(asked.design.points.len() - 1)
                .into_iter()
                .map(|(p, v)| (p.to_owned(), v.to_owned()))
                .collect();
            resolved.point(&draft.name, number, &settings, &tree);
        }
    }
}
