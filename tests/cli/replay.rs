//! A trial by its token: the same again, compared with what was written down, and every way in
//! which that can't be.

use std::fs;

use serde_json::Value;

use super::Ground;

const MODEL: &str = "\
title = \"one that falls over\"

[source.clients]
to       = \"app\"
arrivals = \"900/s\"
client   = { timeout = \"200ms\", retry = { attempts = 3, base = \"10ms\", cap = \"100ms\" } }

[service.app]
work = \"10ms\"

[service.app.workers]
count  = 2
cores  = 5
ram    = \"1GiB\"
buffer = { slots = 100 }

[[fault]]
name   = \"stall\"
kind   = \"pause\"
target = \"app[2]\"
at     = \"6s\"
for    = \"2s\"
";

const EXPERIMENT: &str = "\
model        = \"model.toml\"
seed         = 7
warm_up      = \"1s\"
horizon      = \"14s\"
replications = 2

[sweep]
\"service.app.workers.buffer.slots\" = [50, 100]
";

pub struct Run(pub Ground);

impl Run {
    pub fn new(name: &str) -> Run {
        let ground = Ground::new(name);
        fs::write(ground.0.join("model.toml"), MODEL).unwrap();
        fs::write(ground.0.join("fall.toml"), EXPERIMENT).unwrap();
        Run(ground)
    }

    pub fn ran(&self, args: &[&str]) -> (i32, String, String) {
        super::program::veltrix(&self.0.0, args)
    }

    /// `incidents.json` of the only run.
    pub fn incidents(&self) -> (std::path::PathBuf, Value) {
        let runs = fs::read_dir(self.0.0.join("runs")).unwrap().flatten();
        let mut runs = runs
            .map(|e| e.path())
            .filter(|path| path.join("incidents.json").exists());
        let folder = runs.next().unwrap();
        let text = fs::read_to_string(folder.join("incidents.json")).unwrap();
        (folder, serde_json::from_str(&text).unwrap())
    }
}

pub fn first<'v>(all: &'v Value, detector: &str) -> (&'v Value, &'v Value) {
    let trials = all["trials"].as_array().unwrap();
    let of = |trial: &'v Value| {
        let episodes = trial["episodes"].as_array().unwrap();
        let found = episodes.iter().find(|e| e["detector"] == detector)?;
        Some((trial, found))
    };
    trials
        .iter()
        .find_map(of)
        .unwrap_or_else(|| panic!("no {detector} in {all:#}"))
}

