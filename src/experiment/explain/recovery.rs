//! Whether the system comes back once nothing strikes any more; and over which loads and sizes of
//! what struck it does not.
//!
//! A system is metastable that stays down although what pushed it there is gone (Bronson and others
//! 2021, "Metastable failures in distributed systems"). So the run is repeated with the same random
//! numbers, and from the moment of the incident on nothing strikes: whatever is down then is down
//! by itself. Loads are scaled by a change of time: the same requests, faster or slower.

use std::sync::Arc;

use super::sought::near;
use super::{Explainer, Seen, Trouble};
use crate::base::units::{Nanos, SECOND};
use crate::engine::dist::Dist;
use crate::experiment::budget;
use crate::experiment::incident::Case;
use crate::model::series::{self, Series};
use crate::model::source::whole;
use crate::model::spec::{Arrivals, FaultKind, FaultSpec, FaultUnit, FaultWhen, SystemSpec};
use crate::model::trial::{Horizon, LookFor, RunSpec, Spared, Timing, TrialError};

/// A system is up that answers so much of what it is offered in time.
pub const UP: f64 = 0.9;

/// It has at least so long to come back, and at least so many of its longest mean timeouts.
const LEAST: Nanos = 30 * SECOND;
const TIMEOUTS: u64 = 20;

/// That time is looked at in so many windows; the last of them say how it ends.
const WINDOWS: usize = 15;
const LAST: usize = 5;

/// Loads of the map, as multiples of that of the run.
pub const LOADS: [f64; 8] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2];

/// How long what struck lasts on the map, as multiples of how long it lasted.
pub const SIZES: [f64; 6] = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0];

/// What is left of the load where it is cut, the mildest cut first.
pub const CUTS: [f64; 9] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1];

/// What became of a system after a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// Of what was offered in the last third of the time watched, the part answered in time; at
    /// most 1.
    pub share: f64,
    /// How long after the moment it was up for good; `None`: it was not.
    pub back: Option<Nanos>,
}

impl Course {
    /// Whether it ends up.
    pub fn is_up(&self) -> bool {
        self.share >= UP
    }
}

/// The run without anything that strikes from the moment of the incident on.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// That moment.
    pub at: Nanos,
    /// How long the system was watched from then on.
    pub watched: Nanos,
    /// The faults that were on then, and ended.
    pub ended: Vec<usize>,
    /// What became of it.
    pub course: Course,
}

/// What the system does at several loads, after its trigger has lasted for several times.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// The faults that are the trigger; none: nothing that strikes once and ends was near.
    pub trigger: Vec<usize>,
    /// How long it lasted in the run, of several the longest.
    pub lasted: Nanos,
    /// How long the system is watched after it.
    pub watched: Nanos,
    /// Requests offered a second at load 1.
    pub rate: f64,
    /// The loads, as multiples of that.
    pub loads: Vec<f64>,
    /// How long the trigger lasts, as multiples.
    pub sizes: Vec<f64>,
    /// What became of the system, load by load.
    pub cells: Vec<Course>,
    /// The run from the incident on with nothing that strikes and the load cut to [`CUTS`].
    pub cuts: Vec<Course>,
}

impl Map {
    /// The cells of a load, one a size.
    pub fn of_load(&self, load: usize) -> &[Course] {
        let sizes = self.sizes.len();
        &self.cells[load * sizes..(load + 1) * sizes]
    }

    /// The highest load up to which the system comes back after any of the sizes.
    pub fn stable_to(&self) -> Option<f64> {
        let stable = |&load: &usize| self.of_load(load).iter().all(Course::is_up);
        let count = (0..self.loads.len()).take_while(stable).count();
        Some(self.loads[count.checked_sub(1)?])
    }

    /// The lowest load at which it goes down without any trigger.
    pub fn down_from(&self) -> Option<f64> {
        let down = |&load: &usize| !self.of_load(load)[0].is_up();
        (0..self.loads.len())
            .find(down)
            .map(|load| self.loads[load])
    }

    /// The lowest load at which a trigger keeps it down that would stay up without, and the
    /// shortest that does.
    pub fn vulnerable_from(&self) -> Option<(f64, f64)> {
        (0..self.loads.len()).find_map(|load| {
            let cells = self.of_load(load);
            let size = cells.iter().position(|c| !c.is_up())?;
            (size > 0).then(|| (self.loads[load], self.sizes[size]))
        })
    }

