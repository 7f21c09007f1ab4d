//! What an unfinished hunt has done so far: one file in the folder of [`Partial`], to which each
//! outcome is added as it comes. A file each would take longer than a short run.
//!
//! An outcome is believed only if its checksum is that of this hunt; what stands behind one that
//! was cut off is dropped.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::folder::{FolderError, unwritable};
use super::partial::{LOG, Partial};

/// Bytes of the length and of the checksum in front of an outcome.
const LENGTH: usize = 4;
const CHECK: usize = 16;

/// The file.
#[derive(Debug)]
pub struct Kept {
    path: PathBuf,
    digest: String,
    /// Opened with the first outcome.
    file: Mutex<Option<File>>,
}

impl Kept {
    /// The file of an unfinished hunt with this digest, with what an earlier one kept.
    ///
    /// # Errors
    /// The system says no.
    pub fn open<T: DeserializeOwned>(
        partial: &Partial,
        digest: &str,
    ) -> Result<(Kept, Vec<T>), FolderError> {
        let kept = Kept {
            path: partial.dir().join(LOG),
            digest: digest.to_owned(),
            file: Mutex::new(None),
        };
        let bytes = match fs::read(&kept.path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok((kept, Vec::new())),
            Err(e) => return Err(unwritable(&kept.path, &e)),
        };
        let (mut rest, mut all) = (&bytes[..], Vec::new());
        while let Some(one) = kept.take(&mut rest) {
            all.push(one);
        }
        let good = (bytes.len() - rest.len()) as u64;
        let cut = || match good {
            0 => fs::remove_file(&kept.path),
            _ => File::options().write(true).open(&kept.path)?.set_len(good),
        };
        if !rest.is_empty() {
            cut().map_err(|e| unwritable(&kept.path, &e))?;
        }
        Ok((kept, all))
    }

    /// Adds an outcome.
    ///
    /// # Errors
    /// The system says no.
    pub fn keep<T: Serialize>(&self, one: &T) -> Result<(), FolderError> {
        let payload = postcard::to_stdvec(one).expect("plain data has a form");
        let length = u32::try_from(payload.len()).expect("an outcome is short");
        let bytes = [&length.to_le_bytes()[..], &self.check(&payload), &payload].concat();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut add = || {
            let open = match &mut *file {
                Some(open) => open,
                none => none.insert(File::options().create(true).append(true).open(&self.path)?),
            };
            open.write_all(&bytes)
        };
        add().map_err(|e| unwritable(&self.path, &e))
    }

    /// The next outcome; `None`: there is none, or it cannot be believed.
    fn take<T: DeserializeOwned>(&self, rest: &mut &[u8]) -> Option<T> {
        let (length, after) = rest.split_at_checked(LENGTH)?;
        let (check, after) = after.split_at_checked(CHECK)?;
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let (payload, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
        if self.check(payload) != check {
            return None;
        }
        let one = postcard::from_bytes(payload).ok()?;
        *rest = after;
        Some(one)
    }

    fn check(&self, payload: &[u8]) -> [u8; CHECK] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.digest.as_bytes());
        hasher.update(payload);
        let mut check = [0; CHECK];
        check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK]);
        check
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reopened(partial: &Partial, digest: &str) -> Vec<(u64, String)> {
        Kept::open(partial, digest).unwrap().1
    }

    #[test]
    fn what_was_kept_is_there_again_and_a_cut_end_is_dropped() {
        let dir = std::env::temp_dir().join(format!("veltrix-kept-{}", std::process::id()));
        let path = dir.join("out");
        let partial = Partial::open(&path, "abc", false).unwrap();
        let outcomes: Vec<(u64, String)> = (0..3).map(|n| (n, "x".repeat(n as usize))).collect();
        let (kept, before) = Kept::open::<(u64, String)>(&partial, "abc").unwrap();
        assert!(before.is_empty());
        assert_eq!(partial.count(), 0, "nothing is there before the first");
        outcomes.iter().for_each(|one| kept.keep(one).unwrap());
        assert_eq!(partial.count(), 1);
        assert_eq!(reopened(&partial, "abc"), outcomes);
        let file = partial.dir().join(LOG);
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
        assert_eq!(reopened(&partial, "abc"), outcomes[..2]);
        let (kept, _) = Kept::open::<(u64, String)>(&partial, "abc").unwrap();
        kept.keep(&outcomes[2]).unwrap();
        assert_eq!(
            fs::read(&file).unwrap(),
            bytes,
            "it goes on behind the good part"
        );
        let mut bad = bytes.clone();
        bad[LENGTH + CHECK + 1] ^= 1;
        fs::write(&file, &bad).unwrap();
        assert!(reopened(&partial, "abc").is_empty());
        assert!(!file.exists());
        fs::write(&file, &bytes).unwrap();
        assert!(reopened(&partial, "another").is_empty());
        drop(partial);
        fs::remove_dir_all(dir).unwrap();
    }
}
