//! A run with something taken away: a fault, what of a burst was too much, a setting.

use std::sync::Arc;

use super::recording::Recording;
use super::setting::Setting;
use crate::base::units::Nanos;
use crate::experiment::incident::Case;
use crate::model::incident::Struck;
use crate::model::source::{BirthRow, Columns, trace, whole};
use crate::model::spec::{Arrivals, FaultKind, SystemSpec};
use crate::model::trial::Spared;

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
    struck.worker.map(|worker| Spared::Strike {
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
    let columns = match is_trace || edits.iter().any(of_class) {
        true => Columns::Amounts,
        false => Columns::Times,
    };
    let births = recording
        .births
        .iter()
        .filter(|b| b.source as usize == source);
    let rows = changed(births, &edits);
    spec.arrivals = Arrivals::Trace(Arc::new(trace(&rows, spec.start, columns)));
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::base::units::SECOND;
    use crate::model::incident::Rules;
    use crate::model::spec::{
        ClientSpec, Dist, FaultSpec, FaultWhen, PolicySpec, PriceSpec, RetrySpec, WorkSpec, plain,
    };
    use crate::model::tally::Wanted;
    use crate::model::trial::{Horizon, LookFor, RunSpec, StopAt, Timing, TrialOutput, Width, run};

    const STOP: Nanos = 20 * SECOND;

    fn case() -> Case {
        let exponential = |mean: f64| Dist::exponential(mean).unwrap();
        let mut source = plain::source(
            "s",
            Arrivals::Mmpp {
                rates: vec![100.0, 400.0],
                dwell: vec![3e9, 1e9],
                switch: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
            },
        );
        source.batch = Some(Dist::constant(2.0).unwrap());
        source.classes = vec![plain::class("a"), plain::class("b")];
        source.classes[1].size = exponential(5000.0);
        source.client = ClientSpec {
            timeout: Some(exponential(5e7)),
            retry: Some(RetrySpec::full_jitter(3, 10_000_000, 100_000_000)),
            ..ClientSpec::default()
        };
        let work = WorkSpec::drawn(exponential(5e6));
        let mut group = plain::group(4, 1);
        group.slots = Some(10);
        group.ram = Some(1 << 20);
        let mut service = plain::service("e", work, PolicySpec::P2c, group);
        service.memory.base = exponential(5000.0);
        service.memory.per_byte = 2.0;
        let pause = FaultSpec {
            lasts: Some(exponential(3e8)),
            ..plain::fault(
                "pause",
                FaultKind::Pause,
                (1, 4),
                FaultWhen::Every(exponential(4e9)),
            )
        };
        let timing = Timing {
            warm_up: 0,
            horizon: Horizon::For(30 * SECOND),
            drain: 0,
            window: SECOND,
        };
        let system = SystemSpec {
            title: String::new(),
            sources: vec![source],
            services: vec![service],
            faults: vec![pause],
            prices: PriceSpec::default(),
        };
        assert!(system.check().is_empty(), "{:?}", system.check());
        Case {
            system: Arc::new(system),
            stated: timing,
            run: RunSpec {
                seed: 5,
                replication: 0,
                timing,
                wanted: Wanted::default(),
                series: false,
                look_for: LookFor {
                    rules: Rules::standard(),
                    stations: true,
                    ..LookFor::default()
                },
                event_budget: u64::MAX,
                width: Width::Auto,
                spared: Vec::new(),
            },
            trigger: None,
        }
    }

    fn recorded<'a>(case: &Case, never: &'a AtomicBool) -> (TrialOutput, Recording<'a>) {
        let mut recording = Recording::new((&case.system, &case.run), STOP, never);
        let mut how = case.run.clone();
        how.look_for.stop = Some(StopAt::Time(STOP));
        let output = run(&case.system, &how, &mut recording).unwrap();
        (output, recording)
    }

    fn again(case: &Case) -> TrialOutput {
        let never = AtomicBool::new(false);
        case.again(Some(StopAt::Time(STOP)), &never).unwrap()
    }

    #[test]
    fn recorded_arrivals_of_which_nothing_is_taken_are_the_same_run() {
        let (case, never) = (case(), AtomicBool::new(false));
        let (before, recording) = recorded(&case, &never);
        for class in [None, Some(1)] {
            let edit = Edit::Thin {
                source: 0,
                class,
                from: 5 * SECOND,
                to: 8 * SECOND,
                keep: 1.0,
            };
            let after = again(&apply(&case, &[edit], &recording));
            assert_eq!(after.fingerprint, before.fingerprint, "{class:?}");
            assert_eq!(after.demand, before.demand, "{class:?}");
        }
    }

    #[test]
    fn a_part_of_a_burst_is_taken_evenly_and_nothing_before_it() {
        let (case, never) = (case(), AtomicBool::new(false));
        let (before, recording) = recorded(&case, &never);
        let edit = Edit::Thin {
            source: 0,
            class: None,
            from: 10 * SECOND,
            to: 12 * SECOND,
            keep: 0.25,
        };
        let after = again(&apply(&case, &[edit], &recording));
        // Stations are a 64th of 30 s apart.
        assert_eq!(after.stations[..21], before.stations[..21]);
        assert_ne!(after.stations[23], before.stations[23]);
        let inside = |b: &&BirthRow| (10 * SECOND..12 * SECOND).contains(&b.at);
        let burst = recording.births.iter().filter(inside).count() as u64;
        let born = |o: &TrialOutput| o.tally.classes.iter().map(|c| c.born).sum::<u64>();
        assert_eq!(born(&before) - born(&after), burst - burst / 4);
    }

    #[test]
    fn one_strike_is_spared_and_the_others_come_when_they_would() {
        let (case, never) = (case(), AtomicBool::new(false));
        let (before, recording) = recorded(&case, &never);
        let strikes = &before.incidents.faults;
        assert!(strikes.len() > 10, "{strikes:?}");
        let spared = strikes[4];
        let after = again(&apply(&case, &[Edit::Spare(vec![spared])], &recording));
        let mut left = strikes.clone();
        left.remove(4);
        assert_eq!(after.incidents.faults, left);
        let same = (spared.from * 64 / (30 * SECOND)) as usize;
        assert_eq!(after.stations[..same], before.stations[..same]);
        assert_ne!(after.fingerprint, before.fingerprint);
    }
}
