//! Errors, and what else goes wrong with some attempts, cores or sources.

use veltrix::model::outcome::Outcome::{self, *};
use veltrix::model::spec::*;

use veltrix::model::trial::{AttemptRow, Horizon};

use crate::systems::{MS, S, drawn, fault, go, group, just, replay, rows, run_spec, system, trace};
use crate::{every_ms, told};

fn errors(probability: f64, when: ErrorWhen) -> FaultKind {
    FaultKind::Error { probability, when }
}

/// From 2 ms to just before 5 ms every attempt fails: with its work done, or at once.
#[test]
fn an_error_comes_at_the_end_of_the_work_or_without_any() {
    let mut spec = replay(&every_ms(4, 2 * MS), group(1, 1, None));
    let lasts = Some(just(3 * MS));
    let kind = errors(1.0, ErrorWhen::End);
    spec.faults = vec![FaultSpec {
        lasts: lasts.clone(),
        ..fault("f", kind, (1, 1), FaultWhen::At(2 * MS))
    }];
    let (late, output) = rows(&spec);
    let expected = [
        (Some(0), 2_000, Error),
        (Some(2_000), 4_000, Error),
        (Some(4_000), 6_000, Ok),
        (Some(6_000), 8_000, Ok),
    ];
    assert_eq!(told(&late), expected);
    let class = &output.tally.classes[0];
    assert_eq!(class.core_ns, u128::from(8 * MS));
    assert_eq!(class.lost[Error.index()], 2);
    assert_eq!(output.tally.workers[0].ended[Error.index()], 2);
    assert_eq!(output.tally.delays[0].response.count(), 2);

    spec.faults[0].kind = errors(1.0, ErrorWhen::Start);
    let (early, output) = rows(&spec);
    let expected = [
        (Some(0), 2_000, Ok),
        (Some(2_000), 4_000, Ok),
        (None, 2_000, Error),
        (None, 3_000, Error),
    ];
    assert_eq!(told(&early), expected);
    assert_eq!(output.tally.classes[0].core_ns, u128::from(4 * MS));
}

/// Requests that fail, of a thousand on so many workers.
fn failing(workers: u32, probability: f64) -> Vec<u64> {
    let mut spec = replay(&every_ms(1000, 5 * MS), group(workers, 1, None));
    let kind = errors(probability, ErrorWhen::End);
    spec.faults = vec![fault("f", kind, (1, workers), FaultWhen::Always)];
    let failed = |o: Option<Outcome>| o == Some(Error);
    let all = rows(&spec).0.into_iter();
    all.filter(|r| failed(r.outcome))
        .map(|r| r.request)
        .collect()
}

#[test]
fn who_fails_depends_neither_on_the_worker_nor_on_the_order() {
    let one = failing(1, 0.3);
    assert!((250..350).contains(&one.len()), "{}", one.len());
    assert_eq!(one, failing(7, 0.3));
    let more = failing(7, 0.4);
    assert!(one.iter().all(|r| more.contains(r)), "more of the same");
    assert!(failing(2, 0.0).is_empty());
}

/// Three errors in a row open the breaker; a retry draws anew.
#[test]
fn breakers_hear_errors_and_clients_try_again() {
    let mut spec = replay(&every_ms(6, MS / 2), group(1, 1, None));
    spec.faults = vec![fault(
        "f",
        errors(1.0, ErrorWhen::End),
        (1, 1),
        FaultWhen::Always,
    )];
    spec.services[0].balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 3,
        open_for: just(S),
        half_open_calls: 1,
        successes: 1,
    });
    let outcomes = |spec: &SystemSpec| -> Vec<Outcome> {
        rows(spec).0.iter().map(|r| r.outcome.unwrap()).collect()
    };
    let shut = BreakerOpen;
    assert_eq!(outcomes(&spec), [Error, Error, Error, shut, shut, shut]);

    spec.services[0].balancer.breaker = None;
    spec.faults[0].kind = errors(0.5, ErrorWhen::Start);
    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 64,
        base: MS,
        cap: MS,
    });
    let (all, output) = rows(&spec);
    assert_eq!(output.tally.classes[0].ok, 6);
    assert!(all.len() > 6, "{} attempts", all.len());
}

#[test]
fn a_probability_is_no_more_than_one() {
    let mut spec = replay(&every_ms(1, MS), group(1, 1, None));
    spec.faults = vec![fault(
        "f",
        errors(1.5, ErrorWhen::End),
        (1, 1),
        FaultWhen::Always,
    )];
    let problems = spec.check();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, "fault.f.probability");
}

/// A fault of worker 1 from 4 ms to 6 ms.
fn stop(kind: FaultKind, unit: FaultUnit, in_service: Option<InService>) -> FaultSpec {
    FaultSpec {
        lasts: Some(just(2 * MS)),
        unit,
        in_service,
        ..fault("f", kind, (1, 1), FaultWhen::At(4 * MS))
    }
}

