//! The lines of `tests/bad-inputs/manifest.tsv` that are about how the program ends, what it
//! writes and what it leaves alone.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::fixture::{EXPERIMENT, Folder, MODEL, names, with};
use crate::veltrix;

/// An answer is there within 2 s; this much more for a machine that does other things as well.
const SOON: Duration = Duration::from_secs(10);

const SHORT: &str = "model = \"model.toml\"\nhorizon = \"2s\"\nreplications = 1\nattempts = true\n";

/// Every path below a folder with its bytes; none for what is no plain file.
fn everything(folder: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(next) = todo.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap();
            let small = kind.is_file() && kind.len() < 1 << 24;
            let bytes = small.then(|| fs::read(&path).unwrap());
            found.push((path.display().to_string(), bytes));
            if kind.is_dir() {
                todo.push(path);
            }
        }
    }
    found.sort();
    found
}

fn in_folder(folder: &Folder, args: &[&str]) -> (i32, String, String) {
    let mut command = veltrix(args);
    let started = Instant::now();
    let output = command.current_dir(folder.join("")).output().unwrap();
    assert!(
        started.elapsed() < SOON,
        "{args:?}: {:?}",
        started.elapsed()
    );
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Runs the experiment, which must be refused with this code, and must leave all as it is.
fn refused(folder: &Folder, exit: i32, words: &[&str]) -> String {
    let before = everything(&folder.join(""));
    let args = ["run", "e.toml", "--out", "out"];
    let (code, out, err) = in_folder(folder, &args);
    assert_eq!((code, out.as_str()), (exit, ""), "{err}");
    assert!(
        before == everything(&folder.join("")),
        "something is written"
    );
    let raw = |c: char| c.is_control() && c != '\n';
    assert!(!err.chars().any(raw), "a control character: {err:?}");
    assert!(
        !err.contains("panicked") && !err.contains("stack backtrace"),
        "{err}"
    );
    names(&err, words);
    err
}

/// Runs the experiment to its end; what it said, and every file that it wrote.
fn ran(folder: &Folder) -> (String, String) {
    let (code, out, err) = in_folder(folder, &["run", "e.toml", "--out", "out"]);
    assert_eq!(code, 0, "{err}");
    let mut all = format!("{out}\n{err}\n");
    for (path, bytes) in everything(&folder.join("out")) {
        if let Some(bytes) = bytes.filter(|_| !path.ends_with(".png")) {
            all += &String::from_utf8(bytes).unwrap();
        }
    }
    (all, out)
}

fn given(model: &str, experiment: &str) -> Folder {
    Folder::new(&[("model.toml", model), ("e.toml", experiment)])
}

#[test]
fn raw_files_are_refused_and_nothing_is_written() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-inputs");
    let mut count = 0;
    for entry in fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            let bytes = fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            // As the model of an experiment, and as what is to be run.
            let folder = given(MODEL, &with(SHORT, "model.toml", name));
            folder.write(name, &bytes);
            refused(&folder, 2, &["error[VX", name]);
            let folder = given(MODEL, SHORT);
            folder.write("e.toml", &bytes);
            refused(&folder, 2, &["error[VX", "e.toml"]);
            count += 1;
        }
    }
    assert_eq!(count, 15);
}

/// What is refused needs little memory, however large it is.
#[cfg(target_os = "linux")]
#[test]
fn a_refusal_needs_at_most_256_mib() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-inputs");
    let folder = Folder::new(&[("zero.toml", "")]);
    let sparse = fs::File::create(folder.join("sparse.toml")).unwrap();
    sparse.set_len(5 << 30).unwrap();
    let large = fs::File::create(folder.join("large.toml")).unwrap();
    large.set_len((1 << 24) - 1).unwrap();
    let (deep, long) = ("deep-array.toml", "very-long-line.toml");
    let many: String = (0..300_000).map(|i| format!("a{i} = 1\n")).collect();
    folder.write("unknown.toml", many.as_bytes());
    folder.write("broken.toml", "x\n".repeat(300_000).as_bytes());
    for name in [deep, long] {
        folder.write(name, &fs::read(source.join(name)).unwrap());
    }
    for name in [
        deep,
        long,
        "unknown.toml",
        "broken.toml",
        "sparse.toml",
        "large.toml",
        "/dev/zero",
    ] {
        let line = "ulimit -v 262144 && exec \"$0\" check \"$1\"";
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", line, env!("CARGO_BIN_EXE_veltrix"), name]);
        let started = Instant::now();
        let output = shell.current_dir(folder.join("")).output().unwrap();
        assert!(started.elapsed() < SOON, "{name}: {:?}", started.elapsed());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        names(&said, &[name, "error[VX"]);
        assert!(said.len() < 8_000, "{name}: {} bytes", said.len());
    }
}

