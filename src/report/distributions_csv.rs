//! `distributions.csv`: the merged histograms, from which charts and reports can be made again.

use super::csv_table::{CsvTable, harmless};
use crate::experiment::design::Design;
use crate::experiment::results::Results;
use crate::model::spec::SystemSpec;
use crate::model::tally::{Narrow, Wanted};

/// The file: buckets that hold anything, bounds included.
pub fn bytes(design: &Design, results: &Results) -> Vec<u8> {
    let mut table = CsvTable::new(["point", "name", "low_ns", "high_ns", "count"]);
    for (i, (point, result)) in design.points.iter().zip(&results.points).enumerate() {
        let wanted = Wanted::for_metrics(&point.system, &design.metrics);
        let scopes = std::iter::once(&Narrow::All).chain(&wanted.scopes);
        for (narrow, delays) in scopes.zip(&result.tally.delays) {
            let suffix = suffix(&point.system, *narrow);
            for (delay, histogram) in [
                ("latency", &delays.latency),
                ("wait", &delays.wait),
                ("response", &delays.response),
            ] {
                let name = harmless(&format!("{delay}{suffix}")).into_owned();
                for (low, high, count) in histogram.buckets() {
                    let numbers = [i as u64, low, high, count].map(|n| n.to_string());
                    let [point, low, high, count] = &numbers;
                    table.row([point, &name, low, high, count]);
                }
            }
        }
    }
    table.finish()
}

/// The scope as metrics write it.
fn suffix(spec: &SystemSpec, narrow: Narrow) -> String {
    let place = |i: u32| i as usize;
    match narrow {
        Narrow::All => String::new(),
        Narrow::Source(i) => format!("@source:{}", spec.sources[place(i)].name),
        Narrow::Class(i) => format!("@class:{}", class_name(spec, i)),
        Narrow::Service(i) => format!("@{}", spec.services[place(i)].name),
        Narrow::Worker(i) => format!("@{}", spec.worker_name(place(i))),
    }
}

/// The name of a class by its number through all sources.
pub fn class_name(spec: &SystemSpec, index: u32) -> &str {
    let mut classes = spec.sources.iter().flat_map(|s| &s.classes);
    classes.nth(index as usize).map_or("", |c| &c.name)
}
