//! Pairing does what it is there for: how much narrower differences get on common random numbers,
//! and that the page about it tells the truth (`VELTRIX_UPDATE=1` writes its numbers anew).

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use veltrix::config::{self, Overrides};
use veltrix::experiment::compare::contest::{self, Pick};
use veltrix::experiment::compare::{Row, compare};
use veltrix::experiment::design::Design;
use veltrix::experiment::run::Options;
use veltrix::experiment::sample::simulate_until;
use veltrix::model::metric::{Metric, Unit};
use veltrix::report::comparison::multiple;
use veltrix::report::show;

const PAGE: &str = "docs/compare.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder of its own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compare-{name}"));
    // What an earlier run left, if it ran.
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// W2 with one value changed.
fn w2(folder: &Path, set: Option<&str>) -> Design {
    let file = folder.join("w2.toml");
    let model = root().join("benches/workloads/w2.toml");
    let text = format!(
        "model = {:?}\nwarm_up = \"500ms\"\nhorizon = \"1.5s\"\nreplications = 20\nseed = 1\n",
        model.to_str().unwrap()
    );
    fs::write(&file, text).unwrap();
    let overrides = Overrides {
        set: set.map(str::to_owned).into_iter().collect(),
        ..Overrides::default()
    };
    let loaded = config::load(&file, &overrides);
    loaded.unwrap_or_else(|e| panic!("{set:?}: {e:?}")).design
}

fn mean_latency(folder: &Path, a: Option<&str>, b: Option<&str>, threads: usize) -> Row {
    let designs = [w2(folder, a), w2(folder, b)];
    let pick = |design, name| Pick {
        design,
        point: 0,
        name,
    };
    assert_eq!(contest::mismatches(&designs[0], &designs[1]), []);
    let metrics = vec![Metric::parse("latency_mean").unwrap()];
    let contest = contest::contest(
        pick(&designs[0], "a"),
        pick(&designs[1], "b"),
        metrics.clone(),
    );
    let never = std::sync::atomic::AtomicBool::new(false);
    let sides = contest::run(&contest, Options { threads }, &(), |spec, run, sample| {
        simulate_until(spec, run, sample, &never)
    });
    let [a, b] = sides.unwrap();
    compare(&metrics, &[0.95], &a, &b).rows.remove(0)
}

const POLICY: &str = "service.events.balancer.policy=";

/// Pairs of the page: what A and B are called, and how B is made of W2.
const PAIRS: [(&str, &str, &str); 8] = [
    (
        "`p2c`",
        "`least_request`",
        "service.events.balancer.policy=\"least_request\"",
    ),
    (
        "64 slots",
        "128 slots",
        "service.events.workers.buffer.slots=128",
    ),
    (
        "64 slots",
        "2 slots",
        "service.events.workers.buffer.slots=2",
    ),
    (
        "25 workers",
        "26 workers",
        "service.events.workers.count=26",
    ),
    (
        "`p2c`",
        "`jsq_oracle`",
        "service.events.balancer.policy=\"jsq_oracle\"",
    ),
    (
        "`p2c`",
        "`round_robin`",
        "service.events.balancer.policy=\"round_robin\"",
    ),
    (
        "`p2c`",
        "`random`",
        "service.events.balancer.policy=\"random\"",
    ),
    ("40,000/s", "41,000/s", "source.requests.arrivals=\"41k/s\""),
];

#[test]
fn pairing_gains_what_it_must() {
    let folder = folder("w2");
    let mut table = String::new();
    for (a, b, set) in PAIRS {
        let row = mean_latency(&folder, None, Some(set), 0);
        let times = row.times_fewer().unwrap();
        let least = match b {
            "`least_request`" => 5.0,
            "128 slots" => 20.0,
            _ => 0.0,
        };
        assert!(times >= least, "{b}: {times}");
        let value = |x: f64| show::value(Unit::Seconds, "USD", x);
        table.push_str(&format!(
            "| {a} | {b} | {} | {} | {} |\n",
            value(row.a.unwrap().mean),
            value(row.b.unwrap().mean),
            multiple(times)
        ));
    }
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let mark = "| A | B | mean of A | mean of B | pairing |\n|---|---|---:|---:|---:|\n";
    let (before, rest) = page.split_once(mark).unwrap();
    let old: String = rest
        .split_inclusive('\n')
        .take_while(|l| l.starts_with('|'))
        .collect();
    if std::env::var_os("VELTRIX_UPDATE").is_some() {
        let rest = &rest[old.len()..];
        fs::write(root().join(PAGE), format!("{before}{mark}{table}{rest}")).unwrap();
    } else {
        assert_eq!(old, table, "{PAGE} has other numbers");
    }
}

#[test]
fn between_other_policies_pairing_holds_too_and_threads_change_nothing() {
    let folder = folder("threads");
    let policy = |name: &str| format!("{POLICY}\"{name}\"");
    let set = [policy("least_request"), policy("p2c")];
    let row = |threads| mean_latency(&folder, Some(&set[0]), Some(&set[1]), threads);
    let one = row(1);
    assert!(one.times_fewer().unwrap() >= 5.0);
    assert_eq!(one, row(2));
    assert_eq!(one, row(8));
}

/// Marked files of the page, by name.
fn files(page: &str) -> Vec<(String, String)> {
    let marks = page.split("<!-- ").skip(1);
    let one = |text: &str| {
        let (mark, rest) = text.split_once(" -->").unwrap();
        let (_, name) = mark.split_once(": ").unwrap();
        let (_, block) = rest.split_once("```toml\n").unwrap();
        let (block, _) = block.split_once("```").unwrap();
        (name.to_owned(), block.to_owned())
    };
    marks.map(one).collect()
}

#[test]
fn the_example_of_the_page_prints_what_it_says() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let folder = folder("page");
    let files = files(&page);
    assert_eq!(files.len(), 2);
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    let command = "policies.toml --fail-if \"latency_p99 worse\"";
    let mark = format!("```\n$ veltrix compare {command}\n");
    let (before, rest) = page.split_once(&mark).unwrap();
    let (old, rest) = rest.split_once("```").unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_veltrix"))
        .args(["compare", "policies.toml", "--fail-if", "latency_p99 worse"])
        .env("NO_COLOR", "1")
        .current_dir(&folder)
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(String::from_utf8(out.stderr).unwrap(), "");
    assert_eq!(out.status.code(), Some(0), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    if std::env::var_os("VELTRIX_UPDATE").is_some() {
        // The other test writes the same page: this one goes by what it finds now.
        let page = format!("{before}{mark}{text}```{rest}");
        fs::write(root().join(PAGE), page).unwrap();
    } else {
        assert_eq!(old, text, "{PAGE} shows something else");
    }
}
