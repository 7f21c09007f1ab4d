//! A recorded stream of arrivals: its times, what its columns feed, and how it is replayed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::base::codes::Code;
use crate::base::units::{LONGEST, Nanos};
use crate::model::spec::{
    Arrivals, ClassSpec, MAX_NAME, Trace, WorkSpec, name_problem, recorded_key,
};

use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::dist::Of;
use super::keys::{ARRIVALS, COLUMN, COLUMNS};
use super::sources::{TraceWork, plain_class};
use super::tree::Node;

/// Most classes that a column may name.
const MAX_CLASSES: usize = 1000;

impl Cx {
    /// A recorded stream, read row by row.
    pub fn trace(
        &mut self,
        fields: &Fields<'_>,
        fed: Option<&TraceWork>,
        classes: &mut Vec<ClassSpec>,
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
            trace.class = self
                .class_column(columns, &file, node, classes)
                .unwrap_or_default();
            if let Some(priority) = columns.get("priority") {
                let path = columns.path("priority");
                let column = self.text(priority, &path);
                let read = column.and_then(|c| self.whole_column(&file, node.span, &path, &c));
                trace.priority = read.unwrap_or_default();
            }
            if let Some(key) = columns.get("key") {
                let path = columns.path("key");
                let column = self.text(key, &path);
                let read = column.and_then(|c| self.text_column(&file, node.span, &path, &c));
                let texts = read.unwrap_or_default();
                trace.key = texts.iter().map(|text| recorded_key(text)).collect();
            }
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
            (None, Some(own)) => {
                for class in classes.iter_mut() {
                    if class.work.replace(WorkSpec::FromTrace).is_some() {
                        let message = format!(
                            "the work of class `{}` has no effect beside `columns.work`, which \
                             says that of every row",
                            class.name
                        );
                        let path = fields.path("columns.work");
                        self.disagree(own.span, &path, &message, "remove one of them");
                    }
                }
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
        self.replay(fields, &mut trace)?;
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

    /// The class of each row, numbered within the source; classes that it names and the source
    /// does not have are added. The weights become the numbers of rows.
    fn class_column(
        &mut self,
        columns: &Fields<'_>,
        file: &str,
        file_node: &Node,
        classes: &mut Vec<ClassSpec>,
    ) -> Option<Vec<u32>> {
        let node = columns.get("class")?;
        let path = columns.path("class");
        let column = self.text(node, &path)?;
        let texts = self.text_column(file, file_node.span, &path, &column)?;
        let distinct: BTreeSet<&String> = texts.iter().collect();
        if distinct.len() > MAX_CLASSES {
            let message = format!(
                "column `{column}` names {} classes, the limit is {MAX_CLASSES}",
                distinct.len()
            );
            let d = Diagnostic::error(Code::TRACE, message)
                .at(node.span, "named here")
                .help("take a column with fewer different values")
                .path(path);
            self.push(d);
            return None;
        }
        if classes[..] == [plain_class("default")] {
            classes.clear();
        }
        let mut known: BTreeMap<&str, u32> = BTreeMap::new();
        let declared: Vec<String> = classes.iter().map(|c| c.name.clone()).collect();
        let place = |name: &str| declared.iter().position(|d| d == name);
        classes.iter_mut().for_each(|c| c.weight = 0.0);
        let mut rows = Vec::with_capacity(texts.len());
        for text in &texts {
            let index = *known.entry(text).or_insert_with(|| {
                let plain = plain_name(text);
                // Its own name goes before what another becomes.
                let meant = place(text).or_else(|| match distinct.contains(&plain) {
                    true => None,
                    false => place(&plain),
                });
                let index = meant.unwrap_or_else(|| {
                    let others = |name: &str| {
                        let other = name != text && distinct.contains(&name.to_owned());
                        other || classes.iter().any(|c| c.name == name)
                    };
                    let name = free_name(plain, &others);
                    classes.push(ClassSpec {
                        weight: 0.0,
                        ..plain_class(&name)
                    });
                    classes.len() - 1
                });
                index as u32
            });
            classes[index as usize].weight += 1.0;
            rows.push(index);
        }
        Some(rows)
    }

    /// `spread`, `speed` and `repeat`, in this order.
    fn replay(&mut self, fields: &Fields<'_>, trace: &mut Trace) -> Option<()> {
        if let Some(node) = fields.get("spread").filter(|n| !n.is_none()) {
            let over = self.time(node, &fields.path("spread"))?;
            spread(&mut trace.at, over);
        }
        if let Some(node) = fields.get("speed") {
            let path = fields.path("speed");
            let speed = self.number(node, &path)?;
            if !(1e-6..=1e6).contains(&speed) {
                self.out_of_range(node, &path, "1e-6 to 1e6");
                return None;
            }
            if speed != 1.0 {
                let faster = |at: &Nanos| (*at as f64 / speed + 0.5) as Nanos;
                trace.at = trace.at.iter().map(faster).collect();
            }
        }
        if trace.at.last().is_some_and(|&last| last > LONGEST) {
            let d = Diagnostic::error(Code::TRACE, "the last row is sent later than 2^62 ns")
                .at(fields.span, "")
                .help("use a higher `speed`")
                .path(fields.path.clone());
            self.push(d);
            return None;
        }
        if let Some(node) = fields.get("repeat") {
            let path = fields.path("repeat");
            trace.repeat = self.boolean(node, &path)?;
            if trace.repeat && trace.round().is_none() {
                let help = "give rows at two times or more";
                let message = format!("`{path}` needs rows at different times");
                self.disagree(node.span, &path, &message, help);
                return None;
            }
        }
        Some(())
    }
}

/// Moves rows that share a time apart: evenly over `over`, but not beyond the next row.
fn spread(at: &mut [Nanos], over: Nanos) {
    let mut first = 0;
    while first < at.len() {
        let time = at[first];
        let count = at[first..].iter().take_while(|&&t| t == time).count();
        let next = at.get(first + count);
        let over = next.map_or(over, |next| over.min(next - time));
        for (i, at) in at[first..first + count].iter_mut().enumerate() {
            let part = u128::from(over) * i as u128 / count as u128;
            *at = time.saturating_add(part as Nanos);
        }
        first += count;
    }
}

/// What a text becomes when it must be a name: small letters, `_` for what is not allowed.
fn plain_name(text: &str) -> String {
    if name_problem(text).is_none() {
        return text.to_owned();
    }
    let mut plain = String::new();
    for c in text.chars().take(MAX_NAME - 8) {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' {
            plain.push(c);
        } else if !plain.ends_with('_') {
            plain.push('_');
        }
    }
    match plain.trim_matches(['_', '-']) {
        "" => "class".to_owned(),
        plain => plain.to_owned(),
    }
}

/// This name, or with a number if it is taken.
fn free_name(name: String, taken: &dyn Fn(&str) -> bool) -> String {
    if !taken(&name) {
        return name;
    }
    let room: String = name.chars().take(MAX_NAME - 8).collect();
    let mut numbered = (2..).map(|n| format!("{room}_{n}"));
    numbered.find(|name| !taken(name)).unwrap_or(name)
}

/// The columns that a trace needs, as its first row.
fn wanted_header(fields: &Fields<'_>, column: &str, fed: Option<&TraceWork>) -> String {
    let mut names = vec![column];
    names.extend(fed.map(|f| f.column.as_str()));
    let columns = fields.get("columns").and_then(Node::table);
    for entry in columns.map(|t| &t.entries[..]).unwrap_or_default() {
        let column = entry.node.table().and_then(|t| t.get("column"));
        names.extend(column.unwrap_or(&entry.node).text());
    }
    names.join(",")
}
