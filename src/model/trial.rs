//! One run of a system: what it is given, what comes out. A pure function of its arguments.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::incident::{Incidents, Kind, Rules, State};
use super::outcome::Outcome;
use super::series::Series;
use super::spec::SystemSpec;
use super::system::System;
use super::system::rows::{AllRows, NoRows, Rows};
use super::tally::{Tally, Wanted};
use crate::base::codes::Code;
use crate::base::units::{Nanos, print_time};
use crate::engine::heap::{Entry, Narrow, Wide};
use crate::engine::paths::{self, Clash};
use crate::engine::queue::Queue;
use crate::engine::simulation::{self, Limit};

/// How a system is run once.
#[derive(Clone, Debug)]
pub struct RunSpec {
    /// The experiment's seed.
    pub seed: u64,
    /// Which replication, from 0.
    pub replication: u32,
    /// How long, and what of it is measured.
    pub timing: Timing,
    /// What to measure beyond the standard.
    pub wanted: Wanted,
    /// Whether time series are kept.
    pub series: bool,
    /// What is looked for while it runs; never changes a result.
    pub look_for: LookFor,
    /// Most events before the trial is stopped (VX5002).
    pub event_budget: u64,
    /// Which entries the event queue uses; never changes a result.
    pub width: Width,
    /// Faults that do not happen although they would.
    pub spared: Vec<Spared>,
}

/// What a fault would do, and does not: everything up to then is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spared {
    /// It does not strike this time.
    Strike {
        /// Index of the fault in its model.
        fault: u32,
        /// The worker, by its number in the system.
        worker: u32,
        /// When it would begin.
        from: Nanos,
    },
    /// It strikes no more, and where it is on it ends.
    Rest {
        /// Index of the fault in its model.
        fault: u32,
        /// From when on.
        from: Nanos,
    },
}

/// What is looked for in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LookFor {
    /// Detectors of incidents.
    pub rules: Rules,
    /// Whether fingerprints are noted on the way (see [`TrialOutput::stations`]).
    pub stations: bool,
    /// Where the run is broken off, if it is.
    pub stop: Option<StopAt>,
    /// Moments at which the whole system is noted down (see [`TrialOutput::states`]), ascending.
    pub states: Vec<Nanos>,
}

/// Where a run is broken off: what happens until then is what would have happened anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopAt {
    /// Before the first event at this time or later, nanoseconds from the start of the run.
    Time(Nanos),
    /// So long after the nth (from 0) episode of one of these kinds has fired.
    Episode {
        /// Which kinds.
        kinds: Kinds,
        /// Which of them.
        nth: u32,
        /// How long after.
        linger: Nanos,
    },
}

/// Some kinds of incidents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// Every kind.
    pub const ALL: Kinds = Kinds(u16::MAX);

    /// These.
    pub fn of(kinds: impl IntoIterator<Item = Kind>) -> Kinds {
        Kinds(kinds.into_iter().fold(0, |all, kind| all | 1 << kind as u8))
    }

    /// Whether a kind is among them.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }
}

/// How long a trial is and what of it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Unmeasured time before.
    pub warm_up: Nanos,
    /// Measured time.
    pub horizon: Horizon,
    /// How much longer the run may go on until every measured request has ended.
    pub drain: Nanos,
    /// Resolution of time series.
    pub window: Nanos,
}

/// Measured time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// So long.
    For(Nanos),
    /// Until the last row of every trace has been sent and all it started has ended.
    Trace,
}

/// Size of the event queue's entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// Narrow where the run fits (4.9 hours, a million pending events), else wide.
    #[default]
    Auto,
    /// Wide from the start.
    Wide,
}

/// What came out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrialOutput {
    /// Counts of the measured time.
    pub tally: Tally,
    /// Time series, when asked for.
    pub series: Series,
    /// Hash of the sequence of events.
    pub fingerprint: u64,
    /// Hash of what every request was when it was born, up to the end of the measured time: equal
    /// for designs that met the same requests.
    pub demand: u64,
    /// Where it was asked for, and the length of the run is known: the hashes of the sequence of
    /// events before each [station](super::incident::station).
    pub stations: Vec<u64>,
    /// The system at the moments that were asked for, as far as the run came.
    pub states: Vec<State>,
    /// What went wrong, where it was looked for.
    pub incidents: Incidents,
    /// Events simulated.
    pub events: u64,
    /// Counts of the equal parts of the measured time, where [`Wanted::batches`] asks for them.
    /// What is counted of a request falls into the part in which it became known; what became known
    /// after the measured time, into the last. Together they are the tally, but for maxima, which
    /// are those of all parts so far.
    pub batches: Vec<Tally>,
}

/// Why a trial has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialError {
    /// VX5002, VX5003: a limit; VX5004: nobody wanted it any more; VX9001: an invariant broke, our
    /// bug.
    pub code: Code,
    /// What happened, with the simulated time.
    pub message: String,
}

