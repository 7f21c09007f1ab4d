//! `--verify`: whether a fix is believed.

use super::Ground;

const FIX: [&str; 2] = ["--set", "service.web.workers.buffer.slots=20"];

fn token(ground: &Ground) -> String {
    ground.hunt(&["--seeds", "0..20", "--out", "out"]);
    let rows = ground.rows("out");
    rows.iter().find(|r| r["end"] == "incident").unwrap()["token"].clone()
}

#[test]
fn a_fix_is_believed_after_as_many_clean_seeds_as_it_takes() {
    let ground = Ground::new("fixed");
    let token = token(&ground);
    let verify = ["--verify", token.as_str(), "--seeds", "0..100"];
    // What it was is measured on the file without the fix: 0.55^6 < 5 % < 0.55^4.
    let (exit, out, err) = ground.hunt(&[&verify[..], &FIX].concat());
    assert_eq!((exit, err.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("of 100 seeds)\ntakes   ") && out.contains("clean   on all "),
        "{out}"
    );
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    let json = [&verify[..], &FIX, &["--format", "json"]].concat();
    let (_, json, _) = ground.hunt(&json);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let needed = json["needed"].as_u64().unwrap();
    assert!((5..=8).contains(&needed), "{json}");
    assert_eq!(json["clean"].as_u64(), Some(needed));
    assert!(json["still_fails"].is_null() && json["same_system"] == false);
    // 0.99^299 is the first below 5 %.
    let (exit, out, _) = ground.hunt(&[&verify[..], &FIX, &["--was", "1%"]].concat());
    assert_eq!(exit, 0);
    assert!(
        out.contains(
            "was     1.00 % (as stated)\ntakes   299 clean seeds in a row to say with 95 %"
        ),
        "{out}"
    );
    assert!(out.contains("clean   on all 299 seeds"), "{out}");
}

#[test]
fn what_still_fails_is_named() {
    let ground = Ground::new("not-fixed");
    let token = token(&ground);
    let (exit, out, err) = ground.hunt(&["--verify", &token]);
    assert_eq!((exit, err.as_str()), (3, ""), "{out}");
    assert!(
        out.contains("same    the system is the one of the token"),
        "{out}"
    );
    assert!(
        out.contains("the token's own, ") && out.contains(&token),
        "{out}"
    );
    // Half a fix: the pause comes later, and the token's own seed is clean.
    let half = ["--set", "fault.pauses.every.mean=\"300s\"", "--was", "2%"];
    let go = |threads: &str| {
        let more = ["--verify", token.as_str(), "--threads", threads];
        ground.hunt(&[&more[..], &half].concat())
    };
    let (exit, out, _) = go("1");
    assert_eq!(exit, 3, "{out}");
    assert!(
        out.contains("fails   seed ") && out.contains("that were clean"),
        "{out}"
    );
    assert_eq!(go("4"), (exit, out.clone(), String::new()));
    let token = out.lines().last().unwrap().trim();
    let (exit, out, _) = ground.ran(&[&["replay", token, "hunted.toml"], &half[..2]].concat());
    assert!(exit == 0 && out.contains(token), "{out}");
}

#[test]
fn what_it_was_must_be_known() {
    let ground = Ground::new("unknown");
    let token = token(&ground);
    let model = ground.0.join("pauses.toml");
    let text = std::fs::read_to_string(&model).unwrap();
    std::fs::write(&model, text.replace("slots = 3", "slots = 20")).unwrap();
    let (exit, out, err) = ground.hunt(&["--verify", &token]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(
        err.contains("it is not known how often it happened before"),
        "{err}"
    );
    assert!(err.contains("--was 10%"), "{err}");
    let (exit, ..) = ground.hunt(&["--verify", &token, "--was", "45%"]);
    assert_eq!(exit, 0);
}
