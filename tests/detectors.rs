//! Detectors of incidents on systems small enough to know what they must find, and that looking
//! moves nothing.

#![allow(clippy::unwrap_used)]

mod systems;

use systems::{IN_TURN, MS, S, class, drawn, fault, go, group, just, run_spec, system, trace};
use veltrix::model::incident::{Budget, Episode, Kind, Own, Place, Rules};
use veltrix::model::metric::Metric;
use veltrix::model::spec::*;
use veltrix::model::trial::{Blind, Horizon, Kinds, RunSpec, StopAt, TrialOutput};

fn watched(seconds: u64) -> RunSpec {
    let mut run = run_spec(1, Horizon::For(seconds * S));
    run.timing.drain = 0;
    run.look_for.rules = Rules::standard();
    run.look_for.stations = true;
    run
}

fn run(spec: &SystemSpec, how: &RunSpec) -> TrialOutput {
    go(spec, how, &mut Blind)
}

fn of(output: &TrialOutput, kind: Kind) -> Vec<Episode> {
    let all = output.incidents.episodes.iter();
    all.filter(|e| e.kind == kind).cloned().collect()
}

fn only(output: &TrialOutput, kind: Kind) -> Episode {
    let found = of(output, kind);
    assert_eq!(found.len(), 1, "{kind:?}: {:#?}", output.incidents);
    found[0].clone()
}

fn poisson(rate: f64) -> Arrivals {
    Arrivals::Poisson { rate }
}

fn retrying(attempts: u32, timeout: u64) -> ClientSpec {
    ClientSpec {
        timeout: Some(just(timeout)),
        retry: Some(RetrySpec::full_jitter(attempts, 10 * MS, 100 * MS)),
        ..ClientSpec::default()
    }
}

/// Five at once at a worker with room for three, twice.
fn two_bursts() -> SystemSpec {
    let burst = |at: u64| vec![(at, 100 * MS); 5];
    let rows = [burst(S), burst(5 * S)].concat();
    system(trace(&rows), WorkSpec::FromTrace, group(1, 1, Some(2)))
}

#[test]
fn an_overflow_is_an_episode_with_what_was_to_be_seen() {
    let output = run(&two_bursts(), &watched(10));
    let found = of(&output, Kind::OverflowFirst);
    assert_eq!(found.len(), 2, "{found:#?}");
    for (episode, at) in found.iter().zip([S, 5 * S]) {
        assert_eq!(episode.code().to_string(), "VX3102");
        assert_eq!(episode.place, Place::Worker(0));
        assert_eq!((episode.at, episode.from, episode.to), (at, at, Some(at)));
        assert_eq!(episode.amount, 2);
        let scene = episode.scene;
        assert_eq!((scene.waiting, scene.slots), (2, Some(2)));
        assert_eq!((scene.busy, scene.cores), (1, 1));
    }
}

#[test]
fn the_nth_overflow_of_chosen_workers() {
    let mut how = watched(10);
    how.look_for.rules.built_in[0].count = 4;
    let found = only(&run(&two_bursts(), &how), Kind::OverflowFirst);
    assert_eq!(found.at, 5 * S, "the fourth refusal");
    how.look_for.rules.built_in[0].workers = vec![("e".into(), 2)];
    assert!(of(&run(&two_bursts(), &how), Kind::OverflowFirst).is_empty());
}

#[test]
fn a_share_of_refusals_over_a_window() {
    // Half of what comes finds no room, from 20 s to 40 s.
    let mut spec = system(poisson(100.0), drawn(just(MS)), group(1, 1, Some(0)));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(20 * S)),
        ..fault(
            "slow",
            FaultKind::Slow { factor: 0.1 },
            (1, 1),
            FaultWhen::At(20 * S),
        )
    }];
    let found = only(&run(&spec, &watched(60)), Kind::OverflowRate);
    // One in eleven is refused before already (Erlang's B at a load of 0.1).
    assert!(found.at <= 11 * S, "{found:?}");
    let mut how = watched(60);
    how.look_for.rules.built_in[1].threshold = 0.3;
    let found = only(&run(&spec, &how), Kind::OverflowRate);
    assert!((20 * S..32 * S).contains(&found.at), "{found:?}");
    assert!(
        found.to.is_some_and(|to| (40 * S..52 * S).contains(&to)),
        "{found:?}"
    );
    assert!((0.4..0.6).contains(&found.worst), "{found:?}");
}

