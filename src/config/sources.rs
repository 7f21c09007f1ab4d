//! `[source.NAME]`: who sends, when, what, and what the caller does about trouble.

use std::sync::Arc;

use crate::model::spec::{
    Arrivals, ClassSpec, ClientSpec, Dist, MAX_USERS, RetrySpec, SourceSpec, Trace, WorkSpec,
};

use super::csv::Unit;
use super::decode::{Cx, Fields};
use super::dist::{Of, placeholder};
use super::keys::{ARRIVALS, CLASS, CLIENT, COLUMN, COLUMNS, RETRY, SOURCE};
use super::tree::{Node, Table, Value};
use super::work::{Work, drawn};

/// What a service says about its work, before it is known who calls.
#[derive(Clone, Debug)]
pub struct TraceWork {
    /// Index of the service.
    pub service: usize,
    /// Name of the service.
    pub name: String,
    /// Column of the caller's trace.
    pub column: String,
    /// How a number of it becomes nanoseconds.
    pub unit: Unit,
}

impl Cx {
    /// Every `[source.NAME]`.
    pub fn sources(
        &mut self,
        table: &Table,
        services: &[String],
        work: &[TraceWork],
    ) -> Vec<SourceSpec> {
        let one = |e: &super::tree::Entry| {
            let path = format!("source.{}", e.key);
            self.check_name(&e.key, e.key_span, &path);
            self.source(&e.key, &e.node, &path, services, work)
        };
        table.entries.iter().filter_map(one).collect()
    }

    fn source(
        &mut self,
        name: &str,
        node: &Node,
        path: &str,
        services: &[String],
        work: &[TraceWork],
    ) -> Option<SourceSpec> {
        let fields = self.fields(node, path, &SOURCE)?;
        let to = match fields.get("to") {
            Some(node) => {
                let path = fields.path("to");
                let name = self.text(node, &path);
                let found = name.and_then(|name| {
                    let found = services.iter().position(|s| *s == name);
                    if found.is_none() {
                        let known: Vec<&str> = services.iter().map(String::as_str).collect();
                        self.unknown_name(node.span, &path, &name, &known);
                    }
                    found
                });
                found.unwrap_or(usize::MAX)
            }
            None => {
                self.missing(&fields, "to", &SOURCE);
                usize::MAX
            }
        };
        let mut classes = self.classes(&fields);
        let start = fields
            .get("start")
            .and_then(|n| self.time(n, &fields.path("start")));
        let stop = fields
            .get("stop")
            .and_then(|n| self.time(n, &fields.path("stop")));
        let client = fields
            .get("client")
            .map(|n| self.client(n, &fields.path("client")));
        let fan_out = self.fan_out(&fields);
        let fed = work.iter().find(|w| w.service == to);
        let arrivals = match fields.get("arrivals") {
            Some(node) => self.arrivals(node, &fields.path("arrivals"), fed, &mut classes),
            None => {
                self.missing(&fields, "arrivals", &SOURCE);
                None
            }
        };
        let arrivals = arrivals.unwrap_or(Arrivals::Poisson { rate: 0.0 });
        Some(SourceSpec {
            name: name.to_owned(),
            to: if to == usize::MAX { 0 } else { to },
            arrivals,
            start: start.unwrap_or(0),
            stop,
            classes,
            fan_out,
            client: client.unwrap_or_default(),
        })
    }

    fn classes(&mut self, source: &Fields<'_>) -> Vec<ClassSpec> {
        let path = source.path("class");
        let nodes = match source.get("class").filter(|n| !n.is_none()) {
            Some(node) => self.list(node, &path, "[[source.NAME.class]] tables"),
            None => None,
        };
        let nodes = nodes.unwrap_or_default();
        let mut classes = Vec::new();
        let mut names = Vec::new();
        for node in nodes {
            let word = node
                .table()
                .and_then(|t| t.get("name"))
                .and_then(Node::text);
            let path = format!("{path}.{}", word.unwrap_or("?"));
            if let Some(class) = self.class(node, &path) {
                names.push((class.name.clone(), node.span));
                classes.push(class);
            }
        }
        self.duplicates("classes", &names, &path);
        if classes.is_empty() {
            classes.push(plain_class("default"));
        }
        classes
    }

