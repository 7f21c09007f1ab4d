//! Charts to test and to look at: the story told by the documentation, and the corners.

use veltrix::report::chart::{
    Across, Axis, Better, Chart, Distribution, DistributionSeries, Estimate, Heatmap, HeatmapCell,
    Line, Lines, Tradeoff, TradeoffPoint, Unit,
};

pub type Named = (String, Box<dyn Chart>);

/// Every sample: the story first, then what could go wrong.
pub fn every_chart() -> Vec<Named> {
    let mut all = story();
    all.extend(super::corners::corners());
    all
}

/// What the charts are for.
pub fn story() -> Vec<Named> {
    vec![
        (
            "tradeoff".to_owned(),
            Box::new(tradeoff()) as Box<dyn Chart>,
        ),
        ("tradeoff-goodput".to_owned(), Box::new(tradeoff_goodput())),
        ("lines".to_owned(), Box::new(lines())),
        ("lines-names".to_owned(), Box::new(lines_names())),
        ("heatmap".to_owned(), Box::new(heatmap())),
        ("heatmap-loss".to_owned(), Box::new(heatmap_loss())),
        (
            "timeline-before".to_owned(),
            Box::new(super::story_timeline::before()),
        ),
        (
            "timeline-after".to_owned(),
            Box::new(super::story_timeline::after()),
        ),
        ("distribution".to_owned(), Box::new(distribution())),
    ]
}

pub fn dollars() -> Unit {
    Unit::MoneyPerMonth {
        currency: "USD".to_owned(),
    }
}

pub fn axis(label: &str, unit: Unit) -> Axis {
    Axis::new(label, unit)
}

/// Numbers that look drawn but are the same everywhere: a small multiplicative generator.
pub struct Jitter(pub u64);

impl Jitter {
    /// Between 0 and 1.
    pub fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }
}

/// Workers x cores x GiB, dollars a month, p99 in ms, whether the objective holds.
const SIZES: [(&str, f64, f64, bool); 20] = [
    ("25 x 8 x 64 GiB", 7785.0, 19.3, true),
    ("25 x 8 x 16 GiB", 5218.0, 19.5, true),
    ("25 x 8 x 4 GiB", 4576.0, 19.9, true),
    ("24 x 8 x 32 GiB", 5831.0, 21.4, true),
    ("24 x 8 x 16 GiB", 5009.0, 21.6, true),
    ("24 x 8 x 4 GiB", 4393.0, 22.3, true),
    ("23 x 8 x 16 GiB", 4801.0, 26.0, true),
    ("23 x 8 x 4 GiB", 4210.0, 29.5, false),
    ("13 x 16 x 64 GiB", 6316.0, 17.2, true),
    ("13 x 16 x 16 GiB", 4982.0, 17.8, true),
    ("12 x 16 x 32 GiB", 5009.0, 24.0, true),
    ("12 x 16 x 8 GiB", 4393.0, 24.9, true),
    ("48 x 4 x 16 GiB", 5830.0, 20.1, true),
    ("46 x 4 x 8 GiB", 4800.0, 23.2, true),
    ("44 x 4 x 16 GiB", 5345.0, 31.0, true),
    ("44 x 4 x 4 GiB", 4215.0, 32.4, true),
    ("45 x 4 x 4 GiB", 4311.0, 27.7, true),
    ("22 x 8 x 16 GiB", 4592.0, 41.8, true),
    ("22 x 8 x 2 GiB", 4027.0, 53.0, false),
    ("21 x 8 x 4 GiB", 3844.0, 60.0, false),
];

fn tradeoff() -> Tradeoff {
    let mut jitter = Jitter(3);
    let points = SIZES.iter().map(|(name, cost, p99, meets)| {
        let spread = p99 * (0.03 + 0.12 * jitter.next()) * (p99 / 25.0);
        TradeoffPoint {
            x: *cost,
            y: Estimate::within(p99 / 1e3, (p99 - spread) / 1e3, (p99 + spread) / 1e3),
            name: (*name).to_owned(),
            group: "after".to_owned(),
            meets: Some(*meets),
            unstable: false,
        }
    });
    Tradeoff {
        title: "44 workers of 4 cores and 4 GiB keep the objective at $4,215 a month, 46 % below \
                today's 25 x 8 x 64 GiB"
            .to_owned(),
        subtitle: "20 sizes, 30 replications each, seed 14; bars are 95 % intervals of p99 latency"
            .to_owned(),
        x: axis("cost", dollars()),
        y: axis("p99 latency", Unit::Seconds),
        better_y: Better::Lower,
        points: points.collect(),
        limit: Some(0.05),
    }
}

