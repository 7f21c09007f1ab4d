//! The pages tell the truth: their files are read and run, every key, metric and named thing of
//! this version is on its page, links lead somewhere, and the examples of the codes are what
//! veltrix prints (`VELTRIX_UPDATE=1` writes them anew).

#![allow(clippy::unwrap_used)]

#[path = "docs/codes.rs"]
mod codes;
#[path = "program/mod.rs"]
mod program;
#[path = "docs/sensitivity.rs"]
mod sensitivity;
#[path = "docs/verify.rs"]
mod verify;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use program::veltrix;
use veltrix::config::keys::BLOCKS;

const PAGES: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/confidence.md",
    "docs/compare.md",
    "docs/coverage.md",
    "docs/determinism.md",
    "docs/explain.md",
    "docs/fit.md",
    "docs/find.md",
    "docs/format.md",
    "docs/glossary.md",
    "docs/incidents.md",
    "docs/incidents/README.md",
    "docs/incidents/auth-retry-loop.md",
    "docs/incidents/collapse-without-backoff.md",
    "docs/incidents/membership-storm.md",
    "docs/incidents/metastable-toy.md",
    "docs/incidents/mongodb-retries.md",
    "docs/incidents/poison-message.md",
    "docs/incidents/restart-herd.md",
    "docs/incidents/session-overflow.md",
    "docs/incidents/storage-leak.md",
    "docs/hunt.md",
    "docs/rare.md",
    "docs/replay.md",
    "docs/semantics.md",
    "docs/shrink.md",
    "docs/validation.md",
    "docs/verify.md",
    "docs/sensitivity.md",
    "experiments/data/README.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// An empty folder of its own.
fn folder(name: &str) -> PathBuf {
    program::folder(&format!("docs-{name}"))
}

/// What a page's marked blocks are: kind, file name, text.
fn blocks(page: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let mark = line
            .strip_prefix("<!-- ")
            .and_then(|l| l.strip_suffix(" -->"));
        let Some((kind, name)) = mark.and_then(|m| m.split_once(": ")) else {
            continue;
        };
        if !["model", "experiment", "data", "find"].contains(&kind) {
            continue;
        }
        let fence = lines.find(|l| !l.is_empty()).unwrap();
        assert!(
            fence.starts_with("```"),
            "{name}: no block follows, but {fence:?}"
        );
        let text = lines.by_ref().take_while(|l| *l != "```");
        let text: String = text.map(|l| format!("{l}\n")).collect();
        found.push((kind.to_owned(), name.to_owned(), text));
    }
    found
}

#[test]
fn files_in_the_pages_can_be_checked_and_run() {
    for (name, least) in [
        ("README.md", 2),
        ("docs/format.md", 3),
        ("docs/confidence.md", 3),
        ("docs/rare.md", 2),
        ("docs/compare.md", 2),
    ] {
        let blocks = blocks(&page(name));
        assert!(blocks.len() >= least, "{name} has {} files", blocks.len());
        let folder = folder(&name.replace('/', "-"));
        for (_, file, text) in &blocks {
            fs::write(folder.join(file), text).unwrap();
        }
        for (kind, file, _) in &blocks {
            if kind == "data" {
                continue;
            }
            let (exit, out, err) = veltrix(&folder, &["check", file]);
            assert_eq!((exit, err.as_str()), (0, ""), "{name}: {file}");
            let article = if kind == "model" { "a" } else { "an" };
            assert!(
                out.starts_with(&format!("{file}: ok, {article} {kind}: ")),
                "{out}"
            );
            if kind == "experiment" {
                let (exit, _, err) =
                    veltrix(&folder, &["run", file, "--out", &format!("out-{file}")]);
                assert!([0, 3].contains(&exit), "{name}: {file}: {exit} {err}");
            }
        }
    }
}

