//! `veltrix list`: what there is, one line each.

use clap::ValueEnum;

use super::args::{ListArgs, Topic};
use super::exit::Exit;
use super::streams::Streams;
use crate::base::codes::CODES;
use crate::model::balancer::POLICIES;
use crate::model::breaker::BREAKERS;
use crate::model::budget::BUDGETS;
use crate::model::fault::FAULTS;
use crate::model::incident::DETECTORS;
use crate::model::metric::{FAMILIES, TABLE, Unit};
use crate::model::scale::SCALERS;
use crate::model::shed::SHEDDERS;
use crate::model::source::ARRIVALS;
use crate::model::spec::DISTRIBUTIONS;
use crate::report::table::{Align, Table};

type Lines = &'static [(&'static str, &'static str)];

/// Prints one topic, or all of them.
pub fn list(args: &ListArgs, streams: &mut Streams<'_>) -> Exit {
    let text = match args.topic {
        Some(topic) => lines(topic),
        None => all(),
    };
    streams.data(text.as_bytes(), Exit::Done)
}

fn all() -> String {
    let mut text = String::new();
    for topic in Topic::value_variants() {
        let name = topic.to_possible_value().map(|v| v.get_name().to_owned());
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}{}\n", name.unwrap_or_default()));
        text.extend(lines(*topic).lines().map(|line| format!("  {line}\n")));
    }
    text
}

fn lines(topic: Topic) -> String {
    match topic {
        Topic::Policies => fixed(POLICIES),
        Topic::Distributions => distributions(),
        Topic::Arrivals => fixed(ARRIVALS),
        Topic::Breakers => fixed(BREAKERS),
        Topic::Budgets => fixed(BUDGETS),
        Topic::Shedders => fixed(SHEDDERS),
        Topic::Scalers => fixed(SCALERS),
        Topic::Faults => fixed(FAULTS),
        Topic::Metrics => metrics(),
        Topic::Detectors => detectors(),
        Topic::Codes => {
            let mut table = Table::new(&[Align::Left, Align::Left]);
            for row in CODES {
                table.row([row.code.to_string(), row.meaning.to_owned()]);
            }
            table.print()
        }
    }
}

fn fixed(lines: Lines) -> String {
    let mut table = Table::new(&[Align::Left, Align::Left]);
    for (name, about) in lines {
        table.row([*name, *about]);
    }
    table.print()
}

fn distributions() -> String {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left]);
    for row in DISTRIBUTIONS {
        table.row([row.0, row.1, row.2]);
    }
    table.print()
}

fn detectors() -> String {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left]);
    for row in &DETECTORS {
        table.row([
            row.name.to_owned(),
            row.code.to_string(),
            row.meaning.to_owned(),
        ]);
    }
    table.print()
}

fn metrics() -> String {
    let mut table = Table::new(&[Align::Left, Align::Left, Align::Left]);
    for row in TABLE {
        table.row([row.name, unit(row.unit), row.about]);
    }
    for family in FAMILIES {
        table.row([family.pattern, "", family.about]);
    }
    table.print()
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::PerSecond => "/s",
        Unit::Share => "share",
        Unit::Count => "",
        Unit::Bytes => "bytes",
        Unit::Money => "money",
    }
}
