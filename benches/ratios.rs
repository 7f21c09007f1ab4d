//! Speed, in nanoseconds a request, all cases in turn: `cargo bench --bench ratios`. After one
//! round of warm-up come seven rounds, and the medians are printed as a Markdown table. A machine
//! is never quiet, so only ratios between cases of one run mean anything.
//!
//! The workloads: W1 is M/M/1 at rho 0.9 with a million customers. W2 is 40,000 requests a second
//! for 60 s to 25 workers of 8 cores and 64 slots, lognormal work of 4 ms with a coefficient of
//! variation of 1.5. W3 is W2 with more workers at the same load.

#![allow(unsafe_code)] // the hand-written loop, and nothing else
#![allow(clippy::disallowed_methods)] // the wall clock is what is measured; the loop has its maths
#![allow(clippy::unwrap_used)]

mod limit;

use limit::queue::{Dary, Queue, Short};
use limit::rng::Direct;
use limit::w1;
use limit::w2::{self, Policy};
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

type Stream = Direct<ChaCha8Rng>;

const CUSTOMERS: u64 = 1_000_000;
const REQUESTS: u64 = 2_400_000;
const ROUNDS: usize = 7;

struct Case {
    name: &'static str,
    requests: u64,
    run: Box<dyn Fn() -> String>,
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
    }
}

fn plain<Q: Queue>(name: &'static str, policy: Policy, workers: usize) -> Case {
    let run = move || shown(&w2::run::<Q, Stream>(policy, workers, REQUESTS, 1));
    Case {
        name,
        requests: REQUESTS,
        run: Box::new(run),
    }
}

fn full<Q: Queue>(name: &'static str) -> Case {
    let run = || shown(&w2::run_feat::<Q, Stream>(Policy::P2c, 25, REQUESTS, 1));
    Case {
        name,
        requests: REQUESTS,
        run: Box::new(run),
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
    vec![
        m_m_1::<Short<4>>("limit, W1, u64 keys", 1e6),
        m_m_1::<Dary<4>>("limit, W1, u128 keys", 1e9),
        plain::<Short<4>>("limit, W2 round robin, u64 keys", Policy::RoundRobin, 25),
        plain::<Short<4>>("limit, W2 p2c, u64 keys", Policy::P2c, 25),
        plain::<Dary<4>>("limit, W2 p2c, u128 keys", Policy::P2c, 25),
        plain::<Short<4>>("limit, W2 jsq, u64 keys", Policy::Jsq, 25),
        full::<Short<4>>("limit, W2 p2c, all features, u64 keys"),
        full::<Dary<4>>("limit, W2 p2c, all features, u128 keys"),
        plain::<Short<4>>("limit, W3 p2c, 1,000 workers, u64 keys", Policy::P2c, 1_000),
        plain::<Short<4>>(
            "limit, W3 p2c, 10,000 workers, u64 keys",
            Policy::P2c,
            10_000,
        ),
    ]
}

fn main() {
    // `cargo test --benches` runs this too: then one round, to see that it works.
    let rounds = if std::env::args().any(|arg| arg == "--bench") {
        ROUNDS
    } else {
        0
    };
    let cases = cases();
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
    println!("\n| case | ns a request | M requests/s | check |\n|---|---:|---:|---|");
    for ((case, times), check) in cases.iter().zip(&mut times).zip(&checks) {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!(
            "| {} | {median:.1} | {:.2} | {check} |",
            case.name,
            1e3 / median
        );
    }
}
