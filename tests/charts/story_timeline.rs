//! One run of the story, second by second, before and after.

use veltrix::report::chart::{
    Axis, LineStyle, Mark, Panel, PanelSeries, Scale, Span, Timeline, Unit,
};

use super::samples::Jitter;

const SECONDS: usize = 65;

/// Goodput breaks down for good.
pub fn before() -> Timeline {
    let wedge = Mark {
        t: 8.2,
        text: "events[14] wedged".to_owned(),
    };
    let restarts = [
        (38.2, 14),
        (41.0, 3),
        (43.5, 9),
        (44.1, 21),
        (47.9, 0),
        (52.0, 17),
        (58.0, 6),
    ];
    let restarts = restarts.map(|(t, worker)| Mark {
        t,
        text: format!("restart events[{worker}]"),
    });
    let title = "Before: one wedged worker becomes seventeen, and goodput stays at 68 % after \
                 restarts";
    timeline(
        title,
        &Run::new(14),
        [wedge].into_iter().chain(restarts).collect(),
    )
}

/// The same faults do nothing.
pub fn after() -> Timeline {
    let title = "After: the same faults, and every request is answered";
    timeline(title, &Run::new(SECONDS), Vec::new())
}

/// What was measured in each second.
struct Run {
    offered: Vec<f64>,
    goodput: Vec<f64>,
    waiting: Vec<f64>,
    busy: Vec<f64>,
    full: Vec<f64>,
    late: Vec<f64>,
    down: Vec<f64>,
}

impl Run {
    /// A run that collapses in this second.
    fn new(collapse: usize) -> Self {
        let mut jitter = Jitter(21);
        let mut run = Self {
            offered: Vec::new(),
            goodput: Vec::new(),
            waiting: Vec::new(),
            busy: Vec::new(),
            full: Vec::new(),
            late: Vec::new(),
            down: Vec::new(),
        };
        for second in 0..SECONDS {
            let burst = second % 4 == 3;
            let load = if burst { 49_000.0 } else { 37_000.0 } + 900.0 * jitter.next();
            let noise = jitter.next();
            let broken = second >= collapse;
            let slow = if (7..27).contains(&second) { 0.03 } else { 0.0 };
            run.offered.push(load);
            run.goodput.push(if broken {
                24_000.0 + 3000.0 * noise
            } else {
                load - 300.0 * noise
            });
            run.waiting.push(if broken {
                12_000.0 - 200.0 * noise
            } else {
                load / 60.0
            });
            run.busy
                .push(if broken { 0.91 } else { load / 57_000.0 + slow } + 0.01 * noise);
            let wedged = collapse < SECONDS && second >= 8;
            run.full.push(if wedged {
                6000.0 + 9000.0 * jitter.next()
            } else {
                0.0
            });
            run.late.push(if broken {
                12_000.0 + 3000.0 * noise
            } else {
                0.0
            });
            let crashed = (45..55).contains(&second);
            run.down.push(if crashed && broken { 1600.0 } else { 0.0 });
        }
        run
    }
}

fn timeline(title: &str, run: &Run, marks: Vec<Mark>) -> Timeline {
    let offered = PanelSeries {
        style: LineStyle::Dashed,
        ..series("offered", &run.offered)
    };
    let requests = vec![offered, series("goodput", &run.goodput)];
    let codes = vec![
        series("VX3102 buffer full", &run.full),
        series("VX3103 timed out", &run.late),
        series("VX3111 worker down", &run.down),
    ];
    let failed = panel(
        "attempts that failed, by code",
        Unit::PerSecond,
        35_000.0,
        codes,
    );
    let waiting = vec![series("waiting", &run.waiting)];
    let busy = vec![series("busy", &run.busy)];
    Timeline {
        title: title.to_owned(),
        subtitle: "replication 1 of 30, seed 14, windows of 1 s".to_owned(),
        window_s: 1.0,
        panels: vec![
            panel("requests", Unit::PerSecond, 55_000.0, requests),
            panel("waiting", Unit::Count, 14_000.0, waiting),
            panel("utilisation of workers that are up", Unit::Share, 1.0, busy),
            Panel {
                stacked: true,
                ..failed
            },
        ],
        marks,
        spans: vec![
            Span {
                from: 0.0,
                to: 5.0,
                text: "warm-up".to_owned(),
            },
            Span {
                from: 7.0,
                to: 27.0,
                text: "events[14] at half speed".to_owned(),
            },
            Span {
                from: 45.0,
                to: 55.0,
                text: "events[7] down".to_owned(),
            },
        ],
    }
}

fn series(name: &str, values: &[f64]) -> PanelSeries {
    let values = values.iter().copied().map(Some).collect();
    PanelSeries {
        name: name.to_owned(),
        values,
        style: LineStyle::Solid,
    }
}

fn panel(label: &str, unit: Unit, most: f64, series: Vec<PanelSeries>) -> Panel {
    let axis = Axis {
        label: label.to_owned(),
        unit,
        scale: Scale::Auto,
    };
    Panel {
        label: label.to_owned(),
        axis,
        series,
        stacked: false,
        y_max: Some(most),
    }
}
