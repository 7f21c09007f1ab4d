//! The command line from outside: what goes to which stream, and how it ends.

#![allow(clippy::unwrap_used)]

#[path = "cli/bad.rs"]
mod bad;
#[path = "cli/compare.rs"]
mod compare;
#[path = "cli/estimates.rs"]
mod estimates;
#[path = "cli/find.rs"]
mod find;
#[allow(dead_code)]
#[path = "config/fixture.rs"]
mod fixture;
#[path = "cli/incident_files.rs"]
mod incident_files;
#[cfg(unix)]
#[path = "cli/interrupts.rs"]
mod interrupts;
#[path = "cli/one_trial.rs"]
mod one_trial;
#[path = "program/mod.rs"]
mod program;
#[path = "cli/rare.rs"]
mod rare;
#[path = "cli/replay.rs"]
mod replay;
#[path = "cli/sensitivity.rs"]
mod sensitivity;
#[path = "cli/verify.rs"]
mod verify;

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn veltrix(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veltrix"));
    command.args(args).env("NO_COLOR", "1");
    command
}

fn ran(args: &[&str]) -> (i32, String, String) {
    program::ended(veltrix(args).output().unwrap())
}

/// The catalogue of keys is an experiment like any other.
#[test]
fn every_key_runs() {
    let out = std::env::temp_dir().join(format!("veltrix-every-key-{}", std::process::id()));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments/every-key.toml");
    let folder = out.to_str().unwrap();
    let (exit, said, err) = ran(&["run", file, "--horizon", "20s", "--out", folder]);
    assert_eq!(exit, 0, "{err}");
    assert!(said.contains("met by 8 of 8 points"), "{said}");
    let results = fs::read_to_string(out.join("results.csv")).unwrap();
    assert_eq!(results.lines().count(), 12);
    assert!(!results.contains("NaN"));
    let (exit, resolved, _) = ran(&["check", "--resolved", file]);
    assert_eq!(exit, 0);
    assert!(
        resolved.contains("propagate_deadline = true # file"),
        "{resolved}"
    );
    fs::remove_dir_all(out).unwrap();
}

