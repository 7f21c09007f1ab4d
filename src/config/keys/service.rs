//! Keys of `[service.NAME]` and all that stands in it.

use super::model::{ALL_FAILURES, COUNT, DISTRIBUTION, FAILURES, NUMBER, TIME};
use super::{Block, key};

const RATES: &str = "a list such as [{ pods = 4, per = \"15s\" }]";
const BOUND: &str = "a whole number such as 100, or \"unbounded\"";

/// `[service.NAME]`
pub const SERVICE: Block = Block {
    name: "[service.NAME]",
    keys: &[
        key("work", "", DISTRIBUTION),
        key(
            "memory",
            "\"0B\"",
            "a size such as \"64MiB\", { dist = .. } or { base, per_byte }",
        ),
        key(
            "steps",
            "",
            "a list of steps such as [{ cpu = \"2ms\" }, { call = \"db\" }]",
        ),
        key("class", "", "{ CLASS = { work, memory, cores } }"),
        key("balancer", "", "a [service.NAME.balancer] table"),
        key("network", "\"0s\"", DISTRIBUTION),
        key("workers", "", "a [service.NAME.workers] table"),
        key("autoscale", "", "{ kind, max, .. } or \"none\""),
    ],
    later: &["pull"],
};

/// `autoscale`
pub const AUTOSCALE: Block = Block {
    name: "autoscale",
    keys: &[
        key("kind", "", "the name of a kind: hpa, step, .."),
        key("min", "1", COUNT),
        key("max", "", COUNT),
        key("metric", "", "\"utilisation\", \"in_flight\" or \"queue\""),
        key("target", "", NUMBER),
        key("every", "", TIME),
        key("lag", "", TIME),
        key("tolerance", "", "a share such as 0.1"),
        key("stabilise_up", "", TIME),
        key("stabilise_down", "", TIME),
        key("up", "", RATES),
        key("down", "", RATES),
        key("steps", "", "a list such as [{ above = 0.8, add = 2 }]"),
        key("cooldown", "", TIME),
        key("start", "\"30s\"", DISTRIBUTION),
        key("drain", "\"30s\"", TIME),
    ],
    later: &[],
};

/// One of `up` and `down`.
pub const RATE: Block = Block {
    name: "a rate",
    keys: &[
        key("pods", "", COUNT),
        key("percent", "", COUNT),
        key("per", "", TIME),
    ],
    later: &[],
};

/// One of `steps` of `autoscale`.
pub const SCALE_STEP: Block = Block {
    name: "a step of autoscale",
    keys: &[
        key("above", "", NUMBER),
        key("below", "", NUMBER),
        key("add", "", "a whole number such as 2 or -1"),
        key("at", "", TIME),
        key("count", "", COUNT),
    ],
    later: &[],
};

/// One of `steps`.
pub const STEP: Block = Block {
    name: "a step",
    keys: &[
        key("cpu", "", DISTRIBUTION),
        key("per_kib", "\"0s\"", TIME),
        key("vary", "\"copy\"", "\"copy\", \"request\" or \"attempt\""),
        key("wait", "", DISTRIBUTION),
        key("call", "", "the name of a service"),
        key("fan_out", "1", "a whole number such as 4, or \"all\""),
        key("need", "", COUNT),
        key("rest", "", "\"run\" or \"cancel\""),
        key("client", "", "{ timeout, retry }"),
        key("hold", "\"nothing\"", "\"nothing\" or \"core\""),
        key("cache", "\"none\"", "{ hit }, { capacity } or \"none\""),
        key("fail", "", "a number from 0 to 1"),
    ],
    later: &[],
};

/// `cache` of a call.
pub const CACHE: Block = Block {
    name: "cache",
    keys: &[
        key("hit", "", "a number from 0 to 1"),
        key("capacity", "", COUNT),
    ],
    later: &[],
};

