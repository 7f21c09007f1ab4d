//! Who may have brought an incident about: what happened before it, and what was set.

use super::edit::Edit;
use super::recording::Recording;
use super::setting::{Setting, ideal};
use super::sought::{REACH, Sought, near};
use super::swell::{Swell, Time, swell};
use crate::base::units::{Nanos, SECOND};
use crate::experiment::incident::Case;
use crate::model::incident::{Incidents, Place, Struck};
use crate::model::source::BirthRow;
use crate::model::spec::{Arrivals, FaultKind, FaultWhen, OnFull, SourceSpec, SystemSpec};

/// Most strikes of faults that are looked into one by one.
const MOST_STRIKES: usize = 12;

/// What kind of thing a suspect is: the first come first where several explain as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nature {
    /// What came from outside: a burst, a fault.
    Input,
    /// How the system was told to behave.
    Choice,
    /// How much there was of something.
    Room,
}

/// What a suspect is.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// Strikes of a fault; `all`: everything that it ever does.
    Fault {
        /// Index of the fault.
        fault: usize,
        /// When it struck where, the nearest last.
        strikes: Vec<Struck>,
        /// Whether the fault as a whole is meant.
        all: bool,
    },
    /// More requests than usual for a while.
    Burst {
        /// Index of the source.
        source: usize,
        /// Of this class (within the source) only.
        class: Option<u32>,
        /// When and how many.
        swell: Swell,
    },
    /// More work a request than usual for a while.
    Work {
        /// Index of the source.
        source: usize,
        /// When, and core-time in nanoseconds.
        swell: Swell,
    },
    /// A setting that would have been otherwise.
    Setting(Setting),
}

/// Something that may have brought it about.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// What kind of thing it is.
    pub nature: Nature,
    /// What it is.
    pub subject: Subject,
    /// Since when it can have made a difference.
    pub since: Nanos,
    /// What takes it away.
    pub edits: Vec<Edit>,
}

/// Everything that is suspected, inputs first.
pub fn suspects(
    case: &Case,
    sought: &Sought,
    found: &Incidents,
    recording: &Recording<'_>,
) -> Vec<Suspect> {
    let mut all = faults(&case.system, sought, found);
    let surges = surges(&case.system, found, sought.episode.at);
    for source in 0..case.system.sources.len() {
        all.extend(swells(case, sought, recording, source, &surges));
    }
    all.extend(settings(&case.system, sought));
    all
}

/// Times in which a source surges.
fn surges(spec: &SystemSpec, found: &Incidents, at: Nanos) -> Vec<(usize, Nanos, Nanos)> {
    let surge = |f: &Struck| match spec.faults[f.fault as usize].kind {
        FaultKind::Surge { source, .. } => Some((source, f.from, f.to.unwrap_or(at))),
        _ => None,
    };
    found.faults.iter().filter_map(surge).collect()
}

fn faults(spec: &SystemSpec, sought: &Sought, found: &Incidents) -> Vec<Suspect> {
    let at = sought.episode.at;
    let mut all = Vec::new();
    for (number, fault) in spec.faults.iter().enumerate() {
        let strikes: Vec<Struck> = found
            .faults
            .iter()
            .copied()
            .filter(|f| f.fault as usize == number && near(f, at))
            .collect();
        if strikes.is_empty() {
            continue;
        }
        let again = matches!(fault.when, FaultWhen::Every(_)) && strikes[0].worker.is_some();
        let since = strikes.iter().map(|s| s.from).min().unwrap_or(0);
        if !again {
            all.push(fault_suspect(
                number,
                strikes,
                since,
                vec![Edit::Off(number)],
            ));
            continue;
        }
        let mut nearest = strikes.clone();
        nearest.sort_by_key(|s| (!is_at(s, sought.episode.place), at - s.from, s.worker));
        nearest.truncate(MOST_STRIKES);
        let several = strikes.len() > 1;
        for strike in nearest {
            let edits = vec![Edit::Spare(vec![strike])];
            all.push(fault_suspect(number, vec![strike], strike.from, edits));
        }
        if several {
            let edits = vec![Edit::Spare(strikes.clone())];
            all.push(fault_suspect(number, strikes, since, edits));
        }
    }
    all
}

fn is_at(strike: &Struck, place: Place) -> bool {
    strike
        .worker
        .is_some_and(|worker| place == Place::Worker(worker))
}

fn fault_suspect(fault: usize, strikes: Vec<Struck>, since: Nanos, edits: Vec<Edit>) -> Suspect {
    let all = matches!(edits[..], [Edit::Off(_)]);
    Suspect {
        nature: Nature::Input,
        subject: Subject::Fault {
            fault,
            strikes,
            all,
        },
        since,
        edits,
    }
}

/// What a bin of a source holds at most in the long run, where its process says so.
fn most_usual(source: &SourceSpec, bin: Nanos) -> Option<f64> {
    match source.arrivals {
        Arrivals::Mmpp { .. } if source.profile.is_none() => {
            Some(source.mean_rate() * bin as f64 / SECOND as f64)
        }
        _ => None,
    }
}

