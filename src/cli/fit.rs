//! `veltrix fit LOG`: from a recorded log to a model file, and how well that holds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::fit_args::{FitArgs, FitProcess, LogFormatArg};
use super::streams::Streams;
use crate::base::units::{Nanos, SECOND, print_time, shown};
use crate::config::{self, LogFormat, LogOptions, ReadLog, Told, Work};
use crate::fit::{self, Fitted, Held, Options, Scale, Service, SizeFit, Split, Wanted};
use crate::report::table::{Align, Table};

/// Fits a log and writes the model.
pub fn fit(args: &FitArgs, streams: &mut Streams<'_>) -> Exit {
    if let Some(told) = without_effect(args) {
        streams.say(&format!("error: {told}\n"));
        return Exit::Wrong;
    }
    let targets = args.out.as_deref().map(targets);
    if let (Some((model, rates)), false) = (&targets, args.force)
        && let Some(there) = [model, rates].into_iter().find(|p| p.exists())
    {
        let there = shown(&there.display().to_string());
        streams.say(&format!(
            "error: {there} exists\nhelp: --force replaces it\n"
        ));
        return Exit::Wrong;
    }
    let options = log_options(args);
    let read = match config::read_log(&args.log, &options) {
        Ok(read) => read,
        Err(diagnostics) => {
            streams.say(&diagnostics.render(streams.style));
            return match diagnostics.class() {
                config::Class::Io => Exit::Trouble,
                _ => Exit::Wrong,
            };
        }
    };
    let read = ReadLog {
        log: fit::few_classes(read.log, args.classes),
        ..read
    };
    if args.timeout.is_some() && read.durations.0 == 0 {
        streams.say("error: --timeout has no effect: the log has no durations\n");
        return Exit::Wrong;
    }
    let wanted = Options {
        wanted: match args.arrivals {
            FitProcess::Profile => Wanted::Profile,
            FitProcess::Stationary => Wanted::Stationary,
            FitProcess::Poisson => Wanted::Poisson,
        },
        steps: args.steps.unwrap_or(Options::default().steps),
    };
    let Some(fitted) = fit::fit(&read.log, wanted) else {
        let file = shown(&args.log.display().to_string());
        streams.say(&format!(
            "error[VX1015]: {file} has {} requests in {}: too little to fit\nhelp: at least {} \
             requests at different times\n",
            read.log.rows.len(),
            print_time(read.log.length()),
            fit::FEWEST
        ));
        return Exit::Wrong;
    };
    let work = work(args, &read);
    let name = args.log.file_name().unwrap_or_default().to_string_lossy();
    let beside = targets.as_ref().and_then(|t| t.1.file_name());
    let beside = beside.map(|n| n.to_string_lossy().into_owned());
    let name = config::plain(&name);
    let told = config::model_text(&fitted, &read, &work, (&name, beside.as_deref()));
    let summary = summary(&name, &read, &fitted, (&work, wanted));
    let Some((model, rates)) = targets else {
        if !args.quiet {
            streams.say(&summary);
        }
        return streams.data(told.model.as_bytes(), Exit::Done);
    };
    if let Err(e) = write(&told, &model, &rates) {
        let model = shown(&model.display().to_string());
        streams.say(&format!("error[VX4001]: cannot write {model}: {e}\n"));
        return Exit::Trouble;
    }
    match args.quiet {
        true => Exit::Done,
        false => {
            let written = format!("{summary}\nwritten   {}\n", model.display());
            streams.data(written.as_bytes(), Exit::Done)
        }
    }
}

/// An option that changes nothing beside another.
fn without_effect(args: &FitArgs) -> Option<&'static str> {
    let named = !matches!(args.class.as_deref(), Some("none"));
    if args.steps.is_some() && args.arrivals != FitProcess::Profile {
        return Some("--steps has no effect without --arrivals profile");
    }
    if !named && args.classes != DEFAULT_CLASSES {
        return Some("--classes has no effect beside --class none");
    }
    None
}

/// How many classes are told apart, the rest included.
pub const DEFAULT_CLASSES: usize = 5;

/// The model, and the rates beside it.
fn targets(out: &Path) -> (PathBuf, PathBuf) {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    (
        out.to_path_buf(),
        out.with_file_name(format!("{stem}-rates.csv")),
    )
}

