//! The table of docs/incidents/README.md.

use std::fs;

use crate::catalogue::{Incident, Predicate, all};
use crate::{Found, SEEDS};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/incidents/README.md");
const BEGIN: &str = "<!-- begin: incidents -->\n";
const END: &str = "<!-- end: incidents -->\n";
const HEAD: &str = "| incident | for | what is seen | seeds |\n|---|---|---|---|\n";

fn line(incident: &Incident, predicate: &Predicate, held: usize) -> String {
    let id = incident.id;
    let Predicate { level, says, .. } = predicate;
    format!("| {id} | {level} | {says} | {held} of {SEEDS} |\n")
}

/// The levels of which everything that is looked at holds in 95 % of seeds, one after another.
fn reached(incident: &Incident, held: &[usize]) -> String {
    let all = || incident.predicates.iter().zip(held);
    let mut levels: Vec<&str> = all().map(|(p, _)| p.level).collect();
    levels.dedup();
    levels.retain(|level| {
        let mut of_level = all().filter(|(p, _)| p.level == *level);
        of_level.all(|(_, &held)| held as f64 >= 0.95 * SEEDS as f64)
    });
    match levels.is_empty() {
        true => "none".to_owned(),
        false => levels.join(", "),
    }
}

fn table(mut held: &[usize]) -> String {
    let mut levels = String::from("| incident | levels reached |\n|---|---|\n");
    let mut lines = String::from(HEAD);
    for incident in all() {
        let (own, rest) = held.split_at(incident.predicates.len());
        let Incident { id, file, name, .. } = &incident;
        let reached = reached(&incident, own);
        levels += &format!("| {id} [{name}]({file}.md) | {reached} |\n");
        for (predicate, &held) in incident.predicates.iter().zip(own) {
            lines += &line(&incident, predicate, held);
        }
        held = rest;
    }
    format!("{levels}\n{lines}")
}

fn parts(text: &str) -> (&str, &str, &str) {
    let (before, rest) = text.split_once(BEGIN).expect("a table begins");
    let (table, after) = rest.split_once(END).expect("a table ends");
    (before, table, after)
}

/// Compares the table with what was found with all seeds, or writes it.
pub fn compare(found: &[Found], bless: bool) {
    let old = fs::read_to_string(PAGE).unwrap();
    let (before, shown, after) = parts(&old);
    let held: Vec<usize> = found.iter().map(|f| f.held).collect();
    let new = table(&held);
    if bless {
        fs::write(PAGE, format!("{before}{BEGIN}{new}{END}{after}")).unwrap();
    } else {
        assert_eq!(shown, new, "VELTRIX_BLESS=1 writes the table anew");
    }
}

#[test]
fn the_page_has_a_line_for_everything_that_is_looked_at() {
    let text = fs::read_to_string(PAGE).unwrap();
    let (_, shown, _) = parts(&text);
    let (_, lines) = shown.split_once(HEAD).unwrap();
    let mut lines = lines.lines();
    let mut counts = Vec::new();
    for incident in all() {
        let page = PAGE.replace("README", incident.file);
        assert!(fs::exists(&page).unwrap(), "{page}");
        for predicate in &incident.predicates {
            let shown = lines.next().expect("a line is missing");
            let fits = |held: &usize| line(&incident, predicate, *held).trim_end() == shown;
            let held = (0..=SEEDS).find(fits);
            let held = held.unwrap_or_else(|| panic!("not of the catalogue: {shown}"));
            assert!(predicate.enough(held, SEEDS), "{shown}");
            counts.push(held);
        }
    }
    assert_eq!(shown, table(&counts));
}
