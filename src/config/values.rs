//! Readers of single values: strings, numbers, quantities, words, names, lists.

use crate::base::codes::Code;
use crate::base::units::{
    Fault, Nanos, UnitError, parse_byte_rate, parse_bytes, parse_money, parse_rate, parse_time,
    shown,
};

use super::decode::{Cx, Fields};
use super::diagnostic::Diagnostic;
use super::files::Span;
use super::keys;
use super::tree::{Node, Value};

impl Cx {
    /// A string.
    pub fn text(&mut self, node: &Node, path: &str) -> Option<String> {
        match node.text() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong_type(node, path, "a string");
                None
            }
        }
    }

    /// True or false.
    pub fn boolean(&mut self, node: &Node, path: &str) -> Option<bool> {
        match node.value {
            Value::Boolean(value) => Some(value),
            _ => {
                self.wrong_type(node, path, "true or false");
                None
            }
        }
    }

    /// A finite number.
    pub fn number(&mut self, node: &Node, path: &str) -> Option<f64> {
        match node.value {
            Value::Integer(Some(value), _) => Some(value as f64),
            Value::Float(value, _) if value.is_finite() => Some(value),
            Value::Integer(None, _) => {
                self.out_of_range(node, path, "a number that fits in 64 bits");
                None
            }
            _ => {
                self.wrong_type(node, path, "a number such as 0.5");
                None
            }
        }
    }

    /// A whole number, or what it is when left out.
    pub fn count_or(&mut self, fields: &Fields<'_>, key: &str, default: u32) -> Option<u32> {
        match fields.get(key) {
            Some(node) => self.count32(node, &fields.path(key), 0, u32::MAX - 1),
            None => Some(default),
        }
    }

    /// One of some words, if the key is there.
    pub fn word(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        words: &[&'static str],
    ) -> Option<&'static str> {
        let node = fields.get(key)?;
        self.choice(node, &fields.path(key), words, &[])
    }

    /// A time, or what it is when left out.
    pub fn time_or(&mut self, fields: &Fields<'_>, key: &str, default: Nanos) -> Option<Nanos> {
        match fields.get(key) {
            Some(node) => self.time(node, &fields.path(key)),
            None => Some(default),
        }
    }

    /// A number, or what it is when left out.
    pub fn number_or(&mut self, fields: &Fields<'_>, key: &str, default: f64) -> f64 {
        let given = fields.get(key);
        given
            .and_then(|node| self.number(node, &fields.path(key)))
            .unwrap_or(default)
    }

    /// A whole number between two bounds.
    pub fn count(&mut self, node: &Node, path: &str, min: u64, max: u64) -> Option<u64> {
        let allowed = format!("a whole number from {min} to {max}");
        match node.value {
            Value::Integer(Some(value), _) => {
                match u64::try_from(value)
                    .ok()
                    .filter(|v| (min..=max).contains(v))
                {
                    Some(value) => Some(value),
                    None => {
                        self.out_of_range(node, path, &allowed);
                        None
                    }
                }
            }
            Value::Integer(None, _) => {
                self.out_of_range(node, path, &allowed);
                None
            }
            Value::Float(value, _) if value.is_finite() => {
                self.out_of_range(node, path, &allowed);
                None
            }
            _ => {
                self.wrong_type(node, path, "a whole number such as 4");
                None
            }
        }
    }

    /// A whole number, also below zero.
    pub fn integer(&mut self, node: &Node, path: &str) -> Option<i64> {
        match node.value {
            Value::Integer(Some(value), _) if i64::try_from(value).is_ok() => {
                i64::try_from(value).ok()
            }
            Value::Integer(..) => {
                self.out_of_range(node, path, "a whole number of 64 bits");
                None
            }
            _ => {
                self.wrong_type(node, path, "a whole number such as 1");
                None
            }
        }
    }

    /// A 32-bit [`Cx::count`].
    pub fn count32(&mut self, node: &Node, path: &str, min: u32, max: u32) -> Option<u32> {
        let value = self.count(node, path, u64::from(min), u64::from(max))?;
        u32::try_from(value).ok()
    }

    /// A quantity in a string.
    fn quantity<T>(
        &mut self,
        node: &Node,
        path: &str,
        takes: &str,
        parse: fn(&str) -> Result<T, UnitError>,
    ) -> Option<T> {
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Integer(..) => node.to_toml(),
            Value::Float(value, _) if value.is_finite() => node.to_toml(),
            _ => {
                self.wrong_type(node, path, takes);
                return None;
            }
        };
        match parse(&text) {
            Ok(value) if node.text().is_some() => Some(value),
            Ok(_) => {
                self.wrong_type(node, path, takes);
                None
            }
            Err(e) => {
                let code = match e.fault {
                    Fault::Unit => Code::UNIT,
                    Fault::Number => Code::WRONG_TYPE,
                    Fault::Range => Code::OUT_OF_RANGE,
                };
                let d = Diagnostic::error(code, format!("`{path}`: {}", e.message))
                    .at(node.span, e.help)
                    .path(path);
                self.push(d);
                None
            }
        }
    }

    /// A time, nanoseconds.
    pub fn time(&mut self, node: &Node, path: &str) -> Option<u64> {
        self.quantity(node, path, "a time such as \"250ms\"", parse_time)
    }

    /// A size, bytes.
    pub fn bytes(&mut self, node: &Node, path: &str) -> Option<u64> {
        self.quantity(node, path, "a size such as \"4GiB\"", parse_bytes)
    }

    /// A rate, requests a second.
    pub fn rate(&mut self, node: &Node, path: &str) -> Option<f64> {
        self.quantity(node, path, "a rate such as \"40k/s\"", parse_rate)
    }

    /// Bytes a second.
    pub fn byte_rate(&mut self, node: &Node, path: &str) -> Option<f64> {
        self.quantity(
            node,
            path,
            "a size a second such as \"10MiB/s\"",
            parse_byte_rate,
        )
    }

    /// Money an hour.
    pub fn money(&mut self, node: &Node, path: &str) -> Option<f64> {
        self.quantity(node, path, "money such as \"0.4284/h\"", parse_money)
    }

    /// One of some words; `later` are those that this version does not know yet.
    pub fn choice(
        &mut self,
        node: &Node,
        path: &str,
        now: &[&'static str],
        later: &[&'static str],
    ) -> Option<&'static str> {
        let text = self.text(node, path)?;
        if let Some(found) = now.iter().find(|w| **w == text) {
            return Some(found);
        }
        if later.contains(&text.as_str()) {
            self.later(node.span, path, &format!("`{path} = \"{text}\"`"));
            return None;
        }
        let all = || now.iter().chain(later).copied();
        self.unknown_name(node.span, path, &text, &all().collect::<Vec<_>>());
        None
    }

    /// A name that does not exist.
    pub fn unknown_name(&mut self, span: Span, path: &str, name: &str, known: &[&str]) {
        let message = format!("`{path}`: there is no {}", shown(name));
        let hint = match keys::nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "unknown".into(),
        };
        let mut list = known.join(", ");
        if list.len() > 300 {
            list.truncate(list.char_indices().nth(300).map_or(list.len(), |c| c.0));
            list.push('…');
        }
        let mut d = Diagnostic::error(Code::UNKNOWN_NAME, message)
            .at(span, hint)
            .path(path);
        if !known.is_empty() {
            d = d.help(format!("there are: {list}"));
        }
        self.push(d);
    }

    /// A list.
    pub fn list<'t>(&mut self, node: &'t Node, path: &str, takes: &str) -> Option<&'t [Node]> {
        match node.array() {
            Some(list) => Some(list),
            None => {
                self.wrong_type(node, path, takes);
                None
            }
        }
    }

    /// A list of numbers.
    pub fn numbers(&mut self, node: &Node, path: &str) -> Option<Vec<f64>> {
        let list = self.list(node, path, "a list of numbers")?;
        let all: Vec<Option<f64>> = list.iter().map(|n| self.number(n, path)).collect();
        all.into_iter().collect()
    }

    /// A list of strings.
    pub fn texts<'t>(&mut self, node: &'t Node, path: &str) -> Option<Vec<(String, &'t Node)>> {
        let list = self.list(node, path, "a list of strings")?;
        let all: Vec<_> = list
            .iter()
            .map(|n| Some((self.text(n, path)?, n)))
            .collect();
        all.into_iter().collect()
    }

    /// A name that a user gives: `[a-z0-9_-]+`, at most 64 characters.
    pub fn name(&mut self, node: &Node, path: &str) -> Option<String> {
        let text = self.text(node, path)?;
        self.check_name(&text, node.span, path).then_some(text)
    }

    /// Whether a text is a name; reports if not.
    pub fn check_name(&mut self, text: &str, span: Span, path: &str) -> bool {
        let Some(problem) = crate::model::spec::name_problem(text) else {
            return true;
        };
        let path = if path.len() > 200 { "name" } else { path };
        let d = Diagnostic::error(Code::OUT_OF_RANGE, format!("{} {problem}", shown(text)))
            .at(span, "a name has 1 to 64 characters of a-z, 0-9, _ and -")
            .path(path);
        self.push(d);
        false
    }

    /// The same name twice in a list.
    pub fn duplicate(&mut self, what: &str, name: &str, first: Span, again: Span, path: &str) {
        let (a, b) = (self.files.position(first).0, self.files.position(again).0);
        let message = format!(
            "two {what} are called {}, in lines {a} and {b}",
            shown(name)
        );
        let d = Diagnostic::error(Code::DUPLICATE_NAME, message)
            .at(again, "again here")
            .at(first, "first here")
            .help("give one of them another name")
            .path(path);
        self.push(d);
    }

    /// Reports every name that stands twice.
    pub fn duplicates(&mut self, what: &str, names: &[(String, Span)], path: &str) {
        for (index, (name, span)) in names.iter().enumerate() {
            if let Some((_, first)) = names[..index].iter().find(|n| n.0 == *name) {
                self.duplicate(what, name, *first, *span, &format!("{path}.{name}"));
            }
        }
    }
}
