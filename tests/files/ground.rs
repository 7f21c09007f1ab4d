//! A folder of its own for one test, and the command line run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Files by their path below a folder.
pub type Bytes = BTreeMap<String, Vec<u8>>;

/// Removed at its end.
pub struct Ground(PathBuf);

impl Ground {
    pub fn new(name: &str) -> Ground {
        let name = format!("veltrix-files-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Ground(path)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Runs an experiment into `out`; how it ended, and every file but `host.json`.
    pub fn run(&self, file: &Path, out: &str, more: &[&str], env: &[(&str, &str)]) -> (i32, Bytes) {
        let out = self.0.join(out);
        let mut command = Command::new(env!("CARGO_BIN_EXE_veltrix"));
        command.arg("run").arg(file).arg("--out").arg(&out);
        command.args(more).envs(env.iter().copied());
        let ended = command.env("NO_COLOR", "1").output().unwrap();
        let exit = ended.status.code().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(out.is_dir(), "{}: exit {exit}\n{said}", file.display());
        let mut files = Bytes::new();
        gather(&out, &out, &mut files);
        assert!(files.remove("host.json").is_some());
        (exit, files)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn gather(root: &Path, folder: &Path, files: &mut Bytes) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            files.insert(name.replace('\\', "/"), fs::read(&path).unwrap());
        }
    }
}

/// A CSV file as rows of named fields.
pub fn rows(files: &Bytes, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut csv = csv::Reader::from_reader(&files[name][..]);
    let rows = csv.deserialize().map(|row| row.unwrap());
    rows.collect()
}
