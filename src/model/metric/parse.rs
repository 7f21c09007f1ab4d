//! Names of metrics: reading and writing them, and which there are.

use std::fmt;

use super::catalogue::{Narrows, TABLE};
use super::eval::narrows;
use super::{Delay, Kind, Metric, Scope, Unit};
use crate::base::codes::Code;
use crate::base::units::{Nanos, parse_time, print_time};
use crate::model::outcome::Outcome;
use crate::model::spec::SystemSpec;
use crate::model::tally::{Narrow, Wanted};

/// Why a text is no metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricError {
    /// What is wrong, one line.
    pub message: String,
    /// The nearest names, or what is allowed.
    pub help: Option<String>,
}

impl fmt::Display for MetricError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

fn error(message: String, help: Option<String>) -> MetricError {
    MetricError { message, help }
}

impl Metric {
    /// Reads `latency_p99`, `utilisation@events[14]`, `loss@class:upload`, ...
    pub fn parse(text: &str) -> Result<Metric, MetricError> {
        let (name, scope) = match text.split_once('@') {
            Some((name, scope)) => (name, parse_scope(scope)?),
            None => (text, Scope::All),
        };
        let kind = parse_kind(name)?;
        let metric = Metric { kind, scope };
        if !metric.narrow().allows(&metric.scope) {
            let what = format!("`{name}` cannot be narrowed to `{}`", metric.scope);
            return Err(error(what, Some(metric.narrow().help().into())));
        }
        Ok(metric)
    }

    /// Those of the table, with the usual percentiles and codes: the columns of `results.csv`.
    pub fn standard() -> Vec<Metric> {
        let mut names: Vec<String> = Vec::new();
        for row in TABLE {
            if row.name == "slowdown_mean" {
                continue;
            }
            names.push(row.name.into());
            match row.name {
                "latency_mean" | "wait_mean" | "response_mean" => {
                    let delay = row.name.trim_end_matches("_mean");
                    let percentiles = ["p50", "p90", "p95", "p99", "p999"];
                    names.extend(percentiles.map(|p| format!("{delay}_{p}")));
                }
                "loss" | "refused" => {
                    let wanted = |o: &Outcome| row.name == "loss" || o.is_refusal();
                    let codes = Outcome::ALL
                        .into_iter()
                        .filter(wanted)
                        .filter_map(Outcome::code);
                    names.extend(codes.map(|c| format!("{}_{c}", row.name)));
                }
                _ => {}
            }
        }
        names
            .iter()
            .map(|n| Metric::parse(n).expect("standard names are metrics"))
            .collect()
    }

    /// The unit of its values.
    pub fn unit(&self) -> Unit {
        match self.kind {
            Kind::Row(row) => TABLE[row].unit,
            Kind::Percentile(..) => Unit::Seconds,
            Kind::Over(..) | Kind::Lost(_) | Kind::Refused(_) => Unit::Share,
            Kind::InsideAt(_) => Unit::Count,
        }
    }

    /// What is wrong with its scope in this system, if anything.
    pub fn check(&self, spec: &SystemSpec) -> Result<(), MetricError> {
        if !narrows(spec, &self.scope).is_empty() {
            return Ok(());
        }
        let names = |all: Vec<&str>| Some(format!("there are: {}", all.join(", ")));
        let classes = spec.sources.iter().flat_map(|s| &s.classes);
        let help = match &self.scope {
            Scope::Source(_) => names(spec.sources.iter().map(|s| s.name.as_str()).collect()),
            Scope::Class(_) => names(classes.map(|c| c.name.as_str()).collect()),
            _ => names(spec.services.iter().map(|s| s.name.as_str()).collect()),
        };
        Err(error(format!("the model has no `{}`", self.scope), help))
    }

    fn narrow(&self) -> Narrows {
        match self.kind {
            Kind::Row(row) => TABLE[row].narrow,
            Kind::Percentile(Delay::Latency, _) | Kind::Over(Delay::Latency, _) => {
                Narrows::Requests
            }
            Kind::Percentile(..) | Kind::Over(..) | Kind::Refused(_) => Narrows::Attempts,
            Kind::Lost(_) => Narrows::Requests,
            Kind::InsideAt(_) => Narrows::Nothing,
        }
    }
}

impl Narrows {
    fn help(self) -> &'static str {
        match self {
            Narrows::Requests => "allowed: @SERVICE, @source:NAME, @class:NAME",
            Narrows::Attempts => "allowed: @SERVICE, @SERVICE[14], @source:NAME, @class:NAME",
            Narrows::Workers => "allowed: @SERVICE, @SERVICE[14]",
            Narrows::Services => "allowed: @SERVICE",
            Narrows::Nothing => "it is about the whole system",
        }
    }
}

