//! One long trial: intervals from its batches, or none and why.

use std::fs;

use super::{Ground, veltrix};

const MODEL: &str = "\
title = \"one queue\"

[source.clients]
to       = \"app\"
arrivals = \"500/s\"

[service.app]
work = { dist = \"exponential\", mean = \"1ms\" }

[service.app.workers]
count = 1
cores = 1
buffer = { slots = 6 }
";

const EXPERIMENT: &str = "\
model        = \"model.toml\"
warm_up      = \"1s\"
horizon      = \"100s\"
replications = 1
";

/// What is said and `results.json` of a run on so many threads.
fn run(ground: &Ground, args: &[&str]) -> (String, String) {
    fs::write(ground.0.join("model.toml"), MODEL).unwrap();
    fs::write(ground.0.join("one.toml"), EXPERIMENT).unwrap();
    let mut command = veltrix(&["run", "one.toml", "--out", "out", "--force"]);
    let out = command.args(args).current_dir(&ground.0).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", text(out.stderr));
    let results = fs::read_to_string(ground.0.join("out/results.json")).unwrap();
    (text(out.stdout), results)
}

#[test]
fn one_long_trial_has_intervals_from_batches() {
    let ground = Ground::new("one-trial");
    let (said, results) = run(&ground, &["--threads", "1"]);
    assert!(said.contains("± and < are 95 % intervals"), "{said}");
    assert!(said.contains("from batches of the one trial"), "{said}");
    assert!(said.contains(" ± "), "{said}");
    assert!(results.contains("\"batch_means\""), "{results}");
    for threads in ["2", "8"] {
        let again = run(&ground, &["--threads", threads]);
        assert_eq!(again, (said.clone(), results.clone()));
    }
}

#[test]
fn what_happens_at_a_fixed_time_is_not_cut_into_batches() {
    let ground = Ground::new("one-trial-fixed");
    let stop = ["--set", "source.clients.stop=\"50s\""];
    let (said, results) = run(&ground, &stop);
    assert!(
        said.contains("one replication gives no intervals"),
        "{said}"
    );
    assert!(!results.contains("batch_means"), "{results}");
}

#[test]
fn several_replications_are_not_cut() {
    let ground = Ground::new("one-trial-more");
    let (said, results) = run(&ground, &["--replications", "3", "--horizon", "5s"]);
    assert!(said.contains("± and < are 95 % intervals"), "{said}");
    assert!(!said.contains("batches") && !results.contains("batch_means"));
}
