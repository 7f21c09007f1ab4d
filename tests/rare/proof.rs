//! Against exact answers and against long plain runs; over many seeds, so that a bias would show.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::page::{Row, long, write};
use super::*;

/// The case of `tests/truth`: its system and the known loss.
fn truth_case() -> (SystemSpec, f64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth/rare-overflow.json");
    let all: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let cases = all["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 1, "every rare case is to be proven here");
    let case = &cases[0];
    let model = &case["model"];
    let number = |value: &Value| value.as_f64().unwrap();
    let mean = number(&model["service"]["mean"]) * S as f64;
    let count = |key: &str| model[key].as_u64().unwrap() as u32;
    assert_eq!(model["arrivals"]["process"], "poisson");
    assert_eq!(model["service"]["distribution"], "exponential");
    assert_eq!(count("nodes"), 1);
    let spec = one_worker(
        number(&model["arrivals"]["rate"]),
        Dist::exponential(mean).unwrap(),
        count("cores_per_node"),
        count("waiting_slots_per_node"),
    );
    (spec, number(&case["metrics"][0]["value"]))
}

fn exponential(mean_s: f64) -> Dist {
    Dist::exponential(mean_s * S as f64).unwrap()
}

/// The estimates of many seeds, side by side.
fn over_seeds(spec: &SystemSpec, name: &str, seeds: u64, requests: u64) -> Vec<RareEstimate> {
    let next = AtomicU64::new(1);
    let found = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    let one = splitting(spec, name, &setting(seed, 1e-9, requests));
                    found.lock().unwrap().push((seed, one));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|f| f.0);
    found.into_iter().map(|f| f.1).collect()
}

/// The truth lies in the interval, and the estimate is near it, at the requests that it may have.
#[test]
fn the_rare_overflow_cases_come_out() {
    let (spec, truth) = truth_case();
    assert!((truth / mmck(2.4, 1.0, 4, 40) - 1.0).abs() < 1e-9);
    let (precision, most, near) = match long() {
        true => (0.05, 100_000_000, 0.2),
        false => (0.4, 2_000_000, 0.8),
    };
    let e = splitting(&spec, "loss", &setting(1, precision, most));
    println!("{truth:e} {e:?}");
    assert!(e.requests <= most, "{} requests", e.requests);
    assert!(
        (e.mean / truth - 1.0).abs() < near,
        "{} for {truth}",
        e.mean
    );
    assert!(e.low.unwrap() < truth && truth < e.high.unwrap(), "{e:?}");
    assert!(e.levels > 5);
}

/// The mean over seeds is within three standard errors: no bias from the start, the levels or the
/// few states that trials start from.
#[test]
fn the_mean_over_seeds_is_the_truth() {
    let (rare, truth) = truth_case();
    // Few seeds with few requests show nothing at 1e-10.
    let (rare, truth) = match long() {
        true => (rare, truth),
        false => (
            one_worker(2.4, exponential(1.0), 4, 14),
            mmck(2.4, 1.0, 4, 14),
        ),
    };
    let often = one_worker(3.2, exponential(1.0), 4, 24);
    let cases = [
        ("rare-overflow-c4-k40", rare, truth, 200),
        (
            "M/M/4, 24 places, load 0.8",
            often,
            mmck(3.2, 1.0, 4, 24),
            100,
        ),
    ];
    let mut rows = Vec::new();
    for (name, spec, truth, seeds) in cases {
        let (seeds, requests) = if long() {
            (seeds, 1_000_000)
        } else {
            (12, 250_000)
        };
        let all = over_seeds(&spec, "loss", seeds, requests);
        rows.push(Row::new(name, (truth, 0.0), &all));
    }
    check("exact", rows);
}

/// A system without a known answer: what counts for it, in the long version.
struct Plain {
    name: &'static str,
    spec: SystemSpec,
    rate: f64,
    seeds: u64,
    /// Requests of one of 64 plain trials.
    length: f64,
}

/// The same against plain runs long enough to count: lognormal work, several workers, bursts.
#[test]
fn long_plain_runs_say_the_same() {
    let slots = |quick, slow| if long() { slow } else { quick };
    let single = one_worker(100.0, lognormal(12.0, 1.5), 2, slots(14, 38));
    let arrivals = Arrivals::Mmpp {
        rates: vec![40.0, 150.0],
        dwell: vec![S as f64, 0.5 * S as f64],
        switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
    };
    let burst = system(
        arrivals,
        drawn(exponential(0.02)),
        group(1, 3, Some(slots(20, 50))),
    );
    let mut several = system(
        Arrivals::Poisson { rate: 300.0 },
        drawn(lognormal(10.0, 1.0)),
        group(4, 1, Some(slots(4, 8))),
    );
    several.services[0].balancer.policy = PolicySpec::P2c;
    let plain = |name, spec, rate, seeds, length| Plain {
        name,
        spec,
        rate,
        seeds,
        length,
    };
    let cases = [
        plain("lognormal work, cv 1.5, two cores", single, 100.0, 200, 3e6),
        plain("bursts (MMPP), exponential work", burst, 76.7, 50, 1e6),
        plain("four workers, p2c, lognormal work", several, 300.0, 50, 1e6),
    ];
    let mut rows = Vec::new();
    for case in cases {
        let (trials, length) = if long() {
            (64, case.length)
        } else {
            (8, 250_000.0)
        };
        let (seeds, requests) = if long() {
            (case.seeds, 1_000_000)
        } else {
            (12, 250_000)
        };
        let pairs = counted(&case.spec, trials, length, case.rate);
        let shares: Vec<f64> = pairs.iter().map(|&(l, b)| l as f64 / b as f64).collect();
        let all = over_seeds(&case.spec, "loss", seeds, requests);
        rows.push(Row::new(case.name, mean_of(&shares), &all));
    }
    check("plain", rows);
}

fn check(part: &str, rows: Vec<Row>) {
    for row in &rows {
        println!("{}", row.line());
    }
    if long() {
        write(part, &rows);
    }
    for row in &rows {
        let most = if long() { 3.0 } else { 4.0 };
        assert!(row.errors().abs() < most, "{}", row.line());
        // Of few seeds some intervals may miss.
        assert!(row.covered() >= 0.75, "{}", row.line());
    }
}

/// An estimate where nothing at all was seen is a bound, not 0.
#[test]
fn what_was_never_seen_is_below_something() {
    let work = Dist::constant(0.001 * S as f64).unwrap();
    let arrivals = Arrivals::Constant { rate: 10.0 };
    let spec = system(arrivals, drawn(work), group(1, 4, Some(40)));
    let e = splitting(&spec, "loss", &setting(1, 0.1, 300_000));
    assert_eq!((e.mean, e.low), (0.0, Some(0.0)));
    assert!(e.high.unwrap() > 0.0 && e.high.unwrap() < 1e-4, "{e:?}");
}
