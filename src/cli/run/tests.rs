//! `run` over a made-up simulation: folders, exit codes, what goes where.

use super::super::common_args::{Changes, Threads};
use super::*;
use crate::config::Style;
use crate::experiment::fixture;
use crate::report::manifest::FileDigest;
use std::fs;

/// A folder of its own for one test, removed at its end.
struct Ground(PathBuf);

impl Ground {
    fn new(name: &str) -> Ground {
        let path = std::env::temp_dir().join(format!("veltrix-run-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Ground(path)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Told {
    exit: Exit,
    out: String,
    err: String,
}

fn args(out: &Path) -> RunArgs {
    RunArgs {
        file: "experiments/story.toml".into(),
        changes: Changes::default(),
        threads: Threads { given: Some(2) },
        out: Some(out.to_owned()),
        force: false,
        resume: false,
        png: false,
        format: Format::Human,
        quiet: false,
    }
}

fn execute_with(args: &RunArgs, design: Design, simulate: fixture::Simulate) -> Told {
    let loaded = Loaded {
        resolved: format!(
            "seed = {}\nreplications = {}\n",
            design.seed, design.replications
        ),
        design,
        warnings: String::new(),
        inputs: vec![FileDigest {
            path: "story.toml".into(),
            blake3: "00".into(),
        }],
        data: Vec::new(),
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        out: &mut out,
        err: &mut err,
        style: Style::Plain,
    };
    let job = Job {
        args,
        loaded,
        audience: Audience::Nobody,
        interrupt: &Interrupt::default(),
    };
    let exit = job.execute(&mut streams, simulate);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Told {
        exit,
        out: text(out),
        err: text(err),
    }
}

fn told(args: &RunArgs) -> Told {
    execute_with(args, fixture::design(), fixture::simulate)
}

/// Every file below a folder with its bytes, but `host.json`.
fn all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_file() && !p.ends_with("host.json"))
        .map(|p| {
            (
                p.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&p).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_run_leaves_a_whole_folder_and_tells_the_story() {
    let ground = Ground::new("whole");
    let path = ground.0.join("deep/out");
    let told = told(&args(&path));
    assert_eq!((told.exit, told.err.as_str()), (Exit::Done, ""));
    assert!(told.out.contains("-46 % against after 25 x 8 x 64GiB"));
    assert!(
        told.out
            .contains("\nrepeat  veltrix run experiments/story.toml\n")
    );
    let names: Vec<String> = all(&path).into_iter().map(|(name, _)| name).collect();
    for name in [
        "distributions.csv",
        "manifest.json",
        "resolved.toml",
        "results.csv",
    ] {
        assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
    }
    let manifest = Manifest::read(&fs::read(path.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest.command, "veltrix run story.toml");
    for output in &manifest.outputs {
        let bytes = fs::read(path.join(&output.path)).unwrap();
        assert_eq!(
            manifest::digest_of(&bytes),
            output.blake3,
            "{}",
            output.path
        );
    }
    let summary = fs::read_to_string(path.join("summary.txt")).unwrap();
    assert!(told.out.starts_with(&summary) && !summary.contains("deep"));
}

#[test]
fn bytes_are_the_same_on_any_number_of_threads() {
    let ground = Ground::new("threads");
    let mut design = fixture::design();
    design.attempts = Some(7);
    let run = |threads: usize| {
        let path = ground.0.join(format!("out-{threads}"));
        let args = RunArgs {
            threads: Threads {
                given: Some(threads),
            },
            ..args(&path)
        };
        assert_eq!(
            execute_with(&args, design.clone(), fixture::simulate).exit,
            Exit::Done
        );
        all(&path)
    };
    let one = run(1);
    assert!(
        one.iter()
            .any(|(name, bytes)| name == "attempts.csv" && bytes.len() > 1000)
    );
    for threads in [2, 3, 8] {
        assert!(run(threads) == one, "{threads} threads wrote other bytes");
    }
}

#[test]
fn what_was_done_is_not_done_again() {
    let ground = Ground::new("again");
    let path = ground.0.join("out");
    told(&args(&path));
    let before = fs::metadata(path.join("results.csv"))
        .unwrap()
        .modified()
        .unwrap();
    let again = told(&args(&path));
    assert_eq!(again.exit, Exit::Done);
    assert!(again.err.contains("already done"));
    assert_eq!(
        again.out,
        format!("{}\n", path.join("summary.txt").display())
    );
    assert_eq!(
        fs::metadata(path.join("results.csv"))
            .unwrap()
            .modified()
            .unwrap(),
        before
    );
    let json = told(&RunArgs {
        format: Format::Json,
        ..args(&path)
    });
    assert_eq!(
        json.out.as_bytes(),
        fs::read(path.join("results.json")).unwrap()
    );
    let forced = told(&RunArgs {
        force: true,
        ..args(&path)
    });
    assert!(forced.err.is_empty() && forced.out.contains("repeat"));
}

#[test]
fn results_of_another_experiment_stay_without_force() {
    let ground = Ground::new("other");
    let path = ground.0.join("out");
    told(&args(&path));
    let mut design = fixture::design();
    design.seed = 15;
    let refused = execute_with(&args(&path), design.clone(), fixture::simulate);
    assert_eq!(refused.exit, Exit::Trouble);
    assert!(refused.err.contains("another experiment") && refused.err.contains("--force"));
    let forced = RunArgs {
        force: true,
        ..args(&path)
    };
    assert_eq!(
        execute_with(&forced, design, fixture::simulate).exit,
        Exit::Done
    );
}

#[test]
fn strangers_stay_even_with_force() {
    let ground = Ground::new("stranger");
    fs::write(ground.0.join("thesis.txt"), "years").unwrap();
    for force in [false, true] {
        let refused = told(&RunArgs {
            force,
            ..args(&ground.0)
        });
        assert_eq!(refused.exit, Exit::Trouble);
        assert!(
            refused.err.starts_with("error[VX2006]: cannot write to `"),
            "{}",
            refused.err
        );
        assert!(refused.out.is_empty());
    }
    let file = told(&args(&ground.0.join("thesis.txt")));
    assert_eq!(file.exit, Exit::Trouble);
    assert!(file.err.contains("it is a file"), "{}", file.err);
    assert_eq!(fs::read_dir(&ground.0).unwrap().count(), 1);
}

#[test]
fn json_is_alone_on_stdout_and_quiet_is_quiet() {
    let ground = Ground::new("json");
    let json = told(&RunArgs {
        format: Format::Json,
        ..args(&ground.0.join("a"))
    });
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(value["points"].as_array().unwrap().len(), 7);
    let quiet = told(&RunArgs {
        quiet: true,
        ..args(&ground.0.join("b"))
    });
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
}

#[test]
fn the_exit_code_tells_what_came_out_also_the_second_time() {
    let ground = Ground::new("exit");
    let path = ground.0.join("unmet");
    let mut design = fixture::design();
    design.objective.as_mut().unwrap().subject_to[0].bound = 1e-6;
    for _ in 0..2 {
        let unmet = execute_with(&args(&path), design.clone(), fixture::simulate);
        assert_eq!(unmet.exit, Exit::NotMet);
    }
    let failed = args(&ground.0.join("failed"));
    for _ in 0..2 {
        let failed = execute_with(&failed, fixture::design(), fixture::simulate_badly);
        assert_eq!(failed.exit, Exit::Incomplete);
    }
}

#[test]
fn the_command_reads_back_in_a_shell() {
    let mut args = args(Path::new("out"));
    args.changes.set = vec!["a.b=30".into(), "c=it's {x = 1}".into()];
    args.changes.seed = Some(u64::MAX);
    args.changes.horizon = Some("60 s".into());
    assert_eq!(
        command(&args, "my file.toml"),
        "veltrix run 'my file.toml' --set a.b=30 --set 'c=it'\\''s {x = 1}' \
         --seed 18446744073709551615 --horizon '60 s'"
    );
}
