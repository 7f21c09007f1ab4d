//! Cases that wait for a feature: every one by name. A case that is neither run nor in this table
//! fails the test, and so does one in this table that could be run.

/// Name of the case, and what it waits for.
pub const WAITING: &[(&str, &str)] = &[
    ("batch4-m-1", "arrivals in batches"),
    ("batch5-m-4", "arrivals in batches"),
    ("breakdown-c1-0.5", "failures of single cores"),
    ("breakdown-c4-2.4", "failures of single cores"),
    ("breaker-run3-exp", "calls that fail with a probability"),
    ("breaker-run3-det", "calls that fail with a probability"),
    ("erlang-a-c5", "patience while waiting"),
    ("fanout-100-exp-inf", "workers with unbounded cores"),
    ("tail-at-scale-100", "workers with unbounded cores"),
    ("e3-m-1", "renewal arrivals with other than equal gaps"),
    ("hedge-two_point", "workers with unbounded cores"),
    ("mg1-ps-exp", "processor sharing"),
    ("mg1-ps-bpareto", "processor sharing"),
    ("mmc-d-c1-tau3", "patience while waiting"),
    ("mmc-d-c8-tau0.5", "patience while waiting"),
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
    ("trace-timeout", "patience while waiting"),
];
