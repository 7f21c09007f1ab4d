//! Whether the system comes back by itself, in words and as a chart.

use super::super::chart::{Axis, Heatmap, HeatmapCell, Scale, Unit};
use super::super::show;
use super::super::table::{Align, Table};
use super::text::fitted;
use super::{Told, words};
use crate::experiment::explain::{CUTS, Course, Map, NoMap, Recovery, UP};
use crate::model::spec::SystemSpec;

/// A share of what is offered.
fn answered(course: &Course) -> String {
    match course.share > 0.0 {
        true => format!("{} of what was offered", show::share(course.share)),
        false => "nothing of what was offered".to_owned(),
    }
}

/// Faults by their names.
fn names(spec: &SystemSpec, faults: &[usize]) -> String {
    let names: Vec<String> = faults
        .iter()
        .map(|&f| format!("`{}`", spec.faults[f].name))
        .collect();
    match names.split_last() {
        None => String::new(),
        Some((one, [])) => one.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// A multiple, such as `x0.25`.
fn times(factor: f64) -> String {
    format!("x{factor}")
}

/// Whether it comes back once nothing strikes any more.
pub fn recovery(told: &Told<'_>, found: &Recovery) -> String {
    let spec = &told.case.system;
    let (at, watched) = (words::moment(found.at), words::length(found.watched));
    let end = match found.ended.as_slice() {
        [] => format!("from {at} on"),
        some => format!(
            "with {} ended at {at} and nothing after that",
            names(spec, some)
        ),
    };
    let outcome = match found.course.back {
        Some(0) => "the system is up all the time".to_owned(),
        Some(back) => format!("the system is up for good {} later", words::length(back)),
        None => format!(
            "the system stays down: {watched} later it answers {} in time",
            answered(&found.course)
        ),
    };
    fitted(&format!(
        "\nOnce nothing strikes any more, {end}: {outcome}.\n"
    ))
}

/// Why there is no map.
pub fn no_map(told: &Told<'_>, why: &NoMap) -> String {
    let why = match why {
        NoMap::Source(source) => format!(
            "the load of `{}` cannot be scaled; that of `poisson`, `constant` and `mmpp` arrivals \
             without a profile can",
            told.case.system.sources[*source].name
        ),
        NoMap::Trace => "the run is as long as its trace".to_owned(),
    };
    fitted(&format!("\nNo map of loads: {why}.\n"))
}

/// At which loads it stays down.
pub fn map(told: &Told<'_>, map: &Map) -> String {
    let spec = &told.case.system;
    let rate = |load: f64| words::rate(map.rate * load);
    let watched = words::length(map.watched);
    let mut text = match map.trigger.is_empty() {
        true => "\nAt other loads, without anything that strikes; nothing that strikes once and \
                 ends was near\n"
            .to_owned(),
        false => format!(
            "\nAt other loads, with {} alone for other times ({} in the run)\n",
            names(spec, &map.trigger),
            words::length(map.lasted)
        ),
    };
    let mut aligned = vec![Align::Left, Align::Right];
    aligned.resize(2 + map.sizes.len(), Align::Right);
    let mut table = Table::new(&aligned);
    let head = |size: &f64| match *size {
        0.0 => "without".to_owned(),
        size => times(size),
    };
    let heads = map.sizes.iter().map(head);
    table.row(
        ["  load".to_owned(), String::new()]
            .into_iter()
            .chain(heads),
    );
    for (number, &load) in map.loads.iter().enumerate() {
        let cells = map.of_load(number).iter();
        let cells = cells.map(|c| match c.is_up() {
            true => "up".to_owned(),
            false => format!("down, {}", show::share(c.share)),
        });
        let row = [format!("  {}", rate(load)), times(load)];
        table.row(row.into_iter().chain(cells));
    }
    let said = fitted(&format!(
        "  up or down {watched} after that, with the share of what is offered that is answered in \
         time; below {} is down\n",
        show::share(UP)
    ));
    text = fitted(&text) + &table.print() + &said;
    text.push_str(&fitted(&verdict(told, map)));
    text
}

/// The regions of load, and what it takes to come back.
fn verdict(told: &Told<'_>, map: &Map) -> String {
    let spec = &told.case.system;
    let rate = |load: f64| words::rate(map.rate * load);
    let mut text = String::new();
    if !map.trigger.is_empty() {
        let trigger = names(spec, &map.trigger);
        text += &match map.stable_to() {
            Some(load) => format!(
                "  stable up to {}: it comes back whatever the size",
                rate(load)
            ),
            None => format!("  not stable at any load down to {}", rate(map.loads[0])),
        };
        if let Some((load, size)) = map.vulnerable_from() {
            let long = words::length((map.lasted as f64 * size) as u64);
            text += &format!(
                "; metastable from {} on, where {trigger} of {long} keeps it down for good",
                rate(load)
            );
        }
        text += "\n";
    }
    text += &match map.down_from() {
        Some(load) => format!("  from {} on it goes down by itself\n", rate(load)),
        None => format!(
            "  up to {} it does not go down by itself\n",
            rate(map.loads[map.loads.len() - 1])
        ),
    };
    let harder = |load: f64| CUTS.iter().rfind(|&&cut| cut > load);
    text += &match map.back_at() {
        Some(load) => {
            let still = match harder(load) {
                Some(&cut) => format!(", but not to {}", show::share(cut)),
                None => String::new(),
            };
            let width = match map.down_from() {
                Some(down) => format!(
                    ": up and down are both possible from {} to {}, a hysteresis of {}",
                    rate(load),
                    rate(down),
                    words::rate(map.rate * (down - load))
                ),
                None => String::new(),
            };
            format!(
                "  after the incident it comes back once the load is cut to {} ({}){still}\
                 {width}\n",
                show::share(load),
                rate(load)
            )
        }
        None => format!(
            "  after the incident it does not come back even at {} of the load ({}): it takes more \
             than less load\n",
            show::share(CUTS[CUTS.len() - 1]),
            rate(CUTS[CUTS.len() - 1])
        ),
    };
    text
}

/// What is answered in time, over load and size.
pub(super) fn chart(told: &Told<'_>, map: &Map) -> Heatmap {
    let spec = &told.case.system;
    let rate = |load: f64| words::rate(map.rate * load);
    let size = |size: &f64| match *size {
        0.0 => "without".to_owned(),
        size => words::length((map.lasted as f64 * size) as u64),
    };
    // Row by row from the bottom.
    let cell = |i: usize| {
        let (size, load) = (i / map.loads.len(), i % map.loads.len());
        Some(HeatmapCell {
            value: map.of_load(load)[size].share,
            meets: None,
        })
    };
    let trigger = match map.trigger.is_empty() {
        true => "trigger".to_owned(),
        false => names(spec, &map.trigger).replace('`', ""),
    };
    let vulnerable = map.vulnerable_from();
    Heatmap {
        title: match (vulnerable, map.down_from()) {
            (Some((load, _)), _) => {
                format!("From {} on, {trigger} can keep the system down", rate(load))
            }
            (None, Some(load)) => format!("From {} on the system is down by itself", rate(load)),
            (None, None) => "The system comes back at every load".to_owned(),
        },
        subtitle: format!(
            "answered in time of what is offered, at the end of the {} after it; one run each; {}, \
             seed {}",
            words::length(map.watched),
            told.label,
            told.case.run.seed
        ),
        x_label: "offered load".into(),
        x_values: map.loads.iter().map(|&load| rate(load)).collect(),
        y_label: format!("{trigger} lasts"),
        y_values: map.sizes.iter().map(size).collect(),
        value: Axis {
            label: "answered in time".into(),
            unit: Unit::Share,
            scale: Scale::Linear,
        },
        cells: (0..map.cells.len()).map(cell).collect(),
    }
}