#[test]
fn version_and_help_are_data() {
    let (exit, out, err) = ran(&["--version"]);
    let version = format!("veltrix {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((exit, out, err), (0, version, String::new()));
    let (exit, out, err) = ran(&["--help"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    for word in [
        "run",
        "sensitivity",
        "check",
        "list",
        "explain",
        "verify",
        "Examples:",
        "Exit codes:",
    ] {
        assert!(out.contains(word), "no {word:?} in\n{out}");
    }
    let (exit, out, _) = ran(&["run", "--help"]);
    assert_eq!(exit, 0);
    for word in [
        "--set",
        "--seed",
        "--replications",
        "--horizon",
        "--threads",
        "--jobs",
        "--out",
        "--force",
        "--resume",
    ] {
        assert!(out.contains(word), "no {word:?} in\n{out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
}

#[test]
fn wrong_commands_end_with_2_and_say_nothing_on_stdout() {
    let wrong: [&[&str]; 6] = [
        &[],
        &["rum"],
        &["run"],
        &["run", "a.toml", "--sed", "1"],
        &["check"],
        &["list", "cats"],
    ];
    for args in wrong {
        let (exit, out, err) = ran(args);
        assert_eq!((exit, out.as_str()), (2, ""), "{args:?}");
        assert!(!err.is_empty(), "{args:?}");
    }
}

#[test]
fn numbers_out_of_range_are_refused_with_the_range() {
    for (option, value, range) in [
        ("--seed", "-1", "0 to 18446744073709551615"),
        ("--seed", "abc", "0 to 18446744073709551615"),
        (
            "--seed",
            "18446744073709551616",
            "0 to 18446744073709551615",
        ),
        ("--seed", "1e5", "0 to 18446744073709551615"),
        ("--threads", "-1", "0 (one for each core) to 1024"),
        ("--threads", "100000", "0 (one for each core) to 1024"),
        ("--jobs", "-1", "0 (one for each core) to 1024"),
        ("--replications", "0", "1 to 1000000"),
        ("--set", "no-value", "PATH=VALUE"),
    ] {
        let (exit, out, err) = ran(&["run", "no.toml", option, value]);
        assert_eq!((exit, out.as_str()), (2, ""), "{option} {value}");
        assert!(
            err.contains(range) && err.contains(&format!("'{value}'")),
            "{err}"
        );
    }
}

#[test]
fn codes_are_explained() {
    let (exit, out, err) = ran(&["explain", "vx3102"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.starts_with("# VX3102 buffer overflow\n"), "{out}");
    let (exit, out, err) = ran(&["explain", "VX9999\u{1b}[31m"]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(err.contains("VX9999") && err.contains("list codes") && !err.contains('\u{1b}'));
}

#[test]
fn lists_have_one_line_each() {
    for (topic, name) in [
        ("policies", "p2c"),
        ("distributions", "lognormal"),
        ("arrivals", "mmpp"),
        ("metrics", "latency_mean"),
        ("metrics", "latency_pQ"),
        ("codes", "VX3102"),
        ("breakers", "resilience4j"),
        ("faults", "crash"),
    ] {
        let (exit, out, err) = ran(&["list", topic]);
        assert_eq!((exit, err.as_str()), (0, ""));
        let line = out
            .lines()
            .find(|line| line.split(' ').next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{out}"));
        assert!(line.len() > name.len() + 4, "{line}");
        assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    }
    let (exit, out, _) = ran(&["list"]);
    assert!(exit == 0 && out.contains("policies\n  random") && out.contains("\n\ncodes\n  VX1001"));
}

#[test]
fn a_reader_that_leaves_is_no_trouble() {
    let mut child = veltrix(&["list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(said, "");
}

/// A folder with a model and an experiment, removed at its end.
struct Ground(PathBuf);

impl Ground {
    fn new(name: &str) -> Ground {
        let path = std::env::temp_dir().join(format!("veltrix-cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let ground = Ground(path);
        ground.write(
            "model.toml",
            r#"
title = "one service"
[source.users]
to = "web"
arrivals = "100/s"
[service.web]
work = "5ms"
[service.web.workers]
count = 2
cores = 1
[prices]
core_hour = 0.03
gib_hour = 0.003
"#,
        );
        ground.write(
            "web.toml",
            "model = \"model.toml\"\nhorizon = \"10s\"\nreplications = 2\n",
        );
        ground
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn ran(&self, args: &[&str]) -> (i32, String, String) {
        let output = veltrix(args).current_dir(&self.0).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_are_checked_without_being_run() {
    let ground = Ground::new("check");
    let (exit, out, err) = ground.ran(&["check", "model.toml", "web.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "model.toml: ok, a model: 1 source, 1 service, 2 workers\n\
         web.toml: ok, an experiment: 1 variant, 1 point, 2 trials\n\
         forecast: about 34,000 requests for mean waits within 2 %, load 0.25; it has 2000\n"
    );
    let (exit, out, _) = ground.ran(&["check", "web.toml", "--resolved"]);
    assert!(
        exit == 0 && out.starts_with("# web.toml\n") && out.contains("horizon"),
        "{out}"
    );
    ground.write(
        "bad.toml",
        "model = \"model.toml\"\nhorizon = \"10s\"\nreplicatons = 2\n",
    );
    let (exit, out, err) = ground.ran(&["check", "bad.toml", "no.toml", "model.toml"]);
    assert_eq!(
        exit, 1,
        "a file that is not there outweighs one that is wrong"
    );
    assert!(
        err.contains("VX1003") && err.contains("replications"),
        "{err}"
    );
    assert!(err.contains("VX1001") && err.contains("no.toml"), "{err}");
    assert_eq!(out.lines().count(), 1);
    assert_eq!(
        fs::read_dir(&ground.0).unwrap().count(),
        3,
        "nothing is written"
    );
}

#[test]
fn a_run_is_refused_before_anything_is_written() {
    let ground = Ground::new("refused");
    let (exit, out, err) = ground.ran(&["run", "web.toml", "--set", "service.web.workrs.count=3"]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(err.contains("VX2001") && err.contains("workers"), "{err}");
    let (exit, _, err) = ground.ran(&["run", "no.toml"]);
    assert!(exit == 1 && err.contains("VX1001"), "{err}");
    let (exit, out, err) = ground.ran(&["run", "web.toml", "--out", "model.toml"]);
    assert_eq!((exit, out.as_str()), (1, ""));
    assert!(
        err.contains("VX2006") && err.contains("`model.toml`: it is a file"),
        "{err}"
    );
    let (exit, _, err) = ground.ran(&["run", "web.toml", "--out", "model.toml/deep"]);
    assert!(exit == 1 && err.contains("model.toml"), "{err}");
    let (exit, _, err) = ground.ran(&["run", "web.toml", "--out", ".", "--force"]);
    assert!(exit == 1 && err.contains("VX2006"), "{err}");
    assert_eq!(
        fs::read_dir(&ground.0).unwrap().count(),
        2,
        "nothing is written"
    );
}

#[test]
fn a_run_gives_the_same_bytes_on_any_number_of_threads() {
    let ground = Ground::new("run");
    let mut first = Vec::new();
    for threads in ["1", "2", "3", "8"] {
        let (exit, out, err) =
            ground.ran(&["run", "web.toml", "--threads", threads, "--out", threads]);
        assert_eq!((exit, err.as_str()), (0, ""), "{out}");
        assert!(
            out.contains("goodput") && out.contains("repeat  veltrix run web.toml"),
            "{out}"
        );
        let mut files = Vec::new();
        for name in [
            "manifest.json",
            "resolved.toml",
            "results.csv",
            "results.json",
            "trials.csv",
            "series.csv",
            "distributions.csv",
            "summary.txt",
            "charts/timeline-base.svg",
        ] {
            files.push((name, fs::read(ground.0.join(threads).join(name)).unwrap()));
        }
        if first.is_empty() {
            first = files;
        } else {
            assert!(first == files, "{threads} threads gave other bytes");
        }
    }
    let (exit, out, _) = ground.ran(&["run", "web.toml", "--format", "json"]);
    assert!(
        exit == 0 && out.as_bytes() == first[3].1,
        "stdout is results.json"
    );
    let (exit, out, err) = ground.ran(&["run", "web.toml"]);
    assert!(exit == 0 && err.contains("already done"), "{err}");
    assert!(
        out.starts_with("runs") && out.trim_end().ends_with("summary.txt"),
        "{out}"
    );
}
