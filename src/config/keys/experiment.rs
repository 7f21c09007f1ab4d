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
        key("detectors", "", "a [detectors] table, or \"none\""),
        key("incident", "", "[[incident]] tables"),
        key("chart", "", "[[chart]] tables"),
    ],
    later: &[],
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

/// `[detectors]`
pub const DETECTORS: Block = Block {
    name: "[detectors]",
    keys: &[
        key("overflow_first", "true", SWITCH),
        key("overflow_rate", "true", SWITCH),
        key("breaker_first", "true", SWITCH),
        key("breaker_cascade", "true", SWITCH),
        key("slo_burn", "true", SWITCH),
        key("retry_storm", "true", SWITCH),
        key("saturation", "true", SWITCH),
        key("memory", "true", SWITCH),
        key("unfair", "true", SWITCH),
        key("starvation", "true", SWITCH),
        key("overdue", "true", SWITCH),
        key("metastable", "true", SWITCH),
    ],
    later: &[],
};

/// What a detector takes.
const SWITCH: &str = "true, false, or a table of its parameters";

/// A detector.
pub const DETECTOR: Block = Block {
    name: "a detector",
    keys: &[
        key("window", "", "a time such as \"10s\""),
        key("workers", "", "a list such as [\"events[14]\"]"),
        key("nth", "", "a whole number such as 1"),
        key("at_least", "", "a whole number such as 100"),
        key("breakers", "", "a whole number such as 3"),
        key("share", "", "a share such as 0.01"),
        key("busy", "", "a share such as 0.99"),
        key("free", "", "a share such as 0.9"),
        key("goodput", "", "a share such as 0.9"),
        key("factor", "", "a number such as 14.4"),
        key("ratio", "", "a number such as 2.0"),
    ],
    later: &[],
};

/// `[[incident]]`
pub const INCIDENT: Block = Block {
    name: "[[incident]]",
    keys: &[key(
        "when",
        "",
        "a condition such as \"loss > 0.01 for 2s\"",
    )],
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
