//! What happened when, one chart a variant: series of the point that speaks for it, meaned over
//! its replications. Panels reach equally high in all of them, so that they compare at a glance.

use super::super::chart::{Axis, LineStyle, Mark, Panel, PanelSeries, Span, Timeline, Unit};
use super::super::show;
use super::super::summary::{View, goodput_share};
use super::{Named, words};
use crate::base::codes::{self, Code};
use crate::base::units::print_time;
use crate::model::incident::Place;
use crate::model::series::{self, NAMES, Series};
use crate::model::spec::{FaultKind, FaultSpec, FaultWhen, SystemSpec};

const SECOND: f64 = 1e9;

/// Incidents that are marked.
const MARKS: usize = 3;

/// A panel: its label, its unit, the series in it, whether they add up.
struct Row {
    label: String,
    unit: Unit,
    names: Vec<&'static str>,
    stacked: bool,
}

/// A chart for each variant, of the usual series or of those named.
pub fn charts(view: View<'_>, series: &[String]) -> Vec<Named> {
    let speakers = view.speakers();
    let scales = |&point: &usize| view.design.points[point].system.scales();
    let rows = match series.is_empty() {
        true => usual(speakers.iter().any(scales)),
        false => asked(series),
    };
    let means: Vec<Mean> = speakers.iter().map(|&p| Mean::of(view, p)).collect();
    let tops: Vec<Option<f64>> = rows.iter().map(|row| top(row, &means)).collect();
    let each = speakers.iter().zip(&means);
    each.map(|(&point, mean)| chart(view, point, mean, &rows, &tops))
        .collect()
}

/// The usual panels; with the workers there are where those come and go.
fn usual(scales: bool) -> Vec<Row> {
    let row = |label: &str, unit: Unit, names: &[&'static str]| Row {
        label: label.into(),
        unit,
        names: names.to_vec(),
        stacked: false,
    };
    let coded = NAMES.iter().filter(|name| name.contains("_VX")).copied();
    let mut rows = vec![
        row("requests", Unit::PerSecond, &["offered", "goodput"]),
        row("waiting", Unit::Count, &["queue_mean"]),
        row(
            "utilisation of workers that are up",
            Unit::Share,
            &["utilisation"],
        ),
        Row {
            stacked: true,
            ..row(
                "attempts that failed, by code",
                Unit::PerSecond,
                &coded.collect::<Vec<_>>(),
            )
        },
    ];
    if scales {
        rows.insert(3, row("workers", Unit::Count, &["workers_mean"]));
    }
    rows
}

fn asked(series: &[String]) -> Vec<Row> {
    let known = series.iter().filter_map(|s| NAMES.iter().find(|n| *n == s));
    known
        .map(|name| Row {
            label: name.replace('_', " "),
            unit: match *name {
                "utilisation" | "ram_mean" => Unit::Share,
                name if name.ends_with("_mean") => Unit::Count,
                _ => Unit::PerSecond,
            },
            names: vec![name],
            stacked: false,
        })
        .collect()
}

/// Series of a point, meaned over its trials: value by window and name.
struct Mean {
    window: f64,
    start: f64,
    rows: Vec<[Option<f64>; NAMES.len()]>,
}

impl Mean {
    fn of(view: View<'_>, point: usize) -> Mean {
        let trials = view.results.trials.iter().filter(|t| t.point == point);
        let series: Vec<&Series> = trials
            .map(|t| &t.series)
            .filter(|s| !s.rows.is_empty())
            .collect();
        let windows = series.iter().map(|s| s.rows.len()).max().unwrap_or(0);
        let row = |w: usize| std::array::from_fn(|name| mean(&series, w, name));
        Mean {
            window: series.first().map_or(1.0, |s| s.window as f64 / SECOND),
            start: series.first().map_or(0.0, |s| s.start as f64 / SECOND),
            rows: (0..windows).map(row).collect(),
        }
    }