#[test]
fn breakers_and_their_cascade() {
    let mut spec = system(poisson(400.0), drawn(just(MS)), group(4, 1, Some(10)));
    spec.services[0].balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 3,
        half_open_calls: 1,
        successes: 1,
        open_for: just(2 * S),
        counts: Failures::default(),
    });
    spec.sources[0].client.timeout = Some(just(50 * MS));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(10 * S)),
        ..fault("down", FaultKind::Crash, (1, 3), FaultWhen::At(5 * S))
    }];
    let output = run(&spec, &watched(30));
    let opened = of(&output, Kind::BreakerFirst);
    assert_eq!(opened.len(), 3, "{opened:#?}");
    for episode in &opened {
        assert!((5 * S..6 * S).contains(&episode.at), "{episode:?}");
        assert!(
            episode.amount >= 4,
            "it opens again every two seconds: {episode:?}"
        );
        assert!(
            episode.to.is_some_and(|to| (15 * S..18 * S).contains(&to)),
            "{episode:?}"
        );
    }
    let cascade = only(&output, Kind::BreakerCascade);
    assert_eq!(cascade.amount, 3);
    assert_eq!(cascade.place, Place::Service(0));
    assert!((5 * S..6 * S).contains(&cascade.at), "{cascade:?}");
}

/// A system that a pause of two seconds brings down for good: 90 % busy, three attempts.
fn fragile() -> SystemSpec {
    let mut spec = system(poisson(900.0), drawn(just(10 * MS)), group(1, 10, None));
    spec.sources[0].client = retrying(3, 200 * MS);
    spec.faults = vec![FaultSpec {
        lasts: Some(just(2 * S)),
        ..fault("pause", FaultKind::Pause, (1, 1), FaultWhen::At(15 * S))
    }];
    spec
}

#[test]
fn a_metastable_state_with_its_storm_and_saturation() {
    let output = run(&fragile(), &watched(60));
    let down = only(&output, Kind::Metastable);
    // The pause is over at 17 s, and ten timeouts are 2 s.
    assert!((19 * S..=21 * S).contains(&down.at), "{down:?}");
    assert_eq!(down.to, None, "it does not come back");
    assert!(down.worst < 0.2, "{down:?}");
    let storm = only(&output, Kind::RetryStorm);
    assert!(storm.at > 15 * S && storm.to.is_none(), "{storm:?}");
    let busy = only(&output, Kind::Saturation);
    assert!(
        busy.place == Place::Service(0) && busy.at > 17 * S,
        "{busy:?}"
    );
    let mut calm = fragile();
    calm.sources[0].client.retry = None;
    let output = run(&calm, &watched(60));
    let left: Vec<Kind> = output.incidents.episodes.iter().map(|e| e.kind).collect();
    assert!(!left.contains(&Kind::RetryStorm), "{left:?}");
    let well = of(&output, Kind::Metastable);
    assert!(well.iter().all(|e| e.to.is_some()), "{well:?}");
    assert_eq!(output.incidents.faults.len(), 1);
    let struck = output.incidents.faults[0];
    assert_eq!((struck.from, struck.to), (15 * S, Some(17 * S)));
}

#[test]
fn an_error_budget_burns_in_both_windows() {
    let mut how = watched(120);
    how.look_for.rules.budgets = vec![
        Budget {
            text: "loss < 0.001".into(),
            share: 0.001,
            over: None,
        },
        Budget {
            text: "latency_p99 < 50ms".into(),
            share: 0.01,
            over: Some(50 * MS),
        },
    ];
    let mut spec = fragile();
    spec.sources[0].client.retry = None;
    let found = of(&run(&spec, &how), Kind::SloBurn);
    let which: Vec<u32> = found.iter().map(|e| e.which).collect();
    assert_eq!(which, [0, 1], "{found:#?}");
    // What was lost is in no latency: late answers come with the end of the trouble.
    for (episode, until) in found.iter().zip([19, 40]) {
        assert!((15 * S..until * S).contains(&episode.at), "{episode:?}");
        assert!(episode.to.is_some_and(|to| to < 60 * S), "{episode:?}");
        assert!(episode.worst > 14.4, "{episode:?}");
    }
}

#[test]
fn one_of_unequal_share() {
    let mut spec = system(poisson(300.0), drawn(just(5 * MS)), group(8, 1, None));
    spec.services[0].balancer.policy = PolicySpec::First;
    let found = of(&run(&spec, &watched(60)), Kind::Unfair);
    assert!(
        found.iter().any(|e| e.place == Place::Worker(0)),
        "{found:?}"
    );
    assert!(found[0].worst > 2.0 && found[0].at >= 10 * S, "{found:?}");
    spec.services[0].balancer.policy = IN_TURN;
    assert!(of(&run(&spec, &watched(60)), Kind::Unfair).is_empty());
}

#[test]
fn a_class_that_never_has_its_turn() {
    let mut spec = system(poisson(300.0), drawn(just(5 * MS)), group(1, 1, None));
    spec.services[0].groups[0].discipline = Discipline::Priority;
    let mut slow = class("slow");
    slow.priority = 5;
    slow.weight = 0.1;
    let mut urgent = class("urgent");
    urgent.weight = 0.9;
    spec.sources[0].classes = vec![urgent, slow];
    let found = only(&run(&spec, &watched(60)), Kind::Starvation);
    assert_eq!(found.place, Place::Class(1));
    assert!(found.amount > 10, "{found:?}");
}

