//! What was fitted to a log, as a model file that says where each number comes from.

use std::fmt::Write;

use crate::base::units::{Nanos, SECOND, print_time};
use crate::fit::{Fitted, Flow, Process, Service, SizeFit, Split};
use crate::model::spec::{MAX_NAME, name_problem};

use super::log::ReadLog;

/// The work of a request, and who says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Work {
    /// The command line: a fixed part and one for each unit of size, nanoseconds.
    Given(f64, f64),
    /// The log's durations.
    Fitted(Service),
    /// Nobody: a placeholder.
    Assumed,
}

/// The work that is written where nobody says any.
pub const ASSUMED: Nanos = 10_000_000;

/// How busy the workers are that are written: the log does not know how many there were.
const BUSY: f64 = 0.6;

/// Profiles of more steps than this go into a file beside the model, if there is one.
const INLINE: usize = 16;

impl Work {
    /// Mean work of a request of this mean size, nanoseconds.
    pub fn mean(&self, size: f64) -> f64 {
        match self {
            Work::Given(fixed, per_unit) => fixed + per_unit * size,
            Work::Fitted(service) => service.mean(size),
            Work::Assumed => ASSUMED as f64,
        }
    }
}

/// A model file, and the rates beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The model.
    pub model: String,
    /// A CSV of rates that the model names; `None`: all is in the model.
    pub rates: Option<String>,
}