/// Both cores are down from 4 ms to 6 ms: what was on them is put back, beyond the one slot.
#[test]
fn what_was_on_a_core_that_goes_down_waits_first_and_goes_on() {
    let births = [(0, 10 * MS), (0, 10 * MS), (MS, 2 * MS), (5 * MS, MS)];
    let mut spec = replay(&births, group(1, 2, Some(1)));
    spec.faults = vec![stop(FaultKind::Crash, FaultUnit::Core, None)];
    let (all, output) = rows(&spec);
    let expected = [
        (Some(6_000), 12_000, Ok),
        (Some(6_000), 12_000, Ok),
        (Some(12_000), 14_000, Ok),
        (None, 5_000, BufferFull),
    ];
    assert_eq!(told(&all), expected);
    let class = &output.tally.classes[0];
    assert_eq!(class.core_ns, u128::from(22 * MS));
    assert_eq!(output.tally.delays[0].wait.sum(), u128::from(15 * MS));
    let worker = &output.tally.workers[0];
    assert_eq!(worker.busy_area, u128::from(22 * MS));
    assert_eq!(worker.able_area, u128::from(24 * MS));
    assert_eq!(worker.queue_area, u128::from(15 * MS));

    spec.faults[0].in_service = Some(InService::Restart);
    let (all, output) = rows(&spec);
    assert_eq!(told(&all)[0], (Some(6_000), 16_000, Ok));
    assert_eq!(output.tally.classes[0].core_ns, u128::from(30 * MS));
    spec.faults[0].in_service = Some(InService::Lost);
    let expected = [
        (Some(0), 4_000, WorkerDown),
        (Some(0), 4_000, WorkerDown),
        (Some(6_000), 8_000, Ok),
        (None, 5_000, BufferFull),
    ];
    assert_eq!(told(&rows(&spec).0), expected);
}

/// Two faults at the same core: it is up when both are over. A slow worker does its work slowly
/// before and after.
#[test]
fn a_core_hit_twice_is_up_when_both_faults_are_over() {
    let mut spec = replay(&[(0, 4 * MS)], group(1, 1, None));
    let second = FaultSpec {
        name: "g".into(),
        when: FaultWhen::At(5 * MS),
        ..stop(FaultKind::Pause, FaultUnit::Core, None)
    };
    let slow = FaultKind::Slow { factor: 0.5 };
    spec.faults = vec![
        stop(FaultKind::Pause, FaultUnit::Core, None),
        second,
        fault("slow", slow, (1, 1), FaultWhen::Always),
    ];
    assert_eq!(told(&rows(&spec).0), [(Some(7_000), 11_000, Ok)]);
}

/// What is on the core (from 3 ms on), what waits, and what comes meanwhile.
#[test]
fn a_whole_worker_keeps_begins_anew_or_loses_what_is_in_service() {
    let births = [(3 * MS, 2 * MS), (3 * MS, MS), (5 * MS, MS)];
    let mut spec = replay(&births, group(1, 1, None));
    let mut ends = |kind, in_service| {
        spec.faults = vec![stop(kind, FaultUnit::Worker, Some(in_service))];
        let all = told(&rows(&spec).0);
        let ends: Vec<_> = all.iter().map(|row| (row.1 / 1000, row.2)).collect();
        ends
    };
    let pause = FaultKind::Pause;
    let resumed = ends(pause, InService::Resume);
    assert_eq!(resumed, [(7, Ok), (8, Ok), (9, Ok)]);
    let anew = ends(pause, InService::Restart);
    assert_eq!(anew, [(8, Ok), (9, Ok), (10, Ok)]);
    let lost = ends(pause, InService::Lost);
    assert_eq!(lost, [(4, WorkerDown), (7, Ok), (8, Ok)]);
    let crash = FaultKind::Crash;
    let resumed = ends(crash, InService::Resume);
    assert_eq!(resumed, [(7, Ok), (8, Ok), (5, NoConnection)]);
    let anew = ends(crash, InService::Restart);
    assert_eq!(anew, [(8, Ok), (9, Ok), (5, NoConnection)]);
    let lost = ends(crash, InService::Lost);
    let down = WorkerDown;
    assert_eq!(lost, [(4, down), (4, down), (5, NoConnection)]);
}

#[test]
fn only_pauses_and_crashes_know_cores() {
    let mut spec = replay(&every_ms(1, MS), group(1, 1, None));
    let slow = FaultKind::Slow { factor: 0.5 };
    spec.faults = vec![stop(slow, FaultUnit::Core, Some(InService::Lost))];
    let paths: Vec<_> = spec.check().into_iter().map(|p| p.path).collect();
    assert_eq!(paths, ["fault.f.unit", "fault.f.in_service"]);
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