fn tradeoff_goodput() -> Tradeoff {
    let mut jitter = Jitter(5);
    let mut points = Vec::new();
    for (group, base) in [
        ("before", 24_000.0),
        ("before, breaker", 9_000.0),
        ("after", 40_000.0),
    ] {
        for workers in [20.0, 22.0, 25.0, 30.0, 40.0] {
            let limit = workers * 1780.0;
            let mean = f64::min(base * (0.94 + 0.1 * jitter.next()), limit);
            let spread = mean * if group == "after" { 0.01 } else { 0.12 };
            points.push(TradeoffPoint {
                x: workers * 311.4,
                y: Estimate::within(mean, mean - spread, mean + spread),
                name: format!("{workers} x 8 x 64 GiB, {group}"),
                group: group.to_owned(),
                meets: None,
                unstable: group == "after" && workers < 21.0,
            });
        }
    }
    Tradeoff {
        title: "More workers do not help the old balancer; the new one needs fewer".to_owned(),
        subtitle: "5 sizes of 3 variants, 10 replications each; bars are 95 % intervals".to_owned(),
        x: axis("cost", dollars()),
        y: axis("goodput", Unit::PerSecond),
        better_y: Better::Higher,
        points,
        limit: None,
    }
}

fn line(name: &str, points: &[(f64, f64, f64)]) -> Line {
    let estimate =
        |(x, mean, half): &(f64, f64, f64)| (*x, Estimate::within(*mean, mean - half, mean + half));
    Line {
        name: name.to_owned(),
        points: points.iter().map(estimate).collect(),
        dashed: false,
    }
}

fn lines() -> Lines {
    let p50 = [
        (21.0, 0.0042, 0.0002),
        (22.0, 0.0036, 0.0001),
        (23.0, 0.0032, 0.0001),
        (24.0, 0.003, 0.00005),
        (25.0, 0.0029, 0.00005),
    ];
    let p99 = [
        (21.0, 0.091, 0.02),
        (22.0, 0.0418, 0.006),
        (23.0, 0.026, 0.002),
        (24.0, 0.0216, 0.0008),
        (25.0, 0.0195, 0.0003),
    ];
    let p999 = [
        (21.0, 0.31, 0.05),
        (22.0, 0.16, 0.03),
        (23.0, 0.088, 0.01),
        (24.0, 0.062, 0.005),
        (25.0, 0.05, 0.003),
    ];
    Lines {
        title: "Below 23 workers the tail leaves the objective, the median hardly moves".to_owned(),
        subtitle: "after, 8 cores and 16 GiB each, 30 replications; bars are 95 % intervals"
            .to_owned(),
        x: Across::Values(axis("workers", Unit::Count)),
        y: axis("latency", Unit::Seconds),
        series: vec![
            line("p50", &p50),
            line("p99", &p99),
            Line {
                dashed: true,
                ..line("p99.9", &p999)
            },
        ],
        limit: Some(0.05),
    }
}

fn lines_names() -> Lines {
    let names = [
        "before",
        "+ breaker",
        "+ 40 workers",
        "+ reject",
        "+ p2c",
        "after",
    ];
    let loss = [0.33, 0.89, 0.19, 4e-5, 6e-4, 0.0];
    let points = loss.iter().enumerate().map(|(number, loss)| {
        (
            number as f64,
            Estimate::within(*loss, loss * 0.7, f64::min(loss * 1.3, 1.0)),
        )
    });
    Lines {
        title: "The breaker alone makes it worse: the cure is the policy".to_owned(),
        subtitle: "share of requests lost, 10 replications of each change to 'before'; bars are \
                   95 % intervals"
            .to_owned(),
        x: Across::Names {
            label: "change".to_owned(),
            names: names.map(str::to_owned).to_vec(),
        },
        y: axis("loss", Unit::Share),
        series: vec![Line {
            name: "loss".to_owned(),
            points: points.collect(),
            dashed: false,
        }],
        limit: Some(1e-4),
    }
}

