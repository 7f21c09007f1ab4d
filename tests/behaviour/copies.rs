//! Several copies of a request: fan-out and hedging.

use veltrix::model::outcome::Outcome::*;
use veltrix::model::spec::*;
use veltrix::model::trial::{Blind, Horizon};

use crate::systems::{MS, S, drawn, go, group, just, replay, rows, run_spec, system};
use crate::told;

fn fan(copies: u32, need: u32, rest: Cancel) -> Option<FanOutSpec> {
    Some(FanOutSpec {
        copies: Some(copies),
        need: Some(need),
        rest,
    })
}

/// Recorded work is that of every copy. Three copies go to three workers; with one slow, two of
/// three are in time, and the third is taken back or runs on as waste.
#[test]
fn the_copies_beyond_those_needed_run_on_or_are_taken_back() {
    for rest in [Cancel::Nothing, Cancel::Full] {
        let mut spec = replay(&[(0, 4 * MS)], group(2, 1, None));
        spec.services[0].groups.push(GroupSpec {
            name: Some("slow".into()),
            speed: 0.5,
            ..group(1, 1, None)
        });
        spec.services[0].groups[0].name = Some("fast".into());
        spec.sources[0].fan_out = fan(3, 2, rest);
        let (rows, output) = rows(&spec);
        let last = match rest {
            Cancel::Full => (Some(0), 4_000, Cancelled),
            _ => (Some(0), 8_000, Ok),
        };
        let expected = [(Some(0), 4_000, Ok), (Some(0), 4_000, Ok), last];
        assert_eq!(told(&rows), expected);
        let workers: Vec<_> = rows.iter().map(|row| row.worker).collect();
        assert_eq!(workers, [Some(1), Some(2), Some(3)]);
        let class = &output.tally.classes[0];
        assert_eq!((class.born, class.ok, class.answered), (1, 1, 1));
        assert_eq!(class.attempts, 3);
        let wasted = if rest == Cancel::Full { 4 } else { 8 };
        assert_eq!(class.wasted_ns, u128::from(wasted * MS));
        assert_eq!(output.tally.delays[0].latency.sum(), u128::from(4 * MS));
        assert_eq!(output.tally.delays[0].latency.count(), 1);
    }
}

/// One copy too few left: the request fails at once, and all of it is tried again.
#[test]
fn a_request_fails_when_too_few_copies_are_left() {
    let births = [(0, 3 * MS), (MS, 5 * MS)];
    let mut spec = replay(&births, group(2, 1, Some(0)));
    let other = SourceSpec {
        name: "other".into(),
        arrivals: crate::systems::trace(&births[1..]),
        ..spec.sources[0].clone()
    };
    spec.sources[0].arrivals = crate::systems::trace(&births[..1]);
    spec.sources.push(SourceSpec {
        fan_out: fan(2, 2, Cancel::Full),
        client: ClientSpec {
            retry: Some(RetrySpec::full_jitter(2, 0, 0)),
            ..ClientSpec::default()
        },
        ..other
    });
    let (rows, output) = rows(&spec);
    let told = told(&rows);
    // Worker 2 takes the first copy, worker 1 is busy: twice in the same millisecond.
    let expected = [
        (Some(0), 3_000, Ok),
        (Some(1_000), 1_000, Cancelled),
        (None, 1_000, BufferFull),
    ];
    assert_eq!(told[..3], expected);
    assert_eq!(told.len(), 5);
    let class = &output.tally.classes[1];
    assert_eq!((class.attempts, class.ok), (4, 0));
    assert_eq!(class.lost[BufferFull.index()], 1);
    assert_eq!(class.ended[Cancelled.index()], 2);
}

fn hedge(kind: HedgeKind, after: u64, max: u32) -> Option<HedgeSpec> {
    Some(HedgeSpec {
        kind,
        after,
        max,
        cancel: Cancel::Full,
    })
}

/// The first worker is a hundred times slower: a hedge after 2 ms wins at 5 ms.
#[test]
fn the_first_answer_wins_and_the_loser_is_taken_back() {
    let mut spec = replay(&[(0, 3 * MS), (MS, MS)], group(1, 1, None));
    spec.services[0].groups[0].name = Some("slow".into());
    spec.services[0].groups[0].speed = 0.01;
    spec.services[0].groups.push(GroupSpec {
        name: Some("fast".into()),
        ..group(1, 1, None)
    });
    spec.sources[0].client.hedge = hedge(HedgeKind::Grpc, 2 * MS, 1);
    let (rows, output) = rows(&spec);
    let expected = [
        (Some(0), 5_000, Cancelled),
        (Some(2_000), 5_000, Ok),
        (Some(1_000), 2_000, Ok),
    ];
    assert_eq!(told(&rows), expected);
    let class = &output.tally.classes[0];
    assert_eq!((class.hedged, class.attempts, class.ok), (1, 3, 2));
    assert_eq!(output.tally.delays[0].latency.sum(), u128::from(6 * MS));
}

/// A copy that fails sends the next at once, but not by the rules of Envoy.
#[test]
fn a_failure_hurries_the_next_copy() {
    for (kind, ok) in [(HedgeKind::Polly, 1), (HedgeKind::Envoy, 0)] {
        let mut spec = replay(&[(0, MS)], group(2, 1, None));
        let down = FaultKind::Crash;
        spec.faults = vec![crate::systems::fault(
            "down",
            down,
            (1, 1),
            FaultWhen::At(0),
        )];
        spec.sources[0].client.hedge = hedge(kind, 20 * MS, 1);
        let (rows, output) = rows(&spec);
        assert_eq!(told(&rows)[0], (None, 0, NoConnection));
        assert_eq!(output.tally.classes[0].ok, ok);
        if ok == 1 {
            assert_eq!(told(&rows)[1], (Some(0), 1_000, Ok));
        }
    }
}