    /// The mildest cut after which it comes back, as after every harder one.
    pub fn back_at(&self) -> Option<f64> {
        let up = self.cuts.iter().rev().take_while(|c| c.is_up()).count();
        Some(CUTS[CUTS.len() - up.max(1)]).filter(|_| up > 0)
    }
}

/// Why there is no map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoMap {
    /// Nobody knows how to scale the load of this source.
    Source(usize),
    /// The run is as long as its trace.
    Trace,
}

/// How long a system has to come back.
fn watched(spec: &SystemSpec) -> Nanos {
    let timeouts = spec
        .sources
        .iter()
        .filter_map(|s| s.client.timeout.as_ref());
    let longest = timeouts.map(|dist| whole(dist.mean())).max().unwrap_or(0);
    LEAST.max(longest.saturating_mul(TIMEOUTS))
}

/// The run after the incident.
pub(super) fn recovery(
    explainer: &Explainer<'_>,
    seen: &Seen<'_>,
) -> Result<Option<Recovery>, Trouble> {
    let case = explainer.case;
    if case.run.timing.horizon == Horizon::Trace {
        return Ok(None);
    }
    let at = seen.sought.episode.at;
    let watched = watched(&case.system);
    let calm = calm(case, at);
    let on = |f: &&crate::model::incident::Struck| f.from <= at && f.to.is_none_or(|to| to > at);
    let mut ended: Vec<usize> = seen.found.faults.iter().filter(on).map(fault).collect();
    ended.sort_unstable();
    ended.dedup();
    let course = course(explainer, &calm, at, watched)?;
    Ok(course.map(|course| Recovery {
        at,
        watched,
        ended,
        course,
    }))
}

fn fault(struck: &crate::model::incident::Struck) -> usize {
    struck.fault as usize
}

/// The case with nothing that strikes from a moment on.
fn calm(case: &Case, from: Nanos) -> Case {
    let faults = 0..case.system.faults.len() as u32;
    let mut calm = case.clone();
    let rest = faults.map(|fault| Spared::Rest { fault, from });
    calm.run.spared.extend(rest);
    calm
}

/// What becomes of a case from a moment on; `None` where nothing is offered at the end.
fn course(
    explainer: &Explainer<'_>,
    case: &Case,
    from: Nanos,
    watched: Nanos,
) -> Result<Option<Course>, TrialError> {
    let timing = Timing {
        warm_up: from,
        horizon: Horizon::For(watched),
        drain: 0,
        window: watched.div_ceil(WINDOWS as u64),
    };
    let case = Case {
        run: RunSpec {
            timing,
            series: true,
            look_for: LookFor::default(),
            event_budget: budget::of(&case.system, &timing),
            ..case.run.clone()
        },
        ..case.clone()
    };
    let output = case.again(None, explainer.given_up)?;
    Ok(read(&output.series))
}

fn read(series: &Series) -> Option<Course> {
    let (born, good) = (series::place("offered")?, series::place("goodput")?);
    let rows = series.rows.iter().map(|row| (row[born], row[good]));
    let rows: Vec<(f64, f64)> = rows.collect();
    let last = &rows[rows.len().saturating_sub(LAST)..];
    let offered: f64 = last.iter().map(|row| row.0).sum();
    let answered: f64 = last.iter().map(|row| row.1).sum();
    if offered <= 0.0 {
        return None;
    }
    let share = (answered / offered).min(1.0);
    let down = rows.iter().rposition(|row| row.1 < UP * row.0);
    let windows = down.map_or(0, |down| down as u64 + 1);
    Some(Course {
        share,
        back: (share >= UP).then(|| windows * series.window),
    })
}

