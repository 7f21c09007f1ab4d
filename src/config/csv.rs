//! CSV files: a header, then rows of numbers, read exactly. Every bad row of a file is found in
//! one pass, with its line and column; what is quoted from it is made harmless.

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::codes::Code;
use crate::base::units::{Decimal, DecimalError, LONGEST, shown};

use super::decode::Cx;
use super::diagnostic::{Diagnostic, MOST_SHOWN};
use super::files::{InputKind, MAX_CSV, Span, tidy, visible};

/// A column, in nanoseconds or bytes.
pub type Column = Arc<Vec<u64>>;

/// What a column's numbers are turned into: `base` + number × `factor`, rounded half to even when
/// they need not be exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Added.
    pub base: u64,
    /// Multiplied.
    pub factor: u64,
    /// Whether the product must be whole.
    pub exact: bool,
}

impl Unit {
    /// Numbers of this unit, which must come out whole.
    pub fn times(factor: u64) -> Unit {
        Unit {
            base: 0,
            factor,
            exact: true,
        }
    }

    /// Numbers of this unit, rounded to whole.
    pub fn rounded(factor: u64) -> Unit {
        Unit::linear(0, factor)
    }

    /// `base` + number × `per_unit`, rounded.
    pub fn linear(base: u64, per_unit: u64) -> Unit {
        Unit {
            base,
            factor: per_unit,
            exact: false,
        }
    }

    fn apply(self, number: Decimal) -> Result<u64, DecimalError> {
        let product = match self.exact {
            true => number.times(self.factor)?,
            false => number.times_rounded(self.factor)?,
        };
        let value = product.checked_add(self.base);
        value
            .filter(|v| *v <= LONGEST)
            .ok_or(DecimalError::TooLarge)
    }
}

/// One row: its line and its fields.
#[derive(Clone, Debug)]
struct Row {
    line: usize,
    fields: Vec<String>,
}

/// A CSV file, split into fields.
#[derive(Clone, Debug)]
pub struct Csv {
    name: String,
    header: Vec<String>,
    rows: Arc<Vec<Row>>,
    /// Where each row's text lies, for messages.
    text: Arc<str>,
}

/// Problems of one file, the first few with their line.
#[derive(Default)]
struct Problems {
    list: Vec<(usize, String, Option<String>)>,
    more: usize,
}

impl Problems {
    fn add(&mut self, line: usize, message: String, help: Option<&str>) {
        if self.list.len() < MOST_SHOWN {
            self.list.push((line, message, help.map(str::to_owned)));
        } else {
            self.more += 1;
        }
    }
}

impl Cx {
    /// One column of a CSV file that the model names, each number turned into a whole one.
    pub fn column(
        &mut self,
        file: &str,
        span: Span,
        path: &str,
        column: &str,
        unit: Unit,
    ) -> Option<Column> {
        let full = tidy(&self.folder.join(file));
        let key = (full.clone(), format!("{column} {unit:?}"));
        if let Some(known) = self.columns.get(&key) {
            return known.clone();
        }
        let csv = self.table(&full, span, path, column)?;
        let read = self.numbers_of(&csv, span, path, column, unit);
        self.columns.insert(key, read.clone());
        read
    }

    /// One column of a CSV file that the model names, as text.
    pub fn text_column(
        &mut self,
        file: &str,
        span: Span,
        path: &str,
        column: &str,
    ) -> Option<Vec<String>> {
        let full = tidy(&self.folder.join(file));
        let csv = self.table(&full, span, path, column)?;
        let index = self.column_index(&csv, span, path, column)?;
        let rows = csv.rows.iter().map(|row| row.fields[index].clone());
        Some(rows.collect())
    }

    /// One column of a CSV file that the model names, of whole numbers with a sign.
    pub fn whole_column(
        &mut self,
        file: &str,
        span: Span,
        path: &str,
        column: &str,
    ) -> Option<Vec<i64>> {
        let full = tidy(&self.folder.join(file));
        let csv = self.table(&full, span, path, column)?;
        let index = self.column_index(&csv, span, path, column)?;
        let (mut problems, mut values) = (Problems::default(), Vec::new());
        for row in csv.rows.iter() {
            let field = &row.fields[index];
            match field.trim().parse() {
                Ok(value) => values.push(value),
                Err(_) => {
                    let message = format!(
                        "column `{column}` must be a whole number of 64 bits, not {}",
                        shown(field)
                    );
                    problems.add(row.line, message, None);
                }
            }
        }
        let fine = problems.list.is_empty();
        self.report(&csv, problems, path);
        fine.then_some(values)
    }

