//! `series.csv`: a row a trial, window and name.

use super::csv_table::CsvTable;
use super::number;
use crate::experiment::results::Results;
use crate::model::series::NAMES;

/// The file. `start_s` is the start of the window, in virtual time from the start of the run.
pub fn bytes(results: &Results) -> Vec<u8> {
    let mut table = CsvTable::new(["point", "replication", "start_s", "name", "value"]);
    for trial in &results.trials {
        let series = &trial.series;
        let (point, replication) = (trial.point.to_string(), trial.replication.to_string());
        for (window, row) in (0u64..).zip(&series.rows) {
            let start = number::seconds(series.start + window * series.window);
            for (name, value) in NAMES.iter().zip(row) {
                let value = number::csv(Some(*value));
                table.row([&point, &replication, &start, *name, &value]);
            }
        }
    }
    table.finish()
}
