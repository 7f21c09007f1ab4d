//! `manifest.json`: what made these files, so that they can be made again and told apart.

use serde::{Deserialize, Serialize};

use crate::experiment::TRAJECTORY;
use crate::experiment::design::Design;
use crate::experiment::results::{Results, TrialStatus};

/// The name of the file; a folder with one of ours is a folder of results.
pub const NAME: &str = "manifest.json";

/// Goes up when the files change their form.
pub const FORMAT: u32 = 1;

/// Whose folders these are.
pub const PROGRAM: &str = "veltrix";

/// The content of `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `veltrix`: whose folder this is.
    pub program: String,
    /// The program's version.
    pub version: String,
    /// Form of the files.
    pub format: u32,
    /// Results of different trajectories do not compare.
    pub trajectory: u32,
    /// Name of the experiment.
    pub experiment: String,
    /// Digest of the resolved experiment and the version.
    pub digest: String,
    /// As text: a number of 64 bits does not survive every reader.
    pub seed: String,
    /// `PATH=VALUE` and options that override the file.
    pub overrides: Vec<String>,
    /// Makes the same bytes again.
    pub command: String,
    /// Trials that failed.
    pub failed: usize,
    /// Whether some point meets the objective; `None` when none is stated.
    pub objective_met: Option<bool>,
    /// Files that were read, relative to the experiment's file.
    pub inputs: Vec<FileDigest>,
    /// Files that were written, this one and `host.json` left out.
    pub outputs: Vec<FileDigest>,
}

/// A file with the digest of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Its path, with `/`.
    pub path: String,
    /// BLAKE3, 64 hex digits.
    pub blake3: String,
}

/// Where results come from, as the command line knows it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// See [`digest`].
    pub digest: String,
    /// `PATH=VALUE` and options that override the file.
    pub overrides: Vec<String>,
    /// Makes the same bytes again.
    pub command: String,
    /// Files that were read.
    pub inputs: Vec<FileDigest>,
}

impl Manifest {
    /// For results with these outputs.
    pub fn new(
        design: &Design,
        results: &Results,
        origin: &Origin,
        outputs: Vec<FileDigest>,
    ) -> Manifest {
        let failed = results
            .trials
            .iter()
            .filter(|t| t.status != TrialStatus::Done);
        Manifest {
            failed: failed.count(),
            objective_met: results.objective_met(),
            ..Manifest::of(&design.name, design.seed, origin.clone(), outputs)
        }
    }

    /// For outputs of any command: nothing failed, no objective.
    pub fn of(experiment: &str, seed: u64, origin: Origin, outputs: Vec<FileDigest>) -> Manifest {
        Manifest {
            program: PROGRAM.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            format: FORMAT,
            trajectory: TRAJECTORY,
            experiment: experiment.to_owned(),
            digest: origin.digest,
            seed: seed.to_string(),
            overrides: origin.overrides,
            command: origin.command,
            failed: 0,
            objective_met: None,
            inputs: origin.inputs,
            outputs,
        }
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("plain data has a form in JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Reads one; `None` when it is not ours.
    pub fn read(bytes: &[u8]) -> Option<Manifest> {
        let manifest: Manifest = serde_json::from_slice(bytes).ok()?;
        (manifest.program == PROGRAM).then_some(manifest)
    }
}

/// The digest of some bytes.
pub fn digest_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The digest of an experiment: its resolved text, the data files it reads, and the version that
/// runs it. Equal digests mean equal results.
pub fn digest(resolved: &str, data: &[FileDigest]) -> String {
    let mut hasher = blake3::Hasher::new();
    let version = format!(
        "{PROGRAM} {} {TRAJECTORY} {FORMAT}\n",
        env!("CARGO_PKG_VERSION")
    );
    hasher.update(version.as_bytes());
    for file in data {
        hasher.update(format!("{} {}\n", file.path, file.blake3).as_bytes());
    }
    hasher.update(resolved.as_bytes());
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_back_and_others_are_not_ours() {
        let manifest = Manifest {
            program: PROGRAM.into(),
            version: "0.1.0".into(),
            format: 1,
            trajectory: 1,
            experiment: "story".into(),
            digest: digest("a = 1\n", &[]),
            seed: u64::MAX.to_string(),
            overrides: vec!["seed=3".into()],
            command: "veltrix run story.toml --seed 3".into(),
            failed: 0,
            objective_met: Some(true),
            inputs: Vec::new(),
            outputs: vec![FileDigest {
                path: "a".into(),
                blake3: digest_of(b""),
            }],
        };
        assert_eq!(Manifest::read(&manifest.bytes()), Some(manifest.clone()));
        let other = String::from_utf8(manifest.bytes())
            .unwrap()
            .replace("\"veltrix\"", "\"npm\"");
        assert_eq!(Manifest::read(other.as_bytes()), None);
        assert_eq!(Manifest::read(b"{}"), None);
    }

    #[test]
    fn digests_tell_experiments_and_their_data_apart() {
        let data = |text: &[u8]| {
            [FileDigest {
                path: "t.csv".into(),
                blake3: digest_of(text),
            }]
        };
        let all = [
            digest("a = 1\n", &[]),
            digest("a = 2\n", &[]),
            digest("a = 1\n", &data(b"1")),
            digest("a = 1\n", &data(b"2")),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