    /// The rows of a CSV file, split.
    fn table(&mut self, full: &PathBuf, span: Span, path: &str, wanted: &str) -> Option<Csv> {
        if let Some(known) = self.csv.get(full) {
            return known.clone();
        }
        let csv = match self.files.read(full, MAX_CSV, InputKind::Trace) {
            Ok(bytes) => self.split_table(full, bytes, span, path, wanted),
            Err(d) => {
                self.push(d.at(span, "named here").path(path));
                None
            }
        };
        self.csv.insert(full.clone(), csv.clone());
        csv
    }

    fn split_table(
        &mut self,
        full: &std::path::Path,
        bytes: Vec<u8>,
        span: Span,
        path: &str,
        wanted: &str,
    ) -> Option<Csv> {
        let name = visible(&full.display().to_string());
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let header = if self.header.is_empty() {
            wanted
        } else {
            &self.header
        };
        let example = format!("the first row names the columns, such as `{header}`");
        if text.trim().is_empty() {
            let d = Diagnostic::error(Code::TRACE, format!("{name} is empty"))
                .at(span, "named here")
                .help(example)
                .path(path);
            self.push(d);
            return None;
        }
        let mut problems = Problems {
            list: Vec::new(),
            more: 0,
        };
        let mut rows = split(text, &mut problems);
        let header = if rows.is_empty() {
            Vec::new()
        } else {
            rows.remove(0).fields
        };
        let number = |f: &String| Decimal::parse(f).is_ok();
        if !header.is_empty() && header.iter().all(number) {
            problems.add(
                1,
                "the first row is no header, but numbers".into(),
                Some(&example),
            );
        } else {
            check_lengths(text, &header, &rows, &mut problems);
        }
        let csv = Csv {
            name,
            header,
            rows: Arc::new(rows),
            text: text.into(),
        };
        let fine = problems.list.is_empty();
        self.report(&csv, problems, path);
        if fine && csv.rows.is_empty() {
            let message = format!("{} has a header and no rows: 0 requests", csv.name);
            let d = Diagnostic::error(Code::TRACE, message)
                .at(span, "named here")
                .help("give at least one row")
                .path(path);
            self.push(d);
            return None;
        }
        fine.then_some(csv)
    }

    fn numbers_of(
        &mut self,
        csv: &Csv,
        span: Span,
        path: &str,
        column: &str,
        unit: Unit,
    ) -> Option<Column> {
        let index = self.column_index(csv, span, path, column)?;
        let mut problems = Problems {
            list: Vec::new(),
            more: 0,
        };
        let mut values = Vec::with_capacity(csv.rows.len());
        for row in csv.rows.iter() {
            let field = &row.fields[index];
            match Decimal::parse(field).and_then(|d| unit.apply(d)) {
                Ok(value) => values.push(value),
                Err(e) => problems.add(row.line, refusal(column, field, e), None),
            }
        }
        let fine = problems.list.is_empty();
        self.report(csv, problems, path);
        fine.then(|| Arc::new(values))
    }

    /// Where a column stands.
    fn column_index(&mut self, csv: &Csv, span: Span, path: &str, column: &str) -> Option<usize> {
        let index = csv.header.iter().position(|h| h == column);
        if index.is_none() {
            let found: Vec<String> = csv.header.iter().map(|h| shown(h)).collect();
            let message = format!("{} has no column `{column}`", csv.name);
            let d = Diagnostic::error(Code::TRACE, message)
                .at(span, "named here")
                .help(format!("its columns are: {}", found.join(", ")))
                .path(path);
            self.push(d);
        }
        index
    }

