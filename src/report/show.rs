//! Numbers for people: few digits, a unit, and the interval beside them.

use crate::experiment::results::{Bound, Estimate};
use crate::model::metric::Unit;

/// A value with its unit, three digits.
pub fn value(unit: Unit, currency: &str, x: f64) -> String {
    match unit {
        Unit::Seconds => {
            let (scale, name) = time_scale(x);
            format!("{} {name}", digits(x * scale, 3))
        }
        Unit::PerSecond => format!("{}/s", short(x)),
        Unit::Share => share(x),
        Unit::Count => count(x),
        Unit::Bytes => bytes(x),
        Unit::Money => money(currency, x),
    }
}

/// A value with its unit, or the bound that is all that is known of it: `>= 212 ms`, `< 3e-7`.
pub fn estimate(unit: Unit, currency: &str, e: &Estimate) -> String {
    match (e.bound, e.low, e.high) {
        (Some(Bound::AtLeast), Some(low), _) => format!(">= {}", value(unit, currency, low)),
        (Some(Bound::AtMost), _, Some(high)) => format!("< {}", value(unit, currency, high)),
        _ => value(unit, currency, e.mean),
    }
}

/// The interval about a value in the value's own unit, without repeating it: `± 27`; empty where
/// there is none, where the value is exact, and where a bound is all there is.
pub fn about(unit: Unit, currency: &str, e: &Estimate) -> String {
    let (Some(low), Some(high), None) = (e.low, e.high, e.bound) else {
        return String::new();
    };
    let half = (high - e.mean).max(e.mean - low);
    if half <= e.mean.abs() * 1e-12 {
        return String::new();
    }
    if unit == Unit::Share {
        return about_share(e.mean, half);
    }
    match unit {
        Unit::Seconds => plus_minus(e.mean, half, time_scale(e.mean).0, ""),
        Unit::Money => format!("± {}", money(currency, half)),
        Unit::Bytes => format!("± {}", bytes(half)),
        _ if e.mean >= 1e6 => plus_minus(e.mean, half, 1e-6, "M"),
        _ if e.mean >= 1e4 && unit == Unit::PerSecond => plus_minus(e.mean, half, 1e-3, "k"),
        _ => plus_minus(e.mean, half, 1.0, ""),
    }
}

/// Half an interval with two digits, but no finer than one place beyond those of the value; never
/// rounded away.
fn plus_minus(mean: f64, half: f64, scale: f64, suffix: &str) -> String {
    let value = digits(mean * scale, 3);
    let places = value
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len())
        + 1;
    let two = digits(half * scale, 2);
    if two
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len())
        <= places
    {
        return format!("± {two}{suffix}");
    }
    let least = 1.0 / (0..places).fold(1.0, |p, _| p * 10.0);
    format!("± {:.places$}{suffix}", (half * scale).max(least))
}

fn about_share(mean: f64, half: f64) -> String {
    if 1.0 - mean < PERCENT_FROM && half < PERCENT_FROM {
        // As many nines as the value has need as fine an interval; in percent, as the value.
        format!("± {}", scientific(half * 100.0))
    } else if mean >= PERCENT_FROM {
        plus_minus(mean, half, 100.0, "")
    } else {
        format!("± {}", scientific(half))
    }
}

/// Shares from here on are percents; below they are powers of ten.
const PERCENT_FROM: f64 = 1e-3;

/// A share: percent, or a power of ten when small; near 1 as many nines as it takes.
pub fn share(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    if x < PERCENT_FROM {
        return scientific(x);
    }
    let missing = 1.0 - x;
    if missing <= 0.0 || missing >= 1e-3 {
        return format!("{} %", digits(x * 100.0, 3));
    }
    let nines = (2..12)
        .find(|&d| missing * 100.0 * ten(d) >= 1.0)
        .unwrap_or(12);
    // Cut, not rounded: what is not all must not read 100 %.
    let cut = (x * 100.0 * ten(nines)).floor() / ten(nines);
    format!("{cut:.*} %", usize::from(nines))
}

/// A whole number with separators up to a million, then millions.
pub fn count(x: f64) -> String {
    if x >= 1e6 {
        return format!("{}M", digits(x / 1e6, 3));
    }
    if x >= 100.0 || x.fract() == 0.0 {
        return grouped(x.round() as u64);
    }
    digits(x, 3)
}

/// Money with the sign of dollars, or its currency behind it; cents below 100.
pub fn money(currency: &str, x: f64) -> String {
    let amount = if x >= 100.0 {
        grouped(x.round() as u64)
    } else {
        format!("{x:.2}")
    };
    match currency {
        "USD" => format!("${amount}"),
        other => format!("{amount} {other}"),
    }
}

fn bytes(x: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut x = x;
    let mut place = 0;
    while x >= 1024.0 && place + 1 < units.len() {
        x /= 1024.0;
        place += 1;
    }
    format!("{} {}", digits(x, 3), units[place])
}

fn short(x: f64) -> String {
    if x >= 1e6 {
        format!("{}M", digits(x / 1e6, 3))
    } else if x >= 1e4 {
        format!("{}k", digits(x / 1e3, 3))
    } else {
        count(x)
    }
}

