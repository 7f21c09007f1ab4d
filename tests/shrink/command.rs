//! The command: what it writes stands alone, and nothing but tries decides what that is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use veltrix::experiment::incident::Token;
use veltrix::model::incident::Kind;

use crate::{case_of, folder, program, token_of, written};

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

pub fn veltrix(folder: &Path, args: &[&str]) -> Output {
    program::command(folder, args).output().unwrap()
}

pub fn said(output: &Output) -> (i32, String) {
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

/// Whatever is looked for, what is written is read as the same: the command checks that itself.
#[test]
fn all_kinds_of_rules_are_written() {
    let slow = "[[fault]]\nkind = \"slow\"\ntarget = \"web[2]\"\nfactor = 0.05\nevery = \"8s\"\n\
                for = \"4s\"\n";
    let model = format!("{MODEL}{slow}").replace(
        "\"60/s\"",
        "{ process = \"mmpp\", rates = [\"60/s\", \"100/s\"], dwell = [\"3s\", \"1s\"] }",
    );
    let budget = "[objective]\nsubject_to = [\"latency_p99 < 2s\", \"loss < 0.001\"]\n";
    let own = "[[incident]]\nwhen = \"queue_mean > 3 for 1s\"\n\
               [[incident]]\nwhen = \"refused > 0.02 for 2s\"\n";
    let rate = "[detectors]\noverflow_rate = { share = 0.02, window = \"3s\", at_least = 5 }\n";
    for (name, kind, more) in [
        ("burn", Kind::SloBurn, budget),
        ("own", Kind::Own, own),
        ("rate", Kind::OverflowRate, rate),
    ] {
        let place = written(
            name,
            &model,
            &format!("warm_up = \"2s\"\nhorizon = \"40s\"\n{more}"),
        );
        let token = token_of(&place.join("planted.toml"), kind);
        let args = [
            "shrink",
            &token,
            "planted.toml",
            "--tries",
            "400",
            "--out",
            "small",
        ];
        let (code, text) = said(&veltrix(&place, &args));
        assert_eq!(code, 0, "{name}: {text}");
        let json = fs::read(place.join("small/shrunk.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let requests = |side: &str| json[side]["size"]["requests"].as_u64().unwrap();
        assert!(
            requests("left") * 2 < requests("before"),
            "{name}: {json:#}"
        );
        let token = json["token"].as_str().unwrap();
        let again = veltrix(&place.join("small"), &["replay", token, "experiment.toml"]);
        assert_eq!(said(&again).0, 0, "{name}");
    }
}

/// The best so far is kept, whole, or nothing if the first run was not over yet.
#[cfg(unix)]
#[test]
fn an_interrupt_keeps_the_best_so_far() {
    let model = MODEL
        .replace("\"60/s\"", "\"20k/s\"")
        .replace("count = 4", "count = 1000");
    let model = model.replace("slots = 3", "slots = 20");
    let slow = "[[fault]]\nkind = \"slow\"\ntarget = \"web[7]\"\nfactor = 0.1\nat = \"20s\"\n";
    let model = format!("{model}{slow}");
    let place = written("interrupt", &model, "horizon = \"60s\"\n");
    let name = token_of(&place.join("planted.toml"), Kind::OverflowFirst);
    let args = [
        "shrink",
        &name,
        "planted.toml",
        "--tries",
        "100000",
        "--out",
        "small",
    ];
    let mut child = program::command(&place, &args)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let hidden = place.join(".small.partial");
    while !hidden.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let id = child.id().to_string();
    Command::new("kill").args(["-INT", &id]).status().unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(130));
    assert!(!hidden.exists());
    if place.join("small").exists() {
        let json = fs::read(place.join("small/shrunk.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["ended"], "stopped");
        let token = json["token"].as_str().unwrap();
        let again = veltrix(&place.join("small"), &["replay", token, "experiment.toml"]);
        assert_eq!(said(&again).0, 0);
    }
    // What was stopped is not done: the same command begins again.
    let again = [&args[..], &["--seconds", "1"]].concat();
    let (code, text) = said(&veltrix(&place, &again));
    let begun = !text.contains("already done") && !text.contains("--force");
    // A second may be over before the first run is.
    assert!(begun && [0, 5].contains(&code), "{text}");
}
