//! Keys of model files and price tables.

use super::{Block, key};

pub(super) const DISTRIBUTION: &str = "a quantity such as \"3ms\" or { dist = .. }";
pub(super) const TIME: &str = "a time such as \"250ms\"";
pub(super) const COUNT: &str = "a whole number such as 4";
pub(super) const NUMBER: &str = "a number such as 0.5";
const TEXT: &str = "a string";
pub(super) const FAILURES: &str = "a list such as [\"error\", \"timeout\"]";
pub(super) const ALL_FAILURES: &str = "[\"error\", \"timeout\", \"refused\", \"reset\"]";
const FILE: &str = "a path from the folder of the model file";

/// A model file.
pub const MODEL: Block = Block {
    name: "a model",
    keys: &[
        key("title", "\"\"", TEXT),
        key("source", "", "[source.NAME] tables"),
        key("service", "", "[service.NAME] tables"),
        key("fault", "", "[[fault]] tables"),
        key("prices", "", "a [prices] table"),
    ],
    later: &[],
};

/// `[source.NAME]`
pub const SOURCE: Block = Block {
    name: "[source.NAME]",
    keys: &[
        key("to", "", "the name of a service"),
        key(
            "arrivals",
            "",
            "a rate such as \"40k/s\" or { process = .. }",
        ),
        key("start", "\"0s\"", TIME),
        key("stop", "", TIME),
        key("class", "", "[[source.NAME.class]] tables"),
        key("fan_out", "1", "a whole number such as 4, or \"all\""),
        key("need", "", COUNT),
        key("rest", "", "\"run\" or \"cancel\""),
        key("client", "", "{ timeout, retry }"),
    ],
    later: &[],
};

/// `[[source.NAME.class]]`
pub const CLASS: Block = Block {
    name: "[[source.NAME.class]]",
    keys: &[
        key("name", "", "a name"),
        key("weight", "1.0", NUMBER),
        key("size", "\"0B\"", "a size such as \"2KiB\" or { dist = .. }"),
        key("work", "", DISTRIBUTION),
        key("work_factor", "1.0", NUMBER),
        key(
            "memory",
            "",
            "a size such as \"64MiB\", { dist = .. } or { base, per_byte }",
        ),
        key(
            "priority",
            "0",
            "a whole number, the smaller the more urgent",
        ),
        key("cores", "1", COUNT),
        key("key", "", "{ dist = \"zipf\", keys, exponent }"),
    ],
    later: &[],
};

/// `key` of a class.
pub const KEY: Block = Block {
    name: "key",
    keys: &[
        key("dist", "", "\"zipf\""),
        key("keys", "", "a whole number such as 10000"),
        key("exponent", "1.0", "a number from 0 to 20"),
    ],
    later: &[],
};

/// `client`
pub const CLIENT: Block = Block {
    name: "client",
    keys: &[
        key("timeout", "", "a time such as \"250ms\" or { dist = .. }"),
        key("deadline", "", TIME),
        key("propagate_deadline", "false", "true or false"),
        key("patience", "", "a time such as \"2s\" or { dist = .. }"),
        key("cancel", "\"none\"", "\"none\", \"queued\" or \"full\""),
        key("retry", "\"none\"", "{ attempts, backoff, .. } or \"none\""),
        key("hedge", "\"none\"", "{ kind, after, .. } or \"none\""),
        key("limit", "\"none\"", "{ rate, in_flight, .. } or \"none\""),
        key("breaker", "\"none\"", "{ kind, .. } or \"none\""),
        key(
            "network",
            "\"0s\"",
            "a time such as \"1ms\" or { dist = .. }",
        ),
    ],
    later: &[],
};

/// `retry`
pub const RETRY: Block = Block {
    name: "retry",
    keys: &[
        key(
            "attempts",
            "3",
            "a whole number such as 3, or \"unbounded\"",
        ),
        key(
            "backoff",
            "\"full_jitter\"",
            "the name of a kind, a time or { dist = .. }",
        ),
        key("base", "\"25ms\"", TIME),
        key("cap", "\"250ms\"", TIME),
        key("on", ALL_FAILURES, FAILURES),
        key("budget", "\"none\"", "{ kind, .. } or \"none\""),
    ],
    later: &[],
};

/// `hedge`
pub const HEDGE: Block = Block {
    name: "hedge",
    keys: &[
        key("kind", "", "\"grpc\", \"polly\" or \"envoy\""),
        key("after", "", TIME),
        key("max", "1", COUNT),
        key("cancel", "\"full\"", "\"none\", \"queued\" or \"full\""),
    ],
    later: &[],
};

/// `limit`
pub const LIMIT: Block = Block {
    name: "limit",
    keys: &[
        key("rate", "", "a rate such as \"40k/s\""),
        key("burst", "1", COUNT),
        key("fill", "\"even\"", "\"even\" or \"tick\""),
        key("in_flight", "", COUNT),
        key("pending", "0", COUNT),
        key("wait", "", TIME),
    ],
    later: &[],
};

