//! `incidents.json`: every episode of every trial, for programs.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::Tokens;
use crate::experiment::design::Design;
use crate::experiment::results::{Results, TrialResult, TrialStatus};
use crate::experiment::watching;
use crate::model::incident::{Episode, Rules, Struck};
use crate::model::spec::SystemSpec;

/// Goes up when a field changes its meaning or goes away.
const SCHEMA: u32 = 1;

/// Writes the file, one trial after another.
///
/// # Errors
/// The writer says no.
pub fn write(design: &Design, results: &Results, to: &mut dyn Write) -> io::Result<()> {
    let mut tokens = Tokens::new(design, results);
    let digests: Vec<String> = (0..design.points.len())
        .map(|point| tokens.of_point(point).hex())
        .collect();
    write!(
        to,
        "{{\n\"schema\": {SCHEMA},\n\"experiment\": {},\n\"digests\": {},\n\"trials\": [",
        json!(design.name),
        json!(digests)
    )?;
    let mut gap = "\n";
    for trial in &results.trials {
        if trial.status == TrialStatus::Done {
            to.write_all(gap.as_bytes())?;
            serde_json::to_writer(&mut *to, &of_trial(design, trial, &mut tokens))?;
            gap = ",\n";
        }
    }
    to.write_all(b"\n]\n}\n")
}

fn of_trial(design: &Design, trial: &TrialResult, tokens: &mut Tokens<'_>) -> Value {
    let point = &design.points[trial.point];
    let rules = watching::look_for(design, trial.point).rules;
    let episodes = trial.incidents.episodes.iter().enumerate();
    let episodes = episodes.map(|(number, episode)| {
        let mut all = of_episode(&point.system, &rules, episode);
        let token = tokens.of(trial, Some(number));
        all.insert("token".into(), token.to_string().into());
        Value::Object(all)
    });
    let episodes: Vec<Value> = episodes.collect();
    let faults = trial.incidents.faults.iter();
    let faults: Vec<Value> = faults.map(|s| of_fault(&point.system, s)).collect();
    let stations: Vec<String> = trial.stations.iter().map(|s| format!("{s:016x}")).collect();
    json!({
        "point": trial.point,
        "variant": design.variants[point.variant].name,
        "replication": trial.replication,
        // As text: a number of 64 bits does not survive every reader.
        "seed": design.seed.to_string(),
        "token": tokens.of(trial, None).to_string(),
        "fingerprint": format!("{:016x}", trial.fingerprint),
        "demand": format!("{:016x}", trial.demand),
        "stations": stations,
        "episodes": episodes,
        "more_episodes": trial.incidents.more,
        "faults": faults,
        "more_faults": trial.incidents.more_faults,
    })
}

/// An episode, times in nanoseconds of the run.
pub fn of_episode(spec: &SystemSpec, rules: &Rules, episode: &Episode) -> Map<String, Value> {
    let condition = match episode.kind {
        crate::model::incident::Kind::SloBurn => {
            rules.budgets.get(episode.which as usize).map(|b| &b.text)
        }
        crate::model::incident::Kind::Own => rules.own.get(episode.which as usize).map(|o| &o.text),
        _ => None,
    };
    let scene = &episode.scene;
    let all = json!({
        "code": episode.code().to_string(),
        "detector": episode.kind.name(),
        "condition": condition,
        "place": episode.place.name(spec),
        "at_ns": episode.at,
        "from_ns": episode.from,
        "to_ns": episode.to,
        "amount": episode.amount,
        "worst": episode.worst,
        "waiting": scene.waiting,
        "slots": scene.slots,
        "busy_cores": scene.busy,
        "cores": scene.cores,
        "ram_held": scene.ram,
        "pausing": scene.pausing,
    });
    match all {
        Value::Object(all) => all,
        _ => Map::new(),
    }
}

fn of_fault(spec: &SystemSpec, struck: &Struck) -> Value {
    let worker = struck.worker.map(|w| spec.worker_name(w as usize));
    json!({
        "fault": spec.faults[struck.fault as usize].name,
        "worker": worker,
        "from_ns": struck.from,
        "to_ns": struck.to,
    })
}
