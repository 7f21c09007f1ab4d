//! Quantities with units: virtual time in whole nanoseconds, bytes, rates, money. Each is read
//! exactly, never through a float where the meaning is a whole number, and printed so that
//! reading it again gives the same. Knows nothing of files.

mod decimal;

pub use decimal::{Decimal, DecimalError};

use std::fmt;

/// Virtual time or a length of it, whole nanoseconds.
pub type Nanos = u64;

/// Nanoseconds in a second.
pub const SECOND: Nanos = 1_000_000_000;

/// The longest time that can be written: 2^62 nanoseconds, 146 years.
pub const LONGEST: Nanos = 1 << 62;

/// The highest rate that can be written, requests a second.
pub const HIGHEST_RATE: f64 = 1e12;

/// Units of time with their nanoseconds.
pub const TIME_UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("min", 60 * SECOND),
    ("h", 3_600 * SECOND),
    ("d", 86_400 * SECOND),
];

/// Units of size with their bytes.
pub const BYTE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// What a rate may be per, with its seconds.
pub const RATE_UNITS: &[(&str, f64)] = &[("s", 1.0), ("min", 60.0), ("h", 3_600.0)];

/// Every kind of quantity, its units, and an example.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("time", "ns us ms s min h d", "250ms"),
    ("bytes", "B kB MB GB TB KiB MiB GiB TiB", "64GiB"),
    ("rate", "number, optional k or M, /s /min /h", "40k/s"),
    ("money", "number /h", "0.4284/h"),
];

/// What kind of mistake a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No unit, or not one of this kind.
    Unit,
    /// No number in front.
    Number,
    /// Negative, too large or too fine.
    Range,
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    /// What kind of mistake.
    pub fault: Fault,
    /// What was found, one line.
    pub message: String,
    /// What would be accepted.
    pub help: String,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.help)
    }
}

impl std::error::Error for UnitError {}

fn error(fault: Fault, message: impl Into<String>, help: impl Into<String>) -> UnitError {
    let (message, help) = (message.into(), help.into());
    UnitError {
        fault,
        message,
        help,
    }
}

/// A text in backquotes, control characters made visible, cut after 80 characters.
pub fn shown(text: &str) -> String {
    let mut out = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == 80 {
            out.push('…');
            break;
        }
        match c {
            '\u{fffd}' => out.push(c),
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out.push('`');
    out
}

/// Characters that print nothing or turn the direction of text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{ad}')
}

/// Number and unit of a text: `1.5 s` is (`1.5`, `s`).
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|&(i, c)| {
            let sign = (c == '+' || c == '-') && (i == 0 || text[..i].ends_with(['e', 'E']));
            let rest = &text[i + c.len_utf8()..];
            let exponent = (c == 'e' || c == 'E')
                && i > 0
                && rest
                    .trim_start_matches(['+', '-'])
                    .starts_with(|d: char| d.is_ascii_digit());
            !(c.is_ascii_digit() || c == '.' || sign || exponent)
        })
        .map_or(text.len(), |(i, _)| i);
    (&text[..end], text[end..].trim())
}

/// What a kind of whole quantity is called, its units, and how to help.
struct Whole {
    name: &'static str,
    units: &'static [(&'static str, u64)],
    finest: &'static str,
    limit: u64,
    limit_text: &'static str,
}

const TIME: Whole = Whole {
    name: "time",
    units: TIME_UNITS,
    finest: "whole nanoseconds",
    limit: LONGEST,
    limit_text: "2^62 ns (146 years)",
};

const BYTES: Whole = Whole {
    name: "size",
    units: BYTE_UNITS,
    finest: "whole bytes",
    limit: 1 << 62,
    limit_text: "2^62 B (4 EiB)",
};

impl Whole {
    fn list(&self) -> String {
        let names: Vec<&str> = self.units.iter().map(|u| u.0).collect();
        format!("units are {}", names.join(", "))
    }

    /// A bare number with the units that are likely meant.
    fn likely(&self, number: &str) -> String {
        match self.name {
            "time" => format!("write \"{number}ms\" or \"{number}s\""),
            _ => format!("write \"{number}MiB\" or \"{number}GiB\""),
        }
    }

