//! What numbers rest on: the warm-up that was cut, the replications that were enough, and where
//! neither was.

use super::super::show;
use super::choose::{View, label};
use super::trouble::titled;
use crate::base::codes::Code;
use crate::base::units::print_time;
use crate::experiment::design::Design;
use crate::experiment::forecast;
use crate::experiment::stopping::Missed;
use crate::experiment::warm_up::Reason;

/// Lines about warm-up and stopping; empty where both are stated.
pub fn print(view: View<'_>) -> String {
    let mut lines = Vec::new();
    lines.extend(warm_up(view));
    lines.extend(stopping(view));
    for point in 0..view.design.points.len() {
        let told = notes(view, point).into_iter();
        lines.extend(told.map(|(code, text)| format!("{code} {}: {text}", view.label(point))));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn warm_up(view: View<'_>) -> Option<String> {
    let found = view.results.warm_up.as_ref()?;
    let time = print_time(found.time);
    let Some(point) = found.point else {
        return Some(format!("warm-up {time}: no point has a steady state"));
    };
    let by = match &found.by {
        Reason::Mser => "MSER-5 on the number in the system".to_owned(),
        Reason::Relaxation => "the relaxation time of the slowest worker".to_owned(),
        Reason::Cycles(path) => format!("5 cycles of {path}"),
    };
    let only = view.design.points.len() == 1;
    let place = if only {
        String::new()
    } else {
        format!(", {}", view.label(point))
    };
    Some(format!("warm-up {time} by {by}{place}"))
}

/// `25 to 60 replications were run for latency_p99 within 5 %`.
fn stopping(view: View<'_>) -> Option<String> {
    let stopping = view.design.stopping.as_ref()?;
    let names: Vec<String> = stopping.metrics.iter().map(ToString::to_string).collect();
    let given = view.results.points.iter();
    let given = given.map(|p| p.tally.trials + u64::from(p.failed));
    let (least, most) = (given.clone().min()?, given.max()?);
    let range = match least == most {
        true => least.to_string(),
        false => format!("{least} to {most}"),
    };
    Some(format!(
        "{range} replications were run for {} within {}",
        names.join(", "),
        percent(stopping.precision)
    ))
}

/// What is less sure than it looks at a point, by code.
pub fn notes(view: View<'_>, point: usize) -> Vec<(Code, String)> {
    let mut notes = Vec::new();
    let short = view.results.warm_up.iter().flat_map(|w| &w.too_short);
    for (_, why) in short.filter(|(p, _)| *p == point) {
        let text = match why {
            Reason::Mser => "the number in the system still drifts in its middle".to_owned(),
            Reason::Relaxation => "the slowest worker takes longer to forget its start".to_owned(),
            Reason::Cycles(path) => format!("it has not 5 cycles of {path}"),
        };
        notes.push(titled(Code::SHORT_RUN, &text));
    }
    let stopped = view.point(point).stopped.as_ref();
    for missed in stopped.iter().flat_map(|s| &s.missed) {
        notes.push(titled(Code::IMPRECISE, &wide(view, point, missed)));
    }
    notes
}

/// `latency_p99 ± 8.1 % after 100 replications, 4.8 % wanted`.
fn wide(view: View<'_>, point: usize, missed: &Missed) -> String {
    let result = view.point(point);
    let trials = result.tally.trials + u64::from(result.failed);
    let half = match missed.half {
        Some(half) => format!("± {}", show::share(half)),
        None => "has no interval".into(),
    };
    format!(
        "{} {half} after {trials} replications, ± {} wanted",
        missed.metric,
        show::share(missed.wanted)
    )
}

/// A line about how many requests a precision will take, before anything is run; `None` where
/// theory says nothing.
pub fn forecast(design: &Design) -> Option<String> {
    let f = forecast::forecast(design)?;
    let place = match design.points.len() {
        1 => String::new(),
        _ => format!(" at {}", label(design, f.point)),
    };
    let (least, most) = (rough(f.measured.0), rough(f.measured.1));
    let measured = match least == most {
        true => least,
        false => format!("{least} to {most}"),
    };
    let (needed, precision) = (rough(f.needed), percent(f.precision));
    Some(format!(
        "forecast: about {needed} requests for mean waits within {precision}{place}, load {:.2}; \
         it has {measured}\n",
        f.load,
    ))
}

/// A precision as it was asked for: `2 %`, `0.25 %`.
fn percent(share: f64) -> String {
    let digits = show::digits(share * 100.0, 3);
    let short = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => &digits,
    };
    format!("{short} %")
}

/// Two digits: it is a rule of thumb.
fn rough(x: f64) -> String {
    let (scale, unit) = match x {
        _ if x >= 1e9 => (1e9, " billion"),
        _ if x >= 1e6 => (1e6, " million"),
        _ if x >= 1e4 => (1e3, ",000"),
        _ => (1.0, ""),
    };
    let text = match unit {
        ",000" | "" => format!("{:.0}", x / scale),
        _ => show::digits(x / scale, 2),
    };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;

    #[test]
    fn rough_numbers_have_two_digits() {
        for (x, text) in [
            (9_604.0, "9604"),
            (384_000.0, "384,000"),
            (4_100_000.0, "4.1 million"),
            (24e6, "24 million"),
            (1.26e9, "1.3 billion"),
        ] {
            assert_eq!(rough(x), text);
        }
    }

    #[test]
    fn a_forecast_names_the_point_that_takes_most() {
        let text = forecast(&fixture::design()).unwrap();
        let wanted = "forecast: about 190,000 requests for mean waits within 2 % at after 44 x 4 \
                      x 4GiB, load 0.68; it has 9.6 million\n";
        assert_eq!(text, wanted);
    }
}
