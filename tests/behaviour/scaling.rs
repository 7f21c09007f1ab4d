//! Workers that come and go. The machines that decide are tested alone beside their code, against
//! tables worked out by hand.

use veltrix::base::codes::Code;
use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;
use veltrix::model::trial::{Blind, Horizon, Timing, TrialOutput};

use crate::systems::{MS, S, fault, go, group, just, replay, rows, run_spec};
use crate::told;

/// Workers of one core, of which there are some at the start and at most so many.
fn scaled(births: &[(u64, u64)], (at_start, max): (u32, u32), rule: ScaleRule) -> SystemSpec {
    let mut spec = replay(births, group(max, 1, None));
    spec.services[0].autoscale = Some(AutoscaleSpec {
        start_with: at_start,
        min: 1,
        rule,
        every: S,
        lag: 0,
        start: just(5 * MS),
        drain: 10 * MS,
    });
    spec
}

fn served(output: &TrialOutput) -> Vec<u64> {
    let workers = output.tally.workers.iter();
    workers.map(|w| w.ended[Ok.index()]).collect()
}

fn provisioned(output: &TrialOutput) -> u64 {
    output.tally.balancers[0].provisioned_area as u64
}

/// Three from 10 ms on, of which two take 5 ms to come: at that instant they are there. They cost
/// from 10 ms on, and a run of 16 ms has 10 + 3 * 6 of them.
#[test]
fn new_workers_serve_after_their_start_and_cost_before() {
    let births = [
        (0, MS),
        (14 * MS, MS),
        (15 * MS, MS),
        (15 * MS, MS),
        (15 * MS, MS),
    ];
    let three = ScaleRule::Schedule(vec![(10 * MS, 3)]);
    let spec = scaled(&births, (1, 5), three);
    let (_, output) = rows(&spec);
    assert_eq!(served(&output), [3, 1, 1, 0, 0]);
    assert_eq!(provisioned(&output), 28 * MS);
    // Those that are not there are able to do nothing.
    let able = output.tally.workers.iter().map(|w| w.able_area as u64 / MS);
    assert_eq!(able.collect::<Vec<_>>(), [16, 1, 1, 0, 0]);
}

/// One of two is to go at 5 ms: nothing new comes to it, and after 10 ms what it has is lost.
#[test]
fn a_worker_that_goes_has_its_drain() {
    let births = [
        (0, 10 * MS),
        (0, 20 * MS),
        (0, MS),
        (0, 4 * MS),
        (6 * MS, MS),
        (6 * MS, MS),
    ];
    let one = ScaleRule::Schedule(vec![(5 * MS, 1)]);
    let mut spec = scaled(&births, (2, 2), one);
    let (all, output) = rows(&spec);
    let cut = [
        (Some(0), 10_000, Ok),
        (Some(0), 15_000, Drained),
        (Some(10_000), 11_000, Ok),
        (None, 15_000, Drained),
        (Some(11_000), 12_000, Ok),
        (Some(12_000), 13_000, Ok),
    ];
    assert_eq!(told(&all), cut);
    assert_eq!(provisioned(&output), (15 + 15) * MS);
    // With more time it ends what it has, and goes at once when that is done.
    spec.services[0].autoscale.as_mut().unwrap().drain = S;
    let (all, output) = rows(&spec);
    let mut done = cut;
    done[1] = (Some(0), 20_000, Ok);
    done[3] = (Some(20_000), 24_000, Ok);
    assert_eq!(told(&all), done);
    assert_eq!(provisioned(&output), (24 + 24) * MS);
}

/// Every 10 ms 8 ms of work: 0.8 of one worker, twice as many as half of that. The second one
/// comes at 1.5 s, and the two have 0.6 and 0.4 at 2 s: half, and nothing changes any more.
fn steady(seconds: u64) -> SystemSpec {
    let births: Vec<_> = (1..=100 * seconds).map(|i| (i * 10 * MS, 8 * MS)).collect();
    let pace = || Pace {
        stabilise: 0,
        rates: vec![Rate {
            by: RateBy::Pods(4),
            per: S,
        }],
    };
    let rule = ScaleRule::Hpa {
        measure: Measure::Utilisation,
        target: 0.5,
        tolerance: 0.1,
        up: pace(),
        down: pace(),
    };
    let mut spec = scaled(&births, (1, 4), rule);
    spec.services[0].autoscale.as_mut().unwrap().start = just(500 * MS);
    spec
}

#[test]
fn utilisation_is_brought_to_its_target() {
    let spec = steady(4);
    let (_, output) = rows(&spec);
    // The run ends at 4.008 s.
    assert_eq!(provisioned(&output), S + 2 * 3_008 * MS);
    let counts = served(&output);
    assert_eq!((counts.iter().sum::<u64>(), counts[2]), (400, 0));
    // What it sees may be old: then the second one is asked for at 2 s.
    let mut late = spec.clone();
    late.services[0].autoscale.as_mut().unwrap().lag = S;
    assert_eq!(provisioned(&rows(&late).1), 2 * S + 2 * 2_008 * MS);
    // A crash of a worker that is not there moves nothing.
    let mut hit = spec.clone();
    hit.faults = vec![FaultSpec {
        lasts: Some(just(S)),
        ..fault("c", FaultKind::Crash, (4, 4), FaultWhen::At(100 * MS))
    }];
    assert_eq!(provisioned(&rows(&hit).1), provisioned(&output));
}