    fn column(&self, name: &str) -> Vec<Option<f64>> {
        let Some(place) = series::place(name) else {
            return Vec::new();
        };
        self.rows.iter().map(|row| row[place]).collect()
    }
}

fn mean(series: &[&Series], window: usize, name: usize) -> Option<f64> {
    let values = series
        .iter()
        .filter_map(|s| s.rows.get(window).map(|row| row[name]));
    let values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// How high a panel reaches over all variants.
fn top(row: &Row, means: &[Mean]) -> Option<f64> {
    if row.unit == Unit::Share {
        return Some(1.0);
    }
    let heights = means.iter().flat_map(|mean| {
        let columns: Vec<_> = row.names.iter().map(|name| mean.column(name)).collect();
        let windows = 0..mean.rows.len();
        windows.map(move |w| {
            let values = columns.iter().filter_map(|column| column[w]);
            if row.stacked {
                values.sum()
            } else {
                values.fold(0.0, f64::max)
            }
        })
    });
    let top: f64 = heights.fold(0.0, f64::max);
    (top > 0.0).then_some(top * 1.05)
}

fn chart(view: View<'_>, point: usize, mean: &Mean, rows: &[Row], tops: &[Option<f64>]) -> Named {
    let panels = rows.iter().zip(tops).map(|(row, top)| Panel {
        label: String::new(),
        axis: Axis::new(&row.label, row.unit.clone()),
        series: row
            .names
            .iter()
            .filter_map(|name| series(row, name, mean))
            .collect(),
        stacked: row.stacked,
        y_max: *top,
    });
    let variant = &view.design.variants[view.design.points[point].variant].name;
    let window = print_time((mean.window * SECOND) as u64);
    let n = words::replications(view.design);
    let what = match view.design.replications {
        1 => format!("windows of {window}"),
        _ => format!("mean over {n} replications, windows of {window}"),
    };
    let marks = marks(view, point, mean);
    let whose = match view.design.replications > 1 && !marks.is_empty() {
        true => "; incidents are those of the first replication",
        false => "",
    };
    let length = mean.window * mean.rows.len() as f64;
    let chart = Timeline {
        title: title(view, point),
        subtitle: format!("{what}{whose}; seed {}", view.design.seed),
        window_s: mean.window,
        panels: panels.collect(),
        marks,
        spans: spans(&view.design.points[point].system, mean.start, length),
    };
    (
        words::file_name(&format!("timeline-{variant}")),
        Box::new(chart),
    )
}

/// One line of a panel; of those that are stacked only what ever happened.
fn series(row: &Row, name: &str, mean: &Mean) -> Option<PanelSeries> {
    let values = mean.column(name);
    let ever = values.iter().flatten().any(|v| *v > 0.0);
    let style = if name == "offered" {
        LineStyle::Dashed
    } else {
        LineStyle::Solid
    };
    (ever || !row.stacked).then(|| PanelSeries {
        name: series_name(name),
        values,
        style,
    })
}

/// `refused_VX3102` is `VX3102 buffer overflow`, `queue_mean` is `queue`.
fn series_name(name: &str) -> String {
    let code = name
        .rsplit_once('_')
        .and_then(|(_, code)| Code::parse(code));
    match code.and_then(codes::lookup) {
        Some(row) => format!("{} {}", row.code, row.title),
        None => name.trim_end_matches("_mean").replace('_', " "),
    }
}

/// Whom a fault befalls, in a few words.
fn whom(system: &SystemSpec, fault: &FaultSpec) -> String {
    match fault.kind {
        FaultKind::Surge { source, .. } | FaultKind::Poison { source, .. } => {
            system.sources[source].name.clone()
        }
        _ if fault.zone.is_none() && fault.kind.befalls_workers() => {
            let service = &system.services[fault.service].name;
            match fault.workers {
                (low, high) if low == high => format!("{service}[{low}]"),
                (low, high) => format!("{service}[{low}..{high}]"),
            }
        }
        _ => system.target_name(fault),
    }
}

/// How long a fault lasts in the mean, nanoseconds; who is restarted is back by himself.
fn lasting(system: &SystemSpec, fault: &FaultSpec) -> f64 {
    match (&fault.lasts, fault.kind) {
        (Some(lasts), _) => lasts.mean(),
        (None, FaultKind::CacheFlush { .. }) => 0.0,
        (None, FaultKind::Crash | FaultKind::Restart) => {
            let befallen = system.befallen(fault);
            let group = befallen.first().and_then(|&(service, number)| {
                let before = system.services[..service].iter().map(|s| s.worker_count());
                system.group_of(before.sum::<usize>() + number as usize)
            });
            group.map_or(f64::INFINITY, |group| group.restart.mean())
        }
        (None, _) => f64::INFINITY,
    }
}

/// Faults with a fixed time, as far as they fall into the measured time.
fn spans(system: &SystemSpec, start: f64, length: f64) -> Vec<Span> {
    let fixed = system
        .faults
        .iter()
        .filter(|f| f.enabled)
        .filter_map(|fault| {
            let FaultWhen::At(at) = fault.when else {
                return None;
            };
            let from = at as f64 / SECOND - start;
            let lasts = lasting(system, fault) / SECOND;
            let what = match fault.kind {
                FaultKind::Slow { factor } => format!("at {} of its speed", show::share(factor)),
                FaultKind::Steal { share } => {
                    format!("without {} of its cores", show::share(share))
                }
                FaultKind::Pause => "paused".into(),
                FaultKind::Crash | FaultKind::ZoneDown { .. } => "down".into(),
                FaultKind::Restart => "restarted".into(),
                FaultKind::Surge { factor, .. } => format!("sends {factor} times as much"),
                FaultKind::Poison { .. } => "sends poison".into(),
                FaultKind::RamCap { share } => format!("has {} of its RAM", show::share(share)),
                FaultKind::Leak { .. } => "leaks".into(),
                FaultKind::Error { probability, .. } => {
                    format!("fails {} of attempts", show::share(probability))
                }
                FaultKind::Network { .. } => "slow or lossy".into(),
                FaultKind::Partition { .. } => "cut".into(),
                FaultKind::CacheFlush { .. } => "cache flushed".into(),
            };
            Some(Span {
                from,
                to: from + lasts,
                text: format!("{} {what}", whom(system, fault)),
            })
        });
    let seen = fixed.filter(|span| span.to > 0.0 && span.from < length);
    seen.map(|s| Span {
        from: s.from.max(0.0),
        to: s.to.min(length),
        ..s
    })
    .collect()
}

/// The first incident of each kind in the first trial of a point, as far as it falls into the
/// measured time.
fn marks(view: View<'_>, point: usize, mean: &Mean) -> Vec<Mark> {
    let spec = &view.design.points[point].system;
    let mut trials = view.results.trials.iter();
    let Some(trial) = trials.find(|t| t.point == point && t.replication == 0) else {
        return Vec::new();
    };
    let length = mean.window * mean.rows.len() as f64;
    let (mut seen, mut marks) = (Vec::new(), Vec::new());
    for episode in &trial.incidents.episodes {
        let t = episode.at as f64 / SECOND - mean.start;
        if seen.contains(&episode.kind) || t < 0.0 || t > length || marks.len() == MARKS {
            continue;
        }
        seen.push(episode.kind);
        let title = codes::lookup(episode.code()).map_or("", |row| row.title);
        let text = match episode.place {
            Place::System => title.to_owned(),
            place => format!("{title}, {}", place.name(spec)),
        };
        marks.push(Mark { t, text });
    }
    marks
}

fn title(view: View<'_>, point: usize) -> String {
    let label = view.label(point);
    let Some(goodput) = goodput_share(view, point) else {
        return format!("{label}: no results");
    };
    let answered = show::share(goodput.mean);
    let busy = view
        .named(point, "utilisation")
        .map(|e| show::share(e.mean));
    let busy = busy.map_or_else(String::new, |b| format!(", CPU {b}"));
    format!("{label}: {answered} of requests answered in time{busy}")
}
