//! The window of a replay as a chart: what came and what became of it, what waited, how busy it
//! was, what failed by code.

use super::super::chart::{Axis, Chart as _, LineStyle, Mark, Panel, PanelSeries, Timeline, Unit};
use super::super::incidents::seconds;
use crate::base::codes;
use crate::base::units::Nanos;
use crate::experiment::incident::replay::Scene;
use crate::model::incident::State;
use crate::model::outcome::Outcome;
use crate::model::spec::SystemSpec;
use crate::model::trial::AttemptRow;

/// Windows across.
const ACROSS: usize = 60;

/// The chart, as SVG.
pub fn chart(spec: &SystemSpec, scene: &Scene, trigger: Nanos, token: &str) -> Vec<u8> {
    let every = scene.states.len().saturating_sub(1).div_ceil(ACROSS).max(1);
    let marks: Vec<&State> = scene.states.iter().step_by(every).collect();
    let windows: Vec<(&State, &State)> = marks.windows(2).map(|w| (w[0], w[1])).collect();
    let length = windows
        .first()
        .map_or(0.0, |(a, b)| (b.at - a.at) as f64 / 1e9);
    let rate = |what: &dyn Fn(&AttemptRow) -> Option<Nanos>| -> Vec<Option<f64>> {
        let count = |(a, b): &(&State, &State)| {
            let times = scene.rows.iter().filter_map(what);
            let inside = times.filter(|time| (a.at..b.at).contains(time)).count();
            let seconds = (b.at - a.at) as f64 / 1e9;
            (seconds > 0.0).then(|| inside as f64 / seconds)
        };
        windows.iter().map(count).collect()
    };
    let ended = |wanted: Outcome| rate(&move |row| row.end.filter(|_| row.outcome == Some(wanted)));
    let first = rate(&|row| (row.attempt == 1).then_some(row.arrived));
    let retries = rate(&|row| (row.attempt > 1).then_some(row.arrived));
    let waiting = windows.iter().map(|(_, state)| {
        let workers: u64 = state.workers.iter().map(|w| w.waiting).sum();
        let balancers: u64 = state.balancers.iter().map(|b| b.waiting).sum();
        Some((workers + balancers) as f64)
    });
    let busy = windows.iter().map(|(_, state)| {
        let busy: u64 = state.workers.iter().map(|w| w.busy).sum();
        Some(busy as f64)
    });
    let line = |name: &str, values: Vec<Option<f64>>, style: LineStyle| PanelSeries {
        name: name.into(),
        values,
        style,
    };
    let panel = |label: &str, unit: Unit, series: Vec<PanelSeries>, stacked: bool| Panel {
        label: String::new(),
        axis: Axis::new(label, unit),
        series,
        stacked,
        y_max: None,
    };
    let failed = Outcome::ALL.into_iter().filter(|o| *o != Outcome::Ok);
    let failed = failed.map(|outcome| (outcome, ended(outcome)));
    let failed = failed.filter(|(_, values)| values.iter().flatten().any(|v| *v > 0.0));
    let failed: Vec<PanelSeries> = failed
        .map(|(outcome, values)| {
            let code = outcome.code();
            let row = code.and_then(codes::lookup);
            let name = row.map_or(String::new(), |row| format!("{} {}", row.code, row.title));
            line(&name, values, LineStyle::Solid)
        })
        .collect();
    let mut panels = vec![
        panel(
            "attempts",
            Unit::PerSecond,
            vec![
                line("new requests", first, LineStyle::Dashed),
                line("retries", retries, LineStyle::Solid),
                line("ok", ended(Outcome::Ok), LineStyle::Solid),
            ],
            false,
        ),
        panel(
            "waiting",
            Unit::Count,
            vec![line("waiting", waiting.collect(), LineStyle::Solid)],
            false,
        ),
        panel(
            "cores at work",
            Unit::Count,
            vec![line("busy", busy.collect(), LineStyle::Solid)],
            false,
        ),
    ];
    if !failed.is_empty() {
        panels.push(panel(
            "attempts that failed, by code",
            Unit::PerSecond,
            failed,
            true,
        ));
    }
    let t = (trigger.saturating_sub(scene.window.from)) as f64 / 1e9;
    let at = seconds(trigger);
    let chart = Timeline {
        title: format!("{}: around {at} of the run", spec.title),
        subtitle: format!(
            "windows of {:.3} s from {}; {token}",
            length,
            seconds(scene.window.from)
        ),
        window_s: length,
        panels,
        marks: vec![Mark {
            t,
            text: "incident".into(),
        }],
        spans: Vec::new(),
    };
    chart.svg().into_bytes()
}
