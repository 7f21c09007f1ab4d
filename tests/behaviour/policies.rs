//! Policies in a system: what hashing keeps together, what round trips teach, and what each gets
//! wrong where it is known to.

use std::sync::Arc;

use veltrix::model::spec::*;
use veltrix::model::tally::Tally;
use veltrix::model::trial::{Blind, Horizon};

use crate::systems::{
    MS, S, drawn, fault, go, group, just, replay, rows, run_spec, source, system,
};

const PEAK_EWMA: PolicySpec = PolicySpec::PeakEwma { decay: 10 * S };

fn exponential(mean: u64) -> WorkSpec {
    drawn(Dist::exponential(mean as f64).unwrap())
}

/// Attempts that ended at each worker, however they ended.
fn ended(tally: &Tally) -> Vec<u64> {
    let all = tally.workers.iter();
    all.map(|w| w.ended.iter().sum()).collect()
}

/// Recorded keys: equal ones go to one worker, whichever source they come from, and a policy that
/// does not hash sends them anywhere.
#[test]
fn equal_keys_go_to_the_same_worker() {
    let births: Vec<_> = (0..60).map(|i| (i * MS, MS / 2)).collect();
    let mut spec = replay(&births, group(5, 1, None));
    let mut other = spec.sources[0].clone();
    other.name = "other".into();
    spec.sources.push(other);
    for source in &mut spec.sources {
        let Arrivals::Trace(trace) = &mut source.arrivals else {
            panic!("a trace");
        };
        Arc::make_mut(trace).key = (0..60).map(|i| i % 7).collect();
    }
    for policy in [
        PolicySpec::RingHash {
            ring_size: 1024,
            bounded_load: None,
        },
        PolicySpec::Maglev {
            table_size: 251,
            bounded_load: None,
        },
        PolicySpec::Rendezvous { bounded_load: None },
    ] {
        spec.services[0].balancer.policy = policy;
        let (rows, _) = rows(&spec);
        assert_eq!(rows.len(), 120);
        let mut of_key = [None; 7];
        for row in &rows {
            let place = &mut of_key[row.request as usize % 7];
            assert_eq!(*place.get_or_insert(row.worker), row.worker, "{policy:?}");
        }
        let mut used: Vec<_> = of_key.iter().flatten().collect();
        used.sort_unstable();
        used.dedup();
        assert!(used.len() > 2, "{policy:?}: {used:?}");
    }
}

/// Without a key each request goes its own way; a retry goes where its request went.
#[test]
fn a_retry_hashes_as_its_request_does() {
    let births: Vec<_> = (0..200).map(|i| (i * MS, MS / 2)).collect();
    let mut spec = replay(&births, group(4, 1, None));
    spec.services[0].balancer.policy = PolicySpec::Rendezvous { bounded_load: None };
    spec.sources[0].client.retry = Some(RetrySpec {
        attempts: 3,
        backoff: BackoffSpec::Drawn(just(MS)),
        on: Failures::ALL,
        budget: None,
    });
    spec.faults = vec![fault(
        "f",
        FaultKind::Error {
            probability: 0.5,
            when: ErrorWhen::Start,
        },
        (1, 4),
        FaultWhen::Always,
    )];
    let (rows, _) = rows(&spec);
    assert!(rows.len() > 250);
    let mut counts = [0; 5];
    for pair in rows.windows(2) {
        if pair[0].request == pair[1].request {
            assert_eq!(pair[0].worker, pair[1].worker);
        } else {
            counts[pair[1].worker.unwrap() as usize] += 1;
        }
    }
    assert!(counts[1..].iter().all(|&c| c > 25), "{counts:?}");
}

