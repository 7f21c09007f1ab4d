//! Which incidents are told, and how many there were.

use super::super::summary::View;
use super::{Tokens, episode};
use crate::base::codes;
use crate::experiment::results::{TrialResult, TrialStatus};
use crate::experiment::watching;
use crate::model::incident::Kind;

/// Kinds that a point gets a line for.
const KINDS: usize = 8;

/// The trials of a point that came to their end.
fn trials(view: View<'_>, point: usize) -> impl Iterator<Item = &TrialResult> {
    let all = view.results.trials.iter();
    all.filter(move |t| t.point == point && t.status == TrialStatus::Done)
}

/// For each variant, what was found in how many trials, and the first of it in full.
pub fn print(view: View<'_>) -> String {
    let mut tokens = Tokens::new(view.design, view.results);
    let mut text = String::new();
    for point in view.speakers() {
        let lines = of_point(view, point);
        if lines.is_empty() {
            continue;
        }
        text.push_str(&format!("  {}\n", view.label(point)));
        lines
            .iter()
            .for_each(|line| text.push_str(&format!("    {line}\n")));
        text.push_str(&first(view, point, &mut tokens));
    }
    match text.is_empty() {
        true => text,
        false => format!("incidents; in full the first of the first trial that has any\n{text}"),
    }
}

/// `VX3404 metastable: in 10 of 10 trials, first at 21.300 s`.
fn of_point(view: View<'_>, point: usize) -> Vec<String> {
    let all = trials(view, point).count();
    let mut kinds: Vec<(Kind, usize, u64)> = Vec::new();
    for trial in trials(view, point) {
        let mut seen: Vec<Kind> = Vec::new();
        for episode in &trial.incidents.episodes {
            let known = kinds.iter_mut().find(|k| k.0 == episode.kind);
            let new = !seen.contains(&episode.kind);
            match known {
                Some(known) => {
                    known.1 += usize::from(new);
                    known.2 = known.2.min(episode.at);
                }
                None => kinds.push((episode.kind, 1, episode.at)),
            }
            if new {
                seen.push(episode.kind);
            }
        }
    }
    kinds.sort_by_key(|&(kind, _, at)| (at, kind));
    let more = kinds.len().saturating_sub(KINDS);
    let kinds = kinds.into_iter().take(KINDS);
    let mut lines: Vec<String> = kinds
        .map(|(kind, n, at)| {
            let title = codes::lookup(kind.code()).map_or("", |row| row.title);
            let at = super::seconds(at);
            format!(
                "{} {title}: in {n} of {all} trials, earliest at {at}",
                kind.code()
            )
        })
        .collect();
    if more > 0 {
        let plural = if more == 1 { "" } else { "s" };
        lines.push(format!("and {more} more kind{plural} in {}", super::JSON));
    }
    lines
}

/// The first incident of the first trial that has one.
fn first(view: View<'_>, point: usize, tokens: &mut Tokens<'_>) -> String {
    let with = |t: &&TrialResult| !t.incidents.episodes.is_empty();
    let Some(trial) = trials(view, point).find(with) else {
        return String::new();
    };
    format!("\n{}", indented(&one(view, trial, 0, tokens)))
}

/// An episode with the line that runs it again.
fn one(view: View<'_>, trial: &TrialResult, number: usize, tokens: &mut Tokens<'_>) -> String {
    let spec = &view.design.points[trial.point].system;
    let rules = watching::look_for(view.design, trial.point).rules;
    let told = episode::told(spec, &rules, &trial.incidents, number);
    let token = tokens.of(trial, Some(number));
    format!(
        "{told}  {:8} replication {}\n  {:8} veltrix replay {token}\n",
        "trial", trial.replication, "again"
    )
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| match line {
        "" => "\n".to_owned(),
        line => format!("    {line}\n"),
    });
    lines.collect()
}

/// `incidents.txt`: of every point the first incident of each kind, in full.
pub fn text(view: View<'_>) -> String {
    let mut tokens = Tokens::new(view.design, view.results);
    let mut text = String::new();
    for point in 0..view.design.points.len() {
        let mut seen: Vec<Kind> = Vec::new();
        for trial in trials(view, point) {
            for (number, episode) in trial.incidents.episodes.iter().enumerate() {
                if seen.contains(&episode.kind) {
                    continue;
                }
                if seen.is_empty() {
                    text.push_str(&format!("{}\n\n", view.label(point)));
                    for line in of_point(view, point) {
                        text.push_str(&format!("  {line}\n"));
                    }
                    text.push('\n');
                }
                seen.push(episode.kind);
                text.push_str(&indented(&one(view, trial, number, &mut tokens)));
                text.push('\n');
            }
        }
    }
    if text.is_empty() {
        text.push_str("nothing that any detector looks for happened in any trial\n");
    }
    text
}
