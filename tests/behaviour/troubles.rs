//! Surges, restarts, leaks, cold starts, and every fault at once.

use veltrix::model::outcome::Outcome::{self, *};
use veltrix::model::spec::*;
use veltrix::model::trial::{AttemptRow, Horizon};

use crate::systems::{MS, S, drawn, fault, go, group, just, replay, rows, run_spec, system, trace};
use crate::{every_ms, told};

fn errors(probability: f64, when: ErrorWhen) -> FaultKind {
    FaultKind::Error { probability, when }
}

fn surge(at: u64, lasts: u64, factor: f64) -> FaultSpec {
    let kind = FaultKind::Surge { source: 0, factor };
    FaultSpec {
        lasts: Some(just(lasts)),
        ..fault("surge", kind, (1, 1), FaultWhen::At(at))
    }
}

/// Births of a source in the first 40 ms.
fn births(arrivals: Arrivals, surges: Vec<FaultSpec>) -> Vec<u64> {
    let mut spec = system(arrivals, drawn(just(1)), group(1, 1, None));
    spec.faults = surges;
    let mut all = Vec::new();
    go(&spec, &run_spec(1, Horizon::For(40 * MS)), &mut all);
    let mut births: Vec<u64> = all.iter().map(|row: &AttemptRow| row.born).collect();
    births.sort_unstable();
    births.retain(|&at| at < 40 * MS);
    births
}

/// A birth every millisecond, between 10 ms and 20 ms three as many, which ends on the beat.
#[test]
fn a_surge_is_a_change_of_time() {
    let even = Arrivals::Constant { rate: 1000.0 };
    let plain = births(even.clone(), Vec::new());
    let more = births(even.clone(), vec![surge(10 * MS, 10 * MS, 3.0)]);
    assert_eq!((plain.len(), more.len()), (39, 59));
    assert_eq!(more[..10], plain[..10]);
    assert_eq!(more[10..13], [10_333_333, 10_666_667, 11_000_000]);
    assert_eq!(more[39..42], [20 * MS, 21 * MS, 22 * MS]);
    let twice = vec![
        surge(10 * MS, 10 * MS, 3.0),
        FaultSpec {
            name: "second".into(),
            ..surge(15 * MS, 10 * MS, 0.5)
        },
    ];
    // Up to 10 ms 10, to 15 ms 15, to 20 ms 7.5, to 25 ms 2.5, and then 15, the last at 40 ms.
    assert_eq!(births(even, twice).len(), 49);
}

/// Births before a surge do not know of it, and it changes how many come by its factor.
#[test]
fn poisson_births_and_those_of_a_chain_surge_too() {
    let chain = Arrivals::Mmpp {
        rates: vec![30_000.0, 90_000.0],
        dwell: vec![2e6, 2e6],
        switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
    };
    for arrivals in [Arrivals::Poisson { rate: 60_000.0 }, chain] {
        let plain = births(arrivals.clone(), Vec::new());
        let more = births(arrivals, vec![surge(10 * MS, 20 * MS, 10.0)]);
        let within = |all: &[u64], from: u64, to: u64| -> Vec<u64> {
            let inside = all.iter().filter(|&&at| (from * MS..to * MS).contains(&at));
            inside.copied().collect()
        };
        assert_eq!(within(&plain, 0, 10), within(&more, 0, 10));
        let (before, during) = (within(&plain, 10, 30).len(), within(&more, 10, 30).len());
        let times = during as f64 / before as f64;
        assert!((9.0..11.0).contains(&times), "{before} and {during}");
        let after = within(&more, 30, 40).len() as f64 / within(&plain, 30, 40).len() as f64;
        assert!((0.8..1.25).contains(&after), "{after}");
    }
}

#[test]
fn traces_do_not_surge_and_what_has_no_draw_is_not_shared() {
    let mut spec = replay(&every_ms(1, MS), group(1, 1, None));
    spec.faults = vec![surge(0, MS, 0.0)];
    let paths =
        |spec: &SystemSpec| -> Vec<String> { spec.check().into_iter().map(|p| p.path).collect() };
    let expected = ["fault.surge.factor", "fault.surge.target"];
    assert_eq!(paths(&spec), expected);
    spec.faults[0].kind = FaultKind::Surge {
        source: 7,
        factor: 2.0,
    };
    assert_eq!(paths(&spec), ["fault.surge.target"]);
    let restart = fault("r", FaultKind::Restart, (1, 1), FaultWhen::At(0));
    spec.faults = vec![FaultSpec {
        shared: true,
        ..restart
    }];
    assert_eq!(paths(&spec), ["fault.r.shared"]);
}

