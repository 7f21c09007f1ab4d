//! Real signals to the real program: what it keeps, and what the same command makes of it.

#![allow(clippy::disallowed_methods)] // the wall clock says how long a process takes to end

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Ground, veltrix};

/// Longer than any machine needs for what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Many short trials, with rows of attempts.
const MANY: &str = "\
model        = \"model.toml\"
horizon      = \"100s\"
replications = 60
attempts     = { every = 10 }
";

/// Two trials that would take very long.
const LONG: &str = "model = \"model.toml\"\nhorizon = \"40h\"\nreplications = 2\n";

struct Running {
    child: Child,
    dir: PathBuf,
}

impl Running {
    fn begin(ground: &Ground, args: &[&str]) -> Running {
        Running::with_stderr(ground, args, Stdio::piped())
    }

    fn with_stderr(ground: &Ground, args: &[&str], stderr: Stdio) -> Running {
        let mut command = veltrix(args);
        command.current_dir(&ground.0).stderr(stderr);
        Running {
            child: command.stdout(Stdio::piped()).spawn().unwrap(),
            dir: ground.0.join(".out.partial"),
        }
    }

    /// Waits until so many trials are kept.
    fn wait_for(&mut self, trials: usize) {
        let begun = Instant::now();
        while kept(&self.dir) < trials || !self.dir.join("experiment.json").exists() {
            assert!(begun.elapsed() < PATIENCE, "nothing comes");
            assert_eq!(self.child.try_wait().unwrap(), None, "over too soon");
            sleep(Duration::from_millis(2));
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status();
        assert!(status.unwrap().success());
    }

    /// The exit code, what was said, and how long it took.
    fn end(self) -> (Option<i32>, String, Duration) {
        let begun = Instant::now();
        let output = self.child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said, begun.elapsed())
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn kept(dir: &Path) -> usize {
    let whole = |name: &&String| name.starts_with("trial-") && !name.ends_with(".tmp");
    names(dir).iter().filter(whole).count()
}

/// Every file below a folder but `host.json`.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for name in names(dir) {
        let path = dir.join(&name);
        if path.is_dir() {
            all.extend(files(&path));
        } else if name != "host.json" {
            let bytes = fs::read(&path).unwrap();
            all.insert(path, bytes);
        }
    }
    all
}

fn same(ground: &Ground, a: &str, b: &str) {
    let below = |folder: &str| -> BTreeMap<PathBuf, Vec<u8>> {
        let root = ground.0.join(folder);
        let all = files(&root).into_iter();
        all.map(|(path, bytes)| (path.strip_prefix(&root).unwrap().to_owned(), bytes))
            .collect()
    };
    let (a, b) = (below(a), below(b));
    assert!(a.contains_key(Path::new("attempts.csv")));
    assert!(a.keys().eq(b.keys()), "{:?} {:?}", a.keys(), b.keys());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{} differs", name.display());
    }
}