#[test]
fn a_request_that_is_still_inside() {
    let mut spec = system(poisson(10.0), drawn(just(5 * MS)), group(1, 1, None));
    spec.sources[0].client.timeout = Some(just(S));
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(u32::MAX, 500 * MS, 500 * MS));
    spec.faults = vec![FaultSpec {
        lasts: Some(just(15 * S)),
        ..fault("pause", FaultKind::Pause, (1, 1), FaultWhen::At(10 * S))
    }];
    let found = only(&run(&spec, &watched(60)), Kind::Overdue);
    assert!((20 * S..22 * S).contains(&found.at), "{found:?}");
    assert!(found.worst > 10.0, "{found:?}");
    assert!(found.to.is_some());
}

#[test]
fn ram_that_is_short_and_ram_that_is_idle() {
    let mut spec = system(poisson(100.0), drawn(just(40 * MS)), group(1, 8, Some(50)));
    spec.services[0].memory.base = just(1 << 20);
    spec.services[0].groups[0].ram = Some(4 << 20);
    let found = of(&run(&spec, &watched(20)), Kind::Memory);
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|e| e.place == Place::Worker(0)),
        "{found:?}"
    );
    assert!(found[0].scene.busy < found[0].scene.cores);
    let mut spec = two_bursts();
    spec.services[0].memory.base = just(1 << 20);
    spec.services[0].groups[0].ram = Some(1 << 30);
    let found = of(&run(&spec, &watched(10)), Kind::Memory);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].place, Place::Service(0));
}

#[test]
fn a_condition_of_ones_own() {
    let own = |metric: &str, above: bool, bound: f64| Own {
        text: metric.into(),
        metric: Metric::parse(metric).unwrap(),
        above,
        bound,
        window: 2 * S,
    };
    let mut how = watched(60);
    how.look_for.rules.built_in.clear();
    how.look_for.rules.own = vec![
        own("queue_mean@e[1]", true, 300.0),
        own("goodput", false, 500.0),
        own("offered", false, 10.0),
        own("utilisation", true, 0.9999),
        own("in_system_mean", true, 310.0),
        own("refused_VX3102", true, 0.0),
    ];
    let output = run(&fragile(), &how);
    let mut which: Vec<u32> = output.incidents.episodes.iter().map(|e| e.which).collect();
    which.sort_unstable();
    which.dedup();
    assert_eq!(which, [0, 1, 3, 4], "{:#?}", output.incidents);
    // The pause begins at 15 s: with 900/s more than 300 wait on average soon after.
    let queue = output
        .incidents
        .episodes
        .iter()
        .find(|e| e.which == 0)
        .unwrap();
    assert!((15 * S..17 * S).contains(&queue.at), "{queue:?}");
}

#[test]
fn looking_moves_nothing_and_stations_are_of_the_same_run() {
    for spec in [fragile(), two_bursts()] {
        let mut how = watched(40);
        how.timing.warm_up = 3 * S;
        let seen = run(&spec, &how);
        how.look_for = Default::default();
        let unseen = run(&spec, &how);
        assert_eq!(seen.fingerprint, unseen.fingerprint);
        assert_eq!(seen.events, unseen.events);
        assert_eq!(format!("{:?}", seen.tally), format!("{:?}", unseen.tally));
        assert_eq!(seen.stations.len(), 64);
        assert!(unseen.stations.is_empty() && unseen.incidents.episodes.is_empty());
        if spec.faults.is_empty() {
            continue;
        }
        // A run that is broken off is the beginning of the whole one.
        let mut part = how.clone();
        part.look_for.stations = true;
        part.look_for.stop = Some(StopAt::Time(20 * S));
        let part = run(&spec, &part);
        let whole = &seen.stations[..];
        assert_eq!(part.stations[..29], whole[..29], "up to 43 s x 29 / 64");
        assert!(part.events < seen.events);
    }
}

#[test]
fn a_run_is_broken_off_at_its_incident() {
    let mut how = watched(60);
    let whole = run(&fragile(), &how);
    let first = &of(&whole, Kind::RetryStorm)[0];
    how.look_for.stop = Some(StopAt::Episode {
        kinds: Kinds::of([Kind::RetryStorm]),
        nth: 0,
        linger: S,
    });
    let part = run(&fragile(), &how);
    let found = only(&part, Kind::RetryStorm);
    assert_eq!(found.at, first.at);
    assert!(
        part.events < whole.events / 2,
        "{} {}",
        part.events,
        whole.events
    );
}
