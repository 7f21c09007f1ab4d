//! One trial with what went wrong in it: run again it is the same to the nanosecond.

use std::sync::Arc;

use crate::base::units::Nanos;
use crate::experiment::design::Design;
use crate::experiment::sample::{Sample, simulate_until};
use crate::experiment::{budget, caught, watching};
use crate::model::incident::{Episode, Incidents, Kind};
use crate::model::spec::SystemSpec;
use crate::model::tally::Wanted;
use crate::model::trial::{
    Horizon, Kinds, LookFor, RunSpec, StopAt, Timing, TrialError, TrialOutput, Width,
};
use std::sync::atomic::AtomicBool;

/// Which episode of a trial is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// What kind.
    pub kind: Kind,
    /// Which of that kind, in the order in which they fired, from 0.
    pub nth: u32,
}

impl Trigger {
    /// The trigger that means an episode of a trial.
    pub fn of(found: &Incidents, episode: usize) -> Option<Trigger> {
        let kind = found.episodes.get(episode)?.kind;
        let before = found.episodes[..episode].iter().filter(|e| e.kind == kind);
        Some(Trigger {
            kind,
            nth: u32::try_from(before.count()).ok()?,
        })
    }

    /// The episode that is meant.
    pub fn find(self, found: &Incidents) -> Option<&Episode> {
        let mut same = found.episodes.iter().filter(|e| e.kind == self.kind);
        same.nth(self.nth as usize)
    }
}

/// A trial that can be run again.
#[derive(Clone, Debug)]
pub struct Case {
    /// The system.
    pub system: Arc<SystemSpec>,
    /// How it is run: seed, replication, times, what is looked for.
    pub run: RunSpec,
    /// The times as they were stated: the warm-up of the run may have been found.
    pub stated: Timing,
    /// What is meant of it; `None`: the run as such.
    pub trigger: Option<Trigger>,
}

/// Bytes of the digest of a case.
pub const DIGEST: usize = 6;

impl Case {
    /// A trial of a point of a design, with this warm-up where that was to be found. Metrics beyond
    /// the standard are not measured.
    pub fn of(design: &Design, point: usize, replication: u32, warm_up: Option<Nanos>) -> Case {
        let system = Arc::clone(&design.points[point].system);
        let mut timing = design.timing;
        timing.warm_up = warm_up.unwrap_or(timing.warm_up);
        Case {
            stated: design.timing,
            run: RunSpec {
                seed: design.seed,
                replication,
                timing,
                wanted: Wanted::default(),
                series: true,
                look_for: watching::look_for(design, point),
                event_budget: budget::of(&system, &timing),
                width: Width::Auto,
                spared: Vec::new(),
            },
            system,
            trigger: None,
        }
    }

