//! `[detectors]` and `[[incident]]`: what they mean, and what is refused.

use veltrix::model::incident::{Kind, Window};

use crate::fixture::{EXPERIMENT, Folder, MODEL, experiment_refusal, names, snapshot, with};

/// What is put in place of the seed, and the words of the refusal.
const CASES: &[(&str, &str, &str, &[&str])] = &[
    (
        "detector-without-that-key",
        "seed    = 14",
        "detectors = { breaker_first = { window = \"2s\" }, retry_storm = { share = 0.5 } }",
        &[
            "VX1012",
            "`breaker_first` has no `window`",
            "it has no parameters: write true or false",
            "`retry_storm` has no `share`",
            "it has: ratio, window",
        ],
    ),
    (
        "detector-out-of-range",
        "seed    = 14",
        "detectors = { saturation = { busy = 1.5, window = \"0s\" }, memry = false }",
        &[
            "VX1007",
            "detectors.saturation.busy",
            "a share above 0 and below 1",
            "detectors.saturation.window",
            "VX1003",
            "did you mean `memory`?",
        ],
    ),
    (
        "detector-of-nobody",
        "seed    = 14",
        "detectors = { overflow_first = { workers = [\"evnts[14]\"] } }",
        &["VX2003", "evnts[14]"],
    ),
    (
        "condition-without-time",
        "seed    = 14",
        "incident = [{ when = \"loss > 0.01\" }]",
        &["VX2004", "incident[1].when", "for how long", "for TIME"],
    ),
    (
        "condition-that-cannot-be-watched",
        "seed    = 14",
        "incident = [{ when = \"latency_p99 > 50ms for 2s\" }, { when = \"loss > 1 for 2\" }]",
        &[
            "VX2003",
            "a condition is about offered",
            "VX2004",
            "is no time",
        ],
    ),
    (
        "condition-without-when",
        "seed    = 14",
        "incident = [{ where = 3 }]",
        &["VX1003", "VX1006", "`when` is missing"],
    ),
];

#[test]
fn mistakes_about_what_is_looked_for_are_named() {
    for (id, old, new, words) in CASES {
        let text = experiment_refusal(&with(EXPERIMENT, old, new), &[]);
        names(&text, words);
        snapshot(id, &text);
    }
}

#[test]
fn detectors_can_be_set_and_switched_off() {
    let load = |line: &str| {
        let text = with(EXPERIMENT, "seed    = 14", line);
        let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", &text)]);
        folder.load("e.toml", &[]).expect(line).design.detectors
    };
    let all = load("seed = 14");
    assert_eq!(all.built_in.len(), 12);
    assert!(load("detectors = \"none\"").built_in.is_empty());
    let some = load(
        "detectors = { memory = false, retry_storm = { window = \"3s\" }, \
         overflow_first = { workers = [\"events[3]\"], nth = 7 } }\n\
         incident = [{ when = \"utilisation@events > 0.9 for 500ms\" }]",
    );
    assert_eq!(some.built_in.len(), 11);
    assert!(some.get(Kind::Memory).is_none());
    let storm = some.get(Kind::RetryStorm).unwrap();
    assert_eq!(
        (storm.window, storm.threshold),
        (Window::Of(3_000_000_000), 1.0)
    );
    let first = some.get(Kind::OverflowFirst).unwrap();
    assert_eq!(
        (first.count, &first.workers[..]),
        (7, &[("events".to_owned(), 3)][..])
    );
    let own = &some.own[0];
    assert_eq!((own.above, own.bound, own.window), (true, 0.9, 500_000_000));
}
