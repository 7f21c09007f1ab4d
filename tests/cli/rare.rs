//! `[rare]` from the command line.

use std::fs;
use std::path::PathBuf;

use super::ran;

const EXPERIMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/experiments/rare.toml");
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/rare.toml");

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("veltrix-rare-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// What is too rare to count is in every file, whatever the number of threads.
#[test]
fn a_run_gives_what_counting_never_sees() {
    let mut before: Option<(String, String)> = None;
    for threads in ["1", "2", "8"] {
        let out = folder(threads);
        let path = out.join("out");
        let to = path.to_str().unwrap();
        let (exit, said, err) = ran(&["run", EXPERIMENT, "--threads", threads, "--out", to]);
        assert_eq!(exit, 0, "{err}");
        assert!(
            said.contains("rare events, by multilevel splitting"),
            "{said}"
        );
        let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
        let now = (read("results.json"), read("results.csv"));
        assert!(now.0.contains("\"splitting\""));
        if let Some(before) = &before {
            assert!(*before == now, "{threads} threads give other bytes");
        }
        let last = now.1.lines().last().unwrap().to_owned();
        let header: Vec<&str> = now.1.lines().next().unwrap().split(',').collect();
        let place = |name: &str| header.iter().position(|h| *h == name).unwrap();
        let value =
            |name: &str| -> f64 { last.split(',').nth(place(name)).unwrap().parse().unwrap() };
        // M/M/4 with 30 places at load 0.6.
        let truth = 2.538e-8;
        let (low, high) = (value("loss_low"), value("loss_high"));
        assert!(
            0.0 < low && low < 2.0 * truth && high > truth / 2.0,
            "{last}"
        );
        let mean = value("loss");
        assert!(mean > truth / 5.0 && mean < truth * 5.0, "{last}");
        before = Some(now);
        fs::remove_dir_all(out).unwrap();
    }
}

fn checked(name: &str, model: (&str, &str), rare: &str) -> (i32, String) {
    let folder = folder(name);
    let text = fs::read_to_string(MODEL).unwrap();
    assert!(text.contains(model.0));
    fs::write(
        folder.join("model.toml"),
        text.replacen(model.0, model.1, 1),
    )
    .unwrap();
    let file = folder.join("experiment.toml");
    let head = "model = \"model.toml\"\nhorizon = \"5s\"\n";
    fs::write(&file, format!("{head}[rare]\n{rare}\n")).unwrap();
    let (exit, _, err) = ran(&["check", file.to_str().unwrap()]);
    fs::remove_dir_all(folder).unwrap();
    (exit, err)
}

#[test]
fn what_has_no_steady_state_is_refused() {
    let loss = "metrics = [\"loss\"]";
    let same = ("", "");
    let rate = "\"240/s\"";
    let fault = |more: &str| {
        format!("\n[[fault]]\nname = \"f\"\nkind = \"slow\"\nfactor = 0.5\n{more}\n[source.web]")
    };
    let at = fault("target = \"orders\"\nat = \"2s\"\nfor = \"1s\"");
    let profile = "{ process = \"poisson\", rate = \"240/s\", \
                   profile = { points = [[\"0s\", 1.0], [\"9s\", 2.0]] } }";
    let cases: &[(&str, (&str, &str), &str, &str)] = &[
        ("none", same, "", "needs `metrics`"),
        ("empty", same, "metrics = []", "one metric or more"),
        ("unknown", same, "metrics = [\"lost\"]", "VX2003"),
        (
            "mean",
            same,
            "metrics = [\"latency_mean\"]",
            "counts no losses",
        ),
        (
            "fine",
            same,
            "metrics = [\"loss\"]\nprecision = 0.0",
            "0.001 to 1",
        ),
        (
            "few",
            same,
            "metrics = [\"loss\"]\nmax_requests = 10",
            "200000",
        ),
        (
            "for",
            same,
            "metrics = [\"loss\"]\nfor = [\"after\"]",
            "after",
        ),
        (
            "once",
            ("[source.web]", &at),
            loss,
            "fault `f` happens once",
        ),
        ("profile", (rate, profile), loss, "follows a profile"),
    ];
    for (name, model, rare, told) in cases {
        let (exit, err) = checked(name, *model, rare);
        assert_eq!(exit, 2, "{name}: {err}");
        assert!(err.contains(told), "{name}: {err}");
    }
    let (exit, err) = checked("right", same, "metrics = [\"loss\", \"refused_VX3102\"]");
    assert_eq!((exit, err.as_str()), (0, ""));
}
