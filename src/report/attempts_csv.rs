//! `attempts.csv`: a row an attempt, whole nanoseconds of virtual time from the start of the run.

use super::csv_table::{CsvTable, harmless};
use super::distributions_csv::class_name;
use crate::experiment::design::Design;
use crate::model::spec::SystemSpec;
use crate::model::trial::AttemptRow;

const HEADER: [&str; 15] = [
    "point",
    "replication",
    "request",
    "attempt",
    "source",
    "class",
    "service",
    "worker",
    "born_ns",
    "arrived_ns",
    "start_ns",
    "end_ns",
    "work_ns",
    "outcome",
    "code",
];

/// The header line.
pub fn header() -> Vec<u8> {
    CsvTable::new(HEADER).finish()
}

/// The rows of one trial, by its place in the plan, without the header.
pub fn part(design: &Design, trial: usize, rows: &[AttemptRow]) -> Vec<u8> {
    let per_point = design.replications as usize;
    let (point, replication) = (trial / per_point, trial % per_point);
    let system = &design.points[point].system;
    let mut table = CsvTable::new(HEADER);
    for row in rows {
        table.row(fields(system, point, replication, row));
    }
    table.finish().split_off(header().len())
}

/// The file, of rows of one trial alone.
pub fn of_case(
    system: &SystemSpec,
    point: usize,
    replication: u32,
    rows: &[AttemptRow],
) -> Vec<u8> {
    let mut table = CsvTable::new(HEADER);
    for row in rows {
        table.row(fields(system, point, replication as usize, row));
    }
    table.finish()
}

fn fields(system: &SystemSpec, point: usize, replication: usize, row: &AttemptRow) -> Vec<String> {
    let service = &system.services[row.service as usize].name;
    let maybe = |n: Option<u64>| n.map_or_else(String::new, |n| n.to_string());
    let outcome = row.outcome;
    vec![
        point.to_string(),
        replication.to_string(),
        row.request.to_string(),
        row.attempt.to_string(),
        harmless(&system.sources[row.source as usize].name).into_owned(),
        harmless(class_name(system, row.class)).into_owned(),
        harmless(service).into_owned(),
        row.worker
            .map_or_else(String::new, |n| format!("{service}[{n}]")),
        row.born.to_string(),
        row.arrived.to_string(),
        maybe(row.start),
        maybe(row.end),
        row.work.to_string(),
        outcome.map_or("", |o| o.word()).to_owned(),
        outcome
            .and_then(|o| o.code())
            .map_or_else(String::new, |c| c.to_string()),
    ]
}
