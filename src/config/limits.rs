//! What a whole design may ask for: points, trials, events, bytes. Estimates are made from the
//! spec alone, before anything is run; and values that can never take effect are pointed out.

use crate::base::codes::Code;
use crate::base::units::{Nanos, print_bytes, print_time};
use crate::experiment::design::Design;
use crate::model::spec::{
    Arrivals, Dist, FaultKind, FaultSpec, FaultWhen, PoisonEffect, SourceSpec, SystemSpec, WHOLE,
};
use crate::model::trial::{Horizon, Timing};

use super::decode::Cx;
use super::diagnostic::{Class, Diagnostic};
use super::files::Span;
use super::model::locate;
use super::tree::Node;

/// Most points of a design.
pub const MAX_POINTS: u128 = 100_000;

/// Most points of a space that is searched.
pub const MAX_SEARCHED: u128 = 1_000_000;

/// Most trials of a design.
pub const MAX_TRIALS: u128 = 1_000_000;

/// Most events of a trial, by estimate.
pub const MAX_TRIAL_EVENTS: f64 = 1e12;

/// Most events of a design, by estimate.
pub const MAX_EVENTS: f64 = 1e13;

/// Most bytes of `attempts.csv`, by estimate.
pub const MAX_ATTEMPTS_BYTES: f64 = 20e9;

/// Most windows of one trial's time series.
pub const MAX_WINDOWS: u64 = 1_000_000;

/// Most windows of the time series of all trials.
pub const MAX_ALL_WINDOWS: u128 = 20_000_000;

/// Events that a request makes at least: arrival, start, end.
const EVENTS_A_REQUEST: f64 = 3.0;

/// Bytes that a waiting request holds, roughly.
const BYTES_A_REQUEST: f64 = 100.0;

/// Bytes of a row of `attempts.csv`, roughly.
const BYTES_A_ROW: f64 = 120.0;

/// Attempts without a pause from which on a storm is likely.
const MANY_ATTEMPTS: u32 = 1000;

/// Reports a design of too many points or trials; `false` when it is too large to go on.
pub fn points(cx: &mut Cx, span: Span, points: u128, replications: u32) -> bool {
    let trials = points.saturating_mul(u128::from(replications));
    let message = if points > MAX_POINTS {
        format!("the sweep has {points} points, the limit is {MAX_POINTS}")
    } else if trials > MAX_TRIALS {
        format!(
            "{points} points with {replications} replications are {trials} trials, the limit is \
             {MAX_TRIALS}"
        )
    } else {
        return true;
    };
    let d = Diagnostic::error(Code::TOO_LARGE_DESIGN, message)
        .at(span, "")
        .help("use fewer values an axis, fewer axes or fewer replications")
        .class(Class::Limit);
    cx.push(d);
    false
}

/// Reports a space of too many points to search.
pub fn searched(cx: &mut Cx, span: Span, points: u128) -> bool {
    if points <= MAX_SEARCHED {
        return true;
    }
    let message = format!("the space has {points} points, the limit is {MAX_SEARCHED}");
    let d = Diagnostic::error(Code::TOO_LARGE_DESIGN, message)
        .at(span, "")
        .help("use larger steps or fewer axes")
        .class(Class::Limit);
    cx.push(d);
    false
}

/// When the run ends at the latest, not counting the drain; `None`: with a trace.
fn end(timing: &Timing) -> Option<Nanos> {
    match timing.horizon {
        Horizon::For(length) => Some(timing.warm_up.saturating_add(length)),
        Horizon::Trace => None,
    }
}

/// The time of the last row of every trace.
fn last_row(system: &SystemSpec) -> Nanos {
    let last = system.sources.iter().filter_map(SourceSpec::last_row);
    last.max().unwrap_or(0)
}

/// Requests that a source sends in one trial.
fn attempts(source: &SourceSpec, system: &SystemSpec, timing: &Timing) -> f64 {
    let end = end(timing).unwrap_or_else(|| last_row(system));
    let stop = source.stop.map_or(end, |s| s.min(end));
    system.expected_attempts(source, stop.saturating_sub(source.start) as f64)
}

fn round(x: f64) -> String {
    format!("{x:.1e}")
}

