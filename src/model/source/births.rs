//! What a source sends, without a run: every birth is drawn before any policy is asked. And the
//! same as a trace, which sends it again.

use super::{Source, last_birth};
use crate::base::units::Nanos;
use crate::engine::heap::Wide;
use crate::engine::queue::Queue;
use crate::engine::rng::Key;
use crate::model::event::Event;
use crate::model::spec::{SystemSpec, Trace};
use crate::model::trial::RunSpec;

/// One request as it is born.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BirthRow {
    /// When, nanoseconds from the start of the run.
    pub at: Nanos,
    /// Index of the source.
    pub source: u32,
    /// Index of the class within its source.
    pub class: u32,
    /// Bytes.
    pub size: u64,
    /// Core-time at speed 1.
    pub work: Nanos,
    /// Bytes of RAM held.
    pub memory: u64,
    /// Its turn, if it was recorded.
    pub priority: Option<i64>,
    /// What it is about, if requests of its source have keys.
    pub key: Option<u64>,
}

/// The births of a source up to a moment (included), at most so many; `None`: there are more.
/// `times` are those of a closed source, which only a run can know.
pub fn births(
    (spec, index): (&SystemSpec, usize),
    run: &RunSpec,
    times: Option<&[Nanos]>,
    (until, most): (Nanos, usize),
) -> Option<Vec<BirthRow>> {
    let key = Key::new(run.seed, u64::from(run.replication), 0);
    let last = last_birth(spec, run.timing.horizon);
    let register = Queue::<Wide, Event>::new().add_register();
    let mut source = Source::new(spec, &spec.sources[index], key, 0, register, last);
    let mut known = times.map(|times| times.iter().copied());
    let keyed = source.has_keys();
    let mut found = Vec::new();
    loop {
        let next = match &mut known {
            Some(times) => times.next(),
            None => source.next_birth(),
        };
        let Some(at) = next.filter(|&at| at <= until) else {
            return Some(found);
        };
        if found.len() == most {
            return None;
        }
        let birth = source.birth();
        found.push(BirthRow {
            at,
            source: index as u32,
            class: birth.class,
            size: birth.size,
            work: birth.work,
            memory: birth.memory,
            priority: birth.priority,
            key: keyed.then(|| {
                birth
                    .key
                    .unwrap_or_else(|| source.key(birth.number, birth.class))
            }),
        });
    }
}

/// What of births stands in a trace; the rest is drawn anew, as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// When they were.
    Times,
    /// What was asked for too: class, size, turn.
    Requests,
    /// Work and memory as well, the same for all attempts of a request.
    Amounts,
}

/// Births as a trace that sends them again, for a source that sends from `start` on.
pub fn trace(rows: &[BirthRow], start: Nanos, columns: Columns) -> Trace {
    let column = |of: fn(&BirthRow) -> u64| -> Vec<u64> {
        let values: Vec<u64> = rows.iter().map(of).collect();
        match values.iter().all(|&v| v == 0) {
            true => Vec::new(),
            false => values,
        }
    };
    let mut trace = Trace {
        at: rows.iter().map(|r| r.at.saturating_sub(start)).collect(),
        // Rows may be left out, and keys go by the number of a request.
        key: rows.iter().filter_map(|r| r.key).collect(),
        ..Trace::default()
    };
    if columns != Columns::Times {
        trace.size = column(|r| r.size);
        trace.class = rows.iter().map(|r| r.class).collect();
        if rows.iter().any(|r| r.priority.is_some()) {
            trace.priority = rows.iter().map(|r| r.priority.unwrap_or(0)).collect();
        }
    }
    if columns == Columns::Amounts {
        trace.work = rows.iter().map(|r| r.work).collect();
        trace.memory = column(|r| r.memory);
    }
    trace
}
