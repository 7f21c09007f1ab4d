//! Balancers whose instances prefer workers of their own zone.

use veltrix::base::codes::Code;
use veltrix::model::outcome::Outcome;
use veltrix::model::spec::*;
use veltrix::model::tally::Tally;
use veltrix::model::trial::{Blind, Horizon};

use crate::systems::{
    MS, S, drawn, fault, go, group, just, replay, rows, run_spec, service, source, system, trace,
};
use crate::{every_ms, told};

/// Workers of two cores in zones a and b, and two instances, one in each; 500 requests a second
/// of 10 ms.
fn two(in_a: u32, in_b: u32) -> SystemSpec {
    let work = drawn(Dist::exponential((10 * MS) as f64).unwrap());
    let zone = |name: &str, count: u32| GroupSpec {
        name: Some(name.into()),
        zone: Some(name.into()),
        ..group(count, 2, None)
    };
    let arrivals = Arrivals::Poisson { rate: 500.0 };
    let mut spec = system(arrivals, work, zone("a", in_a));
    spec.services[0].groups.push(zone("b", in_b));
    let balancer = &mut spec.services[0].balancer;
    balancer.policy = PolicySpec::Random;
    balancer.instances = 2;
    balancer.zone_aware = Some(ZoneSpec {
        zones: vec!["a".into(), "b".into()],
        min_cluster_size: 6,
        routing_enabled: WHOLE,
        fail_on_panic: false,
    });
    spec
}

fn zones(spec: &mut SystemSpec) -> &mut ZoneSpec {
    spec.services[0].balancer.zone_aware.as_mut().unwrap()
}

fn run(spec: &SystemSpec) -> Tally {
    go(spec, &run_spec(1, Horizon::For(40 * S)), &mut Blind).tally
}

/// The share of attempts that ended at the first so many workers.
fn share_of(tally: &Tally, workers: usize) -> f64 {
    let ended = |w: usize| tally.workers[w].ended.iter().sum::<u64>() as f64;
    (0..workers).map(ended).sum::<f64>() / (0..tally.workers.len()).map(ended).sum::<f64>()
}

/// Requests go to instances in turn, so half of them begin in each zone.
#[test]
fn workers_get_as_much_as_the_others_wherever_they_stand() {
    let close = |spec: &SystemSpec, workers, wanted: f64| {
        let share = share_of(&run(spec), workers);
        assert!((share - wanted).abs() < 0.01, "{share} for {wanted}");
    };
    // As many in each zone: nobody leaves his own.
    close(&two(4, 4), 4, 0.5);
    // A third of the workers in a: two thirds of what begins there stay, and all of b's.
    close(&two(3, 6), 3, 1.0 / 3.0);
}

/// The first instance sends to its own zone only, whatever is free elsewhere.
#[test]
fn where_zones_are_equal_an_instance_stays_in_its_own() {
    let mut spec = two(4, 4);
    spec.services[0].balancer.policy = PolicySpec::RoundRobin { start: Some(1) };
    spec.faults = vec![fault(
        "f",
        FaultKind::Error {
            probability: 1.0,
            when: ErrorWhen::Start,
        },
        (1, 4),
        FaultWhen::Always,
    )];
    // Everything in zone a fails, and that is exactly what the first instance sends.
    let tally = run(&spec);
    let (ok, all) = (tally.classes[0].ok, tally.classes[0].born);
    assert!((2 * ok).abs_diff(all) <= 60, "{ok} of {all}");
    zones(&mut spec).routing_enabled = WHOLE / 2;
    let tally = run(&spec);
    let share = share_of(&tally, 4);
    assert!((share - 0.5).abs() < 0.02, "{share}");
}

