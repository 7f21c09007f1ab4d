//! The corners: nothing, one point, far too many, wild numbers, wild names.

use veltrix::report::chart::{
    Across, Axis, Better, Distribution, DistributionSeries, Estimate, Heatmap, HeatmapCell, Line,
    LineStyle, Lines, Mark, Panel, PanelSeries, Scale, Span, Timeline, Tornado, TornadoRow,
    Tradeoff, TradeoffPoint, Unit,
};

use super::samples::{Jitter, Named, axis, dollars};

const LONG: &str = "a service with a name that somebody thought explains everything about it, \
                    region by region, and then some more words";
const HOSTILE: &str = "<script>alert(\"1\" & '2')</script>\u{7}\n\u{202e}\u{0}注文サービス";

/// All corners, for each kind of chart.
pub fn corners() -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    for (name, words, count) in [
        ("empty", "", 0),
        ("one", "one", 1),
        ("two-long", LONG, 2),
        ("hostile", HOSTILE, 7),
        ("many", "point", 200),
        ("many-long", LONG, 200),
    ] {
        all.push((
            format!("corner-tradeoff-{name}"),
            Box::new(tradeoff(words, count)),
        ));
        all.push((
            format!("corner-lines-{name}"),
            Box::new(lines(words, count)),
        ));
        all.push((
            format!("corner-names-{name}"),
            Box::new(names(words, count)),
        ));
        all.push((
            format!("corner-heatmap-{name}"),
            Box::new(heatmap(words, count)),
        ));
        all.push((
            format!("corner-timeline-{name}"),
            Box::new(timeline(words, count)),
        ));
        all.push((
            format!("corner-distribution-{name}"),
            Box::new(distribution(words, count)),
        ));
        all.push((
            format!("corner-tornado-{name}"),
            Box::new(tornado(words, count)),
        ));
    }
    all.extend(extremes());
    all.extend(units());
    all
}

/// Inputs with two bars, one or none, to either side.
fn tornado(words: &str, count: usize) -> Tornado {
    let mut jitter = Jitter(11);
    let row = |number: usize| {
        let mut bar = |sign: f64| {
            let mean = sign * wild(&mut jitter, number);
            (
                words.to_owned(),
                Estimate::within(mean, 0.9 * mean - 0.1, 1.1 * mean + 0.1),
            )
        };
        let (down, up) = (bar(-1.0), bar(1.0));
        TornadoRow {
            name: format!("{words} {number}"),
            bars: vec![
                Some(down).filter(|_| !number.is_multiple_of(3)),
                Some(up).filter(|_| number % 5 < 4),
            ],
        }
    };
    Tornado {
        title: format!("{words} moves it most"),
        subtitle: words.to_owned(),
        axis: axis("change of p99 latency", Unit::Seconds),
        sides: vec!["10 % less".to_owned(), "10 % more".to_owned()],
        rows: (0..count).map(row).collect(),
    }
}

/// A number over six decades; now and then none, zero, or beyond all bounds.
fn wild(jitter: &mut Jitter, number: usize) -> f64 {
    match number {
        17 => f64::NAN,
        31 => f64::INFINITY,
        43 => 0.0,
        _ => libm::pow(10.0, jitter.next() * 6.0 - 4.0),
    }
}

fn estimate(jitter: &mut Jitter, number: usize) -> Estimate {
    let mean = wild(jitter, number);
    match number % 3 {
        0 => Estimate::exact(mean),
        1 => Estimate::within(mean, mean * 0.8, mean * 1.3),
        _ => Estimate::within(mean, f64::NAN, mean * 2.0),
    }
}

