//! Callers that give up: what a timeout takes back, deadlines, work that has expired.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;
use veltrix::model::trial::{Blind, Horizon};

use crate::systems::{MS, S, drawn, fault, go, group, just, replay, rows, run_spec, system};
use crate::told;

/// A timeout takes the attempt out of its buffer, or off its core too, in that nanosecond.
#[test]
fn a_timeout_can_take_the_attempt_back() {
    let births = [(0, 10 * MS), (MS, 5 * MS), (2 * MS, 3 * MS), (8 * MS, MS)];
    let mut spec = replay(&births, group(1, 1, None));
    spec.sources[0].client.timeout = Some(just(4 * MS));
    spec.sources[0].client.cancel = Cancel::Queued;
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, TimedOut),
        (None, 5_000, TimedOut),
        (None, 6_000, TimedOut),
        (Some(10_000), 11_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    let worker = &output.tally.workers[0];
    assert_eq!(worker.queue_area, u128::from(10 * MS));
    assert_eq!(worker.ended[TimedOut.index()], 3);
    let class = &output.tally.classes[0];
    assert_eq!((class.attempts, class.answered, class.ok), (4, 2, 1));
    assert_eq!(class.wasted_ns, u128::from(10 * MS));

    spec.sources[0].client.cancel = Cancel::Full;
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, TimedOut),
        (Some(4_000), 5_000, TimedOut),
        (Some(5_000), 6_000, TimedOut),
        (Some(8_000), 9_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    let class = &output.tally.classes[0];
    assert_eq!((class.answered, class.ok), (1, 1));
    assert_eq!(class.core_ns, u128::from(7 * MS));
    assert_eq!(class.wasted_ns, u128::from(6 * MS));
    assert_eq!(output.tally.workers[0].queue_area, u128::from(6 * MS));
}

/// From the balancer's buffer at once; what is being dispatched goes no further after that.
#[test]
fn a_timeout_takes_back_what_has_not_been_routed() {
    let mut spec = replay(&[(0, MS), (0, MS), (0, MS)], group(1, 1, None));
    spec.services[0].balancer.dispatch = Some(just(2 * MS));
    spec.sources[0].client.timeout = Some(just(3 * MS));
    spec.sources[0].client.cancel = Cancel::Queued;
    let (all, output) = rows(&spec);
    let expected = [
        (Some(2_000), 3_000, Ok),
        (None, 3_000, TimedOut),
        (None, 3_000, TimedOut),
    ];
    assert_eq!(told(&all), expected);
    let balancer = &output.tally.balancers[0];
    assert_eq!(balancer.queue_area, u128::from(5 * MS));
    assert_eq!(balancer.busy_area, u128::from(4 * MS));
    assert_eq!(output.tally.classes[0].wasted_ns, 0);
}

/// Who waits at the sender for room at a worker leaves from there.
#[test]
fn a_timeout_takes_back_what_waits_at_its_sender() {
    let births = [(0, 10 * MS), (MS, MS), (2 * MS, MS), (8 * MS, MS)];
    let blocking = GroupSpec {
        on_full: OnFull::Block,
        ..group(1, 1, Some(0))
    };
    let mut spec = replay(&births, blocking);
    spec.sources[0].client.timeout = Some(just(4 * MS));
    spec.sources[0].client.cancel = Cancel::Queued;
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, TimedOut),
        (None, 5_000, TimedOut),
        (None, 6_000, TimedOut),
        (Some(10_000), 11_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.balancers[0].queue_area, u128::from(10 * MS));
}

/// Shared cores are free for the others at once, and so is the place.
#[test]
fn a_timeout_takes_an_attempt_off_shared_cores() {
    let sharing = GroupSpec {
        discipline: Discipline::Ps,
        ..group(1, 1, Some(1))
    };
    let births = [(0, 10 * MS), (0, 3 * MS), (4 * MS, MS)];
    let mut spec = replay(&births, sharing);
    spec.sources[0].client = ClientSpec {
        timeout: Some(just(4 * MS)),
        cancel: Cancel::Full,
        ..ClientSpec::default()
    };
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, TimedOut),
        (Some(0), 4_000, TimedOut),
        (Some(4_000), 5_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.classes[0].wasted_ns, u128::from(4 * MS));
}

