//! What is kept is found again, and what cannot be believed is not.

use super::*;
use crate::model::series::Series;
use crate::model::tally::{ClassTally, Delays, Tally};

/// A folder of its own for one test, removed at its end.
struct Ground(PathBuf);

impl Ground {
    fn new(name: &str) -> Ground {
        let path = std::env::temp_dir().join(format!("veltrix-kept-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Ground(path)
    }

    fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    fn open(&self, digest: &str) -> Result<Partial, FolderError> {
        Partial::open(&self.out(), digest, false)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// With numbers that no rounding survives.
fn output() -> TrialOutput {
    let mut delays = Delays::default();
    for value in [0, 1, 511, 4_096_000, u64::MAX] {
        delays.latency.record(value);
    }
    let class = ClassTally {
        born: 7,
        core_ns: u128::MAX,
        ..Default::default()
    };
    TrialOutput {
        tally: Tally {
            trials: 1,
            measured_ns: 1 << 90,
            classes: vec![class],
            delays: vec![delays],
            ..Default::default()
        },
        series: Series {
            window: 1,
            start: 2,
            rows: vec![[0.1 + 0.2; NAMES.len()], [f64::NAN; NAMES.len()]],
        },
        fingerprint: u64::MAX,
        demand: 3,
        stations: Vec::new(),
        states: Vec::new(),
        incidents: crate::model::incident::Incidents::default(),
        events: 4,
        batches: Vec::new(),
    }
}

fn whole(kept: Kept) -> bool {
    match kept {
        Kept::Whole(found) => {
            assert_eq!(format!("{found:?}"), format!("{:?}", output()));
            true
        }
        Kept::Nothing | Kept::Damaged(_) => false,
    }
}

#[test]
fn a_trial_is_found_again_to_the_last_bit() {
    let ground = Ground::new("again");
    let partial = ground.open("d").unwrap();
    partial.keep(3, &output(), None).unwrap();
    partial.keep(4, &output(), Some(b"rows\n")).unwrap();
    drop(partial);
    assert_eq!((kept(&ground.out(), "d"), kept(&ground.out(), "e")), (2, 0));
    let partial = ground.open("d").unwrap();
    assert!(whole(partial.look(3, false)) && whole(partial.look(4, true)));
    assert!(matches!(partial.look(3, true), Kept::Damaged(_)), "no rows");
    assert!(matches!(partial.look(0, false), Kept::Nothing));
    fs::write(partial.rows(4), "rowz\n").unwrap();
    assert!(matches!(partial.look(4, true), Kept::Damaged(_)));
    partial.remove();
    assert_eq!(fs::read_dir(&ground.0).unwrap().count(), 0);
}

#[test]
fn whatever_is_damaged_is_not_believed() {
    let ground = Ground::new("damaged");
    let partial = ground.open("d").unwrap();
    partial.keep(0, &output(), None).unwrap();
    let path = partial.dir().join(trial_name(0));
    let good = fs::read(&path).unwrap();
    for cut in [0, 1, CHECK, good.len() - 1] {
        fs::write(&path, &good[..cut]).unwrap();
        assert!(matches!(partial.look(0, false), Kept::Damaged(p) if p == path));
    }
    for at in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        fs::write(&path, &bad).unwrap();
        assert!(matches!(partial.look(0, false), Kept::Damaged(_)), "{at}");
    }
    // Whole, but of another trial.
    fs::write(partial.dir().join(trial_name(1)), &good).unwrap();
    assert!(matches!(partial.look(1, false), Kept::Damaged(_)));
    fs::write(&path, &good).unwrap();
    assert!(whole(partial.look(0, false)));
}

#[test]
fn one_process_at_a_time() {
    let ground = Ground::new("lock");
    let first = ground.open("d").unwrap();
    let error = ground.open("d").unwrap_err();
    assert_eq!(error.code, Code::OUTPUT_IN_THE_WAY);
    assert!(error.message.contains("under way"), "{error}");
    drop(first);
    assert!(ground.open("d").is_ok());
}

#[test]
fn trials_of_another_experiment_stay_without_force() {
    let ground = Ground::new("other");
    let partial = ground.open("d1").unwrap();
    partial.keep(0, &output(), None).unwrap();
    drop(partial);
    let error = ground.open("d2").unwrap_err();
    assert!(
        error.message.contains("another experiment (digest d1)"),
        "{error}"
    );
    assert_eq!(kept(&ground.out(), "d1"), 1);
    let anew = Partial::open(&ground.out(), "d2", true).unwrap();
    assert_eq!(anew.count(), 0);
    drop(anew);
    assert_eq!(fs::read_dir(&ground.0).unwrap().count(), 0, "nothing kept");
}

#[test]
fn strangers_are_left_alone() {
    let ground = Ground::new("strangers");
    let dir = ground.0.join(".out.partial");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("thesis.txt"), "years").unwrap();
    for anew in [false, true] {
        let error = Partial::open(&ground.out(), "d", anew).unwrap_err();
        assert_eq!(error.code, Code::OUTPUT_IN_THE_WAY);
    }
    assert_eq!(fs::read_to_string(dir.join("thesis.txt")).unwrap(), "years");
}