    /// A hash of what decides the course of the run, but for its seed and replication, and of what
    /// is looked for. What things cost and what the system is called is left out, and so are
    /// fields that are `None`: a later version that can say more says the same of this system.
    pub fn digest(&self) -> [u8; DIGEST] {
        let mut system = SystemSpec::clone(&self.system);
        system.title.clear();
        system.prices = Default::default();
        let groups = system.services.iter_mut().flat_map(|s| &mut s.groups);
        groups.for_each(|group| group.price_per_hour = 0.0);
        let timing = self.stated;
        let rules = &self.run.look_for.rules;
        let text = without_nothing(&format!("{system:?}\n{timing:?}\n{rules:?}"));
        let hash = blake3::hash(text.as_bytes());
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&hash.as_bytes()[..DIGEST]);
        digest
    }

    /// Runs it again, whole or up to some moment.
    ///
    /// # Errors
    /// As [`crate::model::trial::run`]; a panic is VX9001.
    pub fn again(
        &self,
        stop: Option<StopAt>,
        given_up: &AtomicBool,
    ) -> Result<TrialOutput, TrialError> {
        self.again_with(stop, None, given_up)
    }

    /// Runs it again and keeps a sample of its rows.
    ///
    /// # Errors
    /// As [`Case::again`].
    pub fn again_with(
        &self,
        stop: Option<StopAt>,
        sample: Option<&mut Sample>,
        given_up: &AtomicBool,
    ) -> Result<TrialOutput, TrialError> {
        let run = RunSpec {
            look_for: LookFor {
                stop,
                ..self.run.look_for.clone()
            },
            ..self.run.clone()
        };
        caught::call(|| simulate_until(&self.system, &run, sample, given_up))
    }

    /// The moment at which the run is broken off so long after its trigger.
    pub fn after_trigger(&self, linger: u64) -> Option<StopAt> {
        self.trigger.map(|trigger| StopAt::Episode {
            kinds: Kinds::of([trigger.kind]),
            nth: trigger.nth,
            linger,
        })
    }

    /// The same trial of a system that is like this one but for something.
    #[must_use]
    pub fn with(&self, system: SystemSpec) -> Case {
        Case {
            system: Arc::new(system),
            ..self.clone()
        }
    }

    /// Warm-up and measured time; `None`: as long as its traces.
    pub fn length(&self) -> Option<u64> {
        match self.run.timing.horizon {
            Horizon::For(time) => Some(self.run.timing.warm_up.saturating_add(time)),
            Horizon::Trace => None,
        }
    }
}

/// The text of a value as `Debug` has it, without fields that are `None`.
fn without_nothing(text: &str) -> String {
    without_fields(text, ": None")
}

/// The text of counts as `Debug` has it, without fields that are 0 and zeros at the end of lists:
/// a later version that counts more counts the same of what both know.
pub fn without_zeros(text: &str) -> String {
    let text = without_fields(text, ": 0");
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        if c == ']' {
            while let Some(short) = kept.strip_suffix(", 0").map(str::len) {
                kept.truncate(short);
            }
            if kept.ends_with("[0") {
                kept.pop();
            }
        }
        kept.push(c);
    }
    kept
}

/// Text without the fields that have a value, which is given as it stands behind their names.
fn without_fields(text: &str, value: &str) -> String {
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        if after.starts_with(|c| in_name(c) || c == '.') {
            kept.push_str(&rest[..at + value.len()]);
            rest = after;
        } else {
            kept.push_str(before.trim_end_matches(in_name));
            rest = after.strip_prefix(", ").unwrap_or(after);
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_not_in_the_text() {
        #[derive(Debug)]
        #[allow(dead_code)]
        struct Now {
            a: u32,
            later: Option<u32>,
            b: Option<&'static str>,
            last: Option<u32>,
        }
        let text = |b, later| {
            let last = None;
            without_nothing(&format!(
                "{:?}",
                vec![Now {
                    a: 1,
                    later,
                    b,
                    last
                }]
            ))
        };
        assert_eq!(text(None, None), "[Now { a: 1,  }]");
        assert_eq!(
            text(Some("x: Nonesuch"), None),
            "[Now { a: 1, b: Some(\"x: Nonesuch\"),  }]"
        );
        assert_ne!(text(None, Some(2)), text(None, None));
    }

    /// One more count that is 0, in a list or by its name, changes nothing; any other does.
    #[test]
    fn what_was_never_counted_is_not_in_the_text() {
        let same = [
            "Tally { a: 10, ended: [0, 3, 0] }",
            "Tally { a: 10, ended: [0, 3], }",
        ];
        let text = |t: &str| without_zeros(t).replace([',', ' '], "");
        assert_eq!(text(same[0]), text(same[1]));
        assert_eq!(
            without_zeros("T { b: 0, a: 1, l: [0, 0], m: [0] }"),
            "T { a: 1, l: [], m: [] }"
        );
        assert_eq!(
            without_zeros("T { a: 0.5, b: 01, c: [10, 0, 7] }"),
            "T { a: 0.5, b: 01, c: [10, 0, 7] }"
        );
    }
}