/// Whole or not at all: each file gets its name when it is complete, the model last.
fn write(told: &Told, model: &Path, rates: &Path) -> io::Result<()> {
    if let Some(folder) = model.parent() {
        fs::create_dir_all(folder)?;
    }
    let files = told.rates.as_ref().map(|text| (text, rates));
    for (text, path) in files.into_iter().chain([(&told.model, model)]) {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        fs::write(&part, text)?;
        fs::rename(&part, path)?;
    }
    Ok(())
}

fn log_options(args: &FitArgs) -> LogOptions {
    LogOptions {
        format: args.format.map(|format| match format {
            LogFormatArg::Clf => LogFormat::Clf,
            LogFormatArg::Csv => LogFormat::Csv,
            LogFormatArg::Jsonl => LogFormat::JsonLines,
        }),
        time: args.time.clone(),
        size: args.size.clone(),
        class: args.class.clone(),
        duration: args.duration.clone(),
        duration_unit: args.duration_unit,
        timeout: args.timeout,
        max_bad: args.max_bad,
    }
}

fn work(args: &FitArgs, read: &ReadLog) -> Work {
    if let Some((fixed, per_unit)) = args.service {
        return Work::Given(fixed, per_unit);
    }
    let log = &read.log;
    match fit::fit_service(&log.rows, log.sized, log.timeout) {
        Some(service) => Work::Fitted(service),
        None => Work::Assumed,
    }
}

fn summary(
    name: &str,
    read: &ReadLog,
    fitted: &Fitted,
    (work, options): (&Work, Options),
) -> String {
    let mut text = lines_of(name, read, fitted);
    text.push_str("\narrivals  ");
    text.push_str(match fitted.split {
        Split::Together => "one source\n",
        Split::ByClass => "a source for each class: their shares change with time\n",
        Split::BySize => "a source for each quarter of sizes: which sizes come changes with time\n",
    });
    text.push_str(&sources(fitted));
    text.push_str("\nindex of dispersion for counts (1: as Poisson)\n");
    let scales = fit::compare_scales(&read.log, fitted);
    text.push_str(&dispersions(&scales, ["log", "fitted"]));
    text.push_str(&format!("\nwork      {}\n", work_told(work, read)));
    let service = match work {
        Work::Given(fixed, per_unit) => Some(Service {
            fixed: *fixed,
            per_unit: *per_unit,
            sigma: 0.0,
            rows: (0, 0),
        }),
        Work::Fitted(service) => Some(*service),
        Work::Assumed => None,
    };
    match fit::hold_out(&read.log, options, service) {
        Some(held) => text.push_str(&held_out(&held)),
        None => text.push_str("\nheld out  nothing: too few requests\n"),
    }
    text.push_str(
        "\nnot in the log: how many cores served, waiting, what was refused before it was logged, \
         \ntimeouts and retries of clients. The model assumes cores; set them.\n",
    );
    text
}

fn lines_of(name: &str, read: &ReadLog, fitted: &Fitted) -> String {
    let kind = match read.format {
        LogFormat::Clf => "an access log",
        LogFormat::Csv => "a CSV",
        LogFormat::JsonLines => "JSON lines",
    };
    let seconds = fitted.length as f64 / SECOND as f64;
    let mut text = format!(
        "{name}: {kind}, {} requests in {seconds:.0} s, {} a second\n",
        fitted.requests,
        number(fitted.rate())
    );
    let clock = print_time(read.log.resolution);
    text.push_str(&format!(
        "lines     {} read, {} skipped, {} out of order (put in their place)\n          \
         {} at the time of the one before (spread over {clock}, the step of the clock)\n",
        fitted.requests, read.skipped, read.out_of_order, read.ties
    ));
    for (line, reason) in &read.bad {
        text.push_str(&format!("          skipped line {line}: {reason}\n"));
    }
    if read.skipped > read.bad.len() {
        let more = read.skipped - read.bad.len();
        text.push_str(&format!("          and {more} more\n"));
    }
    text
}

