//! Incident files: one stands alone and is the same trial everywhere, those of earlier versions are
//! still, and a hostile one does nothing.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::replay::{Run, first};
use super::{Ground, ran, veltrix};

fn file_of(run: &Run, name: &str) -> (PathBuf, Value) {
    let (folder, _) = run.incidents();
    let path = folder.join("incidents").join(name);
    let value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    (path, value)
}

#[test]
fn a_file_stands_alone() {
    let run = Run::new("incident-file");
    let (exit, _, err) = run.ran(&["run", "fall.toml", "-q"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    let (path, file) = file_of(&run, "base-overflow_first.json");
    let (_, all) = run.incidents();
    let (trial, episode) = first(&all, "overflow_first");
    assert_eq!(file["fingerprint"], trial["fingerprint"]);
    assert_eq!(file["token"], episode["token"]);
    assert_eq!(file["at_ns"], episode["at_ns"]);
    // Elsewhere, with nothing beside it.
    let alone = Ground::new("incident-file-alone");
    fs::copy(path, alone.0.join("it.json")).unwrap();
    let mut command = veltrix(&["replay", "it.json", "--out", "out"]);
    let out = command.current_dir(&alone.0).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(text.contains("the same as in it.json"), "{text}");
    assert!(text.contains("VX3102 buffer overflow on app[2]"), "{text}");
    // What a replay writes is a file again, with what was counted.
    let again: Value =
        serde_json::from_slice(&fs::read(alone.0.join("out/incident.json")).unwrap()).unwrap();
    assert_eq!(again["stations"], file["stations"]);
    assert_eq!(again["model"], file["model"]);
    assert!(again["counters"].is_string());
    let mut command = veltrix(&["replay", "out/incident.json", "--out", "twice"]);
    let out = command.current_dir(&alone.0).output().unwrap();
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    // Held against the experiment that it is from, and against another.
    fs::copy(alone.0.join("it.json"), run.0.0.join("it.json")).unwrap();
    let (exit, _, err) = run.ran(&["replay", "it.json", "fall.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    let (exit, _, err) = run.ran(&[
        "replay",
        "it.json",
        "fall.toml",
        "--set",
        "service.app.workers.cores=6",
    ]);
    assert_eq!(exit, 6);
    assert!(
        err.contains("with digest") && err.contains("there is `cores = 5`, here `cores = 6`"),
        "{err}"
    );
}

#[test]
fn files_that_are_none_are_refused() {
    let ground = Ground::new("incident-none");
    let bad = |name: &str| format!("{}/tests/bad-inputs/{name}", env!("CARGO_MANIFEST_DIR"));
    let run = |text: &str, exit: i32, words: &[&str]| {
        let path = ground.0.join("bad.json");
        fs::write(&path, text).unwrap();
        let (code, out, err) = ran(&["replay", path.to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (exit, ""), "{err}");
        for word in words {
            assert!(err.contains(word), "no {word:?} in {err}");
        }
        assert!(!err.contains('\u{1b}'), "{err:?}");
    };
    run("", 2, &["VX1013", "is empty"]);
    run("[]", 2, &["VX1002"]);
    run("{}", 2, &["no incident file of veltrix"]);
    run("{\"program\": \"\u{1b}[2J\"}", 2, &["VX1002"]);
    run("\u{0}\u{1}", 2, &["VX1002", "line 1"]);
    run(
        "{\"program\": \"veltrix\", \"format\": 1}",
        2,
        &["VX1002", "missing field"],
    );
    for (name, words) in [
        ("incident-empty.json", ["VX1013", "is empty"]),
        ("incident-cut.json", ["incomplete", "line 4"]),
    ] {
        let (code, out, err) = ran(&["replay", &bad(name)]);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        for word in words.into_iter().chain([name]) {
            assert!(err.contains(word), "no {word:?} in {err}");
        }
    }
    let (code, _, err) = ran(&["replay", "nowhere.json"]);
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains("VX1001") && err.contains("No such file"),
        "{err}"
    );
    let (code, _, err) = ran(&["replay", ground.0.to_str().unwrap()]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("no regular file"), "{err}");
}

#[test]
fn a_file_that_contradicts_itself_is_refused() {
    let run = Run::new("incident-wrong");
    run.ran(&["run", "fall.toml", "-q"]);
    let (_, file) = file_of(&run, "base-overflow_first.json");
    let with = |key: &str, value: Value| {
        let mut changed = file.clone();
        changed[key] = value;
        fs::write(run.0.0.join("changed.json"), changed.to_string()).unwrap();
    };
    // I003: the model is not the token's.
    let model = file["model"].as_str().unwrap();
    with("model", model.replace("cores = 5", "cores = 6").into());
    let (exit, out, err) = run.ran(&["replay", "changed.json"]);
    assert_eq!((exit, out.as_str()), (6, ""));
    assert!(
        err.contains("has the digest") && err.contains("--force"),
        "{err}"
    );
    let (exit, _, err) = run.ran(&["replay", "changed.json", "--force"]);
    assert_eq!(exit, 6, "another model is another run: {err}");
    assert!(
        err.contains("warning[VX5001]") && err.contains("another run"),
        "{err}"
    );
    // I004: from the future.
    with("format", 99.into());
    let (exit, _, err) = run.ran(&["replay", "changed.json"]);
    assert_eq!(exit, 2);
    assert!(err.contains("it needs veltrix `0.1.0`"), "{err}");
    with("trajectory", 99.into());
    let (exit, _, err) = run.ran(&["replay", "changed.json"]);
    assert_eq!(exit, 6);
    assert!(
        err.contains("trajectory version 99") && err.contains("install veltrix"),
        "{err}"
    );
    // Another run than it says.
    with("seed", "8".into());
    let (exit, _, err) = run.ran(&["replay", "changed.json"]);
    assert_eq!(exit, 6);
    assert!(
        err.contains("the seed, replication or incident in it is not that of its token"),
        "{err}"
    );
    let mut stations = file["stations"].clone();
    stations[2] = "0123456789abcdef".into();
    with("stations", stations);
    let (exit, _, err) = run.ran(&["replay", "changed.json"]);
    assert_eq!(exit, 6);
    assert!(
        err.contains("before station 3 of 64") && err.contains("what was drawn is the same"),
        "{err}"
    );
    with("demand", "0123456789abcdef".into());
    let (exit, _, err) = run.ran(&["replay", "changed.json"]);
    assert_eq!(exit, 6);
    assert!(err.contains("what was drawn differs"), "{err}");
    with("token", "v1-0000".into());
    let (exit, _, err) = run.ran(&["replay", "changed.json"]);
    assert_eq!(exit, 2);
    assert!(err.contains("its token"), "{err}");
    with("seed", "many".into());
    assert_eq!(run.ran(&["replay", "changed.json"]).0, 2);
    with("model", "x = [".into());
    assert_eq!(run.ran(&["replay", "changed.json"]).0, 2);
}

#[test]
fn a_hostile_file_does_nothing() {
    let run = Run::new("incident-hostile");
    run.ran(&["run", "fall.toml", "-q"]);
    let (_, file) = file_of(&run, "base-overflow_first.json");
    let below = run.0.0.join("below");
    fs::create_dir_all(&below).unwrap();
    fs::write(run.0.0.join("secret.csv"), "arrival_s,work_s\n0.1,0.1\n").unwrap();
    let mut hostile = file.clone();
    hostile["experiment"] = "../../\u{1b}]0;x\u{7}out".into();
    hostile["point"] = "\u{1b}[2J".into();
    hostile["headline"] = "\u{1b}[2J".into();
    fs::write(below.join("it.json"), hostile.to_string()).unwrap();
    let mut command = veltrix(&["replay", "it.json"]);
    let out = command.current_dir(&below).output().unwrap();
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{7}'),
        "{text:?}"
    );
    let mut inside: Vec<String> = fs::read_dir(&below)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    inside.sort();
    assert_eq!(inside, ["it.json", "runs"]);
    // Its model can name no file of the disk.
    for name in ["../secret.csv", "/etc/hosts", "secret.csv"] {
        let model = file["model"].as_str().unwrap();
        let (head, rest) = model.split_once("[source.clients.arrivals]\n").unwrap();
        let (_, rest) = rest.split_once("\n\n").unwrap();
        let trace = format!("process = \"trace\"\nfile = {name:?}");
        let text = format!("{head}[source.clients.arrivals]\n{trace}\n\n{rest}");
        hostile["model"] = text.into();
        fs::write(run.0.0.join("hostile.json"), hostile.to_string()).unwrap();
        let (exit, out, err) = run.ran(&["replay", "hostile.json", "--force"]);
        assert_ne!(exit, 0, "{out}");
        assert!(err.contains("VX1001"), "{err}");
    }
    // Nor can it ask for more than there is.
    hostile["model"] = file["model"].clone();
    hostile["timing"]["horizon"] = json!(u64::MAX / 4);
    fs::write(run.0.0.join("hostile.json"), hostile.to_string()).unwrap();
    let (exit, _, err) = run.ran(&["replay", "hostile.json"]);
    assert_eq!(exit, 6, "times are in the digest: {err}");
}

/// Files that earlier versions wrote. Which of the three hashes moves says what a change did:
/// events, draws or counts. A change that moves them raises the trajectory version.
#[test]
fn incidents_of_earlier_versions_are_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/incident-files");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    let out = Ground::new("incident-earlier");
    for file in files {
        let to = out.0.join(file.file_stem().unwrap());
        let (exit, text, err) = ran(&[
            "replay",
            file.to_str().unwrap(),
            "--out",
            to.to_str().unwrap(),
        ]);
        assert_eq!((exit, err.as_str()), (0, ""), "{}: {text}", file.display());
        let again = fs::read(to.join("incident.json")).unwrap();
        assert!(
            again == fs::read(&file).unwrap(),
            "{} is written otherwise now",
            file.display()
        );
    }
}