const REPLAY: &str = r#"
[source.replay]
to = "web"

[source.replay.arrivals]
process = "trace"
file    = "t.csv"
columns = { work = { column = "service_s" }, memory = { column = "memory_mib", unit = "MiB" } }

[service.web.workers]
cores = 1
"#;

fn traced(name: &str, model: &str) -> Folder {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-inputs");
    let folder = given(model, &with(SHORT, "\"2s\"", "\"trace\""));
    folder.write("t.csv", &fs::read(source.join(name)).unwrap());
    folder
}

#[test]
fn bad_traces_are_refused_and_nothing_is_written() {
    for name in [
        "empty",
        "header-only",
        "no-header",
        "missing-column",
        "short-row",
        "extra-field",
        "not-a-number",
        "nan-inf",
        "negative",
        "out-of-order",
        "unclosed-quote",
        "truncated",
        "binary",
        "overflow",
    ] {
        let folder = traced(&format!("trace-{name}.csv"), REPLAY);
        refused(&folder, 2, &["VX1011", "t.csv"]);
    }
}

/// How many requests had an attempt that ended: each has one alone.
fn requests(folder: &Folder) -> usize {
    let text = fs::read_to_string(folder.join("out/attempts.csv")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.count() - 1
}

#[test]
fn odd_traces_are_run_whole() {
    for (name, count) in [("mixed-line-ends", 3), ("blank-lines", 2)] {
        let folder = traced(&format!("trace-{name}.csv"), REPLAY);
        ran(&folder);
        assert_eq!(requests(&folder), count, "{name}");
    }
}

/// Names that a spreadsheet, a browser or a terminal would act on come out harmless everywhere.
#[test]
fn hostile_names_of_classes_are_harmless_in_every_output() {
    let model = with(REPLAY, "columns = {", "columns = { class = \"class\",");
    let memory = ", memory = { column = \"memory_mib\", unit = \"MiB\" }";
    let model = with(&model, memory, "");
    let folder = traced("trace-formula-and-html-classes.csv", &model);
    let (all, _) = ran(&folder);
    names(&all, &["hyperlink_http_x", "script_alert_1_script"]);
    for alive in ["=HYPERLINK", "<script", "@a", "\u{1b}"] {
        assert!(!all.contains(alive), "{alive}");
    }
}

/// Changes of the model: line of the manifest, old, new, what must be named.
const MODELS: &[(&str, &str, &str, &[&str])] = &[
    (
        "B025",
        "cores  = 8",
        "cores  = 0",
        &["workers.big.cores", "1 to"],
    ),
    (
        "B026",
        "cores  = 8",
        "cores  = -3",
        &["workers.big.cores", "-3"],
    ),
    (
        "B027",
        "\"4GiB\"",
        "\"32MiB\"",
        &["small", "click", "32 MiB", "64 MiB"],
    ),
    (
        "B029",
        "\"370/s\"",
        "\"1e18/s\"",
        &["arrivals.rates", "1e12/s"],
    ),
    ("B030", "attempts = 3", "attemts = 3", &["`attempts`"]),
    (
        "B031",
        "failure_share = 0.5",
        "failure_share = 1.5, slow_share = -0.1",
        &["breaker.failure_share", "breaker.slow_share", "0..=1"],
    ),
    (
        "B033",
        "to       = \"events\"",
        "to = \"event\"",
        &["`event`", "`events`"],
    ),
    (
        "B034",
        "\"small\"",
        "\"big\"",
        &["`big`", "lines 29 and 36"],
    ),
    (
        "B036",
        "slots = 128",
        "slots = 9223372036854775808",
        &["buffer.slots", "2147483648"],
    ),
    (
        "B037",
        "\"250ms\"",
        "\"0s\"",
        &["client.timeout", "above 0"],
    ),
    (
        "B039",
        "window = 100, failure_share = 0.5",
        "window = 0, failure_share = 0",
        &["breaker.window", "breaker.failure_share"],
    ),
    (
        "B043",
        "cores  = 8",
        "cores  = 2.5",
        &["workers.big.cores", "whole number"],
    ),
    ("B049", "\"big\"", "\"\"", &["empty name", "64"]),
];

#[test]
fn changed_models_are_refused_and_nothing_is_written() {
    for (_, old, new, words) in MODELS {
        refused(&given(&with(MODEL, old, new), SHORT), 2, words);
    }
    let weightless = with(MODEL, "weight = 0.9", "weight = 0");
    let weightless = with(&weightless, "weight = 0.1", "weight = 0");
    refused(
        &given(&weightless, SHORT),
        2,
        &["`web`", "`weight`", "sum to 0"],
    );
    let long = with(MODEL, "\"big\"", &format!("\"{}\"", "n".repeat(10_000)));
    let text = refused(&given(&long, SHORT), 2, &["10000 characters", "64"]);
    assert!(text.len() < 2_000, "{} bytes", text.len());
    let late = with(EXPERIMENT, "\"5s\"", "\"61s\"");
    refused(&given(MODEL, &late), 2, &["warm_up", "horizon"]);
}

/// A rate that is allowed by itself is refused with how much it would be.
#[test]
fn too_much_is_refused_with_the_estimate() {
    let model = with(MODEL, "\"370/s\"", "\"1000000M/s\"");
    let text = refused(&given(&model, SHORT), 2, &["events"]);
    assert!(text.contains("limit") || text.contains("at most"), "{text}");
}

/// No number that is none is in what was written.
fn numbers_are_numbers(text: &str) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let bad = text
        .split(|c| !word(c))
        .find(|w| ["nan", "NaN", "inf", "Inf", "Infinity"].contains(w));
    assert_eq!(bad, None);
}

