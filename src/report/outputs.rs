//! Which files the output directory holds. Deterministic: they depend on the design and its results
//! only.

use std::io;

use super::charts::Pictures;
use super::{
    charts, distributions_csv, incidents, results_csv, results_json, series_csv, summary,
    trials_csv,
};
use crate::experiment::design::Design;
use crate::experiment::results::Results;

/// A file to be written: its path below the output directory, with `/`, and its bytes.
pub type Output = (String, Vec<u8>);

/// The name of the summary's file.
pub const SUMMARY: &str = "summary.txt";

/// The name of the results for programs.
pub const RESULTS: &str = "results.json";

/// The name of the rows of attempts.
pub const ATTEMPTS: &str = "attempts.csv";

/// Writes a file that may be large.
pub type Write = fn(&Design, &Results, &mut dyn io::Write) -> io::Result<()>;

/// The files that may be large, with what writes them piece by piece.
pub const LARGE: [(&str, Write); 3] = [
    (RESULTS, results_json::write),
    (incidents::JSON, incidents::write),
    ("series.csv", |_, results, to| {
        series_csv::write(results, to)
    }),
];

/// Every file but the large ones, the manifest, the attempts and what only the machine knows.
pub fn files(
    design: &Design,
    results: &Results,
    resolved: &str,
    pictures: Pictures,
) -> Vec<Output> {
    let mut files: Vec<Output> = vec![
        ("resolved.toml".into(), resolved.as_bytes().to_vec()),
        ("results.csv".into(), results_csv::bytes(design, results)),
        ("trials.csv".into(), trials_csv::bytes(design, results)),
        (
            "distributions.csv".into(),
            distributions_csv::bytes(design, results),
        ),
        (SUMMARY.into(), summary::print(design, results).into_bytes()),
        (
            incidents::TEXT.into(),
            incidents::text(summary::View { design, results }).into_bytes(),
        ),
    ];
    let charts = charts::draw(design, results, pictures);
    files.extend(
        charts
            .into_iter()
            .map(|(name, bytes)| (format!("charts/{name}"), bytes)),
    );
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture;
    use crate::experiment::run::{Options, run_with};

    fn written(design: &Design, threads: usize, simulate: fixture::Simulate) -> Vec<Output> {
        let results = run_with(design, Options { threads }, &(), simulate).unwrap();
        let mut all = files(design, &results, "# resolved\n", Pictures::Svg);
        for (name, write) in LARGE {
            let mut bytes = Vec::new();
            write(design, &results, &mut bytes).unwrap();
            all.push((name.into(), bytes));
        }
        all
    }

    fn text(files: &[Output], name: &str) -> String {
        let file = files.iter().find(|(n, _)| n == name).unwrap();
        String::from_utf8(file.1.clone()).unwrap()
    }

    #[test]
    fn the_same_bytes_on_any_number_of_threads() {
        let design = fixture::design();
        let one = written(&design, 1, fixture::simulate);
        for threads in [2, 3, 8] {
            for (a, b) in one.iter().zip(written(&design, threads, fixture::simulate)) {
                assert_eq!(a.0, b.0);
                assert!(a.1 == b.1, "{} differs on {threads} threads", a.0);
            }
        }
    }

    #[test]
    fn results_in_both_forms_say_the_same() {
        let design = fixture::design();
        let files = written(&design, 2, fixture::simulate);
        let json: serde_json::Value = serde_json::from_str(&text(&files, RESULTS)).unwrap();
        assert_eq!(json["schema"], 1);
        assert_eq!(json["experiment"], "story");
        let points = json["points"].as_array().unwrap();
        assert_eq!(points.len(), 7);
        assert_eq!(points[1]["set"]["service.events.workers.count"], 44);
        assert_eq!(points[1]["set"]["service.events.workers.ram"], "4GiB");
        assert_eq!(points[5]["stable"], false);
        assert_eq!(points[1]["metrics"]["loss"]["mean"], 0);
        assert_eq!(points[1]["metrics"]["loss"]["n"], 4);
        assert!(points[1]["metrics"]["cost_per_million"]["low"].is_number());
        let notes = json["notes"].as_array().unwrap();
        let note = |code: &str| notes.iter().find(|n| n["code"] == code).unwrap();
        assert_eq!(note("VX2009")["point"], 5);
        let told = note("VX2009")["text"].as_str().unwrap();
        assert!(told.starts_with("no steady state: load 1."), "{told}");
        let told = note("VX3301")["text"].as_str().unwrap();
        assert!(told.starts_with("worker wedged: 1 time, then"), "{told}");
        let csv = text(&files, "results.csv");
        let rows: Vec<&str> = csv.lines().collect();
        assert_eq!(rows.len(), 8);
        assert!(rows[0].starts_with("point,variant,service.events.workers.count,"));
        assert!(rows[0].contains(",latency_p99,latency_p99_low,latency_p99_high,"));
        assert!(rows[1].starts_with("0,before,,,,true,0.6"), "{}", rows[1]);
        assert!(
            rows[2].starts_with("1,after,44,4,4GiB,true,"),
            "{}",
            rows[2]
        );
        assert!(
            files
                .iter()
                .all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains("NaN"))
        );
    }

    #[test]
    fn the_other_tables_have_their_rows() {
        let design = fixture::design();
        let files = written(&design, 2, fixture::simulate_badly);
        let trials = text(&files, "trials.csv");
        assert_eq!(trials.lines().count(), 1 + 28);
        assert!(trials.lines().nth(1).unwrap().ends_with(",done"));
        assert!(
            trials
                .lines()
                .nth(2)
                .unwrap()
                .contains(",failed: VX5002: stopped")
        );
        let series = text(&files, "series.csv");
        assert_eq!(
            series.lines().count(),
            1 + 14 * 3 * crate::model::series::NAMES.len()
        );
        assert_eq!(series.lines().nth(1), Some("0,0,5,offered,1"));
        let distributions = text(&files, "distributions.csv");
        let counts = distributions
            .lines()
            .filter(|l| l.starts_with("0,latency,"));
        let sum: u64 = counts
            .map(|l| l.rsplit(',').next().unwrap().parse::<u64>().unwrap())
            .sum();
        assert_eq!(sum, 2 * 20_000);
    }

    #[test]
    fn scopes_have_their_own_distributions_and_formulas_are_harmless() {
        let mut design = fixture::design();
        let narrow = "latency_p99@class:=upload";
        design
            .metrics
            .push(crate::model::metric::Metric::parse(narrow).unwrap());
        let files = written(&design, 1, fixture::simulate);
        let header = text(&files, "results.csv")
            .lines()
            .next()
            .unwrap()
            .to_owned();
        assert!(header.ends_with(&format!("{narrow}_high")), "{header}");
        let json: serde_json::Value = serde_json::from_str(&text(&files, RESULTS)).unwrap();
        assert!(
            json["points"][0]["metrics"][narrow].is_null(),
            "no data is null"
        );
    }

    #[test]
    fn attempts_are_rows_of_whole_nanoseconds() {
        let design = fixture::design();
        let row = crate::model::trial::AttemptRow {
            request: 7,
            attempt: 2,
            source: 0,
            class: 1,
            service: 0,
            worker: Some(14),
            born: 10,
            arrived: 20,
            start: None,
            end: Some(40),
            work: 3,
            outcome: Some(crate::model::outcome::Outcome::BufferFull),
        };
        let part = super::super::attempts_csv::part(&design, 5, &[row]);
        assert_eq!(
            String::from_utf8(part).unwrap(),
            "1,1,7,2,interactions,'=upload,events,events[14],10,20,,40,3,refused,VX3102\n"
        );
    }
}