/// A hot key alone asks for more than one worker can do; a bound spreads it, and nobody is far
/// above the average.
#[test]
fn a_bound_spreads_a_hot_key() {
    let waits = |bounded_load| {
        let arrivals = Arrivals::Poisson { rate: 300.0 };
        let mut spec = system(arrivals, exponential(10 * MS), group(5, 1, None));
        spec.sources[0].classes[0].key = Some(KeySpec {
            keys: 1000,
            exponent: 1.3,
        });
        spec.services[0].balancer.policy = PolicySpec::RingHash {
            ring_size: 1024,
            bounded_load,
        };
        let tally = go(&spec, &run_spec(1, Horizon::For(60 * S)), &mut Blind).tally;
        tally.delays[0].latency.mean().unwrap()
    };
    let (free, bound) = (waits(None), waits(Some(1.25)));
    assert!(free > 20.0 * bound, "{free} {bound}");
}

/// The sinkhole: a worker that fails at once looks fast, and gets nearly everything. A breaker
/// shuts it off.
#[test]
fn a_worker_that_fails_at_once_is_flooded_by_those_who_go_by_round_trips() {
    let share = |policy, breaker: Option<BreakerSpec>| {
        let arrivals = Arrivals::Poisson { rate: 200.0 };
        let mut spec = system(arrivals, exponential(10 * MS), group(5, 1, None));
        spec.services[0].balancer.policy = policy;
        spec.services[0].balancer.breaker = breaker;
        spec.faults = vec![fault(
            "f",
            FaultKind::Error {
                probability: 1.0,
                when: ErrorWhen::Start,
            },
            (1, 1),
            FaultWhen::Always,
        )];
        let tally = go(&spec, &run_spec(1, Horizon::For(60 * S)), &mut Blind).tally;
        let ended = ended(&tally);
        ended[0] as f64 / ended.iter().sum::<u64>() as f64
    };
    let breaker = BreakerSpec::Consecutive {
        failures: 5,
        open_for: just(5 * S),
        half_open_calls: 1,
        successes: 2,
        counts: Failures::ALL,
    };
    let (random, flooded) = (share(PolicySpec::Random, None), share(PEAK_EWMA, None));
    assert!((0.18..0.22).contains(&random), "{random}");
    // It is one of the two drawn in 2 of 5 cases, and then it is taken.
    assert!((0.38..0.42).contains(&flooded), "{flooded}");
    let guarded = share(PEAK_EWMA, Some(breaker));
    assert!(guarded < 0.02, "{guarded}");
}

/// A slow worker is found out by its round trips, before many wait there.
#[test]
fn round_trips_find_a_slow_worker() {
    let share = |policy| {
        let arrivals = Arrivals::Poisson { rate: 200.0 };
        let mut spec = system(arrivals, exponential(10 * MS), group(5, 4, None));
        spec.services[0].balancer.policy = policy;
        spec.faults = vec![fault(
            "f",
            FaultKind::Slow { factor: 0.1 },
            (1, 1),
            FaultWhen::Always,
        )];
        let tally = go(&spec, &run_spec(1, Horizon::For(60 * S)), &mut Blind).tally;
        let ended = ended(&tally);
        ended[0] as f64 / ended.iter().sum::<u64>() as f64
    };
    let (by_load, by_time) = (share(PolicySpec::P2c), share(PEAK_EWMA));
    assert!(by_time < by_load / 2.0, "{by_time} {by_load}");
}

/// Half of the workers have one core, half have three: 80 % of all cores would do, but in turn the
/// small ones get 160 % of theirs.
#[test]
fn in_turn_small_workers_are_overloaded() {
    let mut spec = system(
        Arrivals::Poisson { rate: 640.0 },
        exponential(10 * MS),
        group(2, 1, Some(50)),
    );
    spec.services[0].groups[0].name = Some("small".into());
    let mut big = group(2, 3, Some(50));
    big.name = Some("big".into());
    spec.services[0].groups.push(big);
    let utilisation = |spec: &SystemSpec| -> (Vec<f64>, u64) {
        let tally = go(spec, &run_spec(1, Horizon::For(60 * S)), &mut Blind).tally;
        let cores = [1.0, 1.0, 3.0, 3.0];
        let busy = tally.workers.iter().zip(cores);
        let busy = busy.map(|(w, c)| w.busy_area as f64 / (c * 60e9));
        let refused = ended(&tally).iter().sum::<u64>() - tally.classes[0].ok;
        (busy.collect(), refused)
    };
    let (busy, refused) = utilisation(&spec);
    assert!(busy[..2].iter().all(|b| *b > 0.99), "{busy:?}");
    assert!(busy[2..].iter().all(|b| *b < 0.6), "{busy:?}");
    assert!(refused > 5000, "{refused}");
    spec.services[0].balancer.policy = PolicySpec::WeightedRoundRobin {
        schedule: Schedule::Smooth,
    };
    spec.services[0].groups[1].weight = 3.0;
    let (busy, refused) = utilisation(&spec);
    assert!(busy.iter().all(|b| (0.75..0.85).contains(b)), "{busy:?}");
    assert!(refused < 100, "{refused}");
}

