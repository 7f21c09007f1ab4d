//! The command: its output is that of the page, its files are whole, threads change nothing.

use std::fs;
use std::path::{Path, PathBuf};

use std::sync::atomic::AtomicBool;
use veltrix::config::{Overrides, load};
use veltrix::experiment::incident::{Case, Token, Trigger};

use crate::program::{self, veltrix};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explain.md")
}

/// The files of the page, in a folder of their own.
pub fn folder(name: &str) -> PathBuf {
    let path = program::folder(&format!("explain-{name}"));
    let page = fs::read_to_string(page()).unwrap();
    for (mark, file) in [
        ("<!-- model: web.toml -->", "web.toml"),
        ("<!-- experiment: web-once.toml -->", "web-once.toml"),
        ("<!-- model: orders.toml -->", "orders.toml"),
        ("<!-- experiment: orders-once.toml -->", "orders-once.toml"),
    ] {
        let (_, rest) = page.split_once(mark).unwrap();
        let (_, rest) = rest.split_once("```toml\n").unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        fs::write(path.join(file), text).unwrap();
    }
    path
}

/// The first trial with its first incident as what is meant.
pub fn case(experiment: &Path) -> Case {
    let loaded = load(experiment, &Overrides::default()).unwrap();
    let mut case = Case::of(&loaded.design, 0, 0, None);
    let output = case.again(None, &AtomicBool::new(false)).unwrap();
    case.trigger = Trigger::of(&output.incidents, 0);
    assert!(case.trigger.is_some(), "nothing went wrong");
    case
}

fn token(experiment: &Path) -> String {
    Token::of(&case(experiment), 0).to_string()
}

/// What the page shows behind a mark is what is told.
fn shown(mark: &str, told: &str) {
    let mark = format!("<!-- {mark} -->\n\n```text\n");
    let page_text = fs::read_to_string(page()).unwrap();
    let (before, rest) = page_text.split_once(&mark).unwrap();
    let (shown, after) = rest.split_once("```").unwrap();
    if std::env::var_os("VELTRIX_UPDATE").is_some() {
        fs::write(page(), format!("{before}{mark}{told}```{after}")).unwrap();
    } else {
        assert_eq!(shown, told);
    }
}

fn explain(folder: &Path, args: &[&str]) -> (i32, String, String) {
    veltrix(folder, &[&["explain"][..], args].concat())
}

#[test]
fn the_page_shows_what_is_told() {
    let folder = folder("page");
    let token = token(&folder.join("web-once.toml"));
    let (exit, out, err) = explain(&folder, &[&token, "web-once.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.contains("\nBecause of `collector`: web["), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let (told, files) = out.split_once("\nfiles   ").unwrap();
    shown("explained", told);
    let results = folder.join(files.trim());
    assert_eq!(
        fs::read_to_string(results.join("explain.txt")).unwrap(),
        told
    );
    let chart = fs::read_to_string(results.join("charts/likelihood.svg")).unwrap();
    assert!(
        chart.starts_with("<svg") || chart.starts_with("<?xml"),
        "no chart"
    );
    assert!(results.join("manifest.json").is_file());
    // Once more it is only shown.
    let (exit, again, err) = explain(&folder, &[&token, "web-once.toml"]);
    assert_eq!((exit, again.as_str()), (0, told));
    assert_eq!(err, "already done; `--force` explains it again\n");
}

#[test]
fn the_page_shows_a_map() {
    let folder = folder("map");
    let token = token(&folder.join("orders-once.toml"));
    let args = [&token, "orders-once.toml", "--quick", "--map"];
    let (exit, out, err) = explain(&folder, &args);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let (told, files) = out.split_once("\nfiles   ").unwrap();
    let from = told.find("\nOnce nothing strikes any more").unwrap();
    let to = told.find("\nIt was ").unwrap();
    shown("mapped", &told[from + 1..to]);
    let results = folder.join(files.trim());
    assert!(results.join("charts/metastability.svg").is_file());
    let json = fs::read(results.join("explain.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["map"]["cells"].as_array().unwrap().len(), 48);
    assert_eq!(json["map"]["trigger"], serde_json::json!(["collector"]));
    assert_eq!(json["recovery"]["outcome"]["up"], false);
    // One thread, the same bytes.
    let more = ["--threads", "1", "--force"];
    let (exit, again, _) = explain(&folder, &[&args[..], &more[..]].concat());
    assert_eq!((exit, again), (0, out));
}

#[test]
fn threads_change_nothing_and_mistakes_are_told() {
    let folder = folder("threads");
    let token = token(&folder.join("web-once.toml"));
    let one = [&token, "web-once.toml", "--quick", "--format", "json"];
    let told = |threads: &str, out: &str| {
        let more = ["--threads", threads, "--out", out];
        let (exit, out, err) = explain(&folder, &[&one[..], &more[..]].concat());
        assert_eq!((exit, err.as_str()), (0, ""));
        out
    };
    let (one, three) = (told("1", "one"), told("3", "three"));
    assert_eq!(one, three);
    let json: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!(json["causes"]["because"].as_array().unwrap().len(), 1);
    assert!(json["likelihood"].is_null());
    for (args, word) in [
        (&[token.as_str()][..], "name the experiment"),
        (&["VX3102", "--quick"][..], "options are for tokens"),
        (&["VX3102", "web-once.toml"][..], "is no token"),
        (&["VX9876"][..], "no code"),
    ] {
        let (exit, out, err) = explain(&folder, args);
        assert_eq!((exit, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(word), "{args:?}: {err}");
    }
    let other = [
        token.as_str(),
        "web-once.toml",
        "--set",
        "service.web.workers.count=5",
    ];
    assert_eq!(explain(&folder, &other).0, 6, "another system");
}
