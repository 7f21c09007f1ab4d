//! Keys of what a request needs, of its class and at its service.

use super::{Block, key};

const DISTRIBUTION: &str = "a quantity such as \"3ms\" or { dist = .. }";
const TIME: &str = "a time such as \"250ms\"";

/// A class in `[service.NAME] class`.
pub const SERVICE_CLASS: Block = Block {
    name: "[service.NAME.class.CLASS]",
    keys: &[
        key("work", "", DISTRIBUTION),
        key(
            "memory",
            "",
            "a size such as \"64MiB\", { dist = .. } or { base, per_byte }",
        ),
        key("cores", "", "a whole number such as 4"),
    ],
    later: &[],
};

/// `work`
pub const WORK: Block = Block {
    name: "work",
    keys: &[
        key("cpu", "", DISTRIBUTION),
        key("per_kib", "\"0s\"", TIME),
        key("per_in_flight", "\"0s\"", TIME),
        key("vary", "\"copy\"", "\"copy\", \"request\" or \"attempt\""),
        key("base", "\"0s\"", TIME),
        key("per_unit", "", TIME),
        key("column", "", "the name of a column"),
        key("file", "", "a path from the folder of the model file"),
    ],
    later: &[],
};

/// `memory`
pub const MEMORY: Block = Block {
    name: "memory",
    keys: &[
        key(
            "base",
            "\"0B\"",
            "a size such as \"64MiB\" or { dist = .. }",
        ),
        key("per_byte", "0.0", "a number such as 0.5"),
        key("held", "\"admission\"", "\"admission\" or \"service\""),
    ],
    later: &[],
};
