//! The distribution of a delay: a curve for the point that speaks for each variant.

use super::super::chart::{Axis, Distribution, DistributionSeries, Unit};
use super::super::show;
use super::super::summary::{View, goodput_share};
use super::{Named, words};
use crate::model::metric::{self, Delay};
use crate::model::tally::Tally;
use crate::stats::histogram::Histogram;

const SECOND: f64 = 1e9;

/// The chart of a delay.
pub fn chart(view: View<'_>, delay: Delay) -> Named {
    let name = words::delay(delay);
    let speakers = view.speakers();
    let series = speakers.iter().map(|&p| DistributionSeries {
        name: match goodput_share(view, p).filter(|_| delay == Delay::Latency) {
            Some(e) => format!("{}, {} answered", view.label(p), show::share(e.mean)),
            None => view.label(p),
        },
        buckets: buckets(&view.point(p).tally, delay),
    });
    let whose = match delay {
        Delay::Latency => "latency of requests answered in time",
        Delay::Wait => "wait of attempts that were served",
        Delay::Response => "response of attempts that were served",
    };
    let chart = Distribution {
        title: title(view, &speakers, delay),
        subtitle: words::subtitle(view, whose),
        x: Axis::new(name, Unit::Seconds),
        series: series.collect(),
        marks: vec![0.5, 0.99],
    };
    (format!("distribution-{name}"), Box::new(chart))
}

fn histogram(tally: &Tally, delay: Delay) -> Option<&Histogram> {
    let all = tally.delays.first()?;
    Some(match delay {
        Delay::Latency => &all.latency,
        Delay::Wait => &all.wait,
        Delay::Response => &all.response,
    })
}

fn buckets(tally: &Tally, delay: Delay) -> Vec<(f64, f64, u64)> {
    let buckets = histogram(tally, delay)
        .into_iter()
        .flat_map(Histogram::buckets);
    buckets
        .map(|(low, high, n)| (low as f64 / SECOND, high as f64 / SECOND, n))
        .collect()
}

/// Latency is that of answered requests, so their share stands beside it.
fn title(view: View<'_>, speakers: &[usize], delay: Delay) -> String {
    // The first variant and the one that does best tell the story; the key names all.
    let p99 = |p: usize| histogram(&view.point(p).tally, delay)?.quantile(0.99);
    let best = view.best().or_else(|| {
        let known = speakers.iter().filter_map(|&p| Some((p99(p)?, p)));
        known.min().map(|(_, p)| p)
    });
    let first = speakers.first().copied();
    let told = first.into_iter().chain(best.filter(|&p| Some(p) != first));
    let read = told.filter_map(|p| {
        let ns = p99(p)?;
        let time = show::value(metric::Unit::Seconds, "", ns as f64 / SECOND);
        let share = goodput_share(view, p).filter(|_| delay == Delay::Latency);
        let share = share.map(|e| format!(" ({} answered in time)", show::share(e.mean)));
        Some(format!(
            "{} {time}{}",
            view.label(p),
            share.unwrap_or_default()
        ))
    });
    let read: Vec<String> = read.collect();
    let name = words::delay(delay);
    match read.is_empty() {
        true => format!("distribution of {name}"),
        false => format!("p99 {name}: {}", read.join(", ")),
    }
}
