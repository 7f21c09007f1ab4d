//! `sensitivity.csv`: a row a number.

use super::super::csv_table::{CsvTable, harmless};
use super::super::number;
use super::Findings;
use crate::experiment::sensitivity::Input;
use crate::stats::interval::Interval;

const HEADER: [&str; 13] = [
    "method",
    "input",
    "kind",
    "value",
    "side",
    "to",
    "metric",
    "statistic",
    "mean",
    "low",
    "high",
    "n",
    "note",
];

/// What stands before the numbers of a row.
struct Place<'a> {
    method: &'static str,
    input: &'a Input,
    side: &'static str,
    to: &'a str,
}

/// The file.
pub fn bytes(found: &Findings<'_>) -> Vec<u8> {
    let mut table = CsvTable::new(HEADER);
    let metrics: Vec<String> = found.metrics().iter().map(ToString::to_string).collect();
    if let Some(moves) = &found.tornado {
        for (row, moved) in moves.plan.rows.iter().enumerate() {
            for (m, metric) in metrics.iter().enumerate() {
                let effect = moves.effects[row][m];
                let sides = [
                    ("down", &moved.down, effect.down),
                    ("up", &moved.up, effect.up),
                ];
                for (side, to, change) in sides {
                    let Some(to) = to else { continue };
                    let place = Place {
                        method: "tornado",
                        input: &moved.input,
                        side,
                        to: &to.value,
                    };
                    let note = match change {
                        Some(change) if !change.stable => "no steady state",
                        _ => "",
                    };
                    let interval = change.map(|c| c.difference);
                    line(&mut table, &place, (metric, "difference"), interval, note);
                }
            }
        }
        for left in &moves.plan.left_out {
            let empty = String::new();
            let fields = [
                "tornado",
                &left.path,
                &empty,
                &left.value,
                &empty,
                &empty,
                &empty,
                "not varied",
                &empty,
                &empty,
                &empty,
                &empty,
                &left.reason,
            ];
            table.row(fields.map(|f| harmless(f).into_owned()));
        }
    }
    if let Some(walks) = &found.screen {
        for (row, uncertain) in walks.plan.inputs.iter().enumerate() {
            let to = format!("{} to {}", uncertain.low, uncertain.high);
            let place = Place {
                method: "morris",
                input: &uncertain.input,
                side: "range",
                to: &to,
            };
            for (m, metric) in metrics.iter().enumerate() {
                let one = walks.effects[row][m];
                let bare = |estimate: f64| Interval {
                    estimate,
                    low: None,
                    high: None,
                    n: one.map_or(0, |s| s.mu_star.n),
                };
                let star = one.map(|s| s.mu_star);
                line(&mut table, &place, (metric, "mu_star"), star, "");
                line(
                    &mut table,
                    &place,
                    (metric, "mu"),
                    one.map(|s| bare(s.mu)),
                    "",
                );
                let sigma = one.and_then(|s| s.sigma).map(bare);
                line(&mut table, &place, (metric, "sigma"), sigma, "");
            }
        }
    }
    if let Some(shares) = &found.variance {
        for (row, uncertain) in shares.plan.inputs.iter().enumerate() {
            let to = format!("{} to {}", uncertain.low, uncertain.high);
            let place = Place {
                method: "sobol",
                input: &uncertain.input,
                side: "range",
                to: &to,
            };
            for (m, metric) in metrics.iter().enumerate() {
                let one = shares.indices[row][m];
                line(
                    &mut table,
                    &place,
                    (metric, "total"),
                    one.map(|i| i.total),
                    "",
                );
                line(
                    &mut table,
                    &place,
                    (metric, "first"),
                    one.map(|i| i.first),
                    "",
                );
            }
        }
    }
    table.finish()
}

fn line(
    table: &mut CsvTable,
    place: &Place<'_>,
    (metric, statistic): (&str, &str),
    interval: Option<Interval>,
    note: &str,
) {
    let part = |of: fn(&Interval) -> Option<f64>| number::csv(interval.as_ref().and_then(of));
    let text = |t: &str| harmless(t).into_owned();
    table.row([
        place.method.to_owned(),
        text(&place.input.path),
        kind(place.input).to_owned(),
        text(&place.input.value),
        place.side.to_owned(),
        text(place.to),
        text(metric),
        statistic.to_owned(),
        part(|i| Some(i.estimate)),
        part(|i| i.low),
        part(|i| i.high),
        interval.map_or(String::new(), |i| i.n.to_string()),
        note.to_owned(),
    ]);
}

/// The word for what kind of input it is.
pub fn kind(input: &Input) -> &'static str {
    if input.choice { "choice" } else { "fact" }
}
