//! `envoy`: retries at once are at most a share of the attempts that are out, and some always.
//!
//! Rules read from `resource_manager_impl.h` and `retry_state_impl.cc`:
//!
//! * a retry is allowed while fewer than max(`min_concurrent`, share x attempts out) are under
//!   way, of the share only the whole part;
//! * it is under way from the moment it is decided, through its pause, until its own end is known;
//! * a retry that failed and asks for another has given its place back before.

/// The machine.
#[derive(Clone, Debug)]
pub struct Envoy {
    percent_milli: u64,
    min_concurrent: u64,
    /// Attempts that are out.
    out: u64,
    /// Retries under way, pausing or out.
    retries: u64,
}

impl Envoy {
    /// With nothing out.
    pub fn new(percent_milli: u32, min_concurrent: u32) -> Self {
        Envoy {
            percent_milli: u64::from(percent_milli),
            min_concurrent: u64::from(min_concurrent),
            out: 0,
            retries: 0,
        }
    }

    pub(super) fn sends(&mut self) {
        self.out += 1;
    }

    pub(super) fn hears(&mut self) {
        debug_assert!(self.out > 0, "only what set out ends");
        self.out -= 1;
    }

    pub(super) fn retry_over(&mut self) {
        debug_assert!(self.retries > 0, "only what was granted is over");
        self.retries -= 1;
    }

    pub(super) fn grants(&mut self) -> bool {
        let share = self.out * self.percent_milli / 100_000;
        let granted = self.retries < share.max(self.min_concurrent);
        self.retries += u64::from(granted);
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Do::*;

    #[derive(Clone, Copy, Debug)]
    enum Do {
        Send(u32),
        Hear(u32),
        Over,
        Ask(bool),
    }

    /// Each row: what, then attempts out and retries under way. By hand.
    fn follow(mut budget: Envoy, rows: &[(Do, u64, u64)]) {
        for (i, &(what, out, retries)) in rows.iter().enumerate() {
            match what {
                Send(n) => (0..n).for_each(|_| budget.sends()),
                Hear(n) => (0..n).for_each(|_| budget.hears()),
                Over => budget.retry_over(),
                Ask(granted) => assert_eq!(budget.grants(), granted, "row {i}"),
            }
            assert_eq!((budget.out, budget.retries), (out, retries), "row {i}");
        }
    }

    #[test]
    fn three_are_always_allowed_and_a_fifth_of_what_is_out() {
        let rows = [
            // Nothing out: the minimum.
            (Ask(true), 0, 1),
            (Ask(true), 0, 2),
            (Ask(true), 0, 3),
            (Ask(false), 0, 3),
            // 20 % of 19 is 3.8, of which 3 count.
            (Send(19), 19, 3),
            (Ask(false), 19, 3),
            (Send(1), 20, 3),
            (Ask(true), 20, 4),
            (Ask(false), 20, 4),
            // The share shrinks below what is under way: nothing is taken back.
            (Hear(1), 19, 4),
            (Ask(false), 19, 4),
            (Over, 19, 3),
            (Ask(false), 19, 3),
            (Over, 19, 2),
            (Ask(true), 19, 3),
        ];
        follow(Envoy::new(20_000, 3), &rows);
    }

    #[test]
    fn a_failed_retry_gives_its_place_to_the_next() {
        let rows = [
            (Send(1), 1, 0),
            (Hear(1), 0, 0),
            (Ask(true), 0, 1),
            (Send(1), 1, 1),
            (Hear(1), 0, 1),
            (Over, 0, 0),
            (Ask(true), 0, 1),
        ];
        follow(Envoy::new(20_000, 1), &rows);
    }

    #[test]
    fn without_a_minimum_little_traffic_has_no_retries() {
        let rows = [
            (Ask(false), 0, 0),
            (Send(7), 7, 0),
            // 12.5 % of 7 is less than 1.
            (Ask(false), 7, 0),
            (Send(1), 8, 0),
            (Ask(true), 8, 1),
        ];
        follow(Envoy::new(12_500, 0), &rows);
        follow(Envoy::new(0, 0), &[(Send(99), 99, 0), (Ask(false), 99, 0)]);
    }
}