/// By hand at 2 ms, back at 5 ms.
#[test]
fn a_worker_restarted_by_hand_loses_what_is_aboard_and_is_no_longer_wedged() {
    let births = [
        (0, 9 * MS),
        (0, MS),
        (0, MS),
        (3, MS),
        (6 * MS, MS),
        (7 * MS, MS),
    ];
    let one = GroupSpec {
        on_full: OnFull::Wedge,
        restart: just(3 * MS),
        ..group(1, 1, Some(1))
    };
    let mut spec = replay(&births, one);
    spec.faults = vec![fault(
        "r",
        FaultKind::Restart,
        (1, 1),
        FaultWhen::At(2 * MS),
    )];
    let ends: Vec<_> = rows(&spec)
        .0
        .iter()
        .map(|r| (r.end.unwrap(), r.outcome.unwrap()))
        .collect();
    let expected = [
        (2 * MS, WorkerDown),
        (2 * MS, WorkerDown),
        (0, BufferFull),
        (3, BufferFull),
        (7 * MS, Ok),
        (8 * MS, Ok),
    ];
    assert_eq!(ends, expected);
}

/// Two workers that meet the same requests: their pauses are the same only when shared.
#[test]
fn a_shared_fault_befalls_all_its_targets_at_once() {
    let pairs: Vec<_> = (0..200).map(|i| (i / 2 * MS, MS / 2)).collect();
    let mut spec = replay(&pairs, group(2, 1, None));
    let often = FaultWhen::Every(Dist::exponential(5e6).unwrap());
    spec.faults = vec![FaultSpec {
        lasts: Some(Dist::exponential(1e6).unwrap()),
        shared: true,
        ..fault("f", FaultKind::Pause, (1, 2), often)
    }];
    let alike = |spec: &SystemSpec| {
        let all = rows(spec).0;
        let pairs = all.chunks(2);
        pairs.filter(|pair| pair[0].end == pair[1].end).count()
    };
    assert_eq!(alike(&spec), 100);
    spec.faults[0].shared = false;
    assert!(alike(&spec) < 90);
}

/// A request of 30 bytes every millisecond to a worker of 100.
fn holding(count: u64, work: u64) -> SystemSpec {
    let small = GroupSpec {
        ram: Some(100),
        restart: just(2 * MS),
        ..group(1, 8, None)
    };
    let mut spec = replay(&every_ms(count, work), small);
    spec.services[0].memory.base = just(30);
    spec
}

/// Ten bytes a millisecond: the ninth finds no room, the restart (from 10 ms to 12 ms) finds all.
#[test]
fn a_leak_fills_the_ram_until_a_restart() {
    let mut spec = holding(22, MS / 2);
    let leak = FaultKind::Leak { rate: 10_000.0 };
    spec.faults = vec![
        fault("leak", leak, (1, 1), FaultWhen::Always),
        fault("r", FaultKind::Restart, (1, 1), FaultWhen::At(10 * MS)),
    ];
    let outcomes = |spec: &SystemSpec| -> Vec<Outcome> {
        rows(spec).0.iter().map(|r| r.outcome.unwrap()).collect()
    };
    let all = outcomes(&spec);
    let mut expected = vec![Ok; 8];
    expected.extend([RamFull, RamFull, NoConnection, NoConnection]);
    expected.extend([Ok; 8]);
    expected.extend([RamFull, RamFull]);
    assert_eq!(all, expected);
    // What has leaked by 4 ms stays away.
    spec.faults = vec![FaultSpec {
        lasts: Some(just(4 * MS)),
        ..fault(
            "leak",
            FaultKind::Leak { rate: 20_000.0 },
            (1, 1),
            FaultWhen::Always,
        )
    }];
    let all = outcomes(&spec);
    assert_eq!(all[..4], [Ok; 4]);
    assert!(all[4..].iter().all(|o| *o == RamFull));
}

/// From 2 ms to 4 ms half the RAM is left: the two aboard stay, nobody else comes in.
#[test]
fn a_cap_kills_nobody_and_lets_fewer_in() {
    let mut spec = holding(6, 2 * MS + MS / 2);
    let cap = FaultKind::RamCap { share: 0.5 };
    spec.faults = vec![FaultSpec {
        lasts: Some(just(2 * MS)),
        ..fault("cap", cap, (1, 1), FaultWhen::At(2 * MS))
    }];
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 2_500, Ok),
        (Some(1_000), 3_500, Ok),
        (None, 2_000, RamFull),
        (None, 3_000, RamFull),
        (Some(4_000), 6_500, Ok),
        (Some(5_000), 7_500, Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.workers[0].ram_max, 60);
}

#[test]
fn ram_without_bounds_neither_leaks_nor_is_capped() {
    let mut spec = holding(1, MS);
    spec.services[0].groups[0].ram = None;
    let wrong = FaultKind::Leak { rate: 0.0 };
    spec.faults = vec![fault("f", wrong, (1, 1), FaultWhen::Always)];
    let paths: Vec<_> = spec.check().into_iter().map(|p| p.path).collect();
    assert_eq!(paths, ["fault.f.rate", "fault.f.target"]);
}

