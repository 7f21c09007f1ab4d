//! Rules about what a caller does about trouble.

use super::{MAX_SLOTS, Rules, least};
use crate::base::codes::Code;
use crate::base::units::{SECOND, print_time};
use crate::model::spec::{
    Around, BackoffKind, BackoffSpec, BudgetSpec, Cancel, ClientBreaker, ClientSpec, Dist,
    Failures, RetrySpec,
};

/// Most retries that a budget gives away, and most of its tokens.
const MAX_FREE: u32 = 1_000_000;
/// Most attempts where each pause depends on all before it.
const MAX_DECORRELATED: u32 = 1000;

impl Rules {
    /// What a caller does: `copies` whether it sends several copies of a request, `called` whether
    /// it may itself have been called with a deadline.
    pub(super) fn client(
        &mut self,
        client: &ClientSpec,
        (copies, called): (bool, bool),
        path: &str,
    ) {
        if let Some(timeout) = &client.timeout {
            let never = matches!(timeout, Dist::Constant { value } if *value < 1.0);
            let path = format!("{path}.timeout");
            self.range(
                !never,
                &path,
                "above 0 (leave it out to wait for ever)",
                "0s",
            );
        }
        if let Some(network) = &client.network {
            let fine = least(network) >= 0.0;
            self.range(
                fine,
                &format!("{path}.network"),
                "0 or more",
                least(network),
            );
        }
        if let Some(retry) = &client.retry {
            self.retry(retry, &format!("{path}.retry"));
        }
        self.deadline(client, called, path);
        if let Some(limit) = &client.limit {
            self.limit(limit, &format!("{path}.limit"));
        }
        if let Some(breaker) = &client.breaker {
            self.client_breaker((client, copies), breaker, &format!("{path}.breaker"));
        }
    }

    /// A client's breaker, of a source that sends several copies of a request or not.
    fn client_breaker(
        &mut self,
        (client, copies): (&ClientSpec, bool),
        breaker: &ClientBreaker,
        path: &str,
    ) {
        let mut disagree = |key: &str, message: &str, help: &str| {
            let path = format!("{path}{key}");
            let message = format!("`{path}` {message}");
            self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
        };
        match breaker {
            ClientBreaker::Machine { spec, around } => {
                let once = client.retry.is_none() && client.hedge.is_none() && !copies;
                if *around == Around::Call && once {
                    let message = "has no effect: every call is one attempt";
                    disagree(".around", message, "add `retry`, or remove `around`");
                }
                self.breaker(spec, 1, path);
            }
            ClientBreaker::Envoy(limits) => {
                if client.limit.is_some_and(|l| l.in_flight.is_some()) {
                    let message = "stands beside `limit.in_flight`: both say what may be out";
                    disagree("", message, "say it as `connections` and `pending`");
                }
                for (key, bound, least) in [
                    (".connections", limits.connections, 1),
                    (".pending", Some(limits.pending), 0),
                    (".requests", limits.requests, 1),
                    (".retries", limits.retries, 0),
                ] {
                    let fine =
                        bound.is_none_or(|b| b >= least && (b <= MAX_SLOTS || b == u32::MAX));
                    let allowed = format!("{least} to 2^31, or \"unbounded\"");
                    let given = bound.unwrap_or_default();
                    self.range(fine, &format!("{path}{key}"), &allowed, given);
                }
            }
        }
    }

    /// Deadlines, and what is taken back of attempts.
    fn deadline(&mut self, client: &ClientSpec, called: bool, path: &str) {
        let fine = client.deadline != Some(0);
        let place = format!("{path}.deadline");
        let allowed = "above 0 (leave it out to wait for ever)";
        self.range(fine, &place, allowed, "0s");
        let mut no_effect = |key: &str, why: &str, help: &str| {
            let path = format!("{path}.{key}");
            let message = format!("`{path}` has no effect {why}");
            self.add(Code::KEYS_DISAGREE, &path, message, Some(help));
        };
        let cancels = client.cancel != Cancel::Nothing;
        if cancels && !called && client.timeout.is_none() && client.deadline.is_none() {
            let help = "add one of them, or remove `cancel`";
            no_effect("cancel", "without `timeout` or `deadline`", help);
        }
        if client.propagate_deadline && client.deadline.is_none() && !called {
            let help = "add `deadline`, or remove `propagate_deadline`";
            no_effect("propagate_deadline", "without `deadline`", help);
        } else if client.propagate_deadline && cancels {
            let why = "with this `cancel`: nothing that has expired is in a buffer any more";
            no_effect("propagate_deadline", why, "remove one of them");
        }
    }

