//! The same workloads on veltrix: an M/M/1 written straight on the engine, and model files.

use std::path::PathBuf;
use std::time::Instant;

use veltrix::base::units::SECOND;
use veltrix::config;
use veltrix::engine::heap::{Entry, Narrow};
use veltrix::engine::queue::{self, Queue, Register};
use veltrix::engine::rng::{Key, Stream};
use veltrix::engine::simulation::{self, Flow, Model};
use veltrix::engine::ziggurat::exp1;
use veltrix::model::spec::SystemSpec;
use veltrix::model::tally::Wanted;
use veltrix::model::trial::{
    self, AttemptRow, Blind, Horizon, LookFor, Observer, RunSpec, Timing, Width,
};
use veltrix::stats::histogram::Histogram;

use super::{CUSTOMERS, Case, REQUESTS, median};

pub mod instructions;

/// Every case, with what it is held against.
pub fn all() -> Vec<Case> {
    let plain = "limit, W2 p2c, u64 keys";
    vec![
        on_the_engine(),
        case(
            "W1, model file",
            "w1.toml",
            &[],
            CUSTOMERS,
            ("limit, W1, u64 keys", 3.0),
        ),
        case(
            "W2 round robin",
            "w2.toml",
            &["service.events.balancer.policy=round_robin"],
            REQUESTS,
            ("limit, W2 round robin, u64 keys", 2.0),
        ),
        case("W2 p2c", "w2.toml", &[], REQUESTS, (plain, 2.0)),
        case(
            "W2 jsq",
            "w2.toml",
            &["service.events.balancer.policy=jsq_oracle"],
            REQUESTS,
            ("limit, W2 jsq, u64 keys", 2.0),
        ),
        full(),
        case(
            "W2 p2c, health checks",
            "w2.toml",
            &["service.events.balancer.health.every=2s"],
            REQUESTS,
            ("W2 p2c", 1.05),
        ),
        case(
            "two tiers, one call a request, budgets, breakers",
            "two-tier.toml",
            &[],
            REQUESTS,
            (FULL, 3.0),
        ),
        case(
            "W3 p2c, 1,000 workers",
            "w2.toml",
            &wide(1_000),
            REQUESTS,
            (W3, 2.0),
        ),
        case(
            "W3 p2c, 10,000 workers",
            "w2.toml",
            &wide(10_000),
            REQUESTS,
            ("W2 p2c", 2.0),
        ),
        shared("ps, 10 inside", 11, None),
        shared("ps, 10,000 inside", 10_001, Some(("ps, 10 inside", 2.0))),
    ]
}

const W3: &str = "W2 p2c";
const FULL: &str = "W2 p2c, timeouts, retries, breakers, series, attempts ring";

/// More workers at the same load.
fn wide(workers: u64) -> [&'static str; 2] {
    match workers {
        1_000 => [
            "service.events.workers.count=1000",
            "source.requests.arrivals=1600k/s",
        ],
        _ => [
            "service.events.workers.count=10000",
            "source.requests.arrivals=16M/s",
        ],
    }
}

fn model(file: &str, set: &[&str]) -> SystemSpec {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("benches/workloads")
        .join(file);
    let set: Vec<String> = set.iter().map(|s| s.to_string()).collect();
    match config::load_model(&path, &set) {
        Ok(loaded) => loaded.system,
        Err(_) => panic!("{file} is not a model"),
    }
}

/// People who share a core: all but about one of them are inside at any time, and the core ends
/// a thousand requests a second however many they are.
fn shared(name: &'static str, people: u64, against: Option<(&'static str, f64)>) -> Case {
    let users = format!("source.people.arrivals.users={people}");
    let system = model("ps.toml", &[&users]);
    let requests = CUSTOMERS / 2;
    let mut spec = spec_for(&system, requests, false);
    spec.timing.horizon = Horizon::For(requests * (SECOND / 1_000));
    Case {
        name,
        requests,
        run: Box::new(move || shown(&trial::run(&system, &spec, &mut Blind).unwrap())),
        against,
    }
}

/// So long that about so many requests are born, and no drain.
fn spec_for(system: &SystemSpec, requests: u64, series: bool) -> RunSpec {
    let rate: f64 = system.sources.iter().map(|s| s.mean_rate()).sum();
    RunSpec {
        seed: 1,
        replication: 0,
        timing: Timing {
            warm_up: 0,
            horizon: Horizon::For((requests as f64 / rate * SECOND as f64) as u64),
            drain: 0,
            window: SECOND,
        },
        wanted: Wanted::default(),
        series,
        look_for: LookFor::default(),
        event_budget: u64::MAX,
        width: Width::Auto,
        spared: Vec::new(),
    }
}

fn shown(output: &trial::TrialOutput) -> String {
    let delays = &output.tally.delays[0].latency;
    format!(
        "mean {:.3} ms, p99 {:.2} ms, {} events",
        delays.mean().unwrap_or(0.0) / 1e6,
        delays.quantile(0.99).unwrap_or(0) as f64 / 1e6,
        output.events
    )
}