/// The deadline ends what is open, whatever the timeout says, and a retry that would come too late
/// is not sent.
#[test]
fn a_deadline_covers_all_attempts_and_pauses() {
    let births = [(0, 20 * MS), (30 * MS, MS)];
    let mut spec = replay(&births, group(1, 1, None));
    let retry = |attempts: u32, pause: u64| {
        Some(RetrySpec {
            attempts,
            backoff: BackoffSpec::Drawn(just(pause)),
            on: Failures::ALL,
            budget: None,
        })
    };
    spec.sources[0].client = ClientSpec {
        timeout: Some(just(4 * MS)),
        deadline: Some(12 * MS),
        retry: retry(9, MS),
        ..ClientSpec::default()
    };
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, TimedOut),
        (None, 9_000, TimedOut),
        (None, 12_000, TimedOut),
        // The core works until 60 ms for what was left behind.
        (None, 34_000, TimedOut),
        (None, 39_000, TimedOut),
        (None, 42_000, TimedOut),
    ];
    assert_eq!(told(&all), expected);
    let arrived: Vec<_> = all.iter().map(|row| row.arrived / MS).collect();
    assert_eq!(arrived, [0, 5, 10, 30, 35, 40]);
    let class = &output.tally.classes[0];
    assert_eq!((class.attempts, class.lost[TimedOut.index()]), (6, 2));
    assert_eq!(output.tally.pausing_area, u128::from(4 * MS));

    // The second pause would reach the deadline: the request ends at 12 ms.
    spec.sources[0].arrivals = crate::systems::trace(&births[..1]);
    spec.sources[0].client.retry = retry(9, 4 * MS);
    spec.sources[0].client.deadline = Some(16 * MS);
    let (all, output) = rows(&spec);
    let expected = [(Some(0), 4_000, TimedOut), (None, 12_000, TimedOut)];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.pausing_area, u128::from(4 * MS));
}

/// A deadline alone is a timeout from birth, and takes back what it is told to.
#[test]
fn a_deadline_takes_back_too() {
    let births = [(0, 10 * MS), (MS, 5 * MS), (2 * MS, 3 * MS), (8 * MS, MS)];
    let mut spec = replay(&births, group(1, 1, None));
    spec.sources[0].client.deadline = Some(4 * MS);
    spec.sources[0].client.cancel = Cancel::Full;
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, TimedOut),
        (Some(4_000), 5_000, TimedOut),
        (Some(5_000), 6_000, TimedOut),
        (Some(8_000), 9_000, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.classes[0].wasted_ns, u128::from(6 * MS));
}

/// Workers that know the deadline do not begin what has expired; in the nanosecond of the deadline
/// the caller hears so from the worker.
#[test]
fn expired_work_is_dropped_at_its_turn() {
    let births = [
        (0, 10 * MS),
        (MS, 5 * MS),
        (4 * MS, 3 * MS),
        (7 * MS, MS),
        (9 * MS, 2 * MS),
    ];
    let mut spec = replay(&births, group(1, 1, None));
    spec.services[0].memory.base = just(100);
    spec.sources[0].client.deadline = Some(6 * MS);
    let wasted = |spec: &SystemSpec| rows(spec).1.tally.classes[0].wasted_ns;
    // At 10, 15 and 18 ms the core begins what nobody waits for, and is late for the others.
    assert_eq!(wasted(&spec), u128::from((10 + 5 + 3 + 1 + 2) * MS));

    spec.sources[0].client.propagate_deadline = true;
    let expected = [
        (Some(0), 6_000, TimedOut),
        (None, 7_000, TimedOut),
        (None, 10_000, Expired),
        (Some(10_000), 11_000, Ok),
        (Some(11_000), 13_000, Ok),
    ];
    for discipline in [Discipline::Fifo, Discipline::Priority] {
        spec.services[0].groups[0].discipline = discipline;
        let (all, output) = rows(&spec);
        assert_eq!(told(&all), expected, "{discipline:?}");
        let class = &output.tally.classes[0];
        assert_eq!(class.wasted_ns, u128::from(10 * MS));
        assert_eq!(class.lost[Expired.index()], 1);
        let worker = &output.tally.workers[0];
        assert_eq!(worker.queue_area, u128::from((9 + 6 + 3 + 2) * MS));
        let aboard = 10 + 9 + 6 + 4 + 4;
        assert_eq!(worker.ram_area, u128::from(100 * aboard * MS));
    }
    spec.services[0].groups[0].discipline = Discipline::Fifo;
    spec.services[0].balancer.policy = PolicySpec::CentralQueue;
    assert_eq!(told(&rows(&spec).0), expected);
}

