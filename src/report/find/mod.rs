//! What a search found: the story for people, `find.json`, `find.csv`, charts.

mod charts;
mod csv;
mod json;
mod story;

pub use json::{NAME as JSON, bytes as json_bytes};
pub use story::print;

use super::outputs::Output;
use super::results_csv::unquoted;
use crate::experiment::design::Design;
use crate::experiment::find::checks::Checks;
use crate::experiment::find::space::Space;
use crate::experiment::find::{Answer, Looked, PointId, Settings};
use crate::experiment::objective::Objective;

/// The name of the story's file.
pub const STORY: &str = "summary.txt";

/// A search and its answer.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// What was asked; its points are corners of the space only.
    pub design: &'a Design,
    /// What must hold.
    pub objective: &'a Objective,
    /// What was searched.
    pub space: &'a Space,
    /// How constraints were judged.
    pub checks: &'a Checks,
    /// How it was searched.
    pub settings: &'a Settings,
    /// What came out.
    pub answer: &'a Answer,
    /// Cost of the winner's variant as it is written.
    pub original: Option<f64>,
    /// Of the model's prices.
    pub currency: &'a str,
}

/// Every file but the manifest and what only the machine knows.
pub fn files(found: Found<'_>, resolved: &str) -> Vec<Output> {
    let mut files: Vec<Output> = vec![
        ("resolved.toml".into(), resolved.as_bytes().to_vec()),
        ("find.csv".into(), csv::bytes(found)),
        (JSON.into(), json::bytes(found)),
        (STORY.into(), story::print(found).into_bytes()),
    ];
    files.extend(charts::draw(found));
    files
}

impl Found<'_> {
    /// The name of a point's variant, and its values: (path, value).
    fn settings_of(&self, point: PointId) -> (&str, Vec<(&str, &str)>) {
        let (part, at) = self.space.place(point);
        let variant = self.space.variants[part].variant;
        let axes = self.design.axes.iter().zip(at);
        let values = axes
            .flat_map(|(axis, i)| axis.paths.iter().zip(&axis.values[i]))
            .map(|(path, value)| (path.as_str(), unquoted(value)))
            .collect();
        (&self.design.variants[variant].name, values)
    }

    /// A short name of a point: its values, with the variant where there are several.
    fn label(&self, point: PointId) -> String {
        let (variant, values) = self.settings_of(point);
        let values: Vec<&str> = values.into_iter().map(|(_, value)| value).collect();
        let several = self.space.variants.len() > 1;
        match (values.is_empty(), several) {
            (true, _) => variant.to_owned(),
            (false, true) => format!("{variant} {}", values.join(" x ")),
            (false, false) => values.join(" x "),
        }
    }

    /// The winner, or the best so far.
    fn best(&self) -> Option<&Looked> {
        let so_far = || Some(&self.answer.looked[self.answer.best?]);
        self.answer.won().or_else(so_far)
    }
}
