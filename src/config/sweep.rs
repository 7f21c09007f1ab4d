//! `[sweep]`: axes, their values, and the points they make.

use crate::base::codes::Code;
use crate::base::math;
use crate::base::units::{
    parse_bytes, parse_rate, parse_time, print_bytes, print_rate, print_time,
};
use crate::experiment::design::Axis;

use super::decode::{Cx, Fields, join};
use super::diagnostic::Diagnostic;
use super::files::Span;
use super::keys::RANGE;
use super::patch::Patch;
use super::tree::{Entry, Node, Origin, Value};

/// Most values of one axis.
const MAX_VALUES: u64 = 100_000;

/// Values of a searched axis that is not of whole numbers and says no step, less one.
const CONTINUOUS: f64 = 256.0;

/// Whether an axis has keys of one that is searched.
fn is_searched(node: &Node) -> bool {
    let key = |k: &str| matches!(k, "min" | "max" | "step");
    node.table()
        .is_some_and(|t| t.entries.iter().any(|e| key(&e.key)))
}

/// An axis: paths that move together, with their values.
#[derive(Clone, Debug)]
pub struct SweepAxis {
    /// One a path.
    pub lanes: Vec<Lane>,
}

/// A path with its values in order.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Dotted path of the model file.
    pub path: String,
    /// Where it was written.
    pub span: Span,
    /// Its values.
    pub values: Vec<Node>,
    /// Where it says that they are to be searched; only `find` does that.
    pub searched: Option<Span>,
}

/// A whole sweep.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// First slowest.
    pub axes: Vec<SweepAxis>,
    /// Variants it is for, with their places; `None`: all.
    pub only: Option<Vec<(String, Span)>>,
}

impl SweepAxis {
    /// How many values.
    pub fn len(&self) -> usize {
        self.lanes.iter().map(|l| l.values.len()).min().unwrap_or(0)
    }

    /// What the design keeps of it.
    pub fn to_axis(&self) -> Axis {
        let row = |i: usize| self.lanes.iter().map(|l| l.values[i].to_words()).collect();
        Axis {
            paths: self.lanes.iter().map(|l| l.path.clone()).collect(),
            values: (0..self.len()).map(row).collect(),
        }
    }

    /// The patches of its value number `i`.
    pub fn patches(&self, i: usize) -> impl Iterator<Item = Patch> + '_ {
        self.lanes.iter().map(move |lane| Patch {
            path: lane.path.clone(),
            span: lane.span,
            value: lane.values[i].clone(),
        })
    }
}

impl Sweep {
    /// Points of one variant that is swept.
    pub fn size(&self) -> u128 {
        let factors = self.axes.iter().map(|a| a.len() as u128);
        factors.fold(1, |all, one| all.saturating_mul(one))
    }

    /// Indices on each axis of point number `number`, first axis slowest.
    pub fn at(&self, mut number: usize) -> Vec<usize> {
        let mut at = vec![0; self.axes.len()];
        for (axis, place) in self.axes.iter().zip(&mut at).rev() {
            *place = number % axis.len();
            number /= axis.len();
        }
        at
    }
}

impl Cx {
    /// Reads `[sweep]`.
    pub fn sweep(&mut self, node: &Node) -> Sweep {
        let mut sweep = Sweep::default();
        let Some(table) = node.table() else {
            self.wrong_type(node, "sweep", "a table of paths and values");
            return sweep;
        };
        for entry in &table.entries {
            match entry.key.as_str() {
                "for" => {
                    let names = self.texts(&entry.node, "sweep.for");
                    sweep.only = names.map(|l| l.into_iter().map(|(t, n)| (t, n.span)).collect());
                }
                "zip" => sweep.axes.extend(self.zip(&entry.node)),
                _ => {
                    let lanes: Vec<Lane> = self.lanes(entry);
                    sweep
                        .axes
                        .extend(lanes.into_iter().map(|l| SweepAxis { lanes: vec![l] }));
                }
            }
        }
        let mut paths: Vec<(String, Span)> = Vec::new();
        for lane in sweep.axes.iter().flat_map(|a| &a.lanes) {
            paths.push((lane.path.clone(), lane.span));
        }
        self.duplicates("axes", &paths, "sweep");
        sweep
    }

