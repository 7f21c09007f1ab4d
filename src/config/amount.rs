//! Amounts: what in a model can be made a little larger or smaller, and how the result is written.

use crate::base::math;
use crate::base::units::{
    parse_byte_rate, parse_bytes, parse_money, parse_rate, parse_time, print_bytes, print_money,
    print_rate,
};

use super::files::Span;
use super::tree::{Node, Origin, Value};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A whole number.
    Whole,
    /// A number.
    Real,
    /// The logarithm of an amount.
    Log,
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    ByteRate,
    /// Times a second.
    Rate,
    /// Money an hour.
    Money,
}

/// One amount, or several that move together.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    kind: Kind,
    values: Vec<f64>,
    /// Written as a list.
    list: bool,
}

const KIB: f64 = 1024.0;

impl Amount {
    /// Reads what stands at a key; `None` when it is no amount.
    pub fn read(node: &Node, key: &str) -> Option<Amount> {
        let Value::Array(items) = &node.value else {
            let (kind, value) = one(node, key)?;
            return Some(Amount {
                kind,
                values: vec![value],
                list: false,
            });
        };
        let all: Option<Vec<(Kind, f64)>> = items.iter().map(|n| one(n, key)).collect();
        let all = all?;
        let kinds = all.iter().map(|a| Some(a.0));
        let kind = kinds.reduce(|a, b| common(a?, b?))??;
        Some(Amount {
            kind,
            values: all.iter().map(|a| a.1).collect(),
            list: true,
        })
    }

    /// Whether a share of it is nothing.
    pub fn is_nothing(&self) -> bool {
        self.kind != Kind::Log && self.values.iter().all(|v| *v == 0.0)
    }

    /// Whether it may be a count, which only moves by whole steps.
    pub fn is_whole(&self) -> bool {
        self.kind == Kind::Whole
    }

    /// Larger by this share, or smaller where it is negative; a logarithm by that of the factor.
    pub fn times(&self, by: f64) -> Amount {
        let moved = |v: &f64| match self.kind {
            Kind::Log => v + math::ln_1p(by),
            _ => v * (1.0 + by),
        };
        let kind = match self.kind {
            Kind::Whole => Kind::Real,
            kind => kind,
        };
        self.with(kind, self.values.iter().map(moved).collect())
    }

    /// Larger or smaller by the whole number nearest to this share, and by one at least.
    pub fn stepped(&self, by: f64) -> Amount {
        let step = |v: &f64| (v.abs() * by.abs()).round().max(1.0);
        let moved = |v: &f64| v + step(v).copysign(by);
        self.with(self.kind, self.values.iter().map(moved).collect())
    }

    fn with(&self, kind: Kind, values: Vec<f64>) -> Amount {
        Amount {
            kind,
            values,
            list: self.list,
        }
    }

    /// Two ends of a range in the same kind; `None` when they are not alike.
    pub fn ends(low: Amount, high: Amount) -> Option<(Amount, Amount)> {
        let kind = common(low.kind, high.kind)?;
        let alike = low.values.len() == high.values.len() && low.list == high.list;
        alike.then(|| {
            (
                low.with(kind, low.values.clone()),
                high.with(kind, high.values.clone()),
            )
        })
    }

    /// Whether no value is above that of the other, and some are below.
    pub fn is_below(&self, other: &Amount) -> bool {
        let pairs = || self.values.iter().zip(&other.values);
        pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
    }

    /// Part of the way from this one (0) to another of its kind (1), and how far that really is
    /// once a count is rounded.
    pub fn toward(&self, other: &Amount, part: f64) -> (Amount, f64) {
        let pairs = self.values.iter().zip(&other.values);
        let between = pairs.map(|(a, b)| a + (b - a) * part);
        if self.kind != Kind::Whole {
            return (self.with(self.kind, between.collect()), part);
        }
        let values: Vec<f64> = between.map(f64::round).collect();
        let far = |of: &[f64]| -> f64 { of.iter().zip(&self.values).map(|(a, b)| a - b).sum() };
        let really = far(&values) / far(&other.values);
        (self.with(self.kind, values), really)
    }

