//! Are the numbers right? Every known answer of `tests/truth` that this version can express is
//! run and compared within its tolerance; mistakes made on purpose must be noticed; replays of
//! recorded traffic must agree to the nanosecond. `docs/validation.md` shows the comparison.
//!
//! `VELTRIX_VALIDATION` chooses what runs: nothing said, cases of up to a million and a half
//! requests; `full`, up to three million; `long`, those beyond; `all`. With `all`,
//! `VELTRIX_BLESS=1` writes the page anew.

#![allow(clippy::unwrap_used)]

#[path = "systems/mod.rs"]
mod systems;

#[path = "validation/build.rs"]
mod build;
#[path = "validation/exact.rs"]
mod exact;
#[path = "validation/measure.rs"]
mod measure;
#[path = "validation/mistakes.rs"]
mod mistakes;
#[path = "validation/page.rs"]
mod page;
#[path = "validation/read.rs"]
mod read;
#[path = "validation/waiting.rs"]
mod waiting;

use std::env;

use measure::{Job, Measured, count, ours, run_all, value};
use mistakes::{Change, MADE, NOT_MADE};
use read::{Case, Mistake, cases};
use veltrix::model::spec::SystemSpec;
use waiting::WAITING;

/// Cases of so many requests run with every `cargo test`.
const QUICK: u64 = 1_500_000;
/// Mistakes in cases of so many requests are made with every `cargo test`.
const QUICK_MISTAKES: u64 = 500_000;
const FULL: u64 = 3_000_000;

/// Which sizes were asked for.
#[derive(Clone, Copy, PartialEq)]
enum Sizes {
    Quick,
    Full,
    Long,
    All,
}

impl Sizes {
    fn asked() -> Sizes {
        match env::var("VELTRIX_VALIDATION").as_deref() {
            Err(_) | Ok("") => Sizes::Quick,
            Ok("full") => Sizes::Full,
            Ok("long") => Sizes::Long,
            Ok("all") => Sizes::All,
            Ok(other) => panic!("VELTRIX_VALIDATION is full, long or all, not {other}"),
        }
    }

    fn take(self, requests: u64, quick: u64) -> bool {
        match self {
            Sizes::Quick => requests <= quick,
            Sizes::Full => requests <= FULL,
            Sizes::Long => requests > FULL,
            Sizes::All => true,
        }
    }
}

/// Cases with chance in them that this version can express.
fn expressible(all: &[Case]) -> Vec<(&Case, SystemSpec)> {
    let drawn = all.iter().filter(|case| case.kind != "trace");
    let counted = drawn.filter(|case| case.min_requests.is_some());
    counted
        .filter_map(|case| Some((case, build::system(&case.model).ok()?)))
        .collect()
}

/// One number beside the known one.
pub struct Compared<'c> {
    case: &'c Case,
    metric: &'c str,
    theory: f64,
    simulated: f64,
    tolerance: f64,
    z: f64,
}

impl Compared<'_> {
    fn holds(&self) -> bool {
        (self.simulated - self.theory).abs() <= self.tolerance
    }
}

fn compare<'c>(case: &'c Case, spec: &SystemSpec, tally: &Measured) -> Vec<Compared<'c>> {
    let n = count(tally);
    assert!(n >= case.min_requests.unwrap(), "{}: only {n}", case.id);
    let words: Vec<String> = case.known.iter().map(|k| ours(case, &k.metric)).collect();
    let one = |known: &'c read::Known| {
        let simulated = value(spec, tally, &ours(case, &known.metric), &words);
        Compared {
            case,
            metric: &known.metric,
            theory: known.value,
            simulated,
            tolerance: known.tolerance(n),
            z: known.z(simulated, n),
        }
    };
    case.known.iter().map(one).collect()
}

fn truth(case: &Case, spec: SystemSpec) -> Job<'_> {
    Job {
        case,
        spec,
        mistake: None,
    }
}

