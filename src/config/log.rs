//! Logs of requests, as they are found: access logs in Common or Combined Log Format, CSV with a
//! header, JSON lines. A line that cannot be used is counted and told, never dropped in silence; so
//! are lines out of order and lines that share a time.

mod line;
mod time;

use std::collections::BTreeMap;
use std::path::Path;

use crate::base::codes::Code;
use crate::base::units::{LONGEST, Nanos, SECOND, shown};
use crate::fit::{Log, Row, Took, spread_ties};

use super::decode::Cx;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::files::{InputKind, MAX_CSV, Span, visible};
use super::folder_of;

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Common Log Format, Combined, or either with more at the end.
    Clf,
    /// CSV with a header.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

/// How a log is to be read. Names are those of columns or keys.
#[derive(Clone, Debug, PartialEq)]
pub struct LogOptions {
    /// How it is written; `None`: as its first line looks.
    pub format: Option<LogFormat>,
    /// Where the time stands; `None`: the first of the usual names.
    pub time: Option<String>,
    /// Where the size stands.
    pub size: Option<String>,
    /// What makes classes: a name, or `path`, `method`, `none`.
    pub class: Option<String>,
    /// Where the duration stands; of an access log `last`.
    pub duration: Option<String>,
    /// Nanoseconds in a unit of the duration; `None`: from the ending of its name.
    pub duration_unit: Option<u64>,
    /// Durations of at least this are cut off.
    pub timeout: Option<Nanos>,
    /// The largest share of lines that may be bad.
    pub max_bad: f64,
}

impl Default for LogOptions {
    fn default() -> LogOptions {
        LogOptions {
            format: None,
            time: None,
            size: None,
            class: None,
            duration: None,
            duration_unit: None,
            timeout: None,
            max_bad: 0.05,
        }
    }
}

/// A log, and what has to be said about it.
#[derive(Clone, Debug)]
pub struct ReadLog {
    /// The requests in the order of time, those of one time spread over a step of the clock.
    pub log: Log,
    /// How it is written.
    pub format: LogFormat,
    /// What a size counts: `bytes`, or the name of its column.
    pub unit: String,
    /// BLAKE3 of the file's bytes, hexadecimal.
    pub digest: String,
    /// Lines that were no requests.
    pub skipped: usize,
    /// The first of them: line and reason.
    pub bad: Vec<(usize, String)>,
    /// Lines whose time lay before that of a line above: put in their place.
    pub out_of_order: usize,
    /// Lines that shared their time with the line before, and were spread.
    pub ties: usize,
    /// Rows with a duration, and how many of those were cut off.
    pub durations: (usize, usize),
}

/// One line, understood.
struct Request {
    at: i128,
    class: String,
    size: Option<u64>,
    took: Option<Nanos>,
    status: Option<u16>,
}

/// So many bad lines are told one by one.
const TOLD: usize = 5;

/// Statuses of requests that were given up: nginx's "client closed request", and the gateway's
/// timeout.
const GIVEN_UP: [u16; 2] = [499, 504];

/// Reads a log.
///
/// # Errors
/// It cannot be read, is empty, has no time, or more of its lines are bad than allowed.
pub fn read_log(path: &Path, options: &LogOptions) -> Result<ReadLog, Diagnostics> {
    let mut cx = Cx::new(folder_of(path));
    let read = read(&mut cx, path, options);
    let (mut found, files) = cx.into_parts();
    match read {
        Ok(read) => Ok(read),
        Err(mut list) => {
            found.append(&mut list);
            Err(Diagnostics::new(found, files))
        }
    }
}

fn problem(message: String, help: &str) -> Diagnostic {
    Diagnostic::error(Code::LOG, message).help(help)
}

fn read(cx: &mut Cx, path: &Path, options: &LogOptions) -> Result<ReadLog, Vec<Diagnostic>> {
    let name = visible(&path.display().to_string());
    let bytes = cx
        .files
        .read(path, MAX_CSV, InputKind::Trace)
        .map_err(|d| vec![d])?;
    let digest = cx.files.inputs[0].digest.clone();
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let Some(first) = text.lines().find(|l| !l.trim().is_empty()) else {
        let help = "give an access log, a CSV with a header, or JSON lines";
        return Err(vec![problem(format!("{name} is empty"), help)]);
    };
    let format = options.format.unwrap_or_else(|| line::looks_like(first));
    let (lines, unit) = line::requests(format, text, options)
        .map_err(|(message, help)| vec![problem(format!("{name}: {message}"), &help)])?;
    let (mut requests, mut bad) = (Vec::new(), Vec::new());
    for (number, read) in lines {
        match read {
            Ok(request) => requests.push(request),
            Err(reason) => bad.push((number, reason)),
        }
    }
    let all = requests.len() + bad.len();
    if bad.len() as f64 > options.max_bad * all as f64 || requests.is_empty() {
        return Err(refused(
            cx,
            &name,
            text,
            (requests.len(), &bad),
            options.max_bad,
        ));
    }
    let skipped = bad.len();
    bad.truncate(TOLD);
    Ok(ReadLog {
        format,
        unit,
        digest,
        skipped,
        bad,
        ..put_together(requests, options)
    })
}

