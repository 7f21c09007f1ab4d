//! Numbers with their units as people write them: `20 ms`, `40k/s`, `$4,215/month`.
//!
//! For single values, with the three digits that tell something; the marks of an axis, which have
//! to look alike, are next door.

use super::math::{log10, pow10};

/// What a number counts, and with it how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Durations, in seconds.
    Seconds,
    /// Rates, per second.
    PerSecond,
    /// Shares, 0 to 1, written in per cent.
    Share,
    /// An amount of money.
    Money {
        /// ISO code, e.g. `USD`.
        currency: String,
    },
    /// Money per hour.
    MoneyPerHour {
        /// ISO code, e.g. `USD`.
        currency: String,
    },
    /// Money per month.
    MoneyPerMonth {
        /// ISO code, e.g. `USD`.
        currency: String,
    },
    /// Sizes, in bytes.
    Bytes,
    /// Things counted.
    Count,
    /// Any other unit, written after the number; may be empty.
    Plain(String),
}

pub(super) const SECONDS: &[(f64, &str)] = &[
    (1e-9, "ns"),
    (1e-6, "µs"),
    (1e-3, "ms"),
    (1.0, "s"),
    (60.0, "min"),
    (3600.0, "h"),
];
pub(super) const BYTES: &[(f64, &str)] = &[
    (1.0, "B"),
    (1024.0, "KiB"),
    (1_048_576.0, "MiB"),
    (1_073_741_824.0, "GiB"),
    (1_099_511_627_776.0, "TiB"),
    (1_125_899_906_842_624.0, "PiB"),
];
pub(super) const THOUSANDS: &[(f64, &str)] =
    &[(1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"), (1e12, "T")];

/// From here on rates and counts on axes are written in thousands.
pub(super) const TEN_THOUSAND: f64 = 9_999.0;

/// Below this a share is written as a power of ten.
pub(super) const TINY_SHARE: f64 = 1e-6;

impl Unit {
    /// One value, rounded to what a reader takes in.
    pub fn text(&self, value: f64) -> String {
        match value {
            _ if value.is_nan() => "–".to_owned(),
            _ if value.is_infinite() && value > 0.0 => "∞".to_owned(),
            _ if value < 0.0 => format!("-{}", self.text(-value)),
            _ => self.positive(value),
        }
    }

    fn positive(&self, value: f64) -> String {
        match self {
            Self::Seconds => scaled(value, SECONDS, seconds_rung(value), 3, " "),
            Self::Bytes => scaled(value, BYTES, rung(value, BYTES), 3, " "),
            Self::PerSecond if value < TEN_THOUSAND => {
                format!("{}/s", grouped(&significant(value, 3)))
            }
            Self::PerSecond => format!("{}/s", compact(value, 3)),
            Self::Share => share(value),
            Self::Count if value < 1e6 && value.fract() == 0.0 => grouped(&format!("{value:.0}")),
            Self::Count if value < 1e6 => grouped(&significant(value, 3)),
            Self::Count => compact(value, 3),
            Self::Money { currency } => money(value, currency),
            Self::MoneyPerHour { currency } => format!("{}/h", money(value, currency)),
            Self::MoneyPerMonth { currency } => format!("{}/month", money(value, currency)),
            Self::Plain(unit) => after(&grouped(&significant(value, 3)), unit),
        }
    }

    /// One value where there is hardly room for it: two digits.
    pub fn short(&self, value: f64) -> String {
        match self {
            Self::Share if value > 0.0 && value < 1e-5 => format!("{value:.0e}"),
            Self::Share if (1e-5..0.99).contains(&value) => {
                format!("{} %", significant(value * 100.0, 2))
            }
            Self::Seconds if value >= 0.0 => scaled(value, SECONDS, seconds_rung(value), 2, " "),
            Self::Bytes if value >= 0.0 => scaled(value, BYTES, rung(value, BYTES), 2, " "),
            Self::PerSecond if value >= 1e3 => format!("{}/s", compact(value, 2)),
            Self::Count | Self::Plain(_) if value >= 1e3 => compact(value, 2),
            Self::Money { currency }
            | Self::MoneyPerHour { currency }
            | Self::MoneyPerMonth { currency }
                if value >= 1e3 =>
            {
                with_symbol(&compact(value, 2), currency)
            }
            Self::MoneyPerHour { currency } | Self::MoneyPerMonth { currency } if value >= 0.0 => {
                money(value, currency)
            }
            _ => self.text(value),
        }
    }

    /// The currency, of units that are money.
    pub(super) fn currency(&self) -> Option<&str> {
        match self {
            Self::Money { currency }
            | Self::MoneyPerHour { currency }
            | Self::MoneyPerMonth { currency } => Some(currency),
            _ => None,
        }
    }

    /// What the marks of an axis leave out and its label has to say.
    pub(super) fn per(&self) -> Option<&'static str> {
        match self {
            Self::MoneyPerHour { .. } => Some("per hour"),
            Self::MoneyPerMonth { .. } => Some("per month"),
            _ => None,
        }
    }
}

/// The largest rung that leaves at least 1 before the unit, after rounding to three digits.
pub(super) fn rung(value: f64, ladder: &[(f64, &str)]) -> usize {
    let reached = ladder.iter().rposition(|(size, _)| value >= size * 0.9995);
    reached.unwrap_or(0)
}

/// Seconds turn into minutes only from two minutes on, and into hours from two hours on.
pub(super) fn seconds_rung(value: f64) -> usize {
    match rung(value, SECONDS) {
        4 if value < 120.0 => 3,
        5 if value < 7200.0 => 4,
        rung => rung,
    }
}

pub(super) fn scaled(
    value: f64,
    ladder: &[(f64, &str)],
    rung: usize,
    digits: i32,
    gap: &str,
) -> String {
    let (size, unit) = ladder[rung];
    format!("{}{gap}{unit}", grouped(&significant(value / size, digits)))
}

fn compact(value: f64, digits: i32) -> String {
    scaled(value, THOUSANDS, rung(value, THOUSANDS), digits, "")
}

/// The number with so many digits that tell something, without trailing zeros; never with an
/// exponent unless it is below a billionth or beyond all counting.
pub(super) fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let size = log10(value).floor() as i32;
    if !(-9..16).contains(&size) {
        return format!("{value:.1e}");
    }
    let decimals = (digits - 1 - size).max(0) as usize;
    trimmed(&format!("{value:.decimals$}")).to_owned()
}

fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

/// Commas between groups of three digits before the point.
pub(super) fn grouped(number: &str) -> String {
    let whole = number
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(number.len());
    let mut text = String::with_capacity(number.len() + whole / 3);
    for (place, digit) in number[..whole].chars().enumerate() {
        if place > 0 && (whole - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + &number[whole..]
}

/// A share in per cent. Near the whole it keeps the first digit that isn't a nine, so that
/// 99.9999 % is never shown as 100 %.
fn share(value: f64) -> String {
    let percent = value * 100.0;
    if value > 0.0 && value < TINY_SHARE * 0.9995 {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    if value <= 0.99 || value >= 1.0 {
        return format!("{} %", significant(percent, 3));
    }
    let decimals = (-log10(1.0 - value)).ceil() - 2.0 + 1.0;
    if decimals > 6.0 {
        return "> 99.9999 %".to_owned();
    }
    // Cut, not rounded: rounding up could reach the whole.
    let scale = pow10(decimals.max(1.0));
    let cut = (percent * scale + 1e-6).floor() / scale;
    format!(
        "{} %",
        trimmed(&format!("{cut:.*}", decimals.max(1.0) as usize))
    )
}

fn money(value: f64, currency: &str) -> String {
    let amount = match value {
        _ if value >= 1e6 => compact(value, 3),
        _ if value >= 100.0 || value == 0.0 => grouped(&format!("{value:.0}")),
        _ if value >= 1.0 => format!("{value:.2}"),
        _ => significant(value, 3),
    };
    with_symbol(&amount, currency)
}

pub(super) fn with_symbol(amount: &str, currency: &str) -> String {
    match currency {
        "USD" => format!("${amount}"),
        "EUR" => format!("€{amount}"),
        "GBP" => format!("£{amount}"),
        "JPY" => format!("¥{amount}"),
        "" => amount.to_owned(),
        code => format!("{code} {amount}"),
    }
}

pub(super) fn after(number: &str, unit: &str) -> String {
    if unit.is_empty() {
        number.to_owned()
    } else {
        format!("{number} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd() -> String {
        "USD".to_owned()
    }

    #[test]
    fn values_read_as_people_write_them() {
        let plain = Unit::Plain("events".to_owned());
        let cases = [
            (Unit::Seconds, 0.0038, "3.8 ms"),
            (Unit::Seconds, 0.768, "768 ms"),
            (Unit::Seconds, 0.9999, "1 s"),
            (Unit::Seconds, 90.0, "90 s"),
            (Unit::Seconds, 150.0, "2.5 min"),
            (Unit::Seconds, 0.000_08, "80 µs"),
            (Unit::PerSecond, 40_297.0, "40.3k/s"),
            (Unit::PerSecond, 350.0, "350/s"),
            (Unit::Share, 0.68, "68 %"),
            (Unit::Share, 4.3e-7, "4.3e-7"),
            (Unit::Share, 1e-6, "0.0001 %"),
            (Unit::Share, 0.999_996, "99.9996 %"),
            (Unit::Share, 0.995, "99.5 %"),
            (Unit::Share, 0.999_999_9, "> 99.9999 %"),
            (Unit::Share, 1.0, "100 %"),
            (
                Unit::MoneyPerMonth { currency: usd() },
                4215.3,
                "$4,215/month",
            ),
            (
                Unit::MoneyPerHour {
                    currency: "CHF".to_owned(),
                },
                10.664,
                "CHF 10.66/h",
            ),
            (
                Unit::Money {
                    currency: "EUR".to_owned(),
                },
                1_250_000.0,
                "€1.25M",
            ),
            (Unit::Bytes, 8.5 * 1_073_741_824.0, "8.5 GiB"),
            (Unit::Count, 59_940.0, "59,940"),
            (Unit::Count, 1_320_000.0, "1.32M"),
            (plain, 12_000.0, "12,000 events"),
            (Unit::Seconds, -0.25, "-250 ms"),
            (Unit::Count, f64::NAN, "–"),
        ];
        for (unit, value, text) in cases {
            assert_eq!(unit.text(value), text, "{unit:?} {value}");
        }
    }
}