/// Over which loads and sizes of the trigger it stays down.
pub(super) fn map(
    explainer: &Explainer<'_>,
    seen: &Seen<'_>,
) -> Result<Result<Map, NoMap>, Trouble> {
    let case = explainer.case;
    if case.run.timing.horizon == Horizon::Trace {
        return Ok(Err(NoMap::Trace));
    }
    if let Some(source) = case.system.sources.iter().position(|s| !scales(s)) {
        return Ok(Err(NoMap::Source(source)));
    }
    let at = seen.sought.episode.at;
    let watched = watched(&case.system);
    let trigger = trigger(case, seen);
    let faults = trigger.iter().map(|&f| &case.system.faults[f]);
    let lasted = faults.filter_map(lasts).max().unwrap_or(0);
    let sizes = match trigger.is_empty() {
        true => vec![0.0],
        false => SIZES.to_vec(),
    };
    let loads = LOADS.to_vec();
    let count = loads.len() * sizes.len();
    let courses = explainer.each(count + CUTS.len(), |i| {
        let (case, from) = match i.checked_sub(count) {
            Some(cut) => (with_load(&calm(case, at), CUTS[cut], at), at),
            None => {
                let (load, size) = (loads[i / sizes.len()], sizes[i % sizes.len()]);
                let struck = struck(case, &trigger, size);
                let from = end(case, &trigger, size).unwrap_or(at);
                (with_load(&struck, load, 0), from)
            }
        };
        let course = course(explainer, &case, from, watched)?;
        Ok(course.unwrap_or(Course {
            share: 1.0,
            back: Some(0),
        }))
    })?;
    Ok(Ok(Map {
        trigger,
        lasted,
        watched,
        rate: case.system.sources.iter().map(|s| s.mean_rate()).sum(),
        loads,
        sizes,
        cells: courses[..count].to_vec(),
        cuts: courses[count..].to_vec(),
    }))
}

/// Whether the load of a source can be scaled.
fn scales(source: &crate::model::spec::SourceSpec) -> bool {
    let known = matches!(
        source.arrivals,
        Arrivals::Poisson { .. } | Arrivals::Constant { .. } | Arrivals::Mmpp { .. }
    );
    known && source.profile.is_none()
}

/// Those faults near the incident that strike once and end.
fn trigger(case: &Case, seen: &Seen<'_>) -> Vec<usize> {
    let at = seen.sought.episode.at;
    let near = seen.found.faults.iter().filter(|f| near(f, at));
    let mut trigger: Vec<usize> = near
        .map(fault)
        .filter(|&f| lasts(&case.system.faults[f]).is_some())
        .collect();
    trigger.sort_unstable();
    trigger.dedup();
    trigger
}

/// How long a fault lasts that strikes once.
fn lasts(fault: &FaultSpec) -> Option<Nanos> {
    match fault.when {
        FaultWhen::At(_) => fault.lasts.as_ref().map(|dist| whole(dist.mean())),
        _ => None,
    }
}

/// The case in which only the trigger strikes, so many times as long.
fn struck(case: &Case, trigger: &[usize], size: f64) -> Case {
    let mut system = SystemSpec::clone(&case.system);
    for (number, fault) in system.faults.iter_mut().enumerate() {
        match lasts(fault) {
            Some(lasts) if size > 0.0 && trigger.contains(&number) => {
                fault.lasts = Dist::constant(lasts as f64 * size).ok();
            }
            _ => fault.enabled = false,
        }
    }
    case.with(system)
}

/// When the trigger is over; without it when it would have been.
fn end(case: &Case, trigger: &[usize], size: f64) -> Option<Nanos> {
    let size = if size > 0.0 { size } else { 1.0 };
    let faults = trigger.iter().map(|&f| &case.system.faults[f]);
    let ends = faults.filter_map(|fault| match fault.when {
        FaultWhen::At(at) => Some(at.saturating_add(whole(lasts(fault)? as f64 * size))),
        _ => None,
    });
    ends.max()
}

/// The case with its load multiplied from a moment on.
fn with_load(case: &Case, factor: f64, from: Nanos) -> Case {
    let mut system = SystemSpec::clone(&case.system);
    for (source, spec) in case.system.sources.iter().enumerate() {
        system.faults.push(FaultSpec {
            // A name that no file can give.
            name: format!("load of {}", spec.name),
            enabled: true,
            kind: FaultKind::Surge { source, factor },
            zone: None,
            class: None,
            service: spec.to,
            workers: (1, 1),
            when: FaultWhen::At(from),
            lasts: None,
            unit: FaultUnit::Worker,
            in_service: None,
            shared: false,
            delay: None,
        });
    }
    Case {
        system: Arc::new(system),
        ..case.clone()
    }
}
