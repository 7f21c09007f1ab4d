//! Incidents of random models, again in another process: with other numbers of threads, and by
//! another build where one is named.
//!
//! `VELTRIX_AGAIN=1000` looks at so many incidents; `VELTRIX_OTHER=target/release/veltrix` names
//! the program that replays what this build's recorded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::model::Model;
use crate::same::{Place, pen};
use crate::variable;

/// How many incidents a usual test run looks at.
const USUAL: u64 = 40;

/// Models looked at for each incident, at most: many have none.
const MODELS: u64 = 20;

/// The build that was asked for beside this one.
fn other() -> PathBuf {
    let named = std::env::var_os("VELTRIX_OTHER").map(PathBuf::from);
    let here = env!("CARGO_BIN_EXE_veltrix").into();
    named.map_or(here, |path| fs::canonicalize(path).unwrap())
}

/// A program in a folder; its exit code and what it said.
fn run(program: &Path, folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(program)
        .args(args)
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), said)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

/// Runs a model and replays what went wrong in it; how many incidents that were. Models that are
/// refused have none.
fn look(number: u64, folder: &Path) -> Result<u64, String> {
    let model = Model::new(number);
    fs::write(
        folder.join("model.toml"),
        model.file.write(&mut pen(number)),
    )
    .unwrap();
    for (name, text) in &model.data {
        fs::write(folder.join(name), text).unwrap();
    }
    let horizon = match model.run.horizon {
        Some(horizon) => format!("{horizon}ns"),
        None => "trace".to_owned(),
    };
    let experiment = format!(
        "model = \"model.toml\"\nseed = {number}\nreplications = 2\nhorizon = \"{horizon}\"\n\
         warm_up = \"{}ns\"\ndrain = \"{}ns\"\n",
        model.run.warm_up, model.run.drain
    );
    fs::write(folder.join("once.toml"), experiment).unwrap();
    let (here, other) = (Path::new(env!("CARGO_BIN_EXE_veltrix")), other());
    let run_with = |program: &Path, threads: &str, out: &str| {
        let args = ["run", "once.toml", "--threads", threads, "--out", out];
        run(program, folder, &args)
    };
    let (exit, said) = run_with(here, "1", "one");
    if exit != 0 {
        // A refusal, which the other test counts.
        return match exit {
            2 => Ok(0),
            _ => Err(format!("exit code {exit}: {said}")),
        };
    }
    let (exit, said) = run_with(&other, "8", "eight");
    if exit != 0 {
        return Err(format!("with 8 threads exit code {exit}: {said}"));
    }
    for name in ["trials.csv", "incidents.json", "results.json"] {
        let bytes = |out: &str| fs::read(folder.join(out).join(name)).unwrap();
        if bytes("one") != bytes("eight") {
            return Err(format!("{name} is another with 8 threads"));
        }
    }
    let incidents = files(&folder.join("one/incidents"));
    for incident in &incidents {
        let file = incident.to_string_lossy();
        let (exit, said) = run(&other, folder, &["replay", &file, "--out", "again"]);
        if exit != 0 {
            let name = incident.file_name().unwrap_or_default().to_string_lossy();
            return Err(format!("{name} does not replay, exit code {exit}: {said}"));
        }
        fs::remove_dir_all(folder.join("again")).unwrap();
    }
    Ok(incidents.len() as u64)
}

#[test]
fn incidents_are_the_same_in_another_process_on_more_threads_and_in_another_build() {
    let wanted = variable("VELTRIX_AGAIN", USUAL);
    let from = variable("VELTRIX_SWARM_FROM", 0);
    let (next, seen) = (AtomicU64::new(from), AtomicU64::new(0));
    let broken = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(2, |n| n.get());
    thread::scope(|scope| {
        for i in 0..threads {
            let (next, seen, broken) = (&next, &seen, &broken);
            scope.spawn(move || {
                let place = Place::new(&format!("again-{i}"));
                while seen.load(Ordering::Relaxed) < wanted {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= from + wanted * MODELS {
                        break;
                    }
                    let folder = place.path().join(number.to_string());
                    fs::create_dir_all(&folder).unwrap();
                    match look(number, &folder) {
                        Ok(count) => _ = seen.fetch_add(count, Ordering::Relaxed),
                        Err(why) => broken.lock().unwrap().push((number, why)),
                    }
                    fs::remove_dir_all(&folder).unwrap();
                }
            });
        }
    });
    let (seen, models) = (seen.into_inner(), next.into_inner() - from);
    println!("{seen} incidents of {models} models");
    let broken = broken.into_inner().unwrap();
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(seen >= wanted, "{seen} incidents in {models} models");
}