/// Zone a goes down and its workers are found out: all that begins there goes to b. Where most
/// are down all are asked, or nobody, as told.
#[test]
fn a_zone_that_is_down_gets_nothing() {
    let lost = |down: u32, fails: bool| {
        let mut spec = two(4, 4);
        spec.services[0].balancer.health = Some(HealthSpec {
            every: S / 10,
            timeout: S / 20,
            fall: 1,
            rise: 1,
            action: HealthAction::Remove,
            path: CheckPath::Shallow,
        });
        zones(&mut spec).fail_on_panic = fails;
        zones(&mut spec).min_cluster_size = 2;
        spec.faults = vec![FaultSpec {
            lasts: Some(just(100 * S)),
            ..fault("f", FaultKind::Crash, (1, down), FaultWhen::At(0))
        }];
        let mut how = run_spec(1, Horizon::For(20 * S));
        how.timing.warm_up = 2 * S;
        let class = go(&spec, &how, &mut Blind).tally.classes[0].clone();
        let of = |outcome: Outcome| class.lost[outcome.index()];
        (of(Outcome::NoConnection), of(Outcome::NoWorker), class.born)
    };
    // Just half are well: not fewer, so no panic.
    assert_eq!(lost(4, false).0 + lost(4, true).1, 0);
    // Three of eight: all are asked, of whom five are down.
    let (down, nobody, born) = lost(5, false);
    assert!(nobody == 0 && (down as f64 / born as f64 - 0.625).abs() < 0.02);
    let (down, nobody, born) = lost(5, true);
    assert!(down == 0 && nobody == born, "{down} {nobody} {born}");
}

/// What has no effect, or names what is not there.
#[test]
fn mistakes_about_zones_are_named() {
    let zone_aware = "service.e.balancer.zone_aware";
    type Change = fn(&mut SystemSpec);
    let rows: &[(Change, Code, &str)] = &[
        (
            |s| zones(s).zones[1] = "c".into(),
            Code::UNKNOWN_NAME,
            "zones",
        ),
        (
            |s| s.services[0].groups[1].zone = None,
            Code::KEYS_DISAGREE,
            "service.e.workers.b.zone",
        ),
        (
            |s| s.services[0].balancer.instances = 1,
            Code::KEYS_DISAGREE,
            "zones",
        ),
        (
            |s| zones(s).zones = vec!["a".into(); 2],
            Code::KEYS_DISAGREE,
            "zones",
        ),
        (|s| zones(s).zones.clear(), Code::KEYS_DISAGREE, "zones"),
        (
            |s| zones(s).min_cluster_size = 9,
            Code::OUT_OF_RANGE,
            "min_cluster_size",
        ),
        (
            |s| zones(s).min_cluster_size = 0,
            Code::OUT_OF_RANGE,
            "min_cluster_size",
        ),
        (
            |s| zones(s).routing_enabled = 0,
            Code::OUT_OF_RANGE,
            "routing_enabled",
        ),
        (
            |s| zones(s).fail_on_panic = true,
            Code::KEYS_DISAGREE,
            "fail_traffic_on_panic",
        ),
        (
            |s| s.services[0].balancer.policy = PolicySpec::Rendezvous { bounded_load: None },
            Code::KEYS_DISAGREE,
            zone_aware,
        ),
        (
            |s| s.services[0].balancer.subset = Some(7),
            Code::UNSUPPORTED,
            zone_aware,
        ),
    ];
    assert!(two(4, 4).check().is_empty());
    for (row, (change, code, place)) in rows.iter().enumerate() {
        let mut spec = two(4, 4);
        change(&mut spec);
        let problems = spec.check();
        let wrong = problems.iter().find(|p| p.code == *code);
        let path = wrong.map(|p| p.path.as_str()).unwrap_or_default();
        let wanted = match place.starts_with("service") {
            true => (*place).to_owned(),
            false => format!("{zone_aware}.{place}"),
        };
        assert!(
            path.ends_with(&wanted) || path == wanted,
            "row {row}: {problems:?}"
        );
    }
}

/// Workers in turn, one in each zone, of two services that a source each calls.
fn in_turn() -> SystemSpec {
    let births = every_ms(6, MS / 2);
    let zone = |name: &str| GroupSpec {
        name: Some(name.into()),
        zone: Some(name.into()),
        ..group(1, 1, None)
    };
    let mut spec = replay(&births, zone("a"));
    spec.services[0].groups.push(zone("b"));
    let groups = vec![zone("b"), zone("a")];
    let other = service("f", WorkSpec::FromTrace, crate::systems::IN_TURN, zone("b"));
    spec.services.push(ServiceSpec { groups, ..other });
    spec.sources.push(SourceSpec {
        to: 1,
        ..source("t", trace(&births))
    });
    spec
}