fn heatmap() -> Heatmap {
    let workers = [21, 22, 23, 24, 25];
    let ram = [1.0, 2.0, 4.0, 16.0, 64.0];
    let mut cells = Vec::new();
    for gib in ram {
        for count in workers {
            let base = match count {
                21 => 0.091,
                22 => 0.0418,
                23 => 0.026,
                24 => 0.0216,
                _ => 0.0195,
            };
            let value = base * (1.0 + 0.6 / gib);
            cells.push(Some(HeatmapCell {
                value,
                meets: Some(value < 0.05 && count > 22),
            }));
        }
    }
    cells[0] = None;
    Heatmap {
        title: "23 workers hold the objective down to 2 GiB each; 22 do not at any size".to_owned(),
        subtitle: "after, 8 cores each, 30 replications a cell, p99 latency".to_owned(),
        x_label: "workers".to_owned(),
        x_values: workers.iter().map(ToString::to_string).collect(),
        y_label: "RAM of a worker".to_owned(),
        y_values: ram.iter().map(|gib| format!("{gib} GiB")).collect(),
        value: axis("p99 latency", Unit::Seconds),
        cells,
    }
}

fn heatmap_loss() -> Heatmap {
    let mut jitter = Jitter(11);
    let cells = (0..12 * 8).map(|cell| {
        let (column, row) = (cell % 12, cell / 12);
        let depth = column as f64 * 0.45 + row as f64 * 0.25 + jitter.next() * 0.3;
        let value = 0.4 * (2.0_f64).sqrt() * (1..=(depth * 2.0) as i32).fold(1.0, |v, _| v * 0.32);
        Some(HeatmapCell {
            value,
            meets: Some(value < 1e-4),
        })
    });
    Heatmap {
        title: "Loss falls by a factor of ten for every two workers".to_owned(),
        subtitle: "after, 10 replications a cell".to_owned(),
        x_label: "workers".to_owned(),
        x_values: (20..32).map(|count| count.to_string()).collect(),
        y_label: "waiting slots of a worker".to_owned(),
        y_values: (1..=8).map(|power| (8 << power).to_string()).collect(),
        value: axis("loss", Unit::Share),
        cells: cells.collect(),
    }
}

/// Buckets of a log-linear histogram around the given quantiles (share above, value).
pub fn buckets(quantiles: &[(f64, f64)], total: f64) -> Vec<(f64, f64, u64)> {
    let mut all = Vec::new();
    let mut value = 0.0002;
    while value < quantiles[quantiles.len() - 1].1 {
        let next = value * 1.03;
        let count = (above(quantiles, value) - above(quantiles, next)) * total;
        all.push((value, next, count.round() as u64));
        value = next;
    }
    all
}

/// Share above a value, between the quantiles on straight lines of log share.
fn above(quantiles: &[(f64, f64)], value: f64) -> f64 {
    if value <= quantiles[0].1 {
        return quantiles[0].0;
    }
    for pair in quantiles.windows(2) {
        let ((above0, value0), (above1, value1)) = (pair[0], pair[1]);
        if value < value1 {
            let share = (value - value0) / (value1 - value0);
            return above0 * libm::pow(above1 / above0, share);
        }
    }
    0.0
}

fn distribution() -> Distribution {
    let before = [
        (1.0, 0.0004),
        (0.5, 0.248),
        (0.1, 0.5),
        (0.01, 0.768),
        (1e-3, 0.9),
        (1e-4, 1.1),
        (1e-6, 1.15),
    ];
    let after = [
        (1.0, 0.0003),
        (0.5, 0.0027),
        (0.1, 0.008),
        (0.01, 0.0193),
        (1e-3, 0.048),
        (1e-4, 0.26),
        (1e-6, 0.3),
    ];
    Distribution {
        title: "Half of the requests took a quarter of a second; now 99 % take 19 ms".to_owned(),
        subtitle: "answered requests only, 30 replications merged: before 68 % of 72 million, \
                   after all of them"
            .to_owned(),
        x: axis("latency", Unit::Seconds),
        series: vec![
            DistributionSeries {
                name: "before".to_owned(),
                buckets: buckets(&before, 2e6),
            },
            DistributionSeries {
                name: "after".to_owned(),
                buckets: buckets(&after, 2e6),
            },
        ],
        marks: vec![0.5, 0.99, 0.999],
    }
}