impl Wanted {
    /// What must be measured for these metrics to have values.
    pub fn for_metrics(spec: &SystemSpec, metrics: &[Metric]) -> Wanted {
        let mut wanted = Wanted::default();
        for metric in metrics {
            if let Kind::InsideAt(at) = metric.kind
                && !wanted.inside_at.contains(&at)
            {
                wanted.inside_at.push(at);
            }
            wanted.slowdown |=
                matches!(metric.kind, Kind::Row(r) if TABLE[r].name == "slowdown_mean");
            for narrow in narrows(spec, &metric.scope) {
                if narrow != Narrow::All && !wanted.scopes.contains(&narrow) {
                    wanted.scopes.push(narrow);
                }
            }
        }
        wanted.inside_at.sort_unstable();
        wanted
    }
}

fn parse_scope(text: &str) -> Result<Scope, MetricError> {
    if let Some(name) = text.strip_prefix("class:") {
        return Ok(Scope::Class(name.into()));
    }
    if let Some(name) = text.strip_prefix("source:") {
        return Ok(Scope::Source(name.into()));
    }
    let Some((name, rest)) = text.split_once('[') else {
        return Ok(Scope::Service(text.into()));
    };
    let number = rest
        .strip_suffix(']')
        .and_then(|n| n.parse::<u32>().ok())
        .filter(|&n| n > 0);
    match number {
        Some(number) => Ok(Scope::Worker(name.into(), number)),
        None => Err(error(
            format!("`@{text}` is no part of a system"),
            Some("write @SERVICE, @SERVICE[14], @source:NAME or @class:NAME".into()),
        )),
    }
}

fn parse_kind(name: &str) -> Result<Kind, MetricError> {
    if let Some(row) = TABLE.iter().position(|r| r.name == name) {
        return Ok(Kind::Row(row));
    }
    let parsed = parse_percentile(name)
        .or_else(|| parse_over(name))
        .or_else(|| parse_code(name, "loss_").map(Kind::Lost))
        .or_else(|| {
            parse_code(name, "refused_")
                .filter(|o| o.is_refusal())
                .map(Kind::Refused)
        })
        .or_else(|| {
            Some(Kind::InsideAt(
                parse_time(name.strip_prefix("in_system_at_")?).ok()?,
            ))
        });
    parsed.ok_or_else(|| {
        let known = TABLE
            .iter()
            .map(|r| r.name)
            .chain(["latency_p99", "wait_p99", "latency_p50"]);
        let near = known.min_by_key(|k| strsim::damerau_levenshtein(k, name));
        let help = near.map(|n| format!("did you mean `{n}`? `veltrix list metrics` shows all"));
        error(format!("no metric `{name}`"), help)
    })
}

fn parse_delay(text: &str) -> Option<Delay> {
    match text {
        "latency" => Some(Delay::Latency),
        "wait" => Some(Delay::Wait),
        "response" => Some(Delay::Response),
        _ => None,
    }
}

/// `latency_p99` is 0.99, `latency_p999` is 0.999: two digits, then further nines' places.
fn parse_percentile(name: &str) -> Option<Kind> {
    let (delay, digits) = name.split_once("_p")?;
    let delay = parse_delay(delay)?;
    let fine = digits.bytes().all(|b| b.is_ascii_digit())
        && (digits.len() == 2 || (3..=6).contains(&digits.len()) && digits.starts_with('9'));
    let share: f64 = fine.then(|| format!("0.{digits}").parse().ok())??;
    (share > 0.0).then_some(Kind::Percentile(delay, share))
}

fn parse_over(name: &str) -> Option<Kind> {
    let (delay, limit) = name.split_once("_over_")?;
    let delay = parse_delay(delay).filter(|d| *d != Delay::Wait)?;
    Some(Kind::Over(delay, parse_time(limit).ok()?))
}

fn parse_code(name: &str, prefix: &str) -> Option<Outcome> {
    Outcome::from_code(Code::parse(name.strip_prefix(prefix)?)?)
}

fn delay_word(delay: Delay) -> &'static str {
    match delay {
        Delay::Latency => "latency",
        Delay::Wait => "wait",
        Delay::Response => "response",
    }
}

fn code_of(outcome: Outcome) -> Code {
    outcome.code().expect("only outcomes with a code are named")
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Kind::Row(row) => f.write_str(TABLE[row].name),
            Kind::Percentile(delay, share) => {
                let digits = format!("{share}");
                let digits = digits.trim_start_matches("0.");
                write!(f, "{}_p{digits:0<2}", delay_word(delay))
            }
            Kind::Over(delay, limit) => {
                write!(f, "{}_over_{}", delay_word(delay), time_word(limit))
            }
            Kind::Lost(outcome) => write!(f, "loss_{}", code_of(outcome)),
            Kind::Refused(outcome) => write!(f, "refused_{}", code_of(outcome)),
            Kind::InsideAt(at) => write!(f, "in_system_at_{}", time_word(at)),
        }
    }
}

fn time_word(ns: Nanos) -> String {
    print_time(ns).replace(' ', "")
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::All => Ok(()),
            Scope::Service(name) => write!(f, "@{name}"),
            Scope::Worker(name, n) => write!(f, "@{name}[{n}]"),
            Scope::Class(name) => write!(f, "@class:{name}"),
            Scope::Source(name) => write!(f, "@source:{name}"),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind, self.scope)
    }
}
