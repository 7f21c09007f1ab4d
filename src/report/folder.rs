//! The output directory: complete under its name, or not there at all.
//!
//! Everything is written below a sibling with another name ([`Partial`]), and takes the name when
//! all is there.
//! A folder is replaced only when it is empty or one of ours, and only when that was asked for.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::manifest::{self, FileDigest, Manifest};
use super::partial::Partial;
use crate::base::codes::Code;

/// What stands where results are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing, or an empty folder.
    Free,
    /// The results of the same experiment.
    Done(Box<Manifest>),
    /// Results of another experiment.
    Other(Box<Manifest>),
}

/// Why results cannot go where they were to go.
#[derive(Debug)]
pub struct FolderError {
    /// VX2006: something is in the way. VX4001: the system says no.
    pub code: Code,
    /// With the path and the reason.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FolderError {}

/// Looks at a path before anything is run.
///
/// # Errors
/// A file or a folder that is not ours is in the way.
pub fn look(path: &Path, digest: &str) -> Result<Place, FolderError> {
    let meta = match fs::symlink_metadata(path) {
        Ok(_) => fs::metadata(path).map_err(|e| unwritable(path, &e))?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Place::Free),
        Err(e) => return Err(unwritable(path, &e)),
    };
    if !meta.is_dir() {
        return Err(in_the_way(path, "it is a file"));
    }
    if fs::read_dir(path)
        .map_err(|e| unwritable(path, &e))?
        .next()
        .is_none()
    {
        return Ok(Place::Free);
    }
    let found = fs::read(path.join(manifest::NAME)).ok();
    match found.and_then(|bytes| Manifest::read(&bytes)) {
        Some(manifest) if manifest.digest == digest => Ok(Place::Done(Box::new(manifest))),
        Some(manifest) => Ok(Place::Other(Box::new(manifest))),
        None => Err(in_the_way(
            path,
            "it holds something that is no result of veltrix",
        )),
    }
}

/// Refuses to mix: for results of another experiment, without `--force`.
pub fn other(path: &Path, manifest: &Manifest) -> FolderError {
    FolderError {
        code: Code::OUTPUT_IN_THE_WAY,
        message: format!(
            "cannot write to `{}`: it holds results of another experiment ({}, digest {})",
            path.display(),
            manifest.experiment,
            short(&manifest.digest)
        ),
        help: "name another place with `--out DIR`, or replace it with `--force`".into(),
    }
}

/// The first eight digits of a digest.
pub fn short(digest: &str) -> &str {
    digest.get(..8).unwrap_or(digest)
}

pub(super) fn in_the_way(path: &Path, why: &str) -> FolderError {
    FolderError {
        code: Code::OUTPUT_IN_THE_WAY,
        message: format!("cannot write to `{}`: {why}", path.display()),
        help: "name another place with `--out DIR`, or move it away; `--force` replaces only \
               folders of results"
            .into(),
    }
}

pub(super) fn unwritable(path: &Path, reason: &io::Error) -> FolderError {
    FolderError {
        code: Code::UNWRITABLE,
        message: format!("cannot write `{}`: {reason}", path.display()),
        help: "make room, get the permission, or name another place with `--out DIR`".into(),
    }
}

/// A folder under construction. Dropped before [`Folder::finish`] it is gone; the trials behind it
/// are not.
#[derive(Debug)]
pub struct Folder {
    partial: Option<Partial>,
    path: PathBuf,
    building: PathBuf,
    outputs: Vec<FileDigest>,
}

impl Folder {
    /// Begins the folder of results of a run whose trials have all ended.
    ///
    /// # Errors
    /// The system says no.
    pub fn begin(partial: Partial) -> Result<Folder, FolderError> {
        let building = partial.out();
        // What a process that was killed left behind is nobody's any more.
        if building.exists() {
            fs::remove_dir_all(&building).map_err(|e| unwritable(&building, &e))?;
        }
        fs::create_dir(&building).map_err(|e| unwritable(&building, &e))?;
        Ok(Folder {
            path: partial.path().to_owned(),
            partial: Some(partial),
            building,
            outputs: Vec::new(),
        })
    }

