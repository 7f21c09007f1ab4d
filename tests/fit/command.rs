//! The command line of `veltrix fit`.

use std::fs;
use std::path::Path;

use super::program::veltrix;
use super::{folder, is_told, root};

const LOG: &str = "tests/data/nasa-http-1995-08-01-a-1200.clf.log";

/// A folder with a copy of this file of the project as `name`.
fn with(test: &str, file: &str, name: &str) -> std::path::PathBuf {
    let folder = folder(test);
    fs::copy(root().join(file), folder.join(name)).unwrap();
    folder
}

#[test]
fn the_examples_of_the_page_are_what_is_printed() {
    let trace = "experiments/data/azure-llm-2023-conv.csv";
    for (mark, file, name, words) in [
        (
            "example llm",
            trace,
            "calls.csv",
            "fit calls.csv --size output_tokens --service 200ms,10ms --out llm.toml",
        ),
        (
            "example web",
            LOG,
            "access.log",
            "fit access.log --out web.toml",
        ),
    ] {
        let folder = with(&mark.replace(' ', "-"), file, name);
        let args: Vec<&str> = words.split(' ').collect();
        let (exit, out, err) = veltrix(&folder, &args);
        assert_eq!((exit, err.as_str()), (0, ""));
        is_told(mark, &format!("\n```\n$ veltrix {words}\n{out}```\n\n"));
        let model = args[args.len() - 1];
        let (exit, out, err) = veltrix(&folder, &["check", model]);
        assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    }
}

#[test]
fn a_fitted_model_is_checked_and_run_wherever_it_is_written() {
    let folder = with("run", LOG, "access.log");
    let (exit, model, said) = veltrix(&folder, &["fit", "access.log"]);
    assert_eq!(exit, 0, "{said}");
    assert!(
        said.contains("1200 requests") && said.contains("held out"),
        "{said}"
    );
    assert!(
        said.contains("ASSUMED 10 ms: the log has no durations"),
        "{said}"
    );
    assert!(model.contains("# ASSUMED, not fitted"), "{model}");
    assert!(model.lines().all(|l| l.chars().count() <= 103), "{model}");
    fs::write(folder.join("m.toml"), &model).unwrap();
    let (exit, quiet, said) = veltrix(&folder, &["fit", "access.log", "-q"]);
    assert_eq!((exit, said.as_str()), (0, ""));
    assert_eq!(quiet, model);
    let experiment = "horizon = \"1000s\"\nreplications = 2\nmodel = \"m.toml\"\n";
    fs::write(folder.join("e.toml"), experiment).unwrap();
    let (exit, out, err) = veltrix(&folder, &["check", "m.toml", "e.toml"]);
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    let (exit, out, err) = veltrix(&folder, &["run", "e.toml", "--out", "r"]);
    assert_eq!(exit, 0, "{err}");
    assert!(
        out.contains("latency_mean") || out.contains("latency"),
        "{out}"
    );
    // Beside a file the same, with the rates in a table of their own.
    let fit = [
        "fit",
        "access.log",
        "--out",
        "n.toml",
        "--arrivals",
        "profile",
    ];
    let (exit, _, err) = veltrix(&folder, &fit);
    assert_eq!((exit, err.as_str()), (0, ""));
    let (exit, _, err) = veltrix(&folder, &fit);
    assert_eq!(exit, 2);
    assert!(
        err.contains("n.toml` exists") && err.contains("--force"),
        "{err}"
    );
    let forced: Vec<&str> = fit.iter().copied().chain(["--force"]).collect();
    let (exit, _, err) = veltrix(&folder, &forced);
    assert_eq!((exit, err.as_str()), (0, ""));
    for process in ["stationary", "poisson"] {
        let file = format!("{process}.toml");
        let args = ["fit", "access.log", "--out", &file, "--arrivals", process];
        assert_eq!(veltrix(&folder, &args).0, 0);
        let (exit, _, err) = veltrix(&folder, &["check", &file]);
        assert_eq!((exit, err.as_str()), (0, ""));
        assert!(
            !fs::read_to_string(folder.join(file))
                .unwrap()
                .contains("profile]")
        );
    }
}

