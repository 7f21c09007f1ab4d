//! `hunt.json`: what was found, for programs.

use serde_json::{Map, Value, json};

use super::super::number;
use super::Hunted;
use crate::experiment::hunt::{Group, LINGER, Shot};
use crate::stats::interval::Interval;

/// The name of the file.
pub const NAME: &str = "hunt.json";

/// The bytes of the file.
pub fn bytes(hunted: Hunted<'_>) -> Vec<u8> {
    let (hunt, found) = (hunted.hunt, hunted.found);
    let kinds = hunted.kinds.map(|kinds| {
        let names = kinds.iter().map(|kind| kind.name());
        names.collect::<Vec<_>>()
    });
    let object = json!({
        "schema": 1,
        "experiment": hunted.name,
        "variant": hunted.variant,
        "at": set(hunted.at),
        "from_seed": hunt.seeds.start.to_string(),
        "to_seed": hunt.seeds.end.to_string(),
        "for": kinds,
        "linger_ns": (!hunt.whole).then_some(LINGER),
        "swarm": hunted.swarm,
        "confidence": number::json(Some(hunted.confidence)),
        "seeds": found.seeds,
        "failed": found.failed,
        "caught": found.caught,
        "share": interval(found.share),
        "below": number::json(found.below),
        "events": found.events,
        "signatures": found.groups.iter().map(|g| group(hunted, g)).collect::<Vec<_>>(),
        "replay": hunted.replay.join(" "),
    });
    format!("{object:#}\n").into_bytes()
}

fn group(hunted: Hunted<'_>, group: &Group) -> Value {
    json!({
        "signature": group.signature,
        "seeds": group.count,
        "share": interval(group.share),
        "rarest": group.rarest,
        "earliest": shot(&hunted.shots[group.earliest]),
        "worst": shot(&hunted.shots[group.worst]),
    })
}

/// One seed with its incident.
pub(super) fn shot(shot: &Shot) -> Value {
    let caught = shot.caught();
    json!({
        "seed": shot.seed.to_string(),
        "incident": caught.map(|c| c.kind.name()),
        "code": caught.map(|c| c.kind.code().to_string()),
        "place": caught.map(|c| &c.place),
        "time_ns": caught.map(|c| c.at),
        "amount": caught.map(|c| c.amount),
        "worst": number::json(caught.map(|c| c.worst)),
        "token": caught.map(|c| &c.token),
        "set": set(&shot.settings),
        "failed": shot.failed(),
    })
}

fn set(settings: &[(String, String)]) -> Value {
    let settings = settings.iter();
    let texts: Map<String, Value> = settings
        .map(|(path, value)| (path.clone(), value.as_str().into()))
        .collect();
    Value::Object(texts)
}

/// An interval with its estimate.
pub(super) fn interval(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |interval| {
        json!({
            "estimate": number::json(Some(interval.estimate)),
            "low": number::json(interval.low),
            "high": number::json(interval.high),
        })
    })
}
