//! Rules about what a caller does about trouble.

use super::{Rules, least};
use crate::base::codes::Code;
use crate::model::spec::{BackoffKind, BackoffSpec, Cancel, ClientSpec, Dist, Failures, RetrySpec};

/// Most attempts where each pause depends on all before it.
const MAX_DECORRELATED: u32 = 1000;

impl Rules {
    pub(super) fn client(&mut self, client: &ClientSpec, path: &str) {
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
        if client.cancel != Cancel::Nothing && client.timeout.is_none() {
            let path = format!("{path}.cancel");
            let message = format!("`{path}` has no effect without `timeout`");
            let help = Some("add `timeout`, or remove `cancel`");
            self.add(Code::KEYS_DISAGREE, &path, message, help);
        }
        if let Some(limit) = &client.limit {
            self.limit(limit, &format!("{path}.limit"));
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
