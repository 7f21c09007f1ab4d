//! `grpc_throttle`: failures take tokens, successes give parts of one back, and retries are made
//! only while more than half are there.
//!
//! Rules read from gRPC proposal A6, "Throttling Retry Attempts":
//!
//! * tokens start at their most and stay between 0 and that;
//! * a failure after which the client would retry takes 1, whether it is retried or not; a success
//!   gives `ratio`, in thousandths; other ends do neither;
//! * a retry is allowed while tokens are above half of the most, and takes none itself.

use super::Ended;

/// Thousandths of a token.
const TOKEN: u64 = 1000;

/// The machine.
#[derive(Clone, Debug)]
pub struct GrpcThrottle {
    most: u64,
    ratio: u64,
    tokens: u64,
}

impl GrpcThrottle {
    /// Full.
    pub fn new(tokens: u32, ratio_milli: u32) -> Self {
        let most = u64::from(tokens) * TOKEN;
        GrpcThrottle {
            most,
            ratio: u64::from(ratio_milli),
            tokens: most,
        }
    }

    pub(super) fn hears(&mut self, ended: Ended) {
        match ended {
            Ended::Well => self.tokens = (self.tokens + self.ratio).min(self.most),
            Ended::Badly => self.tokens = self.tokens.saturating_sub(TOKEN),
            Ended::Otherwise => {}
        }
    }

    pub(super) fn grants(&self) -> bool {
        self.tokens > self.most / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ended::*;

    /// Each row: how often what ended, then thousandths of tokens and whether a retry may be made.
    fn follow(mut budget: GrpcThrottle, rows: &[(u32, Ended, u64, bool)]) {
        for (i, &(times, ended, tokens, granted)) in rows.iter().enumerate() {
            (0..times).for_each(|_| budget.hears(ended));
            assert_eq!(
                (budget.tokens, budget.grants()),
                (tokens, granted),
                "row {i}"
            );
        }
    }

    #[test]
    fn retries_stop_at_half_of_the_tokens() {
        let rows = [
            (0, Well, 4000, true),
            // Full stays full.
            (3, Well, 4000, true),
            (1, Badly, 3000, true),
            // Exactly half is not enough.
            (1, Badly, 2000, false),
            (5, Otherwise, 2000, false),
            // The smallest part above half is.
            (1, Well, 2100, true),
            (1, Badly, 1100, false),
            (1, Badly, 100, false),
            // Not below nothing.
            (1, Badly, 0, false),
            (1, Badly, 0, false),
            (20, Well, 2000, false),
            (1, Well, 2100, true),
            (19, Well, 4000, true),
        ];
        follow(GrpcThrottle::new(4, 100), &rows);
    }

    #[test]
    fn half_of_an_odd_number_is_a_half_token() {
        let rows = [
            (1, Badly, 2000, true),
            (1, Badly, 1000, false),
            (1, Well, 1500, false),
            (1, Well, 2000, true),
        ];
        follow(GrpcThrottle::new(3, 500), &rows);
    }
}