    /// Adds a file and keeps its digest for the manifest.
    ///
    /// # Errors
    /// The system says no.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        self.write_unlisted(name, bytes)?;
        let blake3 = manifest::digest_of(bytes);
        self.outputs.push(FileDigest {
            path: name.into(),
            blake3,
        });
        Ok(())
    }

    /// Adds a file that the manifest does not list.
    ///
    /// # Errors
    /// The system says no.
    pub fn write_unlisted(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.building.join(name);
        let named = |e: io::Error| unwritable(&self.path.join(name), &e);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(named)?;
        }
        fs::write(&path, bytes).map_err(named)
    }

    /// Adds a file piece by piece and keeps its digest for the manifest.
    ///
    /// # Errors
    /// The system says no.
    pub fn stream(
        &mut self,
        name: &str,
        pieces: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let named = |e: io::Error| unwritable(&self.path.join(name), &e);
        let file = File::create(self.building.join(name)).map_err(named)?;
        let mut file = Hashed {
            file: BufWriter::new(file),
            hasher: blake3::Hasher::new(),
        };
        pieces(&mut file).map_err(named)?;
        file.file.flush().map_err(named)?;
        let blake3 = file.hasher.finalize().to_hex().to_string();
        self.outputs.push(FileDigest {
            path: name.into(),
            blake3,
        });
        Ok(())
    }

    /// Adds a file put together from parts that were written elsewhere, in this order. A part that
    /// was never written is left out.
    ///
    /// # Errors
    /// The system says no.
    pub fn join(&mut self, name: &str, head: &[u8], parts: &[PathBuf]) -> Result<(), FolderError> {
        self.stream(name, |to| {
            to.write_all(head)?;
            for part in parts {
                match File::open(part) {
                    Ok(mut part) => io::copy(&mut part, to)?,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                    Err(e) => return Err(e),
                };
            }
            Ok(())
        })
    }

    /// Where a trial's rows of attempts are, by its place in the plan.
    pub fn rows(&self, trial: usize) -> PathBuf {
        let partial = self.partial.as_ref();
        partial.map_or_else(PathBuf::new, |p| p.rows(trial))
    }

    /// Files written so far, with their digests, by name.
    pub fn outputs(&self) -> Vec<FileDigest> {
        let mut outputs = self.outputs.clone();
        outputs.sort_by(|a, b| a.path.cmp(&b.path));
        outputs
    }

    /// Gives the folder its name, in place of an empty one or of older results.
    ///
    /// # Errors
    /// The system says no, or something came in the way meanwhile.
    pub fn finish(mut self) -> Result<(), FolderError> {
        let Some(partial) = self.partial.take() else {
            return Ok(());
        };
        let done = self.take_place(&partial);
        match done {
            Ok(()) => partial.remove(),
            Err(_) => self.partial = Some(partial),
        }
        done
    }

    fn take_place(&self, partial: &Partial) -> Result<(), FolderError> {
        let old = partial.old();
        let replaced = match look(&self.path, "")? {
            Place::Free => {
                // An empty folder in the way is removed; that there is none is as good.
                let _ = fs::remove_dir(&self.path);
                false
            }
            Place::Done(_) | Place::Other(_) => {
                let _ = fs::remove_dir_all(&old);
                fs::rename(&self.path, &old).map_err(|e| unwritable(&self.path, &e))?;
                true
            }
        };
        if let Err(e) = fs::rename(&self.building, &self.path) {
            if replaced {
                // The older results go back; the error to tell is the first one.
                let _ = fs::rename(&old, &self.path);
            }
            return Err(unwritable(&self.path, &e));
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.partial.is_some() {
            // Nothing can be done about a leftover that will not go.
            let _ = fs::remove_dir_all(&self.building);
        }
    }
}

/// Writes and hashes what is written.
struct Hashed {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests;
