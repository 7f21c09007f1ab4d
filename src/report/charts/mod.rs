//! Which charts a design gets, filled with its results. A title is the finding in one sentence,
//! computed from the results; `chart` draws and knows nothing of either.

mod distribution;
mod heatmap;
mod lines;
mod timeline;
mod tradeoff;
pub(super) mod words;

pub use words::replications;

use super::chart::Chart;
use super::summary::View;
use crate::experiment::design::{ChartSpec, Design};
use crate::experiment::results::Results;
use crate::model::metric::{Delay, Metric};

/// In which forms charts are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictures {
    /// As SVG.
    Svg,
    /// As SVG, and as PNG beside it (where the crate was built with `png`).
    SvgAndPng,
}

/// A chart with the name of its file, without ending.
type Named = (String, Box<dyn Chart>);

/// The charts: file names (below `charts/`) and bytes.
pub fn draw(design: &Design, results: &Results, pictures: Pictures) -> Vec<(String, Vec<u8>)> {
    let view = View { design, results };
    let asked = match design.charts.is_empty() {
        true => fitting(view),
        false => design.charts.clone(),
    };
    files_of(asked.iter().flat_map(|spec| charts(view, spec)), pictures)
}

/// The files of charts with names; of two with the same name the first.
pub(super) fn files_of(
    charts: impl IntoIterator<Item = Named>,
    pictures: Pictures,
) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, chart) in charts {
        let svg = format!("{name}.svg");
        if files.iter().any(|(known, _)| *known == svg) {
            continue;
        }
        files.push((svg, chart.svg().into_bytes()));
        if pictures == Pictures::SvgAndPng {
            files.extend(png(&name, chart.as_ref()));
        }
    }
    files
}

#[cfg(feature = "png")]
fn png(name: &str, chart: &dyn Chart) -> Option<(String, Vec<u8>)> {
    Some((format!("{name}.png"), chart.png()))
}

#[cfg(not(feature = "png"))]
fn png(_: &str, _: &dyn Chart) -> Option<(String, Vec<u8>)> {
    None
}

/// The charts that fit a design that asks for none.
fn fitting(view: View<'_>) -> Vec<ChartSpec> {
    let design = view.design;
    let metric = |name: &str| Metric::parse(name).expect("a name of the table");
    let y = || vec![metric("latency_p99"), metric("goodput")];
    let mut specs = Vec::new();
    if design.points.len() > 1 && view.priced() {
        specs.push(ChartSpec::Tradeoff {
            x: metric("cost_per_month"),
            y: y(),
        });
    }
    match design.axes.len() {
        1 => specs.push(ChartSpec::Line {
            x: 0,
            y: [
                "latency_p50",
                "latency_p90",
                "latency_p99",
                "loss",
                "goodput",
            ]
            .map(metric)
            .into(),
        }),
        2 => specs.extend(
            y().into_iter()
                .map(|metric| ChartSpec::Heatmap { x: 0, y: 1, metric }),
        ),
        _ => {}
    }
    specs.push(ChartSpec::Timeline { series: Vec::new() });
    specs.push(ChartSpec::Distribution {
        delay: Delay::Latency,
    });
    specs
}

fn charts(view: View<'_>, spec: &ChartSpec) -> Vec<Named> {
    match spec {
        ChartSpec::Tradeoff { x, y } => y.iter().map(|y| tradeoff::chart(view, x, y)).collect(),
        ChartSpec::Line { x, y } => lines::charts(view, *x, y),
        ChartSpec::Heatmap { x, y, metric } => heatmap::charts(view, *x, *y, metric),
        ChartSpec::Timeline { series } => timeline::charts(view, series),
        ChartSpec::Distribution { delay } => vec![distribution::chart(view, *delay)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;
    use crate::experiment::run::{Options, run_with};

    fn drawn(design: &Design) -> Vec<(String, String)> {
        let results = run_with(design, Options { threads: 2 }, &(), fixture::simulate).unwrap();
        let files = draw(design, &results, Pictures::Svg).into_iter();
        files
            .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
            .collect()
    }

    #[test]
    fn what_costs_nothing_is_not_drawn_against_its_cost() {
        let charts = drawn(&fixture::free_design());
        assert!(charts.iter().all(|(name, _)| !name.contains("cost")));
        assert!(!charts.is_empty());
    }

    #[test]
    fn charts_that_fit_are_drawn_with_findings_as_titles() {
        let charts = drawn(&fixture::design());
        let names: Vec<&str> = charts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "tradeoff-cost_per_month-latency_p99.svg",
                "tradeoff-cost_per_month-goodput.svg",
                "heatmap-latency_p99-after.svg",
                "heatmap-goodput-after.svg",
                "timeline-before.svg",
                "timeline-after.svg",
                "distribution-latency.svg",
            ]
        );
        for (name, title) in [
            ("tradeoff-cost_per_month-latency_p99.svg", "44 x 4 x 4GiB"),
            ("heatmap-latency_p99-after.svg", "7.53 ms"),
            ("timeline-before.svg", "67.8 %"),
            ("distribution-latency.svg", "515 ms"),
        ] {
            let (_, svg) = charts.iter().find(|(n, _)| n == name).unwrap();
            assert!(svg.contains(title), "{name}: no {title:?}");
            assert!(!svg.contains("no data"), "{name}");
        }
    }

    #[test]
    fn one_axis_is_a_line() {
        let mut design = fixture::design();
        design.axes.truncate(1);
        design.points.retain(|p| p.at.is_empty() || p.at[1] == 0);
        design.points.iter_mut().for_each(|p| p.at.truncate(1));
        let charts = drawn(&design);
        let (_, svg) = charts
            .iter()
            .find(|(n, _)| n == "line-count-cores-goodput.svg")
            .unwrap();
        assert!(!svg.contains("no data"));
    }

    #[test]
    fn what_is_asked_for_is_drawn_and_nothing_else() {
        let mut design = fixture::design();
        let loss = Metric::parse("loss").unwrap();
        design.charts = vec![
            ChartSpec::Line {
                x: 1,
                y: vec![loss.clone()],
            },
            ChartSpec::Tradeoff {
                x: loss.clone(),
                y: vec![Metric::parse("offered").unwrap()],
            },
            ChartSpec::Timeline {
                series: vec!["queue_mean".into()],
            },
            ChartSpec::Distribution { delay: Delay::Wait },
        ];
        let names: Vec<String> = drawn(&design).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "line-ram-loss.svg",
                "tradeoff-loss-offered.svg",
                "timeline-before.svg",
                "timeline-after.svg",
                "distribution-wait.svg",
            ]
        );
    }

    #[test]
    fn a_run_without_results_still_draws() {
        let design = fixture::design();
        let fail: fixture::Simulate = |_, _, _| {
            Err(crate::model::trial::TrialError {
                code: crate::base::codes::Code::EVENT_BUDGET,
                message: "no".into(),
            })
        };
        let results = run_with(&design, Options { threads: 1 }, &(), fail).unwrap();
        assert!(!draw(&design, &results, Pictures::SvgAndPng).is_empty());
    }
}
