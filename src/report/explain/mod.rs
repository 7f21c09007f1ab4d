//! Why an incident happened: in words, as JSON, and how likely it was as a chart.

mod json;
mod recovery;
mod text;
mod words;

use super::chart::{Across, Axis, Chart, Estimate, Line, Lines, Scale, Unit};
use super::outputs::Output;
use crate::experiment::explain::{Causes, Curve, Map, Mitigations, Recovery, Seen};
use crate::experiment::incident::Case;
use crate::stats::proportion::wilson;

pub use recovery::{map, no_map, recovery};
pub use text::{causes, head, likelihood, mitigations};

/// The name of the explanation for programs.
pub const JSON: &str = "explain.json";

/// The name of the explanation in words.
pub const TEXT: &str = "explain.txt";

/// Confidence of the intervals of shares.
const CONFIDENCE: f64 = 0.95;

/// Which trial is told of.
pub struct Told<'a> {
    /// The trial.
    pub case: &'a Case,
    /// Its token.
    pub token: String,
    /// The name of its experiment.
    pub name: &'a str,
    /// Its variant, with its values on the axes.
    pub label: &'a str,
}

/// Everything that was found out.
pub struct Explained<'a> {
    /// The run up to its incident.
    pub seen: &'a Seen<'a>,
    /// What brought it about.
    pub causes: &'a Causes,
    /// How likely it was, where that was asked for.
    pub curve: Option<&'a Curve>,
    /// Whether it comes back by itself, where that can be told.
    pub recovery: Option<&'a Recovery>,
    /// At which loads, where that was asked for and can be told.
    pub map: Option<&'a Map>,
    /// What would have saved the run.
    pub mitigations: &'a Mitigations,
}

/// The bytes of [`JSON`].
pub fn json(told: &Told<'_>, explained: &Explained<'_>) -> Vec<u8> {
    json::bytes(told, explained)
}

/// The files of the output directory, but for the manifest.
pub fn files(told: &Told<'_>, explained: &Explained<'_>, text: &str) -> Vec<Output> {
    let mut files: Vec<Output> = vec![
        (JSON.into(), json(told, explained)),
        (TEXT.into(), text.as_bytes().to_vec()),
    ];
    if let Some(curve) = explained.curve {
        let chart = chart(told, explained.seen, curve);
        files.push(("charts/likelihood.svg".into(), chart.svg().into_bytes()));
    }
    if let Some(map) = explained.map {
        let chart = recovery::chart(told, map);
        files.push(("charts/metastability.svg".into(), chart.svg().into_bytes()));
    }
    files
}

/// The share that still has it, against time.
fn chart(told: &Told<'_>, seen: &Seen<'_>, curve: &Curve) -> Lines {
    let episode = &seen.sought.episode;
    let point = |m: &crate::experiment::explain::Moment| {
        let (low, high) = wilson(m.failed, m.of, CONFIDENCE);
        (m.at as f64 / 1e9, Estimate::within(m.share(), low, high))
    };
    let what = format!(
        "{} at {}",
        episode.code(),
        episode.place.name(&told.case.system)
    );
    let axis = |label: &str, unit: Unit| Axis {
        label: label.into(),
        unit,
        scale: Scale::Linear,
    };
    Lines {
        title: match curve.no_return() {
            Some(sure) => format!("{what}: no return from {} on", words::moment(sure.at)),
            None => format!("{what}: no moment of no return"),
        },
        subtitle: format!(
            "share of runs that still have it, with fresh random numbers from this moment on; \
             {} runs each, 95 % intervals; it happened at {}; {}, seed {}",
            curve.each,
            words::moment(episode.at),
            told.label,
            told.case.run.seed
        ),
        x: Across::Values(axis("time of the run", Unit::Plain("s".into()))),
        y: axis("still fails", Unit::Share),
        series: vec![Line {
            name: "still fails".into(),
            points: curve.moments.iter().map(point).collect(),
            dashed: false,
        }],
        limit: None,
    }
}
