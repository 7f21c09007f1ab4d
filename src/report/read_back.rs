//! An output directory, read again: what `run` wrote of its points and trials.
//!
//! Files that were changed since they were written are refused, as are those of another form.

use std::fmt;
use std::fs;
use std::path::Path;

use super::manifest::{self, Manifest, digest_of};
use crate::base::codes::Code;
use crate::base::units::{parse_time, print_time};
use crate::experiment::compare::choose::{Candidate, bare};
use crate::experiment::compare::{Side, Trial};
use crate::experiment::results::{Estimate, Method};
use crate::model::metric::{Metric, Part};

/// Why a directory cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// VX1001: it cannot be read. VX4010: it is of no use.
    pub code: Code,
    /// With the path and the reason.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// What an output directory holds.
#[derive(Clone, Debug)]
pub struct ReadBack {
    /// What made it.
    pub manifest: Manifest,
    /// Its points, in order.
    pub points: Vec<Candidate>,
    /// Metrics that it has, in the order of their columns.
    pub metrics: Vec<Metric>,
    /// `horizon`, `warm_up`, `drain` and `confidence`, as text, where they are stated.
    terms: [String; 5],
    /// The currency of its costs.
    pub currency: String,
    trials: Csv,
    results: Csv,
}

/// Keys of the experiment that two directories must share.
const TERMS: [&str; 5] = ["horizon", "warm_up", "drain", "confidence", "terminating"];

/// A CSV file as rows of fields, found by the name of their column.
#[derive(Clone, Debug)]
struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }

    fn field<'a>(&self, row: &'a [String], name: &str) -> &'a str {
        let place = self.column(name);
        place.and_then(|i| row.get(i)).map_or("", String::as_str)
    }
}

/// Reads a directory.
///
/// # Errors
/// It cannot be read, is not one of ours, or was changed.
pub fn read(path: &Path) -> Result<ReadBack, ReadError> {
    let shown = path.display();
    let file = |name: &str| {
        fs::read(path.join(name)).map_err(|e| ReadError {
            code: Code::UNREADABLE,
            message: format!("cannot read `{}`: {e}", path.join(name).display()),
            help: "give a directory that `veltrix run` has finished".into(),
        })
    };
    let useless = |why: String| ReadError {
        code: Code::INCOMPARABLE,
        message: format!("`{shown}` cannot be compared: {why}"),
        help: "run the experiment again with this version, or give its file instead".into(),
    };
    let manifest = Manifest::read(&file(manifest::NAME)?)
        .ok_or_else(|| useless("its manifest.json is not one of veltrix".into()))?;
    if manifest.format != manifest::FORMAT {
        return Err(useless(format!("its files have form {}", manifest.format)));
    }
    let known = |name: &str| {
        let bytes = file(name)?;
        let listed = manifest.outputs.iter().find(|o| o.path == name);
        match listed.is_some_and(|o| o.blake3 == digest_of(&bytes)) {
            true => Ok(bytes),
            false => Err(useless(format!(
                "its {name} was changed since it was written"
            ))),
        }
    };
    let csv = |name: &str| {
        let bytes = known(name)?;
        table(&bytes).ok_or_else(|| useless(format!("its {name} is no table")))
    };
    let (trials, results) = (csv("trials.csv")?, csv("results.csv")?);
    let resolved = String::from_utf8_lossy(&known("resolved.toml")?).into_owned();
    let names = trials.header.iter().skip_while(|h| *h != "seed").skip(1);
    let metrics = names
        .take_while(|h| *h != "fingerprint")
        .filter_map(|name| Metric::parse(name).ok());
    Ok(ReadBack {
        metrics: metrics.collect(),
        points: points(&results),
        terms: TERMS.map(|key| term(&resolved, key)),
        currency: stated(&resolved, "currency").unwrap_or("USD").to_owned(),
        manifest,
        trials,
        results,
    })
}

fn table(bytes: &[u8]) -> Option<Csv> {
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let fields = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let header = fields(reader.headers().ok()?);
    let rows: Result<Vec<Vec<String>>, _> =
        reader.records().map(|r| r.map(|r| fields(&r))).collect();
    Some(Csv {
        header,
        rows: rows.ok()?,
    })
}

/// The value of a key of the resolved experiment, the first of its name.
fn stated<'a>(resolved: &'a str, key: &str) -> Option<&'a str> {
    let mut values = resolved.lines().filter_map(|line| {
        let (name, value) = line.split_once(" = ")?;
        let value = value.rsplit_once(" # ").map_or(value, |(value, _)| value);
        (name == key).then(|| bare(value))
    });
    values.next()
}

/// A key of the experiment itself; times in one form, however they are written.
fn term(resolved: &str, key: &str) -> String {
    let own = resolved.split("\n[").next().unwrap_or("");
    let text = stated(own, key).unwrap_or("");
    parse_time(text).map_or_else(|_| text.to_owned(), print_time)
}

fn points(results: &Csv) -> Vec<Candidate> {
    let paths = results.header.iter().enumerate().skip(2);
    let paths: Vec<(usize, &String)> = paths.take_while(|(_, h)| *h != "stable").collect();
    let one = |row: &Vec<String>| Candidate {
        variant: results.field(row, "variant").to_owned(),
        settings: paths
            .iter()
            .filter_map(|(i, path)| Some(((*path).clone(), row.get(*i)?.clone())))
            .filter(|(_, value)| !value.is_empty())
            .collect(),
    };
    results.rows.iter().map(one).collect()
}

