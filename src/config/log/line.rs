//! One line of a log, in each of the three ways to write it.

use std::borrow::Cow;

use serde_json::Value;

use crate::base::units::{LONGEST, Nanos, SECOND, shown, time_unit};

use super::time::{access_time, iso_time, number};
use super::{LogFormat, LogOptions, Request, no_number};

/// A line with its number, or why it is no request.
type Lines = Vec<(usize, Result<Request, String>)>;

/// What is wrong with a whole file, and a way out.
type Refusal = (String, String);

const TIMES: &[&str] = &["arrival_s", "time", "timestamp", "@timestamp", "ts", "t_s"];
const SIZES: &[&str] = &["size_bytes", "bytes", "body_bytes_sent", "size"];
const PATHS: &[&str] = &["path", "uri", "request_uri", "url"];
const CLASSES: &[&str] = &["class"];
const DURATIONS: &[&str] = &["duration_s", "duration_ms", "duration_us", "request_time"];

/// How a log is written, by the look of its first line.
pub fn looks_like(line: &str) -> LogFormat {
    let line = line.trim_start();
    if line.starts_with('{') {
        LogFormat::JsonLines
    } else if line.contains(" [") && line.contains("] \"") {
        LogFormat::Clf
    } else {
        LogFormat::Csv
    }
}

/// Every line that is not blank, and what a size counts.
pub fn requests(
    format: LogFormat,
    text: &str,
    options: &LogOptions,
) -> Result<(Lines, String), Refusal> {
    match format {
        LogFormat::Clf => access_log(text, options),
        LogFormat::Csv => csv_rows(text, options),
        LogFormat::JsonLines => json_lines(text, options),
    }
}

fn access_log(text: &str, options: &LogOptions) -> Result<(Lines, String), Refusal> {
    let odd = [
        ("--time", options.time.is_some()),
        ("--size", options.size.is_some()),
        (
            "--duration",
            options.duration.as_deref().is_some_and(|d| d != "last"),
        ),
        (
            "--class",
            !matches!(
                options.class.as_deref(),
                None | Some("path" | "method" | "none")
            ),
        ),
    ];
    if let Some((option, _)) = odd.iter().find(|o| o.1) {
        let help = "its fields have no names: --duration takes `last`, --class takes `path`, \
                    `method` or `none`, the others nothing";
        return Err((
            format!("an access log has no such column for {option}"),
            help.into(),
        ));
    }
    let unit = match (&options.duration, options.duration_unit) {
        (Some(_), None) => {
            let help = "add --duration-unit s, ms, us or ns";
            return Err((
                "the unit of the last field is not known".into(),
                help.into(),
            ));
        }
        (Some(_), unit) => unit,
        (None, _) => None,
    };
    let by = options.class.as_deref();
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty());
    let lines = lines.map(|(i, line)| (i + 1, access_line(line, by, unit)));
    Ok((lines.collect(), "bytes".into()))
}

fn access_line(line: &str, by: Option<&str>, unit: Option<u64>) -> Result<Request, String> {
    let shape = || format!("no line of an access log: {}", short(line));
    let (who, rest) = line.split_once(" [").ok_or_else(shape)?;
    if who.split_whitespace().count() < 3 {
        return Err(shape());
    }
    let (time, rest) = rest.split_once("] \"").ok_or_else(shape)?;
    let at = access_time(time).ok_or_else(|| format!("{} is no time", short(time)))?;
    let (asked, rest) = quoted(rest).ok_or_else(shape)?;
    let mut fields = rest.split_whitespace();
    let status = fields.next().ok_or_else(shape)?;
    let status: u16 = status.parse().map_err(|_| no_number("status", status))?;
    let bytes = fields.next().ok_or_else(shape)?;
    let size = match bytes {
        "-" => 0,
        text => whole(text).ok_or_else(|| no_number("size", text))?,
    };
    let took = match unit {
        None => None,
        Some(unit) => {
            let last = fields.next_back().filter(|f| !f.ends_with('"'));
            let last = last.ok_or("no duration at the end")?;
            Some(number(last, unit).ok_or_else(|| no_number("duration", last))?)
        }
    };
    let mut words = asked.split(' ');
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default();
    let class = match by {
        Some("none") => "all".into(),
        Some("method") => method.into(),
        _ => format!("{method} {}", prefix(path)),
    };
    Ok(Request {
        at,
        class,
        size: Some(size),
        took,
        status: Some(status),
    })
}

/// What stands before the closing quote, and what follows; `\"` does not close.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some((&text[..i], &text[i + 1..])),
            _ => escaped = false,
        }
    }
    None
}

/// The first part of a path: `/a` of `/a/b?c`.
fn prefix(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let first = path.trim_start_matches('/').split('/').next();
    format!("/{}", first.unwrap_or_default())
}

fn whole(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|n| *n <= LONGEST)
}

fn short(text: &str) -> String {
    shown(&text.chars().take(60).collect::<String>())
}

/// Where things stand in a log whose fields have names.
struct Names {
    time: String,
    size: Option<String>,
    class: Option<String>,
    by_path: bool,
    duration: Option<(String, u64)>,
}