fn tradeoff(words: &str, count: usize) -> Tradeoff {
    let mut jitter = Jitter(count as u64 + 1);
    let points = (0..count).map(|number| TradeoffPoint {
        x: wild(&mut jitter, number + 1),
        y: estimate(&mut jitter, number),
        name: format!("{words} {number}"),
        group: format!("{words} {}", number % 9),
        meets: [None, Some(true), Some(false)][number % 3],
        unstable: number % 11 == 10,
    });
    Tradeoff {
        title: format!("{words} {words} {words}"),
        subtitle: format!("{words} {words} {words} {words}"),
        x: axis(words, dollars()),
        y: axis(words, Unit::Seconds),
        better_y: if count.is_multiple_of(2) {
            Better::Lower
        } else {
            Better::Higher
        },
        points: points.collect(),
        limit: (count > 1).then_some(0.05),
    }
}

fn lines(words: &str, count: usize) -> Lines {
    let mut jitter = Jitter(count as u64 + 2);
    let series = (0..count.min(40)).map(|line| {
        let point = |number: usize| (number as f64, estimate(&mut jitter, number));
        Line {
            name: format!("{words} {line}"),
            points: (0..count).map(point).collect(),
            dashed: line % 2 == 1,
        }
    });
    Lines {
        title: words.to_owned(),
        subtitle: words.to_owned(),
        x: Across::Values(axis(words, Unit::PerSecond)),
        y: Axis {
            scale: Scale::Log,
            ..axis(words, Unit::Share)
        },
        series: series.collect(),
        limit: None,
    }
}

fn names(words: &str, count: usize) -> Lines {
    let across = Across::Names {
        label: words.to_owned(),
        names: (0..count)
            .map(|number| format!("{number} {words}"))
            .collect(),
    };
    Lines {
        x: across,
        y: axis(words, Unit::Bytes),
        ..lines(words, count)
    }
}

fn heatmap(words: &str, count: usize) -> Heatmap {
    let mut jitter = Jitter(count as u64 + 3);
    let rows = count.div_ceil(3);
    let cells = (0..count * rows).map(|number| {
        let value = wild(&mut jitter, number);
        (number % 7 != 5).then_some(HeatmapCell {
            value,
            meets: Some(number % 2 == 0),
        })
    });
    Heatmap {
        title: words.to_owned(),
        subtitle: words.to_owned(),
        x_label: words.to_owned(),
        x_values: (0..count)
            .map(|number| format!("{words} {number}"))
            .collect(),
        y_label: words.to_owned(),
        y_values: (0..rows)
            .map(|number| format!("{words} {number}"))
            .collect(),
        value: axis(
            words,
            Unit::Money {
                currency: "CHF".to_owned(),
            },
        ),
        cells: cells.collect(),
    }
}

fn timeline(words: &str, count: usize) -> Timeline {
    let mut jitter = Jitter(count as u64 + 4);
    let mut panels = Vec::new();
    for number in 0..count.min(6) {
        let series = (0..count.min(12)).map(|line| PanelSeries {
            name: format!("{words} {line}"),
            values: (0..count * 20)
                .map(|window| (window % 13 != 5).then(|| wild(&mut jitter, window)))
                .collect(),
            style: if line % 2 == 0 {
                LineStyle::Solid
            } else {
                LineStyle::Dashed
            },
        });
        panels.push(Panel {
            label: words.to_owned(),
            axis: axis(words, Unit::Plain("words".to_owned())),
            series: series.collect(),
            stacked: number % 2 == 1,
            y_max: (number == 2).then_some(10.0),
        });
    }
    let marks = (0..count).map(|number| Mark {
        t: number as f64 * 7.3,
        text: format!("{words} {number}"),
    });
    let spans = (0..count).map(|number| Span {
        from: number as f64 * 11.0,
        to: number as f64 * 13.0,
        text: format!("{number} {words}"),
    });
    Timeline {
        title: words.to_owned(),
        subtitle: words.to_owned(),
        window_s: 0.5,
        panels,
        marks: marks.collect(),
        spans: spans.collect(),
    }
}

