//! What a source sends, without a run: every birth is drawn before any policy is asked.

use super::{Birth, Source};
use crate::base::units::Nanos;
use crate::engine::heap::Wide;
use crate::engine::queue::Queue;
use crate::engine::rng::Key;
use crate::model::event::Event;
use crate::model::spec::{SourceSpec, SystemSpec};
use crate::model::trial::{Horizon, RunSpec};

/// The births of a source up to a moment (included), at most so many; `None`: there are more.
/// `times` are those of a closed source, which only a run can know.
pub fn births(
    (spec, index): (&SystemSpec, usize),
    run: &RunSpec,
    times: Option<&[Nanos]>,
    (until, most): (Nanos, usize),
) -> Option<Vec<(Nanos, Birth)>> {
    let key = Key::new(run.seed, u64::from(run.replication), 0);
    let traces = spec.sources.iter().filter_map(SourceSpec::last_row);
    let last = match run.timing.horizon {
        Horizon::Trace => traces.max().map_or(0, |last| last.saturating_add(1)),
        Horizon::For(_) => Nanos::MAX,
    };
    let register = Queue::<Wide, Event>::new().add_register();
    let mut source = Source::new(spec, &spec.sources[index], key, 0, register, last);
    let mut known = times.map(|times| times.iter().copied());
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
        found.push((at, source.birth()));
    }
}
