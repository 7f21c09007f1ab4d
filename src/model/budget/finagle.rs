//! `finagle`: each request deposits credit that lives about `ttl`, a retry withdraws it, and a
//! reserve is there without deposits.
//!
//! Rules read from `RetryBudget.scala`, and from `TokenBucket.scala` and `WindowedAdder.scala` of
//! its utilities:
//!
//! * a deposit is 1000 tokens, a retry costs 1000 / share, without its fraction; with a share of 0
//!   a deposit is nothing and a retry costs 1;
//! * the reserve is retries a second x whole seconds of `ttl` x the cost of a retry;
//! * tokens are kept in ten slices of `ttl` / 10. A slice ends with the first call that comes a
//!   slice's length or more after it began, and the next begins with that call: slices are not
//!   aligned to anything;
//! * a retry is allowed when all ten slices and the reserve have its cost, and takes it from the
//!   present slice, which may go below 0.

use crate::base::units::{Nanos, SECOND};

/// Slices beside the present one.
const OLD: usize = 9;
/// Tokens of a deposit.
const DEPOSIT: i64 = 1000;

/// The machine.
#[derive(Clone, Debug)]
pub struct Finagle {
    deposit: i64,
    cost: i64,
    reserve: i64,
    slice: Nanos,
    /// The present slice: its tokens, and when it began.
    present: i64,
    since: Nanos,
    /// Those before; the next to be written.
    old: [i64; OLD],
    next: usize,
}

impl Finagle {
    /// Without deposits.
    pub fn new(percent_milli: u32, ttl: Nanos, min_per_second: u32) -> Self {
        let (deposit, cost) = match percent_milli {
            0 => (0, 1),
            // 1000 / (percent / 100), in thousandths of a percent.
            percent => (DEPOSIT, (100_000_000 / i64::from(percent)).max(1)),
        };
        let seconds = i64::try_from(ttl / SECOND).unwrap_or(i64::MAX);
        let reserve = i64::from(min_per_second).saturating_mul(seconds);
        Finagle {
            deposit,
            cost,
            reserve: reserve.saturating_mul(cost),
            slice: (ttl / (OLD as u64 + 1)).max(1),
            present: 0,
            since: 0,
            old: [0; OLD],
            next: 0,
        }
    }

    pub(super) fn call(&mut self, now: Nanos) {
        self.expire(now);
        self.present += self.deposit;
    }

    pub(super) fn grants(&mut self, now: Nanos) -> bool {
        self.expire(now);
        let granted = self.tokens() >= self.cost;
        if granted {
            self.present -= self.cost;
        }
        granted
    }

    fn tokens(&self) -> i64 {
        let all = self.old.iter().sum::<i64>() + self.present;
        all.saturating_add(self.reserve)
    }

    /// Ends the present slice if its time is over.
    fn expire(&mut self, now: Nanos) {
        let passed = now - self.since;
        if passed < self.slice {
            return;
        }
        self.put(self.present);
        // Slices that nobody saw pass.
        let skipped = (passed / self.slice - 1).min(OLD as u64);
        for _ in 0..skipped {
            self.put(0);
        }
        (self.present, self.since) = (0, now);
    }

