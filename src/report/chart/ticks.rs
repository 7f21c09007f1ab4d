//! The marks of an axis as texts: all in one manner, so that they compare at a glance.

use super::numbers::{
    BYTES, SECONDS, TEN_THOUSAND, THOUSANDS, TINY_SHARE, Unit, after, grouped, rung, scaled,
    seconds_rung, significant, with_symbol,
};

/// How the marks of an axis follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// By one step: they share one prefix.
    Even,
    /// By ratios: each takes the prefix that suits it.
    Ratios,
}

/// What a mark has to know of the others.
struct Row {
    steps: Steps,
    largest: f64,
    /// The smallest above zero.
    smallest: f64,
}

impl Row {
    fn new(values: &[f64], steps: Steps) -> Self {
        let largest = values
            .iter()
            .fold(0.0, |most: f64, value| most.max(value.abs()));
        let positive = values.iter().copied().filter(|value| *value > 0.0);
        Self {
            steps,
            largest,
            smallest: positive.fold(f64::INFINITY, f64::min),
        }
    }
}

/// Fills up with zeros behind the point, so that all have as many digits there.
fn same_decimals(texts: Vec<String>) -> Vec<String> {
    let decimals = |text: &String| text.split_once('.').map_or(0, |(_, behind)| behind.len());
    let most = texts.iter().map(decimals).max().unwrap_or(0);
    let scaled = texts
        .iter()
        .any(|text| text.ends_with(|last: char| !last.is_ascii_digit()));
    if most == 0 || scaled {
        return texts;
    }
    let fill = |text: String| {
        let missing = most - decimals(&text);
        let point = if missing == most { "." } else { "" };
        format!("{text}{point}{}", "0".repeat(missing))
    };
    texts.into_iter().map(fill).collect()
}

impl Unit {
    /// The marks of one axis.
    pub(super) fn ticks(&self, values: &[f64], steps: Steps) -> Vec<String> {
        let row = Row::new(values, steps);
        let texts: Vec<String> = values
            .iter()
            .map(|value| self.signed_tick(*value, &row))
            .collect();
        match (self.currency(), steps) {
            // `$1.25` beside `$1.2` looks like a mistake.
            (Some(_), Steps::Even) => same_decimals(texts),
            _ => texts,
        }
    }

    fn signed_tick(&self, value: f64, row: &Row) -> String {
        match self.currency() {
            _ if value < 0.0 => format!("-{}", self.tick(-value, row)),
            Some(currency) if value == 0.0 => with_symbol("0", currency),
            None if value == 0.0 => "0".to_owned(),
            _ => self.tick(value, row),
        }
    }

    fn tick(&self, value: f64, row: &Row) -> String {
        let reference = match row.steps {
            Steps::Even => row.largest,
            Steps::Ratios => value,
        };
        match self {
            Self::Seconds if row.steps == Steps::Ratios && value >= 3600.0 => {
                scaled(value, SECONDS, SECONDS.len() - 1, 6, " ")
            }
            Self::Seconds => scaled(value, SECONDS, seconds_rung(reference), 6, " "),
            Self::Bytes => scaled(value, BYTES, rung(reference, BYTES), 6, " "),
            Self::PerSecond => format!("{}/s", tick_number(value, reference)),
            Self::Share if row.smallest < TINY_SHARE * 0.99 && value < 0.1 => {
                format!("{value:.0e}")
            }
            Self::Share => format!("{} %", grouped(&significant(value * 100.0, 6))),
            Self::Count => tick_number(value, reference),
            Self::Money { currency }
            | Self::MoneyPerHour { currency }
            | Self::MoneyPerMonth { currency } => {
                let amount = if reference >= 1e6 {
                    tick_number(value, reference)
                } else {
                    grouped(&significant(value, 6))
                };
                with_symbol(&amount, currency)
            }
            Self::Plain(unit) => after(&grouped(&significant(value, 6)), unit),
        }
    }
}

/// Thousands are written out up to 10,000: `2,500` but `40k`.
fn tick_number(value: f64, reference: f64) -> String {
    let rung = if reference < TEN_THOUSAND {
        0
    } else {
        rung(reference, THOUSANDS)
    };
    scaled(value, THOUSANDS, rung, 6, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd() -> String {
        "USD".to_owned()
    }

    #[test]
    fn ticks_of_an_even_axis_share_a_prefix() {
        let text = Unit::Seconds.ticks(&[0.0, 0.5, 1.0, 1.5], Steps::Even);
        assert_eq!(text, ["0", "0.5 s", "1 s", "1.5 s"]);
        let text = Unit::PerSecond.ticks(&[0.0, 20_000.0, 40_000.0], Steps::Even);
        assert_eq!(text, ["0", "20k/s", "40k/s"]);
        let text = Unit::MoneyPerMonth { currency: usd() }.ticks(&[4000.0, 5000.0], Steps::Even);
        assert_eq!(text, ["$4,000", "$5,000"]);
        let text = Unit::Money { currency: usd() }.ticks(&[1.0, 1.25, 1.5], Steps::Even);
        assert_eq!(text, ["$1.00", "$1.25", "$1.50"]);
    }

    #[test]
    fn ticks_of_a_logarithmic_axis_each_choose() {
        let text = Unit::Seconds.ticks(&[0.02, 0.5, 1.0, 5.0], Steps::Ratios);
        assert_eq!(text, ["20 ms", "500 ms", "1 s", "5 s"]);
        let text = Unit::Share.ticks(&[1e-7, 1e-3, 0.1, 1.0], Steps::Ratios);
        assert_eq!(text, ["1e-7", "1e-3", "10 %", "100 %"]);
        let text = Unit::Share.ticks(&[1e-6, 1e-3], Steps::Ratios);
        assert_eq!(text, ["0.0001 %", "0.1 %"]);
    }
}
