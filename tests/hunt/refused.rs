//! What is refused, and in which words.

use super::Ground;

#[test]
fn bad_arguments_are_told() {
    let ground = Ground::new("refused");
    let wrong: [(&[&str], &str); 13] = [
        (&["--seeds", "10..5"], "they go upwards: write 5..10"),
        (
            &["--seeds", "5..5"],
            "there is no seed in it: 5..6 would be one",
        ),
        (
            &["--seeds", "0..1000001"],
            "1000001 seeds are more than 1000000",
        ),
        (&["--seeds", "7"], "seeds are A..B"),
        (
            &["--for", "overflow_frist"],
            "there is no detector `overflow_frist`; did you mean `overflow_first`?",
        ),
        (&["--for", "own"], "the file has no condition of its own"),
        (
            &["--variant", "bsae"],
            "there is no variant `bsae`; did you mean `base`?",
        ),
        (
            &["--at", "service.web.workers.count=2"],
            "no point of base has it\nhelp: it is no axis of base",
        ),
        (&["--was", "10%"], "--verify"),
        (&["--verify", "v1-0", "--swarm"], "cannot be used with"),
        (&["--verify", "incident"], "is no token"),
        (&["--verify", "v1-0000"], "checksum"),
        (&["--was", "0", "--verify", "v1-0"], "a share is above 0 %"),
    ];
    for (args, words) in wrong {
        let (exit, out, err) = ground.hunt(args);
        assert_eq!((exit, out.as_str()), (2, ""), "{args:?} {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
    assert!(!ground.0.join("runs").exists());
}

#[test]
fn what_is_switched_off_cannot_be_hunted() {
    let ground = Ground::new("off");
    let file = ground.0.join("hunted.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("detectors = \"none\"\n{text}")).unwrap();
    let (exit, _, err) = ground.hunt(&[]);
    assert!(exit == 2 && err.contains("nothing is looked for"), "{err}");
    std::fs::write(&file, format!("{text}\n[detectors]\nmetastable = false\n")).unwrap();
    let (exit, _, err) = ground.hunt(&["--for", "metastable"]);
    assert!(
        exit == 2 && err.contains("`metastable` is not looked for"),
        "{err}"
    );
}

#[test]
fn a_swarm_needs_something_to_draw_and_a_warm_up() {
    let ground = Ground::new("no-swarm");
    let file = ground.0.join("hunted.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let (plain, _) = text.split_once("[uncertain]").unwrap();
    std::fs::write(&file, plain).unwrap();
    let args = ["--swarm", "--set", "fault.pauses.enabled=false"];
    let (exit, _, err) = ground.hunt(&args);
    assert!(
        exit == 2 && err.contains("there is nothing to draw"),
        "{err}"
    );
    std::fs::write(&file, format!("warm_up = \"auto\"\n{text}")).unwrap();
    let (exit, _, err) = ground.hunt(&["--swarm"]);
    assert!(
        exit == 2 && err.contains("a warm-up that is stated"),
        "{err}"
    );
}

#[test]
fn a_folder_of_another_hunt_is_not_replaced() {
    let ground = Ground::new("other");
    ground.hunt(&["--seeds", "0..5", "--out", "out"]);
    let (exit, _, err) = ground.hunt(&["--seeds", "0..6", "--out", "out"]);
    assert!(
        exit == 1 && err.contains("results of another experiment"),
        "{err}"
    );
    let (exit, ..) = ground.hunt(&["--seeds", "0..6", "--out", "out", "--force"]);
    assert_eq!((exit, ground.rows("out").len()), (0, 6));
}
