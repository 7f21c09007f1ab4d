//! What is read off a system at one moment: running totals, whose differences are what happened
//! in a window.

use std::collections::VecDeque;

use crate::base::units::Nanos;
use crate::model::ledger::Ledger;

/// Running totals at a moment.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The moment.
    pub at: Nanos,
    /// Requests and attempts.
    pub ledger: Ledger,
    /// Answers later than each budget allows, over the whole run.
    pub late: Vec<u64>,
    /// Requests born and answered of each class, in the measured time.
    pub classes: Vec<(u64, u64)>,
    /// One for each service.
    pub services: Vec<ServiceLook>,
    /// Numerator and denominator of each condition of the user's own.
    pub own: Vec<(f64, f64)>,
}

/// A service at a moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceLook {
    /// Core-time busy, of workers that are up and not wedged.
    pub busy: u128,
    /// Core-time of workers that are up and not wedged.
    pub able: u128,
    /// Attempts waiting now, balancer included.
    pub waiting: u64,
}

impl Look {
    /// Attempts made.
    pub fn made(&self) -> u64 {
        self.ledger.born + self.ledger.retries + self.ledger.copies
    }

    /// Requests that have ended.
    pub fn ended(&self) -> u64 {
        self.ledger.ok + self.ledger.lost
    }
}

/// The looks that windows may still reach back to.
#[derive(Clone, Debug, Default)]
pub struct Past {
    looks: VecDeque<Look>,
    longest: Nanos,
}

impl Past {
    /// Windows are at most so long.
    pub fn new(longest: Nanos) -> Past {
        Past {
            looks: VecDeque::new(),
            longest,
        }
    }

    /// Another look, later than all before.
    pub fn push(&mut self, look: Look) {
        let reach = look.at.saturating_sub(self.longest);
        while self.looks.get(1).is_some_and(|second| second.at <= reach) {
            self.looks.pop_front();
        }
        self.looks.push_back(look);
    }

    /// The last look.
    pub fn last(&self) -> Option<&Look> {
        self.looks.back()
    }

    /// The last look that is at least so long before the last one; `None` while the run is shorter.
    pub fn before(&self, window: Nanos) -> Option<&Look> {
        let now = self.looks.back()?.at;
        let at = now.checked_sub(window)?;
        let after = self.looks.partition_point(|look| look.at <= at);
        self.looks.get(after.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_reach_back_as_far_as_they_must() {
        let mut past = Past::new(30);
        for at in (0..=100).step_by(10) {
            let look = Look {
                at,
                ..Look::default()
            };
            past.push(look);
        }
        assert_eq!(past.before(30).map(|l| l.at), Some(70));
        assert_eq!(past.before(25).map(|l| l.at), Some(70));
        assert_eq!(past.before(0).map(|l| l.at), Some(100));
        assert_eq!(past.looks.len(), 4);
        assert!(past.before(31).is_none(), "it was promised to be no longer");
        let mut young = Past::new(30);
        young.push(Look::default());
        assert!(young.before(30).is_none());
    }
}