/// A ground with `many.toml`, and what comes of it without a pause in `whole`.
fn ground(name: &str) -> Ground {
    let ground = Ground::new(name);
    ground.write("many.toml", MANY);
    let (exit, _, err) = ground.ran(&["run", "many.toml", "--out", "whole"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    ground
}

const RUN: [&str; 6] = ["run", "many.toml", "--out", "out", "--threads", "2"];

#[test]
fn an_interrupted_run_goes_on_where_it_was_and_ends_the_same() {
    let ground = ground("resume");
    for signal in [("-INT", 130), ("-TERM", 143)] {
        let mut running = Running::begin(&ground, &RUN);
        running.wait_for(3);
        running.signal(signal.0);
        let dir = running.dir.clone();
        let (exit, said, _) = running.end();
        assert_eq!(exit, Some(signal.1), "{said}");
        let n = kept(&dir);
        let told =
            format!("interrupted[VX5004]: {n} of 60 trials are kept; the same command resumes\n");
        assert!((3..60).contains(&n) && said.ends_with(&told), "{said}");
        assert!(!ground.0.join("out").exists());
        let insists = [&RUN[..], &["--resume"]].concat();
        let (exit, out, err) = ground.ran(&insists);
        assert_eq!(err, format!("resumed: {n} of 60 trials were kept\n"));
        assert!(exit == 0 && out.contains("repeat  veltrix run many.toml\n"));
        same(&ground, "whole", "out");
        let mut left = names(&ground.0);
        left.retain(|name| !name.ends_with(".toml"));
        assert_eq!(left, ["out", "whole"]);
        fs::remove_dir_all(ground.0.join("out")).unwrap();
    }
}

/// What is found on the way is found again: the warm-up, and when there were enough trials.
#[test]
fn a_run_that_finds_its_warm_up_and_its_end_goes_on_too() {
    let ground = Ground::new("found-resume");
    let stopping = "{ min = 12, max = 60, precision = 0.02, metric = \"latency_mean\" }";
    let found = MANY.replace("60", stopping) + "warm_up = \"auto\"\n";
    ground.write("many.toml", &found);
    let (exit, _, err) = ground.ran(&["run", "many.toml", "--out", "whole"]);
    assert_eq!(exit, 0, "{err}");
    for trials in [3, 14] {
        let mut running = Running::begin(&ground, &RUN);
        running.wait_for(trials);
        running.signal("-INT");
        let (exit, said, _) = running.end();
        assert_eq!(exit, Some(130), "{said}");
        assert!(said.contains(" of at most 70 trials are kept"), "{said}");
        let (exit, _, err) = ground.ran(&RUN);
        assert!(exit == 0 && err.contains("resumed: "), "{err}");
        assert!(!err.contains("damaged"), "{err}");
        same(&ground, "whole", "out");
        fs::remove_dir_all(ground.0.join("out")).unwrap();
    }
}

#[test]
fn a_killed_run_keeps_its_trials_and_a_damaged_one_is_run_again() {
    let ground = ground("killed");
    let mut running = Running::begin(&ground, &RUN);
    running.wait_for(4);
    running.signal("-KILL");
    let dir = running.dir.clone();
    assert_eq!(running.end().0, None);
    let n = kept(&dir);
    let trials: Vec<String> = names(&dir)
        .into_iter()
        .filter(|n| n.starts_with("trial-") && !n.ends_with(".tmp"))
        .collect();
    let (cut, gone) = (dir.join(&trials[0]), dir.join(&trials[1]));
    let bytes = fs::read(&cut).unwrap();
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let rows = trials[1].replace("trial", "attempts") + ".csv";
    fs::remove_file(dir.join(rows)).unwrap();
    let (exit, _, err) = ground.ran(&RUN);
    assert_eq!(exit, 0, "{err}");
    for path in [cut, gone] {
        let name = path.file_name().unwrap().to_str().unwrap();
        let told = format!("{name}` is damaged: its trial was not kept\n");
        assert!(err.contains(&told), "{err}");
    }
    assert!(err.starts_with(&format!("resumed: {n} of 60 trials were kept\n")));
    same(&ground, "whole", "out");
}

#[test]
fn a_running_trial_is_given_up_at_once() {
    let ground = Ground::new("long");
    ground.write("long.toml", LONG);
    let args = ["run", "long.toml", "--out", "out"];
    let mut running = Running::begin(&ground, &args);
    running.wait_for(0);
    sleep(Duration::from_millis(200));
    running.signal("-TERM");
    let (exit, said, time) = running.end();
    assert_eq!(exit, Some(143));
    assert_eq!(
        said,
        "interrupted[VX5004]: 0 of 2 trials are kept; the same command starts again\n"
    );
    assert!(time < Duration::from_secs(10), "{time:?}");
    assert_eq!(
        names(&ground.0),
        ["long.toml", "model.toml", "web.toml"],
        "nothing is left"
    );
}

/// Somebody who does not listen keeps the program from its last words, and so from its end.
#[test]
#[cfg(target_os = "linux")]
fn a_second_signal_ends_at_once() {
    use std::io::Write;
    let ground = Ground::new("second");
    ground.write("long.toml", LONG);
    let (_reader, mut deaf) = std::io::pipe().unwrap();
    deaf.write_all(&[b' '; 1 << 16]).unwrap();
    let args = ["run", "long.toml", "--out", "out"];
    let mut running = Running::with_stderr(&ground, &args, deaf.into());
    running.wait_for(0);
    sleep(Duration::from_millis(200));
    running.signal("-INT");
    sleep(Duration::from_millis(500));
    assert_eq!(running.child.try_wait().unwrap(), None);
    running.signal("-INT");
    assert_eq!(running.end().0, Some(130));
}

#[test]
fn one_run_at_a_time_and_force_begins_anew() {
    let ground = ground("anew");
    let mut running = Running::begin(&ground, &RUN);
    running.wait_for(1);
    let (exit, _, err) = ground.ran(&RUN);
    assert_eq!(exit, 1);
    assert!(
        err.contains("VX2006") && err.contains("another run of it is under way"),
        "{err}"
    );
    running.signal("-INT");
    assert_eq!(running.end().0, Some(130));
    let (exit, _, err) = ground.ran(&[&RUN[..], &["--seed", "99"]].concat());
    assert!(
        exit == 1 && err.contains("trials of another experiment"),
        "{err}"
    );
    let (exit, _, err) = ground.ran(&[&RUN[..], &["--seed", "99", "--resume"]].concat());
    assert!(exit == 2 && err.contains("nothing to resume"), "{err}");
    let (exit, _, err) = ground.ran(&[&RUN[..], &["--force"]].concat());
    assert_eq!((exit, err.as_str()), (0, ""), "nothing is resumed");
    same(&ground, "whole", "out");
}

#[test]
fn there_must_be_something_to_resume() {
    let ground = Ground::new("insists");
    let args = ["run", "web.toml", "--out", "out"];
    let insists = [&args[..], &["--resume"]].concat();
    let (exit, out, err) = ground.ran(&insists);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(
        err.contains("nothing to resume for `out`: no trials"),
        "{err}"
    );
    assert_eq!(ground.ran(&args).0, 0);
    let (exit, _, err) = ground.ran(&insists);
    assert!(exit == 2 && err.contains("the run is complete"), "{err}");
    let (exit, _, err) = ground.ran(&[&insists[..], &["--force"]].concat());
    assert!(exit == 2 && err.contains("cannot be used with"), "{err}");
}