    /// As a value at this place of the file.
    pub fn node(&self, span: Span) -> Node {
        let node = |value| Node {
            value,
            span,
            origin: Origin::Axis,
        };
        let mut all: Vec<Node> = self
            .values
            .iter()
            .map(|&v| node(write(self.kind, v)))
            .collect();
        match (self.list, all.pop()) {
            (false, Some(one)) => one,
            (_, last) => {
                all.extend(last);
                node(Value::Array(all))
            }
        }
    }
}

/// The kind of two numbers beside each other.
fn common(a: Kind, b: Kind) -> Option<Kind> {
    match (a, b) {
        (a, b) if a == b => Some(a),
        (Kind::Whole, Kind::Real) | (Kind::Real, Kind::Whole) => Some(Kind::Real),
        _ => None,
    }
}

fn one(node: &Node, key: &str) -> Option<(Kind, f64)> {
    match &node.value {
        Value::Integer(Some(value), _) if key == "mu" => Some((Kind::Log, *value as f64)),
        Value::Integer(Some(value), _) => Some((Kind::Whole, *value as f64)),
        Value::Float(value, _) if value.is_finite() => {
            let kind = if key == "mu" { Kind::Log } else { Kind::Real };
            Some((kind, *value))
        }
        Value::Text(text) if key == "price" => Some((Kind::Money, parse_money(text).ok()?)),
        Value::Text(text) => parse_time(text)
            .map(|v| (Kind::Time, v as f64))
            .or_else(|_| parse_bytes(text).map(|v| (Kind::Bytes, v as f64)))
            .or_else(|_| parse_byte_rate(text).map(|v| (Kind::ByteRate, v)))
            .or_else(|_| parse_rate(text).map(|v| (Kind::Rate, v)))
            .ok(),
        _ => None,
    }
}

fn write(kind: Kind, x: f64) -> Value {
    match kind {
        Kind::Whole => Value::Integer(Some(x.round() as i128), format!("{}", x.round())),
        Kind::Real | Kind::Log => Value::Float(short(x), format!("{:?}", short(x))),
        Kind::Time => Value::Text(time(x.max(0.0).round() as u64)),
        Kind::Bytes => Value::Text(print_bytes(bytes(x.max(0.0)))),
        Kind::ByteRate => Value::Text(format!("{}B/s", short(x))),
        Kind::Rate => Value::Text(print_rate(short(x))),
        Kind::Money => Value::Text(print_money(short(x))),
    }
}