/// Reports a design whose trials are too long.
pub fn design(cx: &mut Cx, root: &Node, design: &Design) {
    if cx.found().iter().any(Diagnostic::is_error) {
        return;
    }
    let (mut total, mut rows) = (0.0, 0.0);
    let (timing, pilots) = (design.longest(), f64::from(design.pilots()));
    let replications = f64::from(design.replications) + pilots;
    for point in &design.points {
        let sources = point.system.sources.iter();
        let all: f64 = sources.map(|s| attempts(s, &point.system, &timing)).sum();
        total += all * EVENTS_A_REQUEST * replications;
        rows += all * replications / design.attempts.map_or(f64::INFINITY, |n| n as f64);
        let events = all * EVENTS_A_REQUEST;
        if events > MAX_TRIAL_EVENTS {
            too_long(cx, root, &point.system, &timing, events);
            return;
        }
    }
    windows(cx, root, design);
    let span = locate(root, "horizon");
    let message = if total > MAX_EVENTS {
        format!(
            "the experiment would simulate about {} events, the limit is {}",
            round(total),
            round(MAX_EVENTS)
        )
    } else if rows * BYTES_A_ROW > MAX_ATTEMPTS_BYTES {
        format!(
            "attempts.csv would have about {} rows and {} GB, the limit is {} GB",
            round(rows),
            (rows * BYTES_A_ROW / 1e9).round(),
            MAX_ATTEMPTS_BYTES / 1e9
        )
    } else {
        return;
    };
    let by_rows = message.starts_with("attempts");
    let (span, help) = match by_rows {
        true => (
            locate(root, "attempts"),
            "write fewer: attempts = { every = 100 }",
        ),
        false => (
            span,
            "use a shorter `horizon`, lower rates, fewer points or replications",
        ),
    };
    let d = Diagnostic::error(Code::TOO_LARGE_DESIGN, message)
        .at(span, "")
        .help(help)
        .class(Class::Limit);
    cx.push(d);
}

/// Reports time series that are too fine.
fn windows(cx: &mut Cx, root: &Node, design: &Design) {
    let last = design.points.iter().map(|p| last_row(&p.system)).max();
    let end = end(&design.timing).or(last).unwrap_or(0);
    let each = end.saturating_sub(design.timing.warm_up) / design.timing.window;
    let all = u128::from(each) * design.trial_count() as u128;
    if each <= MAX_WINDOWS && all <= MAX_ALL_WINDOWS {
        return;
    }
    let message = format!(
        "the time series would have {each} windows a trial and {all} in all, the limits are \
         {MAX_WINDOWS} and {MAX_ALL_WINDOWS}"
    );
    let path = "window";
    let d = Diagnostic::error(Code::TOO_LARGE_DESIGN, message)
        .at(locate(root, path), "")
        .help("use a longer `window`, such as \"10s\"")
        .path(path)
        .class(Class::Limit);
    cx.push(d);
}

fn too_long(cx: &mut Cx, root: &Node, system: &SystemSpec, timing: &Timing, events: f64) {
    let busiest = system
        .sources
        .iter()
        .max_by(|a, b| attempts(a, system, timing).total_cmp(&attempts(b, system, timing)));
    let name = busiest.map_or("", |s| s.name.as_str());
    let bytes = events / EVENTS_A_REQUEST * BYTES_A_REQUEST;
    let memory = print_bytes((bytes / 1e9).ceil() as u64 * 1_000_000_000);
    let message = format!(
        "`source.{name}.arrivals`: a trial would simulate about {} events, and hold up to {memory} \
         if all wait; the limit is {} events",
        round(events),
        round(MAX_TRIAL_EVENTS)
    );
    let d = Diagnostic::error(Code::TOO_LARGE_DESIGN, message)
        .at(locate(root, "horizon"), "for this long")
        .help("use a lower rate or a shorter `horizon`")
        .class(Class::Limit);
    cx.push(d);
}

/// `horizon = "trace"` needs a trace.
pub fn trace_horizon(cx: &mut Cx, span: Span, system: &SystemSpec, timing: &Timing) {
    let is_trace = |s: &SourceSpec| s.last_row().is_some();
    if timing.horizon == Horizon::Trace && !system.sources.iter().any(is_trace) {
        let message = "`horizon = \"trace\"` needs a source that sends a trace once";
        cx.disagree(
            span,
            "horizon",
            message,
            "give `horizon` a time, such as \"60s\"",
        );
    }
    let hang = PoisonEffect::Hang;
    let hangs = |f: &&FaultSpec| {
        f.enabled && matches!(f.kind, FaultKind::Poison { effect, .. } if effect == hang)
    };
    if timing.horizon == Horizon::Trace
        && let Some(fault) = system.faults.iter().find(hangs)
    {
        let message = format!(
            "`horizon = \"trace\"` ends when nothing is inside, and what `fault.{}` hangs stays",
            fault.name
        );
        cx.disagree(
            span,
            "horizon",
            &message,
            "give `horizon` a time, such as \"60s\"",
        );
    }
}