/// When the measured time begins changes nothing of what happens.
#[test]
fn measuring_moves_no_decision() {
    let spec = steady(4);
    let seen = |warm_up: u64| {
        let mut how = run_spec(1, Horizon::For(4 * S - warm_up));
        how.timing = Timing {
            warm_up,
            drain: 0,
            ..how.timing
        };
        go(&spec, &how, &mut Blind)
    };
    let (whole, late) = (seen(0), seen(1_300 * MS));
    assert_eq!(whole.fingerprint, late.fingerprint);
    assert_eq!(provisioned(&whole), 7 * S);
    assert_eq!(provisioned(&late), 2 * 2_700 * MS);
}

/// Nine at once, two of which each worker may have waiting: of the eight that wait at 5 ms four
/// workers are wanted. What comes then goes to the new ones.
#[test]
fn a_queue_asks_for_workers() {
    let mut births = vec![(0, 10 * MS); 9];
    births.extend([(6 * MS, 10 * MS); 3]);
    let none = || Pace {
        stabilise: 0,
        rates: vec![Rate {
            by: RateBy::Percent(1000),
            per: S,
        }],
    };
    let rule = ScaleRule::Hpa {
        measure: Measure::Queue,
        target: 2.0,
        tolerance: 0.1,
        up: none(),
        down: Pace {
            stabilise: S,
            ..none()
        },
    };
    let mut spec = scaled(&births, (1, 6), rule);
    let scale = spec.services[0].autoscale.as_mut().unwrap();
    (scale.every, scale.start) = (5 * MS, just(0));
    spec.services[0].balancer.policy = PolicySpec::JsqOracle { ties: Ties::First };
    let all = rows(&spec).0;
    let late: Vec<_> = told(&all).split_off(9);
    assert_eq!(late, [(Some(6_000), 16_000, Ok); 3]);
}

#[test]
fn scalers_that_cannot_be_are_refused() {
    let mut spec = scaled(
        &[(0, MS)],
        (3, 2),
        ScaleRule::Schedule(vec![(5, 3), (5, 1)]),
    );
    spec.services[0].balancer.subset = Some(1);
    let problems = spec.check().into_iter();
    let found: Vec<_> = problems.map(|p| (p.code, p.path)).collect();
    let at = |code, key: &str| (code, format!("service.e.{key}"));
    let expected = [
        at(Code::OUT_OF_RANGE, "workers.count"),
        at(Code::OUT_OF_RANGE, "autoscale.steps"),
        at(Code::OUT_OF_RANGE, "autoscale.steps.count"),
        at(Code::UNSUPPORTED, "autoscale"),
    ];
    assert_eq!(found, expected);
}

/// The second of two wedges at 0 ms and goes at 15 ms, when it is empty; the one that comes in its
/// place at 30 ms serves.
#[test]
fn a_wedge_goes_with_its_worker() {
    let births = [
        (0, MS),
        (0, MS),
        (0, MS),
        (0, MS),
        (40 * MS, MS),
        (40 * MS, MS),
    ];
    let steps = ScaleRule::Schedule(vec![(15 * MS, 1), (25 * MS, 2)]);
    let mut spec = scaled(&births, (2, 2), steps);
    let group = &mut spec.services[0].groups[0];
    (group.slots, group.on_full, group.restart) = (Some(0), OnFull::Wedge, just(S));
    // The first worker wedges as well, and comes back after 20 ms.
    group.restart = just(20 * MS);
    let ends: Vec<_> = told(&rows(&spec).0).iter().map(|r| r.2).collect();
    assert_eq!(ends, [Ok, Ok, BufferFull, BufferFull, Ok, Ok]);
    let group = &mut spec.services[0].groups[0];
    group.restart = just(S);
    // Now the first one refuses still.
    let ends: Vec<_> = told(&rows(&spec).0).iter().map(|r| r.2).collect();
    assert_eq!(ends, [Ok, Ok, BufferFull, BufferFull, BufferFull, Ok]);
}

/// At 20 ms two are wanted again, and the only free place is one where a worker drains until 35 ms:
/// the clock comes back for it.
#[test]
fn a_schedule_comes_back_for_places_that_drain() {
    let births = [(0, MS), (0, 100 * MS), (90 * MS, MS), (90 * MS, MS)];
    let steps = ScaleRule::Schedule(vec![(5 * MS, 1), (20 * MS, 2)]);
    let mut spec = scaled(&births, (2, 2), steps);
    spec.services[0].autoscale.as_mut().unwrap().drain = 30 * MS;
    let (all, output) = rows(&spec);
    let ends: Vec<_> = told(&all).iter().map(|r| r.2).collect();
    assert_eq!(ends, [Ok, Drained, Ok, Ok]);
    assert_eq!(served(&output), [2, 1]);
}
