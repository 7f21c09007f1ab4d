//! What an unfinished run has done so far: a hidden folder beside the place for its results, with
//! one small file a finished trial, so that the same command goes on where the last one was ended.
//!
//! A file is there under its name as a whole or not at all, and is believed only if its checksum
//! is that of this experiment, this version and this trial. One process at a time writes here.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder::{FolderError, in_the_way, short, unwritable};
use crate::base::codes::Code;
use crate::model::outcome::Outcome;
use crate::model::series::NAMES;
use crate::model::trial::TrialOutput;

/// Goes up when the files change their form.
const FORM: u32 = 1;

/// Says whose trials these are; a folder with it is one of ours.
const HEADER: &str = "experiment.json";

/// Locked by the process that writes here.
const LOCK: &str = "lock";

/// The results under construction.
const OUT: &str = "out";

/// Older results that are being replaced.
const OLD: &str = "old";

/// How the name of a finished trial's file begins.
const TRIAL: &str = "trial-";

/// A file of its own kind that counts as a trial: see [`Kept`](super::kept::Kept).
pub(super) const LOG: &str = "trial-log";

/// How a file ends that is being written.
const UNFINISHED: &str = ".tmp";

/// Bytes of a checksum.
const CHECK: usize = blake3::OUT_LEN;

/// The content of the header.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    program: String,
    form: u32,
    /// What a trial's numbers are numbers of.
    shape: String,
    digest: String,
}

impl Header {
    fn of(digest: &str) -> Header {
        Header {
            program: "veltrix".into(),
            form: FORM,
            shape: format!("{} {}", Outcome::COUNT, NAMES.join(" ")),
            digest: digest.into(),
        }
    }
}

/// Length and checksum of a trial's rows of attempts, which have a file of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rows {
    length: u64,
    check: [u8; CHECK],
}

/// What is known of a trial from an earlier run.
#[derive(Debug)]
pub enum Kept {
    /// Nothing.
    Nothing,
    /// All of it.
    Whole(Box<TrialOutput>),
    /// There is a file, and it cannot be believed.
    Damaged(PathBuf),
}

/// The folder of an unfinished run. Dropped without a finished trial it is gone.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
    dir: PathBuf,
    digest: String,
    /// Held, and let go when the process ends, however it does.
    lock: Option<File>,
}

/// The folder beside the place for the results: `runs/.story-3be1907d.partial`.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial"))
}

/// How many trials an earlier run of the experiment with this digest has kept, for results at
/// `path`. Touches nothing.
pub fn kept(path: &Path, digest: &str) -> usize {
    let dir = beside(path);
    let ours = header(&dir).is_some_and(|h| h == Header::of(digest));
    if ours { trials(&dir) } else { 0 }
}

