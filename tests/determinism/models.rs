//! The models that determinism is tried on.

use veltrix::model::spec::*;

use crate::systems::{
    IN_TURN, MS, S, class, drawn, fault, group, just, service, source, system, trace,
};

fn ms(value: f64) -> f64 {
    value * 1e6
}

/// One queue, nothing else.
pub fn plain() -> SystemSpec {
    let work = drawn(Dist::lognormal(ms(4.0), 1.5).unwrap());
    let mut spec = system(Arrivals::Poisson { rate: 1600.0 }, work, group(2, 4, None));
    spec.services[0].balancer.policy = PolicySpec::Random;
    spec
}

/// Everything at once: a bursty source with two classes, timeouts and retries, a balancer that
/// takes time, breakers, RAM, wedging workers, every kind of fault.
pub fn story() -> SystemSpec {
    let bursts = Arrivals::Mmpp {
        rates: vec![6_000.0, 9_500.0],
        dwell: vec![3.0 * S as f64, S as f64],
        switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
    };
    let mut people = source("people", bursts);
    people.client = ClientSpec {
        timeout: Some(just(250 * MS)),
        retry: Some(RetrySpec::full_jitter(3, 10 * MS, 200 * MS)),
        ..ClientSpec::default()
    };
    people.classes = vec![
        ClassSpec {
            weight: 0.9,
            size: Dist::lognormal(2048.0, 1.0).unwrap(),
            ..class("click")
        },
        ClassSpec {
            weight: 0.1,
            size: Dist::pareto(8192.0, 1.6, Some(1_048_576.0)).unwrap(),
            work_factor: 1.5,
            ..class("upload")
        },
    ];
    let mut ticks = source("ticks", Arrivals::Constant { rate: 200.0 });
    ticks.client.timeout = Some(Dist::exponential(ms(100.0)).unwrap());
    let work = WorkSpec::Drawn {
        cpu: Dist::lognormal(ms(3.0), 1.2).unwrap(),
        per_kib: ms(0.02),
        per_in_flight: 0.0,
        vary: Vary::Copy,
    };
    let workers = GroupSpec {
        ram: Some(6900 << 20),
        on_full: OnFull::Wedge,
        restart: Dist::exponential(2.0 * S as f64).unwrap(),
        ..group(4, 8, Some(100))
    };
    let mut events = service("events", work, PolicySpec::P2c, workers);
    events.memory = MemorySpec {
        held: Held::Admission,
        base: just(64 << 20),
        per_byte: 3.0,
    };
    events.balancer.dispatch = Some(just(80_000));
    events.balancer.cores = 2;
    events.balancer.slots = Some(500);
    events.balancer.breaker = Some(BreakerSpec::Resilience4j {
        window: BreakerWindow::Calls(100),
        min_calls: 100,
        failure_share: 0.5,
        slow_after: 60 * S,
        slow_share: 1.0,
        open_for: just(S),
        half_open_calls: 10,
        half_open_max: None,
        automatic: false,
        lost_reply: 0.0,
        counts: Failures::ALL,
    });
    SystemSpec {
        title: "everything at once".into(),
        sources: vec![people, ticks],
        services: vec![events],
        faults: faults(),
        prices: PriceSpec::default(),
    }
}

fn faults() -> Vec<FaultSpec> {
    let often = FaultWhen::Every(Dist::exponential(5.0 * S as f64).unwrap());
    let lasting = |lasts: u64, fault: FaultSpec| FaultSpec {
        lasts: Some(just(lasts)),
        ..fault
    };
    let half = FaultKind::Slow { factor: 0.5 };
    vec![
        lasting(2 * S, fault("slow", half, (2, 2), FaultWhen::At(S))),
        lasting(300 * MS, fault("pause", FaultKind::Pause, (1, 4), often)),
        lasting(
            S,
            fault("crash", FaultKind::Crash, (3, 3), FaultWhen::At(2 * S)),
        ),
    ]
}

