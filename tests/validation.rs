//! Are the numbers right? Every known answer of `tests/truth` that this version can express is
//! run and compared within its tolerance; mistakes made on purpose must be noticed; replays of
//! recorded traffic must agree to the nanosecond. `docs/validation.md` shows the comparison.
//!
//! `VELTRIX_VALIDATION` chooses what runs: nothing said, cases of up to a million and a half
//! requests; `full`, up to three million; `long`, those beyond; `all`. With `all`,
//! `VELTRIX_BLESS=1` writes the page anew.

#![allow(clippy::unwrap_used)]

#[path = "validation/mistakes.rs"]
mod mistakes;
#[path = "validation/page.rs"]
mod page;

use std::env;

use mistakes::{Change, MADE, NOT_MADE};
use veltrix::verify::measure::{Job, Measured, count, run_all};
use veltrix::verify::read::{Case, Mistake, cases};
use veltrix::verify::reading::{Reading, value};
use veltrix::verify::waiting::WAITING;
use veltrix::verify::{Compared, STANDARD, build, compare, replay, size};

/// Cases of so many requests run with every `cargo test`.
const QUICK: u64 = 1_500_000;
/// Mistakes in cases of so many requests are made with every `cargo test`.
const QUICK_MISTAKES: u64 = 500_000;
const THREADS: usize = 2;

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
            Sizes::Full => requests <= STANDARD,
            Sizes::Long => requests > STANDARD,
            Sizes::All => true,
        }
    }
}

/// Cases with chance in them that this version can express.
fn expressible(all: &[Case]) -> Vec<Job<'_>> {
    all.iter().filter_map(|case| Job::of(case).ok()).collect()
}

/// Those that are also run from a step of another service.
fn called(all: &[Case]) -> Vec<Job<'_>> {
    all.iter()
        .filter_map(|case| Job::called(case).unwrap_or_else(|e| panic!("{}: {e}", case.id)))
        .collect()
}

/// Runs them all; none may break.
fn run(jobs: &[Job]) -> Vec<Measured> {
    let done = run_all(jobs, THREADS, &|_| {});
    let named = jobs.iter().zip(done);
    named
        .map(|(job, done)| done.unwrap_or_else(|e| panic!("{}: {}", job.case.id, e.message)))
        .collect()
}

#[test]
fn the_known_answers_come_out() {
    let all = cases();
    let sizes = Sizes::asked();
    let (jobs, left): (Vec<_>, Vec<_>) = expressible(&all)
        .into_iter()
        .chain(called(&all))
        .partition(|job| sizes.take(job.requests, QUICK));
    for job in &left {
        println!("not of the size asked for: {}", job.name());
    }
    for (name, what) in WAITING {
        println!("waits for {what}: {name}");
    }
    let tallies = run(&jobs);
    let compared: Vec<Compared> = jobs
        .iter()
        .zip(&tallies)
        .flat_map(|(job, tally)| compare(job, tally).unwrap())
        .collect();
    if sizes == Sizes::All && env::var("VELTRIX_BLESS").is_ok_and(|v| v == "1") {
        let requests = tallies.iter().map(|m| count(m).unwrap()).sum();
        page::write(&compared, jobs.len(), requests);
    }
    let worst = compared
        .iter()
        .filter_map(Compared::z)
        .map(f64::abs)
        .fold(0.0, f64::max);
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
    let mut made = Vec::new();
    for right in expressible(&all) {
        for mistake in &right.case.mistakes {
            let id = &right.case.id;
            let Some(change) = change(mistake) else {
                println!("cannot be made: {id}: {}", mistake.text);
                continue;
            };
            if sizes.take(right.requests, QUICK_MISTAKES) {
                let spec = change.make(&right.spec);
                let readings = right.readings.clone();
                jobs.push(Job {
                    spec,
                    readings,
                    ..right
                });
                made.push(mistake);
            }
        }
    }
    let tallies = run(&jobs);
    for ((job, tally), mistake) in jobs.iter().zip(&tallies).zip(made) {
        let reading = match change(mistake) {
            Some(Change::ReadAs(metric)) => Reading::metric(metric),
            _ => Reading::of(job.case, &mistake.metric),
        };
        let mut known = job.case.known.iter();
        let known = known.find(|k| k.metric == mistake.metric).unwrap();
        let got = value(&job.spec, tally, &reading.unwrap(), &job.readings);
        let off = (got - known.value).abs() / known.tolerance(count(tally).unwrap());
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
        let runs = size(case).is_some();
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
    let mut job = Job::of(case).unwrap();
    job.make_wrong();
    let jobs = [job];
    let tallies = run(&jobs);
    let compared = compare(&jobs[0], &tallies[0]).unwrap();
    assert!(compared.iter().any(|c| !c.holds()));
}

#[test]
fn replays_agree_to_the_nanosecond() {
    let all = cases();
    let traces = all.iter().filter(|case| case.kind == replay::KIND);
    let replays: Vec<_> = traces.map(|case| replay::case(case).unwrap()).collect();
    assert_eq!(replays.len(), 4);
    for replayed in replays {
        assert!(replayed.holds(), "{}: {:?}", replayed.id, replayed.wrong);
    }
}

#[test]
fn recorded_traffic_gives_the_same_integers_as_two_other_programs() {
    assert_eq!(replay::lines().len(), 5);
    for line in 0..5 {
        let replayed = replay::line(line).unwrap();
        assert!(replayed.holds(), "{}: {:?}", replayed.id, replayed.wrong);
    }
}

#[test]
fn every_case_is_run_or_waits_for_a_feature() {
    let all = cases();
    assert!(all.len() >= 76, "{} cases", all.len());
    for case in &all {
        let waits = WAITING.iter().any(|(name, _)| *name == case.id);
        // `tests/rare.rs` runs those that counting sees nothing of.
        let rare = case.kind == "rare_overflow";
        let counted = rare || case.kind == replay::KIND || size(case).is_some();
        match build::system(&case.model) {
            Ok(_) if counted => assert!(!waits, "{} need not wait", case.id),
            Ok(_) => assert!(waits, "{} is neither run nor waiting", case.id),
            Err(lacking) => assert!(waits, "{} lacks {lacking}", case.id),
        }
        if size(case).is_some() && !waits {
            assert_eq!(Job::of(case).err(), None, "{}", case.id);
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
    for job in expressible(&all) {
        for known in &job.case.known {
            let start = format!("| {} | {} |", job.case.id, known.metric);
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
