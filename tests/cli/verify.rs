//! `veltrix verify`: what it prints, how it ends, and that threads change nothing.

use serde_json::Value;

use super::ran;

/// Small cases of several kinds, with a replay.
const SMALL: [&str; 11] = [
    "verify",
    "--case",
    "erlang-b-c1",
    "--case",
    "erlang-b-c5",
    "--case",
    "hedge-two_point",
    "--case",
    "trace",
    "--threads",
    "2",
];

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let with = |threads: &str, format: &str| {
        let mut args = SMALL.to_vec();
        args[10] = threads;
        args.extend(["--format", format]);
        let (exit, out, err) = ran(&args);
        assert_eq!((exit, err.as_str()), (0, ""), "{out}");
        out
    };
    for format in ["table", "json"] {
        let one = with("1", format);
        assert_eq!(with("2", format), one);
        assert_eq!(with("8", format), one);
    }
}

#[test]
fn a_reader_who_doubts_finds_what_there_is_to_know() {
    let (exit, out, _) = ran(&SMALL);
    assert_eq!(exit, 0, "{out}");
    let version = format!(
        "veltrix {} against what is known",
        env!("CARGO_PKG_VERSION")
    );
    for words in [
        version.as_str(),
        "16 numbers of 4 cases, 4 replays",
        "seed 1",
        "Erlang 1917",
        "Dean & Barroso",
        "5.5 standard errors",
        "95 % interval",
        "numbers that hold: 16 of 16; 95 % intervals with the theory inside: ",
        "replays that agree to the nanosecond: 4 of 4",
        "100,000 requests after 20,000 that are left out; 4 numbers known by formula",
    ] {
        assert!(out.contains(words), "no {words:?} in\n{out}");
    }
    let row = out
        .lines()
        .find(|line| line.starts_with("erlang-b-c5 "))
        .unwrap();
    assert!(row.ends_with("  holds"), "{row}");
    for line in out.lines() {
        assert!(line.chars().count() <= 120, "{line}");
    }
}

#[test]
fn programs_get_every_number_in_full() {
    let mut args = SMALL.to_vec();
    args.extend(["--format", "json"]);
    let (_, out, _) = ran(&args);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&json["schema"], &json["seed"], &json["holds"]),
        (&1.into(), &1.into(), &true.into())
    );
    let mut cases = json["cases"].as_array().unwrap().iter();
    let case = cases.find(|c| c["case"] == "erlang-b-c5").unwrap();
    assert!(case["requests"].as_u64().unwrap() >= 100_000);
    let numbers = case["numbers"].as_array().unwrap();
    let loss = numbers.iter().find(|n| n["number"] == "loss.prob").unwrap();
    let of = |key: &str| loss[key].as_f64().unwrap();
    assert!(of("low") < of("simulated") && of("simulated") < of("high"));
    let z = (of("simulated") - of("theory")) / of("standard_error");
    assert!((z - of("z")).abs() < 1e-9);
    assert_eq!(
        loss["holds"],
        (of("simulated") - of("theory")).abs() <= of("tolerance")
    );
    assert_eq!(json["replays"].as_array().unwrap().len(), 4);
}

/// A simulator that is wrong by two percent is found out.
#[test]
fn the_canary_fails_and_says_so() {
    let (exit, out, err) = ran(&["verify", "--canary", "--case", "erlang-b-c10"]);
    assert_eq!((exit, err.as_str()), (6, ""), "{out}");
    for words in [
        "WRONG ON PURPOSE: every worker is 2 % too fast",
        "  FAILS\n",
        "FAILS: loss.prob of erlang-b-c10: ",
        "the mistake made on purpose was noticed",
    ] {
        assert!(out.contains(words), "no {words:?} in\n{out}");
    }
    assert!(!out.contains("report this"), "{out}");
    // Nothing waits here, so nobody can tell how fast a worker is.
    let (exit, out, _) = ran(&["verify", "--canary", "--case", "bucket-even-b5"]);
    assert_eq!(exit, 0);
    assert!(out.contains("was NOT noticed"), "{out}");
    let (exit, out, err) = ran(&["verify", "--canary", "--case", "trace"]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(err.contains("replays have no canary"), "{err}");
}

#[test]
fn a_name_that_is_none_gets_the_nearest_one() {
    for (name, near) in [
        ("erlang-b-10", "did you mean `erlang-b-c10`?"),
        ("mmck-c1-k10-rho8", "did you mean `mmck-c1-k10-rho80`?"),
        ("Recorded", "did you mean `recorded`?"),
        ("zzz", "`veltrix verify --list` shows all"),
    ] {
        let (exit, out, err) = ran(&["verify", "--case", name]);
        assert_eq!((exit, out.as_str()), (2, ""), "{name}");
        assert!(
            err.starts_with(&format!("error: no case `{name}`\nhelp: ")),
            "{err}"
        );
        assert!(err.contains(near), "{err}");
    }
    let (exit, _, err) = ran(&["verify", "--case", "rare-overflow-c4-k40"]);
    assert_eq!(exit, 2);
    assert!(
        err.starts_with("error: `rare-overflow-c4-k40` is not run: it"),
        "{err}"
    );
    for args in [
        &["verify", "--case", "mm1", "--long"][..],
        &["verify", "--list", "--canary"],
        &["verify", "--threads", "two"],
        &["verify", "mm1"],
    ] {
        let (exit, out, _) = ran(args);
        assert_eq!((exit, out.as_str()), (2, ""), "{args:?}");
    }
}

#[test]
fn the_list_names_all_cases_and_where_they_are_from() {
    let (exit, out, err) = ran(&["verify", "--list"]);
    assert_eq!((exit, err.as_str()), (0, ""));
    for words in [
        "mm1-rho50",
        "mmc-c64-rho94",
        "--long",
        "trace-timeout",
        "azure-llm-2023-conv-c14-k16",
        "Kleinrock",
        "from published simulations",
    ] {
        assert!(out.contains(words), "no {words:?} in\n{out}");
    }
    let (_, json, _) = ran(&["verify", "--list", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json.as_array().unwrap().len() >= 80);
    let (_, one, _) = ran(&["verify", "--list", "--case", "fork_join"]);
    assert_eq!(
        one.lines()
            .filter(|l| l.starts_with("forkjoin-2-rho50"))
            .count(),
        // In the table and in full, from a source and from a step.
        4
    );
}
