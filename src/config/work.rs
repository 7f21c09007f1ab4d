//! What a request needs: core-time and memory, of a service or of a class.

use crate::base::codes::Code;
use crate::model::spec::{Dist, Held, MemorySpec, Vary, WorkSpec};

use super::csv::Unit;
use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::dist::{Of, placeholder};
use super::keys::{MEMORY, WORK};
use super::tree::Node;

/// Where the work of a request comes from.
pub enum Work {
    /// From the model.
    Own(WorkSpec),
    /// From this column of the trace that sends.
    OfTrace(String, Unit),
}

impl Cx {
    /// The work of a service or class, and the column of the caller's trace it comes from.
    pub fn work(&mut self, node: &Node, path: &str) -> Option<Work> {
        let table = node.table();
        if table.is_none_or(|t| t.get("dist").is_some()) {
            let cpu = self.dist(node, path, Of::Time);
            return cpu.map(WorkSpec::drawn).map(Work::Own);
        }
        let fields = self.fields(node, path, &WORK)?;
        if fields.get("column").is_some() || fields.get("per_unit").is_some() {
            return self.work_of_column(&fields);
        }
        self.only(
            &fields,
            "work with `cpu`",
            "cpu",
            &["per_kib", "per_in_flight", "vary"],
        );
        let cpu = match fields.get("cpu") {
            Some(node) => self.dist(node, &fields.path("cpu"), Of::Time),
            None => {
                self.missing(&fields, "cpu", &WORK);
                None
            }
        };
        let per_kib = fields
            .get("per_kib")
            .map(|n| self.time(n, &fields.path("per_kib")));
        let per_kib = per_kib.unwrap_or(Some(0))? as f64;
        let more = fields
            .get("per_in_flight")
            .map(|n| self.time(n, &fields.path("per_in_flight")));
        let per_in_flight = more.unwrap_or(Some(0))? as f64;
        Some(Work::Own(WorkSpec::Drawn {
            cpu: cpu?,
            per_kib,
            per_in_flight,
            vary: self.vary(&fields),
        }))
    }

    /// The work of a class.
    pub fn class_work(&mut self, node: &Node, path: &str) -> WorkSpec {
        let work = match self.work(node, path) {
            Some(Work::Own(work)) => Some(work),
            Some(Work::OfTrace(..)) => {
                let message = format!(
                    "`{path}`: a class has no column of its own, a trace says the work of every row"
                );
                let help = "use `columns.work` of the trace, or `work.column` of the service";
                self.disagree(node.span, path, &message, help);
                None
            }
            None => None,
        };
        work.unwrap_or_else(|| WorkSpec::drawn(placeholder()))
    }

    pub(super) fn vary(&mut self, fields: &Fields<'_>) -> Vary {
        let words = &["copy", "request", "attempt"];
        let word = fields
            .get("vary")
            .and_then(|n| self.choice(n, &fields.path("vary"), words, &[]));
        match word {
            Some("request") => Vary::Request,
            Some("attempt") => Vary::Attempt,
            _ => Vary::Copy,
        }
    }

    fn work_of_column(&mut self, fields: &Fields<'_>) -> Option<Work> {
        // What a trace says of a row is the same however often it is asked for.
        let keys: &[&str] = match fields.get("file") {
            Some(_) => &["base", "per_unit", "file", "vary"],
            None => &["base", "per_unit", "file"],
        };
        self.only(fields, "work with `column`", "column", keys);
        for key in ["column", "per_unit"] {
            if fields.get(key).is_none() {
                self.missing(fields, key, &WORK);
            }
        }
        let (column, per_unit) = (fields.get("column")?, fields.get("per_unit")?);
        let column = self.text(column, &fields.path("column"));
        let per_unit = self.time(per_unit, &fields.path("per_unit"));
        let base = fields
            .get("base")
            .map(|n| self.time(n, &fields.path("base")));
        let (column, unit) = (column?, Unit::linear(base.unwrap_or(Some(0))?, per_unit?));
        let Some(node) = fields.get("file") else {
            return Some(Work::OfTrace(column, unit));
        };
        let file = self.text(node, &fields.path("file"))?;
        let values = self.column(&file, node.span, &fields.path, &column, unit)?;
        let values: Vec<f64> = values.iter().map(|&v| v as f64).collect();
        match Dist::empirical(&values, None) {
            Ok(cpu) => Some(Work::Own(WorkSpec::Drawn {
                cpu,
                per_kib: 0.0,
                per_in_flight: 0.0,
                vary: self.vary(fields),
            })),
            Err(e) => {
                let d = Diagnostic::error(Code::OUT_OF_RANGE, format!("`{}`: {e}", fields.path))
                    .at(fields.span, "")
                    .path(fields.path.clone());
                self.push(d);
                None
            }
        }
    }

    /// The memory of a service or class.
    pub fn memory(&mut self, node: &Node, path: &str) -> Option<MemorySpec> {
        let plain = |base| MemorySpec {
            held: Held::Admission,
            base,
            per_byte: 0.0,
        };
        if node.is_none() {
            return Some(plain(Dist::Constant { value: 0.0 }));
        }
        if node.table().is_none_or(|t| t.get("dist").is_some()) {
            return self.dist(node, path, Of::Bytes).map(plain);
        }
        let fields = self.fields(node, path, &MEMORY)?;
        let now = &["admission", "service"];
        let held = fields
            .get("held")
            .and_then(|n| self.choice(n, &fields.path("held"), now, &[]));
        let base = fields
            .get("base")
            .map(|n| self.dist(n, &fields.path("base"), Of::Bytes));
        let per_byte = fields
            .get("per_byte")
            .map(|n| self.number(n, &fields.path("per_byte")));
        Some(MemorySpec {
            held: match held {
                Some("service") => Held::Service,
                _ => Held::Admission,
            },
            base: base.unwrap_or(Some(Dist::Constant { value: 0.0 }))?,
            per_byte: per_byte.unwrap_or(Some(0.0))?,
        })
    }
}
