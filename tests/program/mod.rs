//! The program as a person runs it: in a folder, without colours.

#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program with these arguments, in a folder.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_veltrix"));
    command.args(args).env("NO_COLOR", "1").current_dir(folder);
    command
}

/// How it ended: exit code, stdout, stderr.
pub fn ended(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Runs it to its end.
pub fn veltrix(folder: &Path, args: &[&str]) -> (i32, String, String) {
    ended(command(folder, args).output().unwrap())
}

/// An empty folder of this name.
pub fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What an earlier run left, if it ran.
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}
