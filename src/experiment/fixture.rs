//! A design that looks like the origin story, and a simulation of it that is made up: tests of
//! the runner and of everything above it need numbers, not a model.

use std::sync::Arc;

use super::design::{Axis, Design, Point, Variant, WarmUp};
use super::objective::{Constraint, Objective, Op};
use super::sample::Sample;
use crate::base::codes::Code;
use crate::engine::dist::Dist;
use crate::model::incident::Incidents;
use crate::model::incident::Rules;
use crate::model::metric::Metric;
use crate::model::outcome::Outcome;
use crate::model::series::{NAMES, Series};
use crate::model::spec::*;
use crate::model::tally::*;
use crate::model::trial::*;

const SECOND: u64 = 1_000_000_000;
const GIB: u64 = 1 << 30;

/// A service of equal workers that is sent 40,000 requests a second of 3 ms.
pub(crate) fn system(count: u32, cores: u32, ram: u64, on_full: OnFull) -> SystemSpec {
    let constant = |value: f64| Dist::Constant { value };
    let class = |name: &str, weight: f64| ClassSpec {
        weight,
        size: constant(2048.0),
        ..plain::class(name)
    };
    let source = SourceSpec {
        classes: vec![class("click", 0.9), class("=upload", 0.1)],
        ..plain::source("interactions", Arrivals::Poisson { rate: 40_000.0 })
    };
    let group = GroupSpec {
        ram: Some(ram),
        slots: Some(128),
        on_full,
        restart: constant(3e10),
        price_per_hour: f64::from(cores) * 0.02988 + (ram / GIB) as f64 * 0.00293,
        ..plain::group(count, cores)
    };
    let work = WorkSpec::drawn(constant(3e6));
    SystemSpec {
        title: "made up".into(),
        sources: vec![source],
        services: vec![plain::service("events", work, PolicySpec::P2c, group)],
        faults: Vec::new(),
        prices: PriceSpec::default(),
    }
}

/// `before` as it is; `after` over three shapes and two sizes of RAM.
pub(crate) fn design() -> Design {
    let shapes = [(44, 4), (25, 8), (12, 8)];
    let rams = [4, 64];
    let mut points = vec![Point {
        variant: 0,
        at: Vec::new(),
        system: Arc::new(system(25, 8, 64 * GIB, OnFull::Wedge)),
    }];
    for (i, (count, cores)) in shapes.into_iter().enumerate() {
        for (j, ram) in rams.into_iter().enumerate() {
            let system = Arc::new(system(count, cores, ram * GIB, OnFull::Reject));
            points.push(Point {
                variant: 1,
                at: vec![i, j],
                system,
            });
        }
    }
    let path = |last: &str| format!("service.events.workers.{last}");
    let variant = |name: &str, title: &str| Variant {
        name: name.into(),
        title: title.into(),
    };
    let constraint = |name: &str, bound: f64, text: &str| Constraint {
        text: text.into(),
        metric: Metric::parse(name).unwrap(),
        op: Op::Below,
        bound,
    };
    Design {
        name: "story".into(),
        title: "Veltrix: before and after".into(),
        seed: 14,
        timing: Timing {
            warm_up: 5 * SECOND,
            horizon: Horizon::For(60 * SECOND),
            drain: 60 * SECOND,
            window: SECOND,
        },
        warm_up: WarmUp::Stated,
        terminating: false,
        replications: 4,
        stopping: None,
        confidence: 0.95,
        attempts: None,
        variants: vec![
            variant("before", "round robin"),
            variant("after", "two choices"),
        ],
        axes: vec![
            Axis {
                paths: vec![path("count"), path("cores")],
                values: shapes
                    .iter()
                    .map(|(a, b)| vec![a.to_string(), b.to_string()])
                    .collect(),
            },
            Axis {
                paths: vec![path("ram")],
                values: rams.iter().map(|r| vec![format!("\"{r}GiB\"")]).collect(),
            },
        ],
        points,
        metrics: Metric::standard(),
        objective: Some(Objective {
            variants: vec![1],
            minimise: Metric::parse("cost_per_hour").unwrap(),
            subject_to: vec![
                constraint("latency_mean", 0.010, "latency_mean < 10ms"),
                constraint("latency_p99", 0.050, "latency_p99 < 50ms"),
                constraint("loss", 1e-4, "loss < 0.0001"),
            ],
            confidence: 0.95,
            indifference: 0.05,
        }),
        detectors: Rules::standard(),
        rare: None,
        charts: Vec::new(),
    }
}

