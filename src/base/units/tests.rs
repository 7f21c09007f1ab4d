//! Quantities: exact, printed as they are read, and refused with a way out.

use super::*;

#[test]
fn times_are_exact() {
    for (text, ns) in [
        ("250ms", 250_000_000),
        ("1.5 s", 1_500_000_000),
        ("2min", 120 * SECOND),
        ("0.000000001s", 1),
        ("1.10us", 1_100),
        ("0s", 0),
        ("1e3 ms", SECOND),
        ("4611686018427387904ns", LONGEST),
    ] {
        assert_eq!(parse_time(text), Ok(ns), "{text}");
    }
}

#[test]
fn sizes_are_exact() {
    for (text, bytes) in [
        ("64GiB", 64 << 30),
        ("1.5KiB", 1536),
        ("8 kB", 8_000),
        ("0B", 0),
        ("1TB", 1_000_000_000_000),
    ] {
        assert_eq!(parse_bytes(text), Ok(bytes), "{text}");
    }
}

#[test]
fn rates_and_money() {
    assert_eq!(parse_rate("40k/s"), Ok(40_000.0));
    assert_eq!(parse_rate("120/min"), Ok(2.0));
    assert_eq!(parse_rate("1.2M/h").map(|r| (r * 3.0).round()), Ok(1000.0));
    assert_eq!(parse_money("0.4284/h"), Ok(0.4284));
}

#[test]
fn what_is_printed_is_read_again() {
    for ns in [
        0,
        1,
        1_500,
        250_000_000,
        60 * SECOND,
        90 * SECOND,
        86_400 * SECOND,
        LONGEST,
    ] {
        assert_eq!(parse_time(&print_time(ns)), Ok(ns));
    }
    for bytes in [0, 1, 1000, 1024, 1536, 64 << 30, (1 << 62) - 1] {
        assert_eq!(parse_bytes(&print_bytes(bytes)), Ok(bytes));
    }
    assert_eq!(print_time(60 * SECOND), "60 s");
    assert_eq!(print_time(1_500_000_000), "1500 ms");
    assert_eq!(print_bytes(64 << 30), "64 GiB");
    assert_eq!(parse_rate(&print_rate(37_000.5)), Ok(37_000.5));
}

#[test]
fn refusals_show_a_way_out() {
    type Case = (&'static str, fn(&str) -> Option<UnitError>, &'static str);
    let cases: &[Case] = &[
        (
            "250",
            |t| parse_time(t).err(),
            "write \"250ms\" or \"250s\"",
        ),
        ("-3s", |t| parse_time(t).err(), "negative"),
        ("0.5ns", |t| parse_time(t).err(), "whole nanoseconds"),
        ("1e30s", |t| parse_time(t).err(), "2^62"),
        ("1e400s", |t| parse_time(t).err(), "out of range"),
        ("3 sec", |t| parse_time(t).err(), "write \"3s\""),
        ("3m", |t| parse_time(t).err(), "3min"),
        ("fast", |t| parse_time(t).err(), "is no time"),
        ("1..5s", |t| parse_time(t).err(), "no number"),
        (
            "8G",
            |t| parse_bytes(t).err(),
            "\"8GB\" (1000s) or \"8GiB\" (1024s)",
        ),
        (
            "8K",
            |t| parse_bytes(t).err(),
            "\"8kB\" (1000s) or \"8KiB\"",
        ),
        ("64", |t| parse_bytes(t).err(), "64MiB"),
        ("4 GB extra", |t| parse_bytes(t).err(), "`GB extra`"),
        ("0.3B", |t| parse_bytes(t).err(), "whole bytes"),
        ("40k", |t| parse_rate(t).err(), "write \"40k/s\""),
        ("1e18/s", |t| parse_rate(t).err(), "1e12/s"),
        ("-1/s", |t| parse_rate(t).err(), "negative"),
        ("5/day", |t| parse_rate(t).err(), "units are /s, /min, /h"),
        ("$3/h", |t| parse_money(t).err(), "without currency"),
        ("3", |t| parse_money(t).err(), "write \"3/h\""),
    ];
    for (text, parse, wanted) in cases {
        let e = parse(text).expect(text).to_string();
        assert!(e.contains(wanted), "{text}: {e}");
    }
}

#[test]
fn rounding_is_half_to_even() {
    let rounded = |text: &str, factor| Decimal::parse(text).unwrap().times_rounded(factor);
    assert_eq!(rounded("0.5", 1), Ok(0));
    assert_eq!(rounded("1.5", 1), Ok(2));
    assert_eq!(rounded("2.5", 1), Ok(2));
    assert_eq!(rounded("2.500001", 1), Ok(3));
    assert_eq!(rounded("1e-60", SECOND), Ok(0));
    assert_eq!(rounded("1000000000000", 1), Ok(1_000_000_000_000));
}

#[test]
fn no_control_character_is_shown() {
    let text = shown("a\u{1b}[2J\u{202e}b");
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "{text}"
    );
    assert!(shown(&"x".repeat(500)).chars().count() < 90);
}