    fn class(&mut self, node: &Node, path: &str) -> Option<ClassSpec> {
        let fields = self.fields(node, path, &CLASS)?;
        let name = match fields.get("name") {
            Some(node) => self.name(node, &fields.path("name")),
            None => {
                self.missing(&fields, "name", &CLASS);
                None
            }
        };
        let mut class = plain_class(&name.unwrap_or_default());
        if let Some(node) = fields.get("weight") {
            class.weight = self.number(node, &fields.path("weight")).unwrap_or(1.0);
        }
        if let Some(node) = fields.get("work_factor") {
            let factor = self.number(node, &fields.path("work_factor"));
            class.work_factor = factor.unwrap_or(1.0);
        }
        if let Some(node) = fields.get("size") {
            let size = self.dist(node, &fields.path("size"), Of::Bytes);
            class.size = size.unwrap_or_else(placeholder);
        }
        if let Some(node) = fields.get("work") {
            let path = fields.path("work");
            let work = match self.work(node, &path) {
                Some(Work::Own(work)) => Some(work),
                Some(Work::OfTrace(..)) => {
                    self.later(node.span, &path, "a column of the trace as a class's work");
                    None
                }
                None => None,
            };
            class.work = Some(work.unwrap_or_else(|| drawn(placeholder())));
        }
        if let Some(node) = fields.get("memory") {
            class.memory = self.memory(node, &fields.path("memory"));
        }
        Some(class)
    }

    fn client(&mut self, node: &Node, path: &str) -> ClientSpec {
        if node.is_none() {
            return ClientSpec::default();
        }
        let Some(fields) = self.fields(node, path, &CLIENT) else {
            return ClientSpec::default();
        };
        if let Some(node) = fields.get("cancel") {
            self.choice(node, &fields.path("cancel"), &["none"], &["queued", "full"]);
        }
        let timeout = match fields.get("timeout").filter(|n| !n.is_none()) {
            Some(node) => self.dist(node, &fields.path("timeout"), Of::Time),
            None => None,
        };
        let retry = match fields.get("retry").filter(|n| !n.is_none()) {
            Some(node) => self.retry(node, &fields.path("retry")),
            None => None,
        };
        let hedge = fields
            .get("hedge")
            .and_then(|n| self.hedge(n, &fields.path("hedge")));
        let limit = fields
            .get("limit")
            .and_then(|n| self.limit(n, &fields.path("limit")));
        ClientSpec {
            timeout,
            retry,
            hedge,
            limit,
        }
    }

    fn retry(&mut self, node: &Node, path: &str) -> Option<RetrySpec> {
        let fields = self.fields(node, path, &RETRY)?;
        let mut retry = RetrySpec {
            attempts: 3,
            base: 25_000_000,
            cap: 250_000_000,
        };
        if let Some(node) = fields.get("backoff") {
            let path = fields.path("backoff");
            if matches!(node.value, Value::Table(_)) {
                self.later(node.span, &path, "a distribution as `backoff`");
            } else {
                let later = &[
                    "constant",
                    "exponential",
                    "equal_jitter",
                    "decorrelated_jitter",
                ];
                self.choice(node, &path, &["full_jitter"], later);
            }
        }
        if let Some(node) = fields.get("attempts") {
            let path = fields.path("attempts");
            retry.attempts = match node.text() {
                Some("unbounded") => u32::MAX,
                _ => self.count32(node, &path, 1, u32::MAX - 1).unwrap_or(3),
            };
        }
        let base = fields
            .get("base")
            .and_then(|n| self.time(n, &fields.path("base")));
        let cap = fields
            .get("cap")
            .and_then(|n| self.time(n, &fields.path("cap")));
        retry.base = base.unwrap_or(retry.base);
        retry.cap = cap.unwrap_or(match fields.get("cap") {
            None => retry.cap.max(retry.base),
            Some(_) => retry.base,
        });
        Some(retry)
    }

