//! One episode, as a person reads it.

use super::super::csv_table::visible;
use super::super::show;
use super::seconds;
use crate::base::codes;
use crate::base::units::Nanos;
use crate::model::incident::{Episode, Incidents, Kind, Place, Rules};
use crate::model::spec::{OnFull, SystemSpec};

/// What came before is looked for in so much time.
const BEFORE: Nanos = 10_000_000_000;

/// Lines about what came before.
const MOST: usize = 3;

/// `VX3102 buffer overflow on events[14]: 213 attempts refused in 3.200 s`.
pub fn headline(spec: &SystemSpec, rules: &Rules, episode: &Episode) -> String {
    let title = codes::lookup(episode.code()).map_or("", |row| row.title);
    let place = match episode.place {
        Place::System => String::new(),
        place => format!(" on {}", place.name(spec)),
    };
    let amount = amount(rules, episode);
    format!("{} {title}{place}: {amount}", episode.code())
}

/// How much of it there was.
fn amount(rules: &Rules, episode: &Episode) -> String {
    let n = show::grouped(episode.amount);
    let plural = |word: &str| match episode.amount {
        1 => format!("1 {word}"),
        _ => format!("{n} {word}s"),
    };
    let worst = show::digits(episode.worst, 3);
    let share = show::share(episode.worst);
    let lasts = match episode.to {
        Some(to) if to > episode.at => format!(" in {}", seconds(to - episode.at)),
        Some(_) => " at once".into(),
        None => ", until the end".into(),
    };
    match episode.kind {
        Kind::OverflowFirst => format!("{} refused{lasts}", plural("attempt")),
        Kind::OverflowRate => format!("{share} of attempts refused"),
        Kind::BreakerFirst => format!("{}{lasts}", plural("opening")),
        Kind::BreakerCascade => format!("{} opened", plural("breaker")),
        Kind::SloBurn => {
            let budget = rules.budgets.get(episode.which as usize);
            let text = visible(budget.map_or("", |b| b.text.as_str()));
            format!("{text} at {worst} times its budget")
        }
        Kind::RetryStorm => format!("{worst} retries a request"),
        Kind::Saturation => format!("{share} busy, {n} waiting"),
        Kind::Memory => match episode.place {
            Place::Worker(_) => format!(
                "RAM refused {} with {} of {} cores busy",
                plural("attempt"),
                episode.scene.busy,
                episode.scene.cores
            ),
            _ => format!("{} refused with {share} of the RAM held", plural("attempt")),
        },
        Kind::Unfair => format!("{worst} times the mean of its group"),
        Kind::Starvation => format!("{} sent, none answered", plural("request")),
        Kind::Overdue => format!("{}, the oldest of {worst} s", plural("request")),
        Kind::Metastable => format!("goodput is {share} of the load"),
        Kind::Own => {
            let own = rules.own.get(episode.which as usize);
            format!(
                "{} ({worst})",
                visible(own.map_or("", |own| own.text.as_str()))
            )
        }
    }
}

/// The whole of it: head, when, what was to be seen there, what came before.
pub fn told(spec: &SystemSpec, rules: &Rules, found: &Incidents, number: usize) -> String {
    let episode = &found.episodes[number];
    let mut lines = vec![headline(spec, rules, episode), String::new()];
    let mut line = |name: &str, text: String| lines.push(format!("  {name:8} {text}"));
    let until = match episode.to {
        Some(to) if to > episode.at => format!("{} to {}", seconds(episode.at), seconds(to)),
        Some(_) => seconds(episode.at),
        None => format!("{} to the end", seconds(episode.at)),
    };
    line("when", until);
    line("there", scene(episode));
    let mut name = "before";
    for text in before(spec, found, number) {
        line(name, text);
        name = "";
    }
    if let Some(text) = try_this(spec, episode) {
        line("try", text);
    }
    lines.join("\n") + "\n"
}

/// `256 of 256 slots full, 8 of 8 cores busy, 3 % of the RAM held`.
fn scene(episode: &Episode) -> String {
    let scene = &episode.scene;
    let waiting = show::grouped(scene.waiting);
    let mut parts = vec![match scene.slots {
        Some(slots) => format!("{waiting} of {} slots full", show::grouped(slots)),
        None => format!("{waiting} waiting"),
    }];
    if scene.cores > 0 && scene.cores < u64::from(u32::MAX) {
        let (busy, cores) = (show::grouped(scene.busy), show::grouped(scene.cores));
        parts.push(format!("{busy} of {cores} cores busy"));
    }
    if scene.ram > 0.0 {
        parts.push(format!("{} of the RAM held", show::share(scene.ram)));
    }
    if scene.pausing > 0 {
        let pausing = show::grouped(scene.pausing);
        parts.push(format!("{pausing} to be retried"));
    }
    parts.join(", ")
}

/// Faults and other incidents that began in the time before, the latest first: never a cause, only
/// what preceded.
fn before(spec: &SystemSpec, found: &Incidents, number: usize) -> Vec<String> {
    let episode = &found.episodes[number];
    let from = episode.at.saturating_sub(BEFORE);
    let mut all: Vec<(Nanos, String)> = Vec::new();
    for struck in &found.faults {
        let over = struck.to.is_some_and(|to| to < from);
        if struck.from > episode.at || over {
            continue;
        }
        let fault = &spec.faults[struck.fault as usize];
        let place = struck.worker.map_or(String::new(), |w| {
            format!(" on {}", spec.worker_name(w as usize))
        });
        let until = match struck.to {
            Some(to) => format!("until {}", seconds(to)),
            None => "to the end".into(),
        };
        let text = format!(
            "{}: fault {}{place}, {until}",
            seconds(struck.from),
            fault.name
        );
        all.push((struck.from, text));
    }
    let mut kinds: Vec<(&Episode, usize)> = Vec::new();
    for (i, other) in found.episodes.iter().enumerate() {
        if i == number || other.at < from || (other.at, i) > (episode.at, number) {
            continue;
        }
        match kinds.iter_mut().find(|(first, _)| first.kind == other.kind) {
            Some((_, more)) => *more += 1,
            None => kinds.push((other, 0)),
        }
    }
    for (first, more) in kinds {
        let title = codes::lookup(first.code()).map_or("", |row| row.title);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more like it"),
        };
        let (at, place) = (seconds(first.at), first.place.name(spec));
        let text = format!("{at}: {} {title}, {place}{more}", first.code());
        all.push((first.at, text));
    }
    all.sort_by(|a, b| b.cmp(a));
    let more = all.len().saturating_sub(MOST);
    let mut texts: Vec<String> = all.into_iter().take(MOST).map(|(_, text)| text).collect();
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    texts
}

/// What would have held it, where that can be estimated from the episode alone: where a full buffer
/// refuses and nothing worse.
fn try_this(spec: &SystemSpec, episode: &Episode) -> Option<String> {
    let slots = episode.scene.slots.filter(|&slots| slots > 0)?;
    let (Kind::OverflowFirst, Some(_)) = (episode.kind, episode.to) else {
        return None;
    };
    let refuses = match episode.place {
        Place::Worker(worker) => spec.group_of(worker as usize)?.on_full == OnFull::Reject,
        Place::Balancer(service) => {
            spec.services[service as usize].balancer.on_full == OnFull::Reject
        }
        _ => false,
    };
    // What was refused over a long time would not have come at once.
    (refuses && episode.amount <= 4 * slots).then(|| {
        let held = show::grouped(slots.saturating_add(episode.amount));
        format!("a buffer of about {held} would have held this (estimate: slots and refusals)")
    })
}
