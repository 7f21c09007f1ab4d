//! The raw bad inputs: each refused as its line of the manifest asks, none with a panic.

use std::fs;
use std::path::Path;

use veltrix::config::{Class, Diagnostics};

use crate::fixture::{Folder, names, snapshot};

fn refused(file: &str) -> (Diagnostics, String) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad-inputs");
    let folder = Folder::new(&[]);
    folder.write(file, &fs::read(source.join(file)).expect(file));
    let diagnostics = folder.check(file).map(|_| ()).expect_err("refused");
    assert_eq!(diagnostics.class(), Class::Input);
    let text = folder.said(&diagnostics);
    (diagnostics, text)
}

#[test]
fn every_raw_file_is_refused_as_asked() {
    let cases: &[(&str, &[&str])] = &[
        ("empty.toml", &["empty.toml", "[service.NAME]", "empty"]),
        ("bom.toml", &["bom.toml", "[service.NAME]", "empty"]),
        (
            "not-utf8.toml",
            &["not-utf8.toml:2:12", "byte 0xe9, number 16"],
        ),
        ("nul-byte.toml", &["nul-byte.toml:2:", "control character"]),
        (
            "duplicate-key.toml",
            &["`x`", "lines 2 and 5", ":5:1", ":2:1"],
        ),
        ("unclosed-string.toml", &["unclosed-string.toml:2:"]),
        ("deep-array.toml", &["nested too deeply", "64", ":1:"]),
        (
            "int-too-big.toml",
            &["`seed`", ":1:8", "18446744073709551615"],
        ),
        (
            "float-not-a-number.toml",
            &[
                "`rate_per_s` is not finite",
                ":1:",
                "`timeout_s` is",
                ":2:",
                "`weight` is",
                ":3:",
            ],
        ),
        ("yaml-given.toml", &["yaml-given.toml:1:", "YAML, not TOML"]),
        ("crlf-and-cr.toml", &["crlf-and-cr.toml:3:"]),
        ("escape-in-comment.toml", &[":2:", ":3:", "\\x1b"]),
        ("very-long-line.toml", &["very-long-line.toml:2:"]),
        (
            "date-for-number.toml",
            &["duration_s", ":1:", "a date", "a time such as \"60s\""],
        ),
        (
            "string-for-number.toml",
            &[
                "`cores`",
                ":1:",
                "such as 4",
                "`memory`",
                ":2:",
                "\"64MiB\"",
            ],
        ),
    ];
    for (file, words) in cases {
        let (_, text) = refused(file);
        names(&text, words);
        assert!(!text.contains('\u{feff}'), "{file}");
        let name = file.trim_end_matches(".toml");
        snapshot(&format!("raw-{name}"), &text);
    }
}

#[test]
fn a_long_line_makes_no_long_message() {
    let (_, text) = refused("very-long-line.toml");
    assert!(text.len() < 2_000, "{} bytes", text.len());
    let folder = Folder::new(&[]);
    let line = format!("[service.a]\nname{} = 3\n", "x".repeat(60_000));
    folder.write("long.toml", line.as_bytes());
    let text = folder.said(&folder.check("long.toml").map(|_| ()).expect_err("refused"));
    assert!(text.len() < 2_000, "{} bytes", text.len());
}

#[test]
fn no_nesting_brings_the_reader_down() {
    for text in [
        "[".repeat(5_000),
        format!("x = {}", "{a=".repeat(5_000)),
        format!("{}x = 1", "a.".repeat(5_000)),
        format!("[{}x]", "a.".repeat(5_000)),
    ] {
        let folder = Folder::new(&[("deep.toml", &text)]);
        let diagnostics = folder.check("deep.toml").map(|_| ()).expect_err("refused");
        names(&folder.said(&diagnostics), &["VX1014", "64"]);
    }
}

#[test]
fn only_regular_files_are_read() {
    let folder = Folder::new(&[]);
    let missing = folder
        .check("nothing.toml")
        .map(|_| ())
        .expect_err("refused");
    assert_eq!(missing.class(), Class::Io);
    names(
        &folder.said(&missing),
        &["VX1001", "nothing.toml", "No such file"],
    );
    let directory = folder.check("").map(|_| ()).expect_err("refused");
    assert_eq!(directory.class(), Class::Io);
    names(&folder.said(&directory), &["VX1001", "directory"]);
    if Path::new("/dev/zero").exists() {
        let device = folder.check("/dev/zero").map(|_| ()).expect_err("refused");
        assert_eq!(device.class(), Class::Limit);
        names(&folder.said(&device), &["/dev/zero", "no regular file"]);
    }
    let sparse = fs::File::create(folder.join("sparse.toml")).unwrap();
    sparse.set_len(5 << 30).unwrap();
    let large = folder
        .check("sparse.toml")
        .map(|_| ())
        .expect_err("refused");
    assert_eq!(large.class(), Class::Limit);
    names(
        &folder.said(&large),
        &["sparse.toml", "5368709120", "16 MiB"],
    );
}

#[test]
fn random_bytes_never_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let good = crate::fixture::MODEL.as_bytes();
    let folder = Folder::new(&[]);
    for _ in 0..300 {
        let mut bytes = good.to_vec();
        for _ in 0..4 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888);
            let at = (state >> 33) as usize % bytes.len();
            match state % 3 {
                0 => bytes[at] = (state >> 20) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"[]{}\"=.,\n0"[(state >> 16) as usize % 10]),
            }
        }
        folder.write("m.toml", &bytes);
        if let Err(diagnostics) = folder.check("m.toml") {
            let text = folder.said(&diagnostics);
            assert!(text.len() < 40_000);
        }
    }
}
