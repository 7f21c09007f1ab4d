//! The window of a replay in the Trace Event Format (Google, 2016), which Perfetto and other
//! viewers open: workers as tracks, attempts as slices, buffers and breakers as counters. Times
//! there are microseconds from the start of the run.
//!
//! A slice is an attempt on a core, from its start to the moment its outcome was known: work that
//! goes on after its client has gone is not in it, but in the counter of busy cores.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::base::units::Nanos;
use crate::experiment::incident::replay::Scene;
use crate::model::incident::{BreakerState, State};
use crate::model::spec::SystemSpec;
use crate::model::trial::AttemptRow;

/// The process of the trace that has counters of the whole system.
const WHOLE: usize = 1;

/// The process of the first worker.
const FIRST: usize = 2;

/// Writes the trace.
///
/// # Errors
/// The writer says no.
pub fn trace(spec: &SystemSpec, scene: &Scene, to: &mut dyn Write) -> io::Result<()> {
    let mut out = Out { to, gap: "" };
    out.to
        .write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")?;
    out.named(WHOLE, "whole system")?;
    let workers = scene.states.first().map_or(0, |s| s.workers.len());
    for worker in 0..workers {
        out.named(FIRST + worker, &spec.worker_name(worker))?;
    }
    slices(spec, scene, workers, &mut out)?;
    counters(scene, &mut out)?;
    out.to.write_all(b"\n]}\n")
}

struct Out<'a> {
    to: &'a mut dyn Write,
    gap: &'static str,
}

impl Out<'_> {
    fn event(&mut self, event: &Value) -> io::Result<()> {
        self.to.write_all(self.gap.as_bytes())?;
        self.gap = ",\n";
        serde_json::to_writer(&mut *self.to, event)?;
        Ok(())
    }

    fn named(&mut self, process: usize, name: &str) -> io::Result<()> {
        self.event(&json!({
            "ph": "M", "pid": process, "name": "process_name", "args": { "name": name },
        }))?;
        self.event(&json!({
            "ph": "M", "pid": process, "name": "process_sort_index",
            "args": { "sort_index": process },
        }))
    }
}

fn micros(time: Nanos) -> f64 {
    time as f64 / 1e3
}

/// Attempts, worker by worker, each on the first track that is free at its start; refusals are
/// instants.
fn slices(spec: &SystemSpec, scene: &Scene, workers: usize, out: &mut Out<'_>) -> io::Result<()> {
    let mut of: Vec<Vec<&AttemptRow>> = vec![Vec::new(); workers];
    let mut first = Vec::new();
    let mut before = 0;
    for service in &spec.services {
        first.push(before);
        before += service.worker_count();
    }
    for row in &scene.rows {
        if let Some(number) = row.worker {
            of[first[row.service as usize] + number as usize - 1].push(row);
        }
    }
    for (worker, mut rows) in of.into_iter().enumerate() {
        rows.sort_by_key(|r| (r.start.or(r.end), r.source, r.request, r.attempt));
        let (mut on, mut free) = (BinaryHeap::new(), BTreeSet::new());
        let mut tracks = 0_usize;
        for row in rows {
            let event = match row.start {
                Some(start) => {
                    let end = row.end.unwrap_or(scene.window.to).max(start);
                    while let Some(&Reverse((until, track))) = on.peek()
                        && until <= start
                    {
                        on.pop();
                        free.insert(track);
                    }
                    let track = free.pop_first().unwrap_or_else(|| {
                        tracks += 1;
                        tracks - 1
                    });
                    on.push(Reverse((end, track)));
                    slice(spec, row, (FIRST + worker, track + 1), (start, end))
                }
                None => instant(spec, row, FIRST + worker),
            };
            if let Some(event) = event {
                out.event(&event)?;
            }
        }
    }
    Ok(())
}

fn name(spec: &SystemSpec, row: &AttemptRow) -> String {
    let class = spec.classes().nth(row.class as usize);
    let class = class.map_or("", |class| class.name.as_str());
    match row.attempt {
        1 => format!("{class} {}", row.request),
        n => format!("{class} {} (attempt {n})", row.request),
    }
}

fn details(spec: &SystemSpec, row: &AttemptRow) -> Value {
    let outcome = row.outcome.map_or("inside", |outcome| outcome.word());
    json!({
        "source": spec.sources[row.source as usize].name,
        "request": row.request,
        "attempt": row.attempt,
        "born_ns": row.born,
        "arrived_ns": row.arrived,
        "waited_ns": row.start.map(|start| start - row.arrived),
        "work_ns": row.work,
        "outcome": outcome,
        "code": row.outcome.and_then(|o| o.code()).map(|c| c.to_string()),
    })
}

fn slice(
    spec: &SystemSpec,
    row: &AttemptRow,
    (process, track): (usize, usize),
    (start, end): (Nanos, Nanos),
) -> Option<Value> {
    Some(json!({
        "ph": "X", "pid": process, "tid": track, "name": name(spec, row),
        "cat": row.outcome.map_or("inside", |o| o.word()),
        "ts": micros(start), "dur": micros(end - start), "args": details(spec, row),
    }))
}

fn instant(spec: &SystemSpec, row: &AttemptRow, process: usize) -> Option<Value> {
    let outcome = row.outcome?;
    Some(json!({
        "ph": "i", "s": "p", "pid": process, "tid": 0,
        "name": format!("{} {}", outcome.code()?, name(spec, row)),
        "cat": outcome.word(), "ts": micros(row.end?), "args": details(spec, row),
    }))
}

/// What stood where, where it changed.
fn counters(scene: &Scene, out: &mut Out<'_>) -> io::Result<()> {
    let mut before: Option<&State> = None;
    for state in &scene.states {
        let ts = micros(state.at);
        let balancers: u64 = state.balancers.iter().map(|b| b.waiting).sum();
        out.event(&json!({
            "ph": "C", "pid": WHOLE, "name": "about to try again", "ts": ts,
            "args": { "requests": state.pausing },
        }))?;
        out.event(&json!({
            "ph": "C", "pid": WHOLE, "name": "waiting at balancers", "ts": ts,
            "args": { "attempts": balancers },
        }))?;
        for (number, worker) in state.workers.iter().enumerate() {
            let same = before.is_some_and(|b| b.workers[number] == *worker);
            if same {
                continue;
            }
            let open = match worker.breaker {
                Some(BreakerState::Open) => 2,
                Some(BreakerState::HalfOpen) => 1,
                _ => 0,
            };
            let up = u8::from(
                worker.cores > 0 && worker.downs == 0 && !worker.wedged && worker.speed > 0.0,
            );
            let values = [
                ("waiting", "attempts", worker.waiting),
                ("busy cores", "cores", worker.busy),
                ("breaker (2 open, 1 half-open)", "state", open),
                ("up", "up", u64::from(up)),
            ];
            for (name, unit, value) in values {
                out.event(&json!({
                    "ph": "C", "pid": FIRST + number, "name": name, "ts": ts,
                    "args": { unit: value },
                }))?;
            }
        }
        before = Some(state);
    }
    Ok(())
}