/// Keys say nothing where nobody looks at them: not a draw moves.
#[test]
fn keys_move_nothing_where_nobody_looks() {
    let run = |key| {
        let arrivals = Arrivals::Poisson { rate: 100.0 };
        let mut spec = system(arrivals, exponential(10 * MS), group(3, 1, None));
        spec.sources
            .push(source("t", Arrivals::Poisson { rate: 50.0 }));
        spec.sources[0].classes[0].key = key;
        spec.services[0].balancer.policy = PolicySpec::P2c;
        go(&spec, &run_spec(1, Horizon::For(10 * S)), &mut Blind).fingerprint
    };
    let key = KeySpec {
        keys: 10,
        exponent: 1.0,
    };
    assert_eq!(run(None), run(Some(key)));
}

/// Of 1,000 workers two are looked at: the mean time in the system is within 1 % of what it is
/// with ever more of them, the sum of load^(2^i - 2) (Mitzenmacher 2001).
#[test]
fn two_of_a_thousand_are_near_the_limit_of_many() {
    for (load, about) in [(0.7, 1.61), (0.9, 2.61), (0.95, 3.38)] {
        let mut limit: f64 = 0.0;
        let mut power = 1.0;
        for _ in 0..12 {
            limit += power;
            // 2^(i + 1) - 2 is twice 2^i - 2, and 2 more.
            power = power * power * load * load;
        }
        assert!((limit - about).abs() < 0.006, "{limit}");
        let arrivals = Arrivals::Poisson {
            rate: 1000.0 * load,
        };
        let mut spec = system(arrivals, exponential(S), group(1000, 1, None));
        spec.services[0].balancer.policy = PolicySpec::P2c;
        let mut how = run_spec(1, Horizon::For(1500 * S));
        how.timing.warm_up = 200 * S;
        let tally = go(&spec, &how, &mut Blind).tally;
        let mean = tally.delays[0].latency.mean().unwrap() / 1e9;
        assert!(
            (mean / limit - 1.0).abs() < 0.01,
            "{load}: {mean} for {limit}"
        );
    }
}

/// With one instance nobody waits while a core is idle: as with a shared buffer, as long as there
/// are idle ones, and each gets one.
#[test]
fn idle_workers_are_taken_in_the_order_in_which_they_told() {
    // Works end at 9, 4 and 6 ms; then 2, 3 and 1 have told, in this order.
    let births = [
        (0, 9 * MS),
        (0, 4 * MS),
        (0, 6 * MS),
        (10 * MS, MS),
        (10 * MS, MS),
        (10 * MS, MS),
        // Each told again at 11 ms, in the order of their ends.
        (20 * MS, MS),
    ];
    let mut spec = replay(&births, group(3, 1, None));
    spec.services[0].balancer.policy = PolicySpec::Jiq {
        register: Register::Random,
    };
    let (rows, _) = rows(&spec);
    let workers: Vec<_> = rows.iter().map(|row| row.worker.unwrap()).collect();
    assert_eq!(workers, [1, 2, 3, 2, 3, 1, 2]);
}

