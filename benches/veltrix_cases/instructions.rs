//! Instructions a request, as valgrind counts them: they hardly depend on what else the machine
//! does, so that a change of one percent shows. Two runs of different length are counted; their
//! difference is free of the start and of the end.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// The workloads that are counted.
const COUNTED: [&str; 4] = ["W1", "W2", "W2-full", "two-tier"];
/// Requests of the shorter and of the longer run.
const SHORT: u64 = 100_000;
const LONG: u64 = 400_000;
/// So many times the figure of the baseline are too many.
const MOST: f64 = 1.03;

/// Counts each workload and holds it against `benches/instructions.txt`.
pub fn compare() -> ExitCode {
    let found = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("valgrind is not here: it counts the instructions; install it and try again");
        return ExitCode::from(2);
    }
    println!("\n| workload | instructions a request | baseline | change | at most |");
    println!("|---|---:|---:|---:|---:|");
    let mut fine = true;
    for name in COUNTED {
        let more = counted(name, LONG) - counted(name, SHORT);
        let each = more as f64 / (LONG - SHORT) as f64;
        let kept = baseline(name);
        fine &= each <= kept * MOST;
        let change = 100.0 * (each / kept - 1.0);
        let most = 100.0 * (MOST - 1.0);
        println!("| {name} | {each:.1} | {kept:.1} | {change:+.2} % | {most:+.0} % |");
    }
    if fine {
        ExitCode::SUCCESS
    } else {
        eprintln!("more instructions a request than benches/instructions.txt allows");
        ExitCode::FAILURE
    }
}

/// Instructions of this program when it runs a workload alone.
fn counted(name: &str, requests: u64) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(std::env::current_exe().unwrap())
        .arg(format!("--alone={name}"))
        .arg(format!("--requests={requests}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let line = said.lines().find(|line| line.contains("refs:"));
    let figure = line.and_then(|line| line.rsplit("refs:").next());
    let digits: String = figure
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits
        .parse()
        .unwrap_or_else(|_| panic!("no count in\n{said}"))
}

/// The committed figure of a workload.
fn baseline(name: &str) -> f64 {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut pairs = lines.filter_map(|line| line.split_once(' '));
    let found = pairs.find(|(workload, _)| *workload == name);
    found.unwrap().1.trim().parse().unwrap()
}
