//! Keys that a kind does not have, values that a key does not take: refused at their path, with
//! what is allowed, and as one problem each.

use crate::fixture::{names, refusal};

/// A model with lines added to its parts.
fn model(part: &str, lines: &str) -> String {
    let at = |name: &str| if name == part { lines } else { "" };
    let arrivals = match at("arrivals") {
        "" => "\"100/s\"",
        given => given,
    };
    let work = match at("service") {
        "" => "work = \"1ms\"",
        given => given,
    };
    let (source, client, balancer) = (at("source"), at("client"), at("balancer"));
    let (workers, fault) = (at("workers"), at("fault"));
    // What a fault of RAM needs.
    let ram = if fault.is_empty() {
        ""
    } else {
        "ram = \"1GiB\"\n"
    };
    format!(
        "[source.s]\nto = \"a\"\narrivals = {arrivals}\n{source}\n{}{client}\n\n\
         [service.a]\n{work}\n\n[service.a.balancer]\n{balancer}\n\n[service.a.workers]\n\
         count = 3\ncores = 2\n{ram}{workers}\n\n{}{fault}\n",
        if client.is_empty() {
            ""
        } else {
            "[source.s.client]\n"
        },
        if fault.is_empty() { "" } else { "[[fault]]\n" }
    )
}

/// A problem with one line of `keys.txt`, or nothing.
fn unlike(line: &str) -> Option<String> {
    let fields: Vec<&str> = line.split(" | ").collect();
    let [part, lines, code, words] = fields[..] else {
        return Some(format!("four fields are wanted: {line}"));
    };
    let text = refusal(&model(part, &lines.replace("\\n", "\n")));
    let code = format!("error[{code}]");
    let missing: Vec<&str> = words
        .split(" & ")
        .filter(|word| !text.contains(word))
        .collect();
    let one = text.matches("error[").count() == 1;
    let fine = one && text.contains(&code) && missing.is_empty();
    (!fine).then(|| format!("{line}: wanted {code} alone, and {missing:?}\n{text}"))
}

#[test]
fn every_wrong_key_or_value_is_refused_at_its_path() {
    assert_eq!(refusal(&model("", "")), "");
    let cases = include_str!("keys.txt");
    let lines = cases
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let wrong: Vec<String> = lines.filter_map(unlike).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Each kind with the keys that it has of its own, and a fitting value for each key that some
/// kind has.
struct Kinds {
    part: &'static str,
    /// What to write for a kind.
    start: fn(&str) -> String,
    /// What follows the keys.
    end: &'static str,
    between: &'static str,
    own: &'static [(&'static str, &'static [&'static str])],
    values: &'static [(&'static str, &'static str)],
}