/// `[service.NAME.balancer]`
pub const BALANCER: Block = Block {
    name: "[service.NAME.balancer]",
    keys: &[
        key("policy", "\"round_robin\"", "the name of a policy"),
        key(
            "start",
            "\"random\"",
            "\"random\" or the number of a worker",
        ),
        key("schedule", "\"smooth\"", "\"smooth\" or \"edf\""),
        key("choices", "2", COUNT),
        key("full_scan", "false", "true or false"),
        key("ties", "\"random\"", "\"random\" or \"first\""),
        key("ring_size", "1024", COUNT),
        key("table_size", "65537", "a prime such as 65537"),
        key("bounded_load", "\"none\"", "a number such as 1.25"),
        key("decay", "\"10s\"", TIME),
        key("register", "\"random\"", "\"random\" or \"sq2\""),
        key("low_load", "0.875", NUMBER),
        key("high_load", "1.125", NUMBER),
        key("smooth", "\"15s\"", TIME),
        key("min_aperture", "1", COUNT),
        key("report", "\"10s\"", TIME),
        key("update", "\"1s\"", TIME),
        key("blackout", "\"10s\"", TIME),
        key("expiry", "\"180s\"", TIME),
        key("penalty", "1.0", NUMBER),
        key("probes", "3", NUMBER),
        key("removals", "1", NUMBER),
        key("pool", "16", COUNT),
        key("probe_age", "\"1s\"", TIME),
        key("hot_above", "0.840896", "a share from 0 to 1"),
        key("surplus", "1.0", NUMBER),
        key("probe_time", "\"0s\"", TIME),
        key(
            "dispatch",
            "\"0s\"",
            "a time such as \"80us\" or { dist = .. }",
        ),
        key("cores", "1", COUNT),
        key("instances", "1", COUNT),
        key(
            "buffer",
            "\"none\"",
            "{ slots, bytes, on_full } or \"none\"",
        ),
        key("breaker", "\"none\"", "{ kind, .. } or \"none\""),
        key("health", "\"none\"", "{ every, .. } or \"none\""),
        key("outlier", "\"none\"", "{ every, .. } or \"none\""),
        key("panic_threshold", "0.5", "a share from 0 to 1"),
        key("subset", "", "a whole number such as 20"),
        key("slow_start", "", "{ window, aggression, min_weight }"),
        key("zone_aware", "", "{ zones, .. }"),
    ],
    later: &[],
};

/// `zone_aware`
pub const ZONE_AWARE: Block = Block {
    name: "zone_aware",
    keys: &[
        key("zones", "", "a list of names such as [\"a\", \"b\"]"),
        key("min_cluster_size", "6", COUNT),
        key("routing_enabled", "1.0", "a share from 0 to 1"),
        key("fail_traffic_on_panic", "false", "true or false"),
    ],
    later: &[],
};

/// `slow_start`
pub const SLOW_START: Block = Block {
    name: "slow_start",
    keys: &[
        key("window", "", TIME),
        key("aggression", "1.0", NUMBER),
        key("min_weight", "0.1", "a share from 0 to 1"),
    ],
    later: &[],
};

/// `breaker`
pub const BREAKER: Block = Block {
    name: "breaker",
    keys: &[
        key(
            "kind",
            "",
            "the name of a kind: consecutive, resilience4j, ..",
        ),
        key("failures", "5", COUNT),
        key("successes", "2", COUNT),
        key(
            "window",
            "100",
            "a count of calls such as 100, or a time such as \"10s\"",
        ),
        key("every", "\"500ms\"", TIME),
        key("min_calls", "100", COUNT),
        key("failure_share", "0.5", "a share above 0, at most 1"),
        key("slow_after", "\"60s\"", TIME),
        key("slow_share", "1.0", "a share above 0, at most 1"),
        key(
            "open_for",
            "\"30s\"",
            "a time such as \"5s\" or { dist = .. }",
        ),
        key("base", "\"5s\"", TIME),
        key("cap", "\"300s\"", TIME),
        key("half_open_calls", "1", COUNT),
        key("half_open_max", "", TIME),
        key("automatic", "false", "true or false"),
        key("lost_reply", "0.0", "a number from 0 to 1"),
        key("share", "\"instance\"", "\"instance\" or \"all\""),
        key("around", "\"attempt\"", "\"attempt\" or \"call\""),
        key("connections", "1024", BOUND),
        key("pending", "1024", BOUND),
        key("requests", "1024", BOUND),
        key("retries", "3", BOUND),
        key("counts", ALL_FAILURES, FAILURES),
    ],
    later: &[],
};

