//! A trial as an experiment of one point: the same seed, times and detectors.

use std::path::Path;

use super::MODEL;
use super::pen::{list, number, table};
use crate::base::units::{Nanos, print_time};
use crate::config::decode::Cx;
use crate::config::diagnostic::Diagnostics;
use crate::config::files::InputKind;
use crate::config::tree::quoted;
use crate::config::{Loaded, Overrides};
use crate::experiment::incident::Case;
use crate::model::incident::{DETECTORS, Row, Rule, Window};
use crate::model::trial::Horizon;

/// What the text of an experiment is called beside its model.
pub const EXPERIMENT: &str = "experiment.toml";

fn time(nanos: Nanos) -> String {
    quoted(&print_time(nanos).replace(' ', ""))
}

/// Writes a trial as an experiment that names its model [`MODEL`]; the trial is the last of its
/// replications.
pub fn write_experiment(case: &Case, title: &str) -> String {
    let timing = &case.run.timing;
    let horizon = match timing.horizon {
        Horizon::For(length) => time(length),
        Horizon::Trace => quoted("trace"),
    };
    let mut text = String::new();
    for (key, value) in [
        ("title", quoted(title)),
        ("model", quoted(MODEL)),
        ("seed", quoted(&case.run.seed.to_string())),
        ("warm_up", time(timing.warm_up)),
        ("horizon", horizon),
        ("drain", time(timing.drain)),
        ("window", time(timing.window)),
        (
            "replications",
            (u64::from(case.run.replication) + 1).to_string(),
        ),
    ] {
        text.push_str(&format!("{key} = {value}\n"));
    }
    let rules = &case.run.look_for.rules;
    if rules.built_in.is_empty() {
        text.push_str("detectors = \"none\"\n");
    }
    if !rules.budgets.is_empty() {
        let lines = rules.budgets.iter().map(|b| quoted(&b.text));
        text.push_str(&format!("\n[objective]\nsubject_to = {}\n", list(lines)));
    }
    if !rules.built_in.is_empty() {
        text.push_str("\n[detectors]\n");
        for row in &DETECTORS {
            let rule = rules.get(row.kind);
            if rule != Some(&Rule::of(row)) {
                let value = rule.map_or("false".into(), |r| detector(r, row));
                text.push_str(&format!("{} = {value}\n", row.name));
            }
        }
    }
    for own in &rules.own {
        text.push_str(&format!("\n[[incident]]\nwhen = {}\n", quoted(&own.text)));
    }
    text
}

/// A detector that is not as it usually is.
fn detector(rule: &Rule, row: &Row) -> String {
    let mut params = Vec::new();
    if let Some((key, usual, _)) = row.threshold
        && rule.threshold != usual
    {
        params.push((key, number(rule.threshold)));
    }
    if let Window::Of(window) = rule.window
        && row.window.is_some()
        && row.window != Some(rule.window)
    {
        params.push(("window", time(window)));
    }
    if let Some((key, usual)) = row.count
        && rule.count != usual
    {
        params.push((key, rule.count.to_string()));
    }
    if !rule.workers.is_empty() {
        let worker = |(name, number): &(String, u32)| quoted(&format!("{name}[{number}]"));
        params.push(("workers", list(rule.workers.iter().map(worker))));
    }
    table(&params)
}

/// Reads an experiment from memory: [`EXPERIMENT`] among `files`, with all that it names. The disk
/// is not looked at.
///
/// # Errors
/// Every mistake found, in file order.
pub fn read_experiment(files: &[(String, String)]) -> Result<Loaded, Diagnostics> {
    let path = Path::new(EXPERIMENT);
    let mut cx = Cx::new(Path::new(""));
    cx.files.only(files.iter());
    let root = crate::config::root(&mut cx, path, InputKind::Experiment);
    let loaded = root.and_then(|root| cx.experiment(&root, path, &Overrides::default()));
    crate::config::finish_experiment(cx, loaded)
}
