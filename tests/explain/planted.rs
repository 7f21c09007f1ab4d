//! Incidents planted by a generator: a calm system, one or two things that bring it down, and
//! some that are harmless.

use veltrix::base::math::ln;
use veltrix::engine::rng::{Bits, Key, Stream};
use veltrix::experiment::explain::{Seen, Setting, Subject};
use veltrix::experiment::incident::Case;
use veltrix::model::spec::*;

use super::systems::{IN_TURN, MS, S, class, drawn, fault, group, just, run_spec, system, trace};
use std::sync::Arc;
use veltrix::model::incident::Rules;
use veltrix::model::trial::Horizon;

/// What was planted.
#[derive(Clone, Debug, PartialEq)]
pub enum Plant {
    Fault(&'static str),
    Burst(&'static str),
    Retries,
    Weights,
}

/// A planted incident.
#[derive(Debug)]
pub struct Planted {
    pub case: Case,
    /// The same without what was planted.
    pub calm: Case,
    pub kind: &'static str,
    pub plants: Vec<Plant>,
}

/// Drawn numbers.
struct Draw(Stream);

impl Draw {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.unit()
    }

    fn below(&mut self, n: u32) -> u32 {
        (self.0.unit() * f64::from(n)) as u32
    }

    /// A moment, to the nanosecond.
    fn time(&mut self, from: f64, to: f64) -> u64 {
        (self.between(from, to) * 1e9) as u64
    }
}

fn case(seed: u64, spec: SystemSpec) -> Case {
    let problems = spec.check();
    assert!(problems.is_empty(), "{problems:?}");
    let mut run = run_spec(seed, Horizon::For(40 * S));
    run.timing.drain = 0;
    run.look_for.rules = Rules::standard();
    Case {
        system: Arc::new(spec),
        stated: run.timing,
        run,
        trigger: None,
    }
}

/// Half busy: workers of two cores.
fn calm(draw: &mut Draw, policy: Option<PolicySpec>) -> SystemSpec {
    let workers = 4 + draw.below(5);
    let mean = draw.between(4.0, 8.0) * 1e6;
    let rate = draw.between(0.45, 0.55) * f64::from(2 * workers) / (mean / 1e9);
    let work = drawn(Dist::exponential(mean).unwrap());
    let slots = 30 + draw.below(20);
    let mut spec = system(
        Arrivals::Poisson { rate },
        work,
        group(workers, 2, Some(slots)),
    );
    let policies = [
        IN_TURN,
        PolicySpec::Random,
        PolicySpec::P2c,
        PolicySpec::LeastConnections,
    ];
    let drawn = policies[draw.below(4) as usize];
    spec.services[0].balancer.policy = policy.unwrap_or(drawn);
    spec.sources[0].client.timeout = Some(just(S));
    if draw.below(2) == 0 {
        spec.sources[0].client.retry = Some(RetrySpec::full_jitter(2, 50 * MS, 500 * MS));
    }
    spec
}

/// A policy that does not see how busy workers are.
fn blind(draw: &mut Draw) -> PolicySpec {
    [IN_TURN, PolicySpec::Random][draw.below(2) as usize]
}

fn lasting(lasts: u64, fault: FaultSpec) -> FaultSpec {
    FaultSpec {
        lasts: Some(just(lasts)),
        ..fault
    }
}

/// What hurts nobody: a worker a little slow for a while, two short pauses, a small surge.
fn harmless(draw: &mut Draw, spec: &mut SystemSpec) {
    let workers = spec.services[0].worker_count() as u32;
    let any = |draw: &mut Draw| {
        let worker = 1 + draw.below(workers);
        (worker, worker)
    };
    let at = draw.time(1.0, 30.0);
    let slow = FaultKind::Slow { factor: 0.9 };
    let who = any(draw);
    spec.faults.push(lasting(
        3 * S,
        fault("a-little-slow", slow, who, FaultWhen::At(at)),
    ));
    for name in ["short-pause", "another-short-pause"] {
        let at = draw.time(1.0, 30.0);
        let who = any(draw);
        let pause = fault(name, FaultKind::Pause, who, FaultWhen::At(at));
        spec.faults.push(lasting(20 * MS, pause));
    }
    let hiccups = FaultWhen::Every(Dist::exponential(20e9).unwrap());
    spec.faults.push(lasting(
        10 * MS,
        fault("hiccups", FaultKind::Pause, (1, workers), hiccups),
    ));
    if !matches!(spec.sources[0].arrivals, Arrivals::Trace(_)) {
        let surge = FaultKind::Surge {
            source: 0,
            factor: 1.1,
        };
        let at = draw.time(1.0, 30.0);
        spec.faults.push(lasting(
            2 * S,
            fault("small-surge", surge, (1, 1), FaultWhen::At(at)),
        ));
    }
}

/// The times of a Poisson process.
fn births(draw: &mut Draw, rate: f64, until: u64) -> Vec<u64> {
    let mut at = 0.0;
    let mut all = Vec::new();
    loop {
        at += -ln(1.0 - draw.0.unit()) / rate * 1e9;
        if at as u64 >= until {
            return all;
        }
        all.push(at as u64);
    }
}

/// The incident of a seed.
pub fn planted(seed: u64) -> Planted {
    let mut draw = Draw(Stream::new(&Key::new(seed, 0, 0), "planted"));
    let number = draw.below(14);
    let at = draw.time(12.0, 25.0);
    let (kind, mut spec, mut calm, plants) = match number {
        0 => surge(&mut draw, at),
        1 => one_worker(&mut draw, "slow", at),
        2 => retry_loop(&mut draw),
        3 => ram(&mut draw, "leak", at),
        4 => wrong_weight(&mut draw),
        5 => one_worker(&mut draw, "pause", at),
        6 => burst_of_a_trace(&mut draw, at, false),
        7 => behind_breakers(&mut draw, "crash", at),
        8 => behind_breakers(&mut draw, "error", at),
        9 => burst_of_a_trace(&mut draw, at, true),
        10 => batch(&mut draw, at),
        11 => ram(&mut draw, "ram-cap", at),
        12 => slow_in_a_surge(&mut draw, at),
        _ => two_of_which_one_is_enough(&mut draw, at),
    };
    harmless(&mut draw.clone_of(seed), &mut spec);
    harmless(&mut draw.clone_of(seed), &mut calm);
    Planted {
        case: case(seed, spec),
        calm: case(seed, calm),
        kind,
        plants,
    }
}

impl Draw {
    /// The same harmless things for the system with and without its plant.
    fn clone_of(&self, seed: u64) -> Draw {
        Draw(Stream::new(&Key::new(seed, 1, 0), "harmless"))
    }

