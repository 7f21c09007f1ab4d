//! `veltrix hunt`: on the example of its page, whose incidence is known.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "program/mod.rs"]
mod program;
#[path = "hunt/refused.rs"]
mod refused;
#[cfg(unix)]
#[path = "hunt/resumed.rs"]
mod resumed;
#[path = "hunt/swarm.rs"]
mod swarm;
#[path = "hunt/verified.rs"]
mod verified;

const PAGE: &str = "docs/hunt.md";

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap()
}

/// A folder of its own, with the files of the page.
struct Ground(PathBuf);

impl Ground {
    fn new(name: &str) -> Ground {
        let path = program::folder(&format!("hunt-{name}"));
        let page = page();
        for mark in ["model: pauses.toml", "experiment: hunted.toml"] {
            let (_, rest) = page
                .split_once(&format!("<!-- {mark} -->\n\n```toml\n"))
                .unwrap();
            let (text, _) = rest.split_once("```\n").unwrap();
            let (_, file) = mark.split_once(": ").unwrap();
            fs::write(path.join(file), text).unwrap();
        }
        Ground(path)
    }

    fn command(&self, args: &[&str]) -> Command {
        program::command(&self.0, args)
    }

    /// Exit code, stdout, stderr.
    fn ran(&self, args: &[&str]) -> (i32, String, String) {
        program::veltrix(&self.0, args)
    }

    fn hunt(&self, more: &[&str]) -> (i32, String, String) {
        self.ran(&[&["hunt", "hunted.toml"], more].concat())
    }

    /// Every file of a folder but `host.json`.
    fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.0.join(folder)).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
        let read = |name: String| {
            let bytes = fs::read(self.0.join(folder).join(&name)).unwrap();
            (name, bytes)
        };
        names.filter(|n| n != "host.json").map(read).collect()
    }

    fn json(&self, folder: &str) -> serde_json::Value {
        let bytes = fs::read(self.0.join(folder).join("hunt.json")).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// The rows of `hunt.csv`, by the names of its columns.
    fn rows(&self, folder: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.0.join(folder).join("hunt.csv")).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    }
}

/// A text with its tokens hidden: they carry a digest of the system's form.
fn without_tokens(text: &str) -> String {
    let hidden = |word: &str| match word.starts_with("v1-") {
        true => "v1-".to_owned(),
        false => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(hidden).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_what_it_prints() {
    let text = page();
    let (head, rest) = text.split_once("<!-- hunt -->\n\n```\n$ veltrix ").unwrap();
    let (command, rest) = rest.split_once('\n').unwrap();
    let (shown, tail) = rest.split_once("```\n").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let (exit, out, err) = Ground::new("example").ran(&words);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    if std::env::var("VELTRIX_UPDATE").is_ok_and(|v| v == "1") {
        let mark = "<!-- hunt -->\n\n```\n$ veltrix ";
        let new = format!("{head}{mark}{command}\n{out}```\n{tail}");
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE), new).unwrap();
        return;
    }
    assert_eq!(
        without_tokens(shown),
        without_tokens(&out),
        "VELTRIX_UPDATE=1 writes it anew"
    );
}

#[test]
fn threads_change_nothing() {
    let ground = Ground::new("threads");
    let go = |threads: &str, out: &str| {
        let args = ["--seeds", "5..105", "--threads", threads, "--out", out];
        let (exit, said, err) = ground.hunt(&args);
        assert_eq!((exit, err.as_str()), (0, ""));
        said.replace(out, "")
    };
    let said = go("1", "one");
    for (threads, out) in [("2", "two"), ("8", "eight")] {
        assert_eq!(go(threads, out), said);
        assert!(
            ground.files(out) == ground.files("one"),
            "{threads} threads"
        );
    }
    let files = ground.files("one");
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "hunt.csv",
            "hunt.json",
            "manifest.json",
            "resolved.toml",
            "summary.txt"
        ]
    );
    let (exit, again, err) = ground.hunt(&["--seeds", "5..105", "--out", "one"]);
    assert_eq!((exit, again.replace("one", "")), (0, said));
    assert_eq!(err, "already done; `--force` hunts again\n");
}

