//! One change to a good model or experiment, and what is said about it.

use crate::fixture::{
    EXPERIMENT, Folder, MODEL, experiment_refusal, names, refusal, snapshot, with,
};

/// Changes to the model: id, old, new, what must be named.
const MODEL_CASES: &[(&str, &str, &str, &[&str])] = &[
    (
        "b025-cores-0",
        "cores  = 8",
        "cores  = 0",
        &["VX1007", "events.workers.big.cores", ":32:", "1 to 65535"],
    ),
    (
        "b026-cores-negative",
        "cores  = 8",
        "cores  = -3",
        &["VX1007", "workers.big.cores", "-3"],
    ),
    (
        "b027-memory",
        "ram    = \"4GiB\"",
        "ram    = \"32MiB\"",
        &["small", "32 MiB", "64 MiB", "click", "no request can ever"],
    ),
    (
        "b030-near-key",
        "attempts = 3",
        "attemts = 3",
        &["VX1003", "`attemts`", "`attempts`"],
    ),
    (
        "b031-shares",
        "failure_share = 0.5",
        "failure_share = 1.5, slow_share = -0.1",
        &[
            "0..=1",
            "failure_share` must",
            "1.5",
            "slow_share` must",
            "-0.1",
        ],
    ),
    (
        "b033-unknown-service",
        "to       = \"events\"",
        "to       = \"event\"",
        &["VX1008", "`event`", "did you mean `events`", ":4:"],
    ),
    (
        "b034-same-name",
        "name   = \"small\"",
        "name   = \"big\"",
        &["VX1009", "`big`", "lines 29 and 36"],
    ),
    (
        "b036-slots",
        "slots = 128",
        "slots = 9223372036854775808",
        &["VX1007", "buffer.slots", "2147483648"],
    ),
    (
        "b037-timeout-0",
        "timeout = \"250ms\"",
        "timeout = \"0s\"",
        &["client.timeout", "above 0", ":6:"],
    ),
    (
        "b039-breaker",
        "window = 100, failure_share = 0.5",
        "window = 0, failure_share = 0",
        &["breaker.window", "breaker.failure_share", "above 0"],
    ),
    (
        "b043-cores-2.5",
        "cores  = 8",
        "cores  = 2.5",
        &["workers.big.cores", "whole number", "2.5"],
    ),
    (
        "b049-empty-name",
        "name   = \"big\"",
        "name   = \"\"",
        &["empty name", "64"],
    ),
    (
        "lifo-above-without-adaptive",
        "cores  = 8",
        "cores  = 8\nlifo_above = 4",
        &["VX1012", "lifo_above", "adaptive_lifo"],
    ),
    (
        "later-key",
        "memory = { base",
        "pull   = {}\nmemory = { base",
        &["VX1010", "service.events.pull"],
    ),
    (
        "foreign-key",
        "window = 100",
        "failures = 3",
        &["VX1012", "resilience4j", "failures"],
    ),
    (
        "no-unit",
        "\"250ms\"",
        "250",
        &["VX1005", "\"250ms\" or \"250s\""],
    ),
    (
        "ambiguous",
        "\"64GiB\"",
        "\"64G\"",
        &["VX1005", "64GB", "64GiB"],
    ),
    (
        "date",
        "count  = 5",
        "count  = 2024-01-01",
        &["VX1004", "a date", "whole number", ":31:"],
    ),
    (
        "nan",
        "weight = 0.9",
        "weight = nan",
        &["VX1007", "not finite", "weight"],
    ),
    (
        "pareto-without-mean",
        "shape = 1.6, max = \"1MiB\"",
        "shape = 0.9",
        &["has no mean"],
    ),
    (
        "fault-target",
        "events[3]",
        "events[8]",
        &["fault.slow-events[8].target", "1 to 7"],
    ),
    (
        "fault-kind",
        "kind   = \"slow\"",
        "kind   = \"config_push\"",
        &["VX1010", "config_push"],
    ),
    (
        "fault-zone-of-no-name",
        "kind   = \"slow\"\ntarget = \"events[3]\"\nfactor = 0.5",
        "kind   = \"zone_down\"\ntarget = \"events[3]\"",
        &["VX1004", "@zone-a"],
    ),
    (
        "fault-zone-nobody-stands-in",
        "kind   = \"slow\"\ntarget = \"events[3]\"\nfactor = 0.5",
        "kind   = \"zone_down\"\ntarget = \"@east\"",
        &["VX1012", "`zone`"],
    ),
    (
        "fault-whole-zone-slow",
        "target = \"events[3]\"",
        "target = \"@east\"",
        &["VX1012", "`zone_down`", "SERVICE@east"],
    ),
    (
        "fault-surge-of-a-service",
        "kind   = \"slow\"",
        "kind   = \"surge\"",
        &["VX1004", "source.people"],
    ),
    (
        "fault-of-a-source",
        "target = \"events[3]\"",
        "target = \"source.web\"",
        &["VX1012", "`surge`"],
    ),
    (
        "fault-key-of-another-kind",
        "factor = 0.5",
        "factor = 0.5\nunit   = \"core\"",
        &["VX1012", "has no `unit`"],
    ),
    (
        "fault-leak-without-time",
        "kind   = \"slow\"\ntarget = \"events[3]\"\nfactor = 0.5",
        "kind   = \"leak\"\ntarget = \"events[3]\"\nrate   = \"10MiB\"",
        &["VX1005", "10MiB/s"],
    ),
    (
        "missing",
        "cores  = 8\n",
        "",
        &["VX1006", "workers.big", "`cores`"],
    ),
    (
        "chain",
        "dwell = [\"3s\", \"1s\"]",
        "dwell = [\"3s\"]",
        &["VX1012", "2 rates, 1 times"],
    ),
    (
        "on-full",
        "slots = 128",
        "slots = 128, on_full = \"blok\"",
        &["VX1008", "block", "redispatch"],
    ),
    (
        "manual",
        "ram    = \"64GiB\"",
        "restart = \"manual\"",
        &["VX1012", "manual_after"],
    ),
    (
        "unbounded-cores",
        "cores  = 8",
        "cores  = \"unbounded\"",
        &["VX1012", "price"],
    ),
    (
        "from-trace",
        "{ cpu = { dist = \"lognormal\", mean = \"3ms\", cv = 1.2 }, per_kib = \"0.12ms\" }",
        "{ base = \"1ms\", per_unit = \"1us\", column = \"n\" }",
        &["VX1012", "web", "trace"],
    ),
];

