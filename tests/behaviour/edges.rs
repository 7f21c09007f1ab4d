//! What goes wrong on the way between a caller and a service.

use std::sync::Arc;

use veltrix::model::outcome::Outcome::{self, *};
use veltrix::model::spec::*;
use veltrix::model::trial::TrialOutput;

use crate::systems::{IN_TURN, MS, drawn, group, just, replay, rows, service};
use crate::told;

/// The way from the first source to the first service.
const IN: Edge = Edge {
    from: EdgeEnd::Source(0),
    to: 0,
};

/// From the first service to the second.
const ON: Edge = Edge {
    from: EdgeEnd::Service(0),
    to: 1,
};

/// A fault of a way from one millisecond to another.
fn between(kind: FaultKind, from: u64, to: u64) -> FaultSpec {
    FaultSpec {
        lasts: Some(just((to - from) * MS)),
        ..fault(kind, from)
    }
}

fn fault(kind: FaultKind, from: u64) -> FaultSpec {
    crate::systems::fault("f", kind, (1, 1), FaultWhen::At(from * MS))
}

fn cut(from: u64, to: u64) -> FaultSpec {
    between(FaultKind::Partition { edge: IN }, from, to)
}

fn slow(edge: Edge, delay: u64, (from, to): (u64, u64)) -> FaultSpec {
    let kind = FaultKind::Network {
        edge,
        loss: 0.0,
        probability: 1.0,
    };
    FaultSpec {
        delay: Some(just(delay * MS)),
        ..between(kind, from, to)
    }
}

fn again(attempts: u32) -> RetrySpec {
    RetrySpec {
        attempts,
        backoff: BackoffSpec::Drawn(just(0)),
        on: Failures::ALL,
        budget: None,
    }
}

/// One core; each client waits 5 ms and tries twice.
fn patient(births: &[(u64, u64)], faults: Vec<FaultSpec>) -> SystemSpec {
    let mut spec = replay(births, group(1, 1, None));
    spec.sources[0].client.timeout = Some(just(5 * MS));
    spec.sources[0].client.retry = Some(again(2));
    spec.faults = faults;
    spec
}

type Told = Vec<(Option<u64>, u64, Outcome)>;

fn told_of(spec: &SystemSpec) -> (Told, TrialOutput) {
    let (rows, output) = rows(spec);
    (told(&rows), output)
}

fn busy(output: &TrialOutput) -> u64 {
    (output.tally.workers[0].busy_area / u128::from(MS)) as u64
}

#[test]
fn of_a_lost_attempt_the_service_never_hears() {
    let (seen, output) = told_of(&patient(&[(MS, 3 * MS)], vec![cut(0, 2)]));
    // Sent into nothing at 1, given up at 6; the second is there at once, and done at 9.
    assert_eq!(seen, [(None, 6_000, TimedOut), (Some(6_000), 9_000, Ok)]);
    assert_eq!(busy(&output), 3);
    let class = &output.tally.classes[0];
    assert_eq!((class.attempts, class.ok, class.answered), (2, 1, 1));
    assert_eq!(class.wasted_ns, 0);
}

#[test]
fn of_a_lost_answer_the_service_has_done_the_work() {
    let (seen, output) = told_of(&patient(&[(MS, 3 * MS)], vec![cut(3, 5)]));
    // At work from 1 to 4, when the answer sets out and is lost; given up at 6.
    let expected = [(Some(1_000), 6_000, TimedOut), (Some(6_000), 9_000, Ok)];
    assert_eq!(seen, expected);
    assert_eq!(busy(&output), 6);
    assert_eq!(
        output.tally.classes[0].answered, 1,
        "nobody hears the other"
    );
}

#[test]
fn what_counts_is_when_a_message_sets_out() {
    let mut spec = patient(&[(0, 3 * MS)], vec![cut(1, 2)]);
    spec.sources[0].client.network = Some(just(MS / 2));
    // There at 0.5, at work until 3.5, back at 4: nothing sets out between 1 and 2.
    assert_eq!(told_of(&spec).0, [(Some(500), 4_000, Ok)]);
    // The end of a fault comes before what happens at that nanosecond, and so does its start.
    let at = |from, to| told_of(&patient(&[(MS, MS)], vec![cut(from, to)])).0;
    assert_eq!(
        at(0, 1),
        [(Some(1_000), 2_000, Ok)],
        "over when it sets out"
    );
    assert_eq!(
        at(1, 2)[0],
        (None, 6_000, TimedOut),
        "begins as it sets out"
    );
}

/// A client that does not wait for ever cannot lose what it does not wait for: the answer to an
/// attempt that was given up is lost, and nothing happens.
#[test]
fn a_late_answer_is_lost_too() {
    let mut spec = patient(&[(0, 8 * MS)], vec![cut(7, 9)]);
    spec.sources[0].client.retry = None;
    let (seen, output) = told_of(&spec);
    assert_eq!(seen, [(Some(0), 5_000, TimedOut)]);
    assert_eq!(busy(&output), 8, "served to its end");
    assert_eq!(output.tally.classes[0].answered, 0, "no late answer comes");
}

#[test]
fn delays_add_up_each_way() {
    let mut spec = patient(&[(MS, MS)], vec![slow(IN, 1, (0, 2)), slow(IN, 2, (0, 9))]);
    spec.faults[1].name = "g".into();
    spec.sources[0].client.timeout = None;
    spec.sources[0].client.network = Some(just(3 * MS));
    // There by 3 + 1 + 2 ms at 7; done at 8, back by 3 + 2 at 13.
    assert_eq!(told_of(&spec).0, [(Some(7_000), 13_000, Ok)]);
}

