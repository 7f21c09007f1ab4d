//! Cases that wait for a feature: every one by name. A case that is neither run nor in this table
//! fails the test, and so does one in this table that could be run.

/// Name of the case, and what it waits for.
pub const WAITING: &[(&str, &str)] = &[
    ("breaker-run3-exp", "breakers that do not count refusals"),
    ("breaker-run3-det", "breakers that do not count refusals"),
    ("breaker-run3-exp", "calls that fail with a probability"),
    ("breaker-run3-det", "calls that fail with a probability"),
    (
        "fanout-100-exp-inf",
        "fan-out, workers with unbounded cores",
    ),
    ("tail-at-scale-100", "fan-out, workers with unbounded cores"),
    ("forkjoin-2-rho50", "fan-out"),
    ("hedge-two_point", "hedged requests"),
    ("mg1-ps-exp", "processor sharing"),
    ("mg1-ps-bpareto", "processor sharing"),
    ("kaufman-roberts-10", "requests that hold several cores"),
    ("loss-core-ram", "requests that hold several cores"),
    ("priority-c1", "priorities"),
    ("priority-c4", "priorities"),
    (
        "rare-overflow-c4-k40",
        "estimating events too rare to count",
    ),
    (
        "retrial-m-1-1",
        "retry pauses from a distribution, unbounded attempts",
    ),
    (
        "retrial-m-5-k2",
        "retry pauses from a distribution, unbounded attempts",
    ),
    ("bucket-even-b5", "token buckets"),
    ("bucket-tick-b5", "token buckets"),
];