impl Names {
    fn choose(options: &LogOptions, found: &[String]) -> Result<Names, Refusal> {
        let list: Vec<String> = found.iter().take(30).map(|f| shown(f)).collect();
        let list = format!("it has {}", list.join(", "));
        let has = |name: &str| found.iter().any(|f| f == name);
        let usual = |names: &[&str]| names.iter().find(|n| has(n)).map(|n| (*n).to_owned());
        let named = |asked: &Option<String>, names: &[&str]| match asked {
            Some(name) if has(name) => Ok(Some(name.clone())),
            Some(name) => Err((format!("no column {}", shown(name)), list.clone())),
            None => Ok(usual(names)),
        };
        let Some(time) = named(&options.time, TIMES)? else {
            let help = format!("name the column of times with --time; {list}");
            return Err(("no column of times".into(), help));
        };
        let size = named(&options.size, SIZES)?;
        let (class, by_path) = match options.class.as_deref() {
            Some("none") => (None, false),
            Some("path") if !has("path") => (usual(PATHS), true),
            Some(name) => {
                let asked = Some(name.to_owned());
                (named(&asked, &[])?, PATHS.contains(&name))
            }
            None => match usual(CLASSES) {
                Some(name) => (Some(name), false),
                None => (usual(PATHS), true),
            },
        };
        let duration = match named(&options.duration, DURATIONS)? {
            None => None,
            Some(name) => {
                let ending = name.rsplit('_').next().and_then(time_unit);
                let nginx = (name == "request_time").then_some(SECOND);
                let unit = options.duration_unit.or(ending).or(nginx);
                let Some(unit) = unit else {
                    let message = format!("the unit of {} is not known", shown(&name));
                    return Err((message, "add --duration-unit s, ms, us or ns".into()));
                };
                Some((name, unit))
            }
        };
        Ok(Names {
            time,
            size,
            class,
            by_path,
            duration,
        })
    }

    fn unit(&self) -> String {
        match self.size.as_deref() {
            None => "bytes".into(),
            Some(name) if SIZES.contains(&name) || name.ends_with("_bytes") => "bytes".into(),
            Some(name) => name.to_owned(),
        }
    }

    fn request<'t>(&self, get: &dyn Fn(&str) -> Option<Cow<'t, str>>) -> Result<Request, String> {
        let want = |name: &str| {
            let text = get(name).filter(|t| !t.trim().is_empty());
            text.ok_or_else(|| format!("no {}", shown(name)))
        };
        let time = want(&self.time)?;
        let ending = self.time.rsplit('_').next().and_then(time_unit);
        let at = match number(time.trim(), ending.unwrap_or(SECOND)) {
            Some(at) => i128::from(at),
            None => iso_time(time.trim())
                .ok_or_else(|| format!("{} {} is no time", self.time, short(&time)))?,
        };
        let size = match &self.size {
            None => None,
            Some(name) => {
                let text = want(name)?;
                Some(whole(&text).ok_or_else(|| no_number(name, &text))?)
            }
        };
        let took: Option<Nanos> = match &self.duration {
            None => None,
            Some((name, unit)) => {
                let text = want(name)?;
                let took = number(text.trim(), *unit);
                Some(took.ok_or_else(|| no_number(name, &text))?)
            }
        };
        let class = match &self.class {
            None => "all".to_owned(),
            Some(name) if self.by_path => prefix(&want(name)?),
            Some(name) => want(name)?.into_owned(),
        };
        Ok(Request {
            at,
            class,
            size,
            took,
            status: get("status").and_then(|s| s.trim().parse().ok()),
        })
    }
}

fn csv_rows(text: &str, options: &LogOptions) -> Result<(Lines, String), Refusal> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect::<Vec<_>>(),
        Err(_) => Vec::new(),
    };
    let names = Names::choose(options, &header)?;
    let mut lines = Vec::new();
    for record in reader.records() {
        let Ok(record) = record else {
            continue;
        };
        let line = record.position().map_or(0, |p| p.line() as usize);
        if record.iter().all(str::is_empty) {
            continue;
        }
        let request = if record.len() == header.len() {
            let get = |name: &str| {
                let place = header.iter().position(|h| h == name)?;
                record.get(place).map(Cow::Borrowed)
            };
            names.request(&get)
        } else {
            let (found, wanted) = (record.len(), header.len());
            Err(format!("{found} fields where {wanted} are wanted"))
        };
        lines.push((line, request));
    }
    Ok((lines, names.unit()))
}

fn json_lines(text: &str, options: &LogOptions) -> Result<(Lines, String), Refusal> {
    let values = text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty())
        .map(|(i, line)| (i + 1, serde_json::from_str::<Value>(line)));
    let values: Vec<_> = values.collect();
    let first = values
        .iter()
        .find_map(|(_, v)| v.as_ref().ok()?.as_object());
    let keys: Vec<String> = first
        .map(|o| o.keys().cloned().collect())
        .unwrap_or_default();
    let names = Names::choose(options, &keys)?;
    let read = |value: Result<Value, serde_json::Error>| {
        let value = value.map_err(|_| "no JSON object".to_owned())?;
        let object = value.as_object().ok_or("no JSON object")?;
        names.request(&|name| match object.get(name)? {
            Value::String(text) => Some(Cow::Owned(text.clone())),
            Value::Number(n) => Some(Cow::Owned(n.to_string())),
            _ => None,
        })
    };
    let lines = values.into_iter().map(|(i, value)| (i, read(value)));
    Ok((lines.collect(), names.unit()))
}