/// One attempt, at the time its outcome is known. Times are nanoseconds from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Number of the request within its source, from 0.
    pub request: u64,
    /// Which attempt of the request, from 1.
    pub attempt: u32,
    /// Index of the source.
    pub source: u32,
    /// Index of the class, through all sources.
    pub class: u32,
    /// Index of the service.
    pub service: u32,
    /// Number of the worker within its service (from 1), once routed.
    pub worker: Option<u32>,
    /// When the request was born.
    pub born: Nanos,
    /// When this attempt arrived at the service.
    pub arrived: Nanos,
    /// When it got a core.
    pub start: Option<Nanos>,
    /// When its outcome was known; `None`: still inside when the run ended.
    pub end: Option<Nanos>,
    /// Core-time it needs at speed 1.
    pub work: Nanos,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// Watches a run without moving it.
pub trait Observer: Sync {
    /// Whether it wants rows: a run that nobody wants rows of makes none.
    fn wants_rows(&self) -> bool {
        true
    }
    /// A run begins; what was seen before is forgotten (a run may be begun anew with wider
    /// entries).
    fn begin(&mut self);
    /// An attempt whose outcome is known (or that is still inside at the end).
    fn attempt(&mut self, row: &AttemptRow);
    /// Whether nobody wants the outcome of the run any more (VX5004); asked once in very many
    /// events.
    fn given_up(&self) -> bool {
        false
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blind;

impl Observer for Blind {
    fn wants_rows(&self) -> bool {
        false
    }
    fn begin(&mut self) {}
    fn attempt(&mut self, _: &AttemptRow) {}
}

/// Keeps every row.
impl Observer for Vec<AttemptRow> {
    fn begin(&mut self) {
        self.clear();
    }
    fn attempt(&mut self, row: &AttemptRow) {
        self.push(*row);
    }
}

/// Runs a system once.
///
/// # Errors
/// A limit was reached (VX5002, VX5003), the observer gave up (VX5004), or an invariant broke
/// (VX9001). The spec must have passed [`SystemSpec::check`].
pub fn run(
    spec: &SystemSpec,
    run: &RunSpec,
    observer: &mut dyn Observer,
) -> Result<TrialOutput, TrialError> {
    let timing = &run.timing;
    let end = match timing.horizon {
        Horizon::For(horizon) => timing
            .warm_up
            .saturating_add(horizon)
            .saturating_add(timing.drain),
        Horizon::Trace => Nanos::MAX,
    };
    if run.width == Width::Auto && end < Narrow::MAX_TIME {
        match run_width::<Narrow>(spec, run, observer) {
            Err(Stop::Limit(Limit::Slots, ..)) => {}
            Err(stop) => return Err(stop.into_error()),
            Ok(output) => return Ok(output),
        }
    }
    run_width::<Wide>(spec, run, observer).map_err(Stop::into_error)
}

enum Stop {
    Limit(Limit, Nanos, u64),
    Broken(String, Nanos),
}

fn run_width<W: Entry>(
    spec: &SystemSpec,
    run: &RunSpec,
    observer: &mut dyn Observer,
) -> Result<TrialOutput, Stop> {
    observer.begin();
    match (observer.wants_rows(), spec.is_rich()) {
        (false, false) => run_with::<W, _, false>(spec, run, NoRows(observer)),
        (false, true) => run_with::<W, _, true>(spec, run, NoRows(observer)),
        (true, false) => run_with::<W, _, false>(spec, run, AllRows(observer)),
        (true, true) => run_with::<W, _, true>(spec, run, AllRows(observer)),
    }
}

fn run_with<W: Entry, O: Rows, const RICH: bool>(
    spec: &SystemSpec,
    run: &RunSpec,
    rows: O,
) -> Result<TrialOutput, Stop> {
    let mut queue = Queue::<W, Event>::new();
    let build = || System::<_, RICH>::new(spec, run, rows, &mut queue);
    let (mut system, clash) = paths::watched(build);
    if let Some(Clash(a, b)) = clash {
        let text = format!("the paths {a} and {b} have the same hash: another name would help");
        return Err(Stop::Broken(text, 0));
    }
    let events = simulation::run(&mut system, &mut queue, run.event_budget)
        .map_err(|limit| Stop::Limit(limit, queue.now(), run.event_budget))?;
    system
        .finish(queue.now(), events)
        .map_err(|text| Stop::Broken(text, queue.now()))
}

impl Stop {
    fn into_error(self) -> TrialError {
        match self {
            Stop::Limit(Limit::Events, at, budget) => TrialError {
                code: Code::EVENT_BUDGET,
                message: format!(
                    "{budget} events were not enough: stopped at {}",
                    print_time(at)
                ),
            },
            Stop::Limit(Limit::Instant, at, _) => TrialError {
                code: Code::CROWDED_INSTANT,
                message: format!(
                    "time stands still at {}: zero delays in a loop",
                    print_time(at)
                ),
            },
            Stop::Limit(Limit::GivenUp, at, _) => TrialError {
                code: Code::INTERRUPTED,
                message: format!("given up at {}", print_time(at)),
            },
            Stop::Limit(Limit::Slots, at, _) => TrialError {
                code: Code::EVENT_BUDGET,
                message: format!(
                    "more events pending than can be numbered at {}",
                    print_time(at)
                ),
            },
            Stop::Broken(text, at) => TrialError {
                code: Code::BROKEN_INVARIANT,
                message: format!("an invariant broke at {}: {text}", print_time(at)),
            },
        }
    }
}