/// From 1.2 ms to 3.2 ms those of zone b are down: the second worker of the one service, the first
/// of the other. What one has begun is lost.
#[test]
fn a_zone_goes_down_and_comes_back_as_a_whole() {
    let hit = |everywhere, kind: fn(bool) -> FaultKind| {
        let mut spec = in_turn();
        spec.faults = vec![FaultSpec {
            zone: Some("b".into()),
            lasts: Some(just(2 * MS)),
            ..fault("f", kind(everywhere), (1, 2), FaultWhen::At(MS + MS / 5))
        }];
        let all = rows(&spec).0;
        all.iter()
            .map(|row| row.outcome.unwrap())
            .collect::<Vec<_>>()
    };
    let (ok, lost, gone) = (Outcome::Ok, Outcome::WorkerDown, Outcome::NoConnection);
    let of_e = [ok, lost, ok, gone, ok, ok];
    let of_f = [ok, ok, gone, ok, ok, ok];
    let down = |everywhere| FaultKind::ZoneDown { everywhere };
    assert_eq!(hit(true, down), [of_e, of_f].concat());
    assert_eq!(hit(false, down), [of_e, [ok; 6]].concat());
    assert_eq!(hit(false, |_| FaultKind::Crash), [of_e, [ok; 6]].concat());
}

/// A zone that comes and goes is down at one worker as long and as often as at any other.
#[test]
fn a_zone_is_one_draw() {
    let mut spec = two(3, 3);
    spec.faults = vec![FaultSpec {
        zone: Some("b".into()),
        lasts: Some(Dist::exponential(S as f64).unwrap()),
        ..fault(
            "f",
            FaultKind::ZoneDown { everywhere: true },
            (1, 1),
            FaultWhen::Every(Dist::exponential(4.0 * S as f64).unwrap()),
        )
    }];
    let tally = run(&spec);
    let up: Vec<u128> = tally.workers.iter().map(|w| w.able_area).collect();
    let whole = u128::from(80 * S);
    assert_eq!(up[..3], [whole; 3]);
    assert!(
        up[3] < whole - u128::from(S) && up[3..] == [up[3]; 3],
        "{up:?}"
    );
}

/// Others take a quarter of every core: 3 ms of work take 4 ms, and with another half, 8 ms.
#[test]
fn what_others_steal_is_missing_from_every_core() {
    let mut spec = replay(&[(0, 3 * MS), (10 * MS, 3 * MS)], group(1, 1, None));
    let steal = |share, at| fault("f", FaultKind::Steal { share }, (1, 1), FaultWhen::At(at));
    spec.faults = vec![
        steal(0.25, 0),
        FaultSpec {
            name: "g".into(),
            ..steal(0.5, 10 * MS)
        },
    ];
    let (all, output) = rows(&spec);
    let expected = [
        (Some(0), 4_000, Outcome::Ok),
        (Some(10_000), 18_000, Outcome::Ok),
    ];
    assert_eq!(told(&all), expected);
    assert_eq!(output.tally.workers[0].busy_area, u128::from(12 * MS));
}

#[test]
fn nobody_steals_all_or_hits_a_zone_where_nobody_stands() {
    let problem = |kind, zone: Option<&str>| {
        let mut spec = two(3, 3);
        spec.faults = vec![FaultSpec {
            zone: zone.map(str::to_owned),
            ..fault("f", kind, (1, 6), FaultWhen::Always)
        }];
        let problems = spec.check();
        assert_eq!(problems.len(), 1, "{problems:?}");
        (problems[0].code, problems[0].path.clone())
    };
    let steal = FaultKind::Steal { share: 1.0 };
    let range = (Code::OUT_OF_RANGE, "fault.f.share".to_owned());
    assert_eq!(problem(steal, None), range);
    let nowhere = (Code::UNKNOWN_NAME, "fault.f.target".to_owned());
    assert_eq!(problem(FaultKind::Pause, Some("c")), nowhere);
    let down = FaultKind::ZoneDown { everywhere: true };
    assert_eq!(problem(down, Some("c")), nowhere);
}
