//! What earlier runs in `runs/` know of a trial: which experiment it is from, and its fingerprints.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::source::Overrides;
use crate::experiment::incident::Token;
use crate::report::incidents::JSON;

/// The folder that runs are written to.
pub const RUNS: &str = "runs";

/// The file that only this machine knows of.
const HOST: &str = "host.json";

/// Longest line that is read: a trial with all its episodes.
const LONGEST: usize = 4 << 20;

/// Where an experiment was read from, and what overrode it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The file, as it was named.
    pub file: PathBuf,
    /// `PATH=VALUE`, in order.
    pub set: Vec<String>,
    /// `--horizon`
    pub horizon: Option<String>,
}

impl Provenance {
    /// Of a file with what overrides it. Seed and replications are the token's business.
    pub fn new(file: &Path, overrides: &Overrides) -> Provenance {
        Provenance {
            file: file.to_owned(),
            set: overrides.set.clone(),
            horizon: overrides.horizon.clone(),
        }
    }

    /// What overrides it.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            set: self.set.clone(),
            horizon: self.horizon.clone(),
            ..Overrides::default()
        }
    }
}

/// What is known of one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who says so.
    pub from: String,
    /// The fingerprint of the whole trial.
    pub fingerprint: u64,
    /// The fingerprints at its stations.
    pub stations: Vec<u64>,
    /// The hash of what was drawn.
    pub demand: Option<u64>,
    /// The hash of what was counted.
    pub counters: Option<u64>,
}

/// A run that has points like the token's.
#[derive(Debug)]
pub struct Found {
    /// Where its experiment is from.
    pub origin: Provenance,
    /// What it knows of the very trial, if it had it.
    pub record: Option<Record>,
}

/// The first run, by name, that has a point with the token's digest.
pub fn find(token: &Token) -> Option<Found> {
    let mut folders: Vec<PathBuf> = fs::read_dir(RUNS)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    let mut known = None;
    for folder in folders {
        let Some(found) = look(&folder, token) else {
            continue;
        };
        if found.record.is_some() {
            return Some(found);
        }
        known = known.or(Some(found));
    }
    known
}

fn look(folder: &Path, token: &Token) -> Option<Found> {
    let file = File::open(folder.join(JSON)).ok()?;
    let mut lines = BufReader::new(file).lines();
    let head = lines.by_ref().take(8).map_while(Result::ok);
    let digests = head
        .filter_map(|line| line.strip_prefix("\"digests\": ").map(str::to_owned))
        .next()?;
    if !digests.contains(&format!("\"{}\"", token.hex())) {
        return None;
    }
    let host = fs::read(folder.join(HOST)).ok()?;
    let host: Value = serde_json::from_slice(&host).ok()?;
    let origin = serde_json::from_value(host.get("experiment")?.clone()).ok()?;
    let run = Token {
        trigger: None,
        ..*token
    };
    let name = format!("\"token\":\"{run}\"");
    let line = lines
        .map_while(Result::ok)
        .find(|line| line.len() < LONGEST && line.contains(&name));
    let record = line.and_then(|line| record(&folder.join(JSON), &line));
    Some(Found { origin, record })
}

fn record(from: &Path, line: &str) -> Option<Record> {
    let trial: Value = serde_json::from_str(line.trim_end_matches(',')).ok()?;
    let number = |value: &Value| u64::from_str_radix(value.as_str()?, 16).ok();
    let stations = trial.get("stations")?.as_array()?.iter();
    Some(Record {
        from: from.display().to_string(),
        fingerprint: number(trial.get("fingerprint")?)?,
        stations: stations.map(number).collect::<Option<_>>()?,
        demand: trial.get("demand").and_then(number),
        counters: None,
    })
}