#[test]
fn every_trial_is_the_same_again_and_is_compared() {
    let run = Run::new("replay");
    let (exit, out, err) = run.ran(&["run", "fall.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("VX3102 buffer overflow on app[2]"), "{out}");
    assert!(out.contains("fault stall on app[2]"), "{out}");
    assert!(out.contains("again    veltrix replay v1-"), "{out}");
    let (folder, all) = run.incidents();
    assert_eq!(all["trials"].as_array().unwrap().len(), 4);
    let text = fs::read_to_string(folder.join("incidents.txt")).unwrap();
    assert!(text.contains("again    veltrix replay v1-"), "{text}");
    for trial in all["trials"].as_array().unwrap() {
        let token = trial["token"].as_str().unwrap();
        let (exit, out, err) = run.ran(&["replay", token]);
        assert_eq!((exit, err.as_str()), (0, ""));
        let fingerprint = trial["fingerprint"].as_str().unwrap();
        assert!(
            out.contains(&format!("fingerprint {fingerprint}: the same as in runs")),
            "{out}"
        );
    }
    let (_, episode) = first(&all, "overflow_first");
    let token = episode["token"].as_str().unwrap();
    let (exit, out, _) = run.ran(&["replay", token, "--out", "again"]);
    assert_eq!(exit, 0, "{out}");
    assert!(out.contains(">+0.000 s"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let again = run.0.0.join("again");
    let rows = fs::read_to_string(again.join("attempts.csv")).unwrap();
    let at = episode["at_ns"].as_u64().unwrap().to_string();
    assert!(
        rows.lines()
            .any(|l| l.contains(&at) && l.ends_with("refused,VX3102")),
        "{at}"
    );
    let trace: Value =
        serde_json::from_slice(&fs::read(again.join("trace.json")).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    for phase in ["M", "X", "i", "C"] {
        assert!(events.iter().any(|e| e["ph"] == phase), "no {phase}");
    }
    assert!(
        fs::read_to_string(again.join("charts/window.svg"))
            .unwrap()
            .starts_with("<svg")
    );
    // The same again, where there is nothing to compare with and the file is named.
    fs::remove_dir_all(run.0.0.join("runs")).unwrap();
    let (exit, named, _) = run.ran(&["replay", token, "fall.toml", "--out", "twice"]);
    assert_eq!(exit, 0);
    assert!(named.contains("nothing to compare it with"), "{named}");
    for file in ["attempts.csv", "trace.json", "charts/window.svg"] {
        let [a, b] = ["again", "twice"].map(|d| fs::read(run.0.0.join(d).join(file)).unwrap());
        assert!(a == b, "{file} differs");
    }
}

#[test]
fn any_moment_can_be_looked_at() {
    let run = Run::new("replay-at");
    run.ran(&["run", "fall.toml", "-q"]);
    let (_, all) = run.incidents();
    let token = all["trials"][2]["token"].as_str().unwrap();
    let (exit, out, _) = run.ran(&["replay", token, "--at", "7s"]);
    assert_eq!(exit, 0, "{out}");
    let paused = out.lines().find(|l| l.starts_with("app[2]")).unwrap();
    assert!(
        paused.contains("100 of 100") && paused.ends_with("paused"),
        "{out}"
    );
    let (exit, one, _) = run.ran(&["replay", token, "--at", "7s", "--worker", "app[1]"]);
    assert_eq!(exit, 0);
    assert!(one.contains("app[1]") && !one.contains("app[2]"), "{one}");
    let (exit, _, err) = run.ran(&["replay", token, "--at", "7s", "--worker", "app[9]"]);
    assert_eq!(exit, 2);
    assert!(
        err.contains("no worker `app[9]`; the last is `app[2]`"),
        "{err}"
    );
    let (exit, _, err) = run.ran(&["replay", token, "--at", "7"]);
    assert_eq!(exit, 2);
    assert!(err.contains("7ms") || err.contains("7s"), "{err}");
    let (exit, _, _) = run.ran(&["replay", token, "--worker", "app[1]"]);
    assert_eq!(exit, 2, "only with --at");
}

#[test]
fn what_is_not_the_same_is_refused_and_says_why() {
    let run = Run::new("replay-wrong");
    run.ran(&["run", "fall.toml", "-q"]);
    let (folder, all) = run.incidents();
    let (trial, episode) = first(&all, "overflow_first");
    let token = episode["token"].as_str().unwrap();
    // A typo is no other run.
    let typo = format!(
        "{}{}",
        &token[..token.len() - 1],
        if token.ends_with('0') { "1" } else { "0" }
    );
    let (exit, out, err) = run.ran(&["replay", &typo]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(err.contains("a character is mistyped or missing"), "{err}");
    let (exit, _, err) = run.ran(&["replay", "v9-abcd"]);
    assert_eq!(exit, 2);
    assert!(err.contains("a newer version"), "{err}");
    // A record that says something else.
    let path = folder.join("incidents.json");
    let text = fs::read_to_string(&path).unwrap();
    let station = trial["stations"][40].as_str().unwrap();
    fs::write(&path, text.replace(station, "0123456789abcdef")).unwrap();
    let (exit, out, err) = run.ran(&["replay", token]);
    assert_eq!((exit, out.as_str()), (6, ""));
    assert!(
        err.contains("VX5001") && err.contains("before station 41 of 64"),
        "{err}"
    );
    assert!(err.contains("recorded 0123456789abcdef"), "{err}");
    fs::write(&path, text).unwrap();
    // A model that was changed since.
    let changed = MODEL.replace("900/s", "901/s");
    fs::write(run.0.0.join("model.toml"), changed).unwrap();
    let (exit, out, err) = run.ran(&["replay", token]);
    assert_eq!((exit, out.as_str()), (6, ""));
    assert!(
        err.contains("VX5001") && err.contains("has no such trial"),
        "{err}"
    );
    // Nobody knows it.
    fs::remove_dir_all(run.0.0.join("runs")).unwrap();
    let (exit, _, err) = run.ran(&["replay", token]);
    assert_eq!(exit, 2);
    assert!(
        err.contains("no run in `runs/`") && err.contains("name the experiment"),
        "{err}"
    );
    // Prices and names are not the run.
    let dearer = format!(
        "{}\n[prices]\ncore_hour = 1.0\n",
        MODEL.replace("one that", "it")
    );
    fs::write(run.0.0.join("model.toml"), dearer).unwrap();
    let (exit, out, err) = run.ran(&["replay", token, "fall.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
}

#[test]
fn options_of_the_run_are_remembered_or_given_again() {
    let run = Run::new("replay-set");
    let set = [
        "--set",
        "service.app.workers.cores=6",
        "--seed",
        "3",
        "--horizon",
        "12s",
    ];
    let (exit, _, err) = run.ran(&[&["run", "fall.toml", "-q"][..], &set].concat());
    assert_eq!((exit, err.as_str()), (0, ""));
    let (_, all) = run.incidents();
    let token = all["trials"][1]["token"].as_str().unwrap();
    let (exit, out, err) = run.ran(&["replay", token]);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(
        out.contains("seed 3, replication 1") && out.contains("the same as in"),
        "{out}"
    );
    let (exit, _, err) = run.ran(&["replay", token, "fall.toml"]);
    assert_eq!(exit, 6, "{err}");
    let (exit, _, err) =
        run.ran(&[&["replay", token, "fall.toml"][..], &set[..2], &set[4..]].concat());
    assert_eq!((exit, err.as_str()), (0, ""));
    // What would have no effect is refused.
    let (exit, _, err) = run.ran(&["replay", token, "--set", "service.app.workers.cores=7"]);
    assert_eq!(exit, 2);
    assert!(err.contains("name it after the token"), "{err}");
    let (exit, _, err) = run.ran(&["replay", token, "--force"]);
    assert_eq!(exit, 2);
    assert!(err.contains("`--force` is for incident files"), "{err}");
    for args in [["--seed", "5"], ["--replications", "2"]] {
        assert_eq!(run.ran(&[&["replay", token][..], &args].concat()).0, 2);
    }
    assert_eq!(
        run.ran(&["replay", token, "--at", "7s", "--before", "1s"])
            .0,
        2
    );
}
