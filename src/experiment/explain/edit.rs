//! A run with something taken away: a fault, what of a burst was too much, a setting.

use std::sync::Arc;

use super::recording::Recording;
use super::setting::Setting;
use crate::base::units::Nanos;
use crate::experiment::incident::Case;
use crate::model::incident::Struck;
use crate::model::source::whole;
use crate::model::spec::{Arrivals, FaultKind, SystemSpec, Trace};
use crate::model::trial::{BirthRow, Spared};

/// One thing that is otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A fault never happens.
    Off(usize),
    /// Some strikes of a fault do not happen.
    Spare(Vec<Struck>),
    /// Of what a source sends in a time only a part is born.
    Thin {
        /// Index of the source.
        source: usize,
        /// Only of this class (within the source); `None`: of all.
        class: Option<u32>,
        /// Since when.
        from: Nanos,
        /// Until when.
        to: Nanos,
        /// 0 to 1.
        keep: f64,
    },
    /// What a source sends in a time needs less work.
    Ease {
        /// Index of the source.
        source: usize,
        /// Since when.
        from: Nanos,
        /// Until when.
        to: Nanos,
        /// 0 to 1.
        factor: f64,
    },
    /// A setting is another.
    Set(Setting),
}

impl Edit {
    fn source(&self) -> Option<usize> {
        match self {
            Edit::Thin { source, .. } | Edit::Ease { source, .. } => Some(*source),
            _ => None,
        }
    }
}

/// The trial with this otherwise.
pub fn apply(case: &Case, edits: &[Edit], recording: &Recording<'_>) -> Case {
    let mut system = SystemSpec::clone(&case.system);
    let mut run = case.run.clone();
    let mut replayed: Vec<usize> = edits.iter().filter_map(Edit::source).collect();
    replayed.sort_unstable();
    replayed.dedup();
    for edit in edits {
        match edit {
            Edit::Off(fault) => system.faults[*fault].enabled = false,
            Edit::Spare(strikes) => run.spared.extend(strikes.iter().filter_map(spared)),
            Edit::Set(setting) => {
                // One that does not apply together with the others changes nothing.
                let _ = setting.set(&mut system);
            }
            Edit::Thin { .. } | Edit::Ease { .. } => {}
        }
    }
    for source in replayed {
        replay(&mut system, source, edits, recording);
    }
    Case {
        system: Arc::new(system),
        run,
        ..case.clone()
    }
}

fn spared(struck: &Struck) -> Option<Spared> {
    struck.worker.map(|worker| Spared {
        fault: struck.fault,
        worker,
        from: struck.from,
    })
}

/// A source sends what was recorded of it, but for what is taken away.
fn replay(system: &mut SystemSpec, source: usize, edits: &[Edit], recording: &Recording<'_>) {
    let mut edits: Vec<Edit> = edits
        .iter()
        .filter(|e| concerns(e, source))
        .cloned()
        .collect();
    // What was recorded has its surges in it.
    for (number, fault) in system.faults.iter_mut().enumerate() {
        let FaultKind::Surge { source: of, factor } = fault.kind else {
            continue;
        };
        if of != source {
            continue;
        }
        fault.enabled = false;
        if edits.contains(&Edit::Off(number)) {
            let lasts = fault.lasts.as_ref().map_or(Nanos::MAX, |d| whole(d.mean()));
            let from = match fault.when {
                crate::model::spec::FaultWhen::At(at) => at,
                _ => 0,
            };
            edits.push(Edit::Thin {
                source,
                class: None,
                from,
                to: from.saturating_add(lasts),
                keep: (1.0 / factor).min(1.0),
            });
        }
    }
    let spec = &mut system.sources[source];
    let is_trace = matches!(spec.arrivals, Arrivals::Trace(_));
    let of_class = |e: &Edit| matches!(e, Edit::Ease { .. } | Edit::Thin { class: Some(_), .. });
    let whole_rows = is_trace || edits.iter().any(of_class);
    let births = recording
        .births
        .iter()
        .filter(|b| b.source as usize == source);
    let rows = changed(births, &edits);
    spec.arrivals = Arrivals::Trace(Arc::new(trace(&rows, spec.start, whole_rows)));
    spec.batch = None;
    spec.profile = None;
}

fn concerns(edit: &Edit, source: usize) -> bool {
    edit.source().is_none_or(|of| of == source)
}

/// The births that are left, with the work that they are left with.
fn changed<'a>(births: impl Iterator<Item = &'a BirthRow>, edits: &[Edit]) -> Vec<BirthRow> {
    let mut passed = vec![0_u64; edits.len()];
    let mut rows = Vec::new();
    for birth in births {
        let mut row = *birth;
        let mut stays = true;
        for (edit, passed) in edits.iter().zip(&mut passed) {
            match edit {
                Edit::Thin {
                    class,
                    from,
                    to,
                    keep,
                    ..
                } if (*from..*to).contains(&row.at) && class.is_none_or(|c| c == row.class) => {
                    // Evenly: each time that the part comes to another whole one.
                    let before = (*passed as f64 * keep).floor();
                    *passed += 1;
                    stays &= (*passed as f64 * keep).floor() > before;
                }
                Edit::Ease {
                    from, to, factor, ..
                } if (*from..*to).contains(&row.at) => {
                    row.work = whole(row.work as f64 * factor);
                }
                _ => {}
            }
        }
        if stays {
            rows.push(row);
        }
    }
    rows
}

/// Recorded births as a trace; `whole`: with all that they are, else only their times.
fn trace(rows: &[BirthRow], start: Nanos, whole: bool) -> Trace {
    let mut trace = Trace {
        at: rows.iter().map(|r| r.at - start.min(r.at)).collect(),
        ..Trace::default()
    };
    if whole {
        let column = |of: fn(&BirthRow) -> u64| -> Vec<u64> {
            let values: Vec<u64> = rows.iter().map(of).collect();
            match values.iter().all(|&v| v == 0) {
                true => Vec::new(),
                false => values,
            }
        };
        trace.size = column(|r| r.size);
        trace.memory = column(|r| r.memory);
        trace.work = rows.iter().map(|r| r.work).collect();
        trace.class = rows.iter().map(|r| r.class).collect();
        if rows.iter().any(|r| r.priority.is_some()) {
            trace.priority = rows.iter().map(|r| r.priority.unwrap_or(0)).collect();
        }
    }
    trace
}
