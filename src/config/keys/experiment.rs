//! Keys of experiment files.

use super::{Block, key};

const TEXT: &str = "a string";

/// An experiment file.
pub const EXPERIMENT: Block = Block {
    name: "an experiment",
    keys: &[
        key("title", "\"\"", TEXT),
        key("seed", "1", "a whole number, or text such as \"0x9f3a\""),
        key("horizon", "", "a time such as \"60s\", or \"trace\""),
        key("warm_up", "\"0s\"", "a time such as \"5s\", or \"auto\""),
        key("terminating", "false", "true or false"),
        key("drain", "", "a time such as \"60s\""),
        key(
            "replications",
            "10",
            "a whole number such as 10, or { precision = 0.05, metric = \"latency_p99\" }",
        ),
        key("confidence", "0.95", "a share between 0 and 1"),
        key("window", "\"1s\"", "a time such as \"1s\""),
        key("metrics", "[]", "a list of names of metrics"),
        key("attempts", "false", "true, false or { every = 100 }"),
        key("model", "", "a path from the folder of the experiment file"),
        key("variant", "", "[[variant]] tables"),
        key("sweep", "", "a [sweep] table"),
        key("objective", "", "an [objective] table"),
        key(
            "uncertain",
            "",
            "an [uncertain] table of paths with [low, high]",
        ),
        key("rare", "", "a [rare] table"),
        key("chart", "", "[[chart]] tables"),
    ],
    later: &["incident"],
};

/// `replications` as a table.
pub const REPLICATIONS: Block = Block {
    name: "replications",
    keys: &[
        key("min", "10", "a whole number such as 10"),
        key("max", "100", "a whole number such as 100"),
        key("precision", "", "a share such as 0.05"),
        key("metric", "", "the name of a metric, or a list of them"),
    ],
    later: &[],
};

/// `[[variant]]`
pub const VARIANT: Block = Block {
    name: "[[variant]]",
    keys: &[
        key("name", "", "a name"),
        key("model", "", "a path from the folder of the experiment file"),
        key("set", "", "{ \"path\" = value }"),
    ],
    later: &[],
};

/// A range of an axis.
pub const RANGE: Block = Block {
    name: "an axis",
    keys: &[
        key("from", "", "a number or a quantity"),
        key("to", "", "a number or a quantity"),
        key("steps", "", "a whole number such as 5"),
        key("scale", "\"linear\"", "\"linear\" or \"log\""),
        key("min", "", "a number or a quantity"),
        key("max", "", "a number or a quantity"),
        key("step", "", "a number or a quantity"),
    ],
    later: &[],
};

/// `[objective]`
pub const OBJECTIVE: Block = Block {
    name: "[objective]",
    keys: &[
        key("for", "", "a list of names of variants"),
        key("minimise", "\"cost_per_hour\"", "the name of a metric"),
        key("subject_to", "", "a list such as [\"latency_p99 < 50ms\"]"),
        key("confidence", "", "a share between 0 and 1"),
        key("indifference", "0.05", "a share between 0 and 1"),
    ],
    later: &[],
};

/// `[rare]`
pub const RARE: Block = Block {
    name: "[rare]",
    keys: &[
        key("metrics", "", "a list such as [\"loss\"]"),
        key("precision", "0.1", "a share such as 0.1"),
        key("max_requests", "100000000", "a whole number"),
        key("for", "", "a list of names of variants"),
    ],
    later: &[],
};

/// `[[chart]]`
pub const CHART: Block = Block {
    name: "[[chart]]",
    keys: &[
        key(
            "kind",
            "",
            "tradeoff, line, heatmap, timeline or distribution",
        ),
        key("x", "", "a metric or the path of an axis"),
        key("y", "", "metrics or the path of an axis"),
        key("metric", "", "the name of a metric"),
        key("series", "[]", "a list of names of series"),
    ],
    later: &[],
};
