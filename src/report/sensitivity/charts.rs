//! One chart a metric for each method, the finding as its title.

use super::super::chart::{self, Chart, Estimate, TornadoRow};
use super::super::charts::{Pictures, files_of, words};
use super::text::{share, short, signed};
use super::{Findings, Moves, Shares, Walks};
use crate::experiment::sensitivity::{Change, Move, Tornado, Uncertain};
use crate::model::metric::Metric;
use crate::stats::interval::Interval;

/// Widest name of an input.
const NAME: usize = 44;

/// Every chart: names of files and bytes.
pub fn draw(found: &Findings<'_>, pictures: Pictures) -> Vec<(String, Vec<u8>)> {
    let mut charts: Vec<(String, Box<dyn Chart>)> = Vec::new();
    for (m, metric) in found.metrics().iter().enumerate() {
        let name = |method: &str| words::file_name(&format!("{method}-{metric}"));
        if let Some(moves) = &found.tornado {
            charts.push((name("tornado"), Box::new(tornado(found, moves, m, metric))));
        }
        if let Some(walks) = &found.screen {
            charts.push((name("morris"), Box::new(morris(found, walks, m, metric))));
        }
        if let Some(shares) = &found.variance {
            charts.push((name("sobol"), Box::new(sobol(found, shares, m, metric))));
        }
    }
    files_of(charts, pictures)
}

fn estimate(i: &Interval) -> Estimate {
    Estimate {
        mean: i.estimate,
        low: i.low,
        high: i.high,
    }
}

fn subtitle(found: &Findings<'_>, what: &str, replications: u32) -> String {
    let trials = match replications {
        1 => "one replication".to_owned(),
        n => format!("{n} replications"),
    };
    let confidence = share(found.base.confidence);
    format!(
        "{what}; {trials}, {confidence} intervals, seed {}",
        found.base.seed
    )
}

fn change_axis(found: &Findings<'_>, metric: &Metric, over: &str) -> chart::Axis {
    let mut axis = words::axis(metric, found.currency());
    axis.label = format!("change of {}{over}", axis.label);
    axis.scale = chart::Scale::Linear;
    axis
}

fn tornado(found: &Findings<'_>, moves: &Moves<'_>, m: usize, metric: &Metric) -> chart::Tornado {
    let by = share(moves.plan.by);
    let bar = |to: &Option<Move>, change: Option<Change>| {
        let change = change?;
        Some((to.as_ref()?.value.clone(), estimate(&change.difference)))
    };
    // Of a list the share says more than a piece of it.
    let shares = |bar: Option<(String, Estimate)>, sign: &str| {
        let (label, change) = bar?;
        let label = match label.starts_with('[') {
            true => format!("{sign}{by}"),
            false => label,
        };
        Some((label, change))
    };
    let order = Tornado::order(&moves.effects, m);
    // A row without any effect is no bar.
    let rows = order
        .iter()
        .filter(|&&row| moves.effects[row][m].size() > 0.0);
    let rows: Vec<TornadoRow> = rows
        .map(|&row| {
            let (moved, effect) = (&moves.plan.rows[row], moves.effects[row][m]);
            TornadoRow {
                name: short(&moved.input.path, NAME),
                bars: vec![
                    shares(bar(&moved.down, effect.down), "-"),
                    shares(bar(&moved.up, effect.up), "+"),
                ],
            }
        })
        .collect();
    let label = words::label(metric);
    let told = order.iter().find(|&&row| moves.effects[row][m].shown());
    let title = match told {
        Some(&row) => {
            let effect = moves.effects[row][m];
            let sides: Vec<String> = effect
                .sides()
                .map(|c| signed(metric.unit(), found.currency(), c.difference.estimate))
                .collect();
            let name = short(&moves.plan.rows[row].input.path, NAME);
            format!(
                "{label} answers most to {name}: {} for {by}",
                sides.join(" and ")
            )
        }
        None => format!("No input is told from none: {label}, each input moved by {by}"),
    };
    let what = format!(
        "{label} of `{}`, each input moved by {by} alone",
        found.variant()
    );
    chart::Tornado {
        title,
        subtitle: subtitle(found, &what, moves.plan.design.replications),
        axis: change_axis(found, metric, ""),
        sides: vec![format!("{by} less"), format!("{by} more")],
        rows,
    }
}

/// One bar an input, with its range.
fn ranked(
    order: Vec<usize>,
    inputs: &[Uncertain],
    of: impl Fn(usize) -> Option<Interval>,
) -> Vec<TornadoRow> {
    let row = |row: usize| {
        let input = &inputs[row];
        let range = match input.low.starts_with('[') {
            true => String::new(),
            false => format!("{} to {}", input.low, input.high),
        };
        TornadoRow {
            name: short(&input.input.path, NAME),
            bars: vec![of(row).map(|i| (range, estimate(&i)))],
        }
    };
    order.into_iter().map(row).collect()
}

fn morris(found: &Findings<'_>, walks: &Walks<'_>, m: usize, metric: &Metric) -> chart::Tornado {
    let label = words::label(metric);
    let rows = ranked(walks.order(m), &walks.plan.inputs, |row| {
        Some(walks.effects[row][m]?.mu_star)
    });
    let title = match found.measure_first(m) {
        Some(input) => format!("Measure {} first, for {label}", short(&input.path, NAME)),
        None => format!("{label} over the uncertain inputs"),
    };
    let what = format!(
        "mean absolute effect (Morris) over {} walks",
        walks.plan.walks.len()
    );
    chart::Tornado {
        title,
        subtitle: subtitle(found, &what, walks.plan.design.replications),
        axis: change_axis(found, metric, " over the range"),
        sides: vec!["from one end of its range to the other".into()],
        rows,
    }
}

fn sobol(found: &Findings<'_>, shares: &Shares<'_>, m: usize, metric: &Metric) -> chart::Tornado {
    let label = words::label(metric);
    let rows = ranked(shares.order(m), &shares.plan.inputs, |row| {
        Some(shares.indices[row][m]?.total)
    });
    let what = "total index (Sobol, Jansen): alone and together with others";
    let mut axis = chart::Axis::new("share of the variance", chart::Unit::Plain(String::new()));
    axis.scale = chart::Scale::Linear;
    chart::Tornado {
        title: format!("What the variance of {label} comes from"),
        subtitle: subtitle(found, what, shares.plan.design.replications),
        axis,
        sides: vec!["share that would be left if all others were known".into()],
        rows,
    }
}