    fn unit(&self, number: &str, unit: &str) -> Result<u64, UnitError> {
        if let Some(found) = self.units.iter().find(|u| u.0 == unit) {
            return Ok(found.1);
        }
        if unit.is_empty() {
            let message = format!("a {} needs a unit", self.name);
            return Err(error(Fault::Unit, message, self.likely(number)));
        }
        let letter = unit.strip_suffix(['b', 'B']).unwrap_or(unit);
        let of_bytes = matches!(letter, "k" | "K" | "m" | "M" | "g" | "G" | "t" | "T");
        if self.name == "size" && of_bytes {
            let big = letter.to_uppercase();
            let ten = if big == "K" { "k" } else { &big };
            let message = format!("the unit {} is ambiguous", shown(unit));
            let help = format!("write \"{number}{ten}B\" (1000s) or \"{number}{big}iB\" (1024s)");
            return Err(error(Fault::Unit, message, help));
        }
        let near = |u: &&(&str, u64)| u.0.eq_ignore_ascii_case(unit);
        let help = match (self.name, unit) {
            ("time", "µs" | "μs") => format!("write \"{number}us\""),
            ("time", "sec" | "secs" | "second" | "seconds") => format!("write \"{number}s\""),
            ("time", "m" | "M") => format!("write \"{number}min\" or \"{number}ms\""),
            ("time", "minute" | "minutes" | "mins") => format!("write \"{number}min\""),
            _ => match self.units.iter().find(near) {
                Some(found) => format!("write \"{number}{}\"", found.0),
                None => self.list(),
            },
        };
        let message = format!("{} is no unit of {}", shown(unit), self.name);
        Err(error(Fault::Unit, message, help))
    }

    fn parse(&self, text: &str) -> Result<u64, UnitError> {
        let (number, unit) = split(text);
        if number.is_empty() {
            let message = format!("{} is no {}", shown(text), self.name);
            let help = format!("write a number and a unit; {}", self.list());
            return Err(error(Fault::Number, message, help));
        }
        let factor = self.unit(number, unit)?;
        let value = Decimal::parse(number).map_err(|e| number_error(number, e))?;
        if value.is_negative() {
            let message = format!("{} is negative", shown(text));
            let help = format!("a {} is 0 or more", self.name);
            return Err(error(Fault::Range, message, help));
        }
        let out_of = || {
            let message = format!("{} is out of range", shown(text));
            let help = format!("a {} is at most {}", self.name, self.limit_text);
            error(Fault::Range, message, help)
        };
        match value.times(factor) {
            Ok(whole) if whole <= self.limit => Ok(whole),
            Ok(_) | Err(DecimalError::TooLarge) => Err(out_of()),
            Err(_) => {
                let message = format!("{} is no whole number", shown(text));
                let help = format!("a {} is kept in {}", self.name, self.finest);
                Err(error(Fault::Range, message, help))
            }
        }
    }
}

fn number_error(number: &str, e: DecimalError) -> UnitError {
    match e {
        DecimalError::TooLarge => error(
            Fault::Range,
            format!("{} is out of range", shown(number)),
            "too many digits",
        ),
        _ => error(
            Fault::Number,
            format!("{} is no number", shown(number)),
            "write digits with at most one point, such as 1.5",
        ),
    }
}

/// Reads a time with its unit: `250ms`, `1.5 s`.
///
/// # Errors
/// No unit, no number, negative, finer than a nanosecond or beyond [`LONGEST`].
pub fn parse_time(text: &str) -> Result<Nanos, UnitError> {
    TIME.parse(text)
}

/// Reads a size with its unit: `64GiB`.
///
/// # Errors
/// No unit, no number, negative, no whole number of bytes, or too large.
pub fn parse_bytes(text: &str) -> Result<u64, UnitError> {
    BYTES.parse(text)
}

/// Nanoseconds in a unit of time by its name.
pub fn time_unit(name: &str) -> Option<u64> {
    TIME_UNITS.iter().find(|u| u.0 == name).map(|u| u.1)
}

/// Bytes in a unit of size by its name.
pub fn byte_unit(name: &str) -> Option<u64> {
    BYTE_UNITS.iter().find(|u| u.0 == name).map(|u| u.1)
}

/// Reads bytes a second: `10MiB/s`, `1GiB/h`.
///
/// # Errors
/// See [`UnitError`].
pub fn parse_byte_rate(text: &str) -> Result<f64, UnitError> {
    let (bytes, per) = text.split_once('/').unwrap_or((text, ""));
    let seconds = match per.trim() {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => {
            let help = "write a size a time, such as \"10MiB/s\" (/s, /min, /h)";
            let message = format!("{} is no size a second", shown(text));
            return Err(error(Fault::Unit, message, help));
        }
    };
    Ok(BYTES.parse(bytes.trim())? as f64 / seconds)
}