fn sources(fitted: &Fitted) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[Left, Right, Right, Left, Right, Right, Left]);
    table.row([
        "  source", "requests", "a second", "process", "steps", "peak", "sizes",
    ]);
    for flow in &fitted.flows {
        for (i, kind) in flow.kinds.iter().enumerate() {
            let peak = flow.steps.iter().copied().fold(1.0, f64::max);
            let share = kind.count as f64 / (fitted.length as f64 / SECOND as f64);
            let name = match flow.kinds.len() {
                1 => format!("  {}", flow.name),
                _ => format!("  {}: {}", flow.name, kind.name),
            };
            let (process, steps, peak) = match i {
                0 => (
                    flow.process.name(),
                    flow.steps.len().to_string(),
                    number(peak),
                ),
                _ => ("", String::new(), String::new()),
            };
            table.row([
                config::plain(&name),
                kind.count.to_string(),
                number(share),
                process.into(),
                steps,
                peak,
                kind.size.as_ref().map_or("none".into(), sizes),
            ]);
        }
    }
    table.print()
}

fn sizes(fit: &SizeFit) -> String {
    let mean = number(fit.mean());
    match fit {
        SizeFit::Constant(value) => format!("always {value}"),
        SizeFit::Lognormal { sigma, .. } => format!("lognormal, mean {mean}, s {sigma:.2}"),
        SizeFit::Pareto { shape, .. } => format!("pareto, mean {mean}, shape {shape:.2}"),
        SizeFit::Recorded(values) => format!("as recorded, mean {mean}, {} values", values.len()),
    }
}

fn dispersions(scales: &[Scale], heads: [&str; 2]) -> String {
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Right]);
    table.row(["  window", heads[0], heads[1]]);
    for scale in scales {
        let window = format!("  {}", print_time(scale.window));
        table.row([window, number(scale.log), number(scale.fitted)]);
    }
    table.print()
}

fn work_told(work: &Work, read: &ReadLog) -> String {
    let line = |fixed: f64, per_unit: f64| match per_unit > 0.0 {
        true => format!(
            "{} + {} ns x {}",
            print_time(round(fixed)),
            number(per_unit),
            if read.unit == "bytes" {
                "bytes"
            } else {
                &read.unit
            }
        ),
        false => print_time(round(fixed)),
    };
    match work {
        Work::Given(fixed, per_unit) => format!("{}, as given", line(*fixed, *per_unit)),
        Work::Fitted(s) => format!(
            "{}, from {} durations, {} of them cut off;\n          waiting that is in them counts \
             as work",
            line(s.fixed, s.per_unit),
            s.rows.0,
            s.rows.1
        ),
        Work::Assumed if read.durations.0 > 0 => format!(
            "ASSUMED {}: of {} durations too many are cut off, or there are too few; give \
             --service",
            print_time(config::ASSUMED),
            read.durations.0
        ),
        Work::Assumed => format!(
            "ASSUMED {}: the log has no durations; give --service A,B",
            print_time(config::ASSUMED)
        ),
    }
}

fn held_out(held: &Held) -> String {
    let mut text = format!(
        "\nheld out  the last fifth of the time ({} requests), from a fit of the rest ({})\n",
        held.rows.1, held.rows.0
    );
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Right, Align::Right]);
    table.row(["  ", "held out", "fitted", "poisson"]);
    let plain = |a: f64, b: f64| [number(a), number(b), number(b)];
    let row = |table: &mut Table, name: String, cells: [String; 3]| {
        table.row(std::iter::once(name).chain(cells));
    };
    row(
        &mut table,
        "  requests a second".into(),
        plain(held.rate.1, held.rate.0),
    );
    if let Some((fitted, seen)) = held.size {
        row(&mut table, "  mean size".into(), plain(seen, fitted));
    }
    for scale in &held.scales {
        let name = format!("  dispersion in {}", print_time(scale.window));
        let cells = [number(scale.log), number(scale.fitted), "1".into()];
        row(&mut table, name, cells);
    }
    let queue = &held.queue;
    row(&mut table, "  mean wait, s".into(), queue.mean.map(number));
    row(&mut table, "  p99 wait, s".into(), queue.p99.map(number));
    text.push_str(&table.print());
    text.push_str("  waits: one queue, one server, busy for 0.7 of the held-out time\n");
    if let Some(distance) = held.size_distance {
        text.push_str(&format!(
            "  sizes: Kolmogorov-Smirnov distance {} between the two parts\n",
            number(distance)
        ));
    }
    text
}

fn round(ns: f64) -> Nanos {
    (ns + 0.5) as Nanos
}

/// Four significant digits.
fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return "0".into();
    }
    let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
    format!("{rounded}")
}
