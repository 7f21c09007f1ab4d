//! Distributions of times and sizes.

use crate::base::codes::Code;
use crate::base::units::SECOND;
use crate::model::spec::{Dist, DistError};

use super::csv::Unit;
use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::files::Span;
use super::keys::DIST;
use super::tree::{Node, Value};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// A plain number: how many, or a factor.
    Number,
}

/// Kinds of this version with the keys that each has.
const KINDS: &[(&str, &[&str])] = &[
    ("constant", &["value"]),
    ("exponential", &["mean"]),
    ("uniform", &["min", "max"]),
    ("erlang", &["mean", "k"]),
    ("lognormal", &["mean", "cv", "median", "p99", "mu", "sigma"]),
    ("pareto", &["mean", "min", "shape", "max"]),
    ("hyperexponential", &["mean", "cv", "means", "weights"]),
    (
        "empirical",
        &["file", "column", "unit", "values", "weights"],
    ),
    ("gamma", &["mean", "cv"]),
    ("weibull", &["mean", "shape"]),
    ("geometric", &["mean"]),
    ("mixture", &["of", "weights"]),
];

/// What stands in for a distribution that could not be read.
pub fn placeholder() -> Dist {
    Dist::Constant { value: 1.0 }
}

/// The parameters of one distribution while it is read.
struct Params<'a, 't> {
    cx: &'a mut Cx,
    fields: Fields<'t>,
    of: Of,
    kind: &'static str,
}

impl Cx {
    /// A quantity of a kind.
    pub fn value_of(&mut self, node: &Node, path: &str, of: Of) -> Option<f64> {
        match of {
            Of::Time => self.time(node, path).map(|v| v as f64),
            Of::Bytes => self.bytes(node, path).map(|v| v as f64),
            Of::Number => self.number(node, path),
        }
    }

    /// A distribution, or a quantity alone.
    pub fn dist(&mut self, node: &Node, path: &str, of: Of) -> Option<Dist> {
        if !matches!(node.value, Value::Table(_)) {
            let value = self.value_of(node, path, of)?;
            return self.built(Dist::constant(value), node.span, path);
        }
        let fields = self.fields(node, path, &DIST)?;
        let Some(kind) = fields.get("dist") else {
            self.missing(&fields, "dist", &DIST);
            return None;
        };
        let names: Vec<&'static str> = KINDS.iter().map(|k| k.0).collect();
        let kind = self.choice(kind, &fields.path("dist"), &names, &[])?;
        let allowed = KINDS.iter().find(|k| k.0 == kind).map_or(&[][..], |k| k.1);
        let fine = self.only(
            &fields,
            &format!("a distribution of kind `{kind}`"),
            "dist",
            allowed,
        );
        let mut params = Params {
            cx: self,
            fields,
            of,
            kind,
        };
        let built = params.build()?;
        let span = params.fields.span;
        let dist = self.built(built, span, path)?;
        fine.then_some(dist)
    }

    fn built(&mut self, built: Result<Dist, DistError>, span: Span, path: &str) -> Option<Dist> {
        let e = match built {
            Ok(dist) => return Some(dist),
            Err(e) => e,
        };
        let d = Diagnostic::error(Code::OUT_OF_RANGE, format!("`{path}`: {e}"))
            .at(span, "")
            .path(path);
        self.push(d);
        None
    }

    /// Reports known keys that the chosen kind does not have.
    pub fn only(&mut self, fields: &Fields<'_>, who: &str, kind: &str, allowed: &[&str]) -> bool {
        let mut fine = true;
        for entry in &fields.table.entries {
            let key = entry.key.as_str();
            if key == kind || allowed.contains(&key) || fields.block.key(key).is_none() {
                continue;
            }
            fine = false;
            let path = fields.path(key);
            let d = Diagnostic::error(Code::KEYS_DISAGREE, format!("{who} has no `{key}`"))
                .at(entry.key_span, "remove it")
                .help(format!("it has: {}", allowed.join(", ")))
                .path(path);
            self.push(d);
        }
        fine
    }
}

type Built = Option<Result<Dist, DistError>>;

impl Params<'_, '_> {
    fn has(&self, key: &str) -> bool {
        self.fields.get(key).is_some()
    }

