//! Numbers at the place of an incident: what came in and what was answered, shortly before it and
//! usually.

use super::recording::{Counts, Recording};
use super::sought::Sought;
use crate::base::units::{Nanos, SECOND};
use crate::model::incident::Place;
use crate::model::spec::SystemSpec;

/// Rates a second at a place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// First attempts that arrived.
    pub first: f64,
    /// Further attempts that arrived.
    pub again: f64,
    /// Attempts answered in time.
    pub answered: f64,
    /// Attempts that ended in any other way.
    pub failed: f64,
    /// Core-seconds asked for.
    pub work: f64,
}

impl Rates {
    fn of(counts: &Counts, length: Nanos) -> Rates {
        let a_second = |n: u64| n as f64 * SECOND as f64 / length as f64;
        Rates {
            first: a_second(counts.first),
            again: a_second(counts.again),
            answered: a_second(counts.ok),
            failed: a_second(counts.failed),
            work: counts.work as f64 / length as f64,
        }
    }

    /// Attempts that arrived.
    pub fn arrived(&self) -> f64 {
        self.first + self.again
    }

    /// Core-seconds of an attempt; 0 without one.
    pub fn work_each(&self) -> f64 {
        match self.arrived() {
            0.0 => 0.0,
            arrived => self.work / arrived,
        }
    }
}

/// A class shortly before and usually, attempts a second.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRates {
    /// Its index through all sources.
    pub class: usize,
    /// Shortly before.
    pub now: f64,
    /// Usually.
    pub usual: f64,
}

/// Which side moved more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Larger {
    /// More came in.
    Inflow,
    /// Less was answered.
    Outflow,
    /// Neither by a twentieth.
    Neither,
}

/// What was to be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Shortly before: from when to when.
    pub window: (Nanos, Nanos),
    /// What is usual: from when to when; `None`: the run was too short before.
    pub before: Option<(Nanos, Nanos)>,
    /// At the place, shortly before.
    pub now: Rates,
    /// At the place, usually.
    pub usual: Rates,
    /// Through its service, or the system, shortly before and usually.
    pub around: (Rates, Rates),
    /// Classes, those that grew most first.
    pub classes: Vec<ClassRates>,
    /// Which side moved more.
    pub larger: Larger,
}

/// Reads them off a recording.
pub fn facts(spec: &SystemSpec, sought: &Sought, recording: &Recording<'_>) -> Facts {
    let (at, place) = (sought.episode.at, sought.episode.place);
    let whole = |t: Nanos| t / recording.bin * recording.bin;
    let to = whole(at).saturating_add(recording.bin);
    let least = SECOND.max(5 * recording.bin).min(at.max(1));
    let length = (at - sought.episode.from.min(at)).max(least);
    let window = (whole(to.saturating_sub(length)), to);
    let end = whole(window.0 - window.0 / 4);
    let before = (end >= (window.1 - window.0) / 2 && end >= recording.bin).then_some((0, end));
    let rates = |place: Place, of: (Nanos, Nanos)| {
        Rates::of(&recording.counts(place, of.0, of.1), (of.1 - of.0).max(1))
    };
    let usually = |place| before.map_or_else(Rates::default, |b| rates(place, b));
    let around = around(spec, place);
    let (now, usual) = (rates(place, window), usually(place));
    Facts {
        window,
        before,
        now,
        usual,
        around: (rates(around, window), usually(around)),
        classes: classes(spec, recording, window, before),
        larger: match before {
            Some(_) => larger(&now, &usual),
            None => Larger::Neither,
        },
    }
}

fn around(spec: &SystemSpec, place: Place) -> Place {
    match (place, spec.services.len()) {
        (Place::Worker(_) | Place::Balancer(_), 1) => Place::Service(0),
        _ => Place::System,
    }
}

fn larger(now: &Rates, usual: &Rates) -> Larger {
    let up = now.arrived() / usual.arrived().max(1e-9);
    let down = usual.answered / now.answered.max(1e-9);
    match (up > 1.05, down > 1.05) {
        (false, false) => Larger::Neither,
        _ if up >= down => Larger::Inflow,
        _ => Larger::Outflow,
    }
}

fn classes(
    spec: &SystemSpec,
    recording: &Recording<'_>,
    window: (Nanos, Nanos),
    before: Option<(Nanos, Nanos)>,
) -> Vec<ClassRates> {
    let rate = |class: usize, (from, to): (Nanos, Nanos)| {
        let length = (to - from).max(1) as f64 / SECOND as f64;
        recording.of_class(class, from, to) as f64 / length
    };
    let of = |class: usize| ClassRates {
        class,
        now: rate(class, window),
        usual: before.map_or(0.0, |b| rate(class, b)),
    };
    let mut classes: Vec<ClassRates> = (0..spec.classes().count()).map(of).collect();
    classes.sort_by(|a, b| (b.now - b.usual).total_cmp(&(a.now - a.usual)));
    classes
}
