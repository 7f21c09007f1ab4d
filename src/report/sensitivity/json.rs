//! `sensitivity.json`, schema 1: what was found, for programs.

use serde_json::{Map, Value, json};

use super::super::number;
use super::csv::kind;
use super::{Findings, Moves, Shares, Walks};
use crate::experiment::sensitivity::{Change, Input, Move, Uncertain};
use crate::stats::interval::Interval;

/// Goes up when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// The file.
pub fn bytes(found: &Findings<'_>) -> Vec<u8> {
    let base = found.base;
    let metrics = names(found);
    let of_each = |of: &dyn Fn(usize) -> Value| -> Value {
        let all = metrics.iter().enumerate();
        Value::Object(all.map(|(m, name)| (name.clone(), of(m))).collect())
    };
    let path = |input: Option<&Input>| input.map_or(Value::Null, |i| i.path.as_str().into());
    let root = json!({
        "schema": SCHEMA,
        "experiment": base.name,
        "title": base.title,
        "variant": found.variant(),
        "axes_left_out": found.swept,
        // As text: a number of 64 bits does not survive every reader.
        "seed": base.seed.to_string(),
        "confidence": number::json(Some(base.confidence)),
        "metrics": metrics,
        "measure_first": of_each(&|m| path(found.measure_first(m))),
        "strongest_lever": of_each(&|m| path(found.strongest_lever(m))),
        "tornado": found.tornado.as_ref().map(|moves| tornado(found, moves)),
        "morris": found.screen.as_ref().map(|walks| morris(found, walks)),
        "sobol": found.variance.as_ref().map(|shares| sobol(found, shares)),
    });
    let mut bytes = serde_json::to_vec_pretty(&root).expect("plain data has a form in JSON");
    bytes.push(b'\n');
    bytes
}

fn names(found: &Findings<'_>) -> Vec<String> {
    found.metrics().iter().map(ToString::to_string).collect()
}

fn interval(interval: Option<Interval>) -> Value {
    let Some(i) = interval else {
        return Value::Null;
    };
    json!({
        "mean": number::json(Some(i.estimate)),
        "low": number::json(i.low),
        "high": number::json(i.high),
        "n": i.n,
    })
}

fn tornado(found: &Findings<'_>, moves: &Moves<'_>) -> Value {
    let names = names(found);
    let plan = moves.plan;
    let estimates = moves.results.points.first().map(|p| &p.estimates);
    let base: Map<String, Value> = names
        .iter()
        .enumerate()
        .map(|(m, name)| {
            let e = estimates.and_then(|all| all.get(m).copied().flatten());
            let value = e.map_or(Value::Null, |e| {
                json!({
                    "mean": number::json(Some(e.mean)),
                    "low": number::json(e.low),
                    "high": number::json(e.high),
                    "n": e.n,
                })
            });
            (name.clone(), value)
        })
        .collect();
    let side = |to: &Option<Move>, of: &dyn Fn(usize) -> Option<Change>| {
        let Some(to) = to else { return Value::Null };
        let changes = names.iter().enumerate();
        let changes: Map<String, Value> = changes
            .map(|(m, name)| (name.clone(), interval(of(m).map(|c| c.difference))))
            .collect();
        let stable = moves.results.points.get(to.point).map(|p| p.stable);
        json!({ "value": to.value, "stable": stable, "difference": changes })
    };
    let rows = plan.rows.iter().zip(&moves.effects);
    let inputs: Vec<Value> = rows
        .map(|(moved, effects)| {
            json!({
                "path": moved.input.path,
                "kind": kind(&moved.input),
                "value": moved.input.value,
                "down": side(&moved.down, &|m| effects[m].down),
                "up": side(&moved.up, &|m| effects[m].up),
            })
        })
        .collect();
    let left = plan.left_out.iter();
    let left: Vec<Value> = left
        .map(|l| json!({ "path": l.path, "value": l.value, "reason": l.reason }))
        .collect();
    json!({
        "by": number::json(Some(plan.by)),
        "replications": plan.design.replications,
        "trials": plan.design.trial_count(),
        "as_it_is": base,
        "inputs": inputs,
        "not_varied": left,
    })
}

fn morris(found: &Findings<'_>, walks: &Walks<'_>) -> Value {
    let names = names(found);
    let rows = walks.plan.inputs.iter().zip(&walks.effects);
    let inputs: Vec<Value> = rows
        .map(|(uncertain, effects)| {
            let of = |(name, one): (&String, &Option<_>)| {
                let value = one.map_or(Value::Null, |s: super::Screening| {
                    json!({
                        "mu_star": interval(Some(s.mu_star)),
                        "mu": number::json(Some(s.mu)),
                        "sigma": number::json(s.sigma),
                    })
                });
                (name.clone(), value)
            };
            ranged(uncertain, names.iter().zip(effects).map(of).collect())
        })
        .collect();
    json!({
        "walks": walks.plan.walks.len(),
        "replications": walks.plan.design.replications,
        "trials": walks.plan.design.trial_count(),
        "inputs": inputs,
    })
}

fn sobol(found: &Findings<'_>, shares: &Shares<'_>) -> Value {
    let names = names(found);
    let rows = shares.plan.inputs.iter().zip(&shares.indices);
    let inputs: Vec<Value> = rows
        .map(|(uncertain, indices)| {
            let of = |(name, one): (&String, &Option<_>)| {
                let value = one.map_or(Value::Null, |i: super::Indices| {
                    json!({ "total": interval(Some(i.total)), "first": interval(Some(i.first)) })
                });
                (name.clone(), value)
            };
            ranged(uncertain, names.iter().zip(indices).map(of).collect())
        })
        .collect();
    let design = &shares.plan.design;
    json!({
        "samples": design.points.len() / (shares.plan.inputs.len() + 2),
        "replications": design.replications,
        "trials": design.trial_count(),
        "inputs": inputs,
    })
}

fn ranged(uncertain: &Uncertain, metrics: Map<String, Value>) -> Value {
    json!({
        "path": uncertain.input.path,
        "kind": kind(&uncertain.input),
        "value": uncertain.input.value,
        "low": uncertain.low,
        "high": uncertain.high,
        "metrics": metrics,
    })
}
