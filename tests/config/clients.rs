//! What is wrong with clients, breakers and deadlines, one change of a good model each.

use crate::fixture::{MODEL, names, refusal, snapshot, with};

/// Changes to the model: id, old, new, what must be named.
const CASES: &[(&str, &str, &str, &[&str])] = &[
    (
        "cancel-nothing",
        "timeout = \"250ms\"",
        "cancel = \"queued\"",
        &["VX1012", "client.cancel", "without `timeout` or `deadline`"],
    ),
    (
        "deadline-0",
        "timeout = \"250ms\"",
        "deadline = \"0s\"",
        &["VX1007", "client.deadline", "above 0"],
    ),
    (
        "propagate-nothing",
        "timeout = \"250ms\"",
        "timeout = \"250ms\", propagate_deadline = true",
        &["VX1012", "client.propagate_deadline", "without `deadline`"],
    ),
    (
        "propagate-cancelled",
        "timeout = \"250ms\"",
        "deadline = \"250ms\", propagate_deadline = true, cancel = \"full\"",
        &[
            "VX1012",
            "client.propagate_deadline",
            "no effect with this `cancel`",
        ],
    ),
    (
        "edf-nothing",
        "cores  = 8",
        "cores  = 8\ndiscipline = \"edf\"",
        &[
            "VX1012",
            "workers.big.discipline",
            "nobody who calls has a deadline",
        ],
    ),
    (
        "cancel-name",
        "timeout = \"250ms\"",
        "timeout = \"250ms\", cancel = \"all\"",
        &["VX1008", "client.cancel", "none, queued, full"],
    ),
    (
        "backoff-name",
        "base = \"10ms\"",
        "backoff = \"decorrelated_jitter\", base = \"10ms\"",
        &["VX1008", "retry.backoff", "did you mean `decorrelated`"],
    ),
    (
        "backoff-keys",
        "attempts = 3",
        "attempts = 3, backoff = { dist = \"exponential\", mean = \"1s\" }",
        &["VX1012", "a distribution", "`base`", "`cap`"],
    ),
    (
        "backoff-unbounded",
        "attempts = 3",
        "attempts = \"unbounded\", backoff = \"decorrelated\", on = \"error\"",
        &[
            "VX1007",
            "retry.attempts",
            "at most 1000",
            "VX1004",
            "retry.on",
        ],
    ),
    (
        "breaker-counts",
        "window = 100",
        "counts = [\"errors\", \"reset\", \"reset\"]",
        &[
            "VX1008",
            "breaker.counts",
            "`errors`",
            "did you mean `error`",
            "`reset` twice",
        ],
    ),
    (
        "breaker-counts-nothing",
        "window = 100",
        "counts = []",
        &["VX1007", "breaker.counts", "at least one kind of failure"],
    ),
];

#[test]
fn changes_to_the_clients_of_a_model() {
    for (id, old, new, words) in CASES {
        let text = refusal(&with(MODEL, old, new));
        names(&text, words);
        names(&text, &["model.toml:"]);
        snapshot(id, &text);
    }
}