#[test]
fn the_known_answers_come_out() {
    let all = cases();
    let sizes = Sizes::asked();
    let (run, left): (Vec<_>, Vec<_>) = expressible(&all)
        .into_iter()
        .partition(|(case, _)| sizes.take(case.min_requests.unwrap(), QUICK));
    for (case, _) in &left {
        println!("not of the size asked for: {}", case.id);
    }
    for (name, what) in WAITING {
        println!("waits for {what}: {name}");
    }
    let jobs: Vec<Job> = run.into_iter().map(|(c, spec)| truth(c, spec)).collect();
    let tallies = run_all(&jobs);
    let compared: Vec<Compared> = jobs
        .iter()
        .zip(&tallies)
        .flat_map(|(job, tally)| compare(job.case, &job.spec, tally))
        .collect();
    if sizes == Sizes::All && env::var("VELTRIX_BLESS").is_ok_and(|v| v == "1") {
        page::write(&compared, &jobs, &tallies);
    }
    let worst = compared.iter().map(|c| c.z.abs()).fold(0.0, f64::max);
    let (cases, numbers) = (jobs.len(), compared.len());
    println!("{numbers} numbers of {cases} cases; furthest off by {worst:.2} standard errors");
    let wrong: Vec<String> = compared
        .iter()
        .filter(|c| !c.holds())
        .map(page::line)
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The change that a mistake is, if a system can make it.
fn change(mistake: &Mistake) -> Option<Change> {
    let made = MADE.iter().find(|(text, _)| *text == mistake.text);
    let refused = NOT_MADE.iter().any(|(text, _)| *text == mistake.text);
    assert!(
        made.is_some() != refused,
        "`{}` is in both tables of mistakes, or in none",
        mistake.text
    );
    made.map(|(_, change)| *change)
}

#[test]
fn mistakes_are_noticed() {
    let all = cases();
    let sizes = Sizes::asked();
    let mut jobs = Vec::new();
    for (case, right) in expressible(&all) {
        for (i, mistake) in case.mistakes.iter().enumerate() {
            let Some(change) = change(mistake) else {
                println!("cannot be made: {}: {}", case.id, mistake.text);
                continue;
            };
            if sizes.take(case.min_requests.unwrap(), QUICK_MISTAKES) {
                jobs.push(Job {
                    case,
                    spec: change.make(&right),
                    mistake: Some(i),
                });
            }
        }
    }
    let tallies = run_all(&jobs);
    for (job, tally) in jobs.iter().zip(&tallies) {
        let mistake = &job.case.mistakes[job.mistake.unwrap()];
        let metric = match change(mistake) {
            Some(Change::ReadAs(metric)) => metric.into(),
            _ => ours(job.case, &mistake.metric),
        };
        let mut known = job.case.known.iter();
        let known = known.find(|k| k.metric == mistake.metric).unwrap();
        let words: Vec<String> = job
            .case
            .known
            .iter()
            .map(|k| ours(job.case, &k.metric))
            .collect();
        let got = value(&job.spec, tally, &metric, &words);
        let off = (got - known.value).abs() / known.tolerance(count(tally));
        println!("{}: {}: {off:.1} tolerances off", job.case.id, mistake.text);
        assert!(off > 1.0, "{}: `{}` passes", job.case.id, mistake.text);
        // And it is off because of that mistake.
        assert!(
            (got - mistake.would_give).abs() < (got - known.value).abs(),
            "{}: `{}` gives {got}, not {}",
            job.case.id,
            mistake.text,
            mistake.would_give
        );
    }
    println!("{} mistakes made and noticed", jobs.len());
}

/// A mistake that a case must notice is made with it, or cannot be made, or waits with its case.
#[test]
fn every_mistake_is_made_or_listed_with_its_reason() {
    let all = cases();
    for case in &all {
        let waits = WAITING.iter().any(|(name, _)| *name == case.id);
        let runs = case.kind != "trace" && case.min_requests.is_some();
        assert!(runs || waits || case.mistakes.is_empty(), "{}", case.id);
        for mistake in case.mistakes.iter().filter(|_| !waits) {
            change(mistake);
            let known = case.known.iter().any(|k| k.metric == mistake.metric);
            assert!(known, "{}: no known {}", case.id, mistake.metric);
        }
    }
    let made = MADE.iter().map(|(text, _)| *text);
    for text in made.chain(NOT_MADE.iter().map(|(text, _)| *text)) {
        let mut mistakes = all.iter().flat_map(|case| &case.mistakes);
        assert!(mistakes.any(|m| m.text == text), "no case rejects `{text}`");
    }
}

/// Workers two percent too fast: everything else about them is right.
#[test]
fn a_model_that_is_wrong_on_purpose_fails() {
    let all = cases();
    let case = all.iter().find(|case| case.id == "erlang-b-c10").unwrap();
    let mut spec = build::system(&case.model).unwrap();
    spec.services[0].groups[0].speed = 1.02;
    let jobs = [truth(case, spec)];
    let tallies = run_all(&jobs);
    let compared = compare(case, &jobs[0].spec, &tallies[0]);
    assert!(compared.iter().any(|c| !c.holds()));
}

#[test]
fn every_case_is_run_or_waits_for_a_feature() {
    let all = cases();
    assert!(all.len() >= 76, "{} cases", all.len());
    for case in &all {
        let waits = WAITING.iter().any(|(name, _)| *name == case.id);
        // `tests/rare.rs` runs those that counting sees nothing of.
        let rare = case.kind == "rare_overflow";
        let counted = rare || case.kind == "trace" || case.min_requests.is_some();
        match build::system(&case.model) {
            Ok(_) if counted => assert!(!waits, "{} need not wait", case.id),
            Ok(_) => assert!(waits, "{} is neither run nor waiting", case.id),
            Err(lacking) => assert!(waits, "{} lacks {lacking}", case.id),
        }
    }
    for (name, _) in WAITING {
        assert!(all.iter().any(|case| case.id == *name), "no case {name}");
    }
}

/// The file's own tolerance is the formula at the least number of requests.
#[test]
fn tolerances_are_those_of_the_files() {
    for case in cases() {
        for known in case.known.iter().filter(|k| k.sd_per_request > 0.0) {
            let formula = known.tolerance(case.min_requests.unwrap());
            let apart = (formula / known.abs_tol - 1.0).abs();
            assert!(apart < 0.01, "{} {}: {formula}", case.id, known.metric);
        }
    }
}

#[test]
fn the_page_shows_every_number() {
    let all = cases();
    let text = page::text();
    for (case, _) in expressible(&all) {
        for known in &case.known {
            let start = format!("| {} | {} |", case.id, known.metric);
            let line = text.lines().find(|line| line.starts_with(&start));
            let fine = line.is_some_and(|line| line.ends_with("| holds |"));
            assert!(fine, "docs/validation.md: no line that holds for {start}");
        }
    }
    for (name, what) in WAITING {
        let line = format!("| {name} | {what} |");
        assert!(text.contains(&line), "docs/validation.md lacks {line}");
    }
}