/// Writes the model. `name` is that of the log as it is told; long profiles go into a CSV of the
/// name `beside`, in the model's folder, where that is given.
pub fn model_text(
    fitted: &Fitted,
    read: &ReadLog,
    work: &Work,
    (name, beside): (&str, Option<&str>),
) -> Told {
    let mut text = String::new();
    head(&mut text, fitted, read, name);
    let names = names(&fitted.flows.iter().map(|f| &*f.name).collect::<Vec<_>>());
    let beside = beside.filter(|_| fitted.flows.iter().any(|f| f.steps.len() > INLINE));
    for (flow, name) in fitted.flows.iter().zip(&names) {
        source(&mut text, (flow, name), fitted, read, beside);
    }
    service(&mut text, fitted, read, work);
    Told {
        model: text,
        rates: beside.map(|_| rates(fitted, &names)),
    }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A comment, broken before 100 columns.
fn comment(text: &mut String, words: &str) {
    let mut column = 0;
    for word in words.split_whitespace() {
        if column == 0 || column + 1 + word.chars().count() > 99 {
            text.push_str(if column == 0 { "#" } else { "\n#" });
            column = 1;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + word.chars().count();
    }
    text.push('\n');
}

fn head(text: &mut String, fitted: &Fitted, read: &ReadLog, name: &str) {
    let digest = &read.digest[..read.digest.len().min(16)];
    comment(
        text,
        &format!("Fitted by `veltrix fit` from {name} (BLAKE3 {digest}...)."),
    );
    let seconds = fitted.length as f64 / SECOND as f64;
    let counted = format!(
        "{} requests in {} s. Lines skipped: {}. Out of order and put in their place: {}. Sharing \
         their time with the line before and spread over {}: {}.",
        fitted.requests,
        short(seconds),
        read.skipped,
        read.out_of_order,
        print_time(read.log.resolution),
        read.ties,
    );
    comment(text, &counted);
    comment(
        text,
        match fitted.split {
            Split::Together => "One source: which requests come does not follow the time.",
            Split::ByClass => {
                "A source for each class: their shares change with time, beyond chance."
            }
            Split::BySize => {
                "A source for each quarter of the sizes: which sizes come changes with time, \
                 beyond chance."
            }
        },
    );
    comment(
        text,
        "What the log cannot tell, and this file only assumes: how many cores serve, who waits \
         where, what was refused before it was logged, timeouts and retries of clients.",
    );
    let title = format!("Fitted to {name}").replace(['"', '\\'], "'");
    line(text, &format!("title = \"{title}\""));
}

fn source(
    text: &mut String,
    (flow, name): (&Flow, &str),
    fitted: &Fitted,
    read: &ReadLog,
    beside: Option<&str>,
) {
    line(
        text,
        &format!("\n[source.{name}]\nto = \"web\"\n\n[source.{name}.arrivals]"),
    );
    let rate = |factor: f64| format!("\"{}/s\"", short(flow.rate * factor));
    let stay = |ns: f64| print_time((ns + 0.5) as Nanos);
    match flow.process {
        Process::Poisson => line(
            text,
            &format!("process = \"poisson\"\nrate    = {}", rate(1.0)),
        ),
        Process::Mmpp { factors, dwell } => {
            let [high, low] = factors.map(rate);
            let [a, b] = dwell.map(stay);
            line(text, "process = \"mmpp\"");
            line(
                text,
                &format!("rates   = [{high}, {low}]\ndwell   = [\"{a}\", \"{b}\"]"),
            );
        }
        Process::OnOff { factor, dwell } => {
            let [on, off] = dwell
                .map(stay)
                .map(|mean| format!("{{ dist = \"exponential\", mean = \"{mean}\" }}"));
            line(
                text,
                &format!("process = \"on_off\"\nrate    = {}", rate(factor)),
            );
            line(text, &format!("on      = {on}\noff     = {off}"));
        }
    }
    if !flow.steps.is_empty() {
        line(text, &format!("\n[source.{name}.arrivals.profile]"));
        match beside.filter(|_| flow.steps.len() > INLINE) {
            Some(file) => {
                line(
                    text,
                    &format!("file   = \"{file}\"\ncolumn = \"{name}_per_s\""),
                );
                line(text, "steps  = true");
            }
            None => {
                comment(text, "after the log's end: the mean");
                let points = points(fitted, flow).into_iter();
                let points = points.map(|(at, factor)| format!("[\"{at}ns\", {}]", short(factor)));
                list(text, "points", points);
                line(text, "steps  = true");
            }
        }
    }
    let kinds = names(&flow.kinds.iter().map(|k| &*k.name).collect::<Vec<_>>());
    for (kind, kind_name) in flow.kinds.iter().zip(&kinds) {
        line(
            text,
            &format!("\n[[source.{name}.class]]\nname   = \"{kind_name}\""),
        );
        if flow.kinds.len() > 1 {
            line(text, &format!("weight = {}", kind.count));
        }
        if let Some(size) = &kind.size {
            sizes(text, name, size, &read.unit);
        }
    }
}

/// When each factor begins, and after the log the mean.
fn points(fitted: &Fitted, flow: &Flow) -> Vec<(Nanos, f64)> {
    let n = flow.steps.len() as u128;
    let at = |i: usize| (u128::from(fitted.length) * i as u128 / n) as Nanos;
    let factors = flow.steps.iter().copied().chain([1.0]);
    factors
        .enumerate()
        .map(|(i, factor)| (at(i), factor))
        .collect()
}

fn sizes(text: &mut String, source: &str, size: &SizeFit, unit: &str) {
    let counted = if unit == "bytes" {
        String::new()
    } else {
        format!("1 B is one of `{unit}`; ")
    };
    let mut table = |about: &str| {
        line(text, &format!("\n[source.{source}.class.size]"));
        comment(text, &format!("{counted}{about}"));
    };
    match size {
        SizeFit::Constant(bytes) => line(text, &format!("size   = \"{bytes}B\"")),
        SizeFit::Lognormal { mu, sigma } => {
            table("lognormal, by likelihood; the sizes do not contradict it");
            line(text, "dist  = \"lognormal\"");
            line(
                text,
                &format!("mu    = {}\nsigma = {}", short(*mu), short(*sigma)),
            );
        }
        SizeFit::Pareto { min, shape } => {
            table("Pareto, by likelihood; the sizes do not contradict it");
            line(text, "dist  = \"pareto\"");
            line(
                text,
                &format!("min   = \"{min}B\"\nshape = {}", short(*shape)),
            );
        }
        SizeFit::Recorded(values) => {
            table("as recorded: neither a lognormal nor a Pareto, or a part of all sizes");
            line(text, "dist = \"empirical\"");
            list(
                text,
                "values",
                values.iter().map(|v| format!("\"{}B\"", v.0)),
            );
            list(text, "weights", values.iter().map(|v| v.1.to_string()));
        }
    }
}

fn service(text: &mut String, fitted: &Fitted, read: &ReadLog, work: &Work) {
    line(text, "\n[service.web]");
    let time = |ns: f64| print_time((ns + 0.5) as Nanos);
    let kib = |per_unit: f64| match (per_unit * 1024.0 + 0.5) as Nanos {
        0 => String::new(),
        ns => format!(", per_kib = \"{}\"", print_time(ns)),
    };
    match work {
        Work::Given(fixed, per_unit) => {
            comment(text, "As given by --service.");
            line(
                text,
                &format!("work = {{ cpu = \"{}\"{} }}", time(*fixed), kib(*per_unit)),
            );
        }
        Work::Fitted(s) => {
            let about = format!(
                "From {} durations, {} of them cut off: the line of least absolute deviations, \
                 its fixed part spread as the lower half of what is left. Durations hold whatever \
                 waiting there was, so this is too long where the log's servers were busy.",
                s.rows.0, s.rows.1
            );
            comment(text, &about);
            let cpu = match s.sigma < 0.01 {
                true => format!("\"{}\"", time(s.fixed)),
                false => {
                    let p99 = s.fixed * crate::base::math::exp(2.326_347_874 * s.sigma);
                    format!(
                        "{{ dist = \"lognormal\", median = \"{}\", p99 = \"{}\" }}",
                        time(s.fixed),
                        time(p99)
                    )
                }
            };
            line(
                text,
                &format!("work = {{ cpu = {cpu}{} }}", kib(s.per_unit)),
            );
        }
        Work::Assumed => {
            let about = "ASSUMED, not fitted: the log has no durations. Write what a request costs \
                         here, or fit again with --service.";
            comment(text, about);
            line(text, &format!("work = \"{}\"", print_time(ASSUMED)));
        }
    }
    let load = load(fitted, read, work);
    let cores = ((load / BUSY).ceil() as u64).clamp(1, 65_535);
    line(text, "\n[service.web.workers]");
    let about = format!(
        "ASSUMED: as many cores as are busy for at most {:.0} % of the time on average.",
        100.0 * BUSY
    );
    comment(text, &about);
    line(text, &format!("cores = {cores}"));
}

/// Core-time asked for in a second.
fn load(fitted: &Fitted, read: &ReadLog, work: &Work) -> f64 {
    let sizes: f64 = read.log.rows.iter().map(|r| r.size as f64).sum();
    let mean = sizes / read.log.rows.len().max(1) as f64;
    fitted.rate() * work.mean(mean) / SECOND as f64
}

/// The rates of all sources, a column each.
fn rates(fitted: &Fitted, names: &[String]) -> String {
    let shown: Vec<(&Flow, &String)> = fitted
        .flows
        .iter()
        .zip(names)
        .filter(|(flow, _)| flow.steps.len() > INLINE)
        .collect();
    // Sources may go in steps of different lengths: rows are those of the finest.
    let finest = shown.iter().map(|(f, _)| f.steps.len()).max().unwrap_or(0);
    let mut text = "t_s".to_owned();
    for (_, name) in &shown {
        let _ = write!(text, ",{name}_per_s");
    }
    text.push('\n');
    for i in 0..=finest {
        let at = u128::from(fitted.length) * i as u128 / finest as u128;
        let (whole, part) = (at / u128::from(SECOND), at % u128::from(SECOND));
        let _ = write!(text, "{whole}.{part:09}");
        for (flow, _) in &shown {
            let factor = flow.steps.get(i * flow.steps.len() / finest).copied();
            let _ = write!(text, ",{}", short(flow.rate * factor.unwrap_or(1.0)));
        }
        text.push('\n');
    }
    text
}

/// A list that goes over lines of at most 100 columns.
fn list(text: &mut String, key: &str, items: impl Iterator<Item = String>) {
    let _ = writeln!(text, "{key} = [");
    let mut column = 0;
    for item in items {
        if column > 0 && column + item.len() + 2 > 100 {
            text.push('\n');
            column = 0;
        }
        text.push_str(if column == 0 { "  " } else { " " });
        text.push_str(&item);
        text.push(',');
        column += item.len() + if column == 0 { 3 } else { 2 };
    }
    text.push_str("\n]\n");
}

/// Six significant digits, in full decimals.
fn short(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    format!("{rounded}")
}

/// Texts as names of the format, each different.
fn names(texts: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in texts {
        let mut plain = String::new();
        for c in text.to_lowercase().chars().take(MAX_NAME - 8) {
            let fine = c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if fine || !plain.ends_with('_') {
                plain.push(if fine { c } else { '_' });
            }
        }
        let plain = plain.trim_matches(['_', '-']).to_owned();
        let plain = if name_problem(&plain).is_none() {
            plain
        } else {
            "class".into()
        };
        let numbered = (2..).map(|n| format!("{plain}_{n}"));
        let mut all = std::iter::once(plain.clone()).chain(numbered);
        found.extend(all.find(|name| !found.contains(name)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_names_are_names() {
        assert_eq!(short(1.0 / 3.0), "0.333333");
        assert_eq!(short(1_234_567.8), "1234570");
        assert_eq!(short(0.000_012_345_678), "0.0000123457");
        let found = names(&[
            "GET /images",
            "GET //images",
            "=HYPERLINK(x)",
            "ü",
            "size-1",
        ]);
        assert_eq!(
            found,
            [
                "get_images",
                "get_images_2",
                "hyperlink_x",
                "class",
                "size-1"
            ]
        );
    }

    #[test]
    fn comments_and_lists_stay_narrow() {
        let mut text = String::new();
        comment(&mut text, &"word ".repeat(60));
        list(&mut text, "values", (0..100).map(|i| format!("\"{i}B\"")));
        assert!(text.lines().all(|l| l.len() <= 102), "{text}");
        assert!(text.starts_with("# word word"));
    }
}
