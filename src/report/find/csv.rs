//! `find.csv`: a row a point that was looked at, in the order in which that was done.

use super::super::csv_table::{CsvTable, harmless};
use super::super::number;
use super::Found;
use crate::experiment::find::{Fate, Looked};

pub(super) fn bytes(found: Found<'_>) -> Vec<u8> {
    let mut table = CsvTable::new(header(found));
    for looked in &found.answer.looked {
        table.row(row(found, looked));
    }
    table.finish()
}

fn paths<'a>(found: Found<'a>) -> impl Iterator<Item = &'a str> {
    let axes = found.design.axes.iter();
    axes.flat_map(|a| a.paths.iter().map(String::as_str))
}

fn header(found: Found<'_>) -> Vec<String> {
    let mut names: Vec<String> = ["step", "point", "variant"].map(str::to_owned).to_vec();
    names.extend(paths(found).map(str::to_owned));
    names.push(found.objective.minimise.to_string());
    names.extend(["decision", "why", "round", "trials", "requests"].map(str::to_owned));
    for check in &found.checks.list {
        let name = harmless(&check.constraint.metric.to_string()).into_owned();
        names.extend([
            name.clone(),
            format!("{name}_error"),
            format!("{name}_certainty_missed"),
        ]);
    }
    names
}

fn row(found: Found<'_>, looked: &Looked) -> Vec<String> {
    let (variant, settings) = found.settings_of(looked.point);
    let value = |path: &str| settings.iter().find(|(p, _)| *p == path).map(|(_, v)| *v);
    let mut fields = vec![
        looked.step.to_string(),
        looked.point.to_string(),
        harmless(variant).into_owned(),
    ];
    fields.extend(paths(found).map(|p| harmless(value(p).unwrap_or("")).into_owned()));
    fields.push(number::csv(Some(looked.cost)));
    fields.push(looked.fate.word().to_owned());
    let why = match &looked.fate {
        Fate::Theory(why) | Fate::Failed(why) => why.clone(),
        Fate::Missed(check) | Fate::Near(check) => {
            found.checks.list[*check].constraint.text.clone()
        }
        _ => String::new(),
    };
    fields.push(harmless(&why).into_owned());
    fields.push(looked.round.to_string());
    fields.push(looked.trials.to_string());
    fields.push(looked.requests.to_string());
    for (seen, certainty) in looked.seen.iter().zip(&looked.certainty) {
        fields.push(number::csv(seen.map(|s| s.estimate)));
        fields.push(number::csv(seen.map(|s| s.error)));
        fields.push(number::csv(seen.map(|_| *certainty)));
    }
    fields
}
