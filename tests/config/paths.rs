//! Values put in by dotted path: variants, axes, `--set`.

use veltrix::config::{Loaded, Overrides, load};
use veltrix::model::spec::{BreakerSpec, GroupSpec, PolicySpec, SystemSpec};

use crate::fixture::{EXPERIMENT, Folder, MODEL, experiment_refusal, names, snapshot, with};

fn loaded(experiment: &str, set: &[&str]) -> Loaded {
    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", experiment)]);
    folder.load("e.toml", set).expect("accepted")
}

fn group(system: &SystemSpec, index: usize) -> &GroupSpec {
    &system.services[0].groups[index]
}

#[test]
fn points_are_the_product_of_axes_for_the_variants_swept() {
    let loaded = loaded(EXPERIMENT, &[]);
    let design = &loaded.design;
    assert_eq!(design.points.len(), 1 + 3 * 2);
    assert_eq!(design.trial_count(), 70);
    assert_eq!((design.seed, design.replications), (14, 10));
    let of = |i: usize| {
        let g = group(&design.points[i].system, 0);
        (g.count, g.ram.unwrap() >> 30, g.slots)
    };
    let all: Vec<_> = (0..7).map(of).collect();
    let after = Some(16);
    assert_eq!(
        all,
        [
            (5, 64, Some(128)),
            (3, 16, after),
            (3, 64, after),
            (4, 16, after),
            (4, 64, after),
            (5, 16, after),
            (5, 64, after),
        ]
    );
    let settings = design.settings(2);
    assert_eq!(settings[0], ("service.events.workers.big.count", "3"));
    assert_eq!(settings[1], ("service.events.workers.big.ram", "64GiB"));
    assert_eq!(design.points[0].at, [0_usize; 0]);
}

#[test]
fn arguments_go_before_all_else() {
    let set = [
        "service.events.workers.big.buffer.slots=7",
        "service.events.workers.small.buffer.slots=3",
        "service.events.balancer.policy=random",
        "service.events.balancer.breaker=none",
        "source.web.class.upload.weight=0.5",
        "source.web.arrivals=12/s",
        "fault.slow-events[3].enabled=false",
        "service.events.memory.base=1GiB",
        "prices.core_hour=0",
        "prices.gib_hour=1",
    ];
    let design = loaded(EXPERIMENT, &set).design;
    for point in &design.points {
        let system = &point.system;
        assert_eq!(group(system, 0).slots, Some(7));
        assert_eq!(group(system, 1).slots, Some(3));
        assert_eq!(group(system, 1).price_per_hour, 4.0);
        assert_eq!(system.services[0].balancer.policy, PolicySpec::Random);
        assert_eq!(system.services[0].balancer.breaker, None);
        assert_eq!(system.sources[0].classes[1].weight, 0.5);
        assert_eq!(system.sources[0].mean_rate(), 12.0);
        assert!(!system.faults[0].enabled);
    }
}

#[test]
fn a_block_can_be_taken_away_and_brought_back() {
    let set = [
        "service.events.balancer.breaker=none",
        "service.events.balancer.breaker.kind=consecutive",
        "service.events.balancer.breaker.failures=9",
    ];
    let design = loaded(EXPERIMENT, &set).design;
    match &design.points[0].system.services[0].balancer.breaker {
        Some(BreakerSpec::Consecutive { failures, .. }) => assert_eq!(*failures, 9),
        other => panic!("{other:?}"),
    }
}

#[test]
fn mistakes_in_arguments_point_into_them() {
    let text = experiment_refusal(
        EXPERIMENT,
        &[
            "service.events.workers.big.cuont=3",
            "service.evnts.workers.big.count=3",
            "service.events.workers.big.cores=0",
            "fault.slwo-events[3].enabled=false",
            "horizon=3s",
            "nothing",
            "service.events.workers.big.speed=fast",
        ],
    );
    names(
        &text,
        &[
            "did you mean `service.events.workers.big.count`?",
            "did you mean `service.events.workers.big.count`?",
            "--set:1:34",
            "did you mean `fault.slow-events[3].enabled`?",
            "PATH=VALUE",
        ],
    );
    snapshot("arguments", &text);
}

#[test]
fn flags_are_checked_with_their_range() {
    let folder = Folder::new(&[("model.toml", MODEL), ("e.toml", EXPERIMENT)]);
    let path = folder.join("e.toml");
    for bad in ["-1", "abc", "18446744073709551616", "1e5", ""] {
        let flags = Overrides {
            seed: Some(bad.into()),
            ..Overrides::default()
        };
        let text = folder.said(&load(&path, &flags).map(|_| ()).expect_err("refused"));
        names(&text, &["--seed", bad, "18446744073709551615"]);
    }
    let flags = Overrides {
        seed: Some("0xffffffffffffffff".into()),
        replications: Some("3".into()),
        horizon: Some("10s".into()),
        ..Overrides::default()
    };
    let design = load(&path, &flags).expect("accepted").design;
    assert_eq!((design.seed, design.replications), (u64::MAX, 3));
    assert_eq!(design.timing.drain, 10_000_000_000);
}

#[test]
fn axes_of_quantities_numbers_and_pairs() {
    let axes = |text: &str| {
        let sweep = "[sweep]\nfor = [\"after\"]\n\"service.events.workers.big.count\" = \
                     { from = 3, to = 5, steps = 3 }\n\"service.events.workers.big.ram\" = \
                     [\"16GiB\", \"64GiB\"]\n";
        let design = loaded(&with(EXPERIMENT, sweep, &format!("[sweep]\n{text}\n")), &[]).design;
        let first = &design.axes[0];
        first.values.iter().map(|v| v.join("|")).collect::<Vec<_>>()
    };
    let ram = "\"service.events.workers.big.ram\"";
    let log = axes(&format!(
        "{ram} = {{ from = \"1GiB\", to = \"16GiB\", steps = 3, scale = \"log\" }}"
    ));
    assert_eq!(log, ["1 GiB", "4 GiB", "16 GiB"]);
    let count = "service.events.workers.big.count";
    let counts = axes(&format!(
        "{count} = {{ from = 1, to = 100, steps = 5, scale = \"log\" }}"
    ));
    assert_eq!(counts, ["1", "3", "10", "32", "100"]);
    let speed = axes("\"service.events.workers.big.speed\" = { from = 1, to = 2.0, steps = 3 }");
    assert_eq!(speed, ["1.0", "1.5", "2.0"]);
    let zip = axes(&format!(
        "zip = [[{ram}, [\"8GiB\", \"16GiB\"]], [\"{count}\", [2, 4]]]"
    ));
    assert_eq!(zip, ["8GiB|2", "16GiB|4"]);
    let rate = "\"source.web.arrivals\" = { from = \"10/s\", to = \"30/s\", steps = 2 }";
    assert_eq!(axes(rate), ["10/s", "30/s"]);
}

#[test]
fn a_path_in_set_is_one_quoted_key() {
    let set = "set   = { service.events.workers.big.count = 3 }\n";
    let old = "set   = { \"service.events.workers.big.buffer.slots\" = 16 }\n";
    let text = experiment_refusal(&with(EXPERIMENT, old, set), &[]);
    names(&text, &["VX2001", "in quotes"]);
}