fn time_scale(x: f64) -> (f64, &'static str) {
    match x {
        _ if x >= 1.0 => (1.0, "s"),
        _ if x >= 1e-3 => (1e3, "ms"),
        _ if x >= 1e-6 => (1e6, "us"),
        _ if x > 0.0 => (1e9, "ns"),
        _ => (1e3, "ms"),
    }
}

/// So many significant digits, never in powers of ten; whole digits are never dropped.
pub fn digits(x: f64, significant: u8) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let mut decimals = significant.saturating_sub(1);
    let mut magnitude = x.abs();
    while magnitude >= 9.999 && decimals > 0 {
        magnitude /= 10.0;
        decimals -= 1;
    }
    while magnitude < 0.9995 && decimals < 12 {
        magnitude *= 10.0;
        decimals += 1;
    }
    format!("{x:.*}", usize::from(decimals))
}

/// Two significant digits and a power of ten: `1.3e-6`.
fn scientific(x: f64) -> String {
    format!("{x:.1e}").replace(".0e", "e")
}

fn ten(power: u8) -> f64 {
    (0..power).fold(1.0, |p, _| p * 10.0)
}

/// A whole number with separators between thousands.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::results::Method;

    #[test]
    fn values_have_three_digits_and_a_unit() {
        for (unit, x, text) in [
            (Unit::Seconds, 0.2604, "260 ms"),
            (Unit::Seconds, 0.003806, "3.81 ms"),
            (Unit::Seconds, 0.0, "0 ms"),
            (Unit::Seconds, 12.0, "12.0 s"),
            (Unit::Seconds, 5e-7, "500 ns"),
            (Unit::PerSecond, 40_297.0, "40.3k/s"),
            (Unit::PerSecond, 733.4, "733/s"),
            (Unit::Share, 0.33, "33.0 %"),
            (Unit::Share, 1.0, "100 %"),
            (Unit::Share, 0.9999996, "99.99996 %"),
            (Unit::Share, 0.99999999999999, "99.999999999999 %"),
            (Unit::Share, 4.3e-7, "4.3e-7"),
            (Unit::Share, 0.0, "0"),
            (Unit::Count, 59_940.0, "59,940"),
            (Unit::Count, 957_204.2, "957,204"),
            (Unit::Count, 2.1e6, "2.10M"),
            (Unit::Count, 2.06, "2.06"),
            (Unit::Count, 18.0, "18"),
            (Unit::Money, 7784.7, "$7,785"),
            (Unit::Money, 10.664, "$10.66"),
            (Unit::Bytes, 9.1e9, "8.48 GiB"),
        ] {
            assert_eq!(value(unit, "USD", x), text);
        }
        assert_eq!(money("EUR", 1234.0), "1,234 EUR");
    }

    #[test]
    fn intervals_are_in_the_unit_of_the_value() {
        let e = |mean, low, high| Estimate {
            mean,
            low: Some(low),
            high: Some(high),
            n: 10,
            method: Method::Jackknife,
            bound: None,
        };
        for (unit, estimate, text) in [
            (Unit::Seconds, e(0.260, 0.233, 0.287), "± 27"),
            (Unit::Seconds, e(0.0038, 0.00375, 0.00385), "± 0.050"),
            (Unit::Share, e(0.33, 0.30, 0.36), "± 3.0"),
            (Unit::Share, e(4e-7, 0.0, 9e-7), "± 5e-7"),
            (Unit::Share, e(0.694, 0.6939, 0.6941), "± 0.01"),
            (
                Unit::Share,
                e(0.999_999_8, 0.999_999_65, 0.999_999_95),
                "± 1.5e-5",
            ),
            (Unit::Share, e(0.694, 0.69399, 0.69401), "± 0.01"),
            (Unit::PerSecond, e(40_297.0, 39_800.0, 40_794.0), "± 0.50k"),
            (Unit::Money, e(10.0, 10.0, 10.0), ""),
        ] {
            assert_eq!(about(unit, "USD", &estimate), text);
        }
        let none = Estimate {
            mean: 1.0,
            low: None,
            high: None,
            n: 1,
            method: Method::Jackknife,
            bound: None,
        };
        assert_eq!(about(Unit::Seconds, "USD", &none), "");
    }

    #[test]
    fn what_is_only_a_bound_says_so() {
        let e = |mean, low, high, bound| Estimate {
            mean,
            low,
            high,
            n: 10,
            method: Method::NoneSeen,
            bound: Some(bound),
        };
        let (least, most) = (Bound::AtLeast, Bound::AtMost);
        for (unit, bounded, text) in [
            (
                Unit::Share,
                e(0.0, Some(0.0), Some(1.25e-6), most),
                "< 1.3e-6",
            ),
            (
                Unit::Share,
                e(1.0, Some(0.999_997), Some(1.0), least),
                ">= 99.9997 %",
            ),
            (
                Unit::Seconds,
                e(0.2123, Some(0.2123), None, least),
                ">= 212 ms",
            ),
        ] {
            assert_eq!(estimate(unit, "USD", &bounded), text);
            assert_eq!(about(unit, "USD", &bounded), "");
        }
    }
}
