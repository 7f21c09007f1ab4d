//! The explanation for programs.

use serde_json::{Value, json};

use super::{Explained, Told, words};
use crate::experiment::explain::{
    CUTS, Causes, Course, Curve, Effect, LINEAGES, Map, Mitigations, Nature, Rates, Recovery,
    Scope, Seen, Tested, Together,
};
use crate::stats::proportion::wilson;

fn seconds(ns: u64) -> Value {
    json!(ns as f64 / 1e9)
}

fn rates(rates: &Rates) -> Value {
    json!({
        "first_attempts_per_s": rates.first,
        "further_attempts_per_s": rates.again,
        "answered_per_s": rates.answered,
        "failed_per_s": rates.failed,
        "work_per_attempt_s": rates.work_each(),
    })
}

/// The bytes of `explain.json`.
pub fn bytes(told: &Told<'_>, explained: &Explained<'_>) -> Vec<u8> {
    let seen = explained.seen;
    let episode = &seen.sought.episode;
    let facts = &seen.facts;
    let value = json!({
        "token": told.token,
        "experiment": told.name,
        "point": told.label,
        "seed": told.case.run.seed.to_string(),
        "replication": told.case.run.replication,
        "incident": {
            "code": episode.code().to_string(),
            "kind": episode.kind.name(),
            "place": episode.place.name(&told.case.system),
            "at_s": seconds(episode.at),
            "watched_to_s": seconds(seen.sought.stop),
            "counts_anywhere_in_service": matches!(seen.sought.scope, Scope::Service(_)),
        },
        "facts": {
            "from_s": seconds(facts.window.0),
            "to_s": seconds(facts.window.1),
            "now": rates(&facts.now),
            "usual": facts.before.map(|_| rates(&facts.usual)),
        },
        "causes": causes(told, explained.causes),
        "likelihood": explained.curve.map(|curve| likelihood(curve, seen)),
        "recovery": explained.recovery.map(|found| recovery(told, found)),
        "map": explained.map.map(|found| map(told, found)),
        "mitigations": mitigations(told, explained.mitigations),
    });
    let mut bytes = format!("{value:#}").into_bytes();
    bytes.push(b'\n');
    bytes
}

fn causes(told: &Told<'_>, causes: &Causes) -> Value {
    let tested: Vec<Value> = causes.tested.iter().map(|t| tested(told, t)).collect();
    json!({
        "because": causes.because,
        "together": match causes.together {
            Together::Alone => "alone",
            Together::EachNeeded => "each_needed",
            Together::EachEnough(_) => "each_enough",
        },
        "suspects": tested,
    })
}

fn tested(told: &Told<'_>, tested: &Tested) -> Value {
    let spec = &told.case.system;
    let (effect, by) = match &tested.effect {
        Effect::Avoided => ("avoided", None),
        Effect::Delayed(by) => ("delayed", Some(*by)),
        Effect::Same => ("no_difference", None),
        Effect::Sooner(by) => ("sooner", Some(*by)),
        Effect::Failed(_) => ("failed", None),
    };
    json!({
        "suspect": words::suspect(spec, &tested.suspect),
        "taken_away": words::taken_away(spec, &tested.suspect),
        "nature": match tested.suspect.nature {
            Nature::Input => "input",
            Nature::Choice => "choice",
            Nature::Room => "room",
        },
        "since_s": seconds(tested.suspect.since),
        "effect": effect,
        "by_s": by.map(seconds),
        "continuations": tested.agreement.map(|a| json!({
            "of": LINEAGES,
            "with": a.with,
            "without": a.without,
        })),
    })
}

fn likelihood(curve: &Curve, seen: &Seen<'_>) -> Value {
    let moments: Vec<Value> = curve
        .moments
        .iter()
        .map(|m| {
            let (low, high) = wilson(m.failed, m.of, super::CONFIDENCE);
            json!({
                "at_s": seconds(m.at),
                "failed": m.failed,
                "of": m.of,
                "low": low,
                "high": high,
            })
        })
        .collect();
    let before = |at: u64| seconds(seen.sought.episode.at.saturating_sub(at));
    json!({
        "moments": moments,
        "no_return_s": curve.no_return().map(|m| seconds(m.at)),
        "no_return_before_s": curve.no_return().map(|m| before(m.at)),
    })
}

fn course(course: &Course) -> Value {
    json!({
        "up": course.is_up(),
        "answered_share": course.share,
        "back_after_s": course.back.map(seconds),
    })
}

fn faults(told: &Told<'_>, faults: &[usize]) -> Vec<String> {
    let name = |&f: &usize| told.case.system.faults[f].name.clone();
    faults.iter().map(name).collect()
}

fn recovery(told: &Told<'_>, found: &Recovery) -> Value {
    json!({
        "nothing_strikes_from_s": seconds(found.at),
        "watched_s": seconds(found.watched),
        "ended": faults(told, &found.ended),
        "outcome": course(&found.course),
    })
}

fn map(told: &Told<'_>, found: &Map) -> Value {
    let cells: Vec<Value> = found
        .loads
        .iter()
        .enumerate()
        .flat_map(|(number, load)| {
            let cells = found.sizes.iter().zip(found.of_load(number));
            cells.map(
                move |(size, cell)| json!({ "load": load, "size": size, "outcome": course(cell) }),
            )
        })
        .collect();
    let cuts = CUTS.iter().zip(&found.cuts);
    let cuts: Vec<Value> = cuts
        .map(|(load, cut)| json!({ "load": load, "outcome": course(cut) }))
        .collect();
    json!({
        "trigger": faults(told, &found.trigger),
        "trigger_lasted_s": seconds(found.lasted),
        "watched_s": seconds(found.watched),
        "offered_per_s_at_load_1": found.rate,
        "cells": cells,
        "load_cut_to": cuts,
        "stable_to_load": found.stable_to(),
        "metastable_from": found.vulnerable_from().map(|(load, size)| json!({
            "load": load,
            "size": size,
        })),
        "down_from_load": found.down_from(),
        "back_at_load": found.back_at(),
    })
}

fn mitigations(told: &Told<'_>, found: &Mitigations) -> Value {
    let spec = &told.case.system;
    let all: Vec<Value> = found
        .all
        .iter()
        .map(|m| {
            json!({
                "what": words::otherwise(spec, m.setting),
                "saved_per_s": m.saved,
                "cost_per_hour": m.cost,
                "avoids": m.avoids,
                "for_sale": !m.ideal,
            })
        })
        .collect();
    json!({
        "goodput_per_s": found.goodput,
        "offered_per_s": found.offered,
        "incident_over_s": found.over.map(seconds),
        "all": all,
    })
}
