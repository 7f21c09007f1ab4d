//! `results.json`, schema 1: what `results.csv` says, for programs.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::number;
use super::results_csv::unquoted;
use super::summary::{self, View};
use crate::base::codes::Code;
use crate::experiment::design::Design;
use crate::experiment::objective::Verdict;
use crate::experiment::results::{Estimate, PointResult, Results};

/// Goes up when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// The file.
pub fn bytes(design: &Design, results: &Results) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(design, results, &mut bytes).expect("memory takes all that is written");
    bytes
}

/// Writes the file.
///
/// # Errors
/// The writer says no.
pub fn write(design: &Design, results: &Results, to: &mut dyn Write) -> io::Result<()> {
    let view = View { design, results };
    let root = Ordered(vec![
        ("schema".into(), Json::Plain(SCHEMA.into())),
        (
            "experiment".into(),
            Json::Plain(design.name.as_str().into()),
        ),
        ("title".into(), Json::Plain(design.title.as_str().into())),
        // As text: a number of 64 bits does not survive every reader.
        ("seed".into(), Json::Plain(design.seed.to_string().into())),
        (
            "replications".into(),
            Json::Plain(design.replications.into()),
        ),
        ("stopping".into(), stopping(design)),
        ("terminating".into(), Json::Plain(design.terminating.into())),
        ("warm_up".into(), warm_up(view)),
        (
            "confidence".into(),
            Json::Plain(number::json(Some(design.confidence))),
        ),
        ("objective".into(), objective(design)),
        ("points".into(), Json::Points(view)),
        ("notes".into(), Json::List(notes(view))),
    ]);
    serde_json::to_writer_pretty(&mut *to, &root)?;
    to.write_all(b"\n")
}

/// What is worth knowing of each point, by code.
fn notes(view: View<'_>) -> Vec<Json<'_>> {
    let points = 0..view.design.points.len();
    let all = points.flat_map(|p| summary::notes(view, p).into_iter().map(move |n| (p, n)));
    let note = |(point, (code, text)): (usize, (Code, String))| {
        Json::Object(Ordered(vec![
            ("code".into(), Json::Plain(code.to_string().into())),
            ("point".into(), Json::Plain(point.into())),
            ("text".into(), Json::Plain(text.into())),
        ]))
    };
    all.map(note).collect()
}

/// At which precision a point has enough replications.
fn stopping(design: &Design) -> Json<'static> {
    let Some(stopping) = &design.stopping else {
        return Json::Plain(Value::Null);
    };
    let names = stopping.metrics.iter().map(ToString::to_string);
    Json::Object(Ordered(vec![
        ("min".into(), Json::Plain(stopping.min.into())),
        ("max".into(), Json::Plain(design.replications.into())),
        (
            "precision".into(),
            Json::Plain(number::json(Some(stopping.precision))),
        ),
        ("metrics".into(), Json::Plain(names.collect())),
    ]))
}

/// The warm-up of every trial, and where it comes from.
fn warm_up(view: View<'_>) -> Json<'static> {
    let found = view.results.warm_up.as_ref();
    let time = found.map_or(view.design.timing.warm_up, |found| found.time);
    let by = found.map_or("stated", |found| found.by.name());
    let point = found.and_then(|found| found.point);
    Json::Object(Ordered(vec![
        (
            "seconds".into(),
            Json::Plain(number::json(Some(time as f64 / 1e9))),
        ),
        ("by".into(), Json::Plain(by.into())),
        ("point".into(), Json::Plain(point.into())),
    ]))
}

fn objective(design: &Design) -> Json<'static> {
    let Some(objective) = &design.objective else {
        return Json::Plain(Value::Null);
    };
    let names = objective
        .variants
        .iter()
        .map(|&v| design.variants[v].name.as_str());
    let lines = objective.subject_to.iter().map(|c| c.text.as_str());
    Json::Object(Ordered(vec![
        ("for".into(), Json::Plain(names.collect())),
        (
            "minimise".into(),
            Json::Plain(objective.minimise.to_string().into()),
        ),
        ("subject_to".into(), Json::Plain(lines.collect())),
    ]))
}

fn point(design: &Design, index: usize, result: &PointResult) -> Json<'static> {
    let variant = &design.variants[design.points[index].variant];
    let settings = design.settings(index).into_iter();
    let set = settings.map(|(path, value)| (path.to_owned(), Json::Plain(setting(value))));
    let metrics = design.metrics.iter().zip(&result.estimates);
    let metrics = metrics.map(|(m, e)| (m.to_string(), estimate(e.as_ref())));
    let verdicts = result.verdicts.as_ref().map_or(Value::Null, |verdicts| {
        verdicts.iter().map(|v| verdict(*v)).collect()
    });
    Json::Object(Ordered(vec![
        ("variant".into(), Json::Plain(variant.name.as_str().into())),
        ("set".into(), Json::Object(Ordered(set.collect()))),
        (
            "stable".into(),
            Json::Plain((!design.terminating).then_some(result.stable).into()),
        ),
        (
            "offered_load".into(),
            Json::Plain(number::json(Some(result.load.highest()))),
        ),
        ("trials".into(), Json::Plain(result.tally.trials.into())),
        ("failed".into(), Json::Plain(result.failed.into())),
        ("verdicts".into(), Json::Plain(verdicts)),
        ("metrics".into(), Json::Object(Ordered(metrics.collect()))),
    ]))
}

/// A value as written in TOML: numbers and truth values as such, all else as text.
fn setting(written: &str) -> Value {
    match serde_json::from_str(written) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::String(_))) => value,
        _ => unquoted(written).into(),
    }
}

/// The word for a verdict in files.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::NotShown => "not shown",
        Verdict::Missed => "missed",
    }
}

fn estimate(estimate: Option<&Estimate>) -> Json<'static> {
    let Some(e) = estimate.filter(|e| e.mean.is_finite()) else {
        return Json::Plain(Value::Null);
    };
    let mut fields = vec![
        ("mean".into(), Json::Plain(number::json(Some(e.mean)))),
        ("low".into(), Json::Plain(number::json(e.low))),
        ("high".into(), Json::Plain(number::json(e.high))),
        ("n".into(), Json::Plain(e.n.into())),
        ("method".into(), Json::Plain(e.method.name().into())),
    ];
    if let Some(bound) = e.bound {
        fields.push(("bound".into(), Json::Plain(bound.name().into())));
    }
    Json::Object(Ordered(fields))
}

/// JSON whose objects keep the order they were made in.
enum Json<'a> {
    Plain(Value),
    List(Vec<Json<'a>>),
    Object(Ordered<'a>),
    /// Every point, each made when its turn comes: there may be many.
    Points(View<'a>),
}

struct Ordered<'a>(Vec<(String, Json<'a>)>);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Plain(value) => value.serialize(serializer),
            Json::List(list) => list.serialize(serializer),
            Json::Object(object) => object.serialize(serializer),
            Json::Points(View { design, results }) => {
                let points = results.points.iter().enumerate();
                serializer.collect_seq(points.map(|(i, r)| point(design, i, r)))
            }
        }
    }
}
