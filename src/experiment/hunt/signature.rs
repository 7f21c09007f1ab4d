//! What incidents of one sort have in common: which kinds fired, in which order, and where the one
//! that counts was.

use super::LINGER;
use crate::experiment::incident::Case;
use crate::model::incident::{Episode, Incidents, Kind, Place};
use crate::model::spec::SystemSpec;

/// The kinds that fired up to [`LINGER`] after an episode, each once, in the order in which they
/// did; the one that is meant with its place.
pub(super) fn signature(case: &Case, found: &Incidents, meant: usize) -> String {
    let until = found.episodes[meant].at.saturating_add(LINGER);
    let mut words: Vec<(Kind, u32, String)> = Vec::new();
    for (number, episode) in found.episodes.iter().enumerate() {
        let known = |w: &(Kind, u32, String)| (w.0, w.1) == (episode.kind, episode.which);
        if episode.at > until || words.iter().any(known) {
            continue;
        }
        let mut word = name(case, episode);
        if number == meant {
            word.push_str(" at ");
            word.push_str(&sort_of(episode.place, &case.system));
        }
        words.push((episode.kind, episode.which, word));
    }
    let words: Vec<String> = words.into_iter().map(|w| w.2).collect();
    words.join(", ")
}

/// A kind, with its number where there are several of it.
fn name(case: &Case, episode: &Episode) -> String {
    let rules = &case.run.look_for.rules;
    let several = match episode.kind {
        Kind::SloBurn => rules.budgets.len() > 1,
        Kind::Own => rules.own.len() > 1,
        _ => false,
    };
    match several {
        true => format!("{} {}", episode.kind.name(), episode.which + 1),
        false => episode.kind.name().into(),
    }
}

/// A place in words; of a worker its group, for its equals would do as well.
fn sort_of(place: Place, spec: &SystemSpec) -> String {
    let Place::Worker(worker) = place else {
        return place.name(spec);
    };
    let mut left = u64::from(worker);
    for service in &spec.services {
        for group in &service.groups {
            match left.checked_sub(u64::from(group.count)) {
                Some(rest) => left = rest,
                None => {
                    let group = group.name.as_ref().map(|g| format!(".{g}"));
                    return format!("a worker of {}{}", service.name, group.unwrap_or_default());
                }
            }
        }
    }
    place.name(spec)
}