/// Twelve digits: what rounding of the last bits adds is not to be read.
fn short(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

/// Whole KiB from a MiB on and whole MiB from a GiB on, so that sizes stay readable.
fn bytes(x: f64) -> u64 {
    let unit = match x {
        x if x >= KIB * KIB * KIB => KIB * KIB,
        x if x >= KIB * KIB => KIB,
        _ => 1.0,
    };
    ((x / unit).round() * unit) as u64
}

/// A time in the largest unit that it has one of, exactly: `3.3 ms`.
fn time(ns: u64) -> String {
    let units = [("s", 9), ("ms", 6), ("us", 3)];
    let fits = |&(_, digits): &(&str, usize)| ns >= 10_u64.pow(digits as u32);
    let Some((unit, digits)) = units.into_iter().find(fits) else {
        return format!("{ns} ns");
    };
    let factor = 10_u64.pow(digits as u32);
    let (whole, rest) = (ns / factor, ns % factor);
    if rest == 0 {
        return format!("{whole} {unit}");
    }
    let rest = format!("{rest:0digits$}");
    format!("{whole}.{} {unit}", rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span {
        file: 0,
        start: 0,
        end: 0,
    };

    fn text(t: &str) -> Node {
        Node {
            value: Value::Text(t.into()),
            span: SPAN,
            origin: Origin::File,
        }
    }

    fn whole(n: i128) -> Node {
        Node {
            value: Value::Integer(Some(n), n.to_string()),
            ..text("")
        }
    }

    #[test]
    fn amounts_move_by_a_share_in_their_own_unit() {
        for (key, value, down, up) in [
            ("timeout", "250ms", "225 ms", "275 ms"),
            ("mean", "3ms", "2.7 ms", "3.3 ms"),
            ("every", "1min", "54 s", "66 s"),
            ("dispatch", "1us", "900 ns", "1.1 us"),
            ("size", "2KiB", "1843 B", "2253 B"),
            ("ram", "64GiB", "58982 MiB", "72090 MiB"),
            ("rate", "10MiB/s", "9437184B/s", "11534336B/s"),
            ("rate", "37k/s", "33300/s", "40700/s"),
            ("price", "0.4284/h", "0.38556/h", "0.47124/h"),
        ] {
            let amount = Amount::read(&text(value), key).expect(value);
            let moved = |by| amount.times(by).node(SPAN).to_words();
            assert_eq!((moved(-0.1).as_str(), moved(0.1).as_str()), (down, up));
        }
        for word in ["p2c", "unbounded", "none", "2026-09", "events[14]"] {
            assert_eq!(Amount::read(&text(word), "policy"), None, "{word}");
        }
    }

    #[test]
    fn counts_move_by_a_step_at_least() {
        for (n, down, up) in [
            (25, "22", "28"),
            (4, "3", "5"),
            (128, "115", "141"),
            (0, "-1", "1"),
        ] {
            let amount = Amount::read(&whole(n), "count").unwrap();
            let moved = |by| amount.stepped(by).node(SPAN).to_words();
            assert_eq!((moved(-0.1).as_str(), moved(0.1).as_str()), (down, up));
        }
        let weight = Amount::read(&whole(3), "weight").unwrap();
        assert_eq!(weight.times(0.1).node(SPAN).to_words(), "3.3");
    }

    #[test]
    fn a_logarithm_moves_by_that_of_the_factor() {
        let mu = Amount::read(&whole(-5), "mu").unwrap();
        let Value::Float(up, _) = mu.times(0.1).node(SPAN).value else {
            panic!("a number stays one")
        };
        assert!((up - (-5.0 + 0.095_310_179_804_3)).abs() < 1e-9);
    }

    #[test]
    fn lists_move_as_one() {
        let list = |items: Vec<Node>| Node {
            value: Value::Array(items),
            ..text("")
        };
        let rates = list(vec![text("37k/s"), text("49k/s")]);
        let amount = Amount::read(&rates, "rates").unwrap();
        let up = amount.times(0.1).node(SPAN).to_toml();
        assert_eq!(up, "[\"40700/s\", \"53900/s\"]");
        let mixed = list(vec![text("37k/s"), text("3s")]);
        assert_eq!(Amount::read(&mixed, "rates"), None);
        assert_eq!(Amount::read(&list(Vec::new()), "rates"), None);
    }

    #[test]
    fn ranges_are_gone_through_from_end_to_end() {
        let read = |t: &str| Amount::read(&text(t), "mean").unwrap();
        let (low, high) = Amount::ends(read("2ms"), read("5ms")).unwrap();
        assert!(low.is_below(&high) && !high.is_below(&low) && !low.is_below(&low));
        let (at, far) = low.toward(&high, 1.0 / 3.0);
        assert_eq!(
            (at.node(SPAN).to_words().as_str(), far),
            ("3 ms", 1.0 / 3.0)
        );
        assert_eq!(Amount::ends(read("2ms"), read("5MB")), None);
        let count = |n| Amount::read(&whole(n), "count").unwrap();
        let (low, high) = Amount::ends(count(20), count(24)).unwrap();
        let (at, far) = low.toward(&high, 2.0 / 3.0);
        assert_eq!((at.node(SPAN).to_words().as_str(), far), ("23", 0.75));
    }
}
