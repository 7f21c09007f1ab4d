//! `compare` from outside: which two, what is said of them, and how it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const MODEL: &str = "\
[source.visitors]
to       = \"web\"
arrivals = \"1500/s\"

[service.web]
work     = { dist = \"lognormal\", mean = \"5ms\", cv = 1.5 }
balancer = { policy = \"p2c\" }

[service.web.workers]
count  = 5
cores  = 2
buffer = { slots = 64 }
price  = \"0.08/h\"
";

const BOTH: &str = "\
seed         = 3
horizon      = \"2s\"
replications = 6

[[variant]]
name  = \"now\"
model = \"web.toml\"
set   = { \"service.web.balancer.policy\" = \"round_robin\" }

[[variant]]
name  = \"new\"
model = \"web.toml\"

[sweep]
for = [\"new\"]
\"service.web.workers.count\" = [5, 6]
\"service.web.workers.cores\" = [2, 3]
";

const ONE: &str = "model = \"web.toml\"\nseed = 3\nhorizon = \"2s\"\nreplications = 6\n";

/// A folder with the model and experiments, gone at the end.
struct Ground(PathBuf);

impl Ground {
    fn new(name: &str) -> Ground {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-compare-{name}"));
        // What an earlier run left, if it ran.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let ground = Ground(path);
        ground.write("web.toml", MODEL);
        ground.write("both.toml", BOTH);
        ground.write("one.toml", ONE);
        ground.write("other.toml", &ONE.replace("3\nh", "4\nh"));
        ground
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn ran(&self, args: &[&str]) -> (i32, String, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_veltrix"))
            .args(args)
            .env("NO_COLOR", "1")
            .current_dir(&self.0)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            out.status.code().unwrap(),
            text(out.stdout),
            text(out.stderr),
        )
    }

    fn compare(&self, args: &[&str]) -> (i32, String, String) {
        self.ran(&[&["compare"], args].concat())
    }

    fn json(&self, args: &[&str]) -> Value {
        let (exit, out, err) = self.compare(&[args, &["--format", "json"]].concat());
        assert!(exit == 0 || exit == 3, "{exit} {err}");
        serde_json::from_str(&out).unwrap()
    }

    /// Wrong commands end with 2 and say why.
    fn wrong(&self, args: &[&str], parts: &[&str]) {
        let (exit, out, err) = self.compare(args);
        assert_eq!((exit, out.as_str()), (2, ""), "{args:?}\n{err}");
        for part in parts {
            assert!(err.contains(part), "{args:?}: no {part:?} in\n{err}");
        }
    }
}

const NOW_AND_NEW: [&str; 9] = [
    "both.toml",
    "--a",
    "now",
    "--b",
    "new",
    "--b-set",
    "service.web.workers.count=5",
    "--b-set",
    "service.web.workers.cores=2",
];

#[test]
fn two_points_of_a_file() {
    let ground = Ground::new("points");
    let (exit, out, err) = ground.compare(&NOW_AND_NEW);
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    for part in [
        "A  now\nB  new 5 x 2\n6 paired replications of 2 s, seed 3; ",
        "both met the same requests, replication by replication",
        "latency_p99",
        "better\n",
        "B won 6 of 6, pairing ",
        "the same\n",
    ] {
        assert!(out.contains(part), "no {part:?} in\n{out}");
    }
    let (exit, first, err) = ground.compare(&["both.toml", "--a", "now", "--b", "new"]);
    assert_eq!((exit, &first), (0, &out));
    assert_eq!(
        err,
        "note: `--b new` is the first of 4 points; `--b-set PATH=VALUE` chooses another\n"
    );
    let fail = |claim: &str| ground.compare(&[&NOW_AND_NEW[..], &["--fail-if", claim]].concat());
    let (exit, out, _) = fail("latency_mean worse");
    assert_eq!(exit, 0, "{out}");
    assert!(
        out.ends_with("fail-if  latency_mean worse: does not hold\n"),
        "{out}"
    );
    let (exit, out, _) = fail("latency_mean better");
    assert_eq!(exit, 3, "{out}");
    assert!(
        out.ends_with("fail-if  latency_mean better: holds\n"),
        "{out}"
    );
    let (exit, out, _) = fail("queue_max differs");
    assert_eq!(exit, 3, "{out}");
    assert!(
        out.contains("cannot be judged, and counts as holding"),
        "{out}"
    );
}

#[test]
fn threads_change_no_byte() {
    let ground = Ground::new("threads");
    let run = |threads: &str, format: &str| {
        let more = ["--threads", threads, "--format", format];
        ground.compare(&[&NOW_AND_NEW[..], &more].concat())
    };
    for format in ["table", "json"] {
        let one = run("1", format);
        assert_eq!(one.0, 0);
        assert_eq!(one, run("2", format));
        assert_eq!(one, run("8", format));
    }
}

#[test]
fn a_value_that_is_not_swept_is_set_on_one_side() {
    let ground = Ground::new("set");
    let text = ground.json(&[
        "one.toml",
        "--b-set",
        "service.web.workers.buffer.slots=128",
    ]);
    assert_eq!(text["b"], "base, service.web.workers.buffer.slots=128");
    assert_eq!(text["same_requests"], true);
    let loss = &text["metrics"]["loss"];
    assert_eq!(loss["verdict"], "same", "{loss}");
    let more = [
        "--b-set",
        "service.web.workers.count=6",
        "--metrics",
        "loss,latency_mean,ram_mean",
    ];
    let text = ground.json(&[&["one.toml"], &more[..]].concat());
    assert_eq!(text["metrics"].as_object().unwrap().len(), 3);
    let mean = &text["metrics"]["latency_mean"];
    assert_eq!(mean["verdict"], "better", "{mean}");
    assert!(mean["high"].as_f64().unwrap() < 0.0);
    assert!(mean["gain"].as_f64().unwrap() > 0.0 && mean["times_fewer"].as_f64().unwrap() > 1.0);
    assert_eq!(text["metrics"]["ram_mean"]["verdict"], "not judged");
    assert_eq!(text["metrics"]["ram_mean"]["difference"], Value::Null);
}

#[test]
fn a_family_is_judged_together() {
    let ground = Ground::new("family");
    let level = |more: &[&str]| {
        let text = ground.json(&[&NOW_AND_NEW[..], more].concat());
        text["metrics"]["loss"]["confidence"].as_f64().unwrap()
    };
    let claims = ["--fail-if", "loss worse", "--fail-if", "latency_p99 worse"];
    assert_eq!(level(&[]), 0.95);
    assert!((level(&claims) - 0.975).abs() < 1e-12);
    let all = [
        "--family",
        "--metrics",
        "loss,latency_p99,goodput,wait_mean,latency_mean",
    ];
    assert!((level(&all) - 0.99).abs() < 1e-12);
}

#[test]
fn two_files_must_agree() {
    let ground = Ground::new("files");
    let two = ["one.toml", "other.toml"];
    ground.wrong(
        &two,
        &[
            "error[VX4010]: `one.toml` and `other.toml` cannot be compared: seed 3 and 4",
            "help: what must be equal can be given for both: --seed",
        ],
    );
    let (exit, out, err) = ground.compare(&["one.toml", "other.toml", "--seed", "9"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(
        out.starts_with("A  one.toml: base\nB  other.toml: base\n"),
        "{out}"
    );
    assert!(out.contains("seed 9;") && out.contains("the same"), "{out}");
}

#[test]
fn directories_say_what_their_files_do() {
    let ground = Ground::new("folders");
    ground.write(
        "better.toml",
        &format!(
            "{ONE}[[variant]]\nname = \"b\"\nmodel = \"web.toml\"\nset = {{ \
                  \"service.web.workers.count\" = 6 }}\n"
        )
        .replacen("model = \"web.toml\"\n", "", 1),
    );
    for (file, out) in [("one.toml", "x"), ("better.toml", "y"), ("other.toml", "z")] {
        let (exit, _, err) = ground.ran(&["run", file, "--out", out, "--quiet"]);
        assert_eq!((exit, err.as_str()), (0, ""));
    }
    let (run, read) = (
        ground.json(&["one.toml", "better.toml"]),
        ground.json(&["x", "y"]),
    );
    for metric in [
        "latency_mean",
        "latency_p99",
        "goodput",
        "cost_per_month",
        "loss",
    ] {
        let (run, read) = (&run["metrics"][metric], &read["metrics"][metric]);
        assert_eq!(run["verdict"], read["verdict"], "{metric}: {run} {read}");
        let near = |key: &str| {
            let (a, b) = (run[key].as_f64().unwrap(), read[key].as_f64().unwrap());
            assert!(
                (a - b).abs() <= 0.02 * a.abs() + 1e-9,
                "{metric} {key}: {a} {b}"
            );
        };
        near("difference");
    }
    assert_eq!(run["same_requests"], true);
    assert_eq!(read["same_requests"], true);
    let (exit, out, _) = ground.compare(&["x", "y", "--fail-if", "latency_mean better"]);
    assert_eq!(exit, 3);
    assert!(
        out.starts_with("A  x: base\nB  y: b\n6 paired replications of 2 s"),
        "{out}"
    );
    ground.wrong(&["x", "z"], &["VX4010", "cannot be compared: seed 3 and 4"]);
    ground.wrong(
        &["x", "y", "--seed", "4"],
        &["`--seed` has no effect on directories"],
    );
    ground.wrong(
        &["x", "one.toml"],
        &["a file and a directory cannot be compared"],
    );
    ground.wrong(
        &["x", "y", "--metrics", "loss@web"],
        &["`loss@web` is not in both"],
    );
    let trials = fs::read_to_string(ground.0.join("y/trials.csv")).unwrap();
    ground.write("y/trials.csv", &trials.replace("done", "fine"));
    ground.wrong(
        &["x", "y"],
        &["error[VX4010]: `y` cannot be compared: its trials.csv was changed"],
    );
    fs::remove_file(ground.0.join("y/manifest.json")).unwrap();
    let (exit, _, err) = ground.compare(&["x", "y"]);
    assert_eq!(exit, 1);
    assert!(err.contains("error[VX1001]: cannot read `y"), "{err}");
}

#[test]
fn points_of_a_directory_are_chosen_too() {
    let ground = Ground::new("folder");
    let (exit, ..) = ground.ran(&["run", "both.toml", "--out", "x", "--quiet"]);
    assert_eq!(exit, 0);
    let args = [&["x"], &NOW_AND_NEW[1..]].concat();
    let (exit, out, err) = ground.compare(&args);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(out.starts_with("A  now\nB  new 5 x 2\n"), "{out}");
    ground.wrong(
        &["x", "--a", "now"],
        &["5 points fit `--b`: now, new 5 x 2, new 5 x 3"],
    );
}

#[test]
fn what_is_not_clear_is_asked_back() {
    let ground = Ground::new("wrong");
    let now = ["both.toml", "--a", "now"];
    ground.wrong(
        &["both.toml"],
        &[
            "error: 5 points fit `--a`: now, new 5 x 2",
            "help: choose a variant: `--a now`",
        ],
    );
    ground.wrong(
        &[
            &now[..],
            &["--b", "new", "--b-set", "service.web.workers.count=5"],
        ]
        .concat(),
        &[
            "2 points fit `--b`: new 5 x 2, new 5 x 3",
            "`--b-set service.web.workers.cores=2`",
        ],
    );
    ground.wrong(
        &[
            &now[..],
            &["--b", "new", "--b-set", "service.web.workers.count=7"],
        ]
        .concat(),
        &[
            "`--b-set service.web.workers.count=7`: no point has it",
            "what is left has: 5, 6",
        ],
    );
    ground.wrong(
        &[&now[..], &["--b", "next"]].concat(),
        &["there are: now, new"],
    );
    ground.wrong(
        &[&now[..], &["--b", "now"]].concat(),
        &["A and B are the same point: now"],
    );
    ground.wrong(
        &["one.toml", "--b-set", "service.web.wokers.count=7"],
        &["VX2001", "did you mean"],
    );
    ground.wrong(
        &["one.toml", "--metrics", "latency_q99"],
        &["VX2003", "`latency_p99`?"],
    );
    ground.wrong(
        &[
            "one.toml",
            "--b-set",
            "service.web.workers.count=7",
            "--metrics",
            "loss@wbe",
        ],
        &["VX2003", "there are: web"],
    );
    ground.wrong(
        &["one.toml", "--fail-if", "los worse"],
        &["did you mean `loss`?"],
    );
    ground.wrong(
        &["one.toml", "--fail-if", "offered worse"],
        &["has no better and worse"],
    );
    let once = [
        "--replications",
        "1",
        "--b-set",
        "service.web.workers.count=7",
    ];
    ground.wrong(
        &[&["one.toml", "--fail-if", "loss worse"], &once[..]].concat(),
        &["needs two replications"],
    );
    let (exit, out, _) = ground.compare(&[&["one.toml"], &once[..]].concat());
    assert_eq!(exit, 0);
    assert!(out.contains("not judged: one replication"), "{out}");
}

#[test]
fn streams_that_slip_are_told() {
    let ground = Ground::new("slip");
    let (exit, out, err) =
        ground.compare(&["one.toml", "--b-set", "source.visitors.arrivals=\"1600/s\""]);
    assert_eq!(exit, 0);
    assert!(
        err.contains("warning[VX4011]: A and B did not meet the same requests"),
        "{err}"
    );
    assert!(!out.contains("both met the same"), "{out}");
}