/// Two cores are two places on the list; at the start the first cores of all come first.
#[test]
fn every_idle_core_is_a_place_on_the_list() {
    let births: Vec<_> = (0..4).map(|_| (0, 5 * MS)).collect();
    let mut spec = replay(&births, group(2, 2, None));
    spec.services[0].balancer.policy = PolicySpec::Jiq {
        register: Register::Random,
    };
    let (rows, _) = rows(&spec);
    let workers: Vec<_> = rows.iter().map(|row| row.worker.unwrap()).collect();
    assert_eq!(workers, [1, 2, 1, 2]);
}

/// A worker that went down while it was on a list gets what is sent there, and is not on a list
/// again until it is back.
#[test]
fn a_worker_that_is_down_is_taken_once_from_the_list() {
    let births = [
        (5 * MS, 30 * MS),
        (6 * MS, 30 * MS),
        (20 * MS, MS),
        (40 * MS, MS),
    ];
    let mut spec = replay(&births, group(2, 1, None));
    spec.services[0].balancer.policy = PolicySpec::Jiq {
        register: Register::Random,
    };
    spec.faults = vec![FaultSpec {
        lasts: Some(just(10 * MS)),
        ..fault("f", FaultKind::Crash, (1, 1), FaultWhen::At(MS))
    }];
    let (rows, _) = rows(&spec);
    let workers: Vec<_> = rows.iter().map(|row| row.worker.unwrap()).collect();
    // Worker 1 is first and down; 2 takes the second; at 11 ms worker 1 is back and tells.
    assert_eq!(workers[..3], [1, 2, 1]);
    assert_eq!(
        rows[0].outcome,
        Some(veltrix::model::outcome::Outcome::NoConnection)
    );
    assert_eq!(rows[2].outcome, Some(veltrix::model::outcome::Outcome::Ok));
    // Worker 2 tells at 36 ms, worker 1 told at 21 ms.
    assert_eq!(workers[3], 1);
}

/// Lists spread over instances: mean times lie between those of choosing at random and of knowing
/// all; the shorter of two lists is better than any.
#[test]
fn more_instances_know_less_and_the_shorter_list_helps() {
    let mean = |policy, instances| {
        let arrivals = Arrivals::Poisson { rate: 90.0 };
        let mut spec = system(arrivals, exponential(S), group(100, 1, None));
        spec.services[0].balancer.policy = policy;
        spec.services[0].balancer.instances = instances;
        let mut how = run_spec(1, Horizon::For(2000 * S));
        how.timing.warm_up = 200 * S;
        let tally = go(&spec, &how, &mut Blind).tally;
        tally.delays[0].latency.mean().unwrap() / 1e9
    };
    let jiq = |register, instances| mean(PolicySpec::Jiq { register }, instances);
    let oracle = mean(PolicySpec::JsqOracle { ties: Ties::Random }, 1);
    let one = jiq(Register::Random, 1);
    let (random, shorter) = (jiq(Register::Random, 10), jiq(Register::ShorterOfTwo, 10));
    assert!(
        oracle < one && one < shorter && shorter < random,
        "{oracle} {one} {shorter} {random}"
    );
    // Choosing at random: 1 / (1 - 0.9) = 10.
    assert!(one < 1.5 && random < 8.0, "{one} {random}");
}

/// An instance sends only to the workers that it knows; all together reach nearly all.
#[test]
fn a_subset_is_all_that_an_instance_knows() {
    let used = |instances, policy| {
        let births: Vec<_> = (0..900).map(|i| (i * MS, MS / 2)).collect();
        let mut spec = replay(&births, group(12, 1, None));
        spec.services[0].balancer.policy = policy;
        spec.services[0].balancer.subset = Some(4);
        spec.services[0].balancer.instances = instances;
        let (rows, _) = rows(&spec);
        let mut used: Vec<_> = rows.iter().map(|row| row.worker.unwrap()).collect();
        used.sort_unstable();
        used.dedup();
        used.len()
    };
    for policy in [
        PolicySpec::Random,
        PolicySpec::RoundRobin { start: None },
        PolicySpec::P2c,
        PolicySpec::Rendezvous { bounded_load: None },
    ] {
        assert_eq!(used(1, policy), 4, "{policy:?}");
        assert!(used(9, policy) >= 10, "{policy:?}");
    }
}