fn distribution(words: &str, count: usize) -> Distribution {
    let mut jitter = Jitter(count as u64 + 5);
    let series = (0..count.min(12)).map(|line| {
        let bucket = |number: usize| {
            let low = 1e-4 * libm::pow(1.1, number as f64 + line as f64);
            (
                low,
                low * 1.1,
                (jitter.next() * 1e6 / (number + 1) as f64) as u64,
            )
        };
        DistributionSeries {
            name: format!("{words} {line}"),
            buckets: (0..count).map(bucket).collect(),
        }
    });
    Distribution {
        title: words.to_owned(),
        subtitle: words.to_owned(),
        x: axis(words, Unit::Seconds),
        series: series.collect(),
        marks: vec![0.0, 0.5, 0.9, 0.99, 0.999, 1.0, f64::NAN],
    }
}

/// Numbers at the ends of what a float holds.
fn extremes() -> Vec<Named> {
    let ends = [
        f64::MIN,
        -1e200,
        -1.0,
        -f64::MIN_POSITIVE,
        0.0,
        5e-324,
        1e-30,
        1e200,
        f64::MAX,
    ];
    let mut all: Vec<Named> = Vec::new();
    for (name, scale, kept) in [
        ("all", Scale::Linear, 0),
        ("auto", Scale::Auto, 4),
        ("tiny", Scale::Linear, 4),
    ] {
        let ends = if name == "tiny" {
            &ends[kept..7]
        } else {
            &ends[kept..]
        };
        let points = ends.iter().map(|value| (*value, Estimate::exact(*value)));
        let axis = Axis {
            scale,
            ..axis("beyond", Unit::Bytes)
        };
        let line = Line {
            name: String::new(),
            points: points.collect(),
            dashed: false,
        };
        let chart = Lines {
            title: name.to_owned(),
            subtitle: String::new(),
            x: Across::Values(Axis {
                unit: Unit::Seconds,
                ..axis.clone()
            }),
            y: axis,
            series: vec![line],
            limit: None,
        };
        all.push((format!("corner-extreme-{name}"), Box::new(chart)));
    }
    all
}

/// One chart for each unit and scale: marks of every kind of axis.
fn units() -> Vec<Named> {
    let usd = || "USD".to_owned();
    let units = [
        Unit::Seconds,
        Unit::PerSecond,
        Unit::Share,
        Unit::Money { currency: usd() },
        Unit::MoneyPerHour {
            currency: "XAU".to_owned(),
        },
        dollars(),
        Unit::Bytes,
        Unit::Count,
        Unit::Plain("m²".to_owned()),
    ];
    let mut all: Vec<Named> = Vec::new();
    for (number, unit) in units.into_iter().enumerate() {
        for (name, scale, range) in [
            ("linear", Scale::Linear, [0.0, 0.3, 1.0]),
            ("narrow", Scale::Linear, [0.98, 0.99, 1.0]),
            ("log", Scale::Log, [0.001, 0.1, 1.0]),
            ("deep", Scale::Log, [1e-9, 0.0, 1.0]),
            ("below", Scale::Linear, [-0.4, 0.2, 1.0]),
            ("flat", Scale::Auto, [0.5, 0.5, 0.5]),
        ] {
            let top = match unit {
                Unit::Share => 1.0,
                Unit::Bytes => 3e10,
                _ => 7000.0,
            };
            let axis = Axis {
                label: name.to_owned(),
                unit: unit.clone(),
                scale,
            };
            let points = range
                .iter()
                .map(|value| (value * top, Estimate::exact(value * top)));
            let line = Line {
                name: "a line".to_owned(),
                points: points.collect(),
                dashed: false,
            };
            let chart = Lines {
                title: format!("{unit:?}, {name}"),
                subtitle: "marks of an axis".to_owned(),
                x: Across::Values(axis.clone()),
                y: axis,
                series: vec![line],
                limit: Some(0.4 * top),
            };
            all.push((format!("unit-{number}-{name}"), Box::new(chart)));
        }
    }
    all
}