    /// The axes that an entry is: one, or those below an unquoted path.
    fn lanes(&mut self, entry: &Entry) -> Vec<Lane> {
        let nested = |n: &Node| {
            n.table().is_some_and(|t| {
                !t.entries.is_empty() && t.entries.iter().all(|e| RANGE.key(&e.key).is_none())
            })
        };
        let mut lanes = Vec::new();
        let mut todo = vec![(entry.key.clone(), entry.key_span, &entry.node)];
        while let Some((path, span, node)) = todo.pop() {
            if nested(node) {
                for e in node
                    .table()
                    .map(|t| &t.entries[..])
                    .unwrap_or_default()
                    .iter()
                    .rev()
                {
                    todo.push((join(&path, &e.key), e.key_span, &e.node));
                }
                continue;
            }
            let values = self.axis_values(node, &format!("sweep.{path}"));
            if let Some(values) = values {
                lanes.push(Lane {
                    path,
                    span,
                    values,
                    searched: is_searched(node).then_some(node.span),
                });
            }
        }
        lanes
    }

    fn zip(&mut self, node: &Node) -> Option<SweepAxis> {
        let takes = "a list such as [[\"path a\", [1, 2]], [\"path b\", [3, 4]]]";
        let list = self.list(node, "sweep.zip", takes)?;
        let mut lanes: Vec<Lane> = Vec::new();
        for pair in list {
            let Some([path, values]) = pair.array() else {
                self.wrong_type(pair, "sweep.zip", "a pair of a path and its values");
                return None;
            };
            let name = self.text(path, "sweep.zip")?;
            let searched = is_searched(values).then_some(values.span);
            let values = self.axis_values(values, &format!("sweep.{name}"))?;
            lanes.push(Lane {
                path: name,
                span: path.span,
                values,
                searched,
            });
        }
        let lengths: Vec<usize> = lanes.iter().map(|l| l.values.len()).collect();
        if lengths.iter().any(|n| *n != lengths[0]) {
            let all: Vec<String> = lengths.iter().map(usize::to_string).collect();
            let message = format!(
                "axes that move together need as many values each, not {}",
                all.join(", ")
            );
            self.disagree(node.span, "sweep.zip", &message, "fill up the shorter ones");
            return None;
        }
        (!lanes.is_empty()).then_some(SweepAxis { lanes })
    }

    fn axis_values(&mut self, node: &Node, path: &str) -> Option<Vec<Node>> {
        let values: Vec<Node> = match &node.value {
            Value::Array(list) => list.clone(),
            Value::Table(_) => self.range(node, path)?,
            _ => {
                self.wrong_type(node, path, "a list, or { from, to, steps }");
                return None;
            }
        };
        if values.is_empty() {
            let d = Diagnostic::error(Code::OUT_OF_RANGE, format!("`{path}` has no values"))
                .at(node.span, "give at least one")
                .path(path);
            self.push(d);
            return None;
        }
        Some(
            values
                .into_iter()
                .map(|n| n.with_origin(Origin::Axis))
                .collect(),
        )
    }

    /// `{ from, to, steps, scale }`.
    fn range(&mut self, node: &Node, path: &str) -> Option<Vec<Node>> {
        if is_searched(node) {
            return self.searched(node, path);
        }
        let fields = self.fields(node, path, &RANGE)?;
        for key in ["from", "to", "steps"] {
            if fields.get(key).is_none() {
                self.missing(&fields, key, &RANGE);
            }
        }
        let (from, to) = (fields.get("from")?, fields.get("to")?);
        let steps = self.count(fields.get("steps")?, &fields.path("steps"), 1, MAX_VALUES)?;
        let log = match fields.get("scale") {
            Some(node) => {
                self.choice(node, &fields.path("scale"), &["linear", "log"], &[])? == "log"
            }
            None => false,
        };
        let ends = Ends::read(from, to);
        let Some(ends) = ends else {
            self.two_kinds(&fields, from, to);
            return None;
        };
        if log && (ends.from <= 0.0 || ends.to <= 0.0) {
            self.out_of_range(
                from,
                &fields.path("from"),
                "above 0, like `to`, on a log scale",
            );
            return None;
        }
        let mut values: Vec<Node> = Vec::new();
        for i in 0..steps {
            let value = Node {
                value: ends.value(i, steps, log),
                span: node.span,
                origin: Origin::Axis,
            };
            // Rounded counts may coincide.
            if values.last().is_none_or(|v| v.to_toml() != value.to_toml()) {
                values.push(value);
            }
        }
        Some(values)
    }

