//! The rules of the house, as tests: who may import whom, who alone may use a crate, how long a
//! file may be. They read the sources as text, with nothing but the standard library. When one
//! fails it names the file, the line and the rule. `docs/architecture.md` says why.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Each floor and the floors it may import, from the cellar up. The maths that both `engine` and
/// `stats` need lies in `base`, which all may use.
const FLOORS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("engine", &["base"]),
    ("stats", &["base"]),
    ("model", &["base", "engine", "stats"]),
    ("experiment", &["base", "engine", "stats", "model"]),
    ("fit", &["base", "engine", "stats", "model"]),
    ("config", &["base", "fit", "model", "experiment"]),
    ("report", &["base", "stats", "model", "experiment"]),
    ("verify", &["base", "model", "experiment"]),
    (
        "cli",
        &[
            "base",
            "fit",
            "model",
            "experiment",
            "config",
            "report",
            "verify",
        ],
    ),
];

/// Crates that only one place may use.
const ONLY: &[(&[&str], &str)] = &[
    (&["toml"], "config/"),
    (&["plotters"], "report/"),
    (&["postcard"], "report/"),
    (&["clap", "indicatif", "signal_hook"], "cli/"),
    (&["rayon"], "experiment/"),
    (&["rand", "rand_chacha"], "engine/rng.rs"),
    (&["libm"], "base/math.rs"),
];

/// Files that may be longer: catalogues, where a reader looks up one row and leaves.
const LONG: &[(&str, &str)] = &[];

const MAX_LINES: usize = 500;
const MAX_COLUMNS: usize = 100;

/// One file of `src/`: its path below `src/`, with `/`, and its text.
struct Source {
    name: String,
    text: String,
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The folder or file that stands directly in `src/`.
    fn floor(&self) -> &str {
        let first = self.name.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules lie between the root of the crate and the inside of this file.
    fn depth(&self) -> usize {
        self.name
            .split('/')
            .filter(|part| *part != "mod.rs")
            .count()
    }

    /// Lines with their numbers, from 1, and what is left of them without comments and the
    /// insides of strings.
    fn code(&self) -> impl Iterator<Item = (usize, String)> {
        self.text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, bare(line)))
    }

    /// How many lines stand before the tests.
    fn length(&self) -> usize {
        let tests = self.text.find("#[cfg(test)]\nmod tests {");
        let before = tests.map_or(&*self.text, |tests| &self.text[..tests]);
        before.lines().count()
    }
}

/// A line without its `//` comment and with its string literals emptied. Strings that go over
/// several lines are seen line by line, which is good enough for the words looked for here.
fn bare(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars().peekable();
    let mut inside = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if inside => {
                chars.next();
            }
            '\'' if !inside && chars.peek() == Some(&'"') => {
                chars.next();
            }
            '"' => {
                inside = !inside;
                out.push('"');
            }
            '/' if !inside && chars.peek() == Some(&'/') => break,
            _ if inside => {}
            _ => out.push(c),
        }
    }
    out
}

/// Whether `word` stands in `text` as a whole identifier; where it does, what follows.
fn after_word<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .filter(|(at, _)| !text[..*at].ends_with(part))
        .map(|(at, _)| &text[at + word.len()..])
        .filter(|rest| !rest.starts_with(part))
        .collect()
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_str().unwrap().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    if folder.is_dir() {
        walk(&folder, ending, &mut found);
    }
    found.sort();
    found
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        Source {
            name,
            text: fs::read_to_string(&path).unwrap(),
        }
    };
    files(folder, ".rs").into_iter().map(read).collect()
}

#[track_caller]
fn none(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// The floors that the paths on a line lead to: `crate::NAME` and `crate::{NAME, …}`.
fn floors_named(line: &str) -> Vec<&str> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    for rest in after_word(line, "crate") {
        let Some(rest) = rest.strip_prefix("::") else {
            continue;
        };
        match rest.strip_prefix('{') {
            Some(group) => {
                // Only the first name of each element is a floor; deeper groups are skipped.
                let mut depth = 0;
                for element in group.split_inclusive([',', '{', '}']) {
                    if depth == 0 {
                        let name = element.trim_start();
                        names.push(&name[..name.find(|c| !part(c)).unwrap_or(name.len())]);
                    }
                    match element.chars().last() {
                        Some('{') => depth += 1,
                        Some('}') if depth == 0 => break,
                        Some('}') => depth -= 1,
                        _ => {}
                    }
                }
            }
            None => names.push(&rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())]),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The same for paths that climb: `super::super::NAME` from a file whose module lies `depth` deep.
fn floors_climbed_to(line: &str, depth: usize) -> Vec<&str> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    for rest in after_word(line, "super") {
        let (mut climbed, mut rest) = (1, rest.strip_prefix("::").unwrap_or_default());
        while let Some(further) = rest.strip_prefix("super::") {
            (climbed, rest) = (climbed + 1, further);
        }
        if climbed >= depth {
            names.push(&rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())]);
        }
    }
    names
}

