//! `veltrix find`: what it says, writes and refuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{ran, veltrix};

const MODEL: &str = "\
[source.users]
to = \"web\"
arrivals = \"400/s\"
[service.web]
work = { dist = \"exponential\", mean = \"10ms\" }
[service.web.workers]
count = 9
cores = 2
ram = \"8GiB\"
buffer = { slots = 20 }
[prices]
core_hour = 0.03
gib_hour = 0.01
";

const ASKS: &str = "\
model = \"model.toml\"
warm_up = \"1s\"
horizon = \"10s\"
replications = 4
[sweep]
\"service.web.workers.count\" = { min = 1, max = 12 }
\"service.web.workers.ram\" = [\"1GiB\", \"8GiB\"]
[objective]
subject_to = [\"latency_p95 < 60ms\", \"loss < 0.01\"]
";

/// A folder with a model and a question, removed at its end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str, asks: &str) -> Place {
        let name = format!("veltrix-find-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("model.toml"), MODEL).unwrap();
        fs::write(path.join("asks.toml"), asks).unwrap();
        Place(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn find(&self, out: &str, more: &[&str]) -> (i32, String, String) {
        let (file, out) = (self.path("asks.toml"), self.path(out));
        ran(&[&["find", &file, "--out", &out], more].concat())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn everything(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => todo.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().display().to_string();
                    found.push((name, fs::read(path).unwrap()));
                }
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_winner_is_told_and_written_and_the_same_on_any_threads() {
    let place = Place::new("threads", ASKS);
    let (exit, said, err) = place.find("one", &["--threads", "1"]);
    assert_eq!((exit, err.as_str()), (0, ""), "{said}");
    for word in [
        "winner  ",
        "1GiB",
        "confirmed on",
        "sure    95 %",
        "against",
        "took    ",
    ] {
        assert!(said.contains(word), "no {word:?} in\n{said}");
    }
    let one = everything(&place.0.join("one"));
    let names: Vec<&str> = one.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(
        names,
        [
            "charts/find-latency_p95.svg",
            "charts/find-loss.svg",
            "find.csv",
            "find.json",
            "manifest.json",
            "resolved.toml",
            "summary.txt"
        ]
    );
    for threads in ["2", "8"] {
        assert_eq!(place.find(threads, &["--threads", threads, "-q"]).0, 0);
        assert!(
            one == everything(&place.0.join(threads)),
            "{threads} threads"
        );
    }
    let (exit, json, err) = place.find("one", &["--format", "json"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert_eq!(json.as_bytes(), one[3].1);
    assert!(json.contains("\"stopped\": false"), "{json}");
    let (exit, again, err) = place.find("one", &[]);
    assert_eq!(exit, 0);
    assert!(err.starts_with("already done"), "{err}");
    assert!(said.starts_with(&again), "{again}");
}

#[test]
fn what_cannot_be_met_ends_with_3() {
    let asks = ASKS.replace("60ms", "9ms");
    let place = Place::new("none", &asks);
    let (exit, said, err) = place.find("out", &[]);
    assert_eq!((exit, err.as_str()), (3, ""));
    assert!(said.contains("winner  none"), "{said}");
    assert!(
        said.contains("misses  `latency_p95 < 9ms`: 3 points"),
        "{said}"
    );
    // What is asked of the cost alone needs no run.
    let asks = ASKS.replace("\"loss < 0.01\"", "\"cost_per_hour < 0.01\"");
    let place = Place::new("cost", &asks);
    let (exit, said, _) = place.find("out", &[]);
    assert_eq!(exit, 3);
    assert!(said.contains("0 trials"), "{said}");
}

#[test]
fn what_counting_cannot_decide_is_split_or_said() {
    let asks = ASKS.replace("loss < 0.01", "loss < 0.000000001");
    let few = "[rare]\nmetrics = [\"loss\"]\nprecision = 0.5\nmax_requests = 1000000\n";
    let place = Place::new("rare", &(asks + few));
    let (exit, said, _) = place.find("out", &[]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("  loss < 0.000000001  "), "{said}");
    assert!(!said.contains("loss < 0.000000001  0 "), "never 0: {said}");
    // A delay is not split.
    let asks = ASKS.replace("loss < 0.01", "latency_over_10s < 0.000000001");
    let place = Place::new("undecided", &asks);
    let (exit, said, _) = place.find("out", &[]);
    assert_eq!(exit, 3);
    assert!(said.contains("not decided by counting"), "{said}");
}

#[test]
fn run_refuses_what_only_find_searches_and_find_what_it_cannot_know() {
    let place = Place::new("refused", ASKS);
    let (exit, out, err) = ran(&["run", &place.path("asks.toml")]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(
        err.contains("VX1012") && err.contains("veltrix find"),
        "{err}"
    );
    for (from, to, words) in [
        (
            "[objective]\n",
            "[objective]\nminimise = \"latency_mean\"\n",
            "known without a run",
        ),
        (
            "[objective]\nsubject_to = [\"latency_p95 < 60ms\", \"loss < 0.01\"]\n",
            "",
            "nothing to find",
        ),
        ("max = 12", "max = 0", "above `min`"),
        ("max = 12", "max = 12, steps = 3", "steps"),
        ("max = 12", "max = 12, step = 0", "above 0"),
        ("min = 1, max = 12", "min = 1", "needs `max`"),
        (
            "[\"1GiB\", \"8GiB\"]",
            "{ min = \"1GiB\", max = \"1TiB\", step = \"1MiB\" }",
            "at most 100000",
        ),
        (
            "[objective]\n",
            "[objective]\nindifference = 0\n",
            "indifference",
        ),
    ] {
        let place = Place::new("refusal", &ASKS.replace(from, to));
        let (exit, out, err) = place.find("out", &[]);
        assert_eq!((exit, out.as_str()), (2, ""), "{to}");
        assert!(err.contains(words), "{to}: {err}");
        assert!(!place.0.join("out").exists());
    }
}

#[cfg(unix)]
#[test]
fn one_that_is_interrupted_says_the_best_so_far() {
    let asks = ASKS.replace("horizon = \"10s\"", "horizon = \"10h\"");
    let place = Place::new("stopped", &asks);
    let out = place.path("out");
    let child = veltrix(&["find", &place.path("asks.toml"), "--out", &out])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The folder beside the results is there once it listens to signals.
    while !place.0.join(".out.partial/experiment.json").exists() {
        std::thread::yield_now();
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let (said, err) = (
        String::from_utf8(ended.stdout).unwrap(),
        String::from_utf8(ended.stderr).unwrap(),
    );
    assert!(said.contains("stopped before the end"), "{said}");
    assert!(said.contains("open    points from"), "{said}");
    assert!(err.contains("VX5004"), "{err}");
    assert!(!place.0.join("out").exists() && !place.0.join(".out.partial").exists());
}
