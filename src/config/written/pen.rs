//! What writes: the text so far, files beside it, and what could not be written exactly.

use super::Written;
use crate::base::units::{LONGEST, Nanos, print_bytes, print_money, print_rate, print_time};
use crate::config::tree::quoted;
use crate::model::spec::{Arrivals, FailureKind, Failures, SystemSpec};

/// The files of a model while they are written.
pub struct Pen<'s> {
    /// What is written.
    pub spec: &'s SystemSpec,
    written: Written,
    lists: usize,
}

impl<'s> Pen<'s> {
    /// Nothing written yet.
    pub fn new(spec: &'s SystemSpec) -> Pen<'s> {
        Pen {
            spec,
            written: Written::default(),
            lists: 0,
        }
    }

    /// All of it.
    pub fn finish(self) -> Written {
        self.written
    }

    /// `KEY = VALUE`
    pub fn line(&mut self, key: &str, value: &str) {
        self.written.text.push_str(&format!("{key} = {value}\n"));
    }

    /// Begins a table.
    pub fn header(&mut self, header: &str) {
        if !self.written.text.is_empty() {
            self.written.text.push('\n');
        }
        self.written.text.push_str(header);
        self.written.text.push('\n');
    }

    /// Something is not written exactly.
    pub fn inexact(&mut self, path: &str) {
        self.written.inexact.push(path.to_owned());
    }

    /// A file beside the model.
    pub fn file(&mut self, name: &str, text: String) {
        self.written.files.push((name.to_owned(), text));
    }

    /// The name of a file for one more list of values.
    pub fn name_of_list(&mut self) -> String {
        self.lists += 1;
        format!("values-{}.csv", self.lists)
    }

    /// The name of the file of a source's trace.
    pub fn name_of_trace(&self, source: &str) -> String {
        let traced = |a: &Arrivals| matches!(a, Arrivals::Trace(_));
        match self
            .spec
            .sources
            .iter()
            .filter(|s| traced(&s.arrivals))
            .count()
        {
            1 => "arrivals.csv".into(),
            _ => format!("arrivals-{source}.csv"),
        }
    }

    /// A time.
    pub fn time(&mut self, nanos: Nanos, path: &str) -> String {
        if nanos > LONGEST {
            self.inexact(path);
        }
        quoted(&print_time(nanos.min(LONGEST)).replace(' ', ""))
    }

    /// A time that is kept as a float.
    pub fn time_of(&mut self, nanos: f64, path: &str) -> String {
        let whole = self.whole(nanos, path);
        self.time(whole, path)
    }

    /// A size.
    pub fn bytes(&mut self, bytes: u64, path: &str) -> String {
        if bytes > LONGEST {
            self.inexact(path);
        }
        quoted(&print_bytes(bytes.min(LONGEST)).replace(' ', ""))
    }

    /// A size that is kept as a float.
    pub fn bytes_of(&mut self, bytes: f64, path: &str) -> String {
        let whole = self.whole(bytes, path);
        self.bytes(whole, path)
    }

    fn whole(&mut self, value: f64, path: &str) -> u64 {
        let whole = value.round() as u64;
        if whole as f64 != value {
            self.inexact(path);
        }
        whole
    }

    /// Requests a second.
    pub fn rate(&mut self, rate: f64) -> String {
        quoted(&print_rate(rate))
    }

    /// Bytes a second: a whole number of them, by the second, minute or hour.
    pub fn byte_rate(&mut self, rate: f64, path: &str) -> String {
        for (per, seconds) in [("s", 1.0), ("min", 60.0), ("h", 3600.0)] {
            let bytes = (rate * seconds).round();
            if bytes / seconds == rate && bytes <= LONGEST as f64 {
                let text = print_bytes(bytes as u64).replace(' ', "");
                return quoted(&format!("{text}/{per}"));
            }
        }
        self.inexact(path);
        quoted(&format!("{}B/s", rate.round() as u64))
    }

    /// Money an hour.
    pub fn money(&mut self, an_hour: f64) -> String {
        quoted(&print_money(an_hour))
    }

    /// `KEY = [..]` for kinds of failures, unless it is all of them.
    pub fn failures(&mut self, set: Failures, path: &str) -> Option<String> {
        if set == Failures::ALL {
            return None;
        }
        if set == Failures::NONE {
            self.inexact(path);
            return None;
        }
        let words = FailureKind::WORDS.iter().filter(|w| set.has(w.1));
        Some(list(words.map(|w| quoted(w.0))))
    }
}

/// A number with as many digits as it needs.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-5..1e15).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// `[a, b]`
pub fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// `{ a = 1, b = 2 }`
pub fn table(entries: &[(&str, String)]) -> String {
    let entries = entries
        .iter()
        .map(|(key, value)| format!("{key} = {value}"));
    format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
}
