//! Arrivals as rows: what a run drew becomes a trace, of which rows can be left out.

use std::sync::Arc;

use super::edit::remove_source;
use crate::base::units::Nanos;
use crate::experiment::incident::Case;
use crate::experiment::sample::Sample;
use crate::model::source::{BirthRow, Columns, births, trace};
use crate::model::spec::{
    Arrivals, ClassSpec, Dist, FaultKind, FaultWhen, MemorySpec, SourceSpec, SystemSpec, Trace,
    WorkSpec,
};
use crate::model::trial::StopAt;

/// Most requests of a source that become rows.
const MOST_ROWS: usize = 4_000_000;

/// A row: the source, and its place in its trace.
pub type Row = (usize, usize);

/// Always nothing.
pub fn nothing() -> Dist {
    Dist::Constant { value: 0.0 }
}

/// A case whose sources send what they sent in the run up to a moment, as traces; `amounts`: with
/// the work and memory of every request, which is then the same for all of its attempts. Sources
/// that are not among `which` stay as they are.
pub fn recorded(case: &Case, until: Nanos, which: &[usize], amounts: bool) -> Option<Case> {
    let mut system = SystemSpec::clone(&case.system);
    for &index in which {
        let times = match case.system.sources[index].arrivals {
            Arrivals::Closed { .. } => Some(seen(case, index, until)?),
            _ => None,
        };
        let wanted = (until, MOST_ROWS);
        let found = births((&case.system, index), &case.run, times.as_deref(), wanted)?;
        if found.is_empty() {
            continue;
        }
        let memory = &case.system.services[case.system.sources[index].to].memory;
        record(&mut system.sources[index], memory, &found, amounts);
        let surges =
            |f: &FaultKind| matches!(f, FaultKind::Surge { source, .. } if *source == index);
        system.faults.retain(|f| !surges(&f.kind));
    }
    Some(case.with(system))
}

/// When the requests of a source were born in the run; `None`: not all are known.
fn seen(case: &Case, index: usize, until: Nanos) -> Option<Vec<Nanos>> {
    let mut sample = Sample {
        every: 1,
        rows: Vec::new(),
    };
    let never = std::sync::atomic::AtomicBool::new(false);
    let stop = StopAt::Time(until.saturating_add(1));
    case.again_with(Some(stop), Some(&mut sample), &never)
        .ok()?;
    let mut born: Vec<Option<Nanos>> = Vec::new();
    for row in sample.rows.iter().filter(|r| r.source as usize == index) {
        let number = usize::try_from(row.request).ok()?;
        if born.len() <= number {
            born.resize(number + 1, None);
        }
        born[number] = Some(row.born);
    }
    born.into_iter().collect()
}

fn record(source: &mut SourceSpec, memory: &MemorySpec, found: &[BirthRow], amounts: bool) {
    let columns = match amounts {
        true => Columns::Amounts,
        false => Columns::Requests,
    };
    let trace = trace(found, 0, columns);
    for class in &mut source.classes {
        class.size = nothing();
        class.key = None;
        if !amounts {
            continue;
        }
        let held = class.memory.as_ref().unwrap_or(memory).held;
        class.memory = (!trace.memory.is_empty() || memory.base != nothing()).then(|| MemorySpec {
            held,
            base: nothing(),
            per_byte: 0.0,
        });
        class.work = Some(WorkSpec::FromTrace);
        (class.work_factor, class.apart) = (1.0, false);
    }
    source.arrivals = Arrivals::Trace(Arc::new(trace));
    (source.batch, source.profile) = (None, None);
    (source.start, source.stop) = (0, None);
    tidy(source);
}