fn case(
    name: &'static str,
    file: &str,
    set: &[&str],
    requests: u64,
    against: (&'static str, f64),
) -> Case {
    let system = model(file, set);
    let spec = spec_for(&system, requests, false);
    Case {
        name,
        requests,
        run: Box::new(move || shown(&trial::run(&system, &spec, &mut Blind).unwrap())),
        against: Some(against),
    }
}

/// Keeps the last 65,536 attempts.
struct Ring {
    rows: Vec<AttemptRow>,
    seen: usize,
}

const RING: usize = 1 << 16;

impl Ring {
    fn new() -> Ring {
        Ring {
            rows: Vec::with_capacity(RING),
            seen: 0,
        }
    }
}

impl Observer for Ring {
    fn begin(&mut self) {
        self.rows.clear();
        self.seen = 0;
    }
    fn attempt(&mut self, row: &AttemptRow) {
        if self.rows.len() < RING {
            self.rows.push(*row);
        } else {
            self.rows[self.seen % RING] = *row;
        }
        self.seen += 1;
    }
}

fn full() -> Case {
    let system = model("w2-full.toml", &[]);
    let spec = spec_for(&system, REQUESTS, true);
    let run = move || {
        let mut ring = Ring::new();
        shown(&trial::run(&system, &spec, &mut ring).unwrap())
    };
    Case {
        name: FULL,
        requests: REQUESTS,
        run: Box::new(run),
        against: Some(("limit, W2 p2c, all features, u128 keys", 2.0)),
    }
}

/// Runs one workload once, of so many requests, and nothing else.
pub fn alone(name: &str, requests: u64) {
    let output = match name {
        "W1" | "W2" | "two-tier" => {
            let system = model(&format!("{}.toml", name.to_lowercase()), &[]);
            trial::run(&system, &spec_for(&system, requests, false), &mut Blind)
        }
        "W2-full" => {
            let system = model("w2-full.toml", &[]);
            let mut ring = Ring::new();
            trial::run(&system, &spec_for(&system, requests, true), &mut ring)
        }
        _ => panic!("no workload {name}"),
    };
    println!("{}", shown(&output.unwrap()));
}

/// Two threads over one: two replications of W2, on one thread and on two.
pub fn threads(rounds: usize) {
    let system = model("w2.toml", &[]);
    let spec = spec_for(&system, REQUESTS, false);
    let one = |replication| {
        let spec = RunSpec {
            replication,
            ..spec.clone()
        };
        trial::run(&system, &spec, &mut Blind).unwrap().events
    };
    let mut gains = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let alone = one(0) + one(1);
        let on_one = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let (a, b) = rayon::join(|| one(0), || one(1));
        let on_two = start.elapsed().as_secs_f64();
        assert_eq!(alone, a + b, "a trial is the same on any thread");
        gains.push(on_one / on_two);
    }
    println!(
        "two threads over one, W2 p2c: {:.2} times (at least 1.85)",
        median(&mut gains)
    );
}

/// Runs W2 alone and prints the most memory the process ever had resident.
pub fn memory_of_w2(requests: u64) {
    let system = model("w2.toml", &[]);
    let spec = spec_for(&system, requests, false);
    trial::run(&system, &spec, &mut Blind).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    match most {
        Some(most) => println!(
            "resident, W2 of {requests} requests: {} (at most 32 MiB)",
            most.trim()
        ),
        None => println!("resident, W2 of {requests} requests: not told by this system"),
    }
}

/// M/M/1 as a user of the engine alone would write it.
struct MM1 {
    gaps: Stream,
    works: Stream,
    register: Register,
    inside: std::collections::VecDeque<u64>,
    times: Histogram,
    left: u64,
}

#[derive(Clone, Copy)]
enum Ev {
    Arrive,
    Leave,
}

impl queue::Event for Ev {
    #[inline(always)]
    fn rank(&self) -> u8 {
        match self {
            Ev::Leave => 2,
            Ev::Arrive => 4,
        }
    }
    #[inline(always)]
    fn pack(self) -> u64 {
        self as u64
    }
    #[inline(always)]
    fn unpack(word: u64) -> Self {
        if word == 0 { Ev::Arrive } else { Ev::Leave }
    }
}

impl<W: Entry> Model<W> for MM1 {
    type Event = Ev;

    #[inline(always)]
    fn handle(&mut self, queue: &mut Queue<W, Ev>, event: Ev) -> Flow {
        let now = queue.now();
        match event {
            Ev::Arrive => {
                self.left -= 1;
                if self.left > 0 {
                    let gap = (exp1(&mut self.gaps) * 1e6 / 0.9 + 0.5) as u64;
                    queue.register(self.register, now + gap, Ev::Arrive);
                }
                self.inside.push_back(now);
                if self.inside.len() == 1 {
                    self.serve(queue);
                }
            }
            Ev::Leave => {
                let came = self.inside.pop_front().expect("one was served");
                self.times.record(now - came);
                if !self.inside.is_empty() {
                    self.serve(queue);
                }
            }
        }
        Flow::GoOn
    }
}

impl MM1 {
    #[inline(always)]
    fn serve<W: Entry>(&mut self, queue: &mut Queue<W, Ev>) {
        let work = (exp1(&mut self.works) * 1e6 + 0.5) as u64;
        queue.at(queue.now() + work, Ev::Leave);
    }
}

fn on_the_engine() -> Case {
    let run = || {
        let key = Key::new(1, 0, 0);
        let mut queue = Queue::<Narrow, Ev>::new();
        let register = queue.add_register();
        let mut model = MM1 {
            gaps: Stream::new(&key, "gaps"),
            works: Stream::new(&key, "works"),
            register,
            inside: Default::default(),
            times: Histogram::new(),
            left: CUSTOMERS,
        };
        queue.register(register, 1, Ev::Arrive);
        let events = simulation::run(&mut model, &mut queue, u64::MAX).unwrap();
        format!(
            "mean {:.3} times the work, {events} events",
            model.times.mean().unwrap() / 1e6
        )
    };
    Case {
        name: "W1, M/M/1 on the engine",
        requests: CUSTOMERS,
        run: Box::new(run),
        against: Some(("limit, W1, u64 keys", 2.0)),
    }
}