#[test]
fn the_example_of_find_is_found() {
    let folder = folder("find");
    let blocks = blocks(&page("docs/find.md"));
    assert_eq!(blocks.len(), 2);
    for (_, file, text) in &blocks {
        fs::write(folder.join(file), text).unwrap();
    }
    let (exit, out, err) = veltrix(&folder, &["check", "shop-size.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    assert!(
        out.contains("an experiment for `veltrix find`: 1 variant, 80 points"),
        "{out}"
    );
    let (exit, out, err) = veltrix(&folder, &["find", "shop-size.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    for word in [
        "winner  ",
        "sure    95 %",
        "fails   ",
        "binds   ",
        "money   ",
        "took    ",
    ] {
        assert!(out.contains(word), "no {word:?} in\n{out}");
    }
}

/// The rows of the table after a mark, cells apart.
fn table_after(page: &str, mark: &str) -> Vec<Vec<String>> {
    let Some((_, rest)) = page.split_once(mark) else {
        panic!("docs/format.md has no {mark:?}");
    };
    let rows = rest.lines().skip_while(|l| !l.starts_with('|')).skip(2);
    rows.take_while(|l| l.starts_with('|'))
        .map(|l| {
            l.trim_matches('|')
                .split(" | ")
                .map(|c| c.trim().to_owned())
                .collect()
        })
        .collect()
}

/// What stands in backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_key_is_on_the_format_page_with_its_default() {
    let page = page("docs/format.md");
    for block in BLOCKS {
        let rows = table_after(&page, &format!("<!-- keys: {} -->", block.name));
        let named: Vec<&str> = rows.iter().flat_map(|row| quoted(&row[0])).collect();
        let known: Vec<&str> = block.keys.iter().map(|k| k.name).collect();
        let (a, b): (BTreeSet<_>, BTreeSet<_>) = (named.iter().collect(), known.iter().collect());
        assert_eq!(a, b, "keys of {}", block.name);
        for key in block.keys.iter().filter(|k| !k.default.is_empty()) {
            let row = rows
                .iter()
                .find(|r| quoted(&r[0]).contains(&key.name))
                .unwrap();
            let defaults = quoted(row.last().unwrap());
            let name = block.name;
            assert!(
                defaults.contains(&key.default),
                "{name} {}: {}",
                key.name,
                key.default
            );
        }
    }
}

#[test]
fn every_key_of_later_versions_is_said_to_be_refused() {
    let page = page("docs/format.md");
    let rows = table_after(&page, "Part of the format and refused with VX1010");
    for block in BLOCKS.iter().filter(|b| !b.later.is_empty()) {
        let row = rows.iter().find(|r| r[0].trim_matches('`') == block.name);
        let row = row.unwrap_or_else(|| panic!("no row for {}", block.name));
        assert_eq!(quoted(&row[1]), block.later, "{}", block.name);
    }
}

fn listed(topic: &str) -> Vec<String> {
    let (exit, out, _) = veltrix(root(), &["list", topic]);
    assert_eq!(exit, 0);
    let names = out.lines().filter_map(|l| l.split_whitespace().next());
    names.map(str::to_owned).collect()
}

#[test]
fn every_metric_and_series_is_on_the_format_page() {
    let page = page("docs/format.md");
    let all = listed("metrics").into_iter();
    for name in all.chain(veltrix::model::series::NAMES.map(str::to_owned)) {
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/format.md has no {name}"
        );
    }
}

#[test]
fn everything_with_a_name_has_a_section_of_semantics() {
    let page = page("docs/semantics.md");
    for topic in [
        "policies",
        "breakers",
        "budgets",
        "shedders",
        "scalers",
        "faults",
        "arrivals",
        "distributions",
    ] {
        for name in listed(topic) {
            let has = |l: &str| {
                let heading = l.strip_prefix("### ");
                heading.is_some_and(|h| quoted(h).contains(&name.as_str()))
            };
            assert!(
                page.lines().any(has),
                "docs/semantics.md has no section for {topic} {name}"
            );
        }
    }
}

#[test]
fn links_lead_somewhere() {
    for name in PAGES.iter().filter(|p| root().join(p).exists()) {
        let text = page(name);
        let here = root().join(name);
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split(')').next().unwrap();
            if target.starts_with("http") || target.starts_with('#') {
                continue;
            }
            let (file, part) = target.split_once('#').unwrap_or((target, ""));
            let file = here.parent().unwrap().join(file);
            assert!(file.exists(), "{name}: {target}");
            let anchor = |l: &str| {
                let words = l.trim_start_matches('#').trim().to_lowercase();
                let kept = words
                    .chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
                kept.collect::<String>().replace(' ', "-")
            };
            let has = || {
                let text = fs::read_to_string(&file).unwrap();
                text.lines()
                    .filter(|l| l.starts_with('#'))
                    .any(|l| anchor(l) == part)
            };
            assert!(part.is_empty() || has(), "{name}: {target}");
        }
    }
}

#[test]
fn lines_of_pages_are_narrow_but_for_tables() {
    for name in PAGES.iter().filter(|p| root().join(p).exists()) {
        for (i, line) in page(name).lines().enumerate() {
            let fine = line.starts_with('|') || line.chars().count() <= 100;
            assert!(fine, "{name}:{}", i + 1);
        }
    }
}
