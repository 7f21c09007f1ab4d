//! Rules about what a caller does about trouble.

use super::{Rules, least};
use crate::base::codes::Code;
use crate::model::spec::{BackoffKind, BackoffSpec, Cancel, ClientSpec, Dist, Failures, RetrySpec};

/// Most attempts where each pause depends on all before it.
const MAX_DECORRELATED: u32 = 1000;

impl Rules {
    /// `called`: whether whoever calls may itself have been called with a deadline.
    pub(super) fn client(&mut self, client: &ClientSpec, called: bool, path: &str) {
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
        if let Some(retry) = &client.retry {
            self.retry(retry, &format!("{path}.retry"));
        }
        self.deadline(client, called, path);
        if let Some(limit) = &client.limit {
            self.limit(limit, &format!("{path}.limit"));
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

    /// A set of failures that is not empty.
    pub(super) fn some_failures(&mut self, kinds: Failures, path: &str) {
        let fine = kinds != Failures::NONE;
        self.range(fine, path, "at least one kind of failure", "none");
    }
}