/// Two-point work without queueing: 5 % of requests hedge at 20 ms, and of these 95 % are done
/// 10 ms later.
#[test]
fn hedging_cuts_a_tail_of_two_points() {
    let work = Dist::empirical(&[10e6, 200e6], Some(&[0.95, 0.05])).unwrap();
    let mut spec = system(
        Arrivals::Poisson { rate: 1.0 },
        drawn(work),
        group(2, 1000, None),
    );
    spec.sources[0].client.hedge = hedge(HedgeKind::Grpc, 20 * MS, 1);
    let tally = go(&spec, &run_spec(3, Horizon::For(100_000 * S)), &mut Blind).tally;
    let class = &tally.classes[0];
    let n = class.born as f64;
    let near = |got: f64, known: f64, sd: f64| {
        let off = (got - known).abs() / (sd / n.sqrt());
        assert!(off < 5.0, "{got}, not {known}: {off} standard errors");
    };
    near(class.hedged as f64 / n, 0.05, 0.2312);
    near(
        tally.delays[0].latency.sum() as f64 / 1e9 / n,
        0.011425,
        0.01164,
    );
    near(class.core_ns as f64 / 1e9 / n, 0.01235, 0.02217);
}

/// All of a hundred answers: the mean of the highest of so many exponentials.
#[test]
fn a_fan_out_waits_for_the_slowest() {
    let mut spec = system(
        Arrivals::Poisson { rate: 1.0 },
        drawn(Dist::exponential(10e6).unwrap()),
        group(100, 50, None),
    );
    spec.sources[0].fan_out = Some(FanOutSpec {
        copies: None,
        need: None,
        rest: Cancel::Nothing,
    });
    let tally = go(&spec, &run_spec(3, Horizon::For(5_000 * S)), &mut Blind).tally;
    let n = tally.classes[0].ok as f64;
    let mean = tally.delays[0].latency.sum() as f64 / 1e9 / n;
    assert!(
        (mean - 0.0518738).abs() < 5.0 * 0.01433 / n.sqrt(),
        "{mean}"
    );
    assert!(
        tally
            .workers
            .iter()
            .all(|w| w.ended[Ok.index()] == n as u64)
    );
}

/// Copies, limits, retries, timeouts, crashes and a balancer that takes time, all at once: the
/// books must balance.
#[test]
fn the_books_balance_with_everything_at_once() {
    for how in [Cancel::Nothing, Cancel::Queued, Cancel::Full] {
        let mut spec = system(
            Arrivals::Closed {
                users: 40,
                think: Dist::exponential(5e6).unwrap(),
            },
            drawn(Dist::exponential(4e6).unwrap()),
            group(4, 2, Some(3)),
        );
        spec.services[0].balancer.dispatch = Some(Dist::exponential(2e5).unwrap());
        spec.services[0].balancer.slots = Some(20);
        spec.services[0].memory.base = just(10);
        spec.services[0].groups[0].ram = Some(45);
        let crash = crate::systems::fault(
            "c",
            FaultKind::Crash,
            (1, 4),
            FaultWhen::Every(Dist::exponential(2e8).unwrap()),
        );
        spec.faults = vec![FaultSpec {
            lasts: Some(just(50 * MS)),
            ..crash
        }];
        let client = &mut spec.sources[0].client;
        client.timeout = Some(Dist::exponential(15e6).unwrap());
        client.retry = Some(RetrySpec::full_jitter(3, MS, 4 * MS));
        client.limit = Some(LimitSpec {
            rate: Some(RateSpec {
                rate: 9_000.0,
                burst: 10,
                fill: Fill::Even,
            }),
            in_flight: Some(PlacesSpec {
                places: 30,
                pending: 10,
                wait: Some(3 * MS),
            }),
        });
        client.hedge = Some(HedgeSpec {
            kind: HedgeKind::Polly,
            after: 2 * MS,
            max: 2,
            cancel: how,
        });
        let mut spread = spec.sources[0].clone();
        spread.name = "spread".into();
        spread.client.hedge = None;
        spread.fan_out = fan(
            3,
            2,
            if how == Cancel::Full {
                how
            } else {
                Cancel::Nothing
            },
        );
        spec.sources.push(spread);
        let output = go(&spec, &run_spec(5, Horizon::For(20 * S)), &mut Blind);
        let classes = &output.tally.classes;
        for outcome in [
            Limited,
            BufferFull,
            RamFull,
            TimedOut,
            WorkerDown,
            NoConnection,
        ] {
            let ended = |c: &veltrix::model::tally::ClassTally| c.ended[outcome.index()];
            assert!(classes.iter().map(ended).sum::<u64>() > 0, "no {outcome:?}");
        }
        assert!(classes[0].hedged > 0 && classes[1].hedged == 0);
    }
}

/// What is expected of a trial, for its limits and estimates, counts every copy.
#[test]
fn estimates_count_copies() {
    let rate = |spec: &SystemSpec| spec.expected_attempts(&spec.sources[0], 10.0 * S as f64);
    let arrivals = Arrivals::Poisson { rate: 5.0 };
    let mut spec = system(arrivals, drawn(just(MS)), group(4, 1, None));
    assert_eq!(rate(&spec), 50.0);
    spec.sources[0].fan_out = fan(3, 3, Cancel::Nothing);
    assert_eq!(rate(&spec), 150.0);
    spec.sources[0].fan_out = Some(FanOutSpec {
        copies: None,
        need: None,
        rest: Cancel::Nothing,
    });
    assert_eq!(rate(&spec), 200.0);
}
