//! Rules about what a caller does about trouble.

use super::Rules;
use crate::model::spec::{ClientSpec, Dist, Failures};

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
            let path = format!("{path}.retry.attempts");
            let allowed = "1 or more (the first attempt counts)";
            self.range(retry.attempts >= 1, &path, allowed, retry.attempts);
        }
        if let Some(limit) = &client.limit {
            self.limit(limit, &format!("{path}.limit"));
        }
    }

    /// A set of failures that is not empty.
    pub(super) fn some_failures(&mut self, kinds: Failures, path: &str) {
        let fine = kinds != Failures::NONE;
        self.range(fine, path, "at least one kind of failure", "none");
    }
}
