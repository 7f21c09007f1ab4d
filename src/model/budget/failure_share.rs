//! `failure_share`: no retries while more than a share of the calls has failed.
//!
//! Rules read from `retry_sim/retry_strategy.py` (`CircuitBreakerRetryStrategy`): calls are counted
//! when they are first sent, failures with every failed attempt, the one that asks included, both
//! from the start of the run on. A retry is allowed unless failures / calls is *above* the share.

use super::Ended;

/// The machine.
#[derive(Clone, Debug)]
pub struct FailureShare {
    percent_milli: u64,
    calls: u64,
    failures: u64,
}

impl FailureShare {
    /// Nothing has been called yet.
    pub fn new(percent_milli: u32) -> Self {
        FailureShare {
            percent_milli: u64::from(percent_milli),
            calls: 0,
            failures: 0,
        }
    }

    pub(super) fn call(&mut self) {
        self.calls += 1;
    }

    pub(super) fn hears(&mut self, ended: Ended) {
        self.failures += u64::from(ended == Ended::Badly);
    }

    pub(super) fn grants(&self) -> bool {
        let part = |count: u64, of: u64| u128::from(count) * u128::from(of);
        part(self.failures, 100_000) <= part(self.calls, self.percent_milli)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_stop_above_a_tenth_of_failures() {
        let mut budget = FailureShare::new(10_000);
        // Calls, failures, other ends, then whether a retry may be made. By hand.
        for (i, (calls, failed, other, granted)) in [
            // The first call of all fails: 1 / 1.
            (1, 1, 0, false),
            // 1 / 9, then exactly a tenth.
            (8, 0, 8, false),
            (1, 0, 0, true),
            // 2 / 10 and 2 / 20.
            (0, 1, 0, false),
            (10, 0, 9, true),
            // 3 / 29, 3 / 30: nothing is forgotten.
            (9, 1, 7, false),
            (1, 0, 0, true),
            // A retry counts as failure when it fails, never as a call.
            (0, 1, 0, false),
        ]
        .into_iter()
        .enumerate()
        {
            (0..calls).for_each(|_| budget.call());
            (0..failed).for_each(|_| budget.hears(Ended::Badly));
            let ends = [Ended::Well, Ended::Otherwise];
            (0..other).for_each(|n| budget.hears(ends[n % 2]));
            assert_eq!(budget.grants(), granted, "row {i}");
        }
        assert_eq!((budget.calls, budget.failures), (30, 4));
    }

    #[test]
    fn none_is_allowed_after_any_failure_or_every_one() {
        let mut none = FailureShare::new(0);
        (0..1000).for_each(|_| none.call());
        assert!(none.grants(), "nothing has failed");
        none.hears(Ended::Badly);
        assert!(!none.grants());
        let mut all = FailureShare::new(100_000);
        all.call();
        all.hears(Ended::Badly);
        assert!(all.grants());
        all.hears(Ended::Badly);
        assert!(!all.grants(), "the retry failed too: 2 / 1");
    }
}
