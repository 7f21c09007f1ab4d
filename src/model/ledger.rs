//! The ledger: every request and every attempt of a run, from its first nanosecond to its last.
//! It must balance in whole numbers at the end.

use super::outcome::Outcome;
use super::tally::ByOutcome;

/// Counts over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Requests born.
    pub born: u64,
    /// Requests with at least one complete answer.
    pub answered: u64,
    /// Requests answered in time.
    pub ok: u64,
    /// Requests lost.
    pub lost: u64,
    /// Attempts made.
    pub attempts: u64,
    /// Attempts made that were not the first.
    pub retries: u64,
    /// Attempts ended for their caller, by outcome.
    pub ended: ByOutcome,
}

impl Ledger {
    /// Whether everything that began has ended or is inside; the text says what does not add up.
    pub fn balance(&self, open_requests: u64, open_attempts: u64) -> Result<(), String> {
        let ended: u64 = self.ended.iter().sum();
        if self.born != self.ok + self.lost + open_requests {
            return Err(format!(
                "requests: {} born, but {} ok + {} lost + {open_requests} inside",
                self.born, self.ok, self.lost
            ));
        }
        if self.attempts != ended + open_attempts {
            return Err(format!(
                "attempts: {} made, but {ended} ended + {open_attempts} inside",
                self.attempts
            ));
        }
        if self.ended[Outcome::Ok.index()] != self.ok || self.attempts != self.born + self.retries {
            return Err(format!(
                "{} attempts ok of {} requests ok, {} retries",
                self.ended[Outcome::Ok.index()],
                self.ok,
                self.retries
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_vanishes_is_noticed() {
        let mut ledger = Ledger {
            born: 3,
            ok: 1,
            lost: 1,
            attempts: 3,
            ..Ledger::default()
        };
        ledger.ended[Outcome::Ok.index()] = 1;
        ledger.ended[Outcome::BufferFull.index()] = 1;
        assert!(ledger.balance(1, 1).is_ok());
        assert!(ledger.balance(0, 1).is_err());
        assert!(ledger.balance(1, 0).is_err());
    }
}