impl ReadBack {
    /// Measured time.
    pub fn horizon(&self) -> &str {
        &self.terms[0]
    }

    /// Of its intervals.
    pub fn confidence(&self) -> f64 {
        self.terms[3].parse().unwrap_or(0.95)
    }

    /// One point, with these metrics; a metric that it has not got has no data.
    pub fn side(&self, point: usize, name: String, metrics: &[Metric]) -> Side {
        let names: Vec<String> = metrics.iter().map(Metric::to_string).collect();
        let own = point.to_string();
        let rows = self.trials.rows.iter();
        let rows: Vec<&Vec<String>> = rows
            .filter(|row| self.trials.field(row, "point") == own)
            .collect();
        let done = rows
            .iter()
            .filter(|r| self.trials.field(r, "status") == "done");
        let n = u32::try_from(done.count()).unwrap_or(u32::MAX);
        let result = self.results.rows.get(point);
        let estimates: Vec<Option<Estimate>> = names
            .iter()
            .map(|name| self.estimate(result?, name, n))
            .collect();
        let trial = |row: &&Vec<String>| {
            let status = self.trials.field(row, "status");
            let hash = |name: &str| {
                u64::from_str_radix(self.trials.field(row, name), 16).unwrap_or_default()
            };
            if status != "done" {
                return Err(status.to_owned());
            }
            let part = |(name, e): (&String, &Option<Estimate>)| {
                let value = self.trials.field(row, name).parse().ok();
                // What has no interval over several trials is the largest of them.
                match e.is_some_and(|e| e.low.is_none() && n > 1) {
                    true => Part::Highest(value),
                    false => Part::Read(value),
                }
            };
            Ok(Trial {
                parts: names.iter().zip(&estimates).map(part).collect(),
                fingerprint: hash("fingerprint"),
                demand: hash("demand"),
            })
        };
        Side {
            name,
            averaged: false,
            trials: rows.iter().map(trial).collect(),
            estimates: estimates.clone(),
        }
    }

    fn estimate(&self, row: &[String], name: &str, n: u32) -> Option<Estimate> {
        let number = |suffix: &str| {
            let text = self.results.field(row, &format!("{name}{suffix}"));
            text.parse::<f64>().ok()
        };
        Some(Estimate {
            mean: number("")?,
            low: number("_low"),
            high: number("_high"),
            n,
            method: Method::Sectioning,
            bound: None,
        })
    }

    fn replications(&self) -> usize {
        let points = self.points.len().max(1);
        self.trials.rows.len() / points
    }
}

/// What must be equal for two directories to be compared, and is not: the name and both values.
pub fn mismatches(a: &ReadBack, b: &ReadBack) -> Vec<(&'static str, String, String)> {
    let (m, o) = (&a.manifest, &b.manifest);
    let mut all = vec![
        ("seed", m.seed.clone(), o.seed.clone()),
        (
            "trajectory",
            m.trajectory.to_string(),
            o.trajectory.to_string(),
        ),
        (
            "replications",
            a.replications().to_string(),
            b.replications().to_string(),
        ),
    ];
    let terms = a.terms.iter().zip(&b.terms);
    for (name, (own, other)) in TERMS.into_iter().zip(terms) {
        all.push((name, own.clone(), other.clone()));
    }
    all.into_iter().filter(|(_, a, b)| a != b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOLVED: &str = "# Every value.\n\ntitle = \"horizon = # 3\" # file\nseed = 14 # file\n\
        horizon = \"60s\" # --horizon\nwarm_up = \"5s\" # file\nconfidence = 0.95 # default\n\
        \n[[point]]\nvariant = \"a\"\n\n[point.model.prices]\ncurrency = \"EUR\" # file\n\
        drain = \"9s\"\n";

    #[test]
    fn terms_are_those_of_the_experiment() {
        assert_eq!(term(RESOLVED, "horizon"), "60 s");
        assert_eq!(term(&RESOLVED.replace("60s", "1min"), "horizon"), "60 s");
        assert_eq!(term(&RESOLVED.replace("60s", "trace"), "horizon"), "trace");
        assert_eq!(term(RESOLVED, "confidence"), "0.95");
        assert_eq!(term(RESOLVED, "drain"), "");
        assert_eq!(stated(RESOLVED, "currency"), Some("EUR"));
    }

    #[test]
    fn points_are_told_apart_by_their_columns() {
        let text = "point,variant,a.b,a.c,stable,offered_load\n0,x,,,true,0.5\n1,y,4,2GiB,true,1\n";
        let found = points(&table(text.as_bytes()).unwrap());
        assert_eq!(found[0].label(), "x");
        assert_eq!(found[1].label(), "y 4 x 2GiB");
        assert_eq!(found[1].settings[1], ("a.c".into(), "2GiB".into()));
    }

    #[test]
    fn what_is_not_there_or_not_ours_is_refused() {
        let missing = read(Path::new("no-such-directory")).unwrap_err();
        assert_eq!(missing.code, Code::UNREADABLE);
        assert!(missing.message.contains("manifest.json"), "{missing}");
    }
}