    fn worker(&mut self, spec: &SystemSpec) -> (u32, u32) {
        let worker = 1 + self.below(spec.services[0].worker_count() as u32);
        (worker, worker)
    }
}

type Made = (&'static str, SystemSpec, SystemSpec, Vec<Plant>);

fn surge(draw: &mut Draw, at: u64) -> Made {
    let calm = calm(draw, None);
    let mut spec = calm.clone();
    let kind = FaultKind::Surge {
        source: 0,
        factor: draw.between(3.5, 5.0),
    };
    let lasts = draw.time(2.0, 4.0);
    let planted = fault("planted-surge", kind, (1, 1), FaultWhen::At(at));
    spec.faults.push(lasting(lasts, planted));
    ("surge", spec, calm, vec![Plant::Fault("planted-surge")])
}

fn one_worker(draw: &mut Draw, kind: &'static str, at: u64) -> Made {
    let policy = blind(draw);
    let calm = calm(draw, Some(policy));
    let mut spec = calm.clone();
    let who = draw.worker(&spec);
    let (what, lasts) = match kind {
        "slow" => (
            FaultKind::Slow {
                factor: draw.between(0.1, 0.2),
            },
            draw.time(6.0, 10.0),
        ),
        _ => (FaultKind::Pause, draw.time(1.5, 3.0)),
    };
    let planted = fault("planted", what, who, FaultWhen::At(at));
    spec.faults.push(lasting(lasts, planted));
    (kind, spec, calm, vec![Plant::Fault("planted")])
}

/// A load that is carried, until clients that do not wait make three of one.
fn retry_loop(draw: &mut Draw) -> Made {
    let mut calm = calm(draw, Some(PolicySpec::P2c));
    if let Arrivals::Poisson { rate } = &mut calm.sources[0].arrivals {
        *rate *= 1.5;
    }
    calm.sources[0].client.retry = None;
    calm.services[0].groups[0].slots = Some(60);
    let mut spec = calm.clone();
    spec.sources[0].client.timeout = Some(just(draw.time(0.012, 0.02)));
    spec.sources[0].client.retry = Some(RetrySpec::full_jitter(20, MS, 5 * MS));
    ("retry loop", spec, calm, vec![Plant::Retries])
}

fn ram(draw: &mut Draw, kind: &'static str, at: u64) -> Made {
    let policy = blind(draw);
    let mut calm = calm(draw, Some(policy));
    calm.services[0].memory.base = just(1 << 20);
    calm.services[0].groups[0].ram = Some(64 << 20);
    let mut spec = calm.clone();
    let who = draw.worker(&spec);
    let (what, lasts) = match kind {
        "leak" => (
            FaultKind::Leak {
                rate: draw.between(8e6, 16e6),
            },
            20 * S,
        ),
        _ => (FaultKind::RamCap { share: 1.0 / 64.0 }, draw.time(3.0, 8.0)),
    };
    let planted = fault("planted", what, who, FaultWhen::At(at));
    spec.faults.push(lasting(lasts, planted));
    (kind, spec, calm, vec![Plant::Fault("planted")])
}

fn wrong_weight(draw: &mut Draw) -> Made {
    let policy = [
        PolicySpec::Random,
        PolicySpec::WeightedRoundRobin {
            schedule: Schedule::Smooth,
        },
    ][draw.below(2) as usize];
    let mut calm = calm(draw, Some(policy));
    let all = &mut calm.services[0].groups;
    let mut one = all[0].clone();
    one.name = Some("one".into());
    one.count = 1;
    all[0].name = Some("others".into());
    all[0].count -= 1;
    all.push(one);
    let mut spec = calm.clone();
    spec.services[0].groups[1].weight = draw.between(4.0, 8.0);
    ("wrong weight", spec, calm, vec![Plant::Weights])
}

/// What a log has: far more for a tenth of a second, or far heavier ones for a second.
fn burst_of_a_trace(draw: &mut Draw, at: u64, heavy: bool) -> Made {
    let mut calm = calm(draw, None);
    let rate = calm.sources[0].mean_rate();
    let until = 41 * S;
    let usual = births(draw, rate, until);
    let room = {
        let group = &calm.services[0].groups[0];
        group.count * (group.slots.unwrap() + group.cores)
    };
    let mut rows: Vec<(u64, u64, u32)> = usual.iter().map(|&at| (at, 0, 0)).collect();
    let mean = match &calm.services[0].work {
        Some(WorkSpec::Drawn { cpu, .. }) => cpu.mean(),
        _ => unreachable!(),
    };
    for row in &mut rows {
        row.1 = (-ln(1.0 - draw.0.unit()) * mean) as u64;
    }
    calm.services[0].work = None;
    let mut light = class("light");
    light.work = Some(WorkSpec::FromTrace);
    let mut big = class("heavy");
    big.work = Some(WorkSpec::FromTrace);
    calm.sources[0].classes = vec![light, big];
    let mut spec = calm.clone();
    calm.sources[0].arrivals = recorded(&rows);
    if heavy {
        // Ten seconds of all cores, in one second.
        let cores = f64::from(2 * calm.services[0].groups[0].count);
        let many = 40 * calm.services[0].groups[0].count;
        for i in 0..many {
            let at = at + u64::from(i) * S / u64::from(many);
            rows.push((at, (cores * 10e9 / f64::from(many)) as u64, 1));
        }
    } else {
        let many = (f64::from(room) * draw.between(1.6, 2.5)) as u64;
        for i in 0..many {
            rows.push((at + i * 100 * MS / many, mean as u64, 0));
        }
    }
    rows.sort_by_key(|row| row.0);
    spec.sources[0].arrivals = recorded(&rows);
    let kind = if heavy {
        "heavy rows of a trace"
    } else {
        "burst of a trace"
    };
    (kind, spec, calm, vec![Plant::Burst("s")])
}

fn recorded(rows: &[(u64, u64, u32)]) -> Arrivals {
    let plain: Vec<(u64, u64)> = rows.iter().map(|r| (r.0, r.1)).collect();
    let Arrivals::Trace(plain) = trace(&plain) else {
        unreachable!()
    };
    Arrivals::Trace(Arc::new(Trace {
        class: rows.iter().map(|r| r.2).collect(),
        ..Trace::clone(&plain)
    }))
}

/// A worker that fails everything; its breaker opens.
fn behind_breakers(draw: &mut Draw, kind: &'static str, at: u64) -> Made {
    let mut calm = calm(draw, None);
    calm.services[0].balancer.breaker = Some(BreakerSpec::Consecutive {
        failures: 5,
        open_for: just(2 * S),
        half_open_calls: 1,
        successes: 1,
        counts: Failures::ALL,
    });
    let mut spec = calm.clone();
    let who = draw.worker(&spec);
    let what = match kind {
        "crash" => FaultKind::Crash,
        _ => FaultKind::Error {
            probability: draw.between(0.8, 1.0),
            when: ErrorWhen::End,
        },
    };
    let planted = fault("planted", what, who, FaultWhen::At(at));
    let lasts = draw.time(2.0, 6.0);
    spec.faults.push(lasting(lasts, planted));
    (kind, spec, calm, vec![Plant::Fault("planted")])
}

/// A second source that sends nothing for a long time, and then all at once.
fn batch(draw: &mut Draw, at: u64) -> Made {
    let calm = calm(draw, None);
    let mut spec = calm.clone();
    let group = &spec.services[0].groups[0];
    let room = f64::from(group.count * (group.slots.unwrap() + group.cores));
    let mut nightly = veltrix::model::spec::plain::source(
        "nightly",
        Arrivals::Constant {
            rate: 1e9 / at as f64,
        },
    );
    nightly.batch = Some(just((room * draw.between(1.3, 2.0)) as u64));
    spec.sources.push(nightly);
    ("batch", spec, calm, vec![Plant::Burst("nightly")])
}

/// A worker at two thirds of its speed is no trouble, nor is twice the load for a while.
fn slow_in_a_surge(draw: &mut Draw, at: u64) -> Made {
    let policy = blind(draw);
    let calm = calm(draw, Some(policy));
    let mut spec = calm.clone();
    let who = draw.worker(&spec);
    let slow = fault(
        "planted-slow",
        FaultKind::Slow { factor: 0.6 },
        who,
        FaultWhen::At(at),
    );
    spec.faults.push(lasting(9 * S, slow));
    let kind = FaultKind::Surge {
        source: 0,
        factor: 1.75,
    };
    let later = at + draw.time(0.5, 3.0);
    let surge = fault("planted-surge", kind, (1, 1), FaultWhen::At(later));
    spec.faults.push(lasting(4 * S, surge));
    let plants = vec![Plant::Fault("planted-slow"), Plant::Fault("planted-surge")];
    ("slow in a surge", spec, calm, plants)
}

/// A pause that is long enough, and a moment after its begin the worker is slow as well.
fn two_of_which_one_is_enough(draw: &mut Draw, at: u64) -> Made {
    let policy = blind(draw);
    let calm = calm(draw, Some(policy));
    let mut spec = calm.clone();
    let who = draw.worker(&spec);
    let pause = fault("planted-pause", FaultKind::Pause, who, FaultWhen::At(at));
    spec.faults.push(lasting(3 * S, pause));
    let slow = FaultKind::Slow { factor: 0.02 };
    let later = at + draw.time(0.0, 0.1);
    let slow = fault("planted-slow", slow, who, FaultWhen::At(later));
    spec.faults.push(lasting(6 * S, slow));
    let plants = vec![Plant::Fault("planted-pause"), Plant::Fault("planted-slow")];
    ("either of two", spec, calm, plants)
}

/// What a suspect is, in the generator's words.
pub fn plant_of(planted: &Planted, _: &Seen<'_>, subject: &Subject) -> Option<Plant> {
    let system = &planted.case.system;
    let known = |plant: &&Plant| match (plant, subject) {
        (Plant::Fault(name), Subject::Fault { fault, .. }) => system.faults[*fault].name == *name,
        (Plant::Burst(name), Subject::Burst { source, .. } | Subject::Work { source, .. }) => {
            system.sources[*source].name == *name
        }
        (Plant::Retries, Subject::Setting(setting)) => matches!(setting, Setting::NoRetries(_)),
        (Plant::Weights, Subject::Setting(setting)) => matches!(setting, Setting::EvenWeights(_)),
        _ => false,
    };
    planted.plants.iter().find(known).cloned()
}
