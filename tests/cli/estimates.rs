//! How sure numbers are, from outside: warm-ups that are found, replications that stop, windows
//! that are the question, and values that are only bounds.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::Ground;

/// A busy service, so that a run has something to forget.
const BUSY: &str = "\
model        = \"model.toml\"
horizon      = \"40s\"
warm_up      = \"auto\"
replications = { min = 3, max = 18, precision = 0.05, metric = [\"latency_mean\", \"offered\"] }

[sweep]
\"source.users.arrivals.rate\" = [\"250/s\", \"330/s\"]
";

const RATE: &str = "\
title = \"one service\"
[source.users]
to = \"web\"
arrivals = { process = \"poisson\", rate = \"100/s\" }
[service.web]
work = { dist = \"exponential\", mean = \"5ms\" }
[service.web.workers]
count = 2
cores = 1
";

fn ground(name: &str) -> Ground {
    let ground = Ground::new(name);
    ground.write("model.toml", RATE);
    ground.write("busy.toml", BUSY);
    ground
}

fn json(ground: &Ground, out: &str) -> Value {
    let bytes = fs::read(ground.0.join(out).join("results.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn bytes(ground: &Ground, out: &str) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(ground.0.join(out)).unwrap();
    let files = files.map(|f| f.unwrap().path()).filter(|p| p.is_file());
    let named = files.map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    });
    named.filter(|(name, _)| name != "host.json").collect()
}

#[test]
fn a_warm_up_and_an_end_are_found_on_any_threads() {
    let ground = ground("found");
    for threads in ["1", "2", "8"] {
        let args = ["run", "busy.toml", "--out", threads, "--threads", threads];
        let (exit, out, err) = ground.ran(&args);
        assert_eq!(exit, 0, "{err}");
        assert!(err.starts_with("forecast: about "), "{err}");
        for part in [
            "\nwarm-up ",
            "replications were run for latency_mean, offered",
        ] {
            assert!(out.contains(part), "no {part:?} in\n{out}");
        }
    }
    let one = bytes(&ground, "1");
    assert!(one == bytes(&ground, "2") && one == bytes(&ground, "8"));
    let json = json(&ground, "1");
    let seconds = json["warm_up"]["seconds"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds < 40.0, "{seconds}");
    assert_eq!(json["stopping"]["max"], 18);
    let trials = |p: usize| json["points"][p]["trials"].as_u64().unwrap();
    assert!(trials(0) < trials(1), "the busier point takes more");
    let rows = String::from_utf8(one["trials.csv"].clone()).unwrap();
    assert_eq!(rows.lines().count() as u64, 1 + trials(0) + trials(1));
    let short: Vec<&Value> = json["notes"].as_array().unwrap().iter().collect();
    assert!(short.iter().all(|n| n["code"] != "VX4005"), "{short:?}");
}

#[test]
fn a_precision_out_of_reach_is_said() {
    let ground = ground("reach");
    let text = BUSY.replace("0.05", "0.001").replace("max = 18", "max = 4");
    ground.write("busy.toml", &text);
    let (exit, out, err) = ground.ran(&["run", "busy.toml", "--out", "out"]);
    assert_eq!(exit, 0, "{err}");
    assert!(out.contains("VX4006 "), "{out}");
    let notes = json(&ground, "out")["notes"].clone();
    let note = notes
        .as_array()
        .unwrap()
        .iter()
        .find(|n| n["code"] == "VX4006");
    let text = note.unwrap()["text"].as_str().unwrap();
    assert!(text.contains("after 4 replications, ± 9.99e-4 wanted") || text.contains("wanted"));
}

#[test]
fn a_run_too_short_for_its_warm_up_says_so() {
    let ground = ground("short");
    let slow = "\n[[fault]]\nname = \"nightly\"\nkind = \"pause\"\ntarget = \"web\"\n\
                every = \"1h\"\nfor = \"1s\"\n";
    ground.write("model.toml", &format!("{RATE}{slow}"));
    let (exit, out, err) = ground.ran(&["run", "busy.toml", "--out", "out"]);
    assert_eq!(exit, 0, "{err}");
    assert!(
        out.contains("warm-up 40 s by 5 cycles of fault.nightly"),
        "{out}"
    );
    assert!(out.contains("VX4005 "), "{out}");
    let json = json(&ground, "out");
    assert_eq!(json["warm_up"]["by"], "cycles");
    let note = &json["notes"][0];
    assert_eq!(
        (&note["code"], &note["point"]),
        (&"VX4005".into(), &0.into())
    );
}

#[test]
fn a_window_is_its_own_question() {
    let ground = ground("window");
    let text = "model = \"model.toml\"\nhorizon = \"10s\"\nterminating = true\nreplications = 5\n";
    ground.write("sale.toml", text);
    let more = ["--set", "source.users.arrivals.rate=500/s"];
    let run = |file: &str, out: &str| {
        let args = [&["run", file, "--out", out], &more[..]].concat();
        let (exit, out, err) = ground.ran(&args);
        assert_eq!((exit, err.as_str()), (0, ""));
        out
    };
    ground.write("steady.toml", &text.replace("terminating = true\n", ""));
    assert!(run("steady.toml", "steady").contains("no steady state"));
    assert!(!run("sale.toml", "sale").contains("no steady state"));
    let (steady, sale) = (json(&ground, "steady"), json(&ground, "sale"));
    assert_eq!(steady["points"][0]["stable"], false);
    assert!(sale["points"][0]["stable"].is_null() && sale["terminating"] == true);
    assert_eq!(sale["notes"].as_array().unwrap().len(), 0);
    let mean = |json: &Value| json["points"][0]["metrics"]["latency_mean"].clone();
    assert_eq!(mean(&steady)["method"], "jackknife");
    assert_eq!(mean(&sale)["method"], "student");
}

#[test]
fn what_is_only_a_bound_is_shown_as_one() {
    let ground = ground("bounds");
    let text = "model = \"model.toml\"\nhorizon = \"1s\"\nreplications = 2\n\
                metrics = [\"loss_VX3102\"]\n[objective]\nsubject_to = [\"latency_p99 < 1s\"]\n";
    ground.write("short.toml", text);
    let (exit, out, _) = ground.ran(&["run", "short.toml", "--out", "out"]);
    assert_eq!(exit, 3, "a lower bound keeps no upper limit");
    assert!(out.contains("not shown: it is only a bound"), "{out}");
    assert!(out.contains(">= ") && out.contains("< 1"), "{out}");
    let metrics = json(&ground, "out")["points"][0]["metrics"].clone();
    let p99 = &metrics["latency_p99"];
    assert_eq!(
        (&p99["bound"], &p99["method"]),
        (&"at_least".into(), &"sectioning".into())
    );
    assert!(p99["high"].is_null() && p99["low"] == p99["mean"]);
    assert!(metrics["latency_p50"]["bound"].is_null());
    let loss = &metrics["loss_VX3102"];
    assert_eq!(
        (&loss["bound"], &loss["method"]),
        (&"at_most".into(), &"none_seen".into())
    );
    let csv = fs::read_to_string(ground.0.join("out/results.csv")).unwrap();
    let mut lines = csv.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let (names, row) = (lines.next().unwrap(), lines.next().unwrap());
    let cell = |name: &str| row[names.iter().position(|n| *n == name).unwrap()];
    assert_eq!(cell("latency_p99"), "");
    assert_eq!(cell("latency_p99_low"), p99["low"].to_string());
    assert_eq!(cell("loss_VX3102"), "0");
}

#[test]
fn what_a_precision_takes_is_said_before() {
    let ground = ground("forecast");
    let (exit, out, err) = ground.ran(&["check", "busy.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    // M/M/2 at 330/s of 5 ms, load 0.825: 2 * 2 * (1.96 / 0.05)^2 / 0.175^2.
    let wanted = "busy.toml: ok, an experiment: 1 variant, 2 points, at most 36 trials\n\
                  forecast: about 201,000 requests for mean waits within 5 % at base 330/s, load \
                  0.82; it has 40,000 to 238,000\n";
    assert_eq!(out, wanted);
    ground.write(
        "model.toml",
        &RATE.replace("poisson\", rate = \"100/s", "constant\", rate = \"9/s"),
    );
    let (_, out, _) = ground.ran(&["check", "model.toml"]);
    assert!(
        out.starts_with("model.toml: ok") && !out.contains("forecast"),
        "{out}"
    );
}