    fn retry(&mut self, retry: &RetrySpec, path: &str) {
        let attempts = format!("{path}.attempts");
        let allowed = "1 or more (the first attempt counts)";
        self.range(retry.attempts >= 1, &attempts, allowed, retry.attempts);
        self.some_failures(retry.on, &format!("{path}.on"));
        if let Some(budget) = &retry.budget {
            self.budget(budget, &format!("{path}.budget"));
        }
        match &retry.backoff {
            BackoffSpec::Kind {
                kind: BackoffKind::Decorrelated,
                ..
            } => {
                let fine = retry.attempts <= MAX_DECORRELATED;
                let allowed = "at most 1000 with the backoff `decorrelated`";
                let given = match retry.attempts {
                    u32::MAX => "unbounded".to_owned(),
                    attempts => attempts.to_string(),
                };
                self.range(fine, &attempts, allowed, given);
            }
            BackoffSpec::Kind { .. } => {}
            BackoffSpec::Drawn(dist) => {
                let fine = least(dist) >= 0.0;
                self.range(fine, &format!("{path}.backoff"), "0 or more", least(dist));
            }
        }
    }

    fn budget(&mut self, budget: &BudgetSpec, path: &str) {
        let mut range = |key: &str, fine: bool, allowed: &str, given: String| {
            self.range(fine, &format!("{path}.{key}"), allowed, given);
        };
        let milli = |thousandths: u32| (f64::from(thousandths) / 1000.0).to_string();
        match *budget {
            BudgetSpec::Finagle {
                percent_milli: share,
                ttl,
                min_per_second: free,
            } => {
                range("percent", share <= 100_000_000, "0 to 100000", milli(share));
                let fine = (SECOND..=60 * SECOND).contains(&ttl);
                range("ttl", fine, "1s to 60s", print_time(ttl));
                let fine = free <= MAX_FREE;
                range("min_per_second", fine, "0 to 1000000", free.to_string());
            }
            BudgetSpec::Envoy {
                percent_milli: share,
                min_concurrent: free,
            } => {
                range("percent", share <= 100_000, "0 to 100", milli(share));
                let fine = free <= MAX_FREE;
                range("min_concurrent", fine, "0 to 1000000", free.to_string());
            }
            BudgetSpec::GrpcThrottle {
                tokens,
                ratio_milli: ratio,
            } => {
                let fine = (1..=1000).contains(&tokens);
                range("tokens", fine, "1 to 1000", tokens.to_string());
                let fine = (1..=1_000_000).contains(&ratio);
                range("ratio", fine, "0.001 to 1000", milli(ratio));
            }
            BudgetSpec::TokenBucket {
                tokens,
                ratio_milli: ratio,
                ..
            } => {
                let allowed = "2 to 1000000 (a retry needs more than one)";
                let fine = (2..=MAX_FREE).contains(&tokens);
                range("tokens", fine, allowed, tokens.to_string());
                let fine = (1..=1_000_000).contains(&ratio);
                range("ratio", fine, "0.001 to 1000", milli(ratio));
            }
            BudgetSpec::FailureShare {
                percent_milli: share,
            } => range("percent", share <= 100_000, "0 to 100", milli(share)),
        }
    }

    /// A set of failures that is not empty.
    pub(super) fn some_failures(&mut self, kinds: Failures, path: &str) {
        let fine = kinds != Failures::NONE;
        self.range(fine, path, "at least one kind of failure", "none");
    }
}