/// `arrivals`
pub const ARRIVALS: Block = Block {
    name: "arrivals",
    keys: &[
        key(
            "process",
            "",
            "poisson, constant, mmpp, renewal, on_off, closed or trace",
        ),
        key("rate", "", "a rate such as \"40k/s\""),
        key("rates", "", "a list of rates"),
        key("dwell", "", "a list of times"),
        key("switch", "", "a list of rows of chances"),
        key("users", "", COUNT),
        key("think", "", DISTRIBUTION),
        key("file", "", FILE),
        key("column", "\"arrival_s\"", "the name of a column"),
        key(
            "columns",
            "",
            "{ size, work, memory, class, priority, key }",
        ),
        key("speed", "", NUMBER),
        key("repeat", "", "true or false"),
        key("spread", "", TIME),
        key("gap", "", DISTRIBUTION),
        key("on", "", DISTRIBUTION),
        key("off", "", DISTRIBUTION),
        key("batch", "", "a number such as 4 or { dist = .. }"),
        key(
            "profile",
            "",
            "a list of points [time, factor], or { points | period | file, .. }",
        ),
    ],
    later: &[],
};

/// `profile` of arrivals.
pub const PROFILE: Block = Block {
    name: "profile",
    keys: &[
        key("points", "", "a list of points such as [\"10s\", 1.5]"),
        key("steps", "", "true or false"),
        key("repeat", "", "true or false"),
        key("period", "", TIME),
        key("amplitude", "", "a number from 0 to 1"),
        key("phase", "", "a share of the period such as 0.25, or a time"),
        key("file", "", FILE),
        key("time", "", "the name of a column"),
        key("column", "", "the name of a column"),
    ],
    later: &[],
};

/// `columns` of a trace.
pub const COLUMNS: Block = Block {
    name: "columns",
    keys: &[
        key("size", "", "{ column, unit }"),
        key("work", "", "{ column, unit }"),
        key("memory", "", "{ column, unit }"),
        key("class", "", "the name of a column"),
        key("priority", "", "the name of a column"),
        key("key", "", "the name of a column"),
    ],
    later: &[],
};

/// One of `columns`.
pub const COLUMN: Block = Block {
    name: "a column",
    keys: &[
        key("column", "", "the name of a column"),
        key("unit", "", "a unit such as \"B\" or \"s\""),
    ],
    later: &[],
};

/// `[[fault]]`
pub const FAULT: Block = Block {
    name: "[[fault]]",
    keys: &[
        key("name", "", "a name"),
        key("enabled", "true", "true or false"),
        key(
            "kind",
            "",
            "slow, steal, pause, crash, zone_down, restart, ram_cap, leak, error, surge, poison, \
             network, partition or cache_flush",
        ),
        key(
            "target",
            "",
            "\"SERVICE\", \"SERVICE[14]\", \"SERVICE[1..5]\", \"source.NAME\", \
             \"SERVICE->SERVICE\" or \"source.NAME->SERVICE\"",
        ),
        key("at", "", TIME),
        key("every", "", "a time such as \"60s\" or { dist = .. }"),
        key("for", "", "a time such as \"400ms\" or { dist = .. }"),
        key("factor", "", NUMBER),
        key("probability", "", "a number from 0 to 1"),
        key("delay", "", "a time such as \"50ms\" or { dist = .. }"),
        key("loss", "", "a number from 0 to 1"),
        key("when", "\"end\"", "\"end\" or \"start\""),
        key("class", "", "the name of a class of the source"),
        key("effect", "\"error\"", "\"error\", \"crash\" or \"hang\""),
        key("unit", "\"worker\"", "\"worker\" or \"core\""),
        key("share", "", "a share from 0 to 1"),
        key("rate", "", "a size a second such as \"10MiB/s\""),
        key("shared", "false", "true or false"),
        key("in_service", "", "\"resume\", \"restart\" or \"lost\""),
    ],
    later: &[],
};

/// `[prices]`
pub const PRICES: Block = Block {
    name: "[prices]",
    keys: &[
        key("core_hour", "0.0", "a number such as 0.03"),
        key("gib_hour", "0.0", "a number such as 0.003"),
        key("currency", "\"USD\"", TEXT),
        key("as_of", "", TEXT),
        key("source", "", TEXT),
        key("table", "", FILE),
    ],
    later: &[],
};

/// A price table's file.
pub const PRICE_TABLE: Block = Block {
    name: "a price table",
    keys: &[
        key("currency", "\"USD\"", TEXT),
        key("as_of", "", TEXT),
        key("region", "", TEXT),
        key("source", "", TEXT),
        key("instance", "", "[instance.\"NAME\"] tables"),
    ],
    later: &[],
};

/// `[instance."NAME"]` of a price table.
pub const INSTANCE: Block = Block {
    name: "[instance.\"NAME\"]",
    keys: &[
        key("cores", "", COUNT),
        key("ram", "", "a size such as \"64GiB\""),
        key("price", "", "money such as \"0.4284/h\""),
    ],
    later: &[],
};

/// A distribution.
pub const DIST: Block = Block {
    name: "a distribution",
    keys: &[
        key("dist", "", "the name of a distribution"),
        key("value", "", "a quantity"),
        key("mean", "", "a quantity"),
        key("min", "", "a quantity"),
        key("max", "", "a quantity"),
        key("k", "", COUNT),
        key("cv", "", NUMBER),
        key("means", "", "a list of quantities"),
        key("weights", "", "a list of numbers"),
        key("median", "", "a quantity"),
        key("p99", "", "a quantity"),
        key("mu", "", NUMBER),
        key("sigma", "", NUMBER),
        key("shape", "", NUMBER),
        key("file", "", FILE),
        key("column", "", "the name of a column"),
        key("unit", "", "a unit such as \"ms\" or \"B\""),
        key("values", "", "a list of quantities"),
        key("of", "", "a list of distributions"),
    ],
    later: &[],
};