/// `buffer`
pub const BUFFER: Block = Block {
    name: "buffer",
    keys: &[
        key(
            "slots",
            "\"unbounded\"",
            "a whole number such as 128, or \"unbounded\"",
        ),
        key(
            "bytes",
            "\"unbounded\"",
            "a size such as \"64MiB\", or \"unbounded\"",
        ),
        key("on_full", "\"reject\"", "what becomes of the one too many"),
        key("redispatch_max", "", COUNT),
    ],
    later: &[],
};

/// `[service.NAME.workers]`
pub const WORKERS: Block = Block {
    name: "[service.NAME.workers]",
    keys: &[
        key("name", "", "a name"),
        key("count", "1", "a whole number such as 25"),
        key("cores", "", "a whole number such as 4, or \"unbounded\""),
        key(
            "ram",
            "\"unbounded\"",
            "a size such as \"4GiB\", or \"unbounded\"",
        ),
        key("speed", "1.0", NUMBER),
        key("weight", "1.0", NUMBER),
        key(
            "discipline",
            "\"fifo\"",
            "\"fifo\", \"lifo\", \"adaptive_lifo\", \"priority\", \"edf\" or \"ps\"",
        ),
        key("lifo_above", "", COUNT),
        key(
            "buffer",
            "\"none\"",
            "{ slots, bytes, on_full } or \"none\"",
        ),
        key("restart", "\"10s\"", "a time, { dist = .. } or \"manual\""),
        key(
            "manual_after",
            "",
            "a time such as \"30s\" or { dist = .. }",
        ),
        key("cold_start", "", "{ for, factor } or \"none\""),
        key("price", "", "money such as \"0.4284/h\""),
        key("instance", "", "a name from the price table"),
        key("ram_base", "\"0B\"", "a size such as \"512MiB\""),
        key("ram_policy", "\"refuse\"", "\"refuse\" or \"oom_kill\""),
        key("pressure", "", "{ above, factor } or \"none\""),
        key("gc", "", "{ eden, pause, per_gib } or \"none\""),
        key("shed", "", "{ kind, .. } or \"none\""),
        key("zone", "", "a name"),
    ],
    later: &[],
};

/// `shed`
pub const SHED: Block = Block {
    name: "shed",
    keys: &[
        key("kind", "", "the name of a kind: codel, aimd, .."),
        key("target", "", TIME),
        key("interval", "", TIME),
        key("start", "", COUNT),
        key("min", "", COUNT),
        key("max", "", COUNT),
        key("backoff", "", "a share from 0.5 to below 1"),
        key("timeout", "", TIME),
        key("smoothing", "", "a share above 0, at most 1"),
        key("queue", "", COUNT),
        key("tolerance", "", NUMBER),
        key("long_window", "", COUNT),
    ],
    later: &[],
};

/// `pressure`
pub const PRESSURE: Block = Block {
    name: "pressure",
    keys: &[
        key("above", "", "a share such as 0.85"),
        key("factor", "", "a number above 0 and below 1"),
    ],
    later: &[],
};

/// `gc`
pub const GC: Block = Block {
    name: "gc",
    keys: &[
        key("eden", "", "a size such as \"512MiB\""),
        key("pause", "\"0s\"", TIME),
        key("per_gib", "\"0s\"", TIME),
    ],
    later: &[],
};

/// `cold_start`
pub const COLD_START: Block = Block {
    name: "cold_start",
    keys: &[
        key("for", "", TIME),
        key("factor", "", "a number above 0, at most 1"),
    ],
    later: &[],
};