/// Reads a rate, requests a second: `40k/s`, `120/min`.
///
/// # Errors
/// No `/s`, no number, negative, or above [`HIGHEST_RATE`].
pub fn parse_rate(text: &str) -> Result<f64, UnitError> {
    let (number, rest) = split(text);
    if number.is_empty() {
        let help = "write a number and what it is per, such as \"40k/s\"";
        return Err(error(
            Fault::Number,
            format!("{} is no rate", shown(text)),
            help,
        ));
    }
    let (scale, per) = match rest.split_once('/') {
        Some((scale, per)) => (scale.trim(), per.trim()),
        None => {
            let help = format!("write \"{number}{rest}/s\" or \"{number}{rest}/min\"");
            return Err(error(
                Fault::Unit,
                format!("the rate {} needs a unit", shown(text)),
                help,
            ));
        }
    };
    let scale = match scale {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        other => {
            let message = format!("{} is no multiple of a rate", shown(other));
            return Err(error(Fault::Unit, message, "write k (1000) or M (1000000)"));
        }
    };
    let Some((_, seconds)) = RATE_UNITS.iter().find(|u| u.0 == per) else {
        let message = format!("{} is no unit of rate", shown(&format!("/{per}")));
        return Err(error(Fault::Unit, message, "units are /s, /min, /h"));
    };
    let value = float(number)? * scale / seconds;
    in_range(text, value, HIGHEST_RATE, "a rate is at most 1e12/s")
}

/// Reads money an hour: `0.4284/h`.
///
/// # Errors
/// No `/h`, no number, or negative.
pub fn parse_money(text: &str) -> Result<f64, UnitError> {
    let (number, rest) = split(text);
    if number.is_empty() {
        let message = format!("{} is no price", shown(text));
        return Err(error(
            Fault::Number,
            message,
            "write it as \"0.4284/h\", without currency",
        ));
    }
    if rest.replace(' ', "") != "/h" {
        let message = format!("the price {} is not per hour", shown(text));
        return Err(error(Fault::Unit, message, format!("write \"{number}/h\"")));
    }
    in_range(text, float(number)?, 1e12, "a price is at most 1e12/h")
}

fn float(number: &str) -> Result<f64, UnitError> {
    Decimal::parse(number).map_err(|e| number_error(number, e))?;
    number
        .parse()
        .map_err(|_| number_error(number, DecimalError::NotANumber))
}

fn in_range(text: &str, value: f64, most: f64, help: &str) -> Result<f64, UnitError> {
    if value < 0.0 {
        let message = format!("{} is negative", shown(text));
        return Err(error(Fault::Range, message, "write 0 or more"));
    }
    if value > most {
        let message = format!("{} is out of range", shown(text));
        return Err(error(Fault::Range, message, help));
    }
    Ok(value)
}

/// Writes a time as a whole number of the largest unit that is exact (minutes from 2 on).
pub fn print_time(ns: Nanos) -> String {
    let fits = |u: &&(&str, u64)| {
        let least = if u.0 == "min" { 2 * u.1 } else { u.1 };
        ns >= least && ns.is_multiple_of(u.1)
    };
    match TIME_UNITS.iter().rev().find(fits) {
        Some((name, factor)) => format!("{} {name}", ns / factor),
        None => "0 s".into(),
    }
}

/// Writes a size as a whole number of the largest unit that is exact, of 1024s if one is.
pub fn print_bytes(bytes: u64) -> String {
    let fits = |u: &&(&str, u64)| bytes >= u.1 && bytes.is_multiple_of(u.1);
    let binary = BYTE_UNITS[5..].iter().rev().find(fits);
    match binary.or_else(|| BYTE_UNITS[..5].iter().rev().find(fits)) {
        Some((name, factor)) => format!("{} {name}", bytes / factor),
        None => "0 B".into(),
    }
}

/// Writes a rate.
pub fn print_rate(per_second: f64) -> String {
    format!("{per_second}/s")
}

/// Writes money an hour.
pub fn print_money(per_hour: f64) -> String {
    format!("{per_hour}/h")
}

#[cfg(test)]
mod tests;