    fn put(&mut self, tokens: i64) {
        self.old[self.next] = tokens;
        self.next = (self.next + 1) % OLD;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Do::*;

    #[derive(Clone, Copy, Debug)]
    enum Do {
        Call,
        /// Asks, and gets this answer.
        Ask(bool),
    }

    /// Each row: when (ms), what, tokens afterwards with the reserve. By hand.
    fn follow(mut budget: Finagle, rows: &[(u64, Do, i64)]) {
        for (i, &(ms, what, tokens)) in rows.iter().enumerate() {
            let now = ms * (SECOND / 1000);
            match what {
                Call => budget.call(now),
                Ask(granted) => assert_eq!(budget.grants(now), granted, "row {i}"),
            }
            assert_eq!(budget.tokens(), tokens, "row {i}");
        }
    }

    #[test]
    fn costs_and_reserves_are_those_of_the_original() {
        for (percent_milli, ttl, min, expected) in [
            // 20 %, 10 s, 10 a second: a retry costs 5 deposits, the reserve is 100 retries.
            (20_000, 10, 10, (1000, 5000, 500_000)),
            (30_000, 10, 1, (1000, 3333, 33_330)),
            (200_000, 5, 0, (1000, 500, 0)),
            // Only the reserve: 30 retries.
            (0, 10, 3, (0, 1, 30)),
            // A thousand retries for each request is the most: one token each.
            (100_000_000, 1, 0, (1000, 1, 0)),
        ] {
            let b = Finagle::new(percent_milli, ttl * SECOND, min);
            assert_eq!((b.deposit, b.cost, b.reserve), expected);
        }
        // Of a ttl only whole seconds count for the reserve.
        let b = Finagle::new(20_000, 2 * SECOND - 1, 10);
        assert_eq!((b.reserve, b.slice), (50_000, 199_999_999));
    }

    /// Half a retry for each request, no reserve: a deposit is 1000, a retry 2000, a slice 1 s.
    #[test]
    fn deposits_pay_for_retries_and_expire_with_their_slice() {
        let rows = [
            (0, Ask(false), 0),
            (0, Call, 1000),
            // One deposit short.
            (100, Ask(false), 1000),
            (999, Call, 2000),
            // Exactly enough.
            (999, Ask(true), 0),
            (999, Call, 1000),
            (999, Call, 2000),
            // A slice later these are an old slice of 2000; it lives in all for ten slices from
            // when it began, if calls end the slices in between.
            (1000, Call, 3000),
            (2000, Call, 4000),
            (9000, Call, 5000),
            // From 1 s on slices began at 1, 2 and 9 s, those in between were empty. The slice
            // from 0 to 1 s leaves when the tenth after it begins.
            (9999, Call, 6000),
            (10_000, Call, 5000),
            (10_999, Ask(true), 3000),
            // The slice begun at 1 s leaves.
            (11_000, Ask(true), 0),
            // That of 2 s leaves, and the debts of the slices that paid stay: below 0.
            (12_000, Call, 0),
        ];
        follow(Finagle::new(50_000, 10 * SECOND, 0), &rows);
    }

    #[test]
    fn slices_begin_with_the_call_that_ends_the_one_before() {
        let rows = [
            (500, Call, 1000),
            // 1.5 slices after the start of the run: a new slice from here on, none skipped.
            (1500, Call, 2000),
            (2499, Call, 3000),
            (2500, Call, 4000),
            // Seven slices skipped: that which began at 0 is gone, that of 1.5 s not yet.
            (11_499, Call, 4000),
            (11_500, Call, 5000),
            (12_499, Call, 4000),
            // Long after, nothing is left but what comes now.
            (100_000, Call, 1000),
            (100_000, Ask(false), 1000),
        ];
        follow(Finagle::new(50_000, 10 * SECOND, 0), &rows);
    }

    #[test]
    fn the_reserve_comes_back_as_debts_expire() {
        // Two retries every second of reserve over 1 s: 2 of them, each 5000.
        let rows = [
            (0, Ask(true), 5000),
            (50, Ask(true), 0),
            (99, Ask(false), 0),
            // Slices are 100 ms. The debt of 10000 of the first lives until 1 s.
            (999, Ask(false), 0),
            (1000, Ask(false), 0),
        ];
        follow(Finagle::new(20_000, SECOND, 2), &rows);
        let rows = [
            (0, Ask(true), 5000),
            (50, Ask(true), 0),
            (1000, Ask(true), 5000),
        ];
        follow(Finagle::new(20_000, SECOND, 2), &rows);
        let only = [(0, Ask(true), 0), (1, Ask(false), 0)];
        follow(Finagle::new(0, SECOND, 1), &only);
    }

    #[test]
    fn nothing_is_allowed_where_there_is_neither_share_nor_reserve() {
        let rows = [(0, Call, 0), (0, Ask(false), 0)];
        follow(Finagle::new(0, SECOND, 0), &rows);
    }
}
