//! One seed of a hunt, and what came out of it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::signature::signature;
use super::{Drawn, Hunt, LINGER, Systems};
use crate::base::units::Nanos;
use crate::experiment::TRAJECTORY;
use crate::experiment::incident::{Case, Token, Trigger};
use crate::model::incident::Kind;
use crate::model::trial::{StopAt, TrialError, TrialOutput};

/// What came out of a seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shot {
    /// The seed.
    pub seed: u64,
    /// Events simulated, up to where the run was broken off.
    pub events: u64,
    /// Hash of their sequence.
    pub fingerprint: u64,
    /// What was drawn for it: path and value.
    pub settings: Vec<(String, String)>,
    /// How it ended.
    pub end: End,
}

/// How a seed ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum End {
    /// Without an incident that counts.
    Clean,
    /// With one.
    Caught(Box<Caught>),
    /// It has no result: code and reason.
    Failed(String),
}

/// The first incident of a seed that counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caught {
    /// What kind.
    pub kind: Kind,
    /// Where, in words.
    pub place: String,
    /// When it fired, nanoseconds from the start of the run.
    pub at: Nanos,
    /// How many, by kind.
    pub amount: u64,
    /// The worst value that its threshold was held against.
    pub worst: f64,
    /// What it has in common with others of its sort.
    pub signature: String,
    /// Its token.
    pub token: String,
}

impl Shot {
    /// Whether it ended without an incident that counts, and did not fail.
    pub fn is_clean(&self) -> bool {
        self.end == End::Clean
    }

    /// Its incident.
    pub fn caught(&self) -> Option<&Caught> {
        match &self.end {
            End::Caught(caught) => Some(caught),
            End::Clean | End::Failed(_) => None,
        }
    }

    /// Why it has no result.
    pub fn failed(&self) -> Option<&str> {
        match &self.end {
            End::Failed(why) => Some(why),
            End::Clean | End::Caught(_) => None,
        }
    }
}

impl Hunt {
    /// Runs a seed; `None`: it was given up.
    pub(super) fn shot(
        &self,
        seed: u64,
        systems: &dyn Systems,
        given_up: &AtomicBool,
    ) -> Option<Shot> {
        let mut shot = Shot {
            seed,
            events: 0,
            fingerprint: 0,
            settings: Vec::new(),
            end: End::Clean,
        };
        let mut drawn = match systems.of(seed) {
            Ok(drawn) => drawn,
            Err(why) => {
                shot.end = End::Failed(why);
                return Some(shot);
            }
        };
        shot.settings = std::mem::take(&mut drawn.settings);
        let run = &mut drawn.case.run;
        run.seed = seed;
        // Counters only.
        run.series = false;
        run.look_for.stations = false;
        match self.again(&drawn.case, given_up) {
            Ok(output) => {
                shot.events = output.events;
                shot.fingerprint = output.fingerprint;
                if let Some(caught) = self.caught(&drawn, &output) {
                    shot.end = End::Caught(Box::new(caught));
                }
            }
            Err(_) if given_up.load(Ordering::Relaxed) => return None,
            Err(error) => shot.end = End::Failed(format!("{}: {}", error.code, error.message)),
        }
        Some(shot)
    }

    fn again(&self, case: &Case, given_up: &AtomicBool) -> Result<TrialOutput, TrialError> {
        let stop = StopAt::Episode {
            kinds: self.kinds,
            nth: 0,
            linger: LINGER,
        };
        case.again((!self.whole).then_some(stop), given_up)
    }

    /// The first incident that counts.
    fn caught(&self, drawn: &Drawn, output: &TrialOutput) -> Option<Caught> {
        let found = &output.incidents;
        let counts = |kind| self.kinds.has(kind);
        let first = found.episodes.iter().position(|e| counts(e.kind))?;
        let (episode, case) = (&found.episodes[first], &drawn.case);
        let token = Token {
            trajectory: TRAJECTORY,
            digest: drawn.digest.unwrap_or_else(|| case.digest()),
            point: u32::try_from(drawn.point).unwrap_or(u32::MAX),
            seed: case.run.seed,
            replication: case.run.replication,
            trigger: Trigger::of(found, first),
        };
        Some(Caught {
            kind: episode.kind,
            place: episode.place.name(&case.system),
            at: episode.at,
            amount: episode.amount,
            worst: episode.worst,
            signature: signature(case, found, first),
            token: token.to_string(),
        })
    }
}