/// One violation for each path that leads up or across.
fn layering(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources
        .iter()
        .filter(|s| !matches!(&*s.name, "lib.rs" | "main.rs"))
    {
        let floor = source.floor();
        let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == floor) else {
            violations.push(format!(
                "src/{}: `{floor}` is no floor of the house",
                source.name
            ));
            continue;
        };
        // A `use crate::{` may go over several lines: they are joined to one statement.
        let mut open: Option<(usize, String)> = None;
        for (number, line) in source.code() {
            let (number, line) = match open.take() {
                Some((first, so_far)) => (first, so_far + " " + line.trim()),
                None => (number, line),
            };
            if line.trim_start().contains("use ") && !line.contains(';') && line.contains('{') {
                open = Some((number, line));
                continue;
            }
            let line = line.replace("{ ", "{");
            let climbed = floors_climbed_to(&line, source.depth());
            for name in floors_named(&line).into_iter().chain(climbed) {
                let known = FLOORS.iter().any(|(other, _)| *other == name);
                if known && name != floor && !allowed.contains(&name) {
                    let file = &source.name;
                    violations.push(format!("src/{file}:{number}: `{floor}` imports `{name}`"));
                }
            }
        }
    }
    violations
}

/// One violation for each use of a crate outside its place.
fn strangers(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources {
        for (number, line) in source.code() {
            for (crates, place) in ONLY {
                if source.name.starts_with(place) {
                    continue;
                }
                for name in *crates {
                    let path = after_word(&line, name)
                        .iter()
                        .any(|rest| rest.starts_with("::"));
                    let file = &source.name;
                    if path && !line.contains(&format!("crate::{name}::")) {
                        violations.push(format!("src/{file}:{number}: only {place} says {name}::"));
                    }
                }
            }
        }
    }
    violations
}

/// Line and word for each banned word in the code of a file; comments count for `words`.
fn banned(folder: &str, source: &Source) -> Vec<String> {
    // Put together here, so that this file does not find itself.
    let anywhere = [
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("TO", "DO"),
    ];
    let code = [
        concat!("todo", "!"),
        concat!("unimplemented", "!"),
        concat!("dbg", "!"),
        concat!("#[ign", "ore"),
        concat!("Hash", "Map"),
        concat!("Hash", "Set"),
    ];
    let mut violations = Vec::new();
    for ((number, bare), line) in source.code().zip(source.text.lines()) {
        let words = anywhere
            .iter()
            .filter(|word| !after_word(line, word).is_empty());
        let code = code.iter().filter(|word| bare.contains(**word));
        for word in words.chain(code) {
            violations.push(format!("{folder}/{}:{number}: no {word}", source.name));
        }
    }
    violations
}

#[test]
fn imports_go_down_the_stairs() {
    none(layering(&sources("src")));
}

#[test]
fn a_planted_violation_is_found() {
    let planted = [
        Source::new(
            "engine/queue.rs",
            "//! A queue.\nuse crate::base::ids;\nuse crate::model::X;",
        ),
        Source::new(
            "stats/mod.rs",
            "use crate::{base::units, engine::{rng, dist}};",
        ),
        Source::new(
            "model/mod.rs",
            "use crate::{\n    base::codes,\n    cli::run,\n};\n",
        ),
        Source::new("report/mod.rs", "fn f() { let _ = crate::config::load(); }"),
        Source::new(
            "config/mod.rs",
            "// crate::report is not known here\nuse crate::model::spec;",
        ),
        Source::new(
            "base/mod.rs",
            "const S: &str = \"crate::cli\";\nuse crate::base::ids;",
        ),
        Source::new(
            "stats/student.rs",
            "use super::super::model::spec;\nuse super::engine;",
        ),
        Source::new("attic/mod.rs", ""),
        Source::new("lib.rs", "use crate::cli::run;"),
    ];
    let expected = [
        "src/engine/queue.rs:3: `engine` imports `model`",
        "src/stats/mod.rs:1: `stats` imports `engine`",
        "src/model/mod.rs:1: `model` imports `cli`",
        "src/report/mod.rs:1: `report` imports `config`",
        "src/stats/student.rs:1: `stats` imports `model`",
        "src/attic/mod.rs: `attic` is no floor of the house",
    ];
    assert_eq!(layering(&planted), expected);
}