#[test]
fn what_is_odd_but_allowed_is_run_to_its_end() {
    for (old, new, word) in [
        ("[\"370/s\", \"490/s\"]", "[\"0/s\", \"0/s\"]", ""),
        ("slots = 128", "slots = 0", ""),
        ("timeout = \"250ms\"", "timeout = \"1h\"", "VX2007"),
        (
            "attempts = 3, base = \"10ms\"",
            "attempts = 1000000, base = \"0s\"",
            "VX2008",
        ),
    ] {
        let (all, _) = ran(&given(&with(MODEL, old, new), SHORT));
        names(&all, &[word]);
        numbers_are_numbers(&all);
    }
    let folder = given(
        "[source.s]\nto = \"a\"\narrivals = \"0/s\"\n[service.a]\nwork = \"1ms\"\n\
         workers = { cores = 1 }\n",
        SHORT,
    );
    let (all, _) = ran(&folder);
    numbers_are_numbers(&all);
    assert_eq!(requests(&folder), 0);
}

#[test]
fn a_run_of_no_time_says_that_it_has_no_data() {
    let folder = given(MODEL, &with(SHORT, "\"2s\"", "\"0s\""));
    let (all, out) = ran(&folder);
    numbers_are_numbers(&all);
    names(&out, &["no data"]);
    assert_eq!(requests(&folder), 0);
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_readable_file_are_refused_at_once() {
    use std::os::unix::fs::PermissionsExt;
    let folder = given(MODEL, SHORT);
    let mut cases: Vec<(&str, i32, &str)> = vec![
        ("nothing.toml", 1, "No such file"),
        ("folder", 1, "directory"),
        ("sparse.toml", 2, "16 MiB"),
    ];
    fs::create_dir(folder.join("folder")).unwrap();
    let sparse = fs::File::create(folder.join("sparse.toml")).unwrap();
    sparse.set_len(5 << 30).unwrap();
    folder.write("secret.toml", MODEL.as_bytes());
    let secret = folder.join("secret.toml");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0)).unwrap();
    // Some users may read anything.
    if fs::read(&secret).is_err() {
        cases.push(("secret.toml", 1, "ermission denied"));
    }
    if Path::new("/dev/zero").exists() {
        cases.push(("/dev/zero", 2, "no regular file"));
    }
    let pipe = Command::new("mkfifo").arg(folder.join("pipe")).status();
    if pipe.is_ok_and(|status| status.success()) {
        cases.push(("pipe", 2, "no regular file"));
    }
    for (name, exit, word) in cases {
        folder.write("e.toml", with(SHORT, "model.toml", name).as_bytes());
        refused(&folder, exit, &[name, word]);
        let (code, out, err) = in_folder(&folder, &["run", name, "--out", "out"]);
        assert_eq!((code, out.as_str()), (exit, ""), "{err}");
        names(&err, &[name, word]);
        assert!(!folder.join("out").exists());
    }
}

