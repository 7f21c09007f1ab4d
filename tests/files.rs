//! The files that come with the project: every model and experiment loads, every experiment runs
//! (shortened), and the bytes that come out depend on nothing but the input.

#![allow(clippy::unwrap_used)]

#[path = "files/attempts.rs"]
mod attempts;
#[path = "files/ground.rs"]
mod ground;

use std::fs;
use std::path::PathBuf;

use ground::{Bytes, Ground, project, rows};
use veltrix::config::{self, Overrides};

/// Of a folder and its `incidents`.
fn toml_files(folder: &str) -> Vec<PathBuf> {
    let folders = [project(folder), project(folder).join("incidents")];
    let entries = folders.iter().flat_map(|f| fs::read_dir(f).unwrap());
    let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    files
}

#[test]
fn every_file_loads_without_a_warning() {
    let files = [toml_files("models"), toml_files("experiments")].concat();
    assert!(files.len() >= 26, "{files:?}");
    for file in files {
        let checked = config::check_file(&file, &Overrides::default());
        let checked = checked.unwrap_or_else(|e| panic!("{}: {e:?}", file.display()));
        let warnings = match &checked {
            config::Checked::Model(model) => &model.warnings,
            config::Checked::Experiment(experiment) => &experiment.warnings,
            config::Checked::Search(experiment) => &experiment.warnings,
        };
        assert!(warnings.list.is_empty(), "{}: {warnings:?}", file.display());
    }
}

/// The traffic of the story, thinned out, for what runs all of it.
const THIN: [&str; 2] = ["--set", "source.interactions.arrivals=\"2k/s\""];

#[test]
fn every_experiment_runs_shortened() {
    let ground = Ground::new("every");
    for file in toml_files("experiments") {
        let name = file.file_stem().unwrap().to_str().unwrap();
        if name == "cheapest" {
            // Its axes are to be searched: tests/cli/find.rs does.
            continue;
        }
        // No warm-up is longer than what is measured.
        let mut more = vec!["--replications", "1", "--horizon", "10s"];
        if name.starts_with("veltrix") {
            more.extend(THIN);
        }
        let (exit, files) = ground.run(&file, name, &more, &[]);
        // So little of it need not meet an objective.
        assert!(exit == 0 || exit == 3, "{name}: exit {exit}");
        let trials = rows(&files, "trials.csv");
        assert!(trials.iter().all(|row| row["status"] == "done"), "{name}");
        let charts = files.keys().filter(|f| f.ends_with(".svg")).count();
        assert!(charts > 0, "{name} has no chart");
    }
}

/// The two that need no randomness agree with `tests/data/oracle.csv`; nothing else in them comes
/// near the truth.
#[test]
fn recorded_traffic_is_not_what_a_stream_of_its_mean_is() {
    let ground = Ground::new("recorded");
    for (name, truth, others) in [
        ("llm-trace", 447, [(1_150, 1_320), (150, 260)].as_slice()),
        ("web-log", 1_199, &[(420, 500)]),
    ] {
        let file = project(&format!("experiments/{name}.toml"));
        let (exit, files) = ground.run(&file, name, &[], &[]);
        assert_eq!(exit, 0);
        let results = rows(&files, "results.csv");
        let loaded = config::load(&file, &Overrides::default()).unwrap();
        let seconds = match loaded.design.timing.horizon {
            veltrix::model::trial::Horizon::For(ns) => ns as f64 / 1e9,
            other => panic!("{other:?}"),
        };
        let refused = |row: usize| {
            let value = |metric: &str| results[row][metric].parse::<f64>().unwrap();
            (value("loss_VX3102") * value("offered") * seconds).round() as i64
        };
        assert_eq!(refused(0), truth, "{name}");
        for (row, &(low, high)) in (1..).zip(others) {
            let n = refused(row);
            assert!((low..high).contains(&n), "{name} point {row}: {n}");
        }
    }
}