/// Draws are by request and attempt: about half the messages of a hundred requests, and the same
/// ones when all comes later.
#[test]
fn each_message_is_befallen_by_itself() {
    let births =
        |from: u64| -> Vec<(u64, u64)> { (0..400).map(|i| (from + i * 40 * MS, MS)).collect() };
    let seen = |from: u64, loss: f64, probability: f64| {
        let kind = FaultKind::Network {
            edge: IN,
            loss,
            probability,
        };
        let (seen, _) = told_of(&patient(&births(from), vec![fault(kind, 0)]));
        seen.iter().map(|row| row.2).collect::<Vec<_>>()
    };
    let failed = |outcomes: &[Outcome]| outcomes.iter().filter(|o| **o == TimedOut).count();
    // Each attempt is lost with 1 - 0.7 * 0.7: 204 first ones of 400, and 104 of their seconds;
    // 308 +- 16 of 604.
    let some = seen(0, 0.3, 1.0);
    assert!((260..356).contains(&failed(&some)), "{}", failed(&some));
    assert_eq!(some, seen(17 * MS, 0.3, 1.0), "the same ones at any time");
    assert_eq!(failed(&seen(0, 1.0, 1.0)), 800);
    // What is befallen with chance 0.3 and then lost for sure is lost as often, but not the same.
    let other = failed(&seen(0, 1.0, 0.3));
    assert!((260..356).contains(&other), "{other}");
}

/// What is taken back on its way, or after, is gone for its client and its service.
#[test]
fn cancelling_finds_nothing_to_cancel() {
    for cancel in [Cancel::Nothing, Cancel::Queued, Cancel::Full] {
        for cut in [cut(0, 2), cut(3, 5)] {
            let mut spec = patient(&[(MS, 3 * MS)], vec![cut]);
            spec.sources[0].client.cancel = cancel;
            let (seen, output) = told_of(&spec);
            assert_eq!(seen.last(), Some(&(Some(6_000), 9_000, Ok)));
            assert_eq!(output.tally.classes[0].unfinished, 0);
        }
    }
}

/// A front of two cores whose step calls a store of one core; keys of the requests.
fn tiers(births: &[(u64, u64)], cache: Option<CacheSpec>) -> SystemSpec {
    let mut spec = replay(&[(0, 0)], group(1, 2, None));
    spec.sources[0].arrivals = Arrivals::Trace(Arc::new(Trace {
        at: births.iter().map(|b| b.0 * MS).collect(),
        key: births.iter().map(|b| b.1).collect(),
        ..Trace::default()
    }));
    let mut call = CallSpec::plain(1);
    call.cache = cache;
    spec.services[0].work = None;
    spec.services[0].steps = vec![StepSpec::Call(Box::new(call))];
    let db = service("db", drawn(just(2 * MS)), IN_TURN, group(1, 1, None));
    spec.services.push(db);
    spec
}

#[test]
fn only_its_own_way_is_slow() {
    let mut spec = tiers(&[(1, 0)], None);
    spec.faults = vec![slow(ON, 3, (0, 9))];
    let (mut seen, _) = rows(&spec);
    seen.sort_by_key(|row| row.service);
    // At the store at 4, done at 6, back at 9 or, at that instant no longer slow, at 6.
    let expected = [(Some(1_000), 9_000, Ok), (Some(4_000), 9_000, Ok)];
    assert_eq!(told(&seen), expected);
    spec.faults = vec![slow(IN, 3, (0, 9))];
    let (mut seen, _) = rows(&spec);
    seen.sort_by_key(|row| row.service);
    // At the front at 4, the store from 4 to 6, and back at 9.
    let expected = [(Some(4_000), 9_000, Ok), (Some(4_000), 6_000, Ok)];
    assert_eq!(told(&seen), expected);
}

/// Answers are kept at 2, 4 and, after the cache was emptied at 5, at 8 again.
#[test]
fn a_flushed_cache_is_filled_again() {
    let keep = Some(CacheSpec::Lru { capacity: 4 });
    let births = [(0, 7), (2, 8), (4, 7), (6, 7), (8, 8), (10, 7)];
    let calls = |share: Option<f64>| {
        let mut spec = tiers(&births, keep);
        let flush = |share| FaultKind::CacheFlush { edge: ON, share };
        spec.faults = share
            .map(|share| fault(flush(share), 5))
            .into_iter()
            .collect();
        let (seen, _) = rows(&spec);
        let calls = seen.iter().filter(|row| row.service == 1);
        calls.map(|row| row.arrived / MS).collect::<Vec<_>>()
    };
    assert_eq!(calls(None), [0, 2], "each key is fetched once");
    assert_eq!(calls(Some(1.0)), [0, 2, 6, 8], "and once more");
    assert_eq!(calls(Some(0.0)), [0, 2]);
}

#[test]
fn a_share_of_a_cache_is_drawn_by_key() {
    let births: Vec<(u64, u64)> = (0..800).map(|i| (3 * i, i % 400)).collect();
    let mut spec = tiers(&births, Some(CacheSpec::Lru { capacity: 500 }));
    let kind = FaultKind::CacheFlush {
        edge: ON,
        share: 0.25,
    };
    spec.faults = vec![fault(kind, 1199)];
    let (seen, _) = rows(&spec);
    let calls = seen.iter().filter(|row| row.service == 1).count();
    // 400 at first, and 100 +- 8.7 again.
    assert!((465..535).contains(&calls), "{calls}");
}