#[test]
fn changes_to_a_model() {
    for (id, old, new, words) in MODEL_CASES {
        let text = refusal(&with(MODEL, old, new));
        names(&text, words);
        names(&text, &["model.toml:"]);
        snapshot(id, &text);
    }
}

/// Changes to the experiment: id, old, new, what must be named.
const EXPERIMENT_CASES: &[(&str, &str, &str, &[&str])] = &[
    (
        "b057-warm-up",
        "warm_up = \"5s\"",
        "warm_up = \"61s\"",
        &["VX2005", "warm_up", "horizon"],
    ),
    (
        "seed-integer",
        "seed    = 14",
        "seed    = 9223372036854775808",
        &["VX1007", "seed", "2^64 - 1", "0x"],
    ),
    (
        "seed-negative",
        "seed    = 14",
        "seed    = -1",
        &["VX1007", "seed"],
    ),
    (
        "metric",
        "latency_p99 <",
        "latency_p9 <",
        &["VX2003", "latency_p9"],
    ),
    (
        "bound-unit",
        "50ms",
        "50",
        &["VX2004", "50", "\"50ms\" or \"50s\""],
    ),
    (
        "no-comparison",
        "loss < 0.0001",
        "loss 0.0001",
        &["VX2004", "METRIC OP VALUE"],
    ),
    (
        "scope",
        "loss < 0.0001",
        "loss@class:clack < 0.1",
        &["VX2003", "clack", "click"],
    ),
    (
        "path",
        "workers.big.count",
        "workers.big.cuont",
        &["VX2001", "workers.big.count"],
    ),
    (
        "group",
        "workers.big.ram",
        "workers.bag.ram",
        &[
            "VX2001",
            "bag",
            "did you mean `service.events.workers.big.ram`",
        ],
    ),
    (
        "axis-value",
        "\"16GiB\", ",
        "\"16\", ",
        &["VX1005", "e.toml:18:", "16GiB"],
    ),
    (
        "variant-name",
        "for        = [\"after\"]",
        "for        = [\"aftre\"]",
        &["VX1008", "after"],
    ),
    (
        "two-variants",
        "name  = \"after\"",
        "name  = \"before\"",
        &["VX1009", "lines 6 and 10"],
    ),
    (
        "no-model-file",
        "model = \"model.toml\"",
        "model = \"modle.toml\"",
        &["VX1001", "modle.toml", "e.toml:8:", "No such file"],
    ),
    (
        "terminating-warm-up",
        "seed    = 14",
        "terminating = true",
        &["VX1012", "terminating", "warm_up", "exclude"],
    ),
    (
        "replications-table",
        "seed    = 14",
        "replications = { min = 5 }",
        &["VX1006", "`precision`", "`metric`"],
    ),
    (
        "replications-order",
        "seed    = 14",
        "replications = { min = 500, precision = 0.05, metric = \"loss\" }",
        &["VX1012", "500", "more than `max` (100)"],
    ),
    (
        "replications-precision",
        "seed    = 14",
        "replications = { precision = 5, metric = [] }",
        &["VX1007", "0.05", "at least one metric"],
    ),
    (
        "replications-maximum",
        "seed    = 14",
        "replications = { precision = 0.05, metric = [\"loss\", \"queue_max\"] }",
        &["VX1012", "queue_max", "never has an interval"],
    ),
    (
        "warm-up-auto-trace",
        "horizon = \"60s\"\nwarm_up = \"5s\"",
        "horizon = \"trace\"\nwarm_up = \"auto\"",
        &["VX1012", "auto", "`horizon`"],
    ),
    (
        "searched-axis",
        "{ from = 3, to = 5, steps = 3 }",
        "{ min = 3, max = 5, step = 1 }",
        &[
            "VX1012",
            "only `veltrix find` searches",
            "{ from, to, steps }",
        ],
    ),
    ("steps", "steps = 3", "steps = 0", &["VX1007", "steps"]),
    (
        "points",
        "steps = 3 }",
        "steps = 2 }\n\"prices.gib_hour\" = { from = 1.0, to = 2.0, steps = 100000 }",
        &["VX2002", "400001", "100000"],
    ),
    ("rate", "subject_to", "minimize", &["VX1003", "`minimise`"]),
];