/// What is said of a log with too many bad lines: the first of them, and the counts.
fn refused(
    cx: &mut Cx,
    name: &str,
    text: &str,
    (read, bad): (usize, &[(usize, String)]),
    allowed: f64,
) -> Vec<Diagnostic> {
    let lines: Vec<&str> = text.lines().collect();
    let mut list: Vec<Diagnostic> = bad
        .iter()
        .take(TOLD)
        .map(|(number, reason)| {
            let line = lines.get(number - 1).copied().unwrap_or_default();
            let quoted: String = line.chars().take(200).collect();
            let end = quoted.len();
            let file = cx.files.add(name, quoted, *number);
            let span = Span {
                file,
                start: 0,
                end,
            };
            Diagnostic::error(Code::LOG, format!("{name} line {number}: {reason}")).at(span, "")
        })
        .collect();
    let skipped = bad.len();
    let share = 100.0 * skipped as f64 / (read + skipped) as f64;
    let message = format!(
        "{name}: {read} read, {skipped} skipped ({share:.0} %): at most {:.0} % may be bad",
        100.0 * allowed
    );
    let help = "repair the lines, say how the log is written (--format), or allow more (--max-bad)";
    list.push(problem(message, help));
    list
}

/// Requests in the order of time, from the first on.
fn put_together(requests: Vec<Request>, options: &LogOptions) -> ReadLog {
    let first = requests.iter().map(|r| r.at).min().unwrap_or(0);
    let mut latest = i128::MIN;
    let mut out_of_order = 0;
    for request in &requests {
        out_of_order += usize::from(request.at < latest);
        latest = latest.max(request.at);
    }
    let mut known: BTreeMap<String, u32> = BTreeMap::new();
    let (mut rows, mut classes) = (Vec::with_capacity(requests.len()), Vec::new());
    let sized = requests.iter().all(|r| r.size.is_some());
    let (mut durations, mut cut_off) = (0, 0);
    for request in requests {
        let class = *known.entry(request.class).or_insert_with_key(|name| {
            classes.push(name.clone());
            classes.len() as u32 - 1
        });
        let given_up = request.status.is_some_and(|s| GIVEN_UP.contains(&s));
        let took = request.took.map(|time| {
            let late = options.timeout.is_some_and(|timeout| time >= timeout);
            durations += 1;
            cut_off += usize::from(late || given_up);
            Took {
                time: options.timeout.map_or(time, |timeout| time.min(timeout)),
                cut: late || given_up,
            }
        });
        rows.push(Row {
            at: (request.at - first).min(i128::from(LONGEST)) as Nanos,
            class,
            size: request.size.filter(|_| sized).unwrap_or(0),
            took,
        });
    }
    // Stable: rows of one time keep their order.
    rows.sort_by_key(|row| row.at);
    let step = |step: &Nanos| rows.iter().all(|row| row.at % step == 0);
    let mut steps = std::iter::successors(Some(SECOND), |s| Some(s / 10).filter(|s| *s > 0));
    let resolution = steps.find(step).unwrap_or(1);
    let ties = spread_ties(&mut rows, resolution);
    ReadLog {
        log: Log {
            rows,
            classes,
            sized,
            resolution,
            timeout: options.timeout,
        },
        format: LogFormat::Clf,
        unit: String::new(),
        digest: String::new(),
        skipped: 0,
        bad: Vec::new(),
        out_of_order,
        ties,
        durations: (durations, cut_off),
    }
}

