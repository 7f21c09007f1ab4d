//! `prequal` in a system: what probes find out, when it is known, and where it misleads.

use veltrix::model::outcome::Outcome;
use veltrix::model::spec::*;
use veltrix::model::tally::Tally;
use veltrix::model::trial::{Blind, Horizon};

use crate::systems::{MS, S, drawn, fault, go, group, just, replay, rows, run_spec, system};

fn prequal(spec: ProbeSpec) -> PolicySpec {
    PolicySpec::Prequal(spec)
}

fn usual() -> PolicySpec {
    prequal(ProbeSpec::default())
}

/// Ten workers of two cores, of which work asks for 6 cores.
fn ten(policy: PolicySpec, instances: u32) -> SystemSpec {
    let work = drawn(Dist::exponential((10 * MS) as f64).unwrap());
    let mut spec = system(Arrivals::Poisson { rate: 600.0 }, work, group(10, 2, None));
    spec.services[0].balancer.policy = policy;
    spec.services[0].balancer.instances = instances;
    spec
}

/// The share of attempts that ended at the first worker.
fn share_of_first(tally: &Tally) -> f64 {
    let ended = |w: usize| tally.workers[w].ended.iter().sum::<u64>() as f64;
    ended(0) / (0..tally.workers.len()).map(ended).sum::<f64>()
}

/// Three workers, each request probes all. The second and third know what is in flight where, and
/// go to those that have nothing; a result that takes 5 ms is too late for them.
#[test]
fn later_requests_go_by_what_probes_found() {
    let different = |takes: u64| {
        let mut spec = replay(
            &[(0, 9 * MS), (MS, 9 * MS), (2 * MS, 9 * MS)],
            group(3, 1, None),
        );
        spec.services[0].balancer.policy = prequal(ProbeSpec {
            takes,
            removals: 0.0,
            ..ProbeSpec::default()
        });
        let apart = |seed: u64| {
            let tally = go(&spec, &run_spec(seed, Horizon::Trace), &mut Blind).tally;
            let ok = |w: usize| tally.workers[w].ended[Outcome::Ok.index()];
            [ok(0), ok(1), ok(2)] == [1; 3]
        };
        (0..90).filter(|seed| apart(*seed)).count()
    };
    assert_eq!(different(0), 90);
    // Just in time.
    assert_eq!(different(MS), 90);
    // At random it is 2 of 9.
    assert!((8..35).contains(&different(5 * MS)));
}

/// A worker at a fifth of its speed gets little, and its share again when it is over: it is tried
/// once nobody remembers how slow it was.
#[test]
fn a_slow_worker_gets_little_until_it_has_recovered() {
    let share = |from: u64| {
        let mut spec = ten(usual(), 4);
        spec.faults = vec![FaultSpec {
            lasts: Some(just(30 * S)),
            ..fault(
                "f",
                FaultKind::Slow { factor: 0.2 },
                (1, 1),
                FaultWhen::At(0),
            )
        }];
        let mut how = run_spec(1, Horizon::For(20 * S));
        how.timing.warm_up = from;
        share_of_first(&go(&spec, &how, &mut Blind).tally)
    };
    let (slow, after) = (share(5 * S), share(32 * S));
    assert!(slow < 0.03, "{slow}");
    assert!((0.06..0.16).contains(&after), "{after}");
}

/// Attempts waiting at workers, in the mean.
fn waiting(spec: &SystemSpec) -> f64 {
    let tally = go(spec, &run_spec(1, Horizon::For(10 * S)), &mut Blind).tally;
    let waiting = tally.workers.iter().map(|w| w.queue_area).sum::<u128>();
    waiting as f64 / 10e9
}

/// Twenty instances that each know only their own attempts send some to workers that others keep
/// busy; probes find those too. Going by attempts in flight alone is best among equal workers.
#[test]
fn probes_find_what_other_instances_sent() {
    let with = |policy| {
        let work = drawn(Dist::exponential((10 * MS) as f64).unwrap());
        let arrivals = Arrivals::Poisson { rate: 8000.0 };
        let mut spec = system(arrivals, work, group(100, 1, None));
        spec.services[0].balancer.policy = policy;
        spec.services[0].balancer.instances = 20;
        waiting(&spec)
    };
    let in_flight_only = prequal(ProbeSpec {
        hot_above: 0,
        ..ProbeSpec::default()
    });
    let (own, probes) = (with(PolicySpec::P2c), with(usual()));
    assert!(probes < 0.9 * own, "{probes} {own}");
    let fewest = with(in_flight_only);
    assert!(fewest < 0.5 * own, "{fewest} {own}");
}

/// Herding: where an instance sends little, what it found is old when it goes by it, and all of
/// them go to the same few.
#[test]
fn old_results_send_everybody_the_same_way() {
    let (own, probes) = (
        waiting(&ten(PolicySpec::P2c, 20)),
        waiting(&ten(usual(), 20)),
    );
    assert!(probes > 3.0 * own, "{probes} {own}");
}

/// Who is down does not answer, so that after `probe_age` nobody is sent there but at random.
#[test]
fn who_is_down_does_not_answer() {
    let mut spec = ten(usual(), 1);
    spec.faults = vec![FaultSpec {
        lasts: Some(just(30 * S)),
        ..fault("f", FaultKind::Crash, (1, 1), FaultWhen::At(S))
    }];
    let mut how = run_spec(1, Horizon::For(20 * S));
    how.timing.warm_up = 3 * S;
    let share = share_of_first(&go(&spec, &how, &mut Blind).tally);
    assert!(share < 0.001, "{share}");
}

/// A sinkhole: a worker that fails at once has the shortest times and nothing in flight. Only what
/// is counted for each use of a result keeps it from getting all.
#[test]
fn a_worker_that_fails_at_once_looks_quick() {
    let mut spec = ten(usual(), 1);
    let kind = FaultKind::Error {
        probability: 1.0,
        when: ErrorWhen::Start,
    };
    spec.faults = vec![fault("f", kind, (1, 1), FaultWhen::Always)];
    let how = run_spec(1, Horizon::For(20 * S));
    let share = share_of_first(&go(&spec, &how, &mut Blind).tally);
    assert!(share > 0.3, "{share}");
}

/// Probes take no core-time: what workers did is what the requests asked for, to the nanosecond.
#[test]
fn probes_cost_workers_nothing() {
    let births: Vec<_> = (0..200).map(|i| (i * MS, MS / 2 + i)).collect();
    let mut spec = replay(&births, group(4, 1, None));
    spec.services[0].balancer.policy = prequal(ProbeSpec {
        probes: 4.0,
        takes: MS,
        ..ProbeSpec::default()
    });
    let (rows, output) = rows(&spec);
    assert!(rows.iter().all(|row| row.outcome == Some(Outcome::Ok)));
    let busy: u128 = output.tally.workers.iter().map(|w| w.busy_area).sum();
    assert_eq!(busy, births.iter().map(|b| u128::from(b.1)).sum::<u128>());
}