/// Brings classes in line with the rows: the weights of classes are the numbers of their rows,
/// those without are gone, and one class needs no column.
pub fn tidy(source: &mut SourceSpec) {
    let Arrivals::Trace(trace) = &mut source.arrivals else {
        return;
    };
    if trace.class.is_empty() {
        return;
    }
    let trace = Arc::make_mut(trace);
    let mut counts = vec![0_u64; source.classes.len()];
    trace.class.iter().for_each(|&c| counts[c as usize] += 1);
    let mut number = 0;
    let places: Vec<u32> = counts
        .iter()
        .map(|&count| {
            number += u32::from(count > 0);
            number.saturating_sub(1)
        })
        .collect();
    trace
        .class
        .iter_mut()
        .for_each(|c| *c = places[*c as usize]);
    let kept = source
        .classes
        .drain(..)
        .zip(counts)
        .filter(|(_, count)| *count > 0);
    source.classes = kept
        .map(|(class, count)| ClassSpec {
            weight: count as f64,
            ..class
        })
        .collect();
    if let [only] = &mut source.classes[..] {
        only.weight = 1.0;
        trace.class.clear();
    }
}

/// The traces of a system that are sent once, by source.
fn traces(system: &SystemSpec) -> impl Iterator<Item = (usize, &Trace)> {
    let sources = system.sources.iter().enumerate();
    sources.filter_map(|(i, source)| match &source.arrivals {
        Arrivals::Trace(trace) if !trace.repeat => Some((i, &**trace)),
        _ => None,
    })
}

/// Every row of every trace, in the order of their times.
pub fn all(system: &SystemSpec) -> Vec<Row> {
    let of = |(i, trace): (usize, &Trace)| {
        let rows = trace.at.iter().enumerate();
        rows.map(move |(row, &at)| (at, i, row)).collect::<Vec<_>>()
    };
    let mut rows: Vec<(Nanos, usize, usize)> = traces(system).flat_map(of).collect();
    rows.sort_unstable();
    rows.into_iter()
        .map(|(_, source, row)| (source, row))
        .collect()
}

/// A case with these rows only; a source without any is gone. `None`: nothing would be sent.
pub fn only(case: &Case, rows: &[Row]) -> Option<Case> {
    let mut system = SystemSpec::clone(&case.system);
    let traced: Vec<usize> = traces(&case.system).map(|t| t.0).collect();
    for &index in traced.iter().rev() {
        let mut kept: Vec<usize> = rows.iter().filter(|r| r.0 == index).map(|r| r.1).collect();
        kept.sort_unstable();
        if kept.is_empty() {
            remove_source(&mut system, index)?;
            continue;
        }
        change(&mut system.sources[index], |trace| {
            trace.at = pick(&trace.at, &kept);
            trace.size = pick(&trace.size, &kept);
            trace.work = pick(&trace.work, &kept);
            trace.memory = pick(&trace.memory, &kept);
            trace.class = pick(&trace.class, &kept);
            trace.priority = pick(&trace.priority, &kept);
            trace.key = pick(&trace.key, &kept);
        });
    }
    Some(case.with(system))
}

fn pick<T: Copy>(column: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter()
        .filter_map(|&row| column.get(row).copied())
        .collect()
}

/// Changes the trace of a source, if it has one.
pub fn change(source: &mut SourceSpec, change: impl FnOnce(&mut Trace)) {
    if let Arrivals::Trace(trace) = &mut source.arrivals {
        change(Arc::make_mut(trace));
        tidy(source);
    }
}

/// A case in which all happens sooner, so that the first row is sent at the start.
pub fn sooner(case: &Case) -> Option<Case> {
    let first = traces(&case.system).filter_map(|(_, t)| t.at.first()).min();
    let by = *first?;
    let mut system = SystemSpec::clone(&case.system);
    for source in &mut system.sources {
        let by = by.saturating_sub(source.start);
        change(source, |trace| {
            trace
                .at
                .iter_mut()
                .for_each(|at| *at = at.saturating_sub(by));
        });
    }
    for fault in &mut system.faults {
        if let FaultWhen::At(at) = &mut fault.when {
            *at = at.saturating_sub(by);
        }
    }
    Some(case.with(system))
}