    fn required(&mut self, key: &str) -> Option<Node> {
        let node = self.fields.get(key).cloned();
        if node.is_none() {
            self.cx.missing(&self.fields, key, &DIST);
        }
        node
    }

    fn quantity(&mut self, key: &str) -> Option<f64> {
        let node = self.required(key)?;
        self.cx.value_of(&node, &self.fields.path(key), self.of)
    }

    fn number(&mut self, key: &str) -> Option<f64> {
        let node = self.required(key)?;
        self.cx.number(&node, &self.fields.path(key))
    }

    fn build(&mut self) -> Built {
        match self.kind {
            "constant" => self.quantity("value").map(Dist::constant),
            "exponential" => self.quantity("mean").map(Dist::exponential),
            "uniform" => {
                let (min, max) = (self.quantity("min"), self.quantity("max"));
                Some(Dist::uniform(min?, max?))
            }
            "erlang" => {
                let mean = self.quantity("mean");
                let node = self.required("k")?;
                let k = self.cx.count32(&node, &self.fields.path("k"), 1, 1000);
                Some(Dist::erlang(mean?, k?))
            }
            "lognormal" => self.lognormal(),
            "pareto" => self.pareto(),
            "hyperexponential" => self.hyperexponential(),
            "gamma" => {
                let (mean, cv) = (self.quantity("mean"), self.number("cv"));
                Some(Dist::gamma(mean?, cv?))
            }
            "weibull" => {
                let (mean, shape) = (self.quantity("mean"), self.number("shape"));
                Some(Dist::weibull(mean?, shape?))
            }
            "geometric" => self.geometric(),
            "mixture" => self.mixture(),
            _ => self.empirical(),
        }
    }

    /// Exactly one of several groups of keys must be there; tells which.
    fn one_of(&mut self, groups: &[&[&str]]) -> Option<usize> {
        let present: Vec<usize> = (0..groups.len())
            .filter(|&g| groups[g].iter().any(|k| self.has(k)))
            .collect();
        if let [one] = present[..] {
            return Some(one);
        }
        let ways: Vec<String> = groups.iter().map(|g| g.join(" and ")).collect();
        let message = format!("a {} needs one of its sets of keys", self.kind);
        let path = self.fields.path.clone();
        let help = format!("give {}", ways.join(", or "));
        self.cx.disagree(self.fields.span, &path, &message, &help);
        None
    }

    fn lognormal(&mut self) -> Built {
        match self.one_of(&[&["mean", "cv"], &["median", "p99"], &["mu", "sigma"]])? {
            0 => {
                let (mean, cv) = (self.quantity("mean"), self.number("cv"));
                Some(Dist::lognormal(mean?, cv?))
            }
            1 => {
                let (median, p99) = (self.quantity("median"), self.quantity("p99"));
                Some(Dist::lognormal_median(median?, p99?))
            }
            _ => {
                let (mu, sigma) = (self.number("mu"), self.number("sigma"));
                let unit = match self.of {
                    Of::Time => SECOND as f64,
                    Of::Bytes | Of::Number => 1.0,
                };
                Some(Dist::lognormal_log(mu?, sigma?, unit))
            }
        }
    }

    fn pareto(&mut self) -> Built {
        let by_mean = self.one_of(&[&["mean"], &["min"]])? == 0;
        let least = self.quantity(if by_mean { "mean" } else { "min" });
        let shape = self.number("shape");
        let max = match self.has("max") {
            true => Some(self.quantity("max")?),
            false => None,
        };
        Some(match by_mean {
            true => Dist::pareto_mean(least?, shape?, max),
            false => Dist::pareto(least?, shape?, max),
        })
    }

    fn quantities(&mut self, key: &str) -> Option<Vec<f64>> {
        let node = self.required(key)?;
        let path = self.fields.path(key);
        let list = self.cx.list(&node, &path, "a list of quantities")?;
        let all: Vec<Option<f64>> = list
            .iter()
            .map(|n| self.cx.value_of(n, &path, self.of))
            .collect();
        all.into_iter().collect()
    }

    fn hyperexponential(&mut self) -> Built {
        if self.one_of(&[&["mean", "cv"], &["means", "weights"]])? == 0 {
            let (mean, cv) = (self.quantity("mean"), self.number("cv"));
            return Some(Dist::hyperexponential(mean?, cv?));
        }
        let means = self.quantities("means");
        let node = self.required("weights")?;
        let weights = self.cx.numbers(&node, &self.fields.path("weights"));
        Some(Dist::hyperexponential_of(&means?, &weights?))
    }