/// A recorded stream in trouble, with nobody giving up: what enters leaves.
pub fn replayed() -> SystemSpec {
    let at = |i: u64| i * MS + (i * i * 7919) % MS;
    let births: Vec<_> = (0..5_000)
        .map(|i| (at(i), (i * 104_729) % (9 * MS)))
        .collect();
    let workers = GroupSpec {
        on_full: OnFull::Wedge,
        restart: just(200 * MS),
        ..group(2, 2, Some(5))
    };
    let mut spec = system(trace(&births), WorkSpec::FromTrace, workers);
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(3, MS, 10 * MS));
    let balancer = &mut spec.services[0].balancer;
    balancer.policy = PolicySpec::JsqOracle { ties: Ties::Random };
    balancer.dispatch = Some(Dist::exponential(ms(0.4)).unwrap());
    balancer.slots = Some(20);
    spec.faults = faults();
    spec.faults[0].workers = (2, 2);
    spec.faults[1].workers = (1, 2);
    spec.faults[2].workers = (1, 1);
    spec
}

/// A page that asks a database, both with clients that give up, far from each other.
pub fn tiers() -> SystemSpec {
    let drawn_ms = |mean| Dist::exponential(ms(mean)).unwrap();
    let cpu = |mean| StepSpec::Cpu {
        cpu: drawn_ms(mean),
        per_kib: 0.0,
        vary: Vary::Copy,
    };
    let client = ClientSpec {
        timeout: Some(just(20 * MS)),
        cancel: Cancel::Full,
        network: Some(drawn_ms(0.5)),
        retry: Some(RetrySpec::full_jitter(2, MS, 10 * MS)),
        ..ClientSpec::default()
    };
    let arrivals = Arrivals::Poisson { rate: 700.0 };
    let mut spec = system(arrivals, drawn(just(0)), group(2, 2, Some(20)));
    spec.sources[0].client = ClientSpec {
        timeout: Some(just(40 * MS)),
        ..client.clone()
    };
    spec.services[0].work = None;
    spec.services[0].steps = vec![
        cpu(1.0),
        StepSpec::Call(Box::new(CallSpec {
            client,
            cache: Some(CacheSpec::Hit { probability: 0.3 }),
            ..CallSpec::plain(1)
        })),
        StepSpec::Wait {
            lasts: drawn_ms(1.0),
            hold: Hold::Core,
        },
        StepSpec::Fail { probability: 0.01 },
        cpu(0.5),
    ];
    let db = service("db", drawn(drawn_ms(4.0)), IN_TURN, group(1, 2, Some(8)));
    spec.services.push(db);
    spec
}

/// Workers that come and go, shed load, collect garbage and are pressed by their RAM, and requests
/// that take them down.
pub fn elastic() -> SystemSpec {
    let bursts = Arrivals::Mmpp {
        rates: vec![600.0, 2_400.0],
        dwell: vec![0.6 * S as f64, 0.4 * S as f64],
        switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
    };
    let workers = GroupSpec {
        ram: Some(64 << 20),
        ram_base: 8 << 20,
        pressure: Some(PressureSpec {
            above: 0.6,
            factor: 0.7,
        }),
        gc: Some(GcSpec {
            eden: 128 << 20,
            pause: 2 * MS,
            per_gib: 50 * MS,
        }),
        shed: Some(ShedSpec::Vegas {
            limit: LimitRange {
                start: 8,
                min: 4,
                max: 40,
            },
        }),
        restart: just(50 * MS),
        ..group(8, 2, Some(20))
    };
    let mut spec = system(bursts, drawn(Dist::exponential(ms(4.0)).unwrap()), workers);
    spec.services[0].memory.base = Dist::exponential((2 << 20) as f64).unwrap();
    spec.services[0].balancer.policy = PolicySpec::P2c;
    let pace = |stabilise| Pace {
        stabilise,
        rates: vec![Rate {
            by: RateBy::Percent(100),
            per: 50 * MS,
        }],
    };
    spec.services[0].autoscale = Some(AutoscaleSpec {
        start_with: 3,
        min: 2,
        rule: ScaleRule::Hpa {
            measure: Measure::Utilisation,
            target: 0.6,
            tolerance: 0.1,
            up: pace(0),
            down: pace(100 * MS),
        },
        every: 50 * MS,
        lag: 20 * MS,
        start: Dist::exponential(ms(40.0)).unwrap(),
        drain: 2 * MS,
    });
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(2, 5 * MS, 20 * MS));
    let poison = FaultKind::Poison {
        source: 0,
        probability: 0.002,
        effect: PoisonEffect::Crash,
    };
    spec.faults = vec![fault("bad", poison, (1, 1), FaultWhen::Always)];
    spec
}