    /// A rate alone or an arrival process.
    fn arrivals(
        &mut self,
        node: &Node,
        path: &str,
        fed: Option<&TraceWork>,
        classes: &mut [ClassSpec],
    ) -> Option<Arrivals> {
        let is_trace = node
            .table()
            .and_then(|t| t.get("process"))
            .and_then(Node::text)
            == Some("trace");
        if let (Some(fed), false) = (fed, is_trace) {
            let message = format!(
                "`{path}` is no trace, and the work of service `{}` is a column of the trace that \
                 sends",
                fed.name
            );
            let help = "use `process = \"trace\"`, or give `work` a `file` to draw rows from";
            self.disagree(node.span, path, &message, help);
        }
        if !matches!(node.value, Value::Table(_)) {
            return self.rate(node, path).map(|rate| Arrivals::Poisson { rate });
        }
        let fields = self.fields(node, path, &ARRIVALS)?;
        let Some(process) = fields.get("process") else {
            self.missing(&fields, "process", &ARRIVALS);
            return None;
        };
        let now = &["poisson", "constant", "mmpp", "closed", "trace"];
        let later = &["renewal", "on_off"];
        let process = self.choice(process, &fields.path("process"), now, later)?;
        let who = format!("the process `{process}`");
        match process {
            "mmpp" => {
                self.only(&fields, &who, "process", &["rates", "dwell", "switch"]);
                self.mmpp(&fields)
            }
            "closed" => {
                self.only(&fields, &who, "process", &["users", "think"]);
                self.closed(&fields)
            }
            "trace" => {
                self.only(&fields, &who, "process", &["file", "column", "columns"]);
                self.trace(&fields, fed, classes)
            }
            _ => {
                self.only(&fields, &who, "process", &["rate"]);
                let Some(rate) = fields.get("rate") else {
                    self.missing(&fields, "rate", &ARRIVALS);
                    return None;
                };
                let rate = self.rate(rate, &fields.path("rate"))?;
                Some(match process {
                    "poisson" => Arrivals::Poisson { rate },
                    _ => Arrivals::Constant { rate },
                })
            }
        }
    }

    fn closed(&mut self, fields: &Fields<'_>) -> Option<Arrivals> {
        for key in ["users", "think"] {
            if fields.get(key).is_none() {
                self.missing(fields, key, &ARRIVALS);
            }
        }
        let (users, think) = (fields.get("users")?, fields.get("think")?);
        let users = self.count32(users, &fields.path("users"), 1, MAX_USERS);
        let think = self.dist(think, &fields.path("think"), Of::Time);
        Some(Arrivals::Closed {
            users: users?,
            think: think?,
        })
    }

    fn mmpp(&mut self, fields: &Fields<'_>) -> Option<Arrivals> {
        for key in ["rates", "dwell"] {
            if fields.get(key).is_none() {
                self.missing(fields, key, &ARRIVALS);
            }
        }
        let (rates, dwell) = (fields.get("rates")?, fields.get("dwell")?);
        let path = fields.path("rates");
        let list = self.list(rates, &path, "a list of rates")?;
        let rates: Vec<Option<f64>> = list
            .iter()
            .map(|n| match n.value {
                Value::Integer(Some(0), _) => Some(0.0),
                _ => self.rate(n, &path),
            })
            .collect();
        let path = fields.path("dwell");
        let list = self.list(dwell, &path, "a list of times")?;
        let dwell: Vec<Option<f64>> = list
            .iter()
            .map(|n| self.time(n, &path).map(|t| t as f64))
            .collect();
        let rates: Vec<f64> = rates.into_iter().collect::<Option<_>>()?;
        let dwell: Vec<f64> = dwell.into_iter().collect::<Option<_>>()?;
        let switch = match fields.get("switch") {
            Some(node) => {
                let path = fields.path("switch");
                let rows = self.list(node, &path, "a list of rows of chances")?;
                let rows: Vec<_> = rows.iter().map(|n| self.numbers(n, &path)).collect();
                rows.into_iter().collect::<Option<Vec<_>>>()?
            }
            None => next_in_turn(rates.len()),
        };
        Some(Arrivals::Mmpp {
            rates,
            dwell,
            switch,
        })
    }

