//! `--swarm`: what it draws, and that its tokens lead back.

use super::Ground;

#[test]
fn each_seed_has_a_system_of_its_own_whose_token_replays() {
    let ground = Ground::new("swarm");
    let go = |threads: &str, out: &str| {
        let args = [
            "--swarm",
            "--seeds",
            "0..120",
            "--threads",
            threads,
            "--out",
            out,
        ];
        let (exit, said, err) = ground.hunt(&args);
        assert_eq!((exit, err.as_str()), (0, ""));
        said
    };
    let said = go("1", "one");
    assert!(
        said.lines().all(|line| line.chars().count() <= 100),
        "{said}"
    );
    assert!(said.contains("swarm   faults kept one in two"), "{said}");
    go("3", "three");
    assert!(ground.files("one") == ground.files("three"));
    let rows = ground.rows("one");
    let with = |part: &str| rows.iter().filter(|r| r["set"].contains(part)).count();
    for (part, share) in [
        ("fault.pauses.enabled=false", 0.5),
        ("buffer.slots=2;", 0.25 + 0.5 / 8.0),
        ("fault.pauses.for=2 s", 0.25),
        ("fault.pauses.for=200 ms", 0.25),
    ] {
        let found = with(part) as f64 / 120.0;
        assert!((found - share).abs() < 0.18, "{part}: {found}");
    }
    // Without the fault nothing happens.
    let off = rows.iter().filter(|r| r["set"].contains("enabled=false"));
    assert!(off.clone().count() > 30);
    off.for_each(|row| assert_eq!(row["end"], "clean"));
    let caught: Vec<_> = rows.iter().filter(|r| r["end"] == "incident").collect();
    assert!(caught.len() > 5);
    for row in caught.iter().take(6) {
        let mut args = vec!["replay", &row["token"], "hunted.toml"];
        row["set"]
            .split("; ")
            .for_each(|set| args.extend(["--set", set]));
        let (exit, out, err) = ground.ran(&args);
        assert_eq!((exit, err.as_str()), (0, ""), "{out}");
        assert!(out.contains(&row["token"]), "{out}");
        let (exit, _, err) = ground.ran(&args[..3]);
        assert_eq!(exit, 6, "without its settings it is another system: {err}");
    }
}

#[test]
fn another_range_draws_the_same_for_a_seed() {
    let ground = Ground::new("swarm-order");
    ground.hunt(&["--swarm", "--seeds", "0..20", "--out", "low"]);
    ground.hunt(&["--swarm", "--seeds", "15..30", "--out", "high"]);
    assert_eq!(ground.rows("low")[15..], ground.rows("high")[..5]);
}