#[test]
fn changes_to_an_experiment() {
    for (id, old, new, words) in EXPERIMENT_CASES {
        let text = experiment_refusal(&with(EXPERIMENT, old, new), &[]);
        names(&text, words);
        snapshot(id, &text);
    }
}

#[test]
fn weights_that_choose_nothing_are_refused() {
    let model = with(MODEL, "weight = 0.9", "weight = 0");
    let text = refusal(&with(&model, "weight = 0.1", "weight = 0.0"));
    names(&text, &["sum to 0", "`web`", "`weight`"]);
    snapshot("b032-weights", &text);
    let model = with(MODEL, "policy   = \"p2c\"", "policy   = \"random\"");
    let model = with(&model, "count  = 5", "count  = 5\nweight = 0");
    let text = refusal(&with(&model, "count  = 2", "count  = 2\nweight = 0.0"));
    names(&text, &["workers.big.weight", "weights sum to 0", ":32:"]);
}

#[test]
fn a_rate_beyond_reason_is_refused_with_an_estimate() {
    let model = with(MODEL, "\"370/s\"", "\"1e18/s\"");
    names(&refusal(&model), &["1e12/s", "arrivals.rates"]);
    let model = with(MODEL, "\"370/s\"", "\"1000000M/s\"");
    let folder = Folder::new(&[("model.toml", &model), ("e.toml", EXPERIMENT)]);
    let text = folder.load("e.toml", &[]).map(|_| ()).expect_err("refused");
    names(
        &text,
        &["VX2002", "source.web.arrivals", "events", "1.0e12", "GB"],
    );
    snapshot("b029-rate", &text);
}

