//! Whether a smaller case still fails with the same signature, and the best one so far.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::experiment::incident::{Case, Trigger};
use crate::model::incident::{Episode, Incidents, Kind, Place, Reading};
use crate::model::spec::SystemSpec;
use crate::model::trial::{Kinds, StopAt};

/// What kind of incident, and where, in words that outlive the numbers of workers and classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What kind.
    pub kind: Kind,
    /// Which of the conditions or budgets of that kind.
    pub which: u32,
    /// The system, a service, a balancer or any worker of a service, a class of a source.
    pub place: String,
}

impl Signature {
    /// Of an episode of a run of this system.
    pub fn of(episode: &Episode, spec: &SystemSpec) -> Signature {
        let service = |s: usize| spec.services.get(s).map_or("", |s| s.name.as_str());
        let place = match episode.place {
            Place::System => "the system".into(),
            Place::Service(s) => service(s as usize).to_owned(),
            Place::Balancer(s) => format!("the balancer of {}", service(s as usize)),
            Place::Worker(worker) => {
                let mut first = 0;
                let mut holds = spec.services.iter().filter(|s| {
                    first += s.worker_count();
                    (worker as usize) < first
                });
                let name = holds.next().map_or("", |s| s.name.as_str());
                format!("a worker of {name}")
            }
            Place::Class(class) => {
                let all = spec.sources.iter();
                let mut all = all.flat_map(|s| s.classes.iter().map(move |c| (s, c)));
                let found = all.nth(class as usize);
                found.map_or(String::new(), |(s, c)| {
                    format!("class {} of source {}", c.name, s.name)
                })
            }
        };
        Signature {
            kind: episode.kind,
            which: episode.which,
            place,
        }
    }

    /// The first episode that has this signature.
    pub fn find<'i>(
        &self,
        found: &'i Incidents,
        spec: &SystemSpec,
    ) -> Option<(usize, &'i Episode)> {
        let mut all = found.episodes.iter().enumerate();
        all.find(|(_, episode)| Signature::of(episode, spec) == *self)
    }
}

/// A case that fails, and how.
#[derive(Clone, Debug)]
pub struct Failing {
    /// The case; its trigger is the episode.
    pub case: Case,
    /// What fired.
    pub episode: Episode,
    /// Faults that had struck until then.
    pub struck: Vec<crate::model::incident::Struck>,
    /// Events up to there.
    pub events: u64,
}

/// Why nothing more is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing more goes.
    Done,
    /// As many were tried as were allowed.
    Tries,
    /// It was told to stop.
    Stopped,
}

/// Tries smaller cases.
pub struct Tester<'a> {
    /// The smallest that failed so far.
    pub best: Failing,
    /// What must fire.
    pub signature: Signature,
    /// How many were tried.
    pub tried: u64,
    /// What was taken away so far, in that order.
    pub gone: Vec<String>,
    most: u64,
    given_up: &'a AtomicBool,
}

impl<'a> Tester<'a> {
    /// Of a case that fails; at most so many are tried.
    pub fn new(best: Failing, most: u64, given_up: &'a AtomicBool) -> Tester<'a> {
        Tester {
            signature: Signature::of(&best.episode, &best.case.system),
            best,
            tried: 0,
            gone: Vec::new(),
            most,
            given_up,
        }
    }

    /// Whether no more may be tried, and why.
    pub fn over(&self) -> Option<Ended> {
        if self.given_up.load(Ordering::Relaxed) {
            return Some(Ended::Stopped);
        }
        (self.tried >= self.most).then_some(Ended::Tries)
    }

    /// How many more may be tried.
    pub fn left(&self) -> u64 {
        self.most.saturating_sub(self.tried)
    }

    /// Keeps a case if it fails with the signature; `what` is said to have gone then.
    pub fn keep(&mut self, case: Case, what: &str) -> bool {
        if same(&case, &self.best.case) || self.over().is_some() {
            return false;
        }
        let Some(failing) = self.fails(case) else {
            return false;
        };
        let before = std::mem::replace(&mut self.best, failing);
        self.say(what);
        self.say_what_else(&before.case.system);
        true
    }

    /// Notes what has gone; what was said of the same thing before is no longer true.
    fn say(&mut self, what: &str) {
        let about = what.split(':').next().unwrap_or(what);
        if !what.is_empty() {
            self.gone
                .retain(|said| said.split(':').next() != Some(about));
            self.gone.push(what.to_owned());
        }
    }

    /// Notes faults and sources that went with something else.
    fn say_what_else(&mut self, before: &SystemSpec) {
        let now = Arc::clone(&self.best.case.system);
        let faults = before.faults.iter().map(|f| format!("fault {}", f.name));
        let sources = before.sources.iter().map(|s| format!("source {}", s.name));
        let left = |what: &String| {
            now.faults
                .iter()
                .any(|f| *what == format!("fault {}", f.name))
                || now
                    .sources
                    .iter()
                    .any(|s| *what == format!("source {}", s.name))
        };
        for what in faults.chain(sources).filter(|what| !left(what)) {
            let (_, name) = what.split_once(' ').unwrap_or_default();
            let listed = |said: &String| {
                let words = said.strip_prefix("faults ").unwrap_or_default();
                *said == what || words.split(", ").any(|word| word == name)
            };
            if !self.gone.iter().any(listed) {
                self.gone.push(what.clone());
            }
        }
    }

    /// The case with its trigger, if it fails with the signature.
    pub fn fails(&mut self, case: Case) -> Option<Failing> {
        if !case.system.check().is_empty() || !is_watched(&case) {
            return None;
        }
        self.tried += 1;
        let signature = &self.signature;
        let first = StopAt::Episode {
            kinds: Kinds::of([signature.kind]),
            nth: 0,
            linger: 0,
        };
        // Most often the first of its kind is the one; else the whole run is looked through.
        let mut output = case.again(Some(first), self.given_up).ok()?;
        if signature.find(&output.incidents, &case.system).is_none() {
            let other = |e: &Episode| e.kind == signature.kind;
            if !output.incidents.episodes.iter().any(other) {
                return None;
            }
            output = case.again(None, self.given_up).ok()?;
        }
        let (number, episode) = signature.find(&output.incidents, &case.system)?;
        let trigger = Trigger::of(&output.incidents, number)?;
        Some(Failing {
            episode: episode.clone(),
            struck: output.incidents.faults.clone(),
            events: output.events,
            case: Case {
                trigger: Some(trigger),
                ..case
            },
        })
    }
}

/// Whether two cases are the same run.
fn same(a: &Case, b: &Case) -> bool {
    let of = |c: &Case| (c.run.seed, c.run.replication, c.run.timing);
    of(a) == of(b) && a.run.look_for == b.run.look_for && a.system == b.system
}

/// Whether all that a case looks for is still there.
fn is_watched(case: &Case) -> bool {
    let rules = &case.run.look_for.rules;
    let fine = rules.own.iter().all(|own| {
        own.metric.check(&case.system).is_ok() && Reading::of(&own.metric, &case.system).is_ok()
    });
    let there = |(name, number): &(String, u32)| {
        let mut services = case.system.services.iter();
        let service = services.find(|service| service.name == *name);
        service.is_some_and(|s| (1..=s.worker_count()).contains(&(*number as usize)))
    };
    fine && rules.built_in.iter().all(|r| r.workers.iter().all(there))
}
