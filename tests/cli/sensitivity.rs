//! `veltrix sensitivity` from outside: what is varied, what is refused, what is written.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::ran;

const MODEL: &str = r#"
[source.web]
to       = "shop"
arrivals = "300/s"
client   = { timeout = "200ms", retry = { attempts = 2, base = "5ms", cap = "20ms" } }

[[source.web.class]]
name     = "page"
weight   = 3
priority = 1
size     = { dist = "lognormal", mu = 7.5, sigma = 0.5 }

[[source.web.class]]
name   = "order"
weight = 1.0

[service.shop]
work     = { cpu = { dist = "gamma", mean = "5ms", cv = 0.8 }, per_kib = "0s" }
balancer = { policy = "p2c" }

[service.shop.workers]
count      = 2
cores      = 1
discipline = "priority"
buffer     = { slots = 0 }
price      = "0.05/h"

[[fault]]
kind    = "slow"
target  = "shop[1]"
factor  = 0.5
at      = "1s"
for     = "500ms"

[[fault]]
name    = "later"
enabled = false
kind    = "crash"
target  = "shop[2]"
at      = "2s"
"#;

const EXPERIMENT: &str = r#"
title        = "what matters"
model        = "model.toml"
horizon      = "3s"
replications = 4
"#;

const RANGES: &str = r#"
[uncertain]
"service.shop.work.cpu.mean" = ["4ms", "6ms"]
service.shop.workers.count = [2, 4]
"source.web.arrivals" = ["200/s", "350/s"]
"#;

/// A folder with a model and an experiment.
struct Place(PathBuf);

