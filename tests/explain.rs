//! Explanations: incidents planted by a generator are explained by what was planted, and nothing
//! innocent is called a cause.

#![allow(clippy::unwrap_used)]

#[path = "explain/planted.rs"]
mod planted;
#[path = "program/mod.rs"]
mod program;
#[path = "explain/recovery.rs"]
mod recovery;
mod systems;
#[path = "explain/told.rs"]
mod told;

use std::sync::atomic::AtomicBool;

use planted::{Planted, plant_of, planted};
use veltrix::experiment::explain::{Causes, Explainer, Seen};
use veltrix::model::trial::Blind;

/// The first few; `VELTRIX_EXPLAIN=all`: all of them; `31-90`: others, which nobody looked at when
/// the rules were made.
fn seeds() -> std::ops::RangeInclusive<u64> {
    let asked = std::env::var("VELTRIX_EXPLAIN").unwrap_or_default();
    match asked.split_once('-') {
        Some((from, to)) => from.parse().unwrap()..=to.parse().unwrap(),
        None if asked == "all" => 1..=30,
        None => 1..=8,
    }
}

fn told(planted: &Planted, seen: &Seen<'_>, causes: &Causes) -> String {
    let mut text = format!(
        "{} at {} {:?}, {:?}\n",
        seen.sought.episode.kind.name(),
        seen.sought.episode.at as f64 / 1e9,
        seen.sought.episode.place,
        seen.sought.scope
    );
    for (i, tested) in causes.tested.iter().enumerate() {
        let mark = if causes.because.contains(&i) {
            '*'
        } else {
            ' '
        };
        text.push_str(&format!(
            " {mark} {:?} {:?} {:?} {:?}\n",
            plant_of(planted, seen, &tested.suspect.subject),
            tested.suspect.subject,
            tested.effect,
            tested.agreement
        ));
    }
    text
}

#[test]
fn planted_incidents_are_explained_by_what_was_planted() {
    let mut missed = Vec::new();
    let mut accused = Vec::new();
    let seeds = seeds();
    for seed in seeds.clone() {
        let planted = planted(seed);
        let never = AtomicBool::new(false);
        let calm = systems::go(&planted.calm.system, &planted.calm.run, &mut Blind);
        let before = &calm.incidents.episodes;
        if !before.is_empty() {
            missed.push(format!(
                "seed {seed}, {}: not calm: {before:?}",
                planted.kind
            ));
            continue;
        }
        let explainer = Explainer::new(&planted.case, 0, &never);
        let seen = explainer.look().unwrap();
        let Some(seen) = seen else {
            missed.push(format!("seed {seed}, {}: no incident", planted.kind));
            continue;
        };
        let causes = explainer.causes(&seen).unwrap();
        let plant = |i: &usize| plant_of(&planted, &seen, &causes.tested[*i].suspect.subject);
        let text = told(&planted, &seen, &causes);
        if std::env::var_os("VELTRIX_TOLD").is_some() {
            println!("seed {seed}: {} {text}", planted.kind);
        }
        if causes.because.first().and_then(plant).is_none() {
            missed.push(format!("seed {seed}, {}: {text}", planted.kind));
        }
        if causes.because.iter().any(|i| plant(i).is_none()) {
            accused.push(format!("seed {seed}, {}: {text}", planted.kind));
        }
    }
    // 28 of 30.
    let most = seeds.count() / 15;
    assert!(accused.is_empty(), "innocent:\n{}", accused.join("\n"));
    assert!(
        missed.len() <= most,
        "{} missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
}