const KINDS: [Kinds; 4] = [
    Kinds {
        part: "balancer",
        start: |kind| format!("policy = \"{kind}\""),
        end: "",
        between: "\n",
        own: &[
            ("random", &[]),
            ("round_robin", &["start"]),
            ("weighted_round_robin", &["schedule"]),
            ("least_request", &["choices", "full_scan"]),
            ("p2c", &[]),
            ("random_n", &["choices"]),
            ("least_connections", &[]),
            ("first", &[]),
            ("jsq_oracle", &["ties"]),
            ("central_queue", &[]),
            ("ring_hash", &["ring_size", "bounded_load"]),
            ("maglev", &["table_size", "bounded_load"]),
            ("rendezvous", &["bounded_load"]),
            ("peak_ewma", &["decay"]),
            ("jiq", &["register"]),
            (
                "aperture",
                &["low_load", "high_load", "smooth", "min_aperture"],
            ),
            (
                "client_wrr",
                &["report", "update", "blackout", "expiry", "penalty"],
            ),
            (
                "prequal",
                &[
                    "probes",
                    "removals",
                    "pool",
                    "probe_age",
                    "hot_above",
                    "surplus",
                    "probe_time",
                ],
            ),
        ],
        values: &[
            ("ring_size", "64"),
            ("table_size", "251"),
            ("bounded_load", "1.5"),
            ("decay", "\"5s\""),
            ("register", "\"random\""),
            ("low_load", "0.5"),
            ("high_load", "2"),
            ("smooth", "\"5s\""),
            ("min_aperture", "2"),
            ("report", "\"5s\""),
            ("update", "\"2s\""),
            ("blackout", "\"5s\""),
            ("expiry", "\"50s\""),
            ("penalty", "2"),
            ("probes", "2.5"),
            ("removals", "0.5"),
            ("pool", "8"),
            ("probe_age", "\"2s\""),
            ("hot_above", "0.6"),
            ("surplus", "0.5"),
            ("probe_time", "\"1ms\""),
            ("start", "1"),
            ("schedule", "\"smooth\""),
            ("choices", "3"),
            ("full_scan", "true"),
            ("ties", "\"first\""),
        ],
    },
    Kinds {
        part: "balancer",
        start: |kind| format!("breaker = {{ kind = \"{kind}\""),
        end: " }",
        between: ", ",
        own: &[
            ("consecutive", &["failures", "successes"]),
            (
                "resilience4j",
                &[
                    "window",
                    "min_calls",
                    "failure_share",
                    "slow_after",
                    "slow_share",
                    "half_open_max",
                    "automatic",
                    "lost_reply",
                ],
            ),
            (
                "hystrix",
                &["window", "every", "min_calls", "failure_share"],
            ),
            ("polly8", &["window", "min_calls", "failure_share"]),
            (
                "failure_accrual",
                &[
                    "failures",
                    "window",
                    "min_calls",
                    "failure_share",
                    "base",
                    "cap",
                ],
            ),
        ],
        values: &[
            ("failures", "3"),
            ("successes", "3"),
            ("window", "\"2s\""),
            ("every", "\"500ms\""),
            ("base", "\"1s\""),
            ("automatic", "true"),
            ("lost_reply", "0.1"),
            ("cap", "\"400s\""),
            ("min_calls", "5"),
            ("failure_share", "0.5"),
            ("slow_after", "\"1s\""),
            ("slow_share", "0.5"),
            ("half_open_max", "\"1s\""),
        ],
    },
    Kinds {
        part: "fault",
        start: |kind| match kind {
            "surge" => format!("kind = \"{kind}\"\ntarget = \"source.s\"\nat = \"1s\""),
            "network" | "partition" => {
                format!("kind = \"{kind}\"\ntarget = \"source.s->a\"\nat = \"1s\"")
            }
            _ => format!("kind = \"{kind}\"\ntarget = \"a\"\nat = \"1s\""),
        },
        end: "",
        between: "\n",
        own: &[
            ("slow", &["factor", "for", "shared"]),
            ("pause", &["unit", "in_service", "for", "shared"]),
            ("crash", &["unit", "in_service", "for", "shared"]),
            ("error", &["probability", "when", "for", "shared"]),
            ("surge", &["factor", "for"]),
            ("restart", &[]),
            ("ram_cap", &["share", "for", "shared"]),
            ("leak", &["rate", "for", "shared"]),
            ("network", &["delay", "loss", "probability", "for"]),
            ("partition", &["for"]),
        ],
        values: &[
            ("factor", "0.5"),
            ("delay", "\"1ms\""),
            ("loss", "0.5"),
            ("probability", "0.5"),
            ("share", "0.5"),
            ("rate", "\"1MiB/s\""),
            ("when", "\"start\""),
            ("unit", "\"worker\""),
            ("in_service", "\"resume\""),
            ("shared", "true"),
            ("for", "\"1s\""),
        ],
    },
    Kinds {
        part: "arrivals",
        start: |kind| format!("{{ process = \"{kind}\""),
        end: " }",
        between: ", ",
        own: &[
            ("poisson", &["rate", "batch", "profile"]),
            ("constant", &["rate", "batch", "profile"]),
            ("mmpp", &["rates", "dwell", "switch", "batch", "profile"]),
            ("renewal", &["gap", "batch", "profile"]),
            ("on_off", &["rate", "on", "off", "batch", "profile"]),
            ("closed", &["users", "think"]),
        ],
        values: &[
            ("rate", "\"5/s\""),
            ("rates", "[\"5/s\", \"9/s\"]"),
            ("dwell", "[\"1s\", \"2s\"]"),
            ("switch", "[[0.0, 1.0], [1.0, 0.0]]"),
            ("gap", "\"5ms\""),
            ("on", "\"1s\""),
            ("off", "\"1s\""),
            ("users", "3"),
            ("think", "\"1s\""),
            ("batch", "2"),
            ("profile", "[[\"0s\", 1.0]]"),
            ("speed", "2"),
            ("repeat", "true"),
            ("spread", "\"1s\""),
            ("file", "\"t.csv\""),
            ("column", "\"arrival_s\""),
            ("columns", "{}"),
        ],
    },
];

/// Whether it means something only beside another one.
fn needs_more(key: &str) -> bool {
    ["shared", "in_service", "unit", "for"].contains(&key)
}

#[test]
fn a_kind_takes_its_own_keys_and_no_other() {
    for kinds in &KINDS {
        for (kind, own) in kinds.own {
            let line = |key: &str| {
                let value = kinds.values.iter().find(|v| v.0 == key).unwrap().1;
                format!("{}{key} = {value}", kinds.between)
            };
            let start = (kinds.start)(kind);
            let needed: String = own
                .iter()
                .filter(|k| !needs_more(k))
                .map(|k| line(k))
                .collect();
            let whole = format!("{start}{needed}{}", kinds.end);
            assert_eq!(refusal(&model(kinds.part, &whole)), "", "{whole}");
            for (key, _) in kinds.values.iter().filter(|v| !own.contains(&v.0)) {
                let lines = format!("{start}{needed}{}{}", line(key), kinds.end);
                let text = refusal(&model(kinds.part, &lines));
                names(
                    &text,
                    &["error[VX1012]", &format!("`{kind}`"), &format!("`{key}`")],
                );
                assert_eq!(text.matches("error[").count(), 1, "{lines}\n{text}");
            }
        }
    }
}

const KINDS_OF_HEDGES: [&str; 3] = ["grpc", "polly", "envoy"];

#[test]
fn every_kind_of_hedge_takes_every_key() {
    for kind in KINDS_OF_HEDGES {
        let lines = format!(
            "hedge = {{ kind = \"{kind}\", after = \"5ms\", max = 2, cancel = \"queued\" }}"
        );
        assert_eq!(refusal(&model("client", &lines)), "", "{lines}");
    }
}