#[test]
fn a_name_of_ten_thousand_characters_makes_a_short_message() {
    let model = with(
        MODEL,
        "name   = \"big\"",
        &format!("name = \"{}\"", "n".repeat(10_000)),
    );
    let text = refusal(&model);
    names(&text, &["10000 characters", "the limit is 64"]);
    assert!(text.len() < 2_000, "{} bytes", text.len());
}

#[test]
fn all_mistakes_of_a_file_come_at_once() {
    let mut model = with(MODEL, "cores  = 8", "cores  = 0");
    model = with(&model, "\"250ms\"", "250");
    model = with(&model, "weight = 0.1", "weight = -1");
    model = with(&model, "policy   = \"p2c\"", "polcy    = \"p2c\"");
    model = with(&model, "factor = 0.5", "factor = -2");
    let text = refusal(&model);
    names(&text, &["cores", "timeout", "weight", "polcy", "factor"]);
    assert_eq!(text.matches("error[").count(), 5, "{text}");
    let lines: Vec<usize> = text
        .lines()
        .filter_map(|l| {
            l.trim()
                .strip_prefix("--> model.toml:")?
                .split(':')
                .next()?
                .parse()
                .ok()
        })
        .collect();
    assert!(lines.is_sorted(), "{lines:?}");
    snapshot("five-mistakes", &text);
}

#[test]
fn no_more_than_twenty_are_shown() {
    let keys: String = (0..30).map(|i| format!("zzz{i} = 1\n")).collect();
    let text = refusal(&format!("{keys}{MODEL}"));
    assert_eq!(text.matches("error[").count(), 20);
    names(&text, &["and 10 more"]);
}

#[test]
fn what_is_odd_but_allowed_is_run() {
    for (old, new, word) in [
        ("timeout = \"250ms\"", "timeout = \"1h\"", "VX2007"),
        (
            "attempts = 3, base = \"10ms\"",
            "attempts = 1000000, base = \"0s\"",
            "VX2008",
        ),
        (
            "attempts = 3, base = \"10ms\"",
            "attempts = 1000, base = \"0s\"",
            "VX2008",
        ),
        (
            "attempts = 3, base = \"10ms\"",
            "attempts = 999, base = \"0s\"",
            "",
        ),
        ("at     = \"7s\"", "at     = \"7h\"", "VX2007"),
        ("slots = 128", "slots = 0", ""),
        ("[\"370/s\", \"490/s\"]", "[\"0/s\", \"0/s\"]", ""),
    ] {
        let folder = Folder::new(&[
            ("model.toml", &with(MODEL, old, new)),
            ("e.toml", EXPERIMENT),
        ]);
        let loaded = folder.load("e.toml", &[]).expect(new);
        let text = folder.said(&loaded.warnings);
        assert_eq!(text.is_empty(), word.is_empty(), "{text}");
        names(&text, &[word]);
    }
    let folder = Folder::new(&[
        ("model.toml", MODEL),
        (
            "e.toml",
            &with(&with(EXPERIMENT, "\"60s\"", "\"0s\""), "\"5s\"", "\"0s\""),
        ),
    ]);
    assert!(folder.load("e.toml", &[]).is_ok());
}
