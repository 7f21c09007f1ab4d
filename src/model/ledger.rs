//! The ledger: every request and every attempt of a run, from its first nanosecond to its last.
//! It must balance in whole numbers at the end.

use super::outcome::Outcome;
use super::tally::ByOutcome;

/// Counts over the whole run. What follows from others is not counted: the usual request costs
/// two additions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Requests born.
    pub born: u64,
    /// Requests answered in time.
    pub ok: u64,
    /// Requests with a complete answer, but none in time (yet).
    pub only_late: u64,
    /// Requests lost.
    pub lost: u64,
    /// Attempts made that were not the first.
    pub retries: u64,
    /// Attempts made beside others of the same try: copies.
    pub copies: u64,
    /// Attempts that were `ok` without making their request so.
    pub part_ok: u64,
    /// Calls that services made of others.
    pub calls: u64,
    /// Calls answered in time.
    pub calls_ok: u64,
    /// Calls lost.
    pub calls_lost: u64,
    /// Attempts that failed, by outcome.
    pub failed: ByOutcome,
}

impl Ledger {
    /// Requests with at least one complete answer.
    pub fn answered(&self) -> u64 {
        self.ok + self.only_late
    }

    /// Whether everything that began has ended or is inside; the text says what does not add up.
    pub fn balance(
        &self,
        open_requests: u64,
        open_calls: u64,
        open_attempts: u64,
    ) -> Result<(), String> {
        let failed: u64 = self.failed.iter().sum();
        if self.born != self.ok + self.lost + open_requests {
            return Err(format!(
                "requests: {} born, but {} ok + {} lost + {open_requests} inside",
                self.born, self.ok, self.lost
            ));
        }
        if self.calls != self.calls_ok + self.calls_lost + open_calls {
            return Err(format!(
                "calls: {} made, but {} ok + {} lost + {open_calls} inside",
                self.calls, self.calls_ok, self.calls_lost
            ));
        }
        let made = self.born + self.calls + self.retries + self.copies;
        let ok = self.ok + self.calls_ok + self.part_ok;
        if made != ok + failed + open_attempts {
            return Err(format!(
                "attempts: {made} made, but {ok} ok + {failed} failed + {open_attempts} inside"
            ));
        }
        if self.failed[Outcome::Ok.index()] != 0 {
            return Err("an attempt both failed and is ok".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vanishes_is_noticed() {
        let mut ledger = Ledger {
            born: 3,
            ok: 1,
            lost: 1,
            ..Ledger::default()
        };
        ledger.failed[Outcome::BufferFull.index()] = 1;
        assert!(ledger.balance(1, 0, 1).is_ok());
        assert!(ledger.balance(0, 0, 1).is_err());
        assert!(ledger.balance(1, 0, 0).is_err());
        ledger.retries = 1;
        assert!(ledger.balance(1, 0, 1).is_err());
        (ledger.retries, ledger.calls) = (0, 1);
        assert!(ledger.balance(1, 0, 2).is_err());
        assert!(ledger.balance(1, 1, 2).is_ok());
    }
}