/// What stands in for the model.
pub(crate) type Simulate =
    fn(&SystemSpec, &RunSpec, Option<&mut Sample>) -> Result<TrialOutput, TrialError>;

/// A few words of SplitMix64.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Numbers for a trial, from its seed and replication alone.
pub(crate) fn simulate(
    spec: &SystemSpec,
    run: &RunSpec,
    sample: Option<&mut Sample>,
) -> Result<TrialOutput, TrialError> {
    let mut words = Words(run.seed ^ (u64::from(run.replication) << 32));
    let group = &spec.services[0].groups[0];
    let cores = u64::from(group.count * group.cores);
    let wedges = group.on_full == OnFull::Wedge;
    let born = 2_400_000 + words.below(10_000);
    let lost = match (wedges, cores < 150) {
        (true, _) => born * (30 + words.below(5)) / 100,
        (false, true) => born / 50 + words.below(1000),
        (false, false) => 0,
    };
    let mut tally = Tally {
        trials: 1,
        measured_ns: u128::from(60 * SECOND),
        events: 9_000_000 + words.below(1000),
        classes: vec![ClassTally::default(); 2],
        balancers: vec![BalancerTally {
            breaker_area: 25 * u128::from(60 * SECOND),
            ..Default::default()
        }],
        workers: vec![WorkerTally::default(); group.count as usize],
        delays: vec![Delays::default(); 1 + run.wanted.scopes.len()],
        ..Default::default()
    };
    let click = &mut tally.classes[0];
    (click.born, click.ok, click.answered) = (born, born - lost, born - lost);
    click.attempts = born + 2 * lost;
    click.lost[Outcome::BufferFull.index()] = lost;
    click.ended[Outcome::BufferFull.index()] = 3 * lost;
    click.ended[Outcome::Ok.index()] = born - lost;
    (click.core_ns, click.wasted_ns) = (u128::from(born) * 3_460_000, u128::from(lost) * 3_000_000);
    for (i, worker) in tally.workers.iter_mut().enumerate() {
        worker.able_area = u128::from(group.cores) * u128::from(60 * SECOND);
        worker.busy_area = u128::from(born) * 3_460_000 / u128::from(group.count);
        if wedges && i == 13 {
            (worker.wedges, worker.ended[Outcome::BufferFull.index()]) = (1, lost / 2);
        }
    }
    let scale = if wedges { 260_000 } else { 3_800 };
    for _ in 0..20_000 {
        let latency = (1 + words.below(2000)) * scale;
        tally.delays[0].latency.record(latency);
        tally.delays[0].response.record(latency / 2);
        tally.delays[0].wait.record(latency / 10);
    }
    if let Some(sample) = sample {
        rows(&mut words, sample);
    }
    let row = [1.0; NAMES.len()];
    Ok(TrialOutput {
        stations: Vec::new(),
        states: Vec::new(),
        incidents: Incidents::default(),
        events: tally.events,
        fingerprint: words.next(),
        demand: born,
        batches: Vec::new(),
        tally,
        series: Series {
            window: SECOND,
            start: 5 * SECOND,
            rows: vec![row; 3],
        },
    })
}

fn rows(words: &mut Words, sample: &mut Sample) {
    for request in 0..50 {
        let row = AttemptRow {
            request,
            attempt: 1,
            source: 0,
            class: (request % 2) as u32,
            service: 0,
            worker: (request % 3 > 0).then_some(14),
            born: request * 1000,
            arrived: request * 1000,
            start: (request % 3 > 0).then_some(request * 1000 + 5),
            end: Some(request * 1000 + words.below(900)),
            work: 3_000_000,
            outcome: Some(if request % 3 > 0 {
                Outcome::Ok
            } else {
                Outcome::BufferFull
            }),
        };
        Observer::attempt(sample, &row);
    }
}

/// The design without prices.
pub(crate) fn free_design() -> Design {
    let mut design = design();
    for point in &mut design.points {
        let services = &mut Arc::make_mut(&mut point.system).services;
        let groups = services.iter_mut().flat_map(|s| &mut s.groups);
        groups.for_each(|g| g.price_per_hour = 0.0);
    }
    design
}

/// Fails one replication by a limit and one by a panic.
pub(crate) fn simulate_badly(
    spec: &SystemSpec,
    run: &RunSpec,
    sample: Option<&mut Sample>,
) -> Result<TrialOutput, TrialError> {
    match run.replication {
        1 => Err(TrialError {
            code: Code::EVENT_BUDGET,
            message: "stopped after 10 events at 1.5 s".into(),
        }),
        2 => panic!("busy cores 9 of 8"),
        _ => simulate(spec, run, sample),
    }
}