#[test]
fn some_crates_have_one_place() {
    none(strangers(&sources("src")));
}

#[test]
fn a_planted_stranger_is_found() {
    let planted = [
        Source::new(
            "engine/rng.rs",
            "use rand::RngCore;\nuse rand_chacha::ChaCha8Rng;",
        ),
        Source::new("engine/dist.rs", "use rand::RngCore;\nlet operand::x = 1;"),
        Source::new("report/mod.rs", "toml::from_str(); // toml::from_str()"),
        Source::new("experiment/run.rs", "use rayon::prelude::*;"),
    ];
    let expected = [
        "src/engine/dist.rs:1: only engine/rng.rs says rand::",
        "src/report/mod.rs:1: only config/ says toml::",
    ];
    assert_eq!(strangers(&planted), expected);
}

#[test]
fn every_file_begins_with_what_it_is_for() {
    let silent = |folder: &str| {
        let sources = sources(folder)
            .into_iter()
            .filter(|s| !s.text.starts_with("//! "));
        sources
            .map(|s| format!("{folder}/{}:1: begin with //!", s.name))
            .collect::<Vec<_>>()
    };
    none(
        ["src", "tests", "benches"]
            .into_iter()
            .flat_map(silent)
            .collect(),
    );
}

#[test]
fn files_are_short_and_lines_are_narrow() {
    let mut violations = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for source in sources(folder) {
            let name = format!("{folder}/{}", source.name);
            let length = source.length();
            let catalogue = LONG
                .iter()
                .any(|(long, reason)| *long == name && !reason.is_empty());
            if length > MAX_LINES && !catalogue {
                violations.push(format!("{name}: {length} lines before its tests"));
            }
            for (i, line) in source.text.lines().enumerate() {
                if line.chars().count() > MAX_COLUMNS {
                    violations.push(format!("{name}:{}: over {MAX_COLUMNS} columns", i + 1));
                }
            }
        }
    }
    for (name, _) in LONG {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let lines = fs::read_to_string(path).map_or(0, |text| text.lines().count());
        if lines <= MAX_LINES {
            violations.push(format!("{name}: no longer long, take it off the list"));
        }
    }
    none(violations);
}

#[test]
fn nothing_is_left_for_later() {
    let found = ["src", "tests", "benches"].into_iter().flat_map(|folder| {
        sources(folder)
            .into_iter()
            .flat_map(move |source| banned(folder, &source))
    });
    none(found.collect());
}

#[test]
fn a_planted_leftover_is_found() {
    let (mark, map) = (concat!("FIX", "ME"), concat!("Hash", "Map"));
    let text = format!("// no {map}\nlet m = {map}::new(); // {mark}\nprint(\"dbg!\");\n");
    let expected = [
        format!("src/a.rs:2: no {mark}"),
        format!("src/a.rs:2: no {map}"),
    ];
    assert_eq!(banned("src", &Source::new("a.rs", &text)), expected);
}

#[test]
fn the_product_has_no_unsafe() {
    let word = concat!("un", "safe");
    let found = sources("src").into_iter().flat_map(|source| {
        let lines = source
            .code()
            .filter(|(_, line)| !after_word(line, word).is_empty());
        lines
            .map(|(n, _)| format!("src/{}:{n}: {word}", source.name))
            .collect::<Vec<_>>()
    });
    none(found.collect());
}

/// A path of somebody's machine in a file of the project works for nobody else.
#[test]
fn no_path_of_a_machine() {
    let roots = ["home", "root", "work", "tmp", "Users", "mnt"];
    let starts: Vec<_> = roots.iter().map(|root| format!("/{root}/")).collect();
    let mut violations = Vec::new();
    for folder in ["src", "tests", "benches", "docs", "models", "experiments"] {
        for ending in [".rs", ".md", ".toml"] {
            for path in files(folder, ending) {
                // Some inputs are wrong on purpose and not even text.
                let Ok(text) = fs::read_to_string(&path) else {
                    continue;
                };
                for (i, line) in text.lines().enumerate() {
                    let at = starts.iter().filter_map(|start| line.find(start));
                    // `a/tmp/b` is a relative path: the slash must begin a word.
                    let whole = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric());
                    if at.into_iter().any(whole) {
                        violations.push(format!("{}:{}", path.display(), i + 1));
                    }
                }
            }
        }
    }
    none(violations);
}
