//! Incidents in words and for programs: what happened, when, where, how much, what came before,
//! and the line that runs it again.

mod episode;
mod json;
mod list;

pub use episode::{headline, told};
pub use json::write;
pub use list::{print, text};

use crate::base::units::Nanos;
use crate::experiment::design::Design;
use crate::experiment::incident::{Case, Token, Trigger};
use crate::experiment::results::{Results, TrialResult};

/// The name of the file for programs.
pub const JSON: &str = "incidents.json";

/// The name of the file to read.
pub const TEXT: &str = "incidents.txt";

/// Tokens of the trials of a design, point after point.
pub struct Tokens<'a> {
    design: &'a Design,
    warm_up: Option<Nanos>,
    /// The point whose token was worked out last, and that: a digest takes time.
    last: Option<(usize, Token)>,
}

impl<'a> Tokens<'a> {
    /// Of a design with its results.
    pub fn new(design: &'a Design, results: &Results) -> Self {
        Tokens {
            design,
            warm_up: results.warm_up.as_ref().map(|found| found.time),
            last: None,
        }
    }

    /// The token of a trial, or of one of its episodes.
    pub fn of(&mut self, trial: &TrialResult, episode: Option<usize>) -> Token {
        let trigger = episode.and_then(|e| Trigger::of(&trial.incidents, e));
        Token {
            replication: trial.replication,
            trigger,
            ..self.of_point(trial.point)
        }
    }

    /// The token of the first trial of a point.
    pub fn of_point(&mut self, point: usize) -> Token {
        if self.last.as_ref().is_none_or(|(last, _)| *last != point) {
            let case = Case::of(self.design, point, 0, self.warm_up);
            self.last = Some((point, Token::of(&case, point)));
        }
        let token = self.last.map(|(_, token)| token);
        token.expect("it was just put there")
    }
}

/// Seconds with as many digits as a person needs to find the place.
pub fn seconds(time: Nanos) -> String {
    format!("{:.3} s", time as f64 / 1e9)
}