    /// `{ min, max, step }`: whole numbers go by 1 where no step is said, others by a part of the
    /// range.
    fn searched(&mut self, node: &Node, path: &str) -> Option<Vec<Node>> {
        let fields = self.fields(node, path, &RANGE)?;
        let kind = "an axis that is searched";
        self.only(&fields, kind, "min", &["min", "max", "step"]);
        for key in ["min", "max"] {
            if fields.get(key).is_none() {
                self.missing(&fields, key, &RANGE);
            }
        }
        let (min, max) = (fields.get("min")?, fields.get("max")?);
        let Some(ends) = Ends::read(min, max) else {
            self.two_kinds(&fields, min, max);
            return None;
        };
        let range = ends.to - ends.from;
        if range <= 0.0 {
            self.out_of_range(max, &fields.path("max"), "above `min`");
            return None;
        }
        let step = match fields.get("step") {
            Some(step) => match Ends::read(step, step) {
                Some(read) if read.kind == ends.kind || ends.kind == Kind::Real => read.from,
                _ => {
                    self.two_kinds(&fields, min, step);
                    return None;
                }
            },
            None if ends.kind == Kind::Whole => 1.0,
            None => range / CONTINUOUS,
        };
        let count = range / step + 1e-9;
        if step <= 0.0 || count >= MAX_VALUES as f64 {
            let allowed = format!("above 0, and at most {MAX_VALUES} of them in the range");
            let node = fields.get("step").unwrap_or(max);
            self.out_of_range(node, &fields.path("step"), &allowed);
            return None;
        }
        let values = (0..=count as u64).map(|i| Node {
            value: ends.written(ends.from + step * i as f64),
            span: node.span,
            origin: Origin::Axis,
        });
        let mut values: Vec<Node> = values.collect();
        // Whole units are rounded, and may coincide.
        values.dedup_by(|a, b| a.to_toml() == b.to_toml());
        Some(values)
    }

    fn two_kinds(&mut self, fields: &Fields<'_>, from: &Node, to: &Node) {
        let message = format!(
            "both ends of a range must be two numbers or two quantities of one kind, not {} and {}",
            from.to_toml(),
            to.to_toml()
        );
        let d = Diagnostic::error(Code::WRONG_TYPE, message)
            .at(from.span, "")
            .at(to.span, "")
            .path(fields.path.clone());
        self.push(d);
    }
}

/// What a range is of.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Whole,
    Real,
    Time,
    Bytes,
    Rate,
}

/// Both ends of a range in base units.
struct Ends {
    kind: Kind,
    from: f64,
    to: f64,
}

impl Ends {
    fn read(from: &Node, to: &Node) -> Option<Ends> {
        let one = |n: &Node| match &n.value {
            Value::Integer(Some(value), _) => Some((Kind::Whole, *value as f64)),
            Value::Float(value, _) if value.is_finite() => Some((Kind::Real, *value)),
            Value::Text(text) => parse_time(text)
                .map(|v| (Kind::Time, v as f64))
                .or_else(|_| parse_bytes(text).map(|v| (Kind::Bytes, v as f64)))
                .or_else(|_| parse_rate(text).map(|v| (Kind::Rate, v)))
                .ok(),
            _ => None,
        };
        let ((a, from), (b, to)) = (one(from)?, one(to)?);
        let kind = match (a, b) {
            (a, b) if a == b => a,
            (Kind::Whole, Kind::Real) | (Kind::Real, Kind::Whole) => Kind::Real,
            _ => return None,
        };
        Some(Ends { kind, from, to })
    }

    /// Value number `i` of `steps`; whole units are rounded to whole.
    fn value(&self, i: u64, steps: u64, log: bool) -> Value {
        let x = if i == 0 {
            self.from
        } else if i + 1 == steps {
            self.to
        } else {
            let t = i as f64 / (steps - 1) as f64;
            if log {
                let (a, b) = (math::ln(self.from), math::ln(self.to));
                math::exp(a + (b - a) * t)
            } else {
                self.from + (self.to - self.from) * t
            }
        };
        self.written(x)
    }

    /// A value in the unit of the ends.
    fn written(&self, x: f64) -> Value {
        match self.kind {
            Kind::Whole => Value::Integer(Some(x.round() as i128), format!("{}", x.round())),
            Kind::Real => Value::Float(x, format!("{x:?}")),
            Kind::Time => Value::Text(print_time(x.round() as u64)),
            Kind::Bytes => Value::Text(print_bytes(x.round() as u64)),
            Kind::Rate => Value::Text(print_rate(x)),
        }
    }
}