/// All copies of a request end with its deadline, and no further one is sent.
#[test]
fn a_deadline_ends_all_copies() {
    let mut spec = replay(&[(0, 10 * MS)], group(4, 1, None));
    spec.sources[0].client.deadline = Some(5 * MS);
    spec.sources[0].client.hedge = Some(HedgeSpec {
        kind: HedgeKind::Polly,
        after: 3 * MS,
        max: 3,
        cancel: Cancel::Full,
    });
    let (all, output) = rows(&spec);
    let expected = [(Some(0), 5_000, TimedOut), (Some(3_000), 5_000, TimedOut)];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.classes[0].lost[TimedOut.index()], 1);
}

/// Whatever clients give up on, take back or drop, wherever it is and whatever goes wrong there:
/// every attempt has one outcome, and the books balance.
#[test]
fn the_books_balance_whatever_is_taken_back() {
    let short = |cancel: Cancel, propagate_deadline: bool| ClientSpec {
        timeout: Some(Dist::exponential(6e6).unwrap()),
        deadline: Some(12 * MS),
        cancel,
        propagate_deadline,
        patience: Some(Dist::exponential(9e6).unwrap()),
        retry: Some(RetrySpec::full_jitter(4, MS, 4 * MS)),
        ..ClientSpec::default()
    };
    let clients = [
        short(Cancel::Nothing, true),
        short(Cancel::Queued, false),
        short(Cancel::Full, false),
    ];
    let disciplines = [
        Discipline::Fifo,
        Discipline::Lifo,
        Discipline::Edf,
        Discipline::Ps,
    ];
    let full = [OnFull::Reject, OnFull::Block, OnFull::DropOldest];
    for client in &clients {
        for (discipline, on_full) in disciplines.iter().flat_map(|d| full.map(|f| (*d, f))) {
            let workers = GroupSpec {
                discipline,
                on_full,
                ram: Some(2000),
                restart: just(3 * MS),
                ..group(2, 2, Some(3))
            };
            let work = drawn(Dist::exponential(2e6).unwrap());
            let mut spec = system(Arrivals::Poisson { rate: 2600.0 }, work, workers);
            spec.services[0].memory.base = just(100);
            spec.services[0].balancer.dispatch = Some(Dist::exponential(3e5).unwrap());
            spec.services[0].balancer.slots = Some(20);
            spec.services[0].balancer.breaker = Some(BreakerSpec::Consecutive {
                failures: 4,
                open_for: just(5 * MS),
                half_open_calls: 1,
                successes: 1,
                counts: Failures::of(&[FailureKind::Timeout, FailureKind::Reset]),
            });
            spec.sources[0].client = client.clone();
            let often = |name: &str, kind: FaultKind| FaultSpec {
                lasts: Some(Dist::exponential(4e6).unwrap()),
                ..fault(
                    name,
                    kind,
                    (1, 2),
                    FaultWhen::Every(Dist::exponential(6e7).unwrap()),
                )
            };
            spec.faults = vec![
                often("crash", FaultKind::Crash),
                often("pause", FaultKind::Pause),
                often("slow", FaultKind::Slow { factor: 0.3 }),
            ];
            let output = go(&spec, &run_spec(1, Horizon::For(2 * S)), &mut Blind);
            let class = &output.tally.classes[0];
            let lost: u64 = class.lost.iter().sum();
            assert_eq!(class.born, class.ok + lost, "{discipline:?} {on_full:?}");
            assert!(class.ok > 0 && class.lost[TimedOut.index()] > 0);
        }
    }
}
