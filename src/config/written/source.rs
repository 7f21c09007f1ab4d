//! Sources: arrivals, classes and clients, as they are written.

use super::budget::budget;
use super::pen::{Pen, list, number, table};
use super::steps::vary_word;
use crate::base::units::LONGEST;
use crate::config::dist::Of;
use crate::config::sources::plain_class;
use crate::config::tree::quoted;
use crate::model::spec::{
    Arrivals, BackoffKind, BackoffSpec, Cancel, ClassSpec, ClientSpec, FanOutSpec, Fill, HedgeKind,
    HedgeSpec, LimitSpec, MemorySpec, Profile, ProfileShape, RetrySpec, SourceSpec, Trace, Vary,
    WorkSpec,
};

/// What a column of recorded work is called.
pub const WORK: &str = "work_ns";

impl Pen<'_> {
    /// `[source.NAME]` with all that belongs to it.
    pub fn source(&mut self, source: &SourceSpec) {
        let path = format!("source.{}", source.name);
        self.header(&format!("[{path}]"));
        let to = self.spec.services.get(source.to).map(|s| s.name.as_str());
        self.line("to", &quoted(to.unwrap_or_default()));
        if source.start > 0 {
            let start = self.time(source.start, &format!("{path}.start"));
            self.line("start", &start);
        }
        if let Some(stop) = source.stop {
            let stop = self.time(stop, &format!("{path}.stop"));
            self.line("stop", &stop);
        }
        if let Some(fan_out) = source.fan_out {
            self.fan_out(fan_out);
        }
        self.arrivals(source, &path);
        self.client(&source.client, &path);
        // A trace that names classes has a class for each name; one class alone need not be told.
        let plain = source.classes[..] == [plain_class("default")];
        if !plain {
            for class in &source.classes {
                self.class(class, source, &path);
            }
        }
    }

    /// Copies sent at once.
    pub fn fan_out(&mut self, fan_out: FanOutSpec) {
        let copies = fan_out.copies.map(|n| n.to_string());
        self.line("fan_out", &copies.unwrap_or_else(|| "\"all\"".into()));
        if let Some(need) = fan_out.need {
            self.line("need", &need.to_string());
        }
        let rest = match fan_out.rest {
            Cancel::Full => "cancel",
            _ => "run",
        };
        self.line("rest", &quoted(rest));
    }

    fn arrivals(&mut self, source: &SourceSpec, path: &str) {
        let path = format!("{path}.arrivals");
        self.header(&format!("[{path}]"));
        let word = match &source.arrivals {
            Arrivals::Poisson { .. } => "poisson",
            Arrivals::Constant { .. } => "constant",
            Arrivals::Mmpp { .. } => "mmpp",
            Arrivals::Renewal { .. } => "renewal",
            Arrivals::OnOff { .. } => "on_off",
            Arrivals::Closed { .. } => "closed",
            Arrivals::Trace(_) => "trace",
        };
        self.line("process", &quoted(word));
        match &source.arrivals {
            Arrivals::Poisson { rate } | Arrivals::Constant { rate } => {
                let rate = self.rate(*rate);
                self.line("rate", &rate);
            }
            Arrivals::Mmpp {
                rates,
                dwell,
                switch,
            } => self.mmpp((rates, dwell, switch), &path),
            Arrivals::Renewal { gap } => {
                let gap = self.dist(gap, Of::Time, &path);
                self.line("gap", &gap);
            }
            Arrivals::OnOff { rate, on, off } => {
                let rate = self.rate(*rate);
                let (on, off) = (
                    self.dist(on, Of::Time, &path),
                    self.dist(off, Of::Time, &path),
                );
                for (key, value) in [("rate", rate), ("on", on), ("off", off)] {
                    self.line(key, &value);
                }
            }
            Arrivals::Closed { users, think } => {
                let think = self.dist(think, Of::Time, &path);
                self.line("users", &users.to_string());
                self.line("think", &think);
            }
            Arrivals::Trace(trace) => self.trace(trace, source, &path),
        }
        if let Some(batch) = &source.batch {
            let batch = self.dist(batch, Of::Number, &format!("{path}.batch"));
            self.line("batch", &batch);
        }
        if let Some(profile) = &source.profile {
            self.profile(profile, &format!("{path}.profile"));
        }
    }

    fn mmpp(&mut self, (rates, dwell, switch): (&[f64], &[f64], &[Vec<f64>]), path: &str) {
        let rates: Vec<String> = rates.iter().map(|r| self.rate(*r)).collect();
        let dwell: Vec<String> = dwell.iter().map(|d| self.time_of(*d, path)).collect();
        self.line("rates", &list(rates.into_iter()));
        self.line("dwell", &list(dwell.into_iter()));
        let row = |row: &Vec<f64>| list(row.iter().map(|x| number(*x)));
        self.line("switch", &list(switch.iter().map(row)));
    }

    fn profile(&mut self, profile: &Profile, path: &str) {
        let value = match profile.told() {
            ProfileShape::Points {
                points,
                steps,
                repeat,
            } => {
                let point = |(at, factor): &(u64, f64)| {
                    list([format!("\"{at}ns\""), number(*factor)].into_iter())
                };
                let again = Profile::points(&points, steps, repeat);
                if again.as_ref() != Ok(profile) {
                    self.inexact(path);
                }
                table(&[
                    ("points", list(points.iter().map(point))),
                    ("steps", steps.to_string()),
                    ("repeat", repeat.to_string()),
                ])
            }
            ProfileShape::Wave {
                period,
                amplitude,
                phase,
            } => table(&[
                ("period", self.time_of(period, path)),
                ("amplitude", number(amplitude)),
                ("phase", number(phase)),
            ]),
        };
        self.line("profile", &value);
    }

    /// A trace, and its file.
    fn trace(&mut self, trace: &Trace, source: &SourceSpec, path: &str) {
        let name = self.name_of_trace(&source.name);
        let service = self.spec.services.get(source.to);
        let fed = service.is_some_and(|s| s.work == Some(WorkSpec::FromTrace));
        self.file(&name, rows(trace, source));
        self.line("file", &quoted(&name));
        self.line("column", "\"arrival_ns\"");
        let column = |name: &str| table(&[("column", quoted(name))]);
        let mut columns: Vec<(&str, String)> = Vec::new();
        if !trace.size.is_empty() {
            columns.push(("size", column("size_bytes")));
        }
        if !trace.work.is_empty() && !fed {
            columns.push(("work", column(WORK)));
            let told = |c: &ClassSpec| c.work == Some(WorkSpec::FromTrace);
            if !source.classes.iter().all(told) {
                self.inexact(&format!("{path}.columns.work"));
            }
        }
        if !trace.memory.is_empty() {
            columns.push(("memory", column("memory_bytes")));
        }
        if !trace.class.is_empty() {
            columns.push(("class", quoted("class")));
        }
        if !trace.priority.is_empty() {
            columns.push(("priority", quoted("priority")));
        }
        if !trace.key.is_empty() {
            columns.push(("key", quoted("key")));
        }
        if !columns.is_empty() {
            self.line("columns", &table(&columns));
        }
        if trace.repeat {
            self.line("repeat", "true");
        }
    }

    fn class(&mut self, class: &ClassSpec, source: &SourceSpec, path: &str) {
        let named = match &source.arrivals {
            Arrivals::Trace(trace) => (!trace.class.is_empty()).then_some(trace),
            _ => None,
        };
        self.header(&format!("[[{path}.class]]"));
        let path = format!("{path}.class.{}", class.name);
        self.line("name", &quoted(&class.name));
        match named {
            Some(trace) => {
                let index = source.classes.iter().position(|c| c.name == class.name);
                let rows = trace.class.iter();
                let rows = rows.filter(|&&c| Some(c as usize) == index).count();
                if class.weight != rows as f64 {
                    self.inexact(&format!("{path}.weight"));
                }
            }
            None if class.weight != 1.0 => self.line("weight", &number(class.weight)),
            None => {}
        }
        let size = self.dist(&class.size, Of::Bytes, &format!("{path}.size"));
        if size != "\"0B\"" {
            self.line("size", &size);
        }
        let common = self.common(source.to, class);
        let work = class.work.as_ref().filter(|_| !common.0);
        // What the rows say is told with the trace.
        if let Some(work) = work.filter(|w| **w != WorkSpec::FromTrace) {
            let work = self.work(work, &format!("{path}.work"));
            self.line("work", &work);
        }
        if class.work_factor != 1.0 {
            self.line("work_factor", &number(class.work_factor));
        }
        if let Some(memory) = class.memory.as_ref().filter(|_| !common.1) {
            let memory = self.memory(memory, &format!("{path}.memory"));
            self.line("memory", &memory);
        }
        if class.priority != 0 {
            self.line("priority", &class.priority.to_string());
        }
        if class.cores != 1 {
            self.line("cores", &class.cores.to_string());
        }
        if let Some(key) = class.key {
            let key = table(&[
                ("dist", quoted("zipf")),
                ("keys", key.keys.to_string()),
                ("exponent", number(key.exponent)),
            ]);
            self.line("key", &key);
        }
    }

    /// Work.
    pub fn work(&mut self, work: &WorkSpec, path: &str) -> String {
        let WorkSpec::Drawn {
            cpu,
            per_kib,
            per_in_flight,
            vary,
        } = work
        else {
            let column = ("column", quoted(WORK));
            return table(&[column, ("per_unit", "\"1ns\"".into())]);
        };
        let cpu = self.dist(cpu, Of::Time, path);
        if *per_kib == 0.0 && *per_in_flight == 0.0 && *vary == Vary::Copy {
            return cpu;
        }
        table(&[
            ("cpu", cpu),
            ("per_kib", self.time_of(*per_kib, path)),
            ("per_in_flight", self.time_of(*per_in_flight, path)),
            ("vary", quoted(vary_word(*vary))),
        ])
    }

    /// Memory.
    pub fn memory(&mut self, memory: &MemorySpec, path: &str) -> String {
        let base = self.dist(&memory.base, Of::Bytes, path);
        if memory.held == Default::default() && memory.per_byte == 0.0 {
            return base;
        }
        let held = match memory.held {
            crate::model::spec::Held::Admission => "admission",
            crate::model::spec::Held::Service => "service",
        };
        table(&[
            ("held", quoted(held)),
            ("base", base),
            ("per_byte", number(memory.per_byte)),
        ])
    }

    /// `client` of a source or of a step that calls.
    pub fn client(&mut self, client: &ClientSpec, path: &str) {
        if *client == ClientSpec::default() {
            return;
        }
        let path = format!("{path}.client");
        self.header(&format!("[{path}]"));
        if let Some(timeout) = &client.timeout {
            let timeout = self.dist(timeout, Of::Time, &format!("{path}.timeout"));
            self.line("timeout", &timeout);
        }
        if let Some(deadline) = client.deadline {
            let deadline = self.time(deadline, &format!("{path}.deadline"));
            self.line("deadline", &deadline);
        }
        if client.propagate_deadline {
            self.line("propagate_deadline", "true");
        }
        if let Some(network) = &client.network {
            let network = self.dist(network, Of::Time, &format!("{path}.network"));
            self.line("network", &network);
        }
        if client.cancel != Cancel::Nothing {
            self.line("cancel", &quoted(cancel(client.cancel)));
        }
        if let Some(patience) = &client.patience {
            let patience = self.dist(patience, Of::Time, &format!("{path}.patience"));
            self.line("patience", &patience);
        }
        if let Some(retry) = &client.retry {
            let retry = self.retry(retry, &format!("{path}.retry"));
            self.line("retry", &retry);
        }
        if let Some(hedge) = &client.hedge {
            let hedge = self.hedge(hedge, &format!("{path}.hedge"));
            self.line("hedge", &hedge);
        }
        if let Some(limit) = &client.limit {
            self.limit(limit, &format!("{path}.limit"));
        }
        if let Some(breaker) = &client.breaker {
            let breaker = self.client_breaker(breaker, &format!("{path}.breaker"));
            self.line("breaker", &breaker);
        }
    }

    fn retry(&mut self, retry: &RetrySpec, path: &str) -> String {
        let attempts = match retry.attempts {
            u32::MAX => quoted("unbounded"),
            attempts => attempts.to_string(),
        };
        let mut params = vec![("attempts", attempts)];
        match &retry.backoff {
            BackoffSpec::Drawn(dist) => params.push(("backoff", self.dist(dist, Of::Time, path))),
            BackoffSpec::Kind { kind, base, cap } => {
                params.push(("backoff", quoted(word(*kind))));
                if *kind == BackoffKind::None {
                    if (*base, *cap) != (0, 0) {
                        self.inexact(path);
                    }
                } else {
                    params.push(("base", self.time(*base, path)));
                    let endless = matches!(kind, BackoffKind::Resilience4j | BackoffKind::Polly);
                    // No bound is what these have unless one is given.
                    if *cap <= LONGEST || !endless {
                        params.push(("cap", self.time(*cap, path)));
                    }
                }
            }
        }
        if let Some(on) = self.failures(retry.on, path) {
            params.push(("on", on));
        }
        if let Some(spec) = &retry.budget {
            params.push(("budget", budget(spec)));
        }
        table(&params)
    }

    fn hedge(&mut self, hedge: &HedgeSpec, path: &str) -> String {
        let kind = match hedge.kind {
            HedgeKind::Grpc => "grpc",
            HedgeKind::Polly => "polly",
            HedgeKind::Envoy => "envoy",
        };
        table(&[
            ("kind", quoted(kind)),
            ("after", self.time(hedge.after, path)),
            ("max", hedge.max.to_string()),
            ("cancel", quoted(cancel(hedge.cancel))),
        ])
    }

    fn limit(&mut self, limit: &LimitSpec, path: &str) {
        let mut params = Vec::new();
        if let Some(bucket) = limit.rate {
            params.push(("rate", self.rate(bucket.rate)));
            params.push(("burst", bucket.burst.to_string()));
            let fill = match bucket.fill {
                Fill::Even => "even",
                Fill::Tick => "tick",
            };
            params.push(("fill", quoted(fill)));
        }
        if let Some(places) = limit.in_flight {
            params.push(("in_flight", places.places.to_string()));
            params.push(("pending", places.pending.to_string()));
            if let Some(wait) = places.wait {
                params.push(("wait", self.time(wait, path)));
            }
        }
        if params.is_empty() {
            // A limit that limits nothing cannot be written.
            self.inexact(path);
            return;
        }
        self.line("limit", &table(&params));
    }
}

