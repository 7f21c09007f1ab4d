//! `hunt.csv`: a row a seed.

use super::super::csv_table::{CsvTable, harmless};
use super::super::number;
use crate::experiment::hunt::Shot;

const HEADER: [&str; 14] = [
    "seed",
    "end",
    "incident",
    "code",
    "place",
    "time_ns",
    "amount",
    "worst",
    "signature",
    "token",
    "events",
    "fingerprint",
    "set",
    "why",
];

pub(super) fn bytes(shots: &[Shot]) -> Vec<u8> {
    let mut table = CsvTable::new(HEADER);
    shots.iter().for_each(|shot| table.row(row(shot)));
    table.finish()
}

fn row(shot: &Shot) -> Vec<String> {
    let caught = shot.caught();
    let end = match (caught, shot.failed()) {
        (Some(_), _) => "incident",
        (None, Some(_)) => "failed",
        (None, None) => "clean",
    };
    let mut fields = vec![shot.seed.to_string(), end.to_owned()];
    match caught {
        Some(caught) => fields.extend([
            caught.kind.name().to_owned(),
            caught.kind.code().to_string(),
            harmless(&caught.place).into_owned(),
            caught.at.to_string(),
            caught.amount.to_string(),
            number::csv(Some(caught.worst)),
            harmless(&caught.signature).into_owned(),
            caught.token.clone(),
        ]),
        None => fields.extend(vec![String::new(); 8]),
    }
    let set = shot.settings.iter();
    let set: Vec<String> = set.map(|(path, value)| format!("{path}={value}")).collect();
    fields.extend([
        shot.events.to_string(),
        format!("{:016x}", shot.fingerprint),
        harmless(&set.join("; ")).into_owned(),
        harmless(shot.failed().unwrap_or_default()).into_owned(),
    ]);
    fields
}
