//! Points in time as logs write them: nanoseconds since 1970, UTC.

use crate::base::units::{Decimal, LONGEST, SECOND};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `17/May/2015:10:05:03 +0000`
pub fn access_time(text: &str) -> Option<i128> {
    let (date, clock) = text.split_once(':')?;
    let mut parts = date.split('/');
    let day = digits(parts.next()?, 2)?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|m| *m == name)? as u64 + 1;
    let year = digits(parts.next()?, 4)?;
    let (clock, zone) = clock.split_once(' ')?;
    if parts.next().is_some() {
        return None;
    }
    instant((year, month, day), clock, zone)
}

/// `2015-05-17T10:05:03.25Z`, `2015-05-17 10:05:03+02:00`; without a zone it is UTC.
pub fn iso_time(text: &str) -> Option<i128> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = digits(parts.next()?, 2)?;
    let day = digits(parts.next()?, 2)?;
    if parts.next().is_some() {
        return None;
    }
    let cut = rest.find(['Z', 'z', '+', '-', ' ']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(cut);
    let zone = zone.trim().replace(':', "");
    instant(
        (year, month, day),
        clock,
        if zone.is_empty() { "Z" } else { &zone },
    )
}

/// A number of so many nanoseconds each.
pub fn number(text: &str, unit: u64) -> Option<u64> {
    let decimal = Decimal::parse(text).ok()?;
    decimal.times_rounded(unit).ok().filter(|n| *n <= LONGEST)
}

fn digits(text: &str, most: usize) -> Option<u64> {
    let fine = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fine.then(|| text.parse().ok()).flatten()
}

fn instant((year, month, day): (u64, u64, u64), clock: &str, zone: &str) -> Option<i128> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = digits(parts.next()?, 2)?;
    // 60: a leap second.
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let nanos = number(&format!("0.{fraction}"), SECOND)?;
    let ahead = match zone {
        "Z" | "z" => 0,
        zone => {
            let (sign, hours) = zone.split_at_checked(1)?;
            let of = digits(hours, 4).filter(|_| hours.len() == 4)?;
            let seconds = (of / 100 * 3600 + of % 100 * 60) as i128;
            match sign {
                "+" => seconds,
                "-" => -seconds,
                _ => return None,
            }
        }
    };
    let seconds = (hour * 3600 + minute * 60 + second) as i128 - ahead;
    let all = day_number(year, month, day) * 86_400 + seconds;
    Some(all * i128::from(SECOND) + i128::from(nanos))
}

/// Days since 1970-01-01 in the Gregorian calendar, years counted from March on.
fn day_number(year: u64, month: u64, day: u64) -> i128 {
    let year = year as i128 - i128::from(month <= 2);
    let month = (month as i128 + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day as i128 - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_since_1970() {
        for (text, seconds) in [
            ("01/Jan/1970:00:00:00 +0000", 0),
            ("17/May/2015:10:05:03 +0000", 1_431_857_103),
            ("17/May/2015:10:05:03 -0130", 1_431_862_503),
            ("29/Feb/2000:00:00:00 +0000", 951_782_400),
        ] {
            assert_eq!(access_time(text), Some(seconds * 1_000_000_000), "{text}");
        }
        assert_eq!(
            iso_time("1970-01-02T00:00:00.000000001Z"),
            Some(86_400_000_000_001)
        );
        assert_eq!(iso_time("1970-01-01 02:00:00 +02:00"), Some(0));
        for text in [
            "31/Feb/2015:99:99:99 +0000",
            "29/Feb/1900:00:00:00 +0000",
            "17/Mai/2015:10:05:03 +0000",
            "17/May/2015:10:05:03",
            "17/May/2015:24:00:00 +0000",
            "",
        ] {
            assert_eq!(access_time(text), None, "{text}");
        }
        assert_eq!(iso_time("2015-13-01T00:00:00Z"), None);
    }
}
