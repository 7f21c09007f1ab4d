//! `series.csv`: a row a trial, window and name.

use std::io::{self, Write};

use super::number;
use crate::experiment::results::Results;
use crate::model::series::NAMES;

/// Writes the file. `start_s` is the start of the window, in virtual time from the start of the
/// run.
///
/// # Errors
/// The writer says no.
pub fn write(results: &Results, to: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(to);
    table.write_record(["point", "replication", "start_s", "name", "value"])?;
    for trial in &results.trials {
        let series = &trial.series;
        let (point, replication) = (trial.point.to_string(), trial.replication.to_string());
        for (window, row) in (0u64..).zip(&series.rows) {
            let start = number::seconds(series.start + window * series.window);
            for (name, value) in NAMES.iter().zip(row) {
                let value = number::csv(Some(*value));
                table.write_record([&point, &replication, &start, *name, &value])?;
            }
        }
    }
    table.flush()
}