fn header(dir: &Path) -> Option<Header> {
    let bytes = fs::read(dir.join(HEADER)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
    names.collect()
}

fn trials(dir: &Path) -> usize {
    let whole = |name: &&String| name.starts_with(TRIAL) && !name.ends_with(UNFINISHED);
    names(dir).iter().filter(whole).count()
}

/// Removes what a run that is over has left beside its results.
pub fn tidy(path: &Path, digest: &str) {
    if beside(path).exists()
        && let Ok(partial) = Partial::open(path, digest, false)
    {
        partial.remove();
    }
}

impl Partial {
    /// Opens the folder for results at `path`, or makes it; with `anew` what an earlier run kept
    /// there is dropped.
    ///
    /// # Errors
    /// Another process is at it, it holds something else, or the system says no.
    pub fn open(path: &Path, digest: &str, anew: bool) -> Result<Partial, FolderError> {
        let dir = beside(path);
        fs::create_dir_all(&dir).map_err(|e| unwritable(&dir, &e))?;
        let ours =
            |name: &String| [HEADER, LOCK].contains(&name.as_str()) || name.ends_with(UNFINISHED);
        if !dir.join(HEADER).exists() && !names(&dir).iter().all(ours) {
            return Err(in_the_way(
                &dir,
                "it holds something that veltrix did not write",
            ));
        }
        let lock = locked(&dir)?;
        let partial = Partial {
            path: path.to_owned(),
            digest: digest.to_owned(),
            dir,
            lock: Some(lock),
        };
        let wanted = Header::of(digest);
        let found = header(&partial.dir);
        if found.as_ref() != Some(&wanted) {
            if trials(&partial.dir) > 0 && !anew {
                return Err(other(&partial.dir, found));
            }
            partial.clear()?;
            let bytes = serde_json::to_vec(&wanted).expect("plain data has a form in JSON");
            partial.write(HEADER, &[&bytes])?;
        } else if anew {
            partial.clear_but(&[HEADER, LOCK])?;
        }
        Ok(partial)
    }

    /// The place for the results.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the results are put together.
    pub fn out(&self) -> PathBuf {
        self.dir.join(OUT)
    }

    /// Where older results go while they are replaced.
    pub fn old(&self) -> PathBuf {
        self.dir.join(OLD)
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How many trials are kept.
    pub fn count(&self) -> usize {
        trials(&self.dir)
    }

    /// The file of a trial's rows of attempts.
    pub fn rows(&self, trial: usize) -> PathBuf {
        self.dir.join(rows_name(trial))
    }

    /// Keeps what came out of a trial, by its place in the plan.
    ///
    /// # Errors
    /// The system says no.
    pub fn keep(
        &self,
        trial: usize,
        output: &TrialOutput,
        rows: Option<&[u8]>,
    ) -> Result<(), FolderError> {
        let about = rows.map(|bytes| Rows {
            length: bytes.len() as u64,
            check: *blake3::hash(bytes).as_bytes(),
        });
        if let Some(bytes) = rows {
            self.write(&rows_name(trial), &[bytes])?;
        }
        let payload = postcard::to_stdvec(&(output, about)).expect("plain data has a form");
        let check = self.check(trial, &payload);
        self.write(&trial_name(trial), &[&check, &payload])
    }

    /// What an earlier run kept of a trial, by its place in the plan; with rows of attempts or
    /// without.
    pub fn look(&self, trial: usize, with_rows: bool) -> Kept {
        let path = self.dir.join(trial_name(trial));
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Kept::Nothing,
            Err(_) => return Kept::Damaged(path),
        };
        match self.read(trial, &bytes, with_rows) {
            Some(output) => Kept::Whole(Box::new(output)),
            None => Kept::Damaged(path),
        }
    }

    fn read(&self, trial: usize, bytes: &[u8], with_rows: bool) -> Option<TrialOutput> {
        let (check, payload) = bytes.split_at_checked(CHECK)?;
        if self.check(trial, payload) != check {
            return None;
        }
        let (output, rows) = postcard::from_bytes::<(TrialOutput, Option<Rows>)>(payload).ok()?;
        let whole = match rows {
            Some(rows) => rows == about_file(&self.rows(trial)).ok()?,
            None => !with_rows,
        };
        whole.then_some(output)
    }

    /// A trial's file is believed for this trial of this experiment only.
    fn check(&self, trial: usize, payload: &[u8]) -> [u8; CHECK] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{FORM} {} {trial}\n", self.digest).as_bytes());
        hasher.update(payload);
        *hasher.finalize().as_bytes()
    }

    /// Writes a file that is there as a whole or not at all.
    fn write(&self, name: &str, parts: &[&[u8]]) -> Result<(), FolderError> {
        let unfinished = self.dir.join(format!("{name}{UNFINISHED}"));
        let path = self.dir.join(name);
        let write = || -> io::Result<()> {
            let mut file = File::create(&unfinished)?;
            parts.iter().try_for_each(|part| file.write_all(part))?;
            fs::rename(&unfinished, &path)
        };
        write().map_err(|e| unwritable(&path, &e))
    }

    fn clear(&self) -> Result<(), FolderError> {
        self.clear_but(&[LOCK])
    }

    fn clear_but(&self, stay: &[&str]) -> Result<(), FolderError> {
        for name in names(&self.dir) {
            if !stay.contains(&name.as_str()) {
                let path = self.dir.join(&name);
                let gone = match path.is_dir() {
                    true => fs::remove_dir_all(&path),
                    false => fs::remove_file(&path),
                };
                gone.map_err(|e| unwritable(&path, &e))?;
            }
        }
        Ok(())
    }

    /// Removes the folder: the results are complete.
    pub fn remove(mut self) {
        self.vanish();
    }

    fn vanish(&mut self) {
        // Some systems keep a file that is open. Nothing can be done about what will not go then.
        if fs::remove_dir_all(&self.dir).is_err() {
            self.lock = None;
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.dir.exists() && self.count() == 0 && !self.old().exists() {
            self.vanish();
        }
    }
}

fn trial_name(trial: usize) -> String {
    format!("{TRIAL}{trial:08}")
}

fn rows_name(trial: usize) -> String {
    format!("attempts-{trial:08}.csv")
}

fn about_file(path: &Path) -> io::Result<Rows> {
    let mut hasher = blake3::Hasher::new();
    let length = io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(Rows {
        length,
        check: *hasher.finalize().as_bytes(),
    })
}

fn locked(dir: &Path) -> Result<File, FolderError> {
    let path = dir.join(LOCK);
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(|e| unwritable(&path, &e))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let mut error = in_the_way(dir, "another run of it is under way");
            error.help = "wait until it ends, or name another place with `--out DIR`".into();
            Err(error)
        }
        // A file system without locks has to do without.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Refuses to drop trials of another experiment without `--force`.
fn other(dir: &Path, found: Option<Header>) -> FolderError {
    let whose = found.map_or_else(String::new, |h| format!(" (digest {})", short(&h.digest)));
    FolderError {
        code: Code::OUTPUT_IN_THE_WAY,
        message: format!(
            "cannot write to `{}`: it holds trials of another experiment{whose} that was \
             interrupted",
            dir.display()
        ),
        help: "name another place with `--out DIR`, or drop them with `--force`".into(),
    }
}

#[cfg(test)]
mod tests;
