//! `results.csv`: a row a point.

use super::csv_table::{CsvTable, harmless};
use super::number;
use crate::experiment::design::Design;
use crate::experiment::results::{Estimate, PointResult, Results};

/// The file. Axes are columns by their paths, empty for a variant that is not swept.
pub fn bytes(design: &Design, results: &Results) -> Vec<u8> {
    let mut table = CsvTable::new(header(design));
    for (i, result) in results.points.iter().enumerate() {
        table.row(row(design, i, result));
    }
    table.finish()
}

/// Every path of every axis.
pub fn paths(design: &Design) -> impl Iterator<Item = &str> {
    design
        .axes
        .iter()
        .flat_map(|a| a.paths.iter().map(String::as_str))
}

fn header(design: &Design) -> Vec<String> {
    let mut names = vec!["point".to_owned(), "variant".into()];
    names.extend(paths(design).map(str::to_owned));
    names.extend(["stable", "offered_load", "trials", "failed", "objective"].map(str::to_owned));
    for metric in &design.metrics {
        let name = harmless(&metric.to_string()).into_owned();
        names.extend([name.clone(), format!("{name}_low"), format!("{name}_high")]);
    }
    names
}

fn row(design: &Design, index: usize, result: &PointResult) -> Vec<String> {
    let point = &design.points[index];
    let settings = design.settings(index);
    let value = |path: &str| {
        settings
            .iter()
            .find(|(p, _)| *p == path)
            .map(|(_, v)| unquoted(v))
    };
    let mut fields = vec![
        index.to_string(),
        harmless(&design.variants[point.variant].name).into_owned(),
    ];
    fields.extend(paths(design).map(|p| harmless(value(p).unwrap_or("")).into_owned()));
    let stable = (!design.terminating).then(|| result.stable.to_string());
    fields.push(stable.unwrap_or_default());
    fields.push(number::csv(Some(result.load.highest())));
    fields.push(result.tally.trials.to_string());
    fields.push(result.failed.to_string());
    let meets = result.meets().map(|m| if m { "met" } else { "not met" });
    fields.push(meets.unwrap_or("").to_owned());
    for estimate in &result.estimates {
        let part = |of: fn(&Estimate) -> Option<f64>| number::csv(estimate.as_ref().and_then(of));
        // What is only known to be at least something has no value beside its lower end.
        let mean = part(Estimate::value);
        fields.extend([mean, part(|e| e.low), part(|e| e.high)]);
    }
    fields
}

/// A value as written in TOML, without the quotes of a text.
pub fn unquoted(value: &str) -> &str {
    let inner = |q: char| value.strip_prefix(q).and_then(|v| v.strip_suffix(q));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}
