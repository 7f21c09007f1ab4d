//! Cost against each constraint: every point that was run, and in which round it was dropped.

use super::super::chart::{Chart, Estimate, Scale, Tradeoff, TradeoffPoint};
use super::super::charts::words;
use super::super::outputs::Output;
use super::super::show;
use super::Found;
use crate::experiment::find::{Fate, Looked};
use crate::model::metric::Unit;

pub(super) fn draw(found: Found<'_>) -> Vec<Output> {
    (0..found.checks.list.len())
        .map(|check| {
            let metric = &found.checks.list[check].constraint.metric;
            let name = words::file_name(&format!("find-{metric}"));
            let svg = chart(found, check).svg().into_bytes();
            (format!("charts/{name}.svg"), svg)
        })
        .collect()
}

fn chart(found: Found<'_>, check: usize) -> Tradeoff {
    let constraint = &found.checks.list[check].constraint;
    let minimise = &found.objective.minimise;
    let point = |looked: &Looked| {
        let seen = looked.seen.get(check).copied().flatten();
        TradeoffPoint {
            x: looked.cost,
            y: seen.map_or(Estimate::exact(f64::NAN), |s| {
                let half = 2.0 * s.error;
                Estimate::within(s.estimate, (s.estimate - half).max(0.0), s.estimate + half)
            }),
            name: found.label(looked.point),
            group: group(looked),
            meets: Some(matches!(looked.fate, Fate::Met | Fate::Winner)),
            unstable: false,
        }
    };
    // Groups in the order of the rounds, whatever came first.
    let run = found.answer.looked.iter().filter(|l| l.round > 0);
    let mut points: Vec<TradeoffPoint> = run.map(point).collect();
    points.sort_by(|a, b| a.group.cmp(&b.group));
    let label = words::label(&constraint.metric);
    let mut y = words::axis(&constraint.metric, found.currency);
    if matches!(constraint.metric.unit(), Unit::Seconds | Unit::Share) {
        y.scale = Scale::Log;
    }
    let mut x = words::axis(minimise, found.currency);
    x.scale = Scale::Log;
    Tradeoff {
        title: title(found, check),
        subtitle: format!(
            "{label} against {}; {} of {} points were run, in rounds that double; bars are two \
             standard errors; seed {}",
            words::label(minimise),
            points.len(),
            show::count(found.answer.points as f64),
            found.design.seed
        ),
        x,
        y,
        better_y: words::better(&constraint.metric),
        points,
        limit: Some(constraint.bound),
    }
}

fn group(looked: &Looked) -> String {
    match looked.fate {
        Fate::Missed(_) => format!("dropped in round {}", looked.round),
        Fate::Near(_) => "within the indifference".into(),
        Fate::Met | Fate::Winner => "meets it".into(),
        Fate::NotConfirmed(_) => "not confirmed".into(),
        _ => "not decided".into(),
    }
}

fn title(found: Found<'_>, check: usize) -> String {
    let constraint = &found.checks.list[check].constraint.text;
    let Some(winner) = &found.answer.winner else {
        return "No point is shown to meet the objective".into();
    };
    let minimise = &found.objective.minimise;
    let cost = show::value(minimise.unit(), found.currency, winner.cost);
    let what = match super::story::is_money(minimise) {
        true => format!("{} at {cost}", found.label(winner.point)),
        false => found.label(winner.point),
    };
    match found.answer.binding == Some(check) {
        true => format!("{what} is the cheapest that meets the objective; {constraint} binds"),
        false => format!("{what} is the cheapest that meets the objective"),
    }
}
