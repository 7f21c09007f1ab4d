//! `trials.csv`: a row a trial, failed ones included.

use super::csv_table::{CsvTable, harmless};
use super::number;
use crate::experiment::design::Design;
use crate::experiment::results::{Results, TrialResult, TrialStatus};

/// The file.
pub fn bytes(design: &Design, results: &Results) -> Vec<u8> {
    let mut header = vec!["point".to_owned(), "variant".into(), "replication".into()];
    header.push("seed".into());
    header.extend(
        design
            .metrics
            .iter()
            .map(|m| harmless(&m.to_string()).into_owned()),
    );
    header.extend(["fingerprint".into(), "demand".into(), "status".into()]);
    let mut table = CsvTable::new(header);
    for trial in &results.trials {
        table.row(row(design, trial));
    }
    table.finish()
}

fn row(design: &Design, trial: &TrialResult) -> Vec<String> {
    let variant = design.points[trial.point].variant;
    let mut fields = vec![
        trial.point.to_string(),
        harmless(&design.variants[variant].name).into_owned(),
        trial.replication.to_string(),
        design.seed.to_string(),
    ];
    let value = |i: usize| trial.values.get(i).copied().flatten();
    fields.extend((0..design.metrics.len()).map(|i| number::csv(value(i))));
    match &trial.status {
        TrialStatus::Done => {
            let hashes = [trial.fingerprint, trial.demand].map(|h| format!("{h:016x}"));
            fields.extend(hashes);
            fields.push("done".into());
        }
        TrialStatus::Failed(why) => {
            fields.extend([
                String::new(),
                String::new(),
                harmless(&format!("failed: {why}")).into_owned(),
            ]);
        }
    }
    fields
}
