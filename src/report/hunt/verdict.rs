//! Whether a fix is to be believed, in words and for programs.

use serde_json::json;

use super::super::csv_table::visible;
use super::super::table::cut;
use super::json::{interval, shot};
use super::{percent, whole_percent};
use crate::experiment::hunt::{Found, Shot};
use crate::model::incident::Kind;
use crate::stats::interval::{clean_trials, wilson_interval};

/// What became of an incident that was to be fixed.
#[derive(Clone, Copy)]
pub struct Verdict<'a> {
    /// Name of the experiment.
    pub name: &'a str,
    /// The point in words.
    pub label: &'a str,
    /// The token that was to be clean.
    pub token: &'a str,
    /// Its seed.
    pub seed: u64,
    /// The kind that is looked for.
    pub kind: Kind,
    /// Whether the system is still the one of the token.
    pub same: bool,
    /// Of what is said.
    pub confidence: f64,
    /// The share of seeds before: stated, or what a hunt found. `None`: it was not needed.
    pub was: Option<Was<'a>>,
    /// Seeds that must be clean.
    pub needed: u64,
    /// What came out of them; the token's own is not among them.
    pub shots: &'a [Shot],
    /// What came out of the token's own seed.
    pub own: &'a Shot,
}

/// How often it happened before.
#[derive(Clone, Copy)]
pub enum Was<'a> {
    /// That was stated.
    Stated(f64),
    /// A hunt found it.
    Hunted(&'a Found),
}

impl Was<'_> {
    /// The share of seeds; `None`: no seed had a result.
    pub fn share(self) -> Option<f64> {
        match self {
            Was::Stated(share) => Some(share),
            Was::Hunted(found) => found.share.map(|share| share.estimate),
        }
    }

    /// Clean seeds in a row that say the share is lower now.
    pub fn needed(self, confidence: f64) -> Option<u64> {
        clean_trials(self.share()?, confidence)
    }
}

impl Verdict<'_> {
    /// The seed that is not clean, the token's own first.
    pub fn broken(&self) -> Option<&Shot> {
        let own = std::iter::once(self.own);
        own.chain(self.shots).find(|shot| !shot.is_clean())
    }

    /// In words.
    pub fn print(&self) -> String {
        let what = format!("{}, {}", visible(self.name), visible(self.label));
        let mut text = format!(
            "verify  {}\n        {}, seed {}\nnow in  {}\n",
            self.token,
            self.kind.name(),
            self.seed,
            cut(&what, 92)
        );
        if self.same {
            text.push_str("same    the system is the one of the token: nothing was changed\n");
        }
        let sure = whole_percent(self.confidence);
        if let Some(was) = self.was {
            let share = was.share().map_or_else(|| "?".into(), percent);
            let from = match was {
                Was::Stated(_) => "as stated".to_owned(),
                Was::Hunted(found) => format!("{} of {} seeds", found.caught, found.seeds),
            };
            text.push_str(&format!(
                "was     {share} ({from})\ntakes   {} to say with {sure} % confidence that \
                 it is less\n",
                match self.needed {
                    1 => "1 clean seed".into(),
                    n => format!("{n} clean seeds in a row"),
                }
            ));
        }
        text.push_str(&self.verdict(&sure));
        text
    }

    fn verdict(&self, sure: &str) -> String {
        let Some(broken) = self.broken() else {
            let share = self
                .was
                .and_then(Was::share)
                .map_or_else(|| "?".into(), percent);
            return format!(
                "clean   on {}, and on the token's own: with {sure} % confidence {}\n        \
                 comes in less than {share} of seeds\n",
                match self.shots.len() {
                    1 => "that seed".into(),
                    n => format!("all {n} seeds"),
                },
                self.kind.name(),
            );
        };
        let clean = self.shots.iter().filter(|s| s.is_clean()).count() as u64;
        let whose = match broken.seed == self.own.seed && self.shots.is_empty() {
            true => "the token's own, ".to_owned(),
            false => format!("after {} that were clean, ", seeds(clean)),
        };
        match broken.caught() {
            Some(caught) => format!(
                "fails   seed {}, {whose}at {} s: {} at {}\n        {}\n",
                broken.seed,
                super::super::number::seconds(caught.at),
                caught.kind.name(),
                caught.place,
                caught.token
            ),
            None => format!(
                "failed  seed {}, {whose}has no result: {}\n",
                broken.seed,
                broken.failed().unwrap_or_default()
            ),
        }
    }

    /// For programs.
    pub fn json(&self) -> Vec<u8> {
        let was = self.was.map(|was| match was {
            Was::Stated(share) => json!({ "stated": share }),
            Was::Hunted(found) => json!({
                "seeds": found.seeds,
                "caught": found.caught,
                "share": interval(found.share),
            }),
        });
        let clean = self.shots.iter().filter(|s| s.is_clean()).count() as u64;
        let share = wilson_interval(0, clean, self.confidence).filter(|_| self.broken().is_none());
        let object = json!({
            "schema": 1,
            "experiment": self.name,
            "point": self.label,
            "token": self.token,
            "incident": self.kind.name(),
            "same_system": self.same,
            "confidence": self.confidence,
            "was": was,
            "needed": self.was.map(|_| self.needed),
            "clean": clean,
            "share_now": interval(share),
            "still_fails": self.broken().map(shot),
        });
        format!("{object:#}\n").into_bytes()
    }
}

fn seeds(count: u64) -> String {
    format!("{count} seed{}", if count == 1 { "" } else { "s" })
}
