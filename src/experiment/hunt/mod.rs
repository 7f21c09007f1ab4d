//! Hunting for incidents: many seeds of one system, each run up to its first incident. Only counts
//! are kept. Each seed is a pure call, so what comes out is the same in any order of seeds and on
//! any number of threads.

pub mod groups;
mod shot;
mod signature;
pub mod swarm;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use groups::{Found, Group};
pub use shot::{Caught, End, Shot};

use super::crew::{Crew, Ended};
use super::incident::Case;
use super::incident::case::DIGEST;
use super::run::{self, Progress, RunError};
use crate::base::units::Nanos;
use crate::model::trial::Kinds;

/// How long a run goes on after its incident, so that what follows from it is seen: a second.
pub const LINGER: Nanos = 1_000_000_000;

/// Most seeds of one hunt.
pub const MOST_SEEDS: u64 = 1_000_000;

/// What is hunted for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunt {
    /// The seeds; the end is not one of them.
    pub seeds: Range<u64>,
    /// Kinds that count.
    pub kinds: Kinds,
    /// Whether runs go on to their end.
    pub whole: bool,
}

/// The system that a seed is run on.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The trial; its seed is set by the hunt.
    pub case: Case,
    /// Its digest, where that is known already.
    pub digest: Option<[u8; DIGEST]>,
    /// Where its point stands in its design.
    pub point: usize,
    /// What was drawn for it: path and value.
    pub settings: Vec<(String, String)>,
}

/// Where systems come from.
pub trait Systems: Sync {
    /// The system of a seed, the same whenever it is asked for.
    ///
    /// # Errors
    /// The model does not allow what was drawn.
    fn of(&self, seed: u64) -> Result<Drawn, String>;
}

/// The same system for every seed.
#[derive(Clone, Debug)]
pub struct Same(pub Drawn);

impl Same {
    /// This trial for every seed.
    pub fn of(case: Case, point: usize) -> Same {
        Same(Drawn {
            digest: Some(case.digest()),
            case,
            point,
            settings: Vec::new(),
        })
    }
}

impl Systems for Same {
    fn of(&self, _: u64) -> Result<Drawn, String> {
        Ok(self.0.clone())
    }
}

/// Who hears of a hunt while it lasts, and may bring what an earlier one kept. Called from several
/// threads.
pub trait Watch: Sync {
    /// A seed ended.
    fn progress(&self, progress: Progress);
    /// What an earlier hunt kept of a seed: it is not run again.
    fn kept(&self, seed: u64) -> Option<Shot> {
        let _ = seed;
        None
    }
    /// What came out of a seed that was run.
    fn ended(&self, shot: &Shot) {
        let _ = shot;
    }
    /// Whether to begin no more.
    fn stopped(&self) -> bool;
    /// Set once runs are to be given up.
    fn given_up(&self) -> &AtomicBool;
}

/// A watch as the threads know it.
struct Heard<'a>(&'a dyn Watch);

impl run::Watch for Heard<'_> {
    fn progress(&self, progress: Progress) {
        self.0.progress(progress);
    }

    fn stopped(&self) -> bool {
        self.0.stopped()
    }
}

/// Runs every seed; the outcomes in the order of seeds.
///
/// # Errors
/// The threads cannot be started, or it was stopped.
pub fn run(
    hunt: &Hunt,
    systems: &dyn Systems,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<Shot>, RunError> {
    over(hunt, systems, threads, watch, false)
}

/// Runs seeds until one is not clean: the outcomes up to that one, in the order of seeds.
///
/// # Errors
/// As [`run()`].
pub fn first(
    hunt: &Hunt,
    systems: &dyn Systems,
    threads: usize,
    watch: &dyn Watch,
) -> Result<Vec<Shot>, RunError> {
    let mut shots = over(hunt, systems, threads, watch, true)?;
    if let Some(first) = shots.iter().position(|s| !s.is_clean()) {
        shots.truncate(first + 1);
    }
    Ok(shots)
}

fn over(
    hunt: &Hunt,
    systems: &dyn Systems,
    threads: usize,
    watch: &dyn Watch,
    to_first: bool,
) -> Result<Vec<Shot>, RunError> {
    let count = usize::try_from(hunt.seeds.end.saturating_sub(hunt.seeds.start));
    let count = count.unwrap_or(usize::MAX);
    let heard = Heard(watch);
    let crew = Crew::start(threads, &heard, count)?;
    let list: Vec<usize> = (0..count).collect();
    let shots = Mutex::new(Vec::with_capacity(count));
    // Seeds behind the first one that is not clean are of no interest; those before it still are.
    let last = AtomicU64::new(u64::MAX);
    crew.work(&list, |place| {
        let seed = hunt.seeds.start + place as u64;
        if to_first && seed > last.load(Ordering::Relaxed) {
            return Some(Ended::Well);
        }
        let shot = match watch.kept(seed) {
            Some(shot) => shot,
            None => {
                let shot = hunt.shot(seed, systems, watch.given_up())?;
                watch.ended(&shot);
                shot
            }
        };
        if !shot.is_clean() {
            last.fetch_min(seed, Ordering::Relaxed);
        }
        let ended = match shot.end {
            End::Failed(_) => Ended::Badly,
            End::Clean | End::Caught(_) => Ended::Well,
        };
        let mut shots = shots
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        shots.push(shot);
        Some(ended)
    })?;
    let shots = shots.into_inner();
    let mut shots = shots.unwrap_or_else(std::sync::PoisonError::into_inner);
    shots.sort_unstable_by_key(|shot: &Shot| shot.seed);
    Ok(shots)
}
