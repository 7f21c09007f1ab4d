//! The model and the experiment that show every key show every key.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use toml::Value;
use veltrix::config::keys::{BLOCKS, DIST, Key};

/// Where the tables of each block stand; `*` is any name or place in a list.
const PLACES: &[(&str, &[&str])] = &[
    ("a model", &["model"]),
    ("[source.NAME]", &["model.source.*"]),
    ("[[source.NAME.class]]", &["model.source.*.class.*"]),
    ("key", &["model.source.*.class.*.key"]),
    ("client", &["model.source.*.client"]),
    ("retry", &["model.source.*.client.retry"]),
    ("budget", &["model.source.*.client.retry.budget"]),
    ("hedge", &["model.source.*.client.hedge"]),
    ("limit", &["model.source.*.client.limit"]),
    ("arrivals", &["model.source.*.arrivals"]),
    ("profile", &["model.source.*.arrivals.profile"]),
    ("columns", &["model.source.*.arrivals.columns"]),
    ("a column", &["model.source.*.arrivals.columns.*"]),
    ("[service.NAME]", &["model.service.*"]),
    ("autoscale", &["model.service.*.autoscale"]),
    (
        "a rate",
        &[
            "model.service.*.autoscale.up.*",
            "model.service.*.autoscale.down.*",
        ],
    ),
    (
        "a step of autoscale",
        &["model.service.*.autoscale.steps.*"],
    ),
    ("a step", &["model.service.*.steps.*"]),
    ("cache", &["model.service.*.steps.*.cache"]),
    ("[service.NAME.class.CLASS]", &["model.service.*.class.*"]),
    (
        "[service.NAME.workers]",
        &["model.service.*.workers", "model.service.*.workers.*"],
    ),
    ("cold_start", &["model.service.*.workers.*.cold_start"]),
    ("pressure", &["model.service.*.workers.*.pressure"]),
    ("gc", &["model.service.*.workers.*.gc"]),
    ("shed", &["model.service.*.workers.*.shed"]),
    ("[service.NAME.balancer]", &["model.service.*.balancer"]),
    (
        "breaker",
        &[
            "model.service.*.balancer.breaker",
            "model.source.*.client.breaker",
        ],
    ),
    ("zone_aware", &["model.service.*.balancer.zone_aware"]),
    ("slow_start", &["model.service.*.balancer.slow_start"]),
    ("health", &["model.service.*.balancer.health"]),
    ("outlier", &["model.service.*.balancer.outlier"]),
    ("enforce", &["model.service.*.balancer.outlier.enforce"]),
    (
        "buffer",
        &[
            "model.service.*.workers.*.buffer",
            "model.service.*.balancer.buffer",
        ],
    ),
    (
        "work",
        &["model.service.*.work", "model.source.*.class.*.work"],
    ),
    (
        "memory",
        &["model.service.*.memory", "model.source.*.class.*.memory"],
    ),
    ("[[fault]]", &["model.fault.*"]),
    ("[prices]", &["model.prices"]),
    ("a price table", &["prices"]),
    ("[instance.\"NAME\"]", &["prices.instance.*"]),
    ("an experiment", &["experiment"]),
    ("replications", &["experiment.replications"]),
    ("[[variant]]", &["experiment.variant.*"]),
    ("an axis", &["experiment.sweep.*"]),
    ("[objective]", &["experiment.objective"]),
    ("[rare]", &["experiment.rare"]),
    ("[detectors]", &["experiment.detectors"]),
    ("a detector", &["experiment.detectors.*"]),
    ("[[incident]]", &["experiment.incident.*"]),
    ("[[chart]]", &["experiment.chart.*"]),
];

/// Every key with the path of its table, names and places written as they are.
fn walk(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                found.push((path.to_owned(), key.clone()));
                // A dotted path of a sweep is one name.
                walk(&format!("{path}.{}", key.replace('.', "/")), value, found);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                walk(&format!("{path}.{place}"), item, found);
            }
        }
        _ => {}
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.split('.'), path.split('.'));
    pattern.clone().count() == path.clone().count()
        && pattern.zip(path).all(|(p, name)| p == "*" || p == name)
}

fn read() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for (name, file) in [
        ("model", "models/every-key.toml"),
        ("experiment", "experiments/every-key.toml"),
        ("experiment", "experiments/every-key-2.toml"),
        // Axes that are searched: `run` refuses them.
        ("experiment", "experiments/cheapest.toml"),
        ("prices", "models/every-key/prices.toml"),
    ] {
        let text = fs::read_to_string(root.join(file)).expect(file);
        let value = text.parse::<toml::Table>().expect(file);
        walk(name, &Value::Table(value), &mut found);
    }
    found
}

#[test]
fn every_key_of_the_format_is_shown_at_work() {
    let found = read();
    let everywhere: BTreeSet<&str> = found.iter().map(|(_, key)| key.as_str()).collect();
    let mut missing = Vec::new();
    for block in BLOCKS {
        let places = PLACES.iter().find(|p| p.0 == block.name).map(|p| p.1);
        let shown = |key: &&Key| match places {
            Some(places) => found
                .iter()
                .any(|(path, k)| k == key.name && places.iter().any(|p| matches(p, path))),
            // Distributions stand anywhere.
            None => {
                assert_eq!(block.name, DIST.name, "a block without a place");
                everywhere.contains(key.name)
            }
        };
        let absent = block.keys.iter().filter(|key| !shown(key));
        missing.extend(absent.map(|key| format!("{}: {}", block.name, key.name)));
    }
    assert!(missing.is_empty(), "not shown: {missing:#?}");
}

/// So are the choices that `veltrix list` names: policies, breakers, processes.
#[test]
fn every_choice_of_the_format_is_shown_at_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let both: String = ["models/every-key.toml", "experiments/every-key.toml"]
        .iter()
        .map(|file| fs::read_to_string(root.join(file)).expect(file))
        .collect();
    let choices = [
        veltrix::model::balancer::POLICIES
            .iter()
            .map(|p| p.0)
            .collect::<Vec<_>>(),
        veltrix::model::breaker::BREAKERS
            .iter()
            .map(|p| p.0)
            .collect(),
        veltrix::model::budget::BUDGETS
            .iter()
            .map(|p| p.0)
            .collect(),
        veltrix::model::scale::SCALERS.iter().map(|p| p.0).collect(),
        veltrix::model::shed::SHEDDERS.iter().map(|p| p.0).collect(),
        veltrix::model::source::ARRIVALS
            .iter()
            .map(|p| p.0)
            .collect(),
    ];
    for choice in choices.concat() {
        assert!(
            both.contains(&format!("\"{choice}\"")),
            "{choice} is not shown"
        );
    }
}