#[track_caller]
fn same(one: &Bytes, other: &Bytes, why: &str) {
    let names: Vec<&String> = one.keys().collect();
    assert_eq!(names, other.keys().collect::<Vec<_>>(), "{why}");
    for (name, bytes) in one {
        assert!(*bytes == other[name], "{name} has other bytes: {why}");
    }
}

#[test]
fn the_same_bytes_on_any_threads_and_any_maths_of_the_machine() {
    let ground = Ground::new("bytes");
    let story = project("experiments/veltrix.toml");
    let short = ["--replications", "2", "--horizon", "5s"];
    let run = |threads: &str, out: &str, env: &[(&str, &str)]| {
        let more = [short.as_slice(), &["--threads", threads]].concat();
        let (exit, files) = ground.run(&story, out, &more, env);
        assert!(exit == 0 || exit == 3, "exit {exit}");
        files
    };
    let one = run("1", "one", &[]);
    assert!(one.len() > 8, "{:?}", one.keys());
    same(&one, &run("2", "two", &[]), "2 threads");
    same(&one, &run("8", "eight", &[]), "8 threads");
    let mask = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4";
    let masked = run("2", "masked", &[("GLIBC_TUNABLES", mask)]);
    same(&one, &masked, "without fused multiply and add");
}

/// What tells two runs apart, and what was met.
fn hashes(files: &Bytes) -> Vec<(String, String)> {
    let trials = rows(files, "trials.csv");
    let hashes = trials.iter().map(|row| {
        let hash = |name: &str| row[name].clone();
        (hash("fingerprint"), hash("demand"))
    });
    hashes.collect()
}

#[test]
fn a_trial_alone_and_a_trial_that_is_watched_is_the_trial_of_the_sweep() {
    let ground = Ground::new("alone");
    let more = ["--replications", "2", "--horizon", "5s"];
    let story = project("experiments/veltrix.toml");
    let (_, files) = ground.run(&story, "sweep", &more, &[]);
    let sweep = rows(&files, "trials.csv");
    let loaded = config::load(&story, &Overrides::default()).unwrap();
    let wanted = ["44", "4", "4GiB"];
    let place = (0..loaded.design.points.len()).find(|&point| {
        let settings = loaded.design.settings(point);
        settings.iter().map(|(_, value)| *value).eq(wanted)
    });
    let point = place.unwrap().to_string();
    let in_sweep: Vec<(String, String)> = sweep
        .iter()
        .filter(|row| row["point"] == point)
        .map(|row| (row["fingerprint"].clone(), row["demand"].clone()))
        .collect();
    assert_eq!(in_sweep.len(), 2);
    let model = project("models/veltrix-after.toml");
    for (name, watched) in [
        ("plain", ""),
        ("attempts", "attempts = { every = 1000 }\n"),
        ("window", "window = \"70ms\"\n"),
        (
            "metrics",
            "metrics = [\"latency_p99@class:upload\", \"in_system_at_3s\"]\n",
        ),
    ] {
        let text = format!(
            "seed = 14\nwarm_up = \"5s\"\nhorizon = \"60s\"\n{watched}\n[[variant]]\nname = \"x\"\n\
             model = '{}'\nset = {{ \"service.events.workers.count\" = 44, \
             \"service.events.workers.cores\" = 4, \"service.events.workers.ram\" = \"4GiB\" }}\n",
            model.display()
        );
        let file = ground.write(&format!("{name}.toml"), &text);
        let (exit, files) = ground.run(&file, name, &more, &[]);
        assert_eq!(exit, 0);
        assert_eq!(hashes(&files), in_sweep, "{name}");
        assert_eq!(files.contains_key("attempts.csv"), name == "attempts");
    }
    let one = ["--replications", "1", "--horizon", "5s"];
    let (_, first) = ground.run(&story, "one", &one, &[]);
    let alone = rows(&first, "trials.csv");
    for row in sweep.iter().filter(|row| row["replication"] == "0") {
        let same = alone.iter().find(|r| r["point"] == row["point"]).unwrap();
        assert_eq!(same["fingerprint"], row["fingerprint"], "{}", row["point"]);
    }
}
