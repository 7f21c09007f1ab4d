//! The command: what it writes stands alone, and nothing but tries decides what that is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use veltrix::experiment::incident::Token;
use veltrix::model::incident::Kind;

use crate::{case_of, folder, token_of, written};

const MODEL: &str = r#"
[source.people]
to = "web"
arrivals = "60/s"
client = { timeout = "1s" }
[service.web]
work = { dist = "exponential", mean = "100ms" }
workers = { count = 4, cores = 2, buffer = { slots = 3 } }
"#;

const EXPERIMENT: &str = "seed = 7\nhorizon = \"30s\"\n";

fn veltrix(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_veltrix"))
        .args(args)
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> (i32, String) {
    let all = [&output.stdout[..], &output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(all).unwrap(),
    )
}

/// The files of a folder of results, but for what tells the time.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap());
    let entries = entries.map(|e| {
        let name = e.file_name().into_string().unwrap();
        (name, fs::read(e.path()).unwrap())
    });
    entries.collect()
}

#[test]
fn what_is_written_stands_alone() {
    let place = written("alone", MODEL, EXPERIMENT);
    let token = token_of(&place.join("planted.toml"), Kind::OverflowFirst);
    let first = veltrix(
        &place,
        &["shrink", &token, "planted.toml", "--out", "small"],
    );
    let (code, text) = said(&first);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("not needed") && text.contains("veltrix replay v1-"),
        "{text}"
    );
    let written = files(&place.join("small"));
    let names: Vec<&str> = written.keys().map(String::as_str).collect();
    let wanted = [
        "arrivals.csv",
        "experiment.toml",
        "manifest.json",
        "model.toml",
        "shrunk.json",
        "shrunk.txt",
    ];
    assert_eq!(names, wanted);
    let json: serde_json::Value = serde_json::from_slice(&written["shrunk.json"]).unwrap();
    assert!(
        json["left"]["size"]["requests"].as_u64().unwrap() <= 6,
        "{json:#}"
    );

    // In another folder it runs, and the incident is where it was said to be.
    let elsewhere = folder("elsewhere");
    for (name, bytes) in &written {
        fs::write(elsewhere.join(name), bytes).unwrap();
    }
    let token: Token = json["token"].as_str().unwrap().parse().unwrap();
    let mut case = case_of(&elsewhere.join("experiment.toml"), Kind::OverflowFirst);
    assert_eq!(case.trigger, token.trigger);
    case.run.replication = token.replication;
    let output = case
        .again(None, &std::sync::atomic::AtomicBool::new(false))
        .unwrap();
    let episode = token.trigger.unwrap().find(&output.incidents).unwrap();
    assert_eq!(json["left"]["at_ns"].as_u64(), Some(episode.at));
    assert_eq!(json["left"]["place"], episode.place.name(&case.system));
    let text = token.to_string();
    let (code, text) = said(&veltrix(&elsewhere, &["replay", &text, "experiment.toml"]));
    assert_eq!(code, 0, "{text}");
    let run = ["run", "experiment.toml", "--out", "results"];
    assert_eq!(said(&veltrix(&elsewhere, &run)).0, 0);
}

#[test]
fn the_same_command_gives_the_same_bytes_and_is_not_done_twice() {
    let place = written("same", MODEL, EXPERIMENT);
    let token = token_of(&place.join("planted.toml"), Kind::OverflowFirst);
    let go = |out: &str| {
        let args = [
            "shrink",
            &token,
            "planted.toml",
            "--tries",
            "300",
            "--out",
            out,
        ];
        said(&veltrix(&place, &args))
    };
    assert_eq!(go("a").0, 0);
    assert_eq!(go("b").0, 0);
    assert_eq!(files(&place.join("a")), files(&place.join("b")));
    let (code, text) = go("a");
    assert!(code == 0 && text.contains("already done"), "{text}");
    let other = [
        "shrink",
        &token,
        "planted.toml",
        "--tries",
        "200",
        "--out",
        "a",
    ];
    let (code, text) = said(&veltrix(&place, &other));
    assert!(code == 1 && text.contains("--force"), "{text}");
}

#[test]
fn bounds_hold_and_say_so() {
    let place = written("bounds", MODEL, EXPERIMENT);
    let token = token_of(&place.join("planted.toml"), Kind::OverflowFirst);
    let few = [
        "shrink",
        &token,
        "planted.toml",
        "--tries",
        "5",
        "--out",
        "few",
    ];
    let (code, text) = said(&veltrix(&place, &few));
    assert!(
        code == 0 && text.contains("5 tried, as many as --tries allows"),
        "{text}"
    );
    let json = fs::read(place.join("few/shrunk.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["ended"], "tries");
    let none = ["shrink", &token, "planted.toml", "--tries", "0"];
    assert_eq!(said(&veltrix(&place, &none)).0, 2);
}

#[test]
fn what_cannot_be_shrunk_is_refused() {
    let place = written("refused", MODEL, EXPERIMENT);
    let mut case = case_of(&place.join("planted.toml"), Kind::OverflowFirst);
    let trigger = case.trigger.unwrap();
    case.trigger = None;
    let token = Token::of(&case, 0).to_string();
    let (code, text) = said(&veltrix(&place, &["shrink", &token, "planted.toml"]));
    assert!(code == 2 && text.contains("no incident"), "{text}");
    case.trigger = Some(veltrix::experiment::incident::Trigger {
        nth: 100_000,
        ..trigger
    });
    let token = Token::of(&case, 0).to_string();
    let (code, text) = said(&veltrix(&place, &["shrink", &token, "planted.toml"]));
    assert!(code == 6 && text.contains("VX5001"), "{text}");
    let (code, _) = said(&veltrix(&place, &["shrink", "nonsense", "planted.toml"]));
    assert_eq!(code, 2);
    assert!(!place.join("runs").exists(), "nothing is left behind");
}