/// Bursts of a source, of a class of it, and of work.
fn swells(
    case: &Case,
    sought: &Sought,
    recording: &Recording<'_>,
    source: usize,
    surges: &[(usize, Nanos, Nanos)],
) -> Vec<Suspect> {
    let spec = &case.system.sources[source];
    if matches!(spec.arrivals, Arrivals::Closed { .. }) {
        return Vec::new();
    }
    let (at, bin, stop) = (sought.episode.at, recording.bin, sought.stop);
    let time = Time {
        bin,
        since: at.saturating_sub(REACH),
        // The bin in which it happened is not over, but what is in it may be what did it.
        by: at.saturating_add(bin),
    };
    let of = |birth: &BirthRow| birth.source as usize == source;
    let apart = |s: &Swell| {
        let over =
            |&(of, from, to): &(usize, Nanos, Nanos)| of == source && s.from < to && from < s.to;
        !surges.iter().any(over)
    };
    let counts = recording.summed(stop, |b| f64::from(u8::from(of(b))));
    let burst = swell(&counts, time, 1.0, most_usual(spec, bin)).filter(&apart);
    let mut all: Vec<Suspect> = Vec::new();
    all.extend(burst.map(|swell| thinned(source, None, swell)));
    let mut by_class = Vec::new();
    for class in 0..spec.classes.len() as u32 {
        if spec.classes.len() < 2 {
            break;
        }
        let counts = recording.summed(stop, |b| f64::from(u8::from(of(b) && b.class == class)));
        let swell = swell(&counts, time, 1.0, None).filter(&apart);
        // A class that swells no more than its source is no class of its own.
        let own = |s: &Swell| burst.is_none_or(|all| s.came * all.usual > 1.3 * all.came * s.usual);
        by_class.extend(
            swell
                .filter(own)
                .map(|swell| thinned(source, Some(class), swell)),
        );
    }
    let work: f64 = counts.iter().sum();
    if work > 0.0 {
        all.extend(work_swell(
            recording,
            (source, stop, time),
            by_class.is_empty(),
            &counts,
        ));
    }
    all.extend(by_class);
    all
}

fn thinned(source: usize, class: Option<u32>, swell: Swell) -> Suspect {
    Suspect {
        nature: Nature::Input,
        since: swell.from,
        edits: vec![Edit::Thin {
            source,
            class,
            from: swell.from,
            to: swell.to,
            keep: swell.usual_part(),
        }],
        subject: Subject::Burst {
            source,
            class,
            swell,
        },
    }
}

/// Work beyond what more requests bring with them.
fn work_swell(
    recording: &Recording<'_>,
    (source, stop, time): (usize, Nanos, Time),
    alone: bool,
    counts: &[f64],
) -> Option<Suspect> {
    let of = |b: &BirthRow| b.source as usize == source;
    let works = recording.summed(stop, |b| if of(b) { b.work as f64 } else { 0.0 });
    let requests: f64 = counts.iter().sum();
    let mean = works.iter().sum::<f64>() / requests;
    let swell = swell(&works, time, mean, None)?;
    let bins = (swell.from / recording.bin) as usize..(swell.to / recording.bin) as usize;
    // What is usual is what was before.
    let before = |of: &[f64]| of.iter().take(bins.start).sum::<f64>();
    let usual_each = match before(counts) {
        0.0 => mean,
        requests => before(&works) / requests,
    };
    let usual = usual_each * counts.get(bins.clone())?.iter().sum::<f64>();
    let heavy = Swell { usual, ..swell };
    (alone && swell.came > 1.3 * usual).then(|| Suspect {
        nature: Nature::Input,
        since: swell.from,
        edits: vec![Edit::Ease {
            source,
            from: swell.from,
            to: swell.to,
            factor: heavy.usual_part(),
        }],
        subject: Subject::Work {
            source,
            swell: heavy,
        },
    })
}

/// Settings that apply, those first that are most likely to be wrong.
fn settings(spec: &SystemSpec, sought: &Sought) -> Vec<Suspect> {
    let since = sought
        .episode
        .at
        .saturating_sub(2 * (sought.stop - sought.episode.at));
    let mut all = Vec::new();
    let mut add = |nature: Nature, setting: Setting| {
        if setting.set(&mut spec.clone()) {
            all.push(Suspect {
                nature,
                since,
                edits: vec![Edit::Set(setting)],
                subject: Subject::Setting(setting),
            });
        }
    };
    let services = 0..spec.services.len();
    let sources = 0..spec.sources.len();
    for service in services.clone() {
        add(Nature::Choice, Setting::EvenWeights(service));
    }
    for source in sources.clone() {
        add(Nature::Choice, Setting::NoRetries(source));
        add(Nature::Choice, Setting::NoHedges(source));
    }
    for service in services.clone() {
        let groups = &spec.services[service].groups;
        if groups.iter().any(|g| g.on_full != OnFull::Reject) {
            add(Nature::Choice, Setting::Reject(service));
        }
        add(Nature::Choice, Setting::NoBreaker(service));
        add(Nature::Choice, Setting::Policy(service, ideal()));
    }
    for source in sources {
        add(Nature::Choice, Setting::PatientClients(source));
    }
    for service in services {
        add(Nature::Room, Setting::Workers(service, 1));
        add(Nature::Room, Setting::OneMoreSlot(service));
        add(Nature::Room, Setting::Slots(service, 2.0));
        add(Nature::Room, Setting::EndlessSlots(service));
        add(Nature::Room, Setting::BalancerSlots(service, 2.0));
        add(Nature::Room, Setting::BalancerCores(service));
        add(Nature::Room, Setting::Ram(service));
        let now = spec.services[service].workers_at_start() as u32;
        let load = spec.offered_load().workers;
        let needed = (f64::from(now) * load / 0.7).ceil() as u32;
        if needed > now + 1 {
            add(Nature::Room, Setting::Workers(service, needed - now));
        }
    }
    all
}