#[test]
fn the_share_of_seeds_is_what_it_must_be() {
    let ground = Ground::new("share");
    let (exit, json, _) = ground.hunt(&["--seeds", "0..2000", "--out", "out", "--format", "json"]);
    assert_eq!(exit, 0);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found, ground.json("out"));
    // The fifth request after the pause is refused, 0.45 s after it on the average.
    let truth = 1.0 - veltrix::base::math::exp(-0.5955);
    let share = found["share"]["estimate"].as_f64().unwrap();
    let error = (truth * (1.0 - truth) / 2000.0).sqrt();
    assert!(
        (share - truth).abs() < 4.0 * error,
        "{share}, and not {truth}"
    );
    let ends = ["low", "high"].map(|end| found["share"][end].as_f64().unwrap());
    assert!(
        (ends[1] - ends[0] - 2.0 * 1.96 * error).abs() < 0.001,
        "{ends:?}"
    );
    let rows = ground.rows("out");
    assert_eq!(rows.len(), 2000);
    let mut caught = 0;
    for (seed, row) in rows.iter().enumerate() {
        assert_eq!(row["seed"], seed.to_string());
        if row["end"] == "clean" {
            assert_eq!((row["incident"].as_str(), row["token"].as_str()), ("", ""));
            continue;
        }
        caught += 1;
        assert_eq!(
            (&*row["end"], &*row["incident"]),
            ("incident", "overflow_first")
        );
        assert_eq!((&*row["code"], &*row["place"]), ("VX3102", "web[1]"));
        assert!(row["signature"].starts_with("overflow_first at a worker of web"));
    }
    assert_eq!(found["caught"], caught);
    let signatures = found["signatures"].as_array().unwrap();
    let count: u64 = signatures
        .iter()
        .map(|s| s["seeds"].as_u64().unwrap())
        .sum();
    assert_eq!(count, caught);
    // The earliest and the worst of each are those of the rows.
    for group in signatures {
        let same = rows.iter().filter(|r| r["signature"] == group["signature"]);
        let number = |row: &&BTreeMap<String, String>, key: &str| row[key].parse::<u64>().unwrap();
        let earliest = same.clone().map(|r| number(&r, "time_ns")).min();
        let worst = same.map(|r| number(&r, "amount")).max();
        assert_eq!(group["earliest"]["time_ns"].as_u64(), earliest);
        assert_eq!(group["worst"]["amount"].as_u64(), worst);
    }
}

#[test]
fn none_of_many_is_below_three_in_as_many() {
    let ground = Ground::new("none");
    let calm = [
        "--set",
        "fault.pauses.enabled=false",
        "--seeds",
        "0..300",
        "--out",
        "out",
    ];
    let (exit, out, err) = ground.hunt(&[&calm[..], &["--fail-if-any"]].concat());
    assert_eq!((exit, err.as_str()), (0, ""));
    let line = "found   none of 300 seeds: the share is below 3/300 = 0.999 % with 95 % confidence";
    assert!(out.contains(line), "{out}");
    let json = ground.json("out");
    assert_eq!(json["caught"], 0);
    assert!((json["below"].as_f64().unwrap() - 0.009_986).abs() < 1e-6);
    let (exit, ..) = ground.hunt(&["--seeds", "0..20", "--out", "some", "--fail-if-any"]);
    assert_eq!(exit, 3);
    // What was found before is judged anew.
    let (exit, ..) = ground.hunt(&["--seeds", "0..20", "--out", "some"]);
    assert_eq!(exit, 0);
    let (exit, ..) = ground.hunt(&["--seeds", "0..20", "--out", "some", "--fail-if-any"]);
    assert_eq!(exit, 3);
}

#[test]
fn tokens_lead_back_to_their_incidents() {
    let ground = Ground::new("tokens");
    ground.hunt(&["--seeds", "0..20", "--out", "out"]);
    let rows = ground.rows("out");
    let caught = rows.iter().filter(|r| r["end"] == "incident").take(4);
    for row in caught {
        let (exit, out, err) = ground.ran(&["replay", &row["token"], "hunted.toml"]);
        assert_eq!((exit, err.as_str()), (0, ""), "{out}");
        assert!(
            out.contains(&row["token"]) && out.contains(&row["place"]),
            "{out}"
        );
    }
}

#[test]
fn whole_runs_have_the_same_incidents() {
    let ground = Ground::new("whole");
    ground.hunt(&["--seeds", "0..60", "--out", "part"]);
    ground.hunt(&["--seeds", "0..60", "--out", "whole", "--whole"]);
    let (part, whole) = (ground.rows("part"), ground.rows("whole"));
    let mut longer = 0;
    for (a, b) in part.iter().zip(&whole) {
        for key in ["end", "incident", "place", "time_ns", "token"] {
            assert_eq!(a[key], b[key], "seed {}", a["seed"]);
        }
        let events = |row: &BTreeMap<String, String>| row["events"].parse::<u64>().unwrap();
        assert!(events(a) <= events(b));
        longer += usize::from(events(a) < events(b));
    }
    assert!(longer > 10, "{longer}");
}

#[test]
fn only_named_kinds_count() {
    let ground = Ground::new("kinds");
    let go = |kinds: &str, out: &str| {
        let (_, said, _) = ground.hunt(&["--seeds", "0..40", "--for", kinds, "--out", out]);
        said
    };
    // Nobody tries again.
    let out = go("retry_storm", "storm");
    assert!(out.contains("for     retry_storm\n"), "{out}");
    assert_eq!(ground.json("storm")["caught"], 0, "{out}");
    let out = go("overflow_rate", "rate");
    assert!(
        out.contains("overflow_first, overflow_rate at the system"),
        "{out}"
    );
    let both = "overflow_rate,overflow_first";
    let out = go(both, "both");
    ground.hunt(&["--seeds", "0..40", "--out", "all"]);
    let caught = ["both", "all"].map(|folder| ground.json(folder)["caught"].clone());
    assert_eq!(caught[0], caught[1], "{out}");
}