    /// Reports a row of a CSV file.
    pub fn row_problem(&mut self, file: &str, row: usize, message: &str, help: &str, path: &str) {
        let full = tidy(&self.folder.join(file));
        let Some(Some(csv)) = self.csv.get(&full) else {
            return;
        };
        let csv = csv.clone();
        let line = csv.rows[row].line;
        let list = vec![(line, message.to_owned(), Some(help.to_owned()))];
        self.report(&csv, Problems { list, more: 0 }, path);
    }

    fn report(&mut self, csv: &Csv, problems: Problems, path: &str) {
        for (line, message, help) in problems.list {
            let message = format!("{} line {line}: {message}", csv.name);
            if self.found().iter().any(|d| d.message == message) {
                continue;
            }
            let text = csv
                .text
                .lines()
                .nth(line - 1)
                .unwrap_or_default()
                .to_owned();
            let end = text.len();
            let file = self.files.add(&csv.name, text, line);
            let span = Span {
                file,
                start: 0,
                end,
            };
            let mut d = Diagnostic::error(Code::TRACE, message)
                .at(span, "")
                .path(path);
            d.help = help;
            self.push(d);
        }
        if problems.more > 0 {
            let message = format!("{}: {} more rows cannot be used", csv.name, problems.more);
            self.push(Diagnostic::error(Code::TRACE, message).path(path));
        }
    }
}

/// Why a field is refused.
fn refusal(column: &str, field: &str, e: DecimalError) -> String {
    let text = shown(field);
    match e {
        DecimalError::NotANumber => format!("column `{column}`: {text} is no number"),
        DecimalError::NotFinite => format!("column `{column}`: {text} is not finite"),
        DecimalError::Negative => format!("column `{column}`: {text} is negative"),
        DecimalError::NotWhole => {
            format!("column `{column}`: {text} is no whole number of bytes")
        }
        DecimalError::TooLarge => {
            format!("column `{column}`: {text} is out of range: at most 2^62 nanoseconds or bytes")
        }
    }
}

fn check_lengths(text: &str, header: &[String], rows: &[Row], problems: &mut Problems) {
    let wanted = header.len();
    let cut = !text.ends_with(['\n', '\r']);
    for (index, row) in rows.iter().enumerate() {
        let found = row.fields.len();
        if found == wanted {
            continue;
        }
        let fields = if found == 1 { "field" } else { "fields" };
        let message = format!("{found} {fields} where {wanted} are wanted");
        let help = if found > wanted {
            Some("a decimal comma makes a field of its own: write decimals with a point")
        } else if cut && index + 1 == rows.len() {
            Some("the last line has no line end: the file may be cut off")
        } else {
            None
        };
        let junk = row
            .fields
            .iter()
            .any(|f| f.chars().any(|c| c.is_control() || c == '\u{fffd}'));
        let message = match junk {
            true => format!("{message}: {}", shown(&row.fields.join(","))),
            false => message,
        };
        problems.add(row.line, message, help);
    }
}

/// Splits a text into rows of fields; blank lines are left out and still counted.
fn split(text: &str, problems: &mut Problems) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut chars = text.chars().peekable();
    let mut line = 1;
    let (mut fields, mut field) = (Vec::new(), String::new());
    let (mut start, mut quote_line) = (1, None);
    while let Some(c) = chars.next() {
        if let Some(opened) = quote_line {
            match c {
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    field.push('"');
                }
                '"' => quote_line = None,
                c => {
                    line += usize::from(c == '\n');
                    field.push(c);
                }
            }
            if chars.peek().is_none() && quote_line.is_some() {
                problems.add(opened, "a quote is opened and never closed".into(), None);
                return rows;
            }
            continue;
        }
        match c {
            '"' if field.is_empty() => quote_line = Some(line),
            ',' => fields.push(std::mem::take(&mut field)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                end_row(&mut rows, start, &mut fields, &mut field);
                line += 1;
                start = line;
            }
            c => field.push(c),
        }
    }
    end_row(&mut rows, start, &mut fields, &mut field);
    rows
}

fn end_row(rows: &mut Vec<Row>, line: usize, fields: &mut Vec<String>, field: &mut String) {
    let blank = fields.is_empty() && field.trim().is_empty();
    let last = std::mem::take(field);
    if !blank {
        fields.push(last);
        let fields = fields.iter().map(|f| f.trim().to_owned()).collect();
        rows.push(Row { line, fields });
    }
    fields.clear();
}