/// An aperture follows the load: few workers at little of it, more at more.
#[test]
fn an_aperture_is_as_wide_as_load_asks_for() {
    let used = |rate| {
        let arrivals = Arrivals::Poisson { rate };
        let mut spec = system(arrivals, exponential(10 * MS), group(20, 2, None));
        spec.services[0].balancer.policy = PolicySpec::Aperture(Band::default());
        let mut how = run_spec(1, Horizon::For(60 * S));
        how.timing.warm_up = 60 * S;
        let ended = ended(&go(&spec, &how, &mut Blind).tally);
        let all: u64 = ended.iter().sum();
        ended.iter().filter(|e| **e * 100 > all).count()
    };
    // Attempts under way: 0.5, 4 and 10 in the mean, a little more with waiting; one for each.
    let (idle, light, busy) = (used(50.0), used(400.0), used(1000.0));
    assert_eq!(idle, 1);
    assert!((3..=7).contains(&light), "{light}");
    assert!((8..=16).contains(&busy), "{busy}");
}

/// Two groups of which one does three times as much: nobody says so, and after the blackout the
/// reports do. With errors on one of them less is sent there.
#[test]
fn reports_of_workers_make_the_weights() {
    let shares = |errors: f64| {
        let mut spec = system(
            Arrivals::Poisson { rate: 500.0 },
            exponential(10 * MS),
            group(2, 2, None),
        );
        spec.services[0].groups[0].name = Some("small".into());
        let mut big = group(2, 6, None);
        big.name = Some("big".into());
        spec.services[0].groups.push(big);
        spec.services[0].balancer.policy = PolicySpec::ClientWrr(OrcaSpec::default());
        spec.services[0].balancer.instances = 3;
        spec.faults = vec![fault(
            "f",
            FaultKind::Error {
                probability: errors,
                when: ErrorWhen::Start,
            },
            (4, 4),
            FaultWhen::Always,
        )];
        let mut how = run_spec(1, Horizon::For(60 * S));
        how.timing.warm_up = 60 * S;
        let ended = ended(&go(&spec, &how, &mut Blind).tally);
        let all: u64 = ended.iter().sum();
        let share = |of: u64| of as f64 / all as f64;
        ended.into_iter().map(share).collect::<Vec<f64>>()
    };
    // Weights go by requests over busy share, and so by cores: 2, 2, 6 and 6 of 16.
    let fine = shares(0.0);
    for (share, wanted) in fine.iter().zip([0.125, 0.125, 0.375, 0.375]) {
        assert!((share - wanted).abs() < 0.02, "{fine:?}");
    }
    let broken = shares(0.5);
    assert!(broken[3] < broken[2] - 0.1, "{broken:?}");
}

/// Herding: every instance has the same view, which is old. What a worker reports while it is slow
/// keeps all of them away long after it has recovered; each one's own counts do not.
#[test]
fn views_that_are_old_and_shared_send_everybody_the_same_way() {
    let share_after = |policy| {
        let mut spec = system(
            Arrivals::Poisson { rate: 200.0 },
            exponential(10 * MS),
            group(4, 2, None),
        );
        spec.services[0].balancer.policy = policy;
        spec.services[0].balancer.instances = 8;
        spec.faults = vec![FaultSpec {
            lasts: Some(just(60 * S)),
            ..fault(
                "f",
                FaultKind::Slow { factor: 0.2 },
                (1, 1),
                FaultWhen::At(0),
            )
        }];
        // From the recovery to the report after it.
        let mut how = run_spec(1, Horizon::For(9 * S));
        how.timing.warm_up = 60 * S + MS;
        let ended = ended(&go(&spec, &how, &mut Blind).tally);
        ended[0] as f64 / ended.iter().sum::<u64>() as f64
    };
    let orca = PolicySpec::ClientWrr(OrcaSpec::default());
    let (old, own) = (share_after(orca), share_after(PolicySpec::P2c));
    assert!(old < 0.12, "{old}");
    assert!((0.2..0.3).contains(&own), "{own}");
}