/// Warns about values that can never take effect, and about retry storms.
pub fn effects(cx: &mut Cx, tree: &Node, system: &SystemSpec, timing: &Timing) {
    for source in &system.sources {
        let path = format!("source.{}.client", source.name);
        if let Some(retry) = &source.client.retry
            && retry.most_attempts() >= MANY_ATTEMPTS
            && retry.is_immediate()
        {
            let place = format!("{path}.retry.attempts");
            let count = match retry.attempts {
                u32::MAX => "unbounded".to_owned(),
                n => n.to_string(),
            };
            let message = format!("`{place}` ({count}) without a pause may end in a retry storm");
            let d = Diagnostic::warning(Code::RETRY_STORM, message)
                .at(locate(tree, &place), "")
                .help("give `base` and `cap` a time above 0, or use fewer attempts")
                .path(place);
            cx.push(d);
        }
        let Some(end) = end(timing) else { continue };
        let whole = end.saturating_add(timing.drain);
        let client = &source.client;
        let deadline = client.deadline.map(|d| Dist::Constant { value: d as f64 });
        if let (Some(Dist::Constant { value }), Some(deadline)) = (&client.timeout, client.deadline)
            && *value >= deadline as f64
        {
            let why = format!("the deadline is {}", print_time(deadline));
            never(cx, tree, &format!("{path}.timeout"), &why);
        }
        let times = [
            ("timeout", &client.timeout),
            ("deadline", &deadline),
            ("patience", &client.patience),
        ];
        for (key, dist) in times {
            if let Some(Dist::Constant { value }) = dist
                && *value > whole as f64
            {
                let place = format!("{path}.{key}");
                let why = format!("the run ends at {}", print_time(whole));
                never(cx, tree, &place, &why);
            }
        }
        if source.start > 0 && source.start >= end {
            let place = format!("source.{}.start", source.name);
            never(
                cx,
                tree,
                &place,
                &format!("the run ends at {}", print_time(end)),
            );
        }
    }
    for service in &system.services {
        let outlier = service.balancer.outlier.as_ref();
        let workers = service.worker_count() as u64;
        if outlier.is_some_and(|o| u64::from(o.max_share) * workers < u64::from(WHOLE)) {
            let path = format!("service.{}.balancer.outlier", service.name);
            let why = format!("`max_share` of {workers} workers is less than one of them");
            never(cx, tree, &path, &why);
        }
    }
    let Some(end) = end(timing) else { return };
    for fault in system.faults.iter().filter(|f| f.enabled) {
        if let FaultWhen::At(at) = fault.when
            && at > end.saturating_add(timing.drain)
        {
            let place = format!("fault.{}.at", fault.name);
            never(
                cx,
                tree,
                &place,
                &format!("the run ends at {}", print_time(end)),
            );
        }
    }
}

/// Keys at which no point of a design looks. No error: one of their policies may be compared with
/// others on one model.
pub fn keys(cx: &mut Cx, tree: &Node, system: &SystemSpec, design: &Design) {
    let looks = |system: &SystemSpec, source: &SourceSpec| {
        let named = system.sources.iter().position(|s| s.name == source.name);
        let reached = named.map_or_else(Vec::new, |index| system.amplification(index));
        let services = system.services.iter().zip(reached);
        let mut services = services.filter(|(_, most)| *most > 0.0);
        services.any(|(s, _)| s.balancer.policy.hashes() || s.keeps_keys())
    };
    for source in &system.sources {
        let same = |s: &&SourceSpec| s.name == source.name;
        let anywhere = design.points.iter().any(|point| {
            let mut namesakes = point.system.sources.iter().filter(same);
            namesakes.any(|s| looks(&point.system, s))
        });
        if anywhere {
            continue;
        }
        let path = format!("source.{}", source.name);
        let recorded = match &source.arrivals {
            Arrivals::Trace(trace) => !trace.key.is_empty(),
            _ => false,
        };
        let column = recorded.then(|| format!("{path}.arrivals.columns.key"));
        let drawn = source.classes.iter().filter(|c| c.key.is_some());
        let drawn = drawn.map(|c| format!("{path}.class.{}.key", c.name));
        for path in column.into_iter().chain(drawn) {
            let d = Diagnostic::warning(Code::NO_EFFECT, format!("nothing looks at `{path}`"))
                .at(locate(tree, &path), "the policy does not hash")
                .help("policies that do: ring_hash, maglev, rendezvous; or a cache with `capacity`")
                .path(path);
            cx.push(d);
        }
    }
}

fn never(cx: &mut Cx, tree: &Node, path: &str, why: &str) {
    let d = Diagnostic::warning(Code::NO_EFFECT, format!("`{path}` can never take effect"))
        .at(locate(tree, path), why)
        .path(path);
    cx.push(d);
}
