//! The comparison for programs: every number in full.

use serde::Serialize;
use serde_json::Value;

use super::Run;
use crate::report::number;
use crate::verify::suite::{Replay, Suite};
use crate::verify::{CONFIDENCE, Compared, SEED, STANDARD_ERRORS};

/// Goes up when a field changes its meaning or goes away.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Report {
    schema: u32,
    veltrix: &'static str,
    seed: u64,
    confidence: f64,
    tolerance_standard_errors: f64,
    canary: bool,
    holds: bool,
    cases: Vec<Case>,
    replays: Vec<Replayed>,
    failed: Vec<Failed>,
    left_out: Vec<String>,
}

#[derive(Serialize)]
struct Case {
    case: String,
    kind: String,
    description: String,
    source: Vec<String>,
    requests: u64,
    warm_up_requests: u64,
    numbers: Vec<Number>,
}

#[derive(Serialize)]
struct Number {
    number: String,
    unit: String,
    known: String,
    theory: Value,
    theory_error: Value,
    simulated: Value,
    low: Value,
    high: Value,
    standard_error: Value,
    z: Value,
    tolerance: Value,
    holds: bool,
}

#[derive(Serialize)]
struct Replayed {
    replay: String,
    requests: u64,
    compared: u64,
    wrong: Vec<String>,
    holds: bool,
}

#[derive(Serialize)]
struct Failed {
    case: String,
    code: String,
    message: String,
}

fn print(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    text.expect("names and numbers are always JSON") + "\n"
}

fn number(c: &Compared<'_>) -> Number {
    let json = |x: f64| number::json(Some(x));
    Number {
        number: c.known.metric.clone(),
        unit: c.known.unit.clone(),
        known: c.known.how.clone(),
        theory: json(c.known.value),
        theory_error: json(c.known.abs_error),
        simulated: json(c.simulated),
        low: json(c.simulated - c.half_width()),
        high: json(c.simulated + c.half_width()),
        standard_error: json(c.known.standard_error(c.requests)),
        z: number::json(c.z()),
        tolerance: json(c.tolerance()),
        holds: c.holds(),
    }
}

/// What was run and what came of it.
pub fn report(run: &Run<'_>) -> String {
    let (suite, outcome) = (run.suite, run.outcome);
    let cases = suite.jobs.iter().map(|job| {
        let of_case = outcome.compared.iter();
        let of_case = of_case.filter(|c| c.case.id == job.case.id && c.called == job.called);
        let measured = of_case.clone().next().map_or(0, |c| c.requests);
        Case {
            case: job.name(),
            requests: measured,
            ..case(job.case, of_case.map(number).collect())
        }
    });
    let replays = outcome.replays.iter().map(|r| Replayed {
        replay: r.id.clone(),
        requests: r.requests,
        compared: r.compared,
        wrong: r.wrong.clone(),
        holds: r.holds(),
    });
    let failed = outcome.broken.iter().map(|(name, error)| Failed {
        case: name.clone(),
        code: error.code.to_string(),
        message: error.message.clone(),
    });
    print(&Report {
        schema: SCHEMA,
        veltrix: env!("CARGO_PKG_VERSION"),
        seed: SEED,
        confidence: CONFIDENCE,
        tolerance_standard_errors: STANDARD_ERRORS,
        canary: run.canary,
        holds: !outcome.is_wrong() && outcome.broken.is_empty(),
        cases: cases.collect(),
        replays: replays.collect(),
        failed: failed.collect(),
        left_out: suite.left.iter().map(|case| case.id.clone()).collect(),
    })
}

fn case(case: &crate::verify::read::Case, numbers: Vec<Number>) -> Case {
    Case {
        case: case.id.clone(),
        kind: case.kind.clone(),
        description: case.description.clone(),
        source: case.source.clone(),
        requests: case.min_requests.unwrap_or(0),
        warm_up_requests: case.warmup_requests,
        numbers,
    }
}

#[derive(Serialize)]
struct Listed {
    case: String,
    kind: String,
    description: String,
    source: Vec<String>,
    numbers: usize,
    requests: u64,
}

/// What there is, without running it.
pub fn list(suite: &Suite<'_>) -> String {
    let listed = |case: &crate::verify::read::Case| Listed {
        case: case.id.clone(),
        kind: case.kind.clone(),
        description: case.description.clone(),
        source: case.source.clone(),
        numbers: case.known.len(),
        requests: case.min_requests.unwrap_or(0),
    };
    let jobs = suite.jobs.iter().map(|job| Listed {
        case: job.name(),
        ..listed(job.case)
    });
    let replays = suite.replays.iter().map(|one| match one {
        Replay::Case(case) => listed(case),
        Replay::Line(_) => Listed {
            case: one.id(),
            kind: crate::verify::replay::RECORDED.into(),
            description: "recorded traffic".into(),
            source: vec!["two programs that share no code".into()],
            numbers: 0,
            requests: 0,
        },
    });
    print(&jobs.chain(replays).collect::<Vec<_>>())
}
