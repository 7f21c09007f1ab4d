//! Coming back: a system whose metastable region is known by arithmetic.

use std::sync::atomic::AtomicBool;

use veltrix::base::units::SECOND;
use veltrix::engine::dist::Dist;
use veltrix::experiment::explain::{Explainer, NoMap};
use veltrix::experiment::incident::Case;
use veltrix::model::incident::{Rules, Struck};
use veltrix::model::spec::{Arrivals, FaultKind, FaultSpec, FaultWhen, SystemSpec};
use veltrix::model::trial::{Horizon, Spared};

use crate::told;

fn orders(name: &str) -> Case {
    told::case(&told::folder(name).join("orders-once.toml"))
}

/// The example of the page with other values.
fn changed(case: &Case, change: impl Fn(&mut SystemSpec)) -> Case {
    let mut system = SystemSpec::clone(&case.system);
    change(&mut system);
    case.with(system)
}

/// 800 requests a second, each tried four times while all are late, meet a core that serves 2,000
/// a second: what is down stays down from a load of 2000 / 4 = 500 a second on, and comes back
/// below.
#[test]
fn what_stays_down_is_what_retries_keep_down() {
    let (case, never) = (orders("arithmetic"), AtomicBool::new(false));
    let explainer = Explainer::new(&case, 0, &never);
    let seen = explainer.look().unwrap().unwrap();
    let recovery = explainer.recovery(&seen).unwrap().unwrap();
    assert_eq!(recovery.ended, [0]);
    assert!(!recovery.course.is_up(), "{recovery:?}");
    let map = explainer.map(&seen).unwrap().unwrap();
    assert_eq!(map.trigger, [0]);
    assert_eq!(map.lasted, 2_000_000_000);
    // 0.6 x 800 = 480 and 0.7 x 800 = 560.
    assert_eq!(map.stable_to(), Some(0.6), "{map:?}");
    assert_eq!(map.vulnerable_from().map(|v| v.0), Some(0.7), "{map:?}");
    assert_eq!(map.back_at(), Some(0.6), "{map:?}");
    // Nothing keeps it down that was never there: 1.2 x 800 is less than half of 2,000.
    assert_eq!(map.down_from(), None, "{map:?}");
    let calm = map.of_load(5)[0];
    assert!(calm.is_up() && calm.back == Some(0), "{calm:?}");
}

/// Without retries nothing keeps it down, and with four times the cores it is the same.
#[test]
fn what_nothing_keeps_down_comes_back() {
    let case = orders("back");
    let never = AtomicBool::new(false);
    let alone = changed(&case, |system| system.sources[0].client.retry = None);
    let wide = changed(&case, |system| system.services[0].groups[0].cores = 4);
    for case in [alone, wide] {
        let explainer = Explainer::new(&case, 0, &never);
        let seen = explainer.look().unwrap().unwrap();
        let recovery = explainer.recovery(&seen).unwrap().unwrap();
        let back = recovery.course.back.expect("it comes back");
        assert!(back < 10_000_000_000, "{recovery:?}");
    }
}

/// What is taken away at a moment does not change what was before.
#[test]
fn up_to_the_moment_it_is_the_same_run() {
    let case = orders("same");
    let never = AtomicBool::new(false);
    let explainer = Explainer::new(&case, 0, &never);
    let seen = explainer.look().unwrap().unwrap();
    let at = seen.sought.episode.at;
    let mut calm = case.clone();
    let rest = Spared::Rest { fault: 0, from: at };
    calm.run.spared.push(rest);
    let (before, after) = (
        case.again(None, &never).unwrap(),
        calm.again(None, &never).unwrap(),
    );
    let shared = (at * 64 / 60_000_000_000) as usize;
    assert!(shared > 8);
    assert_eq!(before.stations[..shared], after.stations[..shared]);
    assert_ne!(before.fingerprint, after.fingerprint);
    let strikes = &after.incidents.faults;
    assert_eq!(strikes.len(), 1);
    assert_eq!(strikes[0].to, Some(at), "what is on ends");
}

/// Whatever strikes and however it comes: from the moment on it is over, and sources send as usual.
#[test]
fn every_kind_of_fault_rests() {
    let case = orders("rests");
    let never = AtomicBool::new(false);
    let at = 20 * SECOND;
    let many = changed(&case, |system| {
        let seconds = |s: f64| Dist::exponential(s * 1e9).unwrap();
        let fault = |name: &str, kind, when, lasts: Option<Dist>| FaultSpec {
            name: name.into(),
            kind,
            when,
            lasts,
            ..system.faults[0].clone()
        };
        let surge = |factor| FaultKind::Surge { source: 0, factor };
        let (often, long) = (FaultWhen::Every(seconds(1.0)), Some(seconds(0.5)));
        let once = FaultWhen::At(15 * SECOND);
        let more = vec![
            fault("wave", surge(3.0), once.clone(), None),
            fault("waves", surge(2.0), often.clone(), long.clone()),
            fault("late", surge(2.0), FaultWhen::At(25 * SECOND), None),
            fault("slow", FaultKind::Slow { factor: 0.5 }, often, long),
            fault("crash", FaultKind::Crash, once, None),
            fault(
                "tired",
                FaultKind::Slow { factor: 0.9 },
                FaultWhen::Always,
                None,
            ),
        ];
        system.faults.extend(more);
        assert!(system.check().is_empty(), "{:?}", system.check());
    });
    let mut calm = many.clone();
    let faults = 0..many.system.faults.len() as u32;
    calm.run
        .spared
        .extend(faults.map(|fault| Spared::Rest { fault, from: at }));
    let (before, after) = (
        many.again(None, &never).unwrap(),
        calm.again(None, &never).unwrap(),
    );
    let strikes = &after.incidents.faults;
    let over = |f: &Struck| f.from < at && f.to.is_some_and(|to| to <= at);
    assert!(strikes.iter().all(over), "{strikes:?}");
    let earlier = before.incidents.faults.iter().filter(|f| f.from < at);
    assert_eq!(strikes.len(), earlier.count());
    assert!(strikes.iter().any(|f| f.fault == 6 && f.to == Some(at)));
    // Windows of a second, the first of which begins with the warm-up.
    let born = |from: usize, to: usize| -> f64 {
        let rows = &after.series.rows[from - 2..to - 2];
        rows.iter().map(|row| row[0]).sum::<f64>() / rows.len() as f64
    };
    assert!(born(16, 20) > 2000.0, "{}", born(16, 20));
    assert!((750.0..850.0).contains(&born(20, 60)), "{}", born(20, 60));
}

#[test]
fn loads_that_cannot_be_scaled_are_told() {
    let case = orders("unscaled");
    let never = AtomicBool::new(false);
    let renewal = changed(&case, |system| {
        let gap = Dist::exponential(1.25e6).unwrap();
        system.sources[0].arrivals = Arrivals::Renewal { gap };
    });
    let explainer = Explainer::new(&renewal, 0, &never);
    let seen = explainer.look().unwrap().unwrap();
    assert_eq!(explainer.map(&seen).unwrap(), Err(NoMap::Source(0)));
    let mut traced = case.clone();
    traced.run.timing.horizon = Horizon::Trace;
    traced.run.look_for.rules = Rules::standard();
    let explainer = Explainer::new(&case, 0, &never);
    let seen = explainer.look().unwrap().unwrap();
    let explainer = Explainer::new(&traced, 0, &never);
    assert_eq!(explainer.map(&seen).unwrap(), Err(NoMap::Trace));
    assert_eq!(explainer.recovery(&seen).unwrap(), None);
}
