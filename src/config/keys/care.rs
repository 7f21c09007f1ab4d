//! Keys of how callers and balancers take care: retry budgets, health checks, outliers.

use super::{Block, key};

const TIME: &str = "a time such as \"250ms\"";
const COUNT: &str = "a whole number such as 4";

/// `budget`
pub const BUDGET: Block = Block {
    name: "budget",
    keys: &[
        key(
            "kind",
            "",
            "finagle, envoy, grpc_throttle, token_bucket or failure_share",
        ),
        key("percent", "20", "a number such as 20"),
        key("ttl", "\"10s\"", "a time from \"1s\" to \"60s\""),
        key("min_per_second", "10", COUNT),
        key("min_concurrent", "3", COUNT),
        key("tokens", "10", COUNT),
        key("ratio", "0.1", "a number such as 0.1"),
        key("deposit", "\"success\"", "\"success\" or \"call\""),
    ],
    later: &[],
};

/// `health`
pub const HEALTH: Block = Block {
    name: "health",
    keys: &[
        key("every", "\"2s\"", TIME),
        key("timeout", "\"1s\"", TIME),
        key("fall", "3", COUNT),
        key("rise", "2", COUNT),
        key("action", "\"remove\"", "\"remove\" or \"restart\""),
        key("path", "\"shallow\"", "\"shallow\" or \"deep\""),
    ],
    later: &[],
};

/// `outlier`
pub const OUTLIER: Block = Block {
    name: "outlier",
    keys: &[
        key("every", "\"10s\"", TIME),
        key("consecutive", "5", COUNT),
        key("consecutive_gateway", "5", COUNT),
        key("success_rate_factor", "1.9", "a number such as 1.9"),
        key("failure_share", "0.85", "a share from 0 to 1"),
        key("eject_for", "\"30s\"", TIME),
        key("max_share", "0.1", "a share from 0 to 1"),
        key("min_hosts", "5", COUNT),
        key("min_calls", "", COUNT),
        key("enforce", "", "{ consecutive, success_rate, .. }"),
    ],
    later: &[],
};

/// `enforce` of `outlier`
pub const ENFORCE: Block = Block {
    name: "enforce",
    keys: &[
        key("consecutive", "1.0", "a share from 0 to 1"),
        key("consecutive_gateway", "0.0", "a share from 0 to 1"),
        key("success_rate", "1.0", "a share from 0 to 1"),
        key("failure_share", "0.0", "a share from 0 to 1"),
    ],
    later: &[],
};