    fn trace(
        &mut self,
        fields: &Fields<'_>,
        fed: Option<&TraceWork>,
        classes: &mut [ClassSpec],
    ) -> Option<Arrivals> {
        let Some(node) = fields.get("file") else {
            self.missing(fields, "file", &ARRIVALS);
            return None;
        };
        let file = self.text(node, &fields.path("file"))?;
        let column = match fields.get("column") {
            Some(node) => self.text(node, &fields.path("column"))?,
            None => "arrival_s".to_owned(),
        };
        self.header = wanted_header(fields, &column, fed);
        let unit = self.unit_of(fields, &column, Of::Time);
        let at = unit.and_then(|u| self.column(&file, node.span, &fields.path, &column, u));
        let mut trace = Trace::default();
        let columns = match fields.get("columns") {
            Some(node) => self.fields(node, &fields.path("columns"), &COLUMNS),
            None => None,
        };
        if let Some(columns) = &columns {
            let mut read = |key, of| self.trace_column(columns, key, of, &file, node);
            trace.size = read("size", Of::Bytes).unwrap_or_default();
            trace.work = read("work", Of::Time).unwrap_or_default();
            trace.memory = read("memory", Of::Bytes).unwrap_or_default();
        }
        let own_work = columns.as_ref().and_then(|c| c.get("work"));
        match (fed, own_work) {
            (Some(fed), Some(own)) => {
                let message = format!(
                    "the work comes from the trace twice: `columns.work` here and `work.column` \
                     of service `{}`",
                    fed.name
                );
                let path = fields.path("columns.work");
                self.disagree(own.span, &path, &message, "remove one of them");
            }
            (Some(fed), None) => {
                let path = format!("service.{}.work.column", fed.name);
                let values = self.column(&file, node.span, &path, &fed.column, fed.unit);
                trace.work = values.map(|v| v.to_vec()).unwrap_or_default();
            }
            (None, Some(_)) => {
                let without = classes.iter_mut().filter(|c| c.work.is_none());
                without.for_each(|c| c.work = Some(WorkSpec::FromTrace));
            }
            (None, None) => {}
        }
        trace.at = at?.to_vec();
        if let Some(row) = (1..trace.at.len()).find(|&i| trace.at[i] < trace.at[i - 1]) {
            let message = format!("column `{column}` goes backwards");
            let help = "sort the rows by arrival time";
            self.row_problem(&file, row, &message, help, &fields.path);
            return None;
        }
        Some(Arrivals::Trace(Arc::new(trace)))
    }

    fn trace_column(
        &mut self,
        columns: &Fields<'_>,
        key: &str,
        of: Of,
        file: &str,
        file_node: &Node,
    ) -> Option<Vec<u64>> {
        let node = columns.get(key)?;
        let fields = self.fields(node, &columns.path(key), &COLUMN)?;
        let Some(column) = fields.get("column") else {
            self.missing(&fields, "column", &COLUMN);
            return None;
        };
        let column = self.text(column, &fields.path("column"))?;
        let unit = self.unit_of(&fields, &column, of)?;
        let values = self.column(file, file_node.span, &fields.path, &column, unit)?;
        Some(values.to_vec())
    }
}

/// The columns that a trace needs, as its first row.
fn wanted_header(fields: &Fields<'_>, column: &str, fed: Option<&TraceWork>) -> String {
    let mut names = vec![column];
    names.extend(fed.map(|f| f.column.as_str()));
    let columns = fields.get("columns").and_then(Node::table);
    for entry in columns.map(|t| &t.entries[..]).unwrap_or_default() {
        let column = entry.node.table().and_then(|t| t.get("column"));
        names.extend(column.and_then(Node::text));
    }
    names.join(",")
}

fn plain_class(name: &str) -> ClassSpec {
    ClassSpec {
        name: name.to_owned(),
        weight: 1.0,
        size: Dist::Constant { value: 0.0 },
        work: None,
        work_factor: 1.0,
        memory: None,
    }
}

/// Each state is followed by the next in the list.
fn next_in_turn(states: usize) -> Vec<Vec<f64>> {
    let row = |i: usize| {
        let mut row = vec![0.0; states];
        row[(i + 1) % states] = 1.0;
        row
    };
    (0..states).map(row).collect()
}
