//! Copies of a run: whole, identical under one key, and with nothing left of the old one under
//! another.

use std::path::Path;

use super::*;
use veltrix::config::load_model;
use veltrix::engine::rng::Key;
use veltrix::model::branch::{Branch, Gauge, Hits, Stopped, Until};
use veltrix::model::incident::{Incidents, Kind, Rules};
use veltrix::model::metric::{Context, Part};

fn endless() -> RunSpec {
    RunSpec {
        seed: 5,
        replication: 3,
        timing: Timing {
            warm_up: 0,
            horizon: Horizon::For(1 << 60),
            drain: 0,
            window: S,
        },
        wanted: Default::default(),
        series: false,
        look_for: LookFor::default(),
        event_budget: u64::MAX,
        width: Width::Wide,
        spared: Vec::new(),
    }
}

fn at(time: u64) -> Until {
    Until {
        low: None,
        high: None,
        time,
    }
}

/// The model with every key, and others.
fn models() -> Vec<SystemSpec> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let names = [
        "every-key.toml",
        "veltrix-before.toml",
        "memory.toml",
        "rare.toml",
    ];
    let all = names.map(|name| load_model(&models.join(name), &[]).unwrap().system);
    all.into_iter().collect()
}

#[test]
fn copies_of_one_lineage_are_one_and_of_others_are_others() {
    let run = endless();
    for spec in models() {
        let gauge = Gauge::new(&spec);
        let mut before = Branch::new(&spec, &run);
        before.advance(&gauge, &at(S / 5)).unwrap();
        let on = |mut branch: Branch| {
            branch.advance(&gauge, &at(S / 2)).unwrap();
            branch.fingerprint()
        };
        let lineage = |n: u64| before.split(&Key::new(5, 3, n));
        assert_eq!(on(lineage(7)), on(lineage(7)));
        assert_ne!(on(lineage(7)), on(lineage(8)));
        // A copy that keeps its key is the run itself.
        let mut whole = Branch::new(&spec, &run);
        whole.advance(&gauge, &at(S / 5)).unwrap();
        assert_eq!(whole.fingerprint(), before.fingerprint());
        assert_eq!(on(whole), on(before.clone()));
        assert_ne!(on(lineage(7)), on(before.clone()));
    }
}

#[test]
fn nothing_keeps_the_old_key() {
    let run = endless();
    let key = |lineage: u64| Key::new(run.seed, u64::from(run.replication), lineage);
    for spec in models() {
        let gauge = Gauge::new(&spec);
        let mut branch = Branch::new(&spec, &run);
        for time in [0, S / 5] {
            branch.advance(&gauge, &at(time)).unwrap();
            let (old, new) = (format!("{:?}", key(0)), format!("{:?}", key(7)));
            assert!(format!("{branch:?}").contains(&old));
            let copy = format!("{:?}", branch.split(&key(7)));
            assert!(copy.contains(&new));
            assert!(!copy.contains(&old), "{}: the old key is left", spec.title);
        }
    }
}

#[test]
fn a_run_stops_where_it_is_as_full_as_asked() {
    let run = endless();
    let work = Dist::exponential(0.01 * S as f64).unwrap();
    let spec = one_worker(240.0, work, 4, 40);
    let gauge = Gauge::new(&spec);
    let places = |n: u64| n * Gauge::FULL / 44;
    let mut branch = Branch::new(&spec, &run);
    let mut until = at(u64::MAX);
    until.high = Some(places(9));
    assert_eq!(branch.advance(&gauge, &until), Ok(Stopped::High));
    assert_eq!(branch.fullness(&gauge), places(9));
    assert_eq!(branch.peak, places(9));
    let here = branch.events();
    assert_eq!(branch.advance(&gauge, &until), Ok(Stopped::High));
    assert_eq!(branch.events(), here, "it is there already");
    until.high = None;
    until.low = Some(places(2));
    assert_eq!(branch.advance(&gauge, &until), Ok(Stopped::Low));
    assert_eq!(branch.fullness(&gauge), places(2));
}

/// Detectors see a run that goes on in steps as they see it in one go, those that look at moments
/// of their own too.
#[test]
fn what_goes_wrong_is_found_in_steps_as_in_one() {
    let mut run = endless();
    run.timing.horizon = Horizon::For(30 * S);
    run.look_for.rules = Rules::standard();
    let work = Dist::exponential(0.02 * S as f64).unwrap();
    let spec = one_worker(240.0, work, 4, 40);
    let gauge = Gauge::new(&spec);
    let mut branch = Branch::new(&spec, &run);
    for second in 1..=30 {
        branch.advance(&gauge, &at(second * S)).unwrap();
    }
    let whole = veltrix::model::trial::run(&spec, &run, &mut Blind).unwrap();
    let of = |found: &Incidents| -> Vec<(Kind, u64)> {
        found.episodes.iter().map(|e| (e.kind, e.at)).collect()
    };
    let found = of(branch.found().unwrap());
    assert_eq!(found, of(&whole.incidents));
    let kinds: Vec<Kind> = found.iter().map(|f| f.0).collect();
    assert!(
        kinds.contains(&Kind::OverflowFirst) && kinds.contains(&Kind::OverflowRate),
        "{kinds:?}"
    );
}

/// What a trial counts on its way is what metrics say.
#[test]
fn hits_are_what_the_metric_counts() {
    let run = endless();
    let work = Dist::exponential(0.02 * S as f64).unwrap();
    let mut systems = models();
    systems.push(one_worker(100.0, work, 1, 2));
    let last = systems.len() - 1;
    for (n, spec) in systems.into_iter().enumerate() {
        let gauge = Gauge::new(&spec);
        let mut branch = Branch::new(&spec, &run);
        branch.advance(&gauge, &at(S)).unwrap();
        let service = &spec.services[0].name;
        let source = &spec.sources[0].name;
        let mut names: Vec<String> = ["loss", "refused", "loss_VX3102", "refused_VX3102"]
            .map(String::from)
            .to_vec();
        names.push(format!("refused@{service}"));
        names.push(format!("refused_VX3102@{service}[1]"));
        names.push(format!("loss@source:{source}"));
        names.push(format!("refused@source:{source}"));
        let wanted = Default::default();
        let context = Context::new(&spec, &wanted);
        let mut seen = 0;
        for name in names {
            let metric = metric(&name);
            let parts = context.parts(std::slice::from_ref(&metric), &branch.counts());
            let Part::Share { num, .. } = parts[0] else {
                panic!("{name} is no share");
            };
            let hits = Hits::of(&metric, &spec).unwrap();
            assert_eq!(branch.hits(&hits), num, "{name}");
            seen += num;
        }
        assert!(seen > 0 || n < last, "half of all is lost here");
    }
    let spec = &models()[0];
    for name in ["latency_p99", "delayed", "goodput", "latency_over_5ms"] {
        assert!(Hits::of(&metric(name), spec).is_none(), "{name}");
    }
}