/// The rows of a trace.
fn rows(trace: &Trace, source: &SourceSpec) -> String {
    let mut header = vec!["arrival_ns"];
    let columns = [
        (trace.size.is_empty(), "size_bytes"),
        (trace.work.is_empty(), WORK),
        (trace.memory.is_empty(), "memory_bytes"),
        (trace.class.is_empty(), "class"),
        (trace.priority.is_empty(), "priority"),
        (trace.key.is_empty(), "key"),
    ];
    header.extend(columns.iter().filter(|c| !c.0).map(|c| c.1));
    let mut text = header.join(",");
    text.push('\n');
    for (row, at) in trace.at.iter().enumerate() {
        let mut fields = vec![at.to_string()];
        let numbers = [&trace.size, &trace.work, &trace.memory];
        fields.extend(
            numbers
                .iter()
                .filter_map(|c| c.get(row))
                .map(u64::to_string),
        );
        let class = trace
            .class
            .get(row)
            .and_then(|&c| source.classes.get(c as usize));
        fields.extend(class.map(|c| c.name.clone()));
        fields.extend(trace.priority.get(row).map(i64::to_string));
        fields.extend(trace.key.get(row).map(u64::to_string));
        text.push_str(&fields.join(","));
        text.push('\n');
    }
    text
}

fn cancel(cancel: Cancel) -> &'static str {
    match cancel {
        Cancel::Nothing => "none",
        Cancel::Queued => "queued",
        Cancel::Full => "full",
    }
}

fn word(kind: BackoffKind) -> &'static str {
    match kind {
        BackoffKind::FullJitter => "full_jitter",
        BackoffKind::EqualJitter => "equal_jitter",
        BackoffKind::Decorrelated => "decorrelated",
        BackoffKind::Envoy => "envoy",
        BackoffKind::Grpc => "grpc",
        BackoffKind::Resilience4j => "resilience4j",
        BackoffKind::Polly => "polly",
        BackoffKind::Misim => "misim",
        BackoffKind::None => "none",
    }
}
