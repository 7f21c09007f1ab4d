//! What splitting said: how far it had to climb, what it cost, whether it is as precise as asked.

use super::super::csv_table::visible;
use super::super::show;
use super::choose::View;
use crate::base::codes::Code;
use crate::experiment::rare::{Ask, RareEstimate, Split};
use crate::model::metric::{Metric, Unit};

/// The points that were asked about, metric by metric; empty where nothing was.
pub fn print(view: View<'_>) -> String {
    let Some(ask) = &view.design.rare else {
        return String::new();
    };
    let mut text = String::from("rare events, by multilevel splitting\n");
    for point in view.shown() {
        let found = &view.point(point).rare;
        if found.is_empty() {
            continue;
        }
        text.push_str(&format!("  {}\n", view.label(point)));
        for (metric, found) in ask.metrics.iter().zip(found) {
            text.push_str(&format!("    {}\n", line(view, point, (metric, found))));
        }
        for (code, note) in notes(view, point) {
            text.push_str(&format!("    {code} {note}\n"));
        }
    }
    text
}

fn line(view: View<'_>, point: usize, (metric, found): (&Metric, &Split)) -> String {
    let found = match found {
        Ok(found) => found,
        Err(_) => return format!("{metric}: as counted"),
    };
    let currency = view.currency(point);
    let estimate = found.estimate();
    let mut text = format!(
        "{metric} {}",
        show::estimate(Unit::Share, currency, &estimate)
    );
    if let (Some(low), Some(high), None) = (estimate.low, estimate.high, estimate.bound) {
        let end = |x| show::value(Unit::Share, currency, x);
        text.push_str(&format!(" ({} to {})", end(low), end(high)));
    }
    let climbed = match found.levels {
        0 => "frequent enough to count".to_owned(),
        1 => "1 level".to_owned(),
        n => format!("{n} levels"),
    };
    let requests = show::count(found.requests as f64);
    format!(
        "{text}: {climbed}, {} runs, {requests} requests",
        found.runs
    )
}

/// What is worth knowing of a point's rare metrics: those that are not as asked.
pub fn notes(view: View<'_>, point: usize) -> Vec<(Code, String)> {
    let Some(ask) = &view.design.rare else {
        return Vec::new();
    };
    let found = ask.metrics.iter().zip(&view.point(point).rare);
    let notes = found.filter_map(|(metric, found)| {
        let text = match found {
            Ok(found) => imprecise(ask, found)?,
            Err(error) => visible(&error.to_string()).into_owned(),
        };
        Some((Code::NOT_RARE, format!("{metric}: {text}")))
    });
    notes.collect()
}

fn imprecise(ask: &Ask, found: &RareEstimate) -> Option<String> {
    let asked = show::value(Unit::Share, "", ask.precision);
    let most = show::count(ask.max_requests as f64);
    match found.relative_half_width() {
        Some(half) if half <= ask.precision => None,
        Some(half) => Some(format!(
            "known to {}, not to {asked}: that takes more than the {most} requests of \
             `max_requests`",
            show::value(Unit::Share, "", half)
        )),
        None => Some(format!(
            "never seen within the {most} requests of `max_requests`: only a bound is known"
        )),
    }
}
