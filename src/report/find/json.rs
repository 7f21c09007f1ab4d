//! `find.json`: the answer for programs.

use serde_json::{Map, Value, json};

use super::super::number;
use super::Found;
use crate::experiment::find::answer::Ends;
use crate::experiment::find::{Looked, PointId};

/// The name of the file.
pub const NAME: &str = "find.json";

/// The bytes of the file.
pub fn bytes(found: Found<'_>) -> Vec<u8> {
    let answer = found.answer;
    let full = answer.full_requests();
    let path = |&axis: &usize| found.design.axes[axis].paths.join(", ");
    let object = json!({
        "schema": 1,
        "experiment": found.design.name,
        "seed": found.design.seed.to_string(),
        "minimise": found.objective.minimise.to_string(),
        "confidence": number::json(Some(found.settings.confidence)),
        "indifference": number::json(Some(found.objective.indifference)),
        "stopped": answer.stopped,
        "winner": winner(found),
        "best_so_far": answer.best.map(|place| looked(found, &answer.looked[place])),
        "open_from": number::json(answer.floor),
        "next_cheaper": next(found),
        "binding": answer.binding.map(|b| found.checks.list[b].constraint.text.clone()),
        "original": number::json(found.original),
        "points": answer.points,
        "looked_at": answer.looked.len(),
        "trials": answer.trials,
        "requests": answer.requests,
        "full_requests": number::json(full),
        "share_of_full": number::json(full.map(|full| answer.requests as f64 / full)),
        "ordered_axes": answer.ordered.iter().map(path).collect::<Vec<_>>(),
        "axes_out_of_order": answer.violated.iter().map(path).collect::<Vec<_>>(),
    });
    format!("{object:#}\n").into_bytes()
}

fn winner(found: Found<'_>) -> Value {
    let Some(winner) = &found.answer.winner else {
        return Value::Null;
    };
    let checks = found.checks.list.iter().zip(&winner.confirmed);
    let constraints: Vec<Value> = checks
        .map(|(check, confirmed)| {
            json!({
                "constraint": check.constraint.text,
                "metric": ends(confirmed.shown),
                "judged_share": ends(confirmed.share),
                "judged_against": number::json(Some(check.bound.1)),
            })
        })
        .collect();
    json!({
        "variant": found.settings_of(winner.point).0,
        "set": set(found, winner.point),
        "cost": number::json(Some(winner.cost)),
        "confirmation": winner.attempt,
        "replications": winner.replications,
        "requests": winner.requests,
        "constraints": constraints,
    })
}

fn next(found: Found<'_>) -> Value {
    let Some(next) = &found.answer.next else {
        return Value::Null;
    };
    let mut object = looked(found, &found.answer.looked[next.place]);
    object["misses"] = found.checks.list[next.check].constraint.text.clone().into();
    object["certainty"] = number::json(Some(next.certainty));
    object
}

fn looked(found: Found<'_>, looked: &Looked) -> Value {
    json!({
        "variant": found.settings_of(looked.point).0,
        "set": set(found, looked.point),
        "cost": number::json(Some(looked.cost)),
        "decision": looked.fate.word(),
        "trials": looked.trials,
    })
}

fn set(found: Found<'_>, point: PointId) -> Value {
    let settings = found.settings_of(point).1.into_iter();
    let set: Map<String, Value> = settings
        .map(|(path, value)| {
            let number = value.parse::<f64>().ok();
            let value = number.map_or_else(|| value.into(), |n| number::json(Some(n)));
            (path.to_owned(), value)
        })
        .collect();
    Value::Object(set)
}

fn ends(ends: Option<Ends>) -> Value {
    let Some((mean, low, high)) = ends else {
        return Value::Null;
    };
    json!({
        "mean": number::json(Some(mean)),
        "low": number::json(Some(low)),
        "high": number::json(Some(high)),
    })
}