#[cfg(unix)]
#[test]
fn an_output_folder_is_made_or_left_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = given(MODEL, SHORT);
    let run = |out: &str, more: &[&str]| {
        let args = [&["run", "e.toml", "--out", out], more].concat();
        in_folder(&folder, &args)
    };
    assert_eq!(run("new/deep", &[]).0, 0);
    assert!(folder.join("new/deep/results.csv").is_file());
    fs::create_dir(folder.join("full")).unwrap();
    folder.write("full/mine.txt", b"mine");
    let before = everything(&folder.join(""));
    let (exit, out, err) = run("full", &[]);
    assert_eq!((exit, out.as_str()), (1, ""), "{err}");
    names(&err, &["VX2006", "`full`", "--out"]);
    let (exit, _, err) = run("e.toml", &[]);
    assert_eq!(exit, 1);
    names(&err, &["VX2006", "`e.toml`", "it is a file"]);
    fs::create_dir(folder.join("closed")).unwrap();
    let closed = folder.join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.join("closed/try"), b"").is_err() {
        let (exit, _, err) = run("closed/out", &[]);
        assert_eq!(exit, 1);
        names(&err, &["closed/out", "ermission denied"]);
    } else {
        fs::remove_file(folder.join("closed/try")).unwrap();
    }
    fs::remove_dir(closed).unwrap();
    assert!(before == everything(&folder.join("")));
}

#[test]
fn seeds_and_jobs_out_of_range_are_refused() {
    let folder = given(MODEL, SHORT);
    for (option, value, range) in [
        ("--seed", "-1", "0 to 18446744073709551615"),
        ("--seed", "abc", "0 to 18446744073709551615"),
        (
            "--seed",
            "18446744073709551616",
            "0 to 18446744073709551615",
        ),
        ("--seed", "1e5", "0 to 18446744073709551615"),
        ("--jobs", "-1", "0 (one for each core) to 1024"),
        ("--jobs", "100000", "0 (one for each core) to 1024"),
    ] {
        let args = ["run", "e.toml", "--out", "out", option, value];
        let (exit, out, err) = in_folder(&folder, &args);
        assert_eq!((exit, out.as_str()), (2, ""), "{err}");
        names(&err, &[&format!("'{value}'"), range]);
        assert!(!folder.join("out").exists());
    }
    let results = |jobs: &str| {
        let args = ["run", "e.toml", "--out", jobs, "--jobs", jobs];
        assert_eq!(in_folder(&folder, &args).0, 0);
        fs::read(folder.join(&format!("{jobs}/results.csv"))).unwrap()
    };
    assert!(results("0") == results("1"), "jobs change the results");
}

#[cfg(unix)]
#[test]
fn a_reader_that_stops_after_a_line_is_no_trouble() {
    let folder = given(MODEL, SHORT);
    let line = format!(
        "'{}' run e.toml --format json --out out | head -n 1",
        env!("CARGO_BIN_EXE_veltrix")
    );
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", &line]).current_dir(folder.join(""));
    let output = shell.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    for word in ["panicked", "roken pipe", "backtrace"] {
        assert!(!said.contains(word), "{said}");
    }
}
