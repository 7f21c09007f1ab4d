//! Five runs whose fingerprints are pinned. A change that moves them changes results: it belongs
//! in the changelog. That they are right is another matter (`tests/validation.rs`).

use std::env;
use std::process::Command;

use veltrix::model::outcome::Outcome;
use veltrix::model::spec::SystemSpec;
use veltrix::model::trial::{Horizon, RunSpec};

use crate::models::{elastic, plain, replayed, story, tiers};
use crate::systems::run_spec;
use crate::{blind, how};

/// Name, fingerprint, demand, events.
const PINNED: [(&str, u64, u64, u64); 5] = [
    ("plain", 0xff8037a1131ad900, 0x6a97dc05bc5a7fa0, 19204),
    ("story", 0x8018ad9ca60fcc1a, 0x98945556bec84df7, 190414),
    ("replayed", 0xc60e991eaed3874b, 0xf36e1d970a757311, 27287),
    ("tiers", 0xb5af2c89e33577b0, 0x2e7a63351dc0698b, 53368),
    ("elastic", 0xd8f9a41cd1c48961, 0x39d86cc0d077e921, 19115),
];

fn runs() -> [(&'static str, SystemSpec, RunSpec); 5] {
    [
        ("plain", plain(), how(5)),
        ("story", story(), how(5)),
        ("replayed", replayed(), run_spec(3, Horizon::Trace)),
        ("tiers", tiers(), how(5)),
        ("elastic", elastic(), how(5)),
    ]
}

#[test]
fn golden_runs_are_where_they_were() {
    let found = runs().map(|(name, spec, how)| {
        let output = blind(&spec, &how);
        (name, output.fingerprint, output.demand, output.events)
    });
    let line = |(name, a, b, n)| format!("    (\"{name}\", {a:#018x}, {b:#018x}, {n}),\n");
    let lines: String = found.into_iter().map(line).collect();
    assert!(found == PINNED, "results moved; they are now\n{lines}");
}

/// Outcomes of what the golden story does not have.
const NOT_THERE: [Outcome; 12] = [
    Outcome::CallFailed,
    Outcome::Cancelled,
    Outcome::Expired,
    Outcome::GaveUp,
    Outcome::Error,
    Outcome::NoWorker,
    Outcome::Limited,
    Outcome::OutOfMemory,
    Outcome::DeadLettered,
    Outcome::Shed,
    Outcome::Drained,
    Outcome::Poison,
];

/// A pinned run proves little of what never happens in it.
#[test]
fn everything_happens_in_the_golden_story() {
    let tally = blind(&story(), &how(5)).tally;
    let people = &tally.classes[0];
    for outcome in Outcome::ALL.into_iter().filter(|o| !NOT_THERE.contains(o)) {
        let ended: u64 = tally.classes.iter().map(|c| c.ended[outcome.index()]).sum();
        assert!(ended > 0, "nothing ended {outcome:?}");
    }
    assert!(people.attempts > people.born && people.answered > people.ok);
    assert!(tally.workers.iter().any(|w| w.wedges > 0));
    assert!(tally.balancers[0].breaker_opens > 0 && tally.balancers[0].queue_area > 0);
}

#[test]
fn everything_happens_in_the_golden_rush() {
    let tally = blind(&elastic(), &how(5)).tally;
    for outcome in [Outcome::Shed, Outcome::Drained, Outcome::Poison] {
        let ended = tally.classes[0].ended[outcome.index()];
        assert!(ended > 0, "nothing ended {outcome:?}");
    }
    assert!(tally.workers.iter().any(|w| w.gc_area > 0));
    let there = tally.balancers[0].provisioned_area as f64 / tally.measured_ns as f64;
    assert!(there > 3.0 && there < 8.0, "{there} workers");
}

#[test]
fn everything_happens_in_the_golden_tiers() {
    let tally = blind(&tiers(), &how(5)).tally;
    let (people, calls) = (&tally.classes[0], &tally.calls[0]);
    for outcome in [Outcome::CallFailed, Outcome::Error, Outcome::TimedOut] {
        assert!(
            people.ended[outcome.index()] > 0,
            "nothing ended {outcome:?}"
        );
    }
    for outcome in [Outcome::BufferFull, Outcome::Cancelled, Outcome::TimedOut] {
        assert!(
            calls.ended[outcome.index()] > 0,
            "no call ended {outcome:?}"
        );
    }
    assert!(calls.cached > 0 && calls.attempts > calls.born && people.wasted_ns > 0);
}

/// The maths of the machine's C library differs with what its processor can do; ours does not. The
/// golden runs once more in a process whose C library makes do without.
#[test]
fn golden_runs_do_not_depend_on_the_maths_of_the_machine() {
    const FLAG: &str = "GLIBC_TUNABLES";
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "golden::golden_runs_are_where_they_were"])
        .env(
            FLAG,
            "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable",
        )
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}