#[test]
fn three_bad_lines_of_four_are_refused_with_their_numbers_and_the_counts() {
    let folder = with("bad", "tests/bad-inputs/access-bad-lines.log", "bad.log");
    let (exit, out, err) = veltrix(&folder, &["fit", "bad.log", "--out", "m.toml"]);
    assert_eq!((exit, out.as_str()), (2, ""));
    for word in [
        "VX1015",
        "1 read, 3 skipped",
        "line 2:",
        "line 3:",
        "line 4:",
    ] {
        assert!(err.contains(word), "no {word:?} in\n{err}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // Allowed, but then there is too little.
    let (exit, out, err) = veltrix(&folder, &["fit", "bad.log", "--max-bad", "0.8"]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(err.contains("too little to fit"), "{err}");
}

#[test]
fn bad_lines_that_are_allowed_are_told_one_by_one() {
    let folder = folder("told");
    let good = fs::read_to_string(root().join(LOG)).unwrap();
    let mut lines: Vec<&str> = good.lines().collect();
    lines.insert(9, "some \u{1b}[31m other output");
    lines.swap(19, 400);
    fs::write(folder.join("a.log"), lines.join("\n")).unwrap();
    let (exit, model, err) = veltrix(&folder, &["fit", "a.log"]);
    assert_eq!(exit, 0, "{err}");
    assert!(
        err.contains("1200 read, 1 skipped") && err.contains("skipped line 10:"),
        "{err}"
    );
    assert!(!err.contains('\u{1b}'));
    assert!(!err.contains(" 0 out of order"), "{err}");
    assert!(model.contains("Lines skipped: 1."), "{model}");
}

#[test]
fn durations_become_work_and_options_without_effect_are_refused() {
    let folder = folder("durations");
    let mut text = "t_ms,bytes,took_ms,status\n".to_owned();
    for i in 0..2000_u64 {
        let bytes = i * 7919 % 100_000;
        // 3 ms to 5 ms and 1 ms for 10,000 bytes; cut at 12 ms.
        let took = 3000 + i * 104_729 % 2000 + bytes / 10;
        let took = took.min(12_000);
        text.push_str(&format!(
            "{},{bytes},{}.{:03},200\n",
            i * 50,
            took / 1000,
            took % 1000
        ));
    }
    fs::write(folder.join("d.csv"), text).unwrap();
    let args = [
        "fit",
        "d.csv",
        "--time",
        "t_ms",
        "--duration",
        "took_ms",
        "--timeout",
        "12ms",
    ];
    let (exit, model, err) = veltrix(&folder, &args);
    assert_eq!(exit, 0, "{err}");
    assert!(err.contains("of them cut off"), "{err}");
    let per_kib: Vec<&str> = model.split("per_kib = \"").collect();
    let us: f64 = per_kib[1].split(' ').next().unwrap().parse().unwrap();
    let ns = if per_kib[1].contains("us\"") {
        us * 1000.0
    } else {
        us
    };
    assert!((ns / 102_400.0 - 1.0).abs() < 0.03, "{model}");
    for (args, word) in [
        (vec!["--timeout", "1s"], "--timeout has no effect"),
        (
            vec!["--arrivals", "poisson", "--steps", "4"],
            "--steps has no effect",
        ),
        (
            vec!["--class", "none", "--classes", "4"],
            "--classes has no effect",
        ),
        (vec!["--time", "when"], "no column `when`"),
        (vec!["--format", "clf"], "VX1015"),
        (vec!["--service", "5"], "200ms,10ms"),
    ] {
        let time: &[&str] = if args[0] == "--time" {
            &[]
        } else {
            &["--time", "t_ms"]
        };
        let time = if args[0] == "--format" { &[] } else { time };
        let all: Vec<&str> = ["fit", "d.csv"]
            .iter()
            .chain(time)
            .chain(&args)
            .copied()
            .collect();
        let (exit, out, err) = veltrix(&folder, &all);
        assert_eq!((exit, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(word), "{args:?}: {err}");
    }
    let (exit, _, err) = veltrix(&folder, &["fit", "none.log"]);
    assert_eq!(exit, 1, "{err}");
}

/// The whole log is too large to be kept here: with `VELTRIX_CLF` set to its path it is held
/// against the CSV of its rows; without it there is nothing to do.
#[test]
fn a_whole_access_log_says_what_its_rows_say() {
    let Some(path) = std::env::var_os("VELTRIX_CLF") else {
        eprintln!("skipped: VELTRIX_CLF names no access log");
        return;
    };
    let options = veltrix::config::LogOptions::default();
    let log = veltrix::config::read_log(Path::new(&path), &options).unwrap();
    let rows = root().join("experiments/data/nasa-http-1995-08-01-a.csv");
    let csv = veltrix::config::read_log(&rows, &options).unwrap();
    let plain =
        |log: &veltrix::fit::Log| log.rows.iter().map(|r| (r.at, r.size)).collect::<Vec<_>>();
    assert_eq!(plain(&log.log), plain(&csv.log));
}
