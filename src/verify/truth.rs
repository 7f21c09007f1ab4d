//! The known answers, as they lie in `tests/truth`, inside the program: `veltrix verify` needs no
//! file. A test holds this table against the folder.

/// Every file: its name, and its text as it is.
pub const FILES: &[(&str, &str)] = &[
    ("batch.json", include_str!("../../tests/truth/batch.json")),
    (
        "breakdown.json",
        include_str!("../../tests/truth/breakdown.json"),
    ),
    (
        "breaker-run.json",
        include_str!("../../tests/truth/breaker-run.json"),
    ),
    (
        "central-queue.json",
        include_str!("../../tests/truth/central-queue.json"),
    ),
    (
        "erlang-a.json",
        include_str!("../../tests/truth/erlang-a.json"),
    ),
    (
        "fanout-inf.json",
        include_str!("../../tests/truth/fanout-inf.json"),
    ),
    (
        "fork-join.json",
        include_str!("../../tests/truth/fork-join.json"),
    ),
    ("gm1.json", include_str!("../../tests/truth/gm1.json")),
    ("hedge.json", include_str!("../../tests/truth/hedge.json")),
    ("jsq.json", include_str!("../../tests/truth/jsq.json")),
    ("mdc.json", include_str!("../../tests/truth/mdc.json")),
    ("mg1-ps.json", include_str!("../../tests/truth/mg1-ps.json")),
    ("mg1.json", include_str!("../../tests/truth/mg1.json")),
    ("mg1k.json", include_str!("../../tests/truth/mg1k.json")),
    ("mgcc.json", include_str!("../../tests/truth/mgcc.json")),
    ("mm1.json", include_str!("../../tests/truth/mm1.json")),
    (
        "mmc-det-patience.json",
        include_str!("../../tests/truth/mmc-det-patience.json"),
    ),
    ("mmc.json", include_str!("../../tests/truth/mmc.json")),
    ("mmcc.json", include_str!("../../tests/truth/mmcc.json")),
    ("mmck.json", include_str!("../../tests/truth/mmck.json")),
    ("mmpp.json", include_str!("../../tests/truth/mmpp.json")),
    ("mphc.json", include_str!("../../tests/truth/mphc.json")),
    (
        "multi-rate-loss.json",
        include_str!("../../tests/truth/multi-rate-loss.json"),
    ),
    (
        "multi-resource-loss.json",
        include_str!("../../tests/truth/multi-resource-loss.json"),
    ),
    (
        "power-of-d-farm.json",
        include_str!("../../tests/truth/power-of-d-farm.json"),
    ),
    (
        "power-of-d.json",
        include_str!("../../tests/truth/power-of-d.json"),
    ),
    (
        "priority.json",
        include_str!("../../tests/truth/priority.json"),
    ),
    (
        "random-split.json",
        include_str!("../../tests/truth/random-split.json"),
    ),
    (
        "rare-overflow.json",
        include_str!("../../tests/truth/rare-overflow.json"),
    ),
    (
        "retrial.json",
        include_str!("../../tests/truth/retrial.json"),
    ),
    (
        "round-robin.json",
        include_str!("../../tests/truth/round-robin.json"),
    ),
    ("tandem.json", include_str!("../../tests/truth/tandem.json")),
    (
        "timeout-no-cancel.json",
        include_str!("../../tests/truth/timeout-no-cancel.json"),
    ),
    (
        "token-bucket.json",
        include_str!("../../tests/truth/token-bucket.json"),
    ),
    ("trace.json", include_str!("../../tests/truth/trace.json")),
];

/// What two other programs made of recorded traffic (`tests/data/README.md`).
pub const ORACLE: &str = include_str!("../../tests/data/oracle.csv");

/// The recorded traffic that [`ORACLE`] names (`experiments/data/README.md` says where it is
/// from and whose it is).
pub const TRAFFIC: &[(&str, &str)] = &[
    (
        "azure-llm-2023-conv.csv",
        include_str!("../../experiments/data/azure-llm-2023-conv.csv"),
    ),
    (
        "nasa-http-1995-08-01-a.csv",
        include_str!("../../experiments/data/nasa-http-1995-08-01-a.csv"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// What is in the program is what is in the folder, and all of it.
    #[test]
    fn every_file_of_known_answers_is_in_the_program() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/truth");
        let mut found: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".json"))
            .collect();
        found.sort();
        let held: Vec<&str> = FILES.iter().map(|f| f.0).collect();
        assert_eq!(held, found);
        for (name, text) in FILES {
            assert_eq!(
                fs::read_to_string(folder.join(name)).unwrap(),
                *text,
                "{name}"
            );
        }
    }
}
