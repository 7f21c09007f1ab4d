//! `token_bucket`: a retry takes a token, a deposit gives part of one back.
//!
//! Rules read from `retry_sim/retry_strategy.py` (`AdaptiveRetryStrategy`): the bucket starts full,
//! a deposit adds `ratio` up to the bucket's size, and a retry is allowed while *more* than one
//! token is there, which it takes. That code deposits on every new call; the text it belongs to
//! deposits on every success.

use super::Ended;
use crate::model::spec::Deposit;

/// Thousandths of a token.
const TOKEN: u64 = 1000;

/// The machine.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    most: u64,
    ratio: u64,
    deposit: Deposit,
    tokens: u64,
}

impl TokenBucket {
    /// Full.
    pub fn new(tokens: u32, ratio_milli: u32, deposit: Deposit) -> Self {
        let most = u64::from(tokens) * TOKEN;
        TokenBucket {
            most,
            ratio: u64::from(ratio_milli),
            deposit,
            tokens: most,
        }
    }

    pub(super) fn call(&mut self) {
        if self.deposit == Deposit::Call {
            self.put();
        }
    }

    pub(super) fn hears(&mut self, ended: Ended) {
        if self.deposit == Deposit::Success && ended == Ended::Well {
            self.put();
        }
    }

    fn put(&mut self) {
        self.tokens = (self.tokens + self.ratio).min(self.most);
    }

    pub(super) fn grants(&mut self) -> bool {
        let granted = self.tokens > TOKEN;
        if granted {
            self.tokens -= TOKEN;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Do::*;

    #[derive(Clone, Copy, Debug)]
    enum Do {
        Call,
        Hear(Ended),
        Ask(bool),
    }

    /// Each row: how often, what, then thousandths of tokens. By hand.
    fn follow(mut budget: TokenBucket, rows: &[(u32, Do, u64)]) {
        for (i, &(times, what, tokens)) in rows.iter().enumerate() {
            for _ in 0..times {
                match what {
                    Call => budget.call(),
                    Hear(ended) => budget.hears(ended),
                    Ask(granted) => assert_eq!(budget.grants(), granted, "row {i}"),
                }
            }
            assert_eq!(budget.tokens, tokens, "row {i}");
        }
    }

    #[test]
    fn a_retry_needs_more_than_one_token() {
        let rows = [
            (1, Call, 3000),
            (2, Ask(true), 1000),
            // Exactly one is not more than one.
            (1, Ask(false), 1000),
            // Only calls deposit here.
            (9, Hear(Ended::Well), 1000),
            (1, Call, 1100),
            (1, Ask(true), 100),
            (9, Call, 1000),
            (1, Ask(false), 1000),
            (30, Call, 3000),
        ];
        follow(TokenBucket::new(3, 100, Deposit::Call), &rows);
    }

    #[test]
    fn under_total_failure_only_calls_refill_it() {
        let rows = [
            (2, Ask(true), 1000),
            (50, Call, 1000),
            (50, Hear(Ended::Badly), 1000),
            (50, Hear(Ended::Otherwise), 1000),
            (1, Ask(false), 1000),
            (1, Hear(Ended::Well), 1250),
            (1, Ask(true), 250),
            (1, Ask(false), 250),
        ];
        follow(TokenBucket::new(3, 250, Deposit::Success), &rows);
    }
}