    fn geometric(&mut self) -> Built {
        if self.of != Of::Number {
            let path = self.fields.path("dist");
            let message = format!("`{}` cannot be geometric", self.fields.path);
            let help = "a geometric draws whole numbers from 1: how many arrive together";
            self.cx.disagree(self.fields.span, &path, &message, help);
            return None;
        }
        self.quantity("mean").map(Dist::geometric)
    }

    fn mixture(&mut self) -> Built {
        let (of, weights) = (self.required("of"), self.required("weights"));
        let (of, weights) = (of?, weights?);
        let path = self.fields.path("of");
        let list = self.cx.list(&of, &path, "a list of distributions")?;
        let parts: Vec<Option<Dist>> = list
            .iter()
            .enumerate()
            .map(|(i, part)| self.cx.dist(part, &format!("{path}[{i}]"), self.of))
            .collect();
        let weights = self.cx.numbers(&weights, &self.fields.path("weights"));
        let parts: Vec<Dist> = parts.into_iter().collect::<Option<_>>()?;
        Some(Dist::mixture(&parts, &weights?))
    }

    fn empirical(&mut self) -> Built {
        if self.one_of(&[&["file", "column"], &["values"]])? == 1 {
            let values = self.quantities("values");
            let weights = match self.fields.get("weights") {
                Some(node) => Some(self.cx.numbers(node, &self.fields.path("weights"))?),
                None => None,
            };
            return Some(Dist::empirical(&values?, weights.as_deref()));
        }
        if let Some(weights) = self.fields.get("weights") {
            let path = self.fields.path("weights");
            let help = "rows of a file have equal chances";
            self.cx
                .disagree(weights.span, &path, "`weights` needs `values`", help);
        }
        let (file, column) = (self.required("file"), self.required("column"));
        let (file, column) = (file?, column?);
        let column = self.cx.text(&column, &self.fields.path("column"))?;
        let unit = self.cx.unit_of(&self.fields, &column, self.of)?;
        let span: Span = file.span;
        let file = self.cx.text(&file, &self.fields.path("file"))?;
        let path = self.fields.path.clone();
        let values = self.cx.column(&file, span, &path, &column, unit)?;
        let values: Vec<f64> = values.iter().map(|&v| v as f64).collect();
        Some(Dist::empirical(&values, None))
    }
}

impl Cx {
    /// The unit of a column: from `unit`, else from the ending of its name.
    pub fn unit_of(&mut self, fields: &Fields<'_>, column: &str, of: Of) -> Option<Unit> {
        let parse = |text: &str| match of {
            Of::Time => crate::base::units::time_unit(text),
            Of::Bytes => crate::base::units::byte_unit(text),
            Of::Number => None,
        };
        // A time finer than a nanosecond is rounded; there is no part of a byte.
        let unit = match of {
            Of::Time => Unit::rounded,
            Of::Bytes | Of::Number => Unit::times,
        };
        let path = fields.path("unit");
        if let Some(node) = fields.get("unit") {
            let text = self.text(node, &path)?;
            let factor = parse(&text);
            if factor.is_none() {
                let known: Vec<&str> = match of {
                    Of::Time => crate::base::units::TIME_UNITS.iter().map(|u| u.0).collect(),
                    Of::Bytes => crate::base::units::BYTE_UNITS.iter().map(|u| u.0).collect(),
                    Of::Number => Vec::new(),
                };
                self.unknown_name(node.span, &path, &text, &known);
            }
            return factor.map(unit);
        }
        let ending = column.rsplit('_').next().unwrap_or_default();
        let by_name = match of {
            Of::Time => parse(ending).filter(|_| matches!(ending, "s" | "ms" | "us" | "ns")),
            Of::Bytes => (ending == "bytes").then_some(1),
            Of::Number => Some(1),
        };
        if by_name.is_none() {
            let message = format!("the unit of column `{column}` is not known");
            let d = Diagnostic::error(Code::UNIT, message)
                .at(fields.span, "add `unit`")
                .help("a name that ends in _s, _ms, _us, _ns or _bytes says it by itself")
                .path(path);
            self.push(d);
        }
        by_name.map(unit)
    }
}