impl Place {
    fn new(name: &str, model: &str, experiment: &str) -> Place {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sensitivity-{name}"));
        // What an earlier run left, if it ran.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("model.toml"), model).unwrap();
        fs::write(path.join("q.toml"), experiment).unwrap();
        Place(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Runs it with these options, results in `out`.
    fn ran(&self, out: &str, options: &[&str]) -> (i32, String, String) {
        let (file, out) = (self.path("q.toml"), self.path(out));
        let mut all = vec!["sensitivity", &file, "--out", &out];
        all.extend(options);
        ran(&all)
    }

    fn json(&self, out: &str) -> Value {
        let text = fs::read_to_string(self.0.join(out).join("sensitivity.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn refused(&self, options: &[&str], words: &[&str]) {
        let (exit, said, err) = self.ran("refused", options);
        assert_eq!((exit, said.as_str()), (2, ""), "{options:?}: {err}");
        for word in words {
            assert!(err.contains(word), "{options:?}: no {word:?} in\n{err}");
        }
        assert!(!self.0.join("refused").exists(), "{options:?}");
    }
}

fn row<'a>(list: &'a Value, path: &str) -> &'a Value {
    let rows = list.as_array().unwrap().iter();
    let mut found = rows.filter(|r| r["path"] == path);
    let row = found.next().unwrap_or_else(|| panic!("no row for {path}"));
    assert!(found.next().is_none(), "two rows for {path}");
    row
}

#[test]
fn every_amount_is_moved_or_said_not_to_be() {
    let place = Place::new("inputs", MODEL, EXPERIMENT);
    let (exit, said, err) = place.ran("out", &["--metrics", "cost_per_month,latency_mean,loss"]);
    assert_eq!(exit, 0, "{err}");
    assert!(err.starts_with("tornado: "), "{err}");
    let found = place.json("out");
    let (inputs, left) = (&found["tornado"]["inputs"], &found["tornado"]["not_varied"]);
    for (path, down, up) in [
        ("source.web.arrivals", "270/s", "330/s"),
        ("source.web.client.timeout", "180 ms", "220 ms"),
        ("source.web.client.retry.attempts", "1", "3"),
        ("source.web.class.page.weight", "2.7", "3.3"),
        ("source.web.class.page.size.sigma", "0.45", "0.55"),
        ("service.shop.work.cpu.mean", "4.5 ms", "5.5 ms"),
        ("service.shop.work.cpu.cv", "0.72", "0.88"),
        ("service.shop.workers.count", "", "3"),
        ("service.shop.workers.cores", "", "2"),
        ("service.shop.workers.buffer.slots", "", "1"),
        ("service.shop.workers.price", "0.045/h", "0.055/h"),
        ("fault.slow-shop[1].factor", "0.45", "0.55"),
        ("fault.slow-shop[1].for", "450 ms", "550 ms"),
    ] {
        let moved = row(inputs, path);
        let side = |name: &str| moved[name]["value"].as_str().unwrap_or("").to_owned();
        // With one worker less the fault of the second one has no target.
        if path != "service.shop.workers.count" {
            assert_eq!(
                (side("down").as_str(), side("up").as_str()),
                (down, up),
                "{path}"
            );
        } else {
            assert_eq!(side("up"), up);
        }
    }
    for (path, reason) in [
        ("source.web.class.page.priority", "an order"),
        ("service.shop.work.per_kib", "a share of 0 is 0"),
        ("fault.later.at", "not enabled"),
    ] {
        let why = row(left, path)["reason"].as_str().unwrap();
        assert!(why.contains(reason), "{path}: {why}");
        assert!(said.contains("not varied"), "{said}");
    }
    // Money: a price 10 % up is 10 % more money, exactly, and nothing else.
    let price = &row(inputs, "service.shop.workers.price")["up"]["difference"];
    let cost = found["tornado"]["as_it_is"]["cost_per_month"]["mean"]
        .as_f64()
        .unwrap();
    let more = price["cost_per_month"]["mean"].as_f64().unwrap();
    assert!((more / cost - 0.1).abs() < 1e-9, "{more} of {cost}");
    assert_eq!(
        price["cost_per_month"]["low"],
        price["cost_per_month"]["high"]
    );
    assert_eq!(price["latency_mean"]["mean"], 0);
    // More work is more latency.
    let work = &row(inputs, "service.shop.work.cpu.mean")["up"]["difference"]["latency_mean"];
    assert!(work["low"].as_f64().unwrap() > 0.0, "{work}");
    assert_eq!(
        found["measure_first"]["cost_per_month"],
        "service.shop.workers.price"
    );
    // Every number is in the table too, and none is NaN.
    let csv = fs::read_to_string(place.0.join("out/sensitivity.csv")).unwrap();
    let sides = inputs
        .as_array()
        .unwrap()
        .iter()
        .map(|i| usize::from(!i["down"].is_null()) + usize::from(!i["up"].is_null()));
    let rows = 3 * sides.sum::<usize>() + left.as_array().unwrap().len();
    assert_eq!(csv.lines().count(), 1 + rows);
    assert!(!csv.contains("NaN") && !said.contains("NaN"));
    assert!(
        said.lines()
            .all(|l| l.chars().count() <= 110 || l.starts_with("repeat") || l.starts_with("files")),
        "{said}"
    );
    for chart in ["tornado-cost_per_month.svg", "tornado-latency_mean.svg"] {
        let svg = fs::read_to_string(place.0.join("out/charts").join(chart)).unwrap();
        assert!(
            svg.contains("answers most to") && !svg.contains("no data"),
            "{chart}"
        );
    }
    // The same again is done already.
    let (exit, said, err) = place.ran("out", &["--metrics", "cost_per_month,latency_mean,loss"]);
    assert_eq!(exit, 0);
    assert!(
        err.contains("already done") && said.contains("summary.txt"),
        "{err}{said}"
    );
}

#[test]
fn some_inputs_are_picked_by_path() {
    let place = Place::new("picked", MODEL, EXPERIMENT);
    let options = [
        "--inputs",
        "service.shop.work,fault",
        "--by",
        "20%",
        "--format",
        "json",
    ];
    let (exit, said, err) = place.ran("out", &options);
    assert_eq!(exit, 0, "{err}");
    let found: Value = serde_json::from_str(&said).unwrap();
    let inputs = found["tornado"]["inputs"].as_array().unwrap();
    assert!(inputs.iter().all(|i| {
        let path = i["path"].as_str().unwrap();
        path.starts_with("service.shop.work.") || path.starts_with("fault.")
    }));
    assert_eq!(
        row(&found["tornado"]["inputs"], "service.shop.work.cpu.mean")["up"]["value"],
        "6 ms"
    );
    // A key left to its default is an input once it is set.
    let speed = [
        "--set",
        "service.shop.workers.speed=2.0",
        "--inputs",
        "service.shop.workers.speed",
    ];
    let (exit, _, err) = place.ran("speed", &speed);
    assert_eq!(exit, 0, "{err}");
    assert_eq!(
        place.json("speed")["tornado"]["inputs"][0]["up"]["value"],
        "2.2"
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = Place::new("refused", MODEL, EXPERIMENT);
    place.refused(&["--method", "morris"], &["VX1006", "[uncertain]"]);
    place.refused(&["--method", "sobol"], &["VX1006", "[uncertain]"]);
    place.refused(&["--samples", "64"], &["VX1012", "--samples"]);
    place.refused(&["--trajectories", "5"], &["VX1012", "--trajectories"]);
    place.refused(&["--for", "bese"], &["VX1008", "did you mean `base`?"]);
    place.refused(&["--metrics", "latency_p9x"], &["VX2003"]);
    place.refused(&["--metrics", "loss@nobody"], &["VX2003"]);
    let speed = ["--inputs", "service.shop.workers.speed"];
    place.refused(&speed, &["VX2001", "--set"]);
    place.refused(
        &["--inputs", "service.shop.workers.cuont"],
        &["VX2001", "workers.count`?"],
    );
    place.refused(
        &["--inputs", "fault.later"],
        &["no input can be varied", "not enabled"],
    );
    for by in ["0", "100%", "much", "-1%"] {
        place.refused(&["--by", by], &["a share is above 0 %"]);
    }
    let with = Place::new("refused-ranges", MODEL, &format!("{EXPERIMENT}{RANGES}"));
    with.refused(&["--method", "morris", "--by", "5%"], &["VX1012", "--by"]);
    with.refused(
        &["--method", "morris", "--inputs", "fault"],
        &["VX1012", "--inputs"],
    );
    let model = Place::new("refused-model", MODEL, MODEL);
    model.refused(&[], &["is a model, and an experiment is wanted"]);
}

#[test]
fn ranges_are_checked_by_every_command() {
    let cases = [
        (
            "\"service.shop.work.cpu.mean\" = [\"6ms\", \"4ms\"]",
            "VX1007",
        ),
        (
            "\"service.shop.work.cpu.mean\" = [\"4ms\", \"4ms\"]",
            "VX1007",
        ),
        (
            "\"service.shop.work.cpu.mean\" = [\"4ms\", \"6MB\"]",
            "VX1004",
        ),
        ("\"service.shop.work.cpu.mean\" = [\"4ms\"]", "VX1004"),
        ("\"service.shop.work.cpu.mean\" = \"4ms\"", "VX1004"),
        (
            "\"service.shop.work.cpu.maen\" = [\"4ms\", \"6ms\"]",
            "VX2001",
        ),
        ("\"service.shap.work\" = [\"4ms\", \"6ms\"]", "VX2001"),
        ("\"service.shop.workers.count\" = [0, 4]", "VX1007"),
        ("", "VX1007"),
    ];
    for (line, code) in cases {
        let text = format!("{EXPERIMENT}\n[uncertain]\n{line}\n");
        let place = Place::new("ranges", MODEL, &text);
        for command in ["check", "run", "sensitivity"] {
            let (exit, _, err) = ran(&[command, &place.path("q.toml")]);
            assert_eq!(exit, 2, "{command} {line}: {err}");
            assert!(err.contains(code), "{command} {line}: no {code} in\n{err}");
        }
    }
    // The table changes nothing of a run.
    let with = Place::new("beside", MODEL, &format!("{EXPERIMENT}{RANGES}"));
    let out = with.path("out");
    let (exit, _, err) = ran(&["run", &with.path("q.toml"), "--out", &out]);
    assert_eq!(exit, 0, "{err}");
    let bare = Place::new("without", MODEL, EXPERIMENT);
    let other = bare.path("out");
    ran(&["run", &bare.path("q.toml"), "--out", &other]);
    let results = |place: &Place| fs::read(place.0.join("out/trials.csv")).unwrap();
    assert_eq!(results(&with), results(&bare));
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let place = Place::new("threads", MODEL, &format!("{EXPERIMENT}{RANGES}"));
    let options = |threads| {
        [
            "--method",
            "tornado,morris,sobol",
            "--samples",
            "16",
            "--trajectories",
            "4",
            "--inputs",
            "service.shop",
            "--horizon",
            "1s",
            "--quiet",
            "--threads",
            threads,
        ]
    };
    for threads in ["1", "2", "8"] {
        let (exit, said, err) = place.ran(threads, &options(threads));
        assert_eq!((exit, said.as_str(), err.as_str()), (0, "", ""));
    }
    let found = place.json("1");
    assert_eq!(found["morris"]["trials"], 4 * 4 * 2);
    assert_eq!(found["sobol"]["trials"], 16 * 5);
    let morris = &found["morris"]["inputs"][0]["metrics"]["latency_mean"];
    assert_eq!(morris["mu_star"]["n"], 4, "{morris}");
    let manifest = |threads: &str| {
        let text = fs::read_to_string(place.0.join(threads).join("manifest.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    // It has the digest of every other file.
    let one = manifest("1");
    assert!(one["outputs"].as_array().unwrap().len() > 8);
    for threads in ["2", "8"] {
        assert_eq!(manifest(threads), one, "{threads} threads");
    }
}
