//! A real signal to a hunt, and what the same command makes of what was kept.

#![allow(clippy::disallowed_methods)] // the wall clock says when patience ends

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Ground;

#[test]
fn an_interrupted_hunt_goes_on_and_ends_the_same() {
    let ground = Ground::new("resumed");
    let args = ["--seeds", "0..4000", "--whole", "--horizon", "200s"];
    let (exit, _, err) = ground.hunt(&[&args[..], &["--out", "whole"]].concat());
    assert_eq!((exit, err.as_str()), (0, ""));
    let mut hunt = ground.command(&[&["hunt", "hunted.toml", "--out", "out"], &args[..]].concat());
    let mut child = hunt
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = ground.0.join(".out.partial/trial-log");
    let begun = Instant::now();
    while fs::metadata(&log).map_or(0, |m| m.len()) < 4000 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing comes");
        assert_eq!(child.try_wait().unwrap(), None, "over too soon");
        sleep(Duration::from_millis(1));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    let kept = said.strip_prefix("interrupted[VX5004]: ").unwrap();
    let kept = kept.strip_suffix(" of 4000 seeds are kept; the same command resumes\n");
    let kept: u32 = kept.unwrap().parse().unwrap();
    assert!((10..4000).contains(&kept), "{said}");
    assert!(!ground.0.join("out").exists());
    // What stands at the end of a file that was cut off is not believed.
    let mut bytes = fs::read(&log).unwrap();
    bytes.extend([9, 0, 0, 0, 1, 2, 3]);
    fs::write(&log, bytes).unwrap();
    let (exit, _, err) = ground.hunt(&[&args[..], &["--out", "out"]].concat());
    assert_eq!(exit, 0);
    assert_eq!(err, format!("resumed: {kept} of 4000 seeds were kept\n"));
    assert!(ground.files("out") == ground.files("whole"));
    assert!(!ground.0.join(".out.partial").exists());
}
