//! Numbers in files: the shortest decimals that read back the same, never NaN.

use serde_json::{Number, Value};

/// Whole numbers up to here are written without a point; an `f64` holds each of them.
const WHOLE: f64 = 9e15;

/// A number for JSON; null when it is none.
pub fn json(value: Option<f64>) -> Value {
    let Some(value) = value.filter(|v| v.is_finite()) else {
        return Value::Null;
    };
    if value.fract() == 0.0 && value.abs() < WHOLE {
        return Value::Number(Number::from(value as i64));
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// A number for CSV; empty when it is none.
pub fn csv(value: Option<f64>) -> String {
    match json(value) {
        Value::Null => String::new(),
        number => number.to_string(),
    }
}

/// Nanoseconds as seconds, exactly.
pub fn seconds(ns: u64) -> String {
    let (whole, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{rest:09}").trim_end_matches('0'))
}

/// Six significant digits, without an exponent.
pub fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let mut digits = 5;
    let mut scale = value.abs();
    while scale >= 10.0 && digits > 0 {
        scale /= 10.0;
        digits -= 1;
    }
    while scale < 1.0 {
        scale *= 10.0;
        digits += 1;
    }
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_that_reads_back() {
        for (value, text) in [
            (0.1, "0.1"),
            (-0.0, "0"),
            (25.0, "25"),
            (1e15, "1000000000000000"),
            (4.3e-7, "4.3e-7"),
            (40_297.25, "40297.25"),
            (1e300, "1e+300"),
            (f64::NAN, ""),
            (f64::INFINITY, ""),
        ] {
            assert_eq!(csv(Some(value)), text);
            if !text.is_empty() {
                assert_eq!(text.parse::<f64>().unwrap(), value);
            }
        }
        assert_eq!(csv(None), "");
        assert_eq!(json(Some(f64::NAN)), Value::Null);
    }

    #[test]
    fn six_digits_are_enough_to_compare() {
        for (value, text) in [
            (0.0, "0"),
            (1.386_294_361_12, "1.38629"),
            (-22.5, "-22.5000"),
            (0.000_163_77, "0.000163770"),
            (1_234_567.8, "1234568"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn seconds_are_exact() {
        for (ns, text) in [
            (0, "0"),
            (5_000_000_000, "5"),
            (1, "0.000000001"),
            (1_500_000_000, "1.5"),
            (u64::MAX, "18446744073.709551615"),
        ] {
            assert_eq!(seconds(ns), text);
        }
    }
}