/// Back at 2 ms at half its speed, full at 18 ms: on average three quarters of it in between.
#[test]
fn a_worker_that_came_back_is_slow_at_first() {
    let births = [(2 * MS, 12 * MS), (18 * MS, MS)];
    let one = GroupSpec {
        restart: just(2 * MS),
        cold_start: Some(ColdStartSpec {
            lasts: 16 * MS,
            factor: 0.5,
        }),
        ..group(1, 1, None)
    };
    let mut spec = replay(&births, one);
    let warm = [(Some(2_000), 14_000, Ok), (Some(18_000), 19_000, Ok)];
    assert_eq!(told(&rows(&spec).0), warm);
    spec.faults = vec![fault("r", FaultKind::Restart, (1, 1), FaultWhen::At(0))];
    let cold = [(Some(2_000), 18_000, Ok), (Some(18_000), 19_000, Ok)];
    assert_eq!(told(&rows(&spec).0), cold);
    // Another crash begins it anew: 4 ms of the first are over when it comes.
    let crash = fault("c", FaultKind::Crash, (1, 1), FaultWhen::At(6 * MS));
    spec.faults.push(FaultSpec {
        lasts: Some(just(MS)),
        ..crash
    });
    spec.sources[0].arrivals = trace(&[(2 * MS, 12 * MS), (7 * MS, 12 * MS)]);
    let anew = [(Some(2_000), 6_000, WorkerDown), (Some(7_000), 23_000, Ok)];
    assert_eq!(told(&rows(&spec).0), anew);
    spec.services[0].groups[0].cold_start = Some(ColdStartSpec {
        lasts: 0,
        factor: 1.5,
    });
    let paths: Vec<_> = spec.check().into_iter().map(|p| p.path).collect();
    let below = |key: &str| format!("service.e.workers.cold_start.{key}");
    assert_eq!(paths, [below("for"), below("factor")]);
}

/// Every kind at once, again and again: the books balance, and two runs are the same.
#[test]
fn all_faults_together_leave_the_books_in_order() {
    let one = GroupSpec {
        ram: Some(1000),
        restart: just(20 * MS),
        on_full: OnFull::Wedge,
        cold_start: Some(ColdStartSpec {
            lasts: 30 * MS,
            factor: 0.2,
        }),
        ..group(3, 4, Some(6))
    };
    let work = drawn(Dist::exponential(2e6).unwrap());
    let mut spec = system(Arrivals::Poisson { rate: 4000.0 }, work, one);
    spec.services[0].memory.base = just(60);
    spec.sources[0].client.timeout = Some(just(8 * MS));
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(3, MS, 4 * MS));
    let often = |name: &str, kind: FaultKind, every: f64| FaultSpec {
        lasts: Some(Dist::exponential(5e6).unwrap()),
        ..fault(
            name,
            kind,
            (1, 3),
            FaultWhen::Every(Dist::exponential(every).unwrap()),
        )
    };
    let mut cores = often("cores", FaultKind::Crash, 30e6);
    cores.unit = FaultUnit::Core;
    let mut anew = often("anew", FaultKind::Pause, 40e6);
    (anew.unit, anew.in_service) = (FaultUnit::Core, Some(InService::Restart));
    let mut kept = often("kept", FaultKind::Crash, 90e6);
    kept.in_service = Some(InService::Resume);
    let mut lost = often("lost", FaultKind::Pause, 90e6);
    (lost.in_service, lost.shared) = (Some(InService::Lost), true);
    let mut by_hand = often("hand", FaultKind::Restart, 200e6);
    by_hand.lasts = None;
    let surge = FaultKind::Surge {
        source: 0,
        factor: 2.0,
    };
    spec.faults = vec![
        cores,
        anew,
        kept,
        lost,
        by_hand,
        often("surge", surge, 50e6),
        often("crash", FaultKind::Crash, 150e6),
        often("slow", FaultKind::Slow { factor: 0.3 }, 50e6),
        often("leak", FaultKind::Leak { rate: 5e4 }, 50e6),
        often("cap", FaultKind::RamCap { share: 0.5 }, 50e6),
        often("early", errors(0.2, ErrorWhen::Start), 50e6),
        often("late", errors(0.2, ErrorWhen::End), 50e6),
    ];
    let mut all: Vec<AttemptRow> = Vec::new();
    let how = run_spec(3, Horizon::For(3 * S));
    let output = go(&spec, &how, &mut all);
    for outcome in [
        Ok,
        RamFull,
        BufferFull,
        TimedOut,
        Error,
        WorkerDown,
        NoConnection,
    ] {
        assert!(
            all.iter().any(|r| r.outcome == Some(outcome)),
            "{outcome:?}"
        );
    }
    let class = &output.tally.classes[0];
    let lost: u64 = class.lost.iter().sum();
    assert_eq!(class.born, class.ok + lost + class.unfinished);
    let again = go(&spec, &how, &mut Vec::<AttemptRow>::new());
    assert_eq!(output.fingerprint, again.fingerprint);
}