/// A number as quoted in a reason.
fn no_number(name: &str, text: &str) -> String {
    format!("{name} {} is no number that can be used", shown(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(file: &str, text: &str, options: &LogOptions) -> Result<ReadLog, String> {
        let folder = std::env::temp_dir().join(format!("veltrix-log-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(file);
        std::fs::write(&path, text).unwrap();
        read_log(&path, options).map_err(|d| d.render(super::super::Style::Plain))
    }

    #[test]
    fn an_access_log_is_read_with_what_it_says() {
        let text = "\
h - - [17/May/2015:10:05:03 +0000] \"GET /a/x HTTP/1.1\" 200 512
h - - [17/May/2015:12:05:04 +0200] \"GET /a/y HTTP/1.1\" 200 - \"-\" \"curl \\\" x\"
h - al [17/May/2015:10:05:04 +0000] \"POST /b?q HTTP/1.1\" 504 7 \"-\" \"x\" 1.500
";
        let options = LogOptions {
            duration: Some("last".into()),
            duration_unit: Some(SECOND),
            ..LogOptions::default()
        };
        let refused = read_text("a.log", text, &options).unwrap_err();
        assert!(refused.contains("line 1: no duration"), "{refused}");
        let read = read_text("a.log", text, &LogOptions::default()).unwrap();
        assert_eq!(read.log.classes, ["GET /a", "POST /b"]);
        let at: Vec<Nanos> = read.log.rows.iter().map(|r| r.at).collect();
        assert_eq!(at, [0, SECOND, SECOND * 3 / 2]);
        let sizes: Vec<u64> = read.log.rows.iter().map(|r| r.size).collect();
        assert_eq!(sizes, [512, 0, 7]);
        assert_eq!((read.ties, read.log.resolution), (1, SECOND));
        let last = text.lines().last().unwrap();
        let read = read_text("b.log", last, &options).unwrap();
        let took = Took {
            time: SECOND * 3 / 2,
            cut: true,
        };
        assert_eq!(read.log.rows[0].took, Some(took));
    }

    #[test]
    fn csv_and_json_lines_say_the_same() {
        let csv = "time_ms,bytes,path,took_us\n0,5,/a/b,10\n250,6,/c,20\n125,7,/a/d,30\n";
        let json = "\
{\"time_ms\":0,\"bytes\":5,\"path\":\"/a/b\",\"took_us\":10}
{\"time_ms\":250,\"bytes\":6,\"path\":\"/c\",\"took_us\":\"20\"}
{\"time_ms\":125,\"bytes\":7,\"path\":\"/a/d\",\"took_us\":30}
";
        let options = LogOptions {
            time: Some("time_ms".into()),
            duration: Some("took_us".into()),
            timeout: Some(25_000),
            ..LogOptions::default()
        };
        let read = ["x.csv", "x.jsonl"].map(|file| {
            let text = if file == "x.csv" { csv } else { json };
            read_text(file, text, &options).unwrap()
        });
        assert_eq!(read[0].log, read[1].log);
        assert_eq!(
            (read[0].format, read[1].format),
            (LogFormat::Csv, LogFormat::JsonLines)
        );
        let log = &read[0].log;
        assert_eq!(log.classes, ["/a", "/c"]);
        let rows: Vec<(Nanos, u64)> = log.rows.iter().map(|r| (r.at, r.size)).collect();
        assert_eq!(rows, [(0, 5), (125_000_000, 7), (250_000_000, 6)]);
        assert_eq!((read[0].out_of_order, read[0].durations), (1, (3, 1)));
    }

    #[test]
    fn times_may_be_dates() {
        let text = "when,n\n2024-02-29T23:59:59.5Z,1\n2024-03-01 00:00:00+00:00,2\n";
        let options = LogOptions {
            time: Some("when".into()),
            size: Some("n".into()),
            ..LogOptions::default()
        };
        let read = read_text("d.csv", text, &options).unwrap();
        assert_eq!(read.log.rows[1].at, SECOND / 2);
        assert_eq!(read.unit, "n");
    }

    #[test]
    fn a_few_bad_lines_are_counted_and_told() {
        let mut text = "arrival_s,size_bytes\n".to_owned();
        for i in 0..50 {
            text.push_str(&format!("{i},10\n"));
        }
        text.push_str("51\n52,-4\n");
        let read = read_text("e.csv", &text, &LogOptions::default()).unwrap();
        assert_eq!((read.log.rows.len(), read.skipped), (50, 2));
        assert_eq!(read.bad[0].0, 52);
        assert!(read.bad[1].1.contains("size_bytes"), "{:?}", read.bad);
        let none = LogOptions {
            max_bad: 0.0,
            ..LogOptions::default()
        };
        let refused = read_text("e.csv", &text, &none).unwrap_err();
        assert!(refused.contains("50 read, 2 skipped"), "{refused}");
    }

    #[test]
    fn what_a_log_does_not_have_is_said_with_what_it_has() {
        let text = "a,b\n1,2\n";
        let refused = read_text("f.csv", text, &LogOptions::default()).unwrap_err();
        assert!(
            refused.contains("`a`, `b`") && refused.contains("--time"),
            "{refused}"
        );
        let options = LogOptions {
            time: Some("a".into()),
            size: Some("x".into()),
            ..LogOptions::default()
        };
        let refused = read_text("f.csv", text, &options).unwrap_err();
        assert!(refused.contains("`x`"), "{refused}");
    }
}
