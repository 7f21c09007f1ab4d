//! The output directory in every situation it may be found in.

use super::*;

/// A folder of its own for one test, removed at its end.
struct Ground(PathBuf);

impl Ground {
    fn new(name: &str) -> Ground {
        let path = std::env::temp_dir().join(format!("veltrix-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Ground(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn manifest(digest: &str) -> Manifest {
    Manifest {
        program: "veltrix".into(),
        version: "0.1.0".into(),
        format: 1,
        trajectory: 1,
        experiment: "story".into(),
        digest: digest.into(),
        seed: "14".into(),
        overrides: Vec::new(),
        command: String::new(),
        failed: 0,
        objective_met: None,
        inputs: Vec::new(),
        outputs: Vec::new(),
    }
}

fn begun(path: &Path) -> Result<Folder, FolderError> {
    Folder::begin(Partial::open(path, "d", false)?)
}

fn finished(path: &Path, digest: &str, text: &str) {
    let mut folder = begun(path).unwrap();
    folder.write("a.txt", text.as_bytes()).unwrap();
    folder
        .write_unlisted(manifest::NAME, &manifest(digest).bytes())
        .unwrap();
    folder.finish().unwrap();
}

#[test]
fn it_is_not_there_until_it_is_complete() {
    let ground = Ground::new("complete");
    let path = ground.0.join("runs/story-12345678");
    let mut folder = begun(&path).unwrap();
    folder.write("charts/a.svg", b"<svg/>").unwrap();
    assert!(!path.exists());
    drop(folder);
    assert_eq!(fs::read_dir(ground.0.join("runs")).unwrap().count(), 0);
    finished(&path, "d1", "x");
    assert_eq!(fs::read_to_string(path.join("a.txt")).unwrap(), "x");
    assert_eq!(fs::read_dir(ground.0.join("runs")).unwrap().count(), 1);
}

#[test]
fn what_is_there_is_told_apart() {
    let ground = Ground::new("look");
    let path = ground.0.join("out");
    assert_eq!(look(&path, "d1").unwrap(), Place::Free);
    fs::create_dir(&path).unwrap();
    assert_eq!(look(&path, "d1").unwrap(), Place::Free);
    finished(&path, "d1", "x");
    assert_eq!(
        look(&path, "d1").unwrap(),
        Place::Done(Box::new(manifest("d1")))
    );
    assert_eq!(
        look(&path, "d2").unwrap(),
        Place::Other(Box::new(manifest("d1")))
    );
    let refusal = other(&path, &manifest("d1"));
    assert_eq!(refusal.code, Code::OUTPUT_IN_THE_WAY);
    assert!(refusal.message.contains("out") && refusal.help.contains("--force"));
}

#[test]
fn strangers_are_never_replaced() {
    let ground = Ground::new("strangers");
    let path = ground.0.join("home");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("thesis.txt"), "years").unwrap();
    let error = look(&path, "d").unwrap_err();
    assert_eq!(error.code, Code::OUTPUT_IN_THE_WAY);
    assert!(error.message.contains("home"), "{error}");
    let mut folder = begun(&path).unwrap();
    folder.write("a.txt", b"x").unwrap();
    assert!(folder.finish().is_err());
    assert_eq!(
        fs::read_to_string(path.join("thesis.txt")).unwrap(),
        "years"
    );
    assert_eq!(ground.names(), ["home"]);
}

#[test]
fn a_file_in_the_way_is_said_to_be_one() {
    let ground = Ground::new("file");
    let path = ground.0.join("out");
    fs::write(&path, "text").unwrap();
    let error = look(&path, "d").unwrap_err();
    assert!(error.message.contains("it is a file"), "{error}");
    let below = begun(&path.join("deeper")).unwrap_err();
    assert_eq!(below.code, Code::UNWRITABLE);
    assert!(below.message.contains("out"), "{below}");
}

#[test]
fn older_results_are_replaced_as_a_whole() {
    let ground = Ground::new("replace");
    let path = ground.0.join("out");
    finished(&path, "d1", "old");
    fs::write(path.join("extra.svg"), "of an older run").unwrap();
    finished(&path, "d2", "new");
    assert_eq!(fs::read_to_string(path.join("a.txt")).unwrap(), "new");
    assert!(
        !path.join("extra.svg").exists(),
        "never mixed with older results"
    );
    assert_eq!(ground.names(), ["out"]);
}

#[test]
fn parts_are_joined_in_order_and_hashed() {
    let ground = Ground::new("join");
    let path = ground.0.join("out");
    let mut folder = begun(&path).unwrap();
    for (trial, bytes) in [(2, "c\n"), (0, "b\n")] {
        fs::write(folder.rows(trial), bytes).unwrap();
    }
    let parts = [0, 1, 2].map(|trial| folder.rows(trial));
    folder.join("all.csv", b"head\n", &parts).unwrap();
    let digest = manifest::digest_of(b"head\nb\nc\n");
    assert_eq!(
        folder.outputs(),
        [FileDigest {
            path: "all.csv".into(),
            blake3: digest
        }]
    );
    folder.write("b", b"").unwrap();
    assert_eq!(folder.outputs().len(), 2);
    folder
        .write_unlisted(manifest::NAME, &manifest("d").bytes())
        .unwrap();
    folder.finish().unwrap();
    assert_eq!(ground.names(), ["out"]);
}
