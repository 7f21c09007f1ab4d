//! Speed, in nanoseconds a request, all cases in turn: `cargo bench --bench ratios`, or only those
//! with a word in their names: `cargo bench --bench ratios -- jsq`. Instructions instead of time,
//! against `benches/instructions.txt`: `cargo bench --bench ratios -- --instructions`. After one
//! round of warm-up come seven rounds. Printed are the medians, and for each case of veltrix the
//! median over rounds of its ratio to the hand-written loop of the same round: a machine is never
//! quiet, so only ratios within one run mean anything.
//!
//! The workloads are model files (`benches/workloads`), run as shipped: fingerprint, ledger and
//! overflow checks on. W1 is M/M/1 at load 0.9 with a million customers. W2 is 40,000 requests a
//! second for 60 s to 25 workers of 8 cores and 64 slots, lognormal work of 4 ms with a
//! coefficient of variation of 1.5. W3 is W2 with more workers at the same load and as many
//! requests. The cases of ps are people who share one core. The last lines are the resident memory
//! of W2, run alone in a process of its own, at 1e6 to 1e8 requests, and what two threads gain over
//! one.

#![allow(unsafe_code)] // the hand-written loop, and nothing else
#![allow(clippy::disallowed_methods)] // the wall clock is what is measured; the loop has its maths
#![allow(clippy::unwrap_used)]

mod limit;
mod veltrix_cases;

use limit::queue::{Dary, Queue, Short};
use limit::rng::Direct;
use limit::w1;
use limit::w2::{self, Policy};
use rand_chacha::ChaCha8Rng;
use std::process::ExitCode;
use std::time::Instant;

type Stream = Direct<ChaCha8Rng>;

const CUSTOMERS: u64 = 1_000_000;
const REQUESTS: u64 = 2_400_000;
const ROUNDS: usize = 7;

struct Case {
    name: &'static str,
    requests: u64,
    run: Box<dyn Fn() -> String>,
    /// The case it is held against, and the most that its ratio to that may be.
    against: Option<(&'static str, f64)>,
}

fn m_m_1<Q: Queue>(name: &'static str, mean_ns: f64) -> Case {
    let run = move || {
        let out = w1::queued::<Q, Stream>(CUSTOMERS, 1, mean_ns);
        format!("mean {:.3} times the work, {} served", out.mean, out.n)
    };
    Case {
        name,
        requests: CUSTOMERS,
        run: Box::new(run),
        against: None,
    }
}

fn plain<Q: Queue>(name: &'static str, policy: Policy, workers: usize) -> Case {
    let run = move || shown(&w2::run::<Q, Stream>(policy, workers, REQUESTS, 1));
    Case {
        name,
        requests: REQUESTS,
        run: Box::new(run),
        against: None,
    }
}

fn full<Q: Queue>(name: &'static str) -> Case {
    let run = || shown(&w2::run_feat::<Q, Stream>(Policy::P2c, 25, REQUESTS, 1));
    Case {
        name,
        requests: REQUESTS,
        run: Box::new(run),
        against: None,
    }
}

/// What the run computed: a case that is fast because it is wrong shows here.
fn shown(out: &w2::Out) -> String {
    let (mean, p99) = (out.hist.mean_ms(), out.hist.quantile_ms(0.99));
    let w2::Out {
        drops,
        events,
        timeouts,
        retries,
        ..
    } = out;
    let mut text = format!("mean {mean:.3} ms, p99 {p99:.2} ms, {drops} drops, {events} events");
    if *timeouts > 0 {
        text += &format!(", {timeouts} timeouts, {retries} retries");
    }
    text
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        m_m_1::<Short<4>>("limit, W1, u64 keys", 1e6),
        m_m_1::<Dary<4>>("limit, W1, u128 keys", 1e9),
        plain::<Short<4>>("limit, W2 round robin, u64 keys", Policy::RoundRobin, 25),
        plain::<Short<4>>("limit, W2 p2c, u64 keys", Policy::P2c, 25),
        plain::<Short<4>>("limit, W2 jsq, u64 keys", Policy::Jsq, 25),
        full::<Dary<4>>("limit, W2 p2c, all features, u128 keys"),
        plain::<Short<4>>("limit, W3 p2c, 1,000 workers, u64 keys", Policy::P2c, 1_000),
        plain::<Short<4>>(
            "limit, W3 p2c, 10,000 workers, u64 keys",
            Policy::P2c,
            10_000,
        ),
    ];
    cases.extend(veltrix_cases::all());
    cases
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value of `--NAME=VALUE`.
fn option(name: &str) -> Option<String> {
    let start = format!("--{name}=");
    std::env::args().find_map(|a| a.strip_prefix(&start).map(String::from))
}

/// The cases that have all of these words in their names, and what those are held against.
fn chosen(words: &[String]) -> Vec<Case> {
    let all = cases();
    let asked = |name: &str| words.iter().all(|word| name.contains(word.as_str()));
    let bases: Vec<&str> = all
        .iter()
        .filter(|case| asked(case.name))
        .filter_map(|case| case.against.map(|(other, _)| other))
        .collect();
    let wanted = |case: &Case| asked(case.name) || bases.contains(&case.name);
    all.into_iter().filter(wanted).collect()
}

fn main() -> ExitCode {
    if let Some(requests) = option("memory") {
        veltrix_cases::memory_of_w2(requests.parse().unwrap());
    } else if let Some(name) = option("alone") {
        veltrix_cases::alone(&name, option("requests").unwrap().parse().unwrap());
    } else if std::env::args().any(|arg| arg == "--instructions") {
        return veltrix_cases::instructions::compare();
    } else {
        measure();
    }
    ExitCode::SUCCESS
}

fn measure() {
    // `cargo test --benches` runs this too: then one round, to see that it works.
    let measuring = std::env::args().any(|arg| arg == "--bench");
    let rounds = if measuring { ROUNDS } else { 0 };
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let cases = chosen(&words);
    let mut times = vec![Vec::new(); cases.len()];
    let mut checks = vec![String::new(); cases.len()];
    for round in 0..=rounds {
        for (i, case) in cases.iter().enumerate() {
            let start = Instant::now();
            checks[i] = (case.run)();
            let ns = start.elapsed().as_secs_f64() * 1e9 / case.requests as f64;
            if round > 0 || rounds == 0 {
                times[i].push(ns);
            }
        }
    }
    println!("\n| case | ns a request | ratio | at most | check |\n|---|---:|---:|---:|---|");
    for (i, case) in cases.iter().enumerate() {
        let (ratio, bound) = match case.against {
            None => (String::new(), String::new()),
            Some((other, bound)) => {
                let base = cases.iter().position(|c| c.name == other).unwrap();
                let pairs = times[i].iter().zip(&times[base]);
                let mut ratios: Vec<f64> = pairs.map(|(a, b)| a / b).collect();
                (format!("{:.2}", median(&mut ratios)), format!("{bound:.1}"))
            }
        };
        let ns = median(&mut times[i].clone());
        println!(
            "| {} | {ns:.1} | {ratio} | {bound} | {} |",
            case.name, checks[i]
        );
    }
    if measuring && words.is_empty() {
        println!();
        veltrix_cases::threads(ROUNDS);
        for requests in [1_000_000u64, 10_000_000, 100_000_000] {
            let me = std::env::current_exe().unwrap();
            let mut child = std::process::Command::new(me);
            let status = child.arg(format!("--memory={requests}")).status().unwrap();
            assert!(status.success());
        }
    }
}
